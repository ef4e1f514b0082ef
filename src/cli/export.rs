//! `fleeting export`: a saved session in other formats.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;

/// Write a saved session in other formats
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fleeting export results/session.json --format csv --out tables"
)]
pub(super) struct Raw {
    /// A session.json, or the folder that holds one (written by: analyze --format json)
    session: PathBuf,
    /// What to write
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "csv")]
    format: Vec<String>,
    /// Folder for the files; none of them may exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A session, and what to write of it.
#[derive(Debug)]
pub struct Job {
    /// The session's file or folder.
    pub session: PathBuf,
    /// Export formats by name.
    pub formats: Vec<String>,
    /// Folder for the files.
    pub out: PathBuf,
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        Ok(Job { session: self.session, formats: self.format, out: self.out })
    }
}

pub(super) fn run(_job: &Job, _out: &mut dyn Write) -> Result<(), CliError> {
    Err(CliError::Failed("export is not built yet".into()))
}
