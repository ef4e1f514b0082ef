//! `fleeting synth`: labelled video of the demo person, or labelled motion for training.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;

/// Make labelled video, or labelled motion for training
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting synth --out made --minutes 2 --seed 7\n  \
    fleeting synth --features spotting --count 400 --seed 1 --basis basis.npz --out motion.npz")]
pub(super) struct Raw {
    /// Folder for the video and truth.csv, or the .npz file with --features; must not exist yet
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Length of the video
    #[arg(long, value_name = "N", value_parser = parse_minutes, required_unless_present = "features", conflicts_with = "features")]
    minutes: Option<f64>,
    /// The same seed makes the same data
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Make motion instead of video
    #[arg(long, value_enum, requires_all = ["count", "basis"])]
    features: Option<Features>,
    /// How many recordings or events of motion
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), requires = "features")]
    count: Option<u32>,
    /// Face basis (.npz) that the identities and expressions come from
    #[arg(long, value_name = "FILE", requires = "features")]
    basis: Option<PathBuf>,
}

/// What labelled motion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Features {
    /// Whole recordings with the intervals of their events.
    Spotting,
    /// Single events with their action units and emotion.
    Recognition,
}

/// What to make.
#[derive(Debug)]
pub enum Job {
    /// Video with its truth.
    Video {
        /// Folder, new or empty.
        out: PathBuf,
        /// Length.
        minutes: f64,
        /// Same seed, same video.
        seed: u64,
    },
    /// Motion with its truth.
    Features {
        /// What it is for.
        what: Features,
        /// How many recordings or events.
        count: u32,
        /// Same seed, same motion.
        seed: u64,
        /// Face basis.
        basis: PathBuf,
        /// File, new.
        out: PathBuf,
    },
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let Self { out, minutes, seed, features, count, basis } = self;
        match (features, count, basis, minutes) {
            (Some(what), Some(count), Some(basis), None) => {
                Ok(Job::Features { what, count, seed, basis, out })
            }
            (None, None, None, Some(minutes)) => Ok(Job::Video { out, minutes, seed }),
            // clap's own rules leave nothing else.
            _ => Err(CliError::Misuse(
                "synth: give --minutes, or --features with --count and --basis".into(),
            )),
        }
    }
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    super::number_within(text, 0.01, 1e4, "minutes")
}

pub(super) fn run(_job: &Job, _out: &mut dyn Write) -> Result<(), CliError> {
    Err(CliError::Failed("synth is not built yet".into()))
}
