//! A recording on its way to a session: analysed as fast as it goes, then reviewed.
//!
//! The same engine as for a live source, without the pace of the recording's own clock.

use std::path::{Path, PathBuf};

use egui::{Key, ProgressBar, RichText, Role, Ui, vec2};

use super::backend::{Assignment, EngineHandle, Pick};
use super::command::{Command as Asked, Tab};
use super::message::{Topic, Weight};
use super::registry::{Entry, Group, entry};
use super::review::picture::faint;
use super::shortcut::{ctrl, key};
use super::state::State;
use super::theme::{Theme, title};
use super::widgets::{PanelContext, named};
use super::{Panel, Slot};
use crate::engine::Update;
use crate::session::Session;
use crate::session::record::Record;
use crate::session::record::Stats;
use crate::source::{SourceOptions, SourceSpec};

pub mod keep;

use keep::Keeping;

/// The entry in [`crate::app::panels`].
pub const PANEL: Panel = Panel { name: "Analysis of a recording", slot: Slot::Whole, show };

/// The tabs in which these commands are given.
const HERE: &[Tab] = &[Tab::Analyse];

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Ask for a video.
    PickVideo,
    /// Ask for a folder of pictures.
    PickImages,
    /// The path field has changed.
    EditPath(String),
    /// Whether the next analysis is kept on the disk, and with a copy of its pictures.
    Keep {
        /// Whether it is kept.
        is_wanted: bool,
        /// Whether its pictures are copied.
        with_pictures: bool,
    },
    /// Analyse what is chosen.
    Start,
    /// Stop; what was analysed stays.
    Cancel,
    /// Review what was analysed.
    Review,
}

/// In the order of the menu.
pub static ENTRIES: &[Entry] = &[
    entry(
        Group::Source,
        Asked::Analyse(Command::PickVideo),
        "Choose a video…",
        &[ctrl(Key::O)],
        "Choose the video file to analyse",
    )
    .only(HERE),
    entry(
        Group::Source,
        Asked::Analyse(Command::PickImages),
        "Choose an image folder…",
        &[],
        "Choose the folder of numbered pictures to analyse",
    )
    .only(HERE),
    entry(
        Group::Run,
        Asked::Analyse(Command::Start),
        "Start the analysis",
        &[ctrl(Key::Enter)],
        "Analyse the chosen recording as fast as this machine can",
    )
    .only(HERE),
    entry(
        Group::Run,
        Asked::Analyse(Command::Cancel),
        "Cancel",
        &[ctrl(Key::Period)],
        "Stop; what was analysed so far stays and can be reviewed",
    )
    .only(HERE),
    entry(
        Group::Run,
        Asked::Analyse(Command::Review),
        "Review the result",
        &[key(Key::R)],
        "Look at what was analysed, frame by frame",
    )
    .only(HERE),
];

/// Where an analysis stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// None was started.
    #[default]
    Idle,
    /// On the way; the words say with what.
    Starting(String),
    /// Frames are analysed.
    Running,
    /// It was stopped by hand.
    Cancelled,
    /// All frames are analysed.
    Done,
    /// It ended with an error; one sentence.
    Fault(String),
}

/// All that is known of the analysis.
#[derive(Default)]
pub struct AnalyseState {
    /// Where it stands.
    pub phase: Phase,
    /// The path as it is written in the field.
    pub path: String,
    /// What is analysed.
    pub source: Option<SourceSpec>,
    /// How it goes.
    pub stats: Stats,
    /// What it has found.
    pub session: Session,
    /// Whether and where it is kept.
    pub keeping: Keeping,
    engine: Option<Box<dyn EngineHandle>>,
}

impl AnalyseState {
    /// Whether frames are analysed, or about to be.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Starting(_) | Phase::Running)
    }
}

