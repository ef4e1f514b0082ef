//! The layout of a film, byte by byte: what the writer writes and the reader looks for.
//!
//! Everything before the first picture has a fixed length, and so has everything before a picture's JPEG. One
//! cluster holds one picture, so that the picture has the time of its cluster, in whole nanoseconds. The
//! 16-bit times inside a cluster would reach only 33 µs.

use super::ebml::{Elements, Walk, checked, crc_32, element_header, id, uint};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;

/// The program that wrote it. The reader knows a film by this.
pub(crate) const WRITER: &str = "Fleeting film 1";

/// The tag that holds the frame numbers.
const NUMBERS: &str = "FRAME_NUMBERS";

/// Number of the additional data that hold a picture's frame number. Number 1 is for the codec.
const ADDITION: u64 = 2;

/// "num": a private kind of additional data. Readers ignore kinds that they do not know.
const ADDITION_KIND: u64 = 0x6E_756D;

/// Room for the seek head, which is written last.
const SEEK_HEAD_BYTES: usize = 112;

/// Room for the duration: a two-byte name, a length, a float.
const DURATION_BYTES: usize = 11;

/// Number of bytes before a picture's JPEG.
pub(crate) const PICTURE_HEADER_BYTES: usize = 56;

/// The part of these bytes that the checksum covers begins here.
pub(crate) const CHECKED_FROM: usize = 14;

/// The longest JPEG, bytes: lengths are stored in four bytes.
const MAX_JPEG_BYTES: usize = (1 << 28) - 2 - PICTURE_HEADER_BYTES;

/// A picture in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PicturePlace {
    /// The first byte of its cluster.
    pub(crate) offset: u64,
    pub(crate) moment: Moment,
}

/// Everything before the first picture, and the places in it that are filled later.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) bytes: Vec<u8>,
    /// The first byte of the segment's content, from which Matroska counts.
    pub(crate) segment: u64,
    duration: u64,
}

impl Header {
    pub(crate) fn new((width, height): (usize, usize)) -> Self {
        let mut out = Elements::default();
        out.master(id::EBML, |head| {
            head.text(id::DOC_TYPE, "matroska");
            head.uint(id::DOC_TYPE_VERSION, 4).uint(id::DOC_TYPE_READ_VERSION, 2);
        });
        out.id(id::SEGMENT).wide_size(UNKNOWN_SIZE);
        let segment = out.0.len() as u64;
        out.void(SEEK_HEAD_BYTES);
        out.master(id::INFO, |info| {
            info.void(DURATION_BYTES).uint(id::TIMESTAMP_SCALE, 1);
            info.text(id::MUXING_APP, WRITER);
            info.text(id::WRITING_APP, concat!("Fleeting ", env!("CARGO_PKG_VERSION")));
        });
        // Name and length of the info take five bytes.
        let duration = segment + SEEK_HEAD_BYTES as u64 + 5;
        out.master(id::TRACKS, |tracks| {
            tracks.master(id::TRACK_ENTRY, |track| {
                track.uint(id::TRACK_NUMBER, 1).uint(id::TRACK_UID, 1).uint(id::TRACK_TYPE, 1);
                track.uint(id::FLAG_LACING, 0).uint(id::MAX_BLOCK_ADDITION, ADDITION);
                track.text(id::CODEC_ID, "V_MJPEG");
                track.master(id::VIDEO, |video| {
                    video.uint(id::FLAG_INTERLACED, 2);
                    video.uint(id::PIXEL_WIDTH, width as u64);
                    video.uint(id::PIXEL_HEIGHT, height as u64);
                });
                track.master(id::ADDITION_MAPPING, |mapping| {
                    mapping.uint(id::ADDITION_VALUE, ADDITION);
                    mapping.text(id::ADDITION_NAME, "frame number");
                    mapping.uint(id::ADDITION_TYPE, ADDITION_KIND);
                });
            });
        });
        Self { bytes: out.0, segment, duration }
    }

    /// The pieces that are written into the header when a film is complete, each with its place. `places` are
    /// its pictures, and its [`index`] begins at byte `end`.
    pub(crate) fn completion(
        &self,
        places: &[PicturePlace],
        end: u64,
        index: &Index,
    ) -> Vec<(u64, Vec<u8>)> {
        let mut head = Elements::default();
        head.master(id::SEEK_HEAD, |head| {
            for (id, at) in [(id::CUES, end), (id::TAGS, end + index.tags_at as u64)] {
                head.master(id::SEEK, |seek| {
                    seek.bytes(id::SEEK_ID, &id.to_be_bytes());
                    seek.uint(id::SEEK_POSITION, at - self.segment);
                });
            }
        });
        head.void(SEEK_HEAD_BYTES - head.0.len());
        let mut duration = Elements::default();
        duration.float(id::DURATION, duration_nanos(places) as f64);
        let mut size = Elements::default();
        size.wide_size(end + index.bytes.len() as u64 - self.segment);
        // The seek head comes last: a file that has it has everything.
        vec![(self.duration, duration.0), (self.segment - 8, size.0), (self.segment, head.0)]
    }
}

