//! The head's own motion: what the still parts of the face have in common.
//!
//! The model is a rigid motion seen from afar, with the depths of the mesh. AUW-GCN uses the translation of
//! the nose alone. Both, and a similarity, were measured on synthetic portraits with sensor noise at an eye
//! distance of 92 px. What remains in the twelve regions per 1/30 s and axis, in percent of the eye distance,
//! while the head sways, turns and comes nearer: translation 0.088, similarity 0.035, rigid 0.036. While the
//! head is still: 0.029, 0.034, 0.035. On 53 s of a real webcam, the median while the head moves faster than
//! 0.4 eye distances per second: translation 0.46, similarity 0.42, rigid 0.26. A model that may grow
//! differently in two directions raised the noise of a still head by a quarter.

use super::robust::Patch;
use super::{Places, RegionPlace, patches_near};
use crate::measure::geometry::Point;
use crate::pipeline::motion::flow::FlowField;

/// Mesh points on skin over bone that no action unit moves much: the bridge and ridge of the nose, the inner
/// and outer rims of the eyes, the temples, the cheekbones.
pub(super) const STILL_POINTS: [usize; 24] = [
    168, 6, 197, 195, 5, 122, 351, 196, 419, 3, 248, 174, 399, 188, 412, 143, 372, 35, 265, 111,
    340, 117, 346, 8,
];
/// Radius of a still part, pixels of the aligned face.
pub(super) const STILL_RADIUS_PX: f32 = 9.0;

/// Shift, growth, turn in the picture, turn to the side, turn up and down. The last two move near parts
/// against far ones.
const UNKNOWNS: usize = 6;
/// Coordinates are divided by this many pixels, so that all unknowns have about the same size.
const UNIT_PX: f32 = 50.0;
/// Evidence that the head does not grow or turn, in the unit of a tensor over a variance. Small for the last
/// two: parallax is weak, and with 400 instead of 30 a third more of it remained in the brows.
const STILL_PRIOR: [f32; UNKNOWNS] = [20.0, 20.0, 200.0, 200.0, 30.0, 30.0];
/// Rounds of reweighting.
const ROUNDS: usize = 5;

/// A small rigid motion, seen from afar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    /// Shift right and down, growth, turn, turn to the side, turn down; in pixels at a distance of
    /// [`UNIT_PX`].
    unknowns: [f32; UNKNOWNS],
    center: RegionPlace,
}

impl Head {
    /// Fits the motion to the still parts; zero if these have no texture.
    pub fn fit(field: &FlowField, places: &Places) -> Self {
        let count = places.still.len().max(1) as f32;
        let sum = places.still.iter().fold(RegionPlace::default(), |s, p| RegionPlace {
            at: s.at + p.at,
            depth: s.depth + p.depth,
        });
        let center = RegionPlace { at: sum.at * (1.0 / count), depth: sum.depth / count };
        let mut head = Self { unknowns: [0.0; UNKNOWNS], center };
        for round in 0..ROUNDS {
            let mut system = System::with_prior();
            for place in &places.still {
                let near =
                    patches_near(place.at, STILL_RADIUS_PX, field.columns, field.cells.len());
                for (index, weight) in near {
                    let cell = &field.cells[index];
                    let here = RegionPlace { at: field.center(index), depth: place.depth };
                    let patch = Patch { motion: cell.motion, cell, weight };
                    let trust =
                        if round == 0 { 1.0 } else { patch.trust(cell.motion - head.at(here)) };
                    let information = patch.information().map(|v| v * trust);
                    system.add(&head.basis(here), information, cell.motion);
                }
            }
            head.unknowns = system.solve();
        }
        head
    }

    /// How far the head moves a place, pixels of the aligned face.
    pub fn at(&self, place: RegionPlace) -> Point {
        let [bx, by] = self.basis(place);
        let dot = |b: &[f32; UNKNOWNS]| b.iter().zip(&self.unknowns).map(|(b, u)| b * u).sum();
        Point::new(dot(&bx), dot(&by))
    }

    /// How far the head moves the middle of the still parts, percent of the eye distance.
    pub(super) fn at_center(&self) -> [f32; 2] {
        [self.unknowns[0], self.unknowns[1]]
    }

    /// How far one unit of each unknown moves a place right and down.
    fn basis(&self, place: RegionPlace) -> [[f32; UNKNOWNS]; 2] {
        let p = (place.at - self.center.at) * (1.0 / UNIT_PX);
        let z = (place.depth - self.center.depth) / UNIT_PX;
        [[1.0, 0.0, p.x, -p.y, z, 0.0], [0.0, 1.0, p.y, p.x, 0.0, z]]
    }
}

