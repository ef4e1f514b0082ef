//! The record thread: stores what was analysed, in the order in which it was analysed.
//!
//! Its link is bounded and waits. So a slow disk shows as frames that the camera queue drops and counts. What
//! the system has is at most a fifth of a second old; with what waits in the link, a killed program loses
//! less than a second. A power cut loses one second more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::frame_clock::FrameClock;
use super::recorded_sound::RecordedSound;
use super::update_sender::UpdateSender;
use crate::engine::{Update, join, spawn};
use crate::media::image::Frame;
use crate::model::provenance::Provenance;
use crate::session::annotation::Entry;
use crate::session::consent::Consent;
use crate::session::record::Record;
use crate::session::record::Stats;
use crate::session::recorder::{RecorderError, SessionRecorder};
use crate::session::store::{Beginning, StoreError, bytes_in, session_list};
use crate::sound::SoundServer;

/// Number of items that may wait. A frame and its records are two or three items.
const WAITING: usize = 16;

/// Time between two commits.
const KEEP_EVERY: Duration = Duration::from_millis(200);

/// Time between two syncs to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Time between two reports to the window.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// The longest wait before the clock is read again.
const PATIENCE: Duration = Duration::from_millis(50);

/// Recording ends when no more than this is free on the disk, so that the files can be completed and the
/// machine can go on working. It is several seconds of the largest pictures.
pub const RESERVE_BYTES: u64 = 32 << 20;

/// With less free space, or little time left at the present rate, a warning comes.
const LOW_BYTES: u64 = 512 << 20;
const LOW_SECS: f64 = 600.0;

/// What to record, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordOrder {
    /// The session's folder. It must not hold a session yet.
    pub folder: PathBuf,
    /// What was agreed; `None` if no one was asked.
    pub consent: Option<Consent>,
    /// True if pictures are stored, false for scores only.
    pub with_pictures: bool,
    /// Where sound is recorded from; `None` for no sound.
    pub sound: Option<SoundServer>,
}

/// The state of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingStatus {
    /// The session's folder.
    pub folder: PathBuf,
    /// If it runs.
    pub state: RecordState,
    /// Seconds since it began.
    pub secs: f64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes that are free on that disk; `None` if the system does not say.
    pub free_bytes: Option<u64>,
    /// Seconds until the disk is full at the present rate; `None` while that is unknown.
    pub left_secs: Option<f64>,
    /// How the sound is; `None` for a recording without.
    pub sound: Option<SoundState>,
}

/// If a recording runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Frames are stored.
    Running,
    /// No more frames; scores of the last ones are still to come.
    Finishing,
    /// It has ended. The text says why, if the user did not ask for it.
    Stopped(Option<String>),
}

