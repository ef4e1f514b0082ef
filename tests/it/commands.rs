//! What commands promise: unusable options are refused, a request to stop ends in order, no command waits for
//! a pipe, and no name can control the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::fleeting;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fleeting");
const FILM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");

/// The times of a table of samples, seconds.
fn times(table: &Path) -> Vec<f64> {
    let text = fs::read_to_string(table).expect("written");
    let column = |line: &str, at: usize| line.split(',').nth(at).map(str::to_owned);
    let at = text.lines().next().expect("a header").split(',').position(|c| c == "time_s");
    let at = at.expect("a column time_s");
    text.lines().skip(1).map(|l| column(l, at).expect("a field").parse().expect("a time")).collect()
}

#[test]
fn a_rate_that_is_told_of_a_video_sets_its_times_alone_and_in_a_folder() {
    let base = tempfile::tempdir().expect("a folder");
    fleeting(base.path(), &["analyze", FILM, "--fps", "200", "--out", "o"]).succeeded();
    let told = times(&base.path().join("o/samples.csv"));
    let last = *told.last().expect("frames");
    assert!((last - (told.len() - 1) as f64 / 200.0).abs() < 1e-4, "{last} s for {}", told.len());
    fs::create_dir(base.path().join("rec")).expect("made");
    fs::copy(FILM, base.path().join("rec/a.mp4")).expect("copied");
    fleeting(base.path(), &["analyze", "rec", "--fps", "200", "--out", "many"]).succeeded();
    assert_eq!(times(&base.path().join("many/a.mp4/samples.csv")), told);
}

#[test]
fn an_option_that_cannot_be_used_is_refused_before_any_work() {
    let base = tempfile::tempdir().expect("a folder");
    fs::create_dir(base.path().join("rec")).expect("made");
    fs::copy(FILM, base.path().join("rec/a.mp4")).expect("copied");
    for (args, word) in [
        (&["analyze", FILM, "--size", "640x480", "--out", "o"][..], "--size"),
        (&["analyze", "images:rec", "--size", "640x480", "--out", "o"], "--size"),
        (&["analyze", "rec", "--size", "640x480", "--out", "o"], "--size"),
        (&["analyze", "demo", "--session", "s", "--format", "csv"], "--out"),
        (&["export", "s", "--blur", "--format", "csv", "--out", "o"], "--blur"),
        (&["sessions", "--yes"], "--yes"),
        (
            &["synth", "--features", "recognition", "--count", "3", "--frames", "90", "--out", "x"],
            "--frames",
        ),
    ] {
        let ran = fleeting(base.path(), args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.err.contains(word), "{args:?}: {ran:?}");
    }
    assert!(!base.path().join("o").exists());
}

/// Starts the program in `folder` under a shell that first does `before`.
fn start(folder: &Path, before: &str, args: &[&str]) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{before} exec \"$0\" \"$@\""), PROGRAM])
        .args(args)
        .current_dir(folder)
        .env("FLEETING_BACKEND", "embedded")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts")
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(done.is_ok_and(|status| status.success()));
}

/// How it ended, and what it printed.
fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Waits until `is_so`, for at most a minute.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// At least ten seconds of work.
const LONG: [&str; 8] = ["analyze", "demo", "--seconds", "900", "--session", "s", "--out", "o"];

/// True if this process ignores SIGHUP, which the programs that it starts then do too.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 != 0)
}

#[test]
#[cfg(unix)]
fn every_signal_to_stop_ends_in_order_with_what_was_measured() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        if name == "HUP" && ignores_hangup() {
            eprintln!("not tested: SIGHUP, since what runs the tests ignores it, as under nohup");
            continue;
        }
        let base = tempfile::tempdir().expect("a folder");
        let child = start(base.path(), "", &LONG);
        let film = base.path().join("s/pictures-1.mkv");
        until("no picture comes", || fs::metadata(&film).is_ok_and(|film| film.len() > 1 << 18));
        signal(&child, name);
        let (found, said) = ended(child);
        assert_eq!(found, Some(code), "{name}: {said}");
        assert!(!times(&base.path().join("o/samples.csv")).is_empty(), "{name}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn without_a_session_what_was_measured_is_written_too() {
    // The time until the models are ready depends on the machine.
    for wait_secs in [4, 10, 30, 90] {
        let base = tempfile::tempdir().expect("a folder");
        let child = start(base.path(), "", &["analyze", "demo", "--seconds", "900", "--out", "o"]);
        std::thread::sleep(Duration::from_secs(wait_secs));
        signal(&child, "TERM");
        let (code, said) = ended(child);
        assert_eq!(code, Some(143), "{said}");
        let table = base.path().join("o/samples.csv");
        if table.exists() {
            return assert!(!times(&table).is_empty(), "{said}");
        }
    }
    panic!("nothing was measured in a minute and a half");
}

