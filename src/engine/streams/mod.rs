//! Streams to other programs while a source runs: samples, events and marks over Lab Streaming Layer, and the
//! same as lines of JSON. Nothing is opened until it is ordered.
//!
//! The analysis never waits for a listener. What a listener is too slow for is dropped and counted.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::live::link::{QueueReceiver, QueueSender, dropping_queue, waiting_queue};
use super::{join, spawn};
use crate::exchange::streams::StreamKind;
use crate::measure::event::{Event, Moment};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::stream::TimeZero;
use crate::session::annotation::{Act, Entry, Mark, SignedMark};
use crate::session::record::Record;
use inlet::OutsideMarker;

pub use inlet::MarkerState;

mod feed;
mod inlet;
mod lines;
mod network;
mod outlet;
mod request;
mod sockets;

/// Items that may wait for a thread that sends them: two minutes at 30 frames a second.
const WAITING: usize = 4096;

/// Markers of another program that may wait for the analysis. It takes them fifty times a second.
const MARKERS: usize = 64;

/// A marker may be so much later than the newest frame, seconds: the analysis may be behind.
const LATEST_MARKER_SECS: f64 = 5.0;

/// Frames whose times are kept for markers that come late: half a minute at 30 frames a second.
const RECENT: usize = 1024;

/// The longest wait at the end for listeners that are still reading.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is told how the streams do.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// What is to be streamed. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamOrder {
    /// Over Lab Streaming Layer, to every machine of the network.
    pub lsl: bool,
    /// As lines of JSON.
    pub lines: Option<LinesTo>,
    /// The name of a stream of another program, whose markers become marks of the session.
    pub markers_from: Option<String>,
}

/// Where lines of JSON go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinesTo {
    /// Standard output.
    Output,
    /// Every program that connects to this socket of this machine. Only Unix has such sockets here.
    Socket(PathBuf),
}

/// How the streams do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamStatus {
    /// What was ordered.
    pub order: StreamOrder,
    /// How many connections are open. A program that reads all three streams has three.
    pub listeners: usize,
    /// Samples, events and marks that a listener was too slow for, summed over listeners.
    pub missed: u64,
    /// If the markers of another program are read.
    pub markers: MarkerState,
    /// True if the reader of standard output has closed it.
    pub is_over: bool,
    /// Why something that was ordered is not streamed, one sentence.
    pub fault: Option<String>,
}

/// What to tell of `missed` items that listeners were too slow for.
pub fn missed_words(missed: u64) -> String {
    format!(
        "Programs that listen to the streams were too slow for {missed} samples, events and marks. The \
         analysis and what is recorded have them all."
    )
}

/// Counts that the sending threads keep.
#[derive(Debug, Default)]
struct Tally {
    listeners: AtomicUsize,
    missed: AtomicU64,
    is_over: AtomicBool,
    markers: AtomicU8,
}

/// One item to send, with the reading of this machine's steady clock at the session's time zero, seconds.
#[derive(Clone, Debug)]
struct Timed {
    zero_secs: f64,
    item: StreamItem,
}

#[derive(Clone, Debug)]
enum StreamItem {
    Sample(Box<Sample>),
    Event(Box<Event>),
    Mark(Box<SignedMark>),
}

impl Timed {
    fn kind(&self) -> StreamKind {
        match self.item {
            StreamItem::Sample(_) => StreamKind::Samples,
            StreamItem::Event(_) => StreamKind::Events,
            StreamItem::Mark(_) => StreamKind::Markers,
        }
    }

    /// When it was captured, on this machine's steady clock, seconds. That of an event is its onset.
    fn clock_secs(&self) -> f64 {
        let time = match &self.item {
            StreamItem::Sample(sample) => sample.time,
            StreamItem::Event(event) => event.onset.time,
            StreamItem::Mark(signed) => signed.mark.at.time,
        };
        self.zero_secs + time.secs()
    }
}

/// A driver's time and the system's time of arrival are of one clock if they differ by less than this.
const SAME_CLOCK_SECS: f64 = 0.5;

/// The reading of this machine's steady clock at the session's time zero, seconds.
fn zero_secs(zero: &TimeZero) -> f64 {
    let by_arrival = labstream_net::clock() - zero.arrived.elapsed().as_secs_f64();
    let by_driver = zero.captured.map(|captured| captured.as_secs_f64());
    by_driver
        .filter(|captured| (0.0..SAME_CLOCK_SECS).contains(&(by_arrival - captured)))
        .unwrap_or(by_arrival)
}

