//! Why a job was not done, and how the program ends then.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::Signal;
use super::plain::plain;
use crate::config::ConfigError;
use crate::engine::offline::OfflineError;
use crate::evaluate::EvaluateError;
use crate::evaluate::agreement::AgreementError;
use crate::exchange::ExportError;
use crate::exchange::import::ImportError;
use crate::media::stream::SourceError;
use crate::model::ModelError;
use crate::session::store::StoreError;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Not understood, or only help was wanted: clap knows which, and what to print.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// Understood, but the values do not go together.
    #[error("{0}")]
    Misuse(String),
    /// The settings file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The source or a model, midway.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A file of truth, or a model on it.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// A session that could not be written or read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A stored session.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ctrl-C, or another signal to stop.
    #[error("stopped by {0}; what was measured until then is written")]
    Interrupted(Signal),
    /// Layers that are not compared.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// Somebody else's events that could not be taken.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file that was to be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the file system said.
        error: io::Error,
    },
    /// Standard output.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// Anything else, already in words that name the thing.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// Tells standard error, and says how the program ends.
    pub fn report(&self) -> ExitCode {
        match self {
            // Help and version are errors to clap; it prints them to standard output.
            Self::Usage(error) => match print(error) {
                Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
                Err(_) => ExitCode::from(2),
            },
            // The reader of a pipe has seen enough: `fleeting doctor | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => {
                let code = match self {
                    Self::Misuse(_) => 2,
                    // As a shell says it: 128 and the signal's number.
                    Self::Interrupted(signal) => 128 + signal.0,
                    _ => 1,
                };
                // Nothing is left to tell where even this fails.
                match writeln!(io::stderr(), "fleeting: {}", plain(&self.to_string())) {
                    Ok(()) | Err(_) => ExitCode::from(code),
                }
            }
        }
    }
}

/// Help as clap prints it, with colours; a complaint, which repeats what was typed, without any.
fn print(error: &clap::Error) -> io::Result<()> {
    if !error.use_stderr() {
        return error.print();
    }
    write!(io::stderr(), "{}", plain(&error.render().to_string()))
}
