//! Parts of a frame, turned, scaled and low-passed: what the models and the flow see.
//!
//! Shrinking averages whole pixels first, so that fine texture and sensor noise do not alias into
//! motion that is not there.

use crate::geom::{Affine, Point};
use crate::image::{GrayImage, RgbImage, luma};

/// What lies beyond the border of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The border, repeated outwards.
    Repeat,
    /// Nothing: black.
    Black,
}

/// Cuts crops out of frames; keeps its scratch memory from frame to frame.
#[derive(Debug, Default)]
pub struct Cropper {
    /// The needed part of the frame, shrunk by a whole factor: up to three planes, 0–255.
    planes: [Vec<f32>; 3],
    width: usize,
    height: usize,
}

impl Cropper {
    /// Fills `crop` with the luma, 0–255, of `frame` seen through `frame_from_crop`.
    pub fn gray(&mut self, frame: &RgbImage, frame_from_crop: &Affine, crop: &mut GrayImage) {
        let size = (crop.width, crop.height);
        let plane_from_crop =
            self.load(frame, frame_from_crop, size, |rgb| [luma(rgb), 0.0, 0.0], 1);
        self.sample(0, &plane_from_crop, size, None, &mut crop.data);
    }

    /// Fills `crop` with the red, the green and the blue plane, each `size` squared and 0–255, of
    /// `frame` seen through `frame_from_crop`.
    pub fn rgb_planes(
        &mut self,
        frame: &RgbImage,
        frame_from_crop: &Affine,
        side: usize,
        border: Border,
        crop: &mut Vec<f32>,
    ) {
        crop.resize(3 * side * side, 0.0);
        let plane_from_crop = self.load(frame, frame_from_crop, (side, side), |rgb| rgb, 3);
        let frame_size = Point::new(frame.width as f32, frame.height as f32);
        let inside = (border == Border::Black).then_some((frame_from_crop, frame_size));
        for (k, plane) in crop.chunks_exact_mut(side * side).enumerate() {
            self.sample(k, &plane_from_crop, (side, side), inside, plane);
        }
    }

    /// Copies the part of the frame that the crop covers into planes, averaging squares of `factor`
    /// pixels; yields the map from crop to plane.
    fn load(
        &mut self,
        frame: &RgbImage,
        frame_from_crop: &Affine,
        (crop_width, crop_height): (usize, usize),
        channels: impl Fn([f32; 3]) -> [f32; 3],
        used: usize,
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
        for plane in &mut self.planes[..used] {
            plane.clear();
            plane.resize(width * height, 0.0);
        }
        for y in 0..height {
            let rows = top + y * factor..(top + (y + 1) * factor).min(frame.height);
            for x in 0..width {
                let first = left + x * factor;
                let columns = first..(first + factor).min(frame.width);
                let count = (rows.len() * columns.len()).max(1) as f32;
                let mut sum = [0.0; 3];
                for row in rows.clone() {
                    let start = (row * frame.width + columns.start) * 3;
                    let end = (row * frame.width + columns.end) * 3;
                    for px in frame.data[start..end].chunks_exact(3) {
                        for (s, v) in sum.iter_mut().zip(px) {
                            *s += f32::from(*v);
                        }
                    }
                }
                let values = channels(sum.map(|s| s / count));
                for (plane, value) in self.planes[..used].iter_mut().zip(values) {
                    plane[y * width + x] = value;
                }
            }
        }
        let shrink = 1.0 / factor as f32;
        let plane_from_frame = Affine {
            m: [shrink, 0.0, -(left as f32) * shrink, 0.0, shrink, -(top as f32) * shrink],
        };
        plane_from_frame.after(frame_from_crop)
    }

    /// Bilinear values of plane `k` for every pixel of the crop; 0 outside the frame where that is asked.
    fn sample(
        &self,
        k: usize,
        plane_from_crop: &Affine,
        (crop_width, crop_height): (usize, usize),
        inside: Option<(&Affine, Point)>,
        out: &mut [f32],
    ) {
        let (plane, width) = (&self.planes[k], self.width);
        let (right, bottom) = ((self.width - 1) as f32, (self.height - 1) as f32);
        for (y, row) in out.chunks_exact_mut(crop_width).take(crop_height).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let p = Point::new(x as f32 + 0.5, y as f32 + 0.5);
                if let Some((frame_from_crop, size)) = inside {
                    let q = frame_from_crop.apply(p);
                    if q.x < 0.0 || q.y < 0.0 || q.x > size.x || q.y > size.y {
                        *value = 0.0;
                        continue;
                    }
                }
                let q = plane_from_crop.apply(p);
                let (sx, sy) = ((q.x - 0.5).clamp(0.0, right), (q.y - 0.5).clamp(0.0, bottom));
                let (x0, y0) = (sx as usize, sy as usize);
                let (fx, fy) = (sx - x0 as f32, sy - y0 as f32);
                let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
                let top = plane[y0 * width + x0] * (1.0 - fx) + plane[y0 * width + x1] * fx;
                let low = plane[y1 * width + x0] * (1.0 - fx) + plane[y1 * width + x1] * fx;
                *value = top * (1.0 - fy) + low * fy;
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
