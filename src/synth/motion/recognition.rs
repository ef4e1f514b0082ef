//! Labelled expressions for training and testing the recogniser: displacement over three phases.

use rand::{Rng, SeedableRng};

use super::noise::NoiseModel;
use super::{RecordingSetup, individual};
use crate::measure::event::{ActionUnit, Emotion, EventKind, Side};
use crate::measure::regions::REGIONS;
use crate::synth::behaviour::distributions::{log_normal, normal};
use crate::synth::behaviour::expression::expression;
use crate::synth::behaviour::setting::Setting;
use crate::synth::render::camera::GRID_FPS;
use crate::synth::{Activation, Random, Rig, ScenarioConfig, Timeline};

/// One expression as the recogniser gets it.
#[derive(Clone, Debug)]
pub struct Expression {
    /// `[onset→middle, middle→apex, apex→offset][23][x, y]`: displacement in percent of the
    /// outer-eye distance, head motion removed.
    pub motion: [[[f32; 2]; REGIONS]; 3],
    /// The emotion that observers see.
    pub emotion: Emotion,
    /// For each of [`ActionUnit::RECOGNISED`], three numbers: 1 if both halves, the left, or the right moves.
    pub units: [[f32; 3]; ActionUnit::RECOGNISED.len()],
    /// Micro or macro.
    pub kind: EventKind,
    /// Onset→apex displacement of the strongest region without noise, percent.
    pub size_percent: f32,
    /// Standard deviation of the error of each component, percent.
    pub noise_percent: f32,
}

/// Emotions and how often they are drawn. They are more balanced than in life, where three of five are
/// negative.
const EMOTIONS: [(Emotion, f64); 3] =
    [(Emotion::Negative, 0.44), (Emotion::Positive, 0.28), (Emotion::Surprise, 0.28)];

/// Draws expression `index` of the set `seed`. Expressions do not depend on each other.
pub fn sample(rig: &dyn Rig, seed: u64, index: u64) -> Expression {
    let mut random = Random::seed_from_u64(seed);
    random.set_stream(index);
    let kind = if random.random_bool(0.75) { EventKind::Micro } else { EventKind::Macro };
    let emotion = drawn_emotion(&mut random);
    let shown = expression(&mut random, kind, Some(emotion), 1.0);
    let timeline = around(&mut random, &shown);
    let setting = Setting::draw(&mut random);
    let recording = RecordingSetup::draw(&mut random, setting);
    let person = individual(&mut random, rig);

    let moments = marked(&mut random, &shown);
    let poses = moments.map(|t| timeline.sample(t));
    let mut motion: [[[f32; 2]; REGIONS]; 3] =
        std::array::from_fn(|i| recording.displacement(&poses[i], &poses[i + 1], &person));
    let still = NoiseModel { bursts_per_minute: 0.0, ..recording.noise.clone() };
    let mut noise_percent = 0.0;
    let is_direct = random.random_bool(0.5);
    let error = log_normal(&mut random, (1.3, 0.35));
    for (phase, span) in motion.iter_mut().zip(moments.windows(2)) {
        // The flow between two distant frames has about the error of flow between neighbours, or a little
        // more. Added up over the frames between, errors grow like independent ones, or less where they
        // cancel.
        let frames = ((span[1] - span[0]) * GRID_FPS).max(1.0);
        let growth = if is_direct { error } else { frames.powf(0.35) };
        let noise = NoiseModel { sd_percent: still.sd_percent * growth as f32, ..still.clone() };
        let mut one = [*phase];
        noise.add(&mut random, &mut one, &[], GRID_FPS);
        *phase = one[0];
        noise_percent = noise.sd_percent;
    }
    Expression {
        motion,
        emotion,
        units: labels(&shown),
        kind,
        size_percent: size(&person, &shown),
        noise_percent,
    }
}

fn drawn_emotion(random: &mut Random) -> Emotion {
    let mut left = random.random_range(0.0..1.0);
    let drawn = EMOTIONS.iter().find(|(_, part)| {
        left -= part;
        left < 0.0
    });
    drawn.map_or(Emotion::Negative, |(emotion, _)| *emotion)
}

