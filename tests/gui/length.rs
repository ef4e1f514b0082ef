//! A longer session does not make the drawing larger.

use fleeting::app::review::outside::OpenedSession;
use fleeting::session::Session;

use super::*;

/// Frames a second.
const FPS: f64 = 200.0;

/// Noise everywhere, an event every half second.
fn seen(mut session: Session, minutes: f64) -> Session {
    for seq in 0..(minutes * 60.0 * FPS) as u64 {
        let noise = (seq.wrapping_mul(2_654_435_761) >> 16 & 0xFF) as f32 / 255.0;
        let score = Some(Score { micro: noise, macro_: 1.0 - noise });
        let time = Timestamp::of_frame(seq, FPS);
        session.history.push(Sample { seq, time, score, ..sample(seq) });
    }
    session.events = (0..(minutes * 120.0) as u64).map(|id| event(id, id as f64 * 0.5)).collect();
    session
}

/// Number of points that the graphics card gets with this much of the newest time in view.
fn points(window: &mut Window, tab: Tab, span_secs: f64, minutes: f64) -> usize {
    let state = &mut window.harness.state_mut().state;
    state.tab = tab;
    let last = minutes * 60.0;
    let timeline = if tab == Tab::Live {
        &mut state.live.view.timeline
    } else {
        &mut state.review.view.timeline
    };
    timeline.show(last - span_secs, last, last);
    window.settle();
    let output = window.harness.output();
    let drawn = window.harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let points = drawn.iter().map(|clipped| match &clipped.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    });
    points.sum()
}

fn window(minutes: f64) -> Window {
    let mut window = Window::open(Some("demo"), &[]);
    let state = &mut window.harness.state_mut().state;
    state.live.view.session = seen(Session::default(), minutes);
    state.review.open(OpenedSession {
        session: seen(Session::keeping_all(), minutes),
        place: None,
        source: None,
        remarks: Vec::new(),
        screen: None,
        sound: None,
        keeper: None,
    });
    window
}

#[test]
fn a_session_eight_times_as_long_is_drawn_with_as_many_points() {
    let lengths = [2.0, 16.0];
    let mut windows = lengths.map(window);
    for tab in [Tab::Live, Tab::Review] {
        for span_secs in [2.0, 20.0, 100.0] {
            let [short, long] = [0, 1].map(|i| points(&mut windows[i], tab, span_secs, lengths[i]));
            let most = short + short / 20;
            assert!(long <= most, "{tab:?}, {span_secs} s: {short} points, then {long}");
        }
        // With everything in view, there are as many places as the plot is wide, however long the session is.
        let whole = points(&mut windows[1], tab, lengths[1] * 60.0, lengths[1]);
        assert!(whole < 80_000, "{tab:?}, all: {whole} points");
    }
}
