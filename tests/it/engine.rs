//! The threads: what they promise, whatever happens at either end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::baseline::Baseline;
use fleeting::measure::event::{Event, EventKind, Moment, Origin};
use fleeting::measure::geometry::Affine;
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::sample::{Sample, Score};
use fleeting::media::image::Frame;
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::session::Session;
use fleeting::session::record::Record;
use fleeting::source::SourceSpec;

const LONG: Duration = Duration::from_secs(60);

/// Scores every frame three frames late, finds one event, and fails or panics when told to.
#[derive(Default)]
struct Fake {
    waiting: Vec<Sample>,
    rate: f32,
    breaks_at: Option<u64>,
    panics_at: Option<u64>,
}

impl Analyser for Fake {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        if self.breaks_at == Some(frame.seq) {
            return Err(ModelError::Refused { file: "fake.onnx".into(), message: "broke".into() });
        }
        assert_ne!(self.panics_at, Some(frame.seq), "told to");
        let score = Some(Score { micro: 0.25, macro_: 0.5 });
        let (seq, time) = (frame.seq, frame.time);
        self.waiting.push(Sample { seq, time, quality: Quality::default(), motion: None, score });
        if self.waiting.len() > 3 {
            output.samples.push(self.waiting.remove(0));
        }
        output.overlay.frame_from_face = Some(Affine::IDENTITY);
        if frame.seq == 20 {
            let moment = Moment { frame: 15, time: frame.time - 5.0 / 30.0 };
            output.events.push(event(moment));
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        output.samples.append(&mut self.waiting);
        Ok(())
    }

    fn set_false_alarms_per_minute(&mut self, rate: f32) {
        self.rate = rate;
    }

    fn threshold(&self) -> Score {
        Score { micro: self.rate, macro_: self.rate }
    }

    fn set_baseline(&mut self, _: &Baseline) {}
    fn drop_baseline(&mut self) {}
}

fn event(moment: Moment) -> Event {
    Event {
        id: 0,
        kind: EventKind::Micro,
        onset: moment,
        apex: moment,
        offset: moment,
        score: 0.75,
        action_units: Vec::new(),
        emotion: None,
        trouble: Trouble::NONE,
        origin: Origin::Model,
    }
}

/// Small pictures, because the threads are tested and not the drawing.
fn demo(secs: f64) -> SourceSpec {
    let mut spec: SourceSpec = "demo:1".parse().expect("a source");
    spec.options.limit_secs = Some(secs);
    spec.options.size_px = Some((96, 96));
    spec
}

fn start(spec: SourceSpec, fake: Fake) -> Engine {
    Engine::start_with(spec, &EngineConfig::default(), || Ok(fake), || ())
}

/// Everything that the engine sends until it ends.
fn all(engine: &Engine) -> Vec<Update> {
    let mut updates = Vec::new();
    loop {
        updates.push(engine.wait(LONG).expect("the engine goes on"));
        if matches!(updates.last(), Some(Update::Ended(_))) {
            return updates;
        }
    }
}

fn reason(updates: &[Update]) -> Option<String> {
    match updates.last() {
        Some(Update::Ended(reason)) => reason.clone(),
        other => panic!("expected an end, found {other:?}"),
    }
}

#[test]
fn every_frame_becomes_one_sample_and_the_end_is_proper() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let wake = move || {
        count.fetch_add(1, Ordering::SeqCst);
    };
    let make = || Ok(Fake::default());
    let engine = Engine::start_with(demo(2.0), &EngineConfig::default(), make, wake);
    let updates = all(&engine);
    assert_eq!(reason(&updates), None);
    let mut session = Session::default();
    updates
        .iter()
        .for_each(|update| update.record().into_iter().for_each(|record| session.apply(record)));
    assert!(session.history.samples().iter().map(|s| s.seq).eq(0..60));
    assert!(woken.load(Ordering::SeqCst) >= 60);
    let last = updates.iter().rev().find_map(|u| match u {
        Update::Record(Record::Stats(stats)) => Some(*stats),
        _ => None,
    });
    let last = last.expect("stats at the end");
    assert_eq!((last.analysed, last.dropped, last.progress), (60, 0, Some(1.0)));
    assert!(engine.preview().is_some_and(|preview| preview.frame.seq == 59));
    assert!(engine.wait(Duration::ZERO).is_none(), "nothing follows the end");
}

#[test]
fn an_event_comes_with_its_pictures() {
    let engine = start(demo(1.0), Fake::default());
    let mut session = Session::default();
    all(&engine)
        .iter()
        .for_each(|update| update.record().into_iter().for_each(|record| session.apply(record)));
    assert_eq!(session.events.len(), 1);
    let clip = session.clip(0).expect("pictures");
    assert_eq!(clip.frames[clip.apex].0, 15);
    assert!(clip.bytes() > 0);
}

