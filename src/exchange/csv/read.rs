//! Tables of events: those that Fleeting writes, and any with onset and offset in frames or seconds.

use crate::exchange::csv::origin_text;
use crate::exchange::import::found::{Claim, Found, FoundEvent};
use crate::exchange::import::frames::{Frames, kind_by_duration};
use crate::exchange::import::words::units_named;
use crate::exchange::import::{Input, Wrong};
use crate::exchange::table::{Row, Table};
use crate::measure::event::{Event, Moment, Origin, units_text};
use crate::session::Session;
use crate::session::annotation::{Bounds, Confidence, Verdict};

/// Greatest difference between the time of a frame and the time in its row, seconds. Programs differ in when
/// the first frame of a video is.
const APART_SECS: f64 = 0.25;

/// The columns that a header lacks for a table of events; `None` if it lacks none.
fn missing(names: &[String]) -> Option<String> {
    let has = |part: &str, unit: &str| names.iter().any(|name| *name == format!("{part}_{unit}"));
    let has_both = |unit: &str| has("onset", unit) && has("offset", unit);
    let expected = "columns `onset_frame` and `offset_frame`, or `onset_s` and `offset_s`, or those \
                    of a table of BORIS";
    (!(has_both("frame") || has_both("s"))).then(|| expected.to_owned())
}

/// True if the file is a table of events.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    Table::has_header(bytes, missing)
}

pub(super) fn read(input: &Input<'_>) -> Result<Found, Wrong> {
    let Input { bytes, session, frames, .. } = input;
    let table = Table::read(bytes, missing)?;
    let mut found = Found { remarks: table.remarks(), ..Found::default() };
    for row in table.rows() {
        found.events.push(Line { row, table: &table, frames }.event(session)?);
    }
    found.remarks.extend(numbers_of_names(&table, session));
    Ok(found)
}

/// A remark if the numbers in the names of a folder's pictures are not the numbers of the frames. A table of
/// another program may mean the names.
fn numbers_of_names(table: &Table, session: &Session) -> Option<String> {
    let first = session.source.name_of_frame_0.filter(|first| *first > 0)?;
    let is_ours = table.has("machine_onset_frame");
    let by_frame = table.has("onset_frame") && !is_ours;
    by_frame.then(|| {
        format!(
            "Frames were counted from 0: frame 0 is the picture whose name has the number {first}. If \
             the table means the numbers of the names, subtract {first} from each and import it again."
        )
    })
}

/// One line, and what is needed to read it.
struct Line<'a> {
    row: Row<'a>,
    table: &'a Table,
    frames: &'a Frames,
}

