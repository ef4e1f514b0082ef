//! Everything the window knows, and the one `match` that changes it.
//!
//! Panels read the state and send commands; engine updates arrive in [`super::running`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LaunchOptions;
use super::analyse::AnalyseState;
use super::backend::{Assignment, Backend, CameraChoice, EngineHandle, Pending, Pick, Wake};
use super::command::{Command, Floating, OverlayLayer, Tab};
use super::message::{Messages, Topic, Weight};
use super::recording::{self, Records};
use super::registry::{CommandEntry, entries};
use super::review::command::in_review;
use super::review::outside::OpenedSession;
use super::review::{self, ReviewState};
use super::view::note::Subject;
use super::view::time_window::TimeWindow;
use crate::config::Config;
use crate::engine::{Command as EngineCommand, Preview, Update};
use crate::measure::event::{Event, Moment};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::model::ModelChoice;
use crate::session::clip::slow_loop::LoopSpeed;
use crate::session::record::Stats;
use crate::session::{Session, store};
use crate::source::{SourceOptions, SourceSpec};

/// Seconds of neutral face that a baseline takes.
pub const BASELINE_SECS: f32 = 10.0;

/// What may be asked for, false alarms per minute.
pub const FALSE_ALARMS: std::ops::RangeInclusive<f32> = 0.05..=20.0;

/// What stays from one start of the program to the next. No path, no name, nothing of what was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark or light; what the system prefers where none.
    pub dark: Option<bool>,
    /// Whether the mesh is drawn.
    pub landmarks: bool,
    /// Whether the regions are drawn.
    pub regions: bool,
    /// Whether motion is drawn.
    pub arrows: bool,
    /// How slowly events are looped.
    pub loop_speed: LoopSpeed,
    /// Expected false alarms per minute.
    pub false_alarms_per_minute: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dark: None,
            landmarks: true,
            regions: false,
            arrows: true,
            loop_speed: LoopSpeed::default(),
            false_alarms_per_minute: Config::default().spotting.false_alarms_per_minute,
        }
    }
}

impl Settings {
    /// Whether a layer is drawn.
    pub fn shows(&self, layer: OverlayLayer) -> bool {
        match layer {
            OverlayLayer::Landmarks => self.landmarks,
            OverlayLayer::Regions => self.regions,
            OverlayLayer::Arrows => self.arrows,
        }
    }

    fn toggle(&mut self, layer: OverlayLayer) {
        let shown = match layer {
            OverlayLayer::Landmarks => &mut self.landmarks,
            OverlayLayer::Regions => &mut self.regions,
            OverlayLayer::Arrows => &mut self.arrows,
        };
        *shown = !*shown;
    }
}

/// Where the run stands. Each has a word and a shape in the theme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LivePhase {
    /// Nothing runs; what was found stays on screen.
    #[default]
    Stopped,
    /// On the way; the words say with what.
    Starting(String),
    /// Frames are analysed.
    Live,
    /// The source is open and nothing is analysed.
    Paused,
    /// A recording was analysed to its end.
    Finished,
    /// The source is being released.
    Stopping,
    /// It ended with an error.
    Fault(String),
}

/// What is known of cameras.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cameras {
    /// Nobody has looked yet, or somebody is looking.
    #[default]
    Unknown,
    /// These are there.
    Found(Vec<CameraChoice>),
    /// The system would not say; one sentence.
    Failed(String),
}

/// What the window has under way outside.
#[derive(Default)]
pub(super) struct Tasks {
    pub cameras: Option<Pending<Result<Vec<CameraChoice>, String>>>,
    pub pick: Option<(Pick, Pending<Option<PathBuf>>)>,
    pub stop: Option<Pending<Vec<Update>>>,
    pub session: Option<Pending<Result<OpenedSession, String>>>,
    pub analysis: Option<Pending<Vec<Update>>>,
}

