//! Reading an MP4 in any order.
//!
//! Decoding begins at the last picture at or before the one asked for that needs none before it. So the
//! result is exactly that of reading from the front. Pictures that are decoded on the way are kept for a
//! while, because a person who steps backwards needs them next.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Movie;
use super::h264::{Decoded, H264};
use crate::measure::event::Moment;
use crate::media::display::Display;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::SourceError;

/// Bytes of pictures that are kept.
const KEPT_BYTES: usize = 64 << 20;

/// Least and greatest number of pictures that are kept.
const KEPT_PICTURES: (usize, usize) = (4, 64);

pub(crate) struct Mp4Pictures {
    path: PathBuf,
    movie: Movie,
    display: Display,
    moments: Vec<Moment>,
    /// For every sample that was asked for, the sample with which its decoding begins.
    beginnings: HashMap<usize, usize>,
    run: Option<Run>,
    /// By place: the pictures decoded last, or why one is missing.
    kept: BTreeMap<u64, Result<Arc<RgbImage>, String>>,
    kept_pictures: u64,
}

/// A decoder at work.
struct Run {
    decoder: H264,
    next_sample: usize,
    /// The sample with which it began. All pictures from there on are those of reading from the front.
    from: usize,
}

impl Mp4Pictures {
    pub(crate) fn new(path: &Path, movie: Movie) -> Self {
        let moment = |(place, time): (usize, &_)| Moment { frame: place as u64, time: *time };
        let moments = movie.order.times.iter().enumerate().map(moment).collect();
        let (width, height) = movie.info.size_px;
        let fit = KEPT_BYTES / (width * height * 3);
        Self {
            path: path.to_owned(),
            display: movie.display(),
            movie,
            moments,
            beginnings: HashMap::new(),
            run: None,
            kept: BTreeMap::new(),
            kept_pictures: fit.clamp(KEPT_PICTURES.0, KEPT_PICTURES.1) as u64,
        }
    }

    /// The last sample at or before `sample` with which decoding may begin.
    fn beginning(&mut self, sample: usize) -> io::Result<usize> {
        if let Some(known) = self.beginnings.get(&sample) {
            return Ok(*known);
        }
        let beginning = self.movie.beginning(sample)?;
        self.beginnings.insert(sample, beginning);
        Ok(beginning)
    }

    /// Decodes until the picture at `place` is kept, or cannot come any more.
    fn decode_to(&mut self, place: u64) -> Result<(), SourceError> {
        let target = self.movie.order.samples[place as usize];
        let from = self.beginning(target).map_err(|error| self.movie.io(error))?;
        let is_ahead = |run: &Run| run.next_sample <= target && run.next_sample >= from;
        let mut run = match self.run.take().filter(is_ahead) {
            Some(run) => run,
            None => Run { decoder: self.movie.decoder()?, next_sample: from, from },
        };
        let first_kept = (place + 1).saturating_sub(self.kept_pictures);
        let last_kept = place + self.kept_pictures;
        self.kept.retain(|kept, _| (first_kept..=last_kept).contains(kept));
        while run.next_sample <= target {
            let at = run.next_sample;
            run.next_sample += 1;
            let sample = self.movie.samples[at];
            if !self.movie.read_sample(&sample).map_err(|error| self.movie.io(error))? {
                return Ok(());
            }
            // A sample before the one where decoding began would lack pictures that it needs.
            let shown = self.movie.order.places[at]
                .filter(|shown| (first_kept..=last_kept).contains(shown) && at >= run.from);
            let decoded = run.decoder.decode(&self.movie.buffer, shown.is_some());
            if let Some(shown) = shown {
                let picture = match decoded {
                    Decoded::Picture(image) => self.display.show(image),
                    Decoded::Nothing => Err("its sample holds no picture".into()),
                    Decoded::Lost(why) => Err(why),
                };
                self.kept.insert(shown, picture);
            }
        }
        self.run = Some(run);
        Ok(())
    }
}

impl Pictures for Mp4Pictures {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let moment = nth(&self.moments, index, &self.path)?;
        if !self.kept.contains_key(&moment.frame) {
            self.decode_to(moment.frame).map_err(|error| PictureError::of(&self.path, error))?;
        }
        let Moment { frame, time } = moment;
        match self.kept.get(&frame) {
            Some(Ok(image)) => Ok(Frame::new(frame, time, Arc::clone(image))),
            other => {
                let why = other.and_then(|kept| kept.as_ref().err()).map(String::as_str);
                let why = why.unwrap_or("the file is cut off before it");
                let found = format!("frame {frame} at {time} cannot be shown: {why}");
                Err(PictureError::new(&self.path, found))
            }
        }
    }
}
