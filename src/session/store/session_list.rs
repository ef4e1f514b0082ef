//! Sessions in a folder: listing them, finding those past their date, and deleting one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{DATABASE, OWN_FILES, StoreError, bytes_in, open, read, review};
use crate::model::provenance::Provenance;
use crate::session::consent::Consent;
use crate::session::sound_track::SOUND_FILE;

/// What can be said about a stored session without reading all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    /// Its folder.
    pub folder: PathBuf,
    /// What was agreed.
    pub consent: Option<Consent>,
    /// What made it, and when.
    pub provenance: Provenance,
    /// Bytes of its files.
    pub bytes: u64,
    /// True if it is being recorded at the moment.
    pub is_recording: bool,
}

impl StoredSession {
    /// True if it may no longer be kept.
    pub fn is_past(&self, today: Date) -> bool {
        self.consent.as_ref().is_some_and(|consent| consent.is_past(today))
    }
}

/// What a deletion did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Bytes that are gone.
    pub bytes: u64,
    /// Other files in the folder, which were not deleted.
    pub left: Vec<PathBuf>,
}

/// Today, by this machine's clock and time zone.
pub fn today() -> Date {
    jiff::ZonedDateTime::now().date()
}

/// The default folder for sessions; `None` if the system knows no home folder.
pub fn usual_folder() -> Option<PathBuf> {
    let dirs = directories::UserDirs::new()?;
    Some(dirs.video_dir().unwrap_or_else(|| dirs.home_dir()).join("Fleeting"))
}

/// Free bytes on the disk of `folder`, which need not exist yet; `None` if the system does not say.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    // Above a name without folder is the folder in which the program runs.
    let above = folder.ancestors().filter(|above| !above.as_os_str().is_empty());
    let existing = above.chain([Path::new(".")]).find(|above| above.exists())?;
    fs4::available_space(existing).ok()
}

/// Reads the most important facts about the session in `folder`.
pub fn look(folder: &Path) -> Result<StoredSession, StoreError> {
    let path = folder.join(DATABASE);
    open::check_header(folder, &path)?;
    let is_recording = matches!(open::lock_left_over(folder), Err(StoreError::Recording { .. }));
    let (db, _) = open::connect(folder, &path)?;
    open::check_version(&db, &path)?;
    let failed = |error| StoreError::of_database(&path, error);
    Ok(StoredSession {
        folder: folder.into(),
        consent: read::consent(&db).map_err(failed)?,
        provenance: read::provenance(&db).map_err(failed)?,
        bytes: bytes_in(folder),
        is_recording,
    })
}

/// Every session directly in `root`, by name, or `root` itself if it is one. A session that cannot be read is
/// an error of its own.
pub fn list(root: &Path) -> io::Result<Vec<Result<StoredSession, StoreError>>> {
    if root.join(DATABASE).exists() {
        return Ok(vec![look(root)]);
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(root)? {
        let folder = entry?.path();
        if folder.join(DATABASE).exists() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders.iter().map(|folder| look(folder)).collect())
}

/// Deletes the session in `folder` for good, and the folder if it holds nothing else. The database is deleted
/// last, so that a deletion that was cut off can be repeated.
pub fn delete(folder: &Path) -> Result<Deleted, StoreError> {
    let path = folder.join(DATABASE);
    open::check_header(folder, &path)?;
    // Held to the end, so that no one opens the session meanwhile.
    let _lock = open::lock_left_over(folder)?;
    review::refuse_reviewed(folder)?;
    let mut deleted = Deleted::default();
    let own = own_files(folder).map_err(|error| StoreError::io(folder, error))?;
    for file in own {
        let bytes = fs::metadata(&file).map_or(0, |file| file.len());
        fs::remove_file(&file).map_err(|error| StoreError::io(&file, error))?;
        deleted.bytes += bytes;
    }
    let entries = fs::read_dir(folder).map_err(|error| StoreError::io(folder, error))?;
    deleted.left = entries.flatten().map(|entry| entry.path()).collect();
    deleted.left.sort();
    if deleted.left.is_empty() {
        fs::remove_dir(folder).map_err(|error| StoreError::io(folder, error))?;
    }
    Ok(deleted)
}

/// The session's own files, the database last.
fn own_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        let order = match text.as_ref() {
            DATABASE => 2,
            text if OWN_FILES.contains(&text) => 1,
            text if text == SOUND_FILE || super::is_film_name(text) => 0,
            _ => continue,
        };
        files.push((order, folder.join(name)));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, file)| file).collect())
}
