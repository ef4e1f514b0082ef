//! Dense optical flow between two aligned faces: inverse-search patches over a pyramid (after Kroeger
//! et al., "Fast Optical Flow using Dense Inverse Search", 2016), in float from end to end.
//!
//! There is no smoothing between patches. Each carries with its displacement how well its texture
//! fixes it (the structure tensor), and whoever averages weighs by that; a smooth field would spread
//! the motion of an edge over skin that has not moved.

use crate::geom::Point;
use crate::image::GrayImage;

mod pyramid;
pub use pyramid::Pyramid;

/// Pixels between the centres of neighbouring patches, on every level.
pub const CELL_PX: usize = 4;
/// Pixels across and down of a patch.
const PATCH_PX: usize = 10;
/// Gauss–Newton steps at most, on each level.
const STEPS: usize = 8;
/// A step shorter than this ends the search, pixels.
const SMALL_STEP_PX: f32 = 0.003;
/// Squared grey-level gradient per pixel that texture must exceed to outweigh the guess from the
/// coarser level. About what sensor noise alone shows.
const PRIOR_GRADIENT: f32 = 1.0;
/// A patch that ends farther than this from its guess, in pixels of its level, is a mismatch.
const FARTHEST_PX: f32 = 4.0;

/// Motion of one patch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Displacement to the later picture, pixels of the aligned face.
    pub motion: Point,
    /// Structure tensor of the patch, its mean gradient removed, summed over its pixels: xx, xy, yy in
    /// squared grey levels per squared pixel. Zero where nothing was measured.
    pub tensor: [f32; 3],
    /// Mean squared difference left after matching, squared grey levels.
    pub residual: f32,
}

/// Motion of a whole face on a lattice of patches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowField {
    /// Patches across.
    pub columns: usize,
    /// Row by row.
    pub cells: Vec<Cell>,
}

impl FlowField {
    /// Where in the aligned face a patch has its centre.
    pub fn center(&self, index: usize) -> Point {
        cell_center(index, self.columns)
    }
}

fn cell_center(index: usize, columns: usize) -> Point {
    let at = |k: usize| (k * CELL_PX) as f32 + CELL_PX as f32 / 2.0;
    Point::new(at(index % columns.max(1)), at(index / columns.max(1)))
}

/// Patches across and down on a picture of this size.
fn lattice(width: usize, height: usize) -> (usize, usize) {
    (width / CELL_PX, height / CELL_PX)
}

/// How many patches an aligned face has; the length of a mask for [`Flow::measure`].
pub fn lattice_len(width: usize, height: usize) -> usize {
    let (columns, rows) = lattice(width, height);
    columns * rows
}

/// Measures flow; keeps its scratch memory.
#[derive(Debug, Default)]
pub struct Flow {
    coarse: FlowField,
    fine: FlowField,
}

impl Flow {
    /// Fills `field` with the motion from `before` to `now`, which are of one size. On the finest level
    /// only the patches in `wanted` are measured; the others have a zero tensor.
    pub fn measure(
        &mut self,
        before: &Pyramid,
        now: &Pyramid,
        wanted: &[bool],
        field: &mut FlowField,
    ) {
        self.coarse.cells.clear();
        for level in (0..before.levels().len().min(now.levels().len())).rev() {
            let (a, b) = (&before.levels()[level], &now.levels()[level]);
            let (columns, rows) = lattice(a.image.width, a.image.height);
            self.fine.columns = columns;
            self.fine.cells.clear();
            self.fine.cells.resize(columns * rows, Cell::default());
            for index in 0..columns * rows {
                if level == 0 && !wanted.get(index).copied().unwrap_or(false) {
                    continue;
                }
                let guess = guess_from(&self.coarse, index % columns, index / columns);
                self.fine.cells[index] =
                    match_patch(a, &b.image, cell_center(index, columns), guess);
            }
            std::mem::swap(&mut self.coarse, &mut self.fine);
        }
        field.columns = self.coarse.columns;
        field.cells.clone_from(&self.coarse.cells);
    }
}

