//! The pictures of one event, and how they are shown.

use std::sync::Arc;

use crate::measure::geometry::Point;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;

pub mod difference;
pub mod slow_loop;

use difference::Difference;
use slow_loop::{looped_frame, round_secs};

/// The pictures of one event: the face held still, in colour.
#[derive(Clone, Debug, Default)]
pub struct EventClip {
    /// Frame number, time and picture, from a little before the onset to a little after the offset.
    pub frames: Vec<(u64, Timestamp, Arc<RgbImage>)>,
    /// Index of the onset in `frames`.
    pub onset: usize,
    /// Index of the apex.
    pub apex: usize,
    /// Index of the offset.
    pub offset: usize,
    /// Centre and radius of every region in the picture of the apex, pixels; empty if they are not known.
    pub regions: Vec<(Point, f32)>,
}

impl EventClip {
    /// Bytes of its pictures.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|(_, _, image)| image.data.len()).sum()
    }

    /// Brightness at the apex minus that at the onset; `None` if one of the two pictures is missing.
    pub fn difference(&self) -> Option<Difference> {
        let (_, _, onset) = self.frames.get(self.onset)?;
        let (_, _, apex) = self.frames.get(self.apex)?;
        Difference::between(onset, apex)
    }

    /// The frame that the slow loop shows `secs` seconds after it began, and the seconds until the next one;
    /// see [`looped_frame`].
    pub fn looped_frame(&self, speed: f64, secs: f64) -> Option<(usize, f64)> {
        looped_frame(&self.frames, |(_, time, _)| *time, speed, secs)
    }

    /// Time of one round of the slow loop, from its first frame to the next first frame, seconds.
    pub fn round_secs(&self, speed: f64) -> f64 {
        let ends = self.frames.first().zip(self.frames.last());
        ends.map_or(0.0, |((_, first, _), (_, last, _))| round_secs(*first, *last, speed))
    }

    /// The frame that was there at `time`; `None` outside the clip.
    pub fn frame_at(&self, time: Timestamp) -> Option<usize> {
        let (first, last) = (self.frames.first()?.1, self.frames.last()?.1);
        let until = || self.frames.partition_point(|(_, frame, _)| *frame <= time);
        (first..=last).contains(&time).then(|| until().saturating_sub(1))
    }

    /// Width and height of its pictures; 1 × 1 for a clip without frames.
    pub fn size_px(&self) -> (usize, usize) {
        self.frames.first().map_or((1, 1), |(_, _, image)| (image.width, image.height))
    }
}
