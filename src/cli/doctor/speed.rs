//! What each step of the analysis costs here, measured on the demo person.

use std::time::Instant;

use serde::Serialize;

use crate::config::Config;
use crate::measure::face::Landmarks;
use crate::measure::quality::Trouble;
use crate::measure::regions::{REGIONS, SPOT_REGIONS};
use crate::media::image::Frame;
use crate::media::stream::{Next, Source};
use crate::model::{Models, Task};
use crate::pipeline::face::detect::{FaceFinder, WantedFace};
use crate::pipeline::face::track::Tracker;
use crate::pipeline::motion::Motion;
use crate::pipeline::recognition::Recogniser;
use crate::pipeline::spotting::{Spotted, Spotter, Step};
use crate::pipeline::{Output, Pipeline};
use crate::source::SourceSpec;
use crate::source::demo::Demo;

/// Number of frames that are measured: two seconds.
const FRAMES: usize = 60;

/// Number of frames before them, for caches to fill and the face to be found.
const WARM_UP: usize = 6;

/// Number of frames for the spotter alone, which works in steps of several frames.
const SPOTTED: u64 = 300;

/// The cost of one step of the analysis.
#[derive(Debug, Serialize)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    /// Mean milliseconds.
    pub(super) ms: f64,
    /// The unit of work: frame, look, event, lost face.
    pub(super) per: &'static str,
}

/// The cost of the analysis.
#[derive(Debug, Serialize)]
pub(super) struct Speed {
    pub(super) stages: Vec<Stage>,
    /// All steps together, mean milliseconds per frame.
    pub(super) frame_ms: f64,
    /// The slowest of the measured frames, milliseconds.
    pub(super) slowest_frame_ms: f64,
    /// Frames per second that one core can analyse.
    pub(super) frames_per_second: f64,
    /// Reading and opening the models, milliseconds.
    pub(super) start_ms: f64,
}

/// Measures all steps. The error says what prevented it.
pub(super) fn measure(models: &Models) -> Result<Speed, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let config = Config::default();
    let frames = frames().map_err(|error| words(&error))?;
    let mut stages = Vec::new();
    let failed = |error| words(&error);

    let mut finder = FaceFinder::new(models).map_err(failed)?;
    let least = config.face.min_detection;
    let mut find =
        |frame: &Frame| finder.find(&frame.image, least, WantedFace::Largest, |_| Ok(true));
    find(&frames[0]).map_err(failed)?;
    let (ms, found) = timed(|| frames[..10].iter().try_for_each(&mut find));
    found.map_err(failed)?;
    stages.push(Stage { name: "find the face", ms: ms / 10.0, per: "lost face" });

    let mut tracker = Tracker::new(models, &config.face).map_err(failed)?;
    let mut motion = Motion::default();
    let mut landmarks = Landmarks::default();
    let (mut follow_ms, mut motion_ms) = (0.0, 0.0);
    for (i, frame) in frames.iter().enumerate() {
        let (ms, followed) = timed(|| tracker.follow(&frame.image, &mut landmarks));
        followed.map_err(failed)?;
        let (flow_ms, _) = timed(|| motion.push(&frame.image, &landmarks));
        if i >= WARM_UP {
            follow_ms += ms;
            motion_ms += flow_ms;
        }
    }
    let mean = |total: f64| total / FRAMES as f64;
    stages.push(Stage { name: "follow the landmarks", ms: mean(follow_ms), per: "look" });
    stages.push(Stage { name: "align, flow, regions", ms: mean(motion_ms), per: "frame" });

    if models.has(Task::Spot) {
        let ms = spot(models, &config, &frames[0]).map_err(failed)?;
        stages.push(Stage { name: "spot", ms, per: "frame" });
    }
    if models.has(Task::Recognise) {
        let mut recogniser = Recogniser::new(models).map_err(failed)?;
        let phase = Some([[0.5; 2]; REGIONS]);
        let (ms, read) =
            timed(|| (0..10).try_for_each(|_| recogniser.read(&[phase; 3]).map(|_| ())));
        read.map_err(failed)?;
        stages.push(Stage { name: "recognise", ms: ms / 10.0, per: "event" });
    }

    let (start_ms, pipeline) = timed(|| Pipeline::new(models, &config));
    let mut pipeline = pipeline.map_err(failed)?;
    let mut output = Output::default();
    let (mut total_ms, mut slowest_frame_ms) = (0.0, 0.0f64);
    for (i, frame) in frames.iter().enumerate() {
        output.clear();
        let (ms, pushed) = timed(|| pipeline.push(frame, &mut output));
        pushed.map_err(failed)?;
        if i >= WARM_UP {
            total_ms += ms;
            slowest_frame_ms = slowest_frame_ms.max(ms);
        }
    }
    let frame_ms = mean(total_ms);
    let frames_per_second = 1000.0 / frame_ms.max(1e-3);
    Ok(Speed { stages, frame_ms, slowest_frame_ms, frames_per_second, start_ms })
}

fn frames() -> Result<Vec<Frame>, crate::media::stream::SourceError> {
    let spec: SourceSpec = "demo:7".parse()?;
    let mut demo = Demo::open(&spec)?;
    let mut frames = Vec::with_capacity(WARM_UP + FRAMES);
    while frames.len() < WARM_UP + FRAMES {
        if let Next::Frame(frame) = demo.next()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

/// Mean milliseconds per frame of the spotter.
fn spot(models: &Models, config: &Config, first: &Frame) -> Result<f64, crate::model::ModelError> {
    let mut spotter = Spotter::open(models, &config.spotting)?;
    let mut spotted = Spotted::default();
    let (ms, pushed) = timed(|| {
        (0..SPOTTED).try_for_each(|seq| {
            let displacement = (seq > 0).then_some([[0.1; 2]; SPOT_REGIONS]);
            let time = first.time + seq as f64 / 30.0;
            spotted.clear();
            spotter.push(&Step { seq, time, displacement, trouble: Trouble::NONE }, &mut spotted)
        })
    });
    pushed.map(|()| ms / SPOTTED as f64)
}

/// Milliseconds that `work` took, and its result.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let result = work();
    (begun.elapsed().as_secs_f64() * 1000.0, result)
}
