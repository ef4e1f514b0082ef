use super::*;
use proptest::prelude::*;

/// Scores a row by how fast the first region moves down, and tells a fixed interval.
struct Speed {
    looks: usize,
}

const RISE: f32 = 4.0;
const FALL: f32 = 6.0;

impl Network for Speed {
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        assert_eq!(motion.len(), WINDOW_ROWS * SPOT_REGIONS * 2);
        self.looks += 1;
        rows.clear();
        for row in motion.chunks_exact(SPOT_REGIONS * 2) {
            rows.extend([row[1], RISE, FALL, row[3], 3.0 * RISE, 3.0 * FALL]);
        }
        Ok(())
    }
}

const SETTINGS: SpotterSettings =
    SpotterSettings { look_ahead_rows: [7, 18], thresholds: [0.5, 0.5] };

fn spotter() -> Spotter {
    Spotter::new(Box::new(Speed { looks: 0 }), SETTINGS)
}

/// Steps at `fps` whose first region moves by `micro(i)`, the second by `macro_(i)`.
fn steps(n: u64, fps: f64, micro: impl Fn(u64) -> f32, macro_: impl Fn(u64) -> f32) -> Vec<Step> {
    (0..n)
        .map(|seq| {
            let mut displacement = [[0.0; 2]; SPOT_REGIONS];
            displacement[0][1] = micro(seq);
            displacement[1][1] = macro_(seq);
            Step {
                seq,
                time: Timestamp::of_frame(seq, fps),
                displacement: (seq > 0).then_some(displacement),
                trouble: Trouble::NONE,
            }
        })
        .collect()
}

fn bump(at: u64, seq: u64) -> f32 {
    1.0 - 0.2 * at.abs_diff(seq).min(5) as f32
}

fn spot(steps: &[Step]) -> Spotted {
    let mut spotter = spotter();
    let mut spotted = Spotted::default();
    for step in steps {
        spotter.push(step, &mut spotted).expect("the network does not fail");
    }
    spotter.finish(&mut spotted).expect("the network does not fail");
    spotted
}

fn frames(proposal: &Proposal) -> [u64; 3] {
    [proposal.onset, proposal.apex, proposal.offset].map(|moment| moment.frame)
}

#[test]
fn a_movement_is_flagged_once_with_its_three_frames() {
    let spotted = spot(&steps(300, 30.0, |i| bump(150, i), |_| 0.0));
    assert_eq!(spotted.proposals.len(), 1);
    let proposal = spotted.proposals[0];
    assert_eq!((proposal.kind, frames(&proposal)), (EventKind::Micro, [146, 150, 156]));
}

#[test]
fn a_still_face_is_never_flagged_and_scores_nothing() {
    let spotted = spot(&steps(300, 30.0, |_| 0.0, |_| 0.0));
    assert!(spotted.proposals.is_empty());
    let scored: Vec<_> = spotted.scores.iter().filter_map(|(_, score)| *score).collect();
    assert_eq!(scored.len(), 299, "all but the first frame, which moved from nowhere");
    assert!(scored.iter().all(|score| *score == Score { micro: 0.0, macro_: 0.0 }));
}

#[test]
fn every_step_gets_one_score_in_order() {
    for (n, fps) in [(1, 30.0), (2, 120.0), (5, 200.0), (500, 200.0), (77, 15.0), (301, 29.97)] {
        let spotted = spot(&steps(n, fps, |i| bump(40, i), |_| 0.0));
        let seqs: Vec<_> = spotted.scores.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (0..n).collect::<Vec<_>>(), "{n} frames at {fps} fps");
    }
}

#[test]
fn a_frame_reaches_the_threshold_where_a_proposal_would_have_its_apex() {
    let spotted = spot(&steps(300, 30.0, |i| bump(150, i), |_| 0.0));
    let above: Vec<_> = spotted
        .scores
        .iter()
        .filter(|(_, score)| score.is_some_and(|s| s.micro >= SETTINGS.thresholds[0]))
        .map(|(seq, _)| *seq)
        .collect();
    assert_eq!(above, [148, 149, 150, 151, 152]);
}

