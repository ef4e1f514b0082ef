//! A note that is being written.

use crate::app::field::TextField;
use crate::measure::event::Moment;
use crate::session::annotation::Target;

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An event.
    Event(Target),
    /// A moment: the one at which the field was opened, however long the writing takes.
    Moment(Moment),
}

/// A note that is being written.
#[derive(Debug)]
pub struct Note {
    /// What it is about.
    pub about: Subject,
    /// Its text.
    pub text: TextField,
}

impl Note {
    /// A note that begins with `text`.
    pub fn new(about: Subject, text: &str) -> Self {
        Self { about, text: text.into() }
    }
}
