//! The thread that cuts the pictures of events out of a stored session: the face held still, as live.
//!
//! The pictures are read anew and the face is found in them by the same pipeline that found it before,
//! so that a clip can be cut round any bounds that a person sets.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::clips::{Clips, EventClip, MARGIN_SECS};
use crate::image::Frame;
use crate::pipeline::{Output, Overlay, Pipeline};
use crate::session::annotation::Bounds;
use crate::session::pictures::Pictures;

/// Longer events are shown by their beginning, seconds.
const LONGEST_SECS: f64 = 6.0;

/// What finds the face in one frame after another: the pipeline, or a stand-in for it in tests.
pub trait FaceFinder {
    /// Forgets the frames before.
    fn forget(&mut self);
    /// What is to be drawn over the next frame; the error is one sentence.
    fn find(&mut self, frame: &Frame) -> Result<Overlay, String>;
}

impl FaceFinder for Pipeline {
    fn forget(&mut self) {
        self.reset();
    }

    fn find(&mut self, frame: &Frame) -> Result<Overlay, String> {
        let mut output = Output::default();
        self.push(frame, &mut output).map_err(|error| error.to_string())?;
        Ok(output.overlay)
    }
}

/// What was asked for, and its pictures or why there are none.
type Cut = (Bounds, Result<Arc<EventClip>, String>);

/// The window's end; the thread ends when it is dropped.
#[derive(Debug)]
pub struct Cutter {
    /// None only while it is dropped.
    tx: Option<Sender<Bounds>>,
    cuts: Receiver<Cut>,
    thread: Option<JoinHandle<()>>,
}

impl Cutter {
    /// Starts the thread, which opens pictures and finder by `make`; what goes wrong there is the
    /// answer to every wish. `wake` is called with every answer.
    pub fn start<F: FaceFinder>(
        make: impl FnOnce() -> Result<(Box<dyn Pictures>, F), String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tx, wishes) = unbounded::<Bounds>();
        // Answers wait for nobody: a window that is gone drops its end.
        let (told, cuts) = bounded(64);
        let thread =
            std::thread::Builder::new().name("fleeting-cutter".into()).spawn(move || {
                let mut made = make();
                for bounds in wishes {
                    let cut = match &mut made {
                        Ok((pictures, finder)) => cut(pictures.as_mut(), finder, &bounds),
                        Err(why) => Err(why.clone()),
                    };
                    if told.send((bounds, cut.map(Arc::new))).is_err() {
                        return;
                    }
                    wake();
                }
            })?;
        Ok(Self { tx: Some(tx), cuts, thread: Some(thread) })
    }

    /// Asks for the pictures of an event.
    pub fn cut(&self, bounds: Bounds) {
        if let Some(Err(error)) = self.tx.as_ref().map(|tx| tx.send(bounds)) {
            tracing::error!("the thread that cuts clips has ended: {error}");
        }
    }

    /// What has come since the last call.
    pub fn cuts(&self) -> impl Iterator<Item = Cut> + '_ {
        self.cuts.try_iter()
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.tx = None;
        self.cuts = bounded(0).1;
        super::join(self.thread.take());
    }
}

fn cut(
    pictures: &mut dyn Pictures,
    finder: &mut dyn FaceFinder,
    bounds: &Bounds,
) -> Result<EventClip, String> {
    let from = bounds.onset.time - MARGIN_SECS;
    let longest = bounds.onset.time + LONGEST_SECS;
    let to = (bounds.offset.time + MARGIN_SECS).min(longest);
    let moments = pictures.moments();
    let first = moments.partition_point(|moment| moment.time < from);
    let last = moments.partition_point(|moment| moment.time <= to);
    if first == last {
        return Err("No picture of this event is stored.".into());
    }
    let mut clips = Clips::default();
    finder.forget();
    for index in first..last {
        let frame = pictures.picture(index).map_err(|error| error.to_string())?;
        clips.keep(&frame, &finder.find(&frame)?);
    }
    clips.cut_out(bounds).ok_or_else(|| "No face was found in this event’s pictures.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Moment;
    use crate::geom::Affine;
    use crate::image::RgbImage;
    use crate::session::pictures::PictureError;
    use crate::time::Timestamp;
    use std::time::Duration;

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    /// Ten seconds at 30 frames a second, of which number 200 cannot be read.
    struct Shelf(Vec<Moment>);

    impl Pictures for Shelf {
        fn moments(&self) -> &[Moment] {
            &self.0
        }

        fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
            let Moment { frame, time } = self.0[index];
            if frame == 200 {
                let (path, found) = ("film.mkv".into(), "a damaged picture".into());
                return Err(PictureError { path, found });
            }
            let image = Arc::new(RgbImage::new(8, 8));
            Ok(Frame::new(frame, time, image))
        }
    }

    /// Finds a face from frame 100 on.
    struct Finder;

    impl FaceFinder for Finder {
        fn forget(&mut self) {}

        fn find(&mut self, frame: &Frame) -> Result<Overlay, String> {
            let face = (frame.seq >= 100).then_some(Affine::IDENTITY);
            Ok(Overlay { frame_from_face: face, ..Overlay::default() })
        }
    }

    fn cut(bounds: [u64; 3]) -> Result<Arc<EventClip>, String> {
        let (tx, woken) = unbounded();
        let make = || {
            let pictures: Box<dyn Pictures> = Box::new(Shelf((0..300).map(at).collect()));
            Ok((pictures, Finder))
        };
        let cutter = Cutter::start(make, move || tx.send(()).unwrap_or(())).expect("starts");
        let [onset, apex, offset] = bounds.map(at);
        cutter.cut(Bounds { onset, apex, offset });
        woken.recv_timeout(Duration::from_secs(10)).expect("woken");
        let (_, cut) = cutter.cuts().next().expect("an answer");
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
    fn what_cannot_be_cut_says_why() {
        assert!(cut([20, 30, 40]).expect_err("no face").contains("No face"));
        assert!(cut([900, 901, 902]).expect_err("not recorded").contains("No picture"));
        let error = cut([195, 200, 205]).expect_err("damaged");
        assert!(error.contains("film.mkv") && error.contains("damaged"), "{error}");
    }
}
