//! `fleeting export`: a saved session in other formats.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use super::stored::{self, Loaded};
use crate::evaluate::known_limit;
use crate::exchange::{ExportError, Format, PictureUse, View};
use crate::model::ModelChoice;
use crate::source::SourceSpec;

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
    /// The rater whose layer to write; the model's by default
    #[arg(long, value_name = "NAME")]
    rater: Option<String>,
    /// Blur the faces that are found in every picture; check the pictures before you give them to others
    #[arg(long)]
    blur: bool,
    /// The recording of the session, for its pictures if it has none of its own
    #[arg(long, value_name = "PATH")]
    recording: Option<OsString>,
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
    /// The rater of the layer; `None` for the model's.
    pub rater: Option<String>,
    /// True if the faces that are found are blurred in pictures.
    pub blur: bool,
    /// The recording of the session, if the user named it.
    pub recording: Option<SourceSpec>,
    /// Folder for the files.
    pub out: PathBuf,
}

impl Raw {
    pub(super) fn check(self) -> Result<ExportOptions, CliError> {
        let formats = super::exporters(&self.format)?;
        if self.blur && formats.iter().all(|format| format.pictures == PictureUse::None) {
            let text = "--blur: expected a format with pictures (report, clips, gif), found none";
            return Err(CliError::Misuse(text.into()));
        }
        let recording = self.recording.map(|text| SourceSpec::named(&text)).transpose()?;
        let Self { session, rater, blur, out, .. } = self;
        Ok(ExportOptions { session, formats, rater, blur, recording, out })
    }
}

pub(super) fn run(job: &ExportOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let Loaded { session, mut pictures } =
        stored::read_with_recording(&job.session, job.recording.as_ref())?;
    let mut view = View::new(&session, job.rater.as_deref()).map_err(ExportError::from)?;
    view.pictures = pictures.as_deref_mut();
    view.blur = job.blur;
    if super::tell_limit(&job.formats) {
        let measured = super::limit_of_session(&session, &ModelChoice::default());
        view.detection_limit = known_limit(measured);
    }
    super::write_view(&mut view, &job.formats, &job.out, out)
}
