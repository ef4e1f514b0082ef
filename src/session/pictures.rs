//! The pictures of a session, by frame: what review shows and what clips are exported from.

use std::path::{Path, PathBuf};

use super::store;
use crate::event::Moment;
use crate::image::Frame;
use crate::source::{SourceError, SourceOptions, SourceSpec, images, video};

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("{}: {found}", path.display())]
pub struct PictureError {
    /// The file.
    pub path: PathBuf,
    /// What was expected and what was found, one sentence.
    pub found: String,
}

impl PictureError {
    pub(crate) fn new(path: &Path, found: impl Into<String>) -> Self {
        Self { path: path.to_owned(), found: found.into() }
    }

    /// What a source says of `path`, without naming it twice.
    pub(crate) fn of(path: &Path, error: SourceError) -> Self {
        let found = match error {
            SourceError::Io { error, .. } => error.to_string(),
            SourceError::Unusable { expected, found, .. } => {
                format!("expected {expected}, found {found}")
            }
            other => other.to_string(),
        };
        Self::new(path, found)
    }
}

/// Opens the pictures of a session's folder, of a video file or of a folder of pictures, which come
/// 30 a second; see [`of_source`] for another rate.
pub fn open(path: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    if path.join(store::DATABASE).exists() {
        let none = "expected stored pictures, found a session without any";
        return of_session(path)?.ok_or_else(|| PictureError::new(path, none));
    }
    let kind = if path.is_dir() { images::KIND.name } else { video::KIND.name };
    let target = path.to_string_lossy().into_owned();
    of_source(&SourceSpec { kind, target, options: SourceOptions::default() })
}

/// Opens the pictures that are stored in the session's folder; none where it was recorded without, or
/// they are not there.
pub fn of_session(folder: &Path) -> Result<Option<Box<dyn Pictures>>, PictureError> {
    let opened = store::open(folder);
    Ok(opened.map_err(|error| PictureError::new(folder, error.to_string()))?.pictures)
}

/// Whether what a source delivered can be looked at again: recordings can, cameras and demo persons
/// cannot.
pub fn can_be_seen_again(spec: &SourceSpec) -> bool {
    [video::KIND.name, images::KIND.name].contains(&spec.kind)
}

/// Opens what a source delivered, once more, for looking at in any order. Cameras and demo persons
/// cannot be looked at again.
pub fn of_source(spec: &SourceSpec) -> Result<Box<dyn Pictures>, PictureError> {
    let path = spec.path();
    let opened = match spec.kind {
        kind if kind == video::KIND.name => video::pictures(&path),
        kind if kind == images::KIND.name => images::pictures(spec),
        _ => {
            let found = "expected a video file or a folder of pictures, found a source that is gone \
                         once it was seen";
            return Err(PictureError { path: spec.to_string().into(), found: found.into() });
        }
    };
    opened.map_err(|error| PictureError::of(&path, error))
}

/// Moment `index`, or that there is none in the file at `path`.
pub(crate) fn nth(moments: &[Moment], index: usize, path: &Path) -> Result<Moment, PictureError> {
    moments.get(index).copied().ok_or_else(|| {
        PictureError::new(
            path,
            format!("expected one of {} pictures, found {index}", moments.len()),
        )
    })
}

/// Pictures that can be asked for in any order.
pub trait Pictures: Send {
    /// Every picture's frame number and time, in order.
    fn moments(&self) -> &[Moment];

    /// Picture `index` of [`Self::moments`], exactly that one whatever was asked for before. May take
    /// tens of milliseconds; not for the drawing thread.
    fn picture(&mut self, index: usize) -> Result<Frame, PictureError>;

    /// The index of frame number `frame`, or of the last one before it.
    fn index_of(&self, frame: u64) -> Option<usize> {
        self.moments().partition_point(|moment| moment.frame <= frame).checked_sub(1)
    }
}
