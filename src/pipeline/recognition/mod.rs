//! Reads an event: which emotion, and which action units on which half of the face.
//!
//! The direction and pattern of a movement are alike on all faces, its size is not. So the network sees every
//! event scaled to unit size. The size is a separate input, and may be unknown. Phases that were not measured
//! are masked.

use crate::measure::event::{ActionUnit, EmotionReading, MovingUnit, Side};
use crate::measure::regions::REGIONS;
use crate::model::{Model, ModelError, Models, Task};

pub mod event_builder;
pub mod motion_buffer;

/// The three phases: from the onset to the middle frame before the apex, from there to the apex, and from the
/// apex to the offset.
pub const PHASES: usize = 3;

/// Least probability at which an action unit is named: it is more likely there than not.
const MIN_UNIT_PROBABILITY: f32 = 0.5;

/// Below this root mean square, percent of the eye distance, nothing moved. 0.001 % is one five-hundredth of
/// a pixel on a large face.
const STILL_PERCENT: f32 = 1e-3;

/// Displacement of every region in each phase, percent of the outer-eye distance, x right, y down, without
/// head motion. `None` for a phase that was not measured.
pub type Phases = [Option<[[f32; 2]; REGIONS]>; PHASES];

/// The recogniser's reading of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Which emotion.
    pub emotion: EmotionReading,
    /// Moving units, most likely first.
    pub action_units: Vec<MovingUnit>,
}

/// Reads events with the model for [`Task::Recognise`].
#[derive(Debug)]
pub struct Recogniser {
    model: Model,
    temperature: f32,
    abstain_below: f32,
}

/// The network's three inputs.
#[derive(Clone, Debug, PartialEq)]
struct Inputs {
    /// Phase × region × axis, scaled to a root mean square of 1 over the phases that were measured.
    motion: Vec<f32>,
    /// 1 for a phase that was measured, else 0.
    mask: [f32; PHASES],
    /// Natural logarithm of the root mean square in percent of the eye distance, and 1 if it is known, else
    /// 0.
    amplitude: [f32; 2],
}

impl Inputs {
    fn new(phases: &Phases, is_amplitude_known: bool) -> Self {
        let mask = phases.map(|phase| if phase.is_some() { 1.0 } else { 0.0 });
        let mut motion: Vec<f32> = phases
            .iter()
            .flat_map(|phase| phase.unwrap_or([[0.0; 2]; REGIONS]))
            .flatten()
            .map(|v| if v.is_finite() { v } else { 0.0 })
            .collect();
        let measured = (mask.iter().sum::<f32>() * (REGIONS * 2) as f32).max(1.0);
        let rms = (motion.iter().map(|v| v * v).sum::<f32>() / measured).sqrt();
        let scale = rms.max(STILL_PERCENT);
        motion.iter_mut().for_each(|v| *v /= scale);
        let amplitude = if is_amplitude_known { [scale.ln(), 1.0] } else { [0.0, 0.0] };
        Self { motion, mask, amplitude }
    }
}

impl Recogniser {
    /// Opens the model.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let model = models.open(Task::Recognise)?;
        let calibration = &model.entry.calibration;
        let temperature = calibration.temperature.unwrap_or(1.0).max(1e-3);
        let abstain_below = calibration.abstain_below.unwrap_or(0.0);
        Ok(Self { model, temperature, abstain_below })
    }

    /// Reads one event.
    pub fn read(&mut self, phases: &Phases) -> Result<Reading, ModelError> {
        self.run(&Inputs::new(phases, true))
    }

    /// Reads one event whose motion was scaled by an unknown factor.
    pub fn read_unscaled(&mut self, phases: &Phases) -> Result<Reading, ModelError> {
        self.run(&Inputs::new(phases, false))
    }

    fn run(&mut self, inputs: &Inputs) -> Result<Reading, ModelError> {
        let outputs = self.model.run(&[&inputs.motion, &inputs.mask, &inputs.amplitude])?;
        let none = Vec::new();
        let logits = outputs.first().unwrap_or(&none);
        let units = outputs.get(1).unwrap_or(&none);
        let emotion = emotion(logits, self.temperature, self.abstain_below);
        Ok(Reading { emotion, action_units: moving_units(units) })
    }
}

