//! Round trips through both formats, files of others, and files that are wrong.

use super::*;
use crate::event::{Side, units_text};
use crate::export::tests::{at, bounds, reviewed, unit};
use crate::export::{View, exporter};
use crate::session::annotation::{Entry, Rater};
use crate::session::table::{Row, rows};
use proptest::prelude::*;

fn say(session: &mut Session, rater: &str, acts: impl IntoIterator<Item = Act>) {
    for act in acts {
        session.log.push(Entry { rater: rater.into(), at_unix_ms: 0, act });
    }
}

/// Writes A's layer in `format`, reads the file called `name` back as C's.
fn round_trip(session: &mut Session, format: &str, name: &str) -> Import {
    let folder = tempfile::tempdir().expect("a folder");
    let mut view = View::new(session, Some("A")).expect("there");
    exporter(format).expect("known").write(&mut view, folder.path()).expect("written");
    let import = read(&folder.path().join(name), session, &Choice::default()).expect("readable");
    session.log.add_rater(Rater { name: "C".into(), blind: !import.judges_the_model });
    say(session, "C", import.acts.clone());
    import
}

/// Everything that a layer says of an event but its number, as text.
fn told(session: &Session, rater: &str) -> Vec<String> {
    let told = |row: &Row| {
        let machine = row.machine.as_ref().map(|event| event.id);
        format!(
            "{machine:?} {} {:?} {:?} {:?} {} {:?}",
            row.kind,
            row.bounds,
            row.verdict,
            row.label,
            units_text(&row.units),
            row.note
        )
    };
    let mut told: Vec<_> = rows(session, Some(rater)).iter().map(told).collect();
    told.sort();
    told
}

fn act() -> impl Strategy<Value = Act> {
    let target = || (0u64..2).prop_map(Target::Machine);
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
        (target(), 0usize..8).prop_map(|(t, i)| Act::Label(t, Some(Label::ALL[i]))),
        (target(), units).prop_map(|(t, units)| Act::Units(t, units)),
        (target(), "([a-zäß<>&\"',;#日]{1,4}\n?[a-z#]{1,3})?")
            .prop_map(|(t, text)| Act::Note(t, text)),
        (0usize..2, span()).prop_map(|(kind, span)| Act::Add(0, EventKind::ALL[kind], span)),
        (0u64..90, "([a-z<&ü]{1,5})?").prop_map(|(frame, text)| Act::Mark(at(frame), text)),
    ]
}

/// A session in which A has done this, events of A's own numbered in turn.
fn judged(acts: Vec<Act>) -> Session {
    let mut session = reviewed();
    session.log = crate::session::annotation::Log::default();
    session.log.add_rater(Rater { name: "A".into(), blind: false });
    let mut own = 0;
    for act in acts {
        let act = match act {
            Act::Add(_, kind, span) => {
                own += 1;
                Act::Add(own - 1, kind, span)
            }
            act => act,
        };
        say(&mut session, "A", [act]);
    }
    session
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_table_reads_back_as_the_layer_it_was_written_from(
        acts in prop::collection::vec(act(), 0..25)
    ) {
        let mut session = judged(acts);
        // A layer that says nothing of the model's events would be taken for a blind rater's.
        say(&mut session, "A", [Act::Judge(Target::Machine(0), Verdict::Confirmed)]);
        round_trip(&mut session, "csv", "events.csv");
        prop_assert_eq!(told(&session, "C"), told(&session, "A"));
    }

    #[test]
    fn an_elan_file_reads_back_as_the_layer_it_was_written_from(
        acts in prop::collection::vec(act(), 0..25)
    ) {
        let mut session = judged(acts);
        let import = round_trip(&mut session, "elan", "session.eaf");
        prop_assert_eq!(told(&session, "C"), told(&session, "A"));
        let mut marks = session.log.layer("A").marks;
        marks.sort_by_key(|(moment, _)| *moment);
        prop_assert_eq!(import.marks, marks.len());
        let sorted = |mut marks: Vec<(Moment, String)>| { marks.sort(); marks };
        prop_assert_eq!(sorted(session.log.layer("C").marks), sorted(marks));
    }
}

fn import(name: &str, text: &str) -> Result<Import, String> {
    import_tiers(name, text, &[])
}

fn import_tiers(name: &str, text: &str, tiers: &[&str]) -> Result<Import, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let choice = Choice { tiers: tiers.iter().map(|tier| (*tier).to_owned()).collect() };
    read(&path, &reviewed(), &choice).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(result: Result<Import, String>, words: &[&str]) {
    let error = result.expect_err("refused");
    for word in words {
        assert!(error.contains(word), "expected `{word}` in: {error}");
    }
}

#[test]
fn the_models_own_table_becomes_events_that_are_there() {
    let mut session = reviewed();
    let folder = tempfile::tempdir().expect("a folder");
    let written =
        exporter("csv").expect("known").write(&mut View::of_model(&session), folder.path());
    let import = read(&written.expect("written").files[0], &session, &Choice::default());
    let import = import.expect("readable");
    assert_eq!((import.events, import.judges_the_model), (2, false));
    session.log.add_rater(Rater { name: "old model".into(), blind: true });
    say(&mut session, "old model", import.acts);
    let rows = rows(&session, Some("old model"));
    assert!(rows.len() == 2 && rows.iter().all(Row::is_held));
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
    refused(with("9,9,3,micro,"), &["line 2", "not before the onset"]);
    refused(with("3,9,5,micro,"), &["apex_frame", "from onset to offset"]);
    refused(with("3,4,5,tiny,"), &["kind", "`micro` or `macro`", "`tiny`"]);
    refused(with("3,4,5,micro,smile"), &["action_units", "`smile`"]);
    refused(with("x,4,5,micro,"), &["onset_frame", "`x`"]);
    refused(with("3,4"), &["x.csv", "comma-separated"]);
}

#[test]
fn other_files_and_other_recordings_are_refused() {
    refused(import("x.txt", ""), &["x.txt", ".csv", ".eaf"]);
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
    assert_eq!(import_tiers("x.eaf", &text, &["gaze"]).map(|import| import.events), Ok(1));
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
