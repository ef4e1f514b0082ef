//! All threads that the program starts itself, and the links between them. Knows nothing of egui: it calls `wake` when
//! there is something new.
//!
//! # Threads
//!
//! | thread | what it owns | when it ends |
//! |---|---|---|
//! | `fleeting-capture` | the source: it reads and stamps frames | the source ends, or the engine is dropped |
//! | `camera N` | camera number N, whose reads may never return | after the read under way, once it is told to stop |
//! | `fleeting-analysis` | the pipeline | the capture ends, or the engine is dropped |
//! | `fleeting-watch` | nothing: it checks ten times a second that frames lead to results | the analysis ends |
//! | `fleeting-sound` | the microphone, during a recording with sound | the recording has its last sound |
//! | `fleeting-record` | the files of a recording | the recording is stopped, or the analysis ends |
//! | `fleeting-streams` | the connections of listeners, if streams are on | the streams end; it sends what waits for a second more |
//! | `fleeting-lsl-time`, `fleeting-lsl-find` | a socket each, for questions of Lab Streaming Layer | the streams end |
//! | `fleeting-lsl-marks` | the connection to another program's stream, if its markers are read | the streams end |
//! | `fleeting-lines` | standard output, if lines of JSON go there | the streams end |
//! | `fleeting-frame-server` | the pictures of the recording under review | its handle is dropped |
//! | `fleeting-clip-extractor` | the same pictures once more, and a pipeline to find the face in them | its handle is dropped |
//! | `fleeting-sound-player` | the loudspeaker, while a session's sound is heard | its handle is dropped |
//! | `fleeting-sound-outliner` | the sound of the session under review, read once | all is read, or its handle is dropped |
//! | `fleeting-annotation-writer` | the database of the session under review | its handle is dropped and all is stored |
//! | `fleeting-stop`, `-open`, `-export`, `-import`, `-sessions`, `-delete`, `-cameras` | one piece of work each, see [`workers::background_task`] | the work is done |
//! | `fleeting-batch-N` | one recording after the other of `analyze` over a folder | no recording is left |
//!
//! Each is joined by whoever started it, with three exceptions. A `camera N` that does not answer within 0.3 s
//! of being told to stop, and a `fleeting-capture` that does not end within 3 s, are left behind: nothing can
//! wake a thread that a driver holds. So is a thread of the streams
//! that does not end within 3 s, because the reader of standard output does not read.
//!
//! # Links
//!
//! | link | bound | when its reader is slow |
//! |---|---|---|
//! | analysis → capture, that the models are ready | 1 | – |
//! | camera → capture | 2 pictures | the camera's thread waits, and the camera's own buffers fill |
//! | capture → analysis, live | [`EngineConfig::camera_queue_frames`](crate::config::EngineConfig) | less is done for each frame (`live::effort`); where that is not enough, every second or third frame is lost, counted, and seen as a gap in `seq` |
//! | capture → analysis, from a file | the same | the reader of the file waits; nothing is lost |
//! | capture → analysis, what happens to the source | 64 | the capture waits |
//! | analysis, record, watch → window, [`Update`] | 256 | analysis and record wait, and loss moves to the camera queue, where it is counted; the watch says nothing |
//! | analysis → record | 16 | the analysis waits. Live, the camera queue then drops frames and counts them; from a file, the reader waits |
//! | microphone → record | 100 blocks, two seconds | the oldest is lost; the time of the next one shows it, and silence takes its place and is counted |
//! | analysis → streams, lines | 4,096 each | the oldest is dropped and counted |
//! | markers of another program → analysis | 64 | their thread waits |
//! | streams → one listener | 16 MiB, or what it asked for | the oldest is dropped and counted |
//! | analysis → window, [`Preview`] | the newest only | an older picture is replaced; it is not data |
//! | window → analysis, [`EngineCommand`] | 32 | [`Engine::send`] fails, and the window says so |
//! | window → frame server, clip extractor | the newest only | an older request is replaced |
//! | frame server → window | the newest only | an older picture is replaced |
//! | window → sound player | the newest only | an older wish is replaced |
//! | sound player, outliner → window | the newest only | an older answer is replaced |
//! | clip extractor → window | 64 | the extractor waits |
//! | window → annotation writer | 256 | the window waits; a person is never fast enough for this |
//! | annotation writer → window, faults and remarks | 64 | the writer waits |
//! | background task → window | its one result | – |
//! | batch → caller | one result for each thread | the threads wait |

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::config::{Config, EngineConfig};
use crate::media::image::Frame;
use crate::model::{ModelChoice, Models};
use crate::pipeline::Overlay;
use crate::session::annotation::Entry;
use crate::session::record::Record;
use crate::source::SourceSpec;

