//! Recording through the accessibility tree: consent, the sign in the transport, and deletion.

use super::*;
use fleeting::engine::live::record::{RecordState, RecordingStatus};
use fleeting::session::annotation::Act;
use fleeting::session::consent::Consent;
use fleeting::session::store::session_list::StoredSession;

pub(super) fn recording(state: RecordState) -> Update {
    Update::Recording(Box::new(RecordingStatus {
        folder: "P01.fleeting".into(),
        state,
        secs: 61.0,
        bytes: 34_000_000,
        free_bytes: Some(120_000_000_000),
        left_secs: None,
        sound: None,
    }))
}

fn type_into(window: &mut Window, field: &str, text: &str) {
    window.harness.get_by_role_and_label(egui::Role::TextInput, field).focus();
    window.settle();
    window.harness.get_by_role_and_label(egui::Role::TextInput, field).type_text(text);
    window.settle();
}

#[test]
fn every_recording_asks_for_consent() {
    let mut window = Window::live(60, &[]);
    assert!(window.has("Storage: not recording"));
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::R);
    assert!(window.has("Consent and storage") && window.has("Say who is recorded"));
    window.click("They agree: record");
    assert_eq!(window.asked(), [], "nothing is recorded before that");
    type_into(&mut window, "Who is recorded", "P01");
    type_into(&mut window, "What for", "a pilot");
    window.click("They agree: record");
    let asked = window.asked();
    let [EngineCommand::Record(order)] = &asked[..] else { panic!("{asked:?}") };
    let consent = order.consent.as_ref().expect("asked for");
    assert_eq!((consent.who.as_str(), consent.purpose.as_str()), ("P01", "a pilot"));
    assert!(consent.keep_until.is_some() && order.with_pictures);

    window.say([recording(RecordState::Running)]);
    assert!(window.has("Storage: REC 1:01, 34 MB, 120.0 GB free"));
    window.click("Stop recording");
    assert_eq!(window.asked().last(), Some(&EngineCommand::StopRecording));
    window.say([recording(RecordState::Finishing)]);
    assert!(window.has("Storage: REC ending"));
    window.say([recording(RecordState::Stopped(None))]);
    assert!(window.has("The recording is stored in P01.fleeting (34 MB)"));
    assert!(window.has("Recording ended"), "what comes next is offered");
    window.press(Modifiers::NONE, Key::Escape);
    let before = window.asked().len();
    window.click("Record");
    assert_eq!(window.asked().len(), before, "the next person has agreed to nothing yet");
    assert!(window.has("Consent and storage") && window.has("Still P01?"));
    window.click("They agree: record");
    assert!(matches!(window.asked().last(), Some(EngineCommand::Record(_))));
}

#[test]
fn another_source_asks_for_consent_anew() {
    let mut window = Window::live(60, &[]);
    window.harness.state_mut().state.records.agreed = Some("P01".into());
    window.harness.state_mut().state.apply(Command::UseDemo);
    window.settle();
    assert_eq!(window.harness.state().state.records.agreed, None);
}

#[test]
fn a_recording_that_ends_by_itself_says_why_and_that_the_analysis_goes_on() {
    let mut window = Window::live(60, &[]);
    window.say([recording(RecordState::Running)]);
    window.say([recording(RecordState::Stopped(Some("the disk is full".into())))]);
    assert!(window.has("The recording has ended: the disk is full"));
    assert!(window.has("the analysis goes on") && window.has("Storage: not recording"));
    assert_eq!(*window.phase(), LivePhase::Live);
}

#[test]
fn a_disk_that_will_be_full_is_announced_once() {
    let mut window = Window::live(60, &[]);
    let low = || match recording(RecordState::Running) {
        Update::Recording(mut now) => {
            now.left_secs = Some(240.0);
            Update::Recording(now)
        }
        other => other,
    };
    window.say([low(), low(), low()]);
    let unread = window.harness.state().state.messages.unread();
    let warnings = unread.iter().filter(|m| m.text.contains("will be full")).count();
    assert_eq!(warnings, 1);
    assert!(window.has("in 4 minutes"));
}

#[test]
fn markers_are_stored_while_recording_and_kept_in_memory_while_not() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.asked(), []);
    window.say([recording(RecordState::Running)]);
    window.press(Modifiers::NONE, Key::M);
    let asked = window.asked();
    let [EngineCommand::Enter(entry)] = &asked[..] else { panic!("{asked:?}") };
    assert!(matches!(&entry.act, Act::Mark(mark) if mark.at.frame >= 59 && mark.text.is_empty()));
    assert_eq!(window.harness.state().state.live.view.session.log.entries().len(), 2);
}

#[test]
fn sessions_past_their_date_are_offered_for_deletion_and_deleted_when_confirmed() {
    let mut window = Window::live(60, &[]);
    let consent = |date: &str| Consent {
        who: "P01".into(),
        purpose: "a pilot".into(),
        keep_until: Some(date.parse().expect("a date")),
        with_sound: false,
    };
    let stored = |name: &str, date| StoredSession {
        folder: name.into(),
        consent: Some(consent(date)),
        provenance: Default::default(),
        bytes: 5_000_000,
        is_recording: false,
    };
    let sessions = vec![stored("old.fleeting", "2020-01-01"), stored("new.fleeting", "9999-01-01")];
    let session_list = SessionList { sessions, ..SessionList::default() };
    let state = &mut window.harness.state_mut().state;
    state.records.session_list = None;
    state.offer(session_list);
    window.settle();
    assert!(window.has("Stored sessions") && window.has("past its date, 2020-01-01"));
    window.click("Delete the 1 that are past their date…");
    assert!(window.script.lock().expect("one thread").deleted.is_empty(), "asked first");
    window.click("Delete for good");
    let deleted = window.script.lock().expect("one thread").deleted.clone();
    assert_eq!(deleted, [PathBuf::from("old.fleeting")]);
}
