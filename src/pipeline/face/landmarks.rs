//! The 478-point face mesh, and the crop that is its input.
//!
//! The crop follows the points of the last frame, but only once they have really moved. A crop that followed
//! every small change would add jitter of its own (measured: 0.116 px against 0.089).

use std::sync::Arc;

use super::crop::{Border, Cropper};
use super::detect::sigmoid;
use crate::measure::face::{FaceBox, Landmarks};
use crate::measure::geometry::{Affine, Point, Rect};
use crate::media::image::RgbImage;
use crate::model::{Model, ModelError, Models, Task};

/// Number of points of the mesh; the last ten are the irises.
pub const POINTS: usize = 478;
/// Outer corner of the person's right eye (on the left of the picture).
pub const RIGHT_EYE_OUTER: usize = 33;
/// Inner corner of the right eye.
pub const RIGHT_EYE_INNER: usize = 133;
/// Inner corner of the left eye.
pub const LEFT_EYE_INNER: usize = 362;
/// Outer corner of the left eye.
pub const LEFT_EYE_OUTER: usize = 263;

/// Width and height of the mesh's input, pixels.
const INPUT_SIDE: usize = 256;
/// The mesh was trained on crops this many times as large as the box of the face.
const MARGIN: f32 = 1.5;

/// Share of a point's place that comes from the mesh, if the flow says nearly the same.
const MESH_SHARE: f32 = 0.25;
/// From this difference on, in eye distances, the place comes from the mesh alone: the flow has lost the point.
const FLOW_IS_LOST: f32 = 0.015;

impl Landmarks {
    /// True if there is no face.
    pub fn is_empty(&self) -> bool {
        self.points_in_frame.is_empty()
    }

    /// Distance between the outer eye corners, pixels of the frame; 0 without a face.
    pub fn eye_distance_px(&self) -> f32 {
        match (self.point(RIGHT_EYE_OUTER), self.point(LEFT_EYE_OUTER)) {
            (Some(right), Some(left)) => right.distance(left),
            _ => 0.0,
        }
    }

    /// One point of the mesh; `None` without a face.
    pub fn point(&self, index: usize) -> Option<Point> {
        self.points_in_frame.get(index).copied()
    }

    /// Copies `other` into the memory that this one has.
    pub fn copy_from(&mut self, other: &Self) {
        self.points_in_frame.clone_from(&other.points_in_frame);
        self.depths.clone_from(&other.depths);
        self.presence = other.presence;
    }

    /// Takes most of the tremble out of points that the mesh has just found. `carried` are the points of the
    /// frame before, moved by the flow: they tremble less, but drift. They do not lag, as a filter over time
    /// would.
    pub fn steady(&mut self, carried: &Self) {
        let lost_px = (FLOW_IS_LOST * self.eye_distance_px()).max(f32::MIN_POSITIVE);
        for (point, carried) in self.points_in_frame.iter_mut().zip(&carried.points_in_frame) {
            let share = (point.distance(*carried) / lost_px).clamp(MESH_SHARE, 1.0);
            *point = carried.lerp(*point, share);
        }
    }

    /// Empties it, keeping its memory.
    pub fn clear(&mut self) {
        self.points_in_frame.clear();
        self.depths.clear();
        self.presence = 0.0;
    }
}

/// A turned square round a face.
#[derive(Clone, Copy, Debug, PartialEq)]
struct FaceSquare {
    center: Point,
    side_px: f32,
    radians: f32,
}

impl FaceSquare {
    fn around(rect: &Rect, eyes: Option<(Point, Point)>) -> Self {
        let radians = eyes.map_or(0.0, |(right, left)| (left.y - right.y).atan2(left.x - right.x));
        let side_px = MARGIN * rect.width().max(rect.height()).max(1.0);
        Self { center: rect.center(), side_px, radians }
    }

    fn of_landmarks(landmarks: &Landmarks) -> Option<Self> {
        let rect = Rect::around(&landmarks.points_in_frame)?;
        let eyes = landmarks.point(RIGHT_EYE_OUTER).zip(landmarks.point(LEFT_EYE_OUTER));
        Some(Self::around(&rect, eyes))
    }

    fn frame_from_input(&self) -> Affine {
        let scale = self.side_px / INPUT_SIDE as f32;
        let turned = Affine::similarity(scale, self.radians, Point::default());
        let middle = turned.apply(Point::new(INPUT_SIDE as f32, INPUT_SIDE as f32) * 0.5);
        Affine::similarity(scale, self.radians, self.center - middle)
    }

