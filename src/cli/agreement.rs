//! `fleeting agreement`: the agreement of two layers of a session.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::evaluate::agreement;
use crate::exchange::write_new;

/// Say how far two raters, or a rater and the model, agree on a session
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting agreement recording --between R1 R2\n  \
    fleeting agreement recording --between model R1 --json --out agreement.json\n\n\
    Events are matched one to one at an overlap (IoU) of one half; the first layer counts as true. \
    A rater's events are those that the rater confirmed or added.")]
pub(super) struct Raw {
    /// A session's folder, or a session.json
    session: PathBuf,
    /// Two raters' names, or `model` for one of them
    #[arg(long, num_args = 2, value_names = ["A", "B"], required = true)]
    between: Vec<String>,
    /// One JSON object with every count
    #[arg(long)]
    json: bool,
    /// Write to this new file instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The layers to compare, and how to print the result.
#[derive(Debug)]
pub struct AgreementOptions {
    /// The session's file or folder.
    pub session: PathBuf,
    /// The layers' names.
    pub between: Vec<String>,
    /// One JSON object instead of text.
    pub json: bool,
    /// A new file instead of standard output.
    pub out: Option<PathBuf>,
}

impl Raw {
    pub(super) fn check(self) -> AgreementOptions {
        let Self { session, between, json, out } = self;
        AgreementOptions { session, between, json, out }
    }
}

pub(super) fn run(job: &AgreementOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let session = super::stored::read(&job.session)?.session;
    let [first, second] = job.between.as_slice() else {
        return Err(CliError::Misuse("--between: expected two names".into()));
    };
    let report = agreement(&session, first, second)?;
    let text = if job.json {
        serde_json::to_string_pretty(&report)
            .map_err(|error| CliError::Failed(format!("cannot be written as JSON: {error}")))?
    } else {
        report.to_string().trim_end().to_owned()
    };
    let Some(path) = &job.out else { return writeln!(out, "{text}").map_err(CliError::Output) };
    write_new(path, |file| writeln!(file, "{text}"))?;
    writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)
}
