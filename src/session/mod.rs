//! What has been recorded so far. The window and the exports read it; nothing in it is estimated again.

use crate::measure::baseline;
use crate::measure::effort::EffortStep;
use crate::measure::sample::{Sample, Score};
use crate::model::provenance;
use record::Record;
use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::measure::event::Event;
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, SourceInfo};
use crate::session::annotation::SignedMark;
use crate::session::clip::EventClip;

pub mod annotation;
pub mod clip;
pub mod consent;
pub mod counts;
pub mod history;
pub mod pictures;
pub mod record;
pub mod recorder;
pub mod sound;
pub mod sound_track;
pub mod store;
pub mod table;

/// Bytes of event pictures that a session keeps in memory. Beyond this, the oldest pictures are removed, but
/// never an event. The pictures of a micro-expression take about one and a half million bytes, so that the
/// newest twenty events can be shown; a stored recording keeps all pictures.
const CLIP_BYTES: usize = 32 << 20;

/// The name under which moments and conditions are marked while the source runs. It is no rater's.
pub const OBSERVER: &str = "Observer";

/// A notice with the moment it arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedNotice {
    /// Time of the newest frame when it arrived.
    pub time: Timestamp,
    /// What happened.
    pub notice: Notice,
}

/// Everything that is known about one run of one source.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The source.
    pub source: SourceInfo,
    /// Every sample, with what a plot needs to draw them at any zoom.
    pub history: history::History,
    /// Every event, in the order found.
    pub events: Vec<Event>,
    /// Frames that were not analysed, if the reason is known. [`Session::counts`] adds the others.
    pub losses: counts::Losses,
    /// The frames from which more or less was done for each frame, in order. Empty if everything was done for
    /// all frames.
    pub effort: Vec<EffortStep>,
    /// What happened to the source.
    pub notices: Vec<LoggedNotice>,
    /// The scores from which events are flagged, as set last.
    pub threshold: Option<Score>,
    /// The newest baseline of the person's neutral face; `None` if none was measured.
    pub baseline: Option<baseline::Baseline>,
    /// What people said about it.
    pub log: annotation::Log,
    /// What was agreed before it was stored; `None` if nothing was stored.
    pub consent: Option<consent::Consent>,
    /// The models and settings that made the numbers.
    pub provenance: provenance::Provenance,
    /// Names of the picture files in the session's folder, in order. They begin at time zero.
    pub films: Vec<String>,
    /// Name of the sound file in the session's folder, which begins at time zero too; `None` without one.
    pub sound: Option<String>,
    /// Where sound was lost and silence takes its place.
    pub sound_losses: Vec<sound_track::SoundLoss>,
    /// Pictures of the newest events, by event number, oldest first.
    clips: VecDeque<(u64, Arc<EventClip>)>,
    /// True if no pictures of events are kept.
    keeps_no_pictures: bool,
}

impl Session {
    /// A session that keeps every sample whole, however long the source.
    pub fn keeping_all() -> Self {
        Self { history: history::History::keeping_all(), ..Self::default() }
    }

    /// Keeps no pictures of events, for runs at which no one looks.
    pub fn without_pictures(self) -> Self {
        Self { keeps_no_pictures: true, ..self }
    }

    /// Adds the output of the pipeline.
    pub fn extend(&mut self, samples: &[Sample], events: &[Event]) {
        for sample in samples {
            self.history.push(*sample);
        }
        self.events.extend_from_slice(events);
    }

    /// Adds one record of a running engine.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Opened(info) => self.source = info.clone(),
            Record::Samples(samples) => samples.iter().for_each(|s| self.history.push(*s)),
            Record::Event(event, clip) => {
                self.events.push(event.clone());
                if let Some(clip) = clip.as_ref().filter(|_| !self.keeps_no_pictures) {
                    self.keep_clip(event.id, Arc::clone(clip));
                }
            }
            Record::Notice(notice) => self.log(notice.clone()),
            Record::Lost(loss) => self.losses.add(*loss),
            Record::Effort(step) => self.effort.push(*step),
            Record::Stats(_) => {}
            Record::Threshold(threshold) => self.threshold = Some(*threshold),
            Record::Baselined(baseline) => self.baseline = Some(baseline.as_ref().clone()),
            Record::BaselineDropped => self.baseline = None,
        }
    }

    /// How many frames there were, and what became of each.
    pub fn counts(&self) -> counts::FrameCounts {
        counts::FrameCounts::of(self)
    }

    /// The marks of the session, by time. They are everyone's; `seen_by` is the rater who looks, `None` for the
    /// model's view. A rater who works blind does not see the marks of other raters.
    pub fn marks(&self, seen_by: Option<&str>) -> Vec<SignedMark> {
        self.log.marks(seen_by)
    }

    /// The file to which the session's times belong: the recording that was analysed, else the film of the
    /// session. `None` if what was recorded is not stored.
    pub fn media(&self) -> Option<&str> {
        let kind = self.provenance.source.split_once(':');
        let kind = kind.map_or(self.provenance.source.as_str(), |(kind, _)| kind);
        match (kind, self.films.first()) {
            ("camera" | "demo" | "images", Some(film)) => Some(film),
            ("camera" | "demo", None) => None,
            _ => Some(&self.source.name),
        }
    }

    /// Time zero of the session on the clock of that file.
    pub fn media_start(&self) -> Timestamp {
        match self.media() {
            Some(name) if name == self.source.name => self.source.media_start,
            _ => Timestamp::ZERO,
        }
    }

    /// Logs a notice at the time of the newest sample.
    pub fn log(&mut self, notice: Notice) {
        let time = self.history.span().map_or(Timestamp::ZERO, |(_, last)| last);
        self.notices.push(LoggedNotice { time, notice });
    }

    /// Pictures of an event, if they are still kept.
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
