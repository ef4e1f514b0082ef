//! BORIS: a project with one observation is written, exported tables are read.
//!
//! In the project, expressions are state events; apexes and markers are point events. A whole project is
//! written because BORIS cannot read events that it exported. BORIS pairs the starts and stops of a behaviour
//! by their order, which fails for overlapping events. So the later of two gets a behaviour of its own
//! (`micro 2`). A state stops at the end of its last frame, and its `frame_index` names that frame.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Map, Value, json};

use super::conditions;
use super::import::EventReader;
use super::view::lanes;
use super::{FileFormat, Format, PictureUse, Reader, Sink, View};
use crate::measure::event::{EventKind, Moment};
use crate::measure::time::Timestamp;
use crate::session::annotation::{Mark, MarkKind, SignedMark};
use crate::session::table::Row;

mod read;
#[cfg(test)]
#[path = "tests.rs"]
mod read_tests;

/// The registry entry.
pub const FORMAT: Format = Format {
    read: Some(Reader::Events(EventReader {
        about: "an aggregated or tabular table of BORIS",
        endings: &["csv", "tsv", "txt"],
        is_one: read::is_one,
        read: read::read,
    })),
    ..Format::written("boris", "A project with one observation (BORIS)", PictureUse::None, |_| {
        vec![FileFormat::new("session.boris", write)]
    })
};

/// BORIS's word for no choice.
const NONE: &str = "None";
const APEX: &str = "apex";
const MARKER: &str = "marker";
const BEFORE: &str = "before marker";
const CONDITION: &str = "condition";

/// The category of state events that are no expressions. Importing passes them over.
const TIME: &str = "time";

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &project(view))?;
    out.write_all(b"\n")
}

fn project(view: &View<'_>) -> Value {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let coded = coded(view);
    json!({
        "time_format": "hh:mm:ss",
        "project_name": view.stem(),
        "project_date": now,
        "project_description": format!("Layer of {}, written by Fleeting", view.layer_name()),
        "project_format_version": "7.0",
        "subjects_conf": { "0": { "key": "s", "name": view.subject(), "description": "" } },
        "behaviors_conf": behaviours(view, &coded),
        "observations": { format!("{} {}", view.stem(), view.layer_name()): observation(view, &coded, &now) },
        "behavioral_categories": ["expression", "moment", TIME],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    })
}

/// An event and the behaviour as which it is coded.
struct Coded<'a> {
    row: &'a Row,
    code: String,
}

fn coded<'a>(view: &'a View<'_>) -> Vec<Coded<'a>> {
    let mut coded = Vec::new();
    for kind in EventKind::ALL {
        let rows: Vec<&Row> = view.held().filter(|row| row.kind == kind).collect();
        let ends =
            |row: &&Row| (row.bounds.onset.time.nanos(), view.end_of(row.bounds.offset).nanos());
        let lanes = lanes(rows.iter().map(ends));
        coded.extend(rows.into_iter().zip(lanes).map(|(row, lane)| Coded {
            row,
            code: if lane == 0 { kind.to_string() } else { format!("{kind} {}", lane + 1) },
        }));
    }
    coded
}

/// The behaviour of a mark, with its kind if it has one: `marker question`.
fn marker_code(mark: &Mark) -> String {
    match &mark.kind {
        MarkKind::Mark => MARKER.into(),
        kind => format!("{MARKER} {}", kind.name()),
    }
}

/// A state event that is no expression.
struct Span {
    code: String,
    comment: String,
    from: Timestamp,
    to: Timestamp,
}

/// The time before marks that they are about, and the conditions. Those that overlap have behaviours of their
/// own.
fn spans(view: &View<'_>) -> Vec<Span> {
    let mut marks: Vec<Mark> = view.marks().into_iter().map(|signed| signed.mark).collect();
    marks.retain(|mark| mark.begin() < mark.at.time);
    marks.sort_by_key(Mark::begin);
    let lanes = lanes(marks.iter().map(|mark| (mark.begin().nanos(), mark.at.time.nanos())));
    let mut spans: Vec<Span> = marks
        .iter()
        .zip(lanes)
        .map(|(mark, lane)| Span {
            code: if lane == 0 { BEFORE.into() } else { format!("{BEFORE} {}", lane + 1) },
            comment: mark.words(),
            from: mark.begin(),
            to: mark.at.time,
        })
        .collect();
    let conditions = conditions::counts(view);
    let lanes = super::view::lanes(
        conditions
            .iter()
            .map(|one| (one.start.nanos(), one.end.nanos().max(one.start.nanos() + 1))),
    );
    spans.extend(conditions.into_iter().zip(lanes).map(|(one, lane)| Span {
        code: if lane == 0 { CONDITION.into() } else { format!("{CONDITION} {}", lane + 1) },
        comment: one.name,
        from: one.start,
        to: one.end,
    }));
    spans
}

/// The number of the last frame that is not after `time`; 0 before the first one.
fn frame_at(view: &View<'_>, time: Timestamp) -> u64 {
    let samples = view.session.history.samples();
    let after = samples.partition_point(|sample| sample.time <= time);
    after.checked_sub(1).and_then(|i| samples.get(i)).map_or(0, |sample| sample.seq)
}

