//! Result files of the Facial Micro-Expression Grand Challenges.
//!
//! Their columns are fixed and have no place for times. Frames have the same numbers as in every other file
//! of Fleeting, both ends included. The first file is for spotting (2022). The second is for spotting and
//! recognition together (STRS, 2023 and 2024), which covers micro-expressions only.

use std::io;

use super::table::cell;
use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::measure::event::EventKind;

/// The registry entry.
pub const FORMAT: Format = Format::written(
    "megc",
    "Results as the Micro-Expression Grand Challenges read them (CSV)",
    PictureUse::None,
    |_| {
        vec![
            FileFormat::new("megc_spotting.csv", write_spotting),
            FileFormat::new("megc_spot_then_recognise.csv", write_recognition),
        ]
    },
);

fn write_spotting(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["vid", "pred_onset", "pred_offset", "type"])?;
    for row in view.held() {
        let kind = match row.kind {
            EventKind::Micro => "me",
            EventKind::Macro => "mae",
        };
        let [onset, offset] = [row.bounds.onset, row.bounds.offset].map(|m| m.frame.to_string());
        table.write_record([&*cell(view.stem()), &onset, &offset, kind])?;
    }
    table.flush()
}

fn write_recognition(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["subject", "video", "onset", "offset", "emotion"])?;
    for row in view.held().filter(|row| row.kind == EventKind::Micro) {
        let emotion = match row.emotion_class() {
            "unclear" => "others",
            class => class,
        };
        let [onset, offset] = [row.bounds.onset, row.bounds.offset].map(|m| m.frame.to_string());
        let (subject, video) = (cell(view.subject()), cell(view.stem()));
        table.write_record([&*subject, &*video, &onset, &offset, emotion])?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::reviewed;

    fn text(rater: Option<&str>, write: fn(&mut View<'_>, &mut Sink) -> io::Result<()>) -> String {
        let session = reviewed();
        let mut bytes = Vec::new();
        write(&mut View::new(&session, rater).expect("there"), &mut bytes).expect("written");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn spotting_lists_micro_and_macro_by_frame() {
        assert_eq!(
            text(None, write_spotting),
            "vid,pred_onset,pred_offset,type\nÜbung 1 & 2,10,16,me\nÜbung 1 & 2,40,60,mae\n"
        );
    }

    #[test]
    fn what_a_rater_rejected_is_not_there_and_emotions_are_the_challenges_classes() {
        assert_eq!(
            text(Some("A"), write_recognition),
            "subject,video,onset,offset,emotion\n\
             P01,Übung 1 & 2,11,17,positive\nP01,Übung 1 & 2,70,75,negative\n"
        );
        assert!(!text(Some("A"), write_spotting).contains("mae"));
    }
}
