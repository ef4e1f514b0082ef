//! A camera with faults: a device that follows a script, behind the real camera source.
//!
//! The device gives a thousand pictures a second, each with its number, so that a run of seconds has hundreds
//! of faults. Every picture is accounted for: analysed, dropped by the queue and counted, or missing between
//! two numbers and reported.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordState;
use fleeting::media::image::RgbImage;
use fleeting::media::stream::{Next, NoticeKind, Source, SourceError, SourceInfo};
use fleeting::session::counts::LossReason;
use fleeting::source::camera::{
    Camera, CameraEntry, CaptureFormat, Device, Failure, Opener, PixelFormat, Raw, Read,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::{check_recording, run as run_engine, told};
use super::stand_in::StandIn;
use super::{Tally, dice};

/// Number of steps in one scenario; a third of them are faults.
const STEPS: usize = 500;

/// Time from one picture to the next.
const INTERVAL: Duration = Duration::from_millis(1);

const FORMAT: CaptureFormat =
    CaptureFormat { pixels: PixelFormat::Mjpeg, size_px: (48, 32), rate: (1000, 1) };

/// A stall is noticed after a second; by this time, all messages have been sent.
const LAST_WORDS: Duration = Duration::from_millis(1300);

/// The next step of the device.
#[derive(Clone)]
enum Step {
    Picture(Picture),
    /// No picture for this long.
    Silence(Duration),
    Fails(Failure),
    /// The device fails, and cannot be opened for this many attempts.
    StaysAway(Failure, u32),
}

/// A picture, and what is wrong with it.
#[derive(Clone)]
struct Picture {
    bytes: Vec<u8>,
    pixels: PixelFormat,
    size_px: (usize, usize),
    rate: (u32, u32),
    /// By how much the driver's count increases.
    count: u32,
    /// True if the driver's count starts again.
    restarts_count: bool,
    /// Error of the driver's clock, milliseconds; `None`: it gives no time.
    clock_off_ms: Option<i64>,
    is_damaged: bool,
}

impl Picture {
    fn good(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            pixels: FORMAT.pixels,
            size_px: FORMAT.size_px,
            rate: FORMAT.rate,
            count: 1,
            restarts_count: false,
            clock_off_ms: Some(0),
            is_damaged: false,
        }
    }

    fn raw(&self, captured: Option<Duration>, sequence: Option<u32>) -> Raw<'_> {
        let (pixels, size_px, is_damaged) = (self.pixels, self.size_px, self.is_damaged);
        Raw { bytes: Cow::Borrowed(&self.bytes), pixels, size_px, captured, sequence, is_damaged }
    }
}

fn jpeg(width: usize, height: usize, grey: u8) -> Vec<u8> {
    let mut picture = RgbImage::new(width, height);
    for (i, px) in picture.data.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i % width, i / width);
        px.copy_from_slice(&[
            grey,
            grey / 2 + (x % 7) as u8 * (grey / 30),
            grey / 2 + (y % 5) as u8,
        ]);
    }
    fleeting::media::jpeg::encode(&picture, 80).expect("encodes")
}

