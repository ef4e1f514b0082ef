//! The thread that extracts the pictures of events from a recording: the face held still, as live, with its
//! movement enlarged if that is wanted.
//!
//! The pictures are read again and the face is found in them again, so that a clip can have any bounds that a
//! person sets. [`exchange::clips`](crate::exchange::clips) exports the same pictures.

use std::sync::Arc;

use super::worker::{Keep, Worker, WorkerThread};
use crate::exchange::clips::extract::face_clip;
use crate::exchange::clips::faces::FaceFollower;
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;
use crate::media::pictures::Pictures;
use crate::pipeline::motion::magnify::magnify;
use crate::session::annotation::Bounds;
use crate::session::clip::EventClip;

/// A request, and its pictures or why there are none.
type ExtractedClip = (Bounds, f32, Result<Arc<EventClip>, String>);

/// Number of clips without magnification that are kept.
const PLAIN_KEPT: usize = 4;

/// Number of answers that may wait for the window; then the thread waits.
const ANSWERS: usize = 64;

/// The window's end. The thread ends when it is dropped.
#[derive(Debug)]
pub struct ClipExtractor(Worker<Vec<(Bounds, f32)>, ExtractedClip>);

impl ClipExtractor {
    /// Starts the thread. It opens pictures and follower by `make`; if that fails, the error answers every
    /// request. `wake` is called with every answer. Fails if the system cannot start a thread.
    pub fn start<F: FaceFollower + 'static>(
        make: impl FnOnce() -> Result<(Box<dyn Pictures>, F), String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end| extract(make, &end);
        let (requests, answers) = (Keep::Newest, Keep::All(ANSWERS));
        Worker::start("fleeting-clip-extractor", requests, answers, body, wake).map(Self)
    }

    /// Asks for the pictures of events, the most wanted first. The number is the magnification of movement; 1
    /// means none. Older requests that were not answered are dropped.
    pub fn cut(&self, wanted: Vec<(Bounds, f32)>) {
        self.0.ask(wanted);
    }

    /// The answers since the last call.
    pub fn cuts(&self) -> impl Iterator<Item = ExtractedClip> + '_ {
        std::iter::from_fn(|| self.0.answer())
    }
}

/// The thread's body.
fn extract<F: FaceFollower>(
    make: impl FnOnce() -> Result<(Box<dyn Pictures>, F), String>,
    end: &WorkerThread<Vec<(Bounds, f32)>, ExtractedClip>,
) {
    let mut clips = PlainClips { made: make(), newest: Vec::new() };
    while let Some(wanted) = end.next() {
        for (bounds, magnification) in wanted {
            let clip = clips.clip(&bounds).map(|clip| magnified(clip, magnification));
            if end.answer((bounds, magnification, clip)).is_err() {
                return;
            }
            // After a newer request, only its pictures are wanted.
            if end.is_asked() {
                break;
            }
        }
    }
}

/// Clips as they were recorded, before any movement is enlarged.
struct PlainClips<F> {
    made: Result<(Box<dyn Pictures>, F), String>,
    /// The clips that were asked for last, newest first.
    newest: Vec<(Bounds, Arc<EventClip>)>,
}

impl<F: FaceFollower> PlainClips<F> {
    fn clip(&mut self, bounds: &Bounds) -> Result<Arc<EventClip>, String> {
        if let Some((_, clip)) = self.newest.iter().find(|(kept, _)| kept == bounds) {
            return Ok(Arc::clone(clip));
        }
        let (pictures, faces) = self.made.as_mut().map_err(|why| why.clone())?;
        // A recording that is still running may have more pictures by now.
        let newest = pictures.moments().last().map(|moment| moment.frame);
        if newest.is_none_or(|newest| newest < bounds.offset.frame) {
            pictures.refresh().map_err(|error| error.to_string())?;
        }
        let zero = zero_of(pictures.as_ref(), bounds);
        let mut clip = face_clip(pictures.as_mut(), faces, &moved(bounds, zero))?;
        for (_, time, _) in &mut clip.frames {
            *time = *time + zero.secs();
        }
        let clip = Arc::new(clip);
        self.newest.truncate(PLAIN_KEPT - 1);
        self.newest.insert(0, (*bounds, Arc::clone(&clip)));
        Ok(clip)
    }
}

/// Time zero of the pictures on the clock of `bounds`: a running recording counts from its own first frame, a
/// run from its own. Frame numbers are the same in both.
fn zero_of(pictures: &dyn Pictures, bounds: &Bounds) -> Timestamp {
    let shift = |moment: &Moment| {
        let found = pictures.moments().get(pictures.index_of(moment.frame)?)?;
        (found.frame == moment.frame).then(|| found.time.until(moment.time))
    };
    let moments = [bounds.onset, bounds.apex, bounds.offset];
    moments.iter().find_map(shift).unwrap_or(Timestamp::ZERO)
}