/// Twice the motion of the coarser patches round this one, each weighed by its texture.
fn guess_from(coarse: &FlowField, column: usize, row: usize) -> Point {
    if coarse.cells.is_empty() {
        return Point::default();
    }
    let rows = coarse.cells.len() / coarse.columns;
    let span = |k: usize, n: usize| (k / 2).saturating_sub(1)..(k / 2 + 2).min(n);
    let (mut sum, mut total) = (Point::default(), 1e-6);
    for r in span(row, rows) {
        for c in span(column, coarse.columns) {
            let cell = &coarse.cells[r * coarse.columns + c];
            let weight = (cell.tensor[0] + cell.tensor[2]) / (1.0 + cell.residual);
            sum = sum + cell.motion * weight;
            total += weight;
        }
    }
    sum * (2.0 / total)
}

/// Finds where the patch of `a` round `center` went in `b`, starting from `guess`. Brightness may
/// change by a constant.
fn match_patch(a: &pyramid::Level, b: &GrayImage, center: Point, guess: Point) -> Cell {
    const N: usize = PATCH_PX * PATCH_PX;
    let left = center.x as isize - PATCH_PX as isize / 2;
    let top = center.y as isize - PATCH_PX as isize / 2;
    let fits = |x: isize, y: isize, image: &GrayImage, extra: isize| {
        x >= 0
            && y >= 0
            && x + PATCH_PX as isize + extra <= image.width as isize
            && y + PATCH_PX as isize + extra <= image.height as isize
    };
    let unmeasured = Cell { motion: guess, ..Cell::default() };
    if !fits(left, top, &a.image, 0) {
        return unmeasured;
    }
    let (mut template, mut gx, mut gy) = ([0.0f32; N], [0.0f32; N], [0.0f32; N]);
    for row in 0..PATCH_PX {
        let start = (top as usize + row) * a.image.width + left as usize;
        let target = row * PATCH_PX..(row + 1) * PATCH_PX;
        template[target.clone()].copy_from_slice(&a.image.data[start..start + PATCH_PX]);
        gx[target.clone()].copy_from_slice(&a.gradient_x[start..start + PATCH_PX]);
        gy[target].copy_from_slice(&a.gradient_y[start..start + PATCH_PX]);
    }
    remove_mean(&mut gx);
    remove_mean(&mut gy);
    let tensor = [dot(&gx, &gx), dot(&gx, &gy), dot(&gy, &gy)];
    let prior = PRIOR_GRADIENT * N as f32;
    let (xx, yy) = (tensor[0] + prior, tensor[2] + prior);
    let det = xx * yy - tensor[1] * tensor[1];
    let mut motion = guess;
    let mut residual = 0.0;
    let mut difference = [0.0f32; N];
    for _ in 0..STEPS {
        let (mx, my) = (motion.x.floor(), motion.y.floor());
        let (x, y) = (left + mx as isize, top + my as isize);
        if !fits(x, y, b, 1) {
            return unmeasured;
        }
        let (fx, fy) = (motion.x - mx, motion.y - my);
        sample_difference(b, (x as usize, y as usize), (fx, fy), &template, &mut difference);
        remove_mean(&mut difference);
        residual = dot(&difference, &difference) / N as f32;
        let pull = guess - motion;
        let ex = -dot(&gx, &difference) + prior * pull.x;
        let ey = -dot(&gy, &difference) + prior * pull.y;
        let step = Point::new((yy * ex - tensor[1] * ey) / det, (xx * ey - tensor[1] * ex) / det);
        motion = motion + step;
        if motion.distance(guess) > FARTHEST_PX {
            return unmeasured;
        }
        if step.norm() < SMALL_STEP_PX {
            break;
        }
    }
    Cell { motion, tensor, residual }
}

/// Fills `difference` with the patch of `b` at `corner` plus a part of a pixel, bilinearly, less `template`.
fn sample_difference(
    b: &GrayImage,
    (x, y): (usize, usize),
    (fx, fy): (f32, f32),
    template: &[f32],
    difference: &mut [f32],
) {
    let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
    let rows = template.chunks_exact(PATCH_PX).zip(difference.chunks_exact_mut(PATCH_PX));
    for (row, (template, out)) in rows.enumerate() {
        let start = (y + row) * b.width + x;
        let upper = &b.data[start..start + PATCH_PX + 1];
        let lower = &b.data[(start + b.width).min(b.data.len() - PATCH_PX - 1)..][..PATCH_PX + 1];
        for k in 0..PATCH_PX {
            let value = upper[k] * weights[0]
                + upper[k + 1] * weights[1]
                + lower[k] * weights[2]
                + lower[k + 1] * weights[3];
            out[k] = value - template[k];
        }
    }
}

fn remove_mean(values: &mut [f32]) {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    values.iter_mut().for_each(|v| *v -= mean);
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests;