    /// True if `other` differs from this square by less than the jitter of the mesh.
    fn still_fits(&self, other: &Self) -> bool {
        self.center.distance(other.center) < 0.04 * self.side_px
            && (0.92..1.08).contains(&(other.side_px / self.side_px))
            && (self.radians - other.radians).abs() < 0.07
    }
}

/// The network, and the crop that it looks at. It has memory but no state: the same square of the same frame
/// gives the same points.
#[derive(Debug)]
pub struct MeshNetwork {
    model: Model,
    cropper: Cropper,
    input: Vec<f32>,
}

impl MeshNetwork {
    /// Opens the model.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let model = models.open(Task::Landmarks)?;
        Ok(Self { model, cropper: Cropper::default(), input: Vec::new() })
    }

    /// Fills `landmarks` with the mesh in `square`; leaves them empty if its presence is below
    /// `min_presence`, 0–1.
    fn look(
        &mut self,
        frame: &RgbImage,
        square: &FaceSquare,
        min_presence: f32,
        landmarks: &mut Landmarks,
    ) -> Result<(), ModelError> {
        landmarks.clear();
        let frame_from_input = square.frame_from_input();
        self.cropper.rgb_planes(
            frame,
            &frame_from_input,
            INPUT_SIDE,
            Border::Repeat,
            &mut self.input,
        );
        self.input.iter_mut().for_each(|v| *v *= 1.0 / 255.0);
        let outputs = self.model.run(&[&self.input])?;
        let presence = sigmoid(outputs[1].first().copied().unwrap_or(f32::NEG_INFINITY));
        // NaN means no presence either.
        if presence.is_nan() || presence < min_presence {
            return Ok(());
        }
        landmarks.presence = presence;
        let scale = frame_from_input.scale();
        for xyz in outputs[0].chunks_exact(3) {
            landmarks.points_in_frame.push(frame_from_input.apply(Point::new(xyz[0], xyz[1])));
            landmarks.depths.push(xyz[2] * scale);
        }
        Ok(())
    }
}

/// A look of the mesh at the next frame, made while the present one is measured.
#[derive(Debug)]
pub struct MeshLook {
    frame: Arc<RgbImage>,
    square: FaceSquare,
    min_presence: f32,
    landmarks: Landmarks,
    is_made: bool,
}

impl MeshLook {
    /// Makes the look. If the network fails, it will be run again when the frame is measured, and its error is
    /// told then.
    pub fn make(&mut self, network: &mut MeshNetwork) {
        let Self { frame, square, min_presence, landmarks, is_made } = self;
        *is_made = network.look(frame, square, *min_presence, landmarks).is_ok();
    }
}

/// Makes looks beside the analysis. At most one is under way.
pub trait LookAhead: Send {
    /// Begins to make a look.
    fn begin(&mut self, look: Box<MeshLook>);
    /// Waits for the look that was begun last; `None` if it was fetched before, or if it is lost.
    fn fetch(&mut self) -> Option<Box<MeshLook>>;
}

/// Follows one face from frame to frame.
pub struct Mesh {
    network: MeshNetwork,
    /// Where to look next; `None` while no face is followed.
    square: Option<FaceSquare>,
    ahead: Option<Box<dyn LookAhead>>,
}

