//! One line per frame in OpenFace's CSV, for scripts that were written for it.
//!
//! There is no gaze, pose, landmark or intensity, because none is measured. All 18 columns `AU.._c` are
//! there. A column is 1 in the frames of an event that holds this unit, whereas OpenFace judges every frame
//! by itself. `AU45_c` is 1 in every blink. The model does not know three of the units: their columns are
//! empty, except in events for which a person named them. `confidence` is the landmark model's own. Columns
//! that OpenFace does not have stand at the end and begin with `fleeting_`.
//!
//! Names, order and precision follow `RecorderCSV.cpp` of OpenFace 2: frames count from 1, and a frame that
//! failed has `success` 0 and every unit 0.

use std::io::{self, Write};

use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::measure::quality::Trouble;
use crate::measure::sample::Sample;
use crate::session::table::Row;

/// The registry entry.
pub const FORMAT: Format = Format {
    remarks,
    ..Format::written(
        "openface",
        "One line per frame as OpenFace writes it (CSV)",
        PictureUse::None,
        |_| vec![FileFormat::new("openface.csv", write)],
    )
};

/// The units that OpenFace detects, in its order.
const UNITS: [u8; 18] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, BLINK];

/// The units that the recogniser does not know.
const NOT_MEASURED: [u8; 3] = [23, 26, 28];

const BLINK: u8 = 45;

fn remarks(_: &View<'_>) -> Vec<String> {
    let columns = NOT_MEASURED.map(|unit| format!("AU{unit:02}_c")).join(", ");
    vec![format!(
        "openface.csv: {columns} are not measured and empty, but where a person named the unit."
    )]
}

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    write!(out, "frame,face_id,timestamp,confidence,success")?;
    for unit in UNITS {
        write!(out, ",AU{unit:02}_c")?;
    }
    writeln!(
        out,
        ",fleeting_frame,fleeting_micro,fleeting_macro,fleeting_yaw_deg,fleeting_quality"
    )?;
    let held: Vec<&Row> = view.held().collect();
    for sample in view.session.history.samples() {
        line(&sample, &held, out)?;
    }
    Ok(())
}

fn line(sample: &Sample, held: &[&Row], out: &mut dyn Write) -> io::Result<()> {
    let quality = &sample.quality;
    let has_face = !quality.trouble.any(Trouble::NO_FACE);
    let confidence = if quality.presence.is_finite() { quality.presence } else { 0.0 };
    write!(
        out,
        "{},0,{:.3},{confidence:.2},{}",
        sample.seq + 1,
        sample.time.secs(),
        u8::from(has_face)
    )?;
    let frame = sample.seq as i64;
    let here =
        || held.iter().filter(|row| (row.interval().first..=row.interval().last).contains(&frame));
    for unit in UNITS {
        let moves = if unit == BLINK {
            quality.trouble.any(Trouble::BLINK)
        } else {
            here().any(|row| row.units.iter().any(|moving| moving.unit.0 == unit))
        };
        let known = if moves && has_face { "1.0" } else { "0.0" };
        let is_unknown = NOT_MEASURED.contains(&unit) && !moves;
        write!(out, ",{}", if is_unknown { "" } else { known })?;
    }
    write!(out, ",{}", sample.seq)?;
    for value in [
        sample.score.map(|score| score.micro),
        sample.score.map(|score| score.macro_),
        Some(quality.yaw_deg).filter(|yaw| yaw.is_finite()),
    ] {
        match value {
            Some(value) => write!(out, ",{value}")?,
            None => write!(out, ",")?,
        }
    }
    // The words of a quality are separated by commas.
    writeln!(out, ",\"{}\"", quality.trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::reviewed;

    fn table(rater: Option<&str>) -> Vec<Vec<String>> {
        let session = reviewed();
        let mut bytes = Vec::new();
        write(&mut View::new(&session, rater).expect("there"), &mut bytes).expect("written");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
        let rows = reader.records().map(|row| row.expect("every row has as many fields"));
        rows.map(|row| row.iter().map(String::from).collect()).collect()
    }

    #[test]
    fn it_begins_as_openface_begins_and_counts_from_one() {
        let rows = table(None);
        assert_eq!(
            rows[0][..7].join(","),
            "frame,face_id,timestamp,confidence,success,AU01_c,AU02_c"
        );
        assert_eq!(rows[1][..5].join(","), "1,0,0.000,0.75,1");
        assert_eq!(rows.len(), 91);
    }

    #[test]
    fn a_unit_is_present_in_the_frames_of_its_event() {
        let rows = table(Some("A"));
        let column = rows[0].iter().position(|name| name == "AU06_c").expect("a column");
        let present: Vec<_> = (1..91).filter(|row| rows[*row][column] == "1.0").collect();
        assert_eq!(present, (12..=18).collect::<Vec<_>>(), "frames 11 to 17, counted from one");
    }

    #[test]
    fn all_18_units_are_there_and_those_that_nobody_knows_are_empty() {
        use crate::exchange::tests::{bounds, unit};
        use crate::measure::event::{EventKind, Side};
        use crate::session::annotation::{Act, Entry, Target};

        let mut session = reviewed();
        for act in [
            Act::Add(1, EventKind::Micro, bounds([30, 31, 32])),
            Act::Units(Target::Own(1), vec![unit(26, Side::Both)]),
        ] {
            session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act });
        }
        let mut bytes = Vec::new();
        let mut view = View::new(&session, Some("A")).expect("there");
        write(&mut view, &mut bytes).expect("written");
        let mut rows = csv::Reader::from_reader(&*bytes);
        let header = rows.headers().expect("a header").clone();
        let units: Vec<_> = header.iter().filter(|name| name.starts_with("AU")).collect();
        assert_eq!(units.len(), 18);
        assert!(units.is_sorted());
        let column = |name: &str| header.iter().position(|known| known == name).expect(name);
        let rows: Vec<_> = rows.records().map(|row| row.expect("a row")).collect();
        let field = |row: usize, name: &str| rows[row][column(name)].to_owned();
        assert_eq!([29, 30, 32, 33].map(|row| field(row, "AU26_c")), ["", "1.0", "1.0", ""]);
        assert_eq!((field(31, "AU23_c"), field(31, "AU12_c")), (String::new(), "0.0".into()));
        let folder = tempfile::tempdir().expect("a folder");
        let told = FORMAT.write(&mut view, folder.path()).expect("written").remarks;
        assert!(told.iter().any(|line| line.contains("AU23_c, AU26_c, AU28_c")), "{told:?}");
    }

    #[test]
    fn a_frame_without_a_face_failed() {
        let rows = table(None);
        assert_eq!(rows[21][4], "0");
        assert_eq!(rows[21].last().map(String::as_str), Some("no face"));
        assert_eq!(rows[21][rows[0].len() - 4], "", "no score is no zero");
    }
}
