//! The window at every size: nothing lies outside, and nothing overlaps.

use super::review::{reviewing, reviewing_with_sound};
use super::*;
use egui::{Rect, Shape, Vec2, vec2};
use fleeting::app::message::{Topic, Weight};
use fleeting::app::review::command::ReviewCommand as Review;
use fleeting::engine::live::record::{RecordState, RecordingStatus};

/// Usual sizes of the window, and the smallest one that is not scaled, points.
const SIZES: [[f32; 2]; 5] =
    [[1000.0, 560.0], [1024.0, 600.0], [1280.0, 720.0], [1366.0, 768.0], [1920.0, 1080.0]];

/// Rounding of edges, points.
const SLACK: f32 = 1.5;

fn overlap(a: Rect, b: Rect) -> bool {
    let both = a.intersect(b);
    both.width() > SLACK && both.height() > SLACK
}

/// Roles of what is pressed, moved or typed into.
const CONTROLS: [egui::Role; 8] = [
    egui::Role::Button,
    egui::Role::TextInput,
    egui::Role::Slider,
    egui::Role::SpinButton,
    egui::Role::CheckBox,
    egui::Role::RadioButton,
    egui::Role::Tab,
    egui::Role::ProgressIndicator,
];

struct Piece {
    name: String,
    rect: Rect,
}

fn pieces(window: &Window, wanted: impl Fn(egui::Role) -> bool) -> Vec<Piece> {
    let nodes = window.harness.root().children_recursive();
    let found = nodes.into_iter().filter(|node| {
        let node = node.accesskit_node();
        wanted(node.role()) && node.bounding_box().is_some()
    });
    let piece = |node: egui_kittest::Node<'_>| {
        let name = node.accesskit_node();
        let name = name.label().or_else(|| name.value()).unwrap_or_default();
        Piece { name, rect: node.rect() }
    };
    // The handles of an event are at its bounds, however close these are.
    found.map(piece).filter(|piece| !piece.name.starts_with("Drag the ")).collect()
}

/// Every visible text: its words and its place.
fn texts(window: &Window) -> Vec<Piece> {
    fn add(shape: &Shape, clip: Rect, found: &mut Vec<Piece>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(shape, clip, found)),
            Shape::Text(text) => {
                let rect = text.visual_bounding_rect().intersect(clip);
                let name = text.galley.text().to_owned();
                if !name.trim().is_empty() && rect.width() > 1.0 && rect.height() > 1.0 {
                    found.push(Piece { name, rect });
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for clipped in &window.harness.output().shapes {
        add(&clipped.shape, clipped.clip_rect, &mut found);
    }
    found
}

/// Faults of the layout, one line each.
fn faults(window: &Window) -> Vec<String> {
    let screen = window.harness.ctx.content_rect();
    let (controls, texts) = (pieces(window, |role| CONTROLS.contains(&role)), texts(window));
    let panes = pieces(window, |role| role == egui::Role::Pane);
    let mut faults = Vec::new();
    for (kind, all) in [("control", &controls), ("text", &texts), ("panel", &panes)] {
        for piece in all {
            if !screen.expand(SLACK).contains_rect(piece.rect) {
                faults.push(format!("{kind} “{}” is outside: {:?}", piece.name, piece.rect));
            }
        }
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                if overlap(a.rect, b.rect) {
                    let (a, b, at) = (&a.name, &b.name, a.rect.intersect(b.rect));
                    faults.push(format!("{kind} “{a}” and “{b}” are over each other at {at:?}"));
                }
            }
        }
    }
    for text in &texts {
        for control in &controls {
            let is_inside = control.rect.expand(SLACK).contains_rect(text.rect);
            if overlap(text.rect, control.rect) && !is_inside {
                faults.push(format!("text “{}” runs over “{}”", text.name, control.name));
            }
        }
    }
    for control in &controls {
        let inside = panes.iter().any(|p| p.rect.expand(SLACK).contains_rect(control.rect));
        if !inside {
            faults.push(format!("control “{}” is in no panel", control.name));
        }
    }
    faults
}

