//! The record thread: what was analysed goes onto the disk, in the order in which it was analysed.
//!
//! The link to it is bounded and waits, so that a slow disk shows as frames that the camera queue
//! drops and counts. What the system has is at most a fifth of a second old, and with what waits in
//! the link, a program that is killed loses less than a second; a power cut takes one more.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::analysis::UpdateSender;
use crate::engine::{Update, join, spawn};
use crate::media::image::Frame;
use crate::model::provenance::Provenance;
use crate::session::annotation::Entry;
use crate::session::consent::Consent;
use crate::session::record::Record;
use crate::session::record::Stats;
use crate::session::recorder::{RecorderError, SessionRecorder};
use crate::session::store::{Beginning, StoreError, bytes_in, session_list};

/// Items that may wait; a frame and what is said of it are two or three.
const WAITING: usize = 16;

/// How often everything is handed to the system.
const KEEP_EVERY: Duration = Duration::from_millis(200);

/// How often it is put onto the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// How often it is told how the recording goes.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// The longest wait between two looks at the clock.
const PATIENCE: Duration = Duration::from_millis(50);

/// Recording ends while so much of the disk is still free, so that the files can be completed and
/// the machine goes on to work: several seconds of the largest pictures.
pub const RESERVE_BYTES: u64 = 32 << 20;

/// Below so much free space, or so little time at the present rate, a warning comes.
const LOW_BYTES: u64 = 512 << 20;
const LOW_SECS: f64 = 600.0;

/// What to record, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordOrder {
    /// The session's folder; must not hold one yet.
    pub folder: PathBuf,
    /// What was agreed; `None` where nobody was asked.
    pub consent: Option<Consent>,
    /// Whether pictures are stored, or scores only.
    pub with_pictures: bool,
}

/// How a recording goes.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingStatus {
    /// The session's folder.
    pub folder: PathBuf,
    /// Where it stands.
    pub state: RecordState,
    /// Seconds since it began.
    pub secs: f64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes that are free on that disk; `None` where the system does not say.
    pub free_bytes: Option<u64>,
    /// Seconds until the disk is full at the present rate; `None` while that is unknown.
    pub left_secs: Option<f64>,
}

/// Where a recording stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Frames are stored.
    Running,
    /// No more frames; scores of the last ones still come.
    Finishing,
    /// It has ended; the text says why, where that was not by wish.
    Stopped(Option<String>),
}

impl RecordingStatus {
    /// True if the disk will soon be full.
    pub fn is_low(&self) -> bool {
        self.free_bytes.is_some_and(|free| free < LOW_BYTES)
            || self.left_secs.is_some_and(|secs| secs < LOW_SECS)
    }

    /// What to say before the disk is full, one sentence.
    pub fn low_words(&self) -> String {
        let free = self.free_bytes.map_or(0, |free| free >> 20);
        let left = match self.left_secs {
            Some(secs) if secs >= 120.0 => format!(", at this rate in {:.0} minutes", secs / 60.0),
            Some(secs) => format!(", at this rate in {secs:.0} seconds"),
            None => String::new(),
        };
        format!(
            "The disk will be full{left}: {free} MB are free. The recording ends in order before \
             that; what it has is kept."
        )
    }
}

/// What the analysis sends.
enum Item {
    Frame(Frame),
    Record(Record),
    Entry(Entry),
    /// No more frames will come.
    Finishing,
}

/// The analysis thread's end. The recording is completed and its thread joined on drop.
pub(crate) struct RecordThread {
    tx: Option<Sender<Item>>,
    thread: Option<JoinHandle<()>>,
}

/// The record thread has ended, and has said why.
pub(crate) struct Gone;

impl RecordThread {
    /// Starts to record. `first` is what was said before and still holds.
    pub(crate) fn start(
        order: RecordOrder,
        provenance: Provenance,
        before: Stats,
        first: Vec<Record>,
        update_sender: UpdateSender,
    ) -> Self {
        let (tx, rx) = bounded(WAITING);
        let thread = spawn("fleeting-record", move || {
            let RecordOrder { folder, consent, with_pictures } = order;
            let beginning = Beginning { consent, provenance, with_pictures };
            let reporter = Reporter { folder, update_sender };
            run(&reporter, &beginning, before, &first, &rx);
        });
        Self { tx: Some(tx), thread }
    }

    pub(crate) fn frame(&self, frame: &Frame) -> Result<(), Gone> {
        self.send(Item::Frame(frame.clone()))
    }

