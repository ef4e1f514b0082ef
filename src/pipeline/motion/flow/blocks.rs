//! The displacement of every block of the picture, from its own pixels and those of its neighbours.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x4};

use super::{Area, CELL_PX, Displacement, TENSOR_PX};
use crate::media::image::GrayImage;

/// Length of [`Sums`]: ten numbers, and two more that fill the last vector.
const SUMS: usize = 12;
/// Sums of one block: gradient x, y; products xx, xy, yy; the right-hand side of the equations, x, y;
/// the change of brightness that no displacement explains, at displacement zero; difference, its square;
/// pixels.
type Sums = [f32; SUMS];

/// Width of the part of the earlier picture that a block reads: its own pixels, and one on each side for the
/// gradients.
const TEMPLATE_PX: usize = CELL_PX + 2;
/// Width of the part of the later picture: its own pixels, and three more for cubic interpolation.
const SAMPLED_PX: usize = CELL_PX + 3;
const PIXELS: f32 = (CELL_PX * CELL_PX) as f32;

/// The equations of one cell, without its mean gradient and mean difference: `[xx, xy, yy] · u = [x, y]`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Equations {
    pub(super) tensor: [f32; 3],
    pub(super) right: [f32; 2],
    /// Sum of the pixels' weights.
    pub(super) pixels: f32,
}

/// Sums of every block of an area, under the window that joins neighbours.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    blocks: Vec<Sums>,
    across: Vec<Sums>,
    joined: Vec<Sums>,
}

impl Evidence {
    /// Sums up both pictures, the later one displaced.
    #[inline(always)]
    pub(super) fn gather<S: Simd>(
        &mut self,
        simd: S,
        a: &GrayImage,
        b: &GrayImage,
        moved: &Displacement,
    ) {
        let area = moved.area;
        for plane in [&mut self.blocks, &mut self.across, &mut self.joined] {
            plane.clear();
            plane.resize(area.len(), [0.0; SUMS]);
        }
        for row in 0..area.rows {
            let start = area.row(row);
            for column in 0..area.columns {
                let at = ((area.left + column) * CELL_PX, (area.top + row) * CELL_PX);
                let by = (moved.x[start + column], moved.y[start + column]);
                self.blocks[start + column] = block(simd, a, b, at, by);
            }
        }
        self.join(area);
    }

    /// Adds to every block its neighbours, weighted ½ 1 ½ in both directions. This is a tapered window of 12
    /// pixels. Under an even window, fine texture could look like motion.
    #[inline(always)]
    fn join(&mut self, area: Area) {
        let stride = area.stride();
        for row in 0..area.rows {
            let range = area.row(row)..area.row(row) + area.columns;
            for i in range {
                let (left, here, right) = (self.blocks[i - 1], self.blocks[i], self.blocks[i + 1]);
                for k in 0..SUMS {
                    self.across[i][k] = here[k] + 0.5 * (left[k] + right[k]);
                }
            }
        }
        for row in 0..area.rows {
            let range = area.row(row)..area.row(row) + area.columns;
            for i in range {
                let (above, here, below) =
                    (self.across[i - stride], self.across[i], self.across[i + stride]);
                for k in 0..SUMS {
                    self.joined[i][k] = here[k] + 0.5 * (above[k] + below[k]);
                }
            }
        }
    }

    /// The equations of the cell at `index` of the area's planes. They allow the brightness to change by a
    /// constant.
    #[inline(always)]
    pub(super) fn equations(&self, index: usize) -> Equations {
        let [gx, gy, xx, xy, yy, rx, ry, q, _, _, pixels, _] = self.joined[index];
        let per_pixel = 1.0 / pixels.max(1.0);
        let (mx, my) = (gx * per_pixel, gy * per_pixel);
        Equations {
            tensor: [xx - mx * gx, xy - mx * gy, yy - my * gy],
            right: [rx - mx * q, ry - my * q],
            pixels,
        }
    }

    /// Structure tensor over [`TENSOR_PX`] pixels and mean squared difference of a cell.
    pub(super) fn texture(&self, index: usize) -> ([f32; 3], f32) {
        let Equations { tensor, pixels, .. } = self.equations(index);
        let per_pixel = 1.0 / pixels.max(1.0);
        let [.., difference, squared, _, _] = self.joined[index];
        let mean = difference * per_pixel;
        let residual = (squared * per_pixel - mean * mean).max(0.0);
        (tensor.map(|v| v * (TENSOR_PX * per_pixel)), residual)
    }
}

#[cfg(test)]
impl Evidence {
    /// Evidence that gives these equations.
    pub(super) fn of(cells: impl Iterator<Item = Equations>) -> Self {
        let sums = |Equations { tensor: [xx, xy, yy], right: [rx, ry], pixels }| {
            [0.0, 0.0, xx, xy, yy, rx, ry, 0.0, 0.0, 0.0, pixels, 0.0]
        };
        Self { joined: cells.map(sums).collect(), ..Self::default() }
    }
}

