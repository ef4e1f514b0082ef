//! Why a job failed, and the exit status of the program.

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

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line was not understood, or help was asked for. clap knows which, and what to print.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The command line was understood, but its values do not fit together.
    #[error("{0}")]
    Misuse(String),
    /// The settings file could not be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The source could not be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A model could not be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The source or a model failed during the analysis.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A file of true events or a model could not be used for the evaluation.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// A session could not be written or read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A stored session could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ctrl-C or another signal stopped the program.
    #[error("stopped by {0}; what was measured until then is written")]
    Interrupted(Signal),
    /// The layers cannot be compared.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// Other people's events could not be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// Anything else; the text names the thing.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// Prints the error to standard error, and returns the exit status.
    pub fn report(&self) -> ExitCode {
        match self {
            // Help and version are errors to clap; it prints them to standard output.
            Self::Usage(error) => match print(error) {
                Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
                Err(_) => ExitCode::from(2),
            },
            // The reader of a pipe has read enough: `fleeting doctor | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => {
                let code = match self {
                    Self::Misuse(_) => 2,
                    // As in a shell: 128 plus the number of the signal.
                    Self::Interrupted(signal) => 128 + signal.0,
                    _ => 1,
                };
                // If even this fails, there is nowhere to report it.
                match writeln!(io::stderr(), "fleeting: {}", plain(&self.to_string())) {
                    Ok(()) | Err(_) => ExitCode::from(code),
                }
            }
        }
    }
}

/// Prints help with colours, as clap does. A complaint repeats what was typed, so it is printed without any.
fn print(error: &clap::Error) -> io::Result<()> {
    if !error.use_stderr() {
        return error.print();
    }
    write!(io::stderr(), "{}", plain(&error.render().to_string()))
}
