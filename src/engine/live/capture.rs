//! The body of the capture thread: opens the source and passes on its messages until it ends, fails or is
//! told to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};

use super::capture_link::{CaptureSender, Captured};
use super::guard;
use super::link::Closed;
use crate::measure::time::Timestamp;
use crate::media::stream::{Next, NoticeKind, Source, SourceError, TimeZero};
use crate::source::{SourceSpec, camera};

/// The longest sleep before the stop flag is read again.
const PATIENCE: Duration = Duration::from_millis(20);

/// A source that plays in real time and is this many seconds late goes on from there. It does not play faster
/// to catch up.
const FORGIVEN_LAG_SECS: f64 = 0.25;

/// A source for the capture thread, and how to read it.
pub struct CaptureJob {
    /// As the user named it.
    pub name: String,
    /// True if frames are lost when they are not read in time.
    pub is_live: bool,
    /// True if the source plays in real time.
    pub is_paced: bool,
    /// True if frames come as soon as it is open. Frames that come before the models are ready are then
    /// dropped and counted; any other source waits.
    pub runs_by_itself: bool,
    /// Opens it. Called once, in the capture thread; may take seconds.
    pub open: Box<dyn FnOnce() -> Result<Box<dyn Source>, SourceError> + Send>,
}

impl CaptureJob {
    /// The source that `spec` names.
    pub fn of(spec: SourceSpec) -> Self {
        Self {
            name: spec.to_string(),
            is_live: spec.is_live(),
            is_paced: spec.options.paced,
            runs_by_itself: spec.kind == camera::KIND.name,
            open: Box::new(move || open(&spec)),
        }
    }
}

/// Runs one source to its end. The last item is [`Captured::Ended`], unless the reader is gone.
///
/// The source is opened at once, but its frames are sent only after `ready`, when the link is read. Until
/// then, a source that waits is not read; frames of a camera are dropped and counted.
pub fn run(job: CaptureJob, tx: &CaptureSender, ready: &Receiver<()>, stop: &AtomicBool) {
    let opened = (job.open)();
    if opened.is_ok() {
        tracing::info!("{} is open", job.name);
    }
    let error = match opened {
        Ok(mut source) => {
            let (has_first, has_zero) = (false, false);
            let mut delivery = Delivery { tx, stop, pace: Pace::default(), has_first, has_zero };
            let begun = if job.runs_by_itself {
                delivery.until_ready(source.as_mut(), ready)
            } else {
                delivery.when_ready(source.as_ref(), ready)
            };
            match begun {
                Ok(None) => delivery.until_end(source.as_mut(), job.is_paced),
                Ok(Some(end)) => Ok(end),
                Err(Closed) => return,
            }
        }
        Err(error) => Ok(Some(error)),
    };
    // A reader that is gone needs no last message.
    if let Ok(error) = error {
        tx.send(Captured::Ended(error.map(|error| error.to_string()))).unwrap_or(());
    }
}

/// Opens the source. A camera whose reads may never return gets a thread of its own.
fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    if spec.kind == camera::KIND.name
        && camera::CameraDriver::chosen() == camera::CameraDriver::Nokhwa
    {
        let opener =
            |index, wanted: &camera::Wanted| guard::open(index, *wanted, camera::open_device);
        return Ok(spec.held(Box::new(camera::Camera::open(spec, Box::new(opener))?)));
    }
    spec.open()
}

/// The messages that go over the link.
struct Delivery<'a> {
    tx: &'a CaptureSender,
    stop: &'a AtomicBool,
    pace: Pace,
    /// The first number has been told.
    has_first: bool,
    /// Time zero has been told.
    has_zero: bool,
}

