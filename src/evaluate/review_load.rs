//! How much video a person must look at, the highest scores first, until enough events are met.

use serde::Serialize;

use super::Span;
use crate::measure::event::EventKind;

/// A look at a frame shows this much before and after it, seconds. A micro-expression lasts up to half a
/// second.
const LOOK_SECS: f64 = 0.5;

/// Share of all video that must be looked at, 0–1. Looks go to the highest scores first, and each shows half
/// a second before and after its frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReviewLoad {
    /// To meet half of the events; `None` if that is not reached.
    pub half: Option<f64>,
    /// To meet four fifths of the events.
    pub four_fifths: Option<f64>,
}

/// The scores of one kind in one video, one for each frame; `None` for a frame without a score.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScoredVideo {
    pub(super) fps: f64,
    pub(super) scores: Vec<Option<f32>>,
}

impl ReviewLoad {
    /// An event of `kind` is met when at least every second frame of it was looked at.
    pub(super) fn new(videos: &[ScoredVideo], truths: &[Span], kind: EventKind) -> Self {
        let total: usize = videos.iter().map(|video| video.scores.len()).sum();
        let events: Vec<&Span> = truths.iter().filter(|span| span.kind == kind).collect();
        let mut looks: Vec<(usize, usize, f32)> = Vec::new();
        for (index, video) in videos.iter().enumerate() {
            let scored = video.scores.iter().enumerate();
            looks.extend(scored.filter_map(|(frame, score)| Some((index, frame, (*score)?))));
        }
        looks.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));

        let mut seen: Vec<Vec<bool>> =
            videos.iter().map(|video| vec![false; video.scores.len()]).collect();
        let mut left: Vec<i64> = events.iter().map(|span| (span.frames.frames() + 1) / 2).collect();
        let (mut looked, mut met) = (0usize, 0usize);
        let needed = [0.5, 0.8].map(|share| (share * events.len() as f64).ceil() as usize);
        let mut loads = [None; 2];
        for (video, frame, _) in looks {
            let reach = (LOOK_SECS * videos[video].fps).round() as usize;
            let last = (frame + reach).min(seen[video].len() - 1);
            let first = frame.saturating_sub(reach);
            for (at, is_seen) in (first..=last).zip(&mut seen[video][first..=last]) {
                if std::mem::replace(is_seen, true) {
                    continue;
                }
                looked += 1;
                for (span, left) in events.iter().zip(&mut left) {
                    let frames = span.frames.first..=span.frames.last;
                    if span.video == video && frames.contains(&(at as i64)) {
                        *left -= 1;
                        met += usize::from(*left == 0);
                    }
                }
            }
            for (load, needed) in loads.iter_mut().zip(needed) {
                if load.is_none() && needed > 0 && met >= needed {
                    *load = Some(looked as f64 / total as f64);
                }
            }
            if loads.iter().all(Option::is_some) {
                break;
            }
        }
        Self { half: loads[0], four_fifths: loads[1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::Interval;
    use approx::assert_abs_diff_eq;

    fn truth(first: i64, last: i64) -> Span {
        Span { video: 0, kind: EventKind::Micro, frames: Interval { first, last } }
    }

    fn video(frames: usize, score: impl Fn(usize) -> Option<f32>) -> [ScoredVideo; 1] {
        [ScoredVideo { fps: 10.0, scores: (0..frames).map(score).collect() }]
    }

    #[test]
    fn a_score_that_knows_the_events_asks_for_a_look_at_each() {
        let truths = [truth(100, 104), truth(500, 504)];
        let videos = video(1000, |frame| Some(if [102, 502].contains(&frame) { 0.9 } else { 0.1 }));
        let load = ReviewLoad::new(&videos, &truths, EventKind::Micro);
        // A look covers eleven frames at ten a second.
        assert_abs_diff_eq!(load.half.expect("met"), 0.011, epsilon = 1e-9);
        assert_abs_diff_eq!(load.four_fifths.expect("met"), 0.022, epsilon = 1e-9);
    }

    #[test]
    fn a_score_that_is_highest_elsewhere_asks_for_all_of_that_first() {
        let videos = video(1000, |frame| Some(1.0 - frame as f32 / 1000.0));
        let load = ReviewLoad::new(&videos, &[truth(900, 904)], EventKind::Micro);
        assert!(load.half.expect("met in the end") > 0.85);
    }

    #[test]
    fn events_in_a_gap_are_never_met_and_no_events_need_no_load() {
        let videos = video(1000, |frame| (!(80..140).contains(&frame)).then_some(0.5));
        let load = ReviewLoad::new(&videos, &[truth(100, 120)], EventKind::Micro);
        assert_eq!((load.half, load.four_fifths), (None, None));
        let none = ReviewLoad::new(&videos, &[], EventKind::Micro);
        assert_eq!((none.half, none.four_fifths), (None, None));
    }
}
