//! Movement made larger, so that a person can see what was measured.
//!
//! Flow-based magnification (after Liu et al., "Motion Magnification", 2005). The displacement of every patch
//! since a reference picture is measured, the motion of the whole head is subtracted, and the rest is added
//! to the picture several times. Only for looking at: nothing is measured on it.

use super::flow::{CELL_PX, Flow, FlowField, Pyramid, lattice_len};
use crate::measure::geometry::Point;
use crate::media::image::{GrayImage, RgbImage, gray_from_rgb};

/// Factors that can be chosen; 1 changes nothing.
pub const FACTORS: std::ops::RangeInclusive<f32> = 1.0..=20.0;

/// Greatest distance that anything is moved, as a share of the picture's width. Beyond it, skin looks torn.
const FARTHEST: f32 = 0.08;
/// Greatest texture of a patch that counts, squared grey levels per squared pixel.
const RICHEST_TEXTURE: f32 = 60_000.0;
/// Grey-level variance of ordinary sensor noise.
const NOISE_VARIANCE: f32 = 2.0;
/// Evidence that a patch has not moved, in the unit of a texture over a variance: skin without texture stays
/// where it is.
const STILL_PRIOR: f32 = 60.0;
/// Distance from the head's motion at which the weight of a patch is a quarter, pixels, one for each round of
/// reweighting. The last is about the noise of a well textured patch.
const TOLERANCES_PX: [f32; 6] = [1.0, 0.5, 0.25, 0.12, 0.08, 0.08];
/// Reach of the smoothing between patches, in patches.
const REACH: isize = 2;
/// Standard deviation of that smoothing, in patches.
const SPREAD: f32 = 0.9;

/// `pictures` with the movement since picture `reference` made `factor` times as large. All pictures have the
/// same size. The head as a whole moves as before. A factor outside [`FACTORS`] becomes the nearest one
/// inside.
///
/// Takes some milliseconds a picture, so it must not run on the drawing thread.
pub fn magnify(pictures: &[&RgbImage], reference: usize, factor: f32) -> Vec<RgbImage> {
    let copies = || pictures.iter().map(|picture| (*picture).clone()).collect();
    let Some(first) = pictures.get(reference) else { return copies() };
    let size = |picture: &RgbImage| (picture.width, picture.height);
    let is_usable = first.width >= 4 * CELL_PX && first.height >= 4 * CELL_PX;
    let factor = factor.clamp(*FACTORS.start(), *FACTORS.end());
    if factor == 1.0 || !is_usable || pictures.iter().any(|picture| size(picture) != size(first)) {
        return copies();
    }
    let movements = Meter::new(first).measure(pictures);
    let shares = [0.25, 0.5, 0.25];
    let at =
        |i: usize, step: usize| &movements[(i + step).saturating_sub(1).min(movements.len() - 1)];
    let enlarge = |(i, picture): (usize, &&RgbImage)| {
        // A movement in one picture only is noise.
        let own = Lattice::mix((0..3).map(|step| (&at(i, step).own, shares[step])));
        let farthest = FARTHEST * picture.width as f32;
        let extra = own.map(|motion| shortened(motion * (factor - 1.0), farthest));
        warp(picture, &movements[i].whole, &extra)
    };
    pictures.iter().enumerate().map(enlarge).collect()
}

/// Where the patches of one picture went since the reference.
struct Movement {
    /// All of the motion.
    whole: Lattice,
    /// The motion that remains when the motion of the whole head is subtracted.
    own: Lattice,
}

/// Measures motion against one reference picture.
struct Meter {
    reference: Pyramid,
    now: Pyramid,
    gray: GrayImage,
    flow: Flow,
    field: FlowField,
    wanted: Vec<bool>,
}

impl Meter {
    fn new(reference: &RgbImage) -> Self {
        let mut meter = Self {
            reference: Pyramid::default(),
            now: Pyramid::default(),
            gray: GrayImage::default(),
            flow: Flow::default(),
            field: FlowField::default(),
            wanted: vec![true; lattice_len(reference.width, reference.height)],
        };
        gray_from_rgb(reference, &mut meter.gray);
        meter.reference.build(&meter.gray);
        meter
    }

