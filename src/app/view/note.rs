//! A note that is being written: what it belongs to.

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
