//! One analysed frame: its score and its sample.

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use super::regions::RegionMotion;
use super::time::Timestamp;

/// The spotter's two scores of one frame, each 0–1. An event is flagged if a frame reaches the threshold,
/// unless the event is too short or overlaps a stronger one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Score of a micro-expression whose apex is this frame.
    pub micro: f32,
    /// Score of a macro-expression whose apex is this frame.
    #[serde(rename = "macro")]
    pub macro_: f32,
}

impl Score {
    /// True if both scores are finite. A value from a file that is not finite was not measured.
    pub(crate) fn is_finite(&self) -> bool {
        self.micro.is_finite() && self.macro_.is_finite()
    }
}

/// One analysed frame. Every frame has exactly one sample, also a frame without a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The frame's number.
    pub seq: u64,
    /// The frame's capture time.
    pub time: Timestamp,
    /// How good the frame was.
    pub quality: Quality,
    /// Motion since the last measured frame; `None` without a face in both frames.
    pub motion: Option<RegionMotion>,
    /// `None` if the frame cannot be scored: the plot shows a gap, not a zero.
    pub score: Option<Score>,
}
