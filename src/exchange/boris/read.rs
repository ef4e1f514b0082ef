//! The tables that BORIS exports: aggregated, one row for each state, and tabular, one for each start
//! and stop. Projects are not read.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::import::found::{Claim, Found, FoundEvent};
use crate::exchange::import::frames::{Frames, kind_by_duration};
use crate::exchange::import::words::{is_named_after_events, kind_named, label_named, units_named};
use crate::exchange::import::{Choice, Input, Wrong};
use crate::exchange::table::{Row, Table};
use crate::measure::event::Moment;
use crate::session::Session;
use crate::session::annotation::{Bounds, Verdict};

/// BORIS's word for no value.
const NOTHING: &str = "na";

/// The columns that a header lacks for a table of BORIS; `None` if it lacks none.
fn missing(names: &[String]) -> Option<String> {
    let has = |name: &str| names.iter().any(|column| column == name);
    let is_aggregated = has("start (s)") && has("stop (s)");
    let is_tabular = has("time") && (has("behavior type") || has("status"));
    let expected = "the columns of a table of BORIS: `Behavior`, and `Start (s)` and `Stop (s)`, or \
                    `Time` and `Behavior type`";
    (!(has("behavior") && (is_aggregated || is_tabular))).then(|| expected.to_owned())
}

/// True if the file is a table of BORIS.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    Table::has_header(bytes, missing)
}

pub(super) fn read(input: &Input<'_>) -> Result<Found, Wrong> {
    let Input { bytes, session, frames, choice } = input;
    let table = Table::read(bytes, missing)?;
    let observation = observation(&table, session)?;
    let is_meant = |row: &Row<'_>| observation.is_none_or(|id| said(*row, "observation id") == id);
    let coded = Coded::of(table.rows().filter(is_meant))?;
    let mut found = Found { remarks: table.remarks(), ..Found::default() };
    found.remarks.extend(observation.map(|id| format!("Only the observation `{id}` was taken.")));
    let chosen = coded.chosen(choice)?;
    found.remarks.push(coded.told(&chosen));
    let subjects: BTreeSet<&str> = coded.states.iter().map(|state| state.subject).collect();
    if subjects.len() > 1 {
        let subjects = listed(subjects);
        found.remarks.push(format!("Events of several subjects were taken together: {subjects}."));
    }
    for state in coded.states.iter().filter(|state| chosen.contains(state.behaviour)) {
        found.events.push(state.event(&coded.points, frames)?);
    }
    found.events.sort_by_key(|event| event.bounds.onset);
    for point in coded.points.iter().filter(|point| !point.is_apex()) {
        found.marks.push(point.mark(frames)?);
    }
    found.marks.sort();
    Ok(found)
}

/// The field; empty if BORIS says that there is no value.
fn said<'a>(row: Row<'a>, name: &str) -> &'a str {
    let text = row.get(name);
    if text.eq_ignore_ascii_case(NOTHING) { "" } else { text }
}

/// Seconds, or `hh:mm:ss.mmm`. `None` for an empty field.
fn seconds(row: Row<'_>, name: &str) -> Result<Option<f64>, Wrong> {
    let text = said(row, name);
    if text.is_empty() {
        return Ok(None);
    }
    let expected = "seconds, or hours, minutes and seconds such as 0:01:02.5";
    if !text.contains(':') {
        return row.number(name, expected);
    }
    let parts: Option<Vec<f64>> =
        text.split(':').map(|part| part.replace(',', ".").parse().ok()).collect();
    match parts.as_deref() {
        Some([hours, minutes, secs]) if parts.iter().flatten().all(|part| *part >= 0.0) => {
            Ok(Some((hours * 60.0 + minutes) * 60.0 + secs))
        }
        _ => Err(row.wrong(name, expected)),
    }
}

/// The observation of the session's recording; `None` if the table has only one.
fn observation<'a>(table: &'a Table, session: &Session) -> Result<Option<&'a str>, Wrong> {
    for row in table.rows() {
        let offset = row.number("time offset (s)", "seconds").unwrap_or(None);
        if offset.is_some_and(|secs| secs != 0.0) {
            let expected =
                "an observation without an offset (0), whose times are those of the media";
            return Err(row.wrong("time offset (s)", expected));
        }
    }
    let ids: BTreeSet<&str> = table.rows().map(|row| said(row, "observation id")).collect();
    if ids.len() <= 1 {
        return Ok(None);
    }
    let name = session.source.name.as_str();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let names_it = |id: &str| {
        let of_it = |row: &Row<'_>| {
            said(*row, "observation id") == id && said(*row, "media file name").contains(name)
        };
        id.contains(stem) || table.rows().any(|row| of_it(&row))
    };
    let named: Vec<&str> =
        ids.iter().copied().filter(|id| !stem.is_empty() && names_it(id)).collect();
    match named.as_slice() {
        [one] => Ok(Some(one)),
        _ => {
            let expected = format!("one observation, or one that names {name}");
            Err(Wrong::new("Observation id", expected, listed(ids)))
        }
    }
}

