//! The picture on screen, and the one that was asked for.

use super::outside::SessionPictures;
use crate::media::image::Frame;

/// The picture on screen. It always has the name of its own frame, also while a newer one is loading.
#[derive(Default)]
pub struct FrameInView {
    /// The picture on screen. Its own number and time say which frame it is.
    pub frame: Option<Frame>,
    /// Why the wanted one cannot be shown: its number, and one sentence.
    pub fault: Option<(u64, String)>,
    wanted: Option<u64>,
    /// The source of pictures; `None` if there is none.
    pub(super) pictures: Option<Box<dyn SessionPictures>>,
}

impl FrameInView {
    /// No picture yet; they will come from `pictures`.
    pub(super) fn from(pictures: Option<Box<dyn SessionPictures>>) -> Self {
        Self { pictures, ..Self::default() }
    }

    /// The frame that is wanted, while it is neither shown nor known to be missing.
    pub fn awaited(&self) -> Option<u64> {
        let shown = self.frame.as_ref().map(|frame| frame.seq);
        let missing = self.fault.as_ref().map(|(frame, _)| *frame);
        self.wanted.filter(|wanted| shown != Some(*wanted) && missing != Some(*wanted))
    }

    /// Asks for the picture of this frame, once.
    pub(super) fn want(&mut self, frame: u64) {
        if self.wanted != Some(frame) {
            self.wanted = Some(frame);
            self.fault = None;
            if let Some(pictures) = &mut self.pictures {
                pictures.show(frame);
            }
        }
    }

    /// Takes a picture.
    pub(super) fn put(&mut self, frame: Frame) {
        self.fault = self.fault.take().filter(|(missing, _)| *missing != frame.seq);
        self.frame = Some(frame);
    }

    /// Takes the reason why a picture is missing, if it is still wanted.
    pub(super) fn put_fault(&mut self, frame: u64, why: String) {
        if self.wanted == Some(frame) {
            self.fault = Some((frame, why));
        }
    }
}
