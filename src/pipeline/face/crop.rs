//! Parts of a frame, turned, scaled and smoothed: the input of the models and of the flow.
//!
//! A frame that is shrunk is first averaged over whole pixels. Otherwise fine texture and sensor noise would
//! alias and look like motion.

use crate::measure::geometry::{Affine, Point};
use crate::media::image::{GrayImage, RgbImage, luma};

/// What a crop shows beyond the border of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The border pixels, repeated outwards.
    Repeat,
    /// Black.
    Black,
}

/// Cuts crops out of frames; keeps its scratch memory from frame to frame.
#[derive(Debug, Default)]
pub struct Cropper {
    gray: Plane<f32>,
    colour: Plane<Colour>,
}

/// Red, green and blue, 0–255, and an unused fourth number, so that a pixel fills one vector.
type Colour = [f32; 4];

/// The part of the frame that is needed, shrunk by a whole factor.
#[derive(Debug, Default)]
struct Plane<P> {
    pixels: Vec<P>,
    width: usize,
    height: usize,
    /// Sums over the rows of one row of squares, byte by byte.
    sums: Vec<u16>,
}

/// A value that can be interpolated.
trait Pixel: Copy + Default {
    fn mix(self, other: Self, share: f32) -> Self;
}

impl Pixel for f32 {
    #[inline(always)]
    fn mix(self, other: Self, share: f32) -> Self {
        self * (1.0 - share) + other * share
    }
}

impl Pixel for Colour {
    #[inline(always)]
    fn mix(self, other: Self, share: f32) -> Self {
        std::array::from_fn(|k| self[k].mix(other[k], share))
    }
}

impl Cropper {
    /// Fills `crop` with the luma, 0–255, of `frame` seen through `frame_from_crop`.
    pub fn gray(&mut self, frame: &RgbImage, frame_from_crop: &Affine, crop: &mut GrayImage) {
        let size = (crop.width, crop.height);
        let plane_from_crop = self.gray.load(frame, frame_from_crop, size, luma);
        self.gray.sample(&plane_from_crop, size, |i, value| crop.data[i] = value);
    }