/// Draws the script of a seed, and counts its faults.
fn script(dice: &mut ChaCha8Rng, tally: &mut Tally) -> VecDeque<Step> {
    let (usual, other, dark) = (jpeg(48, 32, 120), jpeg(64, 48, 90), jpeg(48, 32, 0));
    let mut steps = VecDeque::new();
    for _ in 0..STEPS {
        let mut picture = Picture::good(&usual);
        let (class, step) = match dice.random_range(0..60) {
            0 => {
                let at = dice.random_range(0..picture.bytes.len());
                picture.bytes.truncate(at);
                ("JPEG cut off", Step::Picture(picture))
            }
            1 => {
                for _ in 0..dice.random_range(1..20) {
                    let at = dice.random_range(0..picture.bytes.len());
                    picture.bytes[at] = dice.random();
                }
                ("JPEG with noise", Step::Picture(picture))
            }
            2 => {
                picture.bytes = (0..dice.random_range(0..300)).map(|_| dice.random()).collect();
                ("noise or nothing instead of a JPEG", Step::Picture(picture))
            }
            3 => {
                picture.is_damaged = true;
                ("picture that the driver calls damaged", Step::Picture(picture))
            }
            4 => {
                picture.bytes.clone_from(&other);
                ("change of size", Step::Picture(picture))
            }
            5 => {
                picture.rate = [(30, 1), (0, 0), (1, u32::MAX), (2000, 1)][dice.random_range(0..4)];
                ("change of rate", Step::Picture(picture))
            }
            6 => {
                let sides = [0, 3, 48, 9000, u32::MAX as usize, usize::MAX];
                picture.size_px = (sides[dice.random_range(0..6)], sides[dice.random_range(0..6)]);
                picture.pixels =
                    [PixelFormat::Yuyv, PixelFormat::Grey, PixelFormat::Nv12, PixelFormat::Rgb]
                        [dice.random_range(0..4)];
                ("change of format, with a size that lies", Step::Picture(picture))
            }
            7 => {
                picture.bytes.clone_from(&dark);
                ("black picture", Step::Picture(picture))
            }
            8 => {
                picture.count = 0;
                ("picture that comes twice", Step::Picture(picture))
            }
            9 => {
                picture.count = dice.random_range(2..60);
                ("pictures that the driver lost", Step::Picture(picture))
            }
            10 => {
                picture.restarts_count = true;
                ("driver's count that starts anew", Step::Picture(picture))
            }
            11 => {
                picture.clock_off_ms = Some(-dice.random_range(1..3_600_000));
                ("driver's clock that jumps back", Step::Picture(picture))
            }
            12 => {
                picture.clock_off_ms = Some(dice.random_range(1..3_600_000));
                ("driver's clock that jumps ahead", Step::Picture(picture))
            }
            13 => {
                picture.clock_off_ms = None;
                ("picture without a time", Step::Picture(picture))
            }
            14 => {
                let late = Duration::from_millis(dice.random_range(5..40));
                ("late picture", Step::Silence(late))
            }
            15 => ("unplugged, back at once", Step::Fails(Failure::Gone)),
            16 => ("failed read", Step::Fails(Failure::Broken("EIO".into()))),
            17 if dice.random_range(0..5) == 0 => {
                let why = [Failure::Gone, Failure::Denied, Failure::Busy][dice.random_range(0..3)]
                    .clone();
                (
                    "unplugged, not to be opened for a while",
                    Step::StaysAway(why, dice.random_range(1..3)),
                )
            }
            18 if dice.random_range(0..12) == 0 => {
                ("frozen", Step::Silence(Duration::from_millis(1500)))
            }
            _ => {
                steps.push_back(Step::Picture(picture));
                continue;
            }
        };
        tally.count(class);
        steps.push_back(step);
    }
    // Earlier losses show in the number of this picture.
    steps.push_back(Step::Picture(Picture::good(&usual)));
    steps
}

/// What is true of the part of the script that was played.
#[derive(Clone, Debug, Default)]
struct Truth {
    /// Pictures that cannot be decoded.
    torn: u64,
    /// Pictures missing in the driver's count.
    lost_by_driver: u64,
    /// Failures of a device that had given pictures.
    failures: u64,
    delivered: u64,
    last_seq: u64,
}

/// The script, shared by all devices that are opened one after the other.
struct Stage {
    steps: VecDeque<Step>,
    refusals: (u32, Option<Failure>),
    begun: Instant,
    count: u32,
    done: Option<Instant>,
    truth: Arc<Mutex<Truth>>,
}

type Shared = Rc<RefCell<Stage>>;

struct Scripted {
    stage: Shared,
    picture: Picture,
    /// Of the newest picture of this device.
    last_count: Option<u32>,
}

impl Device for Scripted {
    fn format(&self) -> CaptureFormat {
        CaptureFormat { rate: self.picture.rate, ..FORMAT }
    }

    fn read(&mut self, patience: Duration) -> Result<Read<'_>, Failure> {
        let mut stage = self.stage.borrow_mut();
        std::thread::sleep(INTERVAL);
        match stage.steps.pop_front() {
            Some(Step::Picture(picture)) => {
                self.picture = picture;
                let (captured, count) = stage.stamp(&self.picture);
                stage.account(&self.picture, self.last_count, count);
                self.last_count = Some(count);
                Ok(Read::Picture(self.picture.raw(captured, Some(count))))
            }
            Some(Step::Silence(left)) => {
                let now = left.min(patience);
                std::thread::sleep(now);
                if left > now {
                    stage.steps.push_front(Step::Silence(left - now));
                }
                Ok(Read::Nothing)
            }
            Some(Step::Fails(failure)) => Err(self.fail(&mut stage, failure)),
            Some(Step::StaysAway(failure, refusals)) => {
                stage.refusals = (refusals, Some(failure.clone()));
                Err(self.fail(&mut stage, failure))
            }
            None => {
                stage.done.get_or_insert_with(Instant::now);
                std::thread::sleep(patience);
                Ok(Read::Nothing)
            }
        }
    }
}

impl Scripted {
    fn fail(&self, stage: &mut Stage, failure: Failure) -> Failure {
        stage.truth.lock().expect("whole").failures += u64::from(self.last_count.is_some());
        failure
    }
}

