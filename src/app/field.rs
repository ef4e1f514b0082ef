//! A field of text that owns its text.
//!
//! A panel changes the text in place while a person types; no command carries a letter. Whoever needs the
//! text reads it here once it is finished.

use std::cell::Cell;
use std::fmt;

use egui::{Response, TextEdit, Ui};

/// One line of text.
#[derive(Default)]
pub struct TextField(Cell<String>);

impl TextField {
    /// The text as it stands.
    pub fn text(&self) -> String {
        let text = self.0.take();
        self.0.set(text.clone());
        text
    }

    /// Puts another text in its place.
    pub fn set(&self, text: impl Into<String>) {
        self.0.set(text.into());
    }

    /// Empties it.
    pub fn clear(&self) {
        self.0.take();
    }

    /// True if there is nothing but space in it.
    pub fn is_blank(&self) -> bool {
        self.text().trim().is_empty()
    }

    /// Draws it and lets it be changed. `name` is for those who read the screen by ear.
    pub fn show(
        &self,
        ui: &mut Ui,
        name: &str,
        look: impl FnOnce(TextEdit) -> TextEdit,
    ) -> Response {
        let mut text = self.0.take();
        let field = look(TextEdit::singleline(&mut text));
        let response = ui.add(field).accessible_name(name);
        self.0.set(text);
        response
    }
}

impl From<&str> for TextField {
    fn from(text: &str) -> Self {
        Self(Cell::new(text.to_owned()))
    }
}

impl fmt::Debug for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_a_text_leaves_it_there() {
        let field = TextField::from("a sneer");
        assert_eq!([field.text(), field.text()], ["a sneer", "a sneer"]);
        field.set("  ");
        assert!(field.is_blank() && field.text() == "  ");
        field.clear();
        assert_eq!(field.text(), "");
    }
}
