//! Pictures of older events while the source runs, read from the present recording.
//!
//! The session keeps the pictures of its newest events in memory. Those of older events can be shown only if
//! they are recorded: then they are read from the file that is being written.

use std::path::{Path, PathBuf};

use crate::app::live::LiveState;
use crate::app::outside::Outside;
use crate::app::review::outside::{PictureAnswer, SessionPictures};
use crate::app::state::State;
use crate::app::view::clips::{Clip, ClipRequest};
use crate::session::clip::EventClip;
use crate::session::table::Row;

/// Reads the pictures of the present recording.
#[derive(Default)]
pub(super) struct RecordedPictures {
    /// The recording's folder, and its pictures if they can be read.
    open: Option<(PathBuf, Option<Box<dyn SessionPictures>>)>,
}

impl RecordedPictures {
    /// Asks for pictures of the recording in `folder`, opened by `open`. The error is one sentence.
    fn ask(
        &mut self,
        requests: &[ClipRequest],
        folder: &Path,
        open: impl FnOnce() -> Option<Box<dyn SessionPictures>>,
    ) -> Result<(), String> {
        if self.open.as_ref().is_none_or(|(known, _)| known != folder) {
            self.open = Some((folder.to_owned(), open()));
        }
        let Some((_, Some(pictures))) = &mut self.open else {
            return Err("The recording cannot be read.".into());
        };
        pictures.cut(requests);
        Ok(())
    }

    fn answers(&mut self) -> Vec<(ClipRequest, Clip)> {
        let Some((_, Some(pictures))) = &mut self.open else { return Vec::new() };
        let clip = |answer| match answer {
            PictureAnswer::Clip(request, clip) => Some((request, clip)),
            PictureAnswer::Picture(_) | PictureAnswer::NoPicture { .. } => None,
        };
        pictures.answers().into_iter().filter_map(clip).collect()
    }
}

impl State {
    /// Asks for the pictures of the event on the card, if only the recording has them.
    pub(in crate::app) fn look_at_recorded_pictures(&mut self) {
        let view = &mut self.live.view;
        for (request, clip) in self.records.pictures.answers() {
            view.clips.put(&request, clip);
        }
        let Some(row) = self.live.shown_event().map(Row::of_event) else { return };
        let Some(folder) = self.records.now.as_ref().map(|now| now.folder.as_path()) else {
            return;
        };
        let request = ClipRequest::plain(&row);
        let LiveState { view, models, .. } = &mut self.live;
        if view.kept_clip(&row).is_some() || view.clips.get(&request).is_some() {
            return;
        }
        let requests = view.clips.want(&[request], |_| None);
        let Outside { backend, wake, .. } = &mut self.outside;
        let provenance = &view.session.provenance;
        let open = || backend.recording_pictures(folder, provenance, models, wake.clone());
        if let Err(why) = self.records.pictures.ask(&requests, folder, open) {
            view.clips.put(&request, Err(why));
        }
    }
}

impl LiveState {
    /// The pictures of an event. The error is one sentence that says where they are.
    pub fn pictures_of(&self, row: &Row) -> Result<&EventClip, String> {
        if let Some(clip) = self.view.kept_clip(row) {
            return Ok(clip);
        }
        match self.view.clips.get(&ClipRequest::plain(row)) {
            Some(Some(Ok(clip))) => Ok(clip),
            Some(Some(Err(why))) => {
                Err(format!("Its pictures are gone; times and readings are here. {why}"))
            }
            Some(None) => Err("Its pictures are being read from the recording.".into()),
            None => {
                Err("Its pictures are gone, because nothing recorded them; times and readings \
                         are here. Only those of the newest events are kept in memory."
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::tests::{event, state};
    use crate::session::annotation::Target;

    /// Has the pictures of every event except number 1.
    #[derive(Default)]
    struct Recorded(Vec<PictureAnswer>);

    impl SessionPictures for Recorded {
        fn show(&mut self, _: u64) {}

        fn cut(&mut self, requests: &[ClipRequest]) {
            let clip = |request: &ClipRequest| match request.target {
                Target::Machine(1) => Err("No picture of this event is stored.".to_owned()),
                _ => Ok(Arc::default()),
            };
            let answer = |request: &ClipRequest| PictureAnswer::Clip(*request, clip(request));
            self.0.extend(requests.iter().map(answer));
        }

        fn answers(&mut self) -> Vec<PictureAnswer> {
            std::mem::take(&mut self.0)
        }
    }

    #[test]
    fn pictures_are_said_to_be_gone_only_when_they_are() {
        let mut live = state().live;
        let mut recorded = RecordedPictures::default();
        let words =
            |live: &LiveState, row: &Row| live.pictures_of(row).map(|_| ()).expect_err("none");
        let rows = [0, 1].map(|id| Row::of_event(&event(id, 5.0 * id as f64)));
        assert!(words(&live, &rows[0]).contains("nothing recorded them"));
        for row in &rows {
            let requests = live.view.clips.want(&[ClipRequest::plain(row)], |_| None);
            let open = || Some(Box::<Recorded>::default() as Box<dyn SessionPictures>);
            recorded.ask(&requests, Path::new("a"), open).expect("opened");
            assert!(words(&live, row).contains("being read"), "{row:?}");
            for (request, clip) in recorded.answers() {
                live.view.clips.put(&request, clip);
            }
        }
        assert!(live.pictures_of(&rows[0]).is_ok());
        let words = words(&live, &rows[1]);
        assert!(words.contains("gone") && words.contains("No picture of this"), "{words}");
    }

    #[test]
    fn a_recording_that_cannot_be_read_says_so() {
        let mut recorded = RecordedPictures::default();
        let error = recorded.ask(&[], Path::new("a"), || None).expect_err("nothing opens");
        assert!(error.contains("cannot be read"), "{error}");
    }
}
