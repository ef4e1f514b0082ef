//! `fleeting doctor`: what works on this machine, how fast, and what would help.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::CliError;
use crate::model::{ModelChoice, Models};

mod machine;
mod speed;

use machine::{CameraFound, ModelFound, RuntimeFound};
use speed::Speed;

/// Say what works on this machine, how fast each step is, and what would help
#[derive(Debug, clap::Args)]
pub(super) struct Raw {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Look at the models of this folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(super) models: Option<PathBuf>,
}

/// How to print the findings, and which models to look at.
#[derive(Debug)]
pub struct DoctorOptions {
    /// One JSON object instead of text.
    pub json: bool,
    /// Which models to look at.
    pub models: ModelChoice,
}

impl Raw {
    pub(super) fn check(self) -> DoctorOptions {
        DoctorOptions { json: self.json, models: super::model_choice(self.models) }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Findings {
    program: String,
    runtime: RuntimeFound,
    models: Vec<ModelFound>,
    speed: Option<Speed>,
    cameras: Vec<CameraFound>,
    has_display: bool,
    ffmpeg: Option<String>,
    /// What is wrong, one sentence each.
    problems: Vec<String>,
    /// What would help, one sentence each.
    advice: Vec<String>,
}

pub(super) fn run(job: &DoctorOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let findings = examine(&job.models);
    if job.json {
        super::print_json(&findings, out)
    } else {
        write!(out, "{findings}").map_err(CliError::Output)
    }
}

fn examine(choice: &ModelChoice) -> Findings {
    let mut problems = Vec::new();
    let models = Models::load(choice).map_err(|error| problems.push(error.to_string())).ok();
    let measured = models.as_ref().map(speed::measure).transpose();
    let speed = measured.map_err(|error| problems.push(error)).ok().flatten();
    let mut findings = Findings {
        program: program(),
        runtime: machine::runtime(),
        models: models.as_ref().map(machine::models).unwrap_or_default(),
        speed,
        cameras: machine::cameras(),
        has_display: super::gui::has_display(),
        ffmpeg: machine::ffmpeg(),
        problems,
        advice: Vec::new(),
    };
    findings.advice = advice(&findings);
    findings
}

fn program() -> String {
    let build = if cfg!(debug_assertions) { ", debug build" } else { "" };
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("fleeting {}{build}, {os} {arch}, {cores} cores", env!("CARGO_PKG_VERSION"))
}

/// What would help, most important first.
fn advice(found: &Findings) -> Vec<String> {
    let mut advice = Vec::new();
    let mut say = |text: &str| advice.push(text.to_owned());
    let too_slow = found.speed.as_ref().is_some_and(|speed| speed.frame_ms > 1000.0 / 30.0);
    if cfg!(debug_assertions) {
        say("This is a debug build: `cargo run --release` is several times faster.");
    }
    if too_slow {
        say("The analysis cannot keep up with 30 frames a second here: close other programs, or \
             ask the camera for less with --fps 25. Frames that are dropped are counted.");
        if !found.runtime.is_onnx_runtime {
            say(
                "ONNX Runtime 1.24 or newer runs the spotter in two thirds of the time: `pip install \
                 onnxruntime` in the active Python environment is enough, or set ORT_DYLIB_PATH to \
                 its library.",
            );
        }
    }
    if found.cameras.is_empty() {
        say("No camera was found: plug one in, or use --source demo or a recording.");
    }
    if found.cameras.iter().any(|camera| camera.trouble.is_some()) {
        say("A camera cannot be used: `fleeting --source camera:N` says what helps.");
    }
    if !found.has_display {
        say("There is no display: use `fleeting analyze SOURCE --out DIR`.");
    }
    if found.ffmpeg.is_none() {
        say("ffmpeg was not found: MP4 with H.264 and Motion-JPEG AVI can be read, other videos \
             cannot until it is installed.");
    }
    advice
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.program)?;
        writeln!(f, "Runtime   {}", self.runtime.name)?;
        for [path, why] in &self.runtime.skipped {
            writeln!(f, "          skipped {path}: {why}")?;
        }
        let display = if self.has_display { "found" } else { "none" };
        writeln!(f, "Display   {display}")?;
        writeln!(f, "ffmpeg    {}", self.ffmpeg.as_deref().unwrap_or("none"))?;

        writeln!(f, "\nCameras")?;
        if self.cameras.is_empty() {
            writeln!(f, "  none")?;
        }
        for camera in &self.cameras {
            let trouble = camera.trouble.as_deref().map(|t| format!(": {t}")).unwrap_or_default();
            writeln!(f, "  {} {}{trouble}", camera.index, camera.name)?;
            for format in &camera.formats {
                writeln!(f, "      {format}")?;
            }
        }

        writeln!(f, "\nModels (hashes checked)")?;
        for model in &self.models {
            let used = if model.is_used { "" } else { " (not used with this runtime)" };
            writeln!(f, "  {}{used}\n      {}, {}", model.task, model.file, model.licence)?;
            writeln!(f, "      sha256 {}\n      {}", model.sha256, model.origin)?;
        }

        if let Some(speed) = &self.speed {
            writeln!(f, "\nSpeed, on the demo person at 640×480")?;
            for stage in &speed.stages {
                writeln!(f, "  {:<22}{:>8.2} ms per {}", stage.name, stage.ms, stage.per)?;
            }
            writeln!(
                f,
                "  {:<22}{:>8.2} ms per frame, {:.2} at most: {:.0} frames a second",
                "everything", speed.frame_ms, speed.slowest_frame_ms, speed.frames_per_second
            )?;
            writeln!(f, "  {:<22}{:>8.0} ms once", "opening the models", speed.start_ms)?;
        }
        for (title, lines) in [("Problems", &self.problems), ("What would help", &self.advice)] {
            if !lines.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for line in lines {
                writeln!(f, "  - {line}")?;
            }
        }
        Ok(())
    }
}