/// Length of a segment whose end is not known yet.
const UNKNOWN_SIZE: u64 = (1 << 56) - 1;

/// Time from the first picture to the end of the last one. The last one counts as long as the average of the
/// others.
fn duration_nanos(places: &[PicturePlace]) -> i64 {
    let nanos = |place: Option<&PicturePlace>| place.map_or(0, |place| place.moment.time.nanos());
    let (first, last) = (nanos(places.first()), nanos(places.last()));
    last + (last - first) / (places.len() as i64 - 1).max(1)
}

/// A picture's cluster up to its JPEG; `None` for a JPEG of more than 256 MiB.
pub(crate) fn picture_header(moment: Moment, jpeg: &[u8]) -> Option<[u8; PICTURE_HEADER_BYTES]> {
    if jpeg.len() > MAX_JPEG_BYTES {
        return None;
    }
    let mut out = Elements::default();
    let whole = PICTURE_HEADER_BYTES + jpeg.len();
    let size = |out: &mut Elements, from: usize| {
        out.0.extend_from_slice(&((whole - from) as u32 | 1 << 28).to_be_bytes());
    };
    out.id(id::CLUSTER);
    size(&mut out, 8);
    out.bytes(id::CRC_32, &[0; 4]);
    out.uint(id::TIMESTAMP, moment.time.nanos().cast_unsigned());
    out.id(id::BLOCK_GROUP);
    size(&mut out, 29);
    out.master(id::BLOCK_ADDITIONS, |additions| {
        additions.master(id::BLOCK_MORE, |more| {
            more.bytes(id::BLOCK_ADD_ID, &[ADDITION as u8]);
            more.uint(id::BLOCK_ADDITIONAL, moment.frame);
        });
    });
    out.id(id::BLOCK);
    size(&mut out, 52);
    // Track 1, at the cluster's own time, without lacing.
    out.0.extend_from_slice(&[0x81, 0, 0, 0]);
    let mut header: [u8; PICTURE_HEADER_BYTES] = out.0.try_into().ok()?;
    let crc = crc_32(&[&header[CHECKED_FROM..], jpeg]);
    header[10..14].copy_from_slice(&crc.to_le_bytes());
    Some(header)
}

/// The content of a picture's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PictureHeader {
    pub(crate) moment: Moment,
    pub(crate) jpeg_bytes: usize,
    pub(crate) crc: u32,
}

impl PictureHeader {
    /// `None` if `bytes` are no such header.
    pub(crate) fn parse(bytes: &[u8; PICTURE_HEADER_BYTES]) -> Option<Self> {
        let (cluster, size, header) = element_header(bytes)?;
        let whole = header + usize::try_from(size).ok()?;
        let jpeg_bytes = whole.checked_sub(PICTURE_HEADER_BYTES)?;
        let time = i64::try_from(uint(&bytes[16..24])).ok()?;
        let moment = Moment { frame: uint(&bytes[39..47]), time: Timestamp::from_nanos(time) };
        // Everything but the numbers must be as the writer writes it.
        let mut same = picture_header(moment, &[])?;
        for (at, from) in [(4, 8), (25, 29), (48, 52)] {
            let size = (whole - from) as u32 | 1 << 28;
            same[at..at + 4].copy_from_slice(&size.to_be_bytes());
        }
        let crc: [u8; 4] = bytes[10..14].try_into().ok()?;
        same[10..14].copy_from_slice(&crc);
        let is_ours = cluster == id::CLUSTER && header == 8 && same == *bytes;
        is_ours.then_some(Self { moment, jpeg_bytes, crc: u32::from_le_bytes(crc) })
    }
}

/// Everything after the last picture of a complete film.
pub(crate) struct Index {
    pub(crate) bytes: Vec<u8>,
    tags_at: usize,
}

