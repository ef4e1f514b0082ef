//! The field's metrics, and the commands that score the models with them.
//!
//! A figure counts only if nothing was tuned on its data. So everything here runs the models, thresholds and
//! decoding of the released program, on files that had no part in making them.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use crate::measure::event::{EventKind, Interval};
use crate::model::ModelError;

pub mod agreement;
mod calibration;
mod detection_limit;
mod events;
mod npz;
mod recognition;
mod review_load;
mod spotting;
mod units;

pub use agreement::{Agreement, agreement};
pub use calibration::{CalibrationReport, calibration};
pub use detection_limit::{LimitError, detection_limit, detection_limit_while, known_limit};
pub use events::{EventsReport, events};
pub use recognition::{Confusion, DatasetScore, RecognitionReport, recognition};
pub use review_load::ReviewLoad;
pub use spotting::{SpottingReport, Video, VideoEvent, spot_video, spotting};
pub use units::{TrueUnit, UnitCounts, UnitsReport};

/// Overlap from which a proposal counts as found, after the MEGC challenges.
pub const MATCH_IOU: f64 = 0.5;

/// A smaller overlap that is shown beside it. It tells if an event was found at all, whatever its bounds.
pub const LOOSE_IOU: f64 = 0.3;

/// Why something cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system answered.
        error: std::io::Error,
    },
    /// The file is there but does not hold what was expected.
    #[error("{path}: {what}: expected {expected}, found {found}")]
    Content {
        /// The file.
        path: String,
        /// The array, column or line.
        what: String,
        /// The expected content.
        expected: String,
        /// The content that was found.
        found: String,
    },
    /// A model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Number of intervals that were found, and the measures that follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MatchCounts {
    /// Proposals that match an interval of the truth.
    pub tp: usize,
    /// Proposals.
    pub proposals: usize,
    /// Intervals of the truth.
    pub truths: usize,
    /// tp / proposals, 0–1; 0 without proposals.
    pub precision: f64,
    /// tp / truths, 0–1; 0 if there was nothing to find.
    pub recall: f64,
    /// 2 tp / (proposals + truths), 0–1; 0 without either.
    pub f1: f64,
}

impl MatchCounts {
    /// From the three counts.
    pub fn new(tp: usize, proposals: usize, truths: usize) -> Self {
        let share = |of: usize| if of > 0 { tp as f64 / of as f64 } else { 0.0 };
        Self {
            tp,
            proposals,
            truths,
            precision: share(proposals),
            recall: share(truths),
            f1: 2.0 * share(proposals + truths),
        }
    }

    /// Both together, pooled as in MEGC.
    #[must_use]
    pub fn pooled(self, other: Self) -> Self {
        Self::new(self.tp + other.tp, self.proposals + other.proposals, self.truths + other.truths)
    }
}

/// An interval of one video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Number of the video; intervals of different videos never match.
    pub video: usize,
    /// Intervals of different kinds never match.
    pub kind: EventKind,
    /// Frames in the video.
    pub frames: Interval,
}

/// Pairs (proposal, truth) that match. In the order of the proposals, each takes the interval of the same
/// video and kind that it overlaps most, if that interval is still free and the overlap is at least
/// [`MATCH_IOU`].
pub fn matches(proposals: &[Span], truths: &[Span]) -> Vec<(usize, usize)> {
    matches_from(proposals, truths, MATCH_IOU)
}

/// [`matches()`] with another least overlap.
pub fn matches_from(proposals: &[Span], truths: &[Span], least_iou: f64) -> Vec<(usize, usize)> {
    let in_turn = |a: &Candidate, b: &Candidate| {
        a.proposal.cmp(&b.proposal).then(b.iou.total_cmp(&a.iou)).then(b.truth.cmp(&a.truth))
    };
    pairs(proposals, truths, least_iou, in_turn)
}

/// Pairs of two layers that match from [`MATCH_IOU`] on, the greatest overlap first. Neither layer is the
/// true one, so that their order makes no difference.
pub(crate) fn agreed_matches(first: &[Span], second: &[Span]) -> Vec<(usize, usize)> {
    let greatest_first = |a: &Candidate, b: &Candidate| {
        let places = |one: &Candidate| one.proposal + one.truth;
        b.iou.total_cmp(&a.iou).then(places(a).cmp(&places(b)))
    };
    pairs(first, second, MATCH_IOU, greatest_first)
}

/// Two spans that may match.
struct Candidate {
    proposal: usize,
    truth: usize,
    iou: f64,
}

/// Pairs of the same video and kind that overlap by `least_iou`, taken in `order`, each span at most once.
fn pairs(
    proposals: &[Span],
    truths: &[Span],
    least_iou: f64,
    order: impl Fn(&Candidate, &Candidate) -> Ordering,
) -> Vec<(usize, usize)> {
    let mut candidates = Vec::new();
    for (proposal, a) in proposals.iter().enumerate() {
        for (truth, b) in truths.iter().enumerate() {
            if (a.video, a.kind) == (b.video, b.kind) {
                candidates.push(Candidate { proposal, truth, iou: a.frames.iou(&b.frames) });
            }
        }
    }
    candidates.retain(|one| one.iou >= least_iou);
    candidates.sort_by(order);
    let mut is_taken = [vec![false; proposals.len()], vec![false; truths.len()]];
    let mut pairs = Vec::new();
    for Candidate { proposal, truth, .. } in candidates {
        if !is_taken[0][proposal] && !is_taken[1][truth] {
            (is_taken[0][proposal], is_taken[1][truth]) = (true, true);
            pairs.push((proposal, truth));
        }
    }
    pairs
}

