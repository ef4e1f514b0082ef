//! The command line: what it prints, what it writes, and how it ends.

use std::fs;

use crate::program::fleeting;

const TRUTH: &str = "onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,kind\n\
                     10,13,16,0.333,0.433,0.533,micro\n\
                     60,80,100,2.0,2.667,3.333,macro\n";

#[test]
fn help_names_every_command_and_shows_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = fleeting(folder.path(), &["--help"]);
    ran.succeeded();
    for word in ["analyze", "evaluate", "synth", "export", "doctor", "--source", "Examples:"] {
        assert!(ran.out.contains(word), "{word}");
    }
    for command in ["analyze", "evaluate", "synth", "export", "doctor"] {
        let ran = fleeting(folder.path(), &[command, "--help"]);
        ran.succeeded();
        assert!(ran.out.contains("Usage: fleeting"), "{command}");
        assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{command}: {}", ran.out);
    }
}

#[test]
fn help_names_every_source_and_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = fleeting(folder.path(), &["analyze", "--help"]).out;
    for kind in fleeting::source::SOURCES {
        assert!(help.contains(kind.name), "{}", kind.name);
    }
    for format in fleeting::exchange::written_formats() {
        assert!(help.contains(format.name), "{}", format.name);
    }
}

#[test]
fn misuse_ends_with_two_and_says_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    for (args, word) in [
        (&["analyse"][..], "unrecognized"),
        (&["analyze", "clip.mp4"], "--out"),
        (&["analyze", "demo", "--out", "x"], "give --seconds"),
        (&["analyze", "a.mp4", "--out", "x", "--format", "xls"], "csv, json"),
        (&["synth", "--out", "x"], "--minutes"),
        (&["synth", "--out", "x", "--features", "spotting"], "--count"),
        (&["synth", "--out", "x", "--minutes", "1", "--count", "5"], "--features"),
        (&["--fps", "0"], "1 to 1000"),
    ] {
        let ran = fleeting(folder.path(), args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.err.contains(word), "{args:?}: {ran:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was made");
}

#[test]
fn without_a_display_the_window_names_what_works_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = fleeting(folder.path(), &["--source", "demo"]);
    ran.failed_saying(&["no display", "fleeting analyze"]);
}

#[test]
fn events_score_one_against_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("truth.csv"), TRUTH).expect("written");
    let args = ["evaluate", "events", "--predicted", "truth.csv", "--truth", "truth.csv"];
    let ran = fleeting(folder.path(), &args);
    ran.succeeded();
    assert!(ran.out.contains("micro") && ran.out.contains("1.000"), "{}", ran.out);
    let ran = fleeting(folder.path(), &[&args[..], &["--json"]].concat());
    ran.succeeded();
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON object");
    for part in ["micro", "macro", "all"] {
        assert_eq!(report[part]["f1"], 1.0, "{part}");
        for count in ["tp", "proposals", "truths", "precision", "recall"] {
            assert!(report[part][count].is_number(), "{part} {count}");
        }
    }
    assert_eq!(report["onset_error_ms"], 0.0);
}

#[test]
fn a_settings_file_with_a_misspelt_key_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("s.toml"), "[spotting]\nfalse_alarms = 1\n").expect("written");
    let ran = fleeting(folder.path(), &["--config", "s.toml"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("s.toml") && ran.err.contains("false_alarms"), "{ran:?}");
}
