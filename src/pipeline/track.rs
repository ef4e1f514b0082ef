//! One face, found and then followed: detectors only run while the mesh has nothing to follow.

use super::Landmarks;
use super::detect::FaceFinder;
use super::landmarks::Mesh;
use crate::config::FaceConfig;
use crate::image::RgbImage;
use crate::model::{ModelError, Models};

/// Finds a face and follows it.
pub struct Tracker {
    finder: FaceFinder,
    mesh: Mesh,
    config: FaceConfig,
}

impl Tracker {
    /// Opens detectors and mesh.
    pub fn new(models: &Models, config: &FaceConfig) -> Result<Self, ModelError> {
        let (finder, mesh) = (FaceFinder::new(models)?, Mesh::new(models)?);
        Ok(Self { finder, mesh, config: config.clone() })
    }

    /// Forgets the face.
    pub fn reset(&mut self) {
        self.finder.reset();
        self.mesh.reset();
    }

    /// Fills `landmarks` with the face in `frame`; leaves them empty where there is none.
    pub fn follow(
        &mut self,
        frame: &RgbImage,
        landmarks: &mut Landmarks,
    ) -> Result<(), ModelError> {
        self.mesh.find(frame, self.config.min_presence, landmarks)?;
        if !landmarks.is_empty() {
            return Ok(());
        }
        // What a detector takes for a face may be a print on a shirt; the mesh knows better, and then
        // the next candidate gets its turn.
        let Self { finder, mesh, config } = self;
        finder.find(frame, config.min_detection, |face| {
            mesh.start(face);
            mesh.find(frame, config.min_presence, landmarks)?;
            Ok(!landmarks.is_empty())
        })
    }
}
