//! Where a face can open: the two eyes and the mouth.
//!
//! Skin moves smoothly everywhere except across these three lens-shaped slits, whose edges move
//! independently. Everything is in face coordinates ([`super::portrait::px_from_face`]).

use crate::measure::geometry::Point;

/// Which opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlitKind {
    /// An eye: 0 the person's left, 1 the right, as the halves of a unit's weight.
    Eye(usize),
    /// The mouth.
    Mouth,
}

/// Beyond the corners, skin up to this distance above and below takes part in the movement of an edge.
const GATE_REACH: f32 = 0.22;

/// An opening between an upper and a lower edge.
#[derive(Clone, Debug)]
pub(crate) struct Slit {
    pub(crate) kind: SlitKind,
    /// x of the two corners, the smaller one first.
    pub(crate) corners: [f32; 2],
    /// Distance from the upper edge to the brow; without meaning for the mouth.
    pub(crate) brow_gap: f32,
    upper: Curve,
    lower: Curve,
}

/// Mesh points under the middle of the brows, left and right.
const BROWS: [usize; 2] = [282, 52];

// Mesh points along the edges, corner to corner.
const RIGHT_UPPER: &[usize] = &[33, 246, 161, 160, 159, 158, 157, 173, 133];
const RIGHT_LOWER: &[usize] = &[33, 7, 163, 144, 145, 153, 154, 155, 133];
const LEFT_UPPER: &[usize] = &[362, 398, 384, 385, 386, 387, 388, 466, 263];
const LEFT_LOWER: &[usize] = &[362, 382, 381, 380, 374, 373, 390, 249, 263];
const LIPS_UPPER: &[usize] = &[78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308];
const LIPS_LOWER: &[usize] = &[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308];

impl Slit {
    /// The three slits of a face with these mesh points: left eye, right eye, mouth.
    pub(crate) fn of_face(points: &[Point]) -> [Self; 3] {
        let pick = |indices: &[usize]| -> Vec<Point> {
            indices.iter().filter_map(|i| points.get(*i).copied()).collect()
        };
        let slit = |kind, upper: &[usize], lower: &[usize]| {
            let (upper, lower) = (Curve::through(&pick(upper)), Curve::through(&pick(lower)));
            let brow_gap = match kind {
                SlitKind::Eye(half) => points.get(BROWS[half]).map_or(0.0, |p| upper.at(p.x) - p.y),
                SlitKind::Mouth => 0.0,
            };
            Self { kind, corners: [upper.start, upper.end], brow_gap, upper, lower }
        };
        let mut mouth = slit(SlitKind::Mouth, LIPS_UPPER, LIPS_LOWER);
        // A closed mouth is one line, even if the mesh separates the lips.
        let line = mouth.upper.between(&mouth.lower);
        (mouth.upper, mouth.lower) = (line.clone(), line);
        [
            slit(SlitKind::Eye(0), LEFT_UPPER, LEFT_LOWER),
            slit(SlitKind::Eye(1), RIGHT_UPPER, RIGHT_LOWER),
            mouth,
        ]
    }

    /// y of the upper edge at `x`; beyond the corners, that of the corner.
    pub(crate) fn upper(&self, x: f32) -> f32 {
        self.upper.at(x)
    }

    /// y of the lower edge at `x`; never above the upper edge.
    pub(crate) fn lower(&self, x: f32) -> f32 {
        self.lower.at(x).max(self.upper.at(x))
    }

    /// Half the opening's width.
    pub(crate) fn half_width(&self) -> f32 {
        (self.corners[1] - self.corners[0]) / 2.0
    }

    /// How freely the edges can part at `x`: 1 in the middle, 0 at the corners and beyond.
    fn lens(&self, x: f32) -> f32 {
        let u = (x - (self.corners[0] + self.corners[1]) / 2.0) / self.half_width();
        (1.0 - u * u).max(0.0).sqrt()
    }

    /// The share of an upper edge's movement that skin at `q` follows, if that skin belongs to the upper
    /// edge.
    pub(crate) fn upper_share(&self, q: Point) -> f32 {
        share(self.lens(q.x), self.upper(q.x) - q.y)
    }

    /// The same for skin that belongs to the lower edge.
    pub(crate) fn lower_share(&self, q: Point) -> f32 {
        share(self.lens(q.x), q.y - self.lower(q.x))
    }

    /// The shares of skin at `q`, upper and lower, by the side on which it lies.
    pub(crate) fn shares(&self, q: Point) -> [f32; 2] {
        let above = q.y <= self.upper(q.x);
        let below = q.y >= self.lower(q.x);
        match (above, below) {
            (true, false) => [self.upper_share(q), 0.0],
            (false, true) => [0.0, self.lower_share(q)],
            // On a closed line both edges meet, and only the movement of the lower one is visible.
            (true, true) => [0.0, self.lower_share(q)],
            (false, false) => [0.0, 0.0],
        }
    }
}

