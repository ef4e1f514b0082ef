use super::*;
use crate::measure::quality::Quality;
use crate::measure::regions::{REGIONS, RegionMotion};
use crate::measure::sample::Score;
use proptest::prelude::*;
use rand::Rng;

/// Scores a row by how far the most moved region goes within three rows.
struct Way;

impl Network for Way {
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        rows.clear();
        let rows_in: Vec<&[f32]> = motion.chunks_exact(motion.len() / WINDOW_ROWS).collect();
        for at in 0..rows_in.len() {
            let near = &rows_in[at.saturating_sub(2)..=at];
            let way = |i: usize| near.iter().map(|row| row[i]).sum::<f32>().abs();
            let most = (0..rows_in[at].len()).map(way).fold(0.0, f32::max);
            rows.extend([most.min(1.0), 4.0, 7.0, 0.0, 0.0, 0.0]);
        }
        Ok(())
    }
}

const SETTINGS: SpotterSettings =
    SpotterSettings { look_ahead_rows: [7, 18], thresholds: [0.35, 0.5] };

/// A face whose regions move by up to `unrest` per frame; it is absent in the frames of `gap`.
fn samples(secs: u64, unrest: f32, gap: std::ops::Range<u64>) -> Vec<Sample> {
    let mut random = Random::seed_from_u64(3);
    (0..secs * 30)
        .map(|seq| {
            let mut quality = Quality { rate_fps: 30.0, ..Quality::default() };
            if gap.contains(&seq) {
                quality.trouble = Trouble::NO_FACE;
            }
            let speed = [(); REGIONS].map(|()| {
                [(); 2]
                    .map(|()| if unrest > 0.0 { random.random_range(-unrest..unrest) } else { 0.0 })
            });
            let motion = RegionMotion { regions: speed, head: [0.0; 2] };
            let is_measured = seq > 0 && !gap.contains(&seq);
            let (motion, score) = (is_measured.then_some(motion), None);
            Sample { seq, time: Timestamp::of_frame(seq, 30.0), quality, motion, score }
        })
        .collect()
}

fn limit(samples: &[Sample], thresholds: [f32; 2]) -> DetectionLimit {
    let motion = MeasuredMotion::of(samples.iter().copied(), Vec::new()).expect("motion");
    motion
        .limit(Box::new(Way), SpotterSettings { thresholds, ..SETTINGS }, || true)
        .expect("measured")
}

#[test]
fn on_a_still_recording_a_larger_movement_is_never_found_less_often() {
    let limit = limit(&samples(30, 0.0, 0..0), [0.35, 0.5]);
    assert_eq!((limit.moments(), limit.unseen()), (MOST_MOMENTS, 0));
    for part in FacePart::ALL {
        let shares = limit.shares(part, None).expect("trials");
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]), "{part:?} {shares:?}");
    }
    let brows = limit.shares(FacePart::Brows, Some(FaceState::Calm)).expect("trials");
    assert!(brows[0] < 0.2 && brows[4] > 0.9, "{brows:?}");
}

#[test]
fn a_threshold_that_nothing_reaches_finds_nothing_and_unrest_is_told() {
    let still = limit(&samples(30, 0.0, 0..0), [1.1, 1.1]);
    assert!(still.trials.iter().all(|trial| trial.found == [false; 5]));
    let restless = limit(&samples(30, 0.8, 0..0), [1.1, 1.1]);
    assert!(restless.trials.iter().all(|trial| trial.state == FaceState::Moving));
}

#[test]
fn a_gap_is_blind() {
    let limit = limit(&samples(30, 0.0, 300..600), [0.35, 0.5]);
    let (from, to) = (Timestamp::from_secs(10.0), Timestamp::from_secs(19.9));
    for trial in &limit.trials {
        if (from..=to).contains(&trial.apex) {
            assert_eq!((trial.state, trial.found), (FaceState::Unseen, [false; 5]), "{trial:?}");
        }
    }
    assert!((10..=16).contains(&limit.unseen()), "{}", limit.unseen());
    let seen = limit.found(FacePart::Brows, None, 4);
    assert_eq!(seen.1, limit.moments() - limit.unseen());
}

