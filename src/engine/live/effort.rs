//! Decides how much is done for each frame of a source that cannot wait, from the number of waiting frames
//! and the time that one frame takes. So less is done before a frame is lost.
//!
//! The pipeline reads no clock. It is told at which frame each step begins, and the session stores that.

use std::time::Duration;

use crate::measure::effort::Effort;
use crate::measure::time::Timestamp;

/// Frames after a step until its effect shows, because the waiting frames are analysed first.
const SETTLING_FRAMES: u32 = 10;

/// Frames without a queue after which more is tried again, at first.
const CALM_FRAMES: u32 = 90;

/// Greatest number of such frames, reached when doing more has failed several times.
const LONGEST_CALM_FRAMES: u32 = 1800;

/// More is tried only if a frame takes less than this share of the time between frames, because a step may
/// nearly double the cost.
const SPARE_SHARE: f64 = 0.5;

/// Weight of the newest frame in the running mean of the time per frame.
const NEWEST_SHARE: f64 = 0.05;

/// Decides from counts of frames, without a clock of its own.
#[derive(Debug)]
pub(crate) struct EffortControl {
    effort: Effort,
    /// From this number of waiting frames on, less is done.
    too_many: usize,
    /// Frames since the last step.
    since_step: u32,
    /// True if the last step did more, so that a queue now comes from it.
    did_more: bool,
    calm_frames: u32,
    calm_needed: u32,
    /// Running mean of the time per frame, divided by the time between frames.
    share: f64,
    before: Option<(u64, Timestamp)>,
}

impl EffortControl {
    /// Begins with everything done. The camera queue holds `capacity` frames.
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

    /// Called before each frame. `waiting` frames are queued behind it, and `lost` were lost before it.
    /// Returns the effort from this frame on, if it changes.
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

    /// Called after each frame. `took` is the time of its analysis.
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

    /// If doing more led to a queue, the next try comes later.
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

    /// A computer that needs this many milliseconds for a frame at each effort, and its camera queue.
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

    /// The mesh costs this much for each frame that it looks at; everything else costs 5 ms.
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
        // The rest of a frame costs so little that the mean promises more than the mesh allows.
        let mut machine = Machine::new(|_, effort| match effort {
            Effort::Whole => 40.0,
            _ => 10.0,
        });
        machine.run(18_000);
        let tries = machine.steps.iter().filter(|(_, effort)| *effort == Effort::Whole).count();
        assert!((3..18).contains(&tries), "{tries} in ten minutes");
    }
}