#[test]
fn a_micro_flag_comes_within_twelve_frames_of_its_apex_and_a_macro_flag_soon_after_its_offset() {
    let steps = steps(300, 30.0, |i| bump(150, i), |i| bump(200, i));
    let mut spotter = spotter();
    let mut spotted = Spotted::default();
    let mut known_at = Vec::new();
    for step in &steps {
        spotter.push(step, &mut spotted).expect("the network does not fail");
        known_at.resize(spotted.proposals.len(), step.seq);
    }
    let kinds: Vec<_> = spotted.proposals.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, EventKind::ALL);
    assert!(known_at[0] <= spotted.proposals[0].apex.frame + 12, "{known_at:?}");
    assert!(known_at[1] <= spotted.proposals[1].apex.frame + 33, "{known_at:?}");
}

#[test]
fn no_proposal_reaches_across_a_gap() {
    let mut steps = steps(300, 30.0, |i| bump(150, i), |i| bump(152, i));
    steps[148].trouble = Trouble::NO_FACE;
    steps[155].displacement = None;
    let spotted = spot(&steps);
    // Of the macro-expression only a sixth is on this side of the gaps.
    let kinds: Vec<_> = spotted.proposals.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [EventKind::Micro]);
    for proposal in &spotted.proposals {
        let [onset, _, offset] = frames(proposal);
        assert!(onset >= 149 && offset <= 154, "{proposal:?}");
    }
    for gap in [0, 148, 155] {
        assert_eq!(spotted.scores[gap], (gap as u64, None));
    }
}

#[test]
fn no_event_lasts_for_one_frame_or_for_less_than_its_kind_can() {
    struct Short([f32; 2]);
    impl Network for Short {
        fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
            rows.clear();
            let [rise, fall] = self.0;
            for row in motion.chunks_exact(SPOT_REGIONS * 2) {
                rows.extend([row[1], rise, fall, row[3], rise, fall]);
            }
            Ok(())
        }
    }
    let steps = steps(300, 30.0, |i| bump(150, i), |i| bump(200, i));
    let spotted = |sides| {
        let mut spotter = Spotter::new(Box::new(Short(sides)), SETTINGS);
        let mut spotted = Spotted::default();
        for step in &steps {
            spotter.push(step, &mut spotted).expect("the network does not fail");
        }
        spotter.finish(&mut spotted).expect("the network does not fail");
        spotted.proposals.iter().map(|p| p.kind).collect::<Vec<_>>()
    };
    assert_eq!(spotted([0.0, 0.0]), []);
    assert_eq!(spotted([1.0, 1.0]), []);
    assert_eq!(spotted([2.0, 2.0]), [EventKind::Micro]);
    assert_eq!(spotted([4.0, 6.0]), EventKind::ALL);
}

#[test]
fn no_event_is_made_of_the_edge_of_a_gap() {
    // The movement goes on to the last frame before the gap, and another begins right behind it.
    for edge in [150, 151, 153] {
        let mut steps = steps(300, 30.0, |i| bump(150, i), |_| 0.0);
        steps[edge].trouble = Trouble::NO_FACE;
        let spotted = spot(&steps);
        for proposal in &spotted.proposals {
            let [onset, apex, offset] = frames(proposal);
            assert!(onset < apex && apex < offset, "{edge}: {proposal:?}");
            assert!(offset - onset >= 5, "{edge}: {proposal:?}");
        }
    }
}

#[test]
fn the_end_of_a_recording_is_no_gap() {
    // A macro-expression of 30 frames, 16 of which lie behind the last frame that is scored.
    let flagged = |unscored: u64| {
        let mut steps = steps(300 + unscored, 30.0, |_| 0.0, |i| bump(297, i));
        steps[300..].iter_mut().for_each(|step| step.trouble = Trouble::NO_FACE);
        spot(&steps).proposals.iter().map(frames).collect::<Vec<_>>()
    };
    assert_eq!(flagged(0), [[285, 297, 299]]);
    assert_eq!(flagged(40), [[0; 3]; 0]);
}

#[test]
fn time_that_jumps_or_runs_back_is_a_gap() {
    let mut steps = steps(100, 30.0, |_| 0.0, |_| 0.0);
    for step in &mut steps[50..] {
        step.time = step.time + 3600.0;
    }
    steps[70].time = steps[68].time;
    let spotted = spot(&steps);
    assert_eq!(spotted.scores[50].1, None);
    assert_eq!(spotted.scores[70].1, None);
    assert!(spotted.scores[69].1.is_some() && spotted.scores[72].1.is_some());
}