impl Delivery<'_> {
    /// Drops frames until the link is read. `Some` says how the source ended before that.
    fn until_ready(
        &mut self,
        source: &mut dyn Source,
        ready: &Receiver<()>,
    ) -> Result<Option<Option<SourceError>>, Closed> {
        let (mut last, mut end) = (None, None);
        // What there is to say waits in the link, whose reader has not begun.
        loop {
            match ready.try_recv() {
                Ok(()) => break,
                Err(TryRecvError::Disconnected) => return Err(Closed),
                Err(TryRecvError::Empty) => {}
            }
            if self.stop.load(Ordering::Acquire) || end.is_some() {
                std::thread::sleep(PATIENCE);
                continue;
            }
            match source.next() {
                Ok(Next::Frame(frame)) => {
                    self.tell_first(frame.seq)?;
                    last = Some(frame.seq);
                }
                Ok(Next::End) => end = Some(None),
                Ok(Next::Lost(numbers)) if !numbers.is_empty() => {
                    self.tell_first(numbers.start)?;
                    last = Some(numbers.end - 1);
                }
                Ok(next) => self.say(source, next)?,
                Err(error) => end = Some(Some(error)),
            }
        }
        self.tx.send(Captured::Opened(source.info().clone()))?;
        if let Some(last) = last {
            self.tx.send(Captured::BeforeReady(last))?;
        }
        Ok(end)
    }

    /// Waits until the link is read.
    fn when_ready(
        &self,
        source: &dyn Source,
        ready: &Receiver<()>,
    ) -> Result<Option<Option<SourceError>>, Closed> {
        ready.recv().map_err(|_| Closed)?;
        self.tx.send(Captured::Opened(source.info().clone())).map(|()| None)
    }

    /// Sends until the end (`None`), an error of the source, or a closed link.
    fn until_end(
        &mut self,
        source: &mut dyn Source,
        is_paced: bool,
    ) -> Result<Option<SourceError>, Closed> {
        while !self.stop.load(Ordering::Acquire) {
            match source.next() {
                Ok(Next::Frame(frame)) => {
                    if is_paced {
                        self.pace.wait_for(frame.time, self.stop);
                    }
                    self.tell_first(frame.seq)?;
                    self.tell_zero(source, frame.time)?;
                    self.tx.send(Captured::Frame(frame))?;
                }
                Ok(Next::End) => return Ok(None),
                Ok(next) => self.say(source, next)?,
                Err(error) => return Ok(Some(error)),
            }
        }
        Ok(None)
    }

    fn tell_first(&mut self, seq: u64) -> Result<(), Closed> {
        if std::mem::replace(&mut self.has_first, true) {
            return Ok(());
        }
        self.tx.send(Captured::FirstNumber(seq))
    }

    /// Tells when time zero was, once, before a frame of this time.
    fn tell_zero(&mut self, source: &dyn Source, time: Timestamp) -> Result<(), Closed> {
        if std::mem::replace(&mut self.has_zero, true) {
            return Ok(());
        }
        let zero = source.time_zero().unwrap_or_else(|| TimeZero::of_frame(time));
        self.tx.send(Captured::Zero(zero))
    }

    /// Sends a message that is not a frame.
    fn say(&self, source: &dyn Source, next: Next) -> Result<(), Closed> {
        match next {
            Next::Notice(notice) => {
                let changed = notice.kind == NoticeKind::Changed;
                self.tx.send(Captured::Notice(notice))?;
                if changed {
                    self.tx.send(Captured::Opened(source.info().clone()))?;
                }
                Ok(())
            }
            Next::Lost(numbers) => self.tx.send(Captured::Broken(numbers)),
            Next::Frame(_) | Next::Idle | Next::End => Ok(()),
        }
    }
}

/// Plays recorded time in real time.
#[derive(Debug, Default)]
struct Pace {
    /// The same moment on both clocks.
    anchor: Option<(Instant, Timestamp)>,
}

impl Pace {
    /// Sleeps until `time` is due.
    fn wait_for(&mut self, time: Timestamp, stop: &AtomicBool) {
        let now = Instant::now();
        let (at, from) = *self.anchor.get_or_insert((now, time));
        let behind_secs = now.duration_since(at).as_secs_f64() - time.secs_since(from);
        if behind_secs > FORGIVEN_LAG_SECS {
            self.anchor = Some((now, time));
            return;
        }
        let due = at + Duration::from_secs_f64(time.secs_since(from).max(0.0));
        while !stop.load(Ordering::Acquire) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(PATIENCE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_time_passes_as_by_the_clock() {
        let (mut pace, stop) = (Pace::default(), AtomicBool::new(false));
        let start = Instant::now();
        for i in 0..4 {
            pace.wait_for(Timestamp::from_secs(5.0 + 0.04 * f64::from(i)), &stop);
        }
        let took = start.elapsed().as_secs_f64();
        assert!((0.115..0.3).contains(&took), "{took} s");
    }

    #[test]
    fn a_long_pause_is_not_made_up_for() {
        let (mut pace, stop) = (Pace::default(), AtomicBool::new(false));
        pace.wait_for(Timestamp::ZERO, &stop);
        std::thread::sleep(Duration::from_millis(400));
        let start = Instant::now();
        for i in 1..4 {
            pace.wait_for(Timestamp::from_secs(0.04 * f64::from(i)), &stop);
        }
        assert!(start.elapsed() >= Duration::from_millis(75), "{:?}", start.elapsed());
    }

    #[test]
    fn a_stop_ends_a_long_wait() {
        let (mut pace, stop) = (Pace::default(), AtomicBool::new(true));
        let start = Instant::now();
        pace.wait_for(Timestamp::ZERO, &stop);
        pace.wait_for(Timestamp::from_secs(60.0), &stop);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
