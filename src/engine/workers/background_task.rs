//! One short piece of work that must not run on the drawing thread, such as listing cameras.

use std::convert::Infallible;

use super::worker::{Keep, Worker, WorkerThread};

/// A running task with at most one result. It is joined on drop, so it must be short.
#[derive(Debug)]
pub struct BackgroundTask<T>(Worker<Infallible, T>);

impl<T: Send + 'static> BackgroundTask<T> {
    /// Starts `work` in a thread called `name`, and calls `wake` when its result is there. Fails if the
    /// system cannot start a thread.
    pub fn start(
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        // The caller may no longer want the result.
        let body = |end: WorkerThread<Infallible, T>| end.answer(work()).unwrap_or(());
        Worker::start(name, Keep::Newest, Keep::Newest, body, wake).map(Self)
    }

    /// The result, once.
    pub fn poll(&self) -> Option<T> {
        self.0.answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;
    use std::time::Duration;

    #[test]
    fn a_task_wakes_whoever_waits_and_gives_its_result_once() {
        let (tx, woken) = bounded(1);
        let task =
            BackgroundTask::start("sum", || 2 + 2, move || tx.send(()).unwrap()).expect("starts");
        woken.recv_timeout(Duration::from_secs(10)).expect("woken");
        assert_eq!((task.poll(), task.poll()), (Some(4), None));
    }

    #[test]
    fn dropping_a_task_waits_for_it() {
        let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let set = std::sync::Arc::clone(&flag);
        let work = move || {
            std::thread::sleep(Duration::from_millis(20));
            set.store(true, std::sync::atomic::Ordering::SeqCst);
        };
        drop(BackgroundTask::start("slow", work, || ()).expect("starts"));
        assert!(flag.load(std::sync::atomic::Ordering::SeqCst));
    }
}
