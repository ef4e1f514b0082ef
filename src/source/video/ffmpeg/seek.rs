//! Reading any other video in any order, through an installed ffmpeg.
//!
//! The file is read through once for the times of its frames. To find a frame, ffmpeg reads on from where it
//! is, or starts ten seconds before the frame; the frame is known by its time. Whatever a format does at the
//! point where decoding starts lies well before the frame.
//!
//! In MPEG streams the same time may occur twice, as where two recordings were joined. Decoding starts inside
//! such a stream only if the file's own clock gives every frame the time that reading through gave it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Begin, FfmpegVideo, Program, Wish};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::SourceError;

/// Seconds before a frame at which ffmpeg starts.
const RUN_UP_SECS: f64 = 10.0;

/// Up to this distance, reading on is faster than starting again.
const READ_ON_SECS: f64 = 15.0;

/// Number of pictures that are kept, for steps backwards.
const KEPT: usize = 48;

pub(super) struct FfmpegPictures {
    path: PathBuf,
    what: String,
    track: Option<usize>,
    program: Program,
    /// True if a frame can be found by its time; `None` if that is not known yet.
    has_one_clock: Option<bool>,
    moments: Vec<Moment>,
    /// Time of the first frame on the stream's own clock.
    first_time: Timestamp,
    /// The running ffmpeg, and the frame that it gave last.
    run: Option<(FfmpegVideo, usize)>,
    kept: BTreeMap<usize, Arc<RgbImage>>,
}

impl FfmpegPictures {
    /// Reads the file through.
    pub(super) fn open(wish: Wish<'_>, program: Program) -> Result<Self, SourceError> {
        let Wish { path, what, track } = wish;
        let mut video = FfmpegVideo::start(wish, &program, Begin::Front)?;
        let mut moments = Vec::new();
        while let Some(frame) = video.read_frame()? {
            moments.push(Moment { frame: frame.seq, time: frame.time });
        }
        let Some(first_time) = video.first_time else {
            let found = video.failure().unwrap_or_else(|| "no frame".into());
            return Err(SourceError::unusable(
                path.display(),
                "a video that ffmpeg can read",
                found,
            ));
        };
        Ok(Self {
            path: path.to_owned(),
            what: what.to_owned(),
            track,
            program,
            has_one_clock: (what != super::super::MPEG_STREAM).then_some(true),
            moments,
            first_time,
            run: None,
            kept: BTreeMap::new(),
        })
    }

    fn start(&self, begin: Begin) -> Result<FfmpegVideo, SourceError> {
        let wish = Wish { path: &self.path, what: &self.what, track: self.track };
        FfmpegVideo::start(wish, &self.program, begin)
    }

    /// True if every frame has the time of the file's own clock. To know it, the file is read through once
    /// more.
    fn has_one_clock(&mut self) -> Result<bool, SourceError> {
        if let Some(known) = self.has_one_clock {
            return Ok(known);
        }
        let mut video = self.start(Begin::FrontByOwnClock)?;
        video.first_time = Some(self.first_time);
        let mut times = self.moments.iter().map(|moment| moment.time);
        let mut is_one = true;
        while let Some(frame) = video.read_frame()? {
            if times.next() != Some(frame.time) {
                is_one = false;
                break;
            }
        }
        self.has_one_clock = Some(is_one);
        Ok(is_one)
    }

    fn read_to(&mut self, index: usize) -> Result<(), SourceError> {
        let time = self.moments[index].time;
        let is_near = |(_, last): &(FfmpegVideo, usize)| {
            *last < index && time.secs_since(self.moments[*last].time) < READ_ON_SECS
        };
        if let Some((video, last)) = self.run.take().filter(is_near)
            && self.read_on(video, Some(last), index)?
        {
            return Ok(());
        }
        self.kept.clear();
        let from_secs = time.secs() - RUN_UP_SECS;
        if from_secs > 0.0 && self.has_one_clock()? {
            let video = self.start(Begin::At(self.first_time + from_secs))?;
            if self.read_on(video, None, index)? {
                return Ok(());
            }
        }
        let video = self.start(Begin::Front)?;
        self.read_on(video, None, index).map(drop)
    }

    /// Reads until frame `index` is kept; false if it is passed or does not come.
    fn read_on(
        &mut self,
        mut video: FfmpegVideo,
        mut last: Option<usize>,
        index: usize,
    ) -> Result<bool, SourceError> {
        video.first_time.get_or_insert(self.first_time);
        while last.is_none_or(|last| last < index) {
            let Some(frame) = video.read_frame()? else { return Ok(false) };
            // Frames with the same time come in order.
            let from = last.map_or(0, |last| last + 1);
            let at = from + self.moments[from..].partition_point(|m| m.time < frame.time);
            if self.moments.get(at).is_none_or(|moment| moment.time != frame.time) {
                return Ok(false);
            }
            last = Some(at);
            self.kept.insert(at, frame.image);
            if self.kept.len() > KEPT {
                self.kept.pop_first();
            }
        }
        self.run = last.map(|last| (video, last));
        Ok(last == Some(index))
    }
}

impl Pictures for FfmpegPictures {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, time } = nth(&self.moments, index, &self.path)?;
        if !self.kept.contains_key(&index) {
            self.read_to(index).map_err(|error| PictureError::of(&self.path, error))?;
        }
        let image = self.kept.get(&index).ok_or_else(|| {
            let found = format!("frame {frame} at {time} did not come out of ffmpeg again");
            PictureError::new(&self.path, found)
        })?;
        Ok(Frame::new(frame, time, Arc::clone(image)))
    }
}
