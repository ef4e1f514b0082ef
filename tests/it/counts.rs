//! Counts that add up: every number of a source belongs to a frame that was analysed or lost, and all outputs
//! agree.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordOrder;
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::exchange::{View, format_to_write, json};
use fleeting::measure::quality::Quality;
use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo};
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::session::Session;
use fleeting::session::counts::{FrameCounts, LossReason};
use fleeting::session::record::Record;
use fleeting::session::store;
use fleeting::source::in_order;
use proptest::prelude::*;

const LONG: Duration = Duration::from_secs(60);

/// The next step of a scripted camera.
#[derive(Clone, Debug)]
enum Step {
    Frame,
    /// This many numbers are left out silently.
    Missing(u64),
    /// This many pictures cannot be decoded.
    Broken(u64),
    /// It sends nothing, and comes back this many numbers later.
    Stall(u64),
    Word,
    /// The reader gets time.
    Rest(u64),
}

/// A camera that follows a script; `numbered` is how many numbers it has given out.
struct Camera {
    info: SourceInfo,
    steps: VecDeque<Step>,
    pending: VecDeque<Next>,
    next_seq: u64,
    numbered: Arc<AtomicU64>,
}

impl Camera {
    fn notice(&mut self, kind: NoticeKind) {
        self.pending.push_back(Next::Notice(Notice { kind, text: format!("{kind:?}") }));
    }
}

impl Source for Camera {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(next) = self.pending.pop_front() {
            return Ok(next);
        }
        match self.steps.pop_front() {
            None => return Ok(Next::End),
            Some(Step::Frame) => {
                let seq = self.next_seq;
                self.next_seq += 1;
                self.numbered.store(self.next_seq, Ordering::SeqCst);
                let image = Arc::new(RgbImage::new(8, 8));
                return Ok(Next::Frame(Frame::new(seq, Timestamp::of_frame(seq, 30.0), image)));
            }
            Some(Step::Missing(frames)) => self.next_seq += frames,
            Some(Step::Broken(frames)) => {
                let first = self.next_seq;
                self.next_seq += frames;
                self.numbered.store(self.next_seq, Ordering::SeqCst);
                self.pending.push_back(Next::Lost(first..self.next_seq));
                self.notice(NoticeKind::CorruptFrame);
            }
            Some(Step::Stall(frames)) => {
                self.next_seq += frames;
                self.notice(NoticeKind::Stalled);
                self.notice(NoticeKind::Reconnected);
            }
            Some(Step::Word) => self.notice(NoticeKind::Info),
            Some(Step::Rest(millis)) => std::thread::sleep(Duration::from_millis(millis)),
        }
        Ok(Next::Idle)
    }
}

/// Is slow on some frames.
#[derive(Default)]
struct Slow {
    waiting: Vec<Sample>,
    slow_at: Vec<u64>,
    takes: Duration,
}

impl Analyser for Slow {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        if self.slow_at.contains(&frame.seq) {
            std::thread::sleep(self.takes);
        }
        let score = (!frame.seq.is_multiple_of(3)).then_some(Score { micro: 0.25, macro_: 0.5 });
        let (seq, time) = (frame.seq, frame.time);
        self.waiting.push(Sample { seq, time, quality: Quality::default(), motion: None, score });
        if self.waiting.len() > 3 {
            output.samples.push(self.waiting.remove(0));
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        output.samples.append(&mut self.waiting);
        Ok(())
    }

    crate::follows_no_setting!(0.5);
}

/// What a run sent, and how many numbers its source gave out.
struct Ran {
    session: Session,
    frozen_secs: Vec<u64>,
    numbered: u64,
}

