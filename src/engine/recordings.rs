//! The recordings of one run, one after another, as the analysis sees them.

use std::time::{Duration, Instant};

use super::analysis::Teller;
use super::record::{Gone, RecordOrder, Recorder};
use super::{Stats, Update};
use crate::image::Frame;
use crate::session::annotation::Entry;
use crate::session::provenance::Provenance;
use crate::time::Timestamp;

/// After the last frame of a recording, what belongs to it still becomes final: a score within half
/// a second, a macro-expression of four seconds within five.
const LINGER_SECS: f64 = 5.0;

/// Where frames no longer come, nothing more becomes final either.
const LINGER: Duration = Duration::from_secs(10);

/// What is being recorded, and what a recording that begins later must know.
pub(super) struct Recordings {
    teller: Teller,
    running: Option<Recorder>,
    /// Completes its files; joined when the next one ends, or at the end.
    closing: Option<Recorder>,
    finishing: Option<Finishing>,
    newest: Option<Timestamp>,
    /// The newest of each kind that still holds.
    source: Option<Update>,
    threshold: Option<Update>,
    baseline: Option<Update>,
}

#[derive(Clone, Copy)]
struct Finishing {
    last_frame: Timestamp,
    since: Instant,
}

impl Recordings {
    pub(super) fn new(teller: Teller) -> Self {
        Self {
            teller,
            running: None,
            closing: None,
            finishing: None,
            newest: None,
            source: None,
            threshold: None,
            baseline: None,
        }
    }

    /// Begins a recording; one that runs is completed.
    pub(super) fn start(&mut self, order: RecordOrder, provenance: Provenance, before: Stats) {
        self.close();
        let held = [&self.source, &self.threshold, &self.baseline];
        let first = held.into_iter().flatten().cloned().collect();
        self.newest = None;
        self.running = Some(Recorder::start(order, provenance, before, first, self.teller.clone()));
    }

    /// Records no more frames; what is still to be said of the last ones is.
    pub(super) fn stop(&mut self) {
        let Some(last_frame) = self.newest else { return self.close() };
        if self.finishing.is_none() {
            self.finishing = Some(Finishing { last_frame, since: Instant::now() });
            self.send(Recorder::finishing);
        }
    }

    /// Takes a frame that is analysed.
    pub(super) fn frame(&mut self, frame: &Frame) {
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

    /// Takes what is said to the window.
    pub(super) fn update(&mut self, update: &Update) {
        match update {
            Update::Opened(_) => self.source = Some(update.clone()),
            Update::Threshold(_) => self.threshold = Some(update.clone()),
            Update::Baselined(_) => self.baseline = Some(update.clone()),
            _ => {}
        }
        self.send(|recorder| recorder.update(update));
    }

    /// Takes what a person did.
    pub(super) fn entry(&mut self, entry: &Entry) {
        self.send(|recorder| recorder.entry(entry));
    }

    /// Now and then, whether or not frames come.
    pub(super) fn look_at_clock(&mut self) {
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

    fn send(&mut self, send: impl FnOnce(&Recorder) -> Result<(), Gone>) {
        if self.running.as_ref().is_some_and(|recorder| send(recorder).is_err()) {
            self.close();
        }
    }
}
