//! `fleeting analyze`: a source in, events and samples out, with the numbers that live analysis gives.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::config::Config;
use crate::source::SourceSpec;

/// Measure a recording, a camera or the demo person, and write what was found
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting analyze clip.mp4 --out results\n  \
    fleeting analyze images:frames/ --fps 200 --out results\n  \
    fleeting analyze demo:7 --seconds 60 --out results\n\n\
    DIR must be new or empty; nothing is ever overwritten. It gets events.csv (one line per event) \
    and samples.csv (one line per frame; an empty score is a frame that could not be scored).")]
pub(super) struct Raw {
    /// camera[:NAME], video:FILE, images:DIR, demo[:SEED], or a path
    source: String,
    /// Folder for the results
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to write
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "csv")]
    format: Vec<String>,
    /// Stop after so many seconds of the source's own time
    #[arg(long, value_name = "N", value_parser = super::parse_secs)]
    seconds: Option<f64>,
    /// Set the threshold for so many expected false alarms per minute, 0.05-20
    #[arg(long, value_name = "X", value_parser = super::parse_false_alarms)]
    false_alarms_per_minute: Option<f32>,
    /// Frames per second of an image folder, or asked of a camera
    #[arg(long, value_parser = super::parse_fps)]
    fps: Option<f64>,
    /// Read models from this folder's manifest.toml instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// One source to measure.
#[derive(Debug)]
pub struct Job {
    /// The source.
    pub source: SourceSpec,
    /// Folder for the results, new or empty.
    pub out: PathBuf,
    /// Export formats by name.
    pub formats: Vec<String>,
    /// Folder of models; none for the built-in ones.
    pub models: Option<PathBuf>,
    /// Settings, with the threshold that was asked for.
    pub config: Config,
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let mut source: SourceSpec = self.source.parse()?;
        source.options.fps = self.fps;
        source.options.limit_secs = self.seconds;
        let mut config = super::load_config(self.config.as_ref())?;
        if let Some(rate) = self.false_alarms_per_minute {
            config.spotting.false_alarms_per_minute = rate;
        }
        Ok(Job { source, out: self.out, formats: self.format, models: self.models, config })
    }
}

pub(super) fn run(_job: &Job, _out: &mut dyn Write) -> Result<(), CliError> {
    Err(CliError::Failed("analyze is not built yet".into()))
}
