//! The three streams of a person: samples, events and marks. They are the same over a network, as lines of
//! JSON and in an XDF file; each channel has a label and a unit.
//!
//! Texts are those of the tables: see [`super::csv`].

use super::columns::{MEASURES, MOTION, MOTION_UNIT, SCORES, motion, motion_columns};
use super::csv::{EVENT_COLUMNS, MARK_COLUMNS, event_fields, mark_fields};
use crate::measure::event::Event;
use crate::measure::quality::Trouble;
use crate::measure::sample::Sample;
use crate::session::annotation::SignedMark;
use crate::session::table::Row;

/// One of the streams of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// One sample a frame, each a row of numbers.
    Samples,
    /// One event a sample, each a row of texts. Its time is the onset.
    Events,
    /// One mark a sample, each a row of texts.
    Markers,
}

/// One channel of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamChannel {
    /// Its name, as in the tables.
    pub label: String,
    /// Its unit; empty for a text.
    pub unit: &'static str,
    /// What it measures.
    pub measures: &'static str,
}

/// Place of the column that becomes the first channel of a stream of texts. Programs that show one channel of
/// a stream show the first one.
const FIRST: [(StreamKind, &str); 2] =
    [(StreamKind::Events, "kind"), (StreamKind::Markers, "note")];

impl StreamKind {
    /// All streams, in the order in which they are numbered.
    pub const ALL: [Self; 3] = [Self::Samples, Self::Events, Self::Markers];

    /// Its name in lines of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Events => "events",
            Self::Markers => "markers",
        }
    }

    /// Its name on a network and in XDF, such as `Fleeting samples`. Where several people are analysed, each
    /// has a letter, as in `Fleeting A samples`.
    pub fn name(self, person: Option<char>) -> String {
        match person {
            Some(letter) => format!("Fleeting {letter} {}", self.word()),
            None => format!("Fleeting {}", self.word()),
        }
    }

    /// Its content type. Programs look for `Markers` to find what happened when.
    pub fn content(self) -> &'static str {
        match self {
            Self::Samples => "Expression",
            Self::Events | Self::Markers => "Markers",
        }
    }

    /// True if its values are texts, false if they are numbers.
    pub fn is_text(self) -> bool {
        self != Self::Samples
    }

    /// Its channels, in order.
    pub fn channels(self) -> Vec<StreamChannel> {
        match self {
            Self::Samples => sample_channels(),
            Self::Events => text_channels(self, &EVENT_COLUMNS),
            Self::Markers => text_channels(self, &MARK_COLUMNS),
        }
    }
}

fn sample_channels() -> Vec<StreamChannel> {
    let channel =
        |label: &str, unit, measures| StreamChannel { label: label.to_owned(), unit, measures };
    let (scores, quality) = MEASURES.split_at(SCORES);
    let mut channels =
        vec![channel("frame", "count", "Frame"), channel("time_s", "seconds", "Time")];
    channels.extend(scores.iter().map(|score| channel(score.name, score.unit, "Score")));
    channels.push(channel("quality", "bits", "Quality"));
    channels.extend(quality.iter().map(|quality| channel(quality.name, quality.unit, "Quality")));
    channels.extend(motion_columns().map(|name| channel(&name, MOTION_UNIT, "Motion")));
    channels
}

fn text_channels(kind: StreamKind, columns: &[&'static str]) -> Vec<StreamChannel> {
    let unit = |label: &str| match label {
        label if label.ends_with("_s") => "seconds",
        label if label.ends_with("_frame") || label == "frame" => "count",
        "score" | "emotion_confidence" | "negative" | "positive" | "surprise" => "1",
        _ => "",
    };
    let labels = first_first(kind, columns, columns.to_vec());
    let channel =
        |label: &str| StreamChannel { label: label.into(), unit: unit(label), measures: "Text" };
    labels.into_iter().map(channel).collect()
}

/// Puts the column that programs show to the front.
fn first_first<T>(kind: StreamKind, columns: &[&str], mut fields: Vec<T>) -> Vec<T> {
    let front = FIRST.iter().find(|(of, _)| *of == kind).map(|(_, name)| *name);
    if let Some(at) = columns.iter().position(|column| Some(*column) == front) {
        fields[..=at].rotate_right(1);
    }
    fields
}

/// What each bit of the channel `quality` stands for, bit 0 first.
pub fn quality_bits() -> impl Iterator<Item = &'static str> {
    Trouble::NAMES.into_iter().map(|(_, name)| name)
}

