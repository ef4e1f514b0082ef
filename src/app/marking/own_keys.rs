//! Keys that a person binds to commands. Pedals and presenters are keyboards for the system.

use std::collections::BTreeMap;

use super::command_named;
use crate::app::command::{Command, Tab};
use crate::app::registry::{EVERYWHERE, PLOTTED, entries, entry_of};
use crate::app::shortcut::Chord;

/// One key and the command that it means.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnKey {
    /// The key.
    pub chord: Chord,
    /// The command's name.
    pub name: String,
    /// The command.
    pub command: Command,
}

impl OwnKey {
    /// The tabs in which it can be used.
    pub fn tabs(&self) -> &'static [Tab] {
        match (&self.command, entry_of(&self.command)) {
            (_, Some(entry)) => entry.tabs,
            (Command::Marking(_), None) => PLOTTED,
            _ => EVERYWHERE,
        }
    }

    /// The names of commands that this key means without the binding, in the tabs in which it is bound.
    pub fn hides(&self) -> Vec<&'static str> {
        let same = entries().filter(|entry| entry.command != self.command).filter(|entry| {
            let is_same = entry.keys.contains(&self.chord);
            is_same && entry.tabs.iter().any(|tab| self.tabs().contains(tab))
        });
        same.map(|entry| entry.name).collect()
    }
}

/// The bound keys, and the page on which they are changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnKeys {
    /// The keys, each once, by their text.
    pub keys: Vec<OwnKey>,
    /// Name of the command that the next key is bound to.
    pub chosen: String,
    /// True while the next key that is pressed is taken.
    pub asks: bool,
    /// What the last change did; one sentence, or empty.
    pub said: String,
}

impl OwnKeys {
    /// Reads a table of keys and names of commands. Returns one sentence for each line that means nothing.
    pub fn read(table: &BTreeMap<String, String>) -> (Self, Vec<String>) {
        let (mut keys, mut wrong) = (Vec::new(), Vec::new());
        for (text, name) in table {
            match (Chord::parse(text), command_named(name)) {
                (Some(chord), Some(command)) => {
                    keys.push(OwnKey { chord, name: name.clone(), command });
                }
                (None, _) => wrong.push(format!(
                    "Own keys: expected a key such as PageDown or Ctrl+F9, found “{text}”."
                )),
                (_, None) => wrong.push(format!(
                    "Own keys: expected the name of a command for {text}, found “{name}”."
                )),
            }
        }
        (Self { keys, ..Self::default() }, wrong)
    }

    /// The table that [`Self::read`] reads.
    pub fn as_text(&self) -> BTreeMap<String, String> {
        self.keys.iter().map(|key| (key.chord.stored(), key.name.clone())).collect()
    }

    /// Binds a key to the chosen command. Says what the key meant before.
    pub(super) fn bind(&mut self, chord: Chord) {
        self.asks = false;
        let Some(command) = command_named(&self.chosen) else { return };
        let was = self.keys.iter().find(|key| key.chord == chord).map(|key| key.name.clone());
        self.keys.retain(|key| key.chord != chord);
        let key = OwnKey { chord, name: self.chosen.clone(), command };
        let hidden: Vec<String> =
            was.into_iter().chain(key.hides().into_iter().map(Into::into)).collect();
        self.said = format!("{} now means “{}”.", chord.text(), key.name);
        if !hidden.is_empty() {
            self.said += &format!(" It no longer means “{}”.", hidden.join("”, “"));
        }
        self.keys.push(key);
        self.keys.sort_by_key(|key| key.chord.stored());
    }

    pub(super) fn unbind(&mut self, chord: Chord) {
        self.keys.retain(|key| key.chord != chord);
        self.said = format!("{} means again what it meant before.", chord.text());
    }

    /// The command that this key means in `tab`; `None` if it is not bound there.
    pub fn command(
        &self,
        key: egui::Key,
        modifiers: egui::Modifiers,
        tab: Tab,
    ) -> Option<&Command> {
        let here = self.keys.iter().filter(|own| own.tabs().contains(&tab));
        here.filter(|own| own.chord.matches(key, modifiers)).map(|own| &own.command).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Key, Modifiers};

    fn read(lines: &[(&str, &str)]) -> (OwnKeys, Vec<String>) {
        let table = lines.iter().map(|(k, c)| ((*k).to_owned(), (*c).to_owned())).collect();
        OwnKeys::read(&table)
    }

    #[test]
    fn keys_of_a_presenter_and_a_pedal_mean_what_the_table_says() {
        let (keys, wrong) = read(&[
            ("PageDown", "Mark this moment"),
            ("F5", "Mark: question"),
            ("Ctrl+Shift+B", "Condition: task 1"),
        ]);
        assert_eq!(wrong, Vec::<String>::new());
        let command = |key, modifiers| keys.command(key, modifiers, Tab::Live).cloned();
        assert_eq!(
            command(Key::PageDown, Modifiers::NONE),
            Some(Command::Mark { with_words: false })
        );
        assert_eq!(command(Key::F5, Modifiers::NONE), command_named("Mark: question"));
        let held = Modifiers::COMMAND | Modifiers::CTRL | Modifiers::SHIFT;
        assert_eq!(command(Key::B, held), command_named("Condition: task 1"));
        assert_eq!(command(Key::B, Modifiers::NONE), None);
        assert_eq!(keys.command(Key::PageDown, Modifiers::NONE, Tab::Analyse), None);
    }

    #[test]
    fn what_means_nothing_is_named() {
        let (keys, wrong) = read(&[("Pagedwn", "Mark this moment"), ("F6", "Mark them moment")]);
        assert!(keys.keys.is_empty() && wrong.len() == 2, "{wrong:?}");
        assert!(wrong.iter().any(|words| words.contains("Pagedwn")));
        assert!(wrong.iter().any(|words| words.contains("Mark them moment")));
    }

    #[test]
    fn a_key_that_meant_something_else_says_so_and_is_stored_as_it_is_read() {
        let mut keys = OwnKeys { chosen: "Mark this moment".into(), ..OwnKeys::default() };
        let period = Chord::parse(".").expect("a key");
        keys.bind(period);
        assert!(keys.said.contains("More sensitive"), "{}", keys.said);
        keys.chosen = "Mark: question".into();
        keys.bind(period);
        assert!(keys.said.contains("Mark this moment"), "{}", keys.said);
        assert_eq!(keys.keys.len(), 1);
        let (again, wrong) = OwnKeys::read(&keys.as_text());
        assert_eq!((again.keys, wrong), (keys.keys.clone(), Vec::new()));
        keys.unbind(period);
        assert!(keys.keys.is_empty());
    }
}
