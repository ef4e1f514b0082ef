//! The spotter with its threshold: calibrated, asked for by the user, raised for a restless face.

use super::{Spotted, Spotter, SpotterSettings, Step};
use crate::config::SpottingConfig;
use crate::measure::baseline::Baseline;
use crate::measure::sample::Score;
use crate::model::{Calibration, ModelError, Models, Task};

/// A score so many standard deviations above a person's neutral ones is not neutral.
const NEUTRAL_SIGMAS: f32 = 5.0;
/// A restless baseline may not silence the spotter altogether.
const HIGHEST_THRESHOLD: f32 = 0.95;

/// Scores frames and proposes intervals.
#[derive(Debug)]
pub struct ThresholdedSpotter {
    /// `None` where the models hold no spotter: every frame is measured and none is scored.
    spotter: Option<Spotter>,
    calibration: Calibration,
    config: SpottingConfig,
    baseline: Option<Baseline>,
}

impl ThresholdedSpotter {
    /// Opens the spotter, where there is one.
    pub fn new(models: &Models, config: &SpottingConfig) -> Result<Self, ModelError> {
        let has_spotter = models.has(Task::Spot);
        let spotter = has_spotter.then(|| Spotter::open(models, config)).transpose()?;
        let entry = has_spotter.then(|| models.entry(Task::Spot)).transpose()?;
        let calibration = entry.map(|entry| entry.calibration.clone()).unwrap_or_default();
        Ok(Self { spotter, calibration, config: config.clone(), baseline: None })
    }

    /// Forgets the stream. Settings and baseline stay.
    pub fn reset(&mut self) {
        if let Some(spotter) = &mut self.spotter {
            spotter.reset();
        }
    }

    /// Takes the next measured frame; adds to `spotted` what has become final.
    pub fn push(&mut self, step: &Step, spotted: &mut Spotted) -> Result<(), ModelError> {
        match &mut self.spotter {
            Some(spotter) => spotter.push(step, spotted),
            None => {
                spotted.scores.push((step.seq, None));
                Ok(())
            }
        }
    }

    /// No more frames: makes everything final.
    pub fn finish(&mut self, spotted: &mut Spotted) -> Result<(), ModelError> {
        self.spotter.as_mut().map_or(Ok(()), |spotter| spotter.finish(spotted))
    }

    /// The scores from which events are flagged; beyond any score where there is no spotter.
    pub fn threshold(&self) -> Score {
        let [micro, macro_] = self.spotter.as_ref().map_or([1.0; 2], Spotter::thresholds);
        Score { micro, macro_ }
    }

    /// Sets the threshold for so many expected false alarms per minute, both kinds together.
    pub fn set_false_alarms_per_minute(&mut self, rate: f32) {
        self.config.false_alarms_per_minute = rate;
        self.apply_threshold();
    }

    /// Tells what this person's neutral face measures.
    pub fn set_baseline(&mut self, baseline: &Baseline) {
        self.baseline = Some(baseline.clone());
        self.apply_threshold();
    }

    /// What was told of the neutral face holds no longer.
    pub fn drop_baseline(&mut self) {
        self.baseline = None;
        self.apply_threshold();
    }

    fn apply_threshold(&mut self) {
        let Some(spotter) = &mut self.spotter else { return };
        let mut thresholds = SpotterSettings::new(&self.calibration, &self.config).thresholds;
        if let Some(baseline) = &self.baseline {
            for (threshold, rest) in thresholds.iter_mut().zip([baseline.micro, baseline.macro_]) {
                let restless = rest.median + NEUTRAL_SIGMAS * rest.sigma;
                *threshold = threshold.max(restless.min(HIGHEST_THRESHOLD));
            }
        }
        spotter.set_thresholds(thresholds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::baseline::Spread;
    use crate::measure::regions::REGIONS;
    use crate::measure::time::Timestamp;

    fn spotter() -> ThresholdedSpotter {
        let models = Models::load(&Default::default()).expect("embedded models");
        ThresholdedSpotter::new(&models, &SpottingConfig::default()).expect("a spotter")
    }

    fn baseline(median: f32, sigma: f32) -> Baseline {
        let rest = Spread { median, sigma };
        Baseline {
            from: Timestamp::ZERO,
            to: Timestamp::from_secs(10.0),
            numbered: 300,
            frames: 300,
            scored: 300,
            talking: 0,
            moving: 0,
            micro: rest,
            macro_: rest,
            regions: [[Spread::default(); 2]; REGIONS],
        }
    }

    #[test]
    fn fewer_false_alarms_need_a_higher_threshold() {
        let mut spotter = spotter();
        let mut at = |rate| {
            spotter.set_false_alarms_per_minute(rate);
            spotter.threshold()
        };
        let (rare, common) = (at(0.1), at(10.0));
        assert!(rare.micro > common.micro && rare.macro_ > common.macro_, "{rare:?} {common:?}");
    }

    #[test]
    fn a_calm_baseline_changes_nothing_and_a_restless_one_raises_the_threshold() {
        let mut spotter = spotter();
        let calibrated = spotter.threshold();
        spotter.set_baseline(&baseline(0.01, 0.002));
        assert_eq!(spotter.threshold(), calibrated);
        spotter.set_baseline(&baseline(0.5, 0.3));
        assert!((spotter.threshold().micro - HIGHEST_THRESHOLD).abs() < 1e-6);
        spotter.drop_baseline();
        assert_eq!(spotter.threshold(), calibrated);
    }
}