/// Normal equations.
struct System {
    matrix: [[f32; UNKNOWNS]; UNKNOWNS],
    right: [f32; UNKNOWNS],
}

impl System {
    fn with_prior() -> Self {
        let mut matrix = [[0.0; UNKNOWNS]; UNKNOWNS];
        for (k, row) in matrix.iter_mut().enumerate() {
            row[k] = STILL_PRIOR[k];
        }
        Self { matrix, right: [0.0; UNKNOWNS] }
    }

    fn add(&mut self, [bx, by]: &[[f32; UNKNOWNS]; 2], [xx, xy, yy]: [f32; 3], motion: Point) {
        for i in 0..UNKNOWNS {
            let (ix, iy) = (bx[i] * xx + by[i] * xy, bx[i] * xy + by[i] * yy);
            for j in 0..UNKNOWNS {
                self.matrix[i][j] += ix * bx[j] + iy * by[j];
            }
            self.right[i] += ix * motion.x + iy * motion.y;
        }
    }

    /// Gaussian elimination; the prior keeps every pivot positive.
    fn solve(mut self) -> [f32; UNKNOWNS] {
        for k in 0..UNKNOWNS {
            for i in k + 1..UNKNOWNS {
                let factor = self.matrix[i][k] / self.matrix[k][k];
                for j in k..UNKNOWNS {
                    self.matrix[i][j] -= factor * self.matrix[k][j];
                }
                self.right[i] -= factor * self.right[k];
            }
        }
        let mut solution = [0.0; UNKNOWNS];
        for k in (0..UNKNOWNS).rev() {
            let known: f32 = (k + 1..UNKNOWNS).map(|j| self.matrix[k][j] * solution[j]).sum();
            solution[k] = (self.right[k] - known) / self.matrix[k][k];
        }
        solution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_elimination_finds_solves_the_equations() {
        let entry = |i: usize, j: usize| ((i * 5 + j * 3) % 7 + (j * 5 + i * 3) % 7) as f32;
        let matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| entry(i, j) + if i == j { 40.0 } else { 0.0 })
        });
        let right = std::array::from_fn(|i| (i as f32 - 2.0) * 30.0);
        let solution = System { matrix, right }.solve();
        for (row, right) in matrix.iter().zip(right) {
            let left: f32 = row.iter().zip(solution).map(|(a, x)| a * x).sum();
            assert!((left - right).abs() < 1e-3, "{left}, expected {right}");
        }
    }

    #[test]
    fn evidence_adds_to_the_equations_as_least_squares_has_it() {
        let basis = [[1.0, 0.0, 0.5, -0.25, 2.0, 0.0], [0.0, 1.0, 0.25, 0.5, 0.0, 2.0]];
        let (tensor, motion) = ([3.0, 1.0, 2.0], Point::new(0.5, -1.5));
        let mut system = System::with_prior();
        system.add(&basis, tensor, motion);
        system.add(&basis, tensor, motion);
        let [bx, by] = basis;
        let [xx, xy, yy] = tensor;
        for i in 0..UNKNOWNS {
            for j in 0..UNKNOWNS {
                let once =
                    xx * bx[i] * bx[j] + xy * (bx[i] * by[j] + by[i] * bx[j]) + yy * by[i] * by[j];
                let prior = if i == j { STILL_PRIOR[i] } else { 0.0 };
                assert!((system.matrix[i][j] - prior - 2.0 * once).abs() < 1e-4, "{i}, {j}");
            }
            let pulled = (xx * motion.x + xy * motion.y, xy * motion.x + yy * motion.y);
            let once = bx[i] * pulled.0 + by[i] * pulled.1;
            assert!((system.right[i] - 2.0 * once).abs() < 1e-4, "{i}");
        }
    }

    #[test]
    fn a_place_moves_by_shift_growth_turn_and_parallax() {
        let center = RegionPlace { at: Point::new(100.0, 80.0), depth: 5.0 };
        let head = Head { unknowns: [1.0, 2.0, 0.5, 0.25, 3.0, -4.0], center };
        assert_eq!(head.at(center), Point::new(1.0, 2.0));
        assert_eq!(head.at_center(), [1.0, 2.0]);
        // One unit to the right, two down, half a unit away.
        let place = RegionPlace { at: Point::new(150.0, 180.0), depth: 30.0 };
        assert_eq!(head.at(place), Point::new(1.0 + 0.5 - 0.5 + 1.5, 2.0 + 1.0 + 0.25 - 2.0));
    }
}
