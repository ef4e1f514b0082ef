//! The cost of a drawn frame with sessions of a minute, an hour and four hours at 200 frames a second: `cargo
//! bench --bench interface`.
//!
//! The whole window is drawn without a graphics card: the layout, and the triangles that a card would get.
//! Costs in one row are measured in turns, so that other work of the machine affects all alike.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::Arc;
use std::time::Instant;

use fleeting::app::backend::null::NullBackend;
use fleeting::app::command::Tab;
use fleeting::app::live::LivePhase;
use fleeting::app::review::outside::OpenedSession;
use fleeting::app::{App, LaunchOptions};
use fleeting::engine::Preview;
use fleeting::measure::event::{Event, EventKind, Moment, Origin};
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::regions::RegionMotion;
use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::pipeline::Overlay;
use fleeting::session::Session;
use fleeting::session::annotation::{Act, Entry, Mark};
use fleeting::source::SourceSpec;

/// Frames a second.
const FPS: f64 = 200.0;

/// Seconds from one event to the next.
const EVENT_EVERY_SECS: f64 = 6.0;

/// Number of drawn frames that are measured for each figure.
const DRAWN: usize = 120;

/// The window, points.
const WINDOW: egui::Vec2 = egui::vec2(1366.0, 768.0);

/// Sessions: a name, and minutes.
const LENGTHS: [(&str, f64); 3] = [("1 min", 1.0), ("1 h", 60.0), ("4 h", 240.0)];

fn main() {
    let before = resident_mb();
    let mut windows: Vec<_> = LENGTHS.iter().map(|(_, minutes)| Drawn::new(*minutes)).collect();
    let hours = LENGTHS.iter().map(|(_, minutes)| minutes / 60.0).sum::<f64>();
    let (bytes, live, review) = (resident_mb() - before, windows[2].live, windows[2].review);
    println!("samples at {FPS} fps: {:.0} MB an hour under review,", review);
    println!("live {live:.0} MB after the first; all sessions here {bytes:.0} MB for {hours:.1} h");
    println!("\nmilliseconds of one core for a drawn frame, median of {DRAWN}; triangles for 4 h");
    let heads: String = LENGTHS.iter().map(|(name, _)| format!("{name:>9}")).collect();
    println!("{:<34}{heads}{:>14}{:>11}", "", "4 h : 1 min", "triangles");
    for view in View::ALL {
        let mut costs = vec![Vec::new(); windows.len()];
        windows.iter_mut().for_each(|window| window.take(view));
        for i in 0..DRAWN + 10 {
            for (window, costs) in windows.iter_mut().zip(&mut costs) {
                let ms = window.draw(view);
                costs.extend((i >= 10).then_some(ms));
            }
        }
        let medians: Vec<f64> = costs.into_iter().map(median).collect();
        let cells: String = medians.iter().map(|ms| format!("{ms:>9.2}")).collect();
        let ratio = medians[2] / medians[0];
        println!("{:<34}{cells}{ratio:>14.2}{:>11}", view.name(), windows[2].triangles);
    }
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum View {
    Following,
    LivePanned,
    LiveWhole,
    ReviewEvent,
    ReviewPanned,
    ReviewMinute,
    ReviewWhole,
}

impl View {
    const ALL: [Self; 7] = [
        Self::Following,
        Self::LivePanned,
        Self::LiveWhole,
        Self::ReviewEvent,
        Self::ReviewPanned,
        Self::ReviewMinute,
        Self::ReviewWhole,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Following => "Live, following, 20 s in view",
            Self::LivePanned => "Live, panned, 20 s in view",
            Self::LiveWhole => "Live, the whole session in view",
            Self::ReviewEvent => "Review, 2 s in view",
            Self::ReviewPanned => "Review, panned, 20 s in view",
            Self::ReviewMinute => "Review, 1 min in view",
            Self::ReviewWhole => "Review, the whole session in view",
        }
    }

    fn tab(self) -> Tab {
        match self {
            Self::Following | Self::LivePanned | Self::LiveWhole => Tab::Live,
            _ => Tab::Review,
        }
    }
}

/// A window with a session in both tabs.
struct Drawn {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
    minutes: f64,
    drawn: u64,
    picture: Arc<RgbImage>,
    triangles: usize,
    /// Megabytes of samples an hour, in either tab.
    live: f64,
    review: f64,
}

impl Drawn {
    fn new(minutes: f64) -> Self {
        let ctx = egui::Context::default();
        let cc = eframe::CreationContext::_new_kittest(ctx.clone());
        let source: Option<SourceSpec> = "demo".parse().ok();
        let options = LaunchOptions { source, ..LaunchOptions::default() };
        let mut app = App::new(&cc, options, Box::new(NullBackend));
        let hours = minutes / 60.0;
        let before = resident_mb();
        app.state.live.view.session = session(Session::default(), minutes);
        let live = (resident_mb() - before) / hours;
        app.state.live.phase = LivePhase::Live;
        let before = resident_mb();
        app.state.review.open(OpenedSession {
            session: session(Session::keeping_all(), minutes),
            place: None,
            source: None,
            remarks: Vec::new(),
            screen: None,
            sound: None,
            keeper: None,
        });
        let review = (resident_mb() - before) / hours;
        let frame = eframe::Frame::_new_kittest();
        let picture = Arc::new(RgbImage::new(640, 480));
        Self { ctx, app, frame, minutes, drawn: 0, picture, triangles: 0, live, review }
    }