impl State {
    pub(super) fn apply_to_analyse(&mut self, command: Command) {
        match command {
            Command::PickVideo => self.pick(Pick::Video),
            Command::PickImages => self.pick(Pick::Images),
            Command::EditPath(path) => self.analyse.path = path,
            Command::Keep { is_wanted, with_pictures } => {
                let keeping = &mut self.analyse.keeping;
                (keeping.is_wanted, keeping.with_pictures) = (is_wanted, with_pictures);
            }
            Command::Start => self.start_analysis(),
            Command::Cancel => self.end_analysis(Phase::Cancelled),
            Command::Review => {
                if let Some(folder) = self.analyse.keeping.folder.clone() {
                    self.open_session(&folder);
                } else if let Some(source) = self.analyse.source.clone() {
                    self.review_session(self.analyse.session.clone(), source);
                }
            }
        }
    }

    pub(super) fn allows_in_analyse(&self, command: &Command) -> bool {
        let analyse = &self.analyse;
        match command {
            Command::PickVideo | Command::PickImages => {
                self.tasks.pick.is_none() && !analyse.is_running()
            }
            Command::EditPath(_) | Command::Keep { .. } => !analyse.is_running(),
            Command::Start => !analyse.is_running() && !analyse.path.trim().is_empty(),
            Command::Cancel => analyse.is_running(),
            // What is kept is whole once the engine has let go of it.
            Command::Review => {
                !analyse.is_running()
                    && self.tasks.analysis.is_none()
                    && !analyse.session.history.is_empty()
            }
        }
    }

    /// Takes in what the analysis says.
    pub(super) fn drain_analysis(&mut self) {
        let Some(engine) = &self.analyse.engine else { return };
        for update in engine.updates() {
            if let Some(record) = update.record() {
                self.analyse.session.apply(record);
            }
            match update {
                Update::Starting(step) => self.analyse.phase = Phase::Starting(step),
                Update::Record(Record::Opened(_)) => self.analyse.phase = Phase::Running,
                Update::Record(Record::Stats(stats)) => self.analyse.stats = stats,
                Update::Recording(recording) => self.take_in_kept(&recording),
                Update::Ended(None) => self.end_analysis(Phase::Done),
                Update::Ended(Some(why)) => {
                    self.messages.post(Weight::Error, Topic::Other, &why);
                    self.end_analysis(Phase::Fault(why));
                }
                _ => {}
            }
        }
    }

    /// Takes in what the engine said while it was let go.
    pub(super) fn take_in_last_of_analysis(&mut self, last: &[Update]) {
        for update in last {
            match update {
                Update::Record(record) => self.analyse.session.apply(record),
                Update::Recording(recording) => self.take_in_kept(recording),
                _ => {}
            }
        }
    }

    pub(super) fn choose_recording(&mut self, path: &Path) {
        self.analyse.path = path.to_string_lossy().into_owned();
    }

    fn start_analysis(&mut self) {
        let mut source = match self.analyse.path.trim().parse::<SourceSpec>() {
            Ok(source) => source,
            Err(error) => return self.analyse.phase = Phase::Fault(error.to_string()),
        };
        if source.is_live() {
            let why = format!("{source}: expected a video file or a folder of pictures");
            return self.analyse.phase = Phase::Fault(why);
        }
        source.options = SourceOptions { fps: self.fps, paced: false, ..source.options };
        // A kept session looks for its recording later, from wherever the program runs then.
        if let Ok(whole) = source.path().canonicalize() {
            source.target = whole.to_string_lossy().into_owned();
        }
        let phase = Phase::Starting(format!("opening {source}"));
        let chosen = Some(source.clone());
        let assignment =
            Assignment { source, models: self.models.clone(), config: self.config.clone() };
        let path = std::mem::take(&mut self.analyse.path);
        let engine = self.studio.start(&assignment, self.wake.clone());
        let folder = self.keep_analysis(engine.as_ref(), &path);
        let keeping = self.analyse.keeping.renewed(folder);
        let (session, stats) = (Session::keeping_all(), Stats::default());
        let engine = Some(engine);
        self.analyse =
            AnalyseState { phase, path, source: chosen, engine, session, stats, keeping };
    }

