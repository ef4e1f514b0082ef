//! `fleeting doctor`: what runs here, how fast, and what would help.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;

/// Say what runs here, how fast each step is, and what would help
#[derive(Debug, clap::Args)]
pub(super) struct Raw {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Look at the models of this folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

/// How to print the findings, and which models to look at.
#[derive(Debug)]
pub struct Job {
    /// One JSON object instead of text.
    pub json: bool,
    /// Folder of models; none for the built-in ones.
    pub models: Option<PathBuf>,
}

impl Raw {
    pub(super) fn check(self) -> Job {
        Job { json: self.json, models: self.models }
    }
}

pub(super) fn run(_job: &Job, _out: &mut dyn Write) -> Result<(), CliError> {
    Err(CliError::Failed("doctor is not built yet".into()))
}
