//! Springs between neighbouring cells. A cell with little texture of its own takes over the motion of its
//! neighbours.

use super::blocks::{Equations, Evidence};
use super::{Area, Displacement, FARTHEST_PX, PRIOR_GRADIENT};

/// Stiffness of a spring, squared grey levels per squared pixel. Texture that exceeds it, summed under the
/// window, moves a cell by itself. Twelve times the texture of bare sensor noise.
const STIFFNESS: f32 = 768.0;
/// Difference between neighbours from which a spring gives way, pixels. Skin stretches by a few percent; lids
/// and lips slide past each other.
const YIELD_PX: f32 = 0.1;
/// Sweeps over the lattice. The coarser level has already settled motion that is larger than a few cells.
const SWEEPS: usize = 8;

/// The equations of every cell and the springs between them; planes of one area.
#[derive(Clone, Debug, Default)]
pub(super) struct Springs {
    /// Stiffness of the spring to the right neighbour and to the one below; zero across the rim.
    right: Vec<f32>,
    below: Vec<f32>,
    /// Inverse of a cell's tensor with its four springs on the diagonal: xx, xy, yy.
    inverse: [Vec<f32>; 3],
    /// Right-hand sides.
    load: [Vec<f32>; 2],
    /// One row while it is swept.
    new: [Vec<f32>; 2],
}

impl Springs {
    fn reset(&mut self, area: Area) {
        let planes = [&mut self.right, &mut self.below].into_iter();
        let planes = planes.chain(&mut self.inverse).chain(&mut self.load);
        for plane in planes {
            plane.clear();
            plane.resize(area.len(), 0.0);
        }
        for row in &mut self.new {
            row.clear();
            row.resize(area.columns, 0.0);
        }
    }

    /// Sets every spring by how much the motion of its two cells differs now.
    #[inline(always)]
    pub(super) fn stretch(&mut self, moved: &Displacement) {
        let area = moved.area;
        self.reset(area);
        let stiffness = |a: usize, b: usize| {
            let (dx, dy) = (moved.x[a] - moved.x[b], moved.y[a] - moved.y[b]);
            STIFFNESS / (1.0 + (dx * dx + dy * dy) * (1.0 / (YIELD_PX * YIELD_PX))).sqrt()
        };
        for row in 0..area.rows {
            let start = area.row(row);
            for i in start..start + area.columns - 1 {
                self.right[i] = stiffness(i, i + 1);
            }
            if row + 1 < area.rows {
                for i in start..start + area.columns {
                    self.below[i] = stiffness(i, i + area.stride());
                }
            }
        }
    }

    /// Takes the equations, and sets every cell to its motion without springs.
    #[inline(always)]
    pub(super) fn load(
        &mut self,
        evidence: &Evidence,
        guess: &Displacement,
        moved: &mut Displacement,
    ) {
        let area = moved.area;
        for row in 0..area.rows {
            let start = area.row(row);
            for i in start..start + area.columns {
                let Equations { tensor: [xx, xy, yy], right: [rx, ry], pixels } =
                    evidence.equations(i);
                let prior = PRIOR_GRADIENT * pixels.max(1.0);
                let (gx, gy) = (guess.x[i], guess.y[i]);
                let [ix, iy, iz] = invert(xx + prior, xy, yy + prior);
                let (bx, by) = (rx + prior * gx, ry + prior * gy);
                moved.x[i] = within(ix * bx + iy * by, gx);
                moved.y[i] = within(iy * bx + iz * by, gy);
                let held = self.right[i - 1]
                    + self.right[i]
                    + self.below[i - area.stride()]
                    + self.below[i];
                let held = held.max(1e-3);
                let [ix, iy, iz] = invert(xx + held, xy, yy + held);
                self.inverse[0][i] = ix;
                self.inverse[1][i] = iy;
                self.inverse[2][i] = iz;
                self.load[0][i] = rx;
                self.load[1][i] = ry;
            }
        }
    }

    /// Sweeps over the lattice until it settles: first the even rows, then the odd ones.
    #[inline(always)]
    pub(super) fn settle(&mut self, guess: &Displacement, moved: &mut Displacement) {
        for sweep in 0..2 * SWEEPS {
            for row in (sweep % 2..moved.area.rows).step_by(2) {
                self.sweep(row, moved);
            }
        }
        for (plane, guess) in [(&mut moved.x, &guess.x), (&mut moved.y, &guess.y)] {
            for (value, guess) in plane.iter_mut().zip(guess) {
                *value = within(*value, *guess);
            }
        }
    }

