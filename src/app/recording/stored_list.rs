//! What is stored in a folder, and deleting it.

use std::path::PathBuf;

use crate::session::store::StoreError;
use crate::session::store::session_list::{self, StoredSession};

/// The sessions in a folder, and the free room there.
#[derive(Debug, Default)]
pub struct SessionList {
    /// The sessions, by name.
    pub sessions: Vec<StoredSession>,
    /// Those that cannot be read, one sentence each.
    pub unreadable: Vec<String>,
    /// Bytes that are free; `None` if the system does not say.
    pub free_bytes: Option<u64>,
}

impl SessionList {
    /// Reads `folder`; one that does not exist yet is empty. May wait for the disk.
    pub fn look(folder: &std::path::Path) -> Self {
        let listed = session_list::list(folder).unwrap_or_default();
        let mut found = Self { free_bytes: session_list::free_bytes(folder), ..Self::default() };
        for session in listed {
            match session {
                Ok(session) => found.sessions.push(session),
                Err(error) => found.unreadable.push(error.to_string()),
            }
        }
        found
    }

    /// The sessions that may no longer be kept.
    pub fn past(&self) -> Vec<PathBuf> {
        let today = session_list::today();
        let past = self.sessions.iter().filter(|session| session.is_past(today));
        past.map(|session| session.folder.clone()).collect()
    }
}

/// Deletes each session. Returns one sentence for each that could not be deleted or that left other files.
pub fn delete(folders: &[PathBuf]) -> Vec<String> {
    let left = |deleted: session_list::Deleted| {
        let names: Vec<_> = deleted.left.iter().map(|path| path.display().to_string()).collect();
        let words = "not part of the session and still there";
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let one = |folder: &PathBuf| session_list::delete(folder).map(left);
    let words = |done: Result<Option<String>, StoreError>| match done {
        Ok(left) => left,
        Err(error) => Some(error.to_string()),
    };
    folders.iter().map(one).filter_map(words).collect()
}