    /// Fills `crop` with the red, the green and the blue plane of `frame` seen through `frame_from_crop`,
    /// each `size` × `size`, 0–255.
    pub fn rgb_planes(
        &mut self,
        frame: &RgbImage,
        frame_from_crop: &Affine,
        side: usize,
        border: Border,
        crop: &mut Vec<f32>,
    ) {
        crop.resize(3 * side * side, 0.0);
        let size = (side, side);
        let plane_from_crop =
            self.colour.load(frame, frame_from_crop, size, |[r, g, b]| [r, g, b, 0.0]);
        let (red, rest) = crop.split_at_mut(side * side);
        let (green, blue) = rest.split_at_mut(side * side);
        self.colour.sample(&plane_from_crop, size, |i, colour| {
            [red[i], green[i], blue[i], _] = colour;
        });
        if border == Border::Black {
            let (width, height) = (frame.width as f32, frame.height as f32);
            for i in 0..side * side {
                let p = Point::new((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
                let q = frame_from_crop.apply(p);
                if q.x < 0.0 || q.y < 0.0 || q.x > width || q.y > height {
                    [red[i], green[i], blue[i]] = [0.0; 3];
                }
            }
        }
    }
}

impl<P: Pixel> Plane<P> {
    /// Copies the part of the frame that the crop covers, averaged over squares of `factor` pixels. Returns
    /// the map from crop to plane.
    fn load(
        &mut self,
        frame: &RgbImage,
        frame_from_crop: &Affine,
        (crop_width, crop_height): (usize, usize),
        pixel: impl Fn([f32; 3]) -> P,
    ) -> Affine {
        let factor = (frame_from_crop.scale().round() as usize).clamp(1, 64);
        let corners = [(0, 0), (crop_width, 0), (0, crop_height), (crop_width, crop_height)]
            .map(|(x, y)| frame_from_crop.apply(Point::new(x as f32, y as f32)));
        let span = |low: f32, high: f32, limit: usize| {
            let first = (low.max(0.0) as usize).saturating_sub(2 * factor).min(limit.max(1) - 1);
            let last = (high.max(0.0) as usize + 2 * factor).clamp(first + 1, limit.max(1));
            (first, (last - first).div_ceil(factor))
        };
        let low = |f: fn(&Point) -> f32| corners.iter().map(f).fold(f32::INFINITY, f32::min);
        let high = |f: fn(&Point) -> f32| corners.iter().map(f).fold(f32::NEG_INFINITY, f32::max);
        let (left, width) = span(low(|p| p.x), high(|p| p.x), frame.width);
        let (top, height) = span(low(|p| p.y), high(|p| p.y), frame.height);
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        let right = (left + width * factor).min(frame.width);
        let bytes =
            |row: usize| &frame.data[(row * frame.width + left) * 3..][..(right - left) * 3];
        for y in 0..height {
            let rows = top + y * factor..(top + (y + 1) * factor).min(frame.height);
            if factor == 1 {
                let colours = bytes(rows.start).as_chunks().0.iter();
                self.pixels.extend(colours.map(|px: &[u8; 3]| pixel(px.map(f32::from))));
                continue;
            }
            // Downwards first: this adds many bytes at once. Sums of whole numbers have no rounding.
            self.sums.clear();
            self.sums.resize((right - left) * 3, 0);
            for row in rows.clone() {
                self.sums.iter_mut().zip(bytes(row)).for_each(|(sum, b)| *sum += u16::from(*b));
            }
            for square in self.sums.chunks(3 * factor) {
                let mut sum = [0u32; 3];
                for [red, green, blue] in square.as_chunks().0 {
                    sum[0] += u32::from(*red);
                    sum[1] += u32::from(*green);
                    sum[2] += u32::from(*blue);
                }
                let count = (rows.len() * square.len() / 3) as f32;
                self.pixels.push(pixel(sum.map(|sum| sum as f32 / count)));
            }
        }
        let shrink = 1.0 / factor as f32;
        let plane_from_frame = Affine {
            m: [shrink, 0.0, -(left as f32) * shrink, 0.0, shrink, -(top as f32) * shrink],
        };
        plane_from_frame.after(frame_from_crop)
    }

    /// Calls `put` with the bilinear value of every pixel of the crop; the border repeats outwards.
    fn sample(
        &self,
        plane_from_crop: &Affine,
        (crop_width, crop_height): (usize, usize),
        mut put: impl FnMut(usize, P),
    ) {
        let (pixels, width) = (&self.pixels[..], self.width);
        let (right, bottom) = ((self.width - 1) as f32, (self.height - 1) as f32);
        let place = |x: usize, y: usize| {
            let q = plane_from_crop.apply(Point::new(x as f32 + 0.5, y as f32 + 0.5));
            (q.x - 0.5, q.y - 0.5)
        };
        for y in 0..crop_height {
            // A row is straight: if both its ends are inside, all of it is.
            let inside = [0, crop_width.max(1) - 1].map(|x| place(x, y)).iter().all(|(sx, sy)| {
                (1.0..right - 1.0).contains(sx) && (1.0..bottom - 1.0).contains(sy)
            });
            for x in 0..crop_width {
                let (sx, sy) = place(x, y);
                let (sx, sy) =
                    if inside { (sx, sy) } else { (sx.clamp(0.0, right), sy.clamp(0.0, bottom)) };
                let (x0, y0) = (sx as usize, sy as usize);
                let (fx, fy) = (sx - x0 as f32, sy - y0 as f32);
                let first = y0 * width + x0;
                let (over, down) = if inside {
                    (1, width)
                } else {
                    (usize::from(x0 + 1 < width), width * usize::from(y0 + 1 < self.height))
                };
                let top = pixels[first].mix(pixels[first + over], fx);
                let low = pixels[first + down].mix(pixels[first + down + over], fx);
                put(y * crop_width + x, top.mix(low, fy));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> RgbImage {
        let data =
            (0..40 * 30).flat_map(|i| [(i % 40) as u8 * 5, (i / 40) as u8 * 5, 90]).collect();
        RgbImage::from_vec(40, 30, data).expect("pixels")
    }

    fn red(frame_from_crop: &Affine, side: usize, border: Border) -> Vec<f32> {
        let mut crop = Vec::new();
        Cropper::default().rgb_planes(&ramp(), frame_from_crop, side, border, &mut crop);
        crop.truncate(side * side);
        crop
    }

    #[test]
    fn a_crop_at_the_same_scale_copies_pixels() {
        let shift = Affine::similarity(1.0, 0.0, Point::new(7.0, 3.0));
        assert_eq!(red(&shift, 4, Border::Repeat)[..4], [35.0, 40.0, 45.0, 50.0]);
    }

    #[test]
    fn a_shrunk_ramp_keeps_its_values_in_place() {
        for scale in [1.3, 2.0, 3.7] {
            let crop = red(&Affine::similarity(scale, 0.0, Point::default()), 6, Border::Repeat);
            for (x, value) in crop[..6].iter().enumerate().skip(1) {
                let expected = ((x as f32 + 0.5) * scale - 0.5) * 5.0;
                assert!((value - expected).abs() < 0.05, "{scale}: {value} for {expected}");
            }
        }
    }

    #[test]
    fn a_shrunk_picture_has_the_mean_of_each_square() {
        let data = (0..41 * 31 * 3).map(|i| ((i * 7919) % 251) as u8).collect();
        let frame = RgbImage::from_vec(41, 31, data).expect("pixels");
        for factor in [1, 2, 3, 5] {
            let mut plane = Plane::<Colour>::default();
            let crop = Affine::similarity(factor as f32, 0.0, Point::default());
            plane.load(&frame, &crop, (64, 64), |[r, g, b]| [r, g, b, 0.0]);
            for (i, pixel) in plane.pixels.iter().enumerate() {
                let (x, y) = (i % plane.width * factor, i / plane.width * factor);
                for (channel, found) in pixel[..3].iter().enumerate() {
                    let square = (y..(y + factor).min(31))
                        .flat_map(|y| (x..(x + factor).min(41)).map(move |x| (y * 41 + x) * 3));
                    let values = square.map(|at| f32::from(frame.data[at + channel]));
                    let (sum, count) = values.fold((0.0, 0.0f32), |(s, n), v| (s + v, n + 1.0));
                    assert_eq!(*found, sum / count, "factor {factor}, {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn beyond_the_border_is_black_or_the_border_as_asked() {
        let far = Affine::similarity(1.0, 0.0, Point::new(-20.0, 0.0));
        assert_eq!(red(&far, 2, Border::Black)[0], 0.0);
        let near = Affine::similarity(1.0, 0.0, Point::new(60.0, 0.0));
        assert_eq!(red(&near, 2, Border::Repeat)[0], 39.0 * 5.0);
    }

    #[test]
    fn a_picture_of_one_pixel_gives_a_flat_crop() {
        let pixel = RgbImage::from_vec(1, 1, vec![50, 50, 50]).expect("one pixel");
        let mut crop = GrayImage::new(8, 8);
        Cropper::default().gray(&pixel, &Affine::similarity(0.1, 1.0, Point::default()), &mut crop);
        assert!(crop.data.iter().all(|v| (v - 50.0).abs() < 1e-3));
    }
}
