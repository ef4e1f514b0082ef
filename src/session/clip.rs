//! The pictures of one event.

use std::sync::Arc;

use crate::measure::geometry::Point;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;

/// The pictures of one event: the face held still, in colour.
#[derive(Clone, Debug, Default)]
pub struct EventClip {
    /// From a little before onset to a little after offset.
    pub frames: Vec<(u64, Timestamp, Arc<RgbImage>)>,
    /// Indices into `frames` of onset, apex and offset.
    pub onset: usize,
    /// Index of the apex.
    pub apex: usize,
    /// Index of the offset.
    pub offset: usize,
    /// Centre and radius of every region in the picture of the apex, pixels; empty where they are not
    /// known.
    pub regions: Vec<(Point, f32)>,
}

impl EventClip {
    /// Bytes of picture.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|(_, _, image)| image.data.len()).sum()
    }
}
