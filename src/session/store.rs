//! A stored session: a folder with a database of all that was measured and said, and the pictures.
//!
//! Nothing in it is ever overwritten. What was added before [`Store::commit`] returned survives a killed
//! program; what was added before [`Store::sync`] returned survives a power cut. A session that was cut off
//! is repaired when it is opened, and the reader is told what was missing.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, params};

use super::annotation::{Entry, Rater};
use super::consent::Consent;
use super::record::Record;
use crate::files;
use crate::measure::effort::EffortStep;
use crate::measure::event::Event;
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, SourceInfo};
use crate::model::provenance::Provenance;
use crate::session::counts::Loss;
use crate::session::record::Stats;
use crate::session::sound_track::SoundLoss;
use crate::source::SourceSpec;

pub mod known;
mod open;
mod pictures;
mod read;
mod review;
mod rows;
mod schema;
pub mod session_list;

pub use open::{Opened, open, open_of_recording};

/// Name of the database. A folder that holds it is a session.
pub const DATABASE: &str = "session.sqlite";

/// Usual ending of the name of a session's folder.
pub const FOLDER_ENDING: &str = "fleeting";

/// Beginning and end of the name of a picture file; its number stands between them.
pub(super) const FILM_NAME: (&str, &str) = ("pictures-", ".mkv");

/// Name of picture file number `segment`, counted from 1.
pub(super) fn segment_name(segment: u32) -> String {
    format!("{}{segment}{}", FILM_NAME.0, FILM_NAME.1)
}

/// True if a picture file of a session may have this name.
fn is_film_name(name: &str) -> bool {
    let number = name.strip_prefix(FILM_NAME.0).and_then(|rest| rest.strip_suffix(FILM_NAME.1));
    number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()) && n.parse::<u32>().is_ok())
}

/// Keys in the table `fact`.
const BEGUN: &str = "begun_at_unix_ms";
const WITH_PICTURES: &str = "with_pictures";

/// The recorder of a session holds a lock on this file.
const LOCK: &str = "recording.lock";

/// The window that reviews the session holds a lock on this file. Another window that opens it adds a line.
const REVIEW_LOCK: &str = "review.lock";

/// Why a session cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused to open, read or write a file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// There is a session already, and nothing is overwritten.
    #[error("{}: already holds a session, and nothing is overwritten; choose another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder or its database is not that of a session.
    #[error("{}: expected {expected}, found {found}", path.display())]
    NotASession {
        /// The file or folder.
        path: PathBuf,
        /// The expected content.
        expected: &'static str,
        /// The content that was found.
        found: String,
    },
    /// It is being recorded at the moment.
    #[error("{}: is being recorded; stop the recording first", path.display())]
    Recording {
        /// The folder.
        path: PathBuf,
    },
    /// A window has it open at the moment.
    #[error("{}: is open for review in a window; close it there first", path.display())]
    Reviewed {
        /// The folder.
        path: PathBuf,
    },
    /// Its files were deleted or moved while it was open.
    #[error("{}: is not there any more, so nothing can be added to it; somebody deleted or moved it", path.display())]
    Gone {
        /// The folder.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("{}: the disk is full", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The disk cannot be read or written. SQLite reports a quota in this way, and some writes to a full
    /// disk.
    #[error(
        "{}: the disk cannot be written to or read; it may be full, over its quota or gone ({error})",
        path.display()
    )]
    Disk {
        /// The database.
        path: PathBuf,
        /// What SQLite answered.
        error: rusqlite::Error,
    },
    /// The session was opened in a place where nothing can be written.
    #[error("{}: is on a read-only disk or folder, so nothing can be added to it; copy it elsewhere first", path.display())]
    ReadOnly {
        /// The folder.
        path: PathBuf,
    },
    /// The database answered with another error.
    #[error("{}: {error}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite answered.
        error: rusqlite::Error,
    },
}

impl StoreError {
    fn io(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full { path: path.into() },
            _ => Self::Io { path: path.into(), error },
        }
    }

    fn damaged(path: &Path, found: &str) -> Self {
        let expected = "a whole database";
        let found = format!("one that is cut off or damaged ({found})");
        Self::NotASession { path: path.into(), expected, found }
    }

    fn of_database(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, error },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::TooBig) => {
                let expected = "a session whose values have the size that such values have";
                Self::NotASession { path, expected, found: "a value of many megabytes".into() }
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::damaged(&path, &error.to_string())
            }
            _ => Self::Database { path, error },
        }
    }
}

/// What is known when a session begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// What was agreed; `None` if no one was asked, as for a video that is analysed.
    pub consent: Option<Consent>,
    /// The models and settings that make the numbers.
    pub provenance: Provenance,
    /// True if pictures are stored, false for scores only.
    pub with_pictures: bool,
}

