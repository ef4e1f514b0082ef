//! Tables: one line per event, one line per frame, one line per count of frames, one line per marked
//! moment if there are any, and the detection limit if it was measured.
//!
//! Frames count from 0 in the source; seconds count from the source's first frame. An empty field is a value
//! that was not measured, never a zero. Numbers read back the same. Text of a person is written so that no
//! spreadsheet runs it as a formula (see `cell`). In the table of a rater's layer, the first columns hold the
//! rater's values, and those named `machine_` hold the model's.

use std::io::{self, Write};

use super::columns::{MEASURES, MOTION, SCORES, motion, motion_columns};
use super::conditions;
use super::detection_limit;
use super::import::EventReader;
use super::table::cell;
use super::{FileFormat, Format, PictureUse, Reader, Sink, View};
use crate::measure::event::{Event, Origin, units_text};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::session::Session;
use crate::session::annotation::SignedMark;
use crate::session::counts::LossReason;
use crate::session::table::Row;

mod read;

/// The table of true events beside a synthetic video, with the columns of [`write_events`].
pub const TRUTH_FILE: &str = "truth.csv";

/// The registry entry.
pub const FORMAT: Format = Format {
    read: Some(Reader::Events(EventReader {
        about: "a table of events",
        endings: &["csv", "tsv", "txt"],
        is_one: read::is_one,
        read: read::read,
    })),
    ..Format::written("csv", "Tables of events, samples and counts (CSV)", PictureUse::None, files)
        .with_limit()
};

fn files(view: &View<'_>) -> Vec<FileFormat> {
    let mut files = vec![
        FileFormat::new("events.csv", |view, out| write_rows(&view.rows, out)),
        FileFormat::new("samples.csv", |view, out| write_samples(view.session, out)),
        FileFormat::new("counts.csv", |view, out| write_counts(view.session, out)),
    ];
    if !view.marks().is_empty() {
        files.push(FileFormat::new("markers.csv", |view, out| write_marks(view, out)));
    }
    if !view.session.log.conditions().is_empty() {
        files.push(FileFormat::new("conditions.csv", |view, out| {
            conditions::write_table(view, out)
        }));
    }
    if let Some(limit) = view.detection_limit.clone() {
        let write =
            move |_: &mut View<'_>, out: &mut Sink| detection_limit::write_table(&limit, out);
        files.push(FileFormat::new("detection_limit.csv", write));
    }
    files
}

/// Columns of an event table. Other programs rely on the first seven.
pub const EVENT_COLUMNS: [&str; 31] = [
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
    "rater",
    "verdict",
    "note",
    "machine_onset_frame",
    "machine_apex_frame",
    "machine_offset_frame",
    "machine_onset_s",
    "machine_apex_s",
    "machine_offset_s",
    "machine_action_units",
    "machine_emotion",
    "rater_confidence",
];

/// Writes a table of events that no one has judged. The generator's true events are written in this way too.
pub fn write_events(events: &[Event], out: &mut dyn Write) -> io::Result<()> {
    write_rows(&events.iter().map(Row::of_event).collect::<Vec<_>>(), out)
}

fn write_rows(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(EVENT_COLUMNS)?;
    for row in rows {
        table.write_record(event_fields(row))?;
    }
    table.flush()
}

