//! One JPEG picture to RGB, as Motion-JPEG cameras and files deliver it, and back.
//!
//! Decoders fill what a torn picture lacks with grey, which would be measured as motion. So a picture
//! without its end marker counts as torn, and is lost rather than believed.

use std::io;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::media::image::{MAX_SIDE_PX, RgbImage};

/// Colour at half the resolution, as videos have it too: flow reads brightness alone.
const COLOUR: SamplingFactor = SamplingFactor::F_2_2;

/// Encodes one picture at `quality`, 1–100. An error where a side is longer than 65535 pixels.
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

/// Decodes one picture. `bytes` may go on after it, as camera buffers do. The error says what was
/// found, to follow "found".
pub fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let mut image = RgbImage::default();
    decode_into(bytes, &mut image).map(|()| image)
}

/// [`decode`] into `image`, whose memory is used again. After an error its pixels mean nothing.
pub fn decode_into(bytes: &[u8], image: &mut RgbImage) -> Result<(), String> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err("no JPEG start marker".into());
    }
    let end = end_of_picture(bytes).ok_or("a JPEG cut off before its end marker")?;
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(MAX_SIDE_PX)
        .set_max_height(MAX_SIDE_PX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..end]), options);
    let broken = |error| format!("a broken JPEG ({error})");
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().filter(|info| info.width > 0 && info.height > 0);
    let info = info.ok_or("a JPEG without a size")?;
    image.resize(usize::from(info.width), usize::from(info.height));
    if decoder.output_buffer_size() != Some(image.data.len()) {
        return Err("a JPEG whose pixels do not fill its size".into());
    }
    // What the decoder leaves out must not be what another picture left.
    image.data.fill(0);
    decoder.decode_into(&mut image.data).map_err(broken)
}

/// The picture without what follows it; none where it has no end.
pub fn picture(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(..end_of_picture(bytes)?)
}

/// One past the end marker that closes the picture. Segments are stepped over by their length, since
/// a thumbnail inside one has an end marker of its own.
fn end_of_picture(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xD9 => return Some(at + 2),
            // A filler byte; a stuffed 0xFF inside picture data; markers without a length.
            0xFF => at += 1,
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            _ => {
                let length = bytes.get(at + 2..at + 4)?;
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
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
        assert_eq!(super::picture(&padded), Some(picture().as_slice()));
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
