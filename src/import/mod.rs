//! Other people's events as a rater's layer: the tables and ELAN files that Fleeting writes, and those
//! of others.
//!
//! What is read becomes acts of the rater, as if the rater had done them here: nothing that the model
//! found is touched, and all of it can be undone. Times are put on the nearest frame.

use std::path::{Path, PathBuf};

use crate::event::{EventKind, Moment, MovingUnit};
use crate::session::Session;
use crate::session::annotation::{Act, Bounds, Label, Target, Verdict};
use crate::time::Timestamp;

mod csv;
mod eaf;

/// No annotation file of a person comes near this, bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Micro-expressions last no longer, seconds; decides where a file does not say.
const MICRO_SECS: f64 = 0.5;

/// How far beyond the recording a time may lie and still be put on its first or last frame, seconds.
const BEYOND_SECS: f64 = 1.0;

/// What to take from a file.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Tiers of an ELAN file, by name; empty: those that hold events by their names.
    pub tiers: Vec<String>,
}

/// What a file says, in words of the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// What the rater is to have done.
    pub acts: Vec<Act>,
    /// Events in it.
    pub events: usize,
    /// Markers in it.
    pub marks: usize,
    /// Whether any of it is about the model's events. A layer that is not stands by itself.
    pub judges_the_model: bool,
    /// What could not be taken as it was, one sentence each.
    pub remarks: Vec<String>,
}

/// Why a file cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system said no.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        error: std::io::Error,
    },
    /// The file is there but does not hold what was expected.
    #[error("{}: {what}expected {expected}, found {found}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where in it, with a colon and a space behind; or empty.
        what: String,
        /// What would have done.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// What was expected, and what was found; the file's name comes later.
#[derive(Debug, PartialEq)]
struct Wrong {
    what: String,
    expected: String,
    found: String,
}

impl Wrong {
    fn new(what: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let what = if what.is_empty() { String::new() } else { format!("{what}: ") };
        Self { what, expected: expected.into(), found: found.into() }
    }
}

/// Reads the events in the file at `path`, which were made on the same recording as `session`.
pub fn read(path: &Path, session: &Session, choice: &Choice) -> Result<Import, ImportError> {
    let io = |error| ImportError::Io { path: path.into(), error };
    let wrong = |wrong: Wrong| {
        let Wrong { what, expected, found } = wrong;
        ImportError::Content { path: path.into(), what, expected, found }
    };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > MOST_BYTES {
        let most = format!("at most {} MiB", MOST_BYTES >> 20);
        return Err(wrong(Wrong::new("", most, format!("{} MiB", bytes >> 20))));
    }
    let content = std::fs::read(path).map_err(io)?;
    let text = String::from_utf8(content)
        .map_err(|_| wrong(Wrong::new("", "text in UTF-8", "other bytes")))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let frames = Frames::new(session).map_err(wrong)?;
    let found = match ending.as_str() {
        "csv" => csv::read(text, session, &frames),
        "eaf" => eaf::read(text, session, &frames, choice),
        _ => Err(Wrong::new("", "a table (.csv) or an ELAN file (.eaf)", format!("`.{ending}`"))),
    };
    Ok(found.map_err(wrong)?.into_import(session))
}

/// What a reader found.
#[derive(Debug, Default)]
struct Found {
    events: Vec<FoundEvent>,
    marks: Vec<(Moment, String)>,
    remarks: Vec<String>,
}

/// One event of a file.
#[derive(Debug)]
struct FoundEvent {
    /// The event of the model that it is about.
    machine: Option<u64>,
    kind: EventKind,
    bounds: Bounds,
    verdict: Verdict,
    label: Option<Label>,
    units: Option<Vec<MovingUnit>>,
    note: String,
}

impl Found {
    fn into_import(self, session: &Session) -> Import {
        let mut import = Import {
            events: self.events.len(),
            marks: self.marks.len(),
            judges_the_model: self.events.iter().any(|event| event.machine.is_some()),
            remarks: self.remarks,
            acts: Vec::new(),
        };
        let mut own = 0;
        for event in self.events {
            let target = match event.machine {
                Some(id) => Target::Machine(id),
                None => {
                    import.acts.push(Act::Add(own, event.kind, event.bounds));
                    own += 1;
                    Target::Own(own - 1)
                }
            };
            event.say(target, session, &mut import.acts);
        }
        import.acts.extend(self.marks.into_iter().map(|(at, text)| Act::Mark(at, text)));
        import
    }
}

impl FoundEvent {
    /// Everything of it that does not hold already.
    fn say(self, target: Target, session: &Session, acts: &mut Vec<Act>) {
        let machine = session.events.iter().find(|event| target == Target::Machine(event.id));
        let held = if machine.is_some() { Verdict::Open } else { Verdict::Confirmed };
        if self.verdict != held {
            acts.push(Act::Judge(target, self.verdict));
        }
        if let Some(event) = machine {
            let said = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
            if self.bounds != said {
                acts.push(Act::Bound(target, self.bounds));
            }
        }
        if self.label.is_some() {
            acts.push(Act::Label(target, self.label));
        }
        if let Some(units) = self.units {
            acts.push(Act::Units(target, units));
        }
        if !self.note.is_empty() {
            acts.push(Act::Note(target, self.note));
        }
    }
}

