//! The one `match` that changes what is under review.

use super::command::{Edge, ReviewCommand};
use super::filter::Filter;
use super::outside::Kept;
use super::units_text::{read_units, write_units};
use super::{MAGNIFICATION, RaterLayer, ReviewState};
use crate::app::view::note::{Note, Subject};
use crate::app::view::playback::PlaybackMotion;
use crate::measure::event::{EventKind, Moment};
use crate::measure::time::Timestamp;
use crate::session::annotation::rater::checked_name;
use crate::session::annotation::{Act, Bounds, Entry, Label, Rater, Target, Verdict};

/// Micro-expressions last no longer than this, seconds.
const LONGEST_MICRO_SECS: f64 = 0.5;

/// An event of one's own begins with this much before and after the frame in view, seconds.
const FIRST_BOUNDS_SECS: (f64, f64) = (0.1, 0.2);

impl ReviewState {
    /// Changes what is under review as `command` asks; what needs the window is done by the caller.
    pub fn apply(&mut self, command: ReviewCommand) {
        if !self.allows(&command) {
            return;
        }
        if self.must_ask(&command) {
            self.ask_who(command);
            return;
        }
        if says_something_new(&command) {
            self.hint.clear();
        }
        match command {
            ReviewCommand::TogglePlay => self.playback.toggle(),
            ReviewCommand::ShuttleBack => self.playback.shuttle(-1.0),
            ReviewCommand::ShuttleOn => self.playback.shuttle(1.0),
            ReviewCommand::Hold => self.playback.hold(),
            ReviewCommand::Step(frames) => self.playback.step(frames),
            ReviewCommand::StepSecs(secs) => self.playback.step_secs(secs),
            ReviewCommand::First => self.playback.first(),
            ReviewCommand::Last => self.playback.last(),
            ReviewCommand::Seek(secs) => self.playback.seek(Timestamp::from_secs(secs)),
            ReviewCommand::GoTo(edge) => self.go_to(edge),
            ReviewCommand::ToggleLoop => self.toggle_loop(),

            ReviewCommand::Pick(target) => self.pick(target),
            ReviewCommand::Previous => self.step_listed(-1),
            ReviewCommand::Next => self.step_listed(1),
            ReviewCommand::NextOpen => self.pick_next_open(),
            ReviewCommand::Judge(verdict) => self.judge(verdict),
            ReviewCommand::Label(label) => self.label(label),
            ReviewCommand::Bound(edge) => self.bound(edge),
            ReviewCommand::Drag(edge, secs) => self.drag(edge, secs),
            ReviewCommand::Drop => self.drop_bound(),
            ReviewCommand::Add => self.add(),
            ReviewCommand::Mark => self.mark(String::new()),
            ReviewCommand::Write => self.write(),
            ReviewCommand::WriteMark => self.write_mark(),
            ReviewCommand::KeepNote => self.keep_note(),
            ReviewCommand::Units => self.begin_units(),
            ReviewCommand::KeepUnits => self.keep_units(),
            ReviewCommand::Undo => self.undo(Act::Undo),
            ReviewCommand::Redo => self.undo(Act::Redo),

            ReviewCommand::SetFilter(filter) => self.list.set_filter(filter),
            ReviewCommand::ClearFilter => self.list.set_filter(Filter::default()),
            ReviewCommand::SetOrder(order) => {
                self.list.order = order;
                self.list.relist();
            }
            ReviewCommand::FitEvent => self.fit_event(),
            ReviewCommand::FitAll => {
                self.view.timeline.show(0.0, self.last_secs(), self.last_secs())
            }

            ReviewCommand::Offer(number) => self.rating.offered = number,
            ReviewCommand::BeRater { name, blind } => self.be_rater(&name, blind),
            ReviewCommand::Unblind => self.unblind(),
            ReviewCommand::Show(layer) => self.show(layer),
            ReviewCommand::SetBlind(blind) => self.rating.blind_wanted = blind,
            ReviewCommand::Compare(a, b) => self.rating.compared = (a, b),
            ReviewCommand::SetMagnification(factor) => self.set_magnification(factor),

            ReviewCommand::Close => *self = Self::default(),
            ReviewCommand::ToggleFormat(name) => self.export.toggle(name),
            ReviewCommand::BlurExport(blur) => self.export.blur = blur,
            ReviewCommand::BlindImport(blind) => self.import.blind = blind,
            ReviewCommand::PickSession
            | ReviewCommand::TakeLive
            | ReviewCommand::Export
            | ReviewCommand::Import
            | ReviewCommand::Search
            | ReviewCommand::ExportAgreement => {}
        }
        self.show_frame();
        if !self.is_looping() {
            self.keep_cursor_in_view();
        }
    }

