//! From two frames to the motion of every region: aligning, flow and regions as one stage.

use std::sync::Arc;

use super::face::align::{Aligned, Aligner};
use crate::measure::face::Landmarks;
use crate::measure::geometry::{Affine, Point};
use crate::media::image::{GrayImage, RgbImage};
use flow::{Flow, FlowField, Pyramid};
use regions::REGION_RADIUS_PX;
use regions::{Head, Places, RegionDisplacement, RegionPlace, Watch};

pub mod flow;
pub mod magnify;
pub mod regions;

/// Measures the motion between each frame and the one before it.
#[derive(Debug, Default)]
pub struct Motion {
    aligner: Aligner,
    before: Pyramid,
    now: Pyramid,
    flow: Flow,
    field: FlowField,
    places: Places,
    wanted: Vec<bool>,
    watch: Watch,
    /// The head's motion since the previous frame; `None` if it could not be measured.
    head: Option<Head>,
    /// True if the landmarks no longer fit the picture.
    mesh_is_old: bool,
}

/// The measurements of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// From the face crop to the frame.
    pub frame_from_face: Affine,
    /// Displacement since the previous frame; `None` without a previous frame to compare with.
    pub displacement: Option<RegionDisplacement>,
}

impl Motion {
    /// Forgets face and frames.
    pub fn reset(&mut self) {
        self.aligner.reset();
        self.watch = Watch::default();
        self.head = None;
    }

    /// Takes the next frame; `None` without a face. `landmarks` are those of this frame or, if the mesh did
    /// not run on it, those of the previous one.
    pub fn push(&mut self, frame: &Arc<RgbImage>, landmarks: &Landmarks) -> Option<Measured> {
        self.head = None;
        self.mesh_is_old = true;
        let aligned = self.aligner.push(frame, landmarks)?;
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.build(&self.aligner.now);
        Some(self.measure(aligned, landmarks))
    }

    /// Measures the newest frame again, with the landmarks that the mesh has just found in it.
    pub fn again(&mut self, landmarks: &Landmarks) -> Option<Measured> {
        self.head = None;
        let aligned = self.aligner.again(landmarks)?;
        if aligned.moved {
            self.now.build(&self.aligner.now);
        }
        Some(self.measure(aligned, landmarks))
    }

    fn measure(&mut self, aligned: Aligned, landmarks: &Landmarks) -> Measured {
        let Aligned { frame_from_face, comparable, moved } = aligned;
        self.places.update(landmarks, &frame_from_face);
        if !comparable {
            return Measured { frame_from_face, displacement: None };
        }
        if moved {
            self.before.build(&self.aligner.before);
        }
        self.places.mark(self.aligner.now.width, self.aligner.now.height, &mut self.wanted);
        self.flow.measure(&self.before, &self.now, &self.wanted, &mut self.field);
        let (displacement, head) = regions::measure(&self.field, &self.places).unzip();
        if let Some((displacement, head)) = displacement.as_ref().zip(head.as_ref()) {
            self.mesh_is_old =
                self.watch.outdates_mesh(&self.field, &self.places, displacement, head);
        }
        self.head = head;
        Measured { frame_from_face, displacement }
    }

    /// True if the face does not hold still, so that the mesh should run on the next frame before its motion
    /// is measured.
    pub fn is_restless(&self) -> bool {
        self.watch.is_restless()
    }

    /// True if lids, mouth or head have moved since the mesh ran, or if it is not known.
    pub fn outdates_mesh(&self) -> bool {
        self.mesh_is_old
    }

    /// True if the flow explains the new picture by the previous one, so that it can say where points went.
    pub fn is_explained(&self) -> bool {
        self.head.is_some() && !regions::is_strange(&self.field)
    }

    /// The mesh has looked at the newest frame.
    pub fn mesh_is_new(&mut self) {
        self.watch.reset();
    }

    /// Moves the landmarks of the previous frame with the head.
    pub fn carry(&self, landmarks: &mut Landmarks, frame_from_face: &Affine) {
        self.carry_by(landmarks, frame_from_face, |head, place| head.at(*place));
    }

    /// Moves each landmark of the previous frame as the flow at its place says.
    pub fn carry_each(&self, landmarks: &mut Landmarks, frame_from_face: &Affine) {
        self.carry_by(landmarks, frame_from_face, |head, place| {
            head.at(*place) + regions::motion_beyond(&self.field, head, place)
        });
    }

    fn carry_by(
        &self,
        landmarks: &mut Landmarks,
        frame_from_face: &Affine,
        moved: impl Fn(&Head, &RegionPlace) -> Point,
    ) {
        let Some((head, face_from_frame)) = self.head.zip(frame_from_face.inverse()) else {
            return;
        };
        let shrink = face_from_frame.scale();
        for (point, depth) in landmarks.points_in_frame.iter_mut().zip(&landmarks.depths) {
            let place = RegionPlace { at: face_from_frame.apply(*point), depth: depth * shrink };
            *point = *point + frame_from_face.apply_vector(moved(&head, &place));
        }
    }

    /// The newest aligned face at half its size, slightly smoothed; `None` before the first.
    pub fn half_face(&self) -> Option<&GrayImage> {
        self.now.levels().get(1).map(|level| &level.image)
    }

    /// Fills `regions` with the centre and the radius of every region in frame pixels.
    pub fn regions_in_frame(&self, frame_from_face: &Affine, regions: &mut Vec<(Point, f32)>) {
        let radius_px = REGION_RADIUS_PX * frame_from_face.scale();
        regions.clear();
        let places = self.places.regions.iter();
        regions.extend(places.map(|place| (frame_from_face.apply(place.at), radius_px)));
    }
}
