//! What an H.264 stream says about itself before its first picture: whether the decoder here can decode it,
//! and how its colours are encoded.

use crate::media::colour::{Matrix, YuvColour};
use crate::media::display::PixelAspect;

/// The encoding of colours, as far as it is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatedColour {
    /// True if luma spans 0–255.
    pub(crate) is_full_range: Option<bool>,
    /// Code of the colour matrix (ITU-T H.273, 8.3): 1 is BT.709, 5 and 6 are BT.601, 2 means that nothing is
    /// stated.
    pub(crate) matrix_code: Option<u32>,
}

impl StatedColour {
    /// What is stated here, else what `other` states.
    pub(crate) fn or(self, other: Self) -> Self {
        let matrix = self.matrix_code.filter(|code| *code != 2);
        Self {
            is_full_range: self.is_full_range.or(other.is_full_range),
            matrix_code: matrix.or(other.matrix_code),
        }
    }

    /// The colour encoding; `None` for a matrix that is not known here.
    pub(crate) fn encoding(self) -> Option<YuvColour> {
        let unstated = YuvColour::UNSTATED;
        let matrix = match self.matrix_code {
            None | Some(2) => unstated.matrix,
            Some(1) => Matrix::Bt709,
            Some(4..=6) => Matrix::Bt601,
            Some(_) => return None,
        };
        let is_full_range = self.is_full_range.unwrap_or(unstated.is_full_range);
        Some(YuvColour { matrix, is_full_range })
    }
}

/// What a sequence parameter set says about the stream (ITU-T H.264, 7.3.2.1.1 and E.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// True for 8-bit 4:2:0 frames without interlacing, which the decoder here can decode.
    pub(crate) is_plain: bool,
    /// Columns and rows of a picture, without what is cropped.
    pub(crate) size_px: (usize, usize),
    /// The shape of a pixel.
    pub(crate) aspect: Option<PixelAspect>,
    /// The colours.
    pub(crate) colour: StatedColour,
}

impl Stream {
    /// `None` if `unit` is no sequence parameter set or is cut short.
    pub(crate) fn parse(unit: &[u8]) -> Option<Self> {
        if unit.first()? & 0x1F != 7 {
            return None;
        }
        let bytes = without_emulation_prevention(&unit[1..]);
        let bits = &mut Bits { bytes: &bytes, at: 0 };
        let is_plain = read_format(bits)?;
        read_counts(bits)?;
        let (columns, rows) = (macroblocks(bits)?, macroblocks(bits)?);
        let frames_only = bits.read(1)? == 1;
        if !frames_only {
            bits.read(1)?;
        }
        bits.read(1)?;
        let mut cropped = [0; 4];
        if bits.read(1)? == 1 {
            for side in &mut cropped {
                *side = bits.exp_golomb()?;
            }
        }
        // Cropping counts in pairs of pixels, because two pixels share their colour.
        let left_of = |whole: usize, from: u32, to: u32| {
            whole.saturating_sub(2 * (from as usize).saturating_add(to as usize))
        };
        let [left, right, top, bottom] = cropped;
        let mut stream = Self {
            is_plain: is_plain && frames_only,
            size_px: (left_of(columns, left, right), left_of(rows, top, bottom)),
            ..Self::default()
        };
        if bits.read(1)? == 1 {
            stream.read_usability(bits)?;
        }
        Some(stream)
    }

    fn read_usability(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        const EXTENDED_ASPECT: u32 = 255;
        if bits.read(1)? == 1 {
            self.aspect = match bits.read(8)? {
                EXTENDED_ASPECT => PixelAspect::new(bits.read(16)?, bits.read(16)?),
                code => ASPECTS.get(code as usize).and_then(|(w, h)| PixelAspect::new(*w, *h)),
            };
        }
        if bits.read(1)? == 1 {
            bits.read(1)?;
        }
        if bits.read(1)? == 1 {
            bits.read(3)?;
            self.colour.is_full_range = Some(bits.read(1)? == 1);
            if bits.read(1)? == 1 {
                bits.read(16)?;
                self.colour.matrix_code = Some(bits.read(8)?);
            }
        }
        Some(())
    }
}

/// The same sequence parameter set under the name of the scalable baseline profile. For other profiles the
/// decoder holds pictures back, puts them into the order of display, and does not say which one it gives. For
/// this profile it gives each picture as soon as it is decoded, and decodes as before. `None` for a set of a
/// profile that cannot be renamed.
pub(crate) fn renamed(unit: &[u8]) -> Option<Vec<u8>> {
    const BASELINE: u8 = 66;
    const MAIN: u8 = 77;
    const SCALABLE_BASELINE: u8 = 83;
    const HIGH: u8 = 100;
    let mut renamed = unit.to_vec();
    match *unit.get(1)? {
        BASELINE | SCALABLE_BASELINE => return Some(renamed),
        HIGH => renamed[1] = SCALABLE_BASELINE,
        MAIN => {
            renamed = with_format(unit)?;
            renamed[1] = SCALABLE_BASELINE;
        }
        _ => return None,
    }
    Some(renamed)
}