/// The index: place and time of every picture, and runs of frame numbers.
pub(crate) fn index(places: &[PicturePlace], segment: u64) -> Index {
    let mut out = Elements::default();
    out.checked(id::CUES, |cues| {
        for place in places {
            cues.master(id::CUE_POINT, |point| {
                point.uint(id::CUE_TIME, place.moment.time.nanos().cast_unsigned());
                point.master(id::CUE_TRACK_POSITIONS, |position| {
                    position.bytes(id::CUE_TRACK, &[1]);
                    position.uint(id::CUE_CLUSTER_POSITION, place.offset - segment);
                });
            });
        }
    });
    let tags_at = out.0.len();
    out.checked(id::TAGS, |tags| {
        tags.master(id::TAG, |tag| {
            tag.master(id::TARGETS, |_| ());
            tag.master(id::SIMPLE_TAG, |simple| {
                simple.text(id::TAG_NAME, NUMBERS).bytes(id::TAG_BINARY, &runs(places));
            });
        });
    });
    Index { bytes: out.0, tags_at }
}

/// Runs of consecutive frame numbers: for each, its first number and its length, eight bytes each.
fn runs(places: &[PicturePlace]) -> Vec<u8> {
    let follow =
        |a: &PicturePlace, b: &PicturePlace| a.moment.frame.checked_add(1) == Some(b.moment.frame);
    let run = |run: &[PicturePlace]| [run[0].moment.frame, run.len() as u64].map(u64::to_be_bytes);
    places.chunk_by(follow).flat_map(run).flatten().collect()
}

/// What the first bytes of a file tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A film. The content of its segment and its first picture begin at these bytes.
    Film { segment: u64, pictures: u64 },
    /// A film that was cut off before its first picture.
    Cut,
    /// Something else.
    Foreign,
}

impl Start {
    /// More bytes than any film has before its first picture.
    pub(crate) const BYTES: usize = 4096;

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let like = Header::new((0, 0));
        let segment = like.segment as usize;
        // The last eight bytes are the segment's length, which is overwritten at the end.
        let fixed = &like.bytes[..segment - 8];
        if bytes.iter().zip(fixed).any(|(found, expected)| found != expected) {
            return Self::Foreign;
        }
        let Some(content) = bytes.get(segment..) else { return Self::Cut };
        let mut is_ours = None;
        let mut walk = Walk(content);
        while let Some((id, data)) = walk.next() {
            match id {
                id::INFO => {
                    is_ours = Some(find(&[id::MUXING_APP], data) == Some(WRITER.as_bytes()))
                }
                id::TRACKS if is_ours == Some(true) => {
                    let pictures = bytes.len() - walk.0.len();
                    return Self::Film { segment: segment as u64, pictures: pictures as u64 };
                }
                _ => {}
            }
        }
        if is_ours == Some(false) { Self::Foreign } else { Self::Cut }
    }
}

/// The content of the first element at the end of `path`.
fn find<'a>(path: &[u32], bytes: &'a [u8]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, id| {
        Walk(bytes).find(|(found, _)| found == id).map(|(_, data)| data)
    })
}

/// Where the index of a complete film begins, read from the bytes of the header.
pub(crate) fn index_at(header: &[u8], segment: u64) -> Option<u64> {
    let head = header.get(usize::try_from(segment).ok()?..)?;
    let (_, head) = Walk(head).next().filter(|(id, _)| *id == id::SEEK_HEAD)?;
    let (_, seek) = Walk(head).find(|(id, _)| *id == id::SEEK)?;
    let (_, position) = Walk(seek).find(|(id, _)| *id == id::SEEK_POSITION)?;
    segment.checked_add(uint(position))
}

/// Reads what [`index`] writes; `None` if it is damaged.
pub(crate) fn read_index(bytes: &[u8], segment: u64) -> Option<Vec<PicturePlace>> {
    let tags = checked(find(&[id::TAGS], bytes)?)?;
    let numbers = find(&[id::TAG, id::SIMPLE_TAG, id::TAG_BINARY], tags)?;
    let mut numbers = numbers.as_chunks::<16>().0.iter().flat_map(|run| {
        let (first, count) = (uint(&run[..8]), uint(&run[8..]));
        first..first.saturating_add(count)
    });
    let cues = checked(find(&[id::CUES], bytes)?)?;
    let places: Option<Vec<_>> = Walk(cues)
        .map(|(_, point)| {
            let time = i64::try_from(uint(find(&[id::CUE_TIME], point)?)).ok()?;
            let at = find(&[id::CUE_TRACK_POSITIONS, id::CUE_CLUSTER_POSITION], point)?;
            let moment = Moment { frame: numbers.next()?, time: Timestamp::from_nanos(time) };
            Some(PicturePlace { offset: segment.checked_add(uint(at))?, moment })
        })
        .collect();
    let in_order =
        |a: &PicturePlace, b: &PicturePlace| a.offset < b.offset && b.moment.is_after(a.moment);
    places.filter(|places| places.is_sorted_by(in_order))
}
