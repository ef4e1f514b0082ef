//! A rig of our own: smooth pushes round the mesh points of any face, with directions and sizes from FACS.
//!
//! It shares no geometry with the face basis used in training, so that a network trained on one can be tested
//! on the other. And it needs no file: the demo, labelled video and the tests use it.

use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::measure::geometry::Point;
use crate::measure::regions::REGIONS;

use super::facs_fields::{Layer, patches};
use crate::synth::behaviour::units::{FULL_PERCENT, UNITS, UnitWeights};
use crate::synth::render::portrait::{Portrait, PortraitError, names, px_from_face};
use crate::synth::render::slit::{Slit, SlitKind};
use crate::synth::{Person, Random, Rig};

/// Share of the aperture by which the upper lid moves to meet the lower one.
const UPPER_LID_PART: f32 = 0.9;

/// A patch at its place on one face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacedPatch {
    /// Centre, face coordinates.
    pub(crate) center: Point,
    /// Half axes, face coordinates.
    pub(crate) reach: [f32; 2],
    /// Push at the centre for weight 1, face coordinates.
    pub(crate) push: Point,
    /// Which skin.
    pub(crate) layer: Layer,
}

impl PlacedPatch {
    /// The push at `q`, before a slit takes its share.
    pub(crate) fn push_at(&self, q: Point) -> Point {
        let x = (q.x - self.center.x) / self.reach[0];
        let y = (q.y - self.center.y) / self.reach[1];
        let inside = (1.0 - x * x - y * y).max(0.0);
        self.push * (inside * inside)
    }
}

/// The rig fitted to one face.
#[derive(Clone, Debug)]
pub struct FacsFace {
    /// Mesh points, face coordinates.
    points: Vec<Point>,
    /// Left eye, right eye, mouth.
    pub(crate) slits: [Slit; 3],
    /// Patches of every unit (in the order of [`UNITS`]), left and right half.
    pub(crate) patches: [[Vec<PlacedPatch>; 2]; UNITS.len()],
}

impl FacsFace {
    /// Fits the rig to mesh points in any pixels; `None` if the eye corners are the same point or if points
    /// are missing.
    pub fn new(points_px: &[Point]) -> Option<Self> {
        let face_from_px = px_from_face(points_px)?.inverse()?;
        (points_px.len() >= crate::synth::render::portrait::MESH_POINTS).then_some(())?;
        let points: Vec<Point> = points_px.iter().map(|p| face_from_px.apply(*p)).collect();
        let slits = Slit::of_face(&points);
        let patches = UNITS.map(|unit| {
            [0, 1].map(|half| patches(unit.0).iter().map(|p| place(p, half, &points)).collect())
        });
        let mut face = Self { points, slits, patches };
        face.size_to_full_intensity();
        Some(face)
    }

    /// Scales every unit so that weight 1 moves its strongest mesh point by [`FULL_PERCENT`].
    fn size_to_full_intensity(&mut self) {
        for (unit, full_percent) in FULL_PERCENT.into_iter().enumerate() {
            let mut weights = UnitWeights::default();
            weights.halves[unit] = [1.0; 2];
            let strongest = (self.points.iter())
                .map(|p| self.patch_displacement(*p, &weights).norm())
                .fold(0.0, f32::max);
            // The closing lid is no patch; its size follows from the aperture.
            let sized = if UNITS[unit].0 == 45 { 0.01 } else { full_percent / 100.0 / strongest };
            if sized.is_finite() {
                let placed = self.patches[unit].iter_mut().flatten();
                placed.for_each(|patch| patch.push = patch.push * sized);
            }
        }
    }

    /// Place of mesh point `index` at rest, face coordinates; `None` beyond the mesh.
    pub fn point(&self, index: usize) -> Option<Point> {
        self.points.get(index).copied()
    }

    /// How far skin that lies at `q` at rest moves, both in face coordinates: one unit is the outer-eye
    /// distance, x towards the person's left, y down. The eyeballs and what is behind the lips do not move.
    pub fn displacement(&self, q: Point, weights: &UnitWeights) -> Point {
        let lids = self.slits.iter().map(|slit| lid_displacement(slit, q, weights));
        lids.fold(self.patch_displacement(q, weights), |sum, lid| sum + lid)
    }

