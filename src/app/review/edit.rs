//! The one `match` that changes the session under review.

use super::bounds::moment_of;
use super::command::{Edge, ReviewCommand};
use super::filter::Filter;
use super::outside::Kept;
use super::rating::RaterLayer;
use super::{MAGNIFICATION, ReviewState};
use crate::app::view::playback::PlaybackMotion;
use crate::measure::time::Timestamp;
use crate::session::annotation::rater::checked_name;
use crate::session::annotation::{Act, MarkKind, Rater, Target, Verdict};

impl ReviewState {
    /// Changes what is under review as `command` says. The caller does what needs the window.
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

            ReviewCommand::ToggleSound => self.sound.is_muted = !self.sound.is_muted,

            ReviewCommand::Pick(target) => self.pick(target),
            ReviewCommand::Previous => self.step_listed(-1),
            ReviewCommand::Next => self.step_listed(1),
            ReviewCommand::NextOpen => self.pick_next_open(),
            ReviewCommand::Judge(verdict) => self.judge(verdict),
            ReviewCommand::Label(label) => self.label(label),
            ReviewCommand::NextConfidence => self.next_confidence(),
            ReviewCommand::Bound(edge) => self.bound(edge),
            ReviewCommand::Drag(edge, secs) => self.drag(edge, secs),
            ReviewCommand::Drop => self.drop_bound(),
            ReviewCommand::Add => self.add(),
            ReviewCommand::Mark => self.mark(MarkKind::Mark),
            ReviewCommand::MarkAs(kind) => self.mark(kind.into()),
            ReviewCommand::Condition(edit) => self.edit_condition(&edit),
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
            | ReviewCommand::AskUnblind
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

    /// True if an event is repeated.
    pub fn is_looping(&self) -> bool {
        matches!(self.playback.motion(), PlaybackMotion::Loops { .. })
    }

    /// For a command that switches something, true if it is switched on; `None` for others.
    pub fn is_on(&self, command: &ReviewCommand) -> Option<bool> {
        let row = self.picked_row();
        match command {
            ReviewCommand::TogglePlay => {
                Some(matches!(self.playback.motion(), PlaybackMotion::Runs(_)))
            }
            ReviewCommand::ToggleSound => Some(self.sound.is_muted),
            ReviewCommand::Judge(Verdict::Open) => None,
            ReviewCommand::Judge(verdict) => Some(row.is_some_and(|row| row.verdict == *verdict)),
            ReviewCommand::Label(label) => Some(row.is_some_and(|row| row.label == Some(*label))),
            _ => None,
        }
    }

    /// True if the command has an effect now.
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
            ReviewCommand::ToggleSound => self.sound.is_there(),
            ReviewCommand::GoTo(_) | ReviewCommand::ToggleLoop | ReviewCommand::FitEvent => {
                self.picked_row().is_some()
            }
            ReviewCommand::Previous | ReviewCommand::Next => !self.list.listed.is_empty(),
            ReviewCommand::NextOpen => self.next_open().is_some(),
            ReviewCommand::Judge(_)
            | ReviewCommand::Label(_)
            | ReviewCommand::NextConfidence
            | ReviewCommand::Bound(_)
            | ReviewCommand::Drag(..)
            | ReviewCommand::Drop
            | ReviewCommand::Units
            | ReviewCommand::KeepUnits => can_change,
            ReviewCommand::Add
            | ReviewCommand::Mark
            | ReviewCommand::MarkAs(_)
            | ReviewCommand::Condition(_)
            | ReviewCommand::Write
            | ReviewCommand::WriteMark => self.rating.is_own() && self.playback.at().is_some(),
            ReviewCommand::KeepNote => self.view.note.is_some(),
            ReviewCommand::Undo => self.can_undo && self.rating.is_own(),
            ReviewCommand::Redo => self.can_redo && self.rating.is_own(),
            ReviewCommand::ClearFilter => !self.list.filter.is_open(),
            ReviewCommand::Export => self.to_write().next().is_some() && !self.export.is_running(),
            ReviewCommand::ExportAgreement => !self.is_blind() && !self.export.is_running(),
            ReviewCommand::AskUnblind | ReviewCommand::Unblind => self.is_blind(),
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

    /// The next event in the list after the picked one that is not judged. After the end, it goes on at the
    /// beginning.
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
}

/// A command that only changes a setting leaves the last hint in place.
fn says_something_new(command: &ReviewCommand) -> bool {
    !matches!(command, ReviewCommand::Drag(..) | ReviewCommand::Offer(_))
}
