//! The thread that stores what people do in review, each act as soon as it is done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use super::worker::{Keep, Worker, WorkerThread};
use crate::session::annotation::{Entry, Rater};
use crate::session::store::Store;

/// Number of acts that may wait for the disk. Only a script is fast enough to have to wait.
const WAITING: usize = 256;

/// Time between two checks for another window at the same place, while there is nothing to store.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A thing to store.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// A new rater, or one who no longer works blind.
    Rater(Rater),
    /// An act of a person.
    Entry(Entry),
    /// A layer from a file: all of it is stored, or nothing.
    Layer(Vec<Rater>, Vec<Entry>),
}

/// The place where things are stored.
pub trait AnnotationStore: Send {
    /// Stores one thing; the error is one sentence.
    fn keep(&mut self, kept: &Kept) -> Result<(), String>;

    /// What else the user should know about the place since the last call, one sentence.
    fn look(&mut self) -> Option<String> {
        None
    }
}

impl AnnotationStore for Store {
    fn keep(&mut self, kept: &Kept) -> Result<(), String> {
        match kept {
            Kept::Rater(rater) => self.append_rater(rater),
            Kept::Entry(entry) => self.append_entry(entry),
            Kept::Layer(raters, entries) => self.append_layer(raters, entries),
        }
        .and_then(|()| self.commit())
        .map_err(|error| error.to_string())
    }

    fn look(&mut self) -> Option<String> {
        self.look_for_others()
    }
}

/// The window's end. On drop it waits until everything is stored.
#[derive(Debug)]
pub struct AnnotationWriter {
    worker: Worker<Kept, Said>,
    /// Messages of the thread that were not read yet.
    unread: RefCell<VecDeque<Said>>,
}

/// A message of the thread, one sentence.
#[derive(Debug)]
enum Said {
    /// Why something could not be stored.
    Fault(String),
    /// What else the user should know about the place.
    Remark(String),
}

/// Number of messages that may wait for the window. A fault is reported once, and other messages are rare.
const SENTENCES: usize = 64;

impl AnnotationWriter {
    /// Starts the thread. `wake` is called if something could not be stored. Fails if the system cannot start
    /// a thread.
    pub fn start(
        mut store: impl AnnotationStore + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end: WorkerThread<Kept, Said>| {
            let mut has_failed = false;
            while let Ok(kept) = end.next_within(LOOK_EVERY) {
                let said = match kept {
                    // Only the first fault is reported. What comes after it is stored all the same.
                    Some(kept) => store
                        .keep(&kept)
                        .err()
                        .filter(|_| !std::mem::replace(&mut has_failed, true))
                        .map(Said::Fault),
                    None => store.look().map(Said::Remark),
                };
                // It does not matter if no one listens.
                said.map_or(Ok(()), |said| end.answer(said)).unwrap_or(());
            }
        };
        let (requests, answers) = (Keep::All(WAITING), Keep::All(SENTENCES));
        let worker = Worker::start("fleeting-annotation-writer", requests, answers, body, wake)?;
        Ok(Self { worker, unread: RefCell::default() })
    }

    /// Takes one thing to store.
    pub fn keep(&self, kept: Kept) {
        self.worker.ask(kept);
    }

    /// Why something could not be stored: the first fault, reported once.
    pub fn fault(&self) -> Option<String> {
        let is_fault = |said: &Said| matches!(said, Said::Fault(_));
        self.take(is_fault)
    }

    /// What else the user should know about the place, once; see [`AnnotationStore::look`].
    pub fn remark(&self) -> Option<String> {
        self.take(|said| matches!(said, Said::Remark(_)))
    }

    fn take(&self, is_wanted: impl Fn(&Said) -> bool) -> Option<String> {
        let mut unread = self.unread.borrow_mut();
        unread.extend(std::iter::from_fn(|| self.worker.answer()));
        let at = unread.iter().position(is_wanted)?;
        unread.remove(at).map(|(Said::Fault(text) | Said::Remark(text))| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::annotation::Act;
    use crossbeam_channel::{Sender, bounded};
    use std::time::Duration;

    /// Stores the first two things and then has no room.
    struct Small(Sender<Kept>, usize);

    impl AnnotationStore for Small {
        fn keep(&mut self, kept: &Kept) -> Result<(), String> {
            self.1 += 1;
            if self.1 > 2 {
                return Err("the disk is full".into());
            }
            self.0.send(kept.clone()).map_err(|error| error.to_string())
        }
    }

    fn undo(at_unix_ms: i64) -> Kept {
        Kept::Entry(Entry { rater: "A".into(), at_unix_ms, act: Act::Undo })
    }

    #[test]
    fn everything_is_kept_in_order_by_the_time_it_is_dropped() {
        let (tx, rx) = bounded(64);
        let writer = AnnotationWriter::start(Small(tx, 0), || ()).expect("starts");
        writer.keep(undo(1));
        writer.keep(undo(2));
        drop(writer);
        assert_eq!(rx.try_iter().collect::<Vec<_>>(), [undo(1), undo(2)]);
    }

    #[test]
    fn what_happens_to_the_place_is_said_while_nothing_is_to_be_kept() {
        struct Watched;
        impl AnnotationStore for Watched {
            fn keep(&mut self, _: &Kept) -> Result<(), String> {
                Ok(())
            }
            fn look(&mut self) -> Option<String> {
                Some("another window".into())
            }
        }
        let (wake, woken) = bounded(64);
        let writer =
            AnnotationWriter::start(Watched, move || wake.send(()).unwrap_or(())).expect("starts");
        woken.recv_timeout(Duration::from_secs(30)).expect("woken");
        assert_eq!(writer.remark().as_deref(), Some("another window"));
        assert_eq!(writer.fault(), None);
    }

    #[test]
    fn a_fault_is_said_once_and_wakes_the_window() {
        let (tx, _rx) = bounded(64);
        let (wake, woken) = bounded(64);
        let writer = AnnotationWriter::start(Small(tx, 0), move || wake.send(()).unwrap_or(()))
            .expect("starts");
        (0..5).for_each(|i| writer.keep(undo(i)));
        woken.recv_timeout(Duration::from_secs(10)).expect("woken");
        assert_eq!(writer.fault().as_deref(), Some("the disk is full"));
    }
}