    /// Whether an event is repeated.
    pub fn is_looping(&self) -> bool {
        matches!(self.playback.motion(), PlaybackMotion::Loops { .. })
    }

    /// Whether a command that switches something has it switched on; none for the others.
    pub fn is_on(&self, command: &ReviewCommand) -> Option<bool> {
        let row = self.picked_row();
        match command {
            ReviewCommand::TogglePlay => {
                Some(matches!(self.playback.motion(), PlaybackMotion::Runs(_)))
            }
            ReviewCommand::Judge(Verdict::Open) => None,
            ReviewCommand::Judge(verdict) => Some(row.is_some_and(|row| row.verdict == *verdict)),
            ReviewCommand::Label(label) => Some(row.is_some_and(|row| row.label == Some(*label))),
            _ => None,
        }
    }

    /// Whether the command can do anything now.
    pub fn allows(&self, command: &ReviewCommand) -> bool {
        let can_change = self.rating.is_own() && self.picked_row().is_some();
        match command {
            ReviewCommand::TogglePlay
            | ReviewCommand::ShuttleBack
            | ReviewCommand::ShuttleOn
            | ReviewCommand::Hold
            | ReviewCommand::Step(_)
            | ReviewCommand::StepSecs(_)
            | ReviewCommand::First
            | ReviewCommand::Last
            | ReviewCommand::Seek(_) => !self.playback.moments().is_empty(),
            ReviewCommand::GoTo(_) | ReviewCommand::ToggleLoop | ReviewCommand::FitEvent => {
                self.picked_row().is_some()
            }
            ReviewCommand::Previous | ReviewCommand::Next => !self.list.listed.is_empty(),
            ReviewCommand::NextOpen => self.next_open().is_some(),
            ReviewCommand::Judge(_)
            | ReviewCommand::Label(_)
            | ReviewCommand::Bound(_)
            | ReviewCommand::Drag(..)
            | ReviewCommand::Drop
            | ReviewCommand::Units
            | ReviewCommand::KeepUnits => can_change,
            ReviewCommand::Add
            | ReviewCommand::Mark
            | ReviewCommand::Write
            | ReviewCommand::WriteMark => self.rating.is_own() && self.playback.at().is_some(),
            ReviewCommand::KeepNote => self.view.note.is_some(),
            ReviewCommand::Undo => self.can_undo && self.rating.is_own(),
            ReviewCommand::Redo => self.can_redo && self.rating.is_own(),
            ReviewCommand::ClearFilter => !self.list.filter.is_open(),
            ReviewCommand::Export => self.to_write().next().is_some() && !self.export.is_running(),
            ReviewCommand::ExportAgreement => !self.is_blind() && !self.export.is_running(),
            ReviewCommand::Unblind => self.is_blind(),
            ReviewCommand::Show(layer) => {
                layer.rater() == Some(&self.rating.rater) || !self.is_blind()
            }
            ReviewCommand::BeRater { name, .. } => checked_name(name).is_ok(),
            ReviewCommand::Import => self.can_import(),
            ReviewCommand::Close | ReviewCommand::FitAll | ReviewCommand::Search => {
                self.phase == super::ReviewPhase::Open
            }
            _ => true,
        }
    }

    /// The next event of the list after the picked one that is not judged; from the end it goes on
    /// at the beginning.
    pub(super) fn next_open(&self) -> Option<Target> {
        self.list.next_open(&self.list.targets(), self.view.picked)
    }

    fn pick_next_open(&mut self) {
        if let Some(target) = self.next_open() {
            self.pick(target);
        }
    }

    fn step_listed(&mut self, step: isize) {
        let order = self.list.targets();
        let Some(last) = order.len().checked_sub(1) else { return };
        let at = order.iter().position(|target| Some(*target) == self.view.picked);
        let next = match at {
            Some(at) => at.saturating_add_signed(step).min(last),
            None if step < 0 => last,
            None => 0,
        };
        self.pick(order[next]);
    }