/// Runs a script to its end; pauses for a moment after `pause_at` updates.
fn run(
    steps: &[Step],
    runs_by_itself: bool,
    ready_after: Duration,
    analyser: Slow,
    folder: Option<&std::path::Path>,
    pause_after: Option<usize>,
) -> Ran {
    let numbered = Arc::new(AtomicU64::new(0));
    let info = SourceInfo { name: "scripted camera".into(), ..SourceInfo::default() };
    let (steps, pending) = (steps.iter().cloned().collect(), VecDeque::new());
    let camera = (info, steps, pending, Arc::clone(&numbered));
    let job = CaptureJob {
        name: "camera".into(),
        is_live: true,
        is_paced: false,
        runs_by_itself,
        open: Box::new(move || {
            let (info, steps, pending, numbered) = camera;
            Ok(in_order(Box::new(Camera { info, steps, pending, next_seq: 0, numbered })))
        }),
    };
    let (begin, may_begin) = crossbeam_channel::bounded::<()>(1);
    let make = move || {
        may_begin.recv().map_err(|error| error.to_string())?;
        std::thread::sleep(ready_after);
        Ok(analyser)
    };
    let engine = Engine::start_job(job, &EngineConfig::default(), make, || ());
    if let Some(folder) = folder {
        let order =
            RecordOrder { folder: folder.into(), consent: None, with_pictures: false, sound: None };
        engine.send(EngineCommand::Record(Box::new(order))).expect("room for a command");
    }
    begin.send(()).expect("room for one");
    let mut ran = Ran { session: Session::keeping_all(), frozen_secs: Vec::new(), numbered: 0 };
    for count in 0.. {
        let update = engine.wait(LONG).expect("the engine goes on or ends");
        update.record().into_iter().for_each(|record| ran.session.apply(record));
        match update {
            Update::Frozen { secs } => ran.frozen_secs.push(secs),
            Update::Ended(reason) => {
                assert_eq!(reason, None);
                break;
            }
            _ => {}
        }
        if pause_after == Some(count) {
            // An analysis that has just ended takes no command.
            let sent = engine.send(EngineCommand::Pause);
            std::thread::sleep(Duration::from_millis(15));
            if sent.is_ok() {
                engine.send(EngineCommand::Resume).unwrap_or(());
            }
        }
    }
    drop(engine);
    ran.numbered = numbered.load(Ordering::SeqCst);
    ran
}

fn adds_up(counts: &FrameCounts) {
    assert_eq!(counts.analysed + counts.lost, counts.numbered, "{counts:?}");
    let by_reason: u64 = LossReason::ALL.iter().map(|reason| counts.of_reason(*reason)).sum();
    assert_eq!(by_reason, counts.lost, "{counts:?}");
}

/// Every place that says how many frames there were.
fn everybody_says(counts: &FrameCounts, session: &Session) {
    let base = tempfile::tempdir().expect("a folder");
    for format in ["report", "csv", "json"] {
        let format = format_to_write(format).expect("a format");
        format.write(&mut View::of_model(session), base.path()).expect("written");
    }
    let read = |name: &str| std::fs::read_to_string(base.path().join(name)).expect("written");
    assert!(read("report.html").contains(&counts.to_string()), "{counts}");
    let table = read("counts.csv");
    for (figure, value) in [
        ("numbered", counts.numbered),
        ("analysed", counts.analysed),
        ("lost", counts.lost),
        ("lost_queue", counts.of_reason(LossReason::Queue)),
        ("lost_broken", counts.of_reason(LossReason::Broken)),
    ] {
        assert!(table.contains(&format!("\n{figure},{value},frames\n")), "{figure}: {table}");
    }
    let document: serde_json::Value = serde_json::from_str(&read("session.json")).expect("JSON");
    assert_eq!(document["counts"]["lost"], counts.lost);
    assert_eq!(document["counts"]["numbered"], counts.numbered);
    let again = json::read(&base.path().join("session.json")).expect("a session");
    assert_eq!(again.counts(), *counts);
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Frame),
        1 => (1u64..20).prop_map(Step::Missing),
        1 => (1u64..4).prop_map(Step::Broken),
        1 => (1u64..90).prop_map(Step::Stall),
        1 => Just(Step::Word),
        3 => (1u64..3).prop_map(Step::Rest),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_a_source_numbered_is_analysed_or_lost_and_everybody_says_the_same(
        steps in prop::collection::vec(step(), 1..200),
        runs_by_itself: bool,
        ready_ms in 0u64..30,
        slow_at in prop::collection::vec(0u64..150, 0..6),
        pause_after in prop::option::of(0usize..60),
    ) {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("s");
        let analyser = Slow { slow_at, takes: Duration::from_millis(25), ..Slow::default() };
        let ready_after = Duration::from_millis(ready_ms);
        let ran = run(&steps, runs_by_itself, ready_after, analyser, Some(&folder), pause_after);
        let counts = ran.session.counts();
        adds_up(&counts);
        if steps.iter().any(|step| matches!(step, Step::Frame)) {
            prop_assert!(counts.numbered <= ran.numbered, "{counts:?} of {}: {:?}", ran.numbered, ran.session.losses);
            // Frames left out before the first one have no number here.
            let first = steps.iter().take_while(|step| !matches!(step, Step::Frame));
            let unseen: u64 = first.map(|step| match step {
                Step::Missing(frames) | Step::Stall(frames) | Step::Broken(frames) => *frames,
                _ => 0,
            }).sum();
            prop_assert!(counts.numbered + unseen >= ran.numbered, "{counts:?} of {}", ran.numbered);
        }
        everybody_says(&counts, &ran.session);
        let stored = store::open(&folder).expect("a session").session;
        prop_assert_eq!(stored.counts(), counts);
    }
}

