//! One face, found and then followed: detectors only run while the mesh has nothing to follow, and the
//! mesh only looks again when it is due or what it saw has moved, and no more often than the effort allows.

use std::sync::Arc;

use super::detect::{FaceFinder, WantedFace};
use super::landmarks::{LookAhead, Mesh};
use crate::config::FaceConfig;
use crate::measure::effort::Effort;
use crate::measure::face::Landmarks;
use crate::measure::geometry::{Point, Rect};
use crate::media::image::RgbImage;
use crate::model::{ModelError, Models};

/// Landmarks are not carried over a pause between two frames longer than this, seconds.
const LONGEST_STEP_SECS: f64 = 0.1;

/// When the mesh runs for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshTurn {
    /// Before the flow.
    Now,
    /// If the flow shows that its points no longer fit.
    IfOutdated,
    /// Only if the flow cannot say where the points went; otherwise the mesh waits for a later frame.
    Later,
}

/// Finds a face and follows it.
pub struct Tracker {
    finder: FaceFinder,
    mesh: Mesh,
    config: FaceConfig,
    effort: Effort,
    /// Frames since the mesh last looked.
    age_frames: u32,
    /// Where the chosen face was last seen, pixels; none where the settings choose none.
    seen_at: Option<Point>,
}

impl Tracker {
    /// Opens detectors and mesh.
    pub fn new(models: &Models, config: &FaceConfig) -> Result<Self, ModelError> {
        let (finder, mesh) = (FaceFinder::new(models)?, Mesh::new(models)?);
        let (config, effort) = (config.clone(), Effort::default());
        Ok(Self { finder, mesh, config, effort, age_frames: 0, seen_at: None })
    }

    /// From the next frame on, the mesh runs no more often than `effort` allows.
    pub fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// From now on, some looks of the mesh are made beside the analysis.
    pub fn look_ahead_with(&mut self, ahead: Box<dyn LookAhead>) {
        self.mesh.look_ahead_with(ahead);
    }

    /// Begins the look at the next frame, if the mesh will probably run for it: it has just run for a face
    /// that does not hold still, and may run on every frame.
    pub fn look_ahead(&mut self, next: &Arc<RgbImage>, is_restless: bool) {
        if is_restless && self.age_frames == 0 && self.effort.mesh_gap_frames() == 1 {
            self.mesh.look_ahead(next, self.config.min_presence);
        }
    }

    /// Forgets the face.
    pub fn reset(&mut self) {
        self.finder.reset();
        self.mesh.reset();
        self.age_frames = 0;
        self.seen_at = None;
    }

    /// When the mesh runs for the next frame. It always runs after a pause of `dt_secs` that is too long.
    /// Otherwise, as far as the effort allows, it runs as often as the settings say, and whenever there is no
    /// face or the face is restless.
    pub fn turn(&mut self, dt_secs: Option<f64>, is_restless: bool) -> MeshTurn {
        self.age_frames = self.age_frames.saturating_add(1);
        let is_after_pause = dt_secs.is_none_or(|dt| dt > LONGEST_STEP_SECS);
        let is_due = self.age_frames >= self.config.mesh_every_frames;
        if is_after_pause {
            MeshTurn::Now
        } else if self.age_frames < self.effort.mesh_gap_frames() {
            MeshTurn::Later
        } else if is_due || is_restless || !self.mesh.follows_a_face() {
            MeshTurn::Now
        } else {
            MeshTurn::IfOutdated
        }
    }

    /// Fills `landmarks` with the face in `frame`; leaves them empty without one.
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
