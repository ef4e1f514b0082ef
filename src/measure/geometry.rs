//! Points, boxes and affine maps in the plane.
//!
//! One convention everywhere: x runs right, y runs down, coordinates are in pixels, and the centre
//! of the top left pixel is (0.5, 0.5). A map is named `target_from_source`.

use std::ops::{Add, Mul, Sub};

use serde::{Deserialize, Serialize};

/// A point or a displacement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rightwards.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

impl Point {
    /// The point (`x`, `y`).
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// Distance from the origin.
    pub fn norm(self) -> f32 {
        self.x.hypot(self.y)
    }

    /// Distance to `other`.
    pub fn distance(self, other: Self) -> f32 {
        (self - other).norm()
    }

    /// The point `t` of the way from `self` to `other`.
    pub fn lerp(self, other: Self, t: f32) -> Self {
        self + (other - self) * t
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.x + o.x, self.y + o.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.x - o.x, self.y - o.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;
    fn mul(self, k: f32) -> Self {
        Self::new(self.x * k, self.y * k)
    }
}

/// An axis-parallel box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Top left corner.
    pub min: Point,
    /// Bottom right corner.
    pub max: Point,
}

impl Rect {
    /// The smallest box round `points`; `None` without points.
    pub fn around(points: &[Point]) -> Option<Self> {
        let first = *points.first()?;
        Some(points.iter().fold(Self { min: first, max: first }, |r, p| Self {
            min: Point::new(r.min.x.min(p.x), r.min.y.min(p.y)),
            max: Point::new(r.max.x.max(p.x), r.max.y.max(p.y)),
        }))
    }

    /// Horizontal size.
    pub fn width(&self) -> f32 {
        self.max.x - self.min.x
    }

    /// Vertical size.
    pub fn height(&self) -> f32 {
        self.max.y - self.min.y
    }

    /// The middle.
    pub fn center(&self) -> Point {
        self.min.lerp(self.max, 0.5)
    }

    /// Area; zero for an inverted box.
    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// Intersection over union with `other`, 0–1.
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = Self {
            min: Point::new(self.min.x.max(other.min.x), self.min.y.max(other.min.y)),
            max: Point::new(self.max.x.min(other.max.x), self.max.y.min(other.max.y)),
        }
        .area();
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}

/// An affine map of the plane: x' = a·x + b·y + c, y' = d·x + e·y + f.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// a, b, c, d, e, f.
    pub m: [f32; 6],
}

