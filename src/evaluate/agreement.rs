//! The agreement of two layers of one session: the model's and a rater's, or two raters'.
//!
//! Events are matched one to one at [`super::MATCH_IOU`]; frames and labels are compared by Cohen's kappa. If
//! events are rare, kappa says little, and the report says so: nearly every frame is without an event, so
//! that two layers agree on nearly every frame by chance (Feinstein and Cicchetti 1990, "High agreement but
//! low kappa").

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{MatchCounts, Span, agreed_matches, median, write_counts};
use crate::measure::event::{EventKind, Interval, Moment};
use crate::session::Session;
use crate::session::table::{MODEL, Row, UnknownRater, layer_named, rows};
use kappa::{kappa_of, number};

pub use intervals::{INTERVAL_SECS, IntervalAgreement, icc};
pub use kappa::{EmotionKappa, Kappa};

mod intervals;
mod kappa;

/// The word for no emotion.
const UNCLEAR: &str = "unclear";

/// The agreement of two layers. The first one counts as true where one must.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The layers: `model` or a rater's name.
    pub between: [String; 2],
    /// Number of frames.
    pub frames: usize,
    /// Number of events in each that are not judged yet. They do not count here.
    pub open: [usize; 2],
    /// Micro-expressions. `proposals` are the second layer's, `truths` the first's.
    pub micro: MatchCounts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: MatchCounts,
    /// Both kinds, counts pooled.
    pub all: MatchCounts,
    /// Differences of the onset in events that both found.
    pub onset: Option<BoundaryError>,
    /// The same for the apex.
    pub apex: Option<BoundaryError>,
    /// The same for the offset.
    pub offset: Option<BoundaryError>,
    /// Frame by frame, if the frame is in an event: for micro, for macro, and for either.
    pub per_frame: Vec<Kappa>,
    /// Interval by interval: if there is an event, and how many.
    pub per_interval: IntervalAgreement,
    /// How many matched events have an emotion in both layers, in one, in neither.
    pub named: Named,
    /// Emotions of the matched events for which both layers name one, as one kappa.
    pub emotion: Option<EmotionKappa>,
    /// One kappa for each label over the matched events: emotions, then action units (`AU4`).
    pub per_label: Vec<Kappa>,
    /// Intensities of the units that both layers name in matched events and give an intensity.
    pub intensity: IntensityAgreement,
    /// What a reader of the kappas must know, one sentence each.
    pub remarks: Vec<String>,
}

/// Which layers name the emotion of the matched events. A model's "unclear" names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Both layers do.
    pub both: usize,
    /// Only the first does.
    pub only_first: usize,
    /// Only the second does.
    pub only_second: usize,
    /// Neither does.
    pub neither: usize,
}

/// How far the intensities of two layers agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct IntensityAgreement {
    /// Number of units that are compared.
    pub units: usize,
    /// [`icc`] of the intensities, 1 for A to 5 for E; `None` if it has no value.
    pub icc: Option<f64>,
}

/// Why two layers are not compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The session does not have one of them.
    #[error(transparent)]
    Rater(#[from] UnknownRater),
    /// A rater who works blind would learn from it what the others found.
    #[error(
        "{name} works blind and has not finished, so nothing is compared yet; in Review, under Raters, choose “Finish blind work” first"
    )]
    Blind {
        /// The rater.
        name: String,
    },
}

/// True if the layer of this rater may be compared with others; `None` means the model's layer.
pub fn may_compare(session: &Session, rater: Option<&str>) -> Result<(), AgreementError> {
    match rater.filter(|name| session.log.is_blind(name)) {
        Some(name) => Err(AgreementError::Blind { name: name.into() }),
        None => Ok(()),
    }
}

/// Differences of one boundary over the matched events, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BoundaryError {
    /// Mean of the absolute differences.
    pub mean_ms: f64,
    /// Their median.
    pub median_ms: f64,
    /// Mean of second minus first; positive if the second is later.
    pub bias_ms: f64,
}

/// Compares two layers of `session`, each a rater's name or [`MODEL`]. Fails for a rater who still works
/// blind.
pub fn agreement(
    session: &Session,
    first: &str,
    second: &str,
) -> Result<Agreement, AgreementError> {
    let raters = [layer_named(session, first)?, layer_named(session, second)?];
    raters.iter().try_for_each(|rater| may_compare(session, *rater))?;
    let layers = raters.map(|rater| rows(session, rater));
    let [a, b]: [Vec<&Row>; 2] =
        layers.each_ref().map(|rows| rows.iter().filter(|row| row.is_held()).collect());
    let pairs = matched(&a, &b);
    let counts = EventKind::ALL.map(|kind| {
        let of_kind = |rows: &[&Row]| rows.iter().filter(|row| row.kind == kind).count();
        let tp = pairs.iter().filter(|(row, _)| row.kind == kind).count();
        MatchCounts::new(tp, of_kind(&b), of_kind(&a))
    });
    let frames = session.history.samples().len();
    let mut agreement = Agreement {
        between: raters.map(|rater| rater.unwrap_or(MODEL).to_owned()),
        frames,
        open: layers.each_ref().map(|rows| rows.iter().filter(|row| row.is_open()).count()),
        micro: counts[0],
        macro_: counts[1],
        all: counts[0].pooled(counts[1]),
        onset: boundary(&pairs, |row| row.bounds.onset),
        apex: boundary(&pairs, |row| row.bounds.apex),
        offset: boundary(&pairs, |row| row.bounds.offset),
        per_frame: per_frame(session, &a, &b),
        per_interval: intervals::per_interval(session, &a, &b),
        named: named(&pairs),
        emotion: emotion(&pairs),
        per_label: per_label(&pairs),
        intensity: intensity(&pairs),
        remarks: Vec::new(),
    };
    let origins = raters.iter().flatten().filter_map(|name| session.log.rater(name)?.told());
    agreement.remarks = origins.collect();
    agreement.remarks.extend(remarks(&agreement));
    Ok(agreement)
}

