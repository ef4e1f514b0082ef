//! Draws what a person does: expressions by the measured frequencies, and the life of a face beside
//! them.
//!
//! Rates and times come from [`super::facts`]; what the annotations do not tell (how often a person
//! swallows, how far a head turns) is set to ordinary behaviour in front of a screen.

use std::f64::consts::TAU;

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, LogNormal, StandardNormal};

use super::Random;
use super::facts::{self, Durations, Recipe};
use super::timeline::{Activation, Gesture, LONGEST_GESTURE_SECS, Profile, Sway, Timeline};
use super::units::{FULL_PERCENT, UnitMove, index_of};
use crate::event::{ActionUnit, Emotion, EventKind, Side};

/// The habits of a person and the length of a recording. Rates are per minute.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioConfig {
    /// Length in seconds.
    pub duration_secs: f64,
    /// Micro-expressions.
    pub micro_per_minute: f64,
    /// Macro-expressions.
    pub macro_per_minute: f64,
    /// Shortest rest between two expressions, seconds.
    pub least_gap_secs: f64,
    /// Blinks.
    pub blinks_per_minute: f64,
    /// Stretches of talking.
    pub talks_per_minute: f64,
    /// Stretches of chewing.
    pub chews_per_minute: f64,
    /// Swallows.
    pub swallows_per_minute: f64,
    /// Small movements of single units that are no expression: too slow or too short.
    pub stirs_per_minute: f64,
    /// Saccades large enough to move the lids.
    pub saccades_per_minute: f64,
    /// Turns, nods and changes of posture.
    pub head_moves_per_minute: f64,
    /// Size of all head motion, 1 for a person who watches a screen.
    pub head_unrest: f64,
    /// Sudden changes of exposure.
    pub exposure_steps_per_minute: f64,
}

impl Default for ScenarioConfig {
    /// One minute of a person who watches a screen and now and then shows something.
    fn default() -> Self {
        Self {
            duration_secs: 60.0,
            micro_per_minute: 4.0,
            macro_per_minute: 2.0,
            least_gap_secs: 1.0,
            blinks_per_minute: 14.0,
            talks_per_minute: 0.5,
            chews_per_minute: 0.0,
            swallows_per_minute: 0.7,
            stirs_per_minute: 3.0,
            saccades_per_minute: 15.0,
            head_moves_per_minute: 1.5,
            head_unrest: 1.0,
            exposure_steps_per_minute: 0.2,
        }
    }
}

impl ScenarioConfig {
    /// A still, silent person who shows nothing: the strictest negative.
    pub fn neutral(duration_secs: f64) -> Self {
        Self {
            duration_secs,
            micro_per_minute: 0.0,
            macro_per_minute: 0.0,
            talks_per_minute: 0.0,
            ..Self::default()
        }
    }
}

impl Timeline {
    /// Draws what happens. The same seed and habits give the same timeline.
    pub fn random(seed: u64, config: &ScenarioConfig) -> Self {
        let mut draw = Draw { random: Random::seed_from_u64(seed), config };
        let mut timeline = Self { duration_secs: config.duration_secs, ..Self::default() };
        draw.expressions(&mut timeline);
        draw.blinks(&mut timeline);
        draw.talks(&mut timeline);
        draw.swallows_and_stirs(&mut timeline);
        draw.head(&mut timeline);
        draw.eyes_and_light(&mut timeline);
        timeline.gestures.sort_by(|a, b| a.start_secs.total_cmp(&b.start_secs));
        timeline.blinks.sort_by(|a, b| a.0.total_cmp(&b.0));
        timeline
    }
}

