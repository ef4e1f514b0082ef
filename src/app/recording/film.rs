//! Pictures of older events while the source runs: out of what is being recorded.
//!
//! The session keeps the pictures of its newest events in memory. Those of older ones are gone, unless
//! they are recorded: then they are read from the file that is being written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::review::outside::{PictureAnswer, SessionPictures};
use crate::app::view::clips::ClipRequest;
use crate::measure::event::Event;
use crate::session::annotation::{Bounds, Target};
use crate::session::clip::EventClip;

/// Events whose pictures are kept at hand.
const KEPT: usize = 8;

/// What was read of a recording that goes on.
#[derive(Default)]
pub(super) struct LiveFilm {
    /// The recording's folder, and its pictures.
    open: Option<(PathBuf, Box<dyn SessionPictures>)>,
    /// By event, the newest last: none while they are on their way.
    clips: Vec<(u64, Option<Result<Arc<EventClip>, String>>)>,
}

impl LiveFilm {
    /// Whether the pictures of this event are here or on their way, or are known not to be had.
    pub(super) fn knows(&self, event_id: u64) -> bool {
        self.clips.iter().any(|(id, _)| *id == event_id)
    }

    /// Asks for the pictures of `event` in the recording in `folder`, which `open` opens.
    pub(super) fn ask(
        &mut self,
        event: &Event,
        folder: &Path,
        open: impl FnOnce() -> Option<Box<dyn SessionPictures>>,
    ) {
        if self.open.as_ref().is_none_or(|(known, _)| known != folder) {
            self.clips.clear();
            self.open = open().map(|pictures| (folder.to_owned(), pictures));
        }
        let Some((_, pictures)) = &mut self.open else { return };
        let Event { id, onset, apex, offset, .. } = *event;
        let bounds = Bounds { onset, apex, offset };
        pictures.cut(&[ClipRequest { target: Target::Machine(id), bounds, magnification: 1.0 }]);
        // Whoever asks anew has stopped to wait for the one before.
        self.clips.retain(|(_, clip)| clip.is_some());
        self.clips.push((id, None));
        let surplus = self.clips.len().saturating_sub(KEPT);
        self.clips.drain(..surplus);
    }

    pub(super) fn take_answers(&mut self) {
        let Some((_, pictures)) = &mut self.open else { return };
        for answer in pictures.answers() {
            if let PictureAnswer::Clip(ClipRequest { target: Target::Machine(id), .. }, clip) =
                answer
                && let Some((_, kept)) = self.clips.iter_mut().find(|(known, _)| *known == id)
            {
                *kept = Some(clip);
            }
        }
    }

    /// The pictures of an event, or one sentence on where they are.
    pub(super) fn pictures(&self, event_id: u64) -> Result<&EventClip, String> {
        match self.clips.iter().find(|(id, _)| *id == event_id) {
            Some((_, Some(Ok(clip)))) => Ok(clip),
            Some((_, None)) => Err("Its pictures are being read from the recording.".into()),
            Some((_, Some(Err(why)))) => {
                Err(format!("Its pictures are gone; times and readings are here. {why}"))
            }
            None => {
                Err("Its pictures are gone, because nothing recorded them; times and readings are \
                         here. Only those of the newest events are kept in memory."
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::{EventKind, Moment, Origin};
    use crate::measure::quality::Trouble;

    fn event(id: u64) -> Event {
        let at = Moment::default();
        Event {
            id,
            kind: EventKind::Micro,
            onset: at,
            apex: at,
            offset: at,
            score: 0.5,
            action_units: Vec::new(),
            emotion: None,
            trouble: Trouble::NONE,
            origin: Origin::Model,
        }
    }

    /// Has the pictures of every event but number 1.
    #[derive(Default)]
    struct Recorded(Vec<PictureAnswer>);

    impl SessionPictures for Recorded {
        fn show(&mut self, _: u64) {}

        fn cut(&mut self, wishes: &[ClipRequest]) {
            let clip = |wish: &ClipRequest| match wish.target {
                Target::Machine(1) => Err("No picture of this event is stored.".to_owned()),
                _ => Ok(Arc::default()),
            };
            self.0.extend(wishes.iter().map(|wish| PictureAnswer::Clip(*wish, clip(wish))));
        }

        fn answers(&mut self) -> Vec<PictureAnswer> {
            std::mem::take(&mut self.0)
        }
    }

    #[test]
    fn pictures_are_said_to_be_gone_only_when_they_are() {
        let mut film = LiveFilm::default();
        let words = |film: &LiveFilm, id| film.pictures(id).map(|_| ()).expect_err("none yet");
        assert!(words(&film, 0).contains("nothing recorded them"));
        let open = || Some(Box::<Recorded>::default() as Box<dyn SessionPictures>);
        for id in 0..2 {
            film.ask(&event(id), Path::new("a"), open);
            assert!(film.knows(id) && words(&film, id).contains("being read"), "{id}");
            film.take_answers();
        }
        assert!(film.pictures(0).is_ok());
        assert!(words(&film, 1).contains("gone") && words(&film, 1).contains("No picture of this"));
        film.ask(&event(5), Path::new("another"), open);
        assert!(!film.knows(0), "another recording has other events");
    }

    #[test]
    fn only_so_many_are_kept_at_hand() {
        let mut film = LiveFilm::default();
        for id in 2..90 {
            let open = || Some(Box::<Recorded>::default() as Box<dyn SessionPictures>);
            film.ask(&event(id), Path::new("a"), open);
            film.take_answers();
        }
        assert_eq!(film.clips.len(), KEPT);
        assert!(film.knows(89) && !film.knows(2));
    }
}