/// The state of the window.
pub struct State {
    /// What the window shows.
    pub tab: Tab,
    /// The session under review.
    pub review: ReviewState,
    /// A recording on its way to a session.
    pub analyse: AnalyseState,
    /// What is recorded and stored.
    pub records: Records,
    /// A note on its way, with the moment at which it was begun.
    pub live_note: Option<(Moment, String)>,
    /// The moments marked while the source ran.
    pub(super) live_marks: Vec<(Moment, String)>,
    /// What is kept between starts.
    pub settings: Settings,
    /// The chosen source.
    pub source: SourceSpec,
    /// The chosen models.
    pub models: ModelChoice,
    /// Where the run stands.
    pub phase: LivePhase,
    /// What has been seen.
    pub session: Session,
    /// How the engine is doing.
    pub stats: Stats,
    /// The newest picture.
    pub preview: Option<Preview>,
    /// Share of the baseline still to go, while one is measured.
    pub baseline_left: Option<f32>,
    /// The event that was picked by hand; none shows the newest.
    pub picked_event: Option<u64>,
    /// The cursor in the plots.
    pub cursor: Option<Timestamp>,
    /// Whether the event is looped.
    pub loops: bool,
    /// The time axis.
    pub timeline: TimeWindow,
    /// Unread messages and the log.
    pub messages: Messages,
    /// The cameras of this machine.
    pub cameras: Cameras,
    /// What floats on top.
    pub floating: Option<Floating>,
    /// The text in the palette's field.
    pub palette_text: String,
    /// The text in the path field.
    pub path_text: String,
    pub(super) config: Config,
    pub(super) fps: Option<f64>,
    /// Whether the program chooses the source as soon as it knows the cameras.
    pub(super) chooses: bool,
    pub(super) backend: Box<dyn Backend>,
    pub(super) engine: Option<Box<dyn EngineHandle>>,
    pub(super) wake: Wake,
    pub(super) tasks: Tasks,
    /// Started as soon as the one before has let its source go.
    pub(super) next: Option<Assignment>,
    /// Not yet taken by a busy engine.
    pub(super) unsent_false_alarms: Option<f32>,
    pub(super) window: Vec<WindowRequest>,
    /// To be reviewed from the start.
    pub(super) session_wanted: Option<PathBuf>,
}

/// What only the window system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowRequest {
    /// Into or out of full screen.
    ToggleFullScreen,
    /// Into the other look.
    ToggleTheme,
    /// Close.
    Close,
}

impl State {
    /// A state in which nothing runs yet.
    pub fn new(
        settings: Settings,
        options: LaunchOptions,
        backend: Box<dyn Backend>,
        wake: Wake,
    ) -> Self {
        let mut config = options.config;
        config.spotting.false_alarms_per_minute = settings.false_alarms_per_minute;
        Self {
            tab: Tab::default(),
            review: ReviewState::default(),
            analyse: AnalyseState::default(),
            records: Records::default(),
            live_note: None,
            live_marks: Vec::new(),
            settings,
            chooses: options.source.is_none(),
            source: options.source.unwrap_or_else(demo),
            models: options.models,
            phase: LivePhase::default(),
            session: Session::default(),
            stats: Stats::default(),
            preview: None,
            baseline_left: None,
            picked_event: None,
            cursor: None,
            loops: true,
            timeline: TimeWindow::default(),
            messages: Messages::default(),
            cameras: Cameras::default(),
            floating: None,
            palette_text: String::new(),
            path_text: String::new(),
            config,
            fps: options.fps,
            backend,
            engine: None,
            wake,
            tasks: Tasks::default(),
            next: None,
            unsent_false_alarms: None,
            window: Vec::new(),
            session_wanted: options.session,
        }
    }

