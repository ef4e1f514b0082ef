//! The pictures of a stored session or of a recording: frames from the frame_server, events from the clip_extractor.

use crate::app::backend::Wake;
use crate::app::review::outside::{ClipRequest, PictureAnswer, SessionPictures};
use crate::config::Config;
use crate::engine::workers::clip_extractor::ClipExtractor;
use crate::engine::workers::frame_server::FrameServer;
use crate::media::pictures::Pictures;
use crate::model::{ModelChoice, Models};
use crate::pipeline::Pipeline;
use crate::session::pictures;
use crate::source::SourceSpec;

/// Two threads, each with a reader of its own, so that a clip never holds up a step.
pub struct Projection {
    frame_server: FrameServer,
    clip_extractor: ClipExtractor,
    wishes: Vec<ClipRequest>,
}

impl Projection {
    /// Over two readers of the pictures of a stored session.
    pub fn of_session(
        [first, second]: [Box<dyn Pictures>; 2],
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        Self::start(move || Ok(first), move || Ok(second), models, wake)
    }

    /// Over what a source delivered.
    pub fn of_source(
        source: &SourceSpec,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let source = source.clone();
        let open = move || pictures::of_source(&source).map_err(|error| error.to_string());
        Self::start(open.clone(), open, models, wake)
    }

    fn start(
        for_frames: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        for_clips: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        models: &ModelChoice,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let (models, woken) = (models.clone(), wake.clone());
        let frame_server = FrameServer::start(for_frames, move || woken())?;
        let make = move || {
            let models = Models::load(&models).map_err(|error| error.to_string())?;
            let pipeline = Pipeline::new(&models, &Config::default());
            Ok((for_clips()?, pipeline.map_err(|error| error.to_string())?))
        };
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
