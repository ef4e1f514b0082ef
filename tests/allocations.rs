//! The hot loop allocates nothing once it is warm: crop, flow, regions, quality, the spotter's bookkeeping
//! and the sample queue.
//!
//! Only [`fleeting::model::Model::run`] is left out, because the runtimes allocate tensors of their own in
//! every run. A network that answers from memory replaces it, and what the runtimes do not free is counted
//! separately. This is a test binary of its own, because the counting allocator belongs to the whole process.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::alloc::System;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use fleeting::config::Config;
use fleeting::measure::face::Landmarks;
use fleeting::measure::geometry::{Affine, Point};
use fleeting::measure::sample::Sample;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::RgbImage;
use fleeting::model::{ModelChoice, ModelError, Models, Task};
use fleeting::pipeline::face::crop::{Border, Cropper};
use fleeting::pipeline::frame_scheduler::FrameScheduler;
use fleeting::pipeline::motion::Motion;
use fleeting::pipeline::quality::{Evidence, Judge};
use fleeting::pipeline::sample_queue::SampleQueue;
use fleeting::pipeline::spotting::{
    Network, ROW_OUTPUTS, Spotted, Spotter, SpotterSettings, Step, WINDOW_ROWS,
};
use fleeting::synth::render::portrait::Portrait;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test at a time, because each would count what another one allocates.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Number of frames in which buffers reach their size: the spotter keeps the newest ten seconds.
const WARM_UP: u64 = 360;

/// A network that finds nothing.
struct Calm;

impl Network for Calm {
    fn score(&mut self, _: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        rows.clear();
        rows.resize(WINDOW_ROWS * ROW_OUTPUTS, 0.1);
        Ok(())
    }
}

/// A portrait that moves by less than the crop follows, and its mesh.
fn frames() -> Vec<(Arc<RgbImage>, Landmarks)> {
    let portrait = Portrait::named("p002").expect("an embedded portrait");
    let sway = |i: usize| {
        let shift = Point::new((i as f32 * 0.8).sin() * 1.5, (i as f32 * 0.8).cos());
        let mut image = RgbImage::new(portrait.image.width, portrait.image.height);
        portrait.image.warp_into(&Affine::similarity(1.0, 0.0, shift * -1.0), &mut image);
        let points_in_frame = portrait.points_px.iter().map(|p| *p + shift).collect();
        let depths = portrait.depths_px.clone();
        (Arc::new(image), Landmarks { points_in_frame, depths, presence: 1.0 })
    };
    (0..4).map(sway).collect()
}

#[test]
fn a_warm_pipeline_allocates_nothing() {
    let _alone = alone();
    let config = Config::default();
    let (frames, mut landmarks) = (frames(), Landmarks::default());
    let (mut motion, mut judge, mut scheduler) =
        (Motion::default(), Judge::new(&config.quality), FrameScheduler::default());
    let settings = SpotterSettings { look_ahead_rows: [12, 12], thresholds: [0.5; 2] };
    let mut spotter = Spotter::new(Box::new(Calm), settings);
    let (mut spotted, mut sample_queue, mut samples) =
        (Spotted::default(), SampleQueue::default(), Vec::new());
    let (mut cropper, mut input) = (Cropper::default(), Vec::new());
    let region = Region::new(ALLOCATOR);
    for seq in 0..WARM_UP + 60 {
        let before = region.change();
        let (image, mesh) = &frames[seq as usize % frames.len()];
        let time = Timestamp::of_frame(seq, 30.0);
        let tick = scheduler.tick(time);
        let map = Affine::similarity(2.0, 0.1, Point::new(100.0, 20.0));
        cropper.rgb_planes(image, &map, 256, Border::Repeat, &mut input);
        landmarks.copy_from(mesh);
        let seen = motion.push(image, &landmarks).expect("a face");
        if motion.outdates_mesh() {
            motion.mesh_is_new();
        }
        motion.carry(&mut landmarks, &seen.frame_from_face);
        let displacement = seen.displacement;
        let half_face = motion.half_face();
        let evidence = Evidence {
            tick,
            landmarks: &landmarks,
            half_face,
            displacement: displacement.as_ref(),
        };
        let quality = judge.judge(&evidence);
        let spotted_regions = displacement.as_ref().map(|d| d.spotted());
        let step = Step { seq, time, displacement: spotted_regions, trouble: quality.trouble };
        spotter.push(&step, &mut spotted).expect("it runs");
        sample_queue.enter(Sample { seq, time, quality, motion: None, score: None }, true);
        for (_, score) in spotted.scores.drain(..) {
            sample_queue.score(score);
        }
        sample_queue.settle(&mut samples);
        samples.clear();
        let after = region.change();
        let found =
            after.allocations + after.reallocations - before.allocations - before.reallocations;
        assert!(seq < WARM_UP || found == 0, "{found} allocations for frame {seq}");
    }
}

#[test]
fn a_run_of_a_network_leaves_nothing_behind() {
    let _alone = alone();
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut model = models.open(Task::Recognise).expect("a recogniser");
    let zeros: Vec<_> =
        model.entry.inputs.iter().map(|tensor| vec![0.0; tensor.least_values()]).collect();
    let inputs: Vec<&[f32]> = zeros.iter().map(Vec::as_slice).collect();
    let region = Region::new(ALLOCATOR);
    let mut held = || {
        for _ in 0..200 {
            model.run(&inputs).expect("it runs");
        }
        let stats = region.change();
        stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
    };
    let (warm, later) = (held(), held());
    assert!(later <= warm + 100, "{} bytes in 200 runs", later - warm);
}
