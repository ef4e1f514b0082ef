//! The threads that carry frames from a source through the pipeline to whoever watches.
//!
//! Knows nothing of egui: it calls `wake` when there is something new.

use std::sync::Arc;

use crate::event::Event;
use crate::image::{Frame, RgbImage};
use crate::pipeline::Overlay;
use crate::session::baseline::Baseline;
use crate::session::{Sample, Score};
use crate::source::{Notice, SourceInfo};
use crate::time::Timestamp;

pub mod capture;
pub mod captured;
pub mod errand;
pub mod link;

/// What the window asks of a running engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Analyse no further frame; the source stays open and its frames are let go, uncounted as loss.
    Pause,
    /// Go on.
    Resume,
    /// Events per minute that may be false alarms, for both kinds together.
    SetFalseAlarmsPerMinute(f32),
    /// Measure this person's neutral face for so many seconds.
    Baseline {
        /// Seconds.
        secs: f32,
    },
}

/// What a running engine says, in order; nothing of it is ever dropped.
#[derive(Clone, Debug)]
pub enum Update {
    /// A step of getting ready: "opening camera", "loading models".
    Starting(String),
    /// The source is open.
    Opened(SourceInfo),
    /// Samples that have become final.
    Samples(Vec<Sample>),
    /// An event, with its pictures where they were still at hand.
    Event(Event, Option<Arc<EventClip>>),
    /// The scores from which events are flagged, for the plot: at the start and after each change of
    /// the false alarms asked for.
    Threshold(Score),
    /// Something happened to the source.
    Notice(Notice),
    /// Once a second: how it goes.
    Stats(Stats),
    /// The baseline has so much still to go, 0–1; 0 when done.
    Baseline(f32),
    /// The baseline is measured. One that failed is a [`Update::Notice`] instead.
    Baselined(Baseline),
    /// Frames are analysed, or not.
    Running(bool),
    /// Nothing more will come. The text is an error to show, or none at a proper end.
    Ended(Option<String>),
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
}

/// The newest picture and what to draw on it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The frame.
    pub frame: Frame,
    /// Landmarks, regions, motion.
    pub overlay: Overlay,
}

/// The pictures of one event: the face held still, in colour.
#[derive(Clone, Debug)]
pub struct EventClip {
    /// From a little before onset to a little after offset.
    pub frames: Vec<(u64, Timestamp, RgbImage)>,
    /// Indices into `frames` of onset, apex and offset.
    pub onset: usize,
    /// Index of the apex.
    pub apex: usize,
    /// Index of the offset.
    pub offset: usize,
}

impl EventClip {
    /// Bytes of picture.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|(_, _, image)| image.data.len()).sum()
    }
}
