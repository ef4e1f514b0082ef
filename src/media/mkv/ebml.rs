//! The part of EBML (RFC 8794) and Matroska (RFC 9559) that a film needs.

/// Names of elements, with the marker bit that gives the length of the name.
pub(crate) mod id {
    pub(crate) const EBML: u32 = 0x1A45_DFA3;
    pub(crate) const DOC_TYPE: u32 = 0x4282;
    pub(crate) const DOC_TYPE_VERSION: u32 = 0x4287;
    pub(crate) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub(crate) const SEGMENT: u32 = 0x1853_8067;
    pub(crate) const SEEK_HEAD: u32 = 0x114D_9B74;
    pub(crate) const SEEK: u32 = 0x4DBB;
    pub(crate) const SEEK_ID: u32 = 0x53AB;
    pub(crate) const SEEK_POSITION: u32 = 0x53AC;
    pub(crate) const INFO: u32 = 0x1549_A966;
    pub(crate) const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
    pub(crate) const DURATION: u32 = 0x4489;
    pub(crate) const MUXING_APP: u32 = 0x4D80;
    pub(crate) const WRITING_APP: u32 = 0x5741;
    pub(crate) const TRACKS: u32 = 0x1654_AE6B;
    pub(crate) const TRACK_ENTRY: u32 = 0xAE;
    pub(crate) const TRACK_NUMBER: u32 = 0xD7;
    pub(crate) const TRACK_UID: u32 = 0x73C5;
    pub(crate) const TRACK_TYPE: u32 = 0x83;
    pub(crate) const FLAG_LACING: u32 = 0x9C;
    pub(crate) const MAX_BLOCK_ADDITION: u32 = 0x55EE;
    pub(crate) const ADDITION_MAPPING: u32 = 0x41E4;
    pub(crate) const ADDITION_VALUE: u32 = 0x41F0;
    pub(crate) const ADDITION_NAME: u32 = 0x41A4;
    pub(crate) const ADDITION_TYPE: u32 = 0x41E7;
    pub(crate) const CODEC_ID: u32 = 0x86;
    pub(crate) const VIDEO: u32 = 0xE0;
    pub(crate) const PIXEL_WIDTH: u32 = 0xB0;
    pub(crate) const PIXEL_HEIGHT: u32 = 0xBA;
    pub(crate) const FLAG_INTERLACED: u32 = 0x9A;
    pub(crate) const CLUSTER: u32 = 0x1F43_B675;
    pub(crate) const TIMESTAMP: u32 = 0xE7;
    pub(crate) const BLOCK_GROUP: u32 = 0xA0;
    pub(crate) const BLOCK: u32 = 0xA1;
    pub(crate) const BLOCK_ADDITIONS: u32 = 0x75A1;
    pub(crate) const BLOCK_MORE: u32 = 0xA6;
    pub(crate) const BLOCK_ADD_ID: u32 = 0xEE;
    pub(crate) const BLOCK_ADDITIONAL: u32 = 0xA5;
    pub(crate) const CUES: u32 = 0x1C53_BB6B;
    pub(crate) const CUE_POINT: u32 = 0xBB;
    pub(crate) const CUE_TIME: u32 = 0xB3;
    pub(crate) const CUE_TRACK_POSITIONS: u32 = 0xB7;
    pub(crate) const CUE_TRACK: u32 = 0xF7;
    pub(crate) const CUE_CLUSTER_POSITION: u32 = 0xF1;
    pub(crate) const TAGS: u32 = 0x1254_C367;
    pub(crate) const TAG: u32 = 0x7373;
    pub(crate) const TARGETS: u32 = 0x63C0;
    pub(crate) const SIMPLE_TAG: u32 = 0x67C8;
    pub(crate) const TAG_NAME: u32 = 0x45A3;
    pub(crate) const TAG_BINARY: u32 = 0x4485;
    pub(crate) const VOID: u32 = 0xEC;
    pub(crate) const CRC_32: u32 = 0xBF;
}

/// Writes elements one after the other.
#[derive(Debug, Default)]
pub(crate) struct Elements(pub(crate) Vec<u8>);

impl Elements {
    /// Writes an element's name.
    pub(crate) fn id(&mut self, id: u32) -> &mut Self {
        let first = (id.leading_zeros() / 8) as usize;
        self.0.extend_from_slice(&id.to_be_bytes()[first..]);
        self
    }