/// The values of a sample, one for each channel of [`StreamKind::Samples`]; NaN for what was not measured.
pub fn sample_values(sample: &Sample) -> Vec<f64> {
    let (scores, quality) = MEASURES.split_at(SCORES);
    let mut values = vec![sample.seq as f64, sample.time.secs()];
    values.extend(scores.iter().map(|score| f64::from((score.of)(sample))));
    values.push(f64::from(sample.quality.trouble.0));
    values.extend(quality.iter().map(|quality| f64::from((quality.of)(sample))));
    values.extend((0..MOTION).map(|column| f64::from(motion(sample, column))));
    values
}

/// The texts of an event as the model gives it, one for each channel of [`StreamKind::Events`].
pub fn event_texts(event: &Event) -> Vec<String> {
    row_texts(&Row::of_event(event))
}

/// The same of an event in a rater's layer.
pub(super) fn row_texts(row: &Row) -> Vec<String> {
    first_first(StreamKind::Events, &EVENT_COLUMNS, event_fields(row).to_vec())
}

/// The texts of a mark, one for each channel of [`StreamKind::Markers`].
pub fn mark_texts(mark: &SignedMark) -> Vec<String> {
    first_first(StreamKind::Markers, &MARK_COLUMNS, mark_fields(mark).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::{at, session};
    use crate::session::annotation::Mark;

    fn door() -> SignedMark {
        SignedMark { by: "A".into(), mark: Mark::new(at(3), "door") }
    }

    fn labels(kind: StreamKind) -> Vec<String> {
        kind.channels().into_iter().map(|channel| channel.label).collect()
    }

    #[test]
    fn every_channel_has_a_value_and_a_label_of_its_own() {
        let session = session();
        let sample = session.history.samples().iter().next().expect("a sample");
        let event = &session.events[0];
        for (kind, values) in [
            (StreamKind::Samples, sample_values(&sample).len()),
            (StreamKind::Events, event_texts(event).len()),
            (StreamKind::Markers, mark_texts(&door()).len()),
        ] {
            let mut labels = labels(kind);
            assert_eq!(labels.len(), values, "{kind:?}");
            labels.sort();
            labels.dedup();
            assert_eq!(labels.len(), values, "{kind:?}");
        }
    }

    #[test]
    fn the_first_channel_says_what_happened() {
        let session = session();
        assert_eq!(labels(StreamKind::Events)[..2], ["kind", "onset_frame"]);
        assert_eq!(event_texts(&session.events[0])[..2], ["micro", "0"]);
        assert_eq!(labels(StreamKind::Markers)[..2], ["note", "frame"]);
        assert_eq!(mark_texts(&door())[..2], ["door", "3"]);
    }

    #[test]
    fn a_value_that_was_not_measured_is_nan_and_numbers_keep_their_bits() {
        let session = session();
        let samples: Vec<_> = session.history.samples().iter().collect();
        let values = |i: usize| sample_values(&samples[i]);
        let place = |name: &str| {
            labels(StreamKind::Samples).iter().position(|label| label == name).expect("a channel")
        };
        assert_eq!(values(0)[place("micro")], 0.75);
        assert_eq!(values(0)[place("chin_dy")], -0.25);
        assert!(values(1)[place("micro")].is_nan() && values(1)[place("head_dx")].is_nan());
        assert_eq!(values(1)[place("quality")], f64::from(1u16 | 1 << 8));
        assert_eq!(values(2)[place("time_s")], samples[2].time.secs());
    }

    #[test]
    fn each_measured_number_has_a_unit() {
        for channel in StreamKind::Samples.channels() {
            assert!(!channel.unit.is_empty(), "{}", channel.label);
        }
    }

    #[test]
    fn a_person_has_a_letter_where_there_are_several() {
        assert_eq!(StreamKind::Events.name(None), "Fleeting events");
        assert_eq!(StreamKind::Events.name(Some('B')), "Fleeting B events");
    }
}