#[test]
fn however_long_the_recording_the_moments_are_bounded_and_spread_over_all_of_it() {
    let (short, long) =
        (limit(&samples(4, 0.0, 0..0), [0.35, 0.5]), limit(&samples(150, 0.0, 0..0), [0.35, 0.5]));
    assert!((6..=8).contains(&short.moments()), "{}", short.moments());
    assert_eq!(long.moments(), MOST_MOMENTS);
    let (first, last) = (long.trials[0].apex, long.trials[long.trials.len() - 1].apex);
    assert!(first.secs() < 8.0 && last.secs() > 142.0);
}

#[test]
fn what_the_spotter_flags_anyway_is_not_counted_as_found() {
    let samples = samples(10, 0.0, 0..0);
    let all = Interval { first: 0, last: 299 };
    let motion = MeasuredMotion::of(samples.iter().copied(), vec![all]).expect("motion");
    let limit = motion.limit(Box::new(Way), SETTINGS, || true).expect("measured");
    assert_eq!(limit.trials, []);
    let stopped = motion.limit(Box::new(Way), SETTINGS, || false);
    assert!(matches!(stopped, Err(LimitError::Stopped)));
}

#[test]
fn without_motion_or_threshold_it_says_so() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut session = Session::default();
    let words = |session: &Session| {
        detection_limit(session, &models).expect_err("nothing to tell").to_string()
    };
    assert_eq!(words(&session), "no threshold is stored");
    session.threshold = Some(Score { micro: 0.4, macro_: 0.4 });
    assert_eq!(words(&session), "no motion is stored");
    for mut sample in samples(5, 0.1, 0..0) {
        sample.motion = None;
        session.history.push(sample);
    }
    assert_eq!(words(&session), "no motion is stored");
}

#[test]
fn the_shipped_spotter_finds_large_movements_of_a_calm_face_and_gives_the_same_figures_twice() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut session = Session::keeping_all();
    session.threshold = Some(Score { micro: 0.44, macro_: 0.44 });
    samples(6, 0.05, 0..0).into_iter().for_each(|sample| session.history.push(sample));
    let limit = detection_limit(&session, &models).expect("measured");
    let shares = limit.shares(FacePart::Brows, None).expect("trials");
    assert!(shares[0] <= shares[3] && shares[3] > 0.4, "{shares:?}");
    assert_eq!(detection_limit(&session, &models).expect("measured"), limit);
}

#[test]
fn of_a_still_face_every_size_from_the_smallest_found_one_on_is_found() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let (network, calibration) = open_network(&models).expect("a spotter");
    let settings =
        SpotterSettings { look_ahead_rows: calibration.look_ahead_rows, thresholds: [0.44; 2] };
    let mut spotter = Spotter::new(network, settings);
    let rig = FacsRig::new().expect("embedded faces");
    let onset = Timestamp::from_secs(5.0);
    let mut counts = [0; SIZES_PERCENT.len()];
    for (seed, unrest) in [(0, 0.05), (1, 0.1), (2, 0.2), (3, 0.4)] {
        let motion = MeasuredMotion::of(samples(8, unrest, 0..0).into_iter(), Vec::new());
        let motion = motion.expect("motion");
        let random = &mut Random::seed_from_u64(seed);
        let added = AddedExpression::draw(random, &rig, |unit| [1, 2, 4].contains(&unit.0));
        let found = SIZES_PERCENT.map(|size_percent| {
            let mut spotted = Spotted::default();
            spotter.reset();
            let push = |step: &Step| spotter.push(step, &mut spotted);
            motion.replay(&added, onset, size_percent, push).expect("pushed");
            motion.is_found(&added, onset, &spotted)
        });
        eprintln!("{found:?}");
        assert!(found.is_sorted(), "{unrest}: {found:?}");
        counts.iter_mut().zip(found).for_each(|(count, found)| *count += usize::from(found));
    }
    assert!(counts.is_sorted() && counts[0] < counts[4], "{counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn a_lower_threshold_never_finds_less_of_a_still_face(a in 0.2f32..0.9, b in 0.2f32..0.9) {
        let samples = samples(5, 0.0, 0..0);
        let [low, high] = [a.min(b), a.max(b)].map(|micro| limit(&samples, [micro, 1.0]));
        for (low, high) in low.trials.iter().zip(&high.trials) {
            for (low, high) in low.found.iter().zip(high.found) {
                prop_assert!(*low || !high);
            }
        }
    }
}
