//! H.264 pictures from samples as MP4 stores them.
//!
//! Pictures leave a decoder in display order, later than they went in, and carry no name. Each is
//! paired with the earliest display time that went in and has not come out yet.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use crate::image::RgbImage;
use crate::source::colour::{Matrix, Planes, YuvColour, rgb_from_planes};

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The decoder's set-up, from an MP4's `avcC` box (ISO/IEC 14496-15, 5.3.3).
#[derive(Debug)]
pub(super) struct AvcConfig {
    /// How many bytes give the length of a unit inside a sample: 1, 2 or 4.
    length_bytes: usize,
    /// The parameter sets with start codes, as the decoder wants them.
    parameter_sets: Vec<u8>,
    /// What the first parameter set says.
    pub(super) stream: Stream,
}

impl AvcConfig {
    /// None when the box is cut short or holds no parameter set.
    pub(super) fn parse(avcc: &[u8]) -> Option<Self> {
        let length_bytes = usize::from(avcc.get(4)? & 3) + 1;
        let mut parameter_sets = Vec::new();
        let mut stream = None;
        let mut rest = avcc.get(5..)?;
        for mask in [0x1F, 0xFF] {
            let (count, after) = rest.split_first()?;
            rest = after;
            for _ in 0..count & mask {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let unit = rest.get(2..2 + length)?;
                stream = stream.or_else(|| Stream::parse(unit));
                parameter_sets.extend(START_CODE);
                parameter_sets.extend(unit);
                rest = &rest[2 + length..];
            }
        }
        Some(Self { length_bytes, parameter_sets, stream: stream? })
    }

    /// Writes a sample's units with start codes into `units`; false when a length lies.
    fn with_start_codes(&self, sample: &[u8], units: &mut Vec<u8>) -> bool {
        let mut rest = sample;
        while !rest.is_empty() {
            let Some((length, after)) = rest.split_at_checked(self.length_bytes) else {
                return false;
            };
            let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            let Some((unit, after)) = after.split_at_checked(length) else { return false };
            units.extend(START_CODE);
            units.extend(unit);
            rest = after;
        }
        true
    }
}

/// What a sequence parameter set says of the stream (ITU-T H.264, 7.3.2.1.1 and E.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stream {
    /// 8-bit 4:2:0 frames without interlacing: what the decoder here can do.
    pub(super) is_plain: bool,
    /// Whether luma spans 0–255, where the stream says so.
    is_full_range: Option<bool>,
    /// The code of the colour matrix, where the stream says so: 1 is BT.709, 5 and 6 are BT.601.
    matrix_code: Option<u32>,
}

impl Stream {
    /// The colour encoding for a picture of this height.
    pub(super) fn colour(&self, height_px: usize) -> YuvColour {
        let unstated = YuvColour::unstated(height_px);
        YuvColour {
            matrix: match self.matrix_code {
                Some(1) => Matrix::Bt709,
                Some(4..=6) => Matrix::Bt601,
                _ => unstated.matrix,
            },
            is_full_range: self.is_full_range.unwrap_or(unstated.is_full_range),
        }
    }