/// An event with the longest texts.
fn wordy(id: u64, secs: f64) -> Event {
    let mut event = event(id, secs);
    let unit =
        |(n, side)| MovingUnit { unit: ActionUnit(n), side, probability: 0.9, intensity: None };
    let units = [(1, Side::Left), (2, Side::Left), (4, Side::Both), (6, Side::Both)];
    let more = [(7, Side::Right), (10, Side::Both), (12, Side::Left), (25, Side::Both)];
    event.action_units = units.into_iter().chain(more).map(unit).collect();
    event.trouble = Trouble::BLINK.with(Trouble::TALKING).with(Trouble::TURNED);
    event
}

fn recording() -> Update {
    Update::Recording(Box::new(RecordingStatus {
        folder: "/home/someone/Videos/Fleeting/2026-12-01 10-11-12 P05.fleeting".into(),
        state: RecordState::Running,
        secs: 3723.0,
        bytes: 12_345_000_000,
        free_bytes: Some(1_234_000_000_000),
        left_secs: None,
        sound: None,
    }))
}

fn live() -> Window {
    let mut window = Window::live(900, &[2.0, 5.0, 8.0]);
    let info = SourceInfo {
        name: "Integrated_Webcam_HD: Integrated W".into(),
        size_px: (1280, 720),
        detail: "MJPEG 1280×720 at 30, V4L2".into(),
        stamped_on_arrival: true,
        ..SourceInfo::default()
    };
    let stats = Stats {
        analysed: 123_456,
        dropped: 1234,
        source_fps: 60.0,
        analysis_fps: 59.9,
        frame_ms: 12.3,
        progress: None,
    };
    window.say([
        Update::Record(Record::Opened(info)),
        Update::Record(Record::Stats(stats)),
        Update::Record(Record::Event(wordy(7, 20.0), Some(clip(20.0)))),
    ]);
    window.harness.state_mut().state.apply(Command::MarkAllRead);
    window.settle();
    window
}

/// A session of events with long texts, judged and with notes; the card shows the first.
fn review() -> Window {
    let (mut window, _) = reviewing(&[2.0, 5.0, 8.0], true);
    let state = &mut window.harness.state_mut().state;
    let events = [(0, 2.0), (1, 5.0), (2, 8.0)];
    state.review.view.session.events = events.into_iter().map(|(id, s)| wordy(id, s)).collect();
    for command in [
        Review::BeRater { name: "A rater with a long name".into(), blind: false },
        Review::Label(fleeting::session::annotation::Label::Happiness),
        Review::Mark,
        Review::Write,
    ] {
        state.apply(Command::Review(command));
    }
    let note = state.review.view.note.as_ref().expect("a note is written");
    note.text.set("a note that is rather long, since the observer saw several things");
    state.apply(Command::KeepNote);
    state.apply(Command::CloseWindow);
    window.settle();
    window
}

fn states() -> Vec<(&'static str, Window)> {
    let mut idle = live();
    idle.harness.state_mut().state.apply(Command::Stop);
    let mut recorded = live();
    recorded.say([recording()]);
    let mut fault = live();
    let why = "/dev/video0: the camera is held by another program; close it and press Start";
    fault.say([Update::Ended(Some(why.into()))]);
    let mut lost = live();
    let kind = NoticeKind::Disconnected;
    lost.say([Update::Record(Record::Notice(Notice { kind, text: "The camera is gone.".into() }))]);
    lost.harness.state_mut().state.apply(Command::MarkAllRead);
    let mut measured = live();
    measured.say([Update::Baseline(0.4)]);
    let mut blind = review();
    let rater = Review::BeRater { name: "Ben".into(), blind: true };
    blind.harness.state_mut().state.apply(Command::Review(rater));
    let mut other = review();
    let model = Review::Show(fleeting::app::review::rating::RaterLayer::Model);
    other.harness.state_mut().state.apply(Command::Review(model));
    let mut empty = Window::open(Some("demo"), &[]);
    empty.harness.state_mut().state.apply(Command::ShowTab(Tab::Review));
    let mut analyse = live();
    analyse.harness.state_mut().state.apply(Command::ShowTab(Tab::Analyse));
    let mut beside = review();
    beside.say([recording()]);
    vec![
        ("idle", idle),
        ("live", live()),
        ("recording", recorded),
        ("fault", fault),
        ("camera lost", lost),
        ("baseline", measured),
        ("no camera", Window::open(None, &[])),
        ("review", review()),
        ("review with sound", reviewing_with_sound(None).0),
        ("review while recording", beside),
        ("another's view", other),
        ("blind review", blind),
        ("no session", empty),
        ("analyse", analyse),
    ]
}

