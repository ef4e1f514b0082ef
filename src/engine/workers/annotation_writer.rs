//! The thread that puts what people do in review onto the disk, each act as soon as it is done.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

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
pub struct AnnotationWriter {
    /// None only while it is dropped.
    tx: Option<Sender<Kept>>,
    faults: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl AnnotationWriter {
    /// Starts the thread. `wake` is called when something could not be kept.
    pub fn start(
        mut store: impl AnnotationStore + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tx, rx) = bounded::<Kept>(WAITING);
        let (fault, faults) = bounded(1);
        let thread =
            std::thread::Builder::new().name("fleeting-writer".into()).spawn(move || {
                for kept in rx {
                    if let Err(why) = store.keep(&kept) {
                        // The first says enough; the window may not have asked for it yet.
                        if fault.try_send(why).is_ok() {
                            wake();
                        }
                    }
                }
            })?;
        Ok(Self { tx: Some(tx), faults, thread: Some(thread) })
    }

    /// Takes one thing over.
    pub fn keep(&self, kept: Kept) {
        let sent = self.tx.as_ref().map(|tx| tx.send(kept));
        if !matches!(sent, Some(Ok(()))) {
            tracing::error!("the thread that keeps what people do has ended");
        }
    }

    /// Why something could not be kept, once.
    pub fn fault(&self) -> Option<String> {
        self.faults.try_recv().ok()
    }
}

impl Drop for AnnotationWriter {
    fn drop(&mut self) {
        self.tx = None;
        crate::engine::join(self.thread.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::annotation::Act;
    use crossbeam_channel::unbounded;
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
        let (tx, rx) = unbounded();
        let writer = AnnotationWriter::start(Small(tx, 0), || ()).expect("starts");
        writer.keep(undo(1));
        writer.keep(undo(2));
        drop(writer);
        assert_eq!(rx.try_iter().collect::<Vec<_>>(), [undo(1), undo(2)]);
    }

    #[test]
    fn a_fault_is_said_once_and_wakes_the_window() {
        let (tx, _rx) = unbounded();
        let (wake, woken) = unbounded();
        let writer = AnnotationWriter::start(Small(tx, 0), move || wake.send(()).unwrap_or(()))
            .expect("starts");
        (0..5).for_each(|i| writer.keep(undo(i)));
        woken.recv_timeout(Duration::from_secs(10)).expect("woken");
        assert_eq!(writer.fault().as_deref(), Some("the disk is full"));
    }
}
