//! `fleeting analyze`: a source in, events and samples out, with the numbers that live analysis gives.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::CliError;
use super::progress::Progress;
use crate::config::Config;
use crate::engine::offline::analyse_all;
use crate::engine::{Engine, Update};
use crate::event::EventKind;
use crate::export::csv::write_events;
use crate::export::{Exporter, View, write_new};
use crate::model::{ModelChoice, Models};
use crate::pipeline::Pipeline;
use crate::session::Session;
use crate::source::demo::{self, Demo};
use crate::source::{SourceInfo, SourceSpec, camera};
use crate::synth::video::TRUTH_FILE;
use crate::time::Timestamp;

/// Kinds of source that go on until they are stopped.
const ENDLESS: [&str; 2] = [camera::KIND.name, demo::KIND.name];

/// Measure a recording, a camera or the demo person, and write what was found
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting analyze clip.mp4 --out results\n  \
    fleeting analyze images:frames/ --fps 200 --out results\n  \
    fleeting analyze demo:7 --seconds 60 --out results\n\n\
    DIR must be new or empty; nothing is ever overwritten. It gets events.csv (one line per event) \
    and samples.csv (one line per frame; an empty score is a frame that could not be scored); \
    for the demo person also truth.csv.")]
pub(super) struct Raw {
    /// camera, camera:NAME, video:FILE, images:DIR, demo, demo:SEED, or a path
    source: String,
    /// Folder for the results
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to write
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "csv",
        value_parser = super::format_names())]
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
    /// The formats.
    pub formats: Vec<&'static Exporter>,
    /// Which models.
    pub models: ModelChoice,
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
        if self.seconds.is_none() && ENDLESS.contains(&source.kind) {
            return Err(CliError::Misuse(format!("{source} has no end: give --seconds")));
        }
        let formats = super::exporters(&self.format)?;
        Ok(Job { source, out: self.out, formats, models: super::model_choice(self.models), config })
    }
}

pub(super) fn run(job: &Job, out: &mut dyn Write) -> Result<(), CliError> {
    super::must_be_new_or_empty(&job.out)?;
    let mut session = Session::keeping_all();
    let begun = Instant::now();
    let broken = if job.source.is_live() {
        watch(job, &mut session)
    } else {
        read_through(job, &mut session)
    };
    // What was measured before a source broke is worth keeping; with nothing measured there is
    // nothing to write.
    if session.history.is_empty()
        && let Err(error) = broken
    {
        return Err(error);
    }
    for logged in &session.notices {
        tracing::warn!("{}: {}", logged.time, logged.notice.text);
    }
    super::write_view(&mut View::of_model(&session), &job.formats, &job.out, out)?;
    if job.source.kind == demo::KIND.name {
        write_truth(job, &session, out)?;
    }
    summarize(&session, begun.elapsed(), out)?;
    broken
}

/// A source that waits: frame after frame, here.
fn read_through(job: &Job, session: &mut Session) -> Result<(), CliError> {
    // First, because a wrong file name should be said at once.
    let mut source = job.source.open()?;
    let mut pipeline = Pipeline::new(&Models::load(&job.models)?, &job.config)?;
    let progress = Progress::new(source.info(), job.source.options.limit_secs);
    let analysed = analyse_all(source.as_mut(), &mut pipeline, session, |frame| {
        progress.show(frame.seq, frame.time);
    });
    progress.end();
    Ok(analysed?)
}

/// A source that does not wait: through the engine, which counts what it has to drop.
fn watch(job: &Job, session: &mut Session) -> Result<(), CliError> {
    let engine = Engine::start(job.source.clone(), job.models.clone(), job.config.clone(), || ());
    let progress = Progress::new(&SourceInfo::default(), job.source.options.limit_secs);
    loop {
        let Some(update) = engine.wait(Duration::from_millis(100)) else { continue };
        session.apply(&update);
        if let Some(sample) = session.history.samples().last() {
            progress.show(sample.seq, sample.time);
        }
        if let Update::Ended(reason) = update {
            progress.end();
            return reason.map_or(Ok(()), |text| Err(CliError::Failed(text)));
        }
    }
}

/// What the demo person truly did, beside what was found.
fn write_truth(job: &Job, session: &Session, out: &mut dyn Write) -> Result<(), CliError> {
    let end = session.history.span().map_or(Timestamp::ZERO, |(_, last)| last);
    let events = Demo::open(&job.source)?.truth(end);
    let path = job.out.join(TRUTH_FILE);
    write_new(&path, |file| write_events(&events, file))?;
    writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)
}

fn summarize(session: &Session, took: Duration, out: &mut dyn Write) -> Result<(), CliError> {
    let samples = session.history.samples();
    let secs = session.history.span().map_or(0.0, |(first, last)| last.secs_since(first));
    let of_kind = |kind| session.events.iter().filter(|event| event.kind == kind).count();
    let unscored = samples.iter().filter(|sample| sample.score.is_none()).count();
    let share = |part: usize| 100.0 * part as f64 / samples.len().max(1) as f64;
    let dropped = match session.dropped {
        0 => String::new(),
        dropped => format!("{dropped} frames dropped because the analysis was too slow; "),
    };
    writeln!(
        out,
        "{} frames in {secs:.1} s; {} micro and {} macro events; {:.0} % of frames could not be \
         scored; {dropped}{:.0} frames per second",
        samples.len(),
        of_kind(EventKind::Micro),
        of_kind(EventKind::Macro),
        share(unscored),
        samples.len() as f64 / took.as_secs_f64().max(1e-9),
    )
    .map_err(CliError::Output)
}