/// Draws one expression with its onset at `onset_secs`; of one emotion, where that is given.
pub fn expression(
    random: &mut Random,
    kind: EventKind,
    emotion: Option<Emotion>,
    onset_secs: f64,
) -> Activation {
    // Large movements are smiles more often than small ones are.
    let smiles = kind == EventKind::Macro && random.random_bool(facts::MACRO_SMILES);
    let recipe = recipe(random, emotion.or(smiles.then_some(Emotion::Positive)));
    let (durations, size) = match kind {
        EventKind::Micro => (&facts::MICRO, facts::MICRO_SIZE_PERCENT),
        EventKind::Macro => (&facts::MACRO, facts::MACRO_SIZE_PERCENT),
    };
    let [rise, hold, fall] = parts(random, durations);
    let size_percent = log_normal(random, size);
    Activation {
        units: moves(random, recipe, size_percent),
        kind,
        emotion: Some(recipe.emotion),
        onset_secs,
        apex_secs: onset_secs + rise,
        offset_secs: onset_secs + rise + hold + fall,
        profile: Profile {
            lead_secs: rise * random.random_range(0.0..0.4),
            rise_power: random.random_range(0.75..1.2),
            hold_secs: hold,
            fall_power: random.random_range(0.6..1.0),
            // The mean speed round the apex gives back 44 % of the rise within eight frames.
            returned: random.random_range(0.35..1.0),
            relax_secs: random.random_range(1.5..5.0),
        },
    }
}

/// A combination of units by its frequency.
fn recipe(random: &mut Random, emotion: Option<Emotion>) -> &'static Recipe {
    let fits = |r: &&Recipe| emotion.is_none_or(|e| r.emotion == e);
    let total: f64 = facts::RECIPES.iter().filter(fits).map(|r| r.weight).sum();
    let mut left = random.random_range(0.0..total);
    let drawn = facts::RECIPES.iter().filter(fits).find(|recipe| {
        left -= recipe.weight;
        left < 0.0
    });
    drawn.unwrap_or(&facts::RECIPES[0])
}

/// Seconds of rise, hold and fall whose sum lies within the limits.
fn parts(random: &mut Random, durations: &Durations) -> [f64; 3] {
    let drawn = [durations.rise, durations.hold, durations.fall].map(|d| log_normal(random, d));
    let total: f64 = drawn.iter().sum();
    let (shortest, longest) = durations.total;
    let scale = total.clamp(shortest, longest) / total;
    drawn.map(|part| part * scale)
}

/// The units of a recipe with sides, so that the strongest moves by `size_percent`.
fn moves(random: &mut Random, recipe: &Recipe, size_percent: f64) -> Vec<UnitMove> {
    let side = if random.random_bool(facts::ONE_SIDED) {
        if random.random_bool(0.5) { Side::Left } else { Side::Right }
    } else {
        Side::Both
    };
    let shares: Vec<f64> = recipe.units.iter().map(|_| random.random_range(0.45..1.0)).collect();
    let largest = shares.iter().copied().fold(0.0, f64::max);
    let of_unit = |(number, share): (&u8, f64)| {
        let unit = ActionUnit(*number);
        let full = index_of(unit).map_or(10.0, |i| f64::from(FULL_PERCENT[i]));
        let weight = (size_percent * share / largest / full).min(1.0) as f32;
        let weaker = match side {
            Side::Both => random.random_range(0.7..1.0),
            Side::Left | Side::Right => random.random_range(0.0..0.25),
        };
        let left_is_stronger = match side {
            Side::Both => random.random_bool(0.5),
            Side::Left => true,
            Side::Right => false,
        };
        let halves =
            if left_is_stronger { [weight, weight * weaker] } else { [weight * weaker, weight] };
        // The jaw and the chin have no halves that move by themselves.
        match number {
            17 | 18 | 26 => UnitMove { unit, side: Side::Both, halves: [weight; 2] },
            _ => UnitMove { unit, side, halves },
        }
    };
    recipe.units.iter().zip(shares).map(of_unit).collect()
}

/// A log-normal number from its median and the standard deviation of its logarithm.
pub(super) fn log_normal(random: &mut Random, (median, log_sd): (f64, f64)) -> f64 {
    LogNormal::new(median.ln(), log_sd).map_or(median, |d| d.sample(random))
}

/// Draws from the standard normal distribution.
pub(super) fn normal(random: &mut Random) -> f64 {
    StandardNormal.sample(random)
}

/// The random numbers and habits that every part of a timeline is drawn from.
struct Draw<'a> {
    random: Random,
    config: &'a ScenarioConfig,
}

