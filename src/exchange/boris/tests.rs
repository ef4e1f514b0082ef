//! Tables as BORIS 8 and 9 export them (columns from its own export functions).

use crate::exchange::import::tests::{import, import_tiers, refused};
use crate::exchange::tests::{at, bounds};
use crate::measure::event::{EventKind, units_text};
use crate::session::annotation::{Act, Label, Mark, Target};

const AGGREGATED: &str = "Observation id\tObservation date\tDescription\tObservation type\tSource\t\
    Time offset (s)\tCoding duration\tMedia duration (s)\tFPS (frame/s)\tSubject\t\
    Observation duration by subject by observation\tBehavior\tBehavioral category\tModifier #1\t\
    Modifier #2\tBehavior type\tStart (s)\tStop (s)\tDuration (s)\tMedia file name\t\
    Image index start\tImage index stop\tImage file path start\tImage file path stop\t\
    Comment start\tComment stop";

fn aggregated(rows: &[[&str; 7]]) -> String {
    let row = |[observation, behaviour, modifier, kind, from, to, comment]: &[&str; 7]| {
        format!(
            "{observation}\t2024-01-01\t\tMedia file(s)\tplayer #1:a.mp4\t0.0\t3\t3\t30\tP01\t3\t\
             {behaviour}\texpression\t{modifier}\t\t{kind}\t{from}\t{to}\tNA\ta.mp4\tNA\tNA\tNA\tNA\t\
             {comment}\t"
        )
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    format!("{AGGREGATED}\r\n{}\r\n", rows.join("\r\n"))
}

#[test]
fn an_aggregated_table_becomes_events_with_apex_emotion_and_comment() {
    let text = aggregated(&[
        ["o1", "micro", "happiness", "STATE", "0.333", "0.567", "left, \"short\""],
        ["o1", "apex", "", "POINT", "0.433", "0.433", ""],
        ["o1", "AU4+R14", "None", "STATE", "1.000", "2.000", ""],
        ["o1", "speech", "", "STATE", "1.000", "2.000", ""],
        ["o1", "marker", "", "POINT", "2.000", "NA", "asked"],
    ]);
    let import = import("x.tsv", &text).expect("readable");
    assert_eq!(import.acts[0], Act::Add(0, EventKind::Micro, bounds([10, 13, 16])));
    assert_eq!(import.acts[1], Act::Label(Target::Own(0), Some(Label::Happiness)));
    assert_eq!(import.acts[2], Act::Note(Target::Own(0), "left, \"short\"".into()));
    assert!(matches!(&import.acts[3], Act::Add(1, EventKind::Macro, _)));
    assert!(matches!(&import.acts[4], Act::Units(_, units) if units_text(units) == "4+R14"));
    assert_eq!(import.acts[5], Act::Mark(Mark::new(at(60), "asked")));
    assert_eq!(import.acts.len(), 6);
    let told = import.remarks.join("\n");
    for words in ["`AU4+R14`, `micro`", "Not taken: `speech`", "points `marker`"] {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_tabular_table_pairs_starts_and_stops_and_may_have_clock_times() {
    let header = "Observation id,Subject,Behavior,Behavioral category,Behavior type,Time,Comment\n";
    let rows = "o,P,macro,,START,00:00:01.000,slow\no,P,micro,,START,0:00:01.333,\n\
                o,P,micro,,STOP,0:00:01.567,\no,P,macro,,STOP,2.0,end\n";
    let acts = import("x.csv", &format!("{header}{rows}")).expect("readable").acts;
    assert!(matches!(acts[0], Act::Add(0, EventKind::Macro, b) if b.onset == at(30)));
    assert_eq!(acts[1], Act::Note(Target::Own(0), "slow; end".into()));
    assert_eq!(acts[2], Act::Add(1, EventKind::Micro, bounds([40, 43, 46])));
    for (rows, words) in [
        ("o,P,micro,,START,1.0,\n", ["line 2", "a stop for each start"]),
        ("o,P,micro,,STOP,1.0,\n", ["line 2", "a start before the stop"]),
        ("o,P,micro,,START,1,\no,P,micro,,START,2,\n", ["line 3", "a stop before the next start"]),
        ("o,P,micro,,POINTS,1.0,\n", ["line 2, behavior type", "`POINTS`"]),
        ("o,P,micro,,POINT,1:x:2,\n", ["line 2, time", "`1:x:2`"]),
        ("o,P,micro,,START,9,\no,P,micro,,STOP,9.2,\n", ["line 2", "0.000 to 3.000 s"]),
    ] {
        refused(import("x.csv", &format!("{header}{rows}")), &words);
    }
}

#[test]
fn of_several_observations_the_one_that_names_the_recording_is_taken() {
    let rows = [
        ["Übung 1 & 2 R1", "micro", "", "STATE", "0.333", "0.567", ""],
        ["another", "micro", "", "STATE", "1.0", "1.2", ""],
    ];
    let import = import("x.tsv", &aggregated(&rows)).expect("readable");
    assert_eq!(import.counts.events(), 1);
    assert!(import.remarks[0].contains("`Übung 1 & 2 R1`"), "{:?}", import.remarks);
    let rows =
        [["a", "micro", "", "STATE", "1", "2", ""], ["b", "micro", "", "STATE", "1", "2", ""]];
    refused(self::import("x.tsv", &aggregated(&rows)), &["Observation id", "`a`, `b`"]);
}

#[test]
fn behaviours_that_may_be_anything_are_chosen_by_name() {
    let rows =
        [["o", "gaze", "", "STATE", "1", "1.2", ""], ["o", "talk", "", "STATE", "1", "2", ""]];
    let text = aggregated(&rows);
    refused(import("x.tsv", &text), &["--tier", "`gaze`, `talk`"]);
    refused(import_tiers("x.tsv", &text, &["hands"]), &["`hands`", "`gaze`, `talk`"]);
    assert_eq!(import_tiers("x.tsv", &text, &["gaze"]).map(|i| i.counts.events()), Ok(1));
}