    fn end_analysis(&mut self, phase: Phase) {
        self.analyse.phase = phase;
        if let Some(engine) = self.analyse.engine.take() {
            self.tasks.analysis = Some(self.studio.stop(engine, self.wake.clone()));
        }
    }
}

/// The file or folder's name.
fn name_of(path: &str) -> String {
    let path = PathBuf::from(path.trim());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.set_max_width(680.0);
        ui.add_space((ui.available_height() * 0.5 - 190.0).max(0.0));
        ui.label(title("Analyse a recording").heading());
        let words = "The recording is analysed as fast as this machine can, with the same engine \
                     and the same numbers as live. Then review it.";
        ui.label(RichText::new(words).color(theme.faint));
        ui.add_space(10.0);
        show_choice(ui, cx);
        ui.add_space(10.0);
        show_progress(ui, cx, &theme);
    });
}

fn show_choice(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let here = Asked::Analyse;
    let mut path = cx.state.analyse.path.clone();
    let field = egui::TextEdit::singleline(&mut path)
        .desired_width(560.0)
        .hint_text("Path of a video or of a folder of numbered pictures");
    let field = ui.add_enabled(!cx.state.analyse.is_running(), field);
    let field = field.accessible_name("Recording");
    if field.changed() {
        cx.send(here(Command::EditPath(path)));
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if entered {
        cx.send(here(Command::Start));
    }
    in_the_middle(ui, 532.0, |ui| {
        for command in [Command::PickVideo, Command::PickImages, Command::Start, Command::Cancel] {
            cx.button(ui, &here(command));
        }
    });
    ui.add_space(6.0);
    in_the_middle(ui, 532.0, |ui| {
        ui.vertical(|ui| keep::show(ui, cx));
    });
}

/// A row of about `width` points in the middle.
fn in_the_middle(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    let high = ui.spacing().interact_size.y;
    ui.allocate_ui(vec2(width, high), |ui| ui.horizontal(add));
}

fn show_progress(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    let analyse = &cx.state.analyse;
    let (stats, found) = (analyse.stats, analyse.session.events.len());
    let words = match &analyse.phase {
        Phase::Idle => return faint(ui, "Choose a video or a folder, then start the analysis."),
        Phase::Starting(step) => format!("{step}…"),
        Phase::Running => format!("Analysing {}", name_of(&analyse.path)),
        Phase::Cancelled => {
            let kept = keep::words(analyse.keeping.folder.as_deref());
            format!("Cancelled. What was analysed so far can be reviewed. {kept}")
        }
        Phase::Done => {
            let kept = keep::words(analyse.keeping.folder.as_deref());
            format!("{} is analysed. {kept}", name_of(&analyse.path))
        }
        Phase::Fault(why) => why.clone(),
    };
    let is_fault = matches!(analyse.phase, Phase::Fault(_));
    let words = RichText::new(words).color(if is_fault { theme.fault } else { theme.text });
    ui.label(words);
    let share = match (&analyse.phase, stats.progress) {
        (Phase::Done, _) => Some(1.0),
        (_, share) => share,
    };
    if let Some(share) = share.filter(|_| !is_fault) {
        let bar =
            ProgressBar::new(share).desired_width(560.0).text(format!("{:.0} %", share * 100.0));
        let response = ui.add(bar);
        let spoken = format!("Analysed {:.0} %", share * 100.0);
        named(&response, Role::ProgressIndicator, spoken);
    } else if analyse.is_running() {
        ui.spinner();
    }
    let frames = analyse.session.history.len();
    if frames > 0 {
        let words = format!(
            "{frames} frames, {:.0} per second, {found} events found so far",
            stats.analysis_fps
        );
        ui.label(RichText::new(words).color(theme.faint));
    }
    ui.add_space(6.0);
    if cx.state.allows(&Asked::Analyse(Command::Review)) {
        cx.button(ui, &Asked::Analyse(Command::Review));
    }
}
