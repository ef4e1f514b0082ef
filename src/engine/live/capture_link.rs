//! The link from the capture thread to the analysis. Frames may be dropped if the source is live; other
//! messages never are. Both arrive in the order in which they were sent.
//!
//! There are two channels, because a full queue that drops its oldest item must not drop the message "the
//! camera was unplugged". Every item carries its place in the order, so that the reader can merge them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, bounded};

use super::frame_clock::FrameClock;
use super::link::{Closed, QueueReceiver, QueueSender, thinning_queue, waiting_queue};
use super::watch::Signs;
use crate::media::image::Frame;
use crate::media::stream::{Notice, SourceInfo, TimeZero};

/// Number of other messages that may wait. They are rare (a few per unplugged camera). If the channel is
/// full, its reader does not read at all, and the sender may wait.
const REPORTS: usize = 64;

/// A message of the capture thread.
#[derive(Debug)]
pub enum Captured {
    /// The source is open, or its size or rate has changed.
    Opened(SourceInfo),
    /// A picture.
    Frame(Frame),
    /// Something happened to the source.
    Notice(Notice),
    /// The number of the source's first frame, before that frame.
    FirstNumber(u64),
    /// When the source's time zero was, before the first frame that is sent.
    Zero(TimeZero),
    /// Frames up to this number came before the link was read, and were dropped.
    BeforeReady(u64),
    /// The numbers of pictures that could not be decoded.
    Broken(Range<u64>),
    /// Nothing more will come. The text is an error to show, or none at a proper end.
    Ended(Option<String>),
}

/// The capture thread's end.
#[derive(Debug)]
pub struct CaptureSender {
    frames: QueueSender<(u64, Frame)>,
    reports: Sender<(u64, Captured)>,
    order: AtomicU64,
    signs: Arc<Signs>,
    clock: Arc<FrameClock>,
}

/// The analysis thread's end.
#[derive(Debug)]
pub struct CaptureReceiver {
    frames: QueueReceiver<(u64, Frame)>,
    reports: Receiver<(u64, Captured)>,
    next_frame: Option<(u64, Frame)>,
    next_report: Option<(u64, Captured)>,
    /// The place after that of the newest item.
    next_place: u64,
    /// Places that were left out since [`Self::take_queued`]: frames that the queue dropped.
    queued: u64,
    signs: Arc<Signs>,
    clock: Arc<FrameClock>,
}

/// Makes the link. When `capacity` frames wait, a live link drops one and counts it. It drops a frame between
/// two others, so that the rate becomes lower and no hole appears. Any other link makes the sender wait.
pub fn capture_link(is_live: bool, capacity: usize) -> (CaptureSender, CaptureReceiver) {
    let number = |(_, frame): &(u64, Frame)| frame.seq;
    let (frames, frames_out) = if is_live {
        thinning_queue(capacity.max(1), number)
    } else {
        waiting_queue(capacity.max(1))
    };
    let (reports, reports_out) = bounded(REPORTS);
    let (signs, clock) = (Arc::new(Signs::default()), Arc::new(FrameClock::default()));
    (
        CaptureSender {
            frames,
            reports,
            order: AtomicU64::new(0),
            signs: Arc::clone(&signs),
            clock: Arc::clone(&clock),
        },
        CaptureReceiver {
            frames: frames_out,
            reports: reports_out,
            next_frame: None,
            next_report: None,
            next_place: 0,
            queued: 0,
            signs,
            clock,
        },
    )
}

impl CaptureSender {
    /// Sends one item. May wait or drop the oldest frame, depending on the link.
    pub fn send(&self, item: Captured) -> Result<(), Closed> {
        let place = self.order.fetch_add(1, Ordering::Relaxed);
        match item {
            Captured::Frame(frame) => {
                self.signs.frame_sent();
                self.clock.see(frame.time, Instant::now());
                let sent = self.frames.send((place, frame));
                self.signs.set_dropped(self.frames.dropped());
                sent
            }
            report => self.reports.send((place, report)).map_err(|_| Closed),
        }
    }

    /// How many frames were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.frames.dropped()
    }
}

