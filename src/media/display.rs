//! From a picture as it is stored to the picture that is shown: turned and mirrored as the file says, with
//! square pixels, and with one size from the first picture to the last.
//!
//! ffmpeg shows videos like this by default, and both ways of reading a video must give the same picture.

use std::sync::Arc;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::media::image::RgbImage;
use crate::media::pool::Pool;

/// How a stored picture is turned and mirrored for display: one of the eight ways to lay a rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// True if columns become rows.
    swaps: bool,
    /// True if the picture is mirrored left to right, after the swap.
    flips_x: bool,
    /// True if the picture is mirrored top to bottom, after the swap.
    flips_y: bool,
}

impl Orientation {
    /// From the matrices `[a, b, c, d]` of a track and of its movie (ISO/IEC 14496-12, 6.2.2): a stored pixel
    /// at (x, y) is shown at (ax + cy, bx + dy). `None` unless the result is a turn by right angles, mirrored
    /// or not.
    pub(crate) fn from_matrices(track: [i32; 4], movie: [i32; 4]) -> Option<Self> {
        let ([a, b, c, d], movie) = (track.map(i128::from), movie.map(i128::from));
        let product = match movie {
            [0, 0, 0, 0] => [a, b, c, d],
            [e, f, g, h] => [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h],
        };
        // Lengths that differ by at most one percent count as equal.
        let is_even = |p: i128, q: i128| (p.abs() - q.abs()).abs() * 100 <= p.abs();
        match product {
            [0, 0, 0, 0] => Some(Self::default()),
            [a, 0, 0, d] if a != 0 && d != 0 && is_even(a, d) => {
                Some(Self { swaps: false, flips_x: a < 0, flips_y: d < 0 })
            }
            [0, b, c, 0] if b != 0 && c != 0 && is_even(b, c) => {
                Some(Self { swaps: true, flips_x: c < 0, flips_y: b < 0 })
            }
            _ => None,
        }
    }

    /// Upside down.
    #[cfg(test)]
    pub(crate) const HALF_TURN: Self = Self { swaps: false, flips_x: true, flips_y: true };

    fn size_px(self, (width, height): (usize, usize)) -> (usize, usize) {
        if self.swaps { (height, width) } else { (width, height) }
    }

    /// Draws `source` into `shown` as it is to be shown.
    fn apply(self, source: &RgbImage, shown: &mut RgbImage) {
        let (width, height) = self.size_px((source.width, source.height));
        shown.resize(width, height);
        for (y, row) in shown.data.chunks_exact_mut(width.max(1) * 3).enumerate() {
            let v = if self.flips_y { height - 1 - y } else { y };
            for (x, px) in row.chunks_exact_mut(3).enumerate() {
                let u = if self.flips_x { width - 1 - x } else { x };
                let (from_x, from_y) = if self.swaps { (v, u) } else { (u, v) };
                let at = (from_y * source.width + from_x) * 3;
                px.copy_from_slice(&source.data[at..at + 3]);
            }
        }
    }
}

/// Width over height of one stored pixel, as a fraction. 1:1 if a file does not say it or says nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PixelAspect(u32, u32);

impl Default for PixelAspect {
    fn default() -> Self {
        Self(1, 1)
    }
}

impl PixelAspect {
    /// `None` if either number is 0, which means that nothing is stated.
    pub(crate) fn new(width: u32, height: u32) -> Option<Self> {
        (width > 0 && height > 0).then_some(Self(width, height))
    }

    /// The size of a picture of such pixels after they are made square: its width changes.
    fn square(self, (width, height): (usize, usize)) -> (usize, usize) {
        let width = width as u64 * u64::from(self.0) / u64::from(self.1);
        (usize::try_from(width).unwrap_or(usize::MAX).max(1), height)
    }
}

/// Turns stored pictures into shown ones.
pub(crate) struct Display {
    orientation: Orientation,
    size_px: (usize, usize),
    resizer: Resizer,
    pool: Pool,
}

impl Display {
    /// For a stream whose first picture has `stored_px` columns and rows.
    pub(crate) fn new(
        orientation: Orientation,
        stored_px: (usize, usize),
        aspect: PixelAspect,
    ) -> Self {
        let PixelAspect(across, down) = aspect;
        let shown = if orientation.swaps { PixelAspect(down, across) } else { aspect };
        let size_px = shown.square(orientation.size_px(stored_px));
        Self { orientation, size_px, resizer: Resizer::new(), pool: Pool::default() }
    }

    /// Columns and rows of every shown picture.
    pub(crate) fn size_px(&self) -> (usize, usize) {
        self.size_px
    }

