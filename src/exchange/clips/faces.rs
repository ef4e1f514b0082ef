//! The faces in recorded pictures, found with the settings and models that the session was measured with.

use crate::measure::geometry::Rect;
use crate::media::image::{Frame, RgbImage};
use crate::model::provenance::Provenance;
use crate::model::{ModelChoice, Models};
use crate::pipeline::face::detect::FaceFinder;
use crate::pipeline::{Output, Overlay, Pipeline};

/// What finds faces in one picture of an event after another; in tests, a stand-in.
pub trait FaceFollower {
    /// Forgets the pictures before: the next one is the first of another event.
    fn forget(&mut self);

    /// Follows the measured person's face into the next picture. The error is one sentence.
    fn follow(&mut self, frame: &Frame) -> Result<Overlay, String>;

    /// A box round every face in `picture`, pixels, also of people who are not measured. The error is one
    /// sentence.
    fn faces(&mut self, picture: &RgbImage) -> Result<Vec<Rect>, String>;
}

/// A session's own pipeline, with detectors for the faces of other people.
pub struct SessionFaces {
    pipeline: Pipeline,
    output: Output,
    detectors: FaceFinder,
}

impl SessionFaces {
    /// Opens the models that `provenance` names, which are those of `offered` or those inside the program,
    /// with the settings that it holds. Where neither has them, `offered` takes their place, and a warning
    /// says so. The error is one sentence.
    pub fn open(provenance: &Provenance, offered: &ModelChoice) -> Result<Self, String> {
        let models = Models::of_session(provenance, offered).map_err(|error| error.to_string())?;
        let pipeline =
            Pipeline::new(&models, &provenance.config()).map_err(|error| error.to_string())?;
        let detectors = FaceFinder::new(&models).map_err(|error| error.to_string())?;
        Ok(Self { pipeline, output: Output::default(), detectors })
    }
}

impl FaceFollower for SessionFaces {
    fn forget(&mut self) {
        self.pipeline.reset();
        self.output = Output::default();
    }

    fn follow(&mut self, frame: &Frame) -> Result<Overlay, String> {
        self.output.clear();
        let pushed = self.pipeline.push(frame, &mut self.output);
        pushed.map_err(|error| error.to_string())?;
        Ok(self.output.overlay.clone())
    }

    fn faces(&mut self, picture: &RgbImage) -> Result<Vec<Rect>, String> {
        /// A face that may not be one is hidden all the same.
        const LEAST_CONFIDENCE: f32 = 0.3;
        let mut faces = Vec::new();
        self.detectors.reset();
        let keep = |face: &crate::measure::face::FaceBox| {
            faces.push(face.rect_in_frame);
            Ok(false)
        };
        let found = self.detectors.find(picture, LEAST_CONFIDENCE, keep);
        found.map_err(|error| error.to_string())?;
        Ok(faces)
    }
}

/// A box round the face that was followed; `None` where it was not found.
pub(crate) fn followed_face(overlay: &Overlay) -> Option<Rect> {
    Rect::around(&overlay.landmarks.points_in_frame)
}
