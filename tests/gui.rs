//! The window through its accessibility tree: what a person finds, and what keys and clicks do.
//!
//! There is no graphics card and no camera: a script replaces the engine.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops where it stands")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use fleeting::app::backend::null::NullBackend;
use fleeting::app::backend::{
    Assignment, Backend, CameraChoice, EngineHandle, Pending, Pick, Picked, Wake,
};
use fleeting::app::command::{Command, Floating, Tab};
use fleeting::app::live::LivePhase;
use fleeting::app::panels::{PlotUse, Slot, panels_of};
use fleeting::app::recording::SessionList;
use fleeting::app::registry::{CommandEntry, Group, entries};
use fleeting::app::review::outside::{ExportJob, ImportJob, OpenedSession, SessionPictures};
use fleeting::app::shortcut::Chord;
use fleeting::app::{App, LaunchOptions};
use fleeting::engine::{Busy, EngineCommand, Preview, Update};
use fleeting::exchange::Written;
use fleeting::exchange::import::ImportedLayer;
use fleeting::measure::baseline::Baseline;
use fleeting::measure::event::*;
use fleeting::measure::face::Landmarks;
use fleeting::measure::geometry::{Affine, Point};
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::regions::{REGIONS, RegionMotion};
use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Notice, NoticeKind, SourceInfo};
use fleeting::model::ModelChoice;
use fleeting::model::provenance::Provenance;
use fleeting::pipeline::Overlay;
use fleeting::session::clip::EventClip;
use fleeting::session::counts::{Loss, LossReason};
use fleeting::session::record::Record;
use fleeting::session::record::Stats;
use fleeting::source::SourceSpec;

#[path = "gui/day.rs"]
mod day;
#[path = "gui/dialogs.rs"]
mod dialogs;
#[path = "gui/fit.rs"]
mod fit;
#[path = "gui/idle.rs"]
mod idle;
#[path = "gui/length.rs"]
mod length;
#[path = "gui/recording.rs"]
mod recording;
#[path = "gui/review.rs"]
mod review;
#[path = "gui/sound.rs"]
mod sound;
#[path = "gui/streams.rs"]
mod streams;

/// What the scripted engine will send, and what it was asked.
#[derive(Default)]
struct Script {
    updates: Vec<Update>,
    preview: Option<Preview>,
    asked: Vec<EngineCommand>,
    deleted: Vec<PathBuf>,
}

struct ScriptedFeed(Arc<Mutex<Script>>);

impl EngineHandle for ScriptedFeed {
    fn send(&self, command: EngineCommand) -> Result<(), Busy> {
        let mut script = self.0.lock().expect("one thread");
        match command {
            EngineCommand::Pause => script.updates.push(Update::Running(false)),
            EngineCommand::Resume => script.updates.push(Update::Running(true)),
            _ => {}
        }
        script.asked.push(command);
        Ok(())
    }

    fn updates(&self) -> Vec<Update> {
        std::mem::take(&mut self.0.lock().expect("one thread").updates)
    }

    fn preview(&self) -> Option<Preview> {
        self.0.lock().expect("one thread").preview.take()
    }

    fn finish(self: Box<Self>) -> Vec<Update> {
        self.updates()
    }
}

struct ScriptedBackend {
    script: Arc<Mutex<Script>>,
    /// Of a recording that is analysed beside the source.
    recording: Arc<Mutex<Script>>,
    started: Rc<RefCell<Vec<SourceSpec>>>,
    cameras: Vec<CameraChoice>,
    picks: Picks,
    sessions: Sessions,
}

/// What the file dialog will answer.
type Picks = Rc<RefCell<Picked>>;

/// What opening a session will give, in order.
type Sessions = Rc<RefCell<VecDeque<Result<OpenedSession, String>>>>;

impl Backend for ScriptedBackend {
    fn start(&mut self, assignment: &Assignment, _: Wake) -> Box<dyn EngineHandle> {
        self.started.borrow_mut().push(assignment.source.clone());
        let is_live = assignment.source.options.paced;
        let script = if is_live { &self.script } else { &self.recording };
        Box::new(ScriptedFeed(Arc::clone(script)))
    }