    /// Changes the state as `command` asks.
    pub fn apply(&mut self, command: Command) {
        if !self.allows(&command) {
            return;
        }
        let command = match in_review(&command) {
            Some(meant) if self.tab == Tab::Review => Command::Review(meant),
            _ => command,
        };
        match command {
            Command::Start => self.start(),
            Command::TogglePause => self.toggle_pause(),
            Command::Stop => self.stop(),
            Command::Baseline => self.ask(EngineCommand::Baseline { secs: BASELINE_SECS }),
            Command::SetFalseAlarms(rate) => self.set_false_alarms(rate),
            Command::MoreSensitive => self.set_false_alarms(self.false_alarms() * 1.25),
            Command::LessSensitive => self.set_false_alarms(self.false_alarms() / 1.25),

            Command::Choose(source) => self.choose(source),
            Command::PickVideo => self.pick(Pick::Video),
            Command::PickImages => self.pick(Pick::Images),
            Command::PickModels => self.pick(Pick::Models),
            Command::OpenPath(path) => self.open_path(Path::new(path.trim())),
            Command::EditPath(text) => self.path_text = text,
            Command::UseDemo => self.choose(demo()),
            Command::FindCameras => self.find_cameras(),
            Command::UseBuiltInModels => self.use_models(ModelChoice::Embedded),

            Command::Follow | Command::GoEnd => self.follow(),
            Command::Pan(secs) => self.pan(secs),
            Command::Zoom { factor, around_secs } => self.zoom(factor, around_secs),
            Command::ZoomIn => self.zoom(2.0, self.cursor().map(Timestamp::secs)),
            Command::ZoomOut => self.zoom(0.5, self.cursor().map(Timestamp::secs)),
            Command::GoStart => self.timeline.go_to_start(),
            Command::PutCursor(secs) => self.put_cursor(Timestamp::from_secs(secs)),
            Command::RemoveCursor => self.cursor = None,
            Command::StepFrames(frames) => self.step_frames(frames),
            Command::StepSecs(secs) => self.put_cursor(self.cursor_or_newest() + secs),

            Command::SelectEvent(id) => self.select_event(id),
            Command::PreviousEvent => self.step_event(-1),
            Command::NextEvent => self.step_event(1),
            Command::ToggleLoop => self.loops = !self.loops,
            Command::NextLoopSpeed => self.settings.loop_speed = self.settings.loop_speed.next(),
            Command::SetLoopSpeed(speed) => self.settings.loop_speed = speed,

            Command::ToggleLayer(layer) => self.settings.toggle(layer),
            Command::ToggleTheme => self.window.push(WindowRequest::ToggleTheme),
            Command::ToggleFullScreen => self.window.push(WindowRequest::ToggleFullScreen),
            Command::ToggleWindow(floating) => self.toggle_floating(floating),
            Command::CloseWindow => self.close_floating(),
            Command::EditPalette(text) => self.palette_text = text,
            Command::MarkRead(id) => self.messages.mark_read(id),
            Command::MarkAllRead => self.messages.mark_all_read(),
            Command::Quit => self.window.push(WindowRequest::Close),

            Command::ShowTab(tab) => self.show_tab(tab),
            Command::Mark { with_words } => self.mark_live(with_words),
            Command::Review(command) => self.apply_to_review(command),
            Command::Analyse(command) => self.apply_to_analyse(command),
            Command::Recording(command) => self.apply_to_recording(command),
        }
    }

    /// Whether the command can do anything now.
    pub fn allows(&self, command: &Command) -> bool {
        if let Some(meant) = in_review(command)
            && self.tab == Tab::Review
        {
            return self.review.allows(&meant);
        }
        match command {
            Command::Review(command) => self.allows_in_review(command),
            Command::Analyse(command) => self.allows_in_analyse(command),
            Command::Recording(command) => self.allows_in_recording(command),
            Command::Mark { .. } => !self.session.history.is_empty(),
            Command::ToggleWindow(
                Floating::Raters | Floating::Agreement | Floating::Export | Floating::Import,
            ) => self.review.phase == review::ReviewPhase::Open,
            Command::TogglePause => {
                matches!(self.phase, LivePhase::Live | LivePhase::Paused) || !self.is_running()
            }
            Command::Stop => self.is_running(),
            Command::Baseline => self.phase == LivePhase::Live && self.baseline_left.is_none(),
            Command::StepFrames(_) | Command::StepSecs(_) => !self.session.history.is_empty(),
            Command::RemoveCursor => self.cursor.is_some(),
            Command::PreviousEvent | Command::NextEvent => !self.session.events.is_empty(),
            Command::CloseWindow => self.floating.is_some(),
            Command::MarkAllRead => !self.messages.unread().is_empty(),
            Command::PickVideo | Command::PickImages | Command::PickModels => {
                self.tasks.pick.is_none()
            }
            Command::UseBuiltInModels => self.models != ModelChoice::Embedded,
            Command::OpenPath(path) => !path.trim().is_empty(),
            _ => true,
        }
    }

