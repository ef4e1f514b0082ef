//! From luma and chroma, as cameras and videos carry them, to RGB.
//!
//! A wrong matrix shifts hues and a wrong range flattens contrast. The flow would take both for a change of
//! light. So both are read from the stream if it states them.

use crate::media::image::RgbImage;

/// The weights that made luma from red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601: webcams, JPEG, standard definition.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
}

/// How the stream encodes colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YuvColour {
    /// The luma weights.
    pub matrix: Matrix,
    /// True if luma spans 0–255, false if it spans 16–235.
    pub is_full_range: bool,
}

impl YuvColour {
    /// The colours of a stream that does not state them: BT.601 and the limited range. The standard for
    /// cameras says so (USB video class), and ffmpeg assumes it at any size. Both ways of reading a video
    /// must give the same colours.
    pub const UNSTATED: Self = Self { matrix: Matrix::Bt601, is_full_range: false };
}

/// One picture as three planes; chroma has half the size in both directions (4:2:0).
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    /// Luma, blue difference, red difference.
    pub planes: [&'a [u8]; 3],
    /// Bytes from one row to the next, for luma and for chroma.
    pub strides: [usize; 2],
    /// Width and height in pixels.
    pub size_px: (usize, usize),
}

/// Fixed-point weights with 16 fractional bits.
struct Weights {
    luma_zero: i32,
    luma: i32,
    red_from_v: i32,
    green_from_u: i32,
    green_from_v: i32,
    blue_from_u: i32,
}

impl Weights {
    fn new(colour: YuvColour) -> Self {
        let (red, blue) = match colour.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let green = 1.0 - red - blue;
        let (luma_zero, luma, chroma) =
            if colour.is_full_range { (0, 1.0, 1.0) } else { (16, 255.0 / 219.0, 255.0 / 224.0) };
        let fixed = |weight: f64| (weight * 65536.0).round() as i32;
        Self {
            luma_zero,
            luma: fixed(luma),
            red_from_v: fixed(2.0 * (1.0 - red) * chroma),
            green_from_u: fixed(-2.0 * (1.0 - blue) * blue / green * chroma),
            green_from_v: fixed(-2.0 * (1.0 - red) * red / green * chroma),
            blue_from_u: fixed(2.0 * (1.0 - blue) * chroma),
        }
    }

    /// The part of red, green and blue that a chroma pair adds, with rounding.
    fn chroma(&self, u: u8, v: u8) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        const HALF: i32 = 1 << 15;
        [
            self.red_from_v * v + HALF,
            self.green_from_u * u + self.green_from_v * v + HALF,
            self.blue_from_u * u + HALF,
        ]
    }

    fn rgb(&self, y: u8, chroma: [i32; 3]) -> [u8; 3] {
        let luma = (i32::from(y) - self.luma_zero) * self.luma;
        chroma.map(|c| ((luma + c) >> 16).clamp(0, 255) as u8)
    }
}

/// Fills `image` with a planar picture; `None` if a plane is shorter than its size needs.
pub fn rgb_from_planes(source: Planes<'_>, colour: YuvColour, image: &mut RgbImage) -> Option<()> {
    let (width, height) = source.size_px;
    image.resize(width, height);
    if image.data.is_empty() {
        return None;
    }
    let weights = Weights::new(colour);
    let chroma_width = width.div_ceil(2);
    for (row, out) in image.data.chunks_exact_mut(width * 3).enumerate() {
        let y = source.planes[0].get(row * source.strides[0]..)?.get(..width)?;
        let chroma_at = row / 2 * source.strides[1];
        let u = source.planes[1].get(chroma_at..)?.get(..chroma_width)?;
        let v = source.planes[2].get(chroma_at..)?.get(..chroma_width)?;
        let pairs = y.chunks(2).zip(u).zip(v);
        for (out, ((pair, &u), &v)) in out.chunks_mut(6).zip(pairs) {
            let chroma = weights.chroma(u, v);
            for (px, &y) in out.chunks_exact_mut(3).zip(pair) {
                px.copy_from_slice(&weights.rgb(y, chroma));
            }
        }
    }
    Some(())
}