/// A set with what high profiles must state about pixels and the main profile need not: 4:2:0, 8 bits, no
/// scaling lists.
fn with_format(unit: &[u8]) -> Option<Vec<u8>> {
    const FORMAT: [u32; 7] = [0, 1, 0, 1, 1, 0, 0];
    let plain = without_emulation_prevention(unit);
    let bits = &mut Bits { bytes: &plain, at: 0 };
    bits.read(32)?;
    bits.exp_golomb()?;
    let at = bits.at;
    // The last 1 ends the set; the bits after it only fill its byte.
    let last = plain.iter().rposition(|byte| *byte != 0)?;
    let used = (last + 1) * 8 - plain[last].trailing_zeros() as usize;
    let bit = |i: usize| u32::from(plain[i / 8] >> (7 - i % 8) & 1);
    let mut longer: Vec<u32> = (0..at).map(bit).chain(FORMAT).chain((at..used).map(bit)).collect();
    longer.resize(longer.len().next_multiple_of(8), 0);
    let bytes =
        longer.chunks_exact(8).map(|bits| bits.iter().fold(0, |sum, bit| sum << 1 | *bit as u8));
    Some(with_emulation_prevention(bytes))
}

/// The shapes of a pixel by their code (table E-1); code 0 states nothing.
const ASPECTS: [(u32, u32); 17] = [
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// Reads up to the scaling lists; true if the pixels are 8-bit 4:2:0.
fn read_format(bits: &mut Bits<'_>) -> Option<bool> {
    let profile = bits.read(8)?;
    bits.read(16)?;
    bits.exp_golomb()?;
    if !matches!(profile, 44 | 83 | 86 | 100 | 110 | 118 | 122 | 128 | 134 | 138 | 139 | 244) {
        return Some(true);
    }
    let chroma_format = bits.exp_golomb()?;
    if chroma_format == 3 {
        bits.read(1)?;
    }
    let depths = (bits.exp_golomb()?, bits.exp_golomb()?);
    bits.read(1)?;
    if bits.read(1)? == 1 {
        skip_scaling_lists(bits, if chroma_format == 3 { 12 } else { 8 })?;
    }
    Some(chroma_format == 1 && depths == (0, 0))
}

/// Skips the numbers that count and order pictures.
fn read_counts(bits: &mut Bits<'_>) -> Option<()> {
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
    Some(())
}

/// A side of the picture, stored as a count of 16 pixels minus one.
fn macroblocks(bits: &mut Bits<'_>) -> Option<usize> {
    Some((bits.exp_golomb()? as usize).saturating_add(1).saturating_mul(16))
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

/// Drops the 3 of every `0 0 3`. It is there so that data never looks like a start code.
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

/// Puts a 3 between two zeros and any byte up to 3.
fn with_emulation_prevention(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut safe = Vec::new();
    for byte in bytes {
        if byte <= 3 && safe.ends_with(&[0, 0]) {
            safe.push(3);
        }
        safe.push(byte);
    }
    safe
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
        assert_eq!(stream.colour.encoding(), Some(expected));
        assert_eq!((stream.size_px, stream.aspect), ((96, 64), PixelAspect::new(1, 1)));
    }

    #[test]
    fn what_says_nothing_of_colour_gets_what_the_container_says_or_the_usual() {
        let silent = StatedColour { matrix_code: Some(2), is_full_range: None };
        let usual = YuvColour { matrix: Matrix::Bt601, is_full_range: false };
        assert_eq!(silent.encoding(), Some(usual));
        let container = StatedColour { matrix_code: Some(1), is_full_range: Some(true) };
        let stated = YuvColour { matrix: Matrix::Bt709, is_full_range: true };
        assert_eq!(silent.or(container).encoding(), Some(stated));
        let stream = StatedColour { matrix_code: Some(6), is_full_range: Some(false) };
        assert_eq!(stream.or(container), stream);
        let foreign = StatedColour { matrix_code: Some(9), ..silent };
        assert_eq!(foreign.encoding(), None);
    }

    /// Of a video of the main profile, as x264 writes it: 96×64, 30 a second.
    const MAIN: [u8; 23] = [
        0x67, 0x4D, 0x40, 0x0A, 0xEC, 0xA3, 0x13, 0x60, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
        0x00, 0x03, 0x00, 0x78, 0x1E, 0x24, 0x4B, 0x2C,
    ];

    #[test]
    fn a_set_under_another_profiles_name_says_the_same() {
        for set in [&SPS[..], &MAIN] {
            let renamed = renamed(set).expect("a known profile");
            assert_eq!(renamed[1], 83);
            let said = Stream::parse(&renamed).expect("a parameter set");
            assert_eq!(Some(said), Stream::parse(set));
            assert!(said.is_plain && said.size_px.0 > 0, "{said:?}");
        }
        let mut baseline = MAIN;
        baseline[1] = 66;
        assert_eq!(renamed(&baseline), Some(baseline.to_vec()));
        let mut multiview = MAIN;
        multiview[1] = 118;
        assert_eq!(renamed(&multiview), None);
    }

    #[test]
    fn what_looks_like_a_start_code_is_broken_up_and_put_together_again() {
        let plain = [0, 0, 1, 0, 0, 0, 3, 0, 0];
        let safe = with_emulation_prevention(plain.into_iter());
        assert!(!safe.windows(3).any(|three| three[..2] == [0, 0] && three[2] < 3));
        assert_eq!(without_emulation_prevention(&safe), plain);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_parameter_set_or_none_and_never_a_panic(
            at in 1usize..27, noise in proptest::collection::vec(0u8.., 0..80),
        ) {
            let mut unit = SPS[..at].to_vec();
            unit.extend(&noise);
            Stream::parse(&unit);
            renamed(&unit);
            AvcConfig::parse(&noise);
        }
    }
}
