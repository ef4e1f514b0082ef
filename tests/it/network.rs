//! The program needs no network and asks for none: it does its work where there is not even a loopback
//! interface, and opens no socket where there is one. `.ci/run` opens the window in such a place too.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::tools::possible;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fleeting");

/// What the program does without a window, all of which may run where no network is.
const WORK: [&[&str]; 4] = [
    &["analyze", "demo:1", "--seconds", "1", "--session", "s", "--out", "out"],
    &["export", "s", "--format", "report,elan,parquet", "--out", "exported"],
    &["sessions", "."],
    &["doctor"],
];

/// Runs all of [`WORK`] by `command`, which puts a program and its arguments where they are to run.
fn work(folder: &Path, command: impl Fn(&[&str]) -> Command) {
    for args in WORK {
        let mut command = command(&[&[PROGRAM], args].concat());
        let ran = command.current_dir(folder).env("FLEETING_BACKEND", "tract").output();
        let Output { status, stderr, .. } = ran.expect("the program starts");
        assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    }
    let samples = std::fs::read_to_string(folder.join("out/samples.csv"));
    assert_eq!(samples.expect("written").lines().count(), 1 + 30);
}

#[test]
#[ignore = "slow: it runs four commands"]
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

#[test]
#[ignore = "slow: it runs four commands"]
#[cfg(target_env = "gnu")]
fn no_socket_is_opened_and_no_name_looked_up() {
    let Some(spy) = crate::preload::library("network_spy") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("sockets.log");
    let watched = |args: &[&str]| {
        let mut command = Command::new(args[0]);
        command.args(&args[1..]).stdin(Stdio::null());
        command.env("LD_PRELOAD", &spy).env("SPY_LOG", &log);
        command
    };
    // The spy sees what there is to see.
    let asked = watched(&["getent", "ahosts", "localhost"]).output();
    let is_awake = asked.is_ok_and(|asked| asked.status.success()) && log.exists();
    assert!(is_awake, "the spy saw nothing");
    std::fs::remove_file(&log).expect("removed");
    work(folder.path(), watched);
    let seen = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(seen.is_empty(), "{seen}");
}
