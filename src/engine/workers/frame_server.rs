//! The thread that brings pictures of a stored session or a video to whoever looks at them.
//!
//! The newest wish wins, so that dragging along a timeline never queues up. While nobody wishes
//! anything, the pictures round the last one are fetched, so that a step in either direction is there
//! at once.

use std::collections::BTreeMap;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::engine::live::link::Newest;
use crate::media::image::Frame;
use crate::media::pictures::Pictures;

/// Bytes of picture that are kept at hand.
const KEPT_BYTES: usize = 96 << 20;

/// How many pictures on either side of the one shown are fetched, at most.
const FETCHED: usize = 12;

/// What a wish came to: the picture, or the frame's number and one sentence that says why there is none.
pub type Shown = Result<Frame, (u64, String)>;

/// The watcher's end; the thread ends when it is dropped.
#[derive(Debug)]
pub struct FrameServer {
    wish: Newest<u64>,
    shown: Newest<Shown>,
    /// None only while it is dropped.
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FrameServer {
    /// Starts the thread, which opens the pictures by `make`; why that fails is the answer to every
    /// wish. `wake` is called when there is something to [`take`](Self::take).
    pub fn start(
        make: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wish, shown) = (Newest::default(), Newest::default());
        // One ring is enough: whoever hears it looks for the newest wish.
        let (bell, rung) = bounded(1);
        let links = Links { wish: wish.clone(), shown: shown.clone(), rung, wake };
        let thread = std::thread::Builder::new()
            .name("fleeting-frame-server".into())
            .spawn(move || run(make, &links))?;
        Ok(Self { wish, shown, bell: Some(bell), thread: Some(thread) })
    }

    /// Asks for the picture of frame `frame`; what was asked before and has not come need not come.
    pub fn show(&self, frame: u64) {
        self.wish.put(frame);
        if let Some(bell) = &self.bell {
            // A bell that is ringing is heard.
            bell.try_send(()).unwrap_or(());
        }
    }

    /// The newest answer, once.
    pub fn take(&self) -> Option<Shown> {
        self.shown.take()
    }
}

impl Drop for FrameServer {
    fn drop(&mut self) {
        self.bell = None;
        crate::engine::join(self.thread.take());
    }
}

struct Links<W> {
    wish: Newest<u64>,
    shown: Newest<Shown>,
    rung: Receiver<()>,
    wake: W,
}

fn run<W: Fn()>(make: impl FnOnce() -> Result<Box<dyn Pictures>, String>, links: &Links<W>) {
    let mut made = make().map(Shelf::new);
    while links.rung.recv().is_ok() {
        let Some(frame) = links.wish.take() else { continue };
        let answer = match &mut made {
            Ok(shelf) => shelf.show(frame).map_err(|why| (frame, why)),
            Err(why) => Err((frame, why.clone())),
        };
        links.shown.put(answer);
        (links.wake)();
        if let Ok(shelf) = &mut made {
            while links.rung.is_empty() && shelf.fetch_another() {}
        }
    }
}

/// Pictures, of which those round the last one shown are at hand.
struct Shelf {
    pictures: Box<dyn Pictures>,
    at_hand: BTreeMap<usize, Result<Frame, String>>,
    /// Indices that are worth fetching, the next one last.
    to_fetch: Vec<usize>,
    last: usize,
}

impl Shelf {
    fn new(pictures: Box<dyn Pictures>) -> Self {
        Self { pictures, at_hand: BTreeMap::new(), to_fetch: Vec::new(), last: 0 }
    }

    fn show(&mut self, frame: u64) -> Result<Frame, String> {
        let index = self.pictures.index_of(frame);
        let named = |index: &usize| self.pictures.moments()[*index].frame == frame;
        let Some(index) = index.filter(named) else {
            return Err(format!("No picture of frame {frame} was recorded."));
        };
        let shown = self.get(index);
        self.plan(index, &shown);
        shown
    }

    fn get(&mut self, index: usize) -> Result<Frame, String> {
        let fetch = || self.pictures.picture(index).map_err(|error| error.to_string());
        self.at_hand.entry(index).or_insert_with(fetch).clone()
    }

    /// Lets go of what is far, and looks first where the watcher is heading.
    fn plan(&mut self, index: usize, shown: &Result<Frame, String>) {
        let bytes = shown.as_ref().map_or(1, |frame| frame.image.data.len().max(1));
        let reach = (KEPT_BYTES / bytes / 2).min(FETCHED);
        let near = index.saturating_sub(reach)..=index.saturating_add(reach);
        self.at_hand.retain(|at, _| near.contains(at));
        let behind = (*near.start()..index).collect::<Vec<_>>();
        let ahead = (index + 1..self.pictures.moments().len()).take(reach).rev();
        // What is fetched first comes last.
        self.to_fetch = if index >= self.last {
            behind.into_iter().chain(ahead).collect()
        } else {
            ahead.chain(behind).collect()
        };
        self.last = index;
    }