/// The bounds on a clock that begins at `zero`.
fn moved(bounds: &Bounds, zero: Timestamp) -> Bounds {
    let on = |moment: Moment| Moment { time: zero.until(moment.time), ..moment };
    Bounds { onset: on(bounds.onset), apex: on(bounds.apex), offset: on(bounds.offset) }
}

/// The clip with its movement since the onset enlarged.
fn magnified(clip: Arc<EventClip>, magnification: f32) -> Arc<EventClip> {
    if magnification == 1.0 {
        return clip;
    }
    let pictures: Vec<&RgbImage> = clip.frames.iter().map(|(_, _, image)| &**image).collect();
    let enlarged = magnify(&pictures, clip.onset, magnification);
    let frames = clip.frames.iter().zip(enlarged);
    let frames = frames.map(|((seq, time, _), image)| (*seq, *time, Arc::new(image))).collect();
    Arc::new(EventClip { frames, regions: clip.regions.clone(), ..*clip })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::geometry::{Affine, Rect};
    use crate::media::image::Frame;
    use crate::media::pictures::PictureError;
    use crate::pipeline::Overlay;
    use crossbeam_channel::bounded;
    use std::time::Duration;

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    /// Ten seconds at 30 frames a second; frame 200 cannot be read.
    struct Recorded(Vec<Moment>);

    impl Pictures for Recorded {
        fn moments(&self) -> &[Moment] {
            &self.0
        }

        fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
            let Moment { frame, time } = self.0[index];
            if frame == 200 {
                return Err(PictureError::new("film.mkv".as_ref(), "a damaged picture"));
            }
            let image = Arc::new(RgbImage::new(8, 8));
            Ok(Frame::new(frame, time, image))
        }
    }

    /// Finds a face from frame 100 on.
    struct Finder;

    impl FaceFollower for Finder {
        fn forget(&mut self) {}

        fn faces(&mut self, _: &RgbImage) -> Result<Vec<Rect>, String> {
            Ok(Vec::new())
        }

        fn follow(&mut self, frame: &Frame) -> Result<Overlay, String> {
            let face = (frame.seq >= 100).then_some(Affine::IDENTITY);
            Ok(Overlay { frame_from_face: face, ..Overlay::default() })
        }
    }

    fn cut(bounds: [u64; 3]) -> Result<Arc<EventClip>, String> {
        let (tx, woken) = bounded(64);
        let make = || {
            let pictures: Box<dyn Pictures> = Box::new(Recorded((0..300).map(at).collect()));
            Ok((pictures, Finder))
        };
        let clip_extractor =
            ClipExtractor::start(make, move || tx.send(()).unwrap_or(())).expect("starts");
        let [onset, apex, offset] = bounds.map(at);
        clip_extractor.cut(vec![(Bounds { onset, apex, offset }, 5.0)]);
        woken.recv_timeout(Duration::from_secs(10)).expect("woken");
        let (_, magnification, cut) = clip_extractor.cuts().next().expect("an answer");
        assert_eq!(magnification, 5.0);
        cut
    }

    #[test]
    fn a_clip_holds_the_event_and_a_little_beside_it() {
        let clip = cut([120, 126, 132]).expect("there is a face");
        let named = |index: usize| clip.frames[index].0;
        assert_eq!([clip.onset, clip.apex, clip.offset].map(named), [120, 126, 132]);
        assert_eq!((clip.frames[0].0, clip.frames.last().map(|f| f.0)), (113, Some(139)));
    }

    #[test]
    fn a_recording_that_began_later_than_the_run_is_cut_by_frame_numbers() {
        let pictures: Box<dyn Pictures> = Box::new(Recorded((0..300).map(at).collect()));
        let mut clips = PlainClips { made: Ok((pictures, Finder)), newest: Vec::new() };
        let late = |frame: u64| Moment { time: at(frame).time + 138.0, ..at(frame) };
        let [onset, apex, offset] = [120, 126, 132].map(late);
        let clip = clips.clip(&Bounds { onset, apex, offset }).expect("there is a face");
        let (frame, time, _) = clip.frames[clip.onset];
        assert_eq!(Moment { frame, time }, onset);
    }

    #[test]
    fn what_cannot_be_cut_says_why() {
        assert!(cut([20, 30, 40]).expect_err("no face").contains("No face"));
        assert!(cut([900, 901, 902]).expect_err("not recorded").contains("No picture"));
        let error = cut([195, 200, 205]).expect_err("damaged");
        assert!(error.contains("film.mkv") && error.contains("damaged"), "{error}");
    }
}
