//! Turns raw arguments into a checked [`Job`], and runs it.
//!
//! Everything that can be checked before the work starts is checked here, and refused with the exit status
//! for misuse. Later errors name the thing that failed. Only `main` ends the process.
//!
//! | exit status | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | something failed: a file, a device, a model; one line on standard error says what |
//! | 2 | the command line cannot be understood |
//! | 130, 143, 129 | stopped by Ctrl-C, SIGTERM or SIGHUP; what was measured until then is written |

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::time::uptime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, ConfigError};
use crate::evaluate::LimitError;
use crate::exchange::{Format, View, format_to_write, written_formats};
use crate::files;
use crate::measure::detection_limit::DetectionLimit;
use crate::media::image::MAX_SIDE_PX;
use crate::model::{ModelChoice, Models};
use crate::session::Session;

pub mod agreement;
pub mod analyse;
pub mod batch;
pub mod doctor;
mod error;
pub mod evaluate;
pub mod export;
pub mod features;
pub mod gui;
pub mod import;
mod interrupt;
mod plain;
mod progress;
pub mod sessions;
mod stored;
pub mod synth;

pub use error::CliError;
pub use interrupt::Signal;

/// What the user typed, not checked yet.
#[derive(Debug, Parser)]
#[command(
    name = "fleeting",
    version,
    about = "Watches a face through a webcam and flags micro-expressions.",
    long_about = "Watches a face through a webcam and flags micro-expressions.\n\n\
        Without a command it opens the window, on the camera if there is one and on the demo \
        person if not. The commands below do the same analysis without a window.",
    after_help = "Examples:\n  \
        fleeting                                     open the window\n  \
        fleeting --source demo                       open it on a synthetic person\n  \
        fleeting analyze clip.mp4 --out results      measure a recording\n  \
        fleeting doctor                              what runs here, how fast, and what would help",
    disable_help_subcommand = true
)]
struct Raw {
    #[command(flatten)]
    gui: gui::Raw,
    #[command(subcommand)]
    command: Option<RawCommand>,
    /// Print more on standard error; twice for everything
    #[arg(long, short, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum RawCommand {
    #[command(name = "analyze")]
    // The largest by far.
    Analyse(Box<analyse::Raw>),
    Evaluate(evaluate::Raw),
    Synth(synth::Raw),
    Export(export::Raw),
    Import(import::Raw),
    Agreement(agreement::Raw),
    Sessions(sessions::Raw),
    Doctor(doctor::Raw),
}

/// One checked job.
#[derive(Debug)]
pub enum Job {
    /// Open the window.
    Gui(gui::GuiOptions),
    /// Measure a source and write what was found.
    Analyse(analyse::AnalyseOptions),
    /// Score models or intervals against known truth.
    Evaluate(evaluate::EvaluateOptions),
    /// Make labelled video or labelled motion.
    Synth(synth::SynthOptions),
    /// Write a saved session in other formats.
    Export(export::ExportOptions),
    /// Measure every recording of a folder.
    Batch(batch::BatchOptions),
    /// Take other people's events as a rater's layer.
    Import(import::ImportOptions),
    /// Compare two layers of a session.
    Agreement(agreement::AgreementOptions),
    /// List or delete stored sessions.
    Sessions(sessions::SessionsOptions),
    /// Say what runs here and how fast.
    Doctor(doctor::DoctorOptions),
}

/// How much is printed on standard error.
#[derive(Clone, Copy, Debug)]
pub struct Logging(u8);

impl Logging {
    /// Sends log lines to standard error; `RUST_LOG` overrides the level.
    pub fn start(self) {
        let usual = match self.0 {
            0 => Targets::new().with_target("fleeting", LevelFilter::WARN),
            1 => Targets::new().with_target("fleeting", LevelFilter::INFO),
            _ => Targets::new().with_default(LevelFilter::DEBUG),
        };
        let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
        let filter = asked.unwrap_or(usual);
        let lines = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(io::stderr)
            .with_ansi(wants_colour());
        // With more output, each line shows how long after the start it came.
        let started = match self.0 {
            0 => lines.without_time().finish().with(filter).try_init(),
            _ => lines.with_timer(uptime()).finish().with(filter).try_init(),
        };
        if let Err(error) = started {
            tracing::debug!("log lines already go elsewhere: {error}");
        }
    }
}

/// Colour is for terminals: not in pipes and files, and not if `NO_COLOR` is set (no-color.org).
fn wants_colour() -> bool {
    let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !is_refused && io::stderr().is_terminal()
}

