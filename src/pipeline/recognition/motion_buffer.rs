//! The newest seconds of motion, from which the phases of an event are read.

use std::collections::VecDeque;

use super::Phases;
use crate::measure::event::Moment;
use crate::measure::quality::Trouble;
use crate::measure::regions::REGIONS;
use crate::pipeline::motion::regions::RegionDisplacement;

/// Seconds that are kept: longer than the longest event and the wait for its end.
const MEMORY_SECS: f64 = 12.0;

/// One measured frame.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    moment: Moment,
    trouble: Trouble,
    /// Displacement of every region since the start of its run, percent of the eye distance.
    travelled: [[f32; 2]; REGIONS],
    /// Number of the unbroken run. Displacement does not carry over from one run to the next.
    run: u64,
}

/// Keeps the newest measured frames.
#[derive(Debug, Default)]
pub struct MotionBuffer {
    frames: VecDeque<Remembered>,
    run: u64,
}

impl MotionBuffer {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.frames.clear();
    }

    /// Takes the next measured frame. One without a displacement begins a new run.
    pub fn push(
        &mut self,
        moment: Moment,
        trouble: Trouble,
        displacement: Option<&RegionDisplacement>,
    ) {
        let mut travelled = [[0.0; 2]; REGIONS];
        match (displacement, self.frames.back()) {
            (Some(step), Some(before)) => {
                travelled = before.travelled;
                for (sum, [x, y]) in travelled.iter_mut().zip(step.regions) {
                    *sum = [sum[0] + x, sum[1] + y];
                }
            }
            _ => self.run += 1,
        }
        self.frames.push_back(Remembered { moment, trouble, travelled, run: self.run });
        let is_old = |old: &Remembered| moment.time.secs_since(old.moment.time) > MEMORY_SECS;
        while self.frames.front().is_some_and(is_old) {
            self.frames.pop_front();
        }
    }

    /// The trouble of all frames from `first` to `last`.
    pub fn trouble(&self, first: Moment, last: Moment) -> Trouble {
        let covered = |f: &&Remembered| first.time <= f.moment.time && f.moment.time <= last.time;
        self.frames.iter().filter(covered).fold(Trouble::NONE, |all, f| all.with(f.trouble))
    }

    /// Displacement from the onset to the middle, to the apex, to the offset; `None` for a phase without two
    /// frames of one run.
    pub fn phases(&self, onset: Moment, apex: Moment, offset: Moment) -> Phases {
        let middle = onset.time + apex.time.secs_since(onset.time) / 2.0;
        let [onset, middle, apex, offset] =
            [onset.time, middle, apex.time, offset.time].map(|time| {
                let after = self.frames.partition_point(|f| f.moment.time < time);
                let near =
                    self.frames.range(after.saturating_sub(1)..self.frames.len().min(after + 1));
                near.min_by_key(|f| (f.moment.time.nanos() - time.nanos()).abs())
            });
        [(onset, middle), (middle, apex), (apex, offset)].map(|(from, to)| {
            let (from, to) = (from?, to?);
            let is_span = from.run == to.run && from.moment.time < to.moment.time;
            is_span.then(|| {
                std::array::from_fn(|region| {
                    let (a, b) = (from.travelled[region], to.travelled[region]);
                    [b[0] - a[0], b[1] - a[1]]
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::time::Timestamp;

    fn moment(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    /// Every region moves right by 1 % per frame.
    fn steady(frames: u64, gap_at: Option<u64>) -> MotionBuffer {
        let mut motion_buffer = MotionBuffer::default();
        let step = RegionDisplacement { regions: [[1.0, 0.0]; REGIONS], head: [0.0; 2] };
        for i in 0..frames {
            let blink = if i == 7 { Trouble::BLINK } else { Trouble::NONE };
            motion_buffer.push(moment(i), blink, (i > 0 && Some(i) != gap_at).then_some(&step));
        }
        motion_buffer
    }

    #[test]
    fn phases_are_the_displacements_between_the_key_frames() {
        let phases = steady(30, None).phases(moment(4), moment(10), moment(18));
        let right = phases.map(|phase| phase.map(|p| p[3][0]));
        assert_eq!(right, [Some(3.0), Some(3.0), Some(8.0)]);
    }

    #[test]
    fn a_phase_across_a_gap_or_without_frames_is_none() {
        let phases = steady(30, Some(12)).phases(moment(4), moment(10), moment(18));
        assert!(phases[0].is_some() && phases[1].is_some() && phases[2].is_none());
        assert!(steady(30, None).phases(moment(4), moment(4), moment(18))[0].is_none());
    }

    #[test]
    fn an_event_carries_the_trouble_of_its_frames_and_no_other() {
        let motion_buffer = steady(30, None);
        assert_eq!(motion_buffer.trouble(moment(4), moment(7)), Trouble::BLINK);
        assert_eq!(motion_buffer.trouble(moment(8), moment(20)), Trouble::NONE);
    }

    #[test]
    fn memory_is_bounded() {
        assert!(steady(5000, None).frames.len() <= (MEMORY_SECS * 30.0) as usize + 2);
    }
}
