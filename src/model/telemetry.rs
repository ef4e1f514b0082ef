//! ONNX Runtime sends data to its maker, unless a variable of the environment forbids it before the library
//! is loaded.
//!
//! The variable must be there when the program starts, because a program with threads cannot safely change
//! its own environment. So the program starts itself again with the variable, before it does anything else
//! ([`restart_without`]). Without the variable, no library is loaded ([`is_off`]).

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Set to `1`, it keeps ONNX Runtime from looking up a server, opening a socket and writing an identifier.
/// (Seen in version 1.32. The option in the library's own interface does not prevent this.)
pub const VARIABLE: &str = "ORT_DISABLE_TELEMETRY";

/// True if a library loaded by this process would send nothing to its maker.
pub fn is_off() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| value == "1")
}

/// Starts this program again with [`VARIABLE`], if a library may be loaded that needs it. `None` if nothing
/// was started and this process goes on; without the variable it uses the embedded runtime.
///
/// Call it first of all in `main`. On Unix, the new program replaces this one.
pub fn restart_without() -> Option<ExitCode> {
    if is_off() || !super::runtime::may_load_a_library() {
        return None;
    }
    let program = env::current_exe().ok()?;
    restart(&program)
}

#[cfg(unix)]
fn restart(program: &Path) -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;
    let mut args = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    // Returns only if it failed.
    let error = command.args(args).env(VARIABLE, "1").exec();
    tracing::debug!("{}: {error}", program.display());
    None
}

#[cfg(not(unix))]
fn restart(program: &Path) -> Option<ExitCode> {
    // Ctrl-C reaches both processes. The new one decides how it ends.
    let waits = ctrlc::set_handler(|| ());
    let ended = Command::new(program).args(env::args_os().skip(1)).env(VARIABLE, "1").status();
    if let Err(error) = waits {
        tracing::debug!("Ctrl-C ends this process before the one that works: {error}");
    }
    let code = ended.ok()?.code().unwrap_or(1);
    Some(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