/// The emotion, then the units: one from the first set, any from the second.
fn modifiers(row: &Row) -> String {
    let units: Vec<_> = row.units.iter().map(ToString::to_string).collect();
    let units = if units.is_empty() { NONE.to_owned() } else { units.join(",") };
    format!("{}|{units}", row.emotion())
}

fn behaviours(view: &View<'_>, coded: &[Coded<'_>]) -> Value {
    let emotions: BTreeSet<_> = view.rows.iter().map(Row::emotion).collect();
    let units: BTreeSet<_> =
        view.rows.iter().flat_map(|row| &row.units).map(ToString::to_string).collect();
    let modifiers = json!({
        "0": { "name": "emotion", "description": "", "type": 0, "ask at stop": false, "values": emotions },
        "1": { "name": "action units", "description": "", "type": 1, "ask at stop": false, "values": units },
    });
    // First those that every project has, so that their keys stay the same.
    let mut codes: Vec<String> = EventKind::ALL.iter().map(ToString::to_string).collect();
    for one in coded {
        if !codes.contains(&one.code) {
            codes.push(one.code.clone());
        }
    }
    let mut all = Map::new();
    let mut add = |kind: &str, code: &str, category: &str, modifiers: Value| {
        let key = code.chars().next().map_or_else(String::new, |first| first.to_string());
        let number = all.len().to_string();
        let behaviour = json!({
            "type": kind,
            "key": key,
            "code": code,
            "description": "",
            "color": "",
            "category": category,
            "modifiers": modifiers,
            "excluded": "",
            "coding map": "",
        });
        all.insert(number, behaviour);
    };
    for code in &codes {
        add("State event", code, "expression", modifiers.clone());
    }
    add("Point event", APEX, "moment", json!({}));
    let marks: Vec<Mark> = view.marks().into_iter().map(|signed| signed.mark).collect();
    let codes = marks.iter().map(marker_code).chain([MARKER.into()]);
    for code in codes.collect::<BTreeSet<String>>() {
        add("Point event", &code, "moment", json!({}));
    }
    for code in spans(view).into_iter().map(|span| span.code).collect::<BTreeSet<_>>() {
        add("State event", &code, TIME, json!({}));
    }
    Value::Object(all)
}

fn observation(view: &View<'_>, coded: &[Coded<'_>], now: &str) -> Value {
    let source = &view.session.source;
    // BORIS needs a name even if there is no file.
    let media = view.media().unwrap_or(&source.name);
    let length = media_length_secs(view);
    let fps = source.nominal_fps.unwrap_or_else(|| view.fps());
    let sound = view.sound().filter(|sound| *sound != media);
    // For the pictures and, as a second player, for the sound beside them.
    let of_media = |picture: Value, heard: Value| {
        let all = [Some((media, picture)), sound.map(|sound| (sound, heard))];
        let all = all.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        Value::Object(all.collect())
    };
    let offsets = if sound.is_some() { json!({ "1": 0.0, "2": 0.0 }) } else { json!({ "1": 0.0 }) };
    let second: Vec<&str> = sound.into_iter().collect();
    json!({
        "type": "MEDIA",
        "date": now,
        "description": source.detail,
        "time offset": 0.0,
        "file": {
            "1": [media], "2": second, "3": [], "4": [], "5": [], "6": [], "7": [], "8": []
        },
        "media_info": {
            "length": of_media(json!(length), json!(length)),
            "fps": of_media(json!(fps), json!(0)),
            "hasVideo": of_media(json!(true), json!(false)),
            "hasAudio": of_media(json!(has_sound(view)), json!(true)),
            "offset": offsets,
        },
        "independent_variables": {},
        "close_behaviors_between_videos": false,
        "events": events(view, coded),
    })
}

/// Seconds from the media's zero to the end of its last frame.
fn media_length_secs(view: &View<'_>) -> f64 {
    let samples = view.session.history.samples();
    let last = samples.last().map(|sample| Moment { frame: sample.seq, time: sample.time });
    last.map_or(0.0, |last| view.on_media(view.end_of(last)).secs())
}

/// True if the media is known to have sound; a session's own film has none.
fn has_sound(view: &View<'_>) -> bool {
    let source = &view.session.source;
    view.media() == Some(&source.name) && source.has_sound.unwrap_or(false)
}

