//! One flag for one movement, decided while the stream runs.
//!
//! Neighbouring frames propose nearly the same interval. The highest of those that overlap is kept,
//! and what overlaps one that was already given out is dropped: a flag is never taken back.

use std::collections::VecDeque;

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;

/// Overlap from which two intervals are one movement. The published decoding has 0.5 for whole
/// videos; two real events hardly ever share a third of their span.
const SAME_EVENT_IOU: f64 = 0.3;

/// How long after an apex a better one is waited for, seconds: three rows of the grid, which with the
/// network's look-ahead keeps the micro decision within 12.
const CONFIRM_SECS: f64 = 0.1;

/// How long a flag suppresses what overlaps it, seconds after its offset.
const REMEMBER_SECS: f64 = 2.0;

/// An interval that reached the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// The frame that proposes it.
    pub(crate) apex: Moment,
    /// Estimated first moment.
    pub(crate) onset_time: Timestamp,
    /// Estimated last moment; may lie ahead of the stream.
    pub(crate) offset_time: Timestamp,
    /// The score at the apex.
    pub(crate) score: f32,
}

impl Candidate {
    /// Seconds from onset to offset, as estimated.
    pub(crate) fn secs(&self) -> f64 {
        self.offset_time.secs_since(self.onset_time)
    }

    /// Intersection over union in time.
    fn iou(&self, other: &Self) -> f64 {
        let shared = self
            .offset_time
            .min(other.offset_time)
            .secs_since(self.onset_time.max(other.onset_time))
            .max(0.0);
        let union = self.secs() + other.secs() - shared;
        // A model that knows no lengths must not flag every row.
        if union > 0.0 { shared / union } else { 1.0 }
    }

    fn is_same_event(&self, other: &Self) -> bool {
        self.iou(other) > SAME_EVENT_IOU
    }
}

/// The candidates of one kind.
#[derive(Debug, Default)]
pub(crate) struct Suppressor {
    pending: Vec<Candidate>,
    given_out: VecDeque<Candidate>,
}

impl Suppressor {
    /// Adds the next candidate; they come in the order of their apexes.
    pub(crate) fn add(&mut self, new: Candidate) {
        if self.given_out.iter().any(|old| old.is_same_event(&new)) {
            return;
        }
        if self.pending.iter().any(|old| old.is_same_event(&new) && old.score >= new.score) {
            return;
        }
        self.pending.retain(|old| !old.is_same_event(&new));
        self.pending.push(new);
    }

    /// Gives out, in the order of their apexes, what no later frame can better: the apex is `CONFIRM`
    /// before the last frame that was judged, and the offset has been seen.
    pub(crate) fn settle(
        &mut self,
        judged: Timestamp,
        newest: Timestamp,
        mut give_out: impl FnMut(&Candidate),
    ) {
        self.take(
            |c| judged.secs_since(c.apex.time) >= CONFIRM_SECS && newest >= c.offset_time,
            &mut give_out,
        );
        while self
            .given_out
            .front()
            .is_some_and(|old| judged.secs_since(old.offset_time) > REMEMBER_SECS)
        {
            self.given_out.pop_front();
        }
    }

    /// Gives out all that is left.
    pub(crate) fn finish(&mut self, mut give_out: impl FnMut(&Candidate)) {
        self.take(|_| true, &mut give_out);
    }

