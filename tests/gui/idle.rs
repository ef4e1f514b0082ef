//! A window in which nothing moves is not drawn, however long one waits.

use super::*;
use egui::ViewportId;
use fleeting::app::view::playback::PlaybackMotion;
use fleeting::measure::effort::{Effort, EffortStep};
use std::time::Duration;

/// Steps of the harness after which every note has gone and every loop rests.
const SETTLING: usize = 200;

/// Number of steps that are then watched.
const WATCHED: usize = 12;

/// How many of the watched steps asked to be drawn again, at once or later.
fn requests(window: &mut Window) -> usize {
    window.harness.run_steps(SETTLING);
    let asks = |window: &mut Window| {
        window.harness.run_steps(1);
        let output = &window.harness.output().viewport_output[&ViewportId::ROOT];
        output.repaint_delay < Duration::MAX
    };
    (0..WATCHED).filter(|_| asks(window)).count()
}

#[test]
fn live_asks_for_no_drawing_while_nothing_runs() {
    let mut stopped = Window::live(300, &[2.0, 5.0]);
    stopped.harness.state_mut().state.apply(Command::Stop);
    let mut paused = Window::live(300, &[2.0, 5.0]);
    paused.press(Modifiers::NONE, Key::Space);
    assert_eq!(*paused.phase(), LivePhase::Paused);
    let mut early = Window::open(Some("demo"), &[]);
    early.say([Update::Record(Record::Opened(SourceInfo::default())), Update::Running(false)]);
    let mut finished = Window::live(300, &[2.0]);
    finished.say([Update::Ended(None)]);
    let mut fault = Window::live(300, &[2.0]);
    fault.say([Update::Ended(Some("the camera is gone. Plug it in and press Start".into()))]);
    let mut lost = Window::live(300, &[2.0]);
    let text = "the camera sends nothing".into();
    lost.say([Update::Record(Record::Notice(Notice { kind: NoticeKind::Stalled, text }))]);
    let states = [
        ("stopped", stopped),
        ("paused", paused),
        ("paused before the first picture", early),
        ("finished", finished),
        ("fault", fault),
        ("lost", lost),
    ];
    for (state, mut window) in states {
        assert_eq!(requests(&mut window), 0, "{state}");
    }
}

#[test]
fn what_is_out_of_view_does_not_draw_the_window_by_itself() {
    let mut hidden = Window::live(300, &[2.0, 5.0]);
    hidden.harness.state_mut().state.apply(Command::ShowTab(Tab::Analyse));
    // Once a second the window asks by itself, in case a request of the engine was lost.
    hidden.harness.run_steps(SETTLING);
    let output = &hidden.harness.output().viewport_output[&ViewportId::ROOT];
    assert!(output.repaint_delay >= Duration::from_secs(1), "{:?}", output.repaint_delay);
}

#[test]
fn review_asks_for_no_drawing_at_rest_nor_with_its_loop_held() {
    let (mut window, _) = review::reviewing(&[2.0, 5.0], true);
    assert_eq!(requests(&mut window), 0, "no event picked");
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert!(window.harness.state().state.shown_row().is_some());
    assert_eq!(requests(&mut window), 0, "an event picked");
    window.harness.state_mut().state.apply(Command::ToggleLoop);
    window.settle();
    let motion = |window: &Window| window.harness.state().state.review.playback.motion();
    assert!(matches!(motion(&window), PlaybackMotion::Loops { .. }));
    assert_eq!(requests(&mut window), WATCHED, "a loop moves for as long as it is on");
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(motion(&window), PlaybackMotion::Held);
    assert_eq!(requests(&mut window), 0, "held");
}

#[test]
fn a_computer_that_is_too_slow_is_told_in_one_line_until_it_keeps_up_again() {
    let mut window = Window::live(300, &[]);
    let slow = "This computer is too slow";
    assert!(!window.has(slow));
    let step = |effort| Update::Record(Record::Effort(EffortStep { first: 300, effort }));
    window.say([step(Effort::Quarter)]);
    assert!(window.has(slow) && window.has("1 frame in 4") && window.has("Close other programs"));
    window.harness.state_mut().state.apply(Command::ShowTab(Tab::Review));
    window.settle();
    assert!(!window.has(slow), "review is about something else");
    window.harness.state_mut().state.apply(Command::ShowTab(Tab::Live));
    window.say([step(Effort::Whole)]);
    assert!(!window.has(slow));
}

#[test]
fn an_analysis_without_a_result_is_not_called_live() {
    let mut window = Window::live(300, &[]);
    assert!(window.has("State: DEMO"));
    window.say([Update::Frozen { secs: 1 }]);
    assert!(window.has("State: NO RESULT") && window.has("no result for 1 s"));
    window.say([Update::Frozen { secs: 2 }]);
    assert_eq!(*window.phase(), LivePhase::Frozen(2));
    window.say([Update::Frozen { secs: 0 }]);
    assert!(window.has("State: DEMO"));
}

#[test]
fn a_slow_loop_that_rests_goes_on_under_the_pointer() {
    let mut window = Window::live(300, &[2.0]);
    window.harness.state_mut().state.apply(Command::Stop);
    assert_eq!(requests(&mut window), 0);
    let at = window.harness.get_by_label("Event picture: slow loop").rect().center();
    window.harness.hover_at(at);
    window.harness.run_steps(2);
    assert_eq!(requests(&mut window), WATCHED);
}