    fn patch_displacement(&self, q: Point, weights: &UnitWeights) -> Point {
        let [above, below] = self.slit_near(q).shares(q);
        let mut sum = Point::default();
        for (halves, patches) in weights.halves.iter().zip(&self.patches) {
            for (weight, patches) in halves.iter().zip(patches) {
                if *weight == 0.0 {
                    continue;
                }
                for patch in patches {
                    let share = match patch.layer {
                        Layer::Skin => 1.0,
                        Layer::Upper => above,
                        Layer::Lower => below,
                    };
                    sum = sum + patch.push_at(q) * (share * weight);
                }
            }
        }
        sum
    }

    /// The slit whose edges decide how skin at `q` moves.
    pub(crate) fn slit_near(&self, q: Point) -> &Slit {
        match (q.y < EYES_END_Y, q.x > 0.0) {
            (true, true) => &self.slits[0],
            (true, false) => &self.slits[1],
            (false, _) => &self.slits[2],
        }
    }
}

/// The y between eyes and mouth, outer-eye distances below the eyes.
const EYES_END_Y: f32 = 0.36;

fn place(patch: &super::facs_fields::Patch, half: usize, points: &[Point]) -> PlacedPatch {
    // The person's left is at positive x; outwards points away from the middle.
    let (index, outwards) = if half == 0 { (patch.mirror, 1.0) } else { (patch.at, -1.0) };
    PlacedPatch {
        center: points[index],
        reach: patch.reach,
        push: Point::new(patch.push[0] * outwards, patch.push[1]),
        layer: patch.layer,
    }
}

/// How far a closing upper lid moves the skin above it, as a share of the way to the brow.
const UPPER_LID_REACH: f32 = 0.95;

/// How far below its edge a closing lower lid moves the skin, outer-eye distances.
const LOWER_LID_REACH: f32 = 0.09;

/// How far a lid moves skin at `q` on its side when the eye closes by `closing` (1: shut), and how much
/// further it moves skin one unit lower. `upper` is true if `q` belongs to the upper lid.
pub(crate) fn lid_push(slit: &Slit, q: Point, closing: f32, upper: bool) -> [f32; 2] {
    let (top, bottom) = (slit.upper(q.x), slit.lower(q.x));
    let meeting = top + UPPER_LID_PART * (bottom - top);
    let (travel, depth, reach, downwards) = if upper {
        (meeting - top, top - q.y, (UPPER_LID_REACH * slit.brow_gap).max(0.05), -1.0)
    } else {
        (meeting - bottom, q.y - bottom, LOWER_LID_REACH, 1.0)
    };
    let t = (depth / reach).clamp(0.0, 1.0);
    let slope = -6.0 * t * (1.0 - t) / reach * downwards;
    [1.0 - t * t * (3.0 - 2.0 * t), slope].map(|v| closing * travel * v)
}

fn lid_displacement(slit: &Slit, q: Point, weights: &UnitWeights) -> Point {
    let SlitKind::Eye(half) = slit.kind else { return Point::default() };
    if q.x < slit.corners[0] || q.x > slit.corners[1] {
        return Point::default();
    }
    let closing = weights.get(crate::measure::event::ActionUnit(45))[half];
    let upper = q.y <= slit.upper(q.x);
    if !upper && q.y < slit.lower(q.x) {
        return Point::default();
    }
    Point::new(0.0, lid_push(slit, q, closing, upper)[0])
}

/// Draws persons from the embedded portraits' faces.
#[derive(Clone, Debug)]
pub struct FacsRig {
    faces: Vec<(FacsFace, [[f32; 2]; REGIONS], [f32; REGIONS])>,
}

/// Mesh points whose weighted mean is the centre of each region, in the order of
/// [`REGION_NAMES`](crate::measure::regions::REGION_NAMES).
const REGION_POINTS: [&[(usize, f32)]; REGIONS] = [
    &[(63, 0.63), (105, 0.37)],
    &[(105, 0.46), (66, 0.54)],
    &[(66, 0.51), (107, 0.49)],
    &[(336, 0.32), (296, 0.68)],
    &[(296, 0.37), (334, 0.63)],
    &[(334, 0.24), (293, 0.76)],
    &[(197, 1.0)],
    &[(4, 0.57), (1, 0.43)],
    &[(61, 1.0)],
    &[(0, 1.0)],
    &[(291, 1.0)],
    &[(17, 1.0)],
    &[(153, 0.5), (144, 0.5)],
    &[(373, 0.5), (380, 0.5)],
    &[(144, 0.5), (61, 0.5)],
    &[(373, 0.5), (291, 0.5)],
    &[(75, 1.0)],
    &[(305, 1.0)],
    &[(17, 0.5), (152, 0.5)],
    &[(107, 1.0)],
    &[(336, 1.0)],
    &[(61, 0.6), (136, 0.4)],
    &[(291, 0.6), (365, 0.4)],
];