    fn take(&mut self, is_due: impl Fn(&Candidate) -> bool, give_out: &mut impl FnMut(&Candidate)) {
        let given_out = &mut self.given_out;
        self.pending.retain(|candidate| {
            let due = is_due(candidate);
            if due {
                give_out(candidate);
                given_out.push_back(*candidate);
            }
            !due
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(apex: f64, rise: f64, fall: f64, score: f32) -> Candidate {
        let at = Timestamp::from_secs;
        Candidate {
            apex: Moment { frame: (apex * 30.0) as u64, time: at(apex) },
            onset_time: at(apex - rise),
            offset_time: at(apex + fall),
            score,
        }
    }

    fn kept(candidates: &[Candidate]) -> Vec<Candidate> {
        let mut suppressor = Suppressor::default();
        let mut kept = Vec::new();
        for c in candidates {
            suppressor.add(*c);
            suppressor.settle(c.apex.time, c.apex.time, |c| kept.push(*c));
        }
        suppressor.finish(|c| kept.push(*c));
        kept
    }

    #[test]
    fn the_best_of_neighbouring_apexes_is_flagged_once() {
        let row = |i: i32| f64::from(i) / 30.0;
        let peak: Vec<_> = [0.5, 0.7, 0.9, 0.8, 0.6]
            .iter()
            .zip(100..)
            .map(|(&score, i)| candidate(row(i), 0.2, 0.2, score))
            .collect();
        assert_eq!(kept(&peak), [peak[2]]);
    }

    #[test]
    fn a_flag_is_never_taken_back_and_suppresses_what_comes_late() {
        let first = candidate(10.0, 0.2, 0.1, 0.6);
        let late = candidate(10.15, 0.35, 0.1, 0.9);
        let mut suppressor = Suppressor::default();
        let mut kept = Vec::new();
        suppressor.add(first);
        let judged = Timestamp::from_secs(10.12);
        suppressor.settle(judged, judged, |c| kept.push(*c));
        suppressor.add(late);
        suppressor.finish(|c| kept.push(*c));
        assert_eq!(kept, [first]);
    }

    #[test]
    fn a_flag_waits_for_its_offset() {
        let slow = candidate(10.0, 0.2, 1.5, 0.6);
        let mut suppressor = Suppressor::default();
        suppressor.add(slow);
        let mut count = 0;
        let at = Timestamp::from_secs;
        suppressor.settle(at(11.0), at(11.4), |_| count += 1);
        assert_eq!(count, 0);
        suppressor.settle(at(11.1), at(11.5), |_| count += 1);
        assert_eq!(count, 1);
    }

    #[test]
    fn overlap_is_the_shared_time_of_all_of_it() {
        let (a, b) = (candidate(10.0, 1.0, 1.0, 0.5), candidate(11.0, 0.5, 1.5, 0.5));
        assert!((a.iou(&b) - 0.5 / 3.5).abs() < 1e-9);
    }

    #[test]
    fn moments_without_length_are_one_event() {
        let row = |i: i32| candidate(f64::from(i) / 30.0, 0.0, 0.0, 0.5);
        assert_eq!(kept(&[row(300), row(301), row(302)]), [row(300)]);
    }

    #[test]
    fn flags_are_remembered_for_two_seconds_and_not_for_ever() {
        let mut suppressor = Suppressor::default();
        for i in 0..100 {
            let flag = candidate(f64::from(i), 0.2, 0.2, 0.5);
            suppressor.add(flag);
            suppressor.settle(flag.offset_time, flag.offset_time, |_| ());
            assert!(suppressor.given_out.len() <= 3, "{i}");
        }
        let newest: Vec<_> = suppressor.given_out.iter().map(|c| c.apex.time.secs()).collect();
        assert_eq!(newest, [97.0, 98.0, 99.0]);
    }

    proptest! {
        #[test]
        fn no_two_flags_are_the_same_event(
            seeds in prop::collection::vec((0.01f64..0.5, 0.05f64..0.5, 0.05f64..0.5, 0.0f32..1.0), 1..60),
        ) {
            let mut apex = 5.0;
            let candidates: Vec<_> = seeds
                .iter()
                .map(|&(gap, rise, fall, score)| {
                    apex += gap;
                    candidate(apex, rise, fall, score)
                })
                .collect();
            let kept = kept(&candidates);
            for (i, a) in kept.iter().enumerate() {
                for b in &kept[i + 1..] {
                    prop_assert!(!a.is_same_event(b));
                }
            }
            let top = candidates.iter().map(|c| c.score).fold(0.0, f32::max);
            prop_assert!(kept.len() <= candidates.len() && kept.iter().all(|c| c.score <= top));
        }

        #[test]
        fn overlap_does_not_depend_on_the_order(a in 0.0f64..2.0, b in 0.0f64..2.0, n in 0.1f64..1.0) {
            let (a, b) = (candidate(a, n, 0.3, 0.5), candidate(b, 0.2, n, 0.5));
            prop_assert_eq!(a.iou(&b), b.iou(&a));
        }
    }
}