    fn stop(&mut self, engine: Box<dyn EngineHandle>, wake: Wake) -> Pending<Vec<Update>> {
        NullBackend.stop(engine, wake)
    }
    fn list_sessions(&mut self, root: &Path, wake: Wake) -> Pending<SessionList> {
        NullBackend.list_sessions(root, wake)
    }
    fn delete_sessions(&mut self, folders: &[PathBuf], wake: Wake) -> Pending<Vec<String>> {
        self.script.lock().expect("one thread").deleted.extend_from_slice(folders);
        NullBackend.delete_sessions(folders, wake)
    }

    fn find_cameras(&mut self, _: Wake) -> Pending<Result<Vec<CameraChoice>, String>> {
        let cameras = self.cameras.clone();
        Box::new(move || Some(Ok(cameras.clone())))
    }

    fn screen(
        &mut self,
        source: &SourceSpec,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        NullBackend.screen(source, provenance, models, wake)
    }

    fn open_session(
        &mut self,
        _: &Path,
        _: &ModelChoice,
        _: Wake,
    ) -> Pending<Result<OpenedSession, String>> {
        let mut opened = self.sessions.borrow_mut().pop_front();
        Box::new(move || opened.take())
    }

    fn import(&mut self, job: ImportJob, wake: Wake) -> Pending<Result<ImportedLayer, String>> {
        NullBackend.import(job, wake)
    }

    fn export(&mut self, job: ExportJob, _: Wake) -> Pending<Result<Written, String>> {
        let name = job.what.name();
        let mut written = Some(match job.folder.exists() {
            true => Err(format!("{name}: already exists")),
            false => Ok(Written { files: vec![job.folder.join(name)], remarks: Vec::new() }),
        });
        Box::new(move || written.take())
    }

    fn pick(&mut self, _: Pick, _: Wake) -> Pending<Picked> {
        let picked = self.picks.borrow().clone();
        Box::new(move || Some(picked.clone()))
    }
}

/// A window with a scripted backend.
struct Window {
    harness: Harness<'static, App>,
    script: Arc<Mutex<Script>>,
    recording: Arc<Mutex<Script>>,
    started: Rc<RefCell<Vec<SourceSpec>>>,
    sessions: Sessions,
    picks: Picks,
}

impl Window {
    fn open(source: Option<&str>, cameras: &[&str]) -> Self {
        Self::open_with(source, cameras, None)
    }

    /// On a system without a file dialog.
    fn open_without_dialogs(source: Option<&str>) -> Self {
        let window = Self::open_with(source, &[], None);
        window.picks.replace(Picked::NoDialog);
        window
    }

