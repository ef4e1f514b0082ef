//! Sessions as files that other tools read. To add a format: one file, and one line in [`EXPORTERS`].
//!
//! No file is ever overwritten, and one that could not be finished is taken away again, so that
//! whatever lies in the folder afterwards is whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::session::Session;

pub mod csv;
pub mod json;

/// One export format.
#[derive(Debug)]
pub struct Exporter {
    /// The word in `--format`.
    pub name: &'static str,
    /// One line for menus and help.
    pub about: &'static str,
    /// The files that it writes into the folder.
    pub files: &'static [FileFormat],
}

/// One file of a format.
#[derive(Debug)]
pub struct FileFormat {
    /// The file's name.
    pub name: &'static str,
    /// Writes its content.
    pub write: fn(&Session, &mut dyn Write) -> io::Result<()>,
}

/// Every export format, in the order menus show them.
pub static EXPORTERS: &[Exporter] = &[csv::EXPORTER, json::EXPORTER];

/// What an export wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The new files.
    pub files: Vec<PathBuf>,
    /// What a reader of the files should know, one sentence each.
    pub remarks: Vec<String>,
}

/// Why a session could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file system said no.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        error: io::Error,
    },
    /// Writing would replace something.
    #[error("{}: already exists, and nothing is overwritten; choose another folder", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// No such format.
    #[error("format `{found}`: expected one of {expected}")]
    UnknownFormat {
        /// What was asked for.
        found: String,
        /// Names of [`EXPORTERS`].
        expected: String,
    },
    /// A file that is not the session it should be.
    #[error("{}: expected a session as written by `--format json`, found {found}", path.display())]
    NotASession {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
}

/// The format called `name`.
pub fn exporter(name: &str) -> Result<&'static Exporter, ExportError> {
    EXPORTERS.iter().find(|exporter| exporter.name == name).ok_or_else(|| {
        let names: Vec<_> = EXPORTERS.iter().map(|exporter| exporter.name).collect();
        ExportError::UnknownFormat { found: name.into(), expected: names.join(", ") }
    })
}

impl Exporter {
    /// Writes `session` into `folder`, which is made if it is not there.
    pub fn write(&self, session: &Session, folder: &Path) -> Result<Written, ExportError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| ExportError::Io { path: folder.into(), error })?;
        // All are looked for first, so that a second export leaves no half of itself.
        let paths: Vec<_> = self.files.iter().map(|file| folder.join(file.name)).collect();
        if let Some(path) = paths.iter().find(|path| path.exists()) {
            return Err(ExportError::Exists { path: path.clone() });
        }
        for (file, path) in self.files.iter().zip(&paths) {
            write_new(path, |out| (file.write)(session, out))?;
        }
        Ok(Written { files: paths, remarks: remarks(session) })
    }
}

fn remarks(session: &Session) -> Vec<String> {
    let folded = session.history.folded();
    if folded == 0 {
        return Vec::new();
    }
    vec![format!(
        "The first {folded} of {} samples are no longer kept and are not in the files.",
        session.history.len()
    )]
}

/// Writes a file that is not there yet, whole or not at all.
pub fn write_new(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ExportError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists { path: path.into() },
        _ => ExportError::Io { path: path.into(), error },
    };
    let file = File::create_new(path).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let written = content(&mut out).and_then(|()| out.flush());
    written.map_err(|error| match std::fs::remove_file(path) {
        Ok(()) => failed(error),
        Err(_) => failed(io::Error::new(error.kind(), format!("left unfinished: {error}"))),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::{ActionUnit, EmotionReading, Event, EventKind, Moment, MovingUnit};
    use crate::event::{Origin, Side};
    use crate::pipeline::RegionMotion;
    use crate::pipeline::quality::{Quality, Trouble};
    use crate::session::{Sample, Score};
    use crate::source::{Notice, NoticeKind};
    use crate::time::Timestamp;

    /// Three frames, the middle one without a face, and one event.
    pub(crate) fn session() -> Session {
        let mut session = Session::default();
        session.source.name = "clip, \"one\".mp4".into();
        session.threshold = Some(Score { micro: 0.5, macro_: 0.25 });
        for seq in 0..3 {
            let face = seq != 1;
            let mut quality = Quality { rate_fps: 30.0, ..Quality::default() };
            if !face {
                quality.trouble = Trouble::NO_FACE.with(Trouble::GAP);
                quality.yaw_deg = f32::NAN;
            }
            session.history.push(Sample {
                seq,
                time: Timestamp::of_frame(seq, 30.0),
                quality,
                motion: face
                    .then_some(RegionMotion { regions: [[0.5, -0.25]; 23], head: [1.0, 2.0] }),
                score: face.then_some(Score { micro: 0.75, macro_: 0.125 }),
            });
        }
        session.log(Notice { kind: NoticeKind::Info, text: "two\nlines".into() });
        let moment = |frame| Moment { frame, time: Timestamp::of_frame(frame, 30.0) };
        session.events.push(Event {
            id: 0,
            kind: EventKind::Micro,
            onset: moment(0),
            apex: moment(1),
            offset: moment(2),
            score: 0.75,
            action_units: vec![MovingUnit {
                unit: ActionUnit(12),
                side: Side::Left,
                probability: 0.5,
            }],
            emotion: Some(EmotionReading { probabilities: [0.25, 0.5, 0.25], clear: true }),
            trouble: Trouble::BLINK,
            origin: Origin::Model,
        });
        session
    }

    #[test]
    fn nothing_is_overwritten_and_no_half_export_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for exporter in EXPORTERS {
            let folder = folder.path().join(exporter.name);
            let written = exporter.write(&session(), &folder).expect(exporter.name);
            let before: Vec<_> = written.files.iter().map(|f| std::fs::read(f).ok()).collect();
            // Only the last file is in the way, and still none of the others is written.
            for path in written.files.iter().rev().skip(1) {
                std::fs::remove_file(path).expect("removable");
            }
            let error = exporter.write(&Session::default(), &folder).expect_err("in the way");
            assert!(error.to_string().contains("already exists"), "{error}");
            assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1);
            let last = written.files.last().expect("a file");
            assert_eq!(Some(std::fs::read(last).ok()), before.last().cloned());
        }
    }

    #[test]
    fn a_file_that_could_not_be_finished_is_taken_away() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x");
        let full = || io::Error::other("disk full");
        let error = write_new(&path, |out| out.write_all(b"half").and(Err(full())));
        assert!(error.is_err_and(|e| e.to_string().contains("disk full")));
        assert!(!path.exists());
    }

    #[test]
    fn an_unknown_format_names_the_known_ones() {
        let error = exporter("xls").expect_err("unknown").to_string();
        assert!(error.contains("xls") && error.contains("csv, json"), "{error}");
    }

    #[test]
    fn no_two_formats_share_a_name_or_a_file() {
        let mut names: Vec<_> = EXPORTERS.iter().map(|e| e.name).collect();
        names.extend(EXPORTERS.iter().flat_map(|e| e.files).map(|f| f.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
