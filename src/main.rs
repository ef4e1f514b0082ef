//! The program: parse, run, and the only place that exits.

use std::process::ExitCode;

use fleeting::cli;

/// The systems' own allocators scatter what is kept for long (pictures of events) among what comes and
/// goes with every frame (the networks' tensors), and grow by what lies between: `.github/ENDURANCE.md`
/// has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages, which hold what was never touched: a third on top of samples.
    // Nothing here is faster for them, and where the system refuses, nothing is lost.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let done = cli::parse(std::env::args_os()).and_then(|(job, logging)| {
        logging.start();
        cli::run(job)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