    /// Fetches one picture; false when there is nothing left to fetch.
    fn fetch_another(&mut self) -> bool {
        let Some(index) = self.to_fetch.pop() else { return false };
        self.get(index).map_or_else(drop, drop);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::Moment;
    use crate::measure::time::Timestamp;
    use crate::media::image::RgbImage;
    use crate::media::pictures::PictureError;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Even frames only; number 40 is damaged. Counts how often it is asked.
    struct Film {
        moments: Vec<Moment>,
        asked: Arc<AtomicUsize>,
    }

    impl Film {
        fn new(asked: &Arc<AtomicUsize>) -> Self {
            let moment = |i| Moment { frame: 2 * i, time: Timestamp::of_frame(i, 30.0) };
            Self { moments: (0..100).map(moment).collect(), asked: Arc::clone(asked) }
        }
    }

    impl Pictures for Film {
        fn moments(&self) -> &[Moment] {
            &self.moments
        }

        fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let Moment { frame, time } = self.moments[index];
            if frame == 40 {
                return Err(PictureError::new("film.mkv".as_ref(), "damaged"));
            }
            Ok(Frame::new(frame, time, Arc::new(RgbImage::new(4, 4))))
        }
    }

    /// A frame_server, its wakes, and how often its pictures were asked for one.
    fn frame_server() -> (FrameServer, Receiver<()>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let film = Film::new(&asked);
        let (tx, woken) = crossbeam_channel::unbounded();
        let make = move || -> Result<Box<dyn Pictures>, String> { Ok(Box::new(film)) };
        let frame_server =
            FrameServer::start(make, move || tx.send(()).unwrap_or(())).expect("starts");
        (frame_server, woken, asked)
    }

    fn answer(frame_server: &FrameServer, woken: &Receiver<()>, frame: u64) -> Shown {
        frame_server.show(frame);
        loop {
            woken.recv_timeout(PATIENCE).expect("woken");
            match frame_server.take() {
                Some(Ok(shown)) if shown.seq != frame => {}
                Some(answer) => return answer,
                None => {}
            }
        }
    }

    #[test]
    fn the_frame_named_is_the_frame_shown() {
        let (frame_server, woken, _) = frame_server();
        for frame in [0, 198, 100, 98, 96, 100, 2] {
            assert_eq!(answer(&frame_server, &woken, frame).expect("a picture").seq, frame);
        }
        assert!(frame_server.take().is_none(), "an answer is taken once");
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let (frame_server, woken, _) = frame_server();
        let (frame, why) = answer(&frame_server, &woken, 40).expect_err("damaged");
        assert!(frame == 40 && why.contains("film.mkv: damaged"), "{why}");
        for frame in [41, 4000] {
            let (_, why) = answer(&frame_server, &woken, frame).expect_err("never recorded");
            assert!(why.contains(&format!("frame {frame}")), "{why}");
        }
    }

    #[test]
    fn pictures_that_do_not_open_answer_every_wish() {
        let (tx, woken) = crossbeam_channel::unbounded();
        let make = || Err("x.mp4: expected a video file, found text".to_owned());
        let frame_server =
            FrameServer::start(make, move || tx.send(()).unwrap_or(())).expect("starts");
        for frame in [3, 4] {
            let (_, why) = answer(&frame_server, &woken, frame).expect_err("nothing opens");
            assert!(why.contains("found text"));
        }
    }

    #[test]
    fn neighbours_are_at_hand_and_what_is_far_is_let_go() {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut shelf = Shelf::new(Box::new(Film::new(&asked)));
        shelf.show(100).expect("a picture");
        while shelf.fetch_another() {}
        assert_eq!(asked.load(Ordering::SeqCst), 1 + 2 * FETCHED);
        for frame in [102, 100, 98, 96, 98] {
            shelf.show(frame).expect("a picture");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1 + 2 * FETCHED, "all were at hand");
        shelf.show(0).expect("a picture");
        assert_eq!(shelf.at_hand.len(), 1);
    }

    #[test]
    fn the_first_to_be_fetched_is_where_the_watcher_is_heading() {
        let mut shelf = Shelf::new(Box::new(Film::new(&Arc::default())));
        shelf.show(20).expect("a picture");
        assert_eq!(shelf.to_fetch.last(), Some(&11));
        shelf.show(18).expect("a picture");
        assert_eq!(shelf.to_fetch.last(), Some(&8));
    }
}
