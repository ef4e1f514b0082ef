//! A working day with the keyboard alone: one participant from the check to the report, then the next.

use super::recording::recording;
use super::review::opened_session;
use super::*;
use fleeting::engine::live::record::RecordState;
use fleeting::session::annotation::Act;
use fleeting::session::store::session_list::StoredSession;

fn ctrl(key: Key) -> (Modifiers, Key) {
    (Modifiers::COMMAND | Modifiers::CTRL, key)
}

fn press(window: &mut Window, (modifiers, key): (Modifiers, Key)) {
    window.press(modifiers, key);
}

/// Types into the field that has the keyboard.
fn type_text(window: &mut Window, text: &str) {
    window.harness.event(egui::Event::Text(text.into()));
    window.settle();
}

/// Moves the keyboard with Tab to the control of this name and presses it.
fn press_control(window: &mut Window, name: &str) {
    let focused = |window: &Window| {
        window.harness.root().children_recursive().into_iter().find_map(|node| {
            let node = node.accesskit_node();
            node.is_focused().then(|| node.label().unwrap_or_default())
        })
    };
    let mut presses = 0;
    while focused(window).as_deref() != Some(name) {
        presses += 1;
        assert!(presses < 80, "Tab does not reach “{name}”");
        window.press(Modifiers::NONE, Key::Tab);
    }
    window.press(Modifiers::NONE, Key::Enter);
}

/// The camera's first seconds.
fn frames(window: &mut Window, from: u64, to: u64) {
    window.script.lock().expect("one thread").preview = Some(preview(to));
    window.say([Update::Record(Record::Samples((from..to).map(sample).collect()))]);
}

fn begin(window: &mut Window) {
    let info = SourceInfo { name: "demo person".into(), size_px: (640, 480), ..Default::default() };
    window.say([
        Update::Record(Record::Opened(info)),
        Update::Running(true),
        Update::Record(Record::Threshold(Score { micro: 0.5, macro_: 0.6 })),
    ]);
}

fn records(window: &Window) -> Vec<String> {
    let asked = window.asked();
    let records = asked.iter().filter_map(|command| match command {
        EngineCommand::Record(order) => order.consent.as_ref().map(|consent| consent.who.clone()),
        _ => None,
    });
    records.collect()
}

fn conditions(window: &Window) -> Vec<String> {
    let names = window.harness.state().state.live.view.conditions.iter();
    names.map(|one| one.condition.name.clone()).collect()
}

