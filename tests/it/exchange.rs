//! A stored session: other people's events go in, and everything comes out again.

use std::fs;
use std::path::Path;

use fleeting::measure::event::{Event, EventKind, Moment, Origin};
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::media::stream::SourceInfo;
use fleeting::model::provenance::Provenance;
use fleeting::session::annotation::Rater;
use fleeting::session::consent::Consent;
use fleeting::session::store::{Beginning, Store};

use crate::program::{Ran, fleeting};

fn at(frame: u64) -> Moment {
    Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
}

/// Ten seconds with two events, in a folder whose name is not ASCII.
pub(crate) const SESSION: &str = "Sitzung 日本 1.fleeting";

pub(crate) fn store(folder: &Path) {
    let beginning = Beginning {
        consent: Some(Consent {
            who: "P01".into(),
            purpose: "pilot".into(),
            keep_until: None,
            with_sound: false,
        }),
        provenance: Provenance { program: Provenance::this_program(), ..Provenance::default() },
        with_pictures: false,
    };
    let mut store = Store::create(&folder.join(SESSION), &beginning).expect("made");
    let info = SourceInfo { name: "clip.mp4".into(), size_px: (64, 48), ..SourceInfo::default() };
    store.append_source(&info).expect("added");
    for frame in 0..300 {
        let score = Some(Score { micro: (frame % 30) as f32 / 60.0, macro_: 0.1 });
        let quality = Quality { rate_fps: 30.0, ..Quality::default() };
        let sample = Sample { seq: frame, time: at(frame).time, quality, motion: None, score };
        store.append_sample(&sample).expect("added");
    }
    for (id, kind, [onset, apex, offset]) in
        [(0, EventKind::Micro, [30, 33, 37]), (1, EventKind::Macro, [90, 110, 140])]
    {
        let event = Event {
            id,
            kind,
            onset: at(onset),
            apex: at(apex),
            offset: at(offset),
            score: 0.5,
            action_units: Vec::new(),
            emotion: None,
            trouble: Trouble::NONE,
            origin: Origin::Model,
        };
        store.append_event(&event).expect("added");
    }
    store.finish(None).expect("finished");
}

fn import(folder: &Path, file: &str, rater: &str) -> Ran {
    fleeting(folder, &["import", SESSION, file, "--rater", rater])
}

pub(crate) const CODED: &str = "onset_frame,apex_frame,offset_frame,kind,emotion,action_units,note\n\
                     31,33,37,micro,surprise,1+2,\"brief, clear\"\n\
                     200,203,206,micro,,,\n";

#[test]
fn a_coders_table_becomes_a_layer_that_agrees_as_far_as_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    fs::write(folder.join("coded.csv"), CODED).expect("written");
    let ran = import(folder, "coded.csv", "Zoë");
    ran.succeeded();
    assert!(
        ran.out.contains("2 events and 0 markers of coded.csv are now the layer of Zoë"),
        "{ran:?}"
    );

    let ran = fleeting(folder, &["agreement", SESSION, "--between", "model", "Zoë", "--json"]);
    ran.succeeded();
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON object");
    assert_eq!((&report["all"]["tp"], &report["all"]["f1"]), (&1.into(), &0.5.into()));
    assert!((report["onset"]["bias_ms"].as_f64().expect("a number") - 1000.0 / 30.0).abs() < 1e-3);
    let args = ["agreement", SESSION, "--between", "model", "Zoë", "--out", "agreement.txt"];
    fleeting(folder, &args).succeeded();
    let text = fs::read_to_string(folder.join("agreement.txt")).expect("a text");
    assert!(text.contains("prevalence index") && text.contains("chance"), "{text}");
    assert!(text.contains("imported from coded.csv; whether its coder worked blind"), "{text}");
    fleeting(folder, &args).failed_saying(&["agreement.txt", "already exists"]);

    // Exported as ELAN, and imported again as another person's.
    let args = ["export", SESSION, "--rater", "Zoë", "--format", "elan,csv", "--out", "out"];
    fleeting(folder, &args).succeeded();
    import(folder, "out/session.eaf", "Zoë again").succeeded();
    let args = ["export", SESSION, "--rater", "Zoë again", "--format", "csv", "--out", "again"];
    fleeting(folder, &args).succeeded();
    let table = |out: &str| {
        let text = fs::read_to_string(folder.join(out).join("events.csv")).expect("a table");
        text.replace("Zoë again", "Zoë")
    };
    assert_eq!(table("out"), table("again"));
    assert!(table("out").contains("surprise") && table("out").contains("\"brief, clear\""));
}

