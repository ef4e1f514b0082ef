//! One thread beside the window that does what it is asked, one request after the other.
//!
//! Both of its links are bounded. A link keeps the newest item only, or it keeps all items and makes the
//! sender wait. The thread ends when its handle is dropped, and is joined then.

use std::fmt;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::engine::join;
use crate::engine::live::link::{
    Closed, QueueReceiver, QueueSender, dropping_queue, waiting_queue,
};

/// What a worker's link does if its reader is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A new item replaces one that still waits.
    Newest,
    /// All items are kept, in order. While this many wait, the sender waits.
    All(usize),
}

impl Keep {
    fn link<T>(self) -> (QueueSender<T>, QueueReceiver<T>) {
        match self {
            Self::Newest => dropping_queue(1),
            Self::All(most) => waiting_queue(most),
        }
    }
}

/// The window's end of a worker: requests of type `R` go in, answers of type `A` come out.
///
/// On drop, a waiting request of a newest-only link is removed; requests of other links are carried out
/// first. Then the thread is joined.
pub struct Worker<R, A> {
    /// `None` only while it is dropped.
    requests: Option<QueueSender<R>>,
    /// `None` only while it is dropped.
    answers: Option<QueueReceiver<A>>,
    thread: Option<JoinHandle<()>>,
}

/// The thread's end of a worker.
pub struct WorkerThread<R, A> {
    requests: QueueReceiver<R>,
    answers: QueueSender<A>,
    wake: Box<dyn Fn() + Send>,
}

impl<R: Send + 'static, A: Send + 'static> Worker<R, A> {
    /// Starts a thread called `name` with `body`. `wake` is called with every answer. Fails if the system
    /// cannot start a thread.
    pub fn start(
        name: &str,
        requests: Keep,
        answers: Keep,
        body: impl FnOnce(WorkerThread<R, A>) + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, requests_out) = requests.link();
        let (answers_in, answers) = answers.link();
        let end =
            WorkerThread { requests: requests_out, answers: answers_in, wake: Box::new(wake) };
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || body(end))?;
        Ok(Self { requests: Some(requests), answers: Some(answers), thread: Some(thread) })
    }

    /// Sends a request. Waits only if all requests are kept and too many wait already.
    pub fn ask(&self, request: R) {
        if let Some(Err(Closed)) = self.requests.as_ref().map(|requests| requests.send(request)) {
            tracing::error!("a worker thread has ended and does nothing more");
        }
    }

    /// The next answer; does not wait.
    pub fn answer(&self) -> Option<A> {
        self.answers.as_ref()?.try_recv()
    }

    /// Waits for the next answer; `None` if the thread has ended.
    pub fn wait_for_answer(&self) -> Option<A> {
        self.answers.as_ref()?.recv().ok()
    }
}

impl<R, A> WorkerThread<R, A> {
    /// Waits for the next request. `None` after the handle was dropped, which ends the thread.
    pub fn next(&self) -> Option<R> {
        self.requests.recv().ok()
    }

    /// The next request, or `None` if none comes within `time`. [`Closed`] after the handle was dropped,
    /// which ends the thread.
    pub fn next_within(&self, time: Duration) -> Result<Option<R>, Closed> {
        self.requests.recv_timeout(time)
    }

    /// True if another request waits.
    pub fn is_asked(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Sends an answer and wakes the window. [`Closed`] if no one listens any more.
    pub fn answer(&self, answer: A) -> Result<(), Closed> {
        self.answers.send(answer)?;
        (self.wake)();
        Ok(())
    }
}

impl<R, A> Drop for Worker<R, A> {
    fn drop(&mut self) {
        if let Some(requests) = self.requests.take() {
            requests.take_back();
        }
        // Releases a thread that waits for room for an answer.
        self.answers = None;
        join(self.thread.take());
    }
}

impl<R, A> fmt::Debug for Worker<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("thread", &self.thread).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, bounded};

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A worker that answers each number with its square, each time `release` allows one; and its number of
    /// wakes.
    fn squares(requests: Keep) -> (Worker<u64, u64>, crossbeam_channel::Sender<()>, Receiver<()>) {
        let (release, released) = bounded(64);
        let (wake, woken) = bounded(64);
        let body = move |end: WorkerThread<u64, u64>| {
            while let Some(number) = end.next() {
                if released.recv().is_err() || end.answer(number * number).is_err() {
                    return;
                }
            }
        };
        let wake = move || wake.send(()).unwrap_or(());
        let worker = Worker::start("squares", requests, Keep::All(64), body, wake);
        (worker.expect("starts"), release, woken)
    }

    #[test]
    fn the_newest_request_replaces_those_that_still_wait() {
        let (worker, release, woken) = squares(Keep::Newest);
        (1..=100).for_each(|number| worker.ask(number));
        // At most one request was taken before the last one came.
        (0..2).for_each(|_| release.send(()).expect("the thread waits"));
        let mut answers = Vec::new();
        while answers.last() != Some(&10_000) {
            woken.recv_timeout(PATIENCE).expect("woken");
            answers.extend(worker.answer());
        }
        assert!(answers.len() <= 2, "{answers:?}");
    }

    #[test]
    fn requests_that_are_all_kept_are_done_in_order_by_the_time_it_is_dropped() {
        let (done, seen) = bounded(64);
        let body = move |end: WorkerThread<u64, ()>| {
            while let Some(number) = end.next() {
                done.send(number).expect("room for all");
            }
        };
        let worker = Worker::start("order", Keep::All(4), Keep::Newest, body, || ());
        let worker = worker.expect("starts");
        (0..20).for_each(|number| worker.ask(number));
        drop(worker);
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn dropping_it_releases_a_thread_that_waits_for_room_for_an_answer() {
        let (started, has_started) = bounded(1);
        let body = move |end: WorkerThread<(), u64>| {
            started.send(()).expect("room");
            let mut number = 0;
            while end.answer(number).is_ok() {
                number += 1;
            }
        };
        let worker = Worker::start("talker", Keep::Newest, Keep::All(1), body, || ());
        has_started.recv_timeout(PATIENCE).expect("the thread runs");
        drop(worker.expect("starts"));
    }
}
