//! Whether the mesh is still true: not how long ago it looked matters, but what has moved since.

use super::{Head, Places, REGIONS, RegionDisplacement, own_motion};
use crate::geom::Point;
use crate::pipeline::flow::FlowField;

/// Middles of the eyes: upper and lower lid, half of each.
pub(super) const EYES: [(usize, usize, f32); 2] = [(159, 145, 0.5), (386, 374, 0.5)];
/// Reach of an eye, pixels of the aligned face: the open lids are nine apart.
pub(super) const EYE_RADIUS_PX: f32 = 10.0;

/// An eye that has moved so far, pixels of the aligned face, may have begun to blink: a lid closes by
/// nine pixels within three frames, and sensor noise shows a twentieth of one.
const EYE_PX: f32 = 0.7;
/// A region that has moved so far is elsewhere. It is read within eleven pixels round its place.
const REGION_PX: f32 = 2.0;
/// A head that has moved so far may have turned.
const HEAD_PX: f32 = 3.0;
/// Mean squared difference that is left where what is seen now is not what was seen before: a hand, a
/// cut, another person. Strong sensor noise leaves 20.
const STRANGE: f32 = 40.0;

/// Adds up what has moved since the mesh looked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    eyes: [Point; EYES.len()],
    regions: [Point; REGIONS],
    head: Point,
}

impl Watch {
    /// The mesh has just looked.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes the motion since the frame before; whether the mesh should look at once.
    pub fn outdates_mesh(
        &mut self,
        field: &FlowField,
        places: &Places,
        moved: &RegionDisplacement,
        head: &Head,
    ) -> bool {
        for (sum, place) in self.eyes.iter_mut().zip(&places.eyes) {
            *sum = *sum + own_motion(field, head, place, EYE_RADIUS_PX);
        }
        for (sum, [x, y]) in self.regions.iter_mut().zip(moved.regions) {
            *sum = *sum + Point::new(x, y);
        }
        self.head = self.head + Point::new(moved.head[0], moved.head[1]);
        let beyond = |sums: &[Point], limit: f32| sums.iter().any(|sum| sum.norm() >= limit);
        beyond(&self.eyes, EYE_PX)
            || beyond(&self.regions, REGION_PX)
            || beyond(&[self.head], HEAD_PX)
            || strangeness(field) > STRANGE
    }
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
    use crate::pipeline::flow::Cell;
    use crate::pipeline::roi::Place;

    /// A field of one motion and one residual, with two eyes in it.
    fn field(motion: Point, residual: f32) -> (FlowField, Places) {
        let cell = Cell { motion, tensor: [2000.0, 0.0, 2000.0], residual };
        let eye = |x| Place { at: Point::new(x, 60.0), depth: 0.0 };
        let places = Places { eyes: vec![eye(60.0), eye(160.0)], ..Places::default() };
        (FlowField { columns: 56, cells: vec![cell; 56 * 64] }, places)
    }

    fn frames_until_old(motion: Point, residual: f32, moved: &RegionDisplacement) -> Option<usize> {
        let (field, places) = field(motion, residual);
        let mut watch = Watch::default();
        (1..=20).find(|_| watch.outdates_mesh(&field, &places, moved, &Head::default()))
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
    fn a_moving_mouth_and_a_moving_head_do_and_so_does_a_strange_picture() {
        let mut mouth = RegionDisplacement::default();
        mouth.regions[11] = [0.0, 1.1];
        assert_eq!(frames_until_old(Point::default(), 2.0, &mouth), Some(2));
        let head = RegionDisplacement { head: [1.6, 0.0], ..Default::default() };
        assert_eq!(frames_until_old(Point::default(), 2.0, &head), Some(2));
        let still = RegionDisplacement::default();
        assert_eq!(frames_until_old(Point::default(), 90.0, &still), Some(1));
    }
}
