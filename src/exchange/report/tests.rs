//! What a reader of the report relies on. `tests/readers` checks that a browser shows it.

use super::*;
use crate::exchange::tests::{at, reviewed, session};
use crate::measure::quality::Quality;
use crate::measure::sample::Sample;
use crate::session::Session;
use crate::session::annotation::{Act, Entry, Mark};

fn html(session: &Session, rater: Option<&str>) -> String {
    let mut bytes = Vec::new();
    write(&mut View::new(session, rater).expect("there"), &mut bytes).expect("written");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn it_needs_no_network_and_no_script() {
    let html = html(&reviewed(), Some("A"));
    for word in ["http:", "https:", "<script", "src=\"/", "@import", "url("] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn what_a_person_typed_is_text_and_never_markup() {
    let mut session = reviewed();
    let mark = Act::Mark(Mark::new(at(3), "<img src=x onerror=alert(1)> & \"quotes\" \u{7}"));
    session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act: mark });
    let html = html(&session, Some("A"));
    assert!(!html.contains("<img src=x") && !html.contains("<small>") && !html.contains('\u{7}'));
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quotes&quot;"));
}

#[test]
fn every_tag_that_opens_closes() {
    let html = html(&reviewed(), Some("A"));
    for tag in
        ["html", "body", "main", "section", "article", "dl", "dt", "dd", "div", "svg", "span", "a"]
    {
        let opened =
            html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        assert!(opened > 0, "{tag}");
    }
}

#[test]
fn it_shows_the_persons_view_with_the_programs_beside_it() {
    let html = html(&reviewed(), Some("A"));
    for words in [
        "1 rejected",
        "P01, for: study &lt;1&gt;; to be kept until 2030-01-31",
        "happiness (by A)",
        "frames 10 – 13 – 16; units L12; positive",
        "L6 cheek raiser; 12 lip corner puller",
        "✗ rejected",
        "asked about 日本",
        "not a lie detector",
        "two micro-expressions in three were missed",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn an_unclear_emotion_names_its_likeliest_class_as_no_more_than_that() {
    let mut session = session();
    if let Some(reading) = session.events[0].emotion.as_mut() {
        reading.clear = false;
    }
    assert!(html(&session, None).contains("unclear (likeliest: positive, 0.50)"));
}

#[test]
fn gaps_and_events_are_drawn_where_they_are() {
    let html = html(&reviewed(), None);
    // Five of ninety frames have no face, on 926 units of width.
    assert!(html.contains("fill=\"#c9d0d8\""));
    assert_eq!(html.matches("<a href=\"#event-0\">").count(), 3, "the overview and both close-ups");
    assert!(html.contains("<article id=\"event-1\" class=\"macro\">"));
}

#[test]
fn a_session_without_a_frame_is_a_valid_report() {
    let html = html(&Session::default(), None);
    assert!(html.contains("The recording has no frame.") && html.ends_with("</html>\n"));
}

#[test]
fn the_figures_are_those_of_the_readme() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.expect("there");
    let report: String = MEASURED.iter().flat_map(|(what, told)| [*what, *told]).collect();
    for figure in [".288", ".356", "4.6 false micro", ".699", ".708", "147 videos", "164 clips"] {
        assert!(readme.contains(figure), "{figure} is not in the README");
        assert!(report.contains(figure), "{figure} is not in the report");
    }
}

#[test]
fn frames_that_were_lost_are_said_with_the_rate_that_was_left() {
    let mut session = Session::default();
    // 705 frames out of 1,548 numbers, 30 a second, as on a busy machine.
    for place in 0..705u64 {
        let seq = place * 1547 / 704;
        let (quality, score) = (Quality::default(), None);
        session.history.push(Sample { seq, time: at(seq).time, quality, motion: None, score });
    }
    let html = html(&session, None);
    for words in ["705 of 1548", "843 lost", "13.7 frames a second", "Scored time"] {
        assert!(html.contains(words), "{words}");
    }
}
