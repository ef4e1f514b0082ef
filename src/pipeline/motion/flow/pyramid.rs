//! One picture at several sizes, each half the one before.

use fearless_simd::{Level as Instructions, dispatch};

use crate::media::image::GrayImage;

/// Number of sizes. The coarsest one shows motion up to about a sixth of the eye distance.
const LEVELS: usize = 3;

/// One size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// The picture, slightly smoothed so that gradients between pixels have a meaning.
    pub image: GrayImage,
}

/// All sizes of one picture, finest first; keeps its memory when built again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pyramid {
    levels: Vec<Level>,
    scratch: Vec<f32>,
}

impl Pyramid {
    /// The sizes, finest first; empty before the first [`Self::build`].
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Builds every size of `image`.
    pub fn build(&mut self, image: &GrayImage) {
        self.levels.resize_with(LEVELS, Level::default);
        let Self { levels, scratch } = self;
        let instructions = Instructions::new();
        for k in 0..LEVELS {
            let (done, rest) = levels.split_at_mut(k);
            let Some(level) = rest.first_mut() else { return };
            match done.last() {
                None => dispatch!(instructions, _ => smooth(image, scratch, &mut level.image)),
                Some(finer) => {
                    dispatch!(instructions, _ => halve(&finer.image, scratch, &mut level.image));
                }
            }
        }
    }
}

fn resize(image: &mut GrayImage, width: usize, height: usize) {
    (image.width, image.height) = (width, height);
    image.data.resize(width * height, 0.0);
}

/// Blurs by the binomial 1-2-1 in both directions; the border repeats.
#[inline(always)]
fn smooth(source: &GrayImage, scratch: &mut Vec<f32>, target: &mut GrayImage) {
    let (width, height) = (source.width, source.height);
    resize(target, width, height);
    if width == 0 {
        return;
    }
    scratch.resize(width, 0.0);
    let row = |y: usize| &source.data[y * width..(y + 1) * width];
    for (y, out) in target.data.chunks_exact_mut(width).enumerate() {
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        for (x, down) in scratch.iter_mut().enumerate() {
            *down = 0.25 * above[x] + 0.5 * here[x] + 0.25 * below[x];
        }
        let down = &scratch[..width];
        for (x, out) in out.iter_mut().enumerate().take(width - 1).skip(1) {
            *out = 0.25 * down[x - 1] + 0.5 * down[x] + 0.25 * down[x + 1];
        }
        for x in [0, width - 1] {
            let (before, after) = (down[x.saturating_sub(1)], down[(x + 1).min(width - 1)]);
            out[x] = 0.25 * before + 0.5 * down[x] + 0.25 * after;
        }
    }
}

/// Averages squares of two by two pixels after smoothing.
#[inline(always)]
fn halve(source: &GrayImage, scratch: &mut Vec<f32>, target: &mut GrayImage) {
    let (width, height) = (source.width / 2, source.height / 2);
    resize(target, width, height);
    if width == 0 {
        return;
    }
    scratch.resize(source.width, 0.0);
    let row = |y: usize| &source.data[y * source.width..(y + 1) * source.width];
    for (y, out) in target.data.chunks_exact_mut(width).enumerate() {
        let (upper, lower) = (row(2 * y), row(2 * y + 1));
        let (above, below) =
            (row((2 * y).saturating_sub(1)), row((2 * y + 2).min(source.height - 1)));
        for (x, down) in scratch.iter_mut().enumerate() {
            *down = 0.125 * (above[x] + below[x]) + 0.375 * (upper[x] + lower[x]);
        }
        let down = &scratch[..source.width];
        let at = |x: usize, left: usize, right: usize| {
            0.125 * (down[left] + down[right]) + 0.375 * (down[2 * x] + down[2 * x + 1])
        };
        for (x, out) in out.iter_mut().enumerate().take(width - 1).skip(1) {
            *out = at(x, 2 * x - 1, 2 * x + 2);
        }
        for x in [0, width - 1] {
            out[x] = at(x, (2 * x).saturating_sub(1), (2 * x + 2).min(source.width - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_keeps_its_slope_and_halving_doubles_it() {
        let data = (0..64 * 64).map(|i| (i % 64) as f32 * 3.0).collect();
        let mut pyramid = Pyramid::default();
        pyramid.build(&GrayImage { width: 64, height: 64, data });
        let slope = |k: usize| {
            let row = pyramid.levels()[k].image.row(8);
            let middle = row.len() / 2;
            (row[middle + 1] - row[middle - 1]) / 2.0
        };
        assert!((slope(0) - 3.0).abs() < 1e-4 && (slope(1) - 6.0).abs() < 1e-4);
    }

    /// The sum of pixels from `at` on by weights along both axes, the border repeated.
    fn weighed(image: &GrayImage, (x, y): (isize, isize), weights: &[f32]) -> f32 {
        let clamped = |v: isize, n: usize| v.clamp(0, n as isize - 1) as usize;
        let mut sum = 0.0;
        for (j, wy) in weights.iter().enumerate() {
            for (i, wx) in weights.iter().enumerate() {
                let (x, y) = (x + i as isize, y + j as isize);
                sum += wx * wy * image.row(clamped(y, image.height))[clamped(x, image.width)];
            }
        }
        sum
    }

    #[test]
    fn every_pixel_of_every_size_is_a_binomial_mean_of_those_below_it() {
        let mut pyramid = Pyramid::default();
        // A larger picture before leaves nothing behind.
        for (width, height) in [(64, 48), (23, 18)] {
            let data = (0..width * height).map(|i| ((i * 7919) % 251) as f32).collect();
            let picture = GrayImage { width, height, data };
            pyramid.build(&picture);
            let (mut below, mut step, mut weights) = (&picture, 1, [0.25, 0.5, 0.25].as_slice());
            for level in pyramid.levels() {
                let image = &level.image;
                assert_eq!((image.width, image.height), (below.width / step, below.height / step));
                for (i, value) in image.data.iter().enumerate() {
                    let at = [i % image.width, i / image.width].map(|v| (v * step) as isize - 1);
                    let expected = weighed(below, (at[0], at[1]), weights);
                    assert!((value - expected).abs() < 1e-3, "{i}: {value}, expected {expected}");
                }
                (below, step, weights) = (image, 2, &[0.125, 0.375, 0.375, 0.125]);
            }
        }
    }

    #[test]
    fn a_picture_too_small_to_halve_has_an_empty_half() {
        let mut pyramid = Pyramid::default();
        for (width, height) in [(0, 0), (1, 1), (1, 9)] {
            let data = vec![5.0; width * height];
            pyramid.build(&GrayImage { width, height, data });
            assert_eq!(pyramid.levels()[0].image.data.len(), width * height);
            assert!(pyramid.levels()[1].image.data.is_empty());
        }
    }

    #[test]
    fn a_flat_picture_stays_flat_at_every_size() {
        let mut pyramid = Pyramid::default();
        pyramid.build(&GrayImage { width: 40, height: 24, data: vec![77.0; 40 * 24] });
        for level in pyramid.levels() {
            assert!(level.image.data.iter().all(|v| (v - 77.0).abs() < 1e-3));
        }
    }
}
