//! Writes Motion-JPEG in AVI files of any length.
//!
//! The plain format ends at 2 GiB. Longer files go on in further RIFF chunks with an index each, as
//! the OpenDML extensions (Matrox, 1997) describe and ordinary players read; a file that fits into
//! the first chunk is a plain AVI with a plain index besides.

use std::io::{self, Seek, SeekFrom, Write};

/// Bytes after which a new RIFF chunk begins: well below what signed 32-bit readers count to.
const SEGMENT_BYTES: u64 = 1 << 30;

/// Segments the main index has room for.
const MAX_SEGMENTS: usize = 256;

/// Every picture can be shown without another.
const KEYFRAME: u32 = 0x10;

/// A picture in the current segment: where its chunk begins and how many bytes it has.
#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: u64,
    bytes: u32,
}

/// A finished segment's index chunk.
#[derive(Clone, Copy, Debug)]
struct Segment {
    index_offset: u64,
    index_bytes: u32,
    frames: u32,
}

/// Writes one video stream. [`AviWriter::finish`] must be called, or players find no length and no
/// index.
#[derive(Debug)]
pub struct AviWriter<W: Write + Seek> {
    out: W,
    size_px: (u32, u32),
    /// Frames per second as a fraction.
    rate: (u32, u32),
    segment_bytes: u64,
    position: u64,
    /// Where the current RIFF chunk and its movie list begin.
    riff: u64,
    movie: u64,
    entries: Vec<Entry>,
    segments: Vec<Segment>,
    largest: u32,
    /// Pictures in the first segment, for the header of plain readers.
    first_frames: u32,
}

impl<W: Write + Seek> AviWriter<W> {
    /// Begins a file of JPEG pictures of `size_px` at `fps` frames per second.
    pub fn new(out: W, size_px: (u32, u32), fps: f64) -> io::Result<Self> {
        Self::with_segments(out, size_px, fps, SEGMENT_BYTES)
    }

    fn with_segments(
        out: W,
        size_px: (u32, u32),
        fps: f64,
        segment_bytes: u64,
    ) -> io::Result<Self> {
        let mut writer = Self {
            out,
            size_px,
            rate: fraction(fps),
            segment_bytes,
            position: 0,
            riff: 0,
            movie: 0,
            entries: Vec::new(),
            segments: Vec::new(),
            largest: 0,
            first_frames: 0,
        };
        let header = writer.header();
        writer.put(&header)?;
        writer.begin_movie()?;
        Ok(writer)
    }

