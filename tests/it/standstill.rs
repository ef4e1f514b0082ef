//! A second without a result while frames come is reported, whatever happened before. A second without frames
//! is not taken for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordOrder;
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo};
use fleeting::model::ModelError;
use fleeting::pipeline::Output;

/// Longer than the watch waits.
const STANDING: Duration = Duration::from_millis(1400);
const SILENT: Duration = Duration::from_millis(2200);
/// Time between frames.
const STEP: Duration = Duration::from_millis(8);

/// The camera is unplugged at this frame, with the queue full and frames lost just before.
const UNPLUGGED_AT: u64 = 60;
/// From each of these frames on, the analysis stands still once.
const STANDS_AT: [u64; 3] = [90, 400, 700];
const LAST: u64 = 1000;

/// What happens in the run.
const RUNS: u8 = 0;
const NO_FRAMES: u8 = 1;
const NO_RESULT: u8 = 2;

/// A camera that is unplugged once, and comes back.
struct Unplugged {
    info: SourceInfo,
    next: u64,
    doing: Arc<AtomicU8>,
    has_told: bool,
}

impl Source for Unplugged {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if self.next == UNPLUGGED_AT && !self.has_told {
            self.has_told = true;
            // The waiting frames are analysed before the silence counts.
            std::thread::sleep(SILENT / 4);
            self.doing.store(NO_FRAMES, Ordering::SeqCst);
            std::thread::sleep(SILENT);
            self.doing.store(RUNS, Ordering::SeqCst);
            return Ok(Next::Notice(Notice { kind: NoticeKind::Reconnected, text: "back".into() }));
        }
        if self.next == LAST {
            return Ok(Next::End);
        }
        std::thread::sleep(STEP);
        let seq = self.next;
        self.next += 1;
        let image = Arc::new(RgbImage::new(8, 8));
        Ok(Next::Frame(Frame::new(seq, Timestamp::of_frame(seq, 125.0), image)))
    }
}

/// Too slow at first, so that frames are lost; then it stands still from time to time.
struct Standing {
    doing: Arc<AtomicU8>,
    left: std::vec::IntoIter<u64>,
    next: Option<u64>,
}

impl Analyser for Standing {
    fn push(&mut self, frame: &Frame, _: &mut Output) -> Result<(), ModelError> {
        if frame.seq < UNPLUGGED_AT {
            std::thread::sleep(3 * STEP);
        }
        if self.next.is_some_and(|at| frame.seq >= at) {
            self.next = self.left.next();
            self.doing.store(NO_RESULT, Ordering::SeqCst);
            std::thread::sleep(STANDING);
            self.doing.store(RUNS, Ordering::SeqCst);
        }
        Ok(())
    }
    fn finish(&mut self, _: &mut Output) -> Result<(), ModelError> {
        Ok(())
    }
    crate::follows_no_setting!(0.5);
}

#[test]
fn a_standstill_is_said_after_losses_an_unplug_a_pause_and_a_recording_that_was_stopped() {
    let doing = Arc::new(AtomicU8::new(RUNS));
    let (of_source, of_analysis) = (Arc::clone(&doing), Arc::clone(&doing));
    let source =
        Unplugged { info: SourceInfo::default(), next: 0, doing: of_source, has_told: false };
    let job = CaptureJob {
        name: "a camera".into(),
        is_live: true,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(move || Ok(Box::new(source))),
    };
    let make = move || {
        let mut left = STANDS_AT.to_vec().into_iter();
        let next = left.next();
        Ok(Standing { doing: of_analysis, left, next })
    };
    let engine = Engine::start_job(job, &EngineConfig::default(), make, || ());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let order = RecordOrder {
        folder: folder.path().join("a.fleeting"),
        consent: None,
        with_pictures: false,
        sound: None,
    };
    engine.send(EngineCommand::Record(Box::new(order))).expect("room for a command");

    let (mut standing, mut ends, mut early, mut is_frozen) = (0, 0, Vec::new(), false);
    loop {
        match engine.wait(Duration::from_secs(60)).expect("the engine goes on") {
            Update::Frozen { secs: 0 } => {
                (ends, is_frozen) = (ends + 1, false);
                // Between the standstills: the recording is stopped, then the run is paused and goes on.
                let then: &[EngineCommand] = match standing {
                    1 => &[EngineCommand::StopRecording],
                    _ => &[EngineCommand::Pause, EngineCommand::Resume],
                };
                for command in then {
                    engine.send(command.clone()).expect("room for a command");
                }
            }
            Update::Frozen { .. } if is_frozen => {}
            Update::Frozen { .. } => {
                is_frozen = true;
                match doing.load(Ordering::SeqCst) {
                    NO_RESULT => standing += 1,
                    other => early.push(other),
                }
            }
            Update::Ended(reason) => {
                assert_eq!(reason, None);
                break;
            }
            _ => {}
        }
    }
    assert!(!early.contains(&NO_FRAMES), "the camera was gone, and the analysis was blamed");
    assert_eq!((standing, ends), (STANDS_AT.len(), STANDS_AT.len() + early.len()));
}
