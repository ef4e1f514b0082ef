//! Two tables: one line per event, one line per frame.
//!
//! Frames count from 0 in the source; seconds count from the source's first frame. An empty field is
//! a value that was not measured, never a zero. Numbers are written so that they read back the same.

use std::io::{self, Write};

use super::{Exporter, FileFormat};
use crate::event::{Event, Origin, units_text};
use crate::pipeline::roi::REGION_NAMES;
use crate::session::{Sample, Session};
use crate::time::Timestamp;

/// The registry entry.
pub const EXPORTER: Exporter = Exporter {
    name: "csv",
    about: "Tables of events and of samples (CSV)",
    files: &[
        FileFormat { name: "events.csv", write: |session, out| write_events(&session.events, out) },
        FileFormat { name: "samples.csv", write: write_samples },
    ],
};

/// Columns of an event table. Other tools rely on the first seven.
const EVENT_COLUMNS: [&str; 19] = [
    "onset_frame",
    "apex_frame",
    "offset_frame",
    "onset_s",
    "apex_s",
    "offset_s",
    "kind",
    "id",
    "duration_s",
    "score",
    "action_units",
    "action_unit_probabilities",
    "emotion",
    "emotion_confidence",
    "negative",
    "positive",
    "surprise",
    "quality",
    "origin",
];

/// Columns of a sample table before the motion.
const SAMPLE_COLUMNS: [&str; 13] = [
    "frame",
    "time_s",
    "micro",
    "macro",
    "quality",
    "lid_aperture",
    "head_speed",
    "yaw_deg",
    "sharpness",
    "brightness",
    "eye_distance_px",
    "rate_fps",
    "face_presence",
];

/// Writes a table of events; the generator's truth is written with it too.
pub fn write_events(events: &[Event], out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(EVENT_COLUMNS)?;
    for event in events {
        table.write_record(event_fields(event))?;
    }
    table.flush()
}

fn event_fields(event: &Event) -> [String; EVENT_COLUMNS.len()] {
    let probabilities: Vec<_> =
        event.action_units.iter().map(|unit| unit.probability.to_string()).collect();
    let emotion = event.emotion;
    let class = |i: usize| emotion.map_or_else(String::new, |e| e.probabilities[i].to_string());
    [
        event.onset.frame.to_string(),
        event.apex.frame.to_string(),
        event.offset.frame.to_string(),
        seconds(event.onset.time),
        seconds(event.apex.time),
        seconds(event.offset.time),
        event.kind.to_string(),
        event.id.to_string(),
        format!("{:.6}", event.duration_secs()),
        event.score.to_string(),
        units_text(&event.action_units),
        probabilities.join("+"),
        emotion.map_or_else(String::new, |e| e.label().into()),
        emotion.map_or_else(String::new, |e| e.best().1.to_string()),
        class(0),
        class(1),
        class(2),
        event.trouble.to_string(),
        match &event.origin {
            Origin::Model => "model".into(),
            Origin::Truth => "truth".into(),
            Origin::Annotator(name) => format!("annotator {name}"),
        },
    ]
}

fn write_samples(session: &Session, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    for column in SAMPLE_COLUMNS {
        table.write_field(column)?;
    }
    for region in ["head"].iter().chain(&REGION_NAMES) {
        let region = region.replace(", ", "_").replace(' ', "_");
        table.write_field(format!("{region}_dx"))?;
        table.write_field(format!("{region}_dy"))?;
    }
    table.write_record(None::<&[u8]>)?;
    let mut text = String::new();
    for sample in session.history.samples() {
        write_sample(&mut table, sample, &mut text)?;
    }
    table.flush()
}

fn write_sample<W: Write>(
    table: &mut csv::Writer<W>,
    sample: &Sample,
    text: &mut String,
) -> io::Result<()> {
    let quality = &sample.quality;
    table.write_field(sample.seq.to_string())?;
    table.write_field(seconds(sample.time))?;
    number(table, text, sample.score.map_or(f32::NAN, |score| score.micro))?;
    number(table, text, sample.score.map_or(f32::NAN, |score| score.macro_))?;
    table.write_field(quality.trouble.to_string())?;
    for value in [
        quality.lid_aperture,
        quality.head_speed,
        quality.yaw_deg,
        quality.sharpness,
        quality.brightness,
        quality.eye_distance_px,
        quality.rate_fps,
        quality.presence,
    ] {
        number(table, text, value)?;
    }
    let none = [f32::NAN; 2];
    number_pair(table, text, sample.motion.map_or(none, |motion| motion.head))?;
    for region in 0..REGION_NAMES.len() {
        number_pair(table, text, sample.motion.map_or(none, |motion| motion.regions[region]))?;
    }
    table.write_record(None::<&[u8]>)?;
    Ok(())
}

fn number_pair<W: Write>(
    table: &mut csv::Writer<W>,
    text: &mut String,
    [x, y]: [f32; 2],
) -> io::Result<()> {
    number(table, text, x)?;
    number(table, text, y)
}

/// One number, in its shortest text that reads back the same; not-a-number is empty.
fn number<W: Write>(table: &mut csv::Writer<W>, text: &mut String, value: f32) -> io::Result<()> {
    use std::fmt::Write as _;
    text.clear();
    if value.is_finite() {
        write!(text, "{value}").map_err(io::Error::other)?;
    }
    Ok(table.write_field(&*text)?)
}

fn seconds(time: Timestamp) -> String {
    format!("{:.6}", time.secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::session;

    fn table(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Vec<Vec<String>> {
        let mut bytes = Vec::new();
        write(&mut bytes).expect("memory takes it");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
        let rows = reader.records().map(|row| row.expect("every row has as many fields"));
        rows.map(|row| row.iter().map(String::from).collect()).collect()
    }

    #[test]
    fn an_event_table_begins_with_the_columns_that_others_rely_on() {
        let rows = table(|out| write_events(&session().events, out));
        assert_eq!(
            rows[0][..7].join(","),
            "onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,kind"
        );
        assert_eq!(rows[1][..7].join(","), "0,1,2,0.000000,0.033333,0.066667,micro");
        assert_eq!(rows[1][10..14].join(","), "L12,0.5,positive,0.5");
        assert_eq!(rows[1][17..].join(","), "blink,model");
    }

    #[test]
    fn an_unmeasured_value_is_empty_and_not_zero() {
        let rows = table(|out| write_samples(&session(), out));
        let column = |name: &str| rows[0].iter().position(|n| n == name).expect("a column");
        assert_eq!(rows[1][column("micro")], "0.75");
        for name in ["micro", "macro", "yaw_deg", "head_dx", "chin_dy"] {
            assert_eq!(rows[2][column(name)], "", "{name}");
        }
        assert_eq!(rows[2][column("quality")], "no face, gap");
        assert_eq!(rows[1][column("right_brow_outer_dy")], "-0.25");
    }

    #[test]
    fn every_frame_is_one_line_and_no_two_columns_share_a_name() {
        let mut rows = table(|out| write_samples(&session(), out));
        assert_eq!(rows.len(), 4);
        let count = rows[0].len();
        rows[0].sort();
        rows[0].dedup();
        assert_eq!((rows[0].len(), count), (13 + 48, 61));
    }
}
