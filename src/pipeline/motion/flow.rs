//! Dense optical flow between two aligned faces, in `f32` from end to end.
//!
//! Every block of four by four pixels gives one linear equation system for its displacement, after Lucas and
//! Kanade. Neighbouring systems are added under a tapered window. Springs tie the displacements of neighbours
//! to each other, and give way where skin moves against skin. This is the combination of local and global
//! constraints of Bruhn, Weickert and Schnörr ("Lucas/Kanade meets Horn/Schunck", 2005), with the data
//! gathered per block, so that the solver handles one sixteenth of the pixels. Under sensor noise its error
//! is half of that of patches that are matched one by one, because skin without texture takes over the motion
//! of its neighbours. `.github/PERFORMANCE.md` holds the measurements.
//!
//! All arithmetic runs in a fixed order, lane by lane, so that every machine gives the same numbers whatever
//! instructions it has.

use fearless_simd::{Level as Instructions, Simd, dispatch};

use crate::measure::geometry::Point;

mod blocks;
mod pyramid;
mod springs;

pub use pyramid::Pyramid;

use blocks::Evidence;
use pyramid::Level;
use springs::Springs;

/// Width and height of a block, and distance between the centres of neighbours, pixels on every level.
pub const CELL_PX: usize = 4;
/// Gauss–Newton steps on each level. The guess from the coarser level is already good to less than a pixel.
const STEPS: usize = 2;
/// Squared grey-level gradient per pixel from which texture counts more than the guess from the coarser
/// level. About the gradient of sensor noise alone.
const PRIOR_GRADIENT: f32 = 1.0;
/// A step that ends farther from the guess than this is a mismatch, pixels of its level.
const FARTHEST_PX: f32 = 4.0;
/// Cells round the wanted ones that are measured too, because window and springs reach them.
const MARGIN_CELLS: usize = 3;
/// Number of pixels that a cell's tensor is scaled to; the weights of the window add up to 64.
const TENSOR_PX: f32 = 100.0;

/// Motion of one block with its neighbourhood.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Displacement to the later picture, pixels of the aligned face.
    pub motion: Point,
    /// Structure tensor under the window, without its mean gradient, as a sum over 100 pixels: xx, xy, yy in
    /// squared grey levels per squared pixel. Zero if nothing was measured.
    pub tensor: [f32; 3],
    /// Mean squared difference left after matching, squared grey levels.
    pub residual: f32,
}

/// Motion of a whole face on a lattice of cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowField {
    /// Cells across.
    pub columns: usize,
    /// Row by row.
    pub cells: Vec<Cell>,
}

impl FlowField {
    /// Centre of a cell in the aligned face.
    pub fn center(&self, index: usize) -> Point {
        let at = |k: usize| (k * CELL_PX) as f32 + CELL_PX as f32 / 2.0;
        Point::new(at(index % self.columns.max(1)), at(index / self.columns.max(1)))
    }
}

/// Number of cells across and down on a picture of this size.
fn lattice(width: usize, height: usize) -> (usize, usize) {
    (width / CELL_PX, height / CELL_PX)
}

/// Number of cells of an aligned face: the length of a mask for [`Flow::measure`].
pub fn lattice_len(width: usize, height: usize) -> usize {
    let (columns, rows) = lattice(width, height);
    columns * rows
}

/// The part of a lattice that is measured. Its planes have a margin of one cell on every side, so that
/// neighbours can be read without a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Area {
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
}

impl Area {
    /// The area round all wanted cells, with a margin; empty without any.
    fn around(wanted: &[bool], (columns, rows): (usize, usize)) -> Self {
        let mut range = [usize::MAX, 0, usize::MAX, 0];
        for (row, wanted) in wanted.chunks_exact(columns.max(1)).take(rows).enumerate() {
            let Some(first) = wanted.iter().position(|w| *w) else { continue };
            let last = wanted.iter().rposition(|w| *w).unwrap_or(first);
            range = [range[0].min(first), range[1].max(last), range[2].min(row), range[3].max(row)];
        }
        let span = |first: usize, last: usize, limit: usize| {
            let first = first.saturating_sub(MARGIN_CELLS);
            (first, (last + 1 + MARGIN_CELLS).min(limit).saturating_sub(first))
        };
        if range[0] == usize::MAX {
            return Self::default();
        }
        let ((left, columns), (top, rows)) =
            (span(range[0], range[1], columns), span(range[2], range[3], rows));
        Self { left, top, columns, rows }
    }

    fn stride(&self) -> usize {
        self.columns + 2
    }

    /// Length of a plane.
    fn len(&self) -> usize {
        self.stride() * (self.rows + 2)
    }

    /// Where row `row` begins in a plane.
    fn row(&self, row: usize) -> usize {
        (row + 1) * self.stride() + 1
    }
}

