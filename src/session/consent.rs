//! The consent to a recording: what was agreed before anything was stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Asked before the first recording of a session, and stored with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who is recorded: a name or a code.
    pub who: String,
    /// What the recording is for.
    pub purpose: String,
    /// The last day on which the session may be kept; `None` if no end was agreed.
    pub keep_until: Option<Date>,
    /// True if sound may be recorded too.
    #[serde(default)]
    pub with_sound: bool,
}

impl Consent {
    /// What is still missing, as a sentence; `None` when it is complete.
    pub fn missing(&self) -> Option<&'static str> {
        if self.who.trim().is_empty() {
            Some("Say who is recorded: a name or a code.")
        } else if self.purpose.trim().is_empty() {
            Some("Say what the recording is for.")
        } else {
            None
        }
    }

    /// True if `today` is past the last day.
    pub fn is_past(&self, today: Date) -> bool {
        self.keep_until.is_some_and(|last| today > last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn consent_needs_a_person_and_a_purpose() {
        let mut consent = Consent {
            who: " ".into(),
            purpose: String::new(),
            keep_until: None,
            with_sound: false,
        };
        assert!(consent.missing().is_some_and(|text| text.contains("who")));
        consent.who = "P01".into();
        assert!(consent.missing().is_some_and(|text| text.contains("for")));
        consent.purpose = "study".into();
        assert_eq!(consent.missing(), None);
    }

    #[test]
    fn the_last_day_is_still_within() {
        let consent = Consent {
            who: "P01".into(),
            purpose: "study".into(),
            keep_until: Some(date(2026, 12, 31)),
            with_sound: false,
        };
        assert!(!consent.is_past(date(2026, 12, 31)));
        assert!(consent.is_past(date(2027, 1, 1)));
    }
}
