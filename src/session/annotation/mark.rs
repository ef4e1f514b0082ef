//! Marked moments of a session: made by a key, written as a note, or sent by another program.

use serde::{Deserialize, Serialize};

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;

/// What a mark stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum MarkKind {
    /// A person marked the moment, without saying more.
    #[default]
    Mark,
    /// Another program sent it, such as a stimulus program.
    Outside,
    /// A word from the user's settings.
    Own(String),
}

impl MarkKind {
    /// Words that no kind of the user's own may have.
    pub const TAKEN: [&str; 2] = ["mark", "outside"];

    /// The word in files, as the user wrote it.
    pub fn name(&self) -> &str {
        let [mark, outside] = Self::TAKEN;
        match self {
            Self::Mark => mark,
            Self::Outside => outside,
            Self::Own(word) => word,
        }
    }
}

impl From<String> for MarkKind {
    fn from(word: String) -> Self {
        let [mark, outside] = Self::TAKEN;
        match word {
            word if word == mark => Self::Mark,
            word if word == outside => Self::Outside,
            word => Self::Own(word),
        }
    }
}

impl From<MarkKind> for String {
    fn from(kind: MarkKind) -> Self {
        kind.name().to_owned()
    }
}

/// A marked moment, with the time before it that it is about: a person presses the key after the thing has
/// happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "StoredMark")]
pub struct Mark {
    /// When it was made.
    pub at: Moment,
    /// What it stands for.
    pub kind: MarkKind,
    /// It is about this much time before [`Self::at`], milliseconds; 0 if it is about the moment itself.
    pub before_ms: u32,
    /// Its text; empty without one.
    pub text: String,
}

impl Mark {
    /// A mark of the moment itself, without time before it.
    pub fn new(at: Moment, text: impl Into<String>) -> Self {
        Self { at, text: text.into(), ..Self::default() }
    }

    /// A mark that another program sent.
    pub fn outside(at: Moment, text: impl Into<String>) -> Self {
        Self { kind: MarkKind::Outside, ..Self::new(at, text) }
    }

    /// Seconds before [`Self::at`] that it is about.
    pub fn before_secs(&self) -> f64 {
        f64::from(self.before_ms) / 1000.0
    }

    /// Where the time that it is about begins; not before the session's first frame.
    pub fn begin(&self) -> Timestamp {
        let begin = self.at.time - self.before_secs();
        begin.max(Timestamp::ZERO).min(self.at.time)
    }

    /// Its kind and its text, as shown: `marker`, `looks away`, `question`, `question: age`.
    pub fn words(&self) -> String {
        match (&self.kind, self.text.as_str()) {
            (MarkKind::Mark, "") => "marker".into(),
            (MarkKind::Mark, text) => text.into(),
            (kind, "") => kind.name().into(),
            (kind, text) => format!("{}: {text}", kind.name()),
        }
    }
}

/// A mark as files hold it. Sessions of layouts before 6 hold a moment and a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredMark {
    Pair(Moment, String),
    Whole {
        at: Moment,
        #[serde(default)]
        kind: MarkKind,
        #[serde(default)]
        before_ms: u32,
        #[serde(default)]
        text: String,
    },
}

impl From<StoredMark> for Mark {
    fn from(stored: StoredMark) -> Self {
        match stored {
            StoredMark::Pair(at, text) => Self::new(at, text),
            StoredMark::Whole { at, kind, before_ms, text } => Self { at, kind, before_ms, text },
        }
    }
}

/// A mark with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMark {
    /// The name of a person, or of the program that sent it.
    pub by: String,
    /// The mark.
    pub mark: Mark,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::annotation::Act;

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    #[test]
    fn a_mark_of_an_older_session_is_about_its_moment() {
        let old = r#"{"mark":[{"frame":30,"time":1000000000},"door"]}"#;
        let act: Act = serde_json::from_str(old).expect("readable");
        assert_eq!(act, Act::Mark(Mark::new(at(30), "door")));
    }

    #[test]
    fn a_mark_reads_back_with_kind_and_time_before_it() {
        for kind in [MarkKind::Mark, MarkKind::Outside, MarkKind::Own("question".into())] {
            let mark = Mark { at: at(90), kind, before_ms: 2500, text: "age".into() };
            let text = serde_json::to_string(&Act::Mark(mark.clone())).expect("text");
            assert_eq!(serde_json::from_str::<Act>(&text).expect("readable"), Act::Mark(mark));
        }
    }

    #[test]
    fn the_time_before_a_mark_ends_at_the_first_frame() {
        let mark = |frame, before_ms| Mark { before_ms, ..Mark::new(at(frame), "") };
        assert_eq!(mark(90, 1000).begin(), at(60).time);
        assert_eq!(mark(90, 9000).begin(), Timestamp::ZERO);
        assert_eq!(mark(90, 0).begin(), at(90).time);
    }
}
