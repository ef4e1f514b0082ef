//! A recording that becomes a session: it is analysed as fast as possible, then reviewed.
//!
//! The engine is that of a live source; only the recording's own clock does not slow it down.

use std::path::Path;

use egui::Key;

use super::backend::{Assignment, EngineHandle, Pick};
use super::command::Command;
use super::field::TextField;
use super::message::{Topic, Weight};
use super::registry::{ANALYSE, CommandEntry, Group, entry};
use super::shortcut::{ctrl, key};
use super::state::State;
use crate::engine::Update;
use crate::model::provenance::Provenance;
use crate::session::Session;
use crate::session::record::Record;
use crate::session::record::Stats;
use crate::session::store::known;
use crate::source::{SourceOptions, SourceSpec};

pub mod keep;

use keep::Keeping;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum AnalyseCommand {
    /// Ask for a video.
    PickVideo,
    /// Ask for a folder of pictures.
    PickImages,
    /// If the next analysis is stored on the disk, and if with a copy of its pictures.
    Keep {
        /// True if it is stored.
        is_wanted: bool,
        /// True if its pictures are copied.
        with_pictures: bool,
    },
    /// Analyse what is chosen.
    Start,
    /// Stop; what was analysed stays.
    Cancel,
    /// Review the analysed recording.
    Review,
}

/// In the order of the menu.
pub static ENTRIES: &[CommandEntry] = &[
    entry(
        Group::Source,
        Command::Analyse(AnalyseCommand::PickVideo),
        "Choose a video…",
        &[ctrl(Key::O)],
        "Choose the video file to analyse",
    )
    .only(ANALYSE),
    entry(
        Group::Source,
        Command::Analyse(AnalyseCommand::PickImages),
        "Choose an image folder…",
        &[],
        "Choose the folder of numbered pictures to analyse",
    )
    .only(ANALYSE),
    entry(
        Group::Run,
        Command::Analyse(AnalyseCommand::Start),
        "Start the analysis",
        &[ctrl(Key::Enter)],
        "Analyse the chosen recording as fast as this machine can",
    )
    .only(ANALYSE),
    entry(
        Group::Run,
        Command::Analyse(AnalyseCommand::Cancel),
        "Cancel",
        &[ctrl(Key::Period)],
        "Stop; what was analysed so far stays and can be reviewed",
    )
    .only(ANALYSE),
    entry(
        Group::Run,
        Command::Analyse(AnalyseCommand::Review),
        "Review the result",
        &[key(Key::R)],
        "Look at what was analysed, frame by frame",
    )
    .only(ANALYSE),
];

/// The state of an analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AnalysePhase {
    /// None was started.
    #[default]
    Idle,
    /// It starts; the text says what it is doing.
    Starting(String),
    /// Frames are analysed.
    Running,
    /// It was stopped by hand.
    Cancelled,
    /// All frames were analysed.
    Done,
    /// It ended with an error; one sentence.
    Fault(String),
}

/// Everything about the analysis.
#[derive(Default)]
pub struct AnalyseState {
    /// Where it stands.
    pub phase: AnalysePhase,
    /// The field for the recording's path.
    pub path: TextField,
    /// The recording.
    pub source: Option<SourceSpec>,
    /// The engine's figures.
    pub stats: Stats,
    /// What it has found so far.
    pub session: Session,
    /// If and where it is stored.
    pub keeping: Keeping,
    engine: Option<Box<dyn EngineHandle>>,
}

impl AnalyseState {
    /// True if frames are analysed, or about to be.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, AnalysePhase::Starting(_) | AnalysePhase::Running)
    }
}

impl State {
    pub(super) fn apply_to_analyse(&mut self, command: AnalyseCommand) {
        match command {
            AnalyseCommand::PickVideo => self.pick(Pick::Video),
            AnalyseCommand::PickImages => self.pick(Pick::Images),
            AnalyseCommand::Keep { is_wanted, with_pictures } => {
                let keeping = &mut self.analyse.keeping;
                (keeping.is_wanted, keeping.with_pictures) = (is_wanted, with_pictures);
            }
            AnalyseCommand::Start => self.start_analysis(),
            AnalyseCommand::Cancel => self.end_analysis(AnalysePhase::Cancelled),
            AnalyseCommand::Review => {
                if let Some(folder) = self.analyse.keeping.folder.clone() {
                    self.open_session(&folder);
                } else if let Some(source) = self.analyse.source.clone() {
                    self.review_session(self.analyse.session.clone(), source);
                }
            }
        }
    }

