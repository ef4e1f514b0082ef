//! Round trips through both formats, files of other programs, and files with errors.

use std::collections::BTreeSet;

use super::words::label_named;
use super::*;
use crate::exchange::tests::{at, bounds, reviewed, unit};
use crate::exchange::{View, format_to_write};
use crate::measure::event::{EventKind, Moment, Side, units_text};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::session::annotation::{Bounds, Confidence, Label, Log, Mark, Target, Verdict};
use crate::session::table::{Row, rows};
use proptest::prelude::*;

fn say(session: &mut Session, rater: &str, acts: impl IntoIterator<Item = Act>) {
    for act in acts {
        session.log.push(Entry { rater: rater.into(), at_unix_ms: 0, act });
    }
}

fn add(session: &mut Session, layer: ImportedLayer) {
    layer.raters.into_iter().for_each(|rater| session.log.add_rater(rater));
    layer.entries.into_iter().for_each(|entry| session.log.push(entry));
}

fn request(file: &Path, rater: &str) -> Request {
    Request { file: file.into(), rater: rater.into(), blind: false, choice: Choice::default() }
}

/// Writes the layer of `rater` in `format`, and reads the file called `name` back as C's layer in `session`.
fn round_trip(
    from: &Session,
    rater: Option<&str>,
    [format, name]: [&str; 2],
    session: &mut Session,
) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut view = View::new(from, rater).expect("there");
    format_to_write(format).expect("known").write(&mut view, folder.path()).expect("written");
    let layer = layer(&request(&folder.path().join(name), "C"), session).expect("readable");
    let told = layer.told.clone();
    add(session, layer);
    told
}

const CSV: [&str; 2] = ["csv", "events.csv"];
const EAF: [&str; 2] = ["elan", "session.eaf"];

/// A layer without what must differ: its rater, and a model's probability of a unit.
fn held(session: &Session, rater: Option<&str>) -> Vec<Row> {
    let mut rows = rows(session, rater);
    for row in &mut rows {
        (row.rater, row.imported_from) = (None, None);
        row.units.iter_mut().for_each(|unit| unit.probability = 1.0);
    }
    rows.sort_by_key(|row| row.target);
    rows
}

fn act() -> impl Strategy<Value = Act> {
    let target =
        || prop_oneof![(0u64..2).prop_map(Target::Machine), (0u64..4).prop_map(Target::Own)];
    let span = || {
        (0u64..80, 0u64..10, 0u64..10)
            .prop_map(|(onset, a, b)| bounds([onset, onset + a.min(b), onset + a.max(b)]))
    };
    let units = prop::collection::vec((1u8..45, 0usize..3), 0..3)
        .prop_map(|units| units.into_iter().map(|(n, side)| unit(n, Side::ALL[side])).collect());
    prop_oneof![
        (target(), 0usize..3).prop_map(|(t, i)| {
            Act::Judge(t, [Verdict::Open, Verdict::Confirmed, Verdict::Rejected][i])
        }),
        (target(), span()).prop_map(|(t, span)| Act::Bound(t, span)),
        (target(), 0usize..9).prop_map(|(t, i)| Act::Label(t, Label::ALL.get(i).copied())),
        (target(), units).prop_map(|(t, units)| Act::Units(t, units)),
        (target(), 0usize..4)
            .prop_map(|(t, i)| Act::Confidence(t, Confidence::ALL.get(i).copied())),
        (target(), "([=+@\\-a-zäß<>&\"',;#日]{1,4}\n?[a-z#]{1,3})?")
            .prop_map(|(t, text)| Act::Note(t, text)),
        (0u64..4, 0usize..2, span()).prop_map(|(n, k, span)| Act::Add(n, EventKind::ALL[k], span)),
        (0u64..90, "([a-z<&ü]{1,5})?")
            .prop_map(|(frame, text)| Act::Mark(Mark::new(at(frame), text))),
    ]
}