    pub(crate) fn record(&self, record: &Record) -> Result<(), Gone> {
        self.send(Item::Record(record.clone()))
    }

    pub(crate) fn entry(&self, entry: &Entry) -> Result<(), Gone> {
        self.send(Item::Entry(entry.clone()))
    }

    pub(crate) fn finishing(&self) -> Result<(), Gone> {
        self.send(Item::Finishing)
    }

    /// Nothing more will come; what was sent is still recorded.
    pub(crate) fn close(&mut self) {
        self.tx = None;
    }

    fn send(&self, item: Item) -> Result<(), Gone> {
        self.tx.as_ref().ok_or(Gone)?.send(item).map_err(|_| Gone)
    }
}

impl Drop for RecordThread {
    fn drop(&mut self) {
        self.close();
        join(self.thread.take());
    }
}

/// Says how the recording goes.
struct Reporter {
    folder: PathBuf,
    update_sender: UpdateSender,
}

impl Reporter {
    fn tell(&self, state: RecordState, bytes: u64, begun: Option<Instant>) {
        let free_bytes = session_list::free_bytes(&self.folder);
        let secs = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        let rate = bytes as f64 / secs;
        let left = |free: u64| free.saturating_sub(RESERVE_BYTES) as f64 / rate;
        let left_secs = free_bytes.filter(|_| secs > 5.0).map(left);
        let folder = self.folder.clone();
        let recording = RecordingStatus { folder, state, secs, bytes, free_bytes, left_secs };
        // Whoever no longer listens sees the folder.
        self.update_sender.send(Update::Recording(Box::new(recording))).unwrap_or(());
    }
}

fn run(
    reporter: &Reporter,
    beginning: &Beginning,
    before: Stats,
    first: &[Record],
    rx: &Receiver<Item>,
) {
    let folder = &reporter.folder;
    let begun =
        check_space(folder).and_then(|()| Ok(SessionRecorder::begin(folder, beginning, before)?));
    let mut recorder = match begun {
        Ok(recorder) => recorder,
        Err(why) => return reporter.tell(RecordState::Stopped(Some(why.to_string())), 0, None),
    };
    let at = Instant::now();
    reporter.tell(RecordState::Running, recorder.bytes(), None);
    let recorded = first
        .iter()
        .try_for_each(|record| recorder.push_record(record))
        .map_err(Stop::from)
        .and_then(|()| record(&mut recorder, reporter, rx, at));
    let reason = recorded.err().map(|why| why.to_string());
    let bytes = recorder.bytes();
    let finished = recorder.finish(reason.as_deref()).map_err(|error| error.to_string());
    let reason = reason.or(finished.err());
    let bytes = bytes.max(bytes_in(folder));
    reporter.tell(RecordState::Stopped(reason), bytes, Some(at));
}

/// Why a recording ends that nobody asked to end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    SessionRecorder(#[from] RecorderError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "{}: the disk is full: only {} MB are free, and recording needs {} MB to end in order",
        folder.display(), free >> 20, RESERVE_BYTES >> 20
    )]
    Full { folder: PathBuf, free: u64 },
}

fn check_space(folder: &Path) -> Result<(), Stop> {
    match session_list::free_bytes(folder) {
        Some(free) if free < RESERVE_BYTES => Err(Stop::Full { folder: folder.into(), free }),
        // Where the system does not say, the write will.
        _ => Ok(()),
    }
}

/// Until the link closes, or nothing more can be stored.
fn record(
    recorder: &mut SessionRecorder,
    reporter: &Reporter,
    rx: &Receiver<Item>,
    at: Instant,
) -> Result<(), Stop> {
    let (mut kept, mut synced, mut told) = (at, at, at);
    let mut state = RecordState::Running;
    loop {
        match rx.recv_timeout(PATIENCE) {
            Ok(Item::Frame(frame)) => recorder.push_frame(&frame)?,
            Ok(Item::Record(record)) => recorder.push_record(&record)?,
            Ok(Item::Entry(entry)) => recorder.push_entry(&entry)?,
            Ok(Item::Finishing) => {
                state = RecordState::Finishing;
                reporter.tell(state.clone(), recorder.bytes(), Some(at));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if kept.elapsed() >= KEEP_EVERY {
            recorder.keep()?;
            kept = Instant::now();
            check_space(recorder.folder())?;
        }
        if synced.elapsed() >= SYNC_EVERY {
            recorder.sync()?;
            synced = Instant::now();
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            reporter.tell(state.clone(), recorder.bytes(), Some(at));
        }
    }
}
