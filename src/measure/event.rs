//! Events: intervals of facial movement. Their parts have the names that the field gives them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::measure::time::Timestamp;

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

/// Which half of the face moves. Left and right are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Both halves.
    Both,
    /// The person's left, on the right of an unmirrored picture.
    Left,
    /// The person's right.
    Right,
}

impl Side {
    /// Both, left, right: the order of the recogniser's outputs.
    pub const ALL: [Self; 3] = [Self::Both, Self::Left, Self::Right];

    /// The letter that coders write before the number: `L`, `R`, or nothing for both.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::Left => "L",
            Self::Right => "R",
        }
    }

    /// The other half; both stays both.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Both => Self::Both,
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// An action unit of the Facial Action Coding System, by its number.
///
/// The generator makes 23, 24, 25 and 26. The recogniser reports 24 for 23 or 24, and 25 for 25 or 26.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionUnit(pub u8);

impl ActionUnit {
    /// The fifteen that the recogniser reports, in the order of its outputs.
    pub const RECOGNISED: [Self; 15] = [
        Self(1),
        Self(2),
        Self(4),
        Self(5),
        Self(6),
        Self(7),
        Self(9),
        Self(10),
        Self(12),
        Self(14),
        Self(15),
        Self(17),
        Self(20),
        Self(24),
        Self(25),
    ];

    /// The FACS name.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "inner brow raiser",
            2 => "outer brow raiser",
            4 => "brow lowerer",
            5 => "upper lid raiser",
            6 => "cheek raiser",
            7 => "lid tightener",
            9 => "nose wrinkler",
            10 => "upper lip raiser",
            12 => "lip corner puller",
            14 => "dimpler",
            15 => "lip corner depressor",
            16 => "lower lip depressor",
            17 => "chin raiser",
            18 => "lip pucker",
            20 => "lip stretcher",
            23 => "lip tightener",
            24 => "lip pressor",
            25 => "lips part",
            26 => "jaw drop",
            43 => "eyes closed",
            45 => "blink",
            _ => "unnamed",
        }
    }
}

/// One action unit that moves in an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovingUnit {
    /// Which unit.
    pub unit: ActionUnit,
    /// Which half of the face.
    pub side: Side,
    /// The recogniser's probability, 0–1; 1 if a person or the generator named the unit.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub probability: f32,
}

impl fmt::Display for MovingUnit {
    /// `12`, `L12`, `R4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.side.prefix(), self.unit.0)
    }
}

impl FromStr for MovingUnit {
    type Err = String;

    /// `12`, `L12`, `R4`, `AU4`, `12L`, with a probability of 1.
    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_uppercase();
        let rest = upper.strip_prefix("AU").unwrap_or(&upper);
        let sides = [(Side::Left, 'L'), (Side::Right, 'R')];
        let side = sides.iter().find(|(_, c)| rest.starts_with(*c) || rest.ends_with(*c));
        let number = rest.trim_matches(['L', 'R']).trim_start_matches("AU");
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        match number.parse() {
            Ok(unit) if is_number && unit > 0 => Ok(Self {
                unit: ActionUnit(unit),
                side: side.map_or(Side::Both, |(side, _)| *side),
                probability: 1.0,
            }),
            _ => Err(format!("expected an action unit such as `12` or `L12`, found `{text}`")),
        }
    }
}

/// `1+2`, `L12`, `4+R14`, in the order given; empty without units.
pub fn units_text(units: &[MovingUnit]) -> String {
    units.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
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
    use std::collections::BTreeSet;

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
    fn units_read_as_coders_write_them() {
        let unit = |n, side| MovingUnit { unit: ActionUnit(n), side, probability: 1.0 };
        assert_eq!(units_text(&[unit(4, Side::Both), unit(14, Side::Right)]), "4+R14");
        assert_eq!(units_text(&[]), "");
    }

    #[test]
    fn a_unit_reads_back_from_what_it_prints_and_from_what_coders_write() {
        for text in ["12", "L12", "R4"] {
            assert_eq!(text.parse::<MovingUnit>().map(|unit| unit.to_string()), Ok(text.into()));
        }
        let text = |text: &str| text.parse::<MovingUnit>().map(|unit| unit.to_string()).ok();
        assert_eq!(
            (text("AU06"), text("4r"), text("LAU12")),
            (Some("6".into()), Some("R4".into()), Some("L12".into()))
        );
        for nonsense in ["", "L", "smile", "1e3", "0", "300", "-4", "+4"] {
            assert!(nonsense.parse::<MovingUnit>().is_err(), "{nonsense}");
        }
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
    fn every_unit_that_moves_has_its_own_facs_name_and_no_other_number_has_one() {
        let coded = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 23, 24, 25, 26, 43, 45];
        let names: BTreeSet<_> = coded.iter().map(|n| ActionUnit(*n).name()).collect();
        assert_eq!(names.len(), coded.len());
        for number in 0..=u8::MAX {
            assert_eq!(
                ActionUnit(number).name() == "unnamed",
                !coded.contains(&number),
                "{number}"
            );
        }
        assert_eq!(ActionUnit(12).name(), "lip corner puller");
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
