//! Conditions: named spans of a session, such as `baseline`, `questions` and `task 1`.

use serde::{Deserialize, Serialize};

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;

/// A named span of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name; several spans may have the same.
    pub name: String,
    /// First frame.
    pub start: Moment,
    /// The first frame that no longer belongs to it; `None` while it goes on, which in a stored session means
    /// up to its end.
    pub end: Option<Moment>,
}

impl Condition {
    /// One that begins now.
    pub fn begun(name: impl Into<String>, start: Moment) -> Self {
        Self { name: name.into(), start, end: None }
    }

    /// Where it ends in a session that ends at `last`; not before its start.
    pub fn end_in(&self, last: Timestamp) -> Timestamp {
        self.end.map_or(last, |end| end.time).max(self.start.time)
    }

    /// True if `time` belongs to it.
    pub fn holds(&self, time: Timestamp) -> bool {
        time >= self.start.time && self.end.is_none_or(|end| time < end.time)
    }
}

/// A condition with its number in the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedCondition {
    /// Its number: acts that change it name it so.
    pub number: u64,
    /// The span.
    pub condition: Condition,
}
