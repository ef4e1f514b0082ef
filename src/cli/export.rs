//! `fleeting export`: a saved session in other formats.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use super::stored::{self, Loaded};
use crate::exchange::{ExportError, Format, View};

/// Write a saved session in other formats
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting export P01.fleeting --format csv,report --out tables\n  \
    fleeting export P01.fleeting --rater R1 --format elan --out for-elan\n  \
    fleeting export results/session.json --format boris,megc --out tables")]
pub(super) struct Raw {
    /// A session's folder, or a session.json (written by: analyze --format json)
    session: PathBuf,
    /// What to write
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "csv",
        value_parser = super::format_names())]
    format: Vec<String>,
    /// Whose layer to write; without it the model's
    #[arg(long, value_name = "NAME")]
    rater: Option<String>,
    /// Blur faces in every picture that is written
    #[arg(long)]
    blur: bool,
    /// Folder for the files; none of them may exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A session, and what to write of it.
#[derive(Debug)]
pub struct ExportOptions {
    /// The session's file or folder.
    pub session: PathBuf,
    /// The formats.
    pub formats: Vec<&'static Format>,
    /// Whose layer; none for the model's.
    pub rater: Option<String>,
    /// Whether faces are blurred in pictures.
    pub blur: bool,
    /// Folder for the files.
    pub out: PathBuf,
}

impl Raw {
    pub(super) fn check(self) -> Result<ExportOptions, CliError> {
        let formats = super::exporters(&self.format)?;
        let Self { session, rater, blur, out, .. } = self;
        Ok(ExportOptions { session, formats, rater, blur, out })
    }
}

pub(super) fn run(job: &ExportOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let Loaded { session, mut pictures } = stored::read(&job.session)?;
    let mut view = View::new(&session, job.rater.as_deref()).map_err(ExportError::from)?;
    view.pictures = pictures.as_deref_mut();
    view.blur = job.blur;
    super::write_view(&mut view, &job.formats, &job.out, out)
}