impl CaptureReceiver {
    /// The next item in order; `None` if nothing came within `timeout`. [`Closed`] if the sender is gone and
    /// everything has been read.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Captured>, Closed> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(item) = self.take_first() {
                return Ok(Some(item));
            }
            if self.is_over() {
                return Err(Closed);
            }
            // It waits and takes nothing: a full queue is rearranged by its sender, and a frame that is taken
            // meanwhile would come before earlier ones.
            let mut ready = Select::new();
            ready.recv(self.frames.channel());
            ready.recv(&self.reports);
            let left = deadline.saturating_duration_since(Instant::now());
            if ready.ready_timeout(left).is_err() {
                return Ok(None);
            }
        }
    }

    /// True if the sender is gone and nothing waits.
    fn is_over(&mut self) -> bool {
        match self.reports.try_recv() {
            Ok(report) => self.next_report = Some(report),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => match self.frames.take() {
                Ok(frame) => self.next_frame = Some(frame),
                Err(error) => return error == TryRecvError::Disconnected,
            },
        }
        false
    }

    /// How many frames were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.frames.dropped()
    }

    /// How many frames the queue dropped before the newest item, since the last call.
    pub(crate) fn take_queued(&mut self) -> u64 {
        std::mem::take(&mut self.queued)
    }

    /// The frame that waits first, if one does. It stays where it is.
    pub(crate) fn peek(&mut self) -> Option<&Frame> {
        self.look_for_frame();
        self.next_frame.as_ref().map(|(_, frame)| frame)
    }

    /// How many frames wait.
    pub(crate) fn waiting(&self) -> usize {
        self.frames.waiting()
    }

    /// What the threads of this run let each other see.
    pub(crate) fn signs(&self) -> &Arc<Signs> {
        &self.signs
    }

    /// The clock of the frames.
    pub(crate) fn clock(&self) -> &Arc<FrameClock> {
        &self.clock
    }

    /// Other messages are never dropped, so that each missing place was a frame.
    fn count_place(&mut self, place: u64) {
        self.queued += place.saturating_sub(self.next_place);
        self.next_place = place + 1;
    }

    /// The waiting item that was sent first.
    fn take_first(&mut self) -> Option<Captured> {
        // In this order: when a later item is here, every earlier one is already in its channel.
        self.look_for_frame();
        if self.next_report.is_none() {
            self.next_report = self.reports.try_recv().ok();
        }
        self.look_for_frame();
        let frame_first = match (&self.next_frame, &self.next_report) {
            (Some((frame, _)), Some((report, _))) => frame < report,
            (frame, _) => frame.is_some(),
        };
        let (place, item) = if frame_first {
            let (place, frame) = self.next_frame.take()?;
            (place, Captured::Frame(frame))
        } else {
            self.next_report.take()?
        };
        self.count_place(place);
        Some(item)
    }

    fn look_for_frame(&mut self) {
        if self.next_frame.is_none() {
            self.next_frame = self.frames.try_recv();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::stream::NoticeKind;

    const SOON: Duration = Duration::from_millis(20);

    fn frame(seq: u64) -> Captured {
        Captured::Frame(Frame { seq, ..Frame::default() })
    }

    #[test]
    fn frames_come_in_order_while_the_sender_lets_some_go() {
        let (tx, mut rx) = capture_link(true, 4);
        let sender = std::thread::spawn(move || {
            (0..200_000).for_each(|seq| tx.send(frame(seq)).expect("open"));
        });
        let (mut last, mut seen, mut queued) = (None, 0, 0);
        while let Ok(item) = rx.recv_timeout(SOON) {
            let Some(Captured::Frame(frame)) = item else { continue };
            assert!(last < Some(frame.seq), "{} after {last:?}", frame.seq);
            (last, seen, queued) = (Some(frame.seq), seen + 1, queued + rx.take_queued());
        }
        sender.join().expect("sent all");
        assert_eq!((last, seen + queued), (Some(199_999), 200_000));
    }

    fn notice(text: &str) -> Captured {
        Captured::Notice(Notice { kind: NoticeKind::Info, text: text.into() })
    }

    fn drain(rx: &mut CaptureReceiver) -> String {
        let items = std::iter::from_fn(|| rx.recv_timeout(SOON).ok().flatten());
        let words = items.map(|item| match item {
            Captured::Frame(frame) => frame.seq.to_string(),
            Captured::Notice(notice) => notice.text,
            Captured::Opened(_) => "opened".into(),
            Captured::Zero(_) => "zero".into(),
            Captured::FirstNumber(seq) => format!("from {seq}"),
            Captured::BeforeReady(seq) => format!("ready after {seq}"),
            Captured::Broken(numbers) => format!("{numbers:?} broken"),
            Captured::Ended(_) => "ended".into(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn items_arrive_in_the_order_in_which_they_were_sent() {
        let (tx, mut rx) = capture_link(false, 8);
        for item in [Captured::Opened(SourceInfo::default()), frame(0), notice("a"), frame(1)] {
            tx.send(item).expect("open");
        }
        tx.send(Captured::Ended(None)).expect("open");
        assert_eq!(drain(&mut rx), "opened 0 a 1 ended");
    }

    #[test]
    fn a_full_live_link_drops_frames_and_never_a_notice() {
        let (tx, mut rx) = capture_link(true, 2);
        for i in 0..20 {
            tx.send(frame(i)).expect("open");
            tx.send(notice(&format!("n{i}"))).expect("open");
        }
        drop(tx);
        let seen = drain(&mut rx);
        assert!((0..20).all(|i| seen.split(' ').any(|word| word == format!("n{i}"))));
        assert!(seen.ends_with("n17 18 n18 19 n19"), "{seen}");
        assert_eq!((rx.dropped(), rx.take_queued(), rx.take_queued()), (18, 18, 0));
    }

    #[test]
    fn frames_that_the_queue_dropped_are_known_at_the_frame_after_them() {
        let (tx, mut rx) = capture_link(true, 2);
        let mut next = |many: u64, from: u64| {
            (from..from + many).for_each(|seq| tx.send(frame(seq)).expect("open"));
            let Ok(Some(Captured::Frame(frame))) = rx.recv_timeout(SOON) else { panic!("a frame") };
            (frame.seq, rx.take_queued())
        };
        assert_eq!(next(2, 0), (0, 0));
        assert_eq!(next(5, 2), (4, 3));
        assert_eq!(next(1, 7), (6, 1));
    }

    #[test]
    fn the_reader_learns_that_the_sender_is_gone_after_the_last_item() {
        let (tx, mut rx) = capture_link(false, 8);
        tx.send(frame(0)).expect("open");
        tx.send(Captured::Ended(None)).expect("open");
        drop(tx);
        assert_eq!(drain(&mut rx), "0 ended");
        assert!(matches!(rx.recv_timeout(SOON), Err(Closed)));
    }

    #[test]
    fn the_sender_learns_that_the_reader_is_gone() {
        let (tx, rx) = capture_link(true, 1);
        drop(rx);
        assert_eq!(tx.send(frame(0)), Err(Closed));
        assert_eq!(tx.send(notice("a")), Err(Closed));
    }
}
