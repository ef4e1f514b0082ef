//! How far two layers of one session agree: the model's and a rater's, or two raters'.
//!
//! Events are matched one to one at [`super::MATCH_IOU`]; frames and labels are compared by
//! Cohen's kappa. Where events are rare, kappa says little, and the report says so: almost every frame
//! is without an event, so that chance alone agrees on almost every frame (Feinstein and Cicchetti
//! 1990, "High agreement but low kappa").

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{Counts, MATCH_IOU, median, write_counts};
use crate::event::{EventKind, Interval, Moment};
use crate::session::Session;
use crate::session::table::{Row, UnknownRater, layer_named, rows};

/// From this prevalence index on, kappa is explained. At .8 one of the two answers makes up nine
/// tenths of what was answered.
const SKEWED: f64 = 0.8;

/// How far two layers agree. The first is taken as the reference where one is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The layers: `model` or a rater's name.
    pub between: [String; 2],
    /// Frames that both saw.
    pub frames: usize,
    /// Events of each that are not judged yet, and so count for nothing here.
    pub open: [usize; 2],
    /// Micro-expressions: `proposals` are the second layer's, `truths` the first's.
    pub micro: Counts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: Counts,
    /// Both, counts pooled.
    pub all: Counts,
    /// Where the second puts the onset of what both found.
    pub onset: Option<BoundaryError>,
    /// Likewise the apex.
    pub apex: Option<BoundaryError>,
    /// Likewise the offset.
    pub offset: Option<BoundaryError>,
    /// Frame by frame: is it in an event? For micro, macro, and either.
    pub per_frame: Vec<Kappa>,
    /// The matched events' emotions, all at once, for those where both name one.
    pub emotion: Option<EmotionKappa>,
    /// Label by label over the matched events: emotions, then action units (`AU4`).
    pub per_label: Vec<Kappa>,
    /// What a reader should know before believing a kappa, one sentence each.
    pub remarks: Vec<String>,
}

/// Differences of one boundary over the matched events, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BoundaryError {
    /// Mean of the absolute differences.
    pub mean_ms: f64,
    /// Their median.
    pub median_ms: f64,
    /// Mean of second minus first: above zero where the second is later.
    pub bias_ms: f64,
}

/// Cohen's kappa of a yes-or-no question, with what it takes to judge it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kappa {
    /// What was asked: `micro`, `happiness`, `AU4`.
    pub name: String,
    /// Both said yes.
    pub both: usize,
    /// Only the first did.
    pub only_first: usize,
    /// Only the second did.
    pub only_second: usize,
    /// Neither did.
    pub neither: usize,
    /// Share of answers that are the same, 0–1.
    pub observed: f64,
    /// Share that chance would make the same, 0–1.
    pub expected: f64,
    /// (observed − expected) / (1 − expected); none where chance leaves nothing to explain.
    pub kappa: Option<f64>,
    /// The greatest kappa that how often each said yes allows.
    pub maximum: Option<f64>,
    /// |both − neither| / all, 0–1 (Byrt et al. 1993). Near one, kappa means little.
    pub prevalence_index: f64,
    /// |only first − only second| / all, 0–1.
    pub bias_index: f64,
    /// 2 observed − 1: kappa, were both answers equally common and equally given.
    pub pabak: f64,
}

/// Cohen's kappa over several classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EmotionKappa {
    /// Events that both named.
    pub events: usize,
    /// Share named alike, 0–1.
    pub observed: f64,
    /// Share that chance would name alike, 0–1.
    pub expected: f64,
    /// None where chance leaves nothing to explain.
    pub kappa: Option<f64>,
}

