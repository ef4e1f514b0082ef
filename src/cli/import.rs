//! `fleeting import`: other people's events into a stored session, as a rater's layer.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::exchange::import;
use crate::exchange::import::{Choice, Request};
use crate::session::annotation::rater::checked_name;
use crate::session::store::{self, Opened};

/// Take events from a table or an ELAN file into a session, as a rater's layer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting import P01.fleeting R2.eaf --rater R2\n  \
    fleeting import P01.fleeting coded.csv --rater R3 --blind\n\n\
    A table needs the columns onset_frame and offset_frame, or onset_s and offset_s; apex, kind, \
    emotion, action_units, verdict and note are read where they are there. Of an ELAN file of others, \
    tiers are taken that are named after events, or those of --tier; of a table of BORIS, behaviours. Nothing that is in the session \
    changes.")]
pub(super) struct Raw {
    /// The session's folder
    session: PathBuf,
    /// A table (.csv, .tsv, .txt), also one of BORIS, or an ELAN file (.eaf)
    file: PathBuf,
    /// The name of the rater whose layer it becomes; must not have a layer in the session yet
    #[arg(long, value_name = "NAME")]
    rater: String,
    /// The coder saw nothing of the model or of others; without it, that counts as not known
    #[arg(long)]
    blind: bool,
    /// Take this tier of an ELAN file, or behaviour of a table of BORIS; may be given several times
    #[arg(long, value_name = "TIER")]
    tier: Vec<String>,
}

/// The file to import, and the session.
#[derive(Debug)]
pub struct ImportOptions {
    /// The session's folder.
    pub session: PathBuf,
    /// The file, and the name of the rater.
    pub request: Request,
}

impl Raw {
    pub(super) fn check(self) -> Result<ImportOptions, CliError> {
        let Self { session, file, rater, blind, tier } = self;
        if let Err(why) = checked_name(&rater) {
            return Err(CliError::Misuse(format!("--rater: {why}")));
        }
        let request = Request { file, rater, blind, choice: Choice { tiers: tier } };
        Ok(ImportOptions { session, request })
    }
}

pub(super) fn run(job: &ImportOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let Opened { session, mut store, remarks, .. } = store::open(&job.session)?;
    remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
    let layer = import::layer(&job.request, &session)?;
    store.append_layer(&layer.raters, &layer.entries)?;
    layer.told.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(CliError::Output)
}
