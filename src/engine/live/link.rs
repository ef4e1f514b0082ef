//! The links between threads. The camera queue is the only place that may lose data, and it counts the loss.
//!
//! All locks of the program are in this file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use parking_lot::Mutex;

/// The sending end of a queue.
#[derive(Debug)]
pub struct QueueSender<T> {
    tx: Sender<T>,
    /// A full live queue takes its oldest item from here; a queue that waits has none.
    overflow: Option<Receiver<T>>,
    lets_go: LetsGo<T>,
    dropped: Arc<AtomicU64>,
    /// Needed because `overflow` keeps the channel connected.
    reader_gone: Arc<AtomicBool>,
    /// Held while items are taken out and put back, so that the reader misses none of them.
    thinning: Arc<Mutex<()>>,
}

/// Which item a full queue drops.
#[derive(Debug)]
enum LetsGo<T> {
    /// The oldest.
    Oldest,
    /// The item whose two neighbours have the closest numbers, so that the rest is as even as possible.
    Between(fn(&T) -> u64),
}

/// Greatest step between the numbers of two items that a thinning queue leaves. If it would become wider, the
/// queue drops its oldest item instead. So a reader that was stopped for long goes on with items that follow
/// each other.
const WIDEST_GAP: u64 = 3;

/// The reading end of a frame queue.
#[derive(Debug)]
pub struct QueueReceiver<T> {
    rx: Receiver<T>,
    dropped: Arc<AtomicU64>,
    reader_gone: Arc<AtomicBool>,
    thinning: Arc<Mutex<()>>,
}

impl<T> Drop for QueueReceiver<T> {
    fn drop(&mut self) {
        self.reader_gone.store(true, Ordering::Release);
    }
}

/// A queue that drops and counts its oldest item when it is full, for sources that cannot wait.
pub fn dropping_queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    queue(capacity, Some(LetsGo::Oldest))
}

/// A queue that drops and counts an item when it is full, but not always the oldest: if more is sent than
/// read for long, every second or third item is lost, never two in a row. `number` returns the position of an
/// item.
pub fn thinning_queue<T>(
    capacity: usize,
    number: fn(&T) -> u64,
) -> (QueueSender<T>, QueueReceiver<T>) {
    queue(capacity, Some(LetsGo::Between(number)))
}

/// A queue that makes the sender wait when it is full, for sources that can wait.
pub fn waiting_queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    queue(capacity, None)
}

fn queue<T>(capacity: usize, lets_go: Option<LetsGo<T>>) -> (QueueSender<T>, QueueReceiver<T>) {
    let (tx, rx) = bounded(capacity);
    let dropped = Arc::new(AtomicU64::new(0));
    let reader_gone = Arc::new(AtomicBool::new(false));
    let overflow = lets_go.is_some().then(|| rx.clone());
    let thinning = Arc::new(Mutex::new(()));
    let sender = QueueSender {
        tx,
        overflow,
        lets_go: lets_go.unwrap_or(LetsGo::Oldest),
        dropped: Arc::clone(&dropped),
        reader_gone: Arc::clone(&reader_gone),
        thinning: Arc::clone(&thinning),
    };
    (sender, QueueReceiver { rx, dropped, reader_gone, thinning })
}

/// The other end of a link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other end of the link is closed")]
pub struct Closed;

impl<T> QueueSender<T> {
    /// Sends one item. A full queue drops an item or waits, as it was made to.
    pub fn send(&self, item: T) -> Result<(), Closed> {
        let Some(waiting) = &self.overflow else {
            return self.tx.send(item).map_err(|_| Closed);
        };
        let mut item = item;
        loop {
            if self.reader_gone.load(Ordering::Acquire) {
                return Err(Closed);
            }
            match (self.tx.try_send(item), &self.lets_go) {
                (Ok(()), _) => return Ok(()),
                (Err(TrySendError::Disconnected(_)), _) => return Err(Closed),
                (Err(TrySendError::Full(back)), LetsGo::Oldest) => {
                    item = back;
                    self.count_dropped(waiting.try_recv().is_ok());
                }
                (Err(TrySendError::Full(back)), LetsGo::Between(number)) => {
                    return self.thin(waiting, back, *number);
                }
            }
        }
    }

    fn count_dropped(&self, is_dropped: bool) {
        self.dropped.fetch_add(u64::from(is_dropped), Ordering::Relaxed);
    }