impl Mesh {
    /// Opens the model.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        Ok(Self { network: MeshNetwork::new(models)?, square: None, ahead: None })
    }

    /// From now on, some looks are made beside the analysis. No number changes by it.
    pub fn look_ahead_with(&mut self, ahead: Box<dyn LookAhead>) {
        self.ahead = Some(ahead);
    }

    /// Begins the look at the next frame, where the face is now.
    pub fn look_ahead(&mut self, frame: &Arc<RgbImage>, min_presence: f32) {
        if let (Some(ahead), Some(square)) = (&mut self.ahead, self.square) {
            // One that was not needed.
            drop(ahead.fetch());
            let (frame, landmarks) = (Arc::clone(frame), Landmarks::default());
            let look = MeshLook { frame, square, min_presence, landmarks, is_made: false };
            ahead.begin(Box::new(look));
        }
    }

    /// Forgets the face.
    pub fn reset(&mut self) {
        self.square = None;
    }

    /// True if a face is being followed.
    pub fn follows_a_face(&self) -> bool {
        self.square.is_some()
    }

    /// Starts with a detected face.
    pub fn start(&mut self, face: &FaceBox) {
        self.square = Some(FaceSquare::around(&face.rect_in_frame, face.eyes_in_frame));
    }

    /// Finds the mesh where the face was last. If its presence is below `min_presence`, 0–1, the face is lost
    /// and `landmarks` stays empty.
    pub fn find(
        &mut self,
        frame: &RgbImage,
        min_presence: f32,
        landmarks: &mut Landmarks,
    ) -> Result<(), ModelError> {
        landmarks.clear();
        let Some(square) = self.square else { return Ok(()) };
        let fetched = self.ahead.as_mut().and_then(|ahead| ahead.fetch());
        match fetched {
            Some(look)
                if look.is_made
                    && std::ptr::eq(&*look.frame, frame)
                    && (look.square, look.min_presence) == (square, min_presence) =>
            {
                landmarks.copy_from(&look.landmarks);
            }
            _ => self.network.look(frame, &square, min_presence, landmarks)?,
        }
        if landmarks.is_empty() {
            self.square = None;
        } else {
            self.follow(frame, landmarks);
        }
        Ok(())
    }

    /// Moves the square after the face. A face that has left the frame is lost.
    fn follow(&mut self, frame: &RgbImage, landmarks: &mut Landmarks) {
        let next = FaceSquare::of_landmarks(landmarks);
        let inside = |p: Point| {
            (0.0..frame.width as f32).contains(&p.x) && (0.0..frame.height as f32).contains(&p.y)
        };
        match (self.square, next) {
            (_, Some(next)) if !inside(next.center) => {
                self.square = None;
                landmarks.clear();
            }
            (Some(held), Some(next)) if held.still_fits(&next) => {}
            (_, next) => self.square = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mesh whose eyes are 100 px apart, all other points at `place`.
    fn points(place: Point) -> Landmarks {
        let mut points_in_frame = vec![place; POINTS];
        points_in_frame[RIGHT_EYE_OUTER] = Point::new(100.0, 50.0);
        points_in_frame[LEFT_EYE_OUTER] = Point::new(200.0, 50.0);
        Landmarks { points_in_frame, ..Landmarks::default() }
    }

    #[test]
    fn a_steadied_point_trembles_by_a_fraction_and_stays_where_the_mesh_is_on_average() {
        let place = Point::new(140.0, 90.0);
        let mut before = points(place + Point::new(1.0, 0.0));
        let (mut sum, mut tremble) = (0.0, 0.0);
        for frame in 0..400u32 {
            let noise = 0.3 * ((frame * 7919 % 199) as f32 / 99.0 - 1.0);
            let mut found = points(place + Point::new(noise, 0.0));
            found.steady(&before);
            if frame >= 100 {
                sum += found.points_in_frame[0].x - place.x;
                tremble += found.points_in_frame[0].distance(before.points_in_frame[0]);
            }
            before = found;
        }
        assert!((sum / 300.0).abs() < 0.02, "{sum}");
        // The noise itself changes by 0.2 px from frame to frame.
        assert!(tremble / 300.0 < 0.08, "{tremble}");
    }

    #[test]
    fn a_point_that_the_flow_has_lost_comes_from_the_mesh() {
        let place = Point::new(140.0, 90.0);
        let mut found = points(place);
        found.steady(&points(place + Point::new(0.0, 3.0)));
        assert_eq!(found, points(place));
        found.steady(&points(place + Point::new(0.0, 0.3)));
        assert!(
            (found.points_in_frame[0].y - 90.225).abs() < 1e-3,
            "a quarter comes from the mesh"
        );
    }

    #[test]
    fn without_points_of_the_frame_before_all_stay() {
        let mut found = points(Point::new(140.0, 90.0));
        found.steady(&Landmarks::default());
        assert_eq!(found, points(Point::new(140.0, 90.0)));
    }

    #[test]
    fn the_square_puts_the_face_in_the_middle_of_the_input() {
        let rect = Rect { min: Point::new(100.0, 50.0), max: Point::new(200.0, 170.0) };
        let eyes = (Point::new(120.0, 90.0), Point::new(180.0, 110.0));
        let square = FaceSquare::around(&rect, Some(eyes));
        let map = square.frame_from_input();
        assert!(map.apply(Point::new(128.0, 128.0)).distance(rect.center()) < 1e-3);
        assert!((map.scale() * 256.0 - 180.0).abs() < 1e-3);
        let back = map.inverse().expect("a similarity");
        assert!((back.apply(eyes.0).y - back.apply(eyes.1).y).abs() < 1e-3, "the eyes lie level");
    }

    #[test]
    fn tremor_does_not_move_the_square_and_a_step_does() {
        let held = FaceSquare { center: Point::new(100.0, 100.0), side_px: 200.0, radians: 0.0 };
        let tremor = FaceSquare { center: Point::new(101.0, 99.5), side_px: 202.0, radians: 0.01 };
        let step = FaceSquare { center: Point::new(112.0, 100.0), ..held };
        assert!(held.still_fits(&tremor));
        assert!(!held.still_fits(&step));
    }
}
