//! Tables of events: those that Fleeting writes, and any with onset and offset in frames or seconds.

use ::csv::{Reader, ReaderBuilder, StringRecord, Trim};

use super::{Found, FoundEvent, Frames, Wrong, kind_by_duration, label_named, units_named};
use crate::event::{Event, Moment, MovingUnit, units_text};
use crate::session::Session;
use crate::session::annotation::{Bounds, Label, Verdict};

/// Every column that is looked for, with the name it has in the header.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn new(header: &StringRecord) -> Result<Self, Wrong> {
        let columns =
            Self { names: header.iter().map(|name| name.trim().to_lowercase()).collect() };
        let has = |name: &str| columns.names.iter().any(|column| column == name);
        let has_both = |unit: &str| has(&format!("onset_{unit}")) && has(&format!("offset_{unit}"));
        if has_both("frame") || has_both("s") {
            return Ok(columns);
        }
        let expected = "columns `onset_frame` and `offset_frame`, or `onset_s` and `offset_s`";
        let found = header.iter().collect::<Vec<_>>().join(", ");
        Err(Wrong::new("header", expected, if found.is_empty() { "nothing".into() } else { found }))
    }

    /// The field of this name; empty where there is none.
    fn get<'a>(&self, record: &'a StringRecord, name: &str) -> &'a str {
        let at = self.names.iter().position(|column| column == name);
        at.and_then(|at| record.get(at)).unwrap_or("")
    }
}

/// One line, and what is around it.
struct Line<'a> {
    number: u64,
    record: &'a StringRecord,
    columns: &'a Columns,
    frames: &'a Frames,
}

pub(super) fn read(text: &str, session: &Session, frames: &Frames) -> Result<Found, Wrong> {
    let mut reader: Reader<&[u8]> =
        ReaderBuilder::new().trim(Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let unreadable =
        |error: ::csv::Error| Wrong::new("", "comma-separated values", error.to_string());
    let columns = Columns::new(&reader.headers().map_err(unreadable)?.clone())?;
    let mut found = Found::default();
    let mut lost = 0;
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let number = record.position().map_or(0, ::csv::Position::line);
        let line = Line { number, record: &record, columns: &columns, frames };
        match line.event(session)? {
            Some(event) => found.events.push(event),
            None => lost += 1,
        }
    }
    if lost > 0 {
        found.remarks.push(format!(
            "{lost} rejected events are not those of this session's model and are left out."
        ));
    }
    Ok(found)
}

