//! The one `match` that changes what is under review.

use super::command::{Command, Edge};
use super::field::{Subject, read_units, write_units};
use super::outside::Kept;
use super::play::Motion;
use super::{Layer, MAGNIFICATION, ReviewState};
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
    pub fn apply(&mut self, command: Command) {
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
            Command::TogglePlay => self.play.toggle(),
            Command::ShuttleBack => self.play.shuttle(-1.0),
            Command::ShuttleOn => self.play.shuttle(1.0),
            Command::Hold => self.play.hold(),
            Command::Step(frames) => self.play.step(frames),
            Command::StepSecs(secs) => self.play.step_secs(secs),
            Command::First => self.play.first(),
            Command::Last => self.play.last(),
            Command::Seek(secs) => self.play.seek(Timestamp::from_secs(secs)),
            Command::GoTo(edge) => self.go_to(edge),
            Command::ToggleLoop => self.toggle_loop(),

            Command::Pick(target) => self.pick(target),
            Command::Previous => self.step_listed(-1),
            Command::Next => self.step_listed(1),
            Command::NextOpen => self.pick_next_open(),
            Command::Judge(verdict) => self.judge(verdict),
            Command::Label(label) => self.label(label),
            Command::Bound(edge) => self.bound(edge),
            Command::Drag(edge, secs) => self.drag(edge, secs),
            Command::Drop => self.drop_bound(),
            Command::Add => self.add(),
            Command::Mark => self.mark(String::new()),
            Command::Write => self.write(),
            Command::WriteMark => self.write_mark(),
            Command::EditNote(text) => self.edit_note(text),
            Command::KeepNote => self.keep_note(),
            Command::Units => self.begin_units(),
            Command::EditUnits(text) => self.units_text = text,
            Command::KeepUnits => self.keep_units(),
            Command::Undo => self.undo(Act::Undo),
            Command::Redo => self.undo(Act::Redo),

            Command::SetFilter(filter) => {
                self.filter = filter;
                self.list();
            }
            Command::ClearFilter => {
                self.filter = Default::default();
                self.list();
            }
            Command::Search => self.wants_search = true,
            Command::SetOrder(order) => {
                self.order = order;
                self.list();
            }
            Command::FitEvent => self.fit_event(),
            Command::FitAll => self.timeline.show(0.0, self.last_secs(), self.last_secs()),

            Command::Offer(number) => self.offered = number,
            Command::BeRater { name, blind } => self.be_rater(&name, blind),
            Command::Unblind => self.unblind(),
            Command::Show(layer) => self.show(layer),
            Command::EditName(text) => self.name_text = text,
            Command::SetBlind(blind) => self.blind_wanted = blind,
            Command::Compare(a, b) => self.compared = (a, b),
            Command::SetMagnification(factor) => self.set_magnification(factor),

            Command::Close => *self = Self::default(),
            Command::ToggleFormat(name) => self.export.toggle(name),
            Command::BlurExport(blur) => self.export.blur = blur,
            Command::EditImportName(text) => self.import.name = text,
            Command::EditImportTiers(text) => self.import.tiers = text,
            Command::BlindImport(blind) => self.import.blind = blind,
            Command::PickSession
            | Command::TakeLive
            | Command::Export
            | Command::Import
            | Command::ExportAgreement => {}
        }
        if !matches!(self.play.motion(), Motion::Loops { .. }) {
            self.keep_cursor_in_view();
        }
        self.want_picture();
    }

    /// Whether an event is repeated.
    pub fn is_looping(&self) -> bool {
        matches!(self.play.motion(), Motion::Loops { .. })
    }

    /// Whether a command that switches something has it switched on; none for the others.
    pub fn is_on(&self, command: &Command) -> Option<bool> {
        let row = self.picked_row();
        match command {
            Command::TogglePlay => Some(matches!(self.play.motion(), Motion::Runs(_))),
            Command::Judge(Verdict::Open) => None,
            Command::Judge(verdict) => Some(row.is_some_and(|row| row.verdict == *verdict)),
            Command::Label(label) => Some(row.is_some_and(|row| row.label == Some(*label))),
            _ => None,
        }
    }

    /// Whether the command can do anything now.
    pub fn allows(&self, command: &Command) -> bool {
        let can_change = self.is_own() && self.picked_row().is_some();
        match command {
            Command::TogglePlay
            | Command::ShuttleBack
            | Command::ShuttleOn
            | Command::Hold
            | Command::Step(_)
            | Command::StepSecs(_)
            | Command::First
            | Command::Last
            | Command::Seek(_) => !self.play.moments().is_empty(),
            Command::GoTo(_) | Command::ToggleLoop | Command::FitEvent => {
                self.picked_row().is_some()
            }
            Command::Previous | Command::Next => !self.listed.is_empty(),
            Command::NextOpen => self.next_open().is_some(),
            Command::Judge(_)
            | Command::Label(_)
            | Command::Bound(_)
            | Command::Drag(..)
            | Command::Drop
            | Command::Units
            | Command::KeepUnits => can_change,
            Command::Add | Command::Mark | Command::Write | Command::WriteMark => {
                self.is_own() && self.play.at().is_some()
            }
            Command::KeepNote => self.note.is_some(),
            Command::Undo => self.can_undo && self.is_own(),
            Command::Redo => self.can_redo && self.is_own(),
            Command::ClearFilter => !self.filter.is_open(),
            Command::Export => self.to_write().next().is_some() && !self.export.is_running(),
            Command::ExportAgreement => !self.is_blind() && !self.export.is_running(),
            Command::Unblind => self.is_blind(),
            Command::Show(layer) => layer.rater() == Some(&self.rater) || !self.is_blind(),
            Command::BeRater { name, .. } => checked_name(name).is_ok(),
            Command::Import => self.can_import(),
            Command::Close | Command::FitAll | Command::Search => self.phase == super::Phase::Open,
            _ => true,
        }
    }

    /// The next event of the list after the picked one that is not judged; from the end it goes on
    /// at the beginning.
    pub(super) fn next_open(&self) -> Option<Target> {
        let order: Vec<_> = self.listed.iter().map(|&i| self.rows[i].target).collect();
        self.next_open_in(&order)
    }

    fn next_open_in(&self, order: &[Target]) -> Option<Target> {
        let at = order.iter().position(|target| Some(*target) == self.picked);
        let (before, after) = order.split_at(at.map_or(0, |at| at + 1));
        let is_open = |target: &&Target| {
            let row = self.rows.iter().find(|row| row.target == **target);
            Some(**target) != self.picked && row.is_some_and(|row| row.verdict == Verdict::Open)
        };
        after.iter().chain(before).find(is_open).copied()
    }

    fn pick_next_open(&mut self) {
        if let Some(target) = self.next_open() {
            self.pick(target);
        }
    }

    fn step_listed(&mut self, step: isize) {
        let Some(last) = self.listed.len().checked_sub(1) else { return };
        let at = self.listed.iter().position(|&i| Some(self.rows[i].target) == self.picked);
        let next = match at {
            Some(at) => at.saturating_add_signed(step).min(last),
            None if step < 0 => last,
            None => 0,
        };
        self.pick(self.rows[self.listed[next]].target);
    }

    fn go_to(&mut self, edge: Edge) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            self.play.seek_frame(moment_of(&bounds, edge).frame);
        }
    }

    fn toggle_loop(&mut self) {
        match self.play.motion() {
            Motion::Loops { .. } => self.play.hold(),
            _ => self.repeat_picked(),
        }
    }

    fn fit_event(&mut self) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            let (first, last) = (bounds.onset.time.secs(), bounds.offset.time.secs());
            self.timeline.show(first - 1.0, last + 1.0, self.last_secs());
        }
    }

    fn keep_cursor_in_view(&mut self) {
        let moves = self.timeline.range(self.last_secs());
        let at = self.cursor().map(Timestamp::secs);
        if self.followed != at {
            self.followed = at;
            if at.is_some_and(|at| at < moves.0 || at > moves.1) {
                self.reveal_cursor();
            }
        }
    }

    fn judge(&mut self, verdict: Verdict) {
        let Some(row) = self.picked_row() else { return };
        let (target, id, was) = (row.target, row.id(), row.verdict);
        let order: Vec<_> = self.listed.iter().map(|&i| self.rows[i].target).collect();
        if was != verdict {
            self.act(Act::Judge(target, verdict));
            self.hint = format!("Event {id} is {}.", verdict.name());
        }
        if verdict == Verdict::Open {
            return;
        }
        match self.next_open_in(&order) {
            Some(next) => self.pick(next),
            None if self.filter.is_open() => self.hint.push_str(" Every event is judged."),
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
        let (Some(row), Some(at)) = (self.picked_row(), self.play.at()) else { return };
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
            (self.picked_row(), self.play.moment_near(Timestamp::from_secs(secs)))
        else {
            return;
        };
        if let Ok(bounds) = moved(self.bounds(row), edge, at) {
            self.draft = Some((row.target, bounds));
            self.play.seek_frame(at.frame);
        }
    }

    fn drop_bound(&mut self) {
        if let Some((target, bounds)) = self.draft.take() {
            self.set_bounds(target, bounds);
        }
    }

    fn set_bounds(&mut self, target: Target, bounds: Bounds) {
        let Some(row) = self.row(target) else { return };
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
        let Some(apex) = self.play.at() else { return };
        let near = |secs: f64| self.play.moment_near(apex.time + secs).unwrap_or(apex);
        let bounds =
            Bounds { onset: near(-FIRST_BOUNDS_SECS.0), apex, offset: near(FIRST_BOUNDS_SECS.1) };
        let number = self.session.log.next_own(&self.rater);
        self.act(Act::Add(number, kind_of(&bounds), bounds));
        // One's own event is never hidden from the one who has just made it.
        if !self.listed.iter().any(|&i| self.rows[i].target == Target::Own(number)) {
            self.filter = Default::default();
            self.list();
        }
        self.pick(Target::Own(number));
        self.hint = "Added an event; set its onset with [, apex with A, offset with ].".into();
    }

    fn mark(&mut self, words: String) {
        if let Some(at) = self.play.at() {
            self.act(Act::Mark(at, words));
            self.hint = format!("Marked frame {} at {}.", at.frame, at.time);
        }
    }

    fn write(&mut self) {
        match self.picked_row() {
            Some(row) => self.note = Some((Subject::Event(row.target), row.note.clone())),
            None => self.write_mark(),
        }
    }

    fn write_mark(&mut self) {
        self.note = self.play.at().map(|at| (Subject::Moment(at), String::new()));
    }

    fn edit_note(&mut self, text: String) {
        if let Some((_, old)) = &mut self.note {
            *old = text;
        }
    }

    fn keep_note(&mut self) {
        match self.note.take() {
            Some((Subject::Event(target), text))
                if self.row(target).is_some_and(|row| row.note != text.trim()) =>
            {
                self.act(Act::Note(target, text.trim().into()));
            }
            Some((Subject::Event(_), _)) | None => {}
            Some((Subject::Moment(at), text)) => self.act(Act::Mark(at, text.trim().into())),
        }
    }

    fn begin_units(&mut self) {
        self.units_text = self.picked_row().map(|row| write_units(&row.units)).unwrap_or_default();
    }

    fn keep_units(&mut self) {
        let Some((target, old)) = self.picked_row().map(|row| (row.target, &row.units)) else {
            return;
        };
        match read_units(&self.units_text) {
            Ok(units) if write_units(&units) == write_units(old) => {}
            Ok(units) => self.act(Act::Units(target, units)),
            Err(why) => self.hint = why,
        }
    }

    /// Takes back or does again, and shows the event that changed.
    fn undo(&mut self, act: Act) {
        let done = if act == Act::Undo { "Took back" } else { "Did again" };
        let before = std::mem::take(&mut self.rows);
        self.act(act);
        let changed = self.rows.iter().find(|row| {
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
            self.picked = None;
        }
    }

    fn be_rater(&mut self, name: &str, blind: bool) {
        let Ok(name) = checked_name(name) else { return };
        let known = self.session.log.rater(name).map(|rater| rater.name.clone());
        let name = known.unwrap_or_else(|| {
            let rater = Rater { blind, ..Rater::new(name) };
            self.session.log.add_rater(rater.clone());
            self.keep(Kept::Rater(rater));
            name.to_owned()
        });
        self.rater.clone_from(&name);
        self.is_named = true;
        self.name_text.clear();
        self.blind_wanted = false;
        self.compared = (Layer::Model, Layer::Rater(name.clone()));
        self.show(Layer::Rater(name));
    }

    fn unblind(&mut self) {
        let rater = Rater::new(&self.rater);
        self.session.log.add_rater(rater.clone());
        self.keep(Kept::Rater(rater));
        self.refresh();
    }

    fn show(&mut self, layer: Layer) {
        self.layer = layer;
        self.refresh();
        if self.picked_row().is_none() {
            self.picked = None;
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
        let entry = Entry { rater: self.rater.clone(), at_unix_ms, act };
        self.session.log.push(entry.clone());
        self.keep(Kept::Entry(entry));
        self.refresh();
    }

    pub(super) fn keep(&mut self, kept: Kept) {
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(kept);
        }
    }
}

/// What only turns a knob leaves the last hint to be read.
fn says_something_new(command: &Command) -> bool {
    !matches!(
        command,
        Command::EditNote(_)
            | Command::EditUnits(_)
            | Command::EditName(_)
            | Command::Drag(..)
            | Command::Offer(_)
    )
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
