//! One picture at several sizes, each half the one before, with its gradients.

use crate::image::GrayImage;

/// How many sizes: patches of the coarsest see motion of about a sixth of the eye distance.
const LEVELS: usize = 3;

/// One size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// The picture, slightly smoothed so that its gradients mean something between pixels.
    pub image: GrayImage,
    /// Grey levels per pixel rightwards, from central differences; zero on the border.
    pub gradient_x: Vec<f32>,
    /// Grey levels per pixel downwards.
    pub gradient_y: Vec<f32>,
}

/// All sizes of one picture, finest first; keeps its memory when built again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pyramid {
    levels: Vec<Level>,
    scratch: Vec<f32>,
}

impl Pyramid {
    /// The sizes, finest first; none before the first [`Self::build`].
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Builds every size of `image`.
    pub fn build(&mut self, image: &GrayImage) {
        self.levels.resize_with(LEVELS, Level::default);
        for k in 0..LEVELS {
            let (done, rest) = self.levels.split_at_mut(k);
            let Some(level) = rest.first_mut() else { return };
            match done.last() {
                None => smooth(image, &mut self.scratch, &mut level.image),
                Some(finer) => halve(&finer.image, &mut self.scratch, &mut level.image),
            }
            gradients(level);
        }
    }
}

fn resize(image: &mut GrayImage, width: usize, height: usize) {
    (image.width, image.height) = (width, height);
    image.data.resize(width * height, 0.0);
}

/// Blurs by the binomial 1-2-1 in both directions; the border repeats.
fn smooth(source: &GrayImage, scratch: &mut Vec<f32>, target: &mut GrayImage) {
    let (width, height) = (source.width, source.height);
    resize(target, width, height);
    scratch.resize(width * height, 0.0);
    for y in 0..height {
        let (row, out) = (source.row(y), &mut scratch[y * width..(y + 1) * width]);
        for x in 0..width {
            let (before, after) = (row[x.saturating_sub(1)], row[(x + 1).min(width - 1)]);
            out[x] = 0.25 * before + 0.5 * row[x] + 0.25 * after;
        }
    }
    let row = |y: usize| &scratch[y * width..(y + 1) * width];
    for y in 0..height {
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        for (x, out) in target.data[y * width..(y + 1) * width].iter_mut().enumerate() {
            *out = 0.25 * above[x] + 0.5 * here[x] + 0.25 * below[x];
        }
    }
}

/// Averages squares of two by two pixels after smoothing.
fn halve(source: &GrayImage, scratch: &mut Vec<f32>, target: &mut GrayImage) {
    let (width, height) = (source.width / 2, source.height / 2);
    resize(target, width, height);
    scratch.clear();
    for y in 0..height {
        let (upper, lower) = (source.row(2 * y), source.row(2 * y + 1));
        let (above, below) =
            (source.row((2 * y).saturating_sub(1)), source.row((2 * y + 2).min(source.height - 1)));
        for x in 0..width {
            let columns = [
                ((2 * x).saturating_sub(1), 0.125),
                (2 * x, 0.375),
                (2 * x + 1, 0.375),
                ((2 * x + 2).min(source.width - 1), 0.125),
            ];
            let value = columns.iter().map(|(c, w)| {
                w * (0.125 * (above[*c] + below[*c]) + 0.375 * (upper[*c] + lower[*c]))
            });
            scratch.push(value.sum());
        }
    }
    target.data.copy_from_slice(scratch);
}

fn gradients(level: &mut Level) {
    let (width, height) = (level.image.width, level.image.height);
    level.gradient_x.clear();
    level.gradient_x.resize(width * height, 0.0);
    level.gradient_y.clear();
    level.gradient_y.resize(width * height, 0.0);
    let data = &level.image.data;
    for y in 1..height.saturating_sub(1) {
        for i in y * width + 1..(y + 1) * width - 1 {
            level.gradient_x[i] = 0.5 * (data[i + 1] - data[i - 1]);
            level.gradient_y[i] = 0.5 * (data[i + width] - data[i - width]);
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
            let level = &pyramid.levels()[k];
            level.gradient_x[level.image.width * (level.image.height / 2) + level.image.width / 2]
        };
        assert!((slope(0) - 3.0).abs() < 1e-4 && (slope(1) - 6.0).abs() < 1e-4);
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
