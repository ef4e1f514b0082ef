//! `fleeting export`: a saved session in other formats.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::export::{Exporter, json};

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
    /// Folder for the files.
    pub out: PathBuf,
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let formats = super::exporters(&self.format)?;
        Ok(Job { session: self.session, formats, out: self.out })
    }
}

pub(super) fn run(job: &Job, out: &mut dyn Write) -> Result<(), CliError> {
    let path =
        if job.session.is_dir() { job.session.join(json::FILE_NAME) } else { job.session.clone() };
    let session = json::read(&path)?;
    super::write_session(&session, &job.formats, &job.out, out)
}