    /// Puts `newest` behind the waiting items, and drops one of them if there is no room for all.
    fn thin(&self, waiting: &Receiver<T>, newest: T, number: fn(&T) -> u64) -> Result<(), Closed> {
        let _held = self.thinning.lock();
        let capacity = self.tx.capacity().unwrap_or(usize::MAX);
        let mut items: Vec<T> = waiting.try_iter().chain([newest]).collect();
        if items.len() > capacity {
            let gap = |i: usize| number(&items[i + 1]).saturating_sub(number(&items[i - 1]));
            // The reader already has the item before the first, and the one after the last may never come.
            let between = (1..items.len() - 1).min_by_key(|i| gap(*i));
            items.remove(between.filter(|i| gap(*i) <= WIDEST_GAP).unwrap_or(0));
            self.count_dropped(true);
        }
        items.into_iter().try_for_each(|item| self.tx.try_send(item)).map_err(|_| Closed)
    }

    /// How many items were let go so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Removes the items that wait in a queue that drops; those of a queue that waits stay.
    pub(crate) fn take_back(&self) {
        if let Some(waiting) = &self.overflow {
            waiting.try_iter().for_each(drop);
        }
    }
}

impl<T> QueueReceiver<T> {
    /// Waits for the next item. [`Closed`] if the sender is gone and everything has been read.
    pub(crate) fn recv(&self) -> Result<T, Closed> {
        self.rx.recv().map_err(|_| Closed)
    }

    /// The next item, if there is one.
    pub(crate) fn try_recv(&self) -> Option<T> {
        self.take().ok()
    }

    /// The next item, or why there is none.
    pub(crate) fn take(&self) -> Result<T, TryRecvError> {
        let _held = self.thinning.lock();
        self.rx.try_recv()
    }

    /// How many items wait.
    pub(crate) fn waiting(&self) -> usize {
        let _held = self.thinning.lock();
        self.rx.len()
    }

    /// True if no item waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.rx.is_empty()
    }

    /// The next item; `None` if nothing came within `timeout`.
    pub fn recv_timeout(&self, timeout: std::time::Duration) -> Result<Option<T>, Closed> {
        match self.rx.recv_timeout(timeout) {
            Ok(item) => Ok(Some(item)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Closed),
        }
    }

    /// How many items were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The channel, for waiting on this queue and another one at once. Items are taken with
    /// [`Self::try_recv`] only.
    pub(crate) fn channel(&self) -> &Receiver<T> {
        &self.rx
    }
}

/// Holds the newest value only: right for a picture to look at, wrong for anything that is measured.
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
    /// Replaces the value. Returns the old one, so that its memory can be used again.
    pub fn put(&self, value: T) -> Option<T> {
        self.0.lock().replace(value)
    }

    /// Takes the value out; `None` if it was taken already.
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

    /// Steps between the numbers that a reader sees if it takes one item while `ratio` are sent.
    fn steps(ratio: f64, capacity: usize) -> Vec<u64> {
        let (tx, rx) = thinning_queue(capacity, |n: &u64| *n);
        let (mut seen, mut taken) = (Vec::new(), 0.0);
        for n in 0..400 {
            tx.send(n).expect("open");
            while taken + ratio <= n as f64 {
                taken += ratio;
                seen.extend(rx.try_recv());
            }
        }
        assert_eq!(seen.len() as u64 + tx.dropped() + rx.waiting() as u64, 400);
        seen.windows(2).map(|pair| pair[1].checked_sub(pair[0]).expect("in order")).collect()
    }

    #[test]
    fn a_slow_reader_of_a_thinning_queue_sees_a_lower_rate_and_no_hole() {
        assert!(steps(1.0, 8).iter().all(|step| *step == 1), "nothing is lost without need");
        assert!(steps(1.5, 8).iter().all(|step| *step <= 2), "{:?}", steps(1.5, 8));
        assert!(steps(2.0, 8).iter().all(|step| *step <= 3), "{:?}", steps(2.0, 8));
        assert!(steps(3.0, 8).iter().all(|step| *step <= 6), "{:?}", steps(3.0, 8));
    }

    #[test]
    fn after_a_standstill_the_reader_of_a_thinning_queue_goes_on_with_the_newest_items() {
        let (tx, rx) = thinning_queue(8, |n: &u64| *n);
        (0..300).for_each(|n| tx.send(n).expect("open"));
        let seen: Vec<u64> = std::iter::from_fn(|| rx.try_recv()).collect();
        assert!(seen.len() == 8 && seen[0] >= 300 - 8 * WIDEST_GAP, "{seen:?}");
    }

    #[test]
    fn a_thinning_queue_too_short_to_have_a_middle_drops_its_oldest_item() {
        let (tx, rx) = thinning_queue(1, |n: &u64| *n);
        (0..5).for_each(|n| tx.send(n).expect("open"));
        assert_eq!((rx.try_recv(), rx.try_recv(), rx.dropped()), (Some(4), None, 4));
    }

    #[test]
    fn the_newest_value_is_taken_once() {
        let cell = Newest::default();
        assert_eq!(cell.put(1), None);
        assert_eq!(cell.put(2), Some(1));
        assert_eq!((cell.take(), cell.take()), (Some(2), None));
    }
}
