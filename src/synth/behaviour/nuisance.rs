//! Movements of a face other than its expressions. A spotter must not flag them.
//!
//! Blinks have the measured rates and lengths. What annotations do not contain (how often a person swallows,
//! how far a head turns) is set to ordinary behaviour in front of a screen.

use std::f64::consts::TAU;

use rand::Rng;

use super::distributions::{log_normal, normal};
use super::scenario::Draw;
use super::timeline::{Gesture, LONGEST_GESTURE_SECS, Sway, Timeline};
use super::units::{FULL_PERCENT, index_of};
use super::{expression, published};
use crate::measure::event::ActionUnit;

impl Draw<'_> {
    pub(crate) fn blinks(&mut self, timeline: &mut Timeline) {
        let mut free_from = 0.0;
        for start in self.moments(self.config.blinks_per_minute) {
            let start = f64::max(start, free_from);
            let length = self.uniform(published::BLINK_SECS.0, published::BLINK_SECS.1);
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
            // The lids move the brows by .3 to .5 px at 190 px between the eyes, mostly down, and the ring
            // muscle tightens a little.
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

    /// Talking is a row of syllables, 3 to 6 a second in phrases; chewing is a row of strokes.
    pub(crate) fn talks(&mut self, timeline: &mut Timeline) {
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
                    // Speakers stress words with their brows.
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

    pub(crate) fn swallows_and_stirs(&mut self, timeline: &mut Timeline) {
        for start in self.moments(self.config.swallows_per_minute) {
            let length = self.uniform(0.5, 1.2);
            let size = self.uniform(0.03, 0.15);
            timeline.gestures.push(bump(start, length, 17, size));
            timeline.gestures.push(bump(start, length * 1.2, 24, size * self.uniform(0.5, 2.0)));
            timeline.gestures.push(bump(start + length * 0.3, length, 26, size * 0.1));
        }
        for start in self.moments(self.config.small_movements_per_minute) {
            let unit = expression::recipe(&mut self.random, None).units[0];
            let full = index_of(ActionUnit(unit)).map_or(10.0, |i| f64::from(FULL_PERCENT[i]));
            // A tenth to a half of a percent of the eye distance, as large as a micro-expression.
            let size = log_normal(&mut self.random, (0.2, 0.6)).min(1.0) / full;
            // Either slower than any expression or shorter than one.
            let length = if self.random.random_bool(0.6) {
                self.uniform(3.0, LONGEST_GESTURE_SECS)
            } else {
                self.uniform(0.05, 0.12)
            };
            let mut movement = bump(start, length, unit, size);
            if self.random.random_bool(0.4) {
                movement.halves[usize::from(self.random.random_bool(0.5))] *= 0.2;
            }
            timeline.gestures.push(movement);
        }
    }

    pub(crate) fn head(&mut self, timeline: &mut Timeline) {
        let unrest = self.config.head_unrest as f32;
        // Standard deviations of pitch, yaw, roll (rad), shift (eye distances) and log size.
        const POSTURE: [f32; 6] = [0.05, 0.07, 0.03, 0.06, 0.05, 0.03];
        const SLOW: [f32; 6] = [0.012, 0.012, 0.008, 0.015, 0.012, 0.006];
        const QUICK: [f32; 6] = [0.000_8, 0.000_8, 0.000_5, 0.001, 0.001, 0.000_4];
        let mut knots = |step_secs: f64, sd: [f32; 6]| {
            // Enough for the recording, and never so few that the movement looks periodic.
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

    pub(crate) fn eyes_and_light(&mut self, timeline: &mut Timeline) {
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
pub(crate) fn bump(start_secs: f64, length_secs: f64, unit: u8, weight: f64) -> Gesture {
    Gesture {
        start_secs,
        rise_secs: length_secs * 0.45,
        hold_secs: length_secs * 0.1,
        fall_secs: length_secs * 0.45,
        unit: ActionUnit(unit),
        halves: [weight as f32; 2],
    }
}
