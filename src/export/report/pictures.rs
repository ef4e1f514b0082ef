//! Onset, apex and offset of an event side by side, and what changed from onset to apex.

use std::io;

use crate::export::{Sink, View};
use crate::session::table::Row;

/// Nothing where there are no pictures.
pub(super) fn write(_view: &mut View<'_>, _row: &Row, _out: &mut Sink) -> io::Result<()> {
    Ok(())
}