    fn open_with(source: Option<&str>, cameras: &[&str], picks: Option<PathBuf>) -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let recording = Arc::new(Mutex::new(Script::default()));
        let started = Rc::new(RefCell::new(Vec::new()));
        let (sessions, picks) = (
            Sessions::default(),
            Picks::new(RefCell::new(picks.map_or(Picked::Nothing, Picked::Path))),
        );
        let camera = |(i, name): (usize, &&str)| CameraChoice {
            target: i.to_string(),
            name: (*name).to_owned(),
        };
        let backend = ScriptedBackend {
            script: Arc::clone(&script),
            recording: Arc::clone(&recording),
            started: Rc::clone(&started),
            cameras: cameras.iter().enumerate().map(camera).collect(),
            picks: Rc::clone(&picks),
            sessions: Rc::clone(&sessions),
        };
        let options = LaunchOptions {
            source: source.map(|s| s.parse().expect("a source")),
            ..LaunchOptions::default()
        };
        let harness = Harness::builder()
            .with_size([1366.0, 768.0])
            .build_eframe(move |cc| App::new(cc, options, Box::new(backend)));
        let mut window = Self { harness, script, recording, started, sessions, picks };
        window.settle();
        window
    }

    /// Draws some frames: enough for messages to arrive and for animations to end.
    fn settle(&mut self) {
        self.harness.run_steps(12);
    }

    fn say(&mut self, updates: impl IntoIterator<Item = Update>) {
        self.script.lock().expect("one thread").updates.extend(updates);
        self.settle();
    }

    fn asked(&self) -> Vec<EngineCommand> {
        self.script.lock().expect("one thread").asked.clone()
    }

    /// The rates of false alarms that were asked for, if nothing else was.
    fn asked_rates(&self) -> Vec<f32> {
        let asked = self.asked();
        let rate = |c: &EngineCommand| match c {
            EngineCommand::SetFalseAlarmsPerMinute(rate) => Some(*rate),
            _ => None,
        };
        let rates: Vec<_> = asked.iter().filter_map(rate).collect();
        assert_eq!(rates.len(), asked.len(), "{asked:?}");
        rates
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    fn press_chord(&mut self, chord: &Chord) {
        // A person who holds Ctrl holds it under its own name and as the system's command key.
        let ctrl = if chord.modifiers.command { Modifiers::CTRL } else { Modifiers::NONE };
        self.press(chord.modifiers | ctrl, chord.key);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label_contains(label).next().is_some()
    }

    fn phase(&self) -> &LivePhase {
        &self.harness.state().state.live.phase
    }

    /// The demo person after `frames` frames, with events at these seconds.
    fn live(frames: u64, events: &[f64]) -> Self {
        let mut window = Self::open(Some("demo"), &[]);
        let info =
            SourceInfo { name: "demo person".into(), size_px: (640, 480), ..Default::default() };
        window.script.lock().expect("one thread").preview = Some(preview(frames + 6));
        window.say([
            Update::Record(Record::Opened(info)),
            Update::Running(true),
            Update::Record(Record::Threshold(Score { micro: 0.5, macro_: 0.6 })),
            Update::Record(Record::Samples((0..frames).map(sample).collect())),
            Update::Record(Record::Stats(Stats {
                analysed: frames,
                source_fps: 30.0,
                ..Stats::default()
            })),
        ]);
        let found = events.iter().enumerate();
        window.say(found.map(|(id, secs)| {
            Update::Record(Record::Event(event(id as u64, *secs), Some(clip(*secs))))
        }));
        window
    }
}

fn sample(seq: u64) -> Sample {
    let has_face = !(100..130).contains(&seq);
    let trouble = if has_face { Trouble::NONE } else { Trouble::NO_FACE };
    Sample {
        seq,
        time: Timestamp::of_frame(seq, 30.0),
        quality: Quality { trouble, rate_fps: 30.0, eye_distance_px: 120.0, ..Quality::default() },
        motion: Some(RegionMotion { regions: [[0.3, -0.2]; REGIONS], head: [0.0; 2] }),
        score: has_face.then_some(Score { micro: 0.2, macro_: 0.1 }),
    }
}

fn preview(seq: u64) -> Preview {
    let points =
        (0..478).map(|i| Point::new(200.0 + (i % 22) as f32 * 10.0, 100.0 + i as f32 / 2.0));
    let overlay = Overlay {
        landmarks: Landmarks { points_in_frame: points.collect(), ..Landmarks::default() },
        regions_in_frame: (0..REGIONS)
            .map(|i| (Point::new(200.0 + 10.0 * i as f32, 200.0), 8.0))
            .collect(),
        motion: sample(0).motion,
        frame_from_face: Some(Affine::similarity(1.2, 0.1, Point::new(200.0, 80.0))),
        quality: sample(0).quality,
    };
    let image = Arc::new(RgbImage::new(640, 480));
    Preview { frame: Frame::new(seq, Timestamp::of_frame(seq, 30.0), image), overlay }
}

fn event(id: u64, onset_secs: f64) -> Event {
    let moment = |secs: f64| Moment {
        frame: (secs * 30.0).round() as u64,
        time: Timestamp::from_secs(secs),
    };
    Event {
        id,
        kind: if id.is_multiple_of(2) { EventKind::Micro } else { EventKind::Macro },
        onset: moment(onset_secs),
        apex: moment(onset_secs + 0.2),
        offset: moment(onset_secs + 0.4),
        score: 0.8,
        action_units: vec![MovingUnit {
            unit: ActionUnit(12),
            side: Side::Left,
            probability: 0.9,
            intensity: None,
        }],
        emotion: Some(EmotionReading { probabilities: [0.1, 0.8, 0.1], clear: true }),
        trouble: Trouble::NONE,
        origin: Origin::Model,
    }
}

