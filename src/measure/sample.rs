//! One analysed frame: its score and its sample.

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use super::regions::RegionMotion;
use super::time::Timestamp;

/// The spotter's scores of one frame, each 0–1. A frame scores above the threshold exactly where an
/// event is flagged, before overlapping events are suppressed and those that are too short left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// For a micro-expression with its apex here.
    pub micro: f32,
    /// For a macro-expression with its apex here.
    #[serde(rename = "macro")]
    pub macro_: f32,
}

impl Score {
    /// True if both are finite. A value that is read from a file and is not finite was not measured.
    pub(crate) fn is_finite(&self) -> bool {
        self.micro.is_finite() && self.macro_.is_finite()
    }
}

/// One analysed frame. There is exactly one for every frame, whatever happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The frame's number.
    pub seq: u64,
    /// The frame's capture time.
    pub time: Timestamp,
    /// How good the frame was.
    pub quality: Quality,
    /// Motion since the frame measured before; none without two faces to compare.
    pub motion: Option<RegionMotion>,
    /// None in an unscorable span: a gap, not a zero.
    pub score: Option<Score>,
}
