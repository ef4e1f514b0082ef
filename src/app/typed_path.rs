//! A path that is typed because the system shows no file dialog.

use std::path::PathBuf;

use super::backend::Pick;
use super::command::Floating;
use super::field::TextField;
use super::state::State;

/// The path as it is typed.
#[derive(Debug)]
pub struct TypedPath {
    /// What the path is for.
    pub pick: Pick,
    /// The field for the path.
    pub text: TextField,
    /// Why it cannot be used, one sentence; `None` if it can.
    pub fault: Option<String>,
    /// The dialog that asked for it.
    pub asked_from: Option<Floating>,
}

impl State {
    /// Asks for a typed path.
    pub(super) fn ask_for_typed_path(&mut self, pick: Pick) {
        let asked_from = self.floating.replace(Floating::TypedPath);
        let asked_from = asked_from.filter(|dialog| *dialog != Floating::TypedPath);
        let text = TextField::default();
        self.typed_path = Some(TypedPath { pick, text, fault: None, asked_from });
    }

    /// Uses the typed path, or says why it cannot be used.
    pub(super) fn use_typed_path(&mut self) {
        let Some(typed) = &mut self.typed_path else { return };
        let path = PathBuf::from(typed.text.text().trim());
        if !typed.pick.may_be_new() && !path.exists() {
            typed.fault = Some(format!("{}: no such file or folder", path.display()));
            return;
        }
        let pick = typed.pick;
        self.close_floating();
        self.use_picked(pick, path);
    }
}
