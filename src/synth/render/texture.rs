//! A picture that can be read between its pixels without a trace of the pixel grid.
//!
//! Flow would take a flicker of the interpolation for movement of the skin. So the picture is turned once
//! into cubic B-spline coefficients (Unser, Aldroubi and Eden, IEEE Trans. Signal Processing 41, 1993). The
//! spline passes exactly through the pixels and is smooth to the second derivative between them, at the cost
//! of plain bicubic interpolation.

use crate::media::image::RgbImage;

/// Colour with an unused fourth number, so that four values are computed at once.
pub(crate) type Colour = [f32; 4];

/// The pole of the spline's recursive filter, √3 − 2.
const POLE: f32 = -0.267_949_2;

/// Number of coefficients beyond every border, so that reading near it needs no test.
const MARGIN: usize = 3;

/// A picture as cubic B-spline coefficients, mirrored at its borders.
#[derive(Clone, Debug)]
pub(crate) struct Texture {
    /// Column and row of the last pixel.
    last: [f32; 2],
    stride: usize,
    coefficients: Vec<Colour>,
}

impl Texture {
    /// The spline through the pixels of `image`, after a Gaussian blur of `blur_px`; `None` for an
    /// empty picture.
    pub(crate) fn new(image: &RgbImage, blur_px: f32) -> Option<Self> {
        let (width, height) = (image.width, image.height);
        (width > 0 && height > 0).then_some(())?;
        let mut plane: Vec<Colour> = image
            .data
            .chunks_exact(3)
            .map(|p| [f32::from(p[0]), f32::from(p[1]), f32::from(p[2]), 0.0])
            .collect();
        let kernel = gaussian(blur_px);
        let mut line = Vec::new();
        for y in 0..height {
            along(&mut plane, y * width, 1, width, &kernel, &mut line);
        }
        for x in 0..width {
            along(&mut plane, x, width, height, &kernel, &mut line);
        }
        let stride = width + 2 * MARGIN;
        let coefficients = (0..stride * (height + 2 * MARGIN))
            .map(|i| {
                let x = mirror((i % stride) as isize - MARGIN as isize, width);
                let y = mirror((i / stride) as isize - MARGIN as isize, height);
                plane[y * width + x]
            })
            .collect();
        Some(Self { last: [(width - 1) as f32, (height - 1) as f32], stride, coefficients })
    }

    /// Colour at (`x`, `y`) in pixels; the centre of the first pixel is (0.5, 0.5). Outside the picture, the
    /// nearest colour of its border.
    #[inline]
    pub(crate) fn sample(&self, x: f32, y: f32) -> Colour {
        // NaN becomes zero; 32-bit integers convert in one instruction.
        let x = (x - 0.5).max(0.0).min(self.last[0]);
        let y = (y - 0.5).max(0.0).min(self.last[1]);
        let (column, row) = (x as i32, y as i32);
        let (wx, wy) = (weights(x - column as f32), weights(y - row as f32));
        let first = (row as usize + MARGIN - 1) * self.stride + column as usize + MARGIN - 1;
        let mut sum = [0.0; 4];
        for (j, wy) in wy.into_iter().enumerate() {
            let start = first + j * self.stride;
            let taps = &self.coefficients[start..start + 4];
            for lane in 0..4 {
                let across = wx[0] * taps[0][lane]
                    + wx[1] * taps[1][lane]
                    + wx[2] * taps[2][lane]
                    + wx[3] * taps[3][lane];
                sum[lane] += wy * across;
            }
        }
        sum
    }
}

/// Weights of the four coefficients round a point at share `t` of the way from the second to the third.
#[inline]
fn weights(t: f32) -> [f32; 4] {
    const SIXTH: f32 = 1.0 / 6.0;
    let (s, t2) = (1.0 - t, t * t);
    let t3 = t2 * t;
    let first = s * s * s * SIXTH;
    let last = t3 * SIXTH;
    let second = 2.0 / 3.0 - t2 + 0.5 * t3;
    [first, second, 1.0 - first - second - last, last]
}

/// `i` reflected into 0..n, without repeating the border pixel.
fn mirror(i: isize, n: usize) -> usize {
    let last = n as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = i.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}

/// Half of a Gaussian kernel, centre first, summing to 1 with its mirror image.
fn gaussian(sigma_px: f32) -> Vec<f32> {
    if sigma_px <= 0.0 {
        return vec![1.0];
    }
    let reach = (3.0 * sigma_px).ceil() as usize;
    let raw: Vec<f32> = (0..=reach).map(|i| (-0.5 * (i as f32 / sigma_px).powi(2)).exp()).collect();
    let total = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
    raw.iter().map(|w| w / total).collect()
}