    /// Appends one JPEG picture.
    pub fn push(&mut self, jpeg: &[u8]) -> io::Result<()> {
        let bytes = u32::try_from(jpeg.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a picture beyond 4 GiB"))?;
        if self.position - self.riff + u64::from(bytes) > self.segment_bytes
            && !self.entries.is_empty()
        {
            self.end_segment()?;
            self.begin_extension()?;
        }
        self.entries.push(Entry { offset: self.position, bytes });
        self.largest = self.largest.max(bytes);
        self.put(b"00dc")?;
        self.put(&bytes.to_le_bytes())?;
        self.put(jpeg)?;
        // Chunks begin at even places.
        if bytes % 2 == 1 { self.put(&[0]) } else { Ok(()) }
    }

    /// Writes indices and lengths; gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_segment()?;
        let header = self.header();
        self.out.seek(SeekFrom::Start(0))?;
        // The first eight bytes are the outer chunk's, patched already.
        self.out.seek(SeekFrom::Start(8))?;
        self.out.write_all(&header[8..])?;
        self.out.seek(SeekFrom::Start(self.position))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn begin_movie(&mut self) -> io::Result<()> {
        self.movie = self.position;
        self.put(b"LIST\0\0\0\0movi")
    }

    fn begin_extension(&mut self) -> io::Result<()> {
        if self.segments.len() >= MAX_SEGMENTS {
            let full =
                format!("expected at most {MAX_SEGMENTS} segments in an AVI file, found more");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, full));
        }
        self.riff = self.position;
        self.put(b"RIFF\0\0\0\0AVIX")?;
        self.begin_movie()
    }

    /// Closes the current RIFF chunk with its indices.
    fn end_segment(&mut self) -> io::Result<()> {
        let entries = std::mem::take(&mut self.entries);
        let frames = entries.len() as u32;
        let mut index = Chunk::new(b"ix00");
        // Two 32-bit numbers an entry; an index of chunks.
        index.u16(2).bytes(&[0, 1]).u32(frames).bytes(b"00dc");
        index.u64(self.movie).u32(0);
        for entry in &entries {
            index.u32((entry.offset + 8 - self.movie) as u32).u32(entry.bytes);
        }
        let index = index.done();
        let index_offset = self.position;
        self.segments.push(Segment { index_offset, index_bytes: index.len() as u32, frames });
        self.put(&index)?;
        self.patch_length(self.movie)?;
        if self.riff == 0 {
            self.first_frames = frames;
            let mut plain = Chunk::new(b"idx1");
            for entry in &entries {
                // Offsets count from the word "movi".
                let offset = (entry.offset - self.movie - 8) as u32;
                plain.bytes(b"00dc").u32(KEYFRAME).u32(offset).u32(entry.bytes);
            }
            let plain = plain.done();
            self.put(&plain)?;
        }
        self.patch_length(self.riff)
    }

    /// Writes the length of the chunk that begins at `start` and ends here.
    fn patch_length(&mut self, start: u64) -> io::Result<()> {
        let length = (self.position - start - 8) as u32;
        self.out.seek(SeekFrom::Start(start + 4))?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.seek(SeekFrom::Start(self.position))?;
        Ok(())
    }

    /// Everything before the first movie list; always of the same length.
    fn header(&self) -> Vec<u8> {
        let (width, height) = self.size_px;
        let (rate, scale) = self.rate;
        let total: u32 = self.segments.iter().map(|s| s.frames).sum();
        let micros_per_frame = (1e6 * f64::from(scale) / f64::from(rate)).round() as u32;
        let mut main = Chunk::new(b"avih");
        main.u32(micros_per_frame).u32(0).u32(0).u32(KEYFRAME);
        main.u32(self.first_frames).u32(0).u32(1).u32(self.largest).u32(width).u32(height);
        main.bytes(&[0; 16]);
        let mut stream = Chunk::new(b"strh");
        stream.bytes(b"vidsMJPG").u32(0).u32(0).u32(0).u32(scale).u32(rate).u32(0).u32(total);
        stream.u32(self.largest).u32(u32::MAX).u32(0);
        stream.u16(0).u16(0).u16(width as u16).u16(height as u16);
        let mut format = Chunk::new(b"strf");
        format.u32(40).u32(width).u32(height).u16(1).u16(24).bytes(b"MJPG");
        format.u32(width * height * 3).bytes(&[0; 16]);
        let mut index = Chunk::new(b"indx");
        index.u16(4).bytes(&[0, 0]).u32(self.segments.len() as u32).bytes(b"00dc");
        index.bytes(&[0; 12]);
        for segment in &self.segments {
            index.u64(segment.index_offset).u32(segment.index_bytes).u32(segment.frames);
        }
        index.bytes(&vec![0; (MAX_SEGMENTS - self.segments.len()) * 16]);
        let mut extended = Chunk::new(b"dmlh");
        extended.u32(total);
        let mut streams = Chunk::list(b"strl");
        streams.bytes(&stream.done()).bytes(&format.done()).bytes(&index.done());
        let mut open_dml = Chunk::list(b"odml");
        open_dml.bytes(&extended.done());
        let mut headers = Chunk::list(b"hdrl");
        headers.bytes(&main.done()).bytes(&streams.done()).bytes(&open_dml.done());
        let mut file = b"RIFF\0\0\0\0AVI ".to_vec();
        file.extend(headers.done());
        file
    }
}

