//! The program: parse, run, and the only place that exits.

use std::process::ExitCode;

use fleeting::cli;
use fleeting::model::telemetry;

/// The allocators of Linux, macOS and Windows place memory that is kept for long (pictures of events) between
/// memory that comes and goes with every frame (the networks' tensors), so that a long run needs more and
/// more. `.github/ENDURANCE.md` has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First of all, because it may start the program again.
    if let Some(ended) = telemetry::restart_without() {
        return ended;
    }
    // The allocator asks for huge pages, which also hold memory that was never used: a third more after the
    // samples. No difference in speed was measured (`.github/ENDURANCE.md`). If the system refuses, nothing
    // is lost. Programs that this one starts, such as ffmpeg, run without huge pages too.
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