fn clip(onset_secs: f64) -> Arc<EventClip> {
    let first = (onset_secs * 30.0).round() as u64;
    let frame =
        |i: u64| (first + i, Timestamp::of_frame(first + i, 30.0), RgbImage::new(16, 16).into());
    let regions = (0..REGIONS).map(|i| (Point::new(4.0 + 0.3 * i as f32, 8.0), 2.0)).collect();
    let frames = (0..13).map(frame).collect();
    Arc::new(EventClip { frames, onset: 0, apex: 6, offset: 12, regions })
}

/// A window in each state.
fn in_each_state() -> [(&'static str, Window); 4] {
    let empty = Window::open(None, &[]);
    empty.script.lock().expect("one thread").updates.clear();
    let live = Window::live(300, &[2.0, 5.0]);
    let mut paused = Window::live(300, &[2.0, 5.0]);
    paused.press(Modifiers::NONE, Key::Space);
    let mut fault = Window::live(300, &[2.0]);
    fault.say([Update::Ended(Some("the camera is gone. Plug it in and press Start".into()))]);
    [("empty", empty), ("live", live), ("paused", paused), ("fault", fault)]
}

/// Every panel of the tab is there in each state; floating windows are opened first.
fn panels_are_there(tab: Tab, states: impl IntoIterator<Item = (&'static str, Window)>) {
    for (state, mut window) in states {
        for panel in panels_of(tab) {
            let needs_sound = matches!(panel.slot, Slot::Plot { shown: PlotUse::WithSound, .. });
            if needs_sound && !window.harness.state().state.review.sound.is_there() {
                continue;
            }
            if let Slot::Floating(floating) = panel.slot {
                window.harness.state_mut().state.floating = Some(floating);
                window.settle();
            }
            assert!(window.has(panel.name), "{} while {state}", panel.name);
            if let Slot::Floating(_) = panel.slot {
                window.harness.state_mut().state.apply(Command::CloseWindow);
                window.settle();
            }
        }
    }
}

/// Everything that can be operated or read has a name for screen readers.
fn controls_have_names(states: impl IntoIterator<Item = (&'static str, Window)>) {
    for (state, window) in states {
        for node in window.harness.root().children_recursive() {
            let node = node.accesskit_node();
            let is_control = matches!(
                node.role(),
                egui::Role::Button | egui::Role::TextInput | egui::Role::Slider | egui::Role::Image
            );
            let name = node.label().or_else(|| node.value()).unwrap_or_default();
            assert!(!is_control || !name.trim().is_empty(), "{state}: {:?}", node.role());
        }
    }
}

#[test]
fn every_panel_is_there_in_every_state() {
    panels_are_there(Tab::Live, in_each_state());
}

#[test]
fn each_state_is_said_in_a_word() {
    let words = ["STARTING", "DEMO", "PAUSED", "FAULT"];
    for ((state, window), word) in in_each_state().iter().zip(words) {
        assert!(window.has(&format!("State: {word}")), "{state}");
    }
}

#[test]
fn every_control_has_a_name_to_be_read_by_ear() {
    controls_have_names(in_each_state());
}

#[test]
fn space_pauses_and_resumes_through_the_engine() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(*window.phase(), LivePhase::Paused);
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(*window.phase(), LivePhase::Live);
    assert_eq!(window.asked(), [EngineCommand::Pause, EngineCommand::Resume]);
}

#[test]
fn every_key_of_the_registry_reaches_its_command_and_harms_nothing() {
    let here = entries().filter(|e| e.tabs.contains(&Tab::Live));
    let stays = |e: &&CommandEntry| {
        !matches!(e.command, Command::Quit | Command::ShowTab(_) | Command::Review(_))
    };
    for entry in here.filter(stays) {
        for chord in entry.keys {
            let mut window = Window::live(300, &[2.0, 5.0]);
            window.press_chord(chord);
            assert!(window.has("Transport"), "{}", entry.name);
        }
    }
}

#[test]
fn the_arrow_keys_pick_events() {
    let mut window = Window::live(300, &[2.0, 5.0, 8.0]);
    let picked = |w: &Window| w.harness.state().state.live.view.picked;
    assert_eq!(picked(&window), None);
    window.press(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(picked(&window), Some(fleeting::session::annotation::Target::Machine(1)));
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(picked(&window), Some(fleeting::session::annotation::Target::Machine(2)));
}

#[test]
fn a_click_in_the_list_shows_the_event_in_the_card() {
    let mut window = Window::live(300, &[2.0, 5.0]);
    assert!(window.has("Macro-expression 2"));
    window.harness.get_by_label_contains("micro at 0:02.000").click();
    window.settle();
    assert!(window.has("Micro-expression 1"));
    for picture in ["onset", "apex", "offset", "change", "slow loop"] {
        assert!(window.has(&format!("Event picture: {picture}")), "{picture}");
    }
    assert!(window.has("lip corner puller"));
}

#[test]
fn an_event_far_up_the_list_comes_into_view_when_it_is_picked() {
    let secs: Vec<f64> = (0..200).map(|i| 1.0 + f64::from(i)).collect();
    let mut window = Window::live(300, &secs);
    assert!(!window.has("micro at 0:03.000"));
    window
        .harness
        .state_mut()
        .state
        .apply(Command::SelectEvent(fleeting::session::annotation::Target::Machine(2)));
    window.settle();
    assert!(window.has("micro at 0:03.000"));
}

#[test]
fn dragging_a_plot_stops_following_and_f_returns() {
    let mut window = Window::live(900, &[]);
    let follows = |w: &Window| w.harness.state().state.live.view.timeline.follows;
    let center = window.harness.get_by_label("Score plot").rect().center();
    window.harness.drag_at(center);
    window.settle();
    window.harness.hover_at(center + egui::vec2(60.0, 0.0));
    window.settle();
    window.harness.drop_at(center + egui::vec2(60.0, 0.0));
    window.settle();
    assert!(!follows(&window));
    let range = |w: &Window| {
        let state = &w.harness.state().state;
        state.live.view.timeline.range(state.newest_secs())
    };
    let held = range(&window);
    window.say([Update::Record(Record::Samples((900..960).map(sample).collect()))]);
    assert_eq!(range(&window), held, "live goes on and the view stands still");
    window.press(Modifiers::NONE, Key::F);
    assert!(follows(&window));
}

#[test]
fn the_wheel_zooms_while_live() {
    let mut window = Window::live(900, &[]);
    let center = window.harness.get_by_label("Score plot").rect().center();
    window.harness.hover_at(center);
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 3.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    window.settle();
    let state = &window.harness.state().state;
    let (first, last) = state.live.view.timeline.range(state.newest_secs());
    assert!(!state.live.view.timeline.follows && last - first < 19.0, "{first} {last}");
}

#[test]
fn an_error_stays_until_it_is_read() {
    let mut window = Window::live(60, &[]);
    let text = "the camera is gone. Plug it in";
    window.say([Update::Ended(Some(text.into()))]);
    window.harness.run_steps(200);
    assert!(window.has(&format!("Error: {text}")));
    window.click("Dismiss");
    assert!(!window.has(&format!("Error: {text}")));
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::L);
    assert!(window.has(text), "the log keeps it");
}

#[test]
fn losing_and_finding_the_camera_is_said() {
    let mut window = Window::live(60, &[]);
    let notice =
        |kind, text: &str| Update::Record(Record::Notice(Notice { kind, text: text.into() }));
    window.say([notice(NoticeKind::Disconnected, "The camera is gone; waiting for it.")]);
    assert!(window.has("Error: The camera is gone"));
    assert!(window.has("CAMERA LOST") && !window.has("LIVE"));
    assert!(window.has("Last picture before the camera was lost"));
    window.say([notice(NoticeKind::Reconnected, "The camera is back; 31 frames were lost.")]);
    assert!(!window.has("CAMERA LOST") && !window.has("Last picture before"));
    assert!(window.has("Note: The camera is back"));
    assert!(!window.has("Error: The camera is gone"));
}

#[test]
fn lost_frames_are_counted_where_people_look() {
    let mut window = Window::live(60, &[]);
    let reason = LossReason::Queue;
    let stats = Stats { dropped: 12, analysed: 60, ..Stats::default() };
    window.say([
        Update::Record(Record::Lost(Loss { first: 60, frames: 12, reason })),
        Update::Record(Record::Stats(stats)),
    ]);
    let words = "12 of 72 frames are lost (12 because the analysis or the disk was too slow)";
    assert!(window.has(&format!("Warning: {words}")));
    assert!(window.has("12 lost"), "beside the rate");
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::P);
    window.harness.get_by_label("Command").type_text("regions");
    window.settle();
    let before = window.harness.state().state.settings.regions;
    window.press(Modifiers::NONE, Key::Enter);
    assert_ne!(window.harness.state().state.settings.regions, before);
    assert_eq!(window.harness.state().state.floating, None);
}

#[test]
fn keys_are_off_while_typing() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::P);
    window.harness.get_by_label("Command").focus();
    window.settle();
    let before = window.harness.state().state.settings.clone();
    for key in [Key::Space, Key::P, Key::G, Key::V, Key::T, Key::F, Key::Comma, Key::Home] {
        window.press(Modifiers::NONE, key);
    }
    assert_eq!(window.harness.state().state.settings, before);
    assert_eq!(*window.phase(), LivePhase::Live);
    assert!(window.asked().is_empty());
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.harness.state().state.floating, None, "Esc always closes");
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(*window.phase(), LivePhase::Paused);
}