impl Affine {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self { m: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0] };

    /// Turns by `radians` (clockwise on screen), scales by `scale`, then moves by `shift`.
    pub fn similarity(scale: f32, radians: f32, shift: Point) -> Self {
        let (s, c) = radians.sin_cos();
        Self { m: [scale * c, -scale * s, shift.x, scale * s, scale * c, shift.y] }
    }

    /// The similarity that takes `from.0` to `to.0` and `from.1` to `to.1`; `None` if the two source points
    /// are the same.
    pub fn from_two_points(from: (Point, Point), to: (Point, Point)) -> Option<Self> {
        let (u, v) = (from.1 - from.0, to.1 - to.0);
        let n = u.x * u.x + u.y * u.y;
        if n <= f32::EPSILON {
            return None;
        }
        let c = (u.x * v.x + u.y * v.y) / n;
        let s = (u.x * v.y - u.y * v.x) / n;
        let shift = to.0 - Point::new(c * from.0.x - s * from.0.y, s * from.0.x + c * from.0.y);
        Some(Self { m: [c, -s, shift.x, s, c, shift.y] })
    }

    /// The image of a point.
    pub fn apply(&self, p: Point) -> Point {
        let m = &self.m;
        Point::new(m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5])
    }

    /// The image of a displacement: the map without its shift.
    pub fn apply_vector(&self, v: Point) -> Point {
        let m = &self.m;
        Point::new(m[0] * v.x + m[1] * v.y, m[3] * v.x + m[4] * v.y)
    }

    /// First `first`, then `self`.
    pub fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.m, &first.m);
        Self {
            m: [
                a[0] * b[0] + a[1] * b[3],
                a[0] * b[1] + a[1] * b[4],
                a[0] * b[2] + a[1] * b[5] + a[2],
                a[3] * b[0] + a[4] * b[3],
                a[3] * b[1] + a[4] * b[4],
                a[3] * b[2] + a[4] * b[5] + a[5],
            ],
        }
    }

    /// The inverse map; `None` for a map that flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.m;
        let det = a * e - b * d;
        if det.abs() < 1e-12 {
            return None;
        }
        Some(Self {
            m: [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det],
        })
    }

    /// By how much the map enlarges: the square root of its absolute determinant.
    pub fn scale(&self) -> f32 {
        (self.m[0] * self.m[4] - self.m[1] * self.m[3]).abs().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point() -> impl Strategy<Value = Point> {
        (-500.0f32..500.0, -500.0f32..500.0).prop_map(|(x, y)| Point::new(x, y))
    }

    fn similarity() -> impl Strategy<Value = Affine> {
        (0.2f32..5.0, -3.0f32..3.0, point()).prop_map(|(s, r, p)| Affine::similarity(s, r, p))
    }

    /// Maps that also shear and stretch, none of which flattens the plane.
    fn affine() -> impl Strategy<Value = Affine> {
        (similarity(), -0.5f32..0.5, 0.5f32..2.0).prop_map(|(map, shear, stretch)| {
            map.after(&Affine { m: [1.0, shear, 0.0, 0.0, stretch, 0.0] })
        })
    }

    proptest! {
        #[test]
        fn a_map_and_its_inverse_cancel(map in affine(), p in point()) {
            let back = map.inverse().map(|inv| inv.apply(map.apply(p)));
            prop_assert!(back.is_some_and(|q| q.distance(p) < 0.02));
        }

        #[test]
        fn a_displacement_is_mapped_as_its_two_ends_are(map in affine(), p in point(), q in point()) {
            let ends = map.apply(q) - map.apply(p);
            prop_assert!(map.apply_vector(q - p).distance(ends) <= 0.01 + 1e-4 * ends.norm());
        }

        #[test]
        fn composing_is_applying_twice(a in affine(), b in affine(), p in point()) {
            let (once, twice) = (a.after(&b).apply(p), a.apply(b.apply(p)));
            prop_assert!(once.distance(twice) <= 0.01 + 1e-4 * twice.norm());
        }

        #[test]
        fn two_point_pairs_fix_a_similarity(map in similarity(), p in point(), q in point()) {
            prop_assume!(p.distance(q) > 5.0);
            let ends = (map.apply(p), map.apply(q));
            let found = Affine::from_two_points((p, q), ends);
            prop_assert!(found.is_some_and(|f| (f.scale() / map.scale() - 1.0).abs() < 1e-2));
            let near = |a: Point, b: Point| a.distance(b) <= 0.05 + 1e-3 * b.norm();
            prop_assert!(found.is_some_and(|f| near(f.apply(p), ends.0) && near(f.apply(q), ends.1)));
        }

        #[test]
        fn overlap_is_symmetric_and_within_0_and_1(p in point(), q in point(), r in point(), s in point()) {
            let a = Rect::around(&[p, q]).unwrap_or_default();
            let b = Rect::around(&[r, s]).unwrap_or_default();
            prop_assert!((a.iou(&b) - b.iou(&a)).abs() < 1e-6);
            prop_assert!((0.0..=1.0001).contains(&a.iou(&b)));
        }
    }

    #[test]
    fn points_add_subtract_and_scale_by_component() {
        let (p, q) = (Point::new(3.0, 4.0), Point::new(7.0, 12.0));
        assert_eq!(
            (p + q, q - p, p * 2.0),
            (Point::new(10.0, 16.0), Point::new(4.0, 8.0), Point::new(6.0, 8.0))
        );
        assert_eq!((p.norm(), p.distance(q)), (5.0, 80f32.sqrt()));
        assert_eq!((p.lerp(q, 0.0), p.lerp(q, 0.25), p.lerp(q, 1.0)), (p, Point::new(4.0, 6.0), q));
    }

    #[test]
    fn a_box_lies_round_its_points() {
        let round =
            Rect::around(&[Point::new(1.0, 9.0), Point::new(5.0, 2.0), Point::new(3.0, 3.0)])
                .unwrap();
        assert_eq!(round, Rect { min: Point::new(1.0, 2.0), max: Point::new(5.0, 9.0) });
        assert_eq!((round.width(), round.height(), round.area()), (4.0, 7.0, 28.0));
        assert_eq!(round.center(), Point::new(3.0, 5.5));
        assert_eq!(Rect::around(&[]), None);
    }

    #[test]
    fn an_inverted_box_has_no_area_and_overlaps_nothing() {
        let inverted = Rect { min: Point::new(2.0, 0.0), max: Point::new(0.0, 2.0) };
        assert_eq!((inverted.area(), inverted.iou(&inverted)), (0.0, 0.0));
    }

    #[test]
    fn half_a_box_beside_another_overlaps_by_a_third() {
        let a = Rect { min: Point::new(0.0, 0.0), max: Point::new(2.0, 4.0) };
        let b = Rect { min: Point::new(1.0, 0.0), max: Point::new(3.0, 4.0) };
        assert_eq!(a.iou(&b), 4.0 / 12.0);
    }

    #[test]
    fn a_quarter_turn_on_screen_takes_right_to_down() {
        let map = Affine::similarity(2.0, std::f32::consts::FRAC_PI_2, Point::new(10.0, 20.0));
        assert!(map.apply(Point::new(1.0, 0.0)).distance(Point::new(10.0, 22.0)) < 1e-5);
        assert!(map.apply(Point::new(0.0, 1.0)).distance(Point::new(8.0, 20.0)) < 1e-5);
        assert_eq!(map.scale(), 2.0);
        assert!((Affine::similarity(3.0, 0.7, Point::default()).scale() - 3.0).abs() < 1e-5);
    }

    #[test]
    fn a_map_that_flattens_the_plane_has_no_way_back() {
        assert_eq!(Affine { m: [1.0, 2.0, 0.0, 2.0, 4.0, 0.0] }.inverse(), None);
    }

    #[test]
    fn a_box_overlaps_itself_fully_and_a_distant_one_not_at_all() {
        let a = Rect { min: Point::new(0.0, 0.0), max: Point::new(2.0, 2.0) };
        let b = Rect { min: Point::new(5.0, 5.0), max: Point::new(6.0, 6.0) };
        assert_eq!(a.iou(&a), 1.0);
        assert_eq!(a.iou(&b), 0.0);
    }

    #[test]
    fn coincident_points_fix_nothing() {
        let p = Point::new(1.0, 1.0);
        assert_eq!(Affine::from_two_points((p, p), (p, Point::new(2.0, 2.0))), None);
    }
}