impl Line<'_> {
    fn get(&self, name: &str) -> &str {
        self.row.get(name)
    }

    fn wrong(&self, name: &str, expected: impl Into<String>) -> Wrong {
        self.row.wrong(name, expected)
    }

    fn event(&self, session: &Session) -> Result<FoundEvent, Wrong> {
        let bounds = self.bounds()?;
        let kind = match self.get("kind") {
            "" => kind_by_duration(bounds.onset, bounds.offset),
            word => {
                word.to_lowercase().parse().map_err(|_| self.wrong("kind", "`micro` or `macro`"))?
            }
        };
        let machine = self.machine(session);
        let mut event = FoundEvent {
            claim: self.claim(machine),
            kind,
            bounds,
            verdict: self.verdict()?,
            label: None,
            units: None,
            confidence: None,
            note: self.row.text("note"),
            odd: Vec::new(),
        };
        self.read_emotion(&mut event, machine);
        self.read_units(&mut event, machine)?;
        event.confidence = self.confidence()?;
        Ok(event)
    }

    /// True for one of the generator's true events, which no one judges.
    fn is_truth(&self) -> bool {
        self.get("origin") == origin_text(&Origin::Truth)
    }

    fn verdict(&self) -> Result<Verdict, Wrong> {
        Ok(match self.get("verdict").to_lowercase().as_str() {
            _ if self.is_truth() => Verdict::Confirmed,
            "" | "confirmed" => Verdict::Confirmed,
            "rejected" => Verdict::Rejected,
            "open" => Verdict::Open,
            _ => return Err(self.wrong("verdict", "`open`, `confirmed` or `rejected`")),
        })
    }

    fn confidence(&self) -> Result<Option<Confidence>, Wrong> {
        let word = self.get("rater_confidence").to_lowercase();
        if word.is_empty() {
            return Ok(None);
        }
        let known = Confidence::ALL.into_iter().find(|known| known.name() == word);
        let wrong = || self.wrong("rater_confidence", "`unsure`, `likely` or `sure`");
        known.map(Some).ok_or_else(wrong)
    }

    fn claim(&self, machine: Option<&Event>) -> Claim {
        match machine {
            Some(event) => Claim::Model(event.id),
            None if self.is_truth() || self.get("machine_onset_frame").is_empty() => {
                Claim::own(self.get("id"))
            }
            None => Claim::Lost,
        }
    }

    /// The event of the model that the line is about: by its number, and only if its frames are those of the
    /// line.
    fn machine<'a>(&self, session: &'a Session) -> Option<&'a Event> {
        let id: u64 = self.get("id").parse().ok().filter(|_| !self.is_truth())?;
        let event = session.events.iter().find(|event| event.id == id)?;
        let is_same = |name: &str, moment: Moment| self.get(name) == moment.frame.to_string();
        let is_it = is_same("machine_onset_frame", event.onset)
            && is_same("machine_apex_frame", event.apex)
            && is_same("machine_offset_frame", event.offset);
        is_it.then_some(event)
    }

    fn bounds(&self) -> Result<Bounds, Wrong> {
        let onset = self.moment("onset")?.ok_or_else(|| self.missing("onset"))?;
        let offset = self.moment("offset")?.ok_or_else(|| self.missing("offset"))?;
        if offset.frame < onset.frame {
            let name = self.column("offset");
            return Err(self.wrong(&name, "an offset that is not before the onset"));
        }
        let apex = self.moment("apex")?;
        let apex = apex.unwrap_or_else(|| self.frames.middle(onset, offset));
        if !(onset.frame..=offset.frame).contains(&apex.frame) {
            return Err(self.wrong(&self.column("apex"), "an apex from onset to offset"));
        }
        Ok(Bounds { onset, apex, offset })
    }

    /// The column with the place of `part`: a frame if the line has one, else a time.
    fn column(&self, part: &str) -> String {
        let (by_frame, by_time) = (format!("{part}_frame"), format!("{part}_s"));
        let has_column = |name: &String| self.table.has(name);
        let is_by_frame = !self.get(&by_frame).is_empty()
            || (has_column(&by_frame) && self.get(&by_time).is_empty());
        if is_by_frame { by_frame } else { by_time }
    }

    fn missing(&self, part: &str) -> Wrong {
        self.wrong(&self.column(part), "a number")
    }

    fn moment(&self, part: &str) -> Result<Option<Moment>, Wrong> {
        let name = self.column(part);
        let text = self.get(&name);
        if text.is_empty() {
            return Ok(None);
        }
        let (moment, expected) = if name.ends_with("_frame") {
            let expected = format!("a frame of this session, {}", self.frames.range());
            let number = self.row.whole(&name, &expected)?;
            let number = number.and_then(|number| u64::try_from(number).ok());
            let moment = number.and_then(|number| self.frames.numbered(number));
            moment.map_or(Ok(()), |moment| self.must_agree(&format!("{part}_s"), moment))?;
            (moment, expected)
        } else {
            let expected = format!("a time in this session, {}", self.frames.times());
            let secs = self.row.number(&name, &expected)?;
            (secs.and_then(|secs| self.frames.nearest(secs)), expected)
        };
        moment.map(Some).ok_or_else(|| self.wrong(&name, expected))
    }

    /// An error if the frame and the time of a line do not belong together. Then the labels were made on
    /// another recording, or on a copy with another rate, and all of them are wrong.
    fn must_agree(&self, name: &str, moment: Moment) -> Result<(), Wrong> {
        let is_apart = |secs: f64| {
            let media_secs = self.frames.on_media(moment.time).secs();
            [moment.time.secs(), media_secs].iter().all(|at| (secs - at).abs() > APART_SECS)
        };
        match self.row.number(name, "seconds")? {
            Some(secs) if is_apart(secs) => {
                let (frame, secs) = (moment.frame, moment.time.secs());
                let expected =
                    format!("about {secs:.3} s, where frame {frame} of this recording is");
                Err(self.wrong(name, expected))
            }
            _ => Ok(()),
        }
    }

    /// An emotion with a confidence is the model's reading, unless the model's differs.
    fn read_emotion(&self, event: &mut FoundEvent, machine: Option<&Event>) {
        let word = self.get("emotion");
        let is_reading = !self.get("emotion_confidence").is_empty() && !self.is_truth();
        let models = machine.and_then(|event| event.emotion).map(|reading| reading.label());
        match machine {
            Some(_) if is_reading && models == Some(word) => {}
            None if is_reading => event.take_reading(word),
            _ => event.take_emotion(word),
        }
    }

    fn read_units(&self, event: &mut FoundEvent, machine: Option<&Event>) -> Result<(), Wrong> {
        let text = self.get("action_units");
        let is_the_models = machine.is_some_and(|event| units_text(&event.action_units) == text);
        if text.is_empty() && machine.is_some() && !is_the_models {
            event.units = Some(Vec::new());
        } else if !text.is_empty() && !is_the_models {
            let expected = "action units such as `4+R14`";
            let units = units_named(text).ok_or_else(|| self.wrong("action_units", expected))?;
            event.units = Some(units);
        }
        Ok(())
    }
}
