//! The program: parse, run, and the only place that exits.

use std::process::ExitCode;

use fleeting::cli;

fn main() -> ExitCode {
    let done = cli::parse(std::env::args_os()).and_then(|(job, logging)| {
        logging.start();
        cli::run(job)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
