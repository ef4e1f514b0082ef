//! `fleeting synth`: labelled video of the demo person, or labelled motion for training.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CliError;
use crate::export::csv::{TRUTH_FILE, write_events};
use crate::export::{ExportError, write_new, write_new_file};
use crate::source::demo::{self, Demo};
use crate::source::{Next, Source, SourceSpec};
use crate::synth::avi::AviWriter;
use crate::synth::basis::BasisRig;
use crate::synth::features::{FeatureKind, FeatureSet, SEGMENT_FRAMES, write_features};
use crate::synth::{FacsRig, Rig};
use crate::time::Timestamp;

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
    #[arg(long, value_enum, requires = "count")]
    features: Option<RawFeatures>,
    /// How many segments (spotting) or expressions (recognition)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), requires = "features")]
    count: Option<u32>,
    /// Frames of one segment at 30 a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(30..100_000), requires = "features")]
    frames: Option<u32>,
    /// Take people and expressions from this face basis (.npz) instead of the built-in FACS rules
    #[arg(long, value_name = "FILE", requires = "features")]
    basis: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RawFeatures {
    /// Segments with the intervals of their events
    Spotting,
    /// Single expressions with their action units and emotion
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
        /// What, how much, from which seed.
        set: FeatureSet,
        /// Face basis; none for the built-in rules.
        basis: Option<PathBuf>,
        /// File, new.
        out: PathBuf,
    },
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let Self { out, minutes, seed, features, count, frames, basis } = self;
        match (features, count, minutes) {
            (Some(features), Some(count), None) => {
                let kind = match features {
                    RawFeatures::Spotting => FeatureKind::Spotting,
                    RawFeatures::Recognition => FeatureKind::Recognition,
                };
                let frames = frames.map_or(SEGMENT_FRAMES, |frames| frames as usize);
                let set = FeatureSet { kind, count: count as usize, frames, seed };
                Ok(Job::Features { set, basis, out })
            }
            (None, None, Some(minutes)) => Ok(Job::Video { out, minutes, seed }),
            // clap's own rules leave nothing else.
            _ => Err(CliError::Misuse("synth: give --minutes, or --features with --count".into())),
        }
    }
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    super::number_within(text, 0.01, 1e4, "minutes")
}

pub(super) fn run(job: &Job, out: &mut dyn Write) -> Result<(), CliError> {
    match job {
        Job::Video { out: folder, minutes, seed } => film(folder, *minutes, *seed, out),
        Job::Features { set, basis, out: path } => draw(set, basis.as_deref(), path, out),
    }
}

/// Films the demo person, with what happens in truth.csv.
fn film(folder: &Path, minutes: f64, seed: u64, out: &mut dyn Write) -> Result<(), CliError> {
    super::must_be_new_or_empty(folder)?;
    let mut spec: SourceSpec = format!("{}:{seed}", demo::KIND.name).parse()?;
    spec.options.limit_secs = Some(minutes * 60.0);
    let mut source = Demo::open(&spec)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::File { path: folder.into(), error })?;

    let video = folder.join("video.avi");
    let (size_px, fps) = (source.info().size_px, source.info().nominal_fps.unwrap_or(30.0));
    let bar = super::progress::bar(source.info().frames);
    let mut end = Timestamp::ZERO;
    write_new_file(&video, |file| {
        let mut writer = AviWriter::new(file, size_px, fps)?;
        while let Next::Frame(frame) = source.next().map_err(io::Error::other)? {
            writer.push(&frame.image)?;
            end = frame.time;
            bar.inc(1);
        }
        writer.finish()
    })?;
    bar.finish_and_clear();

    let truth = folder.join(TRUTH_FILE);
    let events = source.truth(end);
    write_new(&truth, |file| write_events(&events, file))?;
    writeln!(out, "wrote {}\nwrote {}, {} events", video.display(), truth.display(), events.len())
        .map_err(CliError::Output)
}

/// Draws motion.
fn draw(
    set: &FeatureSet,
    basis: Option<&Path>,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    if path.exists() {
        return Err(ExportError::Exists { path: path.into() }.into());
    }
    let failed = |error: &dyn std::fmt::Display| CliError::Failed(error.to_string());
    let rig: Box<dyn Rig> = match basis {
        Some(path) => Box::new(BasisRig::load(path).map_err(|error| failed(&error))?),
        None => Box::new(FacsRig::new().map_err(|error| failed(&error))?),
    };
    let bar = super::progress::bar(Some(set.count as u64));
    let written =
        write_features(set, rig.as_ref(), path, &mut |drawn| bar.set_position(drawn as u64));
    bar.finish_and_clear();
    written.map_err(|error| failed(&error))?;
    writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)
}
