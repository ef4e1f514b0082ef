//! Gives the frames of a video the times that follow from their numbers at a stated rate.
//!
//! High-speed recordings are often stored so that they play slowly, and some data sets carry a wrong rate:
//! CASME II was recorded at 200 frames a second, and its files state another rate. Durations by the file's
//! own times would be wrong by this factor.

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::pictures::{PictureError, Pictures};
use crate::media::stream::{Next, Source, SourceError, SourceInfo};

/// A source at a stated rate.
pub(super) struct Retimed {
    inner: Box<dyn Source>,
    fps: f64,
    info: SourceInfo,
}

impl Retimed {
    /// `fps` is the true rate of `inner`, frames per second.
    pub(super) fn new(inner: Box<dyn Source>, fps: f64) -> Self {
        let info = told(inner.info(), fps);
        Self { inner, fps, info }
    }
}

/// What is known about a source, with the stated rate and a remark that it was stated.
fn told(info: &SourceInfo, fps: f64) -> SourceInfo {
    let before = info.nominal_fps.map_or_else(String::new, |fps| format!(" in place of {fps:.2}"));
    let detail = format!("{}, {fps} per second{before}, told (--fps)", info.detail);
    SourceInfo { nominal_fps: Some(fps), detail, ..info.clone() }
}

impl Source for Retimed {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        Ok(match self.inner.next()? {
            Next::Frame(mut frame) => {
                frame.time = Timestamp::of_frame(frame.seq, self.fps);
                Next::Frame(frame)
            }
            Next::Notice(notice) => {
                self.info = told(self.inner.info(), self.fps);
                Next::Notice(notice)
            }
            other => other,
        })
    }
}

/// The pictures of a source at a stated rate.
pub(super) struct RetimedPictures {
    inner: Box<dyn Pictures>,
    moments: Vec<Moment>,
}

impl RetimedPictures {
    pub(super) fn new(inner: Box<dyn Pictures>, fps: f64) -> Self {
        let moment = |m: &Moment| Moment { time: Timestamp::of_frame(m.frame, fps), ..*m };
        let moments = inner.moments().iter().map(moment).collect();
        Self { inner, moments }
    }
}

impl Pictures for RetimedPictures {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let mut frame = self.inner.picture(index)?;
        frame.time = self.moments.get(index).map_or(frame.time, |moment| moment.time);
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceSpec, video};

    #[test]
    fn a_told_rate_sets_the_times_of_frames_and_of_pictures() {
        let film = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
        let mut spec = SourceSpec::named(film.as_ref()).expect("a path");
        assert_eq!(spec.kind, video::KIND.name);
        spec.options.told_fps = Some(200.0);
        let mut source = spec.open().expect("opens");
        let info = source.info().clone();
        assert_eq!(info.nominal_fps, Some(200.0));
        assert!(info.detail.contains("200 per second") && info.detail.contains("told"), "{info:?}");
        let pictures = spec.pictures().expect("can be seen again").expect("opens");
        let mut played = Vec::new();
        loop {
            match source.next().expect("plays") {
                Next::Frame(frame) => played.push(Moment { frame: frame.seq, time: frame.time }),
                Next::End => break,
                _ => {}
            }
        }
        assert!(played.len() > 5 && played == pictures.moments(), "{played:?}");
        assert_eq!(played[5].time, Timestamp::of_frame(5, 200.0));
    }
}
