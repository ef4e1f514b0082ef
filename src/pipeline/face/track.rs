//! One face, found and then followed: detectors only run while the mesh has nothing to follow, and the
//! mesh only looks again when it is due or what it saw has moved.

use super::detect::{FaceFinder, WantedFace};
use super::landmarks::Mesh;
use crate::config::FaceConfig;
use crate::measure::face::Landmarks;
use crate::measure::geometry::{Point, Rect};
use crate::media::image::RgbImage;
use crate::model::{ModelError, Models};

/// Landmarks are not carried over a longer pause than this between two frames.
const LONGEST_STEP_SECS: f64 = 0.1;

/// Finds a face and follows it.
pub struct Tracker {
    finder: FaceFinder,
    mesh: Mesh,
    config: FaceConfig,
    /// Frames since the mesh last looked.
    age_frames: u32,
    /// Where the chosen face was last seen, pixels; none where the settings choose none.
    seen_at: Option<Point>,
}

impl Tracker {
    /// Opens detectors and mesh.
    pub fn new(models: &Models, config: &FaceConfig) -> Result<Self, ModelError> {
        let (finder, mesh) = (FaceFinder::new(models)?, Mesh::new(models)?);
        Ok(Self { finder, mesh, config: config.clone(), age_frames: 0, seen_at: None })
    }

    /// Forgets the face.
    pub fn reset(&mut self) {
        self.finder.reset();
        self.mesh.reset();
        self.age_frames = 0;
        self.seen_at = None;
    }

    /// True if the mesh should look at the next frame whatever the flow will say: as often as the
    /// settings ask, while there is no face, and after a pause of `dt_secs`.
    pub fn is_due(&mut self, dt_secs: Option<f64>) -> bool {
        self.age_frames += 1;
        self.age_frames >= self.config.mesh_every_frames
            || !self.mesh.follows_a_face()
            || dt_secs.is_none_or(|dt| dt > LONGEST_STEP_SECS)
    }

    /// Fills `landmarks` with the face in `frame`; leaves them empty where there is none.
    pub fn follow(
        &mut self,
        frame: &RgbImage,
        landmarks: &mut Landmarks,
    ) -> Result<(), ModelError> {
        self.age_frames = 0;
        self.mesh.find(frame, self.config.min_presence, landmarks)?;
        if landmarks.is_empty() {
            self.search(frame, landmarks)?;
        }
        if self.config.start_at.is_some() {
            let face = Rect::around(&landmarks.points_in_frame);
            self.seen_at = face.map(|face| face.center()).or(self.seen_at);
        }
        Ok(())
    }

    /// Looks for the face in the whole picture.
    fn search(&mut self, frame: &RgbImage, landmarks: &mut Landmarks) -> Result<(), ModelError> {
        let size = (frame.width as f32, frame.height as f32);
        let start = self.config.start_at.map(|[x, y]| Point::new(x * size.0, y * size.1));
        let wanted = match (self.seen_at, start) {
            (Some(place), _) => WantedFace::SeenAt(place),
            (None, Some(place)) => WantedFace::Nearest(place),
            (None, None) => WantedFace::Largest,
        };
        // What a detector takes for a face may be a print on a shirt; the mesh knows better, and then
        // the next candidate gets its turn.
        let Self { finder, mesh, config, .. } = self;
        finder.find(frame, config.min_detection, wanted, |face| {
            mesh.start(face);
            mesh.find(frame, config.min_presence, landmarks)?;
            Ok(!landmarks.is_empty())
        })
    }
}
