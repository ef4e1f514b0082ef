//! The program needs no network and uses none. It does its work where there is not even a loopback interface,
//! and where there is one it opens no socket and looks up no name. That holds for both runtimes, for a minute
//! and longer, and for the window, because ONNX Runtime would begin to send data to its maker after ten
//! seconds. `.ci/run` also opens the window without a network.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::tools::possible;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fleeting");

/// What the program does without a window. All of it must work without a network.
const WORK: [&[&str]; 5] = [
    &["analyze", "demo:1", "--seconds", "1", "--session", "s", "--out", "out"],
    &["export", "s", "--format", "report,elan,parquet", "--out", "exported"],
    &["sessions", "."],
    &["analyze", "demo:1", "--seconds", "1", "--size", "160x120", "--stream"],
    &["doctor"],
];

/// Runs all of [`WORK`] by `command`, which takes a program and its arguments.
fn work(folder: &Path, command: impl Fn(&[&str]) -> Command) {
    for args in WORK {
        let mut command = command(&[&[PROGRAM], args].concat());
        let ran = command.current_dir(folder).env("FLEETING_BACKEND", "embedded").output();
        let Output { status, stderr, .. } = ran.expect("the program starts");
        assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    }
    let samples = std::fs::read_to_string(folder.join("out/samples.csv"));
    assert_eq!(samples.expect("written").lines().count(), 1 + 30);
}