/// Reads the command line.
pub fn parse(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<(Job, Logging), CliError> {
    let raw = Raw::try_parse_from(args)?;
    let Raw { gui, command, verbose } = raw;
    let job = match command {
        None => Job::Gui(gui.check()?),
        Some(mut command) => {
            gui.hand_on(&mut command)?;
            command.check()?
        }
    };
    Ok((job, Logging(verbose)))
}

impl RawCommand {
    fn check(self) -> Result<Job, CliError> {
        Ok(match self {
            Self::Analyse(raw) => raw.check()?,
            Self::Evaluate(raw) => Job::Evaluate(raw.check()),
            Self::Synth(raw) => Job::Synth(raw.check()?),
            Self::Export(raw) => Job::Export(raw.check()?),
            Self::Import(raw) => Job::Import(raw.check()?),
            Self::Agreement(raw) => Job::Agreement(raw.check()),
            Self::Sessions(raw) => Job::Sessions(raw.check()?),
            Self::Doctor(raw) => Job::Doctor(raw.check()),
        })
    }

    /// The name of the command, as it is typed.
    fn name(&self) -> &'static str {
        match self {
            Self::Analyse(_) => "analyze",
            Self::Evaluate(_) => "evaluate",
            Self::Synth(_) => "synth",
            Self::Export(_) => "export",
            Self::Import(_) => "import",
            Self::Agreement(_) => "agreement",
            Self::Sessions(_) => "sessions",
            Self::Doctor(_) => "doctor",
        }
    }

    /// The command's options for models and settings, if it has them.
    fn models_and_settings(&mut self) -> [Option<&mut Option<PathBuf>>; 2] {
        match self {
            Self::Analyse(raw) => raw.models_and_settings(),
            Self::Doctor(raw) => [Some(&mut raw.models), None],
            _ => [None, None],
        }
    }
}

/// Runs a job. Results go to standard output, progress to standard error. Where lines of JSON go to standard
/// output, everything else goes to standard error.
pub fn run(job: Job) -> Result<(), CliError> {
    if let Job::Gui(job) = job {
        return gui::run(job);
    }
    if let Job::Analyse(job) = &job
        && job.prints_lines()
    {
        // Standard output is for other programs then.
        return analyse::run(job, &mut plain::Output::new(io::stderr()));
    }
    let mut out = plain::Output::new(io::stdout().lock());
    let done = run_without_window(job, &mut out);
    done.and(out.end().map_err(CliError::Output))
}

fn run_without_window(job: Job, mut out: &mut dyn Write) -> Result<(), CliError> {
    match job {
        Job::Gui(job) => gui::run(job),
        Job::Analyse(job) => analyse::run(&job, &mut out),
        Job::Evaluate(job) => evaluate::run(&job, &mut out),
        Job::Synth(job) => synth::run(&job, &mut out),
        Job::Export(job) => export::run(&job, &mut out),
        Job::Batch(job) => batch::run(&job, &mut out),
        Job::Import(job) => import::run(&job, &mut out),
        Job::Agreement(job) => agreement::run(&job, &mut out),
        Job::Sessions(job) => sessions::run(&job, &mut out),
        Job::Doctor(job) => doctor::run(&job, &mut out),
    }
}

fn must_be_new_or_empty(folder: &Path) -> Result<(), CliError> {
    let file_error = |error| CliError::File { path: folder.into(), error };
    // Unfinished files of a killed run do not count.
    let counts = |entry: &io::Result<std::fs::DirEntry>| match entry {
        Ok(entry) => !files::is_unfinished(&entry.file_name().to_string_lossy()),
        Err(_) => true,
    };
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.find(counts).transpose().map_err(file_error)? {
            None => Ok(()),
            Some(entry) => Err(CliError::Failed(format!(
                "{}: expected a new or empty folder, found `{}` in it; nothing is overwritten",
                folder.display(),
                entry.file_name().to_string_lossy()
            ))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(file_error(error)),
    }
}

/// Settings from `path`, or the defaults.
fn load_config(path: Option<&PathBuf>) -> Result<Config, ConfigError> {
    path.map_or_else(|| Ok(Config::default()), |path| Config::load(path))
}

/// The models of a folder, or the built-in ones.
fn model_choice(folder: Option<PathBuf>) -> ModelChoice {
    folder.map_or(ModelChoice::Embedded, ModelChoice::Folder)
}

/// The names of the formats, for clap.
fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(written_formats().map(|format| format.name))
}

/// The formats with these names, each once.
fn exporters(names: &[String]) -> Result<Vec<&'static Format>, CliError> {
    let mut formats: Vec<&Format> = Vec::new();
    for name in names {
        let format = format_to_write(name)?;
        if !formats.iter().any(|other| other.name == format.name) {
            formats.push(format);
        }
    }
    Ok(formats)
}