/// A session with missing frames and uneven times, in which A has done `acts`.
fn judged(acts: Vec<Act>, missing: &BTreeSet<u64>, late_ms: &[u8], blind: bool) -> Session {
    let whole = reviewed();
    let mut session = whole.clone();
    session.history = Default::default();
    let late = late_ms.iter().cycle();
    for (sample, late) in whole.history.samples().iter().zip(late) {
        if !missing.contains(&sample.seq) {
            let time = sample.time + f64::from(*late) / 1000.0;
            session.history.push(Sample { time, ..sample });
        }
    }
    let frames: Vec<Moment> = session.history.samples().iter().map(at_sample).collect();
    // The nearest frame that exists.
    let here = |moment: Moment| {
        *frames.iter().min_by_key(|m| m.frame.abs_diff(moment.frame)).expect("a frame")
    };
    for event in &mut session.events {
        for moment in [&mut event.onset, &mut event.apex, &mut event.offset] {
            *moment = here(*moment);
        }
    }
    let all =
        |b: Bounds| Bounds { onset: here(b.onset), apex: here(b.apex), offset: here(b.offset) };
    session.log = Log::default();
    session.log.add_rater(if blind { Rater::blind("A") } else { Rater::new("A") });
    for act in acts {
        let act = match act {
            Act::Bound(target, span) => Act::Bound(target, all(span)),
            Act::Add(number, kind, span) => Act::Add(number, kind, all(span)),
            Act::Mark(mark) => Act::Mark(Mark { at: here(mark.at), ..mark }),
            act => act,
        };
        say(&mut session, "A", [act]);
    }
    session
}

fn at_sample(sample: Sample) -> Moment {
    Moment { frame: sample.seq, time: sample.time }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_table_reads_back_as_the_layer_it_was_written_from(
        acts in prop::collection::vec(act(), 0..25),
        missing in prop::collection::btree_set(0u64..90, 0..30),
        late_ms in prop::collection::vec(0u8..20, 1..7),
        blind in any::<bool>(),
    ) {
        let from = judged(acts, &missing, &late_ms, blind);
        let mut session = from.clone();
        round_trip(&from, Some("A"), CSV, &mut session);
        prop_assert_eq!(held(&session, Some("C")), held(&from, Some("A")));
    }

    #[test]
    fn an_elan_file_reads_back_as_the_layer_it_was_written_from(
        acts in prop::collection::vec(act(), 0..25),
        missing in prop::collection::btree_set(0u64..90, 0..30),
        late_ms in prop::collection::vec(0u8..20, 1..7),
        blind in any::<bool>(),
    ) {
        let from = judged(acts, &missing, &late_ms, blind);
        let mut session = from.clone();
        round_trip(&from, Some("A"), EAF, &mut session);
        prop_assert_eq!(held(&session, Some("C")), held(&from, Some("A")));
        // The marks of the session are everyone's: none is there twice.
        prop_assert_eq!(session.marks(None), from.marks(None));
        session.log = Log::default();
        round_trip(&from, Some("A"), EAF, &mut session);
        let marks = |session: &Session| {
            let mut marks: Vec<_> = session.marks(None).into_iter().map(|s| s.mark).collect();
            marks.sort();
            marks
        };
        prop_assert_eq!(marks(&session), marks(&from));
    }

    #[test]
    fn a_span_of_whole_frames_is_put_on_them_wherever_frames_are_missing(
        missing in prop::collection::btree_set(0u64..90, 0..60),
        late_ms in prop::collection::vec(0u8..20, 1..7),
    ) {
        let session = judged(Vec::new(), &missing, &late_ms, false);
        let frames = Frames::new(&session).expect("frames");
        let view = View::of_model(&session);
        let round = |time: Timestamp| (time.secs() * 1000.0).round() / 1000.0;
        for sample in session.history.samples() {
            let at = at_sample(sample);
            let spanned = frames.spanned(round(at.time), round(view.end_of(at)));
            prop_assert_eq!(spanned, Some([at, at]));
        }
    }
}

#[test]
fn what_the_model_found_comes_back_as_its_own_events_not_judged() {
    for file in [CSV, EAF] {
        let from = reviewed();
        let mut session = reviewed();
        let told = round_trip(&from, None, file, &mut session);
        assert_eq!(held(&session, Some("C")), held(&from, None), "{file:?}");
        assert!(rows(&session, Some("C")).iter().all(Row::is_open));
        assert!(told[1].contains("0 are confirmed, 0 rejected and 2 not judged"), "{told:?}");
        assert!(told[1].contains("2 are the model's (0 with moved bounds) and 0"), "{told:?}");
    }
}

