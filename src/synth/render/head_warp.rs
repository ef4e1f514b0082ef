//! How a moving head moves the picture.
//!
//! The head is a shallow dome that turns about a pivot behind the face. Hair and neck follow it less and
//! less, and the background stays, as in front of a camera on a desk.

use crate::measure::geometry::{Affine, Point};

use crate::synth::behaviour::timeline::HeadPose;

/// The point about which the head turns: between the ears, face coordinates; the last is the depth behind the
/// eyes.
const PIVOT: [f32; 3] = [0.0, 0.45, -0.75];

/// The dome: its centre, half axes, and height above the plane of its rim.
const DOME_CENTER: [f32; 2] = [0.0, 0.35];
const DOME_AXES: [f32; 2] = [1.0, 1.35];
const DOME_HEIGHT: f32 = 0.7;

/// The nose on it.
const NOSE_CENTER: [f32; 2] = [0.0, 0.42];
const NOSE_AXES: [f32; 2] = [0.22, 0.34];
const NOSE_HEIGHT: f32 = 0.16;

/// Inside these half axes round the dome's centre, everything moves with the head; at `STILL_FROM` times
/// their square, nothing does.
const WHOLE_AXES: [f32; 2] = [1.2, 1.3];
const STILL_FROM: f32 = 2.6;

/// Squared elliptic distance.
fn distance2(q: Point, center: [f32; 2], axes: [f32; 2]) -> f32 {
    let (x, y) = ((q.x - center[0]) / axes[0], (q.y - center[1]) / axes[1]);
    x * x + y * y
}

/// How far skin at `q` stands out towards the camera, face coordinates.
fn depth(q: Point) -> f32 {
    let dome = (1.0 - distance2(q, DOME_CENTER, DOME_AXES)).max(0.0);
    let nose = (1.0 - distance2(q, NOSE_CENTER, NOSE_AXES)).max(0.0);
    // The eyes, whose depth is zero, lie a little below the dome's top.
    DOME_HEIGHT * (dome - 0.8) + NOSE_HEIGHT * nose * nose
}

/// A head at one pose, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    px_from_face: Affine,
    face_from_px: Affine,
    yaw: [f32; 2],
    pitch: [f32; 2],
    /// Roll and size.
    turn: [f32; 2],
    shift: Point,
    at_rest: bool,
}

impl Head {
    pub(crate) fn new(pose: &HeadPose, px_from_face: Affine, face_from_px: Affine) -> Self {
        let scale = pose.log_scale.exp();
        let sin_cos = |radians: f32| [radians.sin(), radians.cos()];
        Self {
            px_from_face,
            face_from_px,
            yaw: sin_cos(pose.yaw),
            pitch: sin_cos(pose.pitch),
            turn: sin_cos(pose.roll).map(|v| v * scale),
            shift: Point::new(pose.shift[0], pose.shift[1]),
            at_rest: *pose == HeadPose::default(),
        }
    }

    /// How far the picture at `p` (pixels, head at rest) moves, pixels.
    #[inline]
    pub(crate) fn displacement(&self, p: Point) -> Point {
        if self.at_rest {
            return Point::default();
        }
        let q = self.face_from_px.apply(p);
        let t = (distance2(q, DOME_CENTER, WHOLE_AXES) - 1.0) / (STILL_FROM - 1.0);
        if t >= 1.0 {
            return Point::default();
        }
        let t = t.max(0.0);
        let along = 1.0 - t * t * (3.0 - 2.0 * t);
        let (x, y, z) = (q.x - PIVOT[0], q.y - PIVOT[1], depth(q) - PIVOT[2]);
        let (x, z) = (x * self.yaw[1] + z * self.yaw[0], z * self.yaw[1] - x * self.yaw[0]);
        let y = y * self.pitch[1] + z * self.pitch[0];
        let moved = Point::new(
            PIVOT[0] + x * self.turn[1] - y * self.turn[0] + self.shift.x,
            PIVOT[1] + x * self.turn[0] + y * self.turn[1] + self.shift.y,
        );
        self.px_from_face.apply_vector((moved - q) * along)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn displacement(pose: HeadPose, q: Point) -> Point {
        let map = Affine::similarity(160.0, 0.0, Point::new(320.0, 220.0));
        let back = map.inverse().expect("a similarity");
        Head::new(&pose, map, back).displacement(map.apply(q))
    }

    const NOSE: Point = Point::new(0.0, 0.42);

    #[test]
    fn a_head_at_rest_moves_nothing() {
        assert_eq!(displacement(HeadPose::default(), NOSE), Point::default());
    }

    #[test]
    fn a_shift_moves_the_face_by_itself_and_the_background_not_at_all() {
        let pose = HeadPose { shift: [0.1, -0.05], ..HeadPose::default() };
        let moved = displacement(pose, NOSE);
        assert!(moved.distance(Point::new(16.0, -8.0)) < 1e-2);
        assert_eq!(displacement(pose, Point::new(2.0, -1.2)), Point::default());
    }

    #[test]
    fn turning_left_moves_the_nose_rightwards_more_than_the_eyes() {
        let pose = HeadPose { yaw: 0.05, ..HeadPose::default() };
        let (nose, eye) = (displacement(pose, NOSE), displacement(pose, Point::new(0.5, 0.0)));
        assert!(nose.x > eye.x && eye.x > 0.0);
    }

    #[test]
    fn looking_down_moves_the_nose_down_and_a_roll_turns_clockwise() {
        assert!(displacement(HeadPose { pitch: 0.05, ..HeadPose::default() }, NOSE).y > 0.0);
        let roll = HeadPose { roll: 0.05, ..HeadPose::default() };
        assert!(displacement(roll, Point::new(0.5, 0.45)).y > 0.0);
    }
}