    fn measure(&mut self, pictures: &[&RgbImage]) -> Vec<Movement> {
        let one = |picture: &&RgbImage| {
            gray_from_rgb(picture, &mut self.gray);
            self.now.build(&self.gray);
            self.flow.measure(&self.reference, &self.now, &self.wanted, &mut self.field);
            movement(&self.field)
        };
        pictures.iter().map(one).collect()
    }
}

fn movement(field: &FlowField) -> Movement {
    let weights: Vec<f32> = field
        .cells
        .iter()
        .map(|cell| {
            let texture = (cell.tensor[0] + cell.tensor[2]).min(RICHEST_TEXTURE);
            texture / (NOISE_VARIANCE + cell.residual)
        })
        .collect();
    let head = Similarity::fit(field, &weights);
    let left = |i: usize| field.cells[i].motion - head.at(field.center(i));
    let own = smooth(field, &weights, left);
    let whole = own.at_centers(|center, own| own + head.at(center));
    Movement { whole, own }
}

/// Shift, growth and turn of everything round a centre.
#[derive(Clone, Copy, Debug, Default)]
struct Similarity {
    center: Point,
    shift: Point,
    growth: f32,
    turn: f32,
}

impl Similarity {
    /// Least squares, reweighted so that parts with a motion of their own lose their weight.
    fn fit(field: &FlowField, weights: &[f32]) -> Self {
        let mut fitted = Self::weighed(field, weights);
        for tolerance_px in TOLERANCES_PX {
            let trusted = |i: usize| {
                let off = (field.cells[i].motion - fitted.at(field.center(i))).norm();
                let ratio = 1.0 + (off / tolerance_px).powi(2);
                weights[i] / (ratio * ratio)
            };
            let trust: Vec<f32> = (0..weights.len()).map(trusted).collect();
            fitted = Self::weighed(field, &trust);
        }
        fitted
    }

    fn weighed(field: &FlowField, trust: &[f32]) -> Self {
        let sum = |of: &dyn Fn(usize) -> Point| {
            trust.iter().enumerate().fold(Point::default(), |sum, (i, w)| sum + of(i) * *w)
        };
        let total = trust.iter().sum::<f32>() + STILL_PRIOR;
        let center = sum(&|i| field.center(i)) * (1.0 / total);
        let shift = sum(&|i| field.cells[i].motion) * (1.0 / total);
        let (mut along, mut across, mut reach) = (0.0, 0.0, total);
        for (i, w) in trust.iter().enumerate() {
            let (p, m) = (field.center(i) - center, field.cells[i].motion - shift);
            along += w * (p.x * m.x + p.y * m.y);
            across += w * (p.x * m.y - p.y * m.x);
            reach += w * (p.x * p.x + p.y * p.y);
        }
        Self { center, shift, growth: along / reach, turn: across / reach }
    }

    fn at(&self, place: Point) -> Point {
        let p = place - self.center;
        let (growth, turn) = (self.growth, self.turn);
        self.shift + Point::new(p.x * growth - p.y * turn, p.y * growth + p.x * turn)
    }
}

/// The mean motion of each patch and its neighbours, weighted by their texture.
fn smooth(field: &FlowField, weights: &[f32], motion: impl Fn(usize) -> Point) -> Lattice {
    let columns = field.columns as isize;
    let rows = field.cells.len() as isize / columns.max(1);
    let at = |index: isize| {
        let (column, row) = (index % columns, index / columns);
        let (mut sum, mut total) = (Point::default(), STILL_PRIOR);
        for r in (row - REACH).max(0)..=(row + REACH).min(rows - 1) {
            for c in (column - REACH).max(0)..=(column + REACH).min(columns - 1) {
                let apart = ((r - row).pow(2) + (c - column).pow(2)) as f32;
                let near = (r * columns + c) as usize;
                let weight = weights[near] * (-apart / (2.0 * SPREAD * SPREAD)).exp();
                sum = sum + motion(near) * weight;
                total += weight;
            }
        }
        sum * (1.0 / total)
    };
    let motions = (0..columns * rows).map(at).collect();
    Lattice { columns: field.columns, motions }
}