#[test]
fn events_of_a_model_that_is_not_this_sessions_keep_their_verdict_and_that_is_said() {
    for file in [CSV, EAF] {
        let mut session = reviewed();
        for event in &mut session.events {
            event.onset = at(event.onset.frame - 1);
        }
        let told = round_trip(&reviewed(), Some("A"), file, &mut session);
        let held = held(&session, Some("C"));
        assert!(held.iter().all(|row| row.machine.is_none()), "{file:?}");
        let verdicts: Vec<_> = rows(&session, Some("C")).iter().map(|row| row.verdict).collect();
        assert_eq!(verdicts, [Verdict::Confirmed, Verdict::Rejected, Verdict::Confirmed]);
        let lost = told.iter().find(|line| line.contains("not in this session"));
        assert!(lost.is_some_and(|line| line.contains(": 2.")), "{told:?}");
    }
}

#[test]
fn a_models_reading_does_not_become_a_persons_label() {
    let mut session = reviewed();
    session.events.clear();
    let told = round_trip(&reviewed(), None, CSV, &mut session);
    let rows = rows(&session, Some("C"));
    assert!(rows.iter().all(|row| row.label.is_none() && row.verdict == Verdict::Open));
    let reading = told.iter().find(|line| line.contains("a model read"));
    assert!(reading.is_some_and(|line| line.contains("× `positive`")), "{told:?}");
}

#[test]
fn an_emotion_that_was_typed_over_the_models_is_the_persons() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = reviewed();
    let written =
        format_to_write("csv").expect("known").write(&mut View::of_model(&session), folder.path());
    let path = &written.expect("written").files[0];
    let text = std::fs::read_to_string(path).expect("text");
    let (header, lines) = text.split_once('\n').expect("a header");
    let text = format!("{header}\n{}", lines.replacen(",positive,", ",anger,", 1));
    let path = folder.path().join("typed.csv");
    std::fs::write(&path, text).expect("written");
    let import = read(&path, &session, &Choice::default()).expect("readable");
    assert!(import.acts.contains(&Act::Label(Target::Machine(0), Some(Label::Anger))));
}

#[test]
fn an_imported_layer_says_so_and_is_blind_only_where_somebody_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("coded.csv");
    std::fs::write(&file, "onset_frame,offset_frame\n3,9\n").expect("written");
    for blind in [false, true] {
        let mut session = reviewed();
        let layer = layer(&Request { blind, ..request(&file, "R2") }, &session).expect("readable");
        assert!(layer.told.iter().any(|line| line.contains("imported from coded.csv")));
        add(&mut session, layer);
        let rater = session.log.rater("r2").expect("there");
        assert_eq!((rater.blind, rater.was_blind), (false, blind), "the work is done");
        let rows = rows(&session, Some("R2"));
        assert_eq!(rows.len(), 1, "a coder's file says nothing of the model's events");
        assert_eq!(rows[0].imported_from.as_deref(), Some("coded.csv"));
        say(&mut session, "R2", [Act::Add(1, EventKind::Micro, bounds([50, 51, 52]))]);
        let rows = crate::session::table::rows(&session, Some("R2"));
        assert_eq!(rows[1].imported_from, None, "that one was added here");
    }
}

#[test]
fn who_judged_the_models_events_was_not_blind() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = reviewed();
    let written =
        format_to_write("csv").expect("known").write(&mut View::of_model(&session), folder.path());
    let file = written.expect("written").files[0].clone();
    let error = layer(&Request { blind: true, ..request(&file, "R2") }, &session);
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("events.csv") && error.contains("verdicts on its events"), "{error}");
}

#[test]
fn a_name_that_differs_in_case_only_is_the_same_raters() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("coded.csv");
    std::fs::write(&file, "onset_frame,offset_frame\n3,9\n").expect("written");
    let error = layer(&request(&file, " a "), &reviewed()).expect_err("A has a layer").to_string();
    assert!(error.contains("`A`") && error.contains("already has a layer"), "{error}");
    let error = layer(&request(&file, "Model"), &reviewed()).expect_err("no name").to_string();
    assert!(error.contains("rater: expected"), "{error}");
}

pub(crate) fn import(name: &str, text: &str) -> Result<Import, String> {
    import_tiers(name, text, &[])
}

