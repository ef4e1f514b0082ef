//! `fleeting import`: somebody else's events into a stored session, as a rater's layer.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::import::{self, Choice};
use crate::session::annotation::{Entry, Rater};
use crate::session::store::{self, Opened};
use crate::session::table::MODEL;

/// Take events from a table or an ELAN file into a session, as a rater's layer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting import recording.fleeting ben.eaf --rater ben\n  \
    fleeting import recording.fleeting coded.csv --rater \"second coder\"\n\n\
    A table needs the columns onset_frame and offset_frame, or onset_s and offset_s; apex, kind, \
    emotion, action_units and note are read where they are there. Of an ELAN file of others, tiers \
    are taken that are named after events, or those of --tier. Nothing that is in the session changes.")]
pub(super) struct Raw {
    /// The session's folder
    session: PathBuf,
    /// A table (.csv) or an ELAN file (.eaf)
    file: PathBuf,
    /// Whose layer it becomes; may not have done anything in the session yet
    #[arg(long, value_name = "NAME")]
    rater: String,
    /// Take this tier of an ELAN file; may be given several times
    #[arg(long, value_name = "TIER")]
    tier: Vec<String>,
}

/// What to take into which session.
#[derive(Debug)]
pub struct Job {
    /// The session's folder.
    pub session: PathBuf,
    /// The table or ELAN file.
    pub file: PathBuf,
    /// The rater's name.
    pub rater: String,
    /// What of it.
    pub choice: Choice,
}

impl Raw {
    pub(super) fn check(self) -> Result<Job, CliError> {
        let rater = self.rater.trim().to_owned();
        if rater.is_empty() || rater == MODEL {
            let text = format!("--rater: expected a person's name, found `{}`", self.rater);
            return Err(CliError::Misuse(text));
        }
        let choice = Choice { tiers: self.tier };
        Ok(Job { session: self.session, file: self.file, rater, choice })
    }
}

pub(super) fn run(job: &Job, out: &mut dyn Write) -> Result<(), CliError> {
    let Opened { session, mut store, remarks, .. } = store::open(&job.session)?;
    remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
    let name = job.rater.as_str();
    if session.log.entries().iter().any(|entry| entry.rater == name) {
        return Err(CliError::Failed(format!(
            "{}: `{name}` already has a layer in it, and nothing is overwritten; choose another --rater",
            job.session.display()
        )));
    }
    let taken = import::read(&job.file, &session, &job.choice)?;
    // A layer that was made without the model's events is shown without them.
    let is_known = session.log.raters().iter().any(|rater| rater.name == name);
    if !is_known {
        store.append_rater(&Rater { name: name.into(), blind: !taken.judges_the_model })?;
    }
    let at_unix_ms = store::unix_ms_now();
    for act in taken.acts {
        store.append_entry(&Entry { rater: name.into(), at_unix_ms, act })?;
    }
    store.commit()?;
    let line =
        format!("{} events and {} markers as the layer of {name}", taken.events, taken.marks);
    writeln!(out, "{line}").map_err(CliError::Output)?;
    taken.remarks.iter().try_for_each(|remark| writeln!(out, "{remark}")).map_err(CliError::Output)
}