impl Draw<'_> {
    /// Moments of a Poisson process over the whole recording, in order.
    fn moments(&mut self, per_minute: f64) -> Vec<f64> {
        let mut moments = Vec::new();
        if per_minute <= 0.0 {
            return moments;
        }
        let mut t = 0.0;
        loop {
            let wait: f64 = self.random.random_range(f64::EPSILON..1.0);
            t -= wait.ln() * 60.0 / per_minute;
            if t >= self.config.duration_secs {
                return moments;
            }
            moments.push(t);
        }
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        if high > low { self.random.random_range(low..high) } else { low }
    }

    fn expressions(&mut self, timeline: &mut Timeline) {
        let micro = self.moments(self.config.micro_per_minute);
        let mut wanted: Vec<_> = micro.into_iter().map(|t| (t, EventKind::Micro)).collect();
        let macros = self.moments(self.config.macro_per_minute);
        wanted.extend(macros.into_iter().map(|t| (t, EventKind::Macro)));
        wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free_from = 0.0;
        for (moment, kind) in wanted {
            let activation = expression(&mut self.random, kind, None, moment.max(free_from));
            if activation.offset_secs < self.config.duration_secs {
                free_from = activation.offset_secs + self.config.least_gap_secs;
                self.waver(&activation, &mut timeline.gestures);
                timeline.activations.push(activation);
            }
        }
    }

    /// A long expression is not held still: it swells once or twice more before it is over.
    fn waver(&mut self, activation: &Activation, gestures: &mut Vec<Gesture>) {
        let rest = activation.offset_secs - activation.apex_secs;
        while rest > 0.6 && self.random.random_bool(0.4) {
            let start = activation.apex_secs + self.uniform(0.0, 0.6) * rest;
            let length = self.uniform(0.3, 1.0) * (activation.offset_secs - start).min(2.0);
            let share = self.uniform(0.1, 0.5);
            gestures.extend(activation.units.iter().map(|u| Gesture {
                halves: u.halves.map(|w| w * share as f32),
                ..bump(start, length, u.unit.0, 0.0)
            }));
        }
    }

    fn blinks(&mut self, timeline: &mut Timeline) {
        let mut free_from = 0.0;
        for start in self.moments(self.config.blinks_per_minute) {
            let start = f64::max(start, free_from);
            let length = self.uniform(facts::BLINK_SECS.0, facts::BLINK_SECS.1);
            let closing = length * self.uniform(0.25, 0.4);
            let closure = if self.random.random_bool(0.15) { 0.5 } else { 1.0 };
            let lids = Gesture {
                start_secs: start,
                rise_secs: closing,
                hold_secs: length * self.uniform(0.02, 0.15),
                fall_secs: length * 0.6,
                unit: ActionUnit(45),
                halves: [closure as f32; 2],
            };
            // The lids take the brows along by .3 to .5 px at 190 px between the eyes, mostly down,
            // and the ring muscle tightens a little.
            let brows = log_normal(&mut self.random, (0.2, 0.4)) / 6.6;
            let ring = self.uniform(0.0, 0.03);
            let pulled = if self.random.random_bool(0.8) { 4 } else { 1 };
            for (unit, weight) in [(pulled, brows), (6, ring)] {
                let halves = [(weight * self.uniform(0.8, 1.2)) as f32, weight as f32];
                timeline.gestures.push(Gesture { unit: ActionUnit(unit), halves, ..lids });
            }
            timeline.gestures.push(lids);
            timeline.blinks.push((start, lids.end_secs()));
            free_from = lids.end_secs() + 0.1;
        }
    }

    /// Talking is a row of syllables, 3 to 6 a second in phrases; chewing a row of strokes.
    fn talks(&mut self, timeline: &mut Timeline) {
        for start in self.moments(self.config.talks_per_minute) {
            let end = start + log_normal(&mut self.random, (5.0, 0.7)).clamp(0.6, 30.0);
            let (rate, loudness) = (self.uniform(3.0, 6.0), self.uniform(0.3, 1.2));
            let mut t = start;
            while t < end {
                let length = self.uniform(0.7, 1.4) / rate;
                let jaw = loudness * self.uniform(0.005, 0.06);
                let shape = [18u8, 20, 25, 16, 24][self.random.random_range(0..5)];
                let lips = loudness * self.uniform(0.02, 0.2);
                timeline.gestures.push(bump(t, length * 1.3, 26, jaw));
                timeline.gestures.push(bump(t + length * 0.2, length * 1.2, shape, lips));
                if self.random.random_bool(0.04) {
                    // Speakers stress with their brows.
                    let brows = self.uniform(0.02, 0.15);
                    timeline.gestures.push(bump(t, length * 2.0, 2, brows));
                    timeline.gestures.push(bump(t, length * 2.0, 1, brows));
                }
                t += if self.random.random_bool(0.06) {
                    length + self.uniform(0.2, 0.7)
                } else {
                    length
                };
            }
            timeline.talking.push((start, t));
        }
        for start in self.moments(self.config.chews_per_minute) {
            let end = start + self.uniform(3.0, 15.0);
            let (stroke, depth) = (self.uniform(0.55, 1.0), self.uniform(0.01, 0.08));
            let sideways = self.uniform(-0.3, 0.3);
            let mut t = start;
            while t < end {
                let length = stroke * self.uniform(0.8, 1.2);
                timeline.gestures.push(bump(t, length, 26, depth * self.uniform(0.6, 1.3)));
                timeline.gestures.push(bump(
                    t + length * 0.4,
                    length * 0.6,
                    24,
                    self.uniform(0.0, 0.3),
                ));
                let mut jaw = bump(t, length, 30, sideways.abs());
                jaw.halves =
                    if sideways > 0.0 { [jaw.halves[0], 0.0] } else { [0.0, jaw.halves[1]] };
                timeline.gestures.push(jaw);
                t += length;
            }
            timeline.talking.push((start, t));
        }
    }

    fn swallows_and_stirs(&mut self, timeline: &mut Timeline) {
        for start in self.moments(self.config.swallows_per_minute) {
            let length = self.uniform(0.5, 1.2);
            let size = self.uniform(0.03, 0.15);
            timeline.gestures.push(bump(start, length, 17, size));
            timeline.gestures.push(bump(start, length * 1.2, 24, size * self.uniform(0.5, 2.0)));
            timeline.gestures.push(bump(start + length * 0.3, length, 26, size * 0.1));
        }
        for start in self.moments(self.config.stirs_per_minute) {
            let unit = recipe(&mut self.random, None).units[0];
            let full = index_of(ActionUnit(unit)).map_or(10.0, |i| f64::from(FULL_PERCENT[i]));
            // A tenth to a half of a percent of the eye distance: what a micro-expression moves.
            let size = log_normal(&mut self.random, (0.2, 0.6)).min(1.0) / full;
            // Either a drift slower than any expression or a twitch shorter than one.
            let length = if self.random.random_bool(0.6) {
                self.uniform(3.0, LONGEST_GESTURE_SECS)
            } else {
                self.uniform(0.05, 0.12)
            };
            let mut stir = bump(start, length, unit, size);
            if self.random.random_bool(0.4) {
                stir.halves[usize::from(self.random.random_bool(0.5))] *= 0.2;
            }
            timeline.gestures.push(stir);
        }
    }

    fn head(&mut self, timeline: &mut Timeline) {
        let unrest = self.config.head_unrest as f32;
        // Standard deviations of pitch, yaw, roll (rad), shift (eye distances) and log size.
        const POSTURE: [f32; 6] = [0.05, 0.07, 0.03, 0.06, 0.05, 0.03];
        const SLOW: [f32; 6] = [0.012, 0.012, 0.008, 0.015, 0.012, 0.006];
        const QUICK: [f32; 6] = [0.000_8, 0.000_8, 0.000_5, 0.001, 0.001, 0.000_4];
        let mut knots = |step_secs: f64, sd: [f32; 6]| {
            // Enough for the recording; never so few that the movement looks periodic.
            let count = ((self.config.duration_secs / step_secs).ceil() as usize + 4).max(16);
            let mut knot = || sd.map(|s| s * unrest * 1.4 * normal(&mut self.random) as f32);
            Sway { step_secs, knots: (0..count).map(|_| knot()).collect() }
        };
        timeline.sway = [knots(1.3, SLOW), knots(0.16, QUICK)];
        let mut free_from = 0.0;
        for start in self.moments(self.config.head_moves_per_minute * f64::from(unrest.min(1.0))) {
            let start = f64::max(start, free_from);
            let target = POSTURE.map(|s| s * unrest * normal(&mut self.random) as f32);
            let length = self.uniform(0.25, 1.5);
            if self.random.random_bool(0.4) {
                // A nod or a shake: there and back, one to three times.
                let back = timeline.posture.at(start);
                let axis = usize::from(self.random.random_bool(0.4));
                let mut there = back;
                there[axis] += target[axis].signum() * self.uniform(0.02, 0.15) as f32;
                let half = self.uniform(0.15, 0.35);
                for k in 0..2 * self.random.random_range(1..=3) {
                    let to = if k % 2 == 0 { there } else { back };
                    timeline.posture.moves.push((start + half * f64::from(k), half, to));
                    free_from = start + half * f64::from(k + 1);
                }
            } else {
                timeline.posture.moves.push((start, length, target));
                free_from = start + length;
            }
        }
    }

    fn eyes_and_light(&mut self, timeline: &mut Timeline) {
        let mut free_from = 0.0;
        for start in self.moments(self.config.saccades_per_minute) {
            let start = f64::max(start, free_from);
            let angle = self.uniform(0.0, TAU);
            let size = self.uniform(0.0, 0.3);
            let to = [(size * angle.cos()) as f32, (0.6 * size * angle.sin()) as f32];
            let length = 0.025 + 0.15 * size;
            timeline.gaze.moves.push((start, length, to));
            free_from = start + length + 0.15;
        }
        for start in self.moments(self.config.exposure_steps_per_minute) {
            let (length, to) = (self.uniform(0.03, 0.5), 0.12 * normal(&mut self.random) as f32);
            let start = timeline.exposure.moves.last().map_or(start, |m| start.max(m.0 + m.1));
            timeline.exposure.moves.push((start, length, [to]));
        }
    }
}

