//! Marks and conditions while the source runs, and the keys that a person binds to commands.

use super::command::{Command, Floating, Tab};
use super::message::{Topic, Weight};
use super::registry::{CommandEntry, EVERYWHERE, Group, PLOTTED, entry};
use super::review::command::ReviewCommand;
use super::shortcut::{Chord, key, shift};
use super::state::State;
use super::view::note::{Note, Subject};
use crate::measure::event::Moment;
use crate::session::OBSERVER;
use crate::session::annotation::{Act, Condition, Entry as Deed, Mark, MarkKind};

pub mod condition_edit;
pub mod own_keys;

use condition_edit::ConditionEdit;
use own_keys::OwnKeys;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum MarkingCommand {
    /// Mark the moment with this kind of the settings.
    MarkAs(String),
    /// Do something with the conditions: live at the newest frame, in review at the frame in view.
    Condition(ConditionEdit),
    /// Choose the command to which a key will be bound, by its name.
    ChooseForKey(String),
    /// Take the next key that is pressed, or no longer.
    AskForKey(bool),
    /// Bind this key to the chosen command.
    BindKey(Chord),
    /// Let this key mean again what it means without a binding.
    UnbindKey(Chord),
}

/// In the order of the menus.
pub static ENTRIES: &[CommandEntry] = &[
    entry(
        Group::Events,
        Command::Marking(MarkingCommand::Condition(ConditionEdit::Next)),
        "Next condition",
        &[key(egui::Key::C)],
        "End the condition that goes on, and begin the next one of the settings",
    )
    .only(PLOTTED),
    entry(
        Group::Events,
        Command::Marking(MarkingCommand::Condition(ConditionEdit::End)),
        "End the condition",
        &[shift(egui::Key::C)],
        "End the condition that goes on, and begin none",
    )
    .only(PLOTTED),
    entry(
        Group::Events,
        Command::ToggleWindow(Floating::Conditions),
        "Conditions…",
        &[],
        "The conditions of this session, where they start and where they end",
    )
    .only(PLOTTED),
    entry(
        Group::Help,
        Command::ToggleWindow(Floating::OwnKeys),
        "Own keys…",
        &[],
        "Bind keys, pedals and presenters to commands",
    )
    .only(EVERYWHERE),
];

/// The name of a command, in the table of keys: its own, or that of a kind of marks or a condition.
pub fn command_named(name: &str) -> Option<Command> {
    let own = |what: &str| name.strip_prefix(what).map(str::trim).filter(|word| !word.is_empty());
    if let Some(kind) = own(MARK_AS) {
        return Some(Command::Marking(MarkingCommand::MarkAs(kind.into())));
    }
    if let Some(condition) = own(CONDITION) {
        let edit = ConditionEdit::Toggle(condition.into());
        return Some(Command::Marking(MarkingCommand::Condition(edit)));
    }
    super::registry::entries().find(|entry| entry.name == name).map(|entry| entry.command.clone())
}

/// Begins of the names of commands that the settings add.
pub const MARK_AS: &str = "Mark:";
/// The same for conditions.
pub const CONDITION: &str = "Condition:";

impl State {
    pub(super) fn apply_to_marking(&mut self, command: MarkingCommand) {
        match command {
            MarkingCommand::MarkAs(kind) if self.tab == Tab::Review => {
                self.apply_to_review(ReviewCommand::MarkAs(kind));
            }
            MarkingCommand::MarkAs(kind) => {
                if let Some(at) = self.live.newest_moment() {
                    self.enter_mark(at, kind.into(), String::new());
                }
            }
            MarkingCommand::Condition(edit) if self.tab == Tab::Review => {
                self.apply_to_review(ReviewCommand::Condition(edit));
            }
            MarkingCommand::Condition(edit) => self.edit_live_condition(&edit),
            MarkingCommand::ChooseForKey(name) => self.own_keys.chosen = name,
            MarkingCommand::AskForKey(asks) => self.own_keys.asks = asks,
            MarkingCommand::BindKey(chord) => {
                self.own_keys.bind(chord);
                self.settings.keys = self.own_keys.as_text();
            }
            MarkingCommand::UnbindKey(chord) => {
                self.own_keys.unbind(chord);
                self.settings.keys = self.own_keys.as_text();
            }
        }
    }