pub(crate) fn import_tiers(name: &str, text: &str, tiers: &[&str]) -> Result<Import, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let choice = Choice { tiers: tiers.iter().map(|tier| (*tier).to_owned()).collect() };
    read(&path, &reviewed(), &choice).map_err(|error| error.to_string())
}

#[track_caller]
pub(crate) fn refused(result: Result<Import, String>, words: &[&str]) {
    let error = result.expect_err("refused");
    for word in words {
        assert!(error.contains(word), "expected `{word}` in: {error}");
    }
}

#[test]
fn a_table_of_times_is_put_on_the_nearest_frames() {
    let import = import("x.csv", "onset_s,offset_s,emotion,AU\n1.01,1.32,contempt,4\n0.2,1.4,,\n");
    let acts = import.expect("readable").acts;
    assert_eq!(acts[0], Act::Add(0, EventKind::Micro, bounds([30, 35, 40])));
    assert_eq!(acts[1], Act::Label(Target::Own(0), Some(Label::Contempt)));
    assert_eq!(acts[2], Act::Add(1, EventKind::Macro, bounds([6, 24, 42])));
}

#[test]
fn a_table_with_a_wrong_header_says_which_columns_are_needed() {
    refused(import("x.csv", "name,age\nA,3\n"), &["x.csv", "header", "onset_frame", "name, age"]);
    refused(import("x.csv", ""), &["x.csv", "onset_frame", "nothing"]);
}

#[test]
fn a_wrong_field_is_named_with_its_line() {
    let with = |line: &str| {
        import("x.csv", &format!("onset_frame,apex_frame,offset_frame,kind,action_units\n{line}\n"))
    };
    refused(with("3,4,900,micro,"), &["line 2", "offset_frame", "0 to 89", "`900`"]);
    refused(with("9,9,3,micro,"), &["line 2, offset_frame", "not before the onset", "`3`"]);
    refused(with("3,9,5,micro,"), &["apex_frame", "from onset to offset"]);
    refused(with(",4,5,micro,"), &["line 2, onset_frame", "a number"]);
    refused(with("3,4,5,tiny,"), &["kind", "`micro` or `macro`", "`tiny`"]);
    refused(with("3,4,5,micro,smile"), &["action_units", "`smile`"]);
    refused(with("x,4,5,micro,"), &["onset_frame", "`x`"]);
    refused(with("3,4"), &["x.csv", "line 2", "5 fields", "separated by commas", "2 fields"]);
}

#[test]
fn a_wrong_time_is_named_by_the_column_it_stands_in() {
    let with = |line: &str| import("x.csv", &format!("onset_s,apex_s,offset_s\n{line}\n"));
    refused(with("1.5,,1.0"), &["line 2, offset_s", "not before the onset", "`1.0`"]);
    refused(with("1.0,2.0,1.5"), &["line 2, apex_s", "from onset to offset", "`2.0`"]);
    refused(with("1.0,,"), &["line 2, offset_s", "a number"]);
}

#[test]
fn semicolons_and_tabs_separate_columns_too_and_then_decimals_may_have_a_comma() {
    let commas = import("x.csv", "onset_s,offset_s,emotion\n1.0,1.2,fear\n").expect("read");
    for (delimiter, ending) in [(";", "csv"), ("\t", "tsv"), ("\t", "txt")] {
        let text = "onset_s,offset_s,emotion\n1.0,1.2,fear\n".replace(',', delimiter);
        let name = format!("x.{ending}");
        assert_eq!(import(&name, &text), Ok(commas.clone()));
        assert_eq!(import(&name, &text.replace('.', ",")), Ok(commas.clone()));
        let text = format!("onset_s{delimiter}offset_s\n1,0{delimiter}1.2\n");
        refused(import(&name, &text), &["line 2, offset_s", "`,`, as in line 2", "`1.2`"]);
    }
    refused(
        import("x.csv", "onset_s,offset_s\n1,0,1,2\n"),
        &["separated by commas", "decimals with a point", "4 fields"],
    );
    refused(import("x.csv", "name;age\nA;3\n"), &["onset_frame", "semicolons", "name, age"]);
}

