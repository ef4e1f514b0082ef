//! `cargo bench --bench pipeline [-- CLIP...]`: frames a second and latency of the whole path, decoded
//! frame to score, with each runtime, looking at every frame and looking where needed; then batch
//! throughput by workers and by length.
//!
//! A process decides once what runs its models, so each runtime is measured in a process of its own.
//! `ORT_DYLIB_PATH` names ONNX Runtime where it is not found by itself.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops, and its tables are what it is for"
)]

use std::process::Command;
use std::time::Instant;

use fleeting::config::Config;
use fleeting::engine::batch::in_parallel;
use fleeting::image::Frame;
use fleeting::model::{Models, Runtime};
use fleeting::pipeline::{Output, Pipeline};
use fleeting::source::{Next, SourceSpec};

/// Frames of a clip, held in memory: decoding is another thread's work.
const FRAMES: usize = 240;
const RUNTIME: &str = "FLEETING_BENCH_RUNTIME";

fn main() {
    let clips: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if std::env::var(RUNTIME).is_ok() {
        measure(&clips);
        return;
    }
    for backend in ["tract", "found"] {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args(&clips).env(RUNTIME, backend);
        if backend == "tract" {
            command.env("FLEETING_BACKEND", "tract");
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
        for every in [1, 4] {
            let ms = latencies(&models, every, &frames);
            report(&format!("{clip} {size:?}, mesh every {every}"), ms);
        }
    }
    batch(&models);
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

fn batch(models: &Models) {
    let source = frames("demo:7");
    let run = |frames: &[Frame]| {
        let mut pipeline = Pipeline::new(models, &Config::default()).expect("a pipeline");
        let mut output = Output::default();
        for frame in frames {
            output.clear();
            pipeline.push(frame, &mut output).expect("it runs");
        }
    };
    for part in [60, 120, 240] {
        let begun = Instant::now();
        run(&source[..part.min(source.len())]);
        let secs = begun.elapsed().as_secs_f64();
        println!(
            "one video of {part} frames: {secs:.2} s, {:.2} ms a frame",
            1e3 * secs / part as f64
        );
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for workers in 1..=cores {
        let videos: Vec<usize> = (0..2 * cores).collect();
        let begun = Instant::now();
        in_parallel(&videos, workers, || (), |(), _| run(&source[..120]), |_, _| ())
            .expect("threads");
        let rate = (videos.len() * 120) as f64 / begun.elapsed().as_secs_f64();
        println!("{workers} workers: {rate:.0} frames a second together");
    }
}

fn frames(name: &str) -> Vec<Frame> {
    let spec: SourceSpec = name.parse().expect("a source");
    let mut source = spec.open().expect("the source opens");
    let mut frames = Vec::new();
    while frames.len() < FRAMES {
        match source.next().expect("a frame") {
            Next::Frame(frame) => frames.push(frame),
            Next::End => break,
            _ => {}
        }
    }
    frames
}
