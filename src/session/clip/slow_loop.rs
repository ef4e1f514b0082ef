//! An event shown again and again in slow motion: live, in review and in exported clips.

use serde::{Deserialize, Serialize};

use crate::measure::time::Timestamp;

/// Seconds that are shown before the onset and after the offset.
pub const MARGIN_SECS: f64 = 0.25;

/// Seconds that a loop stays on its last frame before it begins again.
pub const REST_SECS: f64 = 0.6;

/// Speed of the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopSpeed {
    /// A quarter of the real speed.
    #[default]
    Quarter,
    /// An eighth.
    Eighth,
    /// A tenth.
    Tenth,
}

impl LoopSpeed {
    /// All, fastest first.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Eighth, Self::Tenth];

    /// Share of the real speed.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Quarter => 0.25,
            Self::Eighth => 0.125,
            Self::Tenth => 0.1,
        }
    }

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarter => "1/4",
            Self::Eighth => "1/8",
            Self::Tenth => "1/10",
        }
    }

    /// The next slower speed; after the slowest, the fastest.
    pub fn next(self) -> Self {
        match self {
            Self::Quarter => Self::Eighth,
            Self::Eighth => Self::Tenth,
            Self::Tenth => Self::Quarter,
        }
    }
}

/// Time of one round from `first` to `last` and back, with the rest, seconds. `speed` is the share of the
/// real speed, above 0.
pub fn round_secs(first: Timestamp, last: Timestamp, speed: f64) -> f64 {
    last.secs_since(first).max(0.0) / speed + REST_SECS
}

/// Which of `frames` a loop shows `secs` seconds after it began, and how many seconds until the next.
/// `time` gives the time of a frame, and `speed` is the share of the real speed, above 0. `None` where
/// there are no frames.
pub fn looped_frame<T>(
    frames: &[T],
    time: impl Fn(&T) -> Timestamp,
    speed: f64,
    secs: f64,
) -> Option<(usize, f64)> {
    let (first, last) = (time(frames.first()?), time(frames.last()?));
    let round_secs = round_secs(first, last, speed);
    let now = secs.max(0.0) % round_secs;
    let at = first + now * speed;
    let index = frames.partition_point(|frame| time(frame) <= at).saturating_sub(1);
    let next_secs = match frames.get(index + 1) {
        Some(next) => time(next).secs_since(at) / speed,
        None => round_secs - now,
    };
    Some((index, next_secs.max(0.005)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(frames: u64, speed: LoopSpeed, secs: f64) -> Option<usize> {
        let frames: Vec<_> = (0..frames).map(|i| Timestamp::of_frame(i, 30.0)).collect();
        looped_frame(&frames, |time| *time, speed.factor(), secs).map(|(index, _)| index)
    }

    #[test]
    fn a_quarter_of_the_speed_takes_four_times_as_long() {
        let at = |secs| at(10, LoopSpeed::Quarter, secs);
        assert_eq!(at(0.0), Some(0));
        assert_eq!(at(4.0 / 30.0 + 0.001), Some(1));
        assert_eq!(at(4.0 * 8.0 / 30.0 + 0.001), Some(8));
    }

    #[test]
    fn the_loop_rests_at_its_end_and_begins_again() {
        let play = 9.0 / 30.0 / 0.25;
        let at = |secs| at(10, LoopSpeed::Quarter, secs);
        assert_eq!(at(play + REST_SECS * 0.9), Some(9));
        assert_eq!(at(play + REST_SECS + 0.01), Some(0));
    }

    #[test]
    fn no_frame_and_one_frame_are_no_trouble() {
        assert_eq!(at(0, LoopSpeed::Tenth, 1.0), None);
        assert_eq!(at(1, LoopSpeed::Tenth, 7.3), Some(0));
    }
}
