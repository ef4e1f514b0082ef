//! JPEG pictures of Motion-JPEG cameras and files to RGB, and back.
//!
//! Decoders fill the missing part of a damaged picture with grey, which would be measured as motion. So a
//! picture without its end marker counts as lost. A picture without Huffman tables means the standard ones.

use std::borrow::Cow;

use std::io;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::media::huffman::STANDARD_TABLES;
use crate::media::image::{MAX_SIDE_PX, RgbImage};

/// Colour at half the resolution, as in videos: the flow reads brightness only.
const COLOUR: SamplingFactor = SamplingFactor::F_2_2;

/// Encodes one picture at `quality`, 1–100. Fails if a side is longer than 65535 pixels.
pub fn encode(image: &RgbImage, quality: u8) -> io::Result<Vec<u8>> {
    let mut jpeg = Vec::with_capacity(image.data.len() / 8);
    let side = |px: usize| {
        let text = || format!("expected at most {} pixels a side, found {px}", u16::MAX);
        u16::try_from(px).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, text()))
    };
    let (width, height) = (side(image.width)?, side(image.height)?);
    let mut encoder = Encoder::new(&mut jpeg, quality);
    encoder.set_sampling_factor(COLOUR);
    encoder.encode(&image.data, width, height, ColorType::Rgb).map_err(io::Error::other)?;
    Ok(jpeg)
}

/// Decodes one picture. More bytes may follow it, as in the buffers of cameras. The error says what was
/// found, to follow "found".
pub fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let mut image = RgbImage::default();
    decode_into(bytes, &mut image).map(|()| image)
}

/// [`decode`] into `image`, whose memory is used again. After an error, its pixels have no meaning.
pub fn decode_into(bytes: &[u8], image: &mut RgbImage) -> Result<(), String> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err("no JPEG start marker".into());
    }
    let end = end_of_picture(bytes).ok_or("a JPEG cut off before its end marker")?;
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(MAX_SIDE_PX)
        .set_max_height(MAX_SIDE_PX);
    let whole = with_tables(&bytes[..end]);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*whole), options);
    let broken = |error| format!("a broken JPEG ({error})");
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().filter(|info| info.width > 0 && info.height > 0);
    let info = info.ok_or("a JPEG without a size")?;
    image.resize(usize::from(info.width), usize::from(info.height));
    if decoder.output_buffer_size() != Some(image.data.len()) {
        return Err("a JPEG whose pixels do not fill its size".into());
    }
    // What the decoder leaves out must not show an older picture.
    image.data.fill(0);
    decoder.decode_into(&mut image.data).map_err(broken)
}

/// The picture without what follows it, and with its Huffman tables; `None` if it has no end.
pub fn picture(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(with_tables(bytes.get(..end_of_picture(bytes)?)?))
}

/// The picture with the standard Huffman tables before its first scan, if it has no tables of its own.
fn with_tables(picture: &[u8]) -> Cow<'_, [u8]> {
    const START_OF_SCAN: u8 = 0xDA;
    const TABLES: u8 = 0xC4;
    let mut segments = Segments { bytes: picture, at: 2 };
    let found = segments.find(|(marker, _)| [START_OF_SCAN, TABLES].contains(marker));
    match found {
        Some((START_OF_SCAN, at)) => {
            Cow::Owned([&picture[..at], &STANDARD_TABLES, &picture[at..]].concat())
        }
        _ => Cow::Borrowed(picture),
    }
}

/// Position after the end marker of the picture.
fn end_of_picture(bytes: &[u8]) -> Option<usize> {
    const END: u8 = 0xD9;
    Segments { bytes, at: 2 }.find(|(marker, _)| *marker == END).map(|(_, at)| at + 2)
}