/// The fields of a row, in the order of [`EVENT_COLUMNS`]; empty where there is no value.
pub(super) fn event_fields(row: &Row) -> [String; EVENT_COLUMNS.len()] {
    let machine = row.machine.as_ref();
    let of_machine = |text: fn(&Event) -> String| machine.map_or_else(String::new, text);
    let probabilities: Vec<_> = row.units.iter().map(|unit| unit.probability.to_string()).collect();
    let reading = machine.and_then(|event| event.emotion);
    let class = |i: usize| reading.map_or_else(String::new, |e| e.probabilities[i].to_string());
    // A person's label has no probability, and an event without a reading has no emotion.
    let read = reading.filter(|_| row.label.is_none());
    let is_named = reading.is_some() || row.label.is_some();
    [
        row.bounds.onset.frame.to_string(),
        row.bounds.apex.frame.to_string(),
        row.bounds.offset.frame.to_string(),
        seconds(row.bounds.onset.time),
        seconds(row.bounds.apex.time),
        seconds(row.bounds.offset.time),
        row.kind.to_string(),
        row.id(),
        format!("{:.6}", row.duration_secs()),
        of_machine(|event| event.score.to_string()),
        units_text(&row.units),
        probabilities.join("+"),
        if is_named { row.emotion().into() } else { String::new() },
        read.map_or_else(String::new, |e| e.best().1.to_string()),
        class(0),
        class(1),
        class(2),
        of_machine(|event| event.trouble.to_string()),
        machine.map_or_else(|| annotator(row), |event| origin_text(&event.origin)),
        cell(row.rater.as_deref().unwrap_or_default()).into_owned(),
        row.verdict.name().into(),
        cell(&row.note).into_owned(),
        of_machine(|event| event.onset.frame.to_string()),
        of_machine(|event| event.apex.frame.to_string()),
        of_machine(|event| event.offset.frame.to_string()),
        of_machine(|event| seconds(event.onset.time)),
        of_machine(|event| seconds(event.apex.time)),
        of_machine(|event| seconds(event.offset.time)),
        of_machine(|event| units_text(&event.action_units)),
        reading.map_or_else(String::new, |reading| reading.label().into()),
        row.confidence.map_or_else(String::new, |confidence| confidence.name().into()),
    ]
}

/// Writes how many frames there were and what became of each: one line for each figure.
fn write_counts(session: &Session, out: &mut dyn Write) -> io::Result<()> {
    let counts = session.counts();
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["figure", "value", "unit"])?;
    let mut line =
        |figure: &str, value: String, unit: &str| table.write_record([figure, &value, unit]);
    line("numbered", counts.numbered.to_string(), "frames")?;
    line("analysed", counts.analysed.to_string(), "frames")?;
    line("lost", counts.lost.to_string(), "frames")?;
    for reason in LossReason::ALL {
        let figure = format!("lost_{}", reason.name());
        line(&figure, counts.of_reason(reason).to_string(), "frames")?;
    }
    line("scored", counts.scored.to_string(), "frames")?;
    line("recorded", format!("{:.6}", counts.recorded_secs), "s")?;
    line("scored_time", format!("{:.6}", counts.scored_secs), "s")?;
    let rate = counts.true_fps().map_or_else(String::new, |fps| format!("{fps:.6}"));
    line("true_rate", rate, "frames per second")?;
    table.flush()
}

/// Columns of a table of marks.
pub(super) const MARK_COLUMNS: [&str; 6] = ["frame", "time_s", "by", "note", "kind", "before_s"];

/// The fields of a mark, in the order of [`MARK_COLUMNS`].
pub(super) fn mark_fields(SignedMark { by, mark }: &SignedMark) -> [String; MARK_COLUMNS.len()] {
    [
        mark.at.frame.to_string(),
        seconds(mark.at.time),
        cell(by).into_owned(),
        cell(&mark.text).into_owned(),
        cell(mark.kind.name()).into_owned(),
        format!("{:.3}", mark.at.time.secs_since(mark.begin())),
    ]
}

fn write_marks(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(MARK_COLUMNS)?;
    for signed in view.marks() {
        table.write_record(mark_fields(&signed))?;
    }
    table.flush()
}

fn annotator(row: &Row) -> String {
    origin_text(&Origin::Annotator(row.rater.clone().unwrap_or_default()))
}

/// The origin of an event, as the column `origin` names it.
pub(crate) fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::Model => "model".into(),
        Origin::Truth => "truth".into(),
        Origin::Annotator(name) => format!("annotator {name}"),
    }
}

fn write_samples(session: &Session, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let (scores, quality) = MEASURES.split_at(SCORES);
    ["frame", "time_s"].into_iter().try_for_each(|name| table.write_field(name))?;
    scores.iter().try_for_each(|measure| table.write_field(measure.name))?;
    table.write_field("quality")?;
    quality.iter().try_for_each(|measure| table.write_field(measure.name))?;
    motion_columns().try_for_each(|name| table.write_field(name))?;
    table.write_record(None::<&[u8]>)?;
    let mut text = String::new();
    for sample in session.history.samples() {
        write_sample(&mut table, &sample, &mut text)?;
    }
    table.flush()
}

