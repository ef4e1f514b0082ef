//! The same frames give the same session, whether threads carry them or a loop does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fleeting::config::{Config, EngineConfig};
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::offline::analyse_all;
use fleeting::engine::{Engine, Update};
use fleeting::measure::baseline::Baseline;
use fleeting::measure::effort::Effort;
use fleeting::measure::sample::Score;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::Frame;
use fleeting::media::stream::{Next, Source, SourceError, SourceInfo};
use fleeting::model::{ModelChoice, ModelError, Models};
use fleeting::pipeline::{Output, Pipeline};
use fleeting::session::Session;
use fleeting::source::SourceSpec;

/// Long enough for samples to become final both on the way and at the end.
const SECS: f64 = 2.5;

fn spec() -> SourceSpec {
    let mut spec: SourceSpec = "demo:7".parse().expect("a source");
    spec.options.limit_secs = Some(SECS);
    spec
}

fn offline() -> Session {
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut pipeline = Pipeline::new(&models, &Config::default()).expect("a pipeline");
    let mut source = spec().open().expect("the demo");
    let mut session = Session::keeping_all();
    analyse_all(source.as_mut(), &mut pipeline, &mut session, |_| ()).expect("analysed");
    session
}

fn live() -> Session {
    until_end(&Engine::start(spec(), ModelChoice::Embedded, Config::default(), || ()))
}

fn until_end(engine: &Engine) -> Session {
    let mut session = Session::default();
    loop {
        let update = engine.wait(Duration::from_secs(60)).expect("the engine goes on");
        update.record().into_iter().for_each(|record| session.apply(record));
        if let Update::Ended(reason) = update {
            assert_eq!(reason, None);
            return session;
        }
    }
}

/// As text, because a value that was not measured equals nothing, itself included.
fn text(session: &Session) -> String {
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}",
        session.source,
        session.threshold,
        session.events,
        session.history.samples()
    )
}

/// This many frames come faster than they are analysed, so that every step down happens.
const FAST_FRAMES: u64 = 60;
/// Then this many come one by one.
const ALL_FRAMES: u64 = 150;
/// Frames that wait while they come too fast: half of the camera queue, so that none is lost.
const TOO_MANY: u64 = 6;

/// The pipeline, and the number of frames that it has analysed.
struct Counted(Pipeline, Arc<AtomicU64>);

impl Analyser for Counted {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let pushed = self.0.push(frame, output);
        self.1.fetch_add(1, Ordering::SeqCst);
        pushed
    }
    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        self.0.finish(output)
    }
    fn set_effort(&mut self, effort: Effort) {
        self.0.set_effort(effort);
    }
    fn set_false_alarms_per_minute(&mut self, rate: f32) {
        self.0.set_false_alarms_per_minute(rate);
    }
    fn threshold(&self) -> Score {
        self.0.threshold()
    }
    fn set_baseline(&mut self, baseline: &Baseline) {
        self.0.set_baseline(baseline);
    }
    fn drop_baseline(&mut self) {
        self.0.drop_baseline();
    }
}

/// The demo person, played forwards and backwards. With a count of analysed frames, it is as fast as the
/// constants above say.
#[derive(Clone)]
struct Demo {
    info: SourceInfo,
    frames: Vec<Frame>,
    next: u64,
    done: Option<Arc<AtomicU64>>,
}

impl Demo {
    fn rendered() -> Self {
        let mut spec = spec();
        spec.options.size_px = Some((320, 240));
        let mut source = spec.open().expect("the demo");
        let mut frames = Vec::new();
        while let Next::Frame(frame) = source.next().expect("a frame") {
            frames.push(frame);
        }
        Self { info: source.info().clone(), frames, next: 0, done: None }
    }
}

impl Source for Demo {
    fn info(&self) -> &SourceInfo {
        &self.info
    }
    fn next(&mut self) -> Result<Next, SourceError> {
        if self.next == ALL_FRAMES {
            return Ok(Next::End);
        }
        let under_way = if self.next < FAST_FRAMES { TOO_MANY } else { 1 };
        while let Some(done) = &self.done
            && self.next - done.load(Ordering::SeqCst) >= under_way
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        let seq = self.next;
        self.next += 1;
        let last = self.frames.len() as u64 - 1;
        let at = seq % (2 * last);
        let frame = self.frames[at.min(2 * last - at) as usize].clone();
        Ok(Next::Frame(Frame { seq, time: Timestamp::of_frame(seq, 30.0), ..frame }))
    }
}

fn pipeline() -> Pipeline {
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    Pipeline::new(&models, &Config::default()).expect("a pipeline")
}

#[test]
fn live_equals_offline_under_every_step_of_effort() {
    let demo = Demo::rendered();
    let done = Arc::new(AtomicU64::new(0));
    let camera = Demo { done: Some(Arc::clone(&done)), ..demo.clone() };
    let job = CaptureJob {
        name: "demo:7".into(),
        is_live: true,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(move || Ok(Box::new(camera))),
    };
    let make = move || Ok(Counted(pipeline(), done));
    let live = until_end(&Engine::start_job(job, &EngineConfig::default(), make, || ()));
    assert_eq!(live.history.len() as u64, ALL_FRAMES, "less was done, and no frame was lost");
    let steps: Vec<_> = live.effort.iter().map(|step| step.effort).collect();
    for effort in Effort::ALL.into_iter().skip(1) {
        assert!(steps.contains(&effort), "{effort:?} is missing in {:?}", live.effort);
    }

    let again = |effort| {
        let mut session = Session::keeping_all();
        session.effort = effort;
        analyse_all(&mut demo.clone(), &mut pipeline(), &mut session, |_| ()).expect("analysed");
        session
    };
    assert_eq!(text(&live), text(&again(live.effort.clone())));
    assert_ne!(text(&live), text(&again(Vec::new())), "the steps make a difference");
}

#[test]
fn live_and_offline_give_the_same_session() {
    let (live, offline) = (live(), offline());
    assert_eq!(offline.history.len(), (SECS * 30.0) as usize, "one sample for every frame");
    let seqs = offline.history.samples().iter().map(|sample| sample.seq);
    assert!(seqs.eq(0..offline.history.len() as u64), "in order");
    assert!(offline.history.samples().iter().skip(1).all(|sample| sample.motion.is_some()));
    assert_eq!(text(&live), text(&offline));
}