/// Centres of the 23 regions, face coordinates.
pub fn region_centers(face: &FacsFace) -> [Point; REGIONS] {
    REGION_POINTS.map(|points| {
        points.iter().fold(Point::default(), |sum, (i, weight)| sum + face.points[*i] * *weight)
    })
}

/// Log standard deviation of a unit's size and of a patch's reach from person to person.
const PERSON_SPREAD: (f32, f32) = (0.2, 0.12);

impl FacsRig {
    /// A rig with the embedded faces.
    pub fn new() -> Result<Self, PortraitError> {
        let faces = names().map(Portrait::named).collect::<Result<Vec<_>, _>>()?;
        let faces = faces.iter().filter_map(|portrait| {
            let face = FacsFace::new(&portrait.points_px)?;
            let eye_distance_px = px_from_face(&portrait.points_px)?.scale();
            let rest = REGION_POINTS.map(|points| {
                let sum = points
                    .iter()
                    .fold(Point::default(), |sum, (i, weight)| sum + face.points[*i] * *weight);
                [sum.x, sum.y]
            });
            // The mesh's depth grows away from the camera; a person's depth grows towards it.
            let eyes = (portrait.depths_px[33] + portrait.depths_px[263]) / 2.0;
            let depth = REGION_POINTS.map(|points| {
                let sum: f32 = points.iter().map(|(i, w)| portrait.depths_px[*i] * w).sum();
                (eyes - sum) / eye_distance_px
            });
            Some((face, rest, depth))
        });
        Ok(Self { faces: faces.collect() })
    }
}

/// Mean displacement over a region: its centre, and four places towards its rim at half of the published
/// reach of 6.5 %. A single point on the edge of a lid would get all of the lid's movement or nothing.
fn region_displacement(face: &FacsFace, center: Point, weights: &UnitWeights) -> Point {
    const AWAY: f32 = 0.033;
    let places = [(0.0, 0.0), (AWAY, 0.0), (-AWAY, 0.0), (0.0, AWAY), (0.0, -AWAY)];
    places.iter().fold(Point::default(), |sum, (x, y)| {
        sum + face.displacement(center + Point::new(*x, *y), weights) * 0.2
    })
}

