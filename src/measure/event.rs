//! Events: intervals of facial movement. Their parts have the names that the field gives them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::measure::time::Timestamp;

pub use crate::measure::action_unit::{ActionUnit, Intensity, MovingUnit, Side, units_text};

/// The two kinds of expression. A micro-expression lasts up to half a second, a macro-expression longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// A micro-expression.
    Micro,
    /// A macro-expression.
    Macro,
}

impl EventKind {
    /// Both, micro first: the order of every array that is indexed by kind.
    pub const ALL: [Self; 2] = [Self::Micro, Self::Macro];

    /// `micro` or `macro`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Macro => "macro",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EventKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|k| k.name() == s)
            .ok_or_else(|| format!("expected `micro` or `macro`, found `{s}`"))
    }
}

/// The three classes of the field's composite evaluation (MEGC 2019).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emotion {
    /// Anger, contempt, disgust, fear, sadness, repression.
    Negative,
    /// Happiness.
    Positive,
    /// Surprise.
    Surprise,
}

impl Emotion {
    /// In the order of the recogniser's outputs and of the evaluation files.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Positive, Self::Surprise];

    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Positive => "positive",
            Self::Surprise => "surprise",
        }
    }
}

/// The emotion that the recogniser found in an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmotionReading {
    /// Calibrated probabilities in the order of [`Emotion::ALL`]; they sum to 1.
    #[serde(deserialize_with = "crate::measure::finite::three")]
    pub probabilities: [f32; 3],
    /// True if the best probability reaches the level from which a class is named. Below it the event reads
    /// "unclear".
    pub clear: bool,
}

impl EmotionReading {
    /// The likeliest class and its probability, whether or not it is clear.
    pub fn best(&self) -> (Emotion, f32) {
        let p = self.probabilities;
        let i = (1..3).fold(0, |best, i| if p[i] > p[best] { i } else { best });
        (Emotion::ALL[i], p[i])
    }

    /// The class name, or `unclear`.
    pub fn label(&self) -> &'static str {
        if self.clear { self.best().0.name() } else { "unclear" }
    }
}

/// Who found an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The shipped or chosen model.
    Model,
    /// The generator, which knows the truth.
    Truth,
    /// A person, by name.
    Annotator(String),
}

/// One frame, by its number and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// `Frame::seq`.
    pub frame: u64,
    /// Capture time.
    pub time: Timestamp,
}

impl Moment {
    /// True if both its number and its time are later than those of `other`.
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.frame > other.frame && self.time > other.time
    }
}

/// A facial movement from its first to its last frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Number of the event in its session, from 0, in the order in which events were found.
    pub id: u64,
    /// Micro or macro.
    pub kind: EventKind,
    /// First frame of the movement.
    pub onset: Moment,
    /// Frame of the strongest movement.
    pub apex: Moment,
    /// Last frame of the movement, inclusive.
    pub offset: Moment,
    /// The spotter's score, 0–1; 1 if a person or the generator named the event.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub score: f32,
    /// Units that move, strongest first.
    pub action_units: Vec<MovingUnit>,
    /// The recogniser's reading; `None` if the recogniser could not run.
    pub emotion: Option<EmotionReading>,
    /// The trouble of the frames from onset to offset. An event with trouble is kept; a person should look at
    /// it.
    pub trouble: crate::measure::quality::Trouble,
    /// Who found it.
    pub origin: Origin,
}

impl Event {
    /// Seconds from onset to offset.
    pub fn duration_secs(&self) -> f64 {
        self.offset.time.secs_since(self.onset.time)
    }

    /// The frames it covers.
    pub fn interval(&self) -> Interval {
        Interval { first: self.onset.frame as i64, last: self.offset.frame as i64 }
    }
}

/// Whole frames from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// First frame.
    pub first: i64,
    /// Last frame, not before `first`.
    pub last: i64,
}

impl Interval {
    /// How many frames; zero for an inverted interval.
    pub fn frames(&self) -> i64 {
        (self.last - self.first + 1).max(0)
    }

    /// Intersection over union in inclusive frame counts, 0–1, as the MEGC challenges count it.
    pub fn iou(&self, other: &Self) -> f64 {
        let shared = (self.last.min(other.last) - self.first.max(other.first) + 1).max(0);
        let union = self.frames() + other.frames() - shared;
        if union > 0 { shared as f64 / union as f64 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interval() -> impl Strategy<Value = Interval> {
        (0i64..500, 0i64..100).prop_map(|(first, n)| Interval { first, last: first + n })
    }

    proptest! {
        #[test]
        fn overlap_is_symmetric_and_between_0_and_1(a in interval(), b in interval()) {
            prop_assert_eq!(a.iou(&b), b.iou(&a));
            prop_assert!((0.0..=1.0).contains(&a.iou(&b)));
        }

        #[test]
        fn overlap_is_1_only_with_itself(a in interval(), b in interval()) {
            prop_assert_eq!(a.iou(&b) == 1.0, a == b);
        }
    }

    #[test]
    fn overlap_counts_both_end_frames() {
        let a = Interval { first: 0, last: 9 };
        let b = Interval { first: 5, last: 14 };
        assert!((a.iou(&b) - 5.0 / 15.0).abs() < 1e-12);
        assert_eq!(a.iou(&Interval { first: 10, last: 19 }), 0.0);
    }

    #[test]
    fn intervals_of_no_frames_overlap_by_nothing() {
        let none = Interval { first: 5, last: 3 };
        assert_eq!((none.frames(), none.iou(&none)), (0, 0.0));
    }

    #[test]
    fn of_classes_that_are_as_likely_the_first_is_read() {
        let reading = EmotionReading { probabilities: [0.4, 0.4, 0.2], clear: false };
        assert_eq!(reading.best(), (Emotion::Negative, 0.4));
    }

    #[test]
    fn an_unclear_reading_never_names_a_class() {
        let mut reading = EmotionReading { probabilities: [0.2, 0.5, 0.3], clear: true };
        assert_eq!((reading.label(), reading.best().0), ("positive", Emotion::Positive));
        reading.clear = false;
        assert_eq!(reading.label(), "unclear");
    }

    #[test]
    fn a_kind_reads_back_from_its_name_and_nothing_else() {
        for kind in EventKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("Micro ".parse::<EventKind>().is_err());
    }

    #[test]
    fn an_event_lasts_from_its_onset_to_its_offset() {
        let at = |frame, secs| Moment { frame, time: Timestamp::from_secs(secs) };
        let event = Event {
            id: 0,
            kind: EventKind::Micro,
            onset: at(30, 1.0),
            apex: at(36, 1.2),
            offset: at(42, 1.4),
            score: 1.0,
            action_units: Vec::new(),
            emotion: None,
            trouble: Default::default(),
            origin: Origin::Truth,
        };
        assert!((event.duration_secs() - 0.4).abs() < 1e-6);
        assert_eq!(event.interval(), Interval { first: 30, last: 42 });
    }
}
