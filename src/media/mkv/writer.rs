//! Writing a film.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::layout::{Header, Index, PicturePlace, index, picture_header};
use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::jpeg;

/// JPEG quality of pictures that a source does not deliver as JPEG, 1–100. At 95, brightness is off by less
/// than half a grey level on average, which is less than a camera's noise.
pub(crate) const QUALITY: u8 = 95;

/// Writes one picture for every frame: the film of a session, and synthetic video.
///
/// When [`push`](Self::push) returns, the system has the picture, and killing the program does not lose it.
/// After an error, the file holds complete pictures only; it can still be finished if there is room.
#[derive(Debug)]
pub struct MkvWriter {
    file: File,
    header: Header,
    places: Vec<PicturePlace>,
    /// Number of complete bytes in the file.
    bytes: u64,
}

impl MkvWriter {
    /// Creates a film with pictures of `size_px`. The file must not exist yet.
    pub fn create(path: &Path, size_px: (usize, usize)) -> io::Result<Self> {
        let mut options = crate::files::options();
        Self::begin(options.read(true).write(true).create_new(true).open(path)?, size_px)
    }

    /// Writes the film to an empty file.
    pub fn begin(mut file: File, size_px: (usize, usize)) -> io::Result<Self> {
        let header = Header::new(size_px);
        file.write_all(&header.bytes)?;
        let bytes = header.bytes.len() as u64;
        Ok(Self { file, header, places: Vec::new(), bytes })
    }

    /// Continues a film that was not finished: `places` are all of its pictures, and the last of them ends at
    /// byte `bytes`.
    pub(crate) fn resume(
        file: File,
        header: Header,
        places: Vec<PicturePlace>,
        bytes: u64,
    ) -> Self {
        Self { file, header, places, bytes }
    }

    /// Appends a picture. Frame numbers and times must grow, and no time may be before zero.
    ///
    /// A frame's own JPEG is copied unchanged. A frame without one is encoded, which takes some milliseconds.
    pub fn push(&mut self, frame: &Frame) -> io::Result<()> {
        let moment = Moment { frame: frame.seq, time: frame.time };
        let last = self.places.last().map(|place| place.moment);
        if last.is_some_and(|last| !moment.is_after(last)) || frame.time.nanos() < 0 {
            let newest = last.map(|last| format!(" after frame {} at {}", last.frame, last.time));
            let text = format!(
                "expected a frame{}, at zero or later, found frame {} at {}",
                newest.unwrap_or_default(),
                frame.seq,
                frame.time
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let encoded;
        let jpeg = match &frame.jpeg {
            Some(jpeg) => jpeg.as_ref(),
            None => {
                encoded = jpeg::encode(&frame.image, QUALITY)?;
                encoded.as_slice()
            }
        };
        let header = picture_header(moment, jpeg).ok_or(io::ErrorKind::FileTooLarge)?;
        self.append(&[&header, jpeg])?;
        let bytes = (header.len() + jpeg.len()) as u64;
        self.places.push(PicturePlace { offset: self.bytes, moment });
        self.bytes += bytes;
        Ok(())
    }

    /// Waits until everything pushed is on the disk, so that a power cut does not lose it. May take tens of
    /// milliseconds.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many pictures were written.
    pub fn pictures(&self) -> usize {
        self.places.len()
    }

    /// Completes the file with an index of every picture, and the duration. An unfinished film has all its
    /// pictures too, but players jump in it more slowly.
    pub fn finish(mut self) -> io::Result<()> {
        let index = index(&self.places, self.header.segment);
        self.append(&[&index.bytes])?;
        self.file.sync_data()?;
        self.complete(&index)?;
        self.file.sync_all()
    }

    fn complete(&mut self, index: &Index) -> io::Result<()> {
        for (at, bytes) in self.header.completion(&self.places, self.bytes, index) {
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Writes `parts` at the end. If they do not all fit, none of them stays.
    fn append(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let file = &mut self.file;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        if written.is_err() {
            file.set_len(self.bytes)?;
            file.seek(SeekFrom::Start(self.bytes))?;
        }
        written
    }
}