/// Blurs one row or column and turns it into spline coefficients. `line` is scratch memory.
fn along(
    plane: &mut [Colour],
    start: usize,
    step: usize,
    n: usize,
    kernel: &[f32],
    line: &mut Vec<Colour>,
) {
    line.clear();
    line.extend((0..n as isize).map(|i| {
        let at = |j: isize| plane[start + mirror(j, n) * step];
        let mut sum = at(i).map(|v| v * kernel[0]);
        for (k, weight) in kernel.iter().enumerate().skip(1) {
            let (a, b) = (at(i - k as isize), at(i + k as isize));
            for lane in 0..4 {
                sum[lane] += weight * (a[lane] + b[lane]);
            }
        }
        sum
    }));
    if n > 1 {
        spline(line);
    }
    for (i, value) in line.iter().enumerate() {
        plane[start + i * step] = *value;
    }
}

/// The recursive filter, once forwards and once backwards, with mirrored ends.
fn spline(line: &mut [Colour]) {
    let n = line.len();
    for lane in 0..4 {
        let mut before = 0.0;
        let mut weight = 1.0;
        // After twelve steps the filter's response is below the precision of `f32`.
        for i in 0..12 {
            before += weight * line[mirror(i, n)][lane];
            weight *= POLE;
        }
        line[0][lane] = before;
        for value in line.iter_mut().skip(1) {
            before = value[lane] + POLE * before;
            value[lane] = before;
        }
        let last = POLE / (POLE * POLE - 1.0) * (line[n - 1][lane] + POLE * line[n - 2][lane]);
        line[n - 1][lane] = last;
        let mut after = last;
        for value in line.iter_mut().rev().skip(1) {
            after = POLE * (after - value[lane]);
            value[lane] = after;
        }
        for value in line.iter_mut() {
            value[lane] *= 6.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(width: usize, height: usize) -> RgbImage {
        let data = (0..width * height)
            .flat_map(|i| {
                let (x, y) = ((i % width) as f32, (i / width) as f32);
                let v = 128.0 + 60.0 * (x * 0.5).sin() + 50.0 * (y * 0.4).cos();
                [v as u8, (255.0 - v) as u8, (x * 3.0) as u8]
            })
            .collect();
        RgbImage { width, height, data }
    }

    #[test]
    fn at_the_pixels_the_spline_is_the_picture() {
        let image = waves(31, 23);
        let texture = Texture::new(&image, 0.0).expect("not empty");
        for (x, y) in [(0, 0), (30, 22), (7, 11), (29, 1)] {
            let found = texture.sample(x as f32 + 0.5, y as f32 + 0.5);
            for (lane, expected) in image.at(x, y).into_iter().enumerate() {
                assert!((found[lane] - f32::from(expected)).abs() < 0.01, "({x}, {y})");
            }
        }
    }

    #[test]
    fn between_the_pixels_it_follows_a_wave() {
        let image = waves(60, 60);
        let texture = Texture::new(&image, 0.0).expect("not empty");
        let (x, y) = (20.3_f32, 31.8_f32);
        let expected = 128.0 + 60.0 * ((x - 0.5) * 0.5).sin() + 50.0 * ((y - 0.5) * 0.4).cos();
        assert!((texture.sample(x, y)[0] - expected).abs() < 1.0);
    }

    #[test]
    fn outside_the_border_colour_goes_on() {
        let image = waves(9, 9);
        let texture = Texture::new(&image, 0.0).expect("not empty");
        assert_eq!(texture.sample(-50.0, 4.5), texture.sample(0.5, 4.5));
        assert_eq!(texture.sample(f32::NAN, 4.5).len(), 4);
    }

    #[test]
    fn blur_keeps_the_mean() {
        let image = RgbImage { width: 8, height: 8, data: vec![77; 192] };
        let texture = Texture::new(&image, 1.5).expect("not empty");
        assert!((texture.sample(3.3, 6.1)[1] - 77.0).abs() < 0.01);
    }

    #[test]
    fn one_pixel_is_enough_and_none_is_refused() {
        let image = RgbImage { width: 1, height: 1, data: vec![9, 8, 7] };
        assert!((Texture::new(&image, 1.0).expect("one").sample(0.5, 0.5)[0] - 9.0).abs() < 1e-3);
        assert!(Texture::new(&RgbImage::new(0, 5), 1.0).is_none());
    }
}
