//! The pictures that a session still has in memory: those of its newest events.

use std::sync::Arc;

use super::outside::{PictureAnswer, SessionPictures};
use crate::app::view::clips::ClipRequest;
use crate::media::image::Frame;
use crate::session::Session;
use crate::session::clip::EventClip;

/// Shows pictures from the clips of events.
pub struct InMemory {
    clips: Vec<Arc<EventClip>>,
    answers: Vec<PictureAnswer>,
}

impl InMemory {
    /// From the pictures in `session`; `None` if it has none.
    pub fn of(session: &Session) -> Option<Self> {
        let clips = session.events.iter().filter_map(|event| session.clip(event.id));
        let clips: Vec<_> = clips.cloned().collect();
        (!clips.is_empty()).then(|| Self { clips, answers: Vec::new() })
    }
}

impl SessionPictures for InMemory {
    fn show(&mut self, frame: u64) {
        let mut all = self.clips.iter().rev().flat_map(|clip| &clip.frames);
        self.answers.push(match all.find(|(seq, ..)| *seq == frame) {
            Some((seq, time, image)) => {
                PictureAnswer::Picture(Frame::new(*seq, *time, Arc::clone(image)))
            }
            None => PictureAnswer::NoPicture {
                frame,
                why: "only pictures of the newest events are kept in memory. Record a session to \
                      keep them all."
                    .into(),
            },
        });
    }

    fn cut(&mut self, wishes: &[ClipRequest]) {
        let why = "Only a stored session can be cut anew or magnified.";
        self.answers.extend(wishes.iter().map(|wish| PictureAnswer::Clip(*wish, Err(why.into()))));
    }

    fn answers(&mut self) -> Vec<PictureAnswer> {
        std::mem::take(&mut self.answers)
    }
}
