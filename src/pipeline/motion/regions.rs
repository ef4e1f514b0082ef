//! The 23 regions of the face, and how far each has moved once the motion of the head is subtracted.
//!
//! AUW-GCN averages magnitudes over the direction sector that holds most pixels. That turns pure noise into
//! motion. Here the motion of a region is the displacement that its patches agree on: least squares, each
//! patch weighted by how well its texture fixes it, with mismatches removed by robust reweighting. So noise
//! averages towards zero.

use super::flow::{self, CELL_PX, FlowField};
use crate::measure::face::Landmarks;
use crate::measure::geometry::{Affine, Point};
use crate::measure::regions::{REGIONS, RegionMotion, SPOT_REGIONS};

mod head;
mod robust;
mod watch;

pub use head::Head;
pub use watch::{Watch, is_strange};

/// Centre of each region: two points of the mesh, and the share of the first. Fitted to the iBUG-68 points on
/// which the published regions are centred; at most 2.8 px off on a face of 256 px.
pub const MESH_BLENDS: [(usize, usize, f32); REGIONS] = [
    (63, 105, 0.63),
    (105, 66, 0.46),
    (66, 107, 0.51),
    (336, 296, 0.32),
    (296, 334, 0.37),
    (334, 293, 0.24),
    (197, 197, 1.0),
    (4, 1, 0.57),
    (61, 61, 1.0),
    (0, 0, 1.0),
    (291, 291, 1.0),
    (17, 17, 1.0),
    (153, 144, 0.5),
    (373, 380, 0.5),
    (144, 61, 0.5),
    (373, 291, 0.5),
    (75, 75, 1.0),
    (305, 305, 1.0),
    (17, 152, 0.5),
    (107, 107, 1.0),
    (336, 336, 1.0),
    (61, 136, 0.6),
    (291, 365, 0.6),
];

/// Radius of a region, pixels of the aligned face, which are percent of the eye distance. The published boxes
/// reach 6.5 % to each side; here the weight of a patch falls to zero at this radius.
pub const REGION_RADIUS_PX: f32 = 11.0;

/// Radius around a point of the mesh that moves with the flow. The lids are nine apart.
const POINT_RADIUS_PX: f32 = 6.0;

/// A place on the face: aligned position and depth, both in pixels of the aligned face.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegionPlace {
    /// Position in the aligned face.
    pub at: Point,
    /// Depth; smaller is nearer.
    pub depth: f32,
}

/// The regions and the still parts of the face in the aligned face.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Centres of the regions.
    pub regions: Vec<RegionPlace>,
    /// Parts of the face that move with the head only.
    pub still: Vec<RegionPlace>,
    /// The middles of the eyes, which a closing lid passes.
    pub eyes: Vec<RegionPlace>,
}

impl Places {
    /// Fills all lists from the mesh; they are empty without a face.
    pub fn update(&mut self, landmarks: &Landmarks, frame_from_face: &Affine) {
        self.regions.clear();
        self.still.clear();
        self.eyes.clear();
        let Some(face_from_frame) = frame_from_face.inverse() else { return };
        let shrink = face_from_frame.scale();
        let place = |(a, b, share): (usize, usize, f32)| {
            let at = landmarks.point(b)?.lerp(landmarks.point(a)?, share);
            let depth = |i: usize| landmarks.depths.get(i).copied().unwrap_or(0.0);
            let depth = depth(b) + (depth(a) - depth(b)) * share;
            Some(RegionPlace { at: face_from_frame.apply(at), depth: depth * shrink })
        };
        self.regions.extend(MESH_BLENDS.into_iter().filter_map(place));
        self.still.extend(head::STILL_POINTS.iter().filter_map(|i| place((*i, *i, 1.0))));
        self.eyes.extend(watch::EYES.into_iter().filter_map(place));
    }

    /// Marks the patches that [`measure`] and [`Watch`] will read, and no others.
    pub fn mark(&self, width: usize, height: usize, wanted: &mut Vec<bool>) {
        wanted.clear();
        wanted.resize(flow::lattice_len(width, height), false);
        let columns = width / CELL_PX;
        let regions = self.regions.iter().map(|p| (p, REGION_RADIUS_PX));
        let still = self.still.iter().map(|p| (p, head::STILL_RADIUS_PX));
        let eyes = self.eyes.iter().map(|p| (p, watch::EYE_RADIUS_PX));
        for (place, radius) in regions.chain(still).chain(eyes) {
            for (index, _) in patches_near(place.at, radius, columns, wanted.len()) {
                wanted[index] = true;
            }
        }
    }
}

