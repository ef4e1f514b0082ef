//! What the window needs from the system, behind two traits, so that tests can use a script instead.
//!
//! Nothing here blocks: what takes time is a [`Pending`], which is polled in every frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::recording::SessionList;
use super::review::outside::{ExportJob, ImportJob, OpenedSession, SessionPictures, SessionSound};
use crate::config::Config;
use crate::engine::{Busy, EngineCommand, Preview, Update};
use crate::exchange::Written;
use crate::exchange::import::ImportedLayer;
use crate::measure::detection_limit::DetectionLimit;
use crate::media::stream::SourceInfo;
use crate::model::ModelChoice;
use crate::model::provenance::Provenance;
use crate::session::Session;
use crate::source::SourceSpec;

pub mod native;
pub mod null;
pub mod pictures;
pub mod sound;

/// Called from any thread when there is something new to draw.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A running task. It gives its result once, and `None` before and after.
pub type Pending<T> = Box<dyn FnMut() -> Option<T>>;

/// A running engine. Dropping it stops it, which may take a while.
pub trait EngineHandle: Send {
    /// Sends a command.
    fn send(&self, command: EngineCommand) -> Result<(), Busy>;

    /// The messages since the last call.
    fn updates(&self) -> Vec<Update>;

    /// The newest picture; each is returned once.
    fn preview(&self) -> Option<Preview>;

    /// Ends it in order, and returns its last messages. May take a while.
    fn finish(self: Box<Self>) -> Vec<Update>;
}

/// What an engine runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The source.
    pub source: SourceSpec,
    /// The models.
    pub models: ModelChoice,
    /// Settings.
    pub config: Config,
}

/// A camera that the system names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraChoice {
    /// The text after `camera:` that opens it.
    pub target: String,
    /// Its name for people.
    pub name: String,
}

/// A file or folder that the user is asked to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// A video file.
    Video,
    /// A folder of numbered pictures.
    Images,
    /// A folder with models.
    Models,
    /// A session's folder.
    Session,
    /// The folder in which sessions are stored.
    Recordings,
    /// A folder to export into.
    Export,
    /// A table or ELAN file to import.
    Import,
}

impl Pick {
    /// Its description, as the end of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Video => "a video file",
            Self::Images => "a folder of numbered pictures",
            Self::Models => "a folder with manifest.toml",
            Self::Session => "a session’s folder",
            Self::Recordings => "the folder in which sessions are stored",
            Self::Export => "the folder to write into",
            Self::Import => "a table or an ELAN file",
        }
    }

    /// True if the folder may be created later.
    pub fn may_be_new(self) -> bool {
        matches!(self, Self::Recordings | Self::Export)
    }
}

/// The answer to a file dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// This one.
    Path(PathBuf),
    /// The person cancelled.
    Nothing,
    /// The system shows no file dialog.
    NoDialog,
}

/// Starts engines, and asks the system for other things.
pub trait Backend {
    /// Starts an engine. Returns at once; errors come as updates.
    fn start(&mut self, assignment: &Assignment, wake: Wake) -> Box<dyn EngineHandle>;

    /// Ends an engine in order, without waiting for it here. Gives its last messages.
    fn stop(&mut self, engine: Box<dyn EngineHandle>, wake: Wake) -> Pending<Vec<Update>>;

    /// Looks for cameras; the error is one sentence.
    fn find_cameras(&mut self, wake: Wake) -> Pending<Result<Vec<CameraChoice>, String>>;

    /// Reads a stored session; the error is one sentence.
    fn open_session(
        &mut self,
        folder: &Path,
        models: &ModelChoice,
        wake: Wake,
    ) -> Pending<Result<OpenedSession, String>>;

    /// The pictures of a recording that was measured as `provenance` says; `None` for a source that cannot be
    /// read again.
    fn screen(
        &mut self,
        source: &SourceSpec,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> Option<Box<dyn SessionPictures>>;

    /// The sound of a recording whose frames are as `info` says; `None` if it has none or cannot be read again.
    fn sound(
        &mut self,
        _source: &SourceSpec,
        _info: &SourceInfo,
        _wake: Wake,
    ) -> Option<Box<dyn SessionSound>> {
        None
    }

    /// The pictures that are being recorded into `folder`, measured as `provenance` says; `None` if they
    /// cannot be read.
    fn recording_pictures(
        &mut self,
        _folder: &Path,
        _provenance: &Provenance,
        _models: &ModelChoice,
        _wake: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        None
    }

    /// Measures how small a movement the session could have shown; `None` where that cannot be known. Dropping
    /// what is under way ends it.
    fn detection_limit(
        &mut self,
        _session: Arc<Session>,
        _models: &ModelChoice,
        _wake: Wake,
    ) -> Pending<Option<DetectionLimit>> {
        Box::new(|| None)
    }

    /// Writes files; the error is one sentence.
    fn export(&mut self, job: ExportJob, wake: Wake) -> Pending<Result<Written, String>>;

    /// Reads other people's events; the error is one sentence.
    fn import(&mut self, job: ImportJob, wake: Wake) -> Pending<Result<ImportedLayer, String>>;

    /// Lists the sessions in a folder.
    fn list_sessions(&mut self, folder: &Path, wake: Wake) -> Pending<SessionList>;

    /// Deletes these sessions. Gives one sentence for each that could not be deleted or that left other
    /// files.
    fn delete_sessions(&mut self, folders: &[PathBuf], wake: Wake) -> Pending<Vec<String>>;

    /// Shows a folder in the system's own program for files; the error is the end of a sentence.
    fn show_folder(&mut self, _folder: &Path) -> Result<(), String> {
        Err("no program of the system shows it.".into())
    }

    /// Asks for a file or a folder.
    fn pick(&mut self, pick: Pick, wake: Wake) -> Pending<Picked>;
}
