//! Labelled stretches of motion for training and testing the spotter.

use rand::{Rng, SeedableRng};

use super::camera::GRID_FPS;
use super::motion::{Recording, individual};
use super::scenario::log_normal;
use super::setting::{Method, Place, Setting};
use super::{Random, Rig, ScenarioConfig, Timeline};
use crate::event::{EventKind, MovingUnit, units_text};
use crate::pipeline::SPOT_REGIONS;

/// A labelled event on the 30 Hz grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridEvent {
    /// First frame of the movement.
    pub onset: usize,
    /// Frame of the strongest movement.
    pub apex: usize,
    /// Last frame.
    pub offset: usize,
    /// Micro or macro.
    pub kind: EventKind,
    /// Its units as coders write them, such as `L12` or `1+2`.
    pub units: String,
}

/// A stretch of motion with its labels.
#[derive(Clone, Debug)]
pub struct Segment {
    /// `[frames][12][x, y]`: percent of the outer-eye distance per 1/30 s, head motion removed.
    pub motion: Vec<[[f32; 2]; SPOT_REGIONS]>,
    /// By onset.
    pub events: Vec<GridEvent>,
    /// Per frame: [`BLINK`] and [`TALK`], added.
    pub states: Vec<u8>,
    /// In the order of [`RECORDING_COLUMNS`].
    pub recording: [f32; RECORDING_COLUMNS.len()],
}

/// The eyes blink.
pub const BLINK: u8 = 1;
/// The mouth talks or chews.
pub const TALK: u8 = 2;

/// What is told about the recording of each segment, for error analysis.
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
    let recording = Recording::draw(&mut random, setting);
    let person = individual(&mut random, rig);
    Segment {
        motion: recording.film(&mut random, &timeline, &person, frames),
        events: grid_events(&timeline, frames),
        states: states(&timeline, frames),
        recording: columns(&recording, &habits, setting),
    }
}

/// Draws the habits of a person and an occasion. A quarter of all segments show no expression;
/// events come more often than in life, where most minutes would teach nothing new.
fn habits(random: &mut Random, duration_secs: f64, place: Place) -> ScenarioConfig {
    let is_laboratory = place == Place::Laboratory;
    let mut sometimes = |part: f64, per_minute: std::ops::Range<f64>| {
        let rate = random.random_range(per_minute);
        if random.random_bool(part) { rate } else { 0.0 }
    };
    let expressive = sometimes(0.75, 1.0..2.0).signum();
    let config = ScenarioConfig {
        duration_secs,
        micro_per_minute: expressive * sometimes(1.0, 1.0..18.0),
        macro_per_minute: expressive * sometimes(1.0, 0.0..12.0),
        talks_per_minute: sometimes(if is_laboratory { 0.03 } else { 0.4 }, 4.0..10.0),
        chews_per_minute: sometimes(if is_laboratory { 0.0 } else { 0.08 }, 4.0..10.0),
        swallows_per_minute: sometimes(0.4, 0.5..5.0),
        exposure_steps_per_minute: sometimes(if is_laboratory { 0.0 } else { 0.4 }, 1.0..8.0),
        stirs_per_minute: sometimes(0.8, 0.0..8.0),
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
pub fn grid_events(timeline: &Timeline, frames: usize) -> Vec<GridEvent> {
    let frame = |secs: f64| ((secs * GRID_FPS).round() as usize).min(frames.saturating_sub(1));
    let event = |a: &super::Activation| GridEvent {
        onset: frame(a.onset_secs),
        apex: frame(a.apex_secs),
        offset: frame(a.offset_secs),
        kind: a.kind,
        units: units_text(&a.units.iter().map(|u| u.label()).collect::<Vec<MovingUnit>>()),
    };
    timeline.activations.iter().map(event).collect()
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
    states
}

fn columns(
    recording: &Recording,
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
        f32::from(u8::from(setting.place == Place::Laboratory)),
        f32::from(u8::from(setting.method == Method::Published)),
    ]
}
