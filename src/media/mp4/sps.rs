//! What an H.264 stream says of itself before its first picture: whether the decoder here can read
//! it, and how its colours are encoded.

use crate::media::colour::{Matrix, YuvColour};

/// What a sequence parameter set says of the stream (ITU-T H.264, 7.3.2.1.1 and E.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// 8-bit 4:2:0 frames without interlacing: what the decoder here can do.
    pub(crate) is_plain: bool,
    /// Whether luma spans 0–255, where the stream says so.
    is_full_range: Option<bool>,
    /// The code of the colour matrix, where the stream says so: 1 is BT.709, 5 and 6 are BT.601.
    matrix_code: Option<u32>,
}

impl Stream {
    /// The colour encoding for a picture of this height.
    pub(crate) fn colour(&self, height_px: usize) -> YuvColour {
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
    pub(crate) fn parse(unit: &[u8]) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::mp4::h264::AvcConfig;

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