#[test]
fn the_overlay_lists_every_command_that_has_a_key() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::SHIFT, Key::Questionmark);
    assert_eq!(window.harness.state().state.floating, Some(Floating::Keys));
    for entry in entries().filter(|e| e.tabs.contains(&Tab::Live) && !e.keys.is_empty()) {
        assert!(window.has(entry.name), "{}", entry.name);
    }
}

#[test]
fn every_command_is_in_a_menu() {
    for (tab, group) in Tab::ALL.into_iter().flat_map(|t| Group::ALL.map(|group| (t, group))) {
        let here: Vec<_> =
            entries().filter(|e| e.group == group && e.tabs.contains(&tab)).collect();
        if here.is_empty() {
            continue;
        }
        let mut window = Window::live(60, &[]);
        window.harness.state_mut().state.apply(Command::ShowTab(tab));
        window.settle();
        window.harness.get_by_role_and_label(egui::Role::Button, group.name()).click();
        window.settle();
        for entry in here {
            assert!(window.has(entry.name), "{}", entry.name);
        }
    }
}

#[test]
fn with_a_camera_the_program_opens_it_and_says_so() {
    let mut window = Window::open(None, &["HD Webcam", "Other"]);
    assert_eq!(window.started.borrow()[0].to_string(), "camera:0");
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::L);
    assert!(window.has("Using the camera “HD Webcam”"));
}

