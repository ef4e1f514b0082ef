//! The faces in recorded pictures, found with the settings and models that the session was measured with.

use super::search;
use crate::measure::geometry::{Point, Rect};
use crate::media::image::{Frame, RgbImage};
use crate::model::provenance::Provenance;
use crate::model::{ModelChoice, Models};
use crate::pipeline::face::detect::{BlazeFace, Detector, FaceFinder, WantedFace};
use crate::pipeline::{Output, Overlay, Pipeline};

/// Finds faces in the pictures of an event, one after another. Tests use a stand-in.
pub trait FaceFollower {
    /// Forgets the previous pictures: the next one is the first of another event.
    fn forget(&mut self);

    /// Follows the measured person's face into the next picture. The error is one sentence.
    fn follow(&mut self, frame: &Frame) -> Result<Overlay, String>;

    /// A box round every face in `picture`, pixels, also faces of people who are not measured. The error is
    /// one sentence.
    fn faces(&mut self, picture: &RgbImage) -> Result<Vec<Rect>, String>;

    /// A box round every face of any size, pixels. Takes many times as long as [`Self::faces`]. The error is
    /// one sentence.
    fn everyone(&mut self, picture: &RgbImage) -> Result<Vec<Rect>, String> {
        self.faces(picture)
    }
}

/// Low, because something that may be a face is hidden too.
const LEAST_CONFIDENCE: f32 = 0.3;

/// A session's own pipeline, with detectors for the faces of other people.
pub struct SessionFaces {
    pipeline: Pipeline,
    output: Output,
    detectors: FaceFinder,
    /// For parts of a picture.
    small: BlazeFace,
}

impl SessionFaces {
    /// Opens the models that `provenance` names, with its settings. The models are those of `offered` or
    /// those inside the program. If neither has them, `offered` is used and a warning says so. The error is
    /// one sentence.
    pub fn open(provenance: &Provenance, offered: &ModelChoice) -> Result<Self, String> {
        let models = Models::of_session(provenance, offered).map_err(|error| error.to_string())?;
        let pipeline =
            Pipeline::new(&models, &provenance.config()).map_err(|error| error.to_string())?;
        let detectors = FaceFinder::new(&models).map_err(|error| error.to_string())?;
        let small = BlazeFace::new(&models).map_err(|error| error.to_string())?;
        Ok(Self { pipeline, output: Output::default(), detectors, small })
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
        let mut faces = Vec::new();
        self.detectors.reset();
        let keep = |face: &crate::measure::face::FaceBox| {
            faces.push(face.rect_in_frame);
            Ok(false)
        };
        let found = self.detectors.find(picture, LEAST_CONFIDENCE, WantedFace::Largest, keep);
        found.map_err(|error| error.to_string())?;
        Ok(faces)
    }

    fn everyone(&mut self, picture: &RgbImage) -> Result<Vec<Rect>, String> {
        let mut faces = self.faces(picture)?;
        let mut part = RgbImage::default();
        for window in search::windows(picture.width, picture.height) {
            window.cut(picture, &mut part);
            let found = self.small.detect(&part, LEAST_CONFIDENCE);
            let corner = Point::new(window.left as f32, window.top as f32);
            faces.extend(found.map_err(|error| error.to_string())?.iter().map(|face| {
                let Rect { min, max } = face.rect_in_frame;
                Rect { min: min + corner, max: max + corner }
            }));
        }
        Ok(faces)
    }
}

/// A box round the face that was followed; `None` if it was not found.
pub(crate) fn followed_face(overlay: &Overlay) -> Option<Rect> {
    Rect::around(&overlay.landmarks.points_in_frame)
}