impl Rig for FacsRig {
    fn person(&self, random: &mut Random) -> Person {
        let mut unit_normal = || -> f32 { StandardNormal.sample(random) };
        let [size, reach] = [(); 2].map(|()| [(); UNITS.len()].map(|()| unit_normal()));
        let stretch = [0.05 * unit_normal(), 0.05 * unit_normal()].map(f32::exp);
        let (face, rest, depth) = &self.faces[random.random_range(0..self.faces.len())];
        let mut face = face.clone();
        for (unit, patches) in face.patches.iter_mut().enumerate() {
            for patch in patches.iter_mut().flatten() {
                patch.push = patch.push * (size[unit] * PERSON_SPREAD.0).exp();
                patch.reach = patch.reach.map(|r| r * (reach[unit] * PERSON_SPREAD.1).exp());
            }
        }
        let fields = std::array::from_fn(|unit| {
            [0, 1].map(|half| {
                let mut weights = UnitWeights::default();
                weights.halves[unit][half] = 1.0;
                rest.map(|[x, y]| {
                    let moved = region_displacement(&face, Point::new(x, y), &weights) * 100.0;
                    [moved.x * stretch[0], moved.y * stretch[1]]
                })
            })
        });
        Person {
            rest: rest.map(|[x, y]| [100.0 * x * stretch[0], 100.0 * y * stretch[1]]),
            depth: depth.map(|d| 100.0 * d),
            fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::ActionUnit;
    use rand::SeedableRng as _;

    fn face(name: &str) -> FacsFace {
        let portrait = Portrait::named(name).expect(name);
        FacsFace::new(&portrait.points_px).expect("a whole face")
    }

    fn weights(unit: u8, halves: [f32; 2]) -> UnitWeights {
        let mut weights = UnitWeights::default();
        weights.add(ActionUnit(unit), halves);
        weights
    }

    /// Displacement of a mesh point in percent of the eye distance.
    fn moved(face: &FacsFace, index: usize, weights: &UnitWeights) -> Point {
        face.displacement(face.points[index], weights) * 100.0
    }

    #[test]
    fn no_weight_moves_nothing() {
        let face = face("p002");
        let rest = UnitWeights::default();
        assert!((0..478).all(|i| moved(&face, i, &rest) == Point::default()));
    }

    #[test]
    fn full_weight_moves_the_strongest_point_as_far_as_on_any_rig() {
        for name in names() {
            let face = face(name);
            for (unit, full) in UNITS.into_iter().zip(FULL_PERCENT) {
                let w = weights(unit.0, [1.0; 2]);
                let most = (0..478).map(|i| moved(&face, i, &w).norm()).fold(0.0, f32::max);
                // The lid moves by the aperture, which differs from face to face.
                let tolerance = if unit.0 == 45 { 0.4 } else { 0.01 };
                assert!((most / full - 1.0).abs() < tolerance, "{name} {unit:?} {most} {full}");
            }
        }
    }

    #[test]
    fn units_move_as_facs_describes_them() {
        let face = face("p002");
        let at = |unit, point| moved(&face, point, &weights(unit, [1.0; 2]));
        let right_brow = at(4, 107);
        assert!(right_brow.y > 3.0 && right_brow.x > 1.0, "4 lowers and draws together");
        assert!(at(1, 107).y < -4.0 && at(2, 63).y < -4.0, "1 and 2 raise");
        let corner = at(12, 61);
        assert!(corner.y < -8.0 && corner.x < -2.0, "12 goes up and out");
        assert!(at(15, 61).y > 3.0 && at(20, 61).x < -4.0);
        assert!(at(6, 50).y < -3.0 && at(9, 64).y < -5.0 && at(17, 201).y < -4.0);
        assert!(at(26, 152).y > 15.0 && at(26, 1).norm() < 2.0, "the jaw drops, the nose stays");
        assert!(at(25, 17).y > 3.0 && at(25, 0).y < 0.0, "the lips part");
    }

    #[test]
    fn a_one_sided_unit_leaves_the_other_half_nearly_still() {
        let face = face("p007");
        for (unit, right_point, left_point) in [(12, 61, 291), (4, 105, 334), (2, 63, 293)] {
            let left = weights(unit, [1.0, 0.0]);
            let (still, moves) =
                (moved(&face, right_point, &left), moved(&face, left_point, &left));
            assert!(still.norm() < 0.05 * moves.norm(), "{unit}");
        }
    }

    #[test]
    fn a_full_blink_brings_the_lids_together() {
        let face = face("p001");
        for (half, slit) in face.slits.iter().take(2).enumerate() {
            let x = (slit.corners[0] + slit.corners[1]) / 2.0;
            let mut w = [0.0; 2];
            w[half] = 1.0;
            let w = weights(45, w);
            let (top, bottom) = (Point::new(x, slit.upper(x)), Point::new(x, slit.lower(x)));
            let closed_top = top.y + face.displacement(top, &w).y;
            let closed_bottom = bottom.y + face.displacement(bottom, &w).y;
            assert!((closed_top - closed_bottom).abs() < 0.02);
        }
    }

    #[test]
    fn persons_differ_but_the_same_seed_draws_the_same_one() {
        let rig = FacsRig::new().expect("embedded faces");
        let draw = |seed| rig.person(&mut Random::seed_from_u64(seed)).fields;
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn a_person_is_measured_in_percent_and_its_nose_stands_out() {
        let rig = FacsRig::new().expect("embedded faces");
        let person = rig.person(&mut Random::seed_from_u64(1));
        let [right, left] = [person.rest[8], person.rest[10]];
        assert!((25.0..75.0).contains(&(left[0] - right[0])), "{right:?} {left:?}");
        assert!((50.0..110.0).contains(&left[1]));
        assert!(person.depth[7] > person.depth[2] && person.depth[7] > 15.0, "{:?}", person.depth);
    }

    #[test]
    fn too_few_points_are_no_face() {
        assert!(FacsFace::new(&[Point::default(); 478]).is_none());
        assert!(FacsFace::new(&[]).is_none());
    }
}