/// Softmax of the logits over the temperature; equal probabilities if a logit is not finite.
fn emotion(logits: &[f32], temperature: f32, abstain_below: f32) -> EmotionReading {
    let logits = [0, 1, 2].map(|i| logits.get(i).copied().unwrap_or(0.0) / temperature);
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let weights = logits.map(|logit| (logit - top).exp());
    let sum: f32 = weights.iter().sum();
    if !sum.is_finite() {
        return EmotionReading { probabilities: [1.0 / 3.0; 3], clear: false };
    }
    let mut reading = EmotionReading { probabilities: weights.map(|w| w / sum), clear: false };
    reading.clear = reading.best().1 >= abstain_below;
    reading
}

/// `units` holds, for each of [`ActionUnit::RECOGNISED`], the probabilities that it moves on both
/// halves, on the left only, on the right only.
fn moving_units(units: &[f32]) -> Vec<MovingUnit> {
    let mut moving: Vec<MovingUnit> = ActionUnit::RECOGNISED
        .into_iter()
        .zip(units.chunks_exact(Side::ALL.len()))
        .filter_map(|(unit, by_side)| {
            let probability = by_side.iter().sum::<f32>();
            let (side, _) = Side::ALL.into_iter().zip(by_side).max_by(|a, b| a.1.total_cmp(b.1))?;
            (probability >= MIN_UNIT_PROBABILITY).then_some(MovingUnit {
                unit,
                side,
                probability: probability.min(1.0),
                intensity: None,
            })
        })
        .collect();
    moving.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    moving
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::{Emotion, units_text};
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    fn raised_brows(percent: f32) -> [[f32; 2]; REGIONS] {
        std::array::from_fn(|i| if i < 6 { [0.0, -percent] } else { [0.0, 0.0] })
    }

    #[test]
    fn size_changes_the_amplitude_and_nothing_else() {
        let small = Inputs::new(&[Some(raised_brows(0.5)), None, None], true);
        let large = Inputs::new(&[Some(raised_brows(5.0)), None, None], true);
        for (a, b) in small.motion.iter().zip(&large.motion) {
            assert_abs_diff_eq!(a, b, epsilon = 1e-5);
        }
        assert_abs_diff_eq!(large.amplitude[0] - small.amplitude[0], 10f32.ln(), epsilon = 1e-5);
    }

    #[test]
    fn motion_is_scaled_to_unit_rms_over_the_phases_that_are_there() {
        let inputs = Inputs::new(&[Some(raised_brows(2.0)), None, Some(raised_brows(-1.0))], true);
        assert_eq!(inputs.mask, [1.0, 0.0, 1.0]);
        let sum: f32 = inputs.motion.iter().map(|v| v * v).sum();
        assert_abs_diff_eq!(sum / (2 * REGIONS * 2) as f32, 1.0, epsilon = 1e-5);
        assert!(inputs.motion[REGIONS * 2..REGIONS * 4].iter().all(|v| *v == 0.0));
    }

    #[test]
    fn a_still_face_is_not_blown_up_into_motion() {
        let inputs = Inputs::new(&[Some([[1e-7; 2]; REGIONS]), None, None], true);
        assert!(inputs.motion.iter().all(|v| v.abs() < 1e-3));
        let nothing = Inputs::new(&[None; 3], true);
        assert!(nothing.motion.iter().all(|v| *v == 0.0));
    }

    #[test]
    fn an_unknown_amplitude_is_told_as_unknown() {
        let inputs = Inputs::new(&[Some(raised_brows(2.0)), None, None], false);
        assert_eq!(inputs.amplitude, [0.0, 0.0]);
    }

    #[test]
    fn what_is_not_likely_enough_reads_unclear() {
        let reading = emotion(&[0.0, 1.0, 0.0], 1.0, 0.5);
        assert_eq!((reading.label(), reading.best().0), ("positive", Emotion::Positive));
        assert_eq!(emotion(&[0.0, 1.0, 0.0], 1.0, 0.6).label(), "unclear");
        assert_eq!(emotion(&[f32::NAN, 0.0, 0.0], 1.0, 0.2).label(), "unclear");
    }

    #[test]
    fn units_are_named_with_their_side_likeliest_first() {
        let mut units = [0.0; 45];
        units[0..3].copy_from_slice(&[0.5, 0.1, 0.0]); // 1, both
        units[24..27].copy_from_slice(&[0.1, 0.1, 0.7]); // 12, right
        units[6..9].copy_from_slice(&[0.2, 0.2, 0.0]); // 4, too unlikely
        assert_eq!(units_text(&moving_units(&units)), "R12+1");
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one(
            logits in prop::array::uniform3(-50.0f32..50.0), temperature in 0.1f32..10.0,
        ) {
            let reading = emotion(&logits, temperature, 0.5);
            prop_assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}