/// The counts of one kind.
fn counts_of(
    kind: EventKind,
    proposals: &[Span],
    truths: &[Span],
    pairs: &[(usize, usize)],
) -> MatchCounts {
    let of_kind = |spans: &[Span]| spans.iter().filter(|s| s.kind == kind).count();
    let tp = pairs.iter().filter(|(i, _)| proposals[*i].kind == kind).count();
    MatchCounts::new(tp, of_kind(proposals), of_kind(truths))
}

fn write_counts(f: &mut fmt::Formatter<'_>, rows: &[(&str, &MatchCounts)]) -> fmt::Result {
    writeln!(f, "        found  proposed  true  precision  recall     F1")?;
    for (name, c) in rows {
        writeln!(
            f,
            "{name:<6}{:>7}{:>10}{:>6}{:>11.3}{:>8.3}{:>7.3}",
            c.tp, c.proposals, c.truths, c.precision, c.recall, c.f1
        )?;
    }
    Ok(())
}

/// The middle value, or the mean of the two middle ones; `None` without values.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let upper = *values.get(n / 2)?;
    Some(if n % 2 == 1 { upper } else { (values[n / 2 - 1] + upper) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(video: usize, kind: EventKind, first: i64, last: i64) -> Span {
        Span { video, kind, frames: Interval { first, last } }
    }

    #[test]
    fn f1_is_twice_the_hits_over_both_totals() {
        let counts = MatchCounts::new(3, 10, 5);
        assert_eq!((counts.precision, counts.recall, counts.f1), (0.3, 0.6, 0.4));
    }

    #[test]
    fn pooled_counts_are_sums_not_means() {
        let pooled = MatchCounts::new(1, 2, 4).pooled(MatchCounts::new(3, 5, 8));
        assert_eq!(pooled, MatchCounts::new(4, 7, 12));
        assert_eq!((pooled.precision, pooled.recall), (4.0 / 7.0, 4.0 / 12.0));
        assert_eq!(pooled.f1, 8.0 / 19.0);
    }

    #[test]
    fn where_nothing_was_proposed_and_nothing_was_there_the_counts_are_zero() {
        let none = MatchCounts::new(0, 0, 0);
        assert_eq!((none.precision, none.recall, none.f1), (0.0, 0.0, 0.0));
    }

    #[test]
    fn half_overlap_in_whole_frames_is_enough() {
        let truth = [span(0, EventKind::Micro, 10, 19)];
        // They share five of ten frames.
        assert_eq!(matches(&[span(0, EventKind::Micro, 10, 14)], &truth).len(), 1);
        assert_eq!(matches(&[span(0, EventKind::Micro, 10, 13)], &truth).len(), 0);
    }

    #[test]
    fn other_kinds_and_other_videos_do_not_match() {
        let truth = [span(0, EventKind::Micro, 10, 19)];
        assert!(matches(&[span(0, EventKind::Macro, 10, 19)], &truth).is_empty());
        assert!(matches(&[span(1, EventKind::Micro, 10, 19)], &truth).is_empty());
    }

    #[test]
    fn one_true_interval_is_found_once() {
        let truth = [span(0, EventKind::Micro, 10, 19)];
        let twice = [span(0, EventKind::Micro, 10, 18), span(0, EventKind::Micro, 10, 19)];
        assert_eq!(matches(&twice, &truth), [(0, 0)]);
    }

    #[test]
    fn the_median_of_an_odd_number_is_the_middle_one() {
        assert_eq!(median(vec![4.0]), Some(4.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0, 7.0, 3.0]), Some(5.0));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![9.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }

    proptest! {
        #[test]
        fn the_truth_proposed_scores_one(
            firsts in prop::collection::vec((0usize..3, 0i64..1000, 0i64..50), 1..30),
        ) {
            let truth: Vec<_> = firsts
                .iter()
                .map(|&(video, first, n)| span(video, EventKind::Macro, first, first + n))
                .collect();
            let pairs = matches(&truth, &truth);
            let counts = counts_of(EventKind::Macro, &truth, &truth, &pairs);
            prop_assert_eq!(counts.f1, 1.0);
        }

        #[test]
        fn nothing_is_matched_twice(
            a in prop::collection::vec((0i64..60, 0i64..20), 0..20),
            b in prop::collection::vec((0i64..60, 0i64..20), 0..20),
        ) {
            let spans = |v: &[(i64, i64)]| -> Vec<Span> {
                v.iter().map(|&(first, n)| span(0, EventKind::Micro, first, first + n)).collect()
            };
            let pairs = matches(&spans(&a), &spans(&b));
            for side in [|p: &(usize, usize)| p.0, |p: &(usize, usize)| p.1] {
                let mut seen: Vec<_> = pairs.iter().map(side).collect();
                seen.sort_unstable();
                seen.dedup();
                prop_assert_eq!(seen.len(), pairs.len());
            }
        }
    }
}
