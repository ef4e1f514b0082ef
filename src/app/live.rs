//! The running source: its name, the state of the run, and what was found.

use super::backend::{Assignment, CameraChoice, EngineHandle};
use super::field::TextField;
use super::theme::phase_word;
use super::view::SessionView;
use crate::engine::Preview;
use crate::engine::streams::StreamStatus;
use crate::measure::effort::Effort;
use crate::measure::event::{Event, Moment};
use crate::measure::time::Timestamp;
use crate::model::ModelChoice;
use crate::session::annotation::Target;
use crate::session::record::Stats;
use crate::source::SourceSpec;

/// State of the run. The theme gives each a word and a shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LivePhase {
    /// Nothing runs; what was found stays on screen.
    #[default]
    Stopped,
    /// It starts; the text says what it is doing.
    Starting(String),
    /// Frames are analysed.
    Live,
    /// The camera gives no picture and is waited for; the text says what is tried.
    Lost(String),
    /// Frames come, but the analysis has given no result for this many seconds.
    Frozen(u64),
    /// The source is open and nothing is analysed.
    Paused,
    /// A recording was analysed to its end.
    Finished,
    /// The source is being released.
    Stopping,
    /// It ended with an error.
    Fault(String),
}

/// The cameras of this machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cameras {
    /// Not known yet.
    #[default]
    Unknown,
    /// These were found.
    Found(Vec<CameraChoice>),
    /// The system did not tell; one sentence.
    Failed(String),
}

/// Everything about the running source.
pub struct LiveState {
    /// The chosen source.
    pub source: SourceSpec,
    /// The chosen models.
    pub models: ModelChoice,
    /// The cameras of this machine.
    pub cameras: Cameras,
    /// The field for the path of a video or a folder.
    pub path: TextField,
    /// State of the run.
    pub phase: LivePhase,
    /// The session, and the place in it. While no event is picked, the newest one is shown.
    pub view: SessionView,
    /// The engine's figures.
    pub stats: Stats,
    /// The newest picture.
    pub preview: Option<Preview>,
    /// How much of the analysis is done for each frame.
    pub effort: Effort,
    /// Share of the baseline still to go, while one is measured.
    pub baseline_left: Option<f32>,
    /// True if the event is shown as a loop, false if as its apex.
    pub loops: bool,
    /// True if the program chooses the source when it knows the cameras.
    pub(super) chooses: bool,
    pub(super) engine: Option<Box<dyn EngineHandle>>,
    /// Started as soon as the previous engine has released its source.
    pub(super) next: Option<Assignment>,
    /// A threshold that a busy engine has not taken yet.
    pub(super) unsent_false_alarms: Option<f32>,
    /// The field for the name of another program's stream.
    pub markers_from: TextField,
    /// How the streams do.
    pub streams: StreamStatus,
    /// True if the engine does not know yet what is to be streamed.
    pub(super) unsent_streams: bool,
}

impl LiveState {
    /// Nothing runs. `source` is the chosen one; `None` if none is chosen yet.
    pub(super) fn new(source: Option<SourceSpec>, models: ModelChoice) -> Self {
        Self {
            chooses: source.is_none(),
            source: source.unwrap_or_else(demo),
            models,
            cameras: Cameras::default(),
            path: TextField::default(),
            phase: LivePhase::default(),
            view: SessionView::default(),
            stats: Stats::default(),
            preview: None,
            effort: Effort::default(),
            baseline_left: None,
            loops: true,
            engine: None,
            next: None,
            unsent_false_alarms: None,
            markers_from: TextField::default(),
            streams: StreamStatus::default(),
            unsent_streams: false,
        }
    }

    /// True if a source is open, or about to be.
    pub fn is_running(&self) -> bool {
        matches!(
            self.phase,
            LivePhase::Starting(_)
                | LivePhase::Live
                | LivePhase::Lost(_)
                | LivePhase::Frozen(_)
                | LivePhase::Paused
        )
    }

    /// The analysis has given no result for this many seconds.
    pub(super) fn freeze(&mut self, secs: u64) {
        if let LivePhase::Live | LivePhase::Lost(_) | LivePhase::Frozen(_) = self.phase {
            self.phase = LivePhase::Frozen(secs);
        }
    }

    /// The analysis gives results again.
    pub(super) fn thaw(&mut self) {
        if let LivePhase::Frozen(_) = self.phase {
            self.phase = LivePhase::Live;
        }
    }

    /// True if new pictures come, so that the window is drawn for each of them.
    pub fn moves(&self) -> bool {
        self.phase == LivePhase::Live
    }

