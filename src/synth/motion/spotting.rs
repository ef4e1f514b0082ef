//! Labelled stretches of motion for training and testing the spotter.

use rand::{Rng, SeedableRng};

use super::{RecordingSetup, individual};
use crate::measure::event::{EventKind, MovingUnit, units_text};
use crate::measure::regions::SPOT_REGIONS;
use crate::synth::behaviour::distributions::log_normal;
use crate::synth::behaviour::setting::{Method, RecordingPlace, Setting};
use crate::synth::render::camera::GRID_FPS;
use crate::synth::rig::head::remove_nose;
use crate::synth::{Activation, Person, Random, Rig, ScenarioConfig, Timeline, UnitWeights};

/// A labelled event on the 30 Hz grid.
#[derive(Clone, Debug, PartialEq)]
pub struct GridEvent {
    /// First frame of the movement.
    pub onset: usize,
    /// Frame of the strongest movement.
    pub apex: usize,
    /// Last frame.
    pub offset: usize,
    /// Micro or macro.
    pub kind: EventKind,
    /// Its units as coders write them: `L12`, `1+2`.
    pub units: String,
    /// Onset→apex movement of the strongest of the spotter's regions without errors and head motion, percent
    /// of the outer-eye distance.
    pub size_percent: f32,
}

/// A stretch of motion with its labels.
#[derive(Clone, Debug)]
pub struct Segment {
    /// `[frames][12][x, y]`: percent of the outer-eye distance per 1/30 s, head motion removed.
    pub motion: Vec<[[f32; 2]; SPOT_REGIONS]>,
    /// The events, by onset.
    pub events: Vec<GridEvent>,
    /// For each frame, the sum of [`BLINK`], [`TALK`], [`HEAD`] and [`LIGHT`], if they hold.
    pub states: Vec<u8>,
    /// The circumstances of the recording.
    pub setting: Setting,
    /// In the order of [`RECORDING_COLUMNS`].
    pub recording: [f32; RECORDING_COLUMNS.len()],
}

/// The eyes blink.
pub const BLINK: u8 = 1;
/// The mouth talks or chews.
pub const TALK: u8 = 2;
/// The head turns, nods or changes its posture.
pub const HEAD: u8 = 4;
/// The exposure changes.
pub const LIGHT: u8 = 8;

/// Properties of each segment's recording, for the analysis of errors.
pub const RECORDING_COLUMNS: [&str; 14] = [
    "fps",
    "noise_sd_percent",
    "noise_memory",
    "floor_percent",
    "step_percent",
    "stick_percent",
    "jitter_secs",
    "lost_or_repeated",
    "stabilised",
    "head_unrest",
    "talks_per_minute",
    "is_neutral",
    "is_laboratory",
    "is_published",
];

/// Draws segment `index` of the set `seed`. Segments do not depend on each other.
pub fn segment(rig: &dyn Rig, seed: u64, index: u64, frames: usize) -> Segment {
    let mut random = Random::seed_from_u64(seed);
    random.set_stream(index);
    let setting = Setting::draw(&mut random);
    let habits = habits(&mut random, frames as f64 / GRID_FPS, setting.place);
    let timeline = Timeline::random(random.random(), &habits);
    let recording = RecordingSetup::draw(&mut random, setting);
    let person = individual(&mut random, rig);
    Segment {
        motion: recording.film(&mut random, &timeline, &person, frames),
        events: grid_events(&timeline, &person, frames),
        states: states(&timeline, frames),
        setting,
        recording: columns(&recording, &habits, setting),
    }
}

/// Draws the habits of a person for a recording. A quarter of all segments have no expression. Events come
/// more often than in life, where most minutes would show nothing new.
fn habits(random: &mut Random, duration_secs: f64, place: RecordingPlace) -> ScenarioConfig {
    let is_laboratory = place == RecordingPlace::Laboratory;
    let mut sometimes = |part: f64, per_minute: std::ops::Range<f64>| {
        let rate = random.random_range(per_minute);
        if random.random_bool(part) { rate } else { 0.0 }
    };
    let expressive = f64::from(u8::from(sometimes(0.75, 1.0..2.0) > 0.0));
    let config = ScenarioConfig {
        duration_secs,
        micro_per_minute: expressive * sometimes(1.0, 1.0..18.0),
        macro_per_minute: expressive * sometimes(1.0, 0.0..12.0),
        talks_per_minute: sometimes(if is_laboratory { 0.03 } else { 0.4 }, 4.0..10.0),
        chews_per_minute: sometimes(if is_laboratory { 0.0 } else { 0.08 }, 4.0..10.0),
        swallows_per_minute: sometimes(0.4, 0.5..5.0),
        exposure_steps_per_minute: sometimes(if is_laboratory { 0.0 } else { 0.4 }, 1.0..8.0),
        small_movements_per_minute: sometimes(0.8, 0.0..8.0),
        saccades_per_minute: sometimes(0.9, 0.0..40.0),
        head_moves_per_minute: if is_laboratory {
            sometimes(0.3, 0.0..2.0)
        } else {
            sometimes(0.8, 0.0..6.0)
        },
        ..ScenarioConfig::default()
    };
    let unrest = if is_laboratory { (0.25, 0.6) } else { (0.6, 0.8) };
    ScenarioConfig {
        least_gap_secs: random.random_range(0.2..1.5),
        blinks_per_minute: log_normal(random, (14.0, 0.5)),
        head_unrest: log_normal(random, unrest),
        ..config
    }
}

