//! What review needs from the backend: pictures, and a place that stores acts. Nothing waits.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::view::clips::{Clip, ClipRequest};
use crate::evaluate::agreement::Agreement;
use crate::exchange::Format;
use crate::exchange::import;
use crate::exchange::import::{ImportedLayer, Request};
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::pictures::Pictures;
use crate::media::sound::Outline;
use crate::model::ModelChoice;
use crate::session::Session;
use crate::session::pictures;
use crate::source::SourceSpec;

pub use crate::engine::workers::annotation_writer::Kept;

/// An answer of [`SessionPictures`].
#[derive(Clone, Debug)]
pub enum PictureAnswer {
    /// The picture of exactly the frame [`Frame::seq`].
    Picture(Frame),
    /// There is no picture of this frame, and why.
    NoPicture {
        /// The frame's number.
        frame: u64,
        /// One sentence.
        why: String,
    },
    /// The pictures of an event, or why there are none.
    Clip(ClipRequest, Clip),
}

/// Pictures of a session, from wherever they are stored.
pub trait SessionPictures: Send {
    /// Asks for the picture of this frame. An older request that was not answered is dropped.
    fn show(&mut self, frame: u64);

    /// Asks for the pictures of events, the most wanted first. Older requests that were not answered are
    /// dropped.
    fn cut(&mut self, wishes: &[ClipRequest]);

    /// The answers since the last call.
    fn answers(&mut self) -> Vec<PictureAnswer>;
}

/// The sound of a session. Nothing waits.
pub trait SessionSound: Send {
    /// Plays at the real speed from the session's time `from` on, which belongs to this moment.
    fn play(&mut self, from: Timestamp);

    /// Plays no more.
    fn hush(&mut self);

    /// The outline, if there is more of it than at the last call.
    fn outline(&mut self) -> Option<Outline>;

    /// Why nothing is heard, once; the end of a sentence.
    fn fault(&mut self) -> Option<String>;
}

/// A place that stores what people say, in order. Dropping it waits until everything is stored.
pub trait AnnotationSink: Send {
    /// Takes one thing to store, and returns at once.
    fn keep(&mut self, kept: Kept);

    /// Why something could not be stored, once; one sentence.
    fn fault(&mut self) -> Option<String>;

    /// What else the user should know about the place, once; for example that another window has opened it.
    fn remark(&mut self) -> Option<String> {
        None
    }
}

/// One thing to export.
#[derive(Clone, Debug)]
pub enum ExportContent {
    /// A format.
    Format(&'static Format),
    /// The agreement of two layers.
    Agreement(Box<Agreement>),
}

impl ExportContent {
    /// Its name for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Format(format) => format.name,
            Self::Agreement(_) => "the agreement",
        }
    }
}

/// What to export, and where.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// The session.
    pub session: Arc<Session>,
    /// Its folder with its pictures; `None` for a session in memory only.
    pub place: Option<PathBuf>,
    /// Its recording, if that can be read again; for a session in a folder, the one that the user named.
    pub source: Option<SourceSpec>,
    /// The rater of the layer; `None` for the model's.
    pub rater: Option<String>,
    /// What to write.
    pub what: ExportContent,
    /// True if the faces that are found are blurred in every picture.
    pub blur: bool,
    /// The models of the window.
    pub models: ModelChoice,
    /// The folder to write into.
    pub folder: PathBuf,
}

impl ExportJob {
    /// The session's pictures; `None` if it has none. The error is one sentence.
    pub fn pictures(&self) -> Option<Result<Box<dyn Pictures>, String>> {
        let opened = match (&self.place, &self.source) {
            (Some(folder), recording) => {
                pictures::of_session(folder, recording.as_ref()).transpose()
            }
            (None, Some(source)) if pictures::can_be_seen_again(source) => {
                Some(pictures::of_source(source))
            }
            _ => None,
        };
        opened.map(|opened| opened.map_err(|error| error.to_string()))
    }
}

/// A file to import, and its session.
#[derive(Clone, Debug)]
pub struct ImportJob {
    /// The session.
    pub session: Arc<Session>,
    /// The file, and the name of the rater.
    pub request: Request,
}

impl ImportJob {
    /// Reads the file; the error is one sentence.
    pub fn read(&self) -> Result<ImportedLayer, String> {
        import::layer(&self.request, &self.session).map_err(|error| error.to_string())
    }
}

/// A session that has been opened.
pub struct OpenedSession {
    /// The session.
    pub session: Session,
    /// Its folder; `None` for a session in memory only.
    pub place: Option<PathBuf>,
    /// Its recording, if that can be read again.
    pub source: Option<SourceSpec>,
    /// What was repaired or is missing, one sentence each.
    pub remarks: Vec<String>,
    /// Its pictures; `None` if none were stored or they cannot be read.
    pub screen: Option<Box<dyn SessionPictures>>,
    /// Its sound; `None` if it has none.
    pub sound: Option<Box<dyn SessionSound>>,
    /// Where acts are stored; `None` in memory, and if the folder cannot be written.
    pub keeper: Option<Box<dyn AnnotationSink>>,
}