#[test]
fn no_row_of_a_table_is_lost() {
    let rows = "id,onset_s,offset_s,kind\n#1,1.0,1.3,micro\n#2,2.0,2.3,micro\nP3,2.5,2.8,micro\n";
    assert_eq!(import("x.csv", rows).map(|import| import.counts.events()), Ok(3));
    let quote = "onset_s,offset_s,kind,note\n1.0,1.3,micro,\"smirk left\n2.0,2.3,micro,ok\n";
    refused(import("x.csv", quote), &["line 2", "second quotation mark", "smirk left"]);
    let crlf = "onset_s,offset_s,kind\r\n1.0,1.3,micro\r\n2.0,2.3,micro\r\n2.5,x,micro\r\n";
    refused(import("x.csv", crlf), &["line 4, offset_s", "`x`"]);
}

#[test]
fn a_table_of_a_folder_whose_names_begin_at_1_says_which_numbers_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "onset_frame,offset_frame\n3,9\n").expect("written");
    let mut session = reviewed();
    let remarks = |session: &Session| {
        read(&path, session, &Choice::default()).expect("readable").remarks.join("\n")
    };
    assert!(!remarks(&session).contains("counted from 0"));
    session.source.name_of_frame_0 = Some(1);
    assert!(remarks(&session).contains("frame 0 is the picture whose name has the number 1"));
}

#[test]
fn times_of_files_are_those_of_the_media_where_its_sound_begins_first() {
    let mut from = reviewed();
    from.source.media_start = Timestamp::from_secs(0.5);
    let (folder, mut session) = (tempfile::tempdir().expect("a folder"), from.clone());
    let mut view = View::new(&from, Some("A")).expect("there");
    format_to_write("elan").expect("known").write(&mut view, folder.path()).expect("written");
    let text = std::fs::read_to_string(folder.path().join("session.eaf")).expect("text");
    // Frame 10 of 30 a second, half a second into the media.
    assert!(text.contains("TIME_VALUE=\"833\""), "{text}");
    let layer = layer(&request(&folder.path().join("session.eaf"), "C"), &session);
    add(&mut session, layer.expect("readable"));
    assert_eq!(held(&session, Some("C")), held(&from, Some("A")));
    let import = {
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "onset_s,offset_s\n0.833,1.033\n").expect("written");
        read(&path, &from, &Choice::default()).expect("readable")
    };
    assert_eq!(import.acts[0], Act::Add(0, EventKind::Micro, bounds([10, 13, 16])));
}

#[test]
fn words_that_are_no_labels_are_counted_and_told() {
    let text =
        "onset_frame,offset_frame,emotion\n1,2,negative\n3,4,negative\n5,6,meh\n7,8,positive\n";
    let import = import("x.csv", text).expect("read");
    let told = import.remarks.join("\n");
    assert!(told.contains("could not be read, 1: 1 × `meh`"), "{told}");
    assert!(told.contains("a class of five and no label, 2: 2 × `negative`"), "{told}");
    assert!(told.contains("in the notes") && told.contains("contempt"), "{told}");
    assert!(told.contains("taken as happiness, 1: 1 × `positive`"), "{told}");
    assert!(import.acts.contains(&Act::Note(Target::Own(2), "emotion: meh".into())));
    assert_eq!(label_named("negative"), None);
}

#[test]
fn other_files_and_other_recordings_are_refused() {
    refused(import("x.pdf", ""), &["x.pdf", ".csv", ".tsv", "BORIS", ".eaf"]);
    refused(import("x.csv", "onset_s,offset_s\n700,701\n"), &["onset_s", "0.000 to 3.000 s"]);
    refused(import("x.eaf", "onset_s,offset_s\n"), &["x.eaf", "ELAN"]);
}

