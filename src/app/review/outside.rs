//! What review needs from outside: pictures, and a place that keeps what people say. Nothing waits.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::view::clips::{Clip, ClipRequest};
use crate::evaluate::agreement::Agreement;
use crate::exchange::Format;
use crate::exchange::import;
use crate::exchange::import::{ImportedLayer, Request};
use crate::media::image::Frame;
use crate::media::pictures::Pictures;
use crate::model::ModelChoice;
use crate::session::Session;
use crate::session::pictures;
use crate::source::SourceSpec;

pub use crate::engine::workers::annotation_writer::Kept;

/// What comes back.
#[derive(Clone, Debug)]
pub enum PictureAnswer {
    /// The picture that [`Frame::seq`] names, exactly.
    Picture(Frame),
    /// There is none of this frame, and why.
    NoPicture {
        /// The frame's number.
        frame: u64,
        /// One sentence.
        why: String,
    },
    /// The pictures of an event, or why there are none.
    Clip(ClipRequest, Clip),
}

/// Pictures of a session, brought from wherever they are stored.
pub trait SessionPictures: Send {
    /// Asks for the picture of this frame. An older one that has not come yet need not come any more.
    fn show(&mut self, frame: u64);

    /// Asks for the pictures of events, the most wanted first. What was asked before and has not come
    /// need not come any more.
    fn cut(&mut self, wishes: &[ClipRequest]);

    /// What has come since the last call.
    fn answers(&mut self) -> Vec<PictureAnswer>;
}

/// A place that keeps what people say, in order. Dropping it waits until all is kept.
pub trait AnnotationSink: Send {
    /// Takes one thing over and returns at once.
    fn keep(&mut self, kept: Kept);

    /// Why something could not be kept, once; one sentence.
    fn fault(&mut self) -> Option<String>;

    /// What else the user should know of the place, once: that another window has opened it too.
    fn remark(&mut self) -> Option<String> {
        None
    }
}

/// One thing to write.
#[derive(Clone, Debug)]
pub enum ExportContent {
    /// A format.
    Format(&'static Format),
    /// How far two layers agree.
    Agreement(Box<Agreement>),
}

impl ExportContent {
    /// As people call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Format(format) => format.name,
            Self::Agreement(_) => "the agreement",
        }
    }
}

/// What is to be written, and where.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// The session.
    pub session: Arc<Session>,
    /// Its folder, which has its pictures; `None` for one that is in memory only.
    pub place: Option<PathBuf>,
    /// The recording that it is of, where that can be looked at again; of a session in a folder, the one
    /// that the user named.
    pub source: Option<SourceSpec>,
    /// Whose layer; `None` for the model's.
    pub rater: Option<String>,
    /// What.
    pub what: ExportContent,
    /// True if the faces that are found are blurred in every picture.
    pub blur: bool,
    /// The models of the window.
    pub models: ModelChoice,
    /// The folder to write into.
    pub folder: PathBuf,
}

impl ExportJob {
    /// The session's pictures; `None` where it has none. The error is one sentence.
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

/// A file to be read, and the session that it is about.
#[derive(Clone, Debug)]
pub struct ImportJob {
    /// The session.
    pub session: Arc<Session>,
    /// The file, and whose layer it becomes.
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
    /// All that is known of it.
    pub session: Session,
    /// Its folder; `None` for one that is in memory only.
    pub place: Option<PathBuf>,
    /// The recording that it is of, where that can be looked at again.
    pub source: Option<SourceSpec>,
    /// What was repaired or is missing, one sentence each.
    pub remarks: Vec<String>,
    /// Its pictures; `None` where none were stored or they cannot be read.
    pub screen: Option<Box<dyn SessionPictures>>,
    /// Where acts are kept; `None` in memory, and where the folder cannot be written.
    pub keeper: Option<Box<dyn AnnotationSink>>,
}