/// Markers of another program.
struct Outside {
    /// The name of its stream.
    by: String,
    markers: QueueReceiver<OutsideMarker>,
    /// The newest frames. A marker comes a moment after it was sent.
    frames: VecDeque<Moment>,
}

/// The analysis thread's end of the streams.
pub(super) struct Streams {
    order: StreamOrder,
    zero_secs: Option<f64>,
    senders: Vec<QueueSender<Timed>>,
    outside: Option<Outside>,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    fault: Option<String>,
    told: StreamStatus,
    looked_at: Instant,
}

impl Streams {
    /// No streams.
    pub(super) fn none() -> Self {
        Self {
            order: StreamOrder::default(),
            zero_secs: None,
            senders: Vec::new(),
            outside: None,
            tally: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
            fault: None,
            told: StreamStatus::default(),
            looked_at: Instant::now(),
        }
    }

    /// Streams what is ordered from now on, and nothing else. `source` is the name of the source.
    pub(super) fn obey(&mut self, order: StreamOrder, source: &str) {
        if order == self.order {
            return;
        }
        self.close();
        (self.tally, self.stop, self.fault) = (Arc::default(), Arc::default(), None);
        self.order = order;
        if let Err(error) = self.open(source) {
            self.close();
            self.fault = Some(error);
        }
    }

    fn open(&mut self, source: &str) -> Result<(), String> {
        let socket = match &self.order.lines {
            Some(LinesTo::Socket(path)) => {
                Some(sockets::local(path).map_err(|error| format!("{}: {error}", path.display()))?)
            }
            _ => None,
        };
        let outlets = if self.order.lsl {
            let lsl = outlet::open(source)
                .map_err(|error| format!("Lab Streaming Layer cannot be used: {error}"))?;
            for (name, socket) in lsl.ears {
                let (infos, stop) = (Arc::clone(&lsl.infos), Arc::clone(&self.stop));
                let hear = move || outlet::answer_questions(&socket, &infos, &stop);
                self.threads.extend(spawn(name, hear));
            }
            lsl.outlets
        } else {
            Vec::new()
        };
        let about = lines::about(source);
        if socket.is_some() || !outlets.is_empty() {
            let (sender, items) = dropping_queue(WAITING);
            let (tally, stop) = (Arc::clone(&self.tally), Arc::clone(&self.stop));
            let mut listeners = network::Listeners::new(outlets, socket, about.clone());
            let send = move || listeners.serve_until_end(&items, &tally, &stop);
            self.threads.extend(spawn("fleeting-streams", send));
            self.senders.push(sender);
        }
        if self.order.lines == Some(LinesTo::Output) {
            let (sender, items) = dropping_queue(WAITING);
            let tally = Arc::clone(&self.tally);
            let print = move || {
                if lines::print(&items, &about, &mut std::io::stdout()).is_err() {
                    tally.is_over.store(true, Ordering::Relaxed);
                }
            };
            self.threads.extend(spawn("fleeting-lines", print));
            self.senders.push(sender);
        }
        if let Some(name) = self.order.markers_from.clone() {
            let (sender, markers) = waiting_queue(MARKERS);
            let (tally, stop) = (Arc::clone(&self.tally), Arc::clone(&self.stop));
            self.outside = Some(Outside { by: name.clone(), markers, frames: VecDeque::new() });
            let read = move || inlet::read(&name, &sender, &tally.markers, &stop);
            self.threads.extend(spawn("fleeting-lsl-marks", read));
        }
        Ok(())
    }

    /// Notes when the session's time zero was.
    pub(super) fn began(&mut self, zero: &TimeZero) {
        self.zero_secs = Some(zero_secs(zero));
    }

    /// Takes a record of the run.
    pub(super) fn record(&mut self, record: &Record) {
        match record {
            Record::Samples(samples) if !self.senders.is_empty() => {
                for sample in samples {
                    self.send(StreamItem::Sample(Box::new(*sample)));
                }
            }
            Record::Event(event, _) => self.send(StreamItem::Event(Box::new(event.clone()))),
            _ => {}
        }
    }