/// Name, parent, and annotations with milliseconds and value.
type Tier<'a> = (&'a str, Option<&'a str>, &'a [(u32, u32, &'a str)]);

/// An ELAN file with these tiers.
fn eaf(tiers: &[Tier<'_>]) -> String {
    let (mut slots, mut body, mut count) = (String::new(), String::new(), 0);
    for (name, parent, annotations) in tiers {
        let parent = parent.map_or_else(String::new, |p| format!(" PARENT_REF=\"{p}\""));
        body += &format!("<TIER TIER_ID=\"{name}\" LINGUISTIC_TYPE_REF=\"default-lt\"{parent}>");
        for (from, to, value) in *annotations {
            count += 1;
            slots += &format!("<TIME_SLOT TIME_SLOT_ID=\"s{count}\" TIME_VALUE=\"{from}\"/>");
            slots += &format!("<TIME_SLOT TIME_SLOT_ID=\"t{count}\" TIME_VALUE=\"{to}\"/>");
            body += &format!(
                "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{count}\" \
                 TIME_SLOT_REF1=\"s{count}\" TIME_SLOT_REF2=\"t{count}\"><ANNOTATION_VALUE>{value}\
                 </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
            );
        }
        body += "</TIER>";
    }
    format!(
        "<?xml version=\"1.0\"?><ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER>{body}</ANNOTATION_DOCUMENT>"
    )
}

#[test]
fn somebody_elses_tier_is_read_by_its_name_its_values_and_its_times() {
    let text = eaf(&[
        ("speech", None, &[(0, 2000, "hello")]),
        (
            "ME",
            None,
            &[(333, 567, "surprise"), (1000, 1200, "AU4+R14"), (2000, 2200, "unsure &amp; brief")],
        ),
        ("ME apex", Some("ME"), &[(467, 500, "apex")]),
    ]);
    let acts = import("x.eaf", &text).expect("readable").acts;
    assert_eq!(acts[0], Act::Add(0, EventKind::Micro, bounds([10, 14, 16])));
    assert_eq!(acts[1], Act::Label(Target::Own(0), Some(Label::Surprise)));
    assert!(matches!(&acts[3], Act::Units(Target::Own(1), units) if units_text(units) == "4+R14"));
    assert_eq!(acts[5], Act::Note(Target::Own(2), "unsure & brief".into()));
    assert_eq!(acts.len(), 6);
    let remarks = import("x.eaf", &text).expect("readable").remarks;
    assert_eq!(remarks[0], "Events are from the tiers `ME`, not from `speech`.");
    assert!(remarks[1].contains("1 × `unsure & brief`"), "{remarks:?}");
}

#[test]
fn a_single_tier_needs_no_name_and_its_times_tell_the_kind() {
    let text = eaf(&[("default", None, &[(100, 300, ""), (1000, 2000, "")])]);
    let acts = import("x.eaf", &text).expect("readable").acts;
    let kinds =
        acts.iter().map(|act| if let Act::Add(_, kind, _) = act { *kind } else { panic!() });
    assert_eq!(kinds.collect::<Vec<_>>(), EventKind::ALL);
}

#[test]
fn several_tiers_without_a_telling_name_must_be_chosen_from() {
    let text = eaf(&[("speech", None, &[(0, 100, "a")]), ("gaze", None, &[(0, 100, "b")])]);
    refused(import("x.eaf", &text), &["--tier", "`speech`, `gaze`"]);
    refused(import_tiers("x.eaf", &text, &["hands"]), &["`hands`", "`speech`"]);
    assert_eq!(import_tiers("x.eaf", &text, &["gaze"]).map(|import| import.counts.events()), Ok(1));
}

/// A file with these units whose tiers are `expression` and, below it, `micro`.
fn subdivided(units: &str, slots: &[(&str, Option<u32>)], below: &str) -> String {
    let slot = |(id, value): &(&str, Option<u32>)| {
        let value = value.map_or(String::new(), |value| format!(" TIME_VALUE=\"{value}\""));
        format!("<TIME_SLOT TIME_SLOT_ID=\"{id}\"{value}/>")
    };
    let slots: String = slots.iter().map(slot).collect();
    format!(
        "<ANNOTATION_DOCUMENT><HEADER TIME_UNITS=\"{units}\"/><TIME_ORDER>{slots}</TIME_ORDER>\
         <TIER TIER_ID=\"expression\" LINGUISTIC_TYPE_REF=\"default-lt\"><ANNOTATION>\
         <ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a1\" TIME_SLOT_REF1=\"t1\" TIME_SLOT_REF2=\"t9\">\
         <ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>\
         <TIER TIER_ID=\"micro\" PARENT_REF=\"expression\" LINGUISTIC_TYPE_REF=\"sub\">{below}</TIER>\
         </ANNOTATION_DOCUMENT>"
    )
}

/// Onsets and offsets, frames.
fn spans(import: Result<Import, String>) -> Vec<[u64; 2]> {
    let acts = import.expect("readable").acts.into_iter();
    let span = |act| match act {
        Act::Add(_, _, bounds) => Some([bounds.onset.frame, bounds.offset.frame]),
        _ => None,
    };
    acts.filter_map(span).collect()
}

#[test]
fn times_in_other_units_are_converted_and_unknown_units_refused() {
    let file =
        |units: &str, from, to| subdivided(units, &[("t1", Some(from)), ("t9", Some(to))], "");
    assert_eq!(spans(import("x.eaf", &file("milliseconds", 1000, 2000))), [[30, 59]]);
    assert_eq!(spans(import("x.eaf", &file("PAL-frames", 25, 50))), [[30, 59]]);
    assert_eq!(spans(import("x.eaf", &file("NTSC-frames", 30, 60))), [[30, 59]]);
    refused(import("x.eaf", &file("NTSC-frames", 1000, 1300)), &["33.367", "0.000 to 3.000 s"]);
    refused(import("x.eaf", &file("samples", 1, 2)), &["TIME_UNITS", "PAL-frames", "`samples`"]);
}

#[test]
fn children_without_times_of_their_own_share_that_of_their_parent_evenly() {
    let aligned = |id: u32, from: &str, to: &str| {
        format!(
            "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"b{id}\" TIME_SLOT_REF1=\"{from}\" \
             TIME_SLOT_REF2=\"{to}\"><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION>"
        )
    };
    let below = [aligned(1, "t1", "t2"), aligned(2, "t2", "t3"), aligned(3, "t3", "t9")].concat();
    let slots = [("t1", Some(1000)), ("t2", None), ("t3", None), ("t9", Some(1600))];
    let text = subdivided("milliseconds", &slots, &below);
    let thirds = [[30, 35], [36, 41], [42, 47]];
    assert_eq!(spans(import_tiers("x.eaf", &text, &["micro"])), thirds);
    // By reference: the last one stands first in the file, and each names the one before it.
    let refers = |id: u32, previous: &str| {
        format!(
            "<ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"b{id}\" ANNOTATION_REF=\"a1\"{previous}>\
             <ANNOTATION_VALUE>{id}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        )
    };
    let after = |id: u32| format!(" PREVIOUS_ANNOTATION=\"b{id}\"");
    let below = [refers(3, &after(2)), refers(1, ""), refers(2, &after(1))].concat();
    let text = subdivided("milliseconds", &[("t1", Some(1000)), ("t9", Some(1600))], &below);
    assert_eq!(spans(import_tiers("x.eaf", &text, &["micro"])), thirds);
    // Annotations that name each other in a circle come to an end too.
    let below = [refers(1, &after(2)), refers(2, &after(1))].concat();
    let text = subdivided("milliseconds", &[("t1", Some(1000)), ("t9", Some(1600))], &below);
    assert_eq!(spans(import_tiers("x.eaf", &text, &["micro"])).len(), 2);
}

#[test]
fn a_layer_without_events_is_not_filled_with_what_else_is_in_the_file() {
    let mut from = reviewed();
    from.log.add_rater(Rater::blind("D"));
    let mut session = from.clone();
    let told = round_trip(&from, Some("D"), EAF, &mut session);
    assert!(told[0].starts_with("0 events"), "{told:?}");
    assert!(rows(&session, Some("C")).is_empty());
}

#[test]
fn an_elan_file_without_tiers_or_without_annotations_is_named() {
    refused(import("x.eaf", &eaf(&[])), &["x.eaf", "a tier with annotations", "no tier"]);
    refused(import("x.eaf", &eaf(&[("ME", None, &[])])), &["x.eaf", "1 tiers without any"]);
}

#[test]
fn entities_are_refused_before_they_unfold() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
                <ANNOTATION_DOCUMENT><TIER TIER_ID=\"&b;\"/></ANNOTATION_DOCUMENT>";
    refused(import("x.eaf", bomb), &["x.eaf", "document type"]);
    let unknown = eaf(&[("ME", None, &[(0, 100, "&b;")])]);
    refused(import("x.eaf", &unknown), &["x.eaf", "`&b;`"]);
    refused(import("x.eaf", "<ANNOTATION_DOCUMENT><TIER"), &["x.eaf", "byte"]);
}
