//! The recordings of one run, one after another, as the analysis sees them.

use std::time::{Duration, Instant};

use super::record::{Gone, RecordOrder, RecordThread};
use super::update_sender::UpdateSender;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::model::provenance::Provenance;
use crate::session::annotation::Entry;
use crate::session::record::Record;
use crate::session::record::Stats;

/// After the last frame of a recording, what belongs to it still becomes final: a score within half
/// a second, a macro-expression of four seconds within five.
const LINGER_SECS: f64 = 5.0;

/// Where frames no longer come, nothing more becomes final either.
const LINGER: Duration = Duration::from_secs(10);

/// What is being recorded, and what a recording that begins later must know.
pub(crate) struct Recordings {
    update_sender: UpdateSender,
    running: Option<RecordThread>,
    /// Completes its files; joined when the next one ends, or at the end.
    closing: Option<RecordThread>,
    finishing: Option<Finishing>,
    newest: Option<Timestamp>,
    /// Whether a frame of the run has come, and whether none had when the recording was asked for.
    has_begun: bool,
    is_from_start: bool,
    /// The newest of each kind that still holds.
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
    pub(crate) fn new(update_sender: UpdateSender) -> Self {
        Self {
            update_sender,
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

    /// Begins a recording; one that runs is completed.
    pub(crate) fn start(&mut self, order: RecordOrder, provenance: Provenance, before: Stats) {
        self.close();
        let held = [&self.source, &self.threshold, &self.baseline, &self.effort];
        let first = held.into_iter().flatten().cloned().collect();
        self.newest = None;
        self.is_from_start = !self.has_begun;
        self.running =
            Some(RecordThread::start(order, provenance, before, first, self.update_sender.clone()));
    }

    /// Records no more frames; what is still to be said of the last ones is.
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

    /// Takes what the run says.
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

    /// What was lost before the first frame of a recording, or after its last, is not its own, unless
    /// it waited for the first frame of the run.
    fn is_own_loss(&self) -> bool {
        self.finishing.is_none() && (self.newest.is_some() || self.is_from_start)
    }

    /// Takes what a person did.
    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.send(|recorder| recorder.entry(entry));
    }

    /// Now and then, whether or not frames come.
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
