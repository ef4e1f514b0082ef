//! `fleeting export`: a saved session in other formats.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::CliError;
use crate::export::{ExportError, Exporter, View, json};
use crate::session::Session;

/// Write a saved session in other formats
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fleeting export results/session.json --format csv --out tables"
)]
pub(super) struct Raw {
    /// A session.json, or the folder that holds one (written by: analyze --format json)
    session: PathBuf,
    /// What to write
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "csv",
        value_parser = super::format_names())]
    format: Vec<String>,
    /// Whose layer to write; without it the model's
    #[arg(long, value_name = "NAME")]
    rater: Option<String>,
    /// Folder for the files; none of them may exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A session, and what to write of it.
#[derive(Debug)]
pub struct Job {
    /// The session's file or folder.
    pub session: PathBuf,
    /// The formats.
    pub formats: Vec<&'static Exporter>,
    /// Whose layer; none for the model's.
    pub rater: Option<String>,
    /// Folder for the files.
    pub out: PathBuf,
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let formats = super::exporters(&self.format)?;
        Ok(Job { session: self.session, formats, rater: self.rater, out: self.out })
    }
}

pub(super) fn run(job: &Job, out: &mut dyn Write) -> Result<(), CliError> {
    let session = read(&job.session)?;
    let mut view = View::new(&session, job.rater.as_deref()).map_err(ExportError::from)?;
    super::write_view(&mut view, &job.formats, &job.out, out)
}

/// The session in a file, or in a folder that holds one.
pub(super) fn read(path: &Path) -> Result<Session, CliError> {
    let inside = path.join(json::FILE_NAME);
    Ok(json::read(if path.is_dir() { &inside } else { path })?)
}
