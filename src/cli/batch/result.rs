//! The file that a finished recording leaves in its folder, by which it is recognised again.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::find::{FoundRecording, Kind};
use crate::exchange::write_new;
use crate::files;
use crate::measure::event::EventKind;
use crate::session::Session;

/// Written last into the folder of a recording. If it is there, all other files are complete.
pub(super) const FILE_NAME: &str = "result.json";

/// Version of what the program measures and writes, for changes without a new program version.
const FORMAT: u32 = 2;

/// The result of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    format: u32,
    /// Path of the recording, below the folder that was analysed.
    pub(super) source: String,
    /// Hash of the video, or of all pictures and their names.
    pub(super) source_sha256: String,
    /// Hash of everything on which the numbers depend: source, settings, models, formats, program.
    pub(super) key: String,
    /// Number of frames.
    pub(super) frames: usize,
    /// Seconds from the first frame to the last.
    pub(super) seconds: f64,
    /// Number of micro-expressions.
    pub(super) micro: usize,
    /// Number of macro-expressions.
    #[serde(rename = "macro")]
    pub(super) macro_: usize,
    /// Number of frames without a score.
    pub(super) unscored: usize,
    /// Number of frames that the recording numbers and that were not analysed.
    pub(super) lost: u64,
    /// Why the analysis ended before the recording did; `None` if it did not.
    pub(super) error: Option<String>,
    /// The files that were written, with their hashes.
    pub(super) files: Vec<Written>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Written {
    name: String,
    sha256: String,
}

impl Outcome {
    /// The result of `session`, with the files in `folder`.
    pub(super) fn of(
        identity: &Identity,
        session: &Session,
        error: Option<String>,
        files: &[PathBuf],
    ) -> io::Result<Self> {
        let of_kind = |kind| session.events.iter().filter(|event| event.kind == kind).count();
        let span = session.history.span();
        let written = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Written { name, sha256: hex(hash_file(path, Sha256::new())?) })
        };
        Ok(Self {
            format: FORMAT,
            source: identity.name.clone(),
            source_sha256: identity.source_sha256.clone(),
            key: identity.key.clone(),
            frames: session.history.len(),
            seconds: span.map_or(0.0, |(first, last)| last.secs_since(first)),
            micro: of_kind(EventKind::Micro),
            macro_: of_kind(EventKind::Macro),
            unscored: session.history.samples().iter().filter(|s| s.score.is_none()).count(),
            lost: session.counts().lost,
            error,
            files: files.iter().map(written).collect::<io::Result<_>>()?,
        })
    }

    /// Reads the result of an earlier run in `folder`; `None` if there is no complete one.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = files::read_text(&folder.join(FILE_NAME)).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(FILE_NAME);
        let written = write_new(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)
        });
        written.map_err(|error| error.to_string())
    }
}

/// The hashes by which a recording is recognised.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) source_sha256: String,
    pub(super) key: String,
}

impl Identity {
    /// Hashes the whole recording. `rest` is everything else on which the numbers depend.
    pub(super) fn of(recording: &FoundRecording, rest: &str) -> io::Result<Self> {
        let source_sha256 = hex(match recording.kind {
            Kind::Video => hash_file(&recording.path, Sha256::new())?,
            Kind::Images => hash_folder(&recording.path)?,
        });
        let mut key = Sha256::new();
        for part in [FORMAT.to_string().as_str(), &source_sha256, rest] {
            key.update(part.as_bytes());
            key.update([0]);
        }
        Ok(Self { name: recording.name.clone(), source_sha256, key: hex(key) })
    }
}

fn hash_file(path: &Path, mut hash: Sha256) -> io::Result<Sha256> {
    let mut reader = BufReader::new(files::open(path)?);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hash),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Hashes names and contents, in order of name.
fn hash_folder(folder: &Path) -> io::Result<Sha256> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update([0]);
        hash.update(hash_file(&path, Sha256::new())?.finalize());
    }
    Ok(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(content: &str, rest: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, content).expect("written");
        let name = "a.mp4".to_owned();
        let recording = FoundRecording { kind: Kind::Video, path, below: "a.mp4".into(), name };
        Identity::of(&recording, rest).expect("readable").key
    }

    #[test]
    fn a_recording_is_known_by_its_bytes_and_by_all_that_the_numbers_depend_on() {
        assert_eq!(key("abc", "settings"), key("abc", "settings"));
        assert_ne!(key("abc", "settings"), key("abd", "settings"));
        assert_ne!(key("abc", "settings"), key("abc", "other settings"));
    }

    #[test]
    fn a_hash_is_the_one_that_others_compute() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").expect("written");
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            hex(hash_file(&path, Sha256::new()).expect("readable")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