/// One line: seconds, subject, code, modifier, comment, frame.
fn events(view: &View<'_>, coded: &[Coded<'_>]) -> Vec<Value> {
    let subject = view.subject();
    let mut events: Vec<(i64, u8, Value)> = Vec::new();
    let mut add = |nanos: i64, order: u8, code: &str, modifier: &str, comment: &str, frame: u64| {
        let secs = view.on_media(Timestamp::from_nanos(nanos)).secs();
        events.push((nanos, order, json!([secs, subject, code, modifier, comment, frame])));
    };
    for Coded { row, code } in coded {
        let (bounds, modifiers) = (row.bounds, modifiers(row));
        let end = view.end_of(bounds.offset);
        add(bounds.onset.time.nanos(), 1, code, &modifiers, &row.note, bounds.onset.frame);
        add(bounds.apex.time.nanos(), 2, APEX, "", &row.id(), bounds.apex.frame);
        add(end.nanos(), 0, code, &modifiers, "", bounds.offset.frame);
    }
    for SignedMark { mark, .. } in view.marks() {
        add(mark.at.time.nanos(), 2, &marker_code(&mark), "", &mark.text, mark.at.frame);
    }
    for Span { code, comment, from, to } in spans(view) {
        add(from.nanos(), 1, &code, "", &comment, frame_at(view, from));
        add(to.nanos(), 0, &code, "", "", frame_at(view, to));
    }
    // At one moment, a state ends before the next one begins.
    events.sort_by_key(|(nanos, order, _)| (*nanos, *order));
    events.into_iter().map(|(_, _, event)| event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::{bounds, reviewed};
    use crate::session::annotation::{Act, Entry};

    fn observed(project: &Value) -> &Vec<Value> {
        let observations = project["observations"].as_object().expect("an object");
        let (_, one) = observations.iter().next().expect("one");
        one["events"].as_array().expect("a list")
    }

    fn project_of(session: &crate::session::Session, rater: Option<&str>) -> Value {
        project(&View::new(session, rater).expect("there"))
    }

    #[test]
    fn states_start_and_stop_in_turn_and_every_code_is_defined() {
        let mut session = reviewed();
        // Overlaps the event at 70 to 75, and begins where the model's event ends.
        for (number, event) in [(1, [72, 74, 80]), (2, [18, 19, 20])] {
            let act = Act::Add(number, EventKind::Micro, bounds(event));
            session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act });
        }
        let project = project_of(&session, Some("A"));
        let behaviours = project["behaviors_conf"].as_object().expect("an object");
        let kind_of = |code: &str| {
            let known = behaviours.values().find(|one| one["code"] == code).expect(code);
            known["type"].as_str().expect("a word").to_owned()
        };
        let mut running: BTreeSet<String> = BTreeSet::new();
        let mut before = f64::NEG_INFINITY;
        for event in observed(&project) {
            let (secs, code) =
                (event[0].as_f64().expect("seconds"), event[2].as_str().expect("code"));
            assert!(secs >= before);
            before = secs;
            if kind_of(code) == "State event" && !running.remove(code) {
                running.insert(code.to_owned());
            }
        }
        assert!(running.is_empty(), "{running:?} never stop");
        assert!(observed(&project).iter().any(|event| event[2] == "micro 2"));
    }

    #[test]
    fn an_event_is_found_again_with_frame_emotion_units_and_note() {
        let project = project_of(&reviewed(), Some("A"));
        let start = &observed(&project)[0];
        assert_eq!((start[1].as_str(), start[2].as_str()), (Some("P01"), Some("micro")));
        assert_eq!(start[3], "happiness|L6,12");
        assert_eq!(start[5], 11);
        let stop = observed(&project).iter().rfind(|e| e[2] == "micro" && e[5] == 17);
        let secs = stop.and_then(|e| e[0].as_f64()).expect("a stop");
        assert!((secs - 18.0 / 30.0).abs() < 1e-6, "the end of frame 17, not its begin: {secs}");
    }

    #[test]
    fn what_was_rejected_is_not_coded() {
        let project = project_of(&reviewed(), Some("A"));
        assert!(observed(&project).iter().all(|event| event[2] != "macro"));
        assert_eq!(observed(&project).iter().filter(|event| event[2] == MARKER).count(), 2);
    }

    #[test]
    fn the_length_reaches_to_the_end_of_the_last_frame_and_sound_is_said() {
        let mut session = reviewed();
        let info = |session: &crate::session::Session| {
            let project = project_of(session, None);
            let observations = project["observations"].as_object().expect("an object");
            let info = observations.values().next().expect("one")["media_info"].clone();
            let of = |key: &str| info[key].as_object().expect("an object").values().next().cloned();
            (of("length").and_then(|length| length.as_f64()), of("hasAudio"))
        };
        assert_eq!(info(&session), (Some(3.0), Some(json!(false))));
        let mut with_sound = session.clone();
        with_sound.sound = Some("sound.wav".into());
        let project = project_of(&with_sound, None);
        let observations = project["observations"].as_object().expect("an object");
        let one = observations.values().next().expect("one");
        assert_eq!(one["file"]["2"], json!(["sound.wav"]));
        let about = &one["media_info"];
        assert_eq!(about["hasAudio"]["sound.wav"], json!(true));
        assert_eq!(
            (&about["hasVideo"]["sound.wav"], &about["offset"]["2"]),
            (&json!(false), &json!(0.0))
        );
        session.source.media_start = Timestamp::from_secs(0.25);
        session.source.has_sound = Some(true);
        assert_eq!(info(&session), (Some(3.25), Some(json!(true))));
        let project = project_of(&session, None);
        assert!(
            (observed(&project)[0][0].as_f64().expect("seconds") - (10.0 / 30.0 + 0.25)).abs()
                < 1e-6
        );
    }
}