/// Compares two layers of `session`: raters' names, or [`MODEL`](crate::session::table::MODEL).
pub fn agreement(session: &Session, first: &str, second: &str) -> Result<Agreement, UnknownRater> {
    let layers =
        [rows(session, layer_named(session, first)?), rows(session, layer_named(session, second)?)];
    let [a, b]: [Vec<&Row>; 2] =
        layers.each_ref().map(|rows| rows.iter().filter(|row| row.is_held()).collect());
    let pairs = matched(&a, &b);
    let counts = EventKind::ALL.map(|kind| {
        let of_kind = |rows: &[&Row]| rows.iter().filter(|row| row.kind == kind).count();
        let tp = pairs.iter().filter(|(row, _)| row.kind == kind).count();
        Counts::new(tp, of_kind(&b), of_kind(&a))
    });
    let frames = session.history.samples().len();
    let mut agreement = Agreement {
        between: [first, second].map(str::to_owned),
        frames,
        open: layers.each_ref().map(|rows| rows.iter().filter(|row| row.is_open()).count()),
        micro: counts[0],
        macro_: counts[1],
        all: counts[0].pooled(counts[1]),
        onset: boundary(&pairs, |row| row.bounds.onset),
        apex: boundary(&pairs, |row| row.bounds.apex),
        offset: boundary(&pairs, |row| row.bounds.offset),
        per_frame: per_frame(session, &a, &b),
        emotion: emotion(&pairs),
        per_label: per_label(&pairs),
        remarks: Vec::new(),
    };
    agreement.remarks = remarks(&agreement);
    Ok(agreement)
}

/// Pairs of one kind that overlap by [`MATCH_IOU`], the greatest overlap first, each event once. Which
/// layer comes first makes no difference.
fn matched<'a>(a: &[&'a Row], b: &[&'a Row]) -> Vec<(&'a Row, &'a Row)> {
    let mut candidates = Vec::new();
    for (i, row) in a.iter().enumerate() {
        for (j, other) in b.iter().enumerate() {
            let iou = row.interval().iou(&other.interval());
            if row.kind == other.kind && iou >= MATCH_IOU {
                candidates.push((iou, i, j));
            }
        }
    }
    candidates.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1 + x.2).cmp(&(y.1 + y.2))));
    let (mut taken_a, mut taken_b) = (vec![false; a.len()], vec![false; b.len()]);
    let mut pairs = Vec::new();
    for (_, i, j) in candidates {
        if !taken_a[i] && !taken_b[j] {
            (taken_a[i], taken_b[j]) = (true, true);
            pairs.push((a[i], b[j]));
        }
    }
    pairs.sort_by_key(|(row, _)| row.bounds.onset);
    pairs
}

fn boundary(pairs: &[(&Row, &Row)], part: fn(&Row) -> Moment) -> Option<BoundaryError> {
    let later_ms = |(a, b): &(&Row, &Row)| part(b).time.secs_since(part(a).time) * 1000.0;
    let differences: Vec<f64> = pairs.iter().map(later_ms).collect();
    let sizes: Vec<f64> = differences.iter().map(|ms| ms.abs()).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Some(BoundaryError {
        mean_ms: mean(&sizes),
        bias_ms: mean(&differences),
        median_ms: median(sizes)?,
    })
}

fn per_frame(session: &Session, a: &[&Row], b: &[&Row]) -> Vec<Kappa> {
    let kappa = |name: &str, kinds: &[EventKind]| {
        let (a, b) = (covered(session, a, kinds), covered(session, b, kinds));
        Kappa::of(name, a.into_iter().zip(b))
    };
    let [micro, macro_] = EventKind::ALL;
    vec![kappa("micro", &[micro]), kappa("macro", &[macro_]), kappa("either", &EventKind::ALL)]
}

/// For each frame whether it lies in an event of one of `kinds`.
fn covered(session: &Session, rows: &[&Row], kinds: &[EventKind]) -> Vec<bool> {
    let samples = session.history.samples();
    let mut covered = vec![false; samples.len()];
    for row in rows.iter().filter(|row| kinds.contains(&row.kind)) {
        let Interval { first, last } = row.interval();
        let from = samples.partition_point(|sample| (sample.seq as i64) < first);
        let to = samples.partition_point(|sample| sample.seq as i64 <= last);
        covered[from..to.max(from)].fill(true);
    }
    covered
}

