//! Draws what a person does: expressions with the measured frequencies, and the other movements of a face
//! (`nuisance`).

use rand::{Rng, SeedableRng};

use super::expression::expression;
use super::nuisance::bump;
use super::timeline::{Activation, Gesture, Timeline};
use crate::measure::event::EventKind;
use crate::synth::Random;

/// The habits of a person, and the length of a recording. Rates are per minute.
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
    /// Small movements of single units that are too slow or too short for an expression.
    pub small_movements_per_minute: f64,
    /// Saccades large enough to move the lids.
    pub saccades_per_minute: f64,
    /// Turns, nods and changes of posture.
    pub head_moves_per_minute: f64,
    /// Size of all head motion; 1 for a person who watches a screen.
    pub head_unrest: f64,
    /// Sudden changes of exposure.
    pub exposure_steps_per_minute: f64,
}

impl Default for ScenarioConfig {
    /// One minute of a person who watches a screen and sometimes shows an expression.
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
            small_movements_per_minute: 3.0,
            saccades_per_minute: 15.0,
            head_moves_per_minute: 1.5,
            head_unrest: 1.0,
            exposure_steps_per_minute: 0.2,
        }
    }
}

impl ScenarioConfig {
    /// A still, silent person without any expression: every flag is a false alarm.
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

/// The random numbers and habits from which every part of a timeline is drawn.
pub(crate) struct Draw<'a> {
    /// The random numbers.
    pub(crate) random: Random,
    /// The habits.
    pub(crate) config: &'a ScenarioConfig,
}

impl Draw<'_> {
    /// Moments of a Poisson process over the whole recording, in order.
    pub(crate) fn moments(&mut self, per_minute: f64) -> Vec<f64> {
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

    /// Uniform between two numbers; the lower one if they are equal.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
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
                self.vary_while_held(&activation, &mut timeline.gestures);
                timeline.activations.push(activation);
            }
        }
    }

    /// A long expression is not held still: it grows once or twice more before it is over.
    fn vary_while_held(&mut self, activation: &Activation, gestures: &mut Vec<Gesture>) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::time::Timestamp;
    use crate::synth::behaviour::timeline::LONGEST_GESTURE_SECS;
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
