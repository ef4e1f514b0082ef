//! From two frames to the motion of every region: align, flow, roi as one stage.

use std::sync::Arc;

use super::align::{Aligned, Aligner};
use super::flow::{Flow, FlowField, Pyramid};
use super::roi::{self, Places, RegionDisplacement};
use super::{Landmarks, roi::REGION_RADIUS_PX};
use crate::geom::{Affine, Point};
use crate::image::{GrayImage, RgbImage};

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
}

/// What one frame gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// From the face crop to the frame.
    pub frame_from_face: Affine,
    /// Since the frame before; none where there was none to compare with.
    pub displacement: Option<RegionDisplacement>,
}

impl Motion {
    /// Forgets face and frames.
    pub fn reset(&mut self) {
        self.aligner.reset();
    }

    /// Takes the next frame; none without a face.
    pub fn push(&mut self, frame: &Arc<RgbImage>, landmarks: &Landmarks) -> Option<Measured> {
        let Aligned { frame_from_face, comparable, moved } = self.aligner.push(frame, landmarks)?;
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.build(&self.aligner.now);
        self.places.update(landmarks, &frame_from_face);
        if !comparable {
            return Some(Measured { frame_from_face, displacement: None });
        }
        if moved {
            self.before.build(&self.aligner.before);
        }
        self.places.mark(self.aligner.now.width, self.aligner.now.height, &mut self.wanted);
        self.flow.measure(&self.before, &self.now, &self.wanted, &mut self.field);
        let displacement = roi::measure(&self.field, &self.places);
        Some(Measured { frame_from_face, displacement })
    }

    /// The newest aligned face at half its size, slightly smoothed; none before the first.
    pub fn half_face(&self) -> Option<&GrayImage> {
        self.now.levels().get(1).map(|level| &level.image)
    }

    /// Centre and radius of every region in frame pixels, replacing what is in `regions`.
    pub fn regions_in_frame(&self, frame_from_face: &Affine, regions: &mut Vec<(Point, f32)>) {
        let radius_px = REGION_RADIUS_PX * frame_from_face.scale();
        regions.clear();
        let places = self.places.regions.iter();
        regions.extend(places.map(|place| (frame_from_face.apply(place.at), radius_px)));
    }
}
