//! Other people's events as a rater's layer: tables and ELAN files that Fleeting writes, and those of other
//! programs. Each format is read in its own folder.
//!
//! What is read becomes acts of the rater, as if the rater had done them here. Nothing that the model found
//! is changed, and all of it can be undone. Times are moved to the nearest frame. A file that Fleeting wrote
//! comes back with its verdicts, as corrections of the same events of the model if the session has them. What
//! cannot be kept is said.

use std::fmt;
use std::path::{Path, PathBuf};

use super::event_readers;
use crate::session::Session;
use crate::session::annotation::rater::{Imported, checked_name};
use crate::session::annotation::{Act, Entry, Rater};

pub(crate) mod found;
pub(crate) mod frames;
pub(crate) mod words;

use found::Found;
use frames::Frames;
pub(crate) use words::EMOTION_NOTE;

/// Greatest size of a file, bytes; an annotation file of a person is far smaller.
const MOST_BYTES: u64 = 64 << 20;

/// How a format is read as events.
#[derive(Clone, Copy, Debug)]
pub struct EventReader {
    /// What it reads, for messages: "an ELAN file".
    pub about: &'static str,
    /// Endings of the names of such files, in lower case.
    pub endings: &'static [&'static str],
    /// True if a file with such an ending is of this format.
    pub(crate) is_one: fn(&[u8]) -> bool,
    /// Reads it.
    pub(crate) read: fn(&Input<'_>) -> Result<Found, Wrong>,
}

/// The input of a reader.
pub(crate) struct Input<'a> {
    /// The content of the file.
    pub(crate) bytes: &'a [u8],
    /// The session of the events.
    pub(crate) session: &'a Session,
    /// Its frames.
    pub(crate) frames: &'a Frames,
    /// Which part of the file to take.
    pub(crate) choice: &'a Choice,
}

/// Endings of files that can be read as events, in lower case.
pub fn endings() -> Vec<&'static str> {
    let mut endings: Vec<_> = event_readers().flat_map(|reader| reader.endings).copied().collect();
    endings.sort_unstable();
    endings.dedup();
    endings
}

/// Which part of a file to take.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Tiers of an ELAN file or behaviours of a table of BORIS, by name. Empty means those whose names say
    /// that they hold events.
    pub tiers: Vec<String>,
}

/// The content of a file, in terms of the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// The acts that become the rater's.
    pub acts: Vec<Act>,
    /// The counts of its events.
    pub counts: ImportedCounts,
    /// Number of markers.
    pub marks: usize,
    /// What was changed or left out, one sentence each.
    pub remarks: Vec<String>,
}

/// Counts of the events in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportedCounts {
    /// Events that are there.
    pub confirmed: usize,
    /// Events that are not there.
    pub rejected: usize,
    /// Events that are not judged.
    pub open: usize,
    /// Events of the session's model, whatever their verdict.
    pub of_the_model: usize,
    /// Those among them whose bounds differ from the model's.
    pub moved: usize,
}

impl ImportedCounts {
    /// All events.
    pub fn events(&self) -> usize {
        self.confirmed + self.rejected + self.open
    }
}

impl fmt::Display for ImportedCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { confirmed, rejected, open, of_the_model, moved } = *self;
        write!(
            f,
            "Of the events, {confirmed} are confirmed, {rejected} rejected and {open} not judged; \
             {of_the_model} are the model's ({moved} with moved bounds) and {} the rater's own.",
            self.events() - of_the_model
        )
    }
}

/// A file that is to become a rater's layer.
#[derive(Clone, Debug)]
pub struct Request {
    /// The table or ELAN file.
    pub file: PathBuf,
    /// The name of the rater whose layer it becomes.
    pub rater: String,
    /// True if the user says that its coder saw nothing of the model or of others.
    pub blind: bool,
    /// Which part of it.
    pub choice: Choice,
}

