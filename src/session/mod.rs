//! What has been seen so far. The window and the exporters read it; nothing in it is estimated anew.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{EventClip, Update};
use crate::event::Event;
use crate::pipeline::quality::Quality;
use crate::pipeline::{Output, RegionMotion};
use crate::source::{Notice, SourceInfo};
use crate::time::Timestamp;

pub mod annotation;
pub mod baseline;
pub mod consent;
pub mod film;
pub mod history;
pub mod pictures;
pub mod provenance;
mod pyramid;
pub mod rater;
pub mod samples;
pub mod store;
pub mod table;
pub mod tape;

/// Bytes of event pictures that a session keeps in memory; beyond it the oldest pictures go, never the
/// events. A micro-expression's take about one and a half million, so that the newest twenty can be
/// looked at; a recording keeps all.
const CLIP_BYTES: usize = 32 << 20;

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

impl Score {
    /// Whether both are numbers. What is read from a file and is none was not measured.
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

/// A notice with the moment it arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The scores from which events are flagged, as last set.
    pub threshold: Option<Score>,
    /// The person's neutral face, where it was measured: the newest.
    pub baseline: Option<baseline::Baseline>,
    /// What people said about it.
    pub log: annotation::Log,
    /// What was agreed before it was stored; none where nothing was stored.
    pub consent: Option<consent::Consent>,
    /// What made the numbers.
    pub provenance: provenance::Provenance,
    /// Pictures of the newest events, by event number, oldest first.
    clips: VecDeque<(u64, Arc<EventClip>)>,
    /// Whether none are kept.
    keeps_no_pictures: bool,
}

impl Session {
    /// A session that keeps every sample whole, however long the source.
    pub fn keeping_all() -> Self {
        Self { history: history::History::keeping_all(), ..Self::default() }
    }

    /// One that keeps no pictures of events, for where nobody looks at them.
    pub fn without_pictures(self) -> Self {
        Self { keeps_no_pictures: true, ..self }
    }

    /// Takes in what the pipeline yields.
    pub fn extend(&mut self, output: &Output) {
        for sample in &output.samples {
            self.history.push(*sample);
        }
        self.events.extend_from_slice(&output.events);
    }

    /// Takes in what a running engine says.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Opened(info) => self.source = info.clone(),
            Update::Samples(samples) => samples.iter().for_each(|s| self.history.push(*s)),
            Update::Event(event, clip) => {
                self.events.push(event.clone());
                if let Some(clip) = clip.as_ref().filter(|_| !self.keeps_no_pictures) {
                    self.keep_clip(event.id, Arc::clone(clip));
                }
            }
            Update::Notice(notice) => self.log(notice.clone()),
            Update::Stats(stats) => self.dropped = stats.dropped,
            Update::Threshold(threshold) => self.threshold = Some(*threshold),
            Update::Baselined(baseline) => self.baseline = Some(baseline.as_ref().clone()),
            Update::Starting(_)
            | Update::Baseline(_)
            | Update::Running(_)
            | Update::Recording(_)
            | Update::Ended(_) => {}
        }
    }

    /// Logs a notice at the time of the newest sample.
    pub fn log(&mut self, notice: Notice) {
        let time = self.history.span().map_or(Timestamp::ZERO, |(_, last)| last);
        self.notices.push(LoggedNotice { time, notice });
    }

    /// Pictures of an event, where they are still kept.
    pub fn clip(&self, event_id: u64) -> Option<&Arc<EventClip>> {
        self.clips.iter().rev().find(|(id, _)| *id == event_id).map(|(_, clip)| clip)
    }

    fn keep_clip(&mut self, event_id: u64, clip: Arc<EventClip>) {
        self.clips.push_back((event_id, clip));
        let mut bytes: usize = self.clips.iter().map(|(_, clip)| clip.bytes()).sum();
        while bytes > CLIP_BYTES && self.clips.len() > 1 {
            bytes -= self.clips.pop_front().map_or(0, |(_, clip)| clip.bytes());
        }
    }
}