    /// Writes a length, always in eight bytes, so that it can be overwritten later.
    pub(crate) fn wide_size(&mut self, size: u64) -> &mut Self {
        self.0.extend_from_slice(&(size | 1 << 56).to_be_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, id: u32, bytes: &[u8]) -> &mut Self {
        self.id(id);
        match bytes.len() as u64 {
            // A length of ones only would mean an unknown length.
            size @ 0..0x7F => self.0.push(0x80 | size as u8),
            size => {
                self.wide_size(size);
            }
        }
        self.0.extend_from_slice(bytes);
        self
    }

    /// Writes a whole number, always in eight bytes.
    pub(crate) fn uint(&mut self, id: u32, value: u64) -> &mut Self {
        self.bytes(id, &value.to_be_bytes())
    }

    pub(crate) fn float(&mut self, id: u32, value: f64) -> &mut Self {
        self.bytes(id, &value.to_be_bytes())
    }

    pub(crate) fn text(&mut self, id: u32, text: &str) -> &mut Self {
        self.bytes(id, text.as_bytes())
    }

    /// Writes an element of elements.
    pub(crate) fn master(&mut self, id: u32, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        fill(&mut inner);
        self.bytes(id, &inner.0)
    }

    /// Writes an element of elements that begins with their checksum.
    pub(crate) fn checked(&mut self, id: u32, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        fill(&mut inner);
        let crc = crc_32(&[&inner.0]).to_le_bytes();
        self.master(id, |out| {
            out.bytes(id::CRC_32, &crc).0.extend_from_slice(&inner.0);
        })
    }

    /// Writes an empty element of `total` bytes, at least nine more than its name has.
    pub(crate) fn void(&mut self, total: usize) -> &mut Self {
        self.id(id::VOID).wide_size(total as u64 - 9);
        self.0.resize(self.0.len() + total - 9, 0);
        self
    }
}

/// Reads elements one after the other; ends at the first that is cut off.
pub(crate) struct Walk<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Walk<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, size, header) = element_header(self.0)?;
        let data = self.0.get(header..)?.get(..usize::try_from(size).ok()?)?;
        self.0 = &self.0[header + data.len()..];
        Some((id, data))
    }
}

/// The content that [`Elements::checked`] wrote; `None` if the checksum does not match.
pub(crate) fn checked(data: &[u8]) -> Option<&[u8]> {
    let mut walk = Walk(data);
    let (_, crc) = walk.next().filter(|(id, _)| *id == id::CRC_32)?;
    (crc == crc_32(&[walk.0]).to_le_bytes()).then_some(walk.0)
}

/// The name and the length of the element at the start of `bytes`, and how many bytes these two take.
pub(crate) fn element_header(bytes: &[u8]) -> Option<(u32, u64, usize)> {
    let id_bytes = bytes.first()?.leading_zeros() as usize + 1;
    let id = bytes.get(..id_bytes).filter(|_| id_bytes <= 4)?;
    let id = id.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    let rest = &bytes[id_bytes..];
    let size_bytes = rest.first()?.leading_zeros() as usize + 1;
    let size = rest.get(..size_bytes).filter(|_| size_bytes <= 8)?;
    let size = size.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Some((id, size & !(1 << (7 * size_bytes)), id_bytes + size_bytes))
}

/// A whole number of up to eight bytes.
pub(crate) fn uint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The CRC-32 of RFC 8794, section 11.3.1 (that of zip and Ethernet), over `parts` put together.
pub(crate) fn crc_32(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc_32_comes_out() {
        assert_eq!(crc_32(&[b"123456789"]), 0xCBF4_3926);
        assert_eq!(crc_32(&[b"1234567891", b"23456789"]), crc_32(&[b"123456789123456789"]));
    }

    #[test]
    fn what_is_written_is_walked_through() {
        let mut written = Elements::default();
        written.uint(id::TIMESTAMP, 300).master(id::INFO, |info| {
            info.text(id::MUXING_APP, &"x".repeat(200)).void(20);
        });
        let walked: Vec<_> = Walk(&written.0).collect();
        assert_eq!((walked[0].0, uint(walked[0].1)), (id::TIMESTAMP, 300));
        assert_eq!((walked.len(), walked[1].0), (2, id::INFO));
        let inner: Vec<_> = Walk(walked[1].1).map(|(id, data)| (id, data.len())).collect();
        assert_eq!(inner, [(id::MUXING_APP, 200), (id::VOID, 11)]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_walked_through_without_a_panic(
            bytes in proptest::collection::vec(0u8.., 0..200),
        ) {
            Walk(&bytes).for_each(drop);
        }
    }
}