    /// Whether a command that switches something has it switched on; none for the others.
    pub fn is_on(&self, command: &Command) -> Option<bool> {
        match command {
            Command::ToggleLayer(layer) => Some(self.settings.shows(*layer)),
            Command::Follow => Some(self.timeline.follows),
            Command::ToggleLoop if self.tab == Tab::Review => Some(self.review.is_looping()),
            Command::ToggleLoop => Some(self.loops),
            Command::Review(command) => self.review.is_on(command),
            Command::ShowTab(tab) => Some(self.tab == *tab),
            Command::Recording(recording::RecordingCommand::Toggle) => {
                Some(self.records.is_recording())
            }
            Command::ToggleWindow(floating) => Some(self.floating == Some(*floating)),
            Command::SetLoopSpeed(speed) => Some(self.settings.loop_speed == *speed),
            Command::UseBuiltInModels => Some(self.models == ModelChoice::Embedded),
            _ => None,
        }
    }

    /// Expected false alarms per minute, as asked for.
    pub fn false_alarms(&self) -> f32 {
        self.settings.false_alarms_per_minute
    }

    /// The session that the plots show.
    pub fn seen(&self) -> &Session {
        if self.tab == Tab::Review { &self.review.session } else { &self.session }
    }

    /// The time axis of the plots.
    pub fn timeline(&self) -> &TimeWindow {
        if self.tab == Tab::Review { &self.review.timeline } else { &self.timeline }
    }

    /// The cursor in the plots; in review, the frame in view.
    pub fn cursor(&self) -> Option<Timestamp> {
        if self.tab == Tab::Review { self.review.cursor() } else { self.cursor }
    }

    /// Seconds of the newest moment that the plots know of.
    pub fn newest_secs(&self) -> f64 {
        if self.tab == Tab::Review { self.review.last_secs() } else { self.live_secs() }
    }

    /// Seconds of the newest moment that the source has shown.
    pub fn live_secs(&self) -> f64 {
        let sample = self.session.history.span().map_or(0.0, |(_, last)| last.secs());
        let picture = self.preview.as_ref().map_or(0.0, |p| p.frame.time.secs());
        sample.max(picture)
    }

    /// The event that the card shows: the one picked by hand, or else the newest.
    pub fn shown_event(&self) -> Option<&Event> {
        match self.picked_event {
            Some(id) => self.session.events.iter().find(|e| e.id == id),
            None => self.session.events.last(),
        }
    }

    /// The sample under the cursor.
    pub fn sample_at_cursor(&self) -> Option<Sample> {
        self.seen().history.nearest(self.cursor()?)
    }

