//! Looking at an MP4 in any order.
//!
//! Decoding begins at the last picture before the one asked for that needs none before it, so that
//! what comes out is what reading from the front gives, bit by bit. Pictures passed on the way are
//! kept for a while: whoever steps backwards wants them next.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{H264, Movie, Shown};
use crate::measure::event::Moment;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::SourceError;

/// Bytes of picture that are kept.
const KEPT_BYTES: usize = 64 << 20;

/// How many pictures are kept at most, and at least.
const KEPT_PICTURES: (usize, usize) = (4, 64);

pub(crate) struct Mp4Pictures {
    path: PathBuf,
    movie: Movie,
    moments: Vec<Moment>,
    /// Of every place in the order of display, its sample.
    samples: Vec<usize>,
    /// Of samples that were looked at, whether decoding may begin there.
    beginnings: HashMap<usize, bool>,
    run: Option<Run>,
    /// By place: the pictures that came out last, or why one did not.
    kept: BTreeMap<u64, Result<Arc<RgbImage>, String>>,
    kept_pictures: u64,
}

/// A decoder at work.
struct Run {
    decoder: H264,
    next_sample: usize,
    /// The newest place that came out.
    last_place: Option<u64>,
}

impl Mp4Pictures {
    pub(crate) fn new(path: &Path, movie: Movie) -> Self {
        let mut samples = vec![0; movie.samples.len()];
        movie.order.places.iter().enumerate().for_each(|(i, place)| samples[*place as usize] = i);
        let moment = |(place, time): (usize, &_)| Moment { frame: place as u64, time: *time };
        let moments = movie.order.times.iter().enumerate().map(moment).collect();
        let (width, height) = movie.info.size_px;
        let fit = KEPT_BYTES / (width * height * 3);
        Self {
            path: path.to_owned(),
            movie,
            moments,
            samples,
            beginnings: HashMap::new(),
            run: None,
            kept: BTreeMap::new(),
            kept_pictures: fit.clamp(KEPT_PICTURES.0, KEPT_PICTURES.1) as u64,
        }
    }

    /// The last sample at or before `sample` with which decoding may begin.
    fn beginning(&mut self, sample: usize) -> io::Result<usize> {
        for at in (1..=sample).rev() {
            if self.movie.samples[at].is_sync && self.is_beginning(at)? {
                return Ok(at);
            }
        }
        Ok(0)
    }

    fn is_beginning(&mut self, at: usize) -> io::Result<bool> {
        if let Some(known) = self.beginnings.get(&at) {
            return Ok(*known);
        }
        let sample = self.movie.samples[at];
        let is_beginning =
            self.movie.read_sample(&sample)? && self.movie.config.is_beginning(&self.movie.buffer);
        self.beginnings.insert(at, is_beginning);
        Ok(is_beginning)
    }

    /// Decodes until the picture at `place` is kept, or cannot come any more.
    fn decode_to(&mut self, place: u64) -> Result<(), SourceError> {
        let from = self.beginning(self.samples[place as usize]);
        let from = from.map_err(|error| self.movie.io(error))?;
        let is_ahead =
            |run: &Run| run.last_place.is_none_or(|last| last < place) && run.next_sample >= from;
        let mut run = match self.run.take().filter(is_ahead) {
            Some(run) => run,
            None => {
                self.kept.clear();
                Run { decoder: self.movie.decoder()?, next_sample: from, last_place: None }
            }
        };
        let first_kept = (place + 1).saturating_sub(self.kept_pictures);
        self.kept = self.kept.split_off(&first_kept);
        run.decoder.want_from(first_kept);
        while run.last_place.is_none_or(|last| last < place) {
            let Some(sample) = self.movie.samples.get(run.next_sample).copied() else {
                run.decoder.finish().into_iter().for_each(|shown| self.keep(shown, first_kept));
                return Ok(());
            };
            if !self.movie.read_sample(&sample).map_err(|error| self.movie.io(error))? {
                run.next_sample = self.movie.samples.len();
                continue;
            }
            let sample_place = self.movie.order.places[run.next_sample];
            run.next_sample += 1;
            if let Some(shown) = run.decoder.decode(sample_place, &self.movie.buffer) {
                if shown.1.is_ok() {
                    run.last_place = run.last_place.max(Some(shown.0));
                }
                self.keep(shown, first_kept);
            }
        }
        self.run = Some(run);
        Ok(())
    }

    fn keep(&mut self, (place, picture): Shown, first_kept: u64) {
        if place >= first_kept {
            let turn = self.movie.turn;
            self.kept.insert(place, picture.map(|image| turn.apply(image)));
        }
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
