//! The face, upright and at a fixed size, held still in its crop.
//!
//! Motion is measured only between two frames seen through the same crop. When the face has moved too far,
//! the crop follows it, and the previous frame is cropped again with the new crop. So neither a jump of the
//! crop nor a change in the interpolation of pixels can look like motion.

use std::sync::Arc;

use super::crop::Cropper;
use super::landmarks::{LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER};
use crate::measure::face::Landmarks;
use crate::measure::geometry::{Affine, Point};
use crate::media::image::{GrayImage, RgbImage};

/// Outer-eye distance in every aligned face, pixels. The face of a person at arm's length from a webcam has
/// about 90. A larger value would enlarge noise without showing more detail.
pub const EYE_DISTANCE_PX: f32 = 100.0;
/// Width of an aligned face, pixels: the eye distance, and 0.62 of it on each side.
pub const FACE_WIDTH_PX: usize = 224;
/// Height of an aligned face, pixels: from the hair line to below the chin.
pub const FACE_HEIGHT_PX: usize = 256;
/// The point midway between the outer eye corners in the aligned face, pixels.
const EYES_MIDDLE: Point = Point::new(FACE_WIDTH_PX as f32 / 2.0, 92.0);

/// The crop follows when the face has moved by this much in it, pixels.
const FOLLOW_SHIFT_PX: f32 = 6.0;
/// The crop follows when the size of the face has changed by this share.
const FOLLOW_SCALE: f32 = 0.06;
/// The crop follows when the head has tilted by this much, radians.
const FOLLOW_RADIANS: f32 = 0.05;

/// Crops each frame and the one before it in the same way.
#[derive(Debug)]
pub struct Aligner {
    cropper: Cropper,
    /// From the face crop to the frame; `None` without a face.
    frame_from_face: Option<Affine>,
    /// The newest frame and the previous one, to crop them again.
    newest: Option<Arc<RgbImage>>,
    previous: Option<Arc<RgbImage>>,
    /// The previous frame, aligned. Has a meaning only if `previous` is there.
    pub before: GrayImage,
    /// The newest frame, aligned.
    pub now: GrayImage,
}

/// The result of [`Aligner::push`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aligned {
    /// From the face crop to the frame.
    pub frame_from_face: Affine,
    /// True if `before` shows the previous frame through the same crop.
    pub comparable: bool,
    /// True if the crop followed the face with this frame, so that `before` was cropped again.
    pub moved: bool,
}

impl Default for Aligner {
    fn default() -> Self {
        let empty = || GrayImage::new(FACE_WIDTH_PX, FACE_HEIGHT_PX);
        let cropper = Cropper::default();
        Self {
            cropper,
            frame_from_face: None,
            newest: None,
            previous: None,
            before: empty(),
            now: empty(),
        }
    }
}

impl Aligner {
    /// Forgets face and frames.
    pub fn reset(&mut self) {
        self.frame_from_face = None;
        self.newest = None;
        self.previous = None;
    }

    /// Aligns the next frame. Without a face: `None`, and all earlier frames are forgotten.
    pub fn push(&mut self, frame: &Arc<RgbImage>, landmarks: &Landmarks) -> Option<Aligned> {
        self.previous = self.newest.replace(Arc::clone(frame));
        std::mem::swap(&mut self.before, &mut self.now);
        let aligned = self.fit(landmarks)?;
        self.cropper.gray(frame, &aligned.frame_from_face, &mut self.now);
        Some(aligned)
    }

    /// Aligns the newest frame again, with landmarks of its own. Without a face: `None`, and all is
    /// forgotten.
    pub fn again(&mut self, landmarks: &Landmarks) -> Option<Aligned> {
        let aligned = self.fit(landmarks)?;
        if let Some(newest) = self.newest.as_ref().filter(|_| aligned.moved) {
            self.cropper.gray(newest, &aligned.frame_from_face, &mut self.now);
        }
        Some(aligned)
    }

    /// Moves the crop after the face if needed, and crops the previous frame again.
    fn fit(&mut self, landmarks: &Landmarks) -> Option<Aligned> {
        let Some(wanted) = frame_from_face(landmarks) else {
            self.reset();
            return None;
        };
        let held = self.frame_from_face.filter(|held| still_fits(held, &wanted));
        let (frame_from_face, moved) = (held.unwrap_or(wanted), held.is_none());
        if let Some(previous) = self.previous.as_ref().filter(|_| moved) {
            self.cropper.gray(previous, &frame_from_face, &mut self.before);
        }
        self.frame_from_face = Some(frame_from_face);
        let size = |frame: &Arc<RgbImage>| (frame.width, frame.height);
        let newest_size = self.newest.as_ref().map(size);
        let comparable = self.previous.as_ref().is_some_and(|p| Some(size(p)) == newest_size);
        Some(Aligned { frame_from_face, comparable, moved })
    }
}