    /// None when `unit` is no sequence parameter set or is cut short.
    fn parse(unit: &[u8]) -> Option<Self> {
        if unit.first()? & 0x1F != 7 {
            return None;
        }
        let bytes = without_emulation_prevention(&unit[1..]);
        let bits = &mut Bits { bytes: &bytes, at: 0 };
        let profile = bits.read(8)?;
        bits.read(16)?;
        bits.exp_golomb()?;
        let mut is_plain = true;
        if matches!(profile, 44 | 83 | 86 | 100 | 110 | 118 | 122 | 128 | 134 | 138 | 139 | 244) {
            let chroma_format = bits.exp_golomb()?;
            if chroma_format == 3 {
                bits.read(1)?;
            }
            let depths = (bits.exp_golomb()?, bits.exp_golomb()?);
            is_plain = chroma_format == 1 && depths == (0, 0);
            bits.read(1)?;
            if bits.read(1)? == 1 {
                skip_scaling_lists(bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        bits.exp_golomb()?;
        match bits.exp_golomb()? {
            0 => {
                bits.exp_golomb()?;
            }
            1 => {
                bits.read(1)?;
                bits.exp_golomb()?;
                bits.exp_golomb()?;
                for _ in 0..bits.exp_golomb()?.min(255) {
                    bits.exp_golomb()?;
                }
            }
            _ => {}
        }
        bits.exp_golomb()?;
        bits.read(1)?;
        bits.exp_golomb()?;
        bits.exp_golomb()?;
        let frames_only = bits.read(1)? == 1;
        if !frames_only {
            bits.read(1)?;
        }
        bits.read(1)?;
        if bits.read(1)? == 1 {
            for _ in 0..4 {
                bits.exp_golomb()?;
            }
        }
        let mut stream = Self { is_plain: is_plain && frames_only, ..Self::default() };
        if bits.read(1)? == 1 {
            stream.read_colour(bits)?;
        }
        Some(stream)
    }

    fn read_colour(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        const EXTENDED_ASPECT: u32 = 255;
        if bits.read(1)? == 1 && bits.read(8)? == EXTENDED_ASPECT {
            bits.read(32)?;
        }
        if bits.read(1)? == 1 {
            bits.read(1)?;
        }
        if bits.read(1)? == 1 {
            bits.read(3)?;
            self.is_full_range = Some(bits.read(1)? == 1);
            if bits.read(1)? == 1 {
                bits.read(16)?;
                self.matrix_code = Some(bits.read(8)?);
            }
        }
        Some(())
    }
}

fn skip_scaling_lists(bits: &mut Bits<'_>, lists: usize) -> Option<()> {
    for list in 0..lists {
        if bits.read(1)? == 0 {
            continue;
        }
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                let code = i64::from(bits.exp_golomb()?);
                let delta = if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) };
                next = (last + delta).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Some(())
}

/// Drops the 3 of every `0 0 3`, which is there so that data never looks like a start code.
fn without_emulation_prevention(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for &byte in bytes {
        if zeros == 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { (zeros + 1).min(2) } else { 0 };
        plain.push(byte);
    }
    plain
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next `count` bits, at most 32.
    fn read(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// An unsigned Exp-Golomb code (ITU-T H.264, 9.1).
    fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.read(1)? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some(((1 << zeros) - 1) + self.read(zeros)?)
    }
}

/// A picture with its place in the order of display.
pub(super) type Shown = (u64, Result<RgbImage, String>);

/// Decodes samples that are named by their place in the order of display.
pub(super) struct H264 {
    decoder: Decoder,
    config: AvcConfig,
    /// Places whose pictures are still inside the decoder, earliest first.
    waiting: BinaryHeap<Reverse<u64>>,
    units: Vec<u8>,
    has_parameter_sets: bool,
}

impl H264 {
    /// The error says what the decoder answered.
    pub(super) fn new(config: AvcConfig) -> Result<Self, String> {
        // Flushing after every sample would push pictures out before earlier ones have gone in.
        let settings = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), settings)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            decoder,
            config,
            waiting: BinaryHeap::new(),
            units: Vec::new(),
            has_parameter_sets: false,
        })
    }

    /// Takes the sample to be shown at `place`; gives the picture that leaves the decoder, if any.
    pub(super) fn decode(&mut self, place: u64, sample: &[u8]) -> Option<Shown> {
        self.units.clear();
        if !self.has_parameter_sets {
            self.units.extend(&self.config.parameter_sets);
            self.has_parameter_sets = true;
        }
        if !self.config.with_start_codes(sample, &mut self.units) {
            return Some((place, Err("a sample whose units do not fill it".into())));
        }
        match self.decoder.decode(&self.units) {
            Ok(picture) => {
                self.waiting.push(Reverse(place));
                let picture = picture?;
                let Reverse(first) = self.waiting.pop()?;
                Some((first, rgb(&picture, &self.config.stream)))
            }
            Err(error) => Some((place, Err(format!("a sample that does not decode ({error})")))),
        }
    }

    /// Everything that is still inside the decoder, in order.
    pub(super) fn finish(&mut self) -> Vec<Shown> {
        let pictures = self.decoder.flush_remaining().unwrap_or_default();
        let mut shown: Vec<Shown> = pictures
            .iter()
            .filter_map(|picture| {
                let Reverse(first) = self.waiting.pop()?;
                Some((first, rgb(picture, &self.config.stream)))
            })
            .collect();
        while let Some(Reverse(place)) = self.waiting.pop() {
            shown.push((place, Err("a sample without a picture".into())));
        }
        shown
    }
}

fn rgb(picture: &DecodedYUV<'_>, stream: &Stream) -> Result<RgbImage, String> {
    let (size_px, strides) = (picture.dimensions(), picture.strides());
    let source = Planes {
        planes: [picture.y(), picture.u(), picture.v()],
        strides: [strides.0, strides.1],
        size_px,
    };
    rgb_from_planes(source, stream.colour(size_px.1))
        .ok_or_else(|| "a picture smaller than it says".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameter set of `tests/fixtures/video/vfr_709_full.mp4`.
    const SPS: [u8; 27] = [
        0x67, 0x64, 0x00, 0x0A, 0xAC, 0xD9, 0x46, 0x26, 0xC0, 0x5B, 0x80, 0x80, 0x80, 0xA0, 0x00,
        0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x07, 0x81, 0xE2, 0x44, 0xB2, 0xC0,
    ];

    #[test]
    fn the_three_after_two_zeros_is_dropped_and_no_other() {
        assert_eq!(
            without_emulation_prevention(&[0, 0, 3, 3, 0, 3, 0, 0, 3]),
            [0, 0, 3, 0, 3, 0, 0]
        );
    }

    #[test]
    fn exp_golomb_codes_read_as_in_the_standards_table() {
        // 1, 010, 011, 00100, 00111
        let bytes = [0b1010_0110, 0b0100_0011, 0b1000_0000];
        let bits = &mut Bits { bytes: &bytes, at: 0 };
        let codes: Vec<u32> = (0..5).filter_map(|_| bits.exp_golomb()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 6]);
    }

    #[test]
    fn a_parameter_set_tells_of_its_colours() {
        let stream = Stream::parse(&SPS).expect("a parameter set");
        assert!(stream.is_plain);
        let expected = YuvColour { matrix: Matrix::Bt709, is_full_range: true };
        assert_eq!(stream.colour(64), expected);
    }

    #[test]
    fn what_says_nothing_of_colour_gets_the_usual() {
        let silent = Stream::default();
        assert_eq!(silent.colour(480), YuvColour { matrix: Matrix::Bt601, is_full_range: false });
        assert_eq!(silent.colour(1080).matrix, Matrix::Bt709);
        let stated = Stream { matrix_code: Some(6), ..silent };
        assert_eq!(stated.colour(1080).matrix, Matrix::Bt601);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_parameter_set_or_none_and_never_a_panic(
            at in 1usize..27, noise in proptest::collection::vec(0u8.., 0..80),
        ) {
            let mut unit = SPS[..at].to_vec();
            unit.extend(&noise);
            Stream::parse(&unit);
            AvcConfig::parse(&noise);
        }
    }
}
