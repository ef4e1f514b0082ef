//! Every reader of files, on damaged files: an error that names the file, or something valid, in bounded time
//! and memory. The files are valid before they are damaged, because noise fails at the first check.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test it readers::` runs longer; videos, films and pictures
//! are damaged in `faults/files.rs`, thousands of times.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fleeting::config::Config;
use fleeting::evaluate;
use fleeting::exchange::import;
use fleeting::exchange::import::Choice;
use fleeting::exchange::{View, json, written_formats};
use fleeting::session::Session;
use fleeting::session::store;
use proptest::prelude::*;
use proptest::sample::select;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::damage::damage;
use crate::exchange;

/// This many cases, or as many as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(usual),
    }
}

/// A session with everything that can be read back: events, raters, labels, notes.
fn session() -> &'static (TempDir, Session) {
    static SESSION: OnceLock<(TempDir, Session)> = OnceLock::new();
    SESSION.get_or_init(|| {
        // A static is never dropped, so the folder stays, in the build folder.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        exchange::store(folder.path());
        fs::write(folder.path().join("coded.csv"), exchange::CODED).expect("written");
        let stored = folder.path().join(exchange::SESSION);
        let mut opened = store::open(&stored).expect("opens");
        let request = import::Request {
            file: folder.path().join("coded.csv"),
            rater: "Zoë".into(),
            blind: true,
            choice: Choice::default(),
        };
        let layer = import::layer(&request, &opened.session).expect("readable");
        opened.store.append_layer(&layer.raters, &layer.entries).expect("kept");
        drop(opened);
        let session = store::open(&stored).expect("opens").session;
        (folder, session)
    })
}

/// What exporters write of that session, by file name.
fn exported(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut found = None;
    for exporter in written_formats().filter(|e| ["csv", "elan", "json"].contains(&e.name)) {
        let view = View::new(&session().1, Some("Zoë"));
        let written = exporter.write(&mut view.expect("a layer"), folder.path()).expect("written");
        found = found.or(written.files.into_iter().find(|file| file.ends_with(name)));
    }
    fs::read(found.unwrap_or_else(|| panic!("no {name}"))).expect("read")
}

/// The bytes of `whole`, damaged once or twice, in a file called `name`.
fn damaged(whole: &[u8], name: &str, seed: u64) -> (TempDir, PathBuf) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes = whole.to_vec();
    for _ in 0..1 + seed % 2 {
        damage(&mut dice, &mut bytes);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    (folder, path)
}

/// An error is one line that names the file.
fn names(error: &impl std::fmt::Display, path: &Path) -> Result<(), TestCaseError> {
    let text = error.to_string();
    prop_assert!(text.contains(&path.display().to_string()), "{text}");
    Ok(())
}

