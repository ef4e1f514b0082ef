//! Keys: how they are written, and which commands they mean.

use egui::{Key, Modifiers};

use super::command::{Command, Floating};
use super::marking::MarkingCommand;
use super::registry::{entries, entry_of};
use super::state::State;

/// A key, and the keys that must be held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// Held keys; `COMMAND` is Ctrl, or ⌘ on a Mac.
    pub modifiers: Modifiers,
    /// The key itself.
    pub key: Key,
}

/// A key alone.
pub(super) const fn key(key: Key) -> Chord {
    Chord { modifiers: Modifiers::NONE, key }
}

/// A key with Shift.
pub(super) const fn shift(key: Key) -> Chord {
    Chord { modifiers: Modifiers::SHIFT, key }
}

/// A key with Ctrl.
pub(super) const fn ctrl(key: Key) -> Chord {
    Chord { modifiers: Modifiers::COMMAND, key }
}

impl Chord {
    /// True if pressing `key` with `modifiers` is this chord.
    ///
    /// A sign such as `?` needs Shift on some keyboards only, so Shift is allowed with it.
    pub fn matches(&self, key: Key, modifiers: Modifiers) -> bool {
        let modifiers =
            if self.is_sign() { Modifiers { shift: false, ..modifiers } } else { modifiers };
        self.key == key && modifiers.matches_exact(self.modifiers)
    }

    fn is_sign(&self) -> bool {
        use Key::{CloseCurlyBracket, Comma, Minus, OpenCurlyBracket, Period, Plus, Questionmark};
        let signs = [Questionmark, Plus, Minus, Comma, Period, OpenCurlyBracket, CloseCurlyBracket];
        signs.contains(&self.key)
    }

    /// Reads what [`Self::stored`] writes; also signs, and without regard to the case of `Ctrl` and `Shift`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut modifiers, mut rest) = (Modifiers::NONE, text.trim());
        while let Some((held, key)) = rest.split_once('+').filter(|(_, key)| !key.is_empty()) {
            match held.trim().to_lowercase().as_str() {
                "ctrl" | "cmd" => modifiers.command = true,
                "shift" => modifiers.shift = true,
                _ => return None,
            }
            rest = key;
        }
        Some(Self { modifiers, key: Key::from_name(rest.trim())? })
    }

    /// As settings hold it: `Ctrl+P`, `Shift+ArrowLeft`, `PageDown`.
    pub fn stored(&self) -> String {
        let held = [(self.modifiers.command, "Ctrl+"), (self.modifiers.shift, "Shift+")];
        let held: String = held.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        held + self.key.name()
    }

    /// As it is shown: `Ctrl+P`, `Shift+←`, `Space`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.modifiers.command {
            text.push_str(if cfg!(target_os = "macos") { "⌘" } else { "Ctrl+" });
        }
        if self.modifiers.shift {
            text.push_str("Shift+");
        }
        text.push_str(match self.key {
            Key::ArrowLeft => "←",
            Key::ArrowRight => "→",
            Key::ArrowUp => "↑",
            Key::ArrowDown => "↓",
            Key::Escape => "Esc",
            other => other.symbol_or_name(),
        });
        text
    }
}

/// Removes from the input the pressed keys that mean a command in `tab`, and returns the commands.
///
/// While a dialog or a menu is open, or a text field has the focus, only chords with Ctrl mean a command;
/// other keys belong to what is open. `Esc` closes what is open on top, a menu before a dialog. A dialog
/// without a field also closes by its own key. While another control has the focus, it gets the keys that
/// move or press it.
pub fn commands_from_keys(ctx: &egui::Context, state: &State) -> Vec<Command> {
    let (tab, dialog) = (state.tab, state.floating);
    if state.own_keys.asks && dialog == Some(Floating::OwnKeys) {
        return key_to_bind(ctx).into_iter().collect();
    }
    let has_menu = egui::Popup::is_any_open(ctx);
    let typing = ctx.text_edit_focused();
    let focused = ctx.memory(|m| m.focused()).is_some();
    let own = dialog.filter(|dialog| !dialog.takes_text()).map(Command::ToggleWindow);
    let mut commands = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let egui::Event::Key { key, pressed: true, modifiers, repeat, .. } = event else {
                return true;
            };
            let mut here = entries().filter(|e| e.tabs.contains(&tab));
            let own_key = state.own_keys.command(*key, *modifiers, tab);
            let found = match own_key {
                Some(command) => entry_of(command),
                None => here.find(|e| e.keys.iter().any(|k| k.matches(*key, *modifiers))),
            };
            let Some(command) = own_key.or(found.map(|entry| &entry.command)) else { return true };
            if *key == Key::Escape && (has_menu || dialog.is_none()) {
                return true;
            }
            let is_open = typing || has_menu || dialog.is_some();
            let is_own = !has_menu && own.as_ref() == Some(command);
            if is_open && !is_own && !acts_over_a_dialog(*key, *modifiers) {
                return true;
            }
            if focused && !typing && belongs_to_controls(*key, *modifiers) {
                return true;
            }
            if !*repeat || found.is_some_and(|entry| entry.repeats) {
                commands.push(command.clone());
            }
            false
        });
    });
    commands
}

/// Takes the next pressed key out of the input, to be bound; Esc binds none.
fn key_to_bind(ctx: &egui::Context) -> Option<Command> {
    let mut asked = None;
    ctx.input_mut(|input| {
        input.events.retain(|event| match event {
            egui::Event::Key { key, pressed: true, modifiers, .. } if asked.is_none() => {
                let (command, shift) = (modifiers.command, modifiers.shift);
                let modifiers = Modifiers { command, shift, ..Modifiers::NONE };
                asked = Some(match key {
                    Key::Escape => MarkingCommand::AskForKey(false),
                    key => MarkingCommand::BindKey(Chord { modifiers, key: *key }),
                });
                false
            }
            // The letter of the same key.
            egui::Event::Text(_) => false,
            _ => true,
        });
    });
    asked.map(Command::Marking)
}

/// True for chords with Ctrl, except those that edit a text field.
fn acts_over_a_dialog(key: Key, modifiers: Modifiers) -> bool {
    let moves = matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::Backspace | Key::Enter);
    let takes_back = matches!(key, Key::Z | Key::Y);
    key == Key::Escape || (modifiers.command && !moves && !takes_back)
}

fn belongs_to_controls(key: Key, modifiers: Modifiers) -> bool {
    let moves = [
        Key::Space,
        Key::Enter,
        Key::ArrowLeft,
        Key::ArrowRight,
        Key::ArrowUp,
        Key::ArrowDown,
        Key::Home,
        Key::End,
    ];
    modifiers.is_none() && moves.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_as_it_is_stored() {
        let held = [Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND];
        for chord in
            Key::ALL.iter().flat_map(|key| held.map(|modifiers| Chord { modifiers, key: *key }))
        {
            assert_eq!(Chord::parse(&chord.stored()), Some(chord), "{}", chord.stored());
        }
        assert_eq!(Chord::parse("Alt+P"), None);
        assert_eq!(Chord::parse("ctrl+shift+F9").map(|c| c.stored()), Some("Ctrl+Shift+F9".into()));
    }

    #[test]
    fn a_question_mark_is_found_with_and_without_shift() {
        let chord = key(Key::Questionmark);
        assert!(chord.matches(Key::Questionmark, Modifiers::SHIFT));
        assert!(chord.matches(Key::Questionmark, Modifiers::NONE));
        assert!(!chord.matches(Key::Questionmark, Modifiers::COMMAND));
    }
}
