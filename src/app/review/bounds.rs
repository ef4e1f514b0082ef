//! Onset, apex and offset of an event, and how moving one of them changes the others.

use super::command::Edge;
use crate::measure::event::Moment;
use crate::session::annotation::Bounds;

/// One of the three moments.
pub fn moment_of(bounds: &Bounds, edge: Edge) -> Moment {
    match edge {
        Edge::Onset => bounds.onset,
        Edge::Apex => bounds.apex,
        Edge::Offset => bounds.offset,
    }
}

/// `bounds` with one moment at `at`. The apex moves with onset and offset if needed; these never cross.
pub fn moved(bounds: Bounds, edge: Edge, at: Moment) -> Result<Bounds, String> {
    let Bounds { onset, apex, offset } = bounds;
    match edge {
        Edge::Onset if at.frame > offset.frame => Err(format!(
            "The onset must not come after the offset, frame {}; set the offset first.",
            offset.frame
        )),
        Edge::Offset if at.frame < onset.frame => Err(format!(
            "The offset must not come before the onset, frame {}; set the onset first.",
            onset.frame
        )),
        Edge::Apex if !(onset.frame..=offset.frame).contains(&at.frame) => Err(format!(
            "The apex must lie between onset and offset, frames {} to {}.",
            onset.frame, offset.frame
        )),
        Edge::Onset => Ok(Bounds { onset: at, apex: apex.max(at), offset }),
        Edge::Offset => Ok(Bounds { onset, apex: apex.min(at), offset: at }),
        Edge::Apex => Ok(Bounds { onset, apex: at, offset }),
    }
}