#[test]
fn a_day_with_the_keyboard_alone() {
    let mut window = Window::live(300, &[2.0]);

    // The check, from which the baseline is one key away.
    press(&mut window, ctrl(Key::K));
    assert!(window.has("Check before recording") && window.has("Distance"));
    assert!(window.has("Good to record") || window.has("thing first"));
    press_control(&mut window, "Measure the neutral baseline");
    assert!(matches!(window.asked().last(), Some(EngineCommand::Baseline { .. })));
    press(&mut window, (Modifiers::NONE, Key::Escape));

    // Consent of P01, and the recording.
    press(&mut window, ctrl(Key::R));
    type_text(&mut window, "P01");
    press(&mut window, (Modifiers::NONE, Key::Tab));
    type_text(&mut window, "a pilot");
    press_control(&mut window, "They agree: record");
    assert_eq!(records(&window), ["P01"]);
    window.say([recording(RecordState::Running)]);
    assert!(window.has("Participant: P01"), "who is recorded stands in the window");

    // Conditions and marks.
    press(&mut window, (Modifiers::NONE, Key::C));
    assert!(window.has("Participant: P01, baseline"));
    frames(&mut window, 300, 330);
    press(&mut window, (Modifiers::NONE, Key::M));
    press(&mut window, (Modifiers::NONE, Key::C));
    assert!(window.has("Participant: P01, questions"));
    press(&mut window, (Modifiers::SHIFT, Key::C));
    assert_eq!(conditions(&window), ["baseline", "questions"]);
    let asked = window.asked();
    let entered = asked.iter().filter_map(|command| match command {
        EngineCommand::Enter(entry) => Some(&entry.act),
        _ => None,
    });
    let entered: Vec<_> = entered.collect();
    let marks =
        entered.iter().filter(|act| matches!(act, Act::Mark(mark) if mark.before_ms == 3000));
    assert_eq!((marks.count(), entered.len()), (1, 5), "{entered:?}");

    // Stop: one card leads on. Review, and the report.
    press(&mut window, ctrl(Key::R));
    assert_eq!(window.asked().last(), Some(&EngineCommand::StopRecording));
    window.say([recording(RecordState::Stopped(None))]);
    assert!(window.has("Recording ended") && window.has("The recording is stored (34 MB)"));
    window.sessions.borrow_mut().push_back(Ok(opened_session(&[2.0, 5.0])));
    press_control(&mut window, "Review");
    assert_eq!(window.harness.state().state.tab, Tab::Review);
    press(&mut window, (Modifiers::NONE, Key::End));
    press(&mut window, ctrl(Key::Num1));
    window.harness.state_mut().state.apply(Command::ToggleWindow(Floating::AfterRecording));
    window.settle();
    window.sessions.borrow_mut().push_back(Ok(opened_session(&[2.0, 5.0])));
    press_control(&mut window, "Report…");
    assert!(
        window.has("Export") && window.harness.state().state.review.export.chosen == ["report"]
    );
    press(&mut window, (Modifiers::NONE, Key::Escape));

    // P02: nothing of P01 is left.
    press(&mut window, ctrl(Key::Num1));
    press(&mut window, ctrl(Key::N));
    begin(&mut window);
    frames(&mut window, 0, 60);
    let state = &window.harness.state().state;
    let live = &state.live.view;
    assert!(live.session.events.is_empty() && live.marks.is_empty() && live.conditions.is_empty());
    assert!(live.session.baseline.is_none() && state.person().is_none());
    assert!(!window.has("P01"), "nothing of P01 is on the screen");
    press(&mut window, ctrl(Key::R));
    assert!(!window.has("Still P01?") && !window.has("P01"));
    type_text(&mut window, "P02");
    press_control(&mut window, "They agree: record");
    assert_eq!(records(&window), ["P01", "P02"]);
    window.say([recording(RecordState::Running)]);
    window.say([recording(RecordState::Stopped(None))]);
    press(&mut window, (Modifiers::NONE, Key::Escape));

    // The list of sessions on the empty Review page, newest first.
    let stored = |name: &str, ms| StoredSession {
        folder: name.into(),
        consent: None,
        provenance: Provenance { begun_at_unix_ms: Some(ms), ..Provenance::default() },
        bytes: 1,
        is_recording: false,
    };
    let sessions = vec![stored("first.fleeting", 1_000), stored("second.fleeting", 2_000)];
    let session_list = SessionList { sessions, ..SessionList::default() };
    window.harness.state_mut().state.offer(session_list);
    press(&mut window, ctrl(Key::Num2));
    assert!(window.has("Stored sessions, newest first"));
    let top = |name: &str| window.harness.get_by_label_contains(name).rect().top();
    assert!(top("second.fleeting") < top("first.fleeting"));
}

#[test]
fn another_name_in_the_consent_begins_a_new_session() {
    let mut window = Window::live(300, &[2.0]);
    press(&mut window, (Modifiers::NONE, Key::M));
    for (who, expected) in [("P01", 1), ("P02", 0)] {
        press(&mut window, ctrl(Key::R));
        window.harness.state_mut().state.records.form.who.set(who);
        window.harness.state_mut().state.records.form.purpose.set("a pilot");
        window.settle();
        press_control(&mut window, "They agree: record");
        let live = &window.harness.state().state.live.view;
        assert_eq!((live.session.events.len(), live.marks.len()), (expected, expected), "{who}");
        assert_eq!(window.harness.state().state.person(), Some(who));
        window.say([recording(RecordState::Running), recording(RecordState::Stopped(None))]);
        press(&mut window, (Modifiers::NONE, Key::Escape));
    }
    assert_eq!(records(&window), ["P01", "P02"]);
}