#[test]
fn without_a_camera_the_demo_person_is_shown_and_the_program_says_why() {
    let window = Window::open(None, &[]);
    assert_eq!(window.started.borrow()[0].to_string(), "demo");
    assert!(window.has("No camera was found"));
}

#[test]
fn a_source_that_cannot_be_used_leaves_a_helpful_screen() {
    let mut window = Window::open(Some("camera"), &[]);
    window.say([Update::Ended(Some("No camera. Plug one in".into()))]);
    assert!(window.has("The source cannot be used"));
    window.click("Use the demo person");
    assert_eq!(window.started.borrow().last().map(ToString::to_string), Some("demo".into()));
}

#[test]
fn a_picked_video_is_opened() {
    let mut window = Window::open_with(Some("demo"), &[], Some("some clip.mp4".into()));
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::O);
    let started = window.started.borrow().last().map(ToString::to_string);
    assert_eq!(started, Some("video:some clip.mp4".into()));
}

#[test]
fn the_baseline_shows_how_far_it_is() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::NONE, Key::B);
    assert_eq!(window.asked(), [EngineCommand::Baseline { secs: 10.0 }]);
    window.say([Update::Baseline(0.7)]);
    assert!(window.has("Baseline 30 %"));
    window.say([Update::Baseline(0.0)]);
    assert!(window.has("Baseline 10 s"));
}

