//! The table of all commands without data: name, keys, help, and the tabs in which they can be used.

use super::command::{Command, Tab};
use super::shortcut::Chord;
use super::{analyse, marking, recording, review};

mod window;

/// The menu in which a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The source.
    Source,
    /// The session under review.
    Session,
    /// Starting and stopping.
    Run,
    /// Moving through frames.
    Play,
    /// Judging an event.
    Judge,
    /// The raters.
    Raters,
    /// The plots.
    Plot,
    /// Events.
    Events,
    /// The window.
    View,
    /// Help.
    Help,
}

impl Group {
    /// All menus, in order.
    pub const ALL: [Self; 10] = [
        Self::Source,
        Self::Session,
        Self::Run,
        Self::Play,
        Self::Judge,
        Self::Raters,
        Self::Events,
        Self::Plot,
        Self::View,
        Self::Help,
    ];

    /// The menu's title.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Source => "Source",
            Self::Session => "Session",
            Self::Play => "Play",
            Self::Judge => "Judge",
            Self::Raters => "Raters",
            Self::Plot => "Plots",
            Self::Events => "Events",
            Self::View => "View",
            Self::Help => "Help",
        }
    }
}

/// One command, as it is shown.
#[derive(Debug)]
pub struct CommandEntry {
    /// The command.
    pub command: Command,
    /// Its name on buttons, in menus and in the command search.
    pub name: &'static str,
    /// Its keys. The first is shown; the others do the same.
    pub keys: &'static [Chord],
    /// One sentence for the tooltip.
    pub help: &'static str,
    /// Its menu.
    pub group: Group,
    /// True if holding the key repeats it.
    pub repeats: bool,
    /// The tabs in which it can be used. In other tabs its keys may mean something else.
    pub tabs: &'static [Tab],
}

/// Every tab.
pub const EVERYWHERE: &[Tab] = &Tab::ALL;
/// The tabs with plots.
pub const PLOTTED: &[Tab] = &[Tab::Live, Tab::Review];
/// The Live tab.
pub const LIVE: &[Tab] = &[Tab::Live];
/// The Review tab.
pub const REVIEW: &[Tab] = &[Tab::Review];
/// The Analyse tab.
pub const ANALYSE: &[Tab] = &[Tab::Analyse];

impl CommandEntry {
    /// The same entry, in these tabs only.
    pub(super) const fn only(mut self, tabs: &'static [Tab]) -> Self {
        self.tabs = tabs;
        self
    }

    /// The same entry, repeated while its key is held.
    pub(super) const fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// The key that is shown; empty without one.
    pub fn key_text(&self) -> String {
        self.keys.first().map(Chord::text).unwrap_or_default()
    }

    /// The tooltip: the help, then the key.
    pub fn tooltip(&self) -> String {
        match self.keys.first() {
            Some(chord) => format!("{}  [{}]", self.help, chord.text()),
            None => self.help.to_owned(),
        }
    }
}

pub(super) const fn entry(
    group: Group,
    command: Command,
    name: &'static str,
    keys: &'static [Chord],
    help: &'static str,
) -> CommandEntry {
    CommandEntry { command, name, keys, help, group, repeats: false, tabs: EVERYWHERE }
}

/// Every entry: those of the whole window, then those of single tabs.
pub fn entries() -> impl Iterator<Item = &'static CommandEntry> + Clone {
    window::ENTRIES
        .iter()
        .chain(review::keys::ENTRIES)
        .chain(analyse::ENTRIES)
        .chain(recording::ENTRIES)
        .chain(marking::ENTRIES)
}

/// The entry of a command; `None` for a command that carries data.
pub fn entry_of(command: &Command) -> Option<&'static CommandEntry> {
    entries().find(|e| e.command == *command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::shortcut::ctrl;
    use egui::{Key, Modifiers};

    #[test]
    fn no_two_commands_of_one_tab_share_a_key() {
        for tab in Tab::ALL {
            let chords: Vec<_> = entries()
                .filter(|e| e.tabs.contains(&tab))
                .flat_map(|e| e.keys.iter().map(move |k| (k, e.name)))
                .collect();
            for (i, (a, first)) in chords.iter().enumerate() {
                for (b, second) in &chords[i + 1..] {
                    let text = format!("{tab:?}: {first} and {second}: {}", a.text());
                    assert!(!a.matches(b.key, b.modifiers), "{text}");
                    assert!(!b.matches(a.key, a.modifiers), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_key_with_ctrl_means_the_same_in_every_tab() {
        // Opening, starting, ending: the tab says what.
        let of_the_tab = [ctrl(Key::O), ctrl(Key::Enter), ctrl(Key::Period)];
        let all: Vec<_> = entries()
            .flat_map(|e| e.keys.iter().map(move |chord| (chord, e.name)))
            .filter(|(chord, _)| chord.modifiers.command && !of_the_tab.contains(chord))
            .collect();
        for (i, (chord, name)) in all.iter().enumerate() {
            let other = all[i + 1..].iter().find(|(other, _)| other == chord);
            assert!(other.is_none(), "{}: {name} and {}", chord.text(), other.map_or("", |o| o.1));
        }
    }

    #[test]
    fn no_two_commands_share_a_name_and_each_explains_itself() {
        let all: Vec<_> = entries().collect();
        for (i, e) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|o| o.name != e.name), "{}", e.name);
            assert!(!e.help.is_empty() && !e.help.ends_with('.'), "{}", e.name);
        }
    }

    #[test]
    fn each_key_is_named_in_its_tooltip() {
        for e in entries().filter(|e| !e.keys.is_empty()) {
            assert!(e.tooltip().contains(&format!("[{}]", e.key_text())), "{}", e.name);
        }
    }

    #[test]
    fn shift_and_ctrl_tell_the_arrow_steps_apart() {
        let step = |m| {
            let find = |e: &&CommandEntry| e.keys.iter().any(|k| k.matches(Key::ArrowLeft, m));
            entries().find(find).map(|e| e.command.clone())
        };
        assert_eq!(step(Modifiers::NONE), Some(Command::StepFrames(-1)));
        assert_eq!(step(Modifiers::SHIFT), Some(Command::StepFrames(-10)));
        assert_eq!(step(Modifiers::COMMAND | Modifiers::CTRL), Some(Command::StepSecs(-1.0)));
    }
}