/// Patches whose centre lies within `radius` of a point, with a weight that falls to 0 there.
fn patches_near(
    at: Point,
    radius: f32,
    columns: usize,
    len: usize,
) -> impl Iterator<Item = (usize, f32)> + Clone {
    let rows = len / columns.max(1);
    let span = |v: f32, n: usize| {
        let cell = |v: f32| (v / CELL_PX as f32).clamp(0.0, n as f32) as usize;
        cell(v - radius)..cell(v + radius + CELL_PX as f32).min(n)
    };
    let xs = span(at.x, columns);
    span(at.y, rows)
        .flat_map(move |row| xs.clone().map(move |column| row * columns + column))
        .filter_map(move |index| {
            let half = CELL_PX as f32 / 2.0;
            let center = Point::new(
                (index % columns * CELL_PX) as f32 + half,
                (index / columns * CELL_PX) as f32 + half,
            );
            let fade = 1.0 - (center.distance(at) / radius).powi(2);
            (fade > 0.0).then_some((index, fade * fade))
        })
}

/// Displacement of every region and of the head between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegionDisplacement {
    /// In percent of the outer-eye distance, head motion removed.
    pub regions: [[f32; 2]; REGIONS],
    /// Head motion between the eyes, percent of the outer-eye distance.
    pub head: [f32; 2],
}

impl RegionDisplacement {
    /// The regions that the spotter reads.
    pub fn spotted(&self) -> [[f32; 2]; SPOT_REGIONS] {
        std::array::from_fn(|region| self.regions[region])
    }

    /// From a speed per 1/30 s between two frames `dt_secs` apart; the inverse of [`Self::per_thirtieth`].
    pub fn of_speed(motion: &RegionMotion, dt_secs: f64) -> Self {
        let k = (dt_secs * 30.0) as f32;
        Self {
            regions: motion.regions.map(|[x, y]| [x * k, y * k]),
            head: motion.head.map(|v| v * k),
        }
    }

    /// The same as a speed: per 1/30 s, for two frames `dt_secs` apart. None for times that do not
    /// advance.
    pub fn per_thirtieth(&self, dt_secs: f64) -> Option<RegionMotion> {
        let k = (1.0 / 30.0 / dt_secs) as f32;
        (dt_secs > 0.0 && k.is_finite()).then(|| RegionMotion {
            regions: self.regions.map(|[x, y]| [x * k, y * k]),
            head: self.head.map(|v| v * k),
        })
    }
}

/// Finds the head's motion and that of every region in the flow; `None` without a face.
pub fn measure(field: &FlowField, places: &Places) -> Option<(RegionDisplacement, Head)> {
    if places.regions.len() != REGIONS {
        return None;
    }
    let head = Head::fit(field, places);
    let mut moved = RegionDisplacement { head: head.at_center(), ..Default::default() };
    for (place, out) in places.regions.iter().zip(&mut moved.regions) {
        let motion = own_motion(field, &head, place, REGION_RADIUS_PX);
        *out = [motion.x, motion.y];
    }
    Some((moved, head))
}

/// The motion of one point of the mesh without that of the head, pixels of the aligned face.
pub fn motion_beyond(field: &FlowField, head: &Head, place: &RegionPlace) -> Point {
    own_motion(field, head, place, POINT_RADIUS_PX)
}

/// The motion of a place beyond that of the head, pixels of the aligned face.
fn own_motion(field: &FlowField, head: &Head, place: &RegionPlace, radius: f32) -> Point {
    let near = patches_near(place.at, radius, field.columns, field.cells.len());
    let patches = near.map(|(index, weight)| {
        let cell = &field.cells[index];
        let head = head.at(RegionPlace { at: field.center(index), depth: place.depth });
        robust::Patch { motion: cell.motion - head, cell, weight }
    });
    robust::agreed_motion(patches)
}

#[cfg(test)]
mod tests;
