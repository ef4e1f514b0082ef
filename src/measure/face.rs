//! A face in a frame: its box and the points of its mesh.

use super::geometry::{Point, Rect};

/// A face found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Box round the face, pixels of the frame.
    pub rect_in_frame: Rect,
    /// The detector's confidence, 0–1.
    pub confidence: f32,
    /// Centres of the eyes, right eye first; `None` if the detector does not give them.
    pub eyes_in_frame: Option<(Point, Point)>,
}

/// The 478 mesh points of a face.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Landmarks {
    /// In pixels of the frame; empty without a face.
    pub points_in_frame: Vec<Point>,
    /// Depth of each point, in the same unit; smaller is nearer.
    pub depths: Vec<f32>,
    /// The mesh's own confidence that a face is there, 0–1.
    pub presence: f32,
}
