//! One line per frame in OpenFace's CSV, for scripts that were written for it.
//!
//! Only columns that are truly measured are there: no gaze, no pose, no landmarks and no intensities.
//! `AU.._c` is 1 in the frames of an event that holds this unit, where OpenFace judges every frame by
//! itself; `AU45_c` is 1 in every blink. `confidence` is the landmark model's own. What OpenFace does
//! not have follows behind, and begins with `fleeting_`.
//!
//! Names, order and precision after `RecorderCSV.cpp` of OpenFace 2: frames count from 1, a frame that
//! failed has `success` 0 and every unit 0.

use std::io::{self, Write};

use super::{Exporter, FileFormat, PictureUse, Sink, View};
use crate::measure::quality::Trouble;
use crate::measure::sample::Sample;
use crate::session::table::Row;

/// The registry entry.
pub const EXPORTER: Exporter = Exporter {
    name: "openface",
    about: "One line per frame as OpenFace writes it (CSV)",
    pictures: PictureUse::None,
    files: |_| vec![FileFormat::new("openface.csv", write)],
};

/// Units that both OpenFace and the recogniser know, and the blink.
const UNITS: [u8; 15] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 25, BLINK];
const BLINK: u8 = 45;

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
        write!(out, ",{}", if moves && has_face { "1.0" } else { "0.0" })?;
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
    // The words of a quality are parted by commas.
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
    fn a_frame_without_a_face_failed() {
        let rows = table(None);
        assert_eq!(rows[21][4], "0");
        assert_eq!(rows[21].last().map(String::as_str), Some("no face"));
        assert_eq!(rows[21][rows[0].len() - 4], "", "no score is no zero");
    }
}