/// An open session that can be added to. Rows that were not committed are lost when it is dropped.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    folder: PathBuf,
    /// True if rows were added since the last commit.
    is_dirty: bool,
    /// Time of the newest sample.
    newest: Timestamp,
    /// The lock of a recorder.
    lock: Option<File>,
    /// The lock of a window that reviews it.
    review: Option<review::Hold>,
    /// The recording that the user named for it.
    recording: Option<SourceSpec>,
    /// True if the database is a file, which may be deleted; false for a copy in memory.
    is_in_file: bool,
}

impl Store {
    /// Begins a session in `folder`. The folder is created if it does not exist; it must not hold a session.
    pub fn create(folder: &Path, beginning: &Beginning) -> Result<Self, StoreError> {
        files::create_folder(folder).map_err(|error| StoreError::io(folder, error))?;
        let path = folder.join(DATABASE);
        files::options().write(true).create_new(true).open(&path).map_err(|error| {
            match error.kind() {
                io::ErrorKind::AlreadyExists => StoreError::Exists { path: folder.into() },
                _ => StoreError::io(&path, error),
            }
        })?;
        Self::fill(folder, &path, beginning).inspect_err(|_| {
            // A session that never began must not look like one later.
            for name in [DATABASE, LOCK] {
                if let Err(error) = fs::remove_file(folder.join(name)) {
                    tracing::warn!("{}: {name}: {error}", folder.display());
                }
            }
        })
    }

    fn fill(folder: &Path, path: &Path, beginning: &Beginning) -> Result<Self, StoreError> {
        let lock = lock(folder)?;
        let mut db = schema::connect(path)?;
        // In this order, so that the header of the file names its program from the first moment on.
        schema::lay_out(&mut db)
            .and_then(|()| schema::make_ready(&db, schema::Sync::WhenAsked))
            .map_err(|error| StoreError::of_database(path, error))?;
        let mut store = Self { lock: Some(lock), ..Self::over(db, folder) };
        store.begin(beginning)?;
        store.commit()?;
        Ok(store)
    }

    fn over(db: Connection, folder: &Path) -> Self {
        let (folder, newest) = (folder.into(), Timestamp::ZERO);
        Self {
            db,
            folder,
            is_dirty: false,
            newest,
            lock: None,
            review: None,
            recording: None,
            is_in_file: true,
        }
    }