    fn go_to(&mut self, edge: Edge) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            self.playback.seek_frame(moment_of(&bounds, edge).frame);
        }
    }

    fn toggle_loop(&mut self) {
        match self.playback.motion() {
            PlaybackMotion::Loops { .. } => self.playback.hold(),
            _ => self.repeat_picked(),
        }
    }

    fn fit_event(&mut self) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            let (first, last) = (bounds.onset.time.secs(), bounds.offset.time.secs());
            self.view.timeline.show(first - 1.0, last + 1.0, self.last_secs());
        }
    }

    fn keep_cursor_in_view(&mut self) {
        let moves = self.view.timeline.range(self.last_secs());
        let at = self.view.cursor.map(Timestamp::secs);
        if self.followed != at {
            self.followed = at;
            if at.is_some_and(|at| at < moves.0 || at > moves.1) {
                self.view.reveal_cursor(self.last_secs());
            }
        }
    }

    fn judge(&mut self, verdict: Verdict) {
        let Some(row) = self.picked_row() else { return };
        let (target, id, was) = (row.target, row.id(), row.verdict);
        let order = self.list.targets();
        if was != verdict {
            self.act(Act::Judge(target, verdict));
            self.hint = format!("Event {id} is {}.", verdict.name());
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

    fn label(&mut self, label: Label) {
        let Some(row) = self.picked_row() else { return };
        let (target, id) = (row.target, row.id());
        let label = (row.label != Some(label)).then_some(label);
        self.act(Act::Label(target, label));
        self.hint = match label {
            Some(label) => format!("Event {id} is named {}.", label.name()),
            None => format!("Event {id} has no name of yours any more."),
        };
    }

    /// Puts a bound on the frame in view.
    fn bound(&mut self, edge: Edge) {
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

    fn drag(&mut self, edge: Edge, secs: f64) {
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

    fn drop_bound(&mut self) {
        if let Some((target, bounds)) = self.draft.take() {
            self.set_bounds(target, bounds);
        }
    }

    fn set_bounds(&mut self, target: Target, bounds: Bounds) {
        let Some(row) = self.list.row(target) else { return };
        if row.bounds == bounds {
            return;
        }
        // An event of one's own is micro or macro by its length; the model's kind is the model's.
        let kind = kind_of(&bounds);
        let renewed = match target {
            Target::Own(number) if kind != row.kind => Act::Add(number, kind, bounds),
            _ => Act::Bound(target, bounds),
        };
        self.act(renewed);
        self.want_clips();
    }

    fn add(&mut self) {
        let Some(apex) = self.playback.at() else { return };
        let near = |secs: f64| self.playback.moment_near(apex.time + secs).unwrap_or(apex);
        let bounds =
            Bounds { onset: near(-FIRST_BOUNDS_SECS.0), apex, offset: near(FIRST_BOUNDS_SECS.1) };
        let number = self.view.session.log.next_own(&self.rating.rater);
        self.act(Act::Add(number, kind_of(&bounds), bounds));
        // One's own event is never hidden from the one who has just made it.
        if !self.list.listed.iter().any(|&i| self.list.rows[i].target == Target::Own(number)) {
            self.list.set_filter(Filter::default());
        }
        self.pick(Target::Own(number));
        self.hint = "Added an event; set its onset with [, apex with A, offset with ].".into();
    }

    fn mark(&mut self, words: String) {
        if let Some(at) = self.playback.at() {
            self.act(Act::Mark(at, words));
            self.hint = format!("Marked frame {} at {}.", at.frame, at.time);
        }
    }

    fn write(&mut self) {
        let note = self.picked_row().map(|row| Note::new(Subject::Event(row.target), &row.note));
        match note {
            Some(note) => self.view.note = Some(note),
            None => self.write_mark(),
        }
    }

    fn write_mark(&mut self) {
        self.view.note = self.playback.at().map(|at| Note::new(Subject::Moment(at), ""));
    }

    fn keep_note(&mut self) {
        let Some(Note { about, text }) = self.view.note.take() else { return };
        let text = text.text().trim().to_owned();
        match about {
            Subject::Event(target) if self.list.row(target).is_some_and(|row| row.note != text) => {
                self.act(Act::Note(target, text));
            }
            Subject::Event(_) => {}
            Subject::Moment(at) => self.act(Act::Mark(at, text)),
        }
    }

    fn begin_units(&mut self) {
        let units = self.picked_row().map(|row| write_units(&row.units));
        self.units.set(units.unwrap_or_default());
    }

    fn keep_units(&mut self) {
        let Some((target, old)) = self.picked_row().map(|row| (row.target, &row.units)) else {
            return;
        };
        match read_units(&self.units.text()) {
            Ok(units) if write_units(&units) == write_units(old) => {}
            Ok(units) => self.act(Act::Units(target, units)),
            Err(why) => self.hint = why,
        }
    }

    /// Takes back or does again, and shows the event that changed.
    fn undo(&mut self, act: Act) {
        let done = if act == Act::Undo { "Took back" } else { "Did again" };
        let before = std::mem::take(&mut self.list.rows);
        self.act(act);
        let changed = self.list.rows.iter().find(|row| {
            before.iter().find(|old| old.target == row.target).is_none_or(|old| old != *row)
        });
        self.hint = match changed.map(|row| (row.target, row.id())) {
            Some((target, id)) => {
                self.pick(target);
                format!("{done} what was done to event {id}.")
            }
            None => format!("{done} the newest act."),
        };
        if self.picked_row().is_none() {
            self.view.picked = None;
        }
    }

    fn be_rater(&mut self, name: &str, blind: bool) {
        let Ok(name) = checked_name(name) else { return };
        let known = self.view.session.log.rater(name).map(|rater| rater.name.clone());
        let name = known.unwrap_or_else(|| {
            let rater = Rater { blind, ..Rater::new(name) };
            self.view.session.log.add_rater(rater.clone());
            self.storage.keep(Kept::Rater(rater));
            name.to_owned()
        });
        self.rating.rater.clone_from(&name);
        self.rating.is_named = true;
        self.rating.name.clear();
        self.rating.blind_wanted = false;
        self.rating.compared = (RaterLayer::Model, RaterLayer::Rater(name.clone()));
        self.show(RaterLayer::Rater(name));
    }

    fn unblind(&mut self) {
        let rater = Rater::new(&self.rating.rater);
        self.view.session.log.add_rater(rater.clone());
        self.storage.keep(Kept::Rater(rater));
        self.refresh();
    }

    fn show(&mut self, layer: RaterLayer) {
        self.rating.layer = layer;
        self.refresh();
        if self.picked_row().is_none() {
            self.view.picked = None;
        }
        self.want_clips();
    }

    fn set_magnification(&mut self, factor: f32) {
        if factor.is_finite() {
            self.magnification = factor.round().clamp(*MAGNIFICATION.start(), *MAGNIFICATION.end());
            self.want_clips();
        }
    }

    /// Adds to the log, keeps it, and works out what follows.
    fn act(&mut self, act: Act) {
        let at_unix_ms = jiff::Timestamp::now().as_millisecond();
        let entry = Entry { rater: self.rating.rater.clone(), at_unix_ms, act };
        self.view.session.log.push(entry.clone());
        self.storage.keep(Kept::Entry(entry));
        self.refresh();
    }
}

/// What only turns a knob leaves the last hint to be read.
fn says_something_new(command: &ReviewCommand) -> bool {
    !matches!(command, ReviewCommand::Drag(..) | ReviewCommand::Offer(_))
}

fn kind_of(bounds: &Bounds) -> EventKind {
    let secs = bounds.offset.time.secs_since(bounds.onset.time);
    if secs <= LONGEST_MICRO_SECS { EventKind::Micro } else { EventKind::Macro }
}

/// One of the three.
pub fn moment_of(bounds: &Bounds, edge: Edge) -> Moment {
    match edge {
        Edge::Onset => bounds.onset,
        Edge::Apex => bounds.apex,
        Edge::Offset => bounds.offset,
    }
}

/// `bounds` with one of them at `at`. The apex gives way to onset and offset; those never cross.
pub fn moved(bounds: Bounds, edge: Edge, at: Moment) -> Result<Bounds, String> {
    let Bounds { onset, apex, offset } = bounds;
    match edge {
        Edge::Onset if at.frame > offset.frame => Err(format!(
            "The onset must not come after the offset, frame {}; set the offset first.",
            offset.frame
        )),
        Edge::Offset if at.frame < onset.frame => Err(format!(
            "The offset must not come before the onset, frame {}; set the onset first.",
            onset.frame
        )),
        Edge::Apex if !(onset.frame..=offset.frame).contains(&at.frame) => Err(format!(
            "The apex must lie between onset and offset, frames {} to {}.",
            onset.frame, offset.frame
        )),
        Edge::Onset => Ok(Bounds { onset: at, apex: apex.max(at), offset }),
        Edge::Offset => Ok(Bounds { onset, apex: apex.min(at), offset: at }),
        Edge::Apex => Ok(Bounds { onset, apex: at, offset }),
    }
}
