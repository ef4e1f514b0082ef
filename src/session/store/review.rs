//! Warns if two windows have the same session open: each of them is told.
//!
//! A window that reviews a session locks a file in its folder. The file begins with the number of the
//! window's process. A window that finds the file locked adds a line, so that the first window sees that it
//! is not alone.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{REVIEW_LOCK, Store, StoreError, refuse_links};
use crate::files;

/// A file that is open for reading and adding, and how much of it was read.
#[derive(Debug)]
pub(super) struct Hold {
    file: File,
    is_held: bool,
    known_bytes: u64,
}

/// Shown to the window that opens the session second.
const SECOND: &str = "Another window has this session open. What is said there is not seen here until it \
                      is opened again.";

/// Shown to the window that opened the session first.
const FIRST: &str = "Another window has opened this session too. What is said there is not seen here until it \
                     is opened again.";

impl Store {
    /// Locks the session for a window that reviews it, until the store is dropped. Returns what to tell the
    /// user if another window has it open. Does nothing if the folder cannot be written.
    pub fn hold_for_review(&mut self) -> Option<String> {
        let hold = Hold::open(&self.folder).ok()?;
        let is_second = !hold.is_held && !hold.is_of_this_process();
        self.review = Some(hold);
        is_second.then(|| SECOND.to_owned())
    }

    /// What to tell the person who reviews: that another window has opened the session since the last call,
    /// or that its files are gone. `None` otherwise.
    pub fn look_for_others(&mut self) -> Option<String> {
        if self.is_in_file && self.path().symlink_metadata().is_err() {
            self.is_in_file = false;
            return Some(StoreError::Gone { path: self.folder.clone() }.to_string());
        }
        self.review.as_mut().is_some_and(Hold::has_grown).then(|| FIRST.to_owned())
    }
}

impl Hold {
    fn open(folder: &Path) -> Result<Self, StoreError> {
        refuse_links(folder)?;
        let path = folder.join(REVIEW_LOCK);
        let failed = |error| StoreError::io(&path, error);
        let mut options = files::options();
        let options = options.read(true).append(true).create(true);
        let mut file = options.open(&path).map_err(failed)?;
        let is_held = file.try_lock().is_ok();
        if is_held {
            file.set_len(0).map_err(failed)?;
        }
        let written = writeln!(file, "{}", std::process::id());
        // Some systems let no one write to a file that another process has locked.
        if is_held {
            written.map_err(failed)?;
        }
        let known_bytes = file.metadata().map_err(failed)?.len();
        Ok(Self { file, is_held, known_bytes })
    }

    /// True if the lock belongs to this process: a window opens a session again before it closes the old one.
    fn is_of_this_process(&self) -> bool {
        let mut text = String::new();
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
        read.is_ok() && text.lines().next() == Some(std::process::id().to_string().as_str())
    }

    /// True if another window has added a line.
    fn has_grown(&mut self) -> bool {
        // The window that held it may be gone.
        self.is_held = self.is_held || self.file.try_lock().is_ok();
        let bytes = self.file.metadata().map_or(self.known_bytes, |file| file.len());
        let has_grown = bytes > self.known_bytes;
        self.known_bytes = bytes;
        has_grown && self.is_held
    }
}

/// Fails if a window has the session in `folder` open.
pub(super) fn refuse_reviewed(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(REVIEW_LOCK);
    match File::open(&path).map(|file| file.try_lock()) {
        Ok(Err(std::fs::TryLockError::WouldBlock)) => {
            Err(StoreError::Reviewed { path: folder.into() })
        }
        _ => Ok(()),
    }
}