/// Pairs of events that match, in order of time.
fn matched<'a>(a: &[&'a Row], b: &[&'a Row]) -> Vec<(&'a Row, &'a Row)> {
    let span = |row: &&Row| Span { video: 0, kind: row.kind, frames: row.interval() };
    let [spans_a, spans_b] = [a, b].map(|rows| rows.iter().map(span).collect::<Vec<_>>());
    let pairs = agreed_matches(&spans_a, &spans_b);
    let mut pairs: Vec<_> = pairs.into_iter().map(|(i, j)| (a[i], b[j])).collect();
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

/// For each frame, true if it lies in an event of one of `kinds`.
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

fn named(pairs: &[(&Row, &Row)]) -> Named {
    let mut named = Named::default();
    for (a, b) in pairs {
        *match (a.emotion() != UNCLEAR, b.emotion() != UNCLEAR) {
            (true, true) => &mut named.both,
            (true, false) => &mut named.only_first,
            (false, true) => &mut named.only_second,
            (false, false) => &mut named.neither,
        } += 1;
    }
    named
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
    Some(EmotionKappa { events, observed, expected, kappa: kappa_of(observed, expected) })
}

/// Emotions of the matched events for which both layers name one, in words that both use. If one layer has
/// only the model's three classes, the other's words are turned into these.
fn both_named<'a>(pairs: &'a [(&Row, &Row)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.iter().filter_map(|(a, b)| {
        let (a, b) = if a.label.is_some() == b.label.is_some() {
            (a.emotion(), b.emotion())
        } else {
            (a.emotion_class(), b.emotion_class())
        };
        (a != UNCLEAR && b != UNCLEAR).then_some((a, b))
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

/// Units that both layers name in matched events, and to which both give an intensity.
fn intensity(pairs: &[(&Row, &Row)]) -> IntensityAgreement {
    let mut table: Vec<[f64; 2]> = Vec::new();
    for (a, b) in pairs {
        for moving in &a.units {
            let other = b.units.iter().find(|other| other.unit == moving.unit);
            let both = moving.intensity.zip(other.and_then(|other| other.intensity));
            table.extend(both.map(|(a, b)| [a.level().into(), b.level().into()]));
        }
    }
    IntensityAgreement { units: table.len(), icc: icc(&table) }
}

fn remarks(agreement: &Agreement) -> Vec<String> {
    let mut remarks = Vec::new();
    for (name, open) in agreement.between.iter().zip(agreement.open) {
        if open > 0 {
            remarks
                .push(format!("{name} has not judged {open} events yet; they count as not there."));
        }
    }
    remarks.extend(agreement.per_frame.iter().filter_map(Kappa::explanation));
    let matched = agreement.all.tp;
    let Named { both, only_first, only_second, neither } = agreement.named;
    if both < matched {
        let [first, second] = &agreement.between;
        remarks.push(format!(
            "Of the {matched} matched events {both} have an emotion in both layers, {only_first} only \
             by {first}, {only_second} only by {second}, and {neither} by neither; kappa of emotions \
             is over the {both}."
        ));
    }
    if (1..10).contains(&matched) {
        remarks.push(format!(
            "Only {matched} events are matched, so the kappas of their labels are rough."
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
        let IntervalAgreement { interval_s, intervals, kappas, icc_of_counts } = &self.per_interval;
        writeln!(f, "per {interval_s:.0} s, {intervals} intervals:")?;
        kappas.iter().try_for_each(|kappa| kappa.line(f))?;
        writeln!(f, "events per interval: ICC(2,1) {}", number(*icc_of_counts))?;
        if let Some(emotion) = self.emotion {
            let kappa = number(emotion.kappa);
            writeln!(f, "emotion of {} events: kappa {kappa}", emotion.events)?;
        }
        if !self.per_label.is_empty() {
            writeln!(f, "per label        kappa  at most  observed  by chance  prevalence index")?;
            self.per_label.iter().try_for_each(|kappa| kappa.line(f))?;
        }
        if self.intensity.units > 0 {
            let IntensityAgreement { units, icc } = self.intensity;
            writeln!(f, "intensity of {units} units: ICC(2,1) {}", number(icc))?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

#[cfg(test)]
mod tests;
