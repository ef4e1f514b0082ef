//! Rebuilds the steps of the spotter from stored samples.

use super::Step;
use crate::measure::sample::Sample;
use crate::pipeline::frame_scheduler::FrameScheduler;
use crate::pipeline::motion::regions::RegionDisplacement;

/// The steps that the pipeline gave its spotter, in order. `samples` must begin where the stream began, or at
/// a frame that was measured.
pub fn steps_of(samples: impl Iterator<Item = Sample>) -> Vec<Step> {
    let mut scheduler = FrameScheduler::default();
    let mut steps = Vec::new();
    for sample in samples {
        let tick = scheduler.tick(sample.time);
        if !tick.measured {
            continue;
        }
        let trouble = sample.quality.trouble;
        let motion = sample.motion.filter(|_| trouble.scorable());
        let moved = motion
            .zip(tick.dt_secs)
            .map(|(motion, dt_secs)| RegionDisplacement::of_speed(&motion, dt_secs).spotted());
        steps.push(Step { seq: sample.seq, time: sample.time, displacement: moved, trouble });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::{Quality, Trouble};
    use crate::measure::regions::REGIONS;
    use crate::measure::time::Timestamp;

    fn samples(fps: f64, count: u64) -> Vec<Sample> {
        let mut scheduler = FrameScheduler::default();
        let sample = |seq| {
            let time = Timestamp::of_frame(seq, fps);
            let tick = scheduler.tick(time);
            let moved =
                RegionDisplacement { regions: [[seq as f32, -0.5]; REGIONS], head: [0.0; 2] };
            let motion = tick.dt_secs.and_then(|dt| moved.per_thirtieth(dt));
            Sample { seq, time, quality: Quality::default(), motion, score: None }
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn displacements_come_back_as_they_were_measured_at_any_rate() {
        for fps in [15.0, 24.0, 30.0, 60.0, 200.0] {
            let steps = steps_of(samples(fps, 400).into_iter());
            assert!(steps[0].displacement.is_none(), "the first moved from nowhere");
            for step in &steps[1..] {
                let moved = step.displacement.expect("measured");
                assert!((moved[3][0] / step.seq as f32 - 1.0).abs() < 1e-5, "{fps}: {step:?}");
            }
            let expected = if fps > 45.0 { 400.0 * 30.0 / fps } else { 400.0 };
            assert!((steps.len() as f64 - expected).abs() <= 2.0, "{fps}: {}", steps.len());
        }
    }

    #[test]
    fn without_a_face_a_step_has_no_motion() {
        let mut samples = samples(30.0, 10);
        samples[4].quality.trouble = Trouble::NO_FACE;
        samples[6].motion = None;
        let steps = steps_of(samples.into_iter());
        let without: Vec<_> =
            steps.iter().filter(|s| s.displacement.is_none()).map(|s| s.seq).collect();
        assert_eq!(without, [0, 4, 6]);
        assert_eq!(steps[4].trouble, Trouble::NO_FACE);
    }
}
