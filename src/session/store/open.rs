//! Reading a stored session, and repairing one that was cut off.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::{
    DATABASE, LOCK, Store, StoreError, lock, pictures, read, refuse_links, schema, session_list,
};
use crate::measure::time::Timestamp;
use crate::media::pictures::Pictures;
use crate::session::Session;
use crate::session::sound::{self, SoundPlace};
use crate::session::sound_track::SOUND_FILE;
use crate::source::SourceSpec;

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The expected content.
const EXPECTED: &str = "a session recorded by Fleeting";

/// Position of the application's number in the header.
const ID_AT: usize = 68;

/// A session that was read.
pub struct Opened {
    /// Everything that was measured and said, with every sample whole.
    pub session: Session,
    /// To add to it.
    pub store: Store,
    /// Its pictures; `None` if it was recorded without pictures, or if they are missing.
    pub pictures: Option<Box<dyn Pictures>>,
    /// Its sound; `None` if it has none, or if it is missing.
    pub sound: Option<SoundPlace>,
    /// What was repaired and what is missing, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads the session in `folder`. If its recording was cut off, it is repaired first. A folder that cannot be
/// written can be read all the same; adding to it then fails.
pub fn open(folder: &Path) -> Result<Opened, StoreError> {
    open_of_recording(folder, None)
}

/// The same, with the recording that the user named for the session. Without it, the recording that the
/// session names is opened only if it lies beside the session or if this user has analysed it.
pub fn open_of_recording(
    folder: &Path,
    recording: Option<&SourceSpec>,
) -> Result<Opened, StoreError> {
    let path = folder.join(DATABASE);
    check_header(folder, &path)?;
    let left_over = lock_left_over(folder)?;
    let (db, is_writable) = connect(folder, &path)?;
    check_version(&db, &path)?;
    check_soundness(&db, &path)?;
    let mut store = Store::over(db, folder);
    store.recording = recording.cloned();
    store.is_in_file = is_writable;
    let failed = |error| StoreError::of_database(&path, error);
    schema::migrate(&mut store.db, schema::STEPS).map_err(failed)?;
    let mut session = read::session(&store.db).map_err(failed)?;
    store.newest = session.history.span().map_or(Timestamp::ZERO, |(_, last)| last);
    let mut remarks = Vec::new();
    close_what_was_cut_off(&mut store, &session, &mut remarks)?;
    if is_writable {
        if left_over.is_some()
            && let Err(error) = fs::remove_file(folder.join(LOCK))
        {
            // The files can be written but not the folder: the next one to open it finds the lock again.
            tracing::debug!("{}: {LOCK}: {error}", folder.display());
        }
    } else {
        remarks.push("The folder cannot be written to, so nothing can be added here.".into());
        store.db.pragma_update(None, "query_only", true).map_err(failed)?;
    }
    let past = session.consent.as_ref().filter(|consent| consent.is_past(session_list::today()));
    if let Some(date) = past.and_then(|consent| consent.keep_until) {
        remarks.push(format!("It was to be kept until {date}, which has passed: delete it."));
    }
    let (pictures, films, source) = pictures::open(&store, is_writable, &mut remarks)?;
    session.films = films;
    session.sound = sound_beside(folder);
    let sound = match (&session.sound, source) {
        (Some(name), _) => Some(SoundPlace::beside(folder.join(name))),
        (None, Some(source)) => sound::of_source(&source, &session.source),
        (None, None) => None,
    };
    Ok(Opened { session, store, pictures, sound, remarks })
}

/// The name of the sound file, if there is one. A link may lead to any file.
fn sound_beside(folder: &Path) -> Option<String> {
    let found = folder.join(SOUND_FILE).symlink_metadata();
    found.is_ok_and(|found| found.is_file()).then(|| SOUND_FILE.to_owned())
}

/// Reads the header without opening the file as a database, which might change a file of another program.
pub(super) fn check_header(folder: &Path, path: &Path) -> Result<(), StoreError> {
    refuse_links(folder)?;
    let is_not = |path: &Path, found: String| {
        Err(StoreError::NotASession { path: path.into(), expected: EXPECTED, found })
    };
    // Opening a pipe would wait for its other end.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return is_not(path, "no file but a folder, pipe or device".into());
    }
    let mut header = Vec::new();
    match File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)) {
        Err(_) if !folder.exists() => return is_not(folder, "nothing of this name".into()),
        Err(_) if !folder.is_dir() => return is_not(folder, "a file".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return is_not(folder, format!("no {DATABASE} in it"));
        }
        Err(error) => return Err(StoreError::io(path, error)),
        Ok(0) => return is_not(path, "an empty file, cut off as it began".into()),
        Ok(_) => {}
    }
    if header.len() < 100 || !header.starts_with(MAGIC) {
        return is_not(path, "a file that is no database".into());
    }
    if header[ID_AT..ID_AT + 4] != schema::APPLICATION_ID.to_be_bytes() {
        return is_not(path, "a database of another program".into());
    }
    Ok(())
}

