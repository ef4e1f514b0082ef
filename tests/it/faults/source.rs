//! A source that follows no rule: numbers and times that jump or stand still, sizes that change, more
//! messages than anyone reads, an error, a panic.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordState;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo};
use fleeting::session::counts::LossReason;
use fleeting::source::in_order;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::{check_recording, run as run_engine, told};
use super::stand_in::StandIn;
use super::{Tally, dice};

/// Steps of one scenario; a third of them are faults.
const STEPS: usize = 300;

const INTERVAL_NANOS: i64 = 33_333_333;

enum Step {
    Say(Next),
    Fails,
    Panics,
}

/// Draws the script of a seed, and counts its faults.
fn script(dice: &mut ChaCha8Rng, tally: &mut Tally) -> VecDeque<Step> {
    let picture = |width: usize, height: usize, grey: u8| {
        Arc::new(RgbImage { width, height, data: vec![grey; width * height * 3] })
    };
    let (usual, black) = (picture(16, 12, 120), picture(16, 12, 0));
    let (mut seq, mut nanos) = (0u64, 0i64);
    let mut steps = VecDeque::new();
    for _ in 0..STEPS {
        seq += 1;
        nanos += INTERVAL_NANOS;
        let (mut said_seq, mut said_nanos, mut image) = (seq, nanos, &usual);
        let other;
        let class = match dice.random_range(0..40) {
            0 => {
                said_nanos = nanos - INTERVAL_NANOS;
                "time that stands still"
            }
            1 => {
                said_nanos = nanos - dice.random_range(1..20 * INTERVAL_NANOS);
                "time that jumps back"
            }
            2 => {
                said_nanos = [i64::MIN, -1, i64::MIN / 4][dice.random_range(0..3)];
                "time before the beginning"
            }
            3 => {
                nanos += dice.random_range(8..4000) * INTERVAL_NANOS;
                said_nanos = nanos;
                "gap in time"
            }
            4 => {
                said_nanos = nanos - INTERVAL_NANOS + 1;
                nanos = said_nanos;
                "frame a nanosecond later"
            }
            5 => {
                said_seq = seq - 1;
                "number that comes twice"
            }
            6 => {
                said_seq = dice.random_range(0..seq);
                "number that jumps back"
            }
            7 => {
                seq += dice.random_range(1..10_000);
                said_seq = seq;
                "frames that are missing"
            }
            8 => {
                said_seq = [u64::MAX, i64::MAX as u64, u64::MAX / 2 + 1][dice.random_range(0..3)];
                "number beyond all counting"
            }
            9 => {
                let sides = [1, 2, 17, 200];
                let side = |dice: &mut ChaCha8Rng| sides[dice.random_range(0..4)];
                other = picture(side(dice), side(dice), 100);
                image = &other;
                "change of size that nobody told of"
            }
            10 => {
                image = &black;
                "black picture"
            }
            11 => {
                let many = dice.random_range(1..100);
                for i in 0..many {
                    let text = format!("word {i} of {many}");
                    steps.push_back(Step::Say(Next::Notice(Notice {
                        kind: NoticeKind::Info,
                        text,
                    })));
                }
                "burst of words"
            }
            12 => {
                steps.extend((0..dice.random_range(1..50)).map(|_| Step::Say(Next::Idle)));
                "burst of nothing"
            }
            _ => "",
        };
        if !class.is_empty() {
            tally.count(class);
        }
        let frame = Frame::new(said_seq, Timestamp::from_nanos(said_nanos), Arc::clone(image));
        steps.push_back(Step::Say(Next::Frame(frame)));
    }
    match dice.random_range(0..4) {
        0 => {
            tally.count("source that fails");
            steps.push_back(Step::Fails);
        }
        1 => {
            tally.count("source with a bug that panics");
            steps.push_back(Step::Panics);
        }
        _ => {}
    }
    steps
}

struct Scripted {
    info: SourceInfo,
    steps: VecDeque<Step>,
    given: Arc<AtomicU64>,
}

impl Source for Scripted {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        match self.steps.pop_front() {
            Some(Step::Say(next)) => {
                self.given.fetch_add(u64::from(matches!(next, Next::Frame(_))), Ordering::SeqCst);
                Ok(next)
            }
            Some(Step::Fails) => Err(SourceError::Unusable {
                what: "scripted".into(),
                expected: "more".into(),
                found: "nothing".into(),
            }),
            Some(Step::Panics) => std::panic::resume_unwind(Box::new("told to")),
            None => Ok(Next::End),
        }
    }
}

pub(super) fn run(seed: u64) -> Tally {
    let (mut dice, mut tally) = (dice("source", seed), Tally::default());
    let steps = script(&mut dice, &mut tally);
    let last = match steps.back() {
        Some(Step::Fails) => Some("expected more, found nothing"),
        Some(Step::Panics) => Some("stopped without a word"),
        _ => None,
    };
    let given = Arc::new(AtomicU64::new(0));
    let of_source = Arc::clone(&given);
    let open = move || {
        let info = SourceInfo { name: "scripted".into(), ..SourceInfo::default() };
        Ok(in_order(Box::new(Scripted { info, steps, given: of_source })))
    };
    let is_live = dice.random();
    let job = CaptureJob {
        name: "scripted".into(),
        is_live,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(open),
    };
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let ran = run_engine(job, StandIn::default, Some(&folder), &mut dice);
    assert_eq!(ran.recorded, Some(RecordState::Stopped(None)));
    match (last, &ran.reason) {
        (None, None) => {}
        (Some(words), Some(reason)) => assert!(reason.contains(words), "{reason}"),
        other => panic!("{other:?}"),
    }
    let session = &ran.session;
    let (_, lost) = told(session, NoticeKind::CorruptFrame, " more frames are lost");
    let analysed = session.history.len() as u64;
    // Messages that a source could not send because it panicked.
    let counts = session.counts();
    let queued = counts.of_reason(LossReason::Queue) + counts.of_reason(LossReason::Frozen);
    let untold = given.load(Ordering::SeqCst).saturating_sub(analysed + queued + lost);
    assert!(untold == 0 || last.is_some() && untold < 10, "{untold} frames are nowhere");
    assert!(is_live || queued == 0, "{counts:?}");
    check_recording(&folder, session);
    tally.count_many("slow window", ran.slow);
    tally
}
