//! What a camera driver must be able to do, whichever library talks to it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::choose::CaptureFormat;
use crate::media::colour::{Planes, YuvColour, rgb_from_planes, rgb_from_yuyv};
use crate::media::image::{MAX_SIDE_PX, RgbImage};
use crate::media::jpeg;

/// How a camera sends its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One JPEG for each picture.
    Mjpeg,
    /// Packed 4:2:2, `Y U Y V`.
    Yuyv,
    /// Luma, then a plane of half-size `U V` pairs.
    Nv12,
    /// Luma only.
    Grey,
    /// Three bytes a pixel.
    Rgb,
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mjpeg => "MJPEG",
            Self::Yuyv => "YUYV",
            Self::Nv12 => "NV12",
            Self::Grey => "grey",
            Self::Rgb => "RGB",
        })
    }
}

/// One picture as the driver delivers it.
#[derive(Clone, Debug)]
pub struct Raw<'a> {
    /// The bytes. More bytes may follow the end of a JPEG.
    pub bytes: Cow<'a, [u8]>,
    /// How to read them.
    pub pixels: PixelFormat,
    /// Width and height in pixels. For a JPEG, its own size counts.
    pub size_px: (usize, usize),
    /// Time of capture on the driver's own clock; `None` if the driver does not say.
    pub captured: Option<Duration>,
    /// The driver's number of the picture; a jump is a loss.
    pub sequence: Option<u32>,
    /// True if the driver says that the bytes are damaged.
    pub is_damaged: bool,
}

impl Raw<'_> {
    /// The JPEG as the camera made it; if the camera left out the Huffman tables, with them. `None` for other
    /// formats.
    pub fn jpeg(&self) -> Option<Cow<'_, [u8]>> {
        (self.pixels == PixelFormat::Mjpeg).then(|| jpeg::picture(&self.bytes)).flatten()
    }

    /// Draws the picture into `image`, whose memory is used again. The error says what was found, to follow
    /// "found"; after an error, the pixels have no meaning.
    pub fn decode_into(&self, image: &mut RgbImage) -> Result<(), String> {
        if self.is_damaged {
            return Err("a picture that the driver calls damaged".into());
        }
        let (width, height) = self.size_px;
        // A JPEG states its own size.
        let sides = if self.pixels == PixelFormat::Mjpeg { [1, 1] } else { [width, height] };
        if sides.iter().any(|side| !(1..=MAX_SIDE_PX).contains(side)) {
            return Err(format!("a picture of {width}×{height} pixels"));
        }
        let short = || format!("{} bytes for {width}×{height} {}", self.bytes.len(), self.pixels);
        match self.pixels {
            PixelFormat::Mjpeg => jpeg::decode_into(&self.bytes, image),
            PixelFormat::Yuyv => rgb_from_yuyv(&self.bytes, self.size_px, image).ok_or_else(short),
            PixelFormat::Nv12 => rgb_from_nv12(&self.bytes, self.size_px, image).ok_or_else(short),
            PixelFormat::Grey => {
                let luma = self.bytes.get(..width * height).ok_or_else(short)?;
                image.resize(width, height);
                for (px, &level) in image.data.chunks_exact_mut(3).zip(luma) {
                    px.fill(level);
                }
                Ok(())
            }
            PixelFormat::Rgb => {
                let pixels = self.bytes.get(..width * height * 3).ok_or_else(short)?;
                image.resize(width, height);
                image.data.copy_from_slice(pixels);
                Ok(())
            }
        }
    }
}

fn rgb_from_nv12(bytes: &[u8], size_px: (usize, usize), image: &mut RgbImage) -> Option<()> {
    let (width, height) = size_px;
    let (luma, pairs) = bytes.split_at_checked(width * height)?;
    let chroma = |which: usize| pairs.iter().skip(which).step_by(2).copied().collect::<Vec<u8>>();
    let (u, v) = (chroma(0), chroma(1));
    let source = Planes { planes: [luma, &u, &v], strides: [width, width.div_ceil(2)], size_px };
    rgb_from_planes(source, YuvColour::UNSTATED, image)
}

/// The result of reading from the driver once.
#[derive(Debug)]
pub enum Read<'a> {
    /// A picture.
    Picture(Raw<'a>),
    /// No picture yet.
    Nothing,
}

/// Why a device cannot be opened or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is not there, or no longer there.
    Gone,
    /// This user may not open it.
    Denied,
    /// Another program uses it.
    Busy,
    /// Anything else, in the driver's words.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "it is not connected",
            Self::Denied => "this user may not open it",
            Self::Busy => "another program is using it",
            Self::Broken(words) => words,
        })
    }
}

/// An open camera. Made and read in one thread.
pub trait Device {
    /// The format that was agreed with the driver.
    fn format(&self) -> CaptureFormat;

    /// Waits up to `patience` for a picture. After a failure, the device must be opened again.
    fn read(&mut self, patience: Duration) -> Result<Read<'_>, Failure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(pixels: PixelFormat, bytes: &[u8]) -> Raw<'_> {
        let bytes = Cow::Borrowed(bytes);
        Raw { bytes, pixels, size_px: (2, 2), captured: None, sequence: None, is_damaged: false }
    }

    fn decode(raw: &Raw<'_>) -> Result<RgbImage, String> {
        let mut image = RgbImage { width: 1, height: 9, data: vec![77; 27] };
        raw.decode_into(&mut image).map(|()| image)
    }

    #[test]
    fn mid_grey_is_mid_grey_in_every_uncompressed_format() {
        let yuyv = [126, 128, 126, 128, 126, 128, 126, 128];
        for (pixels, bytes) in [
            (PixelFormat::Yuyv, &yuyv[..]),
            (PixelFormat::Nv12, &[126, 126, 126, 126, 128, 128]),
            (PixelFormat::Grey, &[128; 4]),
            (PixelFormat::Rgb, &[128; 12]),
        ] {
            let image = decode(&raw(pixels, bytes)).expect("a picture");
            assert_eq!(image.data, [128; 12], "{pixels}");
        }
    }

    #[test]
    fn a_short_picture_says_how_short_it_is() {
        let text = decode(&raw(PixelFormat::Yuyv, &[0; 7])).expect_err("short");
        assert_eq!(text, "7 bytes for 2×2 YUYV");
    }

    #[test]
    fn a_size_of_nothing_or_of_gigabytes_is_not_believed() {
        for size_px in [(0, 4), (4, 0), (usize::MAX, usize::MAX), (2, MAX_SIDE_PX + 1)] {
            for pixels in
                [PixelFormat::Yuyv, PixelFormat::Nv12, PixelFormat::Grey, PixelFormat::Rgb]
            {
                let picture = Raw { size_px, ..raw(pixels, &[0; 64]) };
                assert!(decode(&picture).expect_err("refused").contains("pixels"));
            }
        }
    }

    #[test]
    fn a_picture_that_the_driver_calls_damaged_is_not_believed() {
        let picture = Raw { is_damaged: true, ..raw(PixelFormat::Grey, &[128; 4]) };
        assert!(decode(&picture).is_err());
    }
}