/// A rater's layer from a file, to be added to a session unchanged.
#[derive(Clone, Debug)]
pub struct ImportedLayer {
    /// The rater, and how the rater worked, in this order.
    pub raters: Vec<Rater>,
    /// What the rater has done.
    pub entries: Vec<Entry>,
    /// What was taken and what could not be taken, one sentence each.
    pub told: Vec<String>,
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No rater can have this name.
    #[error("rater: {0}")]
    Name(String),
    /// The rater has a layer in the session already.
    #[error(
        "rater `{name}`: already has a layer in this session, and nothing is overwritten; choose another name"
    )]
    Taken {
        /// With the session's spelling.
        name: String,
    },
    /// The file judges the model's events, so its coder has seen them.
    #[error("{}: expected the work of a coder who saw nothing of the model, found verdicts on its events; import it without saying blind", path.display())]
    NotBlind {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        error: std::io::Error,
    },
    /// The file is there but does not hold what was expected.
    #[error("{}: {what}expected {expected}, found {found}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The place in it, with a colon and a space after it; or empty.
        what: String,
        /// The expected content.
        expected: String,
        /// The content that was found.
        found: String,
    },
}

/// What was expected and what was found. The name of the file is added later.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) what: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Wrong {
    pub(crate) fn new(what: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let what = if what.is_empty() { String::new() } else { format!("{what}: ") };
        Self { what, expected: expected.into(), found: found.into() }
    }
}

/// Reads a file as the layer of a rater who has no layer in `session` yet.
pub fn layer(request: &Request, session: &Session) -> Result<ImportedLayer, ImportError> {
    let name = checked_name(&request.rater).map_err(ImportError::Name)?;
    let known = session.log.rater(name);
    let name = known.map_or(name, |known| known.name.as_str());
    let has_done = session.log.entries().iter().any(|entry| entry.rater == name);
    if has_done || known.is_some_and(|known| known.imported.is_some()) {
        return Err(ImportError::Taken { name: name.into() });
    }
    let Import { acts, counts, marks, remarks } = read(&request.file, session, &request.choice)?;
    if request.blind && counts.of_the_model > 0 {
        return Err(ImportError::NotBlind { path: request.file.clone() });
    }
    let file = request.file.file_name().unwrap_or(request.file.as_os_str());
    let file = file.to_string_lossy().into_owned();
    let imported = Some(Imported { file: file.clone(), acts: acts.len() as u64 });
    let mut raters = vec![Rater { blind: request.blind, imported, ..Rater::new(name) }];
    if request.blind {
        raters.push(Rater::new(name));
    }
    let events = counts.events();
    let mut told =
        vec![format!("{events} events and {marks} markers of {file} are now the layer of {name}.")];
    if events > 0 {
        told.push(counts.to_string());
    }
    told.extend(remarks);
    let mut rater = raters[0].clone();
    rater.was_blind = request.blind;
    told.extend(rater.told());
    let at_unix_ms = jiff::Timestamp::now().as_millisecond();
    let entry = |act| Entry { rater: name.into(), at_unix_ms, act };
    Ok(ImportedLayer { raters, entries: acts.into_iter().map(entry).collect(), told })
}

/// Reads the events in the file at `path`, which were made on the same recording as `session`.
pub fn read(path: &Path, session: &Session, choice: &Choice) -> Result<Import, ImportError> {
    let io = |error| ImportError::Io { path: path.into(), error };
    let wrong = |wrong: Wrong| {
        let Wrong { what, expected, found } = wrong;
        ImportError::Content { path: path.into(), what, expected, found }
    };
    let found = std::fs::metadata(path).map_err(io)?;
    // Opening a pipe would wait for its other end.
    if !found.is_file() {
        return Err(wrong(Wrong::new("", "a table or an ELAN file", "a folder, pipe or device")));
    }
    let bytes = found.len();
    if bytes > MOST_BYTES {
        let most = format!("at most {} MiB", MOST_BYTES >> 20);
        return Err(wrong(Wrong::new("", most, format!("{} MiB", bytes >> 20))));
    }
    let content = crate::files::read(path).map_err(io)?;
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let frames = Frames::new(session).map_err(wrong)?;
    let readers: Vec<_> =
        event_readers().filter(|reader| reader.endings.contains(&ending.as_str())).collect();
    let reader = readers.iter().find(|reader| (reader.is_one)(&content)).or(readers.first());
    let Some(reader) = reader else {
        let known = |reader: &EventReader| {
            let endings = reader.endings.iter().map(|ending| format!(".{ending}"));
            format!("{} ({})", reader.about, endings.collect::<Vec<_>>().join(", "))
        };
        let known: Vec<_> = event_readers().map(known).collect();
        return Err(wrong(Wrong::new("", known.join(" or "), format!("`.{ending}`"))));
    };
    let found = (reader.read)(&Input { bytes: &content, session, frames: &frames, choice });
    Ok(found.map_err(wrong)?.into_import(session))
}

#[cfg(test)]
pub(crate) mod tests;
