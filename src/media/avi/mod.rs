//! AVI files with Motion-JPEG, read from front to back.
//!
//! The index is not used. The chunks follow each other in the order of display, one for every frame. So a
//! file whose end is missing, and with it the index, plays up to where it was cut.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::container::{Opened, read_chunk};
use crate::measure::time::Timestamp;
use crate::media::display::{Display, Orientation, PixelAspect};
use crate::media::image::{Frame, MAX_SIDE_PX, RgbImage};
use crate::media::jpeg;
use crate::media::pictures::Pictures;
use crate::media::pool::Pool;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};

/// The longest header chunk that is read: a stream's name or format.
const MAX_HEADER_BYTES: u64 = 1 << 16;

/// The longest picture: the raw bytes of the largest picture that is accepted.
const MAX_PICTURE_BYTES: u64 = (MAX_SIDE_PX * MAX_SIDE_PX * 3) as u64;

mod seek;
pub mod sound;

/// Opens video track `track` of an AVI file, counted from 1, for reading from front to back. `None` means the
/// first.
pub(crate) fn open(
    path: &Path,
    track: Option<usize>,
) -> Result<Opened<Box<dyn Source>>, SourceError> {
    Ok(match AviVideo::open(path, track)? {
        Opened::Ready(video) => Opened::Ready(Box::new(video)),
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

/// Opens a track of an AVI file for reading in any order.
pub(crate) fn pictures(
    path: &Path,
    track: Option<usize>,
) -> Result<Opened<Box<dyn Pictures>>, SourceError> {
    Ok(match AviVideo::open(path, track)? {
        Opened::Ready(video) => Opened::Ready(Box::new(seek::AviPictures::new(path, video)?)),
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

impl AviVideo {
    fn open(path: &Path, track: Option<usize>) -> Result<Opened<Self>, SourceError> {
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        let mut chunks = Chunks { reader: BufReader::new(file), data: Vec::new() };
        let header = Header::read(&mut chunks).map_err(|error| SourceError::io(path, error))?;
        let tracks = header.videos().count();
        let wanted = track.unwrap_or(1);
        let Some((number, stream)) = header.videos().nth(wanted.wrapping_sub(1)) else {
            if tracks > 0 {
                return Err(SourceError::no_such_track(path, wanted, tracks));
            }
            let found = "one cut off before its pictures, or without a video stream";
            return Err(SourceError::unusable(path.display(), "a complete AVI file", found));
        };
        if !stream.is_motion_jpeg() {
            let codec = String::from_utf8_lossy(&stream.codec).into_owned();
            return Ok(Opened::Foreign(format!(
                "an AVI file with {codec} rather than Motion-JPEG"
            )));
        }
        if stream.scale == 0 || stream.rate == 0 {
            let found = format!("{}/{}", stream.rate, stream.scale);
            return Err(SourceError::unusable(path.display(), "a frame rate above zero", found));
        }
        check_size(path.display(), stream.size_px)?;
        let aspect = stream.aspect.unwrap_or_default();
        let display = Display::new(Orientation::default(), stream.size_px, aspect);
        check_size(path.display(), display.size_px())?;
        let fps = f64::from(stream.rate) / f64::from(stream.scale);
        let (width, height) = display.size_px();
        let info = SourceInfo {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size_px: display.size_px(),
            nominal_fps: Some(fps),
            frames: (stream.frames > 0).then_some(u64::from(stream.frames)),
            detail: format!("Motion-JPEG {width}×{height} at {fps:.4}"),
            stamped_on_arrival: false,
            media_start: header.start_of(stream),
            has_sound: Some(header.streams.iter().any(|stream| stream.is_sound)),
            ..SourceInfo::default()
        };
        Ok(Opened::Ready(Self {
            announced: info.frames,
            info,
            chunks,
            display,
            remark: (tracks > 1).then(|| Notice::of_tracks(path, wanted, tracks)),
            pool: Pool::default(),
            stream_id: format!("{number:02}").into_bytes(),
            rate: stream.rate,
            scale: stream.scale,
            next_seq: 0,
            delivered: 0,
            is_done: false,
        }))
    }
}

/// What the header says about one stream.
#[derive(Clone, Debug, Default)]
struct Stream {
    is_video: bool,
    is_sound: bool,
    codec: [u8; 4],
    /// `rate / scale` frames a second.
    rate: u32,
    scale: u32,
    frames: u32,
    /// What comes before the first frame or block of sound: a number of frames or blocks.
    start: u32,
    size_px: (usize, usize),
    /// The shape of a pixel; `None` if the file does not say it.
    aspect: Option<PixelAspect>,
    /// How sound is stored.
    sound: Option<sound::SoundFormat>,
}

impl Stream {
    fn start(&self) -> Timestamp {
        let nanos = i128::from(self.start) * i128::from(self.scale) * 1_000_000_000;
        let nanos = nanos / i128::from(self.rate.max(1));
        Timestamp::from_nanos(nanos.try_into().unwrap_or(0))
    }

    fn is_motion_jpeg(&self) -> bool {
        [*b"MJPG", *b"JPEG", *b"AVRN", *b"DMB1"]
            .contains(&self.codec.map(|c| c.to_ascii_uppercase()))
    }
}

/// The streams, in the order in which the names of the chunks number them.
#[derive(Default)]
struct Header {
    streams: Vec<Stream>,
}

impl Header {
    /// Reads up to the first picture or the end of the file.
    fn read(chunks: &mut Chunks) -> io::Result<Self> {
        let mut header = Self::default();
        while let Some((id, size)) = chunks.next_chunk()? {
            match &id {
                b"LIST" | b"RIFF" => {
                    if !chunks.read(4)? || chunks.data == b"movi" {
                        break;
                    }
                }
                b"strh" | b"strf" | b"vprp" if size <= MAX_HEADER_BYTES => {
                    if !chunks.read(size)? {
                        break;
                    }
                    header.take(&id, &chunks.data);
                }
                _ => chunks.skip(size)?,
            }
        }
        Ok(header)
    }

    fn take(&mut self, id: &[u8; 4], data: &[u8]) {
        let word = |at: usize| {
            let bytes = data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_le_bytes(bytes.unwrap_or_default())
        };
        if id == b"strh" {
            let stream = Stream {
                is_video: data.starts_with(b"vids"),
                is_sound: data.starts_with(b"auds"),
                codec: word(4).to_le_bytes(),
                scale: word(20),
                rate: word(24),
                start: word(28),
                frames: word(32),
                ..Stream::default()
            };
            self.streams.push(stream);
        } else if id == b"vprp" {
            // Height and width of the shape of the whole picture, then its columns and rows.
            let half = |at: usize| word(at) & 0xFFFF;
            let (across, down) = (half(22), half(20));
            let shape = across.checked_mul(word(28)).zip(down.checked_mul(word(24)));
            if let Some(stream) = self.streams.last_mut().filter(|stream| stream.is_video) {
                stream.aspect = shape.and_then(|(w, h)| PixelAspect::new(w, h));
            }
        } else if let Some(stream) = self.streams.last_mut().filter(|stream| stream.is_video) {
            // A negative height means that the rows run from the top.
            let height = word(8).cast_signed().unsigned_abs();
            stream.size_px = (word(4) as usize, height as usize);
            stream.codec = word(16).to_le_bytes();
        } else if let Some(stream) = self.streams.last_mut().filter(|stream| stream.is_sound) {
            stream.sound = sound::SoundFormat::read(data);
        }
    }

    fn videos(&self) -> impl Iterator<Item = (usize, &Stream)> {
        self.streams.iter().enumerate().filter(|(_, stream)| stream.is_video)
    }

    /// When `stream` begins, counted from the start of the first stream.
    fn start_of(&self, stream: &Stream) -> Timestamp {
        let heard = self.streams.iter().filter(|stream| stream.is_video || stream.is_sound);
        let zero = heard.map(Stream::start).min().unwrap_or_default();
        Timestamp::from_nanos(stream.start().nanos().saturating_sub(zero.nanos()))
    }
}

/// RIFF chunks one after the other. The chunks in a list follow the list's own header.
struct Chunks {
    reader: BufReader<File>,
    /// The content of the chunk that was read last.
    data: Vec<u8>,
}

impl Chunks {
    /// The next chunk's name and size; `None` at the end of the file.
    fn next_chunk(&mut self) -> io::Result<Option<([u8; 4], u64)>> {
        if !self.read_exactly(8)? {
            return Ok(None);
        }
        let [a, b, c, d, size @ ..] = self.data.as_slice() else { return Ok(None) };
        let size = size.try_into().map(u32::from_le_bytes).unwrap_or_default();
        Ok(Some(([*a, *b, *c, *d], u64::from(size))))
    }

    /// Reads a chunk of `size` bytes with its padding; false if the file ends before.
    fn read(&mut self, size: u64) -> io::Result<bool> {
        let is_whole = self.read_exactly(size)?;
        if is_whole && size % 2 == 1 {
            self.reader.seek_relative(1)?;
        }
        Ok(is_whole)
    }

    fn read_exactly(&mut self, size: u64) -> io::Result<bool> {
        read_chunk(&mut self.reader, size, &mut self.data)
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        self.reader.seek_relative((size + size % 2).cast_signed())
    }
}

struct AviVideo {
    info: SourceInfo,
    chunks: Chunks,
    display: Display,
    /// A notice to give before the first picture.
    remark: Option<Notice>,
    pool: Pool,
    /// The two digits with which the names of this stream's chunks begin.
    stream_id: Vec<u8>,
    rate: u32,
    scale: u32,
    next_seq: u64,
    delivered: u64,
    /// Number of frames in the header; `None` once it has been checked.
    announced: Option<u64>,
    is_done: bool,
}

impl AviVideo {
    fn is_picture(&self, id: [u8; 4]) -> bool {
        id.starts_with(&self.stream_id) && matches!(&id[2..], b"dc" | b"db")
    }

    fn time(&self, seq: u64) -> Timestamp {
        let nanos =
            i128::from(seq) * i128::from(self.scale) * 1_000_000_000 / i128::from(self.rate);
        Timestamp::from_nanos(nanos.try_into().unwrap_or(i64::MAX))
    }

    fn lost(&self, seq: u64, why: &str) -> Next {
        let text =
            format!("frame {seq} of {} at {} is lost: {why}", self.info.name, self.time(seq));
        Next::Notice(Notice::new(NoticeKind::CorruptFrame, text))
    }

    fn picture(&mut self, size: u64) -> Result<Next, SourceError> {
        let seq = self.next_seq;
        self.next_seq += 1;
        if size > MAX_PICTURE_BYTES || !self.chunks.read(size).map_err(|error| self.io(error))? {
            self.is_done = true;
            return Ok(self.lost(seq, "the file is cut off here"));
        }
        if size == 0 {
            return Ok(self.lost(seq, "the recording program dropped it"));
        }
        let stored = self.pool.draw(|image| jpeg::decode_into(&self.chunks.data, image));
        match stored.and_then(|stored| self.frame(seq, stored)) {
            Ok(frame) => {
                self.delivered += 1;
                Ok(Next::Frame(frame))
            }
            Err(found) => Ok(self.lost(seq, &found)),
        }
    }

    /// The frame of the picture that was read last. It keeps the JPEG only if the picture is shown exactly as
    /// it is stored.
    fn frame(&mut self, seq: u64, stored: Arc<RgbImage>) -> Result<Frame, String> {
        let image = self.display.show(Arc::clone(&stored))?;
        let is_as_stored = Arc::ptr_eq(&image, &stored);
        let jpeg = jpeg::picture(&self.chunks.data).filter(|_| is_as_stored).map(Arc::from);
        Ok(Frame { seq, time: self.time(seq), image, jpeg })
    }

    fn io(&self, error: io::Error) -> SourceError {
        SourceError::Io { path: self.info.name.clone(), error }
    }

    fn end(&mut self) -> Result<Next, SourceError> {
        self.is_done = true;
        if self.delivered == 0 {
            let found = format!("none among {}", self.next_seq);
            let expected = "a video with frames that decode";
            return Err(SourceError::unusable(&self.info.name, expected, found));
        }
        let announced = self.announced.take().unwrap_or(0);
        if announced > self.next_seq {
            let missing = announced - self.next_seq;
            let text =
                format!("{}: the last {missing} of {announced} frames are missing", self.info.name);
            return Ok(Next::Notice(Notice::new(NoticeKind::CorruptFrame, text)));
        }
        Ok(Next::End)
    }
}

impl Source for AviVideo {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(remark) = self.remark.take() {
            return Ok(Next::Notice(remark));
        }
        loop {
            if self.is_done {
                return self.end();
            }
            let Some((id, size)) = self.chunks.next_chunk().map_err(|error| self.io(error))? else {
                return self.end();
            };
            match &id {
                _ if self.is_picture(id) => return self.picture(size),
                // The chunks in a list are read too, also those in the segments after the first gigabyte.
                b"LIST" | b"RIFF" => {
                    self.chunks.read_exactly(4).map_err(|error| self.io(error))?;
                }
                _ => self.chunks.skip(size).map_err(|error| self.io(error))?,
            }
        }
    }
}
