//! Which recording belongs to which session, as this user's own program has noted it.
//!
//! A session says itself which recording it is of, but a session may come from anybody, and what it names
//! would be opened: any file of this machine, or of another one. So the note is kept outside the sessions,
//! with the user's own data, and counts only where it says the same.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files;
use crate::source::SourceSpec;

/// A session's folder and its recording, both as text.
type Note = (String, String);

/// Notes that `session` is of `recording`, which this program analyses for this user.
pub fn note(session: &Path, recording: &SourceSpec) -> io::Result<()> {
    let Some(list) = list() else { return Ok(()) };
    let mut notes = read(&list);
    // What was deleted or moved is not found by its old place.
    notes.retain(|(session, _)| Path::new(session).exists());
    notes.push((text_of(session)?, recording.to_string()));
    list.parent().map_or(Ok(()), files::create_folder)?;
    files::replace(&list, |file| {
        for note in &notes {
            writeln!(file, "{}", serde_json::to_string(note)?)?;
        }
        Ok(())
    })
}

/// True if it was noted that `session` is of `recording`.
pub(super) fn is_noted(session: &Path, recording: &str) -> bool {
    let (Some(list), Ok(session)) = (list(), text_of(session)) else { return false };
    read(&list).iter().any(|note| note.0 == session && note.1 == recording)
}

fn text_of(session: &Path) -> io::Result<String> {
    Ok(std::path::absolute(session)?.display().to_string())
}

/// Where the notes are; `None` where the system knows no home.
fn list() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "fleeting")?;
    Some(dirs.data_local_dir().join("recordings.jsonl"))
}

/// Every note that can be read.
fn read(list: &Path) -> Vec<Note> {
    let text = files::read_text(list).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