impl Line<'_> {
    fn get(&self, name: &str) -> &str {
        self.columns.get(self.record, name)
    }

    fn wrong(&self, name: &str, expected: impl Into<String>) -> Wrong {
        let found = format!("`{}`", self.get(name));
        Wrong::new(&format!("line {}, {name}", self.number), expected, found)
    }

    /// None for one that was rejected and is nobody's.
    fn event(&self, session: &Session) -> Result<Option<FoundEvent>, Wrong> {
        let bounds = self.bounds()?;
        let kind = match self.get("kind") {
            "" => kind_by_duration(bounds.onset, bounds.offset),
            word => {
                word.to_lowercase().parse().map_err(|_| self.wrong("kind", "`micro` or `macro`"))?
            }
        };
        // What the model alone said, another model included, is there as far as this layer goes.
        let is_of_a_person = !self.get("rater").is_empty();
        let verdict = match self.get("verdict") {
            "rejected" => Verdict::Rejected,
            "open" if is_of_a_person => Verdict::Open,
            "" | "open" | "confirmed" => Verdict::Confirmed,
            _ => return Err(self.wrong("verdict", "`open`, `confirmed` or `rejected`")),
        };
        let machine = if is_of_a_person { self.machine(session) } else { None };
        if machine.is_none() && verdict == Verdict::Rejected && !self.is_own() {
            return Ok(None);
        }
        let (label, note) = self.words(machine);
        Ok(Some(FoundEvent {
            units: self.units(machine)?,
            machine: machine.map(|event| event.id),
            kind: machine.map_or(kind, |event| event.kind),
            bounds,
            verdict,
            label,
            note,
        }))
    }

    fn is_own(&self) -> bool {
        self.get("id").starts_with("own-")
    }

    /// The event of the model that the line is about: by number, and only where its frames are those
    /// that the line says the model gave.
    fn machine<'a>(&self, session: &'a Session) -> Option<&'a Event> {
        let id: u64 = self.get("id").parse().ok()?;
        let event = session.events.iter().find(|event| event.id == id)?;
        let is_same = |name: &str, moment: Moment| self.get(name) == moment.frame.to_string();
        let is_it = is_same("machine_onset_frame", event.onset)
            && is_same("machine_apex_frame", event.apex)
            && is_same("machine_offset_frame", event.offset);
        is_it.then_some(event)
    }

    fn bounds(&self) -> Result<Bounds, Wrong> {
        let onset = self.moment("onset")?.ok_or_else(|| self.wrong("onset_frame", "a number"))?;
        let offset =
            self.moment("offset")?.ok_or_else(|| self.wrong("offset_frame", "a number"))?;
        if offset.frame < onset.frame {
            return Err(self.wrong("offset_frame", "a frame not before the onset"));
        }
        let apex = self.moment("apex")?;
        let apex = apex.unwrap_or_else(|| self.frames.middle(onset, offset));
        if !(onset.frame..=offset.frame).contains(&apex.frame) {
            return Err(self.wrong("apex_frame", "a frame from onset to offset"));
        }
        Ok(Bounds { onset, apex, offset })
    }

    /// By frame where the line says it, else by time.
    fn moment(&self, part: &str) -> Result<Option<Moment>, Wrong> {
        let (by_frame, by_time) = (format!("{part}_frame"), format!("{part}_s"));
        let not_here = |name: &str, what: String| self.wrong(name, what);
        if !self.get(&by_frame).is_empty() {
            let expected = || format!("a frame of this session, {}", self.frames.range());
            let number: Option<u64> = self.get(&by_frame).parse().ok();
            let moment = number.and_then(|number| self.frames.numbered(number));
            return moment.map(Some).ok_or_else(|| not_here(&by_frame, expected()));
        }
        if self.get(&by_time).is_empty() {
            return Ok(None);
        }
        let expected = || format!("a time in this session, {}", self.frames.times());
        let secs: Option<f64> = self.get(&by_time).parse().ok();
        let moment = secs.and_then(|secs| self.frames.nearest(secs));
        moment.map(Some).ok_or_else(|| not_here(&by_time, expected()))
    }

    /// Label and note. An emotion with a confidence is the model's own reading; a word that is no label
    /// is kept in the note.
    fn words(&self, machine: Option<&Event>) -> (Option<Label>, String) {
        let (word, mut note) = (self.get("emotion"), self.get("note").to_owned());
        let is_the_models = machine.is_some() && !self.get("emotion_confidence").is_empty();
        if word.is_empty() || word == "unclear" || is_the_models {
            return (None, note);
        }
        let label = label_named(word);
        if label.is_none() {
            let space = if note.is_empty() { "" } else { "; " };
            note = format!("{note}{space}emotion: {word}");
        }
        (label, note)
    }

    /// None where they are as the model said.
    fn units(&self, machine: Option<&Event>) -> Result<Option<Vec<MovingUnit>>, Wrong> {
        let text = self.get("action_units");
        if machine.is_some_and(|event| units_text(&event.action_units) == text) {
            return Ok(None);
        }
        if text.is_empty() {
            return Ok(machine.map(|_| Vec::new()));
        }
        let expected = "action units such as `4+R14`";
        units_named(text).map(Some).ok_or_else(|| self.wrong("action_units", expected))
    }
}