/// The lock that a recorder left behind when it ended unexpectedly; an error while the recorder runs.
pub(super) fn lock_left_over(folder: &Path) -> Result<Option<File>, StoreError> {
    if !folder.join(LOCK).exists() {
        return Ok(None);
    }
    match lock(folder) {
        Ok(file) => Ok(Some(file)),
        Err(error @ StoreError::Recording { .. }) => Err(error),
        // A file that cannot be written is not being recorded.
        Err(_) => Ok(None),
    }
}

/// The database, and true if it can be written.
pub(super) fn connect(folder: &Path, path: &Path) -> Result<(Connection, bool), StoreError> {
    let failed = |error| StoreError::of_database(path, error);
    let opened = schema::connect(path).and_then(|db| {
        schema::make_ready(&db, schema::Sync::Always).map_err(failed)?;
        db.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)?;
        // SQLite begins a transaction even on a file that is read-only.
        if db.is_readonly("main").map_err(failed)? {
            return Err(StoreError::ReadOnly { path: folder.into() });
        }
        Ok(db)
    });
    match opened {
        Ok(db) => Ok((db, true)),
        Err(StoreError::ReadOnly { .. }) => Ok((in_memory(folder, path)?, false)),
        Err(StoreError::Database { error, .. })
            if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) =>
        {
            Ok((in_memory(folder, path)?, false))
        }
        Err(error) => Err(error),
    }
}

/// A copy in memory, because SQLite cannot read the database if it cannot write files beside it.
pub(super) fn in_memory(folder: &Path, path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::of_database(path, error);
    let copies = Scratch::new()?;
    let copy = copies.0.join(DATABASE);
    fs::copy(path, &copy).map_err(|error| StoreError::io(path, error))?;
    make_writable(&copy)?;
    let journal = format!("{DATABASE}-wal");
    if folder.join(&journal).exists() {
        let from = folder.join(&journal);
        fs::copy(&from, copies.0.join(&journal)).map_err(|error| StoreError::io(&from, error))?;
        make_writable(&copies.0.join(&journal))?;
    }
    let source = schema::connect(&copy)?;
    let mut db = Connection::open_in_memory().map_err(failed)?;
    schema::limit(&db).map_err(failed)?;
    rusqlite::backup::Backup::new(&source, &mut db)
        .and_then(|backup| backup.run_to_completion(4096, std::time::Duration::ZERO, None))
        .map_err(failed)?;
    Ok(db)
}

/// A copy of a read-only file is read-only too.
fn make_writable(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::io(path, error);
    let mut permissions = fs::metadata(path).map_err(failed)?.permissions();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "in a folder that nobody else enters"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).map_err(failed)
}

/// A temporary folder of this process, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, StoreError> {
        let base = std::env::temp_dir();
        let named = |n: u32| base.join(format!("fleeting-{}-{n}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for path in (0..1000).map(named) {
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StoreError::io(&path, error)),
            }
        }
        Err(StoreError::io(&base, io::ErrorKind::AlreadyExists.into()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{}: {error}", self.0.display());
        }
    }
}

pub(super) fn check_version(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::of_database(path, error);
    let (id, version) = schema::identity(db).map_err(failed)?;
    if id != schema::APPLICATION_ID {
        // The header named this program, but then a journal undid the layout.
        return Err(StoreError::NotASession {
            path: path.into(),
            expected: EXPECTED,
            found: "one that was cut off as it began".into(),
        });
    }
    let known = schema::STEPS.len();
    if version > known {
        return Err(StoreError::NotASession {
            path: path.into(),
            expected: "a session that this version can read",
            found: format!("layout {version}, of a newer version, where this one reads {known}"),
        });
    }
    if let Some(stranger) = schema::stranger(db, version).map_err(failed)? {
        let expected = "a session with the tables that Fleeting makes, and no others";
        let found = format!("{stranger:?}, which is not as Fleeting makes it");
        return Err(StoreError::NotASession { path: path.into(), expected, found });
    }
    Ok(())
}

/// Checks every page, which takes about a second for some hours of samples.
fn check_soundness(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::of_database(path, error);
    let sound: String =
        db.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(failed)?;
    if sound != "ok" {
        return Err(StoreError::damaged(path, &sound));
    }
    Ok(())
}

/// Ends a recording that was cut off before it could store its end.
fn close_what_was_cut_off(
    store: &mut Store,
    session: &Session,
    remarks: &mut Vec<String>,
) -> Result<(), StoreError> {
    if read::has_ended(&store.db).map_err(|error| store.failed(error))? {
        return Ok(());
    }
    let (samples, events) = (session.history.len(), session.events.len());
    remarks.push(format!(
        "The recording was cut off (the program or the machine stopped). Everything up to {} is \
         here: {samples} samples and {events} events.",
        store.newest
    ));
    store.end(Some("cut off"))
}
