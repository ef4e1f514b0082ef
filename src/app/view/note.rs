//! A note that is being written.

use crate::app::field::TextField;
use crate::measure::event::Moment;
use crate::session::annotation::Target;

/// What a note belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An event.
    Event(Target),
    /// A moment, which is the one when the field was opened, however long the writing takes.
    Moment(Moment),
}

/// A note that is being written.
#[derive(Debug)]
pub struct Note {
    /// What it belongs to.
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
