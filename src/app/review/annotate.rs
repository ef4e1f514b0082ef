//! What a person says about events and moments. Each act goes into the log and is stored at once.

use super::ReviewState;
use super::bounds::moved;
use super::command::Edge;
use super::filter::Filter;
use super::outside::Kept;
use super::units_text::{read_units, write_units};
use crate::app::marking::condition_edit::{self, ConditionEdit};
use crate::app::theme::{number_words, verdict_word};
use crate::app::view::note::{Note, Subject};
use crate::measure::event::EventKind;
use crate::measure::time::Timestamp;
use crate::session::annotation::{
    Act, Bounds, Confidence, Entry, Label, Mark, MarkKind, Target, Verdict,
};

/// Greatest length of a micro-expression, seconds.
const LONGEST_MICRO_SECS: f64 = 0.5;

/// A new event begins with this much before and after the frame in view, seconds.
const FIRST_BOUNDS_SECS: (f64, f64) = (0.1, 0.2);

impl ReviewState {
    pub(super) fn judge(&mut self, verdict: Verdict) {
        let Some(row) = self.picked_row() else { return };
        let (target, id, was) = (row.target, number_words(row.target), row.verdict);
        let order = self.list.targets();
        if was != verdict {
            self.act(Act::Judge(target, verdict));
            self.hint = format!("Event {id} is {}.", verdict_word(verdict));
        }
        if verdict == Verdict::Open {
            return;
        }
        match self.list.next_open(&order, self.view.picked) {
            Some(next) => self.pick(next),
            None if self.list.filter.is_open() => self.hint.push_str(" Every event is judged."),
            None => self.hint.push_str(" Every listed event is judged."),
        }
    }

    pub(super) fn label(&mut self, label: Label) {
        let Some(row) = self.picked_row() else { return };
        let (target, id) = (row.target, number_words(row.target));
        let label = (row.label != Some(label)).then_some(label);
        self.act(Act::Label(target, label));
        self.hint = match label {
            Some(label) => format!("Event {id} is named {}.", label.name()),
            None => format!("Event {id} has no name of yours any more."),
        };
    }

    pub(super) fn next_confidence(&mut self) {
        let Some(row) = self.picked_row() else { return };
        let (target, id) = (row.target, number_words(row.target));
        let next = row.confidence.map_or(0, |confidence| confidence as usize + 1);
        let next = Confidence::ALL.get(next).copied();
        self.act(Act::Confidence(target, next));
        self.hint = match next {
            Some(confidence) => format!("You are {} of event {id}.", confidence.name()),
            None => format!("You say no longer how sure you are of event {id}."),
        };
    }

    /// Puts a bound on the frame in view.
    pub(super) fn bound(&mut self, edge: Edge) {
        let (Some(row), Some(at)) = (self.picked_row(), self.playback.at()) else { return };
        match moved(row.bounds, edge, at) {
            Ok(bounds) => {
                let (target, words) =
                    (row.target, format!("{} is frame {}.", edge.name(), at.frame));
                self.set_bounds(target, bounds);
                self.hint = format!("The {words}");
            }
            Err(why) => self.hint = why,
        }
    }

    pub(super) fn drag(&mut self, edge: Edge, secs: f64) {
        let (Some(row), Some(at)) =
            (self.picked_row(), self.playback.moment_near(Timestamp::from_secs(secs)))
        else {
            return;
        };
        if let Ok(bounds) = moved(self.bounds(row), edge, at) {
            self.draft = Some((row.target, bounds));
            self.playback.seek_frame(at.frame);
        }
    }

    pub(super) fn drop_bound(&mut self) {
        if let Some((target, bounds)) = self.draft.take() {
            self.set_bounds(target, bounds);
        }
    }

    fn set_bounds(&mut self, target: Target, bounds: Bounds) {
        let Some(row) = self.list.row(target) else { return };
        if row.bounds == bounds {
            return;
        }
        // A person's own event is micro or macro by its length; an event of the model keeps the model's kind.
        let kind = kind_of(&bounds);
        let renewed = match target {
            Target::Own(number) if kind != row.kind => Act::Add(number, kind, bounds),
            _ => Act::Bound(target, bounds),
        };
        self.act(renewed);
        self.want_clips();
    }