/// Sums of the block at pixel `x`, `y` of `a`, against `b` displaced by `dx`, `dy`. All zero if that needs a
/// pixel beyond the border of either picture, because an invented border would stand still.
#[inline(always)]
fn block<S: Simd>(
    simd: S,
    a: &GrayImage,
    b: &GrayImage,
    (x, y): (usize, usize),
    (dx, dy): (f32, f32),
) -> Sums {
    // Pictures from outside may hold NaN.
    let is_near = |v: f32| v.abs() <= (a.width + a.height) as f32;
    if !is_near(dx) || !is_near(dy) {
        return [0.0; SUMS];
    }
    let (whole_x, whole_y) = (dx.floor(), dy.floor());
    let (left, top) = (x as isize + whole_x as isize - 1, y as isize + whole_y as isize - 1);
    let span = SAMPLED_PX as isize;
    let is_inside = x > 0
        && y > 0
        && x - 1 + TEMPLATE_PX <= a.width
        && y - 1 + TEMPLATE_PX <= a.height
        && left >= 0
        && top >= 0
        && left + span <= b.width as isize
        && top + span <= b.height as isize;
    if !is_inside {
        return [0.0; SUMS];
    }
    let template = &a.data[(y - 1) * a.width + x - 1..];
    let sampled = &b.data[top as usize * b.width + left as usize..];
    let part = (dx - whole_x, dy - whole_y);
    compare(simd, (template, a.width), (sampled, b.width), part, (dx, dy))
}

/// Weights of four neighbours at part `t` of the way from the second to the third: Catmull and Rom's cubic.
/// Bilinear interpolation blurs halfway between pixels, and the blur looks like motion.
#[inline(always)]
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

/// Adds up four pixels, pairs of neighbours first, in the same order on every machine.
#[inline(always)]
fn sum<S: Simd>(v: f32x4<S>) -> f32 {
    (v[0] + v[1]) + (v[2] + v[3])
}

