//! Messages to the person. One that asks for something stays until it is dismissed; one that only informs
//! disappears after a while. The log keeps both.

use std::collections::VecDeque;

use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, NoticeKind};

/// Number of lines in the log; the oldest are dropped. A camera may fail every second for a day.
const LOG_LINES: usize = 2000;

/// Seconds that a note is shown, and seconds for each letter in addition.
const NOTE_SECS: (f64, f64) = (6.0, 0.06);

/// The importance of a message. Each has a word and a shape beside its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something to know.
    Note,
    /// Something was lost or may be lost.
    Warning,
    /// It cannot continue like this.
    Error,
}

impl Weight {
    /// The word beside the shape.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "Note",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number, for [`super::command::Command::MarkRead`].
    pub id: u64,
    /// How much it matters.
    pub weight: Weight,
    /// What happened and what to do, one or two sentences.
    pub text: String,
    /// How often it came since it was last dismissed, with any numbers in it.
    pub times: u32,
    /// When it was first shown, seconds of the window's clock.
    since: Option<f64>,
    /// A newer message on the same topic replaces it.
    topic: Topic,
}

/// What a message is about. A newer message on the same topic replaces the older one, so that a camera that
/// comes and goes all day makes one line and not hundreds. The log keeps each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// If frames come.
    Connection,
    /// Frames that were lost.
    Loss,
    /// Everything else; never replaced.
    Other,
}

/// True if two texts differ only in their numbers.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    words(a) == words(b)
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// The newest moment of the session when it happened.
    pub time: Timestamp,
    /// How much it matters.
    pub weight: Weight,
    /// What happened.
    pub text: String,
}

/// The unread messages, and a log of all.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    unread: Vec<Message>,
    log: VecDeque<LogLine>,
    count: u64,
    now: Timestamp,
}

impl Messages {
    /// The unread messages, oldest first.
    pub fn unread(&self) -> &[Message] {
        &self.unread
    }

    /// Every message that was posted, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.log.iter()
    }

    /// Sets the time that new log lines carry.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Writes into the log what needs no message.
    pub fn note_down(&mut self, text: impl Into<String>) {
        self.write_down(Weight::Note, text.into());
    }

    fn write_down(&mut self, weight: Weight, text: String) {
        self.log.push_back(LogLine { time: self.now, weight, text });
        if self.log.len() > LOG_LINES {
            self.log.pop_front();
        }
    }

    /// Adds a message, or replaces the one on the same topic.
    pub fn post(&mut self, weight: Weight, topic: Topic, text: impl Into<String>) {
        let (id, text) = (self.count, text.into());
        self.count += 1;
        self.write_down(weight, text.clone());
        let same = self.unread.iter().position(|m| match topic {
            Topic::Other => m.topic == Topic::Other && same_words(&m.text, &text),
            topic => m.topic == topic,
        });
        let repeated = same.map(|i| &self.unread[i]);
        let repeated = repeated.filter(|m| m.weight == weight && same_words(&m.text, &text));
        let times = repeated.map_or(1, |m| m.times.saturating_add(1));
        let message = Message { id, weight, text, times, since: None, topic };
        match same {
            Some(i) => self.unread[i] = message,
            None => self.unread.push(message),
        }
    }

    /// Adds a source's notice, if it is important enough for more than the log.
    pub fn post_notice(&mut self, notice: &Notice) {
        let (weight, topic) = match notice.kind {
            NoticeKind::Disconnected => (Weight::Error, Topic::Connection),
            NoticeKind::Stalled => (Weight::Warning, Topic::Connection),
            NoticeKind::Reconnected => (Weight::Note, Topic::Connection),
            NoticeKind::CorruptFrame | NoticeKind::Missing | NoticeKind::StoodStill => {
                (Weight::Warning, Topic::Loss)
            }
            NoticeKind::Changed | NoticeKind::Info => (Weight::Note, Topic::Other),
        };
        self.post(weight, topic, &notice.text);
    }

    /// Removes notes that were shown long enough at `now`, seconds of the window's clock. Returns the seconds
    /// until the next one goes.
    pub fn advance(&mut self, now: f64) -> Option<f64> {
        let mut next: Option<f64> = None;
        self.unread.retain_mut(|message| {
            if message.weight != Weight::Note {
                return true;
            }
            let since = *message.since.get_or_insert(now);
            let shown_for = NOTE_SECS.0 + NOTE_SECS.1 * message.text.chars().count() as f64;
            let left = since + shown_for - now;
            if left > 0.0 {
                next = Some(next.map_or(left, |next| next.min(left)));
            }
            left > 0.0
        });
        next
    }

    /// Removes one message.
    pub fn mark_read(&mut self, id: u64) {
        self.unread.retain(|m| m.id != id);
    }

    /// Removes all messages.
    pub fn mark_all_read(&mut self) {
        self.unread.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: NoticeKind, text: &str) -> Notice {
        Notice { kind, text: text.into() }
    }

    #[test]
    fn a_message_can_be_taken_away_by_itself() {
        let mut messages = Messages::default();
        messages.post(Weight::Error, Topic::Other, "no such file");
        messages.post(Weight::Note, Topic::Other, "something else");
        assert_eq!(messages.unread().len(), 2);
        messages.mark_read(messages.unread()[0].id);
        assert_eq!(messages.unread()[0].text, "something else");
    }

    #[test]
    fn coming_back_takes_the_place_of_being_gone() {
        let mut messages = Messages::default();
        messages.post_notice(&notice(NoticeKind::Disconnected, "the camera is gone"));
        messages.post_notice(&notice(NoticeKind::Reconnected, "the camera is back"));
        assert_eq!(messages.unread().len(), 1);
        assert_eq!(messages.unread()[0].text, "the camera is back");
        assert_eq!(messages.log().count(), 2, "the log keeps both");
    }

    #[test]
    fn a_note_goes_by_itself_and_what_asks_for_something_stays() {
        let mut messages = Messages::default();
        messages.post(Weight::Error, Topic::Other, "the disk is full");
        messages.post(Weight::Note, Topic::Other, "stored");
        let left = messages.advance(100.0).expect("the note");
        assert!(left > 5.0 && messages.unread().len() == 2);
        assert_eq!(messages.advance(100.0 + left + 0.1), None);
        assert_eq!(messages.unread().len(), 1);
        assert_eq!(messages.unread()[0].text, "the disk is full");
        assert_eq!(messages.log().count(), 2, "the log keeps both");
    }

    #[test]
    fn a_message_that_differs_in_its_numbers_only_is_one_line_with_a_count() {
        let mut messages = Messages::default();
        for lost in [3, 12, 140] {
            let text = format!("{lost} pictures could not be decoded");
            messages.post(Weight::Warning, Topic::Other, text);
        }
        assert_eq!(messages.unread().len(), 1);
        assert_eq!(messages.unread()[0].text, "140 pictures could not be decoded");
        assert_eq!(messages.unread()[0].times, 3);
    }

    #[test]
    fn the_same_words_are_shown_once() {
        let mut messages = Messages::default();
        for _ in 0..100 {
            messages.post_notice(&notice(NoticeKind::Info, "the light flickers"));
        }
        assert_eq!(messages.unread().len(), 1);
    }
}