fn emotion(pairs: &[(&Row, &Row)]) -> Option<EmotionKappa> {
    let named: Vec<(&str, &str)> = both_named(pairs).collect();
    let events = named.len();
    if events == 0 {
        return None;
    }
    let share = |count: usize| count as f64 / events as f64;
    let observed = share(named.iter().filter(|(a, b)| a == b).count());
    let classes: BTreeSet<&str> = named.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let by_chance = |class: &&str| {
        share(named.iter().filter(|(a, _)| a == class).count())
            * share(named.iter().filter(|(_, b)| b == class).count())
    };
    let expected = classes.iter().map(by_chance).sum();
    Some(EmotionKappa { events, observed, expected, kappa: kappa(observed, expected) })
}

/// Emotions of the matched events where both layers name one, in words that both use: where one of
/// them knows only the model's three classes, the other's is put into these.
fn both_named<'a>(pairs: &'a [(&Row, &Row)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.iter().filter_map(|(a, b)| {
        let (a, b) = if a.label.is_some() == b.label.is_some() {
            (a.emotion(), b.emotion())
        } else {
            (a.emotion_class(), b.emotion_class())
        };
        (a != "unclear" && b != "unclear").then_some((a, b))
    })
}

fn per_label(pairs: &[(&Row, &Row)]) -> Vec<Kappa> {
    let named: Vec<(&str, &str)> = both_named(pairs).collect();
    let emotions: BTreeSet<&str> = named.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let emotions = emotions
        .into_iter()
        .map(|class| Kappa::of(class, named.iter().map(|(a, b)| (*a == class, *b == class))));
    let has = |row: &Row, unit: u8| row.units.iter().any(|moving| moving.unit.0 == unit);
    let units: BTreeSet<u8> =
        pairs.iter().flat_map(|(a, b)| a.units.iter().chain(&b.units)).map(|u| u.unit.0).collect();
    let units = units.into_iter().map(|unit| {
        let answers = pairs.iter().map(|(a, b)| (has(a, unit), has(b, unit)));
        Kappa::of(&format!("AU{unit}"), answers)
    });
    emotions.chain(units).collect()
}

fn kappa(observed: f64, expected: f64) -> Option<f64> {
    (1.0 - expected > 1e-12).then(|| (observed - expected) / (1.0 - expected))
}

impl Kappa {
    /// From pairs of answers, the first layer's and the second's.
    fn of(name: &str, answers: impl Iterator<Item = (bool, bool)>) -> Self {
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
            kappa: kappa(observed, expected),
            maximum: kappa(at_most, expected),
            prevalence_index: share(both.abs_diff(neither)),
            bias_index: share(only_first.abs_diff(only_second)),
            pabak: 2.0 * observed - 1.0,
        }
    }

    /// Why this kappa must not be taken at its face; none where it may.
    fn explanation(&self) -> Option<String> {
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
                "Kappa per frame, {name}: both put {what} in an event, so that chance leaves nothing \
                 to explain and kappa has no value."
            ));
        };
        (self.prevalence_index >= SKEWED).then(|| {
            format!(
                "Kappa per frame, {name}: {} of the frames are in an event of either, so that chance \
                 alone agrees on {}; what is seen is {}. On so few frames kappa ({kappa:.2}, with \
                 these totals at most {maximum:.2}; prevalence index {:.2}) mostly measures by how \
                 many frames the boundaries differ. Judge by the events found by both and by the \
                 boundary errors.",
                percent(yes as f64 / all as f64),
                percent(self.expected),
                percent(self.observed),
                self.prevalence_index,
            )
        })
    }
}