#[test]
fn a_layer_that_is_there_is_not_overwritten_and_names_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    fs::write(folder.join("coded.csv"), CODED).expect("written");
    import(folder, "coded.csv", "ben").succeeded();
    import(folder, "coded.csv", "Ben").failed_saying(&["`ben`", "already has a layer"]);
    for name in ["model", "Model", " "] {
        let ran = import(folder, "coded.csv", name);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    let args = ["export", SESSION, "--rater", "nobody", "--out", "out"];
    fleeting(folder, &args).failed_saying(&["`nobody`", "model, ben"]);
    assert!(!folder.join("out").exists());
}

#[test]
fn what_fleeting_wrote_comes_back_with_its_verdicts_and_agrees_as_far_as_it_was_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    fleeting(folder, &["export", SESSION, "--format", "csv,elan", "--out", "out"]).succeeded();
    for (file, rater) in [("out/events.csv", "R1"), ("out/session.eaf", "R2")] {
        let ran = import(folder, file, rater);
        ran.succeeded();
        let words = "0 are confirmed, 0 rejected and 2 not judged; 2 are the model's";
        assert!(ran.out.contains(words), "{ran:?}");
        let args = ["agreement", SESSION, "--between", "MODEL", rater, "--json"];
        let ran = fleeting(folder, &args);
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON object");
        assert_eq!((&report["all"]["tp"], &report["open"]), (&0.into(), &[0, 2].into()));
    }
}

#[test]
fn a_blind_layer_is_compared_once_it_is_done_or_came_in_as_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    let mut opened = fleeting::session::store::open(&folder.join(SESSION)).expect("opened").store;
    opened.append_rater(&Rater::blind("R1")).expect("added");
    opened.commit().expect("kept");
    drop(opened);
    fs::write(folder.join("coded.csv"), CODED).expect("written");
    let args = ["import", SESSION, "coded.csv", "--rater", "R2", "--blind"];
    fleeting(folder, &args).succeeded();
    fleeting(folder, &["agreement", SESSION, "--between", "model", "r1"])
        .failed_saying(&["R1 works blind and has not finished", "nothing is compared yet"]);
    let ran = fleeting(folder, &["agreement", SESSION, "--between", "model", "r2"]);
    ran.succeeded();
    assert!(ran.out.contains("coded.csv, as that of a coder who worked blind"), "{ran:?}");
}

#[test]
fn wrong_files_are_refused_by_name_and_leave_the_session_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    for (name, content, words) in [
        ("header.csv", "name,age\nA,3\n", &["header.csv", "onset_frame", "name, age"][..]),
        ("empty.eaf", "<ANNOTATION_DOCUMENT/>", &["empty.eaf", "tier", "no tier"]),
        ("bomb.eaf", "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", &["bomb.eaf", "document type"]),
        ("cut.eaf", "<ANNOTATION_DOCUMENT><TIER TIER_ID=\"ME\"", &["cut.eaf", "ELAN"]),
        ("words.pdf", "hello", &["words.pdf", ".csv", ".eaf"]),
    ] {
        fs::write(folder.join(name), content).expect("written");
        import(folder, name, "ben").failed_saying(words);
    }
    import(folder, "none.csv", "ben").failed_saying(&["none.csv"]);
    fleeting(folder, &["import", "nowhere", "header.csv", "--rater", "b"])
        .failed_saying(&["nowhere"]);
    fleeting(folder, &["export", SESSION, "--rater", "ben", "--out", "x"])
        .failed_saying(&["`ben`"]);
}

#[test]
fn every_format_but_pictures_is_written_from_a_session_without_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    store(folder);
    for format in fleeting::exchange::written_formats() {
        if format.needs_pictures() {
            continue;
        }
        let out = format!("out {}", format.name);
        let ran = fleeting(folder, &["export", SESSION, "--format", format.name, "--out", &out]);
        ran.succeeded();
    }
}