    /// The picture as it is to be shown. The error says what was found, to follow "found".
    pub(crate) fn show(&mut self, stored: Arc<RgbImage>) -> Result<Arc<RgbImage>, String> {
        let turned = if self.orientation == Orientation::default() {
            stored
        } else {
            let orientation = self.orientation;
            self.pool.draw(|image| {
                orientation.apply(&stored, image);
                Ok::<_, String>(())
            })?
        };
        if (turned.width, turned.height) == self.size_px {
            return Ok(turned);
        }
        let (resizer, size_px) = (&mut self.resizer, self.size_px);
        self.pool.draw(|image| resize(resizer, &turned, size_px, image))
    }
}

/// Bicubic, because ffmpeg scales so by default.
fn resize(
    resizer: &mut Resizer,
    from: &RgbImage,
    (width, height): (usize, usize),
    to: &mut RgbImage,
) -> Result<(), String> {
    let failed = |_| format!("a picture of {}×{} that cannot be scaled", from.width, from.height);
    let side = |side: usize| u32::try_from(side).map_err(|_| "a picture that is too large");
    to.resize(width, height);
    let source = ImageRef::new(side(from.width)?, side(from.height)?, &from.data, PixelType::U8x3)
        .map_err(|_| "a picture without pixels")?;
    let mut target =
        Image::from_slice_u8(side(width)?, side(height)?, &mut to.data, PixelType::U8x3)
            .map_err(|_| "a picture without pixels")?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    resizer.resize(&source, &mut target, &options).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;
    const PLAIN: [i32; 4] = [ONE, 0, 0, ONE];

    /// Three columns and two rows: 0 1 2 over 3 4 5.
    fn numbered() -> Arc<RgbImage> {
        let data = (0..6).flat_map(|i| [i; 3]).collect();
        Arc::new(RgbImage { width: 3, height: 2, data })
    }

    fn shown(track: [i32; 4], movie: [i32; 4]) -> (usize, Vec<u8>) {
        let orientation = Orientation::from_matrices(track, movie).expect("a right angle");
        let mut display = Display::new(orientation, (3, 2), PixelAspect::default());
        let image = display.show(numbered()).expect("shown");
        (image.width, image.data.iter().step_by(3).copied().collect())
    }

    #[test]
    fn every_turn_and_mirror_is_obeyed() {
        for (matrix, width, expected) in [
            ([ONE, 0, 0, ONE], 3, [0, 1, 2, 3, 4, 5]),
            ([-ONE, 0, 0, ONE], 3, [2, 1, 0, 5, 4, 3]),
            ([ONE, 0, 0, -ONE], 3, [3, 4, 5, 0, 1, 2]),
            ([-ONE, 0, 0, -ONE], 3, [5, 4, 3, 2, 1, 0]),
            ([0, ONE, -ONE, 0], 2, [3, 0, 4, 1, 5, 2]),
            ([0, -ONE, ONE, 0], 2, [2, 5, 1, 4, 0, 3]),
            ([0, ONE, ONE, 0], 2, [0, 3, 1, 4, 2, 5]),
            ([0, -ONE, -ONE, 0], 2, [5, 2, 4, 1, 3, 0]),
        ] {
            assert_eq!(shown(matrix, PLAIN), (width, expected.to_vec()), "{matrix:?}");
            assert_eq!(shown(PLAIN, matrix), (width, expected.to_vec()), "{matrix:?}");
        }
        let half = [-ONE, 0, 0, -ONE];
        assert_eq!(shown(half, half).1, [0, 1, 2, 3, 4, 5]);
        assert_eq!(Orientation::from_matrices(half, PLAIN), Some(Orientation::HALF_TURN));
    }

    #[test]
    fn other_angles_and_uneven_scales_are_not_guessed_at() {
        for matrix in [[ONE, ONE, -ONE, ONE], [ONE, 0, 0, 2 * ONE], [ONE, 0, 0, 0]] {
            assert_eq!(Orientation::from_matrices(matrix, PLAIN), None, "{matrix:?}");
        }
    }

    #[test]
    fn oblong_pixels_are_made_square_whichever_way_the_picture_is_turned() {
        let aspect = PixelAspect::new(4, 3).expect("an aspect");
        let upright = Display::new(Orientation::default(), (320, 240), aspect);
        assert_eq!(upright.size_px(), (426, 240));
        let turned = Orientation::from_matrices([0, ONE, -ONE, 0], PLAIN).expect("a turn");
        assert_eq!(Display::new(turned, (320, 240), aspect).size_px(), (180, 320));
        assert_eq!(PixelAspect::new(0, 1), None);
    }

    #[test]
    fn a_picture_of_another_size_is_shown_at_the_first_ones() {
        let mut display = Display::new(Orientation::default(), (6, 4), PixelAspect::default());
        let grey = Arc::new(RgbImage { width: 3, height: 2, data: vec![90; 18] });
        let shown = display.show(grey).expect("shown");
        assert_eq!((shown.width, shown.height), (6, 4));
        assert!(shown.data.iter().all(|level| *level == 90));
    }
}
