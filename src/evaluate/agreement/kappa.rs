//! Cohen's kappa, with the numbers that are needed to judge it.

use std::fmt;

use serde::Serialize;

/// The prevalence index from which kappa is explained. At .8, nine tenths of all answers are the same.
pub(super) const SKEWED: f64 = 0.8;

/// Cohen's kappa of a yes-or-no question, with the numbers that are needed to judge it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kappa {
    /// The question: `micro`, `happiness`, `AU4`.
    pub name: String,
    /// How often both said yes.
    pub both: usize,
    /// How often only the first said yes.
    pub only_first: usize,
    /// How often only the second said yes.
    pub only_second: usize,
    /// How often both said no.
    pub neither: usize,
    /// Share of answers that are the same, 0–1.
    pub observed: f64,
    /// Share of answers that would be the same by chance, 0–1.
    pub expected: f64,
    /// (observed − expected) / (1 − expected); `None` if chance explains all agreement.
    pub kappa: Option<f64>,
    /// The greatest kappa that is possible with these numbers of yes.
    pub maximum: Option<f64>,
    /// |both − neither| / all, 0–1 (Byrt et al. 1993). Near one, kappa means little.
    pub prevalence_index: f64,
    /// |only first − only second| / all, 0–1.
    pub bias_index: f64,
    /// 2 observed − 1: the kappa if both answers were equally frequent.
    pub pabak: f64,
}

/// Cohen's kappa over several classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EmotionKappa {
    /// Number of events that both named.
    pub events: usize,
    /// Share with the same name, 0–1.
    pub observed: f64,
    /// Share that would have the same name by chance, 0–1.
    pub expected: f64,
    /// `None` if chance explains all agreement.
    pub kappa: Option<f64>,
}

/// Kappa of an observed and an expected share; `None` if chance explains all agreement.
pub(super) fn kappa_of(observed: f64, expected: f64) -> Option<f64> {
    (1.0 - expected > 1e-12).then(|| (observed - expected) / (1.0 - expected))
}

impl Kappa {
    /// From pairs of answers: the first layer's and the second's.
    pub(super) fn of(name: &str, answers: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut counts = [0usize; 4];
        for (first, second) in answers {
            counts[usize::from(!first) * 2 + usize::from(!second)] += 1;
        }
        let [both, only_first, only_second, neither] = counts;
        let all = counts.iter().sum::<usize>().max(1);
        let share = |count: usize| count as f64 / all as f64;
        let (yes_a, yes_b) = (share(both + only_first), share(both + only_second));
        let expected = yes_a * yes_b + (1.0 - yes_a) * (1.0 - yes_b);
        let observed = share(both + neither);
        let at_most = yes_a.min(yes_b) + (1.0 - yes_a).min(1.0 - yes_b);
        Self {
            name: name.into(),
            both,
            only_first,
            only_second,
            neither,
            observed,
            expected,
            kappa: kappa_of(observed, expected),
            maximum: kappa_of(at_most, expected),
            prevalence_index: share(both.abs_diff(neither)),
            bias_index: share(only_first.abs_diff(only_second)),
            pabak: 2.0 * observed - 1.0,
        }
    }

    /// Why this kappa must be read with care; `None` if it can be read as it is.
    pub(super) fn explanation(&self) -> Option<String> {
        let all = self.both + self.only_first + self.only_second + self.neither;
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let name = &self.name;
        if all == 0 {
            return Some(format!("Kappa per frame, {name}: there is no frame to compare."));
        }
        let yes = self.both + self.only_first + self.only_second;
        let Some((kappa, maximum)) = self.kappa.zip(self.maximum) else {
            let what = if yes == 0 { "no frame" } else { "every frame" };
            return Some(format!(
                "Kappa per frame, {name}: both put {what} in an event, so chance explains all \
                 agreement and kappa has no value."
            ));
        };
        // If all answers are the same, nothing can mislead.
        let differ = self.only_first + self.only_second > 0;
        (differ && self.prevalence_index >= SKEWED).then(|| {
            format!(
                "Kappa per frame, {name}: {} of the frames are in an event of either layer. By chance \
                 alone, the layers would agree on {} of all frames; they agree on {}. With so few frames \
                 in events, kappa ({kappa:.2}; with these totals at most {maximum:.2}; prevalence index \
                 {:.2}) mostly shows by how many frames the boundaries differ. Judge by the events that \
                 both found and by the boundary errors.",
                percent(yes as f64 / all as f64),
                percent(self.expected),
                percent(self.observed),
                self.prevalence_index,
            )
        })
    }

    /// One line of the table.
    pub(super) fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<14}{:>8}{:>9}{:>10.3}{:>11.3}{:>18.3}",
            self.name,
            number(self.kappa),
            number(self.maximum),
            self.observed,
            self.expected,
            self.prevalence_index
        )
    }
}

/// Three decimals, or a dash.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}
