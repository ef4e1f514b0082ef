//! What changed from onset to apex: one picture of brightness, for the window, the report and exported files.

use crate::media::image::{RgbImage, luma};

/// Brightness of one picture minus that of another, with a scale that suits it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Differences in grey levels, −255–255, row by row.
    pub levels: Vec<f32>,
    /// The difference in grey levels that is drawn in full colour: a whole number, at least
    /// [`Difference::LEAST_SCALE`].
    pub scale: f32,
}

impl Difference {
    /// With a smaller scale, the picture would show only the camera's noise.
    pub const LEAST_SCALE: f32 = 6.0;

    /// `later` minus `earlier`; `None` for pictures of different size or without pixels.
    pub fn between(earlier: &RgbImage, later: &RgbImage) -> Option<Self> {
        let (width, height) = (later.width, later.height);
        if (earlier.width, earlier.height) != (width, height) || width * height == 0 {
            return None;
        }
        let gray = |p: &[u8]| luma([f32::from(p[0]), f32::from(p[1]), f32::from(p[2])]);
        let pixels = earlier.data.chunks_exact(3).zip(later.data.chunks_exact(3));
        let levels: Vec<f32> = pixels.map(|(a, b)| gray(b) - gray(a)).collect();
        let mut sizes: Vec<f32> = levels.iter().map(|l| l.abs()).collect();
        // One pixel in two hundred may exceed the scale, so that a reflection does not hide the movement.
        let rank = sizes.len() - 1 - sizes.len() / 200;
        let (_, scale, _) = sizes.select_nth_unstable_by(rank, f32::total_cmp);
        // By rounding, the weights of red, green and blue turn 20 levels into 20.000001.
        let scale = (scale.max(Self::LEAST_SCALE) - 0.001).ceil();
        Some(Self { width, height, levels, scale })
    }

    /// The change of each pixel, row by row: −1 is much darker, 0 is no change, 1 is much brighter. Every
    /// drawing of a difference gives a colour to these values.
    pub fn shares(&self) -> impl Iterator<Item = f32> + '_ {
        self.levels.iter().map(|level| (level / self.scale).clamp(-1.0, 1.0))
    }

    /// The picture in grey: mid-grey without change, white where it became much brighter.
    pub fn in_grey(&self) -> RgbImage {
        let shade = |share: f32| [(127.5 + 127.5 * share) as u8; 3];
        let data = self.shares().flat_map(shade).collect();
        RgbImage { width: self.width, height: self.height, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brighter_is_positive_and_equal_is_zero() {
        let dark = RgbImage::new(10, 10);
        let mut bright = dark.clone();
        bright.data[..3].copy_from_slice(&[40, 40, 40]);
        let difference = Difference::between(&dark, &bright).expect("same size");
        assert!((difference.levels[0] - 40.0).abs() < 1e-3);
        assert_eq!(difference.levels[1], 0.0);
        let back = Difference::between(&bright, &dark).expect("same size");
        assert_eq!(back.levels[0], -difference.levels[0]);
        let grey = difference.in_grey();
        assert_eq!((grey.data[0], grey.data[3]), (255, 127));
        assert_eq!(back.in_grey().data[0], 0);
    }

    #[test]
    fn noise_alone_does_not_fill_the_scale() {
        let flat = RgbImage::new(10, 10);
        let scale = Difference::between(&flat, &flat).map(|d| d.scale);
        assert_eq!(scale, Some(Difference::LEAST_SCALE));
    }

    #[test]
    fn pictures_of_different_size_have_no_difference() {
        assert_eq!(Difference::between(&RgbImage::new(2, 2), &RgbImage::new(2, 3)), None);
        assert_eq!(Difference::between(&RgbImage::default(), &RgbImage::default()), None);
    }
}
