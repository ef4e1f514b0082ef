//! The state of the window, and the one `match` that changes it.
//!
//! Panels read the state and send commands; updates of the engine are taken in [`super::running`].

use std::path::{Path, PathBuf};

use super::LaunchOptions;
use super::analyse::AnalyseState;
use super::backend::{Backend, Pick, Wake};
use super::command::{Command, Floating, Tab};
use super::field::TextField;
use super::live::{LivePhase, LiveState, demo};
use super::marking::own_keys::OwnKeys;
use super::message::{Messages, Topic, Weight};
use super::outside::Outside;
use super::recording::{self, Records};
use super::review::command::in_review;
use super::review::{ReviewPhase, ReviewState};
use super::settings::{FALSE_ALARMS, Settings};
use super::typed_path::TypedPath;
use super::view::SessionView;
use super::view::note::Note;
use super::view::playback::PlaybackMotion;
use super::waking::EngineWakes;
use crate::engine::EngineCommand;
use crate::measure::time::Timestamp;
use crate::model::ModelChoice;
use crate::session::store;
use crate::session::table::Row;
use crate::source::{SourceOptions, SourceSpec};

/// Length of a baseline, seconds.
pub const BASELINE_SECS: f32 = 10.0;

/// Something that only the window system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowRequest {
    /// Change between full screen and a window.
    ToggleFullScreen,
    /// Change between light and dark.
    ToggleTheme,
    /// Close the window.
    Close,
}

/// The state of the window: one part for each tab, and what they share.
pub struct State {
    /// The tab that is shown.
    pub tab: Tab,
    /// Settings that are stored.
    pub settings: Settings,
    /// The running source.
    pub live: LiveState,
    /// The session under review.
    pub review: ReviewState,
    /// A recording that becomes a session.
    pub analyse: AnalyseState,
    /// Everything about recording and stored sessions.
    pub records: Records,
    /// How many marks and conditions were made while the source runs; the edge flashes for each.
    pub marked: u64,
    /// Keys that are bound to commands.
    pub own_keys: OwnKeys,
    /// Unread messages and the log.
    pub messages: Messages,
    /// The window that floats on top.
    pub floating: Option<Floating>,
    /// The field of the command search.
    pub palette: TextField,
    /// The typed path, if the system shows no file dialog.
    pub typed_path: Option<TypedPath>,
    pub(super) outside: Outside,
    pub(super) window: Vec<WindowRequest>,
    /// A session to review from the start.
    pub(super) session_wanted: Option<PathBuf>,
}

impl State {
    /// A state in which nothing runs yet.
    pub fn new(
        settings: Settings,
        options: LaunchOptions,
        backend: Box<dyn Backend>,
        wake: Wake,
    ) -> Self {
        let LaunchOptions { source, fps, models, mut config, session, recording: _ } = options;
        config.spotting.false_alarms_per_minute = settings.false_alarms_per_minute;
        let live = LiveState::new(source, models);
        live.markers_from.set(config.streams.markers_from.clone().unwrap_or_default());
        Self {
            tab: Tab::default(),
            settings,
            live,
            review: ReviewState::default(),
            analyse: AnalyseState::default(),
            records: Records::default(),
            marked: 0,
            own_keys: OwnKeys::default(),
            messages: Messages::default(),
            floating: None,
            palette: TextField::default(),
            typed_path: None,
            outside: Outside::new(backend, wake, config, fps),
            window: Vec::new(),
            session_wanted: session,
        }
    }