#[test]
fn a_baseline_in_use_is_seen_and_a_click_drops_it() {
    let mut window = Window::live(60, &[]);
    let still: Vec<Sample> = (0..300).map(sample).collect();
    let baseline = Box::new(Baseline::measure(&still).expect("a neutral face"));
    window.say([Update::Record(Record::Baselined(baseline))]);
    assert!(!window.has("Baseline 10 s"));
    window.click("Baseline on  ×");
    assert_eq!(window.asked(), [EngineCommand::DropBaseline]);
    window.say([Update::Record(Record::BaselineDropped)]);
    assert!(window.has("Baseline 10 s"));
}

#[test]
fn the_threshold_keys_ask_the_engine_for_another_rate() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::NONE, Key::Period);
    window.press(Modifiers::NONE, Key::Comma);
    let rates = window.asked_rates();
    assert_eq!(rates.len(), 2);
    let at_first = fleeting::config::Config::default().spotting.false_alarms_per_minute;
    assert!(rates[0] > at_first && (rates[1] - at_first).abs() < 1e-3, "{rates:?}");
}

#[test]
fn a_press_of_a_threshold_key_asks_once_and_in_the_hundredths_that_are_shown() {
    let mut window = Window::live(60, &[]);
    (0..8).for_each(|_| window.press(Modifiers::NONE, Key::Period));
    let rates = window.asked_rates();
    assert_eq!(rates.len(), 8, "{rates:?}");
    for rate in rates {
        let hundredths = rate * 100.0;
        assert!((hundredths - hundredths.round()).abs() < 1e-3, "{rate}");
    }
}

#[test]
fn a_rate_between_hundredths_is_drawn_and_left_as_it_is() {
    let mut window = Window::live(60, &[]);
    window.harness.state_mut().state.settings.false_alarms_per_minute = 0.125;
    window.settle();
    assert!(window.asked().is_empty());
    assert_eq!(window.harness.state().state.false_alarms(), 0.125);
}

#[test]
fn an_idle_window_asks_for_no_repaint() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::NONE, Key::Space);
    window.harness.run_steps(30);
    let viewport = &window.harness.output().viewport_output[&egui::ViewportId::ROOT];
    assert!(viewport.repaint_delay.as_millis() > 100, "{:?}", viewport.repaint_delay);
}

#[test]
fn while_paused_the_picture_is_the_frame_that_the_cursor_names_or_says_that_it_is_not() {
    let mut window = Window::live(300, &[2.0]);
    window.press(Modifiers::NONE, Key::Space);
    window.harness.state_mut().state.apply(Command::PutCursor(2.2));
    window.settle();
    assert!(window.has("Picture of frame 66 at 0:02.200"));
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert!(window.has("Picture of frame 67"));
    window.harness.state_mut().state.apply(Command::PutCursor(8.0));
    window.settle();
    assert!(window.has("the picture of frame 240 at 0:08.000 is not kept"));
}

#[test]
fn ten_thousand_events_are_no_trouble() {
    let secs: Vec<f64> = (0..10_000).map(|i| 1.0 + f64::from(i) * 0.01).collect();
    let mut window = Window::live(300, &[]);
    let events = secs
        .iter()
        .enumerate()
        .map(|(id, s)| Update::Record(Record::Event(event(id as u64, *s), None)));
    window.say(events.collect::<Vec<_>>());
    assert!(window.has("5000 micro, 5000 macro"));
    assert!(window.has("Its pictures are gone, because nothing recorded them"));
}