/// Frames per second as a fraction: whole numbers and the 1001ths of broadcasting exactly, others to
/// a thousandth.
fn fraction(fps: f64) -> (u32, u32) {
    let ntsc = (fps * 1.001).round();
    if (fps - fps.round()).abs() < 1e-9 {
        (fps.round() as u32, 1)
    } else if (fps - ntsc / 1.001).abs() < 1e-3 {
        ((ntsc * 1000.0) as u32, 1001)
    } else {
        ((fps * 1000.0).round() as u32, 1000)
    }
}

/// A chunk in the making.
struct Chunk(Vec<u8>);

impl Chunk {
    fn new(name: &[u8; 4]) -> Self {
        Self([name.as_slice(), &[0; 4]].concat())
    }

    fn list(kind: &[u8; 4]) -> Self {
        Self([b"LIST\0\0\0\0", kind.as_slice()].concat())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// The chunk with its length filled in, padded to an even one.
    fn done(mut self) -> Vec<u8> {
        let length = (self.0.len() - 8) as u32;
        self.0[4..8].copy_from_slice(&length.to_le_bytes());
        if length % 2 == 1 {
            self.0.push(0);
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn written(pictures: &[Vec<u8>], segment_bytes: u64) -> Vec<u8> {
        let out = Cursor::new(Vec::new());
        let mut writer = AviWriter::with_segments(out, (64, 48), 30.0, segment_bytes).expect("new");
        pictures.iter().for_each(|p| writer.push(p).expect("push"));
        writer.finish().expect("finish").into_inner()
    }

    fn u32_at(file: &[u8], at: usize) -> usize {
        u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize
    }

    /// Every top-level chunk: its kind and its bytes.
    fn riffs(file: &[u8]) -> Vec<(&[u8], &[u8])> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < file.len() {
            assert_eq!(&file[at..at + 4], b"RIFF");
            let length = u32_at(file, at + 4);
            found.push((&file[at + 8..at + 12], &file[at..at + 8 + length]));
            at += 8 + length;
        }
        assert_eq!(at, file.len(), "lengths add up to the file");
        found
    }

    #[test]
    fn a_short_file_is_one_plain_avi() {
        let file = written(&[vec![1; 10], vec![2; 11]], SEGMENT_BYTES);
        let parts = riffs(&file);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].0, b"AVI ");
        let index = file.windows(4).position(|w| w == b"idx1").expect("a plain index");
        assert_eq!(u32_at(&file, index + 4), 2 * 16);
        let movie = file.windows(4).position(|w| w == b"movi").expect("a movie list");
        let second = movie + u32_at(&file, index + 8 + 16 + 8);
        assert_eq!(&file[second..second + 4], b"00dc");
        assert_eq!(file[second + 8], 2);
    }

    #[test]
    fn a_long_file_goes_on_in_further_segments_and_indexes_them_all() {
        let pictures: Vec<_> = (0..50_u8).map(|i| vec![i; 500]).collect();
        let file = written(&pictures, 8192);
        let parts = riffs(&file);
        assert!(parts.len() > 2);
        assert!(parts[1..].iter().all(|(kind, _)| *kind == b"AVIX"));
        let main = file.windows(4).position(|w| w == b"indx").expect("a main index");
        let segments = u32_at(&file, main + 12);
        assert_eq!(segments, parts.len());
        let frames: usize = (0..segments).map(|i| u32_at(&file, main + 32 + 16 * i + 12)).sum();
        assert_eq!(frames, 50);
        for i in 0..segments {
            let at = u32_at(&file, main + 32 + 16 * i);
            assert_eq!(&file[at..at + 4], b"ix00");
            let base = u32_at(&file, at + 20);
            let first = base + u32_at(&file, at + 32);
            assert_eq!(&file[first - 8..first - 4], b"00dc");
        }
    }

    #[test]
    fn rates_are_written_exactly_where_they_can_be() {
        assert_eq!(fraction(30.0), (30, 1));
        assert_eq!(fraction(30_000.0 / 1001.0), (30_000, 1001));
        assert_eq!(fraction(29.97), (30_000, 1001));
        assert_eq!(fraction(12.5), (12_500, 1000));
    }
}