impl Stage {
    fn stamp(&mut self, picture: &Picture) -> (Option<Duration>, u32) {
        self.count =
            if picture.restarts_count { 0 } else { self.count.wrapping_add(picture.count) };
        let at = Duration::from_secs(7200) + self.begun.elapsed();
        let off = |ms: i64| {
            let by = Duration::from_millis(ms.unsigned_abs());
            if ms < 0 { at.saturating_sub(by) } else { at + by }
        };
        (picture.clock_off_ms.map(off), self.count)
    }

    fn account(&mut self, picture: &Picture, last_count: Option<u32>, count: u32) {
        let mut truth = self.truth.lock().expect("whole");
        truth.torn +=
            u64::from(picture.raw(None, None).decode_into(&mut Default::default()).is_err());
        if let Some(last) = last_count {
            truth.lost_by_driver += match count.wrapping_sub(last) {
                step @ 2..=1000 => u64::from(step - 1),
                _ => 0,
            };
        }
    }
}

/// The camera, until its script is over and its last messages are sent.
struct UntilDone {
    camera: Camera,
    stage: Shared,
}

impl Source for UntilDone {
    fn info(&self) -> &SourceInfo {
        self.camera.info()
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        let next = self.camera.next()?;
        let stage = self.stage.borrow();
        if let Next::Frame(frame) = &next {
            let mut truth = stage.truth.lock().expect("whole");
            truth.delivered += 1;
            truth.last_seq = frame.seq;
        }
        let is_over = stage.done.is_some_and(|done| done.elapsed() > LAST_WORDS);
        Ok(if is_over && matches!(next, Next::Idle) { Next::End } else { next })
    }
}

fn open(steps: VecDeque<Step>, truth: Arc<Mutex<Truth>>) -> Result<Box<dyn Source>, SourceError> {
    let stage = Rc::new(RefCell::new(Stage {
        steps,
        refusals: (0, None),
        begun: Instant::now(),
        count: 0,
        done: None,
        truth,
    }));
    let of_opener = Rc::clone(&stage);
    let opener: Opener = Box::new(move |_, _| {
        let mut stage = of_opener.borrow_mut();
        if let (left @ 1.., Some(why)) = stage.refusals.clone() {
            stage.refusals.0 = left - 1;
            return Err(why);
        }
        let picture = Picture::good(&[]);
        Ok(Box::new(Scripted { stage: Rc::clone(&of_opener), picture, last_count: None }))
    });
    let name = "Scripted".to_owned();
    let entry = CameraEntry { index: 63, name, formats: vec![FORMAT], trouble: None };
    let camera = Camera::open_entry(&entry, &"camera".parse()?, opener)?;
    Ok(Box::new(UntilDone { camera, stage }))
}

pub(super) fn run(seed: u64) -> Tally {
    let (mut dice, mut tally) = (dice("device", seed), Tally::default());
    let steps = script(&mut dice, &mut tally);
    let truth = Arc::new(Mutex::new(Truth::default()));
    let of_source = Arc::clone(&truth);
    let job = CaptureJob {
        name: "camera".into(),
        is_live: true,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(move || open(steps, of_source)),
    };
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let ran = run_engine(job, StandIn::default, Some(&folder), &mut dice);
    let truth = truth.lock().expect("whole").clone();
    assert_eq!((ran.reason, ran.recorded), (None, Some(RecordState::Stopped(None))));
    let session = &ran.session;
    let analysed = session.history.len() as u64;
    let counts = session.counts();
    let (_, torn) = told(session, NoticeKind::CorruptFrame, " pictures are lost");
    assert_eq!(torn, truth.torn, "torn pictures are told of");
    let (stalls, _) = told(session, NoticeKind::Stalled, " ");
    let (failures, _) = told(session, NoticeKind::Disconnected, " ");
    assert_eq!(failures, truth.failures, "failures are told of");
    assert!(stalls >= 1, "the end of the script is a stall");
    let (_, while_away) = told(session, NoticeKind::Reconnected, " frames are lost");
    let missing = truth.last_seq + 1 - truth.delivered;
    assert_eq!(missing, truth.torn + truth.lost_by_driver + while_away, "{truth:?}");
    assert_eq!(counts.numbered, truth.last_seq + 1, "{counts:?} {truth:?}");
    let queued = truth.delivered - analysed;
    assert_eq!(counts.lost, missing + queued, "{counts:?} {truth:?}");
    // Only the camera's driver leaves out numbers silently.
    let unsaid = counts.of_reason(LossReason::Source);
    assert!(unsaid <= truth.lost_by_driver, "{counts:?} {truth:?}");
    check_recording(&folder, session);
    tally.count_many("slow window", ran.slow);
    tally
}
