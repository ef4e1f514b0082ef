//! The recordings of one run, one after another, as the analysis sees them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame_clock::FrameClock;
use super::record::{Gone, RecordOrder, RecordThread};
use super::update_sender::UpdateSender;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::model::provenance::Provenance;
use crate::session::annotation::Entry;
use crate::session::record::Record;
use crate::session::record::Stats;

/// Seconds after the last frame of a recording in which its results become final: a score within half a
/// second, a macro-expression of four seconds within five.
const LINGER_SECS: f64 = 5.0;

/// Without frames, nothing more becomes final after this time.
const LINGER: Duration = Duration::from_secs(10);

/// The present recording, and what a later one must know.
pub(crate) struct Recordings {
    update_sender: UpdateSender,
    clock: Arc<FrameClock>,
    running: Option<RecordThread>,
    /// A recording that is completing its files. It is joined when the next one ends, or at the end.
    closing: Option<RecordThread>,
    finishing: Option<Finishing>,
    newest: Option<Timestamp>,
    /// True if a frame of the run has come. And true if none had come when the recording was asked for.
    has_begun: bool,
    is_from_start: bool,
    /// The newest record of each kind that still holds.
    source: Option<Record>,
    threshold: Option<Record>,
    baseline: Option<Record>,
    effort: Option<Record>,
}

#[derive(Clone, Copy)]
struct Finishing {
    last_frame: Timestamp,
    since: Instant,
}

impl Recordings {
    /// `clock` is that of the run's frames.
    pub(crate) fn new(update_sender: UpdateSender, clock: Arc<FrameClock>) -> Self {
        Self {
            update_sender,
            clock,
            running: None,
            closing: None,
            finishing: None,
            newest: None,
            has_begun: false,
            is_from_start: false,
            source: None,
            threshold: None,
            baseline: None,
            effort: None,
        }
    }

    /// Begins a recording. One that runs is completed.
    pub(crate) fn start(&mut self, order: RecordOrder, provenance: Provenance, before: Stats) {
        self.close();
        let held = [&self.source, &self.threshold, &self.baseline, &self.effort];
        let first = held.into_iter().flatten().cloned().collect();
        self.newest = None;
        self.is_from_start = !self.has_begun;
        let (clock, update_sender) = (Arc::clone(&self.clock), self.update_sender.clone());
        let running = RecordThread::start(order, provenance, before, first, clock, update_sender);
        self.running = Some(running);
    }

    /// Records no more frames. Results for the last ones are still recorded.
    pub(crate) fn stop(&mut self) {
        let Some(last_frame) = self.newest else { return self.close() };
        if self.finishing.is_none() {
            self.finishing = Some(Finishing { last_frame, since: Instant::now() });
            self.send(RecordThread::finishing);
        }
    }

    /// Takes a frame that is analysed.
    pub(crate) fn frame(&mut self, frame: &Frame) {
        self.has_begun = true;
        match self.finishing {
            Some(Finishing { last_frame, .. }) => {
                if frame.time.secs_since(last_frame) > LINGER_SECS {
                    self.close();
                }
            }
            None => {
                self.newest = Some(frame.time);
                self.send(|recorder| recorder.frame(frame));
            }
        }
    }

    /// Takes a record of the run.
    pub(crate) fn record(&mut self, record: &Record) {
        match record {
            Record::Lost(_) if !self.is_own_loss() => return,
            Record::BaselineDropped => self.baseline = None,
            Record::Opened(_) => self.source = Some(record.clone()),
            Record::Threshold(_) => self.threshold = Some(record.clone()),
            Record::Baselined(_) => self.baseline = Some(record.clone()),
            Record::Effort(_) => self.effort = Some(record.clone()),
            _ => {}
        }
        self.send(|recorder| recorder.record(record));
    }

    /// True if a loss belongs to the recording. Losses before its first frame or after its last one do not,
    /// unless the recording waited for the first frame of the run.
    fn is_own_loss(&self) -> bool {
        self.finishing.is_none() && (self.newest.is_some() || self.is_from_start)
    }

    /// Takes an act of a person.
    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.send(|recorder| recorder.entry(entry));
    }

    /// The analysis pauses.
    pub(crate) fn pause(&mut self) {
        self.send(RecordThread::pause);
    }

    /// Called regularly, whether or not frames come.
    pub(crate) fn look_at_clock(&mut self) {
        if self.finishing.is_some_and(|finishing| finishing.since.elapsed() > LINGER) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.finishing = None;
        if let Some(mut recorder) = self.running.take() {
            recorder.close();
            self.closing = Some(recorder);
        }
    }

    fn send(&mut self, send: impl FnOnce(&RecordThread) -> Result<(), Gone>) {
        if self.running.as_ref().is_some_and(|recorder| send(recorder).is_err()) {
            self.close();
        }
    }
}