/// Motion at the patches' centres, and between them.
#[derive(Clone, Debug, Default)]
struct Lattice {
    columns: usize,
    motions: Vec<Point>,
}

impl Lattice {
    fn map(&self, of: impl Fn(Point) -> Point) -> Self {
        Self { columns: self.columns, motions: self.motions.iter().map(|m| of(*m)).collect() }
    }

    fn at_centers(&self, of: impl Fn(Point, Point) -> Point) -> Self {
        let center = |k: usize| (k * CELL_PX) as f32 + CELL_PX as f32 / 2.0;
        let columns = self.columns.max(1);
        let motion = |(i, own): (usize, &Point)| {
            of(Point::new(center(i % columns), center(i / columns)), *own)
        };
        Self { columns, motions: self.motions.iter().enumerate().map(motion).collect() }
    }

    fn mix<'a>(parts: impl Iterator<Item = (&'a Self, f32)>) -> Self {
        let mut mixed = Self::default();
        for (part, share) in parts {
            mixed.columns = part.columns;
            mixed.motions.resize(part.motions.len(), Point::default());
            for (sum, motion) in mixed.motions.iter_mut().zip(&part.motions) {
                *sum = *sum + *motion * share;
            }
        }
        mixed
    }

    /// Bilinear; the border repeats outwards.
    fn at(&self, place: Point) -> Point {
        let rows = self.motions.len() / self.columns.max(1);
        let cell = |v: f32, n: usize| {
            let v = (v / CELL_PX as f32 - 0.5).clamp(0.0, n.saturating_sub(1) as f32);
            (v as usize, (v as usize + 1).min(n.saturating_sub(1)), v.fract())
        };
        let ((x0, x1, fx), (y0, y1, fy)) = (cell(place.x, self.columns), cell(place.y, rows));
        let motion = |x: usize, y: usize| self.motions[y * self.columns + x];
        let top = motion(x0, y0).lerp(motion(x1, y0), fx);
        top.lerp(motion(x0, y1).lerp(motion(x1, y1), fx), fy)
    }
}

/// `motion`, smoothly shortened so that it is never longer than `farthest`.
fn shortened(motion: Point, farthest: f32) -> Point {
    motion * (1.0 / (1.0 + (motion.norm() / farthest).powi(4)).powf(0.25))
}