/// The frames of the session, to put times and numbers on.
#[derive(Debug)]
struct Frames {
    moments: Vec<Moment>,
    /// How long the last one lasts, nanoseconds.
    last_nanos: i64,
}

impl Frames {
    fn new(session: &Session) -> Result<Self, Wrong> {
        let samples = session.history.samples();
        let moments: Vec<Moment> =
            samples.iter().map(|s| Moment { frame: s.seq, time: s.time }).collect();
        let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
            return Err(Wrong::new("", "events of this session", "a session without a frame"));
        };
        let steps = (moments.len() as i64 - 1).max(1);
        let step = ((last.time.nanos() - first.time.nanos()) / steps).max(1);
        Ok(Self { moments, last_nanos: step })
    }

    /// The frame of this number.
    fn numbered(&self, frame: u64) -> Option<Moment> {
        let at = self.moments.binary_search_by_key(&frame, |moment| moment.frame).ok()?;
        Some(self.moments[at])
    }

    /// The place of the frame that begins nearest to `secs`; as many as there are frames stands for the
    /// end of the last. None for a time that is not in the recording.
    fn place(&self, secs: f64) -> Option<usize> {
        let (first, end) = (self.moments.first()?.time, self.end());
        let is_inside = secs > first.secs() - BEYOND_SECS && secs < end.secs() + BEYOND_SECS;
        let nanos = Timestamp::from_secs(secs).nanos();
        let after = self.moments.partition_point(|moment| moment.time.nanos() < nanos);
        let begin = |at: usize| self.moments.get(at).map_or(end, |moment| moment.time).nanos();
        let before = after.saturating_sub(1);
        let nearest = if (nanos - begin(before)).abs() <= (begin(after) - nanos).abs() {
            before
        } else {
            after
        };
        is_inside.then_some(nearest)
    }

    /// The frame that begins nearest to `secs`.
    fn nearest(&self, secs: f64) -> Option<Moment> {
        self.place(secs).map(|at| self.moments[at.min(self.moments.len() - 1)])
    }

    /// First and last frame of a span that ends at `to_secs`, where its last frame ends.
    fn spanned(&self, from_secs: f64, to_secs: f64) -> Option<[Moment; 2]> {
        let first = self.place(from_secs)?.min(self.moments.len() - 1);
        let last = self.place(to_secs)?.saturating_sub(1).max(first);
        Some([self.moments[first], self.moments[last]])
    }

    /// The frame in the middle between two.
    fn middle(&self, onset: Moment, offset: Moment) -> Moment {
        let at = |moment: Moment| self.moments.partition_point(|m| m.frame < moment.frame);
        self.moments[((at(onset) + at(offset)) / 2).min(self.moments.len() - 1)]
    }

    fn end(&self) -> Timestamp {
        let last = self.moments.last().map_or(Timestamp::ZERO, |moment| moment.time);
        Timestamp::from_nanos(last.nanos().saturating_add(self.last_nanos))
    }

    /// What a frame number may be, for messages.
    fn range(&self) -> String {
        match (self.moments.first(), self.moments.last()) {
            (Some(first), Some(last)) => format!("{} to {}", first.frame, last.frame),
            _ => "none".into(),
        }
    }

    /// What a time may be, for messages.
    fn times(&self) -> String {
        let first = self.moments.first().map_or(Timestamp::ZERO, |moment| moment.time);
        format!("{:.3} to {:.3} s", first.secs(), self.end().secs())
    }
}

/// Micro or macro by how long it lasts.
fn kind_by_duration(onset: Moment, offset: Moment) -> EventKind {
    if offset.time.secs_since(onset.time) <= MICRO_SECS {
        EventKind::Micro
    } else {
        EventKind::Macro
    }
}

/// The label that a word of a file means; the field's class of happiness counts as it.
fn label_named(word: &str) -> Option<Label> {
    let word = word.trim().to_lowercase();
    let synonym = match word.as_str() {
        "positive" | "happy" => "happiness",
        "angry" => "anger",
        "sad" => "sadness",
        "surprised" => "surprise",
        "disgusted" => "disgust",
        "others" => "other",
        other => other,
    };
    Label::ALL.into_iter().find(|label| label.name() == synonym)
}

/// `1+2`, `L12`, `AU4, AU7`; none where it is anything else.
fn units_named(text: &str) -> Option<Vec<MovingUnit>> {
    let parts = text.split(['+', ',', ';', ' ']).filter(|part| !part.is_empty());
    let units: Option<Vec<MovingUnit>> = parts.map(|part| part.parse().ok()).collect();
    units.filter(|units| !units.is_empty())
}

#[cfg(test)]
mod tests;