    /// Changes to a view.
    fn take(&mut self, view: View) {
        let (state, secs) = (&mut self.app.state, self.minutes * 60.0);
        state.tab = view.tab();
        let middle = secs / 2.0;
        match view {
            View::Following => state.live.view.timeline.follow(),
            View::LivePanned => state.live.view.timeline.show(middle - 9.6, middle + 9.6, secs),
            View::LiveWhole => state.live.view.timeline.show(0.0, secs, secs),
            View::ReviewEvent => state.review.view.timeline.show(middle - 1.0, middle + 1.0, secs),
            View::ReviewPanned => state.review.view.timeline.show(middle - 9.6, middle + 9.6, secs),
            View::ReviewMinute => {
                state.review.view.timeline.show(middle - 29.0, middle + 29.0, secs)
            }
            View::ReviewWhole => state.review.view.timeline.show(0.0, secs, secs),
        }
    }

    /// Draws one frame and returns its milliseconds. Messages of a source that came meanwhile are not
    /// counted.
    fn draw(&mut self, view: View) -> f64 {
        self.drawn += 1;
        let (state, secs) = (&mut self.app.state, self.minutes * 60.0);
        let step = if self.drawn.is_multiple_of(2) { 0.4 } else { -0.4 };
        match view {
            View::Following => {
                let first = state.live.view.session.history.len() as u64;
                (first..first + 3)
                    .for_each(|seq| state.live.view.session.history.push(sample(seq)));
                let time = Timestamp::of_frame(first + 3, FPS);
                if self.drawn.is_multiple_of(2) {
                    let frame = Frame::new(first + 3, time, Arc::clone(&self.picture));
                    state.live.preview = Some(Preview { frame, overlay: Overlay::default() });
                }
            }
            View::LivePanned => state.live.view.timeline.pan(step, secs),
            View::ReviewPanned => state.review.view.timeline.pan(step, secs),
            View::LiveWhole => state.live.view.timeline.zoom(1.0 + 0.01 * step, None, secs),
            _ => state.review.view.timeline.zoom(1.0 + 0.01 * step, None, secs),
        }
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, WINDOW)),
            time: Some(self.drawn as f64 / 60.0),
            ..egui::RawInput::default()
        };
        let begun = Instant::now();
        let (app, frame) = (&mut self.app, &mut self.frame);
        let output = self.ctx.run_ui(input, |ui| {
            eframe::App::logic(app, ui.ctx(), frame);
            eframe::App::ui(app, ui, frame);
        });
        let meshes = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let ms = begun.elapsed().as_secs_f64() * 1000.0;
        let indices = |clipped: &egui::ClippedPrimitive| match &clipped.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        };
        self.triangles = meshes.iter().map(indices).sum::<usize>() / 3;
        ms
    }
}

fn session(mut session: Session, minutes: f64) -> Session {
    let secs = minutes * 60.0;
    for seq in 0..(secs * FPS) as u64 {
        session.history.push(sample(seq));
    }
    for id in 0..(secs / EVENT_EVERY_SECS) as u64 {
        session.events.push(event(id, id as f64 * EVENT_EVERY_SECS + 2.0));
    }
    for mark in 0..(minutes * 2.0) as u64 {
        let at = moment(mark as f64 * 30.0);
        let act = Act::Mark(Mark::new(at, format!("question {mark}")));
        session.log.push(Entry { rater: "Rater 1".into(), at_unix_ms: 0, act });
    }
    session.threshold = Some(Score { micro: 0.6, macro_: 0.6 });
    session
}

/// Motion 30 times a second, a peak for every event, a blink every four seconds.
fn sample(seq: u64) -> Sample {
    let time = Timestamp::of_frame(seq, FPS);
    let phase = time.secs() % EVENT_EVERY_SECS;
    let noise = (seq.wrapping_mul(2_654_435_761) >> 16 & 0xFFFF) as f32 / 65_536.0;
    let peak = (1.0 - (phase as f32 - 2.2).abs() * 5.0).max(0.0);
    let region = |i: usize| [0.3 * noise + peak * (i % 5) as f32 * 0.2, 0.2 * noise];
    let motion = RegionMotion { regions: std::array::from_fn(region), head: [0.0; 2] };
    let blinks = time.secs() % 4.0 > 3.8;
    let trouble = if blinks { Trouble::BLINK } else { Trouble::NONE };
    Sample {
        seq,
        time,
        quality: Quality { trouble, rate_fps: FPS as f32 + noise, ..Quality::default() },
        motion: (seq * 3 % 20 < 3).then_some(motion),
        score: Some(Score { micro: 0.1 * noise + 0.8 * peak, macro_: 0.1 * noise }),
    }
}

fn moment(secs: f64) -> Moment {
    Moment { frame: (secs * FPS) as u64, time: Timestamp::from_secs(secs) }
}

fn event(id: u64, onset_secs: f64) -> Event {
    Event {
        id,
        kind: if id.is_multiple_of(3) { EventKind::Macro } else { EventKind::Micro },
        onset: moment(onset_secs),
        apex: moment(onset_secs + 0.2),
        offset: moment(onset_secs + 0.4),
        score: 0.8,
        action_units: Vec::new(),
        emotion: None,
        trouble: Trouble::NONE,
        origin: Origin::Model,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Megabytes of memory of this process; NaN if the system does not say.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    kb.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<f64>().ok())
        .map_or(f64::NAN, |kb| kb / 1000.0)
}
