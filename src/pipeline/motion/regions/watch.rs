//! Decides if the mesh still fits the face. It counts the motion since the mesh last ran, not the time.

use super::{Head, Places, REGIONS, RegionDisplacement, own_motion};
use crate::measure::geometry::Point;
use crate::pipeline::motion::flow::FlowField;

/// Middles of the eyes: upper and lower lid, half of each.
pub(super) const EYES: [(usize, usize, f32); 2] = [(159, 145, 0.5), (386, 374, 0.5)];
/// Radius of an eye, pixels of the aligned face. Open lids are nine pixels apart.
pub(super) const EYE_RADIUS_PX: f32 = 10.0;

/// Mean squared difference after matching from which the picture is not the one before: a hand, a cut,
/// another person. Strong sensor noise gives 20.
const STRANGE: f32 = 40.0;
/// Motion after which the mesh runs again, pixels of the aligned face. Lids close by nine, regions reach
/// eleven, and a head may have turned.
const FAR: Limits = Limits { eyes: 0.6, regions: 1.0, head: 1.5 };
/// Greatest motion between two frames of a face that holds still, pixels of the aligned face. Sensor noise
/// alone shows a twentieth of a pixel on a good picture, and four times that on a small compressed one.
const STILL: Limits = Limits { eyes: 0.3, regions: 0.6, head: 0.6 };

/// Limits of motion, pixels of the aligned face.
struct Limits {
    eyes: f32,
    regions: f32,
    head: f32,
}

/// Adds up the motion since the mesh last ran.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    since_mesh: Moved,
    restless: bool,
}

/// How far the parts of a face have moved, pixels of the aligned face.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    eyes: [Point; EYES.len()],
    regions: [Point; REGIONS],
    head: Point,
}

impl Watch {
    /// Says that the mesh has just run.
    pub fn reset(&mut self) {
        self.since_mesh = Moved::default();
    }

    /// True if the face moved in the last frame, so that it will probably move in the next one.
    pub fn is_restless(&self) -> bool {
        self.restless
    }

    /// Takes the motion since the previous frame. True if the mesh should run at once.
    pub fn outdates_mesh(
        &mut self,
        field: &FlowField,
        places: &Places,
        moved: &RegionDisplacement,
        head: &Head,
    ) -> bool {
        let mut step = Moved {
            regions: moved.regions.map(|[x, y]| Point::new(x, y)),
            head: Point::new(moved.head[0], moved.head[1]),
            ..Moved::default()
        };
        for (eye, place) in step.eyes.iter_mut().zip(&places.eyes) {
            *eye = own_motion(field, head, place, EYE_RADIUS_PX);
        }
        self.since_mesh.add(&step);
        let is_strange = is_strange(field);
        self.restless = is_strange || step.exceeds(&STILL);
        is_strange || self.since_mesh.exceeds(&FAR)
    }
}

impl Moved {
    fn add(&mut self, step: &Self) {
        let sums = self.eyes.iter_mut().chain(&mut self.regions).chain([&mut self.head]);
        let steps = step.eyes.iter().chain(&step.regions).chain([&step.head]);
        sums.zip(steps).for_each(|(sum, step)| *sum = *sum + *step);
    }

    /// True if any part has moved by its limit.
    fn exceeds(&self, limits: &Limits) -> bool {
        let beyond = |all: &[Point], px: f32| all.iter().any(|moved| moved.norm() >= px);
        beyond(&self.eyes, limits.eyes)
            || beyond(&self.regions, limits.regions)
            || beyond(&[self.head], limits.head)
    }
}

/// True if the new picture is not the previous one with some motion: a hand, a cut, another person.
pub fn is_strange(field: &FlowField) -> bool {
    strangeness(field) > STRANGE
}

