//! `fleeting`: the window.

use std::ffi::OsString;
use std::path::PathBuf;

use super::CliError;
use crate::app::{self, LaunchOptions};
use crate::config::Config;
use crate::model::ModelChoice;
use crate::source::{SourceSpec, video};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Raw {
    /// camera, camera:0, camera:NAME, video:FILE, images:DIR, demo, demo:SEED, or a path
    #[arg(long, value_name = "SOURCE")]
    source: Option<OsString>,
    /// Review the session in this folder; opens no source unless one is named
    #[arg(long, value_name = "DIR")]
    session: Option<PathBuf>,
    /// The recording of the session, for its pictures if it has none of its own
    #[arg(long, value_name = "PATH", requires = "session")]
    recording: Option<OsString>,
    /// Read models from this folder's manifest.toml instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Frames per second: asked of a camera, or those of an image folder or of a video that states a wrong
    /// rate
    #[arg(long, value_parser = super::parse_fps)]
    fps: Option<f64>,
    /// Stream samples, events and marks to the network over Lab Streaming Layer
    #[arg(long)]
    lsl: bool,
    /// Take the markers of the LSL stream with this name into the session
    #[arg(long, value_name = "NAME")]
    markers_from: Option<String>,
}

/// The window, and what it opens with.
#[derive(Debug)]
pub struct GuiOptions {
    /// The source that was asked for; `None` leaves the choice to the program.
    pub source: Option<SourceSpec>,
    /// The session to review from the start.
    pub session: Option<PathBuf>,
    /// The recording of the session.
    pub recording: Option<SourceSpec>,
    /// Frames per second for any source that is opened.
    pub fps: Option<f64>,
    /// Folder of models; `None` for the built-in ones.
    pub models: Option<PathBuf>,
    /// Settings.
    pub config: Config,
}

impl Raw {
    /// Passes on to a command the options that were given before it. An option that the command does not have
    /// is refused.
    pub(super) fn hand_on(self, command: &mut super::RawCommand) -> Result<(), CliError> {
        let Self { source, session, recording, models, config, fps, lsl, markers_from } = self;
        let name = command.name();
        let refuse = |option: &str| {
            let text =
                format!("{option} before `{name}` is for the window; put it behind `{name}`");
            Err(CliError::Misuse(format!("{text}, if `fleeting {name} --help` names it")))
        };
        for (option, is_given) in [
            ("--source", source.is_some()),
            ("--session", session.is_some()),
            ("--recording", recording.is_some()),
            ("--fps", fps.is_some()),
            ("--lsl", lsl),
            ("--markers-from", markers_from.is_some()),
        ] {
            if is_given {
                return refuse(option);
            }
        }
        let given = [("--models", models), ("--config", config)];
        for ((option, given), place) in given.into_iter().zip(command.models_and_settings()) {
            match (given, place) {
                (None, _) => {}
                (given, Some(place)) if place.is_none() => *place = given,
                (_, Some(_)) => {
                    return Err(CliError::Misuse(format!("{option}: expected once, found twice")));
                }
                (_, None) => return refuse(option),
            }
        }
        Ok(())
    }

    pub(super) fn check(self) -> Result<GuiOptions, CliError> {
        let mut source = self.source.map(|text| SourceSpec::named(&text)).transpose()?;
        if let Some(spec) = &mut source {
            if spec.kind == video::KIND.name {
                spec.options.told_fps = self.fps;
            } else {
                spec.options.fps = self.fps;
            }
            spec.options.paced = true;
        }
        let mut config = super::load_config(self.config.as_ref())?;
        config.streams.lsl |= self.lsl;
        config.streams.markers_from = self.markers_from.or(config.streams.markers_from);
        let recording = self.recording.map(|text| SourceSpec::named(&text)).transpose()?;
        let Self { session, fps, models, .. } = self;
        Ok(GuiOptions { source, session, recording, fps, models, config })
    }
}

/// Opens the window and stays until it is closed.
pub(super) fn run(job: GuiOptions) -> Result<(), CliError> {
    if !has_display() {
        return Err(CliError::Failed(NO_DISPLAY.into()));
    }
    let GuiOptions { source, session, recording, fps, models, config } = job;
    let models = models.map_or(ModelChoice::Embedded, ModelChoice::Folder);
    app::run(LaunchOptions { source, fps, models, config, session, recording })
        .map_err(|error| CliError::Failed(error.to_string()))
}

const NO_DISPLAY: &str = "there is no display to open a window on (neither DISPLAY nor \
    WAYLAND_DISPLAY is set); without one use `fleeting analyze SOURCE --out DIR`, or see \
    `fleeting --help`";

/// True if the session has a display. Systems without these variables always do.
pub(super) fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}