/// A movement of both halves there and back within `length_secs`.
fn bump(start_secs: f64, length_secs: f64, unit: u8, weight: f64) -> Gesture {
    Gesture {
        start_secs,
        rise_secs: length_secs * 0.45,
        hold_secs: length_secs * 0.1,
        fall_secs: length_secs * 0.45,
        unit: ActionUnit(unit),
        halves: [weight as f32; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn busy() -> ScenarioConfig {
        ScenarioConfig {
            micro_per_minute: 20.0,
            macro_per_minute: 6.0,
            talks_per_minute: 2.0,
            chews_per_minute: 1.0,
            ..ScenarioConfig::default()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_same_seed_gives_the_same_timeline(seed: u64) {
            prop_assert_eq!(Timeline::random(seed, &busy()), Timeline::random(seed, &busy()));
        }

        #[test]
        fn labels_are_in_order_and_inside_the_recording(seed: u64) {
            let timeline = Timeline::random(seed, &busy());
            let mut free_from = 0.0;
            for a in &timeline.activations {
                prop_assert!(free_from <= a.onset_secs);
                prop_assert!(a.onset_secs < a.apex_secs && a.apex_secs < a.offset_secs);
                prop_assert!(a.offset_secs < timeline.duration_secs);
                prop_assert!(!a.units.is_empty());
                free_from = a.offset_secs;
            }
        }

        #[test]
        fn gestures_are_in_order_and_none_is_longer_than_the_search_for_them(seed: u64) {
            let timeline = Timeline::random(seed, &busy());
            prop_assert!(timeline.gestures.is_sorted_by(|a, b| a.start_secs <= b.start_secs));
            let longest = |g: &Gesture| g.end_secs() - g.start_secs <= LONGEST_GESTURE_SECS + 1e-9;
            prop_assert!(timeline.gestures.iter().all(longest));
        }

        #[test]
        fn every_pose_is_finite(seed: u64) {
            let timeline = Timeline::random(seed, &busy());
            for frame in 0..600u64 {
                let pose = timeline.sample(Timestamp::of_frame(frame, 30.0).secs());
                prop_assert!(pose.units.halves.iter().flatten().all(|w| w.is_finite() && w.abs() < 4.0));
                prop_assert!(pose.head.to_array().iter().all(|v| v.is_finite() && v.abs() < 1.0));
                prop_assert!(pose.gain > 0.3 && pose.gain < 3.0);
            }
        }
    }

    #[test]
    fn a_neutral_person_shows_no_expression() {
        let timeline = Timeline::random(7, &ScenarioConfig::neutral(120.0));
        assert!(timeline.activations.is_empty() && timeline.talking.is_empty());
        assert!(!timeline.blinks.is_empty());
    }

    #[test]
    fn two_seeds_give_two_timelines() {
        let config = ScenarioConfig::default();
        assert_ne!(Timeline::random(1, &config), Timeline::random(2, &config));
    }
}
