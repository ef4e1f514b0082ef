//! Reading a Motion-JPEG AVI in any order. Every picture can be decoded by itself, once its place is known.

use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{AviVideo, MAX_PICTURE_BYTES};
use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::jpeg;
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::SourceError;

pub(crate) struct AviPictures {
    path: PathBuf,
    video: AviVideo,
    /// Number and time of every picture that the file holds.
    moments: Vec<Moment>,
    /// First byte and length of each.
    places: Vec<(u64, u64)>,
}

impl AviPictures {
    pub(crate) fn new(path: &Path, video: AviVideo) -> Result<Self, SourceError> {
        let mut pictures =
            Self { path: path.to_owned(), video, moments: Vec::new(), places: Vec::new() };
        pictures.find().map_err(|error| SourceError::io(path, error))?;
        Ok(pictures)
    }

    /// Goes from chunk to chunk, as reading from front to back does.
    fn find(&mut self) -> io::Result<()> {
        let chunks = &mut self.video.chunks;
        let length = chunks.reader.get_ref().metadata()?.len();
        let mut frame = 0;
        while let Some((id, size)) = self.video.chunks.next_chunk()? {
            let chunks = &mut self.video.chunks;
            let at = chunks.reader.stream_position()?;
            if matches!(&id, b"LIST" | b"RIFF") {
                chunks.read_exactly(4)?;
                continue;
            }
            if size > MAX_PICTURE_BYTES || at + size > length {
                break;
            }
            chunks.skip(size)?;
            if self.video.is_picture(id) {
                // A chunk without bytes is a frame that the recording program dropped.
                if size > 0 {
                    self.moments.push(Moment { frame, time: self.video.time(frame) });
                    self.places.push((at, size));
                }
                frame += 1;
            }
        }
        Ok(())
    }

    fn read(&mut self, (at, size): (u64, u64)) -> io::Result<bool> {
        self.video.chunks.reader.seek(SeekFrom::Start(at))?;
        self.video.chunks.read_exactly(size)
    }
}

impl Pictures for AviPictures {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, time } = nth(&self.moments, index, &self.path)?;
        let read = self.read(self.places[index]);
        let is_whole = read.map_err(|error| PictureError::new(&self.path, error.to_string()))?;
        let data = &self.video.chunks.data;
        let decoded = if is_whole { jpeg::decode(data) } else { Err("the end of the file".into()) };
        let shown = decoded.and_then(|stored| self.video.frame(frame, Arc::new(stored)));
        match shown {
            Ok(frame) => Ok(frame),
            Err(found) => {
                let text = format!("frame {frame} at {time}: expected a picture, found {found}");
                Err(PictureError::new(&self.path, text))
            }
        }
    }
}