    pub(super) fn add(&mut self) {
        let Some(apex) = self.playback.at() else { return };
        let near = |secs: f64| self.playback.moment_near(apex.time + secs).unwrap_or(apex);
        let bounds =
            Bounds { onset: near(-FIRST_BOUNDS_SECS.0), apex, offset: near(FIRST_BOUNDS_SECS.1) };
        let number = self.view.session.log.next_own(&self.rating.rater);
        self.act(Act::Add(number, kind_of(&bounds), bounds));
        // A new event is always listed, whatever the filter.
        if !self.list.listed.iter().any(|&i| self.list.rows[i].target == Target::Own(number)) {
            self.list.set_filter(Filter::default());
        }
        self.pick(Target::Own(number));
        self.hint = "Added an event; set its onset with [, apex with A, offset with ].".into();
    }

    /// Marks the frame in view. A mark in review is about its frame alone.
    pub(super) fn mark(&mut self, kind: MarkKind) {
        if let Some(at) = self.playback.at() {
            self.act(Act::Mark(Mark { kind, ..Mark::new(at, "") }));
            self.hint = format!("Marked frame {} at {}.", at.frame, at.time);
        }
    }

    pub(super) fn edit_condition(&mut self, edit: &ConditionEdit) {
        let Some(at) = self.playback.at() else { return };
        let acts = condition_edit::acts(edit, &self.view.session.log, &self.condition_names, at);
        self.hint = match acts.is_empty() {
            true => "This changes no condition here.".into(),
            false => format!("The conditions are changed at frame {}, {}.", at.frame, at.time),
        };
        acts.into_iter().for_each(|act| self.act(act));
    }

    pub(super) fn write(&mut self) {
        let note = self.picked_row().map(|row| Note::new(Subject::Event(row.target), &row.note));
        match note {
            Some(note) => self.view.note = Some(note),
            None => self.write_mark(),
        }
    }

    pub(super) fn write_mark(&mut self) {
        self.view.note = self.playback.at().map(|at| Note::new(Subject::Moment(at), ""));
    }

    pub(super) fn keep_note(&mut self) {
        let Some(Note { about, text }) = self.view.note.take() else { return };
        let text = text.text().trim().to_owned();
        match about {
            Subject::Event(target) if self.list.row(target).is_some_and(|row| row.note != text) => {
                self.act(Act::Note(target, text));
            }
            Subject::Event(_) => {}
            Subject::Moment(at) => self.act(Act::Mark(Mark::new(at, text))),
        }
    }

    pub(super) fn begin_units(&mut self) {
        let units = self.picked_row().map(|row| write_units(&row.units));
        self.units.set(units.unwrap_or_default());
    }

    pub(super) fn keep_units(&mut self) {
        let Some((target, old)) = self.picked_row().map(|row| (row.target, &row.units)) else {
            return;
        };
        match read_units(&self.units.text()) {
            Ok(units) if write_units(&units) == write_units(old) => {}
            Ok(units) => self.act(Act::Units(target, units)),
            Err(why) => self.hint = why,
        }
    }

    /// Undoes or redoes, and shows the event that changed.
    pub(super) fn undo(&mut self, act: Act) {
        let done = if act == Act::Undo { "Undid" } else { "Redid" };
        let before = std::mem::take(&mut self.list.rows);
        self.act(act);
        let changed = self.list.rows.iter().find(|row| {
            before.iter().find(|old| old.target == row.target).is_none_or(|old| old != *row)
        });
        self.hint = match changed.map(|row| (row.target, number_words(row.target))) {
            Some((target, id)) => {
                self.pick(target);
                format!("{done} the last act on event {id}.")
            }
            None => format!("{done} the newest act."),
        };
        if self.picked_row().is_none() {
            self.view.picked = None;
        }
    }

    /// Adds to the log, stores it, and computes what follows.
    fn act(&mut self, act: Act) {
        let at_unix_ms = jiff::Timestamp::now().as_millisecond();
        let entry = Entry { rater: self.rating.rater.clone(), at_unix_ms, act };
        self.view.session.log.push(entry.clone());
        self.storage.keep(Kept::Entry(entry));
        self.refresh();
    }
}

fn kind_of(bounds: &Bounds) -> EventKind {
    let secs = bounds.offset.time.secs_since(bounds.onset.time);
    if secs <= LONGEST_MICRO_SECS { EventKind::Micro } else { EventKind::Macro }
}