/// Mean squared difference after matching, over all that was measured.
fn strangeness(field: &FlowField) -> f32 {
    let measured = field.cells.iter().filter(|cell| cell.tensor[0] > 0.0);
    let (sum, count) = measured.fold((0.0, 0.0), |(s, n), cell| (s + cell.residual, n + 1.0f32));
    sum / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::motion::flow::Cell;
    use crate::pipeline::motion::regions::RegionPlace;

    /// A field of one motion and one residual, with two eyes in it.
    fn field(motion: Point, residual: f32) -> (FlowField, Places) {
        let cell = Cell { motion, tensor: [2000.0, 0.0, 2000.0], residual };
        let eye = |x| RegionPlace { at: Point::new(x, 60.0), depth: 0.0 };
        let places = Places { eyes: vec![eye(60.0), eye(160.0)], ..Places::default() };
        (FlowField { columns: 56, cells: vec![cell; 56 * 64] }, places)
    }

    fn frames_until_old(motion: Point, residual: f32, moved: &RegionDisplacement) -> Option<usize> {
        let (field, places) = field(motion, residual);
        let mut watch = Watch::default();
        (1..=20).find(|_| watch.outdates_mesh(&field, &places, moved, &Head::default()))
    }

    #[test]
    fn a_face_is_restless_as_long_as_it_moves_and_not_when_it_has_come_to_rest() {
        let (still, places) = field(Point::default(), 2.0);
        let mut watch = Watch::default();
        let mut is_restless_after = |x: f32| {
            let head = RegionDisplacement { head: [x, 0.0], ..Default::default() };
            watch.outdates_mesh(&still, &places, &head, &Head::default());
            watch.reset();
            watch.is_restless()
        };
        assert_eq!([0.1, 0.7, 0.7, 0.1].map(&mut is_restless_after), [false, true, true, false]);
    }

    #[test]
    fn a_still_face_never_outdates_the_mesh() {
        let still = RegionDisplacement::default();
        assert_eq!(frames_until_old(Point::default(), 2.0, &still), None);
    }

    #[test]
    fn a_lid_that_falls_does_at_once_and_one_that_creeps_does_soon() {
        let still = RegionDisplacement::default();
        assert_eq!(frames_until_old(Point::new(0.0, 2.0), 2.0, &still), Some(1));
        let soon = frames_until_old(Point::new(0.0, 0.2), 2.0, &still);
        assert!(soon.is_some_and(|n| (3..=6).contains(&n)), "{soon:?}");
    }

    #[test]
    fn a_mesh_that_has_just_looked_forgets_what_moved_before() {
        let (field, places) = field(Point::new(0.0, 0.2), 2.0);
        let (mut watch, still) = (Watch::default(), RegionDisplacement::default());
        for _ in 0..20 {
            assert!(!watch.outdates_mesh(&field, &places, &still, &Head::default()));
            watch.reset();
        }
    }

    #[test]
    fn each_part_counts_from_its_own_limit_on() {
        let limits = Limits { eyes: 0.5, regions: 1.0, head: 2.0 };
        let far = |x: f32| Point::new(0.6 * x, -0.8 * x);
        let mut below = Moved::default();
        (below.eyes[1], below.regions[22], below.head) = (far(0.49), far(0.99), far(1.99));
        assert!(!below.exceeds(&limits));
        let at = |x: f32| Point::new(0.0, -x);
        assert!(Moved { eyes: [at(0.5); 2], ..below }.exceeds(&limits));
        assert!(Moved { regions: [at(1.0); REGIONS], ..below }.exceeds(&limits));
        assert!(Moved { head: at(2.0), ..below }.exceeds(&limits));
    }

    #[test]
    fn steps_add_up_part_by_part() {
        let mut step = Moved::default();
        (step.eyes[1], step.regions[22]) = (Point::new(1.0, 2.0), Point::new(3.0, -4.0));
        step.head = Point::new(-5.0, 6.0);
        let mut sum = step;
        sum.add(&step);
        assert_eq!((sum.eyes[0], sum.eyes[1]), (Point::default(), Point::new(2.0, 4.0)));
        assert_eq!((sum.regions[22], sum.head), (Point::new(6.0, -8.0), Point::new(-10.0, 12.0)));
    }

    #[test]
    fn strangeness_is_the_mean_over_what_was_measured() {
        let (mut field, _) = field(Point::default(), 41.0);
        let half = field.cells.len() / 2;
        field.cells[..half].iter_mut().for_each(|cell| cell.residual = 37.0);
        assert_eq!(strangeness(&field), 39.0);
        field.cells[..half].iter_mut().for_each(|cell| cell.tensor = [0.0; 3]);
        assert_eq!(strangeness(&field), 41.0);
        assert_eq!(strangeness(&FlowField::default()), 0.0);
    }

    #[test]
    fn a_strange_picture_is_restless() {
        let (field, places) = field(Point::default(), 41.0);
        let mut watch = Watch::default();
        watch.outdates_mesh(&field, &places, &RegionDisplacement::default(), &Head::default());
        assert!(watch.is_restless());
    }

    #[test]
    fn a_moving_mouth_and_a_moving_head_do_and_so_does_a_strange_picture() {
        let mut mouth = RegionDisplacement::default();
        mouth.regions[11] = [0.0, 0.6];
        assert_eq!(frames_until_old(Point::default(), 2.0, &mouth), Some(2));
        let head = RegionDisplacement { head: [0.8, 0.0], ..Default::default() };
        assert_eq!(frames_until_old(Point::default(), 2.0, &head), Some(2));
        let still = RegionDisplacement::default();
        assert_eq!(frames_until_old(Point::default(), 90.0, &still), Some(1));
    }
}
