//! The pictures of a stored session or of a recording: single frames from the frame server, events from the
//! clip extractor.

use std::path::Path;

use crate::app::backend::Wake;
use crate::app::review::outside::{PictureAnswer, SessionPictures};
use crate::app::view::clips::ClipRequest;
use crate::engine::workers::clip_extractor::ClipExtractor;
use crate::engine::workers::frame_server::FrameServer;
use crate::exchange::clips::faces::SessionFaces;
use crate::media::pictures::Pictures;
use crate::model::ModelChoice;
use crate::model::provenance::Provenance;
use crate::session::pictures;
use crate::source::SourceSpec;

/// Two threads, each with a reader of its own, so that a clip never delays a step.
pub struct Projection {
    frame_server: FrameServer,
    clip_extractor: ClipExtractor,
    wishes: Vec<ClipRequest>,
}

impl Projection {
    /// From two readers of a stored session's pictures; `provenance` says how it was measured.
    pub fn of_session(
        [first, second]: [Box<dyn Pictures>; 2],
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        Self::start(move || Ok(first), move || Ok(second), provenance, models, wake)
    }

    /// From a source that is read again, measured as `provenance` says.
    pub fn of_source(
        source: &SourceSpec,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let source = source.clone();
        let open = move || pictures::of_source(&source).map_err(|error| error.to_string());
        Self::start(open.clone(), open, provenance, models, wake)
    }

    /// From the pictures that are being recorded into `folder`, measured as `provenance` says.
    pub fn of_recording(
        folder: &Path,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let folder = folder.to_owned();
        let open = move || pictures::of_recording(&folder).map_err(|error| error.to_string());
        Self::start(open.clone(), open, provenance, models, wake)
    }

    fn start(
        for_frames: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        for_clips: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let (provenance, models, woken) = (provenance.clone(), models.clone(), wake.clone());
        let frame_server = FrameServer::start(for_frames, move || woken())?;
        let make = move || Ok((for_clips()?, SessionFaces::open(&provenance, &models)?));
        let clip_extractor = ClipExtractor::start(make, move || wake())?;
        Ok(Self { frame_server, clip_extractor, wishes: Vec::new() })
    }
}

impl SessionPictures for Projection {
    fn show(&mut self, frame: u64) {
        self.frame_server.show(frame);
    }

    fn cut(&mut self, wishes: &[ClipRequest]) {
        self.wishes = wishes.to_vec();
        self.clip_extractor
            .cut(wishes.iter().map(|wish| (wish.bounds, wish.magnification)).collect());
    }

    fn answers(&mut self) -> Vec<PictureAnswer> {
        let shown = self.frame_server.take().map(|shown| match shown {
            Ok(frame) => PictureAnswer::Picture(frame),
            Err((frame, why)) => PictureAnswer::NoPicture { frame, why },
        });
        let mut answers: Vec<_> = shown.into_iter().collect();
        for (bounds, magnification, clip) in self.clip_extractor.cuts() {
            let is_it =
                |wish: &ClipRequest| wish.bounds == bounds && wish.magnification == magnification;
            if let Some(i) = self.wishes.iter().position(is_it) {
                answers.push(PictureAnswer::Clip(self.wishes.remove(i), clip));
            }
        }
        answers
    }
}
