//! Running the mesh only where something moves changes no event.

use fleeting::config::Config;
use fleeting::engine::offline::analyse_all;
use fleeting::measure::sample::Sample;
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::Pipeline;
use fleeting::session::Session;
use fleeting::source::SourceSpec;

/// The demo person's first seconds, with the mesh on one frame in `every`.
fn analysed(every: u32) -> Session {
    let mut spec: SourceSpec = "demo:7".parse().expect("a source");
    spec.options.limit_secs = Some(14.0);
    let mut config = Config::default();
    config.face.mesh_every_frames = every;
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut pipeline = Pipeline::new(&models, &config).expect("a pipeline");
    let mut source = spec.open().expect("the demo");
    let mut session = Session::keeping_all();
    analyse_all(source.as_mut(), &mut pipeline, &mut session, |_| ()).expect("analysed");
    session
}

#[test]
#[ignore = "slow: it analyses half a minute of video"]
fn a_mesh_that_rests_while_the_face_holds_still_changes_no_event() {
    let (always, resting) = (analysed(1), analysed(Config::default().face.mesh_every_frames));
    let (seen, rested) = (always.history.samples(), resting.history.samples());
    assert_eq!(seen.len(), rested.len());
    let presences: Vec<f32> = rested.iter().map(|sample| sample.quality.presence).collect();
    let not_looked = presences.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(not_looked > presences.len() / 3, "it rested at {not_looked} frames");

    assert!(!always.events.is_empty(), "the person shows something");
    assert_eq!(always.events.len(), resting.events.len());
    for (event, same) in always.events.iter().zip(&resting.events) {
        assert_eq!((event.kind, event.trouble), (same.kind, same.trouble));
        for (moment, other) in
            [(event.onset, same.onset), (event.apex, same.apex), (event.offset, same.offset)]
        {
            assert!(moment.frame.abs_diff(other.frame) <= 1, "{event:?}\n{same:?}");
        }
    }
    let differs = |(a, b): &(Sample, Sample)| a.quality.trouble != b.quality.trouble;
    let troubled = seen.iter().zip(rested.iter()).filter(differs).count();
    assert!(troubled <= presences.len() / 100, "{troubled} frames are judged otherwise");
}