fn write_sample<W: Write>(
    table: &mut csv::Writer<W>,
    sample: &Sample,
    text: &mut String,
) -> io::Result<()> {
    table.write_field(sample.seq.to_string())?;
    table.write_field(seconds(sample.time))?;
    let (scores, quality) = MEASURES.split_at(SCORES);
    scores.iter().try_for_each(|measure| number(table, text, (measure.of)(sample)))?;
    table.write_field(sample.quality.trouble.to_string())?;
    quality.iter().try_for_each(|measure| number(table, text, (measure.of)(sample)))?;
    (0..MOTION).try_for_each(|column| number(table, text, motion(sample, column)))?;
    table.write_record(None::<&[u8]>)?;
    Ok(())
}

/// One number, in its shortest text that reads back the same; NaN becomes empty.
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
    use crate::exchange::tests::{reviewed, session};
    use crate::session::annotation::{Act, Entry, Mark, Target};

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
        assert_eq!(rows[1][17..22].join(","), "blink,model,,open,");
    }

    #[test]
    fn a_raters_values_stand_beside_the_models() {
        let session = reviewed();
        let view = View::new(&session, Some("A")).expect("there");
        let rows = table(|out| write_rows(&view.rows, out));
        let field = |row: usize, name: &str| {
            let column = rows[0].iter().position(|column| column == name).expect("a column");
            rows[row][column].clone()
        };
        assert_eq!(
            (field(1, "onset_frame"), field(1, "machine_onset_frame")),
            ("11".into(), "10".into())
        );
        assert_eq!(
            (field(1, "emotion"), field(1, "machine_emotion")),
            ("happiness".into(), "positive".into())
        );
        assert_eq!(
            (field(1, "action_units"), field(1, "machine_action_units")),
            ("L6+12".into(), "L12".into())
        );
        assert_eq!(field(1, "emotion_confidence"), "");
        assert_eq!(field(2, "verdict"), "rejected");
        assert_eq!((field(3, "id"), field(3, "score")), ("own-0".into(), String::new()));
        assert_eq!(field(3, "origin"), "annotator A");
    }

    #[test]
    fn words_of_a_person_are_one_line_and_no_formula() {
        let mut session = reviewed();
        for act in [
            Act::Note(Target::Machine(0), "=HYPERLINK(1)\nsecond".into()),
            Act::Mark(Mark::new(crate::exchange::tests::at(40), "@SUM(A1)")),
        ] {
            session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act });
        }
        let view = View::new(&session, Some("A")).expect("there");
        let rows = table(|out| write_rows(&view.rows, out));
        let column = rows[0].iter().position(|name| name == "note").expect("a column");
        assert_eq!(rows[1][column], "'=HYPERLINK(1)␊second");
        let rows = table(|out| write_marks(&view, out));
        assert!(rows.iter().any(|row| row[3] == "'@SUM(A1)"), "{rows:?}");
    }

    #[test]
    fn markers_have_a_table_where_there_are_any() {
        let names = |session: &Session| {
            let files = FORMAT.files_of(&View::of_model(session));
            files.into_iter().map(|file| file.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&session()), ["events.csv", "samples.csv", "counts.csv"]);
        let all = ["events.csv", "samples.csv", "counts.csv", "markers.csv"];
        assert_eq!(names(&reviewed()), all);
        let reviewed = reviewed();
        let mut view = View::of_model(&reviewed);
        view.detection_limit = Some(detection_limit::tests::limit());
        let last = FORMAT.files_of(&view).pop().map(|file| file.name);
        assert_eq!(last.as_deref(), Some("detection_limit.csv"));
        let rows = table(|out| write_marks(&view, out));
        assert_eq!(rows[2].join(","), "30,1.000000,A,asked about 日本,mark,0.000");
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
