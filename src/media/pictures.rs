//! Pictures that can be asked for in any order.

use std::path::{Path, PathBuf};

use super::image::Frame;
use super::stream::SourceError;
use crate::measure::event::Moment;

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

    /// From a source's error about `path`, so that the path is named once.
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

/// Moment `index`. An error if the file at `path` has fewer.
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

    /// Picture `index` of [`Self::moments`], exactly that one whatever was asked for before. May take tens of
    /// milliseconds, so it must not run on the drawing thread.
    fn picture(&mut self, index: usize) -> Result<Frame, PictureError>;

    /// Looks for pictures that were added after it was opened, if there can be any.
    fn refresh(&mut self) -> Result<(), PictureError> {
        Ok(())
    }

    /// The index of frame number `frame`, or of the last one before it.
    fn index_of(&self, frame: u64) -> Option<usize> {
        self.moments().partition_point(|moment| moment.frame <= frame).checked_sub(1)
    }
}