#[test]
fn a_key_of_a_presenter_is_bound_in_the_window_and_marks_and_the_edge_flashes() {
    let mut window = Window::live(300, &[]);
    window.harness.state_mut().state.apply(Command::ToggleWindow(Floating::OwnKeys));
    window.settle();
    let choose = fleeting::app::marking::MarkingCommand::ChooseForKey("Mark this moment".into());
    window.harness.state_mut().state.apply(Command::Marking(choose));
    window.settle();
    press_control(&mut window, "Press a key…");
    press(&mut window, (Modifiers::NONE, Key::Period));
    assert!(window.has("It no longer means “More sensitive”"), "a conflict is said");
    assert!(window.has("Mark this moment (in place of “More sensitive”)"));
    press(&mut window, (Modifiers::NONE, Key::Escape));
    press(&mut window, (Modifiers::NONE, Key::Period));
    assert_eq!(window.asked_rates(), Vec::<f32>::new(), "the key means the mark alone");
    let state = &window.harness.state().state;
    assert_eq!((state.live.view.marks.len(), state.marked), (1, 1));
    assert_eq!(state.settings.keys.get("Period").map(String::as_str), Some("Mark this moment"));

    // The edge flashes for a moment.
    let edge = |window: &Window| {
        let screen = window.harness.ctx.content_rect();
        window.harness.output().shapes.iter().any(|clipped| {
            matches!(&clipped.shape, egui::Shape::Rect(r) if r.rect == screen && r.stroke.width > 5.0)
        })
    };
    window.harness.key_press(Key::Period);
    window.harness.run_steps(2);
    assert!(edge(&window), "it flashes");
    window.harness.run_steps(60);
    assert!(!edge(&window), "and rests");
}

#[test]
fn conditions_are_moved_and_removed_in_review() {
    let (mut window, _) = super::review::reviewing(&[2.0, 5.0], true);
    press(&mut window, (Modifiers::NONE, Key::C));
    let names = |window: &Window| {
        let conditions = window.harness.state().state.review.view.conditions.iter();
        conditions
            .map(|one| (one.condition.name.clone(), one.condition.start.frame))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&window).len(), 1);
    let start = names(&window)[0].1;
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.harness.state_mut().state.apply(Command::ToggleWindow(Floating::Conditions));
    window.settle();
    press_control(&mut window, "Starts here");
    assert_eq!(names(&window), [("baseline".into(), start + 10)]);
    press_control(&mut window, "Remove");
    assert_eq!(names(&window), []);
}

#[test]
fn a_condition_that_goes_on_when_a_recording_begins_is_in_the_recording() {
    let mut window = Window::live(300, &[]);
    press(&mut window, (Modifiers::NONE, Key::C));
    assert_eq!(window.asked(), [], "nothing is recorded yet");
    window.say([recording(RecordState::Running)]);
    let asked = window.asked();
    let [EngineCommand::Enter(entry)] = &asked[..] else { panic!("{asked:?}") };
    let Act::Condition(0, condition) = &entry.act else { panic!("{entry:?}") };
    assert_eq!((condition.name.as_str(), condition.end), ("baseline", None));
    window.say([recording(RecordState::Running)]);
    assert_eq!(window.asked().len(), 1, "once");
}

#[test]
fn a_rater_says_how_sure_they_are_and_how_strong_a_unit_is() {
    let (mut window, _) = super::review::reviewing(&[2.0, 5.0], true);
    press(&mut window, (Modifiers::NONE, Key::ArrowDown));
    let row = |window: &Window| window.harness.state().state.shown_row().expect("an event");
    for expected in ["unsure", "likely", "sure"] {
        press(&mut window, (Modifiers::NONE, Key::Q));
        assert_eq!(row(&window).confidence.map(|confidence| confidence.name()), Some(expected));
        assert!(window.has(&format!("({expected})")), "the card says it");
    }
    press(&mut window, (Modifiers::NONE, Key::Q));
    assert_eq!(row(&window).confidence, None);

    press(&mut window, (Modifiers::NONE, Key::U));
    window.harness.state().state.review.units.set("L12B+4");
    window.settle();
    window.click("AU 12, intensity B");
    assert!(window.has("AU 12, intensity C"), "the next letter");
    window.click("AU 4, intensity –");
    press_control(&mut window, "Keep");
    assert_eq!(units_text(&row(&window).units), "L12C+4A");
}