pub mod live;
pub mod offline;
pub mod streams;
pub mod workers;

use live::analysis::{Analyser, Links};
use live::capture::CaptureJob;
use live::capture_link::capture_link;
use live::link::Newest;
use live::record::{RecordOrder, RecordingStatus};
use live::update_sender::UpdateSender;
use streams::{StreamOrder, StreamStatus};

pub use super::session::clip::EventClip;
pub use super::session::record::Stats;

/// Updates that may wait for the window, a few seconds of them; then the analysis waits.
const UPDATES: usize = 256;

/// Commands that may wait for the analysis. It reads them fifty times a second.
const COMMANDS: usize = 32;

/// The longest wait for a source that was told to stop. A driver that is stuck in the kernel is then left
/// behind, because nothing can end it.
const CAPTURE_PATIENCE: Duration = Duration::from_secs(3);

/// A command of the window to a running engine.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineCommand {
    /// Analyse no more frames. The source stays open; its frames are dropped and counted as lost while
    /// paused.
    Pause,
    /// Go on.
    Resume,
    /// Set how many events per minute may be false alarms, both kinds together.
    SetFalseAlarmsPerMinute(f32),
    /// Measure this person's neutral face for this many seconds.
    Baseline {
        /// Seconds.
        secs: f32,
    },
    /// Remove the baseline.
    DropBaseline,
    /// Record from the next frame on. A recording that runs is completed.
    Record(Box<RecordOrder>),
    /// Record no more frames.
    StopRecording,
    /// Add an act of a person to the recording, if there is one, and to the streams.
    Enter(Box<Entry>),
    /// Stream this to other programs from now on, and nothing else.
    Stream(Box<StreamOrder>),
}

/// A message of a running engine. Messages come in order and none is dropped.
#[derive(Clone, Debug)]
pub enum Update {
    /// Data that the session keeps and the recorder stores.
    Record(Record),
    /// A step of the start: "opening camera", "loading models".
    Starting(String),
    /// The share of the baseline that is still to come, 1–0; 0 when it is done.
    Baseline(f32),
    /// True if frames are analysed.
    Running(bool),
    /// For this many whole seconds the analysis has given no result although frames come; 0 when it goes on.
    /// The lost frames are reported as data when it goes on.
    Frozen {
        /// Seconds.
        secs: u64,
    },
    /// Sent when a recording begins, once a second while it runs, and when it ends.
    Recording(Box<RecordingStatus>),
    /// Another program has marked a moment. The recording has it already, if there is one.
    Entered(Box<Entry>),
    /// Sent when the streams begin or end, and at most once a second when their figures change.
    Streams(Box<StreamStatus>),
    /// Nothing more will come. The text is an error to show; `None` at a proper end.
    Ended(Option<String>),
}

impl Update {
    /// The part of it that is data; `None` for other messages.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// The newest picture, and what to draw on it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The frame.
    pub frame: Frame,
    /// Landmarks, regions, motion.
    pub overlay: Overlay,
}

/// The engine has not finished its earlier commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the analysis is busy or has ended; try again in a moment")]
pub struct Busy;

/// A running analysis of one source. Its threads are stopped and joined on drop.
#[derive(Debug)]
pub struct Engine {
    commands: Sender<EngineCommand>,
    updates: Receiver<Update>,
    preview: Newest<Preview>,
    stop: Arc<AtomicBool>,
    analysis: Option<JoinHandle<()>>,
    capture: Option<JoinHandle<()>>,
    watch: Option<JoinHandle<()>>,
    /// Disconnected when the capture thread has ended.
    capturing: Receiver<()>,
    has_ended: Cell<bool>,
}

impl Engine {
    /// Begins to open `spec` and to load the models, and returns at once. `wake` is called from the engine's
    /// threads whenever there is something new to collect.
    pub fn start(
        spec: SourceSpec,
        choice: ModelChoice,
        config: Config,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let engine = config.engine.clone();
        let make = move || {
            let models = Models::load(&choice).map_err(|error| error.to_string())?;
            workers::mesh_ahead::pipeline(&models, &config).map_err(|error| error.to_string())
        };
        Self::start_with(spec, &engine, make, wake)
    }

    /// [`Self::start`] with any analyser; `make` makes it in the analysis thread.
    pub fn start_with<A: Analyser>(
        spec: SourceSpec,
        config: &EngineConfig,
        make: impl FnOnce() -> Result<A, String> + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self::start_job(CaptureJob::of(spec), config, make, wake)
    }

