//! Tools and rights that a test needs and that a machine may lack. In CI (`CI=true`), a test that lacks
//! something fails. Elsewhere it ends early and says so on standard error.

use std::env;
use std::io::Write;

/// True if the program `tool` is installed, that is, found on `PATH`.
///
/// # Panics
///
/// In CI, if it is missing.
#[track_caller]
pub(crate) fn required(tool: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let file = format!("{tool}{}", env::consts::EXE_SUFFIX);
    let is_installed = env::split_paths(&folders).any(|folder| folder.join(&file).is_file());
    possible(is_installed, &format!("the program `{tool}`"))
}

/// Returns `is_possible`, and handles `false` as [`required`] does. `what` names what is missing.
///
/// # Panics
///
/// In CI, if it is not possible.
#[track_caller]
pub(crate) fn possible(is_possible: bool, what: &str) -> bool {
    if is_possible {
        return true;
    }
    let is_ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    assert!(!is_ci, "expected {what} in CI, found none");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not `eprintln!`, because the harness hides what a passing test prints.
    writeln!(std::io::stderr(), "SKIPPED {test}: it needs {what}").expect("standard error is open");
    false
}

mod tests {
    use super::required;
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// Tells the child which tool to require.
    const CHILD: &str = "FLEETING_TEST_REQUIRED_TOOL";

    #[test]
    #[ignore = "the tests below run it in a child process"]
    fn child() {
        let Ok(tool) = std::env::var(CHILD) else { return };
        if required(&tool) {
            writeln!(std::io::stderr(), "FOUND {tool}").expect("standard error is open");
        }
    }

    /// How a test that requires `tool` ends.
    struct Ended {
        is_success: bool,
        out: String,
        err: String,
    }

    fn requires(tool: &str, ci: Option<&str>) -> Ended {
        // Cargo runs these tests, so it is there, though not always on the search path.
        let cargo = Path::new(env!("CARGO")).parent().expect("a folder").to_owned();
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::env::split_paths(&folders).chain([cargo]));
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["tools::tests::child", "--exact", "--ignored"])
            .env(CHILD, tool)
            .env("PATH", path.expect("a search path"))
            // With a single thread, tests run in the main thread, which has no name of theirs.
            .env("RUST_TEST_THREADS", "2")
            .env_remove("CI")
            .envs(ci.map(|value| ("CI", value)))
            .stdin(Stdio::null())
            .output()
            .expect("starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(out.contains("running 1 test\n"), "{out}");
        Ended { is_success: output.status.success(), out, err }
    }

    #[test]
    fn a_missing_tool_fails_in_ci() {
        for ci in ["true", "1"] {
            let Ended { is_success, out, err } = requires("no-such-tool", Some(ci));
            assert!(!is_success, "{out}{err}");
            assert!(out.contains("expected the program `no-such-tool` in CI"), "{out}{err}");
        }
    }

    #[test]
    fn a_missing_tool_is_named_on_standard_error_elsewhere() {
        for ci in [None, Some(""), Some("false")] {
            let Ended { is_success, out, err } = requires("no-such-tool", ci);
            let expected = "SKIPPED tools::tests::child: it needs the program `no-such-tool`\n";
            assert!(is_success && err.contains(expected), "{out}{err}");
        }
    }

    #[test]
    fn a_tool_that_is_there_is_found_everywhere() {
        for ci in [None, Some("true")] {
            let Ended { is_success, out, err } = requires("cargo", ci);
            assert!(is_success && err.contains("FOUND cargo\n"), "{out}{err}");
            assert!(!err.contains("SKIPPED"), "{err}");
        }
    }
}