#[test]
#[cfg(target_os = "linux")]
fn a_closed_terminal_does_not_stop_what_was_started_to_outlive_it() {
    let base = tempfile::tempdir().expect("a folder");
    let mut child = start(base.path(), "trap '' HUP;", &LONG);
    let film = base.path().join("s/pictures-1.mkv");
    until("no picture comes", || fs::metadata(&film).is_ok_and(|film| film.len() > 1 << 18));
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().expect("waited for").is_none(), "it was stopped");
    signal(&child, "TERM");
    assert_eq!(ended(child).0, Some(143));
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_stopped_has_a_true_list_and_no_half_results_and_goes_on() {
    let base = tempfile::tempdir().expect("a folder");
    fs::create_dir(base.path().join("rec")).expect("made");
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    for number in 0..40 {
        fs::copy(film, base.path().join(format!("rec/{number:02}.mp4"))).expect("copied");
    }
    let child = start(base.path(), "", &["analyze", "rec", "--out", "o", "--jobs", "1"]);
    let first = base.path().join("o/00.mp4/result.json");
    until("no result comes", || first.exists());
    signal(&child, "TERM");
    let (code, said) = ended(child);
    assert_eq!(code, Some(143), "{said}");
    let list = fs::read_to_string(base.path().join("o/manifest.csv")).expect("a list");
    let with = |status: &str| list.matches(&format!(",{status},")).count();
    let whole =
        (0..40).filter(|n| base.path().join(format!("o/{n:02}.mp4/result.json")).exists()).count();
    assert_eq!((with("done"), with("done") + with("open")), (whole, 40), "{list}");
    assert!(with("open") > 0 && !base.path().join("o/.unfinished").exists(), "{list}");
    fleeting(base.path(), &["analyze", "rec", "--out", "o"]).succeeded();
}

