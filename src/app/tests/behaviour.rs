//! How commands and updates change the state.

use super::*;
use crate::app::command::{Command, OverlayLayer};
use crate::app::live::LivePhase;
use crate::app::registry::entries;
use crate::app::settings::FALSE_ALARMS;
use crate::config::FaceConfig;
use crate::session::annotation::Target;

fn state_with_events(count: u64) -> State {
    let mut state = state();
    (0..60 * 30).for_each(|seq| state.live.view.session.history.push(sample(seq, 0.1)));
    state.live.view.session.events =
        (0..count).map(|id| event(id, 5.0 + 10.0 * id as f64)).collect();
    state
}

fn shown(state: &State) -> Option<u64> {
    state.live.shown_event().map(|e| e.id)
}

#[test]
fn the_newest_event_is_shown_until_one_is_picked() {
    let mut state = state_with_events(3);
    assert_eq!(shown(&state), Some(2));
    state.apply(Command::SelectEvent(Target::Machine(0)));
    state.live.view.session.events.push(event(3, 50.0));
    assert_eq!(shown(&state), Some(0));
    state.apply(Command::Follow);
    assert_eq!(shown(&state), Some(3));
}

#[test]
fn arrow_keys_walk_through_the_events_and_stop_at_the_ends() {
    let mut state = state_with_events(3);
    let mut walk = |command: Command| {
        state.apply(command);
        shown(&state)
    };
    assert_eq!(walk(Command::PreviousEvent), Some(1));
    assert_eq!(walk(Command::PreviousEvent), Some(0));
    assert_eq!(walk(Command::PreviousEvent), Some(0));
    assert_eq!(walk(Command::NextEvent), Some(1));
}

#[test]
fn stepping_lands_on_frames_and_stays_between_the_first_and_the_last() {
    let mut state = state_with_events(0);
    let mut step = |command: Command| {
        state.apply(command);
        state.view().sample_at_cursor().map(|s| s.seq)
    };
    assert_eq!(step(Command::PutCursor(10.01)), Some(300));
    assert_eq!(step(Command::StepFrames(1)), Some(301));
    assert_eq!(step(Command::StepFrames(-10)), Some(291));
    assert_eq!(step(Command::StepSecs(1.0)), Some(321));
    assert_eq!(step(Command::StepFrames(-100_000)), Some(0));
    assert_eq!(step(Command::StepFrames(100_000)), Some(60 * 30 - 1));
}

#[test]
fn stepping_stops_following() {
    let mut state = state_with_events(0);
    state.apply(Command::StepFrames(-1));
    assert!(!state.live.view.timeline.follows && state.live.view.cursor.is_some());
    state.apply(Command::GoEnd);
    assert!(state.live.view.timeline.follows && state.live.view.cursor.is_none());
}

#[test]
fn false_alarms_stay_in_their_range() {
    let mut state = state();
    for rate in [0.0, -3.0, 1e9, f32::NAN, f32::INFINITY] {
        state.apply(Command::SetFalseAlarms(rate));
        assert!(FALSE_ALARMS.contains(&state.false_alarms()), "{rate}");
    }
}

#[test]
fn a_layer_is_switched_on_and_off() {
    let mut state = state();
    let before = state.settings.shows(OverlayLayer::Regions);
    state.apply(Command::ToggleLayer(OverlayLayer::Regions));
    assert_ne!(state.settings.shows(OverlayLayer::Regions), before);
    assert_eq!(state.is_on(&Command::ToggleLayer(OverlayLayer::Regions)), Some(!before));
}

#[test]
fn no_command_panics_in_an_empty_state_and_none_needs_a_source() {
    for entry in entries() {
        let mut state = state();
        state.apply(entry.command.clone());
        state.drain();
    }
}

#[test]
fn stopping_keeps_what_was_found() {
    let mut state = state_with_events(2);
    state.live.phase = LivePhase::Live;
    state.apply(Command::Stop);
    assert_eq!(state.live.phase, LivePhase::Stopped);
    assert_eq!(state.live.view.session.events.len(), 2);
}

#[test]
fn starting_anew_begins_an_empty_session() {
    let mut state = state_with_events(2);
    state.apply(Command::Start);
    assert!(matches!(state.live.phase, LivePhase::Starting(_)));
    assert!(
        state.live.view.session.events.is_empty() && state.live.view.session.history.is_empty()
    );
}

#[test]
fn the_palette_finds_commands_by_any_of_their_words() {
    let state = state();
    state.palette.set("slow motion");
    let names: Vec<_> = state.palette_matches().iter().map(|e| e.name).collect();
    assert_eq!(names, ["Loop slowly"]);
    state.palette.set("no such thing");
    assert!(state.palette_matches().is_empty());
}

#[cfg(unix)]
#[test]
fn a_path_whose_name_is_not_utf_8_is_opened_as_it_is() {
    use std::os::unix::ffi::OsStringExt;
    let name = std::ffi::OsString::from_vec(b"M\xfcller.mp4".to_vec());
    let mut state = state();
    state.apply(Command::OpenPath(name.clone()));
    assert_eq!(state.live.source.target, name);
    state.choose_recording(std::path::Path::new(&name));
    assert_eq!(state.analyse.path.name(), name);
}

#[test]
fn a_face_is_chosen_by_its_side_and_the_largest_is_the_usual_one() {
    let mut state = state();
    assert_eq!(state.is_on(&Command::UseFace(None)), Some(true));
    state.apply(Command::UseFace(Some(FaceConfig::LEFT)));
    assert_eq!(state.outside.config.face.start_at, Some([0.0, 0.5]));
    assert_eq!(state.is_on(&Command::UseFace(Some(FaceConfig::LEFT))), Some(true));
    state.apply(Command::UseFace(Some(FaceConfig::RIGHT)));
    assert_eq!(state.is_on(&Command::UseFace(Some(FaceConfig::LEFT))), Some(false));
    state.apply(Command::UseFace(None));
    assert_eq!(state.outside.config.face.start_at, None);
}