/// Moves the content of `picture` by `extra`. Both lattices belong to the reference picture: what lay at `p`
/// there lies at `p + whole(p)` in `picture`, and is drawn at `p + whole(p) + extra(p)`.
fn warp(picture: &RgbImage, whole: &Lattice, extra: &Lattice) -> RgbImage {
    /// Rounds of the search for `p`; few suffice, because the lattices are smooth.
    const ROUNDS: usize = 4;
    let mut warped = RgbImage::new(picture.width, picture.height);
    for (i, px) in warped.data.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i % picture.width, i / picture.width);
        let here = Point::new(x as f32 + 0.5, y as f32 + 0.5);
        let mut p = here;
        for _ in 0..ROUNDS {
            p = p.lerp(here - whole.at(p) - extra.at(p), 0.8);
        }
        let colour = picture.sample(here - extra.at(p));
        for (out, value) in px.iter_mut().zip(colour) {
            *out = (value + 0.5) as u8;
        }
    }
    warped
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 128;
    const MIDDLE: Point = Point::new(64.0, 64.0);

    /// Waves of many directions, of which the middle has moved by `shift` and all by `drift`.
    fn picture(shift: Point, drift: Point) -> RgbImage {
        let waves = [
            (0.31f32, 0.12f32, 22.0f32),
            (-0.17, 0.42, 18.0),
            (0.55, -0.36, 9.0),
            (0.1, 0.2, 25.0),
        ];
        let value = |p: Point| {
            120.0 + waves.iter().map(|(kx, ky, a)| a * (kx * p.x + ky * p.y + a).sin()).sum::<f32>()
        };
        let mut image = RgbImage::new(SIDE, SIDE);
        for (i, px) in image.data.chunks_exact_mut(3).enumerate() {
            let p = Point::new((i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5) - drift;
            let share = (-(p.distance(MIDDLE) / 18.0).powi(4)).exp();
            px.fill((value(p - shift * share) + 0.5) as u8);
        }
        image
    }

    /// How far what lies round `place` in `a` has moved in `b`.
    fn moved(a: &RgbImage, b: &RgbImage, place: Point) -> Point {
        let mut meter = Meter::new(a);
        meter.measure(&[b]);
        let near = (0..meter.field.cells.len())
            .filter(|i| meter.field.center(*i).distance(place) < 8.0)
            .map(|i| meter.field.cells[i].motion);
        let (sum, count) = near.fold((Point::default(), 0), |(s, n), m| (s + m, n + 1));
        sum * (1.0 / count as f32)
    }

    #[test]
    fn a_shift_magnified_by_k_moves_k_times_as_far_and_its_surroundings_stay() {
        let still = picture(Point::default(), Point::default());
        for (shift, factor) in [
            (Point::new(0.3, 0.0), 5.0),
            (Point::new(-0.2, 0.4), 4.0),
            (Point::new(0.0, -0.6), 3.0),
        ] {
            let now = picture(shift, Point::default());
            let shown = magnify(&[&still, &now, &now, &now], 0, factor);
            let far = moved(&still, &shown[2], MIDDLE);
            let expected = shift * factor;
            assert!(far.distance(expected) < 0.2 * expected.norm(), "{far:?}, not {expected:?}");
            let corner = moved(&still, &shown[2], Point::new(16.0, 16.0));
            assert!(corner.norm() < 0.1 * expected.norm(), "{corner:?}");
        }
    }

    #[test]
    fn a_head_that_moves_as_a_whole_moves_no_farther() {
        let still = picture(Point::default(), Point::default());
        let drift = Point::new(1.5, -1.0);
        let now = picture(Point::default(), drift);
        let shown = magnify(&[&still, &now, &now], 0, 10.0);
        let far = moved(&still, &shown[1], MIDDLE);
        assert!(far.distance(drift) < 0.3, "{far:?}");
    }

    #[test]
    fn a_movement_on_a_moving_head_is_told_apart() {
        let still = picture(Point::default(), Point::default());
        let (shift, drift) = (Point::new(0.0, -0.5), Point::new(1.0, 0.5));
        let now = picture(shift, drift);
        let shown = magnify(&[&still, &now, &now, &now], 0, 4.0);
        let far = moved(&still, &shown[2], MIDDLE) - drift;
        assert!(far.distance(shift * 4.0) < 0.3 * 2.0, "{far:?}");
    }

    #[test]
    fn without_motion_and_with_a_factor_of_one_pictures_stay_as_they_are() {
        let still = picture(Point::default(), Point::default());
        let now = picture(Point::new(0.5, 0.5), Point::default());
        assert_eq!(magnify(&[&still, &still], 0, 8.0)[1], still);
        assert_eq!(magnify(&[&still, &now], 0, 1.0)[1], now);
    }

    #[test]
    fn odd_input_comes_back_unchanged() {
        let (small, large) = (RgbImage::new(2, 2), RgbImage::new(40, 40));
        assert!(magnify(&[], 0, 5.0).is_empty());
        assert_eq!(magnify(&[&small], 0, 5.0), std::slice::from_ref(&small));
        assert_eq!(magnify(&[&large, &small], 0, 5.0), [large.clone(), small.clone()]);
        assert_eq!(magnify(&[&large], 3, f32::NAN).len(), 1);
    }
}
