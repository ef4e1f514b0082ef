//! What goes to other programs, through the accessibility tree: off until it is turned on, and told then.

use super::*;
use fleeting::engine::streams::{MarkerState, StreamOrder, StreamStatus};
use fleeting::session::annotation::{Act, Entry, Mark};

fn lsl(lsl: bool) -> EngineCommand {
    EngineCommand::Stream(Box::new(StreamOrder { lsl, ..StreamOrder::default() }))
}

fn status(listeners: usize, missed: u64, fault: Option<&str>) -> Update {
    Update::Streams(Box::new(StreamStatus {
        order: StreamOrder { lsl: true, ..StreamOrder::default() },
        listeners,
        missed,
        markers: MarkerState::Reading,
        is_over: false,
        fault: fault.map(Into::into),
    }))
}

fn open_streams(window: &mut Window) {
    window.harness.state_mut().state.apply(Command::ToggleWindow(Floating::Streams));
    window.settle();
}

#[test]
fn nothing_is_streamed_until_it_is_turned_on_and_the_window_says_so() {
    let mut window = Window::live(60, &[]);
    open_streams(&mut window);
    assert!(window.has("Off: no socket is open."));
    for name in ["Fleeting samples", "Fleeting events", "Fleeting markers"] {
        assert!(window.has(name), "{name}");
    }
    assert!(window.asked().is_empty() && !window.has("LSL on"));

    window.click("Stream over LSL");
    assert_eq!(window.asked(), [lsl(true)]);
    window.say([status(3, 0, None)]);
    assert!(window.has("On: 3 connections, 0 missed by slow listeners."));
    window.click("Close");
    assert!(window.has("LSL on: 3"), "it is told beside the log");

    open_streams(&mut window);
    window.click("Stream over LSL");
    assert_eq!(window.asked(), [lsl(true), lsl(false)]);
    assert!(window.has("Nothing is sent. Markers") && !window.has("LSL on"));
}

#[test]
fn a_source_that_starts_later_is_streamed_too() {
    let mut window = Window::open(Some("demo"), &[]);
    window.harness.state_mut().state.apply(Command::ToggleLsl);
    window.settle();
    assert_eq!(window.asked(), [lsl(true)]);
    window.harness.state_mut().state.apply(Command::Start);
    window.settle();
    assert_eq!(window.asked().last(), Some(&lsl(true)));
    assert_eq!(window.asked().len(), 2);
}

#[test]
fn what_slow_listeners_miss_and_what_fails_is_told() {
    let mut window = Window::live(60, &[]);
    window.harness.state_mut().state.apply(Command::ToggleLsl);
    window.say([status(1, 7, None)]);
    assert!(window.has("too slow for 7 samples, events and marks"));
    open_streams(&mut window);
    assert!(window.has("On: 1 connection, 7 missed by slow listeners."));
    let fault = "Lab Streaming Layer cannot be used: no port";
    window.say([status(0, 0, Some(fault))]);
    assert!(window.has(fault));
}

#[test]
fn the_markers_of_another_program_are_read_when_its_stream_is_named() {
    let mut window = Window::live(60, &[]);
    open_streams(&mut window);
    assert!(window.has("Markers: not read"));
    window.harness.get_by_role_and_label(egui::Role::TextInput, "Its stream").type_text("Stimuli");
    window.settle();
    window.click("Read markers");
    let order = StreamOrder { markers_from: Some("Stimuli".into()), ..StreamOrder::default() };
    assert_eq!(window.asked(), [EngineCommand::Stream(Box::new(order))]);
    window.say([status(0, 0, None)]);
    assert!(window.has("Markers: read"));

    let at = Moment { frame: 30, time: Timestamp::from_secs(1.0) };
    let act = Act::Mark(Mark::outside(at, "face 3"));
    let before = window.asked().len();
    window.say([Update::Entered(Box::new(Entry { rater: "Stimuli".into(), at_unix_ms: 0, act }))]);
    let marks = window.harness.state().state.live.view.session.marks(None);
    let [marked] = &marks[..] else { panic!("{marks:?}") };
    assert_eq!((&*marked.by, &*marked.mark.text, marked.mark.at), ("Stimuli", "face 3", at));
    assert_eq!(window.asked().len(), before, "it is not sent back");
}