#[test]
#[ignore = "slow: it runs five commands"]
fn everything_works_where_no_network_is() {
    let alone = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net"]).args(args).stdin(Stdio::null());
        command
    };
    let can = alone(&["true"]).output().is_ok_and(|made| made.status.success());
    if !possible(can, "a network namespace of its own, by `unshare --map-root-user --net`") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    work(folder.path(), alone);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod spied {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::tools::required;

    /// ONNX Runtime would first send after ten seconds, and again later.
    const A_MINUTE: Duration = Duration::from_secs(60);

    /// A place with a preloaded spy that records what would leave the machine.
    struct Place {
        folder: tempfile::TempDir,
        spy: PathBuf,
    }

    impl Place {
        /// `None`, with a message, if there is no C compiler.
        fn new() -> Option<Self> {
            let spy = crate::preload::library("network_spy")?;
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::create_dir(folder.path().join("home")).expect("made");
            let place = Self { folder, spy };
            // Checks that the spy works.
            let asked = place.watched(&["getent", "ahosts", "localhost"]).output();
            let is_awake = asked.is_ok_and(|asked| asked.status.success()) && place.log().exists();
            assert!(is_awake, "the spy saw nothing");
            std::fs::remove_file(place.log()).expect("removed");
            Some(place)
        }

        fn log(&self) -> PathBuf {
            self.folder.path().join("sockets.log")
        }

        /// A program in this place, with a home folder of its own and none of the variables of tests.
        fn watched(&self, args: &[&str]) -> Command {
            let mut command = Command::new(args[0]);
            command.args(&args[1..]).stdin(Stdio::null()).current_dir(self.folder.path());
            command.env("LD_PRELOAD", &self.spy).env("SPY_LOG", self.log());
            command.env("HOME", self.folder.path().join("home"));
            for name in ["ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
                command.env_remove(name);
            }
            command
        }

        /// Lets `command` run for a minute and asks it to stop. Returns what it printed.
        fn run_for_a_minute(mut command: Command) -> Output {
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
            let mut child = child.expect("the program starts");
            let begun = Instant::now();
            while begun.elapsed() < A_MINUTE {
                std::thread::sleep(Duration::from_millis(200));
                if child.try_wait().expect("waited for").is_some() {
                    break;
                }
            }
            let ran_secs = begun.elapsed().as_secs();
            let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            let ended = child.wait_with_output().expect("ends");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(ran_secs >= A_MINUTE.as_secs(), "it ended by itself: {said}");
            assert!(asked.is_ok_and(|asked| asked.success()), "{said}");
            ended
        }

        /// Asserts that nothing was sent, and that nothing that identifies the user was stored.
        fn is_clean(&self) {
            let seen = std::fs::read_to_string(self.log()).unwrap_or_default();
            assert!(seen.is_empty(), "the spy saw:\n{seen}");
            let left = self.folder.path().join("home/.cache/Microsoft");
            assert!(!left.exists(), "{} was written", left.display());
        }
    }

    /// ONNX Runtime's library: the one that is named, or that of the virtual environment that `.ci/run`
    /// makes. `None`, with a message, without one.
    fn onnx_runtime() -> Option<PathBuf> {
        let named = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
        let found = named.or_else(|| {
            let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/onnxruntime-venv/lib");
            let pythons = std::fs::read_dir(lib).ok()?.flatten();
            let folders =
                pythons.map(|python| python.path().join("site-packages/onnxruntime/capi"));
            let mut files =
                folders.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten());
            files.find_map(|file| {
                let path = file.ok()?.path();
                let name = path.file_name()?.to_string_lossy().into_owned();
                name.starts_with("libonnxruntime.so").then_some(path)
            })
        });
        possible(found.is_some(), "ONNX Runtime (target/onnxruntime-venv)").then_some(found?)
    }

    #[test]
    #[ignore = "slow: it runs five commands"]
    fn no_socket_is_opened_and_no_name_looked_up() {
        let Some(place) = Place::new() else { return };
        work(place.folder.path(), |args| place.watched(args));
        place.is_clean();
    }

    /// Analyses for a minute, and checks which runtime did it.
    fn analyse_for_a_minute(mut command: Command, runtime: &str) {
        let ended = Place::run_for_a_minute({
            command.args(["-v", "--session", "s", "--scores-only", "--size", "160x120"]);
            command
        });
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(143), "{said}");
        assert!(said.contains("stopped by SIGTERM"), "{said}");
        assert!(said.contains(runtime), "expected {runtime}: {said}");
    }

    #[test]
    #[ignore = "slow: it runs for a minute"]
    fn a_minute_of_analysis_is_silent_with_the_embedded_runtime() {
        let Some(place) = Place::new() else { return };
        let mut command = place.watched(&[PROGRAM, "analyze", "demo:1"]);
        command.env("FLEETING_BACKEND", "embedded");
        analyse_for_a_minute(command, "rten");
        place.is_clean();
    }

    #[test]
    #[ignore = "slow: it runs for a minute"]
    fn a_minute_of_analysis_is_silent_with_onnx_runtime() {
        let (Some(place), Some(library)) = (Place::new(), onnx_runtime()) else { return };
        let mut command = place.watched(&[PROGRAM, "analyze", "demo:1"]);
        command.env("ORT_DYLIB_PATH", &library).env_remove("FLEETING_BACKEND");
        analyse_for_a_minute(command, "ONNX Runtime");
        place.is_clean();
    }

    #[test]
    #[ignore = "slow: it runs for a minute"]
    fn a_minute_of_the_window_is_silent_with_onnx_runtime() {
        let (Some(place), Some(library)) = (Place::new(), onnx_runtime()) else { return };
        // A display of its own that does not listen to the network either.
        let display = format!(":{}", 200 + std::process::id() % 700);
        let mut server = Command::new("Xvfb");
        server.args([&display, "-screen", "0", "1280x720x24", "-nolisten", "tcp"]);
        if !required("Xvfb") {
            return;
        }
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = server.expect("a display");
        std::thread::sleep(Duration::from_secs(3));
        let mut command = place.watched(&[PROGRAM, "-v", "--source", "demo:1"]);
        command.env("DISPLAY", &display).env_remove("WAYLAND_DISPLAY");
        command.env("LIBGL_ALWAYS_SOFTWARE", "1");
        command.env("ORT_DYLIB_PATH", &library).env_remove("FLEETING_BACKEND");
        let ended = Place::run_for_a_minute(command);
        server.kill().and_then(|()| server.wait()).expect("the display ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("the first picture is here"), "{said}");
        assert!(said.contains("ONNX Runtime"), "{said}");
        place.is_clean();
    }
}