    pub(super) fn allows_in_marking(&self, command: &MarkingCommand) -> bool {
        let review = |command| self.allows_in_review(&command);
        match command {
            MarkingCommand::MarkAs(kind) if self.tab == Tab::Review => {
                review(ReviewCommand::MarkAs(kind.clone()))
            }
            MarkingCommand::Condition(edit) if self.tab == Tab::Review => {
                review(ReviewCommand::Condition(edit.clone()))
            }
            MarkingCommand::MarkAs(_) | MarkingCommand::Condition(_) => {
                self.tab == Tab::Live && self.live.newest_moment().is_some()
            }
            MarkingCommand::ChooseForKey(_)
            | MarkingCommand::AskForKey(_)
            | MarkingCommand::BindKey(_)
            | MarkingCommand::UnbindKey(_) => true,
        }
    }

    pub(super) fn mark_live(&mut self, with_words: bool) {
        let Some(at) = self.live.newest_moment() else { return };
        if with_words {
            self.live.view.note = Some(Note::new(Subject::Moment(at), ""));
            self.floating = Some(Floating::Note);
        } else {
            self.enter_mark(at, MarkKind::Mark, String::new());
        }
    }

    /// Stores the note that is being written; live, it becomes a mark of the running session.
    pub(super) fn keep_note(&mut self) {
        match self.live.view.note.take() {
            Some(Note { about: Subject::Moment(at), text }) => {
                self.enter_mark(at, MarkKind::Mark, text.text().trim().to_owned());
            }
            Some(_) => {}
            None => self.review.apply(ReviewCommand::KeepNote),
        }
    }

    /// Adds a mark to the running session, and lets the edge of the window flash.
    fn enter_mark(&mut self, at: Moment, kind: MarkKind, text: String) {
        let before_ms = self.outside.config.marks.before_ms();
        self.enter_act(Act::Mark(Mark { at, kind, before_ms, text }));
        self.marked += 1;
    }

    fn edit_live_condition(&mut self, edit: &ConditionEdit) {
        let Some(at) = self.live.newest_moment() else { return };
        let names = &self.outside.config.marks.conditions;
        let acts = condition_edit::acts(edit, &self.live.view.session.log, names, at);
        if acts.is_empty() {
            let text = "No condition goes on, and the settings name no further one.";
            self.messages.post(Weight::Note, Topic::Other, text);
            return;
        }
        acts.into_iter().for_each(|act| self.enter_act(act));
        self.marked += 1;
    }

    fn enter_act(&mut self, act: Act) {
        let at_unix_ms = jiff::Timestamp::now().as_millisecond();
        self.enter(Deed { rater: OBSERVER.into(), at_unix_ms, act });
    }

    /// A recording has begun: conditions that go on are its own too, from its first frame on.
    pub(super) fn carry_conditions_into_the_recording(&mut self) {
        let Some(now) = self.live.newest_moment() else { return };
        let open = self.live.view.session.log.conditions().into_iter();
        for one in open.filter(|one| one.condition.end.is_none()) {
            let Condition { name, start, end } = one.condition;
            let condition = Condition { name, start: start.max(now), end };
            let at_unix_ms = jiff::Timestamp::now().as_millisecond();
            let act = Act::Condition(one.number, condition);
            self.send_deed(Deed { rater: OBSERVER.into(), at_unix_ms, act });
        }
    }

    /// The keys that were bound, from the settings of the window and the settings file; says which lines of
    /// the file mean nothing.
    pub(super) fn take_own_keys(&mut self) {
        // The keys of a file hold as long as the file is given; the window's own settings stay as they are.
        let mut table = self.settings.keys.clone();
        table.extend(self.outside.config.keys.iter().map(|(k, c)| (k.clone(), c.clone())));
        let (keys, wrong) = OwnKeys::read(&table);
        self.own_keys = keys;
        for words in wrong {
            self.messages.post(Weight::Warning, Topic::Other, words);
        }
    }

    /// The conditions that go on in the tab in view, in words; `None` if none does.
    pub fn condition_words(&self) -> Option<String> {
        let at = match self.tab {
            Tab::Review => self.review.playback.at(),
            Tab::Live | Tab::Analyse => self.live.newest_moment(),
        }?;
        let here = self.view().conditions.iter().filter(|one| one.condition.holds(at.time));
        let names: Vec<_> = here.map(|one| one.condition.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}
