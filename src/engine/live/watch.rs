//! Watches the analysis: if the program runs at all, and if the frames that come give results.
//!
//! It has a thread of its own, because a thread that stands still cannot report it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::update_sender::UpdateSender;
use crate::engine::Update;

/// Time between two checks.
const PERIOD: Duration = Duration::from_millis(100);

/// The analysis of a camera stands still if it gives no result for this long; dozens of frames come in this
/// time.
pub(crate) const STANDSTILL: Duration = Duration::from_secs(1);

/// What the threads of a run tell the watch, and what the watch tells them.
#[derive(Debug)]
pub(crate) struct Signs {
    begun: Instant,
    /// Number of frames that the source has sent.
    sent: AtomicU64,
    /// Number of sent frames that the queue dropped.
    dropped: AtomicU64,
    /// Frames that the analysis is done with.
    done: AtomicU64,
    is_paused: AtomicBool,
    /// Time of the newest check, milliseconds since `begun`.
    looked_ms: AtomicU64,
    /// How long the watch itself was not run, milliseconds in total.
    missed_ms: AtomicU64,
}

impl Default for Signs {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            done: AtomicU64::new(0),
            is_paused: AtomicBool::new(false),
            looked_ms: AtomicU64::new(0),
            missed_ms: AtomicU64::new(0),
        }
    }
}

impl Signs {
    /// The source has sent a frame.
    pub(crate) fn frame_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// The queue dropped this many of the frames that were sent.
    pub(crate) fn set_dropped(&self, dropped: u64) {
        self.dropped.store(dropped, Ordering::Relaxed);
    }

    /// True if a frame waits for its result.
    fn has_frame_waiting(&self) -> bool {
        let done = self.done.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        self.sent.load(Ordering::Relaxed) > done
    }

    /// The analysis is done with a frame.
    pub(crate) fn frame_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on nothing is analysed, or frames are analysed again.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Relaxed);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the program was not run so far: what the watch has found, and the time since its last check.
    pub(crate) fn missed(&self) -> Duration {
        let now = self.now_ms().saturating_sub(self.looked_ms.load(Ordering::Acquire));
        let late = if now > STANDSTILL.as_millis() as u64 { now } else { 0 };
        Duration::from_millis(self.missed_ms.load(Ordering::Acquire) + late)
    }

    fn look(&self, since_last: Duration) {
        if since_last > STANDSTILL {
            let ms = u64::try_from(since_last.as_millis()).unwrap_or(u64::MAX);
            self.missed_ms.fetch_add(ms, Ordering::AcqRel);
        }
        self.looked_ms.store(self.now_ms(), Ordering::Release);
    }
}

/// The progress of the analysis, as the watch sees it.
#[derive(Debug, Default)]
struct Progress {
    /// The number of results at the last check, and since when frames wait for the next result.
    done: u64,
    waiting_since: Option<Instant>,
    /// Whole seconds that were reported.
    told_secs: u64,
}

impl Progress {
    /// Seconds to report, if there is something new; 0 when results come again.
    fn look(&mut self, signs: &Signs, now: Instant) -> Option<u64> {
        let done = signs.done.load(Ordering::Relaxed);
        let waits = signs.has_frame_waiting();
        if done != self.done || !waits || signs.is_paused.load(Ordering::Relaxed) {
            (self.done, self.waiting_since) = (done, waits.then_some(now));
            return (std::mem::take(&mut self.told_secs) > 0).then_some(0);
        }
        let since = *self.waiting_since.get_or_insert(now);
        let secs = now.duration_since(since).as_secs();
        let is_news = secs > self.told_secs;
        self.told_secs = secs.max(self.told_secs);
        is_news.then_some(secs)
    }
}

/// The body of the watch thread. Ends when the other end of `ending` is dropped.
pub(crate) fn run(signs: &Arc<Signs>, update_sender: &UpdateSender, ending: &Receiver<()>) {
    let mut progress = Progress::default();
    let mut last = Instant::now();
    while let Err(RecvTimeoutError::Timeout) = ending.recv_timeout(PERIOD) {
        let now = Instant::now();
        let since_last = now.duration_since(last);
        last = now;
        signs.look(since_last);
        if since_last > STANDSTILL {
            // The whole program stood still, and not the analysis alone.
            progress.waiting_since = None;
        }
        if let Some(secs) = progress.look(signs, now) {
            update_sender.send_if_room(Update::Frozen { secs });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_without_a_result_while_frames_come_is_told_and_its_end_too() {
        let (signs, mut progress) = (Signs::default(), Progress::default());
        let begun = Instant::now();
        let mut at = |secs: f64, step: fn(&Signs)| {
            step(&signs);
            progress.look(&signs, begun + Duration::from_secs_f64(secs))
        };
        assert_eq!(at(0.0, Signs::frame_sent), None);
        assert_eq!(at(0.9, Signs::frame_sent), None);
        assert_eq!(at(1.0, |_| ()), Some(1));
        assert_eq!(at(1.5, |_| ()), None);
        assert_eq!(at(2.1, |_| ()), Some(2));
        assert_eq!(at(2.2, Signs::frame_done), Some(0));
        assert_eq!(at(2.4, Signs::frame_done), None);
        assert_eq!(at(9.0, |_| ()), None, "no frame comes");
    }

    #[test]
    fn a_camera_that_is_gone_is_no_standstill_also_after_frames_were_dropped() {
        let (signs, mut progress) = (Signs::default(), Progress::default());
        let begun = Instant::now();
        let mut at = |secs: f64| progress.look(&signs, begun + Duration::from_secs_f64(secs));
        (0..12).for_each(|_| signs.frame_sent());
        signs.set_dropped(4);
        (0..8).for_each(|_| signs.frame_done());
        assert_eq!((at(0.0), at(1.5), at(60.0)), (None, None, None), "no frame comes");
        signs.frame_sent();
        assert_eq!((at(60.1), at(61.2)), (None, Some(1)), "one comes and gives no result");
    }

    #[test]
    fn a_pause_is_no_standstill() {
        let (signs, mut progress) = (Signs::default(), Progress::default());
        signs.frame_sent();
        signs.set_paused(true);
        let now = Instant::now();
        assert_eq!(progress.look(&signs, now), None);
        assert_eq!(progress.look(&signs, now + Duration::from_secs(9)), None);
    }

    #[test]
    fn time_in_which_the_program_was_not_run_is_added_up() {
        let signs = Signs::default();
        signs.look(Duration::from_millis(130));
        assert_eq!(signs.missed(), Duration::ZERO);
        signs.look(Duration::from_secs(3));
        signs.look(Duration::from_secs(2));
        assert_eq!(signs.missed(), Duration::from_secs(5));
    }
}