fn remarks(agreement: &Agreement) -> Vec<String> {
    let mut remarks = Vec::new();
    for (name, open) in agreement.between.iter().zip(agreement.open) {
        if open > 0 {
            remarks.push(format!(
                "{open} events are not judged yet by {name}; they count as not there."
            ));
        }
    }
    remarks.extend(agreement.per_frame.iter().filter_map(Kappa::explanation));
    let matched = agreement.all.tp;
    if (1..10).contains(&matched) {
        remarks.push(format!(
            "So few events are matched ({matched}) that the kappas of their labels are rough."
        ));
    }
    remarks
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = &self.between;
        writeln!(f, "{second} (proposed) against {first} (true), {} frames", self.frames)?;
        write_counts(f, &[("micro", &self.micro), ("macro", &self.macro_), ("all", &self.all)])?;
        writeln!(f, "boundaries of the events that both have, {second} minus {first}:")?;
        for (name, error) in [("onset", self.onset), ("apex", self.apex), ("offset", self.offset)] {
            match error {
                None => writeln!(f, "{name:<7}–")?,
                Some(BoundaryError { mean_ms, median_ms, bias_ms }) => writeln!(
                    f,
                    "{name:<7}mean {mean_ms:.0} ms off, median {median_ms:.0} ms, bias {bias_ms:+.0} ms"
                )?,
            }
        }
        writeln!(f, "per frame        kappa  at most  observed  by chance  prevalence index")?;
        self.per_frame.iter().try_for_each(|kappa| kappa.line(f))?;
        if let Some(emotion) = self.emotion {
            let kappa = number(emotion.kappa);
            writeln!(f, "emotion of {} events: kappa {kappa}", emotion.events)?;
        }
        if !self.per_label.is_empty() {
            writeln!(f, "per label        kappa  at most  observed  by chance  prevalence index")?;
            self.per_label.iter().try_for_each(|kappa| kappa.line(f))?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

impl Kappa {
    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{bounds, reviewed};
    use crate::session::annotation::{Act, Entry, Label, Rater, Target};
    use crate::session::table::MODEL;
    use proptest::prelude::*;

    /// Raters X and Y with micro-expressions of their own over `reviewed`'s ninety frames.
    fn session(x: &[[u64; 3]], y: &[[u64; 3]]) -> Session {
        let mut session = reviewed();
        for (rater, events) in [("X", x), ("Y", y)] {
            session.log.add_rater(Rater { name: rater.into(), blind: true });
            for (number, event) in events.iter().enumerate() {
                let act = Act::Add(number as u64, EventKind::Micro, bounds(*event));
                say(&mut session, rater, act);
            }
        }
        session
    }

    fn say(session: &mut Session, rater: &str, act: Act) {
        session.log.push(Entry { rater: rater.into(), at_unix_ms: 0, act });
    }

    fn of(session: &Session) -> Agreement {
        agreement(session, "X", "Y").expect("both are there")
    }

    #[test]
    fn a_layer_agrees_with_itself_in_everything() {
        let session = reviewed();
        let same = agreement(&session, "A", "A").expect("there");
        assert_eq!((same.all.f1, same.all.tp), (1.0, 2));
        assert_eq!(same.onset.map(|e| (e.mean_ms, e.median_ms, e.bias_ms)), Some((0.0, 0.0, 0.0)));
        assert!(same.per_frame.iter().all(|kappa| kappa.kappa.is_none_or(|k| k == 1.0)));
        assert!(same.per_label.iter().all(|kappa| kappa.observed == 1.0));
        assert_eq!(same.emotion.and_then(|e| e.kappa), Some(1.0));
    }

    #[test]
    fn boundaries_are_compared_in_milliseconds_second_minus_first() {
        let session = session(&[[10, 15, 19], [40, 45, 49]], &[[13, 15, 19], [39, 45, 49]]);
        let onset = of(&session).onset.expect("two matches");
        assert!((onset.bias_ms - 100.0 / 3.0).abs() < 1e-3, "{onset:?}");
        assert!((onset.mean_ms - 200.0 / 3.0).abs() < 1e-3, "{onset:?}");
        assert_eq!(of(&session).apex.map(|apex| apex.mean_ms), Some(0.0));
    }

    #[test]
    fn kappa_is_what_the_textbook_computes() {
        // Cohen's kappa of 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no is .4.
        let answers =
            [(20, (true, true)), (5, (true, false)), (10, (false, true)), (15, (false, false))];
        let answers = answers.into_iter().flat_map(|(n, answer)| std::iter::repeat_n(answer, n));
        let kappa = Kappa::of("", answers);
        assert!((kappa.kappa.expect("a value") - 0.4).abs() < 1e-12);
        assert!((kappa.expected - 0.5).abs() < 1e-12 && (kappa.observed - 0.7).abs() < 1e-12);
        assert!((kappa.prevalence_index - 0.1).abs() < 1e-12);
        assert!((kappa.bias_index - 0.1).abs() < 1e-12 && (kappa.pabak - 0.4).abs() < 1e-12);
        assert!((kappa.maximum.expect("a value") - 0.8).abs() < 1e-12);
    }

    #[test]
    fn frames_are_counted_inclusively() {
        let session = session(&[[10, 15, 19]], &[[15, 18, 24]]);
        let micro = &of(&session).per_frame[0];
        let counts = [micro.both, micro.only_first, micro.only_second, micro.neither];
        assert_eq!(counts, [5, 5, 5, 75]);
    }

    #[test]
    fn a_kappa_on_rare_events_is_explained() {
        let session = session(&[[10, 11, 12]], &[[12, 13, 14]]);
        let report = of(&session);
        assert!(report.per_frame[0].kappa.is_some_and(|kappa| kappa < 0.4));
        let remark = report.remarks.iter().find(|text| text.contains("micro")).expect("a remark");
        assert!(remark.contains("prevalence index") && remark.contains("chance"), "{remark}");
    }

    #[test]
    fn a_kappa_without_a_value_says_why() {
        let report = of(&session(&[], &[]));
        assert_eq!(report.per_frame[0].kappa, None);
        assert!(report.remarks.iter().any(|text| text.contains("no frame in an event")));
        assert_eq!((report.onset, report.emotion, report.all.f1), (None, None, 0.0));
    }

    #[test]
    fn a_persons_label_is_compared_with_the_models_class() {
        let mut session = reviewed();
        let report = agreement(&session, MODEL, "A").expect("there");
        let emotion = report.emotion.expect("one matched event with an emotion");
        assert_eq!((emotion.events, emotion.observed), (1, 1.0), "happiness is positive");
        say(&mut session, "A", Act::Label(Target::Machine(0), Some(Label::Anger)));
        let report = agreement(&session, MODEL, "A").expect("there");
        assert_eq!(report.emotion.map(|emotion| emotion.observed), Some(0.0));
    }

    #[test]
    fn events_that_are_not_judged_are_said_to_be_left_out() {
        let session = session(&[], &[]);
        let mut session = session;
        session.log.add_rater(Rater { name: "new".into(), blind: false });
        let report = agreement(&session, MODEL, "new").expect("there");
        assert_eq!((report.open, report.all.proposals), ([0, 2], 0));
        assert!(report.remarks.iter().any(|text| text.contains("2 events are not judged yet")));
    }

    #[test]
    fn a_rater_who_is_not_there_is_an_error() {
        assert!(agreement(&reviewed(), MODEL, "nobody").is_err());
    }

    /// Events of one rater that do not overlap one another.
    fn events() -> impl Strategy<Value = Vec<[u64; 3]>> {
        prop::collection::vec((0u64..6, 0u64..8), 0..6).prop_map(|steps| {
            let mut from = 0;
            let mut events = Vec::new();
            for (gap, length) in steps {
                let (onset, offset) = (from + gap, from + gap + length);
                events.push([onset, (onset + offset) / 2, offset]);
                from = offset + 1;
            }
            events
        })
    }

    proptest! {
        #[test]
        fn who_comes_first_changes_no_count(x in events(), y in events()) {
            let session = session(&x, &y);
            let there = of(&session);
            let back = agreement(&session, "Y", "X").expect("there");
            prop_assert_eq!(there.all.tp, back.all.tp);
            prop_assert_eq!(there.all.f1, back.all.f1);
            prop_assert_eq!(there.all.precision, back.all.recall);
            prop_assert_eq!(there.onset.map(|e| e.mean_ms), back.onset.map(|e| e.mean_ms));
            for (a, b) in there.per_frame.iter().zip(&back.per_frame) {
                prop_assert_eq!((a.kappa, a.only_first), (b.kappa, b.only_second));
            }
        }

        #[test]
        fn kappa_never_exceeds_what_the_totals_allow(x in events(), y in events()) {
            for kappa in of(&session(&x, &y)).per_frame {
                let fits = kappa.kappa.zip(kappa.maximum);
                prop_assert!(fits.is_none_or(|(kappa, maximum)| kappa <= maximum + 1e-9));
            }
        }
    }
}
