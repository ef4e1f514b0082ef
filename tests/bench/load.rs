//! `cargo bench --bench load [-- CLIP [SECONDS [BUSY]]]`: plays a clip as a camera of 30 frames a second that
//! waits for nobody, while other processes keep the computer busy (by default 60 s and two processes),
//! without a window. It prints the share of frames that were measured, the longest hole, and for how many
//! frames less was done.
//!
//! The frames are decoded before, and played forwards and backwards, so that the clip may be shorter. Without
//! a clip it uses the demo person, whose face moves far less than that of a person who talks.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops, and its table is what it is for"
)]

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use fleeting::config::{Config, EngineConfig};
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::{Engine, Update};
use fleeting::measure::effort::Effort;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::Frame;
use fleeting::media::stream::{Next, Source, SourceError, SourceInfo};
use fleeting::model::{Models, Runtime};
use fleeting::pipeline::Pipeline;
use fleeting::session::Session;
use fleeting::source::SourceSpec;

mod clip;

use clip::first_frames;

/// Frames of a clip, decoded into memory before the measurement begins.
const FRAMES: usize = 300;
const FPS: f64 = 30.0;
/// Set for a process that only keeps a core busy: the seconds after which it ends.
const BUSY: &str = "FLEETING_BENCH_BUSY";

fn main() {
    if let Some(secs) = std::env::var(BUSY).ok().and_then(|secs| secs.parse().ok()) {
        return keep_busy(Duration::from_secs(secs));
    }
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let clip = arguments.next().unwrap_or_else(|| "demo:7".into());
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse());
    let secs = number(60).expect("seconds");
    let busy = number(2).expect("busy processes");

    let source = ForthAndBack::of(&clip, secs);
    let size = source.info.size_px;
    let processes: Vec<Busy> = (0..busy).map(|_| Busy::start(secs + 60)).collect();
    let session = watch(source);
    drop(processes);
    report(&format!("{clip} {size:?}, {secs} s, {busy} busy processes"), &session, secs);
}

fn keep_busy(time: Duration) {
    let begun = Instant::now();
    let mut sum = 0u64;
    while begun.elapsed() < time {
        sum = (0..100_000u64).fold(sum, |sum, n| std::hint::black_box(sum.wrapping_mul(31) ^ n));
    }
    std::hint::black_box(sum);
}

/// A process that keeps a core busy until it is dropped.
struct Busy(Child);

impl Busy {
    fn start(secs: u64) -> Self {
        let program = std::env::current_exe().expect("this program");
        Self(Command::new(program).env(BUSY, secs.to_string()).spawn().expect("it starts again"))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait().map(drop)).expect("it is there");
    }
}

/// The frames of a clip, forwards and backwards, with new numbers and times.
struct ForthAndBack {
    info: SourceInfo,
    frames: Vec<Frame>,
    next: u64,
    end: u64,
}

impl ForthAndBack {
    fn of(clip: &str, secs: u64) -> Self {
        let spec: SourceSpec = clip.parse().expect("a source");
        let mut source = spec.open().expect("the source opens");
        let frames = first_frames(source.as_mut(), FRAMES);
        let info = SourceInfo { frames: None, ..source.info().clone() };
        Self { info, frames, next: 0, end: (secs as f64 * FPS) as u64 }
    }
}

impl Source for ForthAndBack {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if self.next == self.end {
            return Ok(Next::End);
        }
        let seq = self.next;
        self.next += 1;
        let last = self.frames.len() as u64 - 1;
        let at = seq % (2 * last).max(1);
        let frame = &self.frames[at.min(2 * last - at) as usize];
        Ok(Next::Frame(Frame { seq, time: Timestamp::of_frame(seq, FPS), ..frame.clone() }))
    }
}

/// Lets the engine analyse the source like a camera.
fn watch(source: ForthAndBack) -> Session {
    let job = CaptureJob {
        name: "a clip as a camera".into(),
        is_live: true,
        is_paced: true,
        runs_by_itself: false,
        open: Box::new(move || Ok(Box::new(source))),
    };
    let make = || {
        let models = Models::load(&Default::default()).map_err(|error| error.to_string())?;
        Pipeline::new(&models, &Config::default()).map_err(|error| error.to_string())
    };
    let engine = Engine::start_job(job, &EngineConfig::default(), make, || ());
    let mut session = Session::keeping_all();
    loop {
        let Some(update) = engine.wait(Duration::from_secs(60)) else { continue };
        update.record().into_iter().for_each(|record| session.apply(record));
        if let Update::Ended(reason) = update {
            assert_eq!(reason, None, "a proper end");
            return session;
        }
    }
}

fn report(what: &str, session: &Session, secs: u64) {
    let runtime = Runtime::get();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{what}, {cores} cores, {} {}", runtime.backend, runtime.version);
    let samples = session.history.samples();
    let all = secs as f64 * FPS;
    println!(
        "    measured {} of {all:.0} frames ({:.1} %), scored {} ({:.1} %)",
        samples.len(),
        samples.len() as f64 / all * 100.0,
        session.history.scored(),
        session.history.scored() as f64 / all * 100.0
    );
    let steps = samples.iter().zip(samples.iter().skip(1)).map(|(a, b)| b.seq - a.seq - 1);
    let holes = steps.clone().filter(|hole| *hole > 0).count();
    let longest = steps.max().unwrap_or_default();
    println!("    holes: {holes}, the longest of {longest} frames");
    let at = |seq: u64| {
        let before = session.effort.iter().rev().find(|step| step.first <= seq);
        before.map_or(Effort::Whole, |step| step.effort)
    };
    for effort in Effort::ALL {
        let frames = samples.iter().filter(|sample| at(sample.seq) == effort).count();
        println!("    effort {}: {frames} frames", effort.name());
    }
}