/// Sums of one block. Both pictures are given from the first pixel that is read, with their strides.
#[inline(always)]
fn compare<S: Simd>(
    simd: S,
    (template, template_stride): (&[f32], usize),
    (sampled, sampled_stride): (&[f32], usize),
    (fx, fy): (f32, f32),
    (dx, dy): (f32, f32),
) -> Sums {
    let four = |row: &[f32], from: usize| f32x4::from_slice(simd, &row[from..from + CELL_PX]);
    let (wx, wy) = (cubic(fx), cubic(fy));
    let zero = f32x4::splat(simd, 0.0);
    let mut across = [zero; SAMPLED_PX];
    for (row, out) in across.iter_mut().enumerate() {
        let p = &sampled[row * sampled_stride..][..SAMPLED_PX];
        *out =
            (four(p, 0) * wx[0] + four(p, 1) * wx[1]) + (four(p, 2) * wx[2] + four(p, 3) * wx[3]);
    }
    let (mut gx, mut gy, mut xx, mut xy, mut yy) = (zero, zero, zero, zero, zero);
    let (mut ex, mut ey, mut d, mut dd) = (zero, zero, zero, zero);
    for row in 0..CELL_PX {
        let line = |k: usize| &template[(row + k) * template_stride..][..TEMPLATE_PX];
        let (above, here, below) = (line(0), line(1), line(2));
        let value = (across[row] * wy[0] + across[row + 1] * wy[1])
            + (across[row + 2] * wy[2] + across[row + 3] * wy[3]);
        let off = value - four(here, 1);
        let x = (four(here, 2) - four(here, 0)) * 0.5;
        let y = (four(below, 1) - four(above, 1)) * 0.5;
        gx += x;
        gy += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
        ex += x * off;
        ey += y * off;
        d += off;
        dd += off * off;
    }
    let (gx, gy, xx, xy, yy) = (sum(gx), sum(gy), sum(xx), sum(xy), sum(yy));
    let (ex, ey, d, dd) = (sum(ex), sum(ey), sum(d), sum(dd));
    let (rx, ry) = (xx * dx + xy * dy - ex, xy * dx + yy * dy - ey);
    [gx, gy, xx, xy, yy, rx, ry, gx * dx + gy * dy - d, d, dd, PIXELS, 0.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};

    /// A block of a picture against the same picture displaced.
    fn looked_at(image: &GrayImage, at: (usize, usize), by: (f32, f32)) -> Sums {
        dispatch!(Level::new(), simd => block(simd, image, image, at, by))
    }

    #[test]
    fn cubic_weights_keep_a_constant_and_a_ramp() {
        for t in [0.0, 0.2, 0.5, 0.99] {
            let w = cubic(t);
            let ramp = -w[0] + w[2] + 2.0 * w[3];
            assert!((w.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (ramp - t).abs() < 1e-6);
        }
    }

    fn scattered(width: usize, height: usize, factor: usize) -> GrayImage {
        let data = (0..width * height).map(|i| ((i * factor) % 97) as f32).collect();
        GrayImage { width, height, data }
    }

    #[test]
    fn the_sums_of_a_block_are_those_of_its_pixels() {
        let (a, b) = (scattered(20, 17, 7919), scattered(20, 17, 104_729));
        for (dx, dy) in [(0.0f32, 0.0f32), (0.3, -0.8), (-1.25, 2.5), (1.9, -2.1)] {
            let (left, top) = ((dx.floor() + 7.0) as usize, (dy.floor() + 7.0) as usize);
            let (wx, wy) = (cubic(dx - dx.floor()), cubic(dy - dy.floor()));
            let mut expected = [0.0f32; SUMS];
            for (row, column) in (0..16).map(|i| (i / 4, i % 4)) {
                let (x, y) = (8 + column, 8 + row);
                let seen: f32 = (0..16)
                    .map(|k| {
                        wx[k % 4] * wy[k / 4] * b.row(top + row + k / 4)[left + column + k % 4]
                    })
                    .sum();
                let off = seen - a.row(y)[x];
                let gx = (a.row(y)[x + 1] - a.row(y)[x - 1]) / 2.0;
                let gy = (a.row(y + 1)[x] - a.row(y - 1)[x]) / 2.0;
                let q = gx * dx + gy * dy - off;
                let here = [
                    gx,
                    gy,
                    gx * gx,
                    gx * gy,
                    gy * gy,
                    gx * q,
                    gy * q,
                    q,
                    off,
                    off * off,
                    1.0,
                    0.0,
                ];
                expected.iter_mut().zip(here).for_each(|(sum, v)| *sum += v);
            }
            let found = dispatch!(Level::new(), simd => block(simd, &a, &b, (8, 8), (dx, dy)));
            for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
                let close = (found - expected).abs() <= 1e-4 * expected.abs().max(100.0);
                assert!(close, "sum {k} at {dx}, {dy}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn a_block_speaks_as_long_as_all_that_it_reads_lies_in_the_picture() {
        let speaks =
            |(width, height), at, by| looked_at(&scattered(width, height, 31), at, by)[10] > 0.0;
        // The later picture at its left and top rim, and beyond.
        assert!(speaks((16, 16), (4, 4), (-3.0, -3.0)));
        assert!(!speaks((16, 16), (4, 4), (-4.0, 0.0)));
        assert!(!speaks((16, 16), (4, 4), (0.0, -4.0)));
        // At the right and lower rim, and beyond.
        assert!(speaks((16, 15), (4, 4), (6.0, 5.0)));
        assert!(!speaks((16, 15), (4, 4), (7.0, 5.0)));
        assert!(!speaks((16, 15), (4, 4), (6.0, 6.0)));
        // The earlier picture, whose gradients reach one pixel farther.
        assert!(speaks((13, 13), (8, 8), (-1.0, -1.0)));
        assert!(!speaks((12, 13), (8, 8), (-3.0, -1.0)));
        assert!(!speaks((13, 12), (8, 8), (-1.0, -3.0)));
        assert!(!speaks((16, 16), (0, 4), (2.0, 0.0)));
        assert!(!speaks((16, 16), (4, 0), (0.0, 2.0)));
    }

    #[test]
    fn a_window_weighs_its_block_once_each_side_half_and_each_corner_a_quarter() {
        let area = Area { left: 0, top: 0, columns: 5, rows: 4 };
        let planes = || vec![[0.0; SUMS]; area.len()];
        let mut evidence = Evidence { blocks: planes(), across: planes(), joined: planes() };
        evidence.blocks[area.row(1) + 2] = [4.0; SUMS];
        evidence.join(area);
        let joined = |row: usize| -> Vec<f32> {
            (0..5).map(|column| evidence.joined[area.row(row) + column][3]).collect()
        };
        assert_eq!(joined(0), [0.0, 1.0, 2.0, 1.0, 0.0]);
        assert_eq!(joined(1), [0.0, 2.0, 4.0, 2.0, 0.0]);
        assert_eq!(joined(2), [0.0, 1.0, 2.0, 1.0, 0.0]);
        assert_eq!(joined(3), [0.0; 5]);
    }

    #[test]
    fn equations_and_texture_leave_out_what_all_pixels_have_in_common() {
        let sums = [8.0, -4.0, 30.0, 6.0, 20.0, 11.0, -5.0, 12.0, 8.0, 40.0, 16.0, 0.0];
        let evidence = Evidence { joined: vec![sums], ..Evidence::default() };
        let Equations { tensor, right, pixels } = evidence.equations(0);
        assert_eq!(tensor, [30.0 - 4.0, 6.0 + 2.0, 20.0 - 1.0]);
        assert_eq!((right, pixels), ([11.0 - 6.0, -5.0 + 3.0], 16.0));
        let (scaled, residual) = evidence.texture(0);
        assert_eq!(scaled, tensor.map(|v| v * 100.0 / 16.0));
        assert_eq!(residual, 40.0 / 16.0 - 0.25);
    }

    #[test]
    fn a_displacement_out_of_the_picture_is_no_evidence() {
        let image = scattered(16, 16, 31);
        assert_ne!(looked_at(&image, (4, 4), (0.0, 0.0)), [0.0; SUMS]);
        for by in [(20.0, 0.0), (0.0, -1e30), (f32::NAN, 0.0), (0.0, f32::NAN), (0.5, 8.0)] {
            assert_eq!(looked_at(&image, (4, 4), by), [0.0; SUMS]);
        }
    }
}
