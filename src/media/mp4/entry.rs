//! The shape of a pixel and the colours, from a track's sample description (ISO/IEC 14496-12, 8.5.2, 12.1.4
//! and 12.1.5). The parser of the index leaves both out.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use super::sps::StatedColour;
use crate::media::display::PixelAspect;

/// Bytes of a description that are read at most.
const MOST_BYTES: u64 = 1 << 16;

/// Bytes of a visual sample entry before the boxes in it.
const FIXED_BYTES: usize = 86;

/// The content of a sample description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Description {
    /// Number of kinds of sample.
    pub(crate) entries: u32,
    pub(crate) aspect: Option<PixelAspect>,
    pub(crate) colour: StatedColour,
}

impl Description {
    /// Reads the content of a `stsd` box.
    pub(crate) fn read(reader: &mut BufReader<File>, content: &Range<u64>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(content.start))?;
        let length = content.end.saturating_sub(content.start).min(MOST_BYTES);
        reader.take(length).read_to_end(&mut bytes)?;
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut found =
            Self { entries: number(bytes, 4..8).unwrap_or_default(), ..Self::default() };
        let Some(entry) = bytes.get(8..) else { return found };
        let end = number(entry, 0..4).map_or(0, |size| size as usize).min(entry.len());
        let mut rest = entry.get(FIXED_BYTES..end).unwrap_or_default();
        while let Some(size) = number(rest, 0..4).map(|size| size as usize) {
            let Some(content) = rest.get(8..size) else { break };
            match &rest[4..8] {
                b"pasp" => {
                    let sides = number(content, 0..4).zip(number(content, 4..8));
                    found.aspect = sides.and_then(|(h, v)| PixelAspect::new(h, v));
                }
                b"colr" => found.colour = colour(content),
                _ => {}
            }
            rest = &rest[size..];
        }
        found
    }
}

/// `nclx` is MPEG's kind, which also states the range; `nclc` is QuickTime's.
fn colour(content: &[u8]) -> StatedColour {
    let kind = content.get(..4);
    if kind != Some(b"nclx") && kind != Some(b"nclc") {
        return StatedColour::default();
    }
    let range = content.get(10).map(|flags| flags & 0x80 != 0);
    StatedColour {
        matrix_code: number(content, 8..10),
        is_full_range: range.filter(|_| kind == Some(b"nclx")),
    }
}

fn number(bytes: &[u8], at: Range<usize>) -> Option<u32> {
    Some(bytes.get(at)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [&size[..], name, content].concat()
    }

    fn described(boxes: &[u8]) -> Vec<u8> {
        let entry = boxed(b"avc1", &[&[0; FIXED_BYTES - 8][..], boxes].concat());
        [&[0, 0, 0, 0, 0, 0, 0, 1][..], &entry].concat()
    }

    #[test]
    fn the_shape_of_a_pixel_and_the_colours_are_read() {
        let boxes = [
            boxed(b"avcC", &[1; 9]),
            boxed(b"colr", b"nclx\0\x01\0\x01\0\x06\x80"),
            boxed(b"pasp", &[0, 0, 0, 4, 0, 0, 0, 3]),
        ];
        let found = Description::parse(&described(&boxes.concat()));
        assert_eq!((found.entries, found.aspect), (1, PixelAspect::new(4, 3)));
        let expected = StatedColour { matrix_code: Some(6), is_full_range: Some(true) };
        assert_eq!(found.colour, expected);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_description_and_never_a_panic(
            cut in 0usize..140, noise in proptest::collection::vec(0u8.., 0..60),
        ) {
            let mut bytes = described(&boxed(b"pasp", &[0, 0, 0, 4, 0, 0, 0, 3]));
            bytes.truncate(cut);
            bytes.extend(noise);
            Description::parse(&bytes);
        }
    }
}
