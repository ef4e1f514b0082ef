//! What has been seen so far. The window and the exporters read it; nothing in it is estimated anew.

use crate::measure::baseline;
use crate::measure::effort::EffortStep;
use crate::measure::sample::{Sample, Score};
use crate::model::provenance;
use record::Record;
use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::measure::event::{Event, Moment};
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, SourceInfo};
use crate::session::clip::EventClip;

pub mod annotation;
pub mod clip;
pub mod consent;
pub mod counts;
pub mod history;
pub mod pictures;
pub mod record;
pub mod recorder;
pub mod store;
pub mod table;

/// Bytes of event pictures that a session keeps in memory; beyond it the oldest pictures go, never the
/// events. A micro-expression's take about one and a half million, so that the newest twenty can be
/// looked at; a recording keeps all.
const CLIP_BYTES: usize = 32 << 20;

/// Who marks moments while the source runs. These marks belong to the session, not to a rater.
pub const OBSERVER: &str = "Observer";

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
    /// Frames that were not analysed, as far as the reason is known. [`Session::counts`] has the rest.
    pub losses: counts::Losses,
    /// Where more or less was done for each frame than before, in the order of frames. Nothing in a session
    /// that did everything for each.
    pub effort: Vec<EffortStep>,
    /// What happened to the source.
    pub notices: Vec<LoggedNotice>,
    /// The scores from which events are flagged, as last set.
    pub threshold: Option<Score>,
    /// The person's neutral face, where it was measured: the newest.
    pub baseline: Option<baseline::Baseline>,
    /// What people said about it.
    pub log: annotation::Log,
    /// What was agreed before it was stored; `None` where nothing was stored.
    pub consent: Option<consent::Consent>,
    /// What made the numbers.
    pub provenance: provenance::Provenance,
    /// Names of the files in the session's folder that hold its pictures, in order. They begin at time
    /// zero.
    pub films: Vec<String>,
    /// Pictures of the newest events, by event number, oldest first.
    clips: VecDeque<(u64, Arc<EventClip>)>,
    /// True if none are kept.
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
    pub fn extend(&mut self, samples: &[Sample], events: &[Event]) {
        for sample in samples {
            self.history.push(*sample);
        }
        self.events.extend_from_slice(events);
    }

    /// Takes in what a running engine says.
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

    /// Marked moments with who marked them and the words, by time. Those made while the source ran
    /// belong to the session and are seen by everybody; a rater's own are seen by the rater, and of the
    /// model's view, for which `rater` is none, all are part.
    pub fn marks(&self, rater: Option<&str>) -> Vec<(String, Moment, String)> {
        let raters = self.log.raters().iter().map(|rater| rater.name.as_str());
        let is_seen = |name: &&str| *name == OBSERVER || rater.is_none_or(|rater| rater == *name);
        let mut marks = Vec::new();
        for name in raters.filter(is_seen) {
            let of_rater = self.log.layer(name).marks;
            marks.extend(of_rater.into_iter().map(|(at, text)| (name.to_owned(), at, text)));
        }
        marks.sort_by_key(|(_, at, _)| *at);
        marks
    }

    /// The file that its times are times of: the recording that was analysed, or else the film of the
    /// session. `None` where what was recorded is gone.
    pub fn media(&self) -> Option<&str> {
        let kind = self.provenance.source.split_once(':');
        let kind = kind.map_or(self.provenance.source.as_str(), |(kind, _)| kind);
        match (kind, self.films.first()) {
            ("camera" | "demo" | "images", Some(film)) => Some(film),
            ("camera" | "demo", None) => None,
            _ => Some(&self.source.name),
        }
    }

    /// When time zero of the session is on the clock of that file.
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
