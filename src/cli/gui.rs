//! `fleeting`: the window.

use std::path::PathBuf;

use super::CliError;
use crate::app::{self, LaunchOptions};
use crate::config::Config;
use crate::model::ModelChoice;
use crate::source::SourceSpec;

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Raw {
    /// camera, camera:0, camera:NAME, video:FILE, images:DIR, demo, demo:SEED, or a path
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Review the session in this folder, and open no source unless one is named
    #[arg(long, value_name = "DIR")]
    session: Option<PathBuf>,
    /// Read models from this folder's manifest.toml instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Frames per second: asked of a camera, told of an image folder
    #[arg(long, value_parser = super::parse_fps)]
    fps: Option<f64>,
}

/// The window, and what it opens with.
#[derive(Debug)]
pub struct GuiOptions {
    /// The source that was asked for; none leaves the choice to the program.
    pub source: Option<SourceSpec>,
    /// The session to review from the start.
    pub session: Option<PathBuf>,
    /// Frames per second for whichever source is opened.
    pub fps: Option<f64>,
    /// Folder of models; none for the built-in ones.
    pub models: Option<PathBuf>,
    /// Settings.
    pub config: Config,
}

impl Raw {
    pub(super) fn check(self) -> Result<GuiOptions, CliError> {
        let mut source = self.source.map(|text| text.parse::<SourceSpec>()).transpose()?;
        if let Some(spec) = &mut source {
            spec.options.fps = self.fps;
            spec.options.paced = true;
        }
        let config = super::load_config(self.config.as_ref())?;
        Ok(GuiOptions { source, session: self.session, fps: self.fps, models: self.models, config })
    }
}

/// Opens the window and stays until it is closed.
pub(super) fn run(job: GuiOptions) -> Result<(), CliError> {
    if !has_display() {
        return Err(CliError::Failed(NO_DISPLAY.into()));
    }
    let GuiOptions { source, session, fps, models, config } = job;
    let models = models.map_or(ModelChoice::Embedded, ModelChoice::Folder);
    app::run(LaunchOptions { source, fps, models, config, session })
        .map_err(|error| CliError::Failed(error.to_string()))
}

const NO_DISPLAY: &str = "there is no display to open a window on (neither DISPLAY nor \
    WAYLAND_DISPLAY is set); without one use `fleeting analyze SOURCE --out DIR`, or see \
    `fleeting --help`";

/// Whether the session has a display. Systems without these variables always do.
pub(super) fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}
