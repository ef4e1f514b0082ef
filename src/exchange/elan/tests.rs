//! What other readers of the format rely on. pympi reads the same file in `tests/readers`.

use super::*;
use crate::exchange::tests::{bounds, reviewed};
use crate::measure::event::EventKind;
use crate::session::annotation::{Act, Entry, Mark};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::{BTreeMap, BTreeSet};

fn text(session: &Session, rater: Option<&str>) -> String {
    let mut bytes = Vec::new();
    write(&mut View::new(session, rater).expect("there"), &mut bytes).expect("written");
    String::from_utf8(bytes).expect("text")
}

/// Name and attributes of every element, in order.
fn elements(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut reader = Reader::from_str(text);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(e) | Event::Empty(e) => {
                let attributes = e.attributes().map(|attribute| {
                    let attribute = attribute.expect("well-formed");
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
                    (attribute.key.as_ref().to_owned(), value.expect("a value").into_owned())
                });
                elements.push((e.name().as_ref().to_owned(), attributes.collect()));
            }
            Event::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn ids_are_unique_and_what_is_referred_to_exists() {
    let elements = elements(&text(&reviewed(), Some("A")));
    let values = |name: &str| -> Vec<String> {
        elements.iter().filter_map(|(_, attributes)| attributes.get(name).cloned()).collect()
    };
    let mut ids = values("ANNOTATION_ID");
    ids.extend(values("TIME_SLOT_ID"));
    let set: BTreeSet<_> = ids.iter().collect();
    assert_eq!(set.len(), ids.len());
    for (referring, named) in [
        ("TIME_SLOT_REF1", "TIME_SLOT_ID"),
        ("TIME_SLOT_REF2", "TIME_SLOT_ID"),
        ("ANNOTATION_REF", "ANNOTATION_ID"),
        ("PARENT_REF", "TIER_ID"),
        ("LINGUISTIC_TYPE_REF", "LINGUISTIC_TYPE_ID"),
        ("CONTROLLED_VOCABULARY_REF", "CV_ID"),
        ("CVE_REF", "CVE_ID"),
        ("CONSTRAINTS", "STEREOTYPE"),
    ] {
        let known: BTreeSet<_> = values(named).into_iter().collect();
        let referred: BTreeSet<_> = values(referring).into_iter().collect();
        assert!(!referred.is_empty() && referred.is_subset(&known), "{referring}: {referred:?}");
    }
}

#[test]
fn nothing_on_a_tier_overlaps_or_is_empty() {
    let mut session = reviewed();
    for (number, event) in [(1, [72, 74, 80]), (2, [71, 71, 71]), (3, [76, 77, 78])] {
        let act = Act::Add(number, EventKind::Macro, bounds(event));
        session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act });
    }
    let elements = elements(&text(&session, Some("A")));
    let mut times = BTreeMap::new();
    let (mut tier, mut spans) = (String::new(), BTreeMap::<String, Vec<(u64, u64)>>::new());
    for (name, attributes) in &elements {
        let get = |key: &str| attributes[key].clone();
        match name.as_str() {
            "TIME_SLOT" => {
                times.insert(get("TIME_SLOT_ID"), get("TIME_VALUE").parse().expect("whole"));
            }
            "TIER" => tier = get("TIER_ID"),
            "ALIGNABLE_ANNOTATION" => spans
                .entry(tier.clone())
                .or_default()
                .push((times[&get("TIME_SLOT_REF1")], times[&get("TIME_SLOT_REF2")])),
            _ => {}
        }
    }
    assert!(spans.contains_key("A events 2") && spans.contains_key("A markers 2"), "{spans:?}");
    for (tier, mut spans) in spans {
        spans.sort_unstable();
        assert!(spans.iter().all(|(from, to)| from < to), "{tier}: {spans:?}");
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{tier}: {spans:?}");
    }
}

#[test]
fn an_event_ends_with_the_end_of_its_last_frame() {
    let text = text(&reviewed(), None);
    // Frames 10 to 16 at 30 a second: from 333 ms to the start of frame 17.
    assert!(text.contains("TIME_VALUE=\"333\"") && text.contains("TIME_VALUE=\"567\""), "{text}");
    assert!(text.contains("onset 10, apex 13, offset 16"));
}

#[test]
fn who_works_blind_gets_no_tier_of_the_models() {
    let tiers = |rater| {
        let elements = elements(&text(&reviewed(), rater));
        let tiers = elements.into_iter().filter(|(name, _)| name == "TIER");
        tiers.map(|(_, attributes)| attributes["TIER_ID"].clone()).collect::<Vec<_>>()
    };
    assert!(tiers(Some("A")).contains(&"model events".to_owned()));
    assert!(tiers(Some("B")).iter().all(|tier| !tier.starts_with("model ")));
}

#[test]
fn what_xml_cannot_write_is_replaced() {
    let mut session = reviewed();
    let note = Act::Mark(Mark::new(crate::exchange::tests::at(5), "bell \u{7}\u{0} & <tag>"));
    session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act: note });
    let text = text(&session, Some("A"));
    assert!(text.contains("bell \u{FFFD}\u{FFFD} &amp; &lt;tag&gt;"), "{text}");
}

#[test]
fn a_live_recording_names_its_film_and_without_one_no_media() {
    let mut session = reviewed();
    session.source.name = "Virtual Camera".into();
    session.provenance.source = "camera:0".into();
    assert!(!text(&session, None).contains("MEDIA_DESCRIPTOR"));
    session.films = vec!["pictures-1.mkv".into()];
    let text = text(&session, None);
    assert!(
        text.contains("MEDIA_URL=\"./pictures-1.mkv\" MIME_TYPE=\"video/x-matroska\""),
        "{text}"
    );
    assert!(!text.contains("Virtual") && !text.contains("sound.wav"));
    session.sound = Some("sound.wav".into());
    let text = self::text(&session, None);
    let film = text.find("./pictures-1.mkv").expect("the film");
    let sound =
        text.find("MEDIA_URL=\"./sound.wav\" MIME_TYPE=\"audio/x-wav\"").expect("the sound");
    assert!(film < sound, "the film comes first");
}