/// How the sound of a recording is.
#[derive(Clone, Debug, PartialEq)]
pub enum SoundState {
    /// The microphone is being opened.
    Opening,
    /// Sound is stored.
    Heard {
        /// The loudest of the last second, 0–1 of what can be stored.
        loudest: f32,
        /// Seconds that were lost so far, with silence in their place.
        lost_secs: f64,
    },
    /// No sound comes, and why; the end of a sentence. It is tried again.
    Nothing(String),
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

/// An item from the analysis.
enum Item {
    Frame(Frame),
    Record(Record),
    Entry(Entry),
    /// Nothing is analysed until the next frame.
    Pause,
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
    /// Starts a recording. `first` are earlier records that still hold.
    pub(crate) fn start(
        order: RecordOrder,
        provenance: Provenance,
        before: Stats,
        first: Vec<Record>,
        clock: Arc<FrameClock>,
        update_sender: UpdateSender,
    ) -> Self {
        let (tx, rx) = bounded(WAITING);
        let thread = spawn("fleeting-record", move || {
            let RecordOrder { folder, consent, with_pictures, sound } = order;
            let beginning = Beginning { consent, provenance, with_pictures };
            let reporter = Reporter { folder, update_sender };
            let sound = sound.map(|server| RecordedSound::start(server, clock));
            run(&reporter, &beginning, before, &first, &rx, sound);
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

    pub(crate) fn pause(&self) -> Result<(), Gone> {
        self.send(Item::Pause)
    }

    pub(crate) fn finishing(&self) -> Result<(), Gone> {
        self.send(Item::Finishing)
    }

    /// Nothing more will be sent; what was sent is still recorded.
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

/// Reports the state of the recording to the window.
struct Reporter {
    folder: PathBuf,
    update_sender: UpdateSender,
}

impl Reporter {
    fn tell(
        &self,
        state: RecordState,
        bytes: u64,
        begun: Option<Instant>,
        sound: Option<SoundState>,
    ) {
        let free_bytes = session_list::free_bytes(&self.folder);
        let secs = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        let rate = bytes as f64 / secs;
        let left = |free: u64| free.saturating_sub(RESERVE_BYTES) as f64 / rate;
        let left_secs = free_bytes.filter(|_| secs > 5.0).map(left);
        let folder = self.folder.clone();
        let recording =
            RecordingStatus { folder, state, secs, bytes, free_bytes, left_secs, sound };
        // If no one listens any more, the folder shows the state.
        self.update_sender.send(Update::Recording(Box::new(recording))).unwrap_or(());
    }
}

fn run(
    reporter: &Reporter,
    beginning: &Beginning,
    before: Stats,
    first: &[Record],
    rx: &Receiver<Item>,
    mut sound: Option<RecordedSound>,
) {
    let folder = &reporter.folder;
    let begun =
        check_space(folder).and_then(|()| Ok(SessionRecorder::begin(folder, beginning, before)?));
    let mut recorder = match begun {
        Ok(recorder) => recorder,
        Err(why) => {
            return reporter.tell(RecordState::Stopped(Some(why.to_string())), 0, None, None);
        }
    };
    let at = Instant::now();
    let opening = sound.as_ref().map(|_| SoundState::Opening);
    reporter.tell(RecordState::Running, recorder.bytes(), None, opening);
    let recorded = first
        .iter()
        .try_for_each(|record| recorder.push_record(record))
        .map_err(Stop::from)
        .and_then(|()| record(&mut recorder, reporter, rx, &mut sound, at));
    let reason = recorded.err().map(|why| why.to_string());
    let bytes = recorder.bytes();
    let finished = recorder.finish(reason.as_deref()).map_err(|error| error.to_string());
    let reason = reason.or(finished.err());
    let bytes = bytes.max(bytes_in(folder));
    let sound = sound.as_mut().map(|sound| sound.state(0.0));
    reporter.tell(RecordState::Stopped(reason), bytes, Some(at), sound);
}

/// Why a recording ends although no one asked for it.
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
        // If the system does not say, writing will fail.
        _ => Ok(()),
    }
}

/// Records until the link closes or nothing more can be stored.
fn record(
    recorder: &mut SessionRecorder,
    reporter: &Reporter,
    rx: &Receiver<Item>,
    sound: &mut Option<RecordedSound>,
    at: Instant,
) -> Result<(), Stop> {
    let (mut kept, mut synced, mut told) = (at, at, at);
    let mut state = RecordState::Running;
    loop {
        match rx.recv_timeout(PATIENCE) {
            Ok(Item::Frame(frame)) => recorder.push_frame(&frame)?,
            Ok(Item::Record(record)) => recorder.push_record(&record)?,
            Ok(Item::Entry(entry)) => recorder.push_entry(&entry)?,
            Ok(Item::Pause) => recorder.pause_sound(),
            Ok(Item::Finishing) => {
                state = RecordState::Finishing;
                recorder.end_sound()?;
                let lost_secs = recorder.lost_sound_secs();
                let sound = sound.as_mut().map(|sound| sound.state(lost_secs));
                reporter.tell(state.clone(), recorder.bytes(), Some(at), sound);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return sound
                    .as_mut()
                    .map_or(Ok(()), |sound| Ok(sound.pass_on_the_rest(recorder)?));
            }
        }
        if let Some(sound) = sound {
            sound.pass_on(recorder, state == RecordState::Finishing)?;
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
            let lost_secs = recorder.lost_sound_secs();
            let sound = sound.as_mut().map(|sound| sound.state(lost_secs));
            reporter.tell(state.clone(), recorder.bytes(), Some(at), sound);
        }
    }
}