/// Fills `image` with packed 4:2:2 (`Y U Y V`), the uncompressed format of most webcams. `None` if there are
/// fewer than two bytes a pixel, or if the width is odd.
pub fn rgb_from_yuyv(
    bytes: &[u8],
    (width, height): (usize, usize),
    image: &mut RgbImage,
) -> Option<()> {
    if width % 2 != 0 {
        return None;
    }
    let weights = Weights::new(YuvColour::UNSTATED);
    image.resize(width, height);
    let quads = bytes.get(..width * height * 2)?.chunks_exact(4);
    for (out, quad) in image.data.chunks_exact_mut(6).zip(quads) {
        let chroma = weights.chroma(quad[1], quad[3]);
        out[..3].copy_from_slice(&weights.rgb(quad[0], chroma));
        out[3..].copy_from_slice(&weights.rgb(quad[2], chroma));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITED_601: YuvColour = YuvColour { matrix: Matrix::Bt601, is_full_range: false };
    const FULL_709: YuvColour = YuvColour { matrix: Matrix::Bt709, is_full_range: true };

    /// Into memory that held another picture before.
    fn filled(fill: impl FnOnce(&mut RgbImage) -> Option<()>) -> Option<RgbImage> {
        let mut image = RgbImage { width: 1, height: 9, data: vec![77; 27] };
        fill(&mut image).map(|()| image)
    }

    fn one_pixel(y: u8, u: u8, v: u8, colour: YuvColour) -> Vec<u8> {
        let planes = [&[y][..], &[u][..], &[v][..]];
        let source = Planes { planes, strides: [1, 1], size_px: (1, 1) };
        filled(|image| rgb_from_planes(source, colour, image)).expect("one pixel").data
    }

    #[test]
    fn black_and_white_of_either_range_reach_the_ends() {
        assert_eq!(one_pixel(16, 128, 128, LIMITED_601), [0, 0, 0]);
        assert_eq!(one_pixel(235, 128, 128, LIMITED_601), [255, 255, 255]);
        assert_eq!(one_pixel(0, 128, 128, FULL_709), [0, 0, 0]);
        assert_eq!(one_pixel(255, 128, 128, FULL_709), [255, 255, 255]);
    }

    /// The code values of full red, from the definitions of the two standards.
    #[test]
    fn pure_red_comes_back_red_under_its_own_matrix() {
        assert_eq!(one_pixel(81, 90, 240, LIMITED_601), [254, 0, 0]);
        assert_eq!(one_pixel(54, 99, 255, FULL_709), [254, 0, 0]);
    }

    #[test]
    fn odd_sizes_keep_their_last_column_and_row() {
        let (y, u) = ([100; 15], [128; 6]);
        let source = Planes { planes: [&y, &u, &u], strides: [5, 3], size_px: (5, 3) };
        let image = filled(|image| rgb_from_planes(source, FULL_709, image)).expect("a picture");
        assert_eq!(image.data, [100; 45]);
    }

    #[test]
    fn packed_pixels_share_their_chroma() {
        let yuyv = [16, 128, 235, 128];
        let image = filled(|image| rgb_from_yuyv(&yuyv, (2, 1), image)).expect("two pixels");
        assert_eq!(image.data, [0, 0, 0, 255, 255, 255]);
    }

    #[test]
    fn too_few_bytes_are_no_picture() {
        assert_eq!(filled(|image| rgb_from_yuyv(&[0; 7], (2, 2), image)), None);
        let source = Planes { planes: [&[0; 3], &[0], &[0]], strides: [2, 1], size_px: (2, 2) };
        assert_eq!(filled(|image| rgb_from_planes(source, FULL_709, image)), None);
    }
}