/// Displacement of every cell of an area, right and down, pixels of its level.
#[derive(Clone, Debug, Default)]
struct Displacement {
    area: Area,
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Displacement {
    fn reset(&mut self, area: Area) {
        self.area = area;
        for plane in [&mut self.x, &mut self.y] {
            plane.clear();
            plane.resize(area.len(), 0.0);
        }
    }

    /// Copies `other` into the memory that this one has.
    fn copy_from(&mut self, other: &Self) {
        self.area = other.area;
        self.x.clone_from(&other.x);
        self.y.clone_from(&other.y);
    }

    /// Fills it with twice the displacement of the coarser lattice, which covers its whole level.
    fn guess_from(&mut self, coarse: &Self, area: Area) {
        self.reset(area);
        if coarse.area.columns == 0 || coarse.area.rows == 0 {
            return;
        }
        // Cell k lies between coarser cell (k - 1) / 2 and the next one, a quarter of the way from one of
        // them.
        let between = |k: usize, cells: usize| {
            let near = (k / 2).min(cells - 1);
            let far = if k.is_multiple_of(2) {
                near.saturating_sub(1)
            } else {
                (near + 1).min(cells - 1)
            };
            (near, far)
        };
        for row in 0..area.rows {
            let (near, far) = between(area.top + row, coarse.area.rows);
            let (near, far) = (coarse.area.row(near), coarse.area.row(far));
            let start = area.row(row);
            for column in 0..area.columns {
                let (n, f) = between(area.left + column, coarse.area.columns);
                let blend = |plane: &[f32]| {
                    let along = |row: usize| 0.75 * plane[row + n] + 0.25 * plane[row + f];
                    2.0 * (0.75 * along(near) + 0.25 * along(far))
                };
                self.x[start + column] = blend(&coarse.x);
                self.y[start + column] = blend(&coarse.y);
            }
        }
    }
}

/// Measures flow; keeps its scratch memory.
#[derive(Debug)]
pub struct Flow {
    instructions: Instructions,
    coarse: Displacement,
    fine: Displacement,
    guess: Displacement,
    evidence: Evidence,
    springs: Springs,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            instructions: Instructions::new(),
            coarse: Displacement::default(),
            fine: Displacement::default(),
            guess: Displacement::default(),
            evidence: Evidence::default(),
            springs: Springs::default(),
        }
    }
}

impl Flow {
    /// Fills `field` with the motion from `before` to `now`, which have the same size. Only the cells in
    /// `wanted` are measured; the others have a zero tensor.
    pub fn measure(
        &mut self,
        before: &Pyramid,
        now: &Pyramid,
        wanted: &[bool],
        field: &mut FlowField,
    ) {
        let instructions = self.instructions;
        self.coarse.reset(Area::default());
        for (level, (a, b)) in before.levels().iter().zip(now.levels()).enumerate().rev() {
            let (columns, rows) = lattice(a.image.width, a.image.height);
            let whole = Area { left: 0, top: 0, columns, rows };
            let area = if level == 0 { Area::around(wanted, (columns, rows)) } else { whole };
            dispatch!(instructions, simd => self.refine(simd, a, b, area));
        }
        let (columns, rows) = before
            .levels()
            .first()
            .map_or((0, 0), |finest| lattice(finest.image.width, finest.image.height));
        field.columns = columns;
        field.cells.clear();
        field.cells.resize(columns * rows, Cell::default());
        self.hand_out(wanted, field);
    }

    /// Measures one level, and leaves its displacement in `coarse`.
    #[inline(always)]
    fn refine<S: Simd>(&mut self, simd: S, a: &Level, b: &Level, area: Area) {
        let Self { coarse, fine, guess, evidence, springs, .. } = self;
        guess.guess_from(coarse, area);
        fine.copy_from(guess);
        for _ in 0..STEPS {
            evidence.gather(simd, &a.image, &b.image, fine);
            springs.stretch(fine);
            springs.load(evidence, guess, fine);
            springs.settle(guess, fine);
        }
        std::mem::swap(coarse, fine);
    }

    /// Copies the finest displacement into the cells that are wanted.
    fn hand_out(&self, wanted: &[bool], field: &mut FlowField) {
        let Displacement { area, x, y } = &self.coarse;
        for row in 0..area.rows {
            let start = area.row(row);
            let first = (area.top + row) * field.columns + area.left;
            for column in 0..area.columns {
                let (from, to) = (start + column, first + column);
                if wanted.get(to).copied().unwrap_or(false) {
                    let (tensor, residual) = self.evidence.texture(from);
                    field.cells[to] =
                        Cell { motion: Point::new(x[from], y[from]), tensor, residual };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