/// Markers and their places. Segments are skipped by their length, because a thumbnail in one has markers of
/// its own.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Segments<'_> {
    type Item = (u8, usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.at += self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xFF)?;
            let at = self.at;
            let marker = *self.bytes.get(at + 1)?;
            match marker {
                // A filler byte; a stuffed 0xFF in picture data; markers without a length.
                0xFF => self.at += 1,
                0x00 | 0x01 | 0xD0..=0xD8 => self.at += 2,
                0xD9 => {
                    self.at += 2;
                    return Some((marker, at));
                }
                _ => {
                    let length = self.bytes.get(at + 2..at + 4)?;
                    self.at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                    return Some((marker, at));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Vec<u8> {
        let data = (0..32 * 16).flat_map(|i| [(i % 32) as u8 * 8, 90, 30]).collect();
        encode(&RgbImage { width: 32, height: 16, data }, 95).expect("encodes")
    }

    #[test]
    fn a_picture_comes_back_within_compression_error() {
        let image = decode(&picture()).expect("a JPEG");
        assert_eq!((image.width, image.height), (32, 16));
        let error = |i: usize| (i32::from(image.data[i * 3]) - (i % 32) as i32 * 8).abs();
        assert!((0..32 * 16).all(|i| error(i) < 16));
    }

    #[test]
    fn a_buffer_that_goes_on_after_the_picture_changes_nothing() {
        let mut padded = picture();
        padded.extend([0; 5000]);
        assert_eq!(decode(&padded), decode(&picture()));
        assert_eq!(super::picture(&padded).as_deref(), Some(picture().as_slice()));
    }

    /// A picture with the standard tables, which the encoder writes, and the same one without tables.
    fn with_and_without_tables() -> [Vec<u8>; 2] {
        let mut whole = Vec::new();
        let pixels: Vec<u8> = (0..32 * 16).flat_map(|i| [(i % 32) as u8 * 8, 90, 30]).collect();
        let encoder = jpeg_encoder::Encoder::new(&mut whole, 90);
        encoder.encode(&pixels, 32, 16, jpeg_encoder::ColorType::Rgb).expect("encodes");
        let mut bare = whole.clone();
        while let Some((_, at)) = (Segments { bytes: &bare, at: 2 }).find(|(m, _)| *m == 0xC4) {
            let length = usize::from(u16::from_be_bytes([bare[at + 2], bare[at + 3]]));
            bare.drain(at..at + 2 + length);
        }
        assert!(bare.len() + 400 < whole.len());
        [whole, bare]
    }

    #[test]
    fn a_picture_without_huffman_tables_is_decoded_with_the_standard_ones() {
        let [whole, bare] = with_and_without_tables();
        assert_eq!(decode(&bare), decode(&whole));
        // Any program can show what is stored.
        let stored = super::picture(&bare).expect("a picture");
        assert!(stored.windows(STANDARD_TABLES.len()).any(|bytes| bytes == STANDARD_TABLES));
        assert!(matches!(super::picture(&whole), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn a_torn_picture_is_an_error_wherever_it_is_torn() {
        let whole = picture();
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn noise_is_an_error_and_never_a_panic() {
        let mut bytes = picture();
        for i in 0..bytes.len() {
            let kept = std::mem::replace(&mut bytes[i], 0xA5);
            decode(&bytes).map_or_else(drop, drop);
            bytes[i] = kept;
        }
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_picture_is_an_error_or_a_picture_of_its_size(
            at in 0.0..1.0f64, noise in proptest::collection::vec(0u8.., 1..24), cut in 0.0..1.0f64,
        ) {
            let mut bytes = picture();
            let at = (at * bytes.len() as f64) as usize;
            bytes.iter_mut().skip(at).zip(&noise).for_each(|(place, byte)| *place = *byte);
            bytes.truncate((bytes.len() as f64 * (0.5 + cut)) as usize);
            if let Ok(image) = decode(&bytes) {
                proptest::prop_assert_eq!(image.data.len(), image.width * image.height * 3);
                proptest::prop_assert!(!image.data.is_empty());
            }
        }
    }

    #[test]
    fn a_picture_is_the_same_whatever_its_memory_held_before() {
        let mut image = RgbImage { width: 9, height: 200, data: vec![77; 5400] };
        decode_into(&picture(), &mut image).expect("a JPEG");
        assert_eq!(Ok(image), decode(&picture()));
    }

    #[test]
    fn text_says_that_it_is_no_jpeg() {
        assert_eq!(decode(b"hello"), Err("no JPEG start marker".into()));
    }
}
