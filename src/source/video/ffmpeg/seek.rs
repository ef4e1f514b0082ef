//! Looking at any other video in any order, through an installed ffmpeg.
//!
//! The file is read through once for the times of its frames. A frame is then found by reading on from
//! where ffmpeg is, or from ten seconds before it, and known by its time: whatever a format does at
//! the point where decoding begins anew lies well before it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FfmpegVideo, Program};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::SourceError;

/// How long before a frame the reading begins.
const RUN_UP_SECS: f64 = 10.0;

/// Reading on is faster than starting anew up to here.
const READ_ON_SECS: f64 = 15.0;

/// Pictures that are kept, for steps backwards.
const KEPT: usize = 48;

pub(super) struct FfmpegPictures {
    path: PathBuf,
    program: Program,
    moments: Vec<Moment>,
    /// The first frame's time on the stream's own clock.
    first_time: Timestamp,
    /// At work, and the frame that it gave last.
    run: Option<(FfmpegVideo, usize)>,
    kept: BTreeMap<usize, Arc<RgbImage>>,
}

impl FfmpegPictures {
    /// Reads the file through.
    pub(super) fn open(path: &Path, program: Program) -> Result<Self, SourceError> {
        let mut video = FfmpegVideo::start(path, &program, None)?;
        let mut moments = Vec::new();
        while let Some(frame) = video.read_frame()? {
            moments.push(Moment { frame: frame.seq, time: frame.time });
        }
        let Some(first_time) = video.first_time else {
            let found = video.log.complaint.take().unwrap_or_else(|| "no frame".into());
            return Err(SourceError::unusable(
                path.display(),
                "a video that ffmpeg can read",
                found,
            ));
        };
        let (run, kept) = (None, BTreeMap::new());
        Ok(Self { path: path.to_owned(), program, moments, first_time, run, kept })
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
        if from_secs > 0.0 {
            let from = self.first_time + from_secs;
            let video = FfmpegVideo::start(&self.path, &self.program, Some(from))?;
            if self.read_on(video, None, index)? {
                return Ok(());
            }
        }
        let video = FfmpegVideo::start(&self.path, &self.program, None)?;
        self.read_on(video, None, index).map(drop)
    }

    /// Reads until frame `index` is kept; false where it is passed over or does not come.
    fn read_on(
        &mut self,
        mut video: FfmpegVideo,
        mut last: Option<usize>,
        index: usize,
    ) -> Result<bool, SourceError> {
        video.first_time.get_or_insert(self.first_time);
        while last.is_none_or(|last| last < index) {
            let Some(frame) = video.read_frame()? else { return Ok(false) };
            // Frames of one time come in order.
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