/// A window of this size in points, on a screen with `scale` pixels a point.
fn resize(window: &mut Window, size: [f32; 2], scale: f32) {
    let input = window.harness.input_mut();
    input.screen_rect = Some(Rect::from_min_size(egui::Pos2::ZERO, Vec2::from(size)));
    input.viewports.entry(input.viewport_id).or_default().native_pixels_per_point = Some(scale);
    window.settle();
    assert_eq!(window.harness.ctx.content_rect().size(), Vec2::from(size));
}

fn post_two(window: &mut Window) {
    let messages = &mut window.harness.state_mut().state.messages;
    let lost = "1234 frames were lost because the analysis could not keep up; they are gaps in the \
                plots. Close other programs, or run `fleeting doctor` to see what helps.";
    messages.post(Weight::Warning, Topic::Loss, lost);
    messages.post(
        Weight::Error,
        Topic::Other,
        "The recording has ended: the disk is full. What was stored until then is kept; the \
         analysis goes on without it.",
    );
    window.settle();
}

#[test]
fn at_every_size_nothing_is_outside_and_nothing_lies_over_something_else() {
    let mut all = Vec::new();
    for (state, mut window) in states() {
        for messages in [0, 2] {
            if messages == 2 {
                post_two(&mut window);
            }
            for size in SIZES {
                for scale in [1.0, 2.0] {
                    resize(&mut window, size, scale);
                    let at = format!("{state}, {size:?} × {scale}, {messages} messages");
                    all.extend(faults(&window).into_iter().map(|fault| format!("{at}: {fault}")));
                }
            }
        }
    }
    let count = all.len();
    all.truncate(300);
    assert!(all.is_empty(), "{count} faults:\n{}", all.join("\n"));
}

#[test]
fn messages_never_move_what_the_pointer_is_on() {
    for mut window in [live(), review()] {
        let places = |window: &Window| -> Vec<(String, Rect)> {
            let all = pieces(window, |role| CONTROLS.contains(&role) || role == egui::Role::Pane);
            let own = ["Dismiss", "Messages", "Show all"];
            let is_own = |p: &Piece| own.iter().any(|own| p.name.starts_with(own));
            all.into_iter().filter(|p| !is_own(p)).map(|p| (p.name, p.rect)).collect()
        };
        let before = places(&window);
        post_two(&mut window);
        assert_eq!(places(&window), before);
    }
}

#[test]
fn a_message_that_asks_for_nothing_goes_by_itself_and_one_that_asks_stays() {
    let mut window = live();
    let messages = &mut window.harness.state_mut().state.messages;
    messages.post(Weight::Note, Topic::Other, "The recording is stored.");
    window.settle();
    assert!(window.has("Note: The recording is stored."));
    post_two(&mut window);
    window.harness.state_mut().state.advance(1e4);
    window.harness.state_mut().state.advance(2e4);
    window.settle();
    assert!(!window.has("Note: The recording is stored."));
    assert!(window.has("Error: The recording has ended"));
}

#[test]
fn a_message_that_is_repeated_is_one_line_with_a_count() {
    let mut window = live();
    for dropped in [3, 9, 12] {
        let stats = Stats { dropped: 2000 + dropped, ..Stats::default() };
        window.say([Update::Record(Record::Stats(stats))]);
    }
    assert!(window.has("frames are lost") && window.has("3 times"));
}

#[test]
fn a_window_too_small_for_its_controls_is_drawn_smaller() {
    let fits = |points: Vec2| {
        let zoom = fleeting::app::launch::zoom_that_fits(points);
        (points / zoom).x >= 999.0 && (points / zoom).y >= 559.0
    };
    for [w, h] in SIZES {
        assert!(fits(vec2(w, h)) && fits(vec2(w, h) / 2.0), "{w} × {h}");
        assert_eq!(fleeting::app::launch::zoom_that_fits(vec2(w, h)), 1.0);
    }
}