    /// The word for where the run stands. Only a camera is live: a video plays, and the demo person is
    /// named.
    pub fn phase_word(&self) -> &'static str {
        match (&self.phase, self.source.kind) {
            (LivePhase::Live, "demo") => "DEMO",
            (LivePhase::Live, "video" | "images") => "PLAYING",
            (phase, _) => phase_word(phase),
        }
    }

    /// Time of the newest moment of the source, seconds.
    pub fn newest_secs(&self) -> f64 {
        let sample = self.view.session.history.span().map_or(0.0, |(_, last)| last.secs());
        let picture = self.preview.as_ref().map_or(0.0, |p| p.frame.time.secs());
        sample.max(picture)
    }

    /// The newest frame of the source.
    pub(super) fn newest_moment(&self) -> Option<Moment> {
        let sample = self.view.session.history.samples().last();
        let sample = sample.map(|sample| Moment { frame: sample.seq, time: sample.time });
        let picture = self.preview.as_ref();
        let picture = picture.map(|p| Moment { frame: p.frame.seq, time: p.frame.time });
        sample.max(picture)
    }

    /// The event on the card: the one that was picked, else the newest.
    pub fn shown_event(&self) -> Option<&Event> {
        let events = &self.view.session.events;
        match self.view.picked {
            Some(picked) => events.iter().find(|event| Target::Machine(event.id) == picked),
            None => events.last(),
        }
    }

    /// Forgets everything, for a new run.
    pub(super) fn forget(&mut self) {
        self.view = SessionView::default();
        self.stats = Stats::default();
        self.preview = None;
        self.effort = Effort::default();
        self.baseline_left = None;
    }

    pub(super) fn follow(&mut self) {
        self.view.timeline.follow();
        self.view.picked = None;
        self.view.cursor = None;
    }

    pub(super) fn put_cursor(&mut self, time: Timestamp) {
        if let Some(sample) = self.view.session.history.nearest(time) {
            self.view.cursor = Some(sample.time);
            self.view.reveal_cursor(self.newest_secs());
        }
    }

    pub(super) fn step_secs(&mut self, secs: f64) {
        self.put_cursor(self.cursor_or_newest() + secs);
    }

    pub(super) fn step_frames(&mut self, frames: i64) {
        let samples = self.view.session.history.samples();
        let Some(last) = samples.len().checked_sub(1) else { return };
        let at = self.cursor_or_newest();
        let index = samples.partition_point(|s| s.time < at).min(last);
        let index = index.saturating_add_signed(frames as isize).min(last);
        if let Some(time) = samples.get(index).map(|sample| sample.time) {
            self.put_cursor(time);
        }
    }

    pub(super) fn select_event(&mut self, target: Target) {
        let mut events = self.view.session.events.iter();
        if let Some(event) = events.find(|event| Target::Machine(event.id) == target) {
            let (first, last) = (event.onset.time.secs(), event.offset.time.secs());
            self.view.picked = Some(target);
            let newest = self.newest_secs();
            self.view.timeline.reveal(first, last, newest);
        }
    }

    pub(super) fn step_event(&mut self, step: isize) {
        let events = &self.view.session.events;
        let Some(last) = events.len().checked_sub(1) else { return };
        let shown = self.shown_event().map(|event| event.id);
        let index = events.iter().position(|event| Some(event.id) == shown).unwrap_or(last);
        let index = index.saturating_add_signed(step).min(last);
        self.select_event(Target::Machine(events[index].id));
    }

    fn cursor_or_newest(&self) -> Timestamp {
        let newest = || self.view.session.history.span().map(|(_, last)| last);
        self.view.cursor.or_else(newest).unwrap_or_default()
    }
}

/// What the program leaves out because the computer is too slow, and what helps. `None` if it leaves out
/// nothing.
pub fn too_slow_words(effort: Effort) -> Option<String> {
    if effort == Effort::Whole {
        return None;
    }
    let drawn = match effort.frames_per_drawing() {
        1 => String::new(),
        frames => format!(", the window is drawn for 1 in {frames}"),
    };
    // It fits a window of 1024 pixels in one line.
    Some(format!(
        "This computer is too slow: the mesh runs on 1 frame in {}{drawn}. Close other programs.",
        effort.mesh_gap_frames(),
    ))
}

/// The demo person.
pub(super) fn demo() -> SourceSpec {
    SourceSpec { kind: "demo", target: Default::default(), options: Default::default() }
}
