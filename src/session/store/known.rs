//! Which recording belongs to which session, noted by this user's own program.
//!
//! A session names its recording, but a session may come from anyone. Opening what it names would open any
//! file on this machine, or on another one. So the notes are kept outside the sessions, with the user's own
//! data, and a recording is opened only if a note agrees.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files;
use crate::source::SourceSpec;

/// A session's folder and its recording, both as text.
type Note = (String, String);

/// Notes that `session` is of `recording`. Called when this program analyses it for this user.
pub fn note(session: &Path, recording: &SourceSpec) -> io::Result<()> {
    let Some(list) = list() else { return Ok(()) };
    let mut notes = read(&list);
    // Notes about sessions that were deleted or moved are removed.
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

/// True if there is a note that `session` is of `recording`.
pub(super) fn is_noted(session: &Path, recording: &str) -> bool {
    let (Some(list), Ok(session)) = (list(), text_of(session)) else { return false };
    read(&list).iter().any(|note| note.0 == session && note.1 == recording)
}

fn text_of(session: &Path) -> io::Result<String> {
    Ok(std::path::absolute(session)?.display().to_string())
}

/// Path of the notes; `None` if the system knows no home folder.
fn list() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "fleeting")?;
    Some(dirs.data_local_dir().join("recordings.jsonl"))
}

/// Every note that can be read.
fn read(list: &Path) -> Vec<Note> {
    let text = files::read_text(list).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
