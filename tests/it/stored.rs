//! A stored session, named in every possible way, and the message for a name that is none.

use std::fs;
use std::path::Path;

use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::model::provenance::Provenance;
use fleeting::session::consent::Consent;
use fleeting::session::store::{Beginning, Store};

use crate::program::{fleeting, fleeting_at};

/// A second without pictures and events, cut off before its end.
pub(crate) fn cut_off(folder: &Path) {
    drop(recording(folder));
}

/// The same while it is recorded.
pub(crate) fn recording(folder: &Path) -> Store {
    let beginning = Beginning {
        consent: Some(Consent {
            who: "P01".into(),
            purpose: "pilot".into(),
            keep_until: None,
            with_sound: false,
        }),
        provenance: Provenance {
            begun_at_unix_ms: Some(1_700_000_000_000),
            ..Provenance::default()
        },
        with_pictures: false,
    };
    let mut store = Store::create(folder, &beginning).expect("made");
    for seq in 0..30 {
        let sample = Sample {
            seq,
            time: Timestamp::of_frame(seq, 30.0),
            quality: Default::default(),
            motion: None,
            score: Some(Score { micro: 0.1, macro_: 0.1 }),
        };
        store.append_sample(&sample).expect("added");
    }
    store.commit().expect("kept");
    store
}

#[test]
fn a_session_is_named_by_its_folder_or_by_its_database() {
    let base = tempfile::tempdir().expect("a folder");
    cut_off(&base.path().join("P1"));
    for (name, out) in [("P1", "a"), ("P1/session.sqlite", "b")] {
        fleeting(base.path(), &["export", name, "--out", out]).succeeded();
    }
    let inside = base.path().join("P1");
    fleeting(&inside, &["export", "session.sqlite", "--out", "../c"]).succeeded();
    let table = |out| fs::read(base.path().join(out).join("samples.csv")).expect("written");
    assert_eq!((table("a"), table("a")), (table("b"), table("c")));
}

#[test]
fn what_is_no_session_is_refused_in_the_same_words_by_every_command() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path();
    fs::create_dir(folder.join("bare")).expect("made");
    fs::write(folder.join("empty.json"), "").expect("written");
    fs::write(folder.join("words.json"), "hello").expect("written");
    let expected =
        "expected a session (a folder with session.sqlite or session.json, or a session.json)";
    for (name, found) in [
        ("bare", "found a folder with neither"),
        ("nowhere", "found nothing of this name"),
        ("empty.json", "found an empty file"),
        ("words.json", "found a file of another kind"),
    ] {
        fleeting(folder, &["export", name, "--out", "x"]).failed_saying(&[name, expected, found]);
        fleeting(folder, &["agreement", name, "--between", "model", "A"])
            .failed_saying(&[name, expected, found]);
    }
    assert!(!folder.join("x").exists());
}

#[test]
fn a_database_of_another_program_is_named_and_left_as_it_is() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("session.sqlite");
    let mut foreign = b"SQLite format 3\0".to_vec();
    foreign.resize(4096, 0);
    fs::write(&path, &foreign).expect("written");
    for name in [".", "session.sqlite"] {
        fleeting(base.path(), &["export", name, "--out", "x"])
            .failed_saying(&["session.sqlite", "found a database of another program"]);
    }
    assert_eq!(fs::read(&path).expect("there"), foreign);
}

#[test]
fn formats_of_pictures_are_refused_before_any_file_is_written() {
    let base = tempfile::tempdir().expect("a folder");
    cut_off(&base.path().join("P1"));
    // Repaired, so that no further message is given.
    fleeting(base.path(), &["export", "P1", "--out", "first"]).succeeded();
    let ran =
        fleeting(base.path(), &["export", "P1", "--format", "csv,report,clips", "--out", "x"]);
    ran.failed_saying(&["clips", "expected stored pictures, found a session without any"]);
    assert!(!base.path().join("x").exists());
    let args = ["analyze", "demo:1", "--seconds", "1", "--out", "y", "--format", "csv,gif"];
    let ran = fleeting(base.path(), &args);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("gif: demo:1 cannot be looked at again"), "{ran:?}");
}

#[test]
fn a_session_is_not_analysed_as_if_it_were_a_folder_of_recordings() {
    let base = tempfile::tempdir().expect("a folder");
    cut_off(&base.path().join("P1"));
    for more in [&[][..], &["--jobs", "2"]] {
        let ran = fleeting(base.path(), &[&["analyze", "P1", "--out", "x"], more].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for words in ["P1 is a stored session", "fleeting --session P1", "fleeting export P1"] {
            assert!(ran.err.contains(words), "{words}: {ran:?}");
        }
    }
}

#[test]
fn where_nothing_was_ever_stored_there_is_no_session_and_no_error() {
    let base = tempfile::tempdir().expect("a folder");
    for more in [&[][..], &["--delete-past"]] {
        let args = [&["sessions"], more].concat();
        let ran = fleeting_at(base.path(), Some(base.path()), &args);
        ran.succeeded();
        let words = if more.is_empty() { "no session in" } else { "nothing is past its date in" };
        assert!(ran.out.contains(words) && ran.out.contains("Fleeting"), "{ran:?}");
    }
    fleeting(base.path(), &["sessions", "nowhere"]).failed_saying(&["nowhere"]);
}

#[test]
fn a_pipe_gets_no_colour_codes() {
    let base = tempfile::tempdir().expect("a folder");
    cut_off(&base.path().join("P1"));
    let ran = fleeting(base.path(), &["export", "P1", "--out", "x"]);
    ran.succeeded();
    assert!(ran.err.contains("WARN") && ran.err.contains("cut off"), "{ran:?}");
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn the_film_of_a_session_is_analysed_again_without_help() {
    let base = tempfile::tempdir().expect("a folder");
    let args = ["analyze", "demo:7", "--seconds", "2", "--session", "P1"];
    fleeting(base.path(), &args).succeeded();
    let film = "P1/pictures-1.mkv";
    fleeting(base.path(), &["analyze", film, "--out", "again", "--format", "csv,report"])
        .succeeded();
    fleeting(base.path(), &["export", "P1", "--out", "first"]).succeeded();
    let times = |out: &str| {
        let table = fs::read_to_string(base.path().join(out).join("samples.csv")).expect("written");
        let name = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(",");
        table.lines().map(name).collect::<Vec<_>>()
    };
    assert_eq!(times("first"), times("again"));
    assert_eq!(times("again").len(), 61);
}
