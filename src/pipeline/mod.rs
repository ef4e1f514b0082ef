//! The whole analysis of one face, frame by frame.
//!
//! No thread, no clock, no file: the same frames give the same numbers, live or from a recording.
//! What is wrong with a frame is its [`quality::Quality`], never an error.

use crate::event::Event;
use crate::geom::{Affine, Point, Rect};
use crate::session::Sample;

pub mod align;
pub mod crop;
pub mod detect;
pub mod flow;
pub mod landmarks;
pub mod quality;
pub mod recognize;
pub mod resample;
pub mod roi;
pub mod spot;

/// How many regions of the face are measured: the spotter reads the first twelve, the recogniser all.
pub const REGIONS: usize = 23;

/// How many regions the spotter reads.
pub const SPOT_REGIONS: usize = 12;

/// A face found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Box round the face.
    pub rect_in_frame: Rect,
    /// The detector's confidence, 0–1.
    pub confidence: f32,
    /// The eyes' centres, right eye first, where the detector gives them.
    pub eyes_in_frame: Option<(Point, Point)>,
}

/// The 478 mesh points of a face.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Landmarks {
    /// In pixels of the frame; empty where no face is.
    pub points_in_frame: Vec<Point>,
    /// Depth of each point, in the same unit, smaller is nearer.
    pub depths: Vec<f32>,
    /// The mesh's own confidence that a face is there, 0–1.
    pub presence: f32,
}

/// Motion of every region between two frames: percent of the outer-eye distance per 1/30 s, x right,
/// y down in the aligned face, head motion removed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionMotion {
    /// In the order of [`roi::REGION_NAMES`].
    pub regions: [[f32; 2]; REGIONS],
    /// The head motion that was removed, same unit.
    pub head: [f32; 2],
}

/// What the person may see drawn over the picture. Not data: the newest replaces older ones.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The mesh; empty where no face is.
    pub landmarks: Landmarks,
    /// Centre and radius of every region in frame pixels; empty where no face is.
    pub regions_in_frame: Vec<(Point, f32)>,
    /// The motion of each region, where it was measured.
    pub motion: Option<RegionMotion>,
    /// From the held-still face crop to the frame.
    pub frame_from_face: Option<Affine>,
    /// What troubles this frame.
    pub quality: quality::Quality,
}

/// What one call of [`Pipeline::push`] or [`Pipeline::finish`] yields. Reused between calls, so that
/// the hot loop allocates nothing.
#[derive(Debug, Default)]
pub struct Output {
    /// Samples that have become final, oldest first: one for every frame pushed, some frames later,
    /// when their score no longer changes.
    pub samples: Vec<Sample>,
    /// Events that have become certain.
    pub events: Vec<Event>,
    /// For the newest frame.
    pub overlay: Overlay,
}
