//! The same frames give the same session, whether threads carry them or a loop does.

use std::time::Duration;

use fleeting::config::Config;
use fleeting::engine::offline::analyse_all;
use fleeting::engine::{Engine, Update};
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::Pipeline;
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
    let engine = Engine::start(spec(), ModelChoice::Embedded, Config::default(), || ());
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

#[test]
fn live_and_offline_give_the_same_session() {
    let (live, offline) = (live(), offline());
    assert_eq!(offline.history.len(), (SECS * 30.0) as usize, "one sample for every frame");
    let seqs = offline.history.samples().iter().map(|sample| sample.seq);
    assert!(seqs.eq(0..offline.history.len() as u64), "in order");
    assert!(offline.history.samples().iter().skip(1).all(|sample| sample.motion.is_some()));
    assert_eq!(text(&live), text(&offline));
}