/// The map that puts the eyes in their places; `None` without a face.
pub fn frame_from_face(landmarks: &Landmarks) -> Option<Affine> {
    let [right, right_in, left_in, left] =
        [RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER]
            .map(|i| landmarks.point(i));
    let (right, left) = (right?, left?);
    let middle = (right + left + right_in? + left_in?) * 0.25;
    let half = (left - right) * 0.5;
    let eyes = Point::new(EYE_DISTANCE_PX / 2.0, 0.0);
    let map = Affine::from_two_points(
        (EYES_MIDDLE - eyes, EYES_MIDDLE + eyes),
        (middle - half, middle + half),
    )?;
    // A face of a few pixels is an error of the mesh, and would make the crop enormous.
    (map.scale() > 0.05 && map.m.iter().all(|v| v.is_finite())).then_some(map)
}

fn still_fits(held: &Affine, wanted: &Affine) -> bool {
    let Some(face_from_frame) = held.inverse() else { return false };
    let drift = face_from_frame.after(wanted);
    let shift = drift.apply(EYES_MIDDLE).distance(EYES_MIDDLE);
    let radians = drift.m[3].atan2(drift.m[0]).abs();
    shift < FOLLOW_SHIFT_PX
        && (drift.scale() - 1.0).abs() < FOLLOW_SCALE
        && radians < FOLLOW_RADIANS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face_at(shift: Point) -> Landmarks {
        let mut points = vec![Point::default(); crate::pipeline::face::landmarks::POINTS];
        points[RIGHT_EYE_OUTER] = Point::new(100.0, 120.0) + shift;
        points[RIGHT_EYE_INNER] = Point::new(130.0, 120.0) + shift;
        points[LEFT_EYE_INNER] = Point::new(160.0, 120.0) + shift;
        points[LEFT_EYE_OUTER] = Point::new(190.0, 120.0) + shift;
        Landmarks { points_in_frame: points, depths: Vec::new(), presence: 1.0 }
    }

    fn texture() -> Arc<RgbImage> {
        let wave = |i: usize, k: f32| ((i as f32 * k).sin() * 60.0 + 128.0) as u8;
        let px = (0..300 * 260).flat_map(|i| [wave(i % 300, 0.2), wave(i / 300, 0.3), 90]);
        Arc::new(RgbImage::from_vec(300, 260, px.collect()).expect("pixels"))
    }

    #[test]
    fn the_outer_eye_corners_are_100_px_apart_and_level() {
        let map = frame_from_face(&face_at(Point::default())).and_then(|m| m.inverse());
        let map = map.expect("a face");
        let right = map.apply(Point::new(100.0, 120.0));
        let left = map.apply(Point::new(190.0, 120.0));
        assert!((left.x - right.x - 100.0).abs() < 1e-3 && (left.y - right.y).abs() < 1e-3);
    }

    #[test]
    fn the_crop_stays_while_the_face_trembles_and_follows_when_it_moves() {
        let (mut aligner, frame) = (Aligner::default(), texture());
        let first = aligner.push(&frame, &face_at(Point::default())).expect("a face");
        let second = aligner.push(&frame, &face_at(Point::new(2.0, 1.0))).expect("a face");
        let third = aligner.push(&frame, &face_at(Point::new(12.0, 1.0))).expect("a face");
        assert!(!first.comparable && second.comparable && third.comparable);
        assert_eq!(second.frame_from_face, first.frame_from_face);
        assert!(third.moved && third.frame_from_face != first.frame_from_face);
    }

    #[test]
    fn when_the_crop_follows_both_frames_are_seen_through_the_new_one() {
        let (mut aligner, frame) = (Aligner::default(), texture());
        aligner.push(&frame, &face_at(Point::default()));
        aligner.push(&frame, &face_at(Point::new(15.3, 4.1)));
        assert_eq!(aligner.before, aligner.now, "the same frame twice has not moved");
    }

    #[test]
    fn a_late_look_of_the_mesh_gives_what_one_in_time_would_have() {
        let (mut late, mut timely, frame) = (Aligner::default(), Aligner::default(), texture());
        let (here, there) = (face_at(Point::default()), face_at(Point::new(15.3, 4.1)));
        for aligner in [&mut late, &mut timely] {
            aligner.push(&frame, &here);
        }
        late.push(&frame, &here);
        let again = late.again(&there);
        assert_eq!(again, timely.push(&frame, &there));
        assert!(again.is_some_and(|aligned| aligned.moved && aligned.comparable));
        assert_eq!((late.before, late.now), (timely.before, timely.now));
    }

    #[test]
    fn a_lost_face_is_forgotten() {
        let (mut aligner, frame) = (Aligner::default(), texture());
        aligner.push(&frame, &face_at(Point::default()));
        assert_eq!(aligner.push(&frame, &Landmarks::default()), None);
        let again = aligner.push(&frame, &face_at(Point::default())).expect("a face");
        assert!(!again.comparable);
    }
}
