//! The thread that reads pictures of a stored session or a video for the window.
//!
//! The newest request replaces older ones, so that dragging along a timeline makes no queue. While there is
//! no request, the pictures near the last one are read, so that a step in either direction shows at once.

use std::collections::BTreeMap;

use super::worker::{Keep, Worker, WorkerThread};
use crate::media::image::Frame;
use crate::media::pictures::Pictures;

/// Bytes of pictures that are kept.
const KEPT_BYTES: usize = 96 << 20;

/// Greatest number of pictures that are read in advance on either side.
const FETCHED: usize = 12;

/// The answer to a request: the picture, or the frame's number and one sentence that says why there is none.
pub type Shown = Result<Frame, (u64, String)>;

/// The window's end. The thread ends when it is dropped.
#[derive(Debug)]
pub struct FrameServer(Worker<u64, Shown>);

impl FrameServer {
    /// Starts the thread. It opens the pictures by `make`; if that fails, the error answers every request.
    /// `wake` is called when there is something to [`take`](Self::take). Fails if the system cannot start a
    /// thread.
    pub fn start(
        make: impl FnOnce() -> Result<Box<dyn Pictures>, String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end| serve(make, &end);
        Worker::start("fleeting-frame-server", Keep::Newest, Keep::Newest, body, wake).map(Self)
    }

    /// Asks for the picture of frame `frame`. An older request that was not answered is dropped.
    pub fn show(&self, frame: u64) {
        self.0.ask(frame);
    }

    /// The newest answer, once.
    pub fn take(&self) -> Option<Shown> {
        self.0.answer()
    }
}

/// The thread's body.
fn serve(make: impl FnOnce() -> Result<Box<dyn Pictures>, String>, end: &WorkerThread<u64, Shown>) {
    let mut made = make().map(PictureCache::new);
    while let Some(frame) = end.next() {
        let answer = match &mut made {
            Ok(cache) => cache.show(frame).map_err(|why| (frame, why)),
            Err(why) => Err((frame, why.clone())),
        };
        if end.answer(answer).is_err() {
            return;
        }
        if let Ok(cache) = &mut made {
            while !end.is_asked() && cache.fetch_another() {}
        }
    }
}

/// Pictures, of which those near the last one shown are kept.
struct PictureCache {
    pictures: Box<dyn Pictures>,
    at_hand: BTreeMap<usize, Result<Frame, String>>,
    /// Indices to read in advance, the next one last.
    to_fetch: Vec<usize>,
    last: usize,
}

impl PictureCache {
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

    /// Drops pictures that are far away, and plans to read those in the direction of the last request first.
    fn plan(&mut self, index: usize, shown: &Result<Frame, String>) {
        let bytes = shown.as_ref().map_or(1, |frame| frame.image.data.len().max(1));
        let reach = (KEPT_BYTES / bytes / 2).min(FETCHED);
        let near = index.saturating_sub(reach)..=index.saturating_add(reach);
        self.at_hand.retain(|at, _| near.contains(at));
        let behind = (*near.start()..index).collect::<Vec<_>>();
        let ahead = (index + 1..self.pictures.moments().len()).take(reach).rev();
        // The first to be read is last in the list.
        self.to_fetch = if index >= self.last {
            behind.into_iter().chain(ahead).collect()
        } else {
            ahead.chain(behind).collect()
        };
        self.last = index;
    }

    /// Reads one picture in advance; false if there is none left to read.
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
    use crossbeam_channel::{Receiver, bounded};
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

    /// A frame server, how often it woke the window, and how often its pictures were read.
    fn frame_server() -> (FrameServer, Receiver<()>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let film = Film::new(&asked);
        let (tx, woken) = bounded(64);
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
    fn pictures_that_do_not_open_answer_every_request() {
        let (tx, woken) = bounded(64);
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
        let mut cache = PictureCache::new(Box::new(Film::new(&asked)));
        cache.show(100).expect("a picture");
        while cache.fetch_another() {}
        assert_eq!(asked.load(Ordering::SeqCst), 1 + 2 * FETCHED);
        for frame in [102, 100, 98, 96, 98] {
            cache.show(frame).expect("a picture");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1 + 2 * FETCHED, "all were at hand");
        cache.show(0).expect("a picture");
        assert_eq!(cache.at_hand.len(), 1);
    }

    #[test]
    fn the_first_to_be_fetched_is_in_the_direction_of_travel() {
        let mut cache = PictureCache::new(Box::new(Film::new(&Arc::default())));
        cache.show(20).expect("a picture");
        assert_eq!(cache.to_fetch.last(), Some(&11));
        cache.show(18).expect("a picture");
        assert_eq!(cache.to_fetch.last(), Some(&8));
    }
}