    pub(super) fn allows_in_analyse(&self, command: &AnalyseCommand) -> bool {
        let analyse = &self.analyse;
        match command {
            AnalyseCommand::PickVideo | AnalyseCommand::PickImages => {
                self.outside.tasks.pick.is_none() && !analyse.is_running()
            }
            AnalyseCommand::Keep { .. } => !analyse.is_running(),
            AnalyseCommand::Start => !analyse.is_running() && !analyse.path.is_blank(),
            AnalyseCommand::Cancel => analyse.is_running(),
            // The files are complete when the engine has ended.
            AnalyseCommand::Review => {
                !analyse.is_running()
                    && self.outside.tasks.analysis.is_none()
                    && !analyse.session.history.is_empty()
            }
        }
    }

    /// Takes the messages of the engine.
    pub(super) fn drain_analysis(&mut self) {
        let Some(engine) = &self.analyse.engine else { return };
        for update in engine.updates() {
            if let Some(record) = update.record() {
                self.analyse.session.apply(record);
            }
            match update {
                Update::Starting(step) => self.analyse.phase = AnalysePhase::Starting(step),
                Update::Record(Record::Opened(_)) => self.analyse.phase = AnalysePhase::Running,
                Update::Record(Record::Stats(stats)) => self.analyse.stats = stats,
                Update::Recording(recording) => self.take_in_kept(&recording),
                Update::Ended(None) => self.end_analysis(AnalysePhase::Done),
                Update::Ended(Some(why)) => {
                    self.messages.post(Weight::Error, Topic::Other, &why);
                    self.end_analysis(AnalysePhase::Fault(why));
                }
                _ => {}
            }
        }
    }

    /// Takes the last messages of an engine that was stopped.
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
        self.analyse.path.set_name(path.as_os_str());
    }

    fn start_analysis(&mut self) {
        let mut source = match SourceSpec::named(&self.analyse.path.name()) {
            Ok(source) => source,
            Err(error) => return self.analyse.phase = AnalysePhase::Fault(error.to_string()),
        };
        if source.is_live() {
            let why = format!("{source}: expected a video file or a folder of pictures");
            return self.analyse.phase = AnalysePhase::Fault(why);
        }
        source.options = SourceOptions { fps: self.outside.fps, paced: false, ..source.options };
        // A stored session looks for its recording later, when the program may run in another folder.
        if let Ok(whole) = source.path().canonicalize() {
            source.target = whole.into();
        }
        let phase = AnalysePhase::Starting(format!("opening {source}"));
        let (chosen, chosen_name) = (Some(source.clone()), source.to_string());
        let assignment = Assignment {
            source,
            models: self.live.models.clone(),
            config: self.outside.config.clone(),
        };
        let path = std::mem::take(&mut self.analyse.path);
        let wake = self.outside.engine_wakes.analysis.clone();
        let engine = self.outside.backend.start(&assignment, wake);
        let folder = self.keep_analysis(engine.as_ref(), Path::new(&path.name()));
        if let Some((folder, source)) = folder.as_ref().zip(chosen.as_ref())
            && let Err(error) = known::note(folder, source)
        {
            tracing::warn!("review will ask where the recording is: {error}");
        }
        let keeping = self.analyse.keeping.renewed(folder);
        let (mut session, stats) = (Session::keeping_all(), Stats::default());
        session.provenance = Provenance::of_settings(&assignment.config, chosen_name);
        let engine = Some(engine);
        self.analyse =
            AnalyseState { phase, path, source: chosen, engine, session, stats, keeping };
    }

    fn end_analysis(&mut self, phase: AnalysePhase) {
        self.analyse.phase = phase;
        if let Some(engine) = self.analyse.engine.take() {
            self.outside.tasks.analysis =
                Some(self.outside.backend.stop(engine, self.outside.wake.clone()));
        }
    }
}
