//! `fleeting synth`: labelled video of the demo person, or labelled motion for training.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;

use super::CliError;
use crate::exchange::csv::{TRUTH_FILE, write_events};
use crate::exchange::{ExportError, write_new};
use crate::synth::motion::features::{FeatureKind, FeatureSet, SEGMENT_FRAMES, write_features};
use crate::synth::render::filming::{CAMERAS, Filming};
use crate::synth::render::portrait;
use crate::synth::render::scene::Scene;
use crate::synth::render::video;
use crate::synth::render::video::VideoJob;
use crate::synth::rig::basis::BasisRig;
use crate::synth::{FacsRig, Rig};

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
    /// What the person does
    #[arg(long, value_name = "NAME", conflicts_with = "features", default_value = "mixed",
        value_parser = PossibleValuesParser::new(Scene::NAMED.map(|(name, _)| name)))]
    scene: Option<String>,
    /// Which synthetic person, or a picture of a frontal, neutral face; by default chosen by the seed
    #[arg(long, value_name = "NAME|PICTURE", conflicts_with = "features", value_parser = parse_portrait)]
    portrait: Option<String>,
    /// The camera: steady, or like a webcam, with uneven, lost and repeated frames, noise and compression
    #[arg(long, value_name = "NAME", conflicts_with = "features", default_value = CAMERAS[0].name,
        value_parser = PossibleValuesParser::new(CAMERAS.map(|camera| camera.name)))]
    camera: Option<String>,
    /// Frames per second of the video [default: 30]
    #[arg(long, value_parser = super::parse_fps, conflicts_with = "features")]
    fps: Option<f64>,
    /// Size of the expressions, as a factor of the scene's usual size [default: 1]
    #[arg(long, value_name = "X", value_parser = parse_amplitude, conflicts_with = "features")]
    amplitude: Option<f32>,
    /// The same seed makes the same data
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Make motion instead of video
    #[arg(long, value_enum, requires = "count")]
    features: Option<RawFeatures>,
    /// How many segments (spotting) or expressions (recognition)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), requires = "features")]
    count: Option<u32>,
    /// Number of frames in one segment, at 30 a second
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
pub enum SynthOptions {
    /// Video with its true events.
    Video(VideoJob),
    /// Motion with its labels.
    Features {
        /// The kind, amount and seed.
        set: FeatureSet,
        /// Face basis; `None` for the built-in rules.
        basis: Option<PathBuf>,
        /// The new file.
        out: PathBuf,
    },
}

impl Raw {
    pub(super) fn check(self) -> Result<SynthOptions, CliError> {
        let Self { out, minutes, seed, features, count, frames, basis, .. } = self;
        match (features, count, minutes) {
            (Some(features), Some(count), None) => {
                let kind = match features {
                    RawFeatures::Spotting => FeatureKind::Spotting,
                    RawFeatures::Recognition => FeatureKind::Recognition,
                };
                if matches!(features, RawFeatures::Recognition) && frames.is_some() {
                    let text = "--frames: expected --features spotting, found recognition, whose \
                                expressions have a length of their own";
                    return Err(CliError::Misuse(text.into()));
                }
                let frames = frames.map_or(SEGMENT_FRAMES, |frames| frames as usize);
                let set = FeatureSet { kind, count: count as usize, frames, seed };
                Ok(SynthOptions::Features { set, basis, out })
            }
            (None, None, Some(minutes)) => {
                let mut job = VideoJob::new(out, minutes, seed);
                if let Some(name) = self.scene {
                    let named = Scene::NAMED.iter().find(|(other, _)| *other == name);
                    job.scene = named.map_or(job.scene, |(_, scene)| *scene);
                }
                job.portrait = self.portrait;
                job.camera =
                    self.camera.and_then(|name| Filming::named(&name)).unwrap_or(job.camera);
                job.fps = self.fps.unwrap_or(job.fps);
                job.amplitude = self.amplitude.unwrap_or(job.amplitude);
                Ok(SynthOptions::Video(job))
            }
            // clap's own rules allow nothing else.
            _ => Err(CliError::Misuse("synth: give --minutes, or --features with --count".into())),
        }
    }
}

fn parse_portrait(text: &str) -> Result<String, String> {
    if portrait::names().any(|name| name == text) || Path::new(text).is_file() {
        return Ok(text.to_owned());
    }
    let known = portrait::names().collect::<Vec<_>>().join(", ");
    Err(format!("expected one of {known} or a picture file, found neither"))
}

fn parse_amplitude(text: &str) -> Result<f32, String> {
    super::number_within(text, 0.01, 10.0, "times the usual size").map(|size| size as f32)
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    super::number_within(text, 0.01, 1e4, "minutes")
}

pub(super) fn run(job: &SynthOptions, out: &mut dyn Write) -> Result<(), CliError> {
    match job {
        SynthOptions::Video(job) => film(job, out),
        SynthOptions::Features { set, basis, out: path } => draw(set, basis.as_deref(), path, out),
    }
}

/// Makes a video of a synthetic person, and `truth.csv` with its true events.
fn film(job: &VideoJob, out: &mut dyn Write) -> Result<(), CliError> {
    super::must_be_new_or_empty(&job.out)?;
    let bar = super::progress::bar(Some(job.frames()));
    let written = video::write(job, &mut |done, _| bar.set_position(done));
    bar.finish_and_clear();
    let written = written.map_err(|error| CliError::Failed(error.to_string()))?;
    let truth = job.out.join(TRUTH_FILE);
    write_new(&truth, |file| write_events(&written.events, file))?;
    writeln!(
        out,
        "wrote {}, {} frames\nwrote {}, {} events",
        written.video.display(),
        written.frames,
        truth.display(),
        written.events.len()
    )
    .map_err(CliError::Output)
}

/// Makes labelled motion.
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