/// Every reader of a session can read this one, and its JSON reads back.
fn export_all(session: &Session, folder: &Path) {
    for exporter in written_formats().filter(|exporter| !exporter.needs_pictures()) {
        let out = folder.join(exporter.name);
        fs::create_dir(&out).expect("made");
        // A session that cannot be written must give an error.
        let Ok(written) = exporter.write(&mut View::of_model(session), &out) else { continue };
        if exporter.name == "json" {
            let read = json::read(&written.files[0]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.history.len(), session.history.len());
            assert_eq!(read.events.len(), session.events.len());
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_damaged_database_is_an_error_or_a_session_that_can_be_exported(seed: u64) {
        let (folder, _) = session();
        let whole = fs::read(folder.path().join(exchange::SESSION).join(store::DATABASE));
        let (folder, path) = damaged(&whole.expect("read"), store::DATABASE, seed);
        match store::open(folder.path()) {
            Ok(opened) => export_all(&opened.session, folder.path()),
            Err(error) => names(&error, &path)?,
        }
    }

    #[test]
    fn a_database_with_absurd_values_is_an_error_or_a_session_that_can_be_exported(
        value in select(&VALUES),
        (table, column) in select(&COLUMNS).prop_flat_map(|(table, of)| (Just(table), select(of))),
        every in 1i64..40,
    ) {
        let (from, _) = session();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(store::DATABASE);
        fs::copy(from.path().join(exchange::SESSION).join(store::DATABASE), &path).expect("copied");
        let db = rusqlite::Connection::open(&path).expect("opens");
        // The program never changes rows; another program may have.
        let trigger = format!("DROP TRIGGER {table}_keeps_UPDATE");
        db.execute_batch(&trigger).expect("dropped");
        let change = format!("UPDATE OR IGNORE {table} SET {column} = {value} WHERE rowid % {every} = 0");
        // A column that must have a value keeps its value.
        db.execute_batch(&change).unwrap_or(());
        drop(db);
        match store::open(folder.path()) {
            Ok(opened) => export_all(&opened.session, folder.path()),
            Err(error) => names(&error, &path)?,
        }
    }

    #[test]
    fn a_damaged_json_session_is_an_error_or_a_session_that_can_be_exported(seed: u64) {
        static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
        let whole = WHOLE.get_or_init(|| exported("session.json"));
        let (folder, path) = damaged(whole, "session.json", seed);
        match json::read(&path) {
            Ok(session) => export_all(&session, folder.path()),
            Err(error) => names(&error, &path)?,
        }
    }
}

/// Tables and columns whose values are used in sums.
const COLUMNS: [(&str, &[&str]); 5] = [
    (
        "sample",
        &["time_ns", "frame", "micro", "macro", "trouble", "rate_fps", "motion", "face_presence"],
    ),
    (
        "event",
        &[
            "onset_ns",
            "apex_frame",
            "offset_frame",
            "score",
            "id",
            "units_json",
            "emotion_json",
            "kind",
        ],
    ),
    ("threshold", &["micro", "macro"]),
    ("entry", &["act_json", "rater", "at_unix_ms"]),
    ("source", &["info_json", "time_ns"]),
];

const VALUES: [&str; 15] = [
    "9223372036854775807",
    "-9223372036854775808",
    "-1",
    "0",
    "9e999",
    "-9e999",
    "NULL",
    "''",
    "'text'",
    "x'00'",
    "zeroblob(192)",
    "unhex(replace(hex(zeroblob(192)), '0', 'F'))",
    "1e300",
    "'{\"Mark\":[{\"frame\":18446744073709551615,\"time\":9223372036854775807},\"x\"]}'",
    "'{\"name\":\"\",\"size_px\":[0,18446744073709551615],\"nominal_fps\":1e-300,\"frames\":null,\"detail\":\"\",\"stamped_on_arrival\":false}'",
];

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_damaged_table_is_an_error_or_a_layer(seed: u64) {
        static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
        let (_folder, path) = damaged(WHOLE.get_or_init(|| exported("events.csv")), "e.csv", seed);
        if let Err(error) = import::read(&path, &session().1, &Choice::default()) {
            names(&error, &path)?;
        }
        if let Err(error) = evaluate::events(&path, &path) {
            names(&error, &path)?;
        }
    }

    #[test]
    fn a_damaged_elan_file_is_an_error_or_a_layer(seed: u64) {
        static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
        let (_folder, path) = damaged(WHOLE.get_or_init(|| exported("session.eaf")), "e.eaf", seed);
        if let Err(error) = import::read(&path, &session().1, &Choice::default()) {
            names(&error, &path)?;
        }
    }

    #[test]
    fn damaged_settings_are_an_error_or_settings_in_range(seed: u64) {
        let whole = toml::to_string(&Config::default()).expect("serialises");
        let (_folder, path) = damaged(whole.as_bytes(), "settings.toml", seed);
        match Config::load(&path) {
            Ok(config) => {
                prop_assert!((1..=64).contains(&config.engine.camera_queue_frames));
                prop_assert!(config.spotting.false_alarms_per_minute.is_finite());
            }
            Err(error) => names(&error, &path)?,
        }
    }
}

/// An ELAN file names its media, but nothing that it names is opened: opening a pipe would wait without end.
#[test]
#[cfg(unix)]
fn media_that_an_elan_file_names_are_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.mp4");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    let whole = String::from_utf8(exported("session.eaf")).expect("text");
    let clean = folder.path().join("clean.eaf");
    fs::write(&clean, &whole).expect("written");
    let expected = import::read(&clean, &session().1, &Choice::default()).expect("readable");
    for url in [format!("file://{}", pipe.display()), "../../pipe.mp4".into(), "/dev/zero".into()] {
        let media = format!(
            "<MEDIA_DESCRIPTOR MEDIA_URL=\"{url}\" RELATIVE_MEDIA_URL=\"{url}\" MIME_TYPE=\"video/mp4\"/>"
        );
        let (head, tail) = whole.split_once("<HEADER").expect("a header");
        let (attributes, tail) = tail.split_once('>').expect("its end");
        let attributes = attributes.trim_end_matches('/');
        let rest = tail.split_once("</HEADER>").map_or(tail, |(_, rest)| rest);
        let text = format!("{head}<HEADER{attributes}>{media}</HEADER>{rest}");
        let path = folder.path().join("media.eaf");
        fs::write(&path, text).expect("written");
        let import = import::read(&path, &session().1, &Choice::default()).expect("readable");
        assert_eq!(import.acts, expected.acts);
    }
}

/// Something that is no file would make its reader wait or never end.
#[test]
#[cfg(unix)]
fn pipes_and_devices_in_the_place_of_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()));
        path
    };
    for name in ["a.csv", "a.eaf"] {
        let error = import::read(&pipe(name), &session().1, &Choice::default());
        assert!(error.expect_err("refused").to_string().contains("pipe"));
    }
    let error = store::open(pipe(store::DATABASE).parent().expect("a folder")).map(|_| ());
    assert!(error.expect_err("refused").to_string().contains("pipe"));
    let spec: fleeting::source::SourceSpec =
        pipe("a.mp4").to_string_lossy().parse().expect("a source");
    assert!(spec.open().map(|_| ()).expect_err("refused").to_string().contains("pipe"));
    let spec: fleeting::source::SourceSpec = "video:/dev/zero".parse().expect("a source");
    assert!(spec.open().map(|_| ()).expect_err("refused").to_string().contains("device"));
}
