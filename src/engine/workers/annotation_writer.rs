//! The thread that puts what people do in review onto the disk, each act as soon as it is done.

use super::worker::{Keep, Worker, WorkerThread};
use crate::session::annotation::{Entry, Rater};
use crate::session::store::Store;

/// Acts that may wait for the disk; whoever does more at once waits, which only a script can.
const WAITING: usize = 256;

/// One thing to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// A new rater, or one who works blind no longer.
    Rater(Rater),
    /// What somebody did.
    Entry(Entry),
    /// A layer that came out of a file: all of it is kept, or nothing.
    Layer(Vec<Rater>, Vec<Entry>),
}

/// Where things are kept.
pub trait AnnotationStore: Send {
    /// Puts one thing onto the disk; the error is one sentence.
    fn keep(&mut self, kept: &Kept) -> Result<(), String>;
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
}

/// The window's end. On drop it waits until all is kept.
#[derive(Debug)]
pub struct AnnotationWriter(Worker<Kept, String>);

impl AnnotationWriter {
    /// Starts the thread. `wake` is called when something could not be kept. Fails where the system has no
    /// thread to give.
    pub fn start(
        mut store: impl AnnotationStore + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end: WorkerThread<Kept, String>| {
            while let Some(kept) = end.next() {
                if let Err(why) = store.keep(&kept) {
                    // What comes after it is kept all the same, whoever listens.
                    end.answer(why).unwrap_or(());
                }
            }
        };
        let (requests, faults) = (Keep::All(WAITING), Keep::Newest);
        Worker::start("fleeting-annotation-writer", requests, faults, body, wake).map(Self)
    }

    /// Takes one thing over.
    pub fn keep(&self, kept: Kept) {
        self.0.ask(kept);
    }

    /// Why something could not be kept, once: the newest fault.
    pub fn fault(&self) -> Option<String> {
        self.0.answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::annotation::Act;
    use crossbeam_channel::{Sender, bounded};
    use std::time::Duration;

    /// Keeps the first two things and then has no room.
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
