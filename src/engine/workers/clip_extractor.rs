//! The thread that cuts the pictures of events out of a stored session: the face held still, as live,
//! and its movement enlarged where that is wanted.
//!
//! The pictures are read anew and the face is found in them by the same pipeline that found it before,
//! so that a clip can be cut round any bounds that a person sets.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::engine::live::event_pictures::{Clips, MARGIN_SECS};
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::Pictures;
use crate::pipeline::motion::magnify::magnify;
use crate::pipeline::{Output, Overlay, Pipeline};
use crate::session::annotation::Bounds;
use crate::session::clip::EventClip;

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
type ExtractedClip = (Bounds, f32, Result<Arc<EventClip>, String>);

/// Plain clips that are kept to be magnified.
const PLAIN_KEPT: usize = 4;

/// The window's end; the thread ends when it is dropped.
#[derive(Debug)]
pub struct ClipExtractor {
    /// None only while it is dropped.
    tx: Option<Sender<Vec<(Bounds, f32)>>>,
    cuts: Receiver<ExtractedClip>,
    thread: Option<JoinHandle<()>>,
}

impl ClipExtractor {
    /// Starts the thread, which opens pictures and finder by `make`; what goes wrong there is the
    /// answer to every wish. `wake` is called with every answer.
    pub fn start<F: FaceFinder>(
        make: impl FnOnce() -> Result<(Box<dyn Pictures>, F), String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tx, wishes) = unbounded::<Vec<(Bounds, f32)>>();
        // Answers wait for nobody: a window that is gone drops its end.
        let (told, cuts) = bounded(64);
        let answer = move || {
            let mut desk = Desk { made: make(), plain: Vec::new() };
            while let Ok(mut wanted) = wishes.recv() {
                // Whoever has gone on to another event waits for that one's pictures only.
                wanted = wishes.try_iter().last().unwrap_or(wanted);
                for (bounds, magnification) in wanted {
                    let clip = desk.clip(&bounds).map(|clip| magnified(clip, magnification));
                    if told.send((bounds, magnification, clip)).is_err() {
                        return;
                    }
                    wake();
                    if !wishes.is_empty() {
                        break;
                    }
                }
            }
        };
        let thread =
            std::thread::Builder::new().name("fleeting-clip-extractor".into()).spawn(answer)?;
        Ok(Self { tx: Some(tx), cuts, thread: Some(thread) })
    }

    /// Asks for the pictures of events, the most wanted first, the movement of each enlarged so many
    /// times; 1 leaves it. What was asked before and has not come need not come any more.
    pub fn cut(&self, wanted: Vec<(Bounds, f32)>) {
        if let Some(Err(error)) = self.tx.as_ref().map(|tx| tx.send(wanted)) {
            tracing::error!("the thread that cuts clips has ended: {error}");
        }
    }

    /// What has come since the last call.
    pub fn cuts(&self) -> impl Iterator<Item = ExtractedClip> + '_ {
        self.cuts.try_iter()
    }
}

impl Drop for ClipExtractor {
    fn drop(&mut self) {
        self.tx = None;
        self.cuts = bounded(0).1;
        crate::engine::join(self.thread.take());
    }
}

/// What the thread works with.
struct Desk<F> {
    made: Result<(Box<dyn Pictures>, F), String>,
    /// The newest plain clips, the newest first.
    plain: Vec<(Bounds, Arc<EventClip>)>,
}

impl<F: FaceFinder> Desk<F> {
    fn clip(&mut self, bounds: &Bounds) -> Result<Arc<EventClip>, String> {
        if let Some((_, clip)) = self.plain.iter().find(|(kept, _)| kept == bounds) {
            return Ok(Arc::clone(clip));
        }
        let (pictures, finder) = self.made.as_mut().map_err(|why| why.clone())?;
        let clip = Arc::new(cut(pictures.as_mut(), finder, bounds)?);
        self.plain.truncate(PLAIN_KEPT - 1);
        self.plain.insert(0, (*bounds, Arc::clone(&clip)));
        Ok(clip)
    }
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
    use crate::measure::event::Moment;
    use crate::measure::geometry::Affine;
    use crate::measure::time::Timestamp;
    use crate::media::image::RgbImage;
    use crate::media::pictures::PictureError;
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
                return Err(PictureError::new("film.mkv".as_ref(), "a damaged picture"));
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
    fn what_cannot_be_cut_says_why() {
        assert!(cut([20, 30, 40]).expect_err("no face").contains("No face"));
        assert!(cut([900, 901, 902]).expect_err("not recorded").contains("No picture"));
        let error = cut([195, 200, 205]).expect_err("damaged");
        assert!(error.contains("film.mkv") && error.contains("damaged"), "{error}");
    }
}