    /// [`Self::start_with`] with any source.
    pub fn start_job<A: Analyser>(
        job: CaptureJob,
        config: &EngineConfig,
        make: impl FnOnce() -> Result<A, String> + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let (commands, commands_out) = bounded(COMMANDS);
        let (updates_in, updates) = bounded(UPDATES);
        let (capturing_in, capturing) = bounded::<()>(0);
        let (ready, ready_out) = bounded(1);
        let (frames_in, frames) = capture_link(job.is_live, config.camera_queue_frames);
        let (stop, preview) = (Arc::new(AtomicBool::new(false)), Newest::default());
        let update_sender = UpdateSender { tx: updates_in, wake: Arc::new(wake) };

        let links = Links {
            frames,
            commands: commands_out,
            update_sender,
            preview: preview.clone(),
            stop: Arc::clone(&stop),
            source: job.name.clone(),
            is_live: job.is_live,
            queue_frames: config.camera_queue_frames,
        };
        let (watching, watching_ends) = bounded::<()>(0);
        let (signs, watch_sender) = (Arc::clone(links.frames.signs()), links.update_sender.clone());
        let watch = spawn("fleeting-watch", move || {
            live::watch::run(&signs, &watch_sender, &watching_ends);
        });
        let source = job.name.clone();
        let analysis = spawn("fleeting-analysis", move || {
            let _ends_with_the_thread = watching;
            analyse(&source, make, ready, links);
        });
        let stop_capture = Arc::clone(&stop);
        let capture = spawn("fleeting-capture", move || {
            let _ends_with_the_thread = capturing_in;
            live::capture::run(job, &frames_in, &ready_out, &stop_capture);
        });
        Self {
            commands,
            updates,
            preview,
            stop,
            analysis,
            capture,
            watch,
            capturing,
            has_ended: Cell::new(false),
        }
    }

    /// Sends a command to the analysis. It is carried out within a frame or two, and an update reports it.
    pub fn send(&self, command: EngineCommand) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|_| Busy)
    }

    /// The messages since the last call, in order; does not wait.
    pub fn updates(&self) -> impl Iterator<Item = Update> {
        std::iter::from_fn(|| self.wait(Duration::ZERO))
    }

    /// The next message; `None` if `timeout` passes or nothing more will come.
    pub fn wait(&self, timeout: Duration) -> Option<Update> {
        let update = match self.updates.recv_timeout(timeout) {
            Ok(update) => update,
            Err(RecvTimeoutError::Disconnected) if !self.has_ended.get() => Update::Ended(Some(
                "The analysis stopped without a word, which is a bug in Fleeting. Start it again."
                    .into(),
            )),
            Err(_) => return None,
        };
        if matches!(update, Update::Ended(_)) {
            self.has_ended.set(true);
        }
        Some(update)
    }

    /// Ends the run in order. Returns the last messages: what becomes final by the end, and how the recording
    /// was completed. Waits for the threads.
    pub fn finish(self) -> Vec<Update> {
        self.stop.store(true, Ordering::Release);
        let mut updates = Vec::new();
        while !self.has_ended.get() {
            updates.extend(self.wait(Duration::from_millis(100)));
        }
        updates
    }

    /// The newest picture; each is returned once.
    pub fn preview(&self) -> Option<Preview> {
        self.preview.take()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Releases an analysis that waits for room in the updates.
        self.updates = bounded(0).1;
        join(self.analysis.take());
        join(self.watch.take());
        match self.capturing.recv_timeout(CAPTURE_PATIENCE) {
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("the source does not answer and is left behind");
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => join(self.capture.take()),
        }
    }
}

/// The analysis thread: makes the analyser, starts the source, analyses, and sends the last message.
fn analyse<A: Analyser>(
    source: &str,
    make: impl FnOnce() -> Result<A, String>,
    ready: Sender<()>,
    links: Links,
) {
    let update_sender = links.update_sender.clone();
    let analysed = update_sender
        .send(Update::Starting(format!("opening {source}, loading the models")))
        .and_then(|()| match make() {
            Ok(mut analyser) => {
                tracing::info!("the models are ready");
                update_sender.send(Update::Starting(format!("opening {source}")))?;
                // A source that could not be opened does not wait any more, and has said why.
                ready.send(()).unwrap_or(());
                live::analysis::run(&mut analyser, links)
            }
            Err(error) => Ok(Some(error)),
        });
    // If no one listens any more, no last message is needed.
    if let Ok(reason) = analysed {
        update_sender.send(Update::Ended(reason)).unwrap_or(());
    }
}

/// A named thread; `None` if the system cannot start one, which shows as an end without a message.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.into()).spawn(body);
    spawned.map_err(|error| tracing::error!("{name}: {error}")).ok()
}

fn join(thread: Option<JoinHandle<()>>) {
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("a thread of the engine panicked");
    }
}
