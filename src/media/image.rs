//! Pictures: interleaved 8-bit colour as sources deliver it, and `f32` grey as the flow measures it.

use std::sync::Arc;

use crate::measure::geometry::{Affine, Point};
use crate::measure::time::Timestamp;

/// Greatest width and height of a picture, pixels. A source with larger pictures gives an error, so that it
/// does not fill the memory.
pub const MAX_SIDE_PX: usize = 8192;

/// One captured picture.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Number of the picture, counted by the source from 0. A jump is a counted loss.
    pub seq: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// The pixels, shared with whoever shows or records them.
    pub image: Arc<RgbImage>,
    /// The JPEG from which the pixels were decoded, complete and with nothing after it. `None` if the source
    /// delivered no JPEG. A recording keeps the JPEG unchanged.
    pub jpeg: Option<Arc<[u8]>>,
}

impl Frame {
    /// A picture that did not come as JPEG.
    pub fn new(seq: u64, time: Timestamp, image: Arc<RgbImage>) -> Self {
        Self { seq, time, image, jpeg: None }
    }
}

/// 8-bit RGB, rows top to bottom, three bytes a pixel, no padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RgbImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub data: Vec<u8>,
}

impl RgbImage {
    /// A black picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0; width * height * 3] }
    }

    /// Takes `data` as pixels; `None` if its length is not `width * height * 3`.
    pub fn from_vec(width: usize, height: usize, data: Vec<u8>) -> Option<Self> {
        (data.len() == width * height * 3).then_some(Self { width, height, data })
    }

    /// Changes the size. The pixels then have no meaning and must be drawn again.
    pub fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.data.resize(width * height * 3, 0);
    }

    /// The colour at column `x`, row `y`, clamped to the border.
    pub fn at(&self, x: isize, y: isize) -> [u8; 3] {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        let i = (y * self.width + x) * 3;
        [self.data[i], self.data[i + 1], self.data[i + 2]]
    }

    /// Bilinear colour at a point, each channel 0–255; the border repeats outwards.
    pub fn sample(&self, p: Point) -> [f32; 3] {
        let (x, y) = (p.x - 0.5, p.y - 0.5);
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let (x0, y0) = (x0 as isize, y0 as isize);
        let (a, b) = (self.at(x0, y0), self.at(x0 + 1, y0));
        let (c, d) = (self.at(x0, y0 + 1), self.at(x0 + 1, y0 + 1));
        std::array::from_fn(|k| {
            let top = f32::from(a[k]) * (1.0 - fx) + f32::from(b[k]) * fx;
            let bottom = f32::from(c[k]) * (1.0 - fx) + f32::from(d[k]) * fx;
            top * (1.0 - fy) + bottom * fy
        })
    }

    /// Fills `target` with this picture seen through `self_from_target`, bilinearly.
    pub fn warp_into(&self, self_from_target: &Affine, target: &mut Self) {
        let width = target.width;
        for (i, px) in target.data.chunks_exact_mut(3).enumerate() {
            let p = Point::new((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
            let c = self.sample(self_from_target.apply(p));
            for (out, v) in px.iter_mut().zip(c) {
                *out = (v + 0.5) as u8;
            }
        }
    }
}

/// Grey, 0–255, rows top to bottom. In `f32`, because a micro-expression moves a brow by less than a tenth of
/// a pixel, which rounding to 8 bits would hide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrayImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height` values.
    pub data: Vec<f32>,
}

impl GrayImage {
    /// A black picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0.0; width * height] }
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..(y + 1) * self.width]
    }
}

/// Grey of a colour, 0–255, by the weights of BT.601, with which cameras encode luma.
pub fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// Fills `gray` with the luma of `rgb`, resizing it as needed.
pub fn gray_from_rgb(rgb: &RgbImage, gray: &mut GrayImage) {
    (gray.width, gray.height) = (rgb.width, rgb.height);
    gray.data.clear();
    gray.data.extend(
        rgb.data.chunks_exact(3).map(|p| luma([f32::from(p[0]), f32::from(p[1]), f32::from(p[2])])),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> RgbImage {
        let data = (0..8 * 6).flat_map(|i| [(i % 8) as u8 * 10, (i / 8) as u8 * 10, 7]).collect();
        RgbImage::from_vec(8, 6, data).unwrap_or_default()
    }

    #[test]
    fn the_identity_warp_copies_every_pixel() {
        let mut copy = RgbImage::new(8, 6);
        ramp().warp_into(&Affine::IDENTITY, &mut copy);
        assert_eq!(copy, ramp());
    }

    #[test]
    fn sampling_between_two_pixels_gives_their_mean() {
        assert_eq!(ramp().sample(Point::new(2.0, 0.5))[0], 15.0);
    }

    #[test]
    fn a_sample_mixes_its_four_pixels_by_their_nearness() {
        let mut picture = RgbImage::new(4, 4);
        for (x, y, red) in [(1, 1, 10), (2, 1, 50), (1, 2, 90), (2, 2, 250)] {
            picture.data[(y * 4 + x) * 3] = red;
        }
        // A quarter of the way across and three quarters down: 20 above, 130 below.
        assert_eq!(picture.sample(Point::new(1.75, 2.25))[0], 102.5);
    }

    #[test]
    fn sampling_outside_repeats_the_border() {
        assert_eq!(ramp().sample(Point::new(-40.0, 3.5)), [0.0, 30.0, 7.0]);
    }

    #[test]
    fn white_has_luma_255_and_black_0() {
        assert!((luma([255.0; 3]) - 255.0).abs() < 1e-3);
        assert_eq!(luma([0.0; 3]), 0.0);
    }

    #[test]
    fn a_picture_that_is_resized_has_a_pixel_at_every_place() {
        let mut picture = ramp();
        picture.resize(3, 5);
        assert_eq!((picture.width, picture.height, picture.data.len()), (3, 5, 45));
    }

    #[test]
    fn pixels_of_the_wrong_length_are_refused() {
        assert_eq!(RgbImage::from_vec(2, 2, vec![0; 11]), None);
    }

    #[test]
    fn gray_follows_the_size_of_its_source() {
        let mut gray = GrayImage::new(1, 1);
        gray_from_rgb(&ramp(), &mut gray);
        assert_eq!((gray.width, gray.height, gray.data.len()), (8, 6, 48));
    }
}
