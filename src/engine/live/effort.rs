//! How much is done for each frame of a source that does not wait: decided here, by how many frames wait and
//! how long one takes, so that less is done before a frame is lost.
//!
//! The pipeline reads no clock. It is told at which frame which step begins, and the session stores that.

use std::time::Duration;

use crate::measure::effort::Effort;
use crate::measure::time::Timestamp;

/// A step shows its effect within so many frames: what waits is worked off first.
const SETTLING_FRAMES: u32 = 10;

/// After so many frames without a queue more is done again, at first.
const CALM_FRAMES: u32 = 90;

/// And at the latest after so many, where doing more has failed again and again.
const LONGEST_CALM_FRAMES: u32 = 1800;

/// More is done only where a frame takes less than this share of the time to the next: a step may cost
/// nearly twice as much.
const SPARE_SHARE: f64 = 0.5;

/// A frame's share in the running mean of how long frames take.
const NEWEST_SHARE: f64 = 0.05;

/// Decides.
#[derive(Debug)]
pub(crate) struct EffortControl {
    effort: Effort,
    /// So many frames waiting are too many.
    too_many: usize,
    /// Frames since the last step.
    since_step: u32,
    /// Whether that step did more, so that a queue now is its fault.
    did_more: bool,
    calm_frames: u32,
    calm_needed: u32,
    /// Mean of a frame's time over the time from frame to frame.
    share: f64,
    before: Option<(u64, Timestamp)>,
}

impl EffortControl {
    /// Begins with all that can be done; the camera queue holds `capacity` frames.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            effort: Effort::Whole,
            too_many: (capacity / 2).max(1),
            since_step: 0,
            did_more: false,
            calm_frames: 0,
            calm_needed: CALM_FRAMES,
            share: 0.0,
            before: None,
        }
    }

    /// How much is done now.
    pub(crate) fn effort(&self) -> Effort {
        self.effort
    }

    /// Before a frame: `waiting` frames are queued behind it, and `lost` were lost before it. Gives the effort
    /// from this frame on, where it changes.
    pub(crate) fn before(&mut self, waiting: usize, lost: u64) -> Option<Effort> {
        self.since_step = self.since_step.saturating_add(1);
        let is_late = lost > 0 || waiting >= self.too_many;
        self.calm_frames = if is_late || waiting > 1 { 0 } else { self.calm_frames + 1 };
        let step = if is_late && self.since_step >= SETTLING_FRAMES {
            self.note_relapse();
            self.effort.less()
        } else if self.calm_frames >= self.calm_needed && self.share < SPARE_SHARE {
            self.effort.more()
        } else {
            self.effort
        };
        if step == self.effort {
            return None;
        }
        self.did_more = step < self.effort;
        self.effort = step;
        (self.since_step, self.calm_frames) = (0, 0);
        Some(step)
    }

    /// After a frame, whose analysis took `took`.
    pub(crate) fn after(&mut self, seq: u64, time: Timestamp, took: Duration) {
        let before = self.before.replace((seq, time));
        let Some((seq_before, time_before)) = before.filter(|(before, _)| *before < seq) else {
            return;
        };
        let interval_secs = time.secs_since(time_before) / (seq - seq_before) as f64;
        if interval_secs > 0.0 {
            let share = took.as_secs_f64() / interval_secs;
            self.share += (share - self.share) * NEWEST_SHARE;
        }
    }

    /// Where doing more led to a queue, the next try waits longer.
    fn note_relapse(&mut self) {
        let was_too_much = self.did_more && self.since_step < self.calm_needed;
        self.calm_needed = if was_too_much {
            (self.calm_needed * 2).min(LONGEST_CALM_FRAMES)
        } else {
            CALM_FRAMES
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FPS: f64 = 30.0;
    const CAPACITY: usize = 8;

    /// A machine that needs so many milliseconds for a frame at an effort, and its camera queue.
    struct Machine {
        control: EffortControl,
        ms: fn(u64, Effort) -> f64,
        /// The clock, milliseconds.
        now: f64,
        next: u64,
        queue: std::collections::VecDeque<u64>,
        lost: u64,
        steps: Vec<(u64, Effort)>,
    }

    impl Machine {
        fn new(ms: fn(u64, Effort) -> f64) -> Self {
            let control = EffortControl::new(CAPACITY);
            let queue = Default::default();
            Self { control, ms, now: 0.0, next: 0, queue, lost: 0, steps: Vec::new() }
        }

        fn run(&mut self, frames: u64) {
            let end = self.next + frames;
            let mut lost_before = 0;
            while self.next < end {
                let due = |seq: u64| seq as f64 * 1000.0 / FPS;
                self.now = self.now.max(due(self.queue.front().copied().unwrap_or(self.next)));
                while due(self.next) <= self.now {
                    self.queue.push_back(self.next);
                    self.next += 1;
                    if self.queue.len() > CAPACITY {
                        self.queue.pop_front();
                        self.lost += 1;
                    }
                }
                let Some(seq) = self.queue.pop_front() else { continue };
                let step = self.control.before(self.queue.len(), self.lost - lost_before);
                lost_before = self.lost;
                self.steps.extend(step.map(|effort| (seq, effort)));
                let took = (self.ms)(seq, self.control.effort());
                self.now += took;
                let took = Duration::from_secs_f64(took / 1000.0);
                self.control.after(seq, Timestamp::of_frame(seq, FPS), took);
            }
        }
    }

    /// The mesh at every frame that it may look at, and 5 ms of all else.
    fn lively(times: f64, effort: Effort) -> f64 {
        times * (5.0 + 17.0 / f64::from(effort.mesh_gap_frames()))
    }

    #[test]
    fn a_machine_that_keeps_up_does_everything() {
        let mut machine = Machine::new(|_, effort| lively(1.0, effort));
        machine.run(3000);
        assert_eq!((machine.steps.as_slice(), machine.lost), ([].as_slice(), 0));
    }

    #[test]
    fn less_is_done_before_a_frame_is_lost() {
        let mut machine = Machine::new(|_, effort| lively(2.4, effort));
        machine.run(3000);
        assert_eq!(machine.lost, 0, "{:?}", machine.steps);
        assert_eq!(machine.steps.first().map(|(_, effort)| *effort), Some(Effort::Half));
    }

    #[test]
    fn a_machine_far_too_slow_goes_all_the_way_down_and_loses_little_on_it() {
        let mut machine = Machine::new(|_, effort| lively(4.0, effort));
        machine.run(3000);
        assert!(machine.control.effort() >= Effort::Eighth, "{:?}", machine.steps);
        assert!(machine.lost < 30, "{} lost, {:?}", machine.lost, machine.steps);
    }

    #[test]
    fn when_the_machine_is_free_again_everything_is_done_again() {
        let mut machine =
            Machine::new(|seq, effort| lively(if seq < 900 { 3.0 } else { 1.0 }, effort));
        machine.run(900);
        assert!(machine.control.effort() > Effort::Whole);
        machine.run(900);
        assert_eq!(machine.control.effort(), Effort::Whole, "{:?}", machine.steps);
    }

    #[test]
    fn a_step_up_that_fails_is_tried_again_more_and_more_rarely() {
        // So little for the rest of a frame that the mean promises more than the mesh allows.
        let mut machine = Machine::new(|_, effort| match effort {
            Effort::Whole => 40.0,
            _ => 10.0,
        });
        machine.run(18_000);
        let tries = machine.steps.iter().filter(|(_, effort)| *effort == Effort::Whole).count();
        assert!((3..18).contains(&tries), "{tries} in ten minutes");
    }
}