#[test]
fn dropping_an_engine_that_nobody_listens_to_does_not_hang() {
    let engine = start(demo(600.0), Fake::default());
    // Long enough for every link to be full.
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    drop(engine);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn dropping_an_engine_that_has_just_started_does_not_hang() {
    let begun = Instant::now();
    drop(start(demo(600.0), Fake::default()));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_source_that_cannot_be_opened_ends_with_its_name() {
    let spec = "video:no such file.mp4".parse().expect("a source");
    let updates = all(&start(spec, Fake::default()));
    assert!(reason(&updates).is_some_and(|text| text.contains("no such file.mp4")));
    assert!(!updates.iter().any(|update| matches!(update, Update::Record(Record::Opened(_)))));
}

#[test]
fn models_that_cannot_be_loaded_end_with_the_reason() {
    let make = || Err::<Fake, _>("spot.onnx: has changed".to_owned());
    let engine = Engine::start_with(demo(600.0), &EngineConfig::default(), make, || ());
    assert_eq!(reason(&all(&engine)).as_deref(), Some("spot.onnx: has changed"));
}

#[test]
fn a_model_that_breaks_midway_keeps_what_was_measured() {
    let engine = start(demo(2.0), Fake { breaks_at: Some(10), ..Fake::default() });
    let updates = all(&engine);
    assert!(reason(&updates).is_some_and(|text| text.contains("fake.onnx: broke")));
    let mut session = Session::default();
    updates
        .iter()
        .for_each(|update| update.record().into_iter().for_each(|record| session.apply(record)));
    assert_eq!(session.history.len(), 10);
}

#[test]
fn an_analysis_that_dies_still_ends() {
    let engine = start(demo(2.0), Fake { panics_at: Some(5), ..Fake::default() });
    assert!(reason(&all(&engine)).is_some_and(|text| text.contains("bug in Fleeting")));
}

#[test]
fn a_paused_recording_waits_and_loses_nothing() {
    let engine = start(demo(3.0), Fake::default());
    engine.send(EngineCommand::Pause).expect("room for a command");
    let mut session = Session::default();
    let mut is_running = None;
    while is_running != Some(false) {
        let update = engine.wait(LONG).expect("it says that it pauses");
        update.record().into_iter().for_each(|record| session.apply(record));
        if let Update::Running(running) = update {
            is_running = Some(running);
        }
    }
    std::thread::sleep(Duration::from_millis(200));
    let paused_at = session.history.len();
    let more = engine
        .updates()
        .filter(|update| matches!(update, Update::Record(Record::Samples(_))))
        .count();
    assert_eq!(more, 0, "after {paused_at} samples");
    engine.send(EngineCommand::Resume).expect("room for a command");
    all(&engine)
        .iter()
        .for_each(|update| update.record().into_iter().for_each(|record| session.apply(record)));
    assert!(session.history.samples().iter().map(|s| s.seq).eq(0..90));
}

#[test]
fn a_new_threshold_is_told() {
    let engine = start(demo(600.0), Fake::default());
    engine.send(EngineCommand::SetFalseAlarmsPerMinute(4.0)).expect("room for a command");
    let told = Score { micro: 4.0, macro_: 4.0 };
    loop {
        match engine.wait(LONG).expect("the engine goes on") {
            Update::Record(Record::Threshold(threshold)) if threshold == told => return,
            Update::Ended(reason) => panic!("ended: {reason:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_baseline_is_measured_over_the_asked_seconds() {
    let engine = start(demo(6.0), Fake::default());
    engine.send(EngineCommand::Baseline { secs: 2.0 }).expect("room for a command");
    let updates = all(&engine);
    let measured = updates.iter().find_map(|update| match update {
        Update::Record(Record::Baselined(baseline)) => Some(baseline),
        _ => None,
    });
    let baseline = measured.expect("measured");
    assert_eq!((baseline.frames, baseline.scored), (60, 60));
    assert_eq!((baseline.micro.median, baseline.macro_.median), (0.25, 0.5));
    let left: Vec<f32> = updates
        .iter()
        .filter_map(|u| if let Update::Baseline(left) = u { Some(*left) } else { None })
        .collect();
    assert!(left.is_sorted_by(|a, b| a >= b) && left.last() == Some(&0.0), "{left:?}");
}

#[test]
fn a_baseline_that_the_end_cuts_short_says_so() {
    let engine = start(demo(1.0), Fake::default());
    engine.send(EngineCommand::Baseline { secs: 10.0 }).expect("room for a command");
    let updates = all(&engine);
    assert!(updates.iter().any(|update| match update {
        Update::Record(Record::Notice(notice)) => notice.text.contains("before the baseline"),
        _ => false,
    }));
    assert!(!updates.iter().any(|update| matches!(update, Update::Record(Record::Baselined(_)))));
}