/// The expression among a face's other movements.
fn around(random: &mut Random, shown: &Activation) -> Timeline {
    let habits = ScenarioConfig {
        duration_secs: shown.offset_secs + 1.0,
        micro_per_minute: 0.0,
        macro_per_minute: 0.0,
        talks_per_minute: if random.random_bool(0.05) { 10.0 } else { 0.0 },
        small_movements_per_minute: random.random_range(0.0..10.0),
        head_unrest: log_normal(random, (0.5, 0.8)),
        ..ScenarioConfig::default()
    };
    let mut timeline = Timeline::random(random.random(), &habits);
    timeline.activations.push(shown.clone());
    timeline
}

/// Onset, middle, apex and offset as a person or the spotter marks them: off by about a frame.
fn marked(random: &mut Random, shown: &Activation) -> [f64; 4] {
    let mut shifted = |secs: f64, sd_frames: f64| secs + sd_frames * normal(random) / GRID_FPS;
    let onset = shifted(shown.onset_secs, 1.2);
    let apex = shifted(shown.apex_secs, 1.0).max(onset + 2.0 / GRID_FPS);
    let offset = shifted(shown.offset_secs, 2.0).max(apex + 2.0 / GRID_FPS);
    [onset, (onset + apex) / 2.0, apex, offset]
}

/// Which of the recogniser's units move, with their side. It reports 23 as 24 and 26 as 25.
fn labels(shown: &Activation) -> [[f32; 3]; ActionUnit::RECOGNISED.len()] {
    let mut labels = [[0.0; 3]; ActionUnit::RECOGNISED.len()];
    for moved in &shown.units {
        let told = match moved.unit.0 {
            23 => ActionUnit(24),
            26 => ActionUnit(25),
            _ => moved.unit,
        };
        let unit = ActionUnit::RECOGNISED.iter().position(|u| *u == told);
        let side = Side::ALL.iter().position(|s| *s == moved.side);
        if let (Some(unit), Some(side)) = (unit, side) {
            labels[unit][side] = 1.0;
        }
    }
    labels
}

fn size(person: &crate::synth::Person, shown: &Activation) -> f32 {
    let mut weights = crate::synth::UnitWeights::default();
    shown.units.iter().for_each(|u| weights.add(u.unit, u.halves));
    let moved: [[f32; 2]; REGIONS] = person.displacement(&weights);
    moved.iter().map(|v| v[0].hypot(v[1])).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::FacsRig;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static RIG: LazyLock<FacsRig> = LazyLock::new(|| FacsRig::new().expect("embedded faces"));

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_same_seed_gives_the_same_sample(seed: u64, index in 0u64..1000) {
            let (a, b) = (sample(&*RIG, seed, index), sample(&*RIG, seed, index));
            prop_assert_eq!((a.motion, a.units), (b.motion, b.units));
        }

        #[test]
        fn every_sample_has_a_unit_and_is_finite(seed: u64, index in 0u64..1000) {
            let s = sample(&*RIG, seed, index);
            prop_assert!(s.units.iter().flatten().any(|u| *u == 1.0));
            prop_assert!(s.units.iter().all(|sides| sides.iter().sum::<f32>() <= 1.0));
            prop_assert!(s.motion.iter().flatten().flatten().all(|v| v.is_finite()));
            prop_assert!(s.size_percent > 0.0 && s.noise_percent > 0.0);
        }
    }

    #[test]
    fn the_return_goes_against_the_rise() {
        // Large expressions only, so that noise does not matter.
        let large = (0..400).map(|n| sample(&*RIG, 5, n)).filter(|s| s.size_percent > 2.0);
        let (mut against, mut all) = (0, 0);
        for s in large {
            let dot = |a: &[[f32; 2]; REGIONS], b: &[[f32; 2]; REGIONS]| {
                a.iter().zip(b).map(|(u, v)| u[0] * v[0] + u[1] * v[1]).sum::<f32>()
            };
            against += i32::from(dot(&s.motion[1], &s.motion[2]) < 0.0);
            all += 1;
        }
        assert!(all > 20 && against * 10 >= all * 8, "{against} of {all}");
    }

    #[test]
    fn emotions_are_drawn_in_the_set_proportions() {
        let mut counts = [0; 3];
        (0..600).for_each(|n| counts[sample(&*RIG, 8, n).emotion as usize] += 1);
        assert!(counts[0] > counts[1] && counts.iter().all(|c| *c > 120), "{counts:?}");
    }
}