fn share(lens: f32, depth: f32) -> f32 {
    let t = (depth / GATE_REACH).clamp(0.0, 1.0);
    lens + (1.0 - lens) * t * t * (3.0 - 2.0 * t)
}

/// y over x, evenly sampled between two corners.
#[derive(Clone, Debug)]
struct Curve {
    start: f32,
    end: f32,
    ys: [f32; Curve::SAMPLES],
}

impl Curve {
    const SAMPLES: usize = 49;

    /// A smooth curve through `points`, which go from left to right.
    fn through(points: &[Point]) -> Self {
        let start = points.first().map_or(0.0, |p| p.x);
        let end = points.last().map_or(1.0, |p| p.x).max(start + 1e-3);
        let ys = std::array::from_fn(|i| {
            hermite(points, start + (end - start) * i as f32 / (Self::SAMPLES - 1) as f32)
        });
        Self { start, end, ys }
    }

    /// Halfway between two curves.
    fn between(&self, other: &Self) -> Self {
        Self { ys: std::array::from_fn(|i| (self.ys[i] + other.ys[i]) / 2.0), ..*self }
    }

    fn at(&self, x: f32) -> f32 {
        let last = Self::SAMPLES - 1;
        let t = ((x - self.start) / (self.end - self.start)).clamp(0.0, 1.0) * last as f32;
        let i = (t as usize).min(last - 1);
        self.ys[i] + (self.ys[i + 1] - self.ys[i]) * (t - i as f32)
    }
}

/// Cubic Hermite interpolation with slopes from the neighbours (Catmull and Rom).
fn hermite(points: &[Point], x: f32) -> f32 {
    let Some(next) = points.iter().position(|p| p.x >= x) else {
        return points.last().map_or(0.0, |p| p.y);
    };
    if next == 0 {
        return points[0].y;
    }
    let (a, b) = (points[next - 1], points[next]);
    let width = (b.x - a.x).max(1e-6);
    let slope = |p: Point, q: Point| (q.y - p.y) / (q.x - p.x).max(1e-6);
    let before = if next >= 2 { slope(points[next - 2], b) } else { slope(a, b) };
    let after = points.get(next + 1).map_or(slope(a, b), |c| slope(a, *c));
    let t = (x - a.x) / width;
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * a.y
        + (t3 - 2.0 * t2 + t) * width * before
        + (3.0 * t2 - 2.0 * t3) * b.y
        + (t3 - t2) * width * after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::render::portrait::{Portrait, names, px_from_face};

    fn slits(name: &str) -> [Slit; 3] {
        let p = Portrait::named(name).expect(name);
        let map = px_from_face(&p.points_px).and_then(|m| m.inverse()).expect("two eyes");
        let points: Vec<Point> = p.points_px.iter().map(|q| map.apply(*q)).collect();
        Slit::of_face(&points)
    }

    #[test]
    fn eyes_are_open_and_mouths_are_shut() {
        for name in names() {
            let [left, right, mouth] = slits(name);
            for eye in [&left, &right] {
                let x = (eye.corners[0] + eye.corners[1]) / 2.0;
                let aperture = eye.lower(x) - eye.upper(x);
                assert!((0.06..0.16).contains(&aperture), "{name} {aperture}");
            }
            assert_eq!(mouth.lower(0.0), mouth.upper(0.0));
            assert!(left.corners[0] > 0.0 && right.corners[1] < 0.0);
        }
    }

    #[test]
    fn edges_part_in_the_middle_and_hold_together_at_the_corners() {
        let [_, _, mouth] = slits("p002");
        let x = (mouth.corners[0] + mouth.corners[1]) / 2.0;
        let y = mouth.upper(x);
        assert!(mouth.upper_share(Point::new(x, y)) > 0.99);
        let corner = Point::new(mouth.corners[0], mouth.upper(mouth.corners[0]));
        assert!(mouth.shares(corner).iter().all(|s| *s < 0.01));
    }

    #[test]
    fn beyond_the_corners_nothing_jumps_across_the_line() {
        let [_, _, mouth] = slits("p002");
        let x = mouth.corners[0] - 0.05;
        let y = mouth.upper(x);
        let [up, _] = mouth.shares(Point::new(x, y - 1e-3));
        let [_, low] = mouth.shares(Point::new(x, y + 1e-3));
        assert!(up < 0.01 && low < 0.01);
    }

    #[test]
    fn a_curve_passes_through_its_points() {
        let points: Vec<Point> =
            [(0.0, 1.0), (0.5, 2.0), (1.0, 1.5)].map(|(x, y)| Point::new(x, y)).into();
        let curve = Curve::through(&points);
        for p in points {
            assert!((curve.at(p.x) - p.y).abs() < 1e-3);
        }
    }
}
