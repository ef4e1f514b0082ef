//! Shared by the targets: the file for a reader, and what is done with what it read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fleeting::exchange::{View, json};
use fleeting::measure::quality::Quality;
use fleeting::measure::sample::Sample;
use fleeting::measure::time::Timestamp;
use fleeting::media::stream::Next;
use fleeting::session::Session;
use fleeting::source::SourceSpec;
use tempfile::TempDir;

/// Number of frames and notices after which a source has shown enough.
const ENOUGH: usize = 48;

/// A folder of this process below `TMPDIR`. Everything that a fuzzer leaves behind is in it.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder")).path()
}

/// A folder in it with nothing in it.
pub fn empty(name: &str) -> PathBuf {
    let path = folder().join(name);
    fs::remove_dir_all(&path).unwrap_or(());
    fs::create_dir(&path).expect("made");
    path
}

/// These bytes in a file called `name`.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, bytes).expect("written");
    path
}

/// An error must name the file that it is about.
pub fn names(error: impl std::fmt::Display, path: &Path) {
    let (text, name) = (error.to_string(), path.file_name().expect("a name"));
    assert!(text.contains(&*name.to_string_lossy()), "{text}");
}

/// Ten seconds that another person may have coded.
pub fn session() -> &'static Session {
    static SESSION: OnceLock<Session> = OnceLock::new();
    SESSION.get_or_init(|| {
        let mut session = Session::keeping_all();
        for seq in 0..300 {
            let (time, quality) = (Timestamp::of_frame(seq, 30.0), Quality::default());
            session.history.push(Sample { seq, time, quality, motion: None, score: None });
        }
        session
    })
}

/// Plays the file at `path`: numbers and times must increase, and pictures must have their stated size.
pub fn play(kind: &str, path: &Path) {
    let spec: SourceSpec = format!("{kind}:{}", path.display()).parse().expect("a source");
    let mut source = match spec.open() {
        Ok(source) => source,
        Err(error) => return names(error, path),
    };
    let mut newest = None;
    for _ in 0..ENOUGH {
        match source.next() {
            Ok(Next::Frame(frame)) => {
                let moment = (frame.seq, frame.time);
                assert!(newest.is_none_or(|(seq, time)| seq < frame.seq && time < frame.time));
                assert_eq!(frame.image.data.len(), 3 * frame.image.width * frame.image.height);
                newest = Some(moment);
            }
            Ok(Next::Notice(_) | Next::Idle) => {}
            Ok(Next::End) => return,
            Err(error) => return names(error, path),
        }
    }
}

/// The JSON of a session must read back.
pub fn round_trip(session: &Session) {
    let out = empty("again");
    // A session that cannot be written must give an error.
    let Ok(written) = json::FORMAT.write(&mut View::of_model(session), &out) else { return };
    let path = written.files.first().expect("a file");
    let read = json::read(path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.history.len(), session.history.len());
    assert_eq!(read.events.len(), session.events.len());
}