    /// Takes an act of a person.
    pub(super) fn entry(&mut self, entry: &Entry) {
        if let Act::Mark(mark) = &entry.act {
            let signed = SignedMark { by: entry.rater.clone(), mark: mark.clone() };
            self.send(StreamItem::Mark(Box::new(signed)));
        }
    }

    fn send(&mut self, item: StreamItem) {
        let Some(zero_secs) = self.zero_secs else { return };
        // A reader that has ended gets nothing more.
        self.senders.retain(|sender| sender.send(Timed { zero_secs, item: item.clone() }).is_ok());
    }

    /// Takes a frame that is analysed.
    pub(super) fn frame(&mut self, frame: &Frame) {
        let Some(outside) = &mut self.outside else { return };
        if outside.frames.len() == RECENT {
            outside.frames.pop_front();
        }
        outside.frames.push_back(Moment { frame: frame.seq, time: frame.time });
    }

    /// The next marker that another program has sent, as an act. One from before the session is left out.
    pub(super) fn outside(&mut self) -> Option<Entry> {
        let (outside, zero_secs) = (self.outside.as_mut()?, self.zero_secs?);
        outside.frames.front()?;
        let marker = outside.markers.try_recv()?;
        let secs = marker.clock_secs - zero_secs;
        let newest_secs = outside.frames.back().map_or(0.0, |frame| frame.time.secs());
        // Written so that NaN is outside.
        if !(0.0..newest_secs + LATEST_MARKER_SECS).contains(&secs) {
            tracing::warn!("a marker from outside the session, at {secs:.1} s: {}", marker.text);
            return None;
        }
        let time = Timestamp::from_secs(secs);
        let before = outside.frames.partition_point(|frame| frame.time <= time);
        let frame = outside.frames.get(before.saturating_sub(1))?.frame;
        let act = Act::Mark(Mark::outside(Moment { frame, time }, marker.text));
        let at_unix_ms = jiff::Timestamp::now().as_millisecond();
        Some(Entry { rater: outside.by.clone(), at_unix_ms, act })
    }

    /// How the streams do, if that has changed and it is time to tell. Called regularly.
    pub(super) fn look(&mut self) -> Option<StreamStatus> {
        if self.looked_at.elapsed() < TOLD_EVERY && self.told.order == self.order {
            return None;
        }
        self.looked_at = Instant::now();
        self.threads.retain(|thread| !thread.is_finished());
        let status = self.status();
        let is_new = status != self.told;
        self.told = status;
        is_new.then(|| self.told.clone())
    }

    fn status(&self) -> StreamStatus {
        let unsent: u64 = self.senders.iter().map(QueueSender::dropped).sum();
        StreamStatus {
            order: self.order.clone(),
            listeners: self.tally.listeners.load(Ordering::Relaxed),
            missed: self.tally.missed.load(Ordering::Relaxed) + unsent,
            markers: MarkerState::load(&self.tally.markers),
            is_over: self.tally.is_over.load(Ordering::Relaxed),
            fault: self.fault.clone(),
        }
    }

    /// Ends the streams at once. Their threads end within a moment; they are not waited for here, because
    /// frames go on coming.
    fn close(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.senders.clear();
        self.outside = None;
    }

    /// Ends the streams after what waits was sent, and says how they did. Waits for listeners that read, but
    /// not for long.
    pub(super) fn finish(&mut self) -> Option<StreamStatus> {
        let unsent: u64 = self.senders.iter().map(QueueSender::dropped).sum();
        self.senders.clear();
        let begun = Instant::now();
        let is_busy = |thread: &JoinHandle<()>| {
            !thread.is_finished()
                && thread.thread().name().is_some_and(|name| SENDING.contains(&name))
        };
        while self.threads.iter().any(is_busy) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.stop.store(true, Ordering::Relaxed);
        let status = self.status();
        let status = StreamStatus { missed: status.missed + unsent, ..status };
        (status.order != StreamOrder::default() && status != self.told).then_some(status)
    }
}

/// The threads that send.
const SENDING: [&str; 2] = ["fleeting-streams", "fleeting-lines"];

impl Drop for Streams {
    fn drop(&mut self) {
        self.close();
        let begun = Instant::now();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && begun.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(5));
            }
            if thread.is_finished() {
                join(Some(thread));
            } else {
                tracing::warn!("a thread of the streams does not end and is left behind");
            }
        }
    }
}