    /// Lets the messages of engines draw the window through `wakes`.
    pub(super) fn wake_engines_by(&mut self, wakes: EngineWakes) {
        self.outside.engine_wakes = wakes;
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
            Command::DropBaseline => self.ask(EngineCommand::DropBaseline),
            Command::SetFalseAlarms(rate) => self.set_false_alarms(rate),
            Command::MoreSensitive => self.set_false_alarms(self.false_alarms() * 1.25),
            Command::LessSensitive => self.set_false_alarms(self.false_alarms() / 1.25),

            Command::Choose(source) => self.choose(source),
            Command::PickVideo => self.pick(Pick::Video),
            Command::PickImages => self.pick(Pick::Images),
            Command::PickModels => self.pick(Pick::Models),
            Command::OpenPath(path) => self.open_path(Path::new(&path)),
            Command::UseDemo => self.choose(demo()),
            Command::UseFace(place) => self.use_face(place),
            Command::FindCameras => self.find_cameras(),
            Command::UseBuiltInModels => self.use_models(ModelChoice::Embedded),

            Command::Follow | Command::GoEnd => self.live.follow(),
            Command::Pan(secs) => self.pan(secs),
            Command::Zoom { factor, around_secs } => self.zoom(factor, around_secs),
            Command::ZoomIn => self.zoom(2.0, self.view().cursor.map(Timestamp::secs)),
            Command::ZoomOut => self.zoom(0.5, self.view().cursor.map(Timestamp::secs)),
            Command::GoStart => self.live.view.timeline.go_to_start(),
            Command::PutCursor(secs) => self.live.put_cursor(Timestamp::from_secs(secs)),
            Command::RemoveCursor => self.live.view.cursor = None,
            Command::StepFrames(frames) => self.live.step_frames(frames),
            Command::StepSecs(secs) => self.live.step_secs(secs),

            Command::SelectEvent(target) => self.live.select_event(target),
            Command::PreviousEvent => self.live.step_event(-1),
            Command::NextEvent => self.live.step_event(1),
            Command::ToggleLsl => self.toggle_lsl(),
            Command::ReadMarkers => self.read_markers(),
            Command::ToggleLoop => self.live.loops = !self.live.loops,
            Command::NextLoopSpeed => self.settings.loop_speed = self.settings.loop_speed.next(),
            Command::SetLoopSpeed(speed) => self.settings.loop_speed = speed,

            Command::ToggleLayer(layer) => self.settings.toggle(layer),
            Command::ToggleTheme => self.window.push(WindowRequest::ToggleTheme),
            Command::ToggleFullScreen => self.window.push(WindowRequest::ToggleFullScreen),
            Command::ToggleWindow(floating) => self.toggle_floating(floating),
            Command::CloseWindow => self.close_floating(),
            Command::UseTypedPath => self.use_typed_path(),
            Command::MarkRead(id) => self.messages.mark_read(id),
            Command::MarkAllRead => self.messages.mark_all_read(),
            Command::Quit => self.window.push(WindowRequest::Close),

            Command::ShowTab(tab) => self.show_tab(tab),
            Command::Mark { with_words } => self.mark_live(with_words),
            Command::KeepNote => self.keep_note(),
            Command::Review(command) => self.apply_to_review(command),
            Command::Analyse(command) => self.apply_to_analyse(command),
            Command::Recording(command) => self.apply_to_recording(command),
            Command::Marking(command) => self.apply_to_marking(command),
        }
    }

    /// True if the command has an effect now.
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
            Command::Marking(command) => self.allows_in_marking(command),
            Command::Mark { .. } => !self.live.view.session.history.is_empty(),
            Command::KeepNote => self.note().is_some(),
            Command::ToggleWindow(
                Floating::Raters | Floating::Agreement | Floating::Export | Floating::Import,
            ) => self.review.phase == ReviewPhase::Open,
            Command::ToggleWindow(Floating::FinishBlind) => self.review.is_blind(),
            Command::TogglePause => {
                let phase = &self.live.phase;
                !matches!(phase, LivePhase::Starting(_))
            }
            Command::Stop => self.live.is_running(),
            Command::Baseline => {
                self.live.phase == LivePhase::Live && self.live.baseline_left.is_none()
            }
            Command::DropBaseline => {
                self.live.view.session.baseline.is_some() && self.live.is_running()
            }
            Command::StepFrames(_) | Command::StepSecs(_) => {
                !self.live.view.session.history.is_empty()
            }
            Command::RemoveCursor => self.live.view.cursor.is_some(),
            Command::PreviousEvent | Command::NextEvent => {
                !self.live.view.session.events.is_empty()
            }
            Command::CloseWindow => self.floating.is_some(),
            Command::MarkAllRead => !self.messages.unread().is_empty(),
            Command::PickVideo | Command::PickImages | Command::PickModels => {
                self.outside.tasks.pick.is_none()
            }
            Command::UseBuiltInModels => self.live.models != ModelChoice::Embedded,
            // It starts the source anew, which ends a recording.
            Command::UseFace(_) => !self.records.is_recording(),
            Command::OpenPath(path) => !path.is_empty(),
            _ => true,
        }
    }

    /// For a command that switches something, true if it is switched on; `None` for others.
    pub fn is_on(&self, command: &Command) -> Option<bool> {
        match command {
            Command::ToggleLayer(layer) => Some(self.settings.shows(*layer)),
            Command::ToggleLsl => Some(self.outside.config.streams.lsl),
            Command::Follow => Some(self.live.view.timeline.follows),
            Command::ToggleLoop if self.tab == Tab::Review => Some(self.review.is_looping()),
            Command::ToggleLoop => Some(self.live.loops),
            Command::Review(command) => self.review.is_on(command),
            Command::ShowTab(tab) => Some(self.tab == *tab),
            Command::Recording(recording::RecordingCommand::Toggle) => {
                Some(self.records.is_recording())
            }
            Command::ToggleWindow(floating) => Some(self.floating == Some(*floating)),
            Command::SetLoopSpeed(speed) => Some(self.settings.loop_speed == *speed),
            Command::UseBuiltInModels => Some(self.live.models == ModelChoice::Embedded),
            Command::UseFace(place) => Some(self.outside.config.face.start_at == *place),
            _ => None,
        }
    }

    /// The settings of marks and conditions.
    pub fn mark_settings(&self) -> &crate::config::MarkConfig {
        &self.outside.config.marks
    }

    /// Expected false alarms per minute, as set.
    pub fn false_alarms(&self) -> f32 {
        self.settings.false_alarms_per_minute
    }

    /// True if the rater works blind, so that no value of the model may be shown.
    pub fn hides_the_model(&self) -> bool {
        self.tab == Tab::Review && self.review.is_blind()
    }

    /// True if the tab in view is drawn all the time, because new pictures come or a recording plays.
    pub fn moves(&self) -> bool {
        match self.tab {
            Tab::Live => self.live.moves(),
            Tab::Review => self.review.playback.motion() != PlaybackMotion::Held,
            Tab::Analyse => false,
        }
    }

    /// What the plots, the list and the card show.
    pub fn view(&self) -> &SessionView {
        if self.tab == Tab::Review { &self.review.view } else { &self.live.view }
    }

    fn view_mut(&mut self) -> &mut SessionView {
        if self.tab == Tab::Review { &mut self.review.view } else { &mut self.live.view }
    }

    /// Newest moment in the plots, seconds.
    pub fn newest_secs(&self) -> f64 {
        if self.tab == Tab::Review { self.review.last_secs() } else { self.live.newest_secs() }
    }

    /// The event on the card: in review the picked one; live the picked one, else the newest.
    pub fn shown_row(&self) -> Option<Row> {
        match self.tab {
            Tab::Review => self.review.picked_row().cloned(),
            Tab::Live | Tab::Analyse => self.live.shown_event().map(Row::of_event),
        }
    }

    fn set_false_alarms(&mut self, rate: f32) {
        if rate.is_finite() {
            // Rounded to the hundredths that are shown.
            let rate =
                (rate.clamp(*FALSE_ALARMS.start(), *FALSE_ALARMS.end()) * 100.0).round() / 100.0;
            self.settings.false_alarms_per_minute = rate;
            self.outside.config.spotting.false_alarms_per_minute = rate;
            self.live.unsent_false_alarms = self.live.engine.is_some().then_some(rate);
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
        match SourceSpec::named(path.as_os_str()) {
            Ok(source) => self.choose(source),
            Err(error) => self.messages.post(Weight::Error, Topic::Other, error.to_string()),
        }
    }

    pub(super) fn choose(&mut self, mut source: SourceSpec) {
        source.options = SourceOptions { fps: self.outside.fps, paced: true, ..source.options };
        self.live.chooses = false;
        self.live.source = source;
        self.start();
    }

    fn use_face(&mut self, place: Option<[f32; 2]>) {
        self.outside.config.face.start_at = place;
        if self.live.is_running() {
            self.start();
        }
    }

    pub(super) fn use_models(&mut self, models: ModelChoice) {
        let was_running = self.live.is_running();
        self.live.models = models;
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
                let target = path.into();
                self.choose(SourceSpec { kind, target, options: SourceOptions::default() });
            }
        }
    }

    /// Sends the engine a command, and says so if it is not taken.
    pub(super) fn ask(&mut self, command: EngineCommand) {
        if let Some(Err(busy)) = self.live.engine.as_ref().map(|engine| engine.send(command)) {
            self.messages.post(Weight::Warning, Topic::Other, format!("{busy}."));
        }
    }

    fn pan(&mut self, secs: f64) {
        let newest = self.newest_secs();
        self.view_mut().timeline.pan(secs, newest);
    }

    fn zoom(&mut self, factor: f64, around_secs: Option<f64>) {
        let newest = self.newest_secs();
        self.view_mut().timeline.zoom(factor, around_secs, newest);
    }

    pub(super) fn close_floating(&mut self) {
        // After a path was typed for a dialog, that dialog is shown again.
        self.floating = self.typed_path.take().and_then(|typed| typed.asked_from);
        self.palette.clear();
        self.live.view.note = None;
        self.review.view.note = None;
        self.review.rating.waiting = None;
    }

    fn show_tab(&mut self, tab: Tab) {
        self.tab = tab;
        self.typed_path = None;
        self.close_floating();
    }

    /// The note that is being written.
    pub fn note(&self) -> Option<&Note> {
        self.live.view.note.as_ref().or(self.review.view.note.as_ref())
    }

    fn toggle_floating(&mut self, floating: Floating) {
        let opens = self.floating != Some(floating);
        self.close_floating();
        self.floating = opens.then_some(floating);
    }
}
