//! The pictures of one event, as the card shows them: at which moment of the loop, and what differs
//! between onset and apex.

use serde::{Deserialize, Serialize};

use crate::media::image::{RgbImage, luma};
use crate::session::clip::EventClip;

/// How slowly an event is looped.
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
    pub fn factor(self) -> f64 {
        match self {
            Self::Quarter => 0.25,
            Self::Eighth => 0.125,
            Self::Tenth => 0.1,
        }
    }

    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarter => "1/4",
            Self::Eighth => "1/8",
            Self::Tenth => "1/10",
        }
    }

    /// The next slower, then the fastest again.
    pub fn next(self) -> Self {
        match self {
            Self::Quarter => Self::Eighth,
            Self::Eighth => Self::Tenth,
            Self::Tenth => Self::Quarter,
        }
    }
}

/// Seconds that the loop rests on its last picture before it begins again.
const REST_SECS: f64 = 0.6;

/// Which frame of `clip` the loop shows `secs` after it began, and how many seconds until the next.
/// None for a clip without frames.
pub fn frame_of_loop(clip: &EventClip, speed: LoopSpeed, secs: f64) -> Option<(usize, f64)> {
    let first = clip.frames.first()?.1;
    let last = clip.frames.last()?.1;
    let play_secs = last.secs_since(first).max(0.0) / speed.factor();
    let now = secs.max(0.0) % (play_secs + REST_SECS);
    let at = first + now * speed.factor();
    let index = clip.frames.partition_point(|(_, time, _)| *time <= at).saturating_sub(1);
    let next_secs = match clip.frames.get(index + 1) {
        Some((_, next, _)) => next.secs_since(at) / speed.factor(),
        None => play_secs + REST_SECS - now,
    };
    Some((index, next_secs.max(0.005)))
}

/// Brightness of one picture minus another, with the scale that shows it best.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Grey levels, −255–255, row by row.
    pub levels: Vec<f32>,
    /// Grey levels that count as full colour; at least [`Difference::LEAST_SCALE`].
    pub scale: f32,
}

impl Difference {
    /// Below so many grey levels the picture would show nothing but the camera's noise.
    pub const LEAST_SCALE: f32 = 6.0;

    /// `later` minus `earlier`; none for pictures of different size or without pixels.
    pub fn between(earlier: &RgbImage, later: &RgbImage) -> Option<Self> {
        let (width, height) = (later.width, later.height);
        if (earlier.width, earlier.height) != (width, height) || width * height == 0 {
            return None;
        }
        let gray = |p: &[u8]| luma([f32::from(p[0]), f32::from(p[1]), f32::from(p[2])]);
        let pixels = earlier.data.chunks_exact(3).zip(later.data.chunks_exact(3));
        let levels: Vec<f32> = pixels.map(|(a, b)| gray(b) - gray(a)).collect();
        let mut sizes: Vec<f32> = levels.iter().map(|l| l.abs()).collect();
        // One pixel in two hundred may saturate, so that a glint does not hide the movement.
        let rank = sizes.len() - 1 - sizes.len() / 200;
        let (_, scale, _) = sizes.select_nth_unstable_by(rank, f32::total_cmp);
        let scale = scale.max(Self::LEAST_SCALE).ceil();
        Some(Self { width, height, levels, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::time::Timestamp;

    fn clip(frames: u64) -> EventClip {
        let frames = (0..frames)
            .map(|i| (i, Timestamp::of_frame(i, 30.0), RgbImage::new(4, 4).into()))
            .collect::<Vec<_>>();
        let (apex, offset) = (frames.len() / 2, frames.len().max(1) - 1);
        EventClip { onset: 0, apex, offset, frames, regions: Vec::new() }
    }

    #[test]
    fn a_quarter_of_the_speed_takes_four_times_as_long() {
        let clip = clip(10);
        let at = |secs| frame_of_loop(&clip, LoopSpeed::Quarter, secs).map(|(i, _)| i);
        assert_eq!(at(0.0), Some(0));
        assert_eq!(at(4.0 / 30.0 + 0.001), Some(1));
        assert_eq!(at(4.0 * 8.0 / 30.0 + 0.001), Some(8));
    }

    #[test]
    fn the_loop_rests_at_its_end_and_begins_again() {
        let clip = clip(10);
        let play = 9.0 / 30.0 / 0.25;
        let at = |secs| frame_of_loop(&clip, LoopSpeed::Quarter, secs).map(|(i, _)| i);
        assert_eq!(at(play + REST_SECS * 0.9), Some(9));
        assert_eq!(at(play + REST_SECS + 0.01), Some(0));
    }

    #[test]
    fn clips_of_no_and_of_one_frame_are_no_trouble() {
        assert_eq!(frame_of_loop(&clip(0), LoopSpeed::Tenth, 1.0), None);
        assert_eq!(frame_of_loop(&clip(1), LoopSpeed::Tenth, 7.3).map(|(i, _)| i), Some(0));
    }

    #[test]
    fn brighter_is_positive_and_equal_is_zero() {
        let dark = RgbImage::new(10, 10);
        let mut bright = dark.clone();
        bright.data[..3].copy_from_slice(&[40, 40, 40]);
        let difference = Difference::between(&dark, &bright).expect("same size");
        assert!((difference.levels[0] - 40.0).abs() < 1e-3);
        assert_eq!(difference.levels[1], 0.0);
        let back = Difference::between(&bright, &dark).expect("same size");
        assert_eq!(back.levels[0], -difference.levels[0]);
    }

    #[test]
    fn noise_alone_does_not_fill_the_scale() {
        let flat = RgbImage::new(10, 10);
        let scale = Difference::between(&flat, &flat).map(|d| d.scale);
        assert_eq!(scale, Some(Difference::LEAST_SCALE));
    }

    #[test]
    fn pictures_of_different_size_have_no_difference() {
        assert_eq!(Difference::between(&RgbImage::new(2, 2), &RgbImage::new(2, 3)), None);
        assert_eq!(Difference::between(&RgbImage::default(), &RgbImage::default()), None);
    }
}
