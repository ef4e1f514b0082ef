//! The links between threads. The camera queue is the only place where data may be lost, and it counts.
//!
//! Locks live here and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use parking_lot::Mutex;

/// The sending end of a frame queue.
#[derive(Debug)]
pub struct QueueSender<T> {
    tx: Sender<T>,
    /// Taken from when a live queue is full; a file's queue has none and waits.
    overflow: Option<Receiver<T>>,
    dropped: Arc<AtomicU64>,
    /// Needed because `overflow` keeps the channel itself connected for ever.
    reader_gone: Arc<AtomicBool>,
}

/// The reading end of a frame queue.
#[derive(Debug)]
pub struct QueueReceiver<T> {
    rx: Receiver<T>,
    dropped: Arc<AtomicU64>,
    reader_gone: Arc<AtomicBool>,
}

impl<T> Drop for QueueReceiver<T> {
    fn drop(&mut self) {
        self.reader_gone.store(true, Ordering::Release);
    }
}

/// A queue that, when full, lets its oldest item go and counts it: for sources that cannot wait.
pub fn dropping_queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    queue(capacity, true)
}

/// A queue that, when full, makes the sender wait: for sources that can.
pub fn waiting_queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    queue(capacity, false)
}

fn queue<T>(capacity: usize, drops: bool) -> (QueueSender<T>, QueueReceiver<T>) {
    let (tx, rx) = bounded(capacity);
    let dropped = Arc::new(AtomicU64::new(0));
    let reader_gone = Arc::new(AtomicBool::new(false));
    let overflow = drops.then(|| rx.clone());
    let sender = QueueSender {
        tx,
        overflow,
        dropped: Arc::clone(&dropped),
        reader_gone: Arc::clone(&reader_gone),
    };
    (sender, QueueReceiver { rx, dropped, reader_gone })
}

/// The other end of a link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other end of the link is closed")]
pub struct Closed;

impl<T> QueueSender<T> {
    /// Sends one item, dropping the oldest or waiting as the queue was made.
    pub fn send(&self, item: T) -> Result<(), Closed> {
        let Some(oldest) = &self.overflow else {
            return self.tx.send(item).map_err(|_| Closed);
        };
        let mut item = item;
        loop {
            if self.reader_gone.load(Ordering::Acquire) {
                return Err(Closed);
            }
            match self.tx.try_send(item) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(Closed),
                Err(TrySendError::Full(back)) => {
                    item = back;
                    if oldest.try_recv().is_ok() {
                        self.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    /// How many items were let go so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Takes back what waits in a queue that drops; the items of a queue that waits stay.
    pub(crate) fn take_back(&self) {
        if let Some(waiting) = &self.overflow {
            waiting.try_iter().for_each(drop);
        }
    }
}

impl<T> QueueReceiver<T> {
    /// Waits for the next item; [`Closed`] when the sender is gone and everything has been read.
    pub(crate) fn recv(&self) -> Result<T, Closed> {
        self.rx.recv().map_err(|_| Closed)
    }

    /// The next item, where there is one.
    pub(crate) fn try_recv(&self) -> Option<T> {
        self.rx.try_recv().ok()
    }

    /// True if no item waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.rx.is_empty()
    }

    /// The next item; none when nothing came within `timeout`.
    pub fn recv_timeout(&self, timeout: std::time::Duration) -> Result<Option<T>, Closed> {
        match self.rx.recv_timeout(timeout) {
            Ok(item) => Ok(Some(item)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Closed),
        }
    }

    /// How many items were let go so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// For waiting on this queue and another at once.
    pub(crate) fn channel(&self) -> &Receiver<T> {
        &self.rx
    }
}

/// Holds only the newest value: right for a picture to look at, wrong for anything measured.
#[derive(Debug)]
pub struct Newest<T>(Arc<Mutex<Option<T>>>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<T> Clone for Newest<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Newest<T> {
    /// Puts a value in, in place of the one before; gives that back, so that its memory can be reused.
    pub fn put(&self, value: T) -> Option<T> {
        self.0.lock().replace(value)
    }

    /// Takes the value out; none when it was already taken.
    pub fn take(&self) -> Option<T> {
        self.0.lock().take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_full_dropping_queue_keeps_the_newest_and_counts_the_rest() {
        let (tx, rx) = dropping_queue(3);
        for i in 0..10 {
            tx.send(i).expect("open");
        }
        let kept: Vec<i32> = std::iter::from_fn(|| rx.recv_timeout(SOON).ok().flatten()).collect();
        assert_eq!(kept, [7, 8, 9]);
        assert_eq!((tx.dropped(), rx.dropped()), (7, 7));
    }

    #[test]
    fn a_full_waiting_queue_loses_nothing() {
        let (tx, rx) = waiting_queue(2);
        let sender = std::thread::spawn(move || (0..100).try_for_each(|i| tx.send(i)));
        let got: Vec<i32> =
            std::iter::from_fn(|| rx.recv_timeout(Duration::from_secs(5)).ok().flatten()).collect();
        assert_eq!(got, (0..100).collect::<Vec<_>>());
        assert_eq!(rx.dropped(), 0);
        assert!(sender.join().is_ok_and(|sent| sent.is_ok()));
    }

    #[test]
    fn sending_to_nobody_is_an_error() {
        for (tx, rx) in [waiting_queue(1), dropping_queue(1)] {
            drop(rx);
            assert_eq!(tx.send(1), Err(Closed));
        }
    }

    #[test]
    fn the_newest_value_is_taken_once() {
        let cell = Newest::default();
        assert_eq!(cell.put(1), None);
        assert_eq!(cell.put(2), Some(1));
        assert_eq!((cell.take(), cell.take()), (Some(2), None));
    }
}