    /// The session's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn begin(&mut self, beginning: &Beginning) -> Result<(), StoreError> {
        let Beginning { consent, provenance, with_pictures } = beginning;
        self.write(|db| {
            let facts = [
                ("program", provenance.program.as_str()),
                ("source", &provenance.source),
                ("settings", &provenance.settings),
                (WITH_PICTURES, if *with_pictures { "true" } else { "false" }),
            ];
            for fact in facts {
                db.execute("INSERT INTO fact VALUES (?, ?)", fact)?;
            }
            for model in &provenance.models {
                db.execute(
                    "INSERT INTO model (task, file, sha256) VALUES (?, ?, ?)",
                    [&model.task, &model.file, &model.sha256],
                )?;
            }
            Ok(())
        })?;
        provenance.begun_at_unix_ms.map_or(Ok(()), |ms| self.append_begun(ms))?;
        consent.as_ref().map_or(Ok(()), |consent| self.append_consent(consent))
    }

    /// Stores the wall clock at the first frame, milliseconds since 1970, UTC. Called once for a session.
    pub fn append_begun(&mut self, unix_ms: i64) -> Result<(), StoreError> {
        let ms = unix_ms.to_string();
        self.write(|db| db.execute("INSERT INTO fact VALUES (?, ?)", [BEGUN, &ms]))
    }

    /// Appends a consent; the newest one holds.
    pub fn append_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let keep_until = consent.keep_until.map(|date| date.to_string());
        self.write(|db| {
            db.execute(
                "INSERT INTO consent (at_unix_ms, who, purpose, keep_until, sound) \
                 VALUES (?, ?, ?, ?, ?)",
                params![
                    unix_ms_now(),
                    consent.who,
                    consent.purpose,
                    keep_until,
                    consent.with_sound
                ],
            )
        })
    }

    /// Appends a record of the engine.
    pub fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Opened(info) => self.append_source(info),
            Record::Samples(samples) => samples.iter().try_for_each(|s| self.append_sample(s)),
            Record::Event(event, _) => self.append_event(event),
            Record::Notice(notice) => self.append_notice(notice),
            Record::Stats(stats) => self.append_stats(stats),
            Record::Lost(loss) => self.append_loss(loss),
            Record::Effort(step) => self.append_effort(step),
            Record::Threshold(score) => {
                let time = self.newest.nanos();
                self.write(|db| {
                    db.execute(
                        "INSERT INTO threshold (time_ns, micro, macro) VALUES (?, ?, ?)",
                        params![time, score.micro, score.macro_],
                    )
                })
            }
            Record::Baselined(baseline) => self.write(|db| {
                let json = rows::json(baseline.as_ref())?;
                db.execute("INSERT INTO baseline (baseline_json) VALUES (?)", [json])
            }),
            Record::BaselineDropped => self
                .write(|db| db.execute("INSERT INTO baseline (baseline_json) VALUES ('null')", [])),
        }
    }

    /// Appends what is known about the source from now on.
    pub fn append_source(&mut self, info: &SourceInfo) -> Result<(), StoreError> {
        let time = self.newest.nanos();
        self.write(|db| {
            let json = rows::json(info)?;
            db.execute("INSERT INTO source (time_ns, info_json) VALUES (?, ?)", params![time, json])
        })
    }

    /// Appends the next sample.
    pub fn append_sample(&mut self, sample: &Sample) -> Result<(), StoreError> {
        self.newest = sample.time;
        self.write(|db| rows::add_sample(db, sample))
    }

    /// Appends an event that the model found.
    pub fn append_event(&mut self, event: &Event) -> Result<(), StoreError> {
        self.write(|db| rows::add_event(db, event))
    }

    /// Appends a notice, at the time of the newest sample.
    pub fn append_notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let time = self.newest.nanos();
        self.write(|db| {
            let kind = rows::json(&notice.kind)?;
            db.execute(
                "INSERT INTO notice (time_ns, kind, text) VALUES (?, ?, ?)",
                params![time, kind.trim_matches('"'), notice.text],
            )
        })
    }

    fn append_loss(&mut self, loss: &Loss) -> Result<(), StoreError> {
        let Loss { first, frames, reason } = *loss;
        let (first, frames) = (rows::whole(first), rows::whole(frames));
        self.write(|db| {
            let sql = "INSERT INTO loss (first_frame, frames, reason) VALUES (?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![first, frames, reason.name()])
        })
    }

    /// Appends a stretch of lost sound.
    pub fn append_sound_loss(&mut self, loss: &SoundLoss) -> Result<(), StoreError> {
        let nanos = Timestamp::from_secs(loss.secs).nanos();
        self.write(|db| {
            let sql = "INSERT INTO sound_loss (time_ns, lost_ns) VALUES (?, ?)";
            db.prepare_cached(sql)?.execute(params![loss.at.nanos(), nanos])
        })
    }

    fn append_effort(&mut self, step: &EffortStep) -> Result<(), StoreError> {
        let EffortStep { first, effort } = *step;
        self.write(|db| {
            let sql = "INSERT INTO effort (first_frame, effort) VALUES (?, ?)";
            db.prepare_cached(sql)?.execute(params![rows::whole(first), effort.name()])
        })
    }

    fn append_stats(&mut self, stats: &Stats) -> Result<(), StoreError> {
        let Stats { analysed, dropped, source_fps, analysis_fps, frame_ms, .. } = *stats;
        let time = self.newest.nanos();
        let (analysed, dropped) = (rows::whole(analysed), rows::whole(dropped));
        self.write(|db| {
            db.execute(
                "INSERT INTO stats (time_ns, analysed, dropped, source_fps, analysis_fps, frame_ms) \
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![time, analysed, dropped, source_fps, analysis_fps, frame_ms],
            )
        })
    }

    /// Appends an act of a person. It is lost unless committed.
    pub fn append_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.write(|db| {
            let act = rows::json(&entry.act)?;
            db.prepare_cached("INSERT INTO entry (rater, at_unix_ms, act_json) VALUES (?, ?, ?)")?
                .execute(params![entry.rater, entry.at_unix_ms, act])
        })
    }

    /// Appends a rater, or how a known rater works from now on.
    pub fn append_rater(&mut self, rater: &Rater) -> Result<(), StoreError> {
        let file = rater.imported.as_ref().map(|imported| &imported.file);
        let acts = rater.imported.as_ref().map(|imported| rows::whole(imported.acts));
        self.write(|db| {
            db.execute(
                "INSERT INTO rater (name, blind, imported_from, imported_acts) VALUES (?, ?, ?, ?)",
                params![rater.name, rater.blind, file, acts],
            )
        })
    }

    /// Appends a whole layer and commits it; if that fails, nothing of it.
    pub fn append_layer(&mut self, raters: &[Rater], entries: &[Entry]) -> Result<(), StoreError> {
        self.commit()?;
        let done = raters.iter().try_for_each(|rater| self.append_rater(rater));
        let done = done.and_then(|()| entries.iter().try_for_each(|e| self.append_entry(e)));
        done.and_then(|()| self.commit()).inspect_err(|_| {
            if let Err(error) = self.take_back() {
                tracing::error!("{error}");
            }
        })
    }

    /// Removes what was not committed.
    fn take_back(&mut self) -> Result<(), StoreError> {
        if !self.db.is_autocommit() {
            self.db.execute_batch("ROLLBACK").map_err(|error| self.failed(error))?;
        }
        self.is_dirty = false;
        Ok(())
    }

    /// Appends the name of the next picture file in the session's folder.
    pub fn append_film(&mut self, file: &str, size_px: (usize, usize)) -> Result<(), StoreError> {
        let (width, height) = (rows::whole(size_px.0 as u64), rows::whole(size_px.1 as u64));
        self.write(|db| {
            db.execute(
                "INSERT INTO film (file, width_px, height_px) VALUES (?, ?, ?)",
                params![file, width, height],
            )
        })
    }

    /// Hands everything appended so far to the system, so that killing the program does not lose it.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.is_dirty {
            // A deleted file takes what is written, but no one can read it.
            if self.is_in_file && self.path().symlink_metadata().is_err() {
                return Err(StoreError::Gone { path: self.folder.clone() });
            }
            self.db.execute_batch("COMMIT").map_err(|error| self.failed(error))?;
            self.is_dirty = false;
        }
        Ok(())
    }

    /// Commits, and waits until everything is on the disk, so that a power cut does not lose it either. Takes
    /// tens of milliseconds on some disks.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.commit()?;
        let path = self.folder.join(format!("{DATABASE}-wal"));
        match OpenOptions::new().write(true).open(&path).and_then(|journal| journal.sync_data()) {
            // Without such a journal, the database needs no sync of it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io(&path, error))
            }
            _ => Ok(()),
        }
    }

    /// Ends a recording, and leaves one complete file. `reason` says why, if the user did not ask for it.
    pub fn finish(mut self, reason: Option<&str>) -> Result<(), StoreError> {
        self.end(reason)?;
        let path = self.path();
        self.db.close().map_err(|(_, error)| StoreError::of_database(&path, error))?;
        if self.lock.is_some() {
            let path = self.folder.join(LOCK);
            fs::remove_file(&path).map_err(|error| StoreError::io(&path, error))?;
        }
        Ok(())
    }

    /// Stores that the recording has ended.
    fn end(&mut self, reason: Option<&str>) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute(
                "INSERT INTO ending (at_unix_ms, reason) VALUES (?, ?)",
                params![unix_ms_now(), reason],
            )
        })?;
        self.commit()
    }

    /// Bytes that the session takes on the disk.
    pub fn bytes(&self) -> u64 {
        bytes_in(&self.folder)
    }

    /// Runs `add` in the open transaction, or begins one.
    fn write<T>(
        &mut self,
        add: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<(), StoreError> {
        let begin = |db: &Connection| {
            if self.is_dirty { Ok(()) } else { db.execute_batch("BEGIN IMMEDIATE") }
        };
        let done = begin(&self.db).and_then(|()| add(&self.db)).map_err(|error| self.failed(error));
        // Some failures undo the whole transaction, among them a full disk.
        self.is_dirty = !self.db.is_autocommit();
        done.map(|_| ())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::of_database(&self.path(), error)
    }
}

