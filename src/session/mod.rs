//! What has been seen so far. The window and the exporters read it; nothing in it is estimated anew.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::pipeline::RegionMotion;
use crate::pipeline::quality::Quality;
use crate::source::{Notice, SourceInfo};
use crate::time::Timestamp;

pub mod history;

/// The spotter's scores of one frame, each 0–1. A frame scores above the threshold exactly where an
/// event is flagged, before overlapping events are suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// For a micro-expression with its apex here.
    pub micro: f32,
    /// For a macro-expression with its apex here.
    #[serde(rename = "macro")]
    pub macro_: f32,
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

/// A notice with the moment it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedNotice {
    /// Time of the newest frame when it arrived.
    pub time: Timestamp,
    /// What happened.
    pub notice: Notice,
}

/// Everything known of one run of one source.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The source.
    pub source: SourceInfo,
    /// Every sample, with what a plot needs to draw them at any zoom.
    pub history: history::History,
    /// Every event, in the order found.
    pub events: Vec<Event>,
    /// Frames that the camera queue had to drop.
    pub dropped: u64,
    /// What happened to the source.
    pub notices: Vec<LoggedNotice>,
}