#[test]
#[cfg(unix)]
fn nobody_waits_for_a_pipe_in_the_place_of_a_file() {
    let base = tempfile::tempdir().expect("a folder");
    let here = base.path();
    let session = here.join("s");
    crate::stored::cut_off(&session);
    let mut pipes = Command::new("mkfifo");
    pipes.args(["pipe", "pipe.csv", "pipe.eaf"]).current_dir(here);
    assert!(pipes.status().is_ok_and(|status| status.success()));
    for name in ["lock", "models", "wal"] {
        let folder = here.join(name);
        fs::create_dir(&folder).expect("made");
        let file = match name {
            "lock" => "recording.lock",
            "models" => "manifest.toml",
            _ => "session.sqlite-wal",
        };
        if name != "models" {
            fs::copy(session.join("session.sqlite"), folder.join("session.sqlite"))
                .expect("copied");
        }
        let made = Command::new("mkfifo").arg(folder.join(file)).status();
        assert!(made.is_ok_and(|status| status.success()));
    }
    for args in [
        &["analyze", "pipe", "--out", "o"][..],
        &["analyze", "demo", "--seconds", "1", "--out", "o", "--config", "pipe"],
        &["analyze", "demo", "--seconds", "1", "--out", "o", "--models", "models"],
        &["analyze", "demo", "--seconds", "1", "--features", "f", "--labels", "pipe.csv"],
        &["analyze", "demo", "--seconds", "1", "--out", "pipe"],
        &["export", "pipe", "--out", "o"],
        &["export", "lock", "--out", "o"],
        &["export", "wal", "--out", "o"],
        &["export", "s", "--recording", "pipe", "--format", "clips", "--out", "o"],
        &["import", "s", "pipe.csv", "--rater", "A"],
        &["import", "s", "pipe.eaf", "--rater", "A"],
        &["agreement", "pipe", "--between", "model", "A"],
        &["evaluate", "events", "--predicted", "pipe", "--truth", "pipe"],
        &["evaluate", "spotting", "pipe"],
        &["evaluate", "recognition", "pipe"],
        &["evaluate", "spotting", "x.npz", "--model", "pipe"],
        &["synth", "--minutes", "0.01", "--portrait", "pipe", "--out", "v"],
        &["synth", "--features", "recognition", "--count", "1", "--basis", "pipe", "--out", "b"],
        &["sessions", "lock"],
        &["doctor", "--models", "models"],
    ] {
        let mut command = Command::new("timeout");
        command.args(["-k", "1", "20", PROGRAM]).args(args).current_dir(here).stdin(Stdio::null());
        let ran = command.env("FLEETING_BACKEND", "embedded").output().expect("starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        let code = ran.status.code();
        assert!(matches!(code, Some(1 | 2)) || args[0] == "doctor", "{args:?}: {code:?} {said}");
        assert_ne!(code, Some(124), "{args:?} waits");
    }
}

#[test]
#[cfg(unix)]
fn no_name_reaches_a_terminal_as_an_order() {
    let base = tempfile::tempdir().expect("a folder");
    let evil = "a\u{1b}[2J\r\u{9b}1m\u{202e}";
    fs::create_dir(base.path().join("rec")).expect("made");
    fs::copy(FILM, base.path().join("rec").join(format!("{evil}.mp4"))).expect("copied");
    fs::write(base.path().join("rec").join(format!("{evil}2.mp4")), "no video").expect("written");
    crate::stored::cut_off(&base.path().join(evil));
    let name = format!("{evil}.mp4");
    for args in [
        &["analyze", &name, "--out", "o"][..],
        &["analyze", "rec", "--out", "many"],
        &["sessions", "."],
        &["export", evil, "--out", evil],
        &["export", evil, "--rater", evil, "--out", "x"],
        &["import", evil, &name, "--rater", "A"],
        &["agreement", evil, "--between", "model", evil],
        &["evaluate", "events", "--predicted", &name, "--truth", &name],
        &["doctor", "--models", evil],
        &[evil],
        &["analyze", "demo", "--out", "x", &format!("--{evil}")],
    ] {
        let ran = fleeting(base.path(), args);
        for text in [&ran.out, &ran.err] {
            let order = text
                .chars()
                .find(|c| (c.is_control() && !['\n', '\t'].contains(c)) || *c == '\u{202e}');
            assert_eq!(order, None, "{args:?}: {text:?}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_is_no_utf_8_is_analysed_by_itself_and_in_a_folder() {
    use std::os::unix::ffi::OsStrExt;
    let base = tempfile::tempdir().expect("a folder");
    fs::create_dir(base.path().join("rec")).expect("made");
    let names = [b"M\xfcller.mp4", b"M\xfdller.mp4"].map(|name| std::ffi::OsStr::from_bytes(name));
    let paths = names.map(|name| Path::new("rec").join(name));
    for path in &paths {
        fs::copy(FILM, base.path().join(path)).expect("copied");
    }
    for (number, source) in [paths[0].clone().into_os_string(), {
        let mut with_kind = std::ffi::OsString::from("video:");
        with_kind.push(&paths[0]);
        with_kind
    }]
    .iter()
    .enumerate()
    {
        let mut command = Command::new(PROGRAM);
        command.arg("analyze").arg(source).args(["--out", &number.to_string()]);
        let ran = command.current_dir(base.path()).env("FLEETING_BACKEND", "embedded").output();
        let ran = ran.expect("starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    fleeting(base.path(), &["analyze", "rec", "--out", "o"]).succeeded();
    let results: Vec<PathBuf> = names.map(|name| base.path().join("o").join(name)).to_vec();
    assert!(results.iter().all(|folder| folder.join("result.json").exists()), "{results:?}");
    let list = fs::read_to_string(base.path().join("o/manifest.csv")).expect("a list");
    assert!(list.contains("M\\xFCller.mp4") && list.contains("M\\xFDller.mp4"), "{list}");
}

#[test]
#[cfg(unix)]
fn a_named_time_zone_is_obeyed() {
    let base = tempfile::tempdir().expect("a folder");
    crate::stored::cut_off(&base.path().join("P1"));
    // 2023-11-14 22:13 in Greenwich.
    for (zone, shown) in [
        ("Asia/Tokyo", "2023-11-15 07:13"),
        ("America/Los_Angeles", "2023-11-14 14:13"),
        ("UTC", "2023-11-14 22:13"),
    ] {
        let mut command = Command::new(PROGRAM);
        let ran = command.args(["sessions", "."]).env("TZ", zone).current_dir(base.path()).output();
        let said = String::from_utf8_lossy(&ran.expect("starts").stdout).into_owned();
        assert!(said.contains(shown), "{zone}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn a_killed_session_is_read_wherever_it_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let base = tempfile::tempdir().expect("a folder");
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    };
    allow(base.path(), 0o755);
    let live = base.path().join("live");
    let recording = crate::stored::recording(&live);
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    for (name, left_out, folder_mode, file_mode) in [
        ("read only", "", 0o555, 0o444),
        ("files alone can be written", "", 0o555, 0o666),
        ("without an index", "session.sqlite-shm", 0o555, 0o444),
        ("without an index, files can be written", "session.sqlite-shm", 0o555, 0o666),
        ("files are read only", "", 0o777, 0o444),
    ] {
        // As after a kill.
        let folder = base.path().join(name);
        fs::create_dir(&folder).expect("made");
        for entry in fs::read_dir(&live).expect("a folder") {
            let path = entry.expect("readable").path();
            let file = path.file_name().expect("a name").to_owned();
            if file != left_out {
                fs::copy(&path, folder.join(&file)).expect("copied");
                allow(&folder.join(&file), file_mode);
            }
        }
        allow(&folder, folder_mode);
        let out = base.path().join(format!("out {name}"));
        fs::create_dir(&out).expect("made");
        allow(&out, 0o777);
        let mut command = Command::new(if is_root { "setpriv" } else { PROGRAM });
        if is_root {
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM]);
        }
        command.args(["export", name, "--out"]).arg(out.join("x")).current_dir(base.path());
        let ran = command.env("FLEETING_BACKEND", "embedded").output().expect("starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{name}: {said}");
        assert!(said.contains("30 samples"), "{name}: {said}");
        allow(&folder, 0o755);
    }
    drop(recording);
}