/// Everything that was coded.
#[derive(Debug, Default)]
struct Coded<'a> {
    states: Vec<State<'a>>,
    points: Vec<Point<'a>>,
}

/// What was coded from a start to a stop.
#[derive(Debug)]
struct State<'a> {
    behaviour: &'a str,
    subject: &'a str,
    begin: Row<'a>,
    from_secs: f64,
    to_secs: f64,
    comments: Vec<String>,
}

/// What was coded at a moment.
#[derive(Debug)]
struct Point<'a> {
    behaviour: &'a str,
    row: Row<'a>,
    secs: f64,
    comment: String,
}

impl<'a> Coded<'a> {
    fn of(rows: impl Iterator<Item = Row<'a>>) -> Result<Self, Wrong> {
        let mut coded = Self::default();
        let mut open: BTreeMap<[&str; 2], (Row<'a>, f64)> = BTreeMap::new();
        for row in rows {
            let (behaviour, subject) = (said(row, "behavior"), said(row, "subject"));
            let is_aggregated = row.has("start (s)");
            let kind = [said(row, "behavior type"), said(row, "status")].concat().to_uppercase();
            let start = if is_aggregated { "start (s)" } else { "time" };
            let missing = |name: &str| row.wrong(name, "a time");
            let secs = seconds(row, start)?.ok_or_else(|| missing(start))?;
            let comment = |names: &[&str]| -> Vec<String> {
                let written = names.iter().filter(|name| !said(row, name).is_empty());
                written.map(|name| row.text(name)).collect()
            };
            match kind.as_str() {
                "POINT" => {
                    let comment = comment(&["comment", "comment start"]).concat();
                    coded.points.push(Point { behaviour, row, secs, comment });
                }
                "STATE" if is_aggregated => {
                    let to_secs = seconds(row, "stop (s)")?.ok_or_else(|| missing("stop (s)"))?;
                    let comments = comment(&["comment start", "comment stop", "comment"]);
                    let (begin, from_secs) = (row, secs);
                    coded.add(State { behaviour, subject, begin, from_secs, to_secs, comments })?;
                }
                "START" => {
                    if open.insert([subject, behaviour], (row, secs)).is_some() {
                        return Err(row.wrong("behavior", "a stop before the next start"));
                    }
                }
                "STOP" => {
                    let Some((begin, from_secs)) = open.remove(&[subject, behaviour]) else {
                        return Err(row.wrong("behavior", "a start before the stop"));
                    };
                    let mut comments: Vec<_> = [begin.text("comment")].into();
                    comments.extend(comment(&["comment"]));
                    comments.retain(|text| !text.is_empty() && !text.eq_ignore_ascii_case(NOTHING));
                    let to_secs = secs;
                    coded.add(State { behaviour, subject, begin, from_secs, to_secs, comments })?;
                }
                _ => {
                    let name = if row.has("behavior type") { "behavior type" } else { "status" };
                    return Err(row.wrong(name, "STATE, START, STOP or POINT"));
                }
            }
        }
        match open.into_values().next() {
            Some((row, _)) => Err(row.wrong("behavior", "a stop for each start")),
            None => Ok(coded),
        }
    }

    fn add(&mut self, state: State<'a>) -> Result<(), Wrong> {
        if said(state.begin, "behavioral category") == super::TIME {
            return Ok(());
        }
        if state.to_secs < state.from_secs {
            return Err(state.begin.wrong("behavior", "a stop that is not before its start"));
        }
        self.states.push(state);
        Ok(())
    }

    /// The behaviours that are events: those chosen, else those with the name of an event, else the only one.
    fn chosen(&self, choice: &Choice) -> Result<BTreeSet<&'a str>, Wrong> {
        let all: BTreeSet<&str> = self.states.iter().map(|state| state.behaviour).collect();
        if !choice.tiers.is_empty() {
            return choice
                .tiers
                .iter()
                .map(|name| {
                    all.get(name.as_str()).copied().ok_or_else(|| {
                        let expected =
                            format!("one of the behaviours {}", listed(all.iter().copied()));
                        Wrong::new("", expected, format!("`{name}`"))
                    })
                })
                .collect();
        }
        let is_event = |name: &&str| {
            is_named_after_events(name)
                || label_named(without_number(name)).is_some()
                || units_named(name).is_some()
        };
        let named: BTreeSet<&str> = all.iter().copied().filter(is_event).collect();
        match (named.len(), all.len()) {
            (1.., _) => Ok(named),
            (0, ..=1) => Ok(all),
            _ => {
                let expected = "behaviours that are named after events, emotions or action units, or a \
                                choice of them (--tier)";
                Err(Wrong::new("", expected, listed(all)))
            }
        }
    }

