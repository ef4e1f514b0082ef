//! The pictures of a session, by frame: what review shows and what clips are exported from.

use std::path::PathBuf;

use crate::event::Moment;
use crate::image::Frame;

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("{}: {found}", path.display())]
pub struct PictureError {
    /// The file.
    pub path: PathBuf,
    /// What was expected and what was found, one sentence.
    pub found: String,
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
