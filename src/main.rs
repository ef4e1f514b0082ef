//! The program: parse, run, and the only place that exits.

use std::process::ExitCode;

use fleeting::cli;
use fleeting::model::telemetry;

/// The systems' own allocators scatter what is kept for long (pictures of events) among what comes and
/// goes with every frame (the networks' tensors), and grow by what lies between: `.github/ENDURANCE.md`
/// has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before anything else, because what it does is to begin again.
    if let Some(ended) = telemetry::restart_without() {
        return ended;
    }
    // The allocator asks for huge pages, which hold what was never touched: a third on top of samples.
    // No difference in speed was measured (`.github/ENDURANCE.md`), and where the system refuses, nothing
    // is lost. What it starts, such as ffmpeg, goes without them too.
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
    let done = cli::parse(std::env::args_os()).and_then(|(job, logging)| {
        logging.start();
        cli::run(job)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