#[test]
fn an_analysis_that_gives_no_result_for_a_second_is_said_at_once_and_its_loss_is_named() {
    let mut steps = Vec::new();
    for _ in 0..60 {
        steps.extend([Step::Frame, Step::Rest(33)]);
    }
    for _ in 0..30 {
        steps.extend([Step::Frame, Step::Rest(60)]);
    }
    let takes = Duration::from_millis(2300);
    let analyser = Slow { slow_at: vec![20], takes, ..Slow::default() };
    let ran = run(&steps, false, Duration::ZERO, analyser, None, None);
    assert_eq!(ran.frozen_secs.first(), Some(&1), "{:?}", ran.frozen_secs);
    assert_eq!(ran.frozen_secs.last(), Some(&0), "{:?}", ran.frozen_secs);
    let counts = ran.session.counts();
    adds_up(&counts);
    assert_eq!(counts.numbered, 90);
    assert!(counts.of_reason(LossReason::Frozen) > 20, "{counts}");
    let said =
        |kind| ran.session.notices.iter().filter(|logged| logged.notice.kind == kind).count();
    assert_eq!(said(NoticeKind::StoodStill), 1, "{:?}", ran.session.notices);
}

#[test]
fn what_came_before_the_models_were_ready_is_counted_also_where_nothing_came_after() {
    let steps = [Step::Frame, Step::Frame, Step::Broken(2), Step::Frame];
    let ready_after = Duration::from_millis(100);
    let ran = run(&steps, true, ready_after, Slow::default(), None, None);
    let counts = ran.session.counts();
    assert_eq!((counts.numbered, counts.analysed), (5, 0), "{counts}");
    assert_eq!(counts.of_reason(LossReason::BeforeReady), 5, "{counts}");
    assert!(!ran.session.source.name.is_empty());
}

#[test]
fn a_stall_before_the_models_are_ready_is_counted_by_the_number_of_what_came_after_it() {
    let steps = [Step::Frame, Step::Frame, Step::Stall(39), Step::Broken(3)];
    for ready_ms in [0, 100] {
        let ready_after = Duration::from_millis(ready_ms);
        let ran = run(&steps, true, ready_after, Slow::default(), None, None);
        assert_eq!(ran.session.counts().numbered, 44, "{ready_ms}: {}", ran.session.counts());
    }
}

#[test]
fn a_baseline_can_be_dropped_and_the_session_no_longer_has_it() {
    let steps: Vec<_> =
        (0..120).flat_map(|_| [Step::Frame, Step::Rest(2)]).chain([Step::Rest(100)]).collect();
    let numbered = Arc::new(AtomicU64::new(0));
    let camera = Camera {
        info: SourceInfo::default(),
        steps: steps.into(),
        pending: VecDeque::new(),
        next_seq: 0,
        numbered,
    };
    let (steps, info) = (camera.steps, camera.info);
    let job = CaptureJob {
        name: "camera".into(),
        is_live: false,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(move || {
            let (pending, numbered) = (VecDeque::new(), Arc::default());
            Ok(in_order(Box::new(Camera { info, steps, pending, next_seq: 0, numbered })))
        }),
    };
    let engine = Engine::start_job(job, &EngineConfig::default(), || Ok(Slow::default()), || ());
    engine.send(EngineCommand::Baseline { secs: 1.0 }).expect("room for a command");
    let (mut session, mut had, mut dropped) = (Session::default(), false, false);
    loop {
        let update = engine.wait(LONG).expect("the engine goes on or ends");
        update.record().into_iter().for_each(|record| session.apply(record));
        match update {
            Update::Record(Record::Baselined(_)) => {
                had = session.baseline.is_some();
                engine.send(EngineCommand::DropBaseline).expect("room for a command");
            }
            Update::Record(Record::BaselineDropped) => dropped = true,
            Update::Ended(_) => break,
            _ => {}
        }
    }
    assert!(had && dropped && session.baseline.is_none());
}