/// Writes `view` in every format, and prints the new files.
fn write_view(
    view: &mut View<'_>,
    formats: &[&Format],
    folder: &Path,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    formats.iter().try_for_each(|format| format.check(view, folder))?;
    for format in formats {
        let written = format.write(view, folder)?;
        for path in written.files {
            writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)?;
        }
    }
    for remark in view.remarks() {
        writeln!(out, "{remark}").map_err(CliError::Output)?;
    }
    Ok(())
}

/// True if one of the formats tells the detection limit.
fn tell_limit(formats: &[&Format]) -> bool {
    formats.iter().any(|format| format.tells_limit)
}

/// The detection limit of the session for these models.
fn limit_of_session(session: &Session, models: &ModelChoice) -> Result<DetectionLimit, LimitError> {
    crate::evaluate::detection_limit(session, &Models::load(models)?)
}

/// Prints one JSON object on lines of its own.
fn print_json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| CliError::Failed(format!("cannot be written as JSON: {error}")))?;
    writeln!(out, "{text}").map_err(CliError::Output)
}

/// A number from `least` to `most`, for clap.
fn number_within(text: &str, least: f64, most: f64, unit: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(format!("expected {least} to {most} {unit}")),
    }
}

fn parse_secs(text: &str) -> Result<f64, String> {
    number_within(text, 0.1, 1e6, "seconds")
}

fn parse_fps(text: &str) -> Result<f64, String> {
    number_within(text, 1.0, 1000.0, "frames per second")
}

fn parse_size(text: &str) -> Result<(usize, usize), String> {
    let sides = text.split_once(['x', '×']);
    let side = |text: &str| text.parse().ok().filter(|side| (16..=MAX_SIDE_PX).contains(side));
    sides
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| format!("expected two sides of 16 to {MAX_SIDE_PX} pixels, such as 640x480"))
}

fn parse_false_alarms(text: &str) -> Result<f32, String> {
    number_within(text, 0.05, 20.0, "false alarms per minute").map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(line: &str) -> Result<Job, CliError> {
        parse(line.split_whitespace().map(OsString::from)).map(|(job, _)| job)
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Raw::command().debug_assert();
    }

    #[test]
    fn no_command_means_the_window() {
        assert!(matches!(parsed("fleeting"), Ok(Job::Gui(_))));
        assert!(matches!(parsed("fleeting --source demo:7"), Ok(Job::Gui(_))));
    }

    #[test]
    fn the_spotter_is_scored_at_the_rate_that_ships_unless_another_is_named() {
        let rate = |line: &str| match parsed(line) {
            Ok(Job::Evaluate(evaluate::EvaluateOptions {
                what: evaluate::What::Spotting { spotting, .. },
                ..
            })) => spotting.false_alarms_per_minute,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(rate("fleeting evaluate spotting x.npz --false-alarms-per-minute 0.25"), 0.25);
        let shipped = crate::config::SpottingConfig::default().false_alarms_per_minute;
        assert_eq!(rate("fleeting evaluate spotting x.npz"), shipped);
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_the_range() {
        for line in [
            "fleeting analyze demo --out x --seconds 0",
            "fleeting analyze demo --out x --seconds NaN",
            "fleeting --fps 0",
            "fleeting analyze demo --out x --size 640",
            "fleeting analyze demo --out x --size 8x480",
            "fleeting analyze demo --out x --false-alarms-per-minute 100",
            "fleeting evaluate spotting x.npz --false-alarms-per-minute 0",
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.to_string().contains("expected"), "{line}: {error}");
        }
    }

    #[test]
    fn general_options_stand_before_the_command_or_behind_it() {
        for line in [
            "fleeting -v analyze demo --seconds 1 --out x",
            "fleeting analyze -v demo --seconds 1 --out x",
        ] {
            let (job, Logging(verbose)) =
                parse(line.split_whitespace().map(OsString::from)).expect(line);
            assert!(matches!(job, Job::Analyse(_)) && verbose == 1, "{line}");
        }
        let line = "fleeting --models m analyze demo --seconds 1 --out x";
        let Ok(Job::Analyse(job)) = parsed(line) else { panic!("{line}") };
        assert_eq!(job.models, ModelChoice::Folder("m".into()));
    }

    #[test]
    fn an_option_of_the_window_is_refused_before_a_command() {
        for (line, word) in [
            ("fleeting --source demo analyze demo --seconds 1 --out x", "--source"),
            ("fleeting --fps 30 sessions", "--fps"),
            ("fleeting --session s doctor", "--session"),
            ("fleeting --models m sessions", "--models"),
            ("fleeting --models m analyze demo --seconds 1 --out x --models n", "--models"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(matches!(error, CliError::Misuse(_)), "{line}: {error}");
            assert!(error.to_string().contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn an_unknown_word_is_misuse() {
        assert!(matches!(parsed("fleeting analyse x"), Err(CliError::Usage(_))));
    }
}