#[test]
fn motion_that_is_no_number_is_a_gap() {
    let mut steps = steps(60, 30.0, |_| 0.0, |_| 0.0);
    steps[30].displacement = Some([[f32::NAN; 2]; SPOT_REGIONS]);
    let spotted = spot(&steps);
    assert_eq!(spotted.scores[30].1, None);
    assert!(spotted.scores[31].1.is_some());
}

#[test]
fn a_reset_spotter_starts_as_new() {
    let steps = steps(200, 30.0, |i| bump(150, i), |_| 0.0);
    let mut spotter = spotter();
    let mut spotted = Spotted::default();
    for step in &steps[..120] {
        spotter.push(step, &mut spotted).expect("the network does not fail");
    }
    spotter.reset();
    spotted.clear();
    for step in &steps {
        spotter.push(step, &mut spotted).expect("the network does not fail");
    }
    spotter.finish(&mut spotted).expect("the network does not fail");
    assert_eq!(spotted, spot(&steps));
}

#[test]
fn a_long_stream_is_forgotten_behind_and_flagged_the_same() {
    let period = |i: u64| bump(100, i % 200);
    let spotted = spot(&steps(6000, 30.0, period, |_| 0.0));
    assert_eq!(spotted.proposals.len(), 30);
    for (n, proposal) in (0..).zip(&spotted.proposals) {
        assert_eq!(frames(proposal), [n * 200 + 96, n * 200 + 100, n * 200 + 106]);
    }
}

#[test]
fn thresholds_are_read_between_the_lines_of_the_table() {
    let table = [[0.2, 8.0], [0.5, 2.0], [0.8, 0.5]];
    assert_eq!(threshold(&table, 100.0), 0.2);
    assert_eq!(threshold(&table, 2.0), 0.5);
    assert!((threshold(&table, 1.0) - 0.65).abs() < 1e-5);
    assert_eq!(threshold(&table, 0.01), 0.8);
    assert_eq!(threshold(&[], 1.0), 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fewer_false_alarms_never_lower_a_threshold(a in 0.01f32..20.0, b in 0.01f32..20.0) {
        let table = [[0.2, 8.0], [0.5, 2.0], [0.8, 0.5]];
        let (few, many) = (a.min(b), a.max(b));
        prop_assert!(threshold(&table, few) >= threshold(&table, many));
    }

    #[test]
    fn what_comes_out_does_not_depend_on_how_often_it_is_fetched(
        portions in prop::collection::vec(1usize..40, 1..30),
    ) {
        let steps = steps(400, 30.0, |i| bump(150, i).max(bump(290, i)), |i| bump(200, i));
        let mut spotter = spotter();
        let (mut all, mut part) = (Spotted::default(), Spotted::default());
        let mut rest = steps.as_slice();
        for portion in portions.iter().cycle() {
            let (now, later) = rest.split_at((*portion).min(rest.len()));
            for step in now {
                spotter.push(step, &mut part).expect("the network does not fail");
            }
            rest = later;
            if rest.is_empty() {
                spotter.finish(&mut part).expect("the network does not fail");
            }
            all.scores.append(&mut part.scores);
            all.proposals.append(&mut part.proposals);
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(all, spot(&steps));
    }

    #[test]
    fn the_same_movement_is_flagged_at_the_same_time_at_any_rate(
        fps in 20.0f64..120.0, at_secs in 2.0f64..3.0,
    ) {
        // The first region falls smoothly for half a second about `at_secs`.
        let path = |secs: f64| 8.0 / (1.0 + (-(secs - at_secs) * 12.0).exp());
        let moved = |i: u64| (path(i as f64 / fps) - path((i as f64 - 1.0) / fps)) as f32;
        let spotted = spot(&steps((5.0 * fps) as u64, fps, moved, |_| 0.0));
        prop_assert_eq!(spotted.proposals.len(), 1);
        let error = spotted.proposals[0].apex.time.secs() - at_secs;
        prop_assert!(error.abs() < 0.07, "{error}");
    }
}