/// The labels on the grid: onset ≤ apex ≤ offset, all inside.
pub fn grid_events(timeline: &Timeline, person: &Person, frames: usize) -> Vec<GridEvent> {
    let frame = |secs: f64| ((secs * GRID_FPS).round() as usize).min(frames.saturating_sub(1));
    let event = |a: &Activation| GridEvent {
        onset: frame(a.onset_secs),
        apex: frame(a.apex_secs),
        offset: frame(a.offset_secs),
        kind: a.kind,
        units: units_text(&a.units.iter().map(|u| u.label()).collect::<Vec<MovingUnit>>()),
        size_percent: size_percent(person, a),
    };
    timeline.activations.iter().map(event).collect()
}

fn size_percent(person: &Person, activation: &Activation) -> f32 {
    let mut weights = UnitWeights::default();
    activation.units.iter().for_each(|u| weights.add(u.unit, u.halves));
    let mut moved: [[f32; 2]; SPOT_REGIONS] = person.displacement(&weights);
    remove_nose(&mut moved, 1.0);
    moved.iter().map(|v| v[0].hypot(v[1])).fold(0.0, f32::max)
}

fn states(timeline: &Timeline, frames: usize) -> Vec<u8> {
    let mut states = vec![0; frames];
    let mut mark = |spans: &[(f64, f64)], bit: u8| {
        for (start, end) in spans {
            let first = (start * GRID_FPS).floor() as usize;
            let last = (end * GRID_FPS).ceil() as usize;
            states.iter_mut().take(last + 1).skip(first).for_each(|s| *s |= bit);
        }
    };
    mark(&timeline.blinks, BLINK);
    mark(&timeline.talking, TALK);
    let moves: Vec<_> = timeline.posture.moves.iter().map(|m| (m.0, m.0 + m.1)).collect();
    mark(&moves, HEAD);
    let steps: Vec<_> = timeline.exposure.moves.iter().map(|m| (m.0, m.0 + m.1)).collect();
    mark(&steps, LIGHT);
    states
}

fn columns(
    recording: &RecordingSetup,
    habits: &ScenarioConfig,
    setting: Setting,
) -> [f32; RECORDING_COLUMNS.len()] {
    let is_neutral = habits.micro_per_minute + habits.macro_per_minute == 0.0;
    [
        recording.camera.fps as f32,
        recording.noise.sd_percent,
        recording.noise.memory,
        recording.estimator.floor_percent,
        recording.estimator.step_percent,
        recording.estimator.stick_percent,
        recording.camera.jitter_secs as f32,
        (recording.camera.lost + recording.camera.repeated) as f32,
        recording.head.stabilised,
        habits.head_unrest as f32,
        habits.talks_per_minute as f32,
        f32::from(u8::from(is_neutral)),
        f32::from(u8::from(setting.place == RecordingPlace::Laboratory)),
        f32::from(u8::from(setting.method == Method::Published)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::FacsRig;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static RIG: LazyLock<FacsRig> = LazyLock::new(|| FacsRig::new().expect("embedded faces"));

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_same_seed_gives_the_same_segment(seed: u64, index in 0u64..1000) {
            let (a, b) = (segment(&*RIG, seed, index, 120), segment(&*RIG, seed, index, 120));
            prop_assert_eq!(a.motion, b.motion);
            prop_assert_eq!(a.events, b.events);
        }

        #[test]
        fn labels_lie_inside_in_order_and_motion_is_finite(seed: u64, index in 0u64..1000) {
            let s = segment(&*RIG, seed, index, 270);
            prop_assert_eq!((s.motion.len(), s.states.len()), (270, 270));
            prop_assert!(s.motion.iter().flatten().flatten().all(|v| v.is_finite() && v.abs() < 200.0));
            for e in &s.events {
                prop_assert!(e.onset < e.apex && e.apex < e.offset && e.offset < 270);
                prop_assert!(!e.units.is_empty());
            }
            prop_assert!(s.events.is_sorted_by(|a, b| a.offset <= b.onset));
        }
    }

    #[test]
    fn a_segment_does_not_depend_on_its_neighbours() {
        assert_ne!(segment(&*RIG, 1, 0, 90).motion, segment(&*RIG, 1, 1, 90).motion);
        assert_ne!(segment(&*RIG, 1, 0, 90).motion, segment(&*RIG, 2, 0, 90).motion);
    }

    #[test]
    fn a_fifth_to_a_third_of_all_segments_are_neutral() {
        let neutral = (0..300).filter(|n| segment(&*RIG, 9, *n, 270).recording[11] > 0.0).count();
        assert!((60..100).contains(&neutral), "{neutral}");
    }
}