    /// Commands whose name or help holds every word that was typed.
    pub fn palette_matches(&self) -> Vec<&'static CommandEntry> {
        let words = self.palette_text.to_lowercase();
        let fits = |text: &str| words.split_whitespace().all(|word| text.contains(word));
        let is_itself = |c: &Command| *c == Command::ToggleWindow(Floating::Palette);
        entries()
            .filter(|e| e.tabs.contains(&self.tab))
            .filter(|e| !is_itself(&e.command) && e.command != Command::CloseWindow)
            .filter(|e| fits(&format!("{} {} {}", e.group.name(), e.name, e.help).to_lowercase()))
            .collect()
    }

    fn set_false_alarms(&mut self, rate: f32) {
        if rate.is_finite() {
            // In the hundredths that are shown.
            let rate =
                (rate.clamp(*FALSE_ALARMS.start(), *FALSE_ALARMS.end()) * 100.0).round() / 100.0;
            self.settings.false_alarms_per_minute = rate;
            self.config.spotting.false_alarms_per_minute = rate;
            self.unsent_false_alarms = self.engine.is_some().then_some(rate);
            self.send_unsent();
        }
    }

    fn open_path(&mut self, path: &Path) {
        if path.join(store::DATABASE).is_file() {
            self.open_session(path);
            return;
        }
        // The one place where a path becomes a source: a folder is pictures, anything else a video,
        // but for a session's folder, which has a database.
        match path.to_string_lossy().parse::<SourceSpec>() {
            Ok(source) => self.choose(source),
            Err(error) => self.messages.post(Weight::Error, Topic::Other, error.to_string()),
        }
    }

    pub(super) fn choose(&mut self, mut source: SourceSpec) {
        source.options = SourceOptions { fps: self.fps, paced: true, ..source.options };
        self.chooses = false;
        self.source = source;
        self.start();
    }

    pub(super) fn use_models(&mut self, models: ModelChoice) {
        let was_running = self.is_running();
        self.models = models;
        if was_running {
            self.start();
        }
    }

    pub(super) fn use_picked(&mut self, pick: Pick, path: PathBuf) {
        match pick {
            Pick::Models => self.use_models(ModelChoice::Folder(path)),
            Pick::Session => self.open_session(&path),
            Pick::Recordings => self.use_recordings_folder(&path),
            Pick::Export => self.export_into(path),
            Pick::Import => self.import_from(path),
            Pick::Video | Pick::Images if self.tab == Tab::Analyse => {
                self.choose_recording(&path);
            }
            Pick::Video | Pick::Images => {
                let kind = if pick == Pick::Video { "video" } else { "images" };
                let target = path.to_string_lossy().into_owned();
                self.choose(SourceSpec { kind, target, options: SourceOptions::default() });
            }
        }
    }

    /// Sends the engine a command, and says so where it does not take it.
    pub(super) fn ask(&mut self, command: EngineCommand) {
        if let Some(Err(busy)) = self.engine.as_ref().map(|engine| engine.send(command)) {
            self.messages.post(Weight::Warning, Topic::Other, format!("{busy}."));
        }
    }

    fn follow(&mut self) {
        self.timeline.follow();
        self.picked_event = None;
        self.cursor = None;
    }

    fn axis(&mut self) -> &mut TimeWindow {
        if self.tab == Tab::Review { &mut self.review.timeline } else { &mut self.timeline }
    }

    fn pan(&mut self, secs: f64) {
        let newest = self.newest_secs();
        self.axis().pan(secs, newest);
    }

    fn zoom(&mut self, factor: f64, around_secs: Option<f64>) {
        let newest = self.newest_secs();
        self.axis().zoom(factor, around_secs, newest);
    }

    fn cursor_or_newest(&self) -> Timestamp {
        let newest = || self.session.history.span().map(|(_, last)| last);
        self.cursor.or_else(newest).unwrap_or_default()
    }

    fn put_cursor(&mut self, time: Timestamp) {
        if let Some(sample) = self.session.history.nearest(time) {
            let at = sample.time;
            self.cursor = Some(at);
            let newest = self.newest_secs();
            self.timeline.hold(newest);
            self.timeline.reveal(at.secs(), at.secs(), newest);
        }
    }

    fn step_frames(&mut self, frames: i64) {
        let samples = self.session.history.samples();
        let Some(last) = samples.len().checked_sub(1) else { return };
        let at = self.cursor_or_newest();
        let index = samples.partition_point(|s| s.time < at).min(last);
        let index = index.saturating_add_signed(frames as isize).min(last);
        if let Some(sample) = samples.get(index) {
            self.put_cursor(sample.time);
        }
    }

    fn select_event(&mut self, id: u64) {
        if let Some(event) = self.session.events.iter().find(|e| e.id == id) {
            let (first, last) = (event.onset.time.secs(), event.offset.time.secs());
            self.picked_event = Some(id);
            self.timeline.reveal(first, last, self.newest_secs());
        }
    }

    fn step_event(&mut self, step: isize) {
        let events = &self.session.events;
        let Some(last) = events.len().checked_sub(1) else { return };
        let shown = self.shown_event().map(|e| e.id);
        let index = events.iter().position(|e| Some(e.id) == shown).unwrap_or(last);
        let index = index.saturating_add_signed(step).min(last);
        self.select_event(events[index].id);
    }

    pub(super) fn close_floating(&mut self) {
        self.floating = None;
        self.palette_text.clear();
        self.live_note = None;
        self.review.note = None;
        self.review.waiting = None;
    }

    fn show_tab(&mut self, tab: Tab) {
        self.tab = tab;
        self.close_floating();
    }

    /// The marked moments that the plots show.
    pub fn marks(&self) -> &[(Moment, String)] {
        match self.tab {
            Tab::Review => &self.review.marks,
            Tab::Live | Tab::Analyse => &self.live_marks,
        }
    }

    /// What the note's field belongs to, and its text.
    pub fn note(&self) -> Option<(Subject, &str)> {
        let live = self.live_note.as_ref().map(|(at, text)| (Subject::Moment(*at), text.as_str()));
        live.or_else(|| self.review.note.as_ref().map(|(about, text)| (*about, text.as_str())))
    }

    fn toggle_floating(&mut self, floating: Floating) {
        let opens = self.floating != Some(floating);
        self.close_floating();
        self.floating = opens.then_some(floating);
    }
}

/// The demo person.
pub(super) fn demo() -> SourceSpec {
    SourceSpec { kind: "demo", target: String::new(), options: SourceOptions::default() }
}