    #[inline(always)]
    fn sweep(&mut self, row: usize, moved: &mut Displacement) {
        let (area, n) = (moved.area, moved.area.columns);
        let (start, stride) = (area.row(row), area.stride());
        let (wr, wl) = (&self.right[start..start + n], &self.right[start - 1..start - 1 + n]);
        let (wb, wa) = (&self.below[start..start + n], &self.below[start - stride..][..n]);
        let [ixx, ixy, iyy] = [0, 1, 2].map(|k| &self.inverse[k][start..start + n]);
        let [lx, ly] = [0, 1].map(|k| &self.load[k][start..start + n]);
        let [new_x, new_y] = &mut self.new;
        let weights = [wl, wr, wa, wb];
        let (new_x, new_y) = (&mut new_x[..n], &mut new_y[..n]);
        pull(&moved.x, start, stride, weights, new_x);
        pull(&moved.y, start, stride, weights, new_y);
        let (x, y) = (&mut moved.x[start..start + n], &mut moved.y[start..start + n]);
        for i in 0..n {
            let (bx, by) = (lx[i] + new_x[i], ly[i] + new_y[i]);
            x[i] = ixx[i] * bx + ixy[i] * by;
            y[i] = ixy[i] * bx + iyy[i] * by;
        }
    }
}

/// The neighbours of a row, to the left, right, above and below, to which its springs are tied.
#[inline(always)]
fn pull(plane: &[f32], start: usize, stride: usize, springs: [&[f32]; 4], out: &mut [f32]) {
    let n = out.len();
    let [wl, wr, wa, wb] = springs.map(|s| &s[..n]);
    let (left, right) = (&plane[start - 1..][..n], &plane[start + 1..][..n]);
    let (above, below) = (&plane[start - stride..][..n], &plane[start + stride..][..n]);
    for i in 0..n {
        out[i] = (wl[i] * left[i] + wr[i] * right[i]) + (wa[i] * above[i] + wb[i] * below[i]);
    }
}

/// The displacement, limited to [`FARTHEST_PX`] from its guess.
#[inline(always)]
fn within(displacement: f32, guess: f32) -> f32 {
    guess + (displacement - guess).clamp(-FARTHEST_PX, FARTHEST_PX)
}