    /// Says which behaviours were taken and which were not.
    fn told(&self, chosen: &BTreeSet<&str>) -> String {
        let all: BTreeSet<&str> = self.states.iter().map(|state| state.behaviour).collect();
        let mut told = format!("Events are the behaviours {}.", listed(chosen.iter().copied()));
        let left: Vec<_> = all.difference(chosen).copied().collect();
        if !left.is_empty() {
            told += &format!(" Not taken: {}.", listed(left));
        }
        let points: BTreeSet<&str> =
            self.points.iter().filter(|p| !p.is_apex()).map(|point| point.behaviour).collect();
        if !points.is_empty() {
            told += &format!(" Markers are the points {}.", listed(points));
        }
        told
    }
}

impl State<'_> {
    fn event(&self, points: &[Point<'_>], frames: &Frames) -> Result<FoundEvent, Wrong> {
        let spanned = frames.spanned(self.from_secs, self.to_secs).ok_or_else(|| {
            let found = format!("{:.3} to {:.3} s", self.from_secs, self.to_secs);
            let expected = format!("times in this session, {}", frames.times());
            Wrong::new(&format!("line {}", self.begin.line()), expected, found)
        })?;
        let [onset, offset] = spanned;
        let is_within = |p: &&Point<'_>| (self.from_secs..=self.to_secs).contains(&p.secs);
        let mut apexes = points.iter().filter(|point| point.is_apex()).filter(is_within);
        let apex = apexes.find_map(|point| frames.nearest(point.secs));
        let apex = apex.filter(|apex| (onset.frame..=offset.frame).contains(&apex.frame));
        let apex = apex.unwrap_or_else(|| frames.middle(onset, offset));
        let kind = kind_named(self.behaviour)
            .or_else(|| kind_named(said(self.begin, "behavioral category")))
            .unwrap_or_else(|| kind_by_duration(onset, offset));
        let mut event = FoundEvent {
            claim: Claim::Own(None),
            kind,
            bounds: Bounds { onset, apex, offset },
            verdict: Verdict::Confirmed,
            label: None,
            units: None,
            confidence: None,
            note: String::new(),
            odd: Vec::new(),
        };
        self.comments.iter().for_each(|comment| event.add_note(comment));
        event.take_value(without_number(self.behaviour));
        for value in self.begin.values_of("modifier") {
            let is_said = |v: &str| !["", "none", "unclear", NOTHING].contains(&&*v.to_lowercase());
            value
                .split('|')
                .map(str::trim)
                .filter(|v| is_said(v))
                .for_each(|v| event.take_value(v));
        }
        Ok(event)
    }
}

impl Point<'_> {
    fn is_apex(&self) -> bool {
        self.behaviour.eq_ignore_ascii_case(super::APEX)
    }

    fn mark(&self, frames: &Frames) -> Result<(Moment, String), Wrong> {
        let at = frames.nearest(self.secs).ok_or_else(|| {
            let expected = format!("a time in this session, {}", frames.times());
            let what = format!("line {}", self.row.line());
            Wrong::new(&what, expected, format!("{:.3} s", self.secs))
        })?;
        let comment = &self.comment;
        let kind = match self.behaviour.strip_prefix(super::MARKER) {
            Some(kind) if kind.is_empty() || kind.starts_with(' ') => kind.trim(),
            _ => self.behaviour,
        };
        let text = match (kind.is_empty(), comment.is_empty()) {
            (true, _) => comment.clone(),
            (false, true) => kind.to_owned(),
            (false, false) => format!("{kind}: {comment}"),
        };
        Ok((at, text))
    }
}

/// `micro 2` without its number. Fleeting writes the number if two events overlap.
fn without_number(behaviour: &str) -> &str {
    match behaviour.rsplit_once(' ') {
        Some((name, number)) if number.parse::<u32>().is_ok() => name,
        _ => behaviour,
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
