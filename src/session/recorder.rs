//! What is recorded, from the first frame on: the frames that were analysed, and what was said of them.
//!
//! A recording that begins in the middle of a run holds what belongs to its own frames: no sample of
//! a frame before its first or after its last, and only events that reach into it.

use std::io;
use std::path::{Path, PathBuf};

use super::annotation::Entry;
use super::record::Record;
use super::store::{Beginning, Store, StoreError, segment_name, unix_ms_now};
use crate::measure::event::Event;
use crate::measure::sample::Sample;
use crate::media::image::Frame;
use crate::media::mkv::MkvWriter;
use crate::session::record::Stats;

/// Why recording cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pictures.
    #[error("{}: {error}", path.display())]
    Film {
        /// The picture file.
        path: PathBuf,
        /// What the file system said.
        error: io::Error,
    },
}

/// A session being recorded.
#[derive(Debug)]
pub struct SessionRecorder {
    store: Store,
    with_pictures: bool,
    film: Option<Reel>,
    segment: u32,
    /// Numbers of the first and the newest frame.
    span: Option<(u64, u64)>,
    /// What had been counted before the recording began.
    before: Stats,
}

/// The picture file that is being written.
#[derive(Debug)]
struct Reel {
    writer: MkvWriter,
    path: PathBuf,
    size_px: (usize, usize),
}

impl SessionRecorder {
    /// Begins a session in `folder`; `before` is what had been counted of the run so far.
    pub fn begin(folder: &Path, beginning: &Beginning, before: Stats) -> Result<Self, StoreError> {
        let store = Store::create(folder, beginning)?;
        let with_pictures = beginning.with_pictures;
        Ok(Self { store, with_pictures, film: None, segment: 0, span: None, before })
    }

    /// Takes a frame that was analysed.
    pub fn push_frame(&mut self, frame: &Frame) -> Result<(), RecorderError> {
        match &mut self.span {
            Some((_, newest)) => *newest = frame.seq,
            None => {
                self.span = Some((frame.seq, frame.seq));
                self.store.append_begun(unix_ms_now())?;
            }
        }
        if !self.with_pictures {
            return Ok(());
        }
        let size_px = (frame.image.width, frame.image.height);
        if self.film.as_ref().is_none_or(|segment| segment.size_px != size_px) {
            self.change_segment(size_px)?;
        }
        match &mut self.film {
            Some(segment) => {
                segment.writer.push(frame).map_err(|error| failed(&segment.path, error))
            }
            None => Ok(()),
        }
    }

    /// Pictures of another size go into a file of their own.
    fn change_segment(&mut self, size_px: (usize, usize)) -> Result<(), RecorderError> {
        self.end_segment()?;
        self.segment += 1;
        let name = segment_name(self.segment);
        let path = self.store.folder().join(&name);
        let writer = MkvWriter::create(&path, size_px).map_err(|error| failed(&path, error))?;
        self.film = Some(Reel { writer, path, size_px });
        // Known from the first picture on, so that a kill leaves no file without a name.
        self.store.append_film(&name, size_px)?;
        Ok(self.store.commit()?)
    }

    fn end_segment(&mut self) -> Result<(), RecorderError> {
        match self.film.take() {
            Some(segment) => segment.writer.finish().map_err(|error| failed(&segment.path, error)),
            None => Ok(()),
        }
    }

    /// Takes what the analysis said, as far as it belongs to the frames of this recording.
    pub fn push_record(&mut self, record: &Record) -> Result<(), RecorderError> {
        match record {
            Record::Samples(samples) => {
                let own = samples.iter().filter(|sample| self.has_sample(sample));
                own.copied()
                    .collect::<Vec<_>>()
                    .iter()
                    .try_for_each(|s| self.store.append_sample(s))?;
            }
            Record::Event(event, _) if !self.has_event(event) => {}
            Record::Stats(stats) => {
                let stats = Stats {
                    analysed: stats.analysed.saturating_sub(self.before.analysed),
                    dropped: stats.dropped.saturating_sub(self.before.dropped),
                    ..*stats
                };
                self.store.append(&Record::Stats(stats))?;
            }
            record => self.store.append(record)?,
        }
        Ok(())
    }

    /// Takes what a person did.
    pub fn push_entry(&mut self, entry: &Entry) -> Result<(), RecorderError> {
        Ok(self.store.append_entry(entry)?)
    }

    fn has_sample(&self, sample: &Sample) -> bool {
        self.span.is_some_and(|(first, newest)| (first..=newest).contains(&sample.seq))
    }

    fn has_event(&self, event: &Event) -> bool {
        self.span.is_some_and(|(first, newest)| {
            event.offset.frame >= first && event.onset.frame <= newest
        })
    }

    /// Hands everything taken so far to the system, where a kill of the program does not reach it.
    pub fn keep(&mut self) -> Result<(), RecorderError> {
        Ok(self.store.commit()?)
    }

    /// Puts everything taken so far onto the disk, where a power cut does not reach it either.
    pub fn sync(&mut self) -> Result<(), RecorderError> {
        if let Some(segment) = &mut self.film {
            segment.writer.flush().map_err(|error| failed(&segment.path, error))?;
        }
        Ok(self.store.sync()?)
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// The session's folder.
    pub fn folder(&self) -> &Path {
        self.store.folder()
    }

    /// Ends the recording, with the reason where it was not by wish. Each file is ended whatever
    /// became of the other; the error is the first.
    pub fn finish(mut self, reason: Option<&str>) -> Result<(), RecorderError> {
        let film = self.end_segment();
        let store = self.store.finish(reason).map_err(RecorderError::from);
        film.and(store)
    }
}

fn failed(path: &Path, error: io::Error) -> RecorderError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full { path: path.into() }.into(),
        _ => RecorderError::Film { path: path.into(), error },
    }
}
