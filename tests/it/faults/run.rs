//! One engine from its start to its end, and what must hold for all its messages.

use std::path::Path;
use std::time::Duration;

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::{RecordOrder, RecordState};
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::event::Moment;
use fleeting::measure::sample::Sample;
use fleeting::measure::time::Timestamp;
use fleeting::media::stream::NoticeKind;
use fleeting::pipeline::spotting::MAX_STEP_SECS;
use fleeting::session::Session;
use fleeting::session::history::samples::Samples;
use fleeting::session::store::{self, Opened};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The longest silence of a running engine, which reports once a second.
const SILENCE: Duration = Duration::from_secs(30);

/// The result of a run.
pub(super) struct Ran {
    pub(super) session: Session,
    /// Why it ended; `None` if it ended by itself.
    pub(super) reason: Option<String>,
    /// How the recording ended; `None` without one.
    pub(super) recorded: Option<RecordState>,
    /// How often the window was slow to read.
    pub(super) slow: u64,
}

/// Runs an engine to its end, recording into `folder` from the first frame on. The window is slow sometimes.
pub(super) fn run<A: Analyser>(
    job: CaptureJob,
    make: impl FnOnce() -> A + Send + 'static,
    folder: Option<&Path>,
    dice: &mut ChaCha8Rng,
) -> Ran {
    let (begin, may_begin) = crossbeam_channel::bounded(1);
    let make = move || may_begin.recv().map(|()| make()).map_err(|error| error.to_string());
    let engine = Engine::start_job(job, &EngineConfig::default(), make, || ());
    if let Some(folder) = folder {
        let order =
            RecordOrder { folder: folder.into(), consent: None, with_pictures: true, sound: None };
        engine.send(EngineCommand::Record(Box::new(order))).expect("room for a command");
    }
    begin.send(()).expect("room for one");
    let mut ran = Ran { session: Session::keeping_all(), reason: None, recorded: None, slow: 0 };
    loop {
        let update = engine.wait(SILENCE).expect("the engine goes on or ends");
        update.record().into_iter().for_each(|record| ran.session.apply(record));
        match update {
            Update::Recording(recording) => ran.recorded = Some(recording.state),
            Update::Ended(reason) => {
                ran.reason = reason;
                break;
            }
            _ => {}
        }
        if dice.random_range(0..400) == 0 {
            ran.slow += 1;
            std::thread::sleep(Duration::from_millis(dice.random_range(5..60)));
        }
    }
    // Completing the files goes on after the last message.
    drop(engine);
    check_samples(ran.session.history.samples());
    ran
}

/// What holds for samples, whatever happened.
pub(super) fn check_samples(samples: &Samples) {
    for sample in samples {
        let trouble = sample.quality.trouble;
        assert!(sample.score.is_none() || trouble.scorable(), "a score for {trouble}: {sample:?}");
        if let Some(score) = sample.score {
            let is_score = |value: f32| (0.0..=1.0).contains(&value);
            assert!(is_score(score.micro) && is_score(score.macro_), "{sample:?}");
        }
    }
    for (before, next) in samples.iter().zip(samples.iter().skip(1)) {
        assert!(before.seq < next.seq && before.time < next.time, "{before:?} {next:?}");
        let gap_secs = next.time.secs_since(before.time);
        assert!(gap_secs <= MAX_STEP_SECS || next.score.is_none(), "scored after {gap_secs} s");
    }
}

/// Opens a recording that ended in order, and compares it with the messages.
pub(super) fn check_recording(folder: &Path, live: &Session) {
    let mut opened = store::open(folder).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(opened.remarks, Vec::<String>::new());
    // A recording counts its times from its first frame.
    let first = live.history.samples().iter().next().map_or(Timestamp::ZERO, |s| s.time);
    assert_eq!(text(&opened.session, Timestamp::ZERO), text(live, first));
    let moments: Vec<Moment> = moments(&opened);
    let sampled =
        live.history.samples().iter().map(|s| Moment { frame: s.seq, time: first.until(s.time) });
    assert!(moments.iter().copied().eq(sampled), "{} pictures", moments.len());
    if let (Some(last), Some(pictures)) = (moments.len().checked_sub(1), &mut opened.pictures) {
        assert_eq!(pictures.picture(last).expect("whole").seq, moments[last].frame);
    }
}

/// The frames whose pictures are stored.
pub(super) fn moments(opened: &Opened) -> Vec<Moment> {
    opened.pictures.as_ref().map(|pictures| pictures.moments().to_vec()).unwrap_or_default()
}

/// As text, because NaN equals nothing, not even itself. Times count from `zero`.
fn text(session: &Session, zero: Timestamp) -> String {
    let Session { source, events, notices, threshold, .. } = session;
    let moved = |moment: Moment| Moment { time: zero.until(moment.time), ..moment };
    let mut events = events.clone();
    for event in &mut events {
        event.onset = moved(event.onset);
        event.apex = moved(event.apex);
        event.offset = moved(event.offset);
    }
    let mut notices = notices.clone();
    for logged in &mut notices {
        logged.time = Timestamp::ZERO.max(zero.until(logged.time));
    }
    let counts = session.counts();
    assert_eq!(counts.analysed + counts.lost, counts.numbered);
    let samples = session.history.samples().iter();
    let samples: Vec<_> =
        samples.map(|sample| Sample { time: zero.until(sample.time), ..sample }).collect();
    format!("{source:?}\n{samples:?}\n{events:?}\n{notices:?}\n{threshold:?}\n{counts:?}")
}

/// The number of notices of `kind`, and the sum of the numbers before `unit` in them. A notice without a
/// number counts as one.
pub(super) fn told(session: &Session, kind: NoticeKind, unit: &str) -> (u64, u64) {
    let texts = session.notices.iter().filter(|logged| logged.notice.kind == kind);
    texts.fold((0, 0), |(notices, sum), logged| {
        let before = logged.notice.text.split_once(unit).map(|(before, _)| before);
        let number = before.and_then(|before| before.rsplit(' ').next()?.parse().ok());
        (notices + 1, sum + number.unwrap_or(1))
    })
}