/// The wall clock, milliseconds since 1970, UTC.
pub fn unix_ms_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Bytes of the files directly in `folder`.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(|m| m.is_file()).map(|m| m.len()).sum()
}

/// Refuses a session with links in place of its own files: whoever made them chose what would be overwritten.
fn refuse_links(folder: &Path) -> Result<(), StoreError> {
    for name in OWN_FILES {
        let path = folder.join(name);
        let found = match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => "a link",
            Ok(found) if !found.is_file() => "no file but a folder, pipe or device",
            _ => continue,
        };
        let (expected, found) = ("a file of the session's own", found.into());
        return Err(StoreError::NotASession { path, expected, found });
    }
    Ok(())
}

/// The session's own files except its pictures. The last three belong to SQLite.
const OWN_FILES: [&str; 6] = [
    DATABASE,
    LOCK,
    REVIEW_LOCK,
    "session.sqlite-wal",
    "session.sqlite-shm",
    "session.sqlite-journal",
];

/// Takes the lock of a recorder in `folder`. The system releases it when the recorder's process ends.
fn lock(folder: &Path) -> Result<File, StoreError> {
    refuse_links(folder)?;
    let path = folder.join(LOCK);
    let file = files::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|error| StoreError::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Recording { path: folder.into() }),
        Err(TryLockError::Error(error)) => Err(StoreError::io(&path, error)),
    }
}

#[cfg(test)]
mod tests;
