//! What the window needs from outside, behind two traits, so that tests can put a script in their place.
//!
//! Nothing here blocks: what takes time is a [`Pending`] that is asked again in every frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::recording::SessionList;
use super::review::outside::{ExportJob, ImportJob, OpenedSession, SessionPictures};
use crate::config::Config;
use crate::engine::{Busy, EngineCommand, Preview, Update};
use crate::exchange::Written;
use crate::exchange::import::ImportedLayer;
use crate::model::ModelChoice;
use crate::model::provenance::Provenance;
use crate::source::SourceSpec;

pub mod native;
pub mod null;
pub mod pictures;

/// Called from any thread when there is something new to draw.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Something under way: gives its result once, and nothing before and after.
pub type Pending<T> = Box<dyn FnMut() -> Option<T>>;

/// A running engine. Dropping it stops it, which may take a while.
pub trait EngineHandle: Send {
    /// Asks something of it.
    fn send(&self, command: EngineCommand) -> Result<(), Busy>;

    /// What it has said since it was last asked.
    fn updates(&self) -> Vec<Update>;

    /// The newest picture, once.
    fn preview(&self) -> Option<Preview>;

    /// Ends it in order, and gives the last things it says. May take a while.
    fn finish(self: Box<Self>) -> Vec<Update>;
}

/// What to run.
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
    /// What follows `camera:` to open it.
    pub target: String,
    /// What people call it.
    pub name: String,
}

/// What the user is asked to point at.
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
    /// A table or ELAN file to take in.
    Import,
}

impl Pick {
    /// What is asked for, as the end of a sentence.
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

    /// True if what is picked may be made later.
    pub fn may_be_new(self) -> bool {
        matches!(self, Self::Recordings | Self::Export)
    }
}

/// What came of asking for a file or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// This one.
    Path(PathBuf),
    /// The person wants none.
    Nothing,
    /// The desktop shows no dialog, so that nobody could choose.
    NoDialog,
}

/// Starts engines and asks the system for things.
pub trait Backend {
    /// Starts an engine. Returns at once; what goes wrong comes as an update.
    fn start(&mut self, assignment: &Assignment, wake: Wake) -> Box<dyn EngineHandle>;

    /// Ends an engine in order without waiting for it here; gives the last things it says.
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

    /// The pictures of a recording that was measured as `provenance` says; none of a source that is gone
    /// once it was seen.
    fn screen(
        &mut self,
        source: &SourceSpec,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> Option<Box<dyn SessionPictures>>;

    /// The pictures that are being recorded into `folder` at this moment, measured as `provenance`
    /// says; `None` where they cannot be had.
    fn recording_pictures(
        &mut self,
        _folder: &Path,
        _provenance: &Provenance,
        _models: &ModelChoice,
        _wake: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        None
    }

    /// Writes files; the error is one sentence.
    fn export(&mut self, job: ExportJob, wake: Wake) -> Pending<Result<Written, String>>;

    /// Reads somebody else's events; the error is one sentence.
    fn import(&mut self, job: ImportJob, wake: Wake) -> Pending<Result<ImportedLayer, String>>;

    /// Looks at what is stored in a folder.
    fn list_sessions(&mut self, folder: &Path, wake: Wake) -> Pending<SessionList>;

    /// Deletes these sessions; gives one sentence for each that could not be, or that left something.
    fn delete_sessions(&mut self, folders: &[PathBuf], wake: Wake) -> Pending<Vec<String>>;

    /// Asks for a file or a folder.
    fn pick(&mut self, pick: Pick, wake: Wake) -> Pending<Picked>;
}
