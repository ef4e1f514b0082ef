//! Shared by Live and Review: a session, the time axis, the cursor, marks, the picked event and its pictures.

use std::sync::Arc;

use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::session::Session;
use crate::session::annotation::{Mark, NumberedCondition, Target};
use crate::session::clip::EventClip;
use crate::session::table::Row;

pub mod clips;
pub mod movement;
pub mod note;
pub mod playback;
pub mod region_motion;
pub mod time_window;

use clips::{ClipCache, ClipRequest};
use note::Note;
use time_window::TimeWindow;

/// A session, and the place in it.
#[derive(Default)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// The seconds that the plots show.
    pub timeline: TimeWindow,
    /// The cursor in the plots; in review, the frame in view.
    pub cursor: Option<Timestamp>,
    /// The event that was picked.
    pub picked: Option<Target>,
    /// The marks of the session that may be seen, by time.
    pub marks: Vec<Mark>,
    /// The conditions of the session, by their start.
    pub conditions: Vec<NumberedCondition>,
    /// A note that is being written.
    pub note: Option<Note>,
    /// Requested pictures of events.
    pub clips: ClipCache,
}

impl SessionView {
    /// Takes marks and conditions from the session's log, as `rater` may see them; all of them for `None`.
    pub(super) fn take_marks(&mut self, rater: Option<&str>) {
        let marks = self.session.marks(rater).into_iter();
        self.marks = marks.map(|signed| signed.mark).collect();
        self.conditions = self.session.log.conditions();
    }

    /// The sample under the cursor.
    pub fn sample_at_cursor(&self) -> Option<Sample> {
        self.session.history.nearest(self.cursor?)
    }

    /// Moves the plots so that the cursor is visible, and stops following. `newest_secs` is the newest
    /// moment.
    pub fn reveal_cursor(&mut self, newest_secs: f64) {
        if let Some(at) = self.cursor {
            self.timeline.hold(newest_secs);
            self.timeline.reveal(at.secs(), at.secs(), newest_secs);
        }
    }

    /// The pictures of an event that the session still has in memory.
    pub fn kept_clip(&self, row: &Row) -> Option<&Arc<EventClip>> {
        match row.target {
            Target::Machine(id) => self.session.clip(id),
            Target::Own(_) => None,
        }
    }

    /// The requested pictures of an event, with its movement magnified. The error is one sentence. `None`
    /// while there is no answer.
    pub fn clip(&self, row: &Row, magnification: f32) -> Option<Result<&Arc<EventClip>, &str>> {
        let answer = self.clips.get(&ClipRequest::magnified(row, magnification))??;
        Some(answer.as_ref().map_err(String::as_str))
    }
}
