//! A field of text that owns its text.
//!
//! A panel changes the text in place while a person types; there are no commands for single letters. Code
//! that needs the text reads it here when it is finished.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fmt;

use egui::{Response, TextEdit, Ui};

/// One line of text.
#[derive(Default)]
pub struct TextField {
    text: Cell<String>,
    /// The file name that was put here. The text shows what of it is UTF-8.
    name: Cell<Option<OsString>>,
}

impl TextField {
    /// The text.
    pub fn text(&self) -> String {
        let text = self.text.take();
        self.text.set(text.clone());
        text
    }

    /// Replaces the text.
    pub fn set(&self, text: impl Into<String>) {
        self.text.set(text.into());
    }

    /// Puts a file name in its place. One that is not UTF-8 is shown with replaced characters.
    pub fn set_name(&self, name: &OsStr) {
        self.text.set(name.to_string_lossy().into_owned());
        self.name.set(Some(name.to_owned()));
    }

    /// The file name that was put here; what was typed, without space around it, where that is another.
    pub fn name(&self) -> OsString {
        let (text, name) = (self.text(), self.name.take());
        self.name.set(name.clone());
        let shown = name.filter(|name| name.to_string_lossy() == text);
        shown.unwrap_or_else(|| text.trim().into())
    }

    /// Empties it.
    pub fn clear(&self) {
        self.text.take();
    }

    /// True if it holds nothing but spaces.
    pub fn is_blank(&self) -> bool {
        self.text().trim().is_empty()
    }

    /// Draws the field and lets a person edit it. `name` is for screen readers.
    pub fn show(
        &self,
        ui: &mut Ui,
        name: &str,
        look: impl FnOnce(TextEdit) -> TextEdit,
    ) -> Response {
        let mut text = self.text.take();
        let field = look(TextEdit::singleline(&mut text));
        let response = ui.add(field).accessible_name(name);
        self.text.set(text);
        response
    }
}

impl From<&str> for TextField {
    fn from(text: &str) -> Self {
        Self { text: Cell::new(text.to_owned()), name: Cell::default() }
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

    #[cfg(unix)]
    #[test]
    fn a_file_name_stays_whole_until_another_is_typed() {
        use std::os::unix::ffi::OsStrExt;
        let field = TextField::default();
        for name in [OsStr::from_bytes(b"M\xfcller.mp4"), OsStr::new(" a b.mp4")] {
            field.set_name(name);
            assert_eq!(field.name(), name);
        }
        field.set_name(OsStr::from_bytes(b"M\xfcller.mp4"));
        assert_eq!(field.text(), "M\u{fffd}ller.mp4");
        field.set(" other.mp4 ");
        assert_eq!(field.name(), "other.mp4");
    }
}