/// Inverse of a symmetric matrix, as xx, xy, yy.
#[inline(always)]
fn invert(xx: f32, xy: f32, yy: f32) -> [f32; 3] {
    let scale = 1.0 / (xx * yy - xy * xy);
    [yy * scale, -xy * scale, xx * scale]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::motion::flow::tests::cells;

    const AREA: Area = Area { left: 0, top: 0, columns: 4, rows: 3 };

    fn moved(by: impl Fn(usize, usize) -> (f32, f32)) -> Displacement {
        Displacement::of(AREA, by)
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let [ix, iy, iz] = invert(5.0, 2.0, 3.0);
        let product = [5.0 * ix + 2.0 * iy, 5.0 * iy + 2.0 * iz, 2.0 * iy + 3.0 * iz];
        for (found, expected) in product.into_iter().zip([1.0, 0.0, 1.0]) {
            assert!((found - expected).abs() < 1e-6, "{product:?}");
        }
    }

    #[test]
    fn a_displacement_ends_no_farther_than_four_pixels_from_its_guess() {
        assert_eq!([7.0, 2.5, -9.0].map(|v| within(v, 1.0)), [5.0, 2.5, -3.0]);
    }

    #[test]
    fn springs_hold_like_neighbours_fully_give_way_to_others_and_end_at_the_rim() {
        let mut springs = Springs::default();
        springs.stretch(&moved(|column, row| match (column, row) {
            (0, _) => (YIELD_PX, 0.0),
            (_, 2) => (0.0, 2.0 * YIELD_PX),
            _ => (0.0, 0.0),
        }));
        let at = |plane: &[f32], column: usize, row: usize| plane[AREA.row(row) + column];
        let close = |found: f32, expected: f32| {
            assert!((found - expected).abs() < 1e-3 * STIFFNESS, "{found}, expected {expected}");
        };
        close(at(&springs.right, 1, 0), STIFFNESS);
        close(at(&springs.right, 0, 0), STIFFNESS / 2f32.sqrt());
        close(at(&springs.right, 0, 2), STIFFNESS / 6f32.sqrt());
        close(at(&springs.right, 1, 2), STIFFNESS);
        close(at(&springs.below, 1, 0), STIFFNESS);
        close(at(&springs.below, 1, 1), STIFFNESS / 5f32.sqrt());
        close(at(&springs.below, 0, 0), STIFFNESS);
        for row in 0..3 {
            assert_eq!(at(&springs.right, 3, row), 0.0);
        }
        for column in 0..4 {
            assert_eq!(at(&springs.below, column, 2), 0.0);
        }
    }

    /// Evidence of cells whose own equations are alike, for a motion that differs from cell to cell.
    fn evidence() -> Evidence {
        Evidence::of((0..AREA.len()).map(|i| Equations {
            tensor: [900.0, 150.0, 400.0],
            right: [(i * 37 % 11) as f32 * 60.0, (i * 53 % 7) as f32 * -40.0],
            pixels: 64.0,
        }))
    }

    /// Stretched as `moved` is, with the evidence taken.
    fn loaded(guess: &Displacement, moved: &mut Displacement) -> Springs {
        let mut springs = Springs::default();
        springs.stretch(moved);
        springs.load(&evidence(), guess, moved);
        springs
    }

    #[test]
    fn without_springs_a_cell_lies_where_texture_and_guess_agree() {
        let (guess, mut found) = (moved(|_, _| (0.5, -0.25)), moved(|_, _| (0.5, -0.25)));
        loaded(&guess, &mut found);
        let prior = PRIOR_GRADIENT * 64.0;
        for (row, column) in cells(AREA) {
            let i = AREA.row(row) + column;
            let Equations { tensor: [xx, xy, yy], right: [rx, ry], .. } = evidence().equations(i);
            let (x, y) = (found.x[i], found.y[i]);
            let left = (
                xx * x + xy * y + prior * (x - 0.5) - rx,
                xy * x + yy * y + prior * (y + 0.25) - ry,
            );
            assert!(left.0.abs() < 0.05 && left.1.abs() < 0.05, "{row}, {column}: {left:?}");
        }
    }

    #[test]
    fn what_has_settled_balances_texture_and_springs_in_every_cell() {
        let guess = moved(|_, _| (0.0, 0.0));
        let mut found = moved(|column, row| (0.1 * column as f32, -0.05 * row as f32));
        let mut springs = loaded(&guess, &mut found);
        for _ in 0..40 {
            springs.settle(&guess, &mut found);
        }
        for (row, column) in cells(AREA) {
            let i = AREA.row(row) + column;
            let Equations { tensor: [xx, xy, yy], right: [rx, ry], .. } = evidence().equations(i);
            let (x, y) = (found.x[i], found.y[i]);
            let mut left = (xx * x + xy * y - rx, xy * x + yy * y - ry);
            let stride = AREA.stride();
            for (spring, other) in [
                (springs.right[i], i + 1),
                (springs.right[i - 1], i - 1),
                (springs.below[i], i + stride),
                (springs.below[i - stride], i - stride),
            ] {
                left.0 += spring * (x - found.x[other]);
                left.1 += spring * (y - found.y[other]);
            }
            assert!(left.0.abs() < 0.5 && left.1.abs() < 0.5, "{row}, {column}: {left:?}");
        }
    }

    #[test]
    fn one_settling_goes_most_of_the_way() {
        let guess = moved(|_, _| (0.0, 0.0));
        let settled = |rounds: usize| {
            let mut found = moved(|_, _| (0.0, 0.0));
            let mut springs = loaded(&guess, &mut found);
            (0..rounds).for_each(|_| springs.settle(&guess, &mut found));
            found
        };
        let (none, one, many) = (settled(0), settled(1), settled(40));
        let apart = |a: &Displacement| -> f32 {
            cells(AREA)
                .map(|(row, column)| AREA.row(row) + column)
                .map(|i| (a.x[i] - many.x[i]).abs())
                .sum()
        };
        assert!(apart(&one) < 0.08 * apart(&none), "{} of {}", apart(&one), apart(&none));
    }
}
