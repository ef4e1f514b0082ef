//! The part of a run's messages that is data: the session keeps it, the recorder stores it.

use std::sync::Arc;

use super::clip::EventClip;
use super::counts::Loss;
use crate::measure::baseline::Baseline;
use crate::measure::effort::EffortStep;
use crate::measure::event::Event;
use crate::measure::sample::{Sample, Score};
use crate::media::stream::{Notice, SourceInfo};

/// One message of a run, in order. No record is ever dropped.
#[derive(Clone, Debug)]
pub enum Record {
    /// The source is open.
    Opened(SourceInfo),
    /// Samples that have become final.
    Samples(Vec<Sample>),
    /// An event, with its pictures if they were still in memory.
    Event(Event, Option<Arc<EventClip>>),
    /// The scores from which events are flagged, for the plot. Sent at the start, and after each change of
    /// the false alarms that are allowed.
    Threshold(Score),
    /// Something happened to the source.
    Notice(Notice),
    /// Frames that were not analysed, and why. Frames that the source itself left out are not in it; they
    /// show as missing numbers between samples.
    Lost(Loss),
    /// From this frame on, more or less was done for each frame, because the computer was more or less busy.
    /// Before the first such record, everything was done.
    Effort(EffortStep),
    /// Once a second: how it goes.
    Stats(Stats),
    /// A baseline was measured. If that failed, there is a [`Record::Notice`] instead.
    Baselined(Box<Baseline>),
    /// The baseline was removed.
    BaselineDropped,
}

/// How the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Frames analysed so far.
    pub analysed: u64,
    /// Frames the camera queue dropped so far.
    pub dropped: u64,
    /// Frames per second the source delivers.
    pub source_fps: f32,
    /// Frames per second analysed.
    pub analysis_fps: f32,
    /// Mean milliseconds of analysis per frame.
    pub frame_ms: f32,
    /// The part of a recording that is done, 0–1; `None` for a source without a known end.
    pub progress: Option<f32>,
}
