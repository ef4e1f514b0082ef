//! Reading an MP4 from front to back.
//!
//! Samples are decoded in the order of the file. Their pictures wait until all pictures that are shown before
//! them have come, and leave in the order of display.

use std::collections::BTreeMap;

use super::Movie;
use super::h264::{Decoded, H264};
use crate::measure::time::Timestamp;
use crate::media::display::Display;
use crate::media::image::Frame;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo};

/// Greatest number of pictures that wait. A stream may reorder a picture by 16 others (ITU-T H.264, A.3.1);
/// an index that needs more is damaged.
const MOST_WAITING: usize = 20;

pub(super) struct Mp4Video {
    movie: Movie,
    decoder: H264,
    display: Display,
    next_sample: usize,
    /// The place of the next frame to be delivered.
    next_place: u64,
    /// By place: results that have not been delivered yet.
    waiting: BTreeMap<u64, Decoded>,
    /// Number of frames that were reported as lost.
    lost: u64,
    /// True after the last sample, also if the file is cut off.
    is_read: bool,
    /// True if a change of size was reported.
    has_changed: bool,
    /// A frame to deliver before anything else.
    pending: Option<Frame>,
    is_done: bool,
}

impl Mp4Video {
    pub(super) fn new(mut movie: Movie) -> Result<Self, SourceError> {
        let begin = movie.order.begin();
        let next_sample = movie.beginning(begin).map_err(|error| movie.io(error))?;
        movie.remarks.reverse();
        Ok(Self {
            decoder: movie.decoder()?,
            display: movie.display(),
            movie,
            next_sample,
            next_place: 0,
            waiting: BTreeMap::new(),
            lost: 0,
            is_read: false,
            has_changed: false,
            pending: None,
            is_done: false,
        })
    }

    fn frames(&self) -> u64 {
        self.movie.order.times.len() as u64
    }

    /// Decodes one sample.
    fn advance(&mut self) -> Result<(), SourceError> {
        let at = self.next_sample;
        let Some(sample) = self.movie.samples.get(at).copied() else {
            self.is_read = true;
            return Ok(());
        };
        self.next_sample += 1;
        if at >= self.movie.order.end()
            || !self.movie.read_sample(&sample).map_err(|error| self.movie.io(error))?
        {
            self.is_read = true;
            return Ok(());
        }
        let place = self.movie.order.places[at];
        let decoded = self.decoder.decode(&self.movie.buffer, place.is_some());
        // A sample that was given up as missing comes too late.
        if let Some(place) = place.filter(|place| *place >= self.next_place) {
            self.waiting.insert(place, decoded);
        }
        Ok(())
    }

    /// The next result to deliver, once it is known.
    fn take(&mut self) -> Option<(u64, Decoded)> {
        if let Some(decoded) = self.waiting.remove(&self.next_place) {
            self.next_place += 1;
            return Some((self.next_place - 1, decoded));
        }
        if (self.waiting.is_empty() || !self.is_read) && self.waiting.len() <= MOST_WAITING {
            return None;
        }
        // Its sample is missing, or comes too late.
        self.next_place += 1;
        Some((self.next_place - 1, Decoded::Lost("its sample is not where it belongs".into())))
    }

    fn deliver(&mut self, place: u64, decoded: Decoded) -> Result<Next, SourceError> {
        let time = self.movie.order.times.get(place as usize).copied().unwrap_or_default();
        let image = match decoded {
            Decoded::Picture(image) => image,
            Decoded::Nothing => return Ok(self.lost(place, time, "its sample holds no picture")),
            Decoded::Lost(why) => return Ok(self.lost(place, time, &why)),
        };
        let size_px = (image.width, image.height);
        let shown = match self.display.show(image) {
            Ok(image) => Frame::new(place, time, image),
            Err(why) => return Ok(self.lost(place, time, &why)),
        };
        if size_px != self.movie.config.stream.size_px && !self.has_changed {
            self.has_changed = true;
            self.pending = Some(shown);
            return Ok(Next::Notice(self.change(size_px, place, time)));
        }
        Ok(Next::Frame(shown))
    }

    fn change(&self, (width, height): (usize, usize), place: u64, time: Timestamp) -> Notice {
        let (first_width, first_height) = self.movie.config.stream.size_px;
        let text = format!(
            "{}: the pictures change their size, first at frame {place} ({time}), from \
             {first_width}×{first_height} to {width}×{height}; all are shown at the first size.",
            self.movie.info.name
        );
        Notice::new(NoticeKind::Info, text)
    }

    fn lost(&mut self, place: u64, time: Timestamp, why: &str) -> Next {
        self.lost += 1;
        let text = format!("frame {place} of {} at {time} is lost: {why}", self.movie.info.name);
        Next::Notice(Notice::new(NoticeKind::CorruptFrame, text))
    }

    /// Everything that could be read has been delivered: reports what is missing.
    fn end(&mut self) -> Result<Next, SourceError> {
        let missing = self.frames().saturating_sub(self.next_place);
        self.next_place = self.frames();
        self.lost += missing;
        if self.lost == self.frames() {
            self.is_done = true;
            let found = format!("none among {} samples", self.lost);
            let expected = "a video with frames that decode";
            return Err(SourceError::unusable(&self.movie.info.name, expected, found));
        }
        let name = &self.movie.info.name;
        let text = if missing > 0 {
            let frames = self.frames();
            format!("{name} is cut off: its last {missing} of {frames} frames are missing")
        } else if self.movie.is_cut {
            format!("{name} is cut off: its end is missing")
        } else {
            self.is_done = true;
            return Ok(Next::End);
        };
        self.movie.is_cut = false;
        Ok(Next::Notice(Notice::new(NoticeKind::CorruptFrame, text)))
    }
}

impl Source for Mp4Video {
    fn info(&self) -> &SourceInfo {
        &self.movie.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(remark) = self.movie.remarks.pop() {
            return Ok(Next::Notice(remark));
        }
        if let Some(frame) = self.pending.take() {
            return Ok(Next::Frame(frame));
        }
        loop {
            if self.is_done {
                return Ok(Next::End);
            }
            if let Some((place, decoded)) = self.take() {
                return self.deliver(place, decoded);
            }
            if self.is_read {
                return self.end();
            }
            self.advance()?;
        }
    }
}
