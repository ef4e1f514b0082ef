//! `fleeting evaluate`: the field's metrics on files with known true events.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;

use super::CliError;
use crate::config::SpottingConfig;
use crate::evaluate;
use crate::model::{ModelChoice, Models, Task};

/// Score the models, or any list of events, against known true events
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting evaluate spotting spotting.npz\n  \
    fleeting evaluate recognition recognition.npz --json\n  \
    fleeting evaluate events --predicted results/events.csv --truth truth.csv")]
pub(super) struct Raw {
    #[command(subcommand)]
    what: RawWhat,
}

#[derive(Debug, Subcommand)]
enum RawWhat {
    /// Score the spotter on recorded region motion (MEGC: true positive at IoU >= 0.5)
    Spotting(RawSpotting),
    /// Score the recogniser on recorded onset-to-apex motion (UF1 and UAR, pooled)
    Recognition(RawFile),
    /// Measure the spotter's false alarms at every threshold, on motion of faces without expressions
    Calibration(RawFile),
    /// Score events, as written by analyze, against true ones
    Events(RawEvents),
}

#[derive(Debug, clap::Args)]
struct RawFile {
    /// The labelled motion
    file: PathBuf,
    /// Score this ONNX file, or the model of this folder's manifest.toml, instead of the built-in one
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
    /// Print one JSON object with every count
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RawSpotting {
    #[command(flatten)]
    scored: RawFile,
    /// Set the threshold that is expected to give this many false alarms per minute, 0.05-20
    #[arg(long, value_name = "X", value_parser = super::parse_false_alarms)]
    false_alarms_per_minute: Option<f32>,
}

#[derive(Debug, clap::Args)]
struct RawEvents {
    /// Events CSV to score
    #[arg(long, value_name = "A.csv")]
    predicted: PathBuf,
    /// Events CSV with the true events
    #[arg(long, value_name = "B.csv")]
    truth: PathBuf,
    /// Print one JSON object with every count
    #[arg(long)]
    json: bool,
}

/// What to score, and how to print it.
#[derive(Debug)]
pub struct EvaluateOptions {
    /// What to score.
    pub what: What,
    /// One JSON object instead of a table.
    pub json: bool,
}

/// What is scored.
#[derive(Debug)]
pub enum What {
    /// The spotter on a file of motion.
    Spotting {
        /// The file.
        file: PathBuf,
        /// A model instead of the built-in one.
        model: Option<PathBuf>,
        /// The false alarms per minute for which its threshold is set.
        spotting: SpottingConfig,
    },
    /// The recogniser on a file of motion.
    Recognition {
        /// The file.
        file: PathBuf,
        /// A model instead of the built-in one.
        model: Option<PathBuf>,
    },
    /// The spotter's false alarms on a file of motion without events.
    Calibration {
        /// The file.
        file: PathBuf,
        /// A model instead of the built-in one.
        model: Option<PathBuf>,
    },
    /// One list of intervals against another.
    Events {
        /// The intervals that were found.
        predicted: PathBuf,
        /// The true intervals.
        truth: PathBuf,
    },
}

impl Raw {
    pub(super) fn check(self) -> EvaluateOptions {
        match self.what {
            RawWhat::Spotting(RawSpotting {
                scored: RawFile { file, model, json },
                false_alarms_per_minute,
            }) => {
                let named = |false_alarms_per_minute| SpottingConfig { false_alarms_per_minute };
                let spotting = false_alarms_per_minute.map(named).unwrap_or_default();
                EvaluateOptions { what: What::Spotting { file, model, spotting }, json }
            }
            RawWhat::Recognition(RawFile { file, model, json }) => {
                EvaluateOptions { what: What::Recognition { file, model }, json }
            }
            RawWhat::Calibration(RawFile { file, model, json }) => {
                EvaluateOptions { what: What::Calibration { file, model }, json }
            }
            RawWhat::Events(RawEvents { predicted, truth, json }) => {
                EvaluateOptions { what: What::Events { predicted, truth }, json }
            }
        }
    }
}

pub(super) fn run(job: &EvaluateOptions, out: &mut dyn Write) -> Result<(), CliError> {
    match &job.what {
        What::Spotting { file, model, spotting } => {
            let models = models(Task::Spot, model.as_deref())?;
            let report = evaluate::spotting(file, &models, spotting)?;
            print(&report, job.json, out)
        }
        What::Recognition { file, model } => {
            let models = models(Task::Recognise, model.as_deref())?;
            print(&evaluate::recognition(file, &models)?, job.json, out)
        }
        What::Calibration { file, model } => {
            let models = models(Task::Spot, model.as_deref())?;
            print(&evaluate::calibration(file, &models)?, job.json, out)
        }
        What::Events { predicted, truth } => {
            print(&evaluate::events(predicted, truth)?, job.json, out)
        }
    }
}

fn models(task: Task, instead: Option<&Path>) -> Result<Models, CliError> {
    let Some(path) = instead else { return Ok(Models::load(&ModelChoice::Embedded)?) };
    if path.is_dir() {
        return Ok(Models::load(&ModelChoice::Folder(path.to_owned()))?);
    }
    let mut models = Models::load(&ModelChoice::Embedded)?;
    models.replace(task, path)?;
    Ok(models)
}

fn print<R: Serialize + fmt::Display>(
    report: &R,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    if json {
        super::print_json(report, out)
    } else {
        writeln!(out, "{report}").map_err(CliError::Output)
    }
}
