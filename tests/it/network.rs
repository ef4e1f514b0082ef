//! The program needs no network: it does its work where there is not even a loopback interface.

use std::process::{Command, Stdio};

#[test]
fn a_recording_is_analysed_where_no_network_is() {
    let alone = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net"]).args(args).stdin(Stdio::null());
        command.output()
    };
    if !alone(&["true"]).is_ok_and(|made| made.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI must be able to run without a network");
        eprintln!("left out: this system lets nobody make a network namespace");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a temporary folder's name");
    let program = env!("CARGO_BIN_EXE_fleeting");
    let ran = alone(&[program, "analyze", "demo:1", "--seconds", "1", "--out", out]);
    let ran = ran.expect("the program starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let samples = std::fs::read_to_string(folder.path().join("out/samples.csv"));
    assert_eq!(samples.expect("written").lines().count(), 1 + 30);
}
