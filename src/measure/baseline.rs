//! What a person's neutral face measures: the level that their own movements stand out from.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use crate::measure::regions::REGIONS;
use crate::measure::time::Timestamp;

/// From the median absolute deviation to the standard deviation of normal noise.
const SIGMA_PER_MAD: f32 = 1.4826;

/// A median, and how far values stray from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub median: f32,
    /// 1.4826 times the median absolute deviation: the standard deviation, were the noise normal.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub sigma: f32,
}

impl Spread {
    /// Of the finite ones among `values`; none without any.
    fn of(values: impl Iterator<Item = f32>) -> Option<Self> {
        let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
        let median = median(&mut values)?;
        values.iter_mut().for_each(|value| *value = (*value - median).abs());
        Some(Self { median, sigma: SIGMA_PER_MAD * self::median(&mut values)? })
    }

    /// How many sigmas `value` lies above the median; none where nothing strayed.
    pub fn z(&self, value: f32) -> Option<f32> {
        (self.sigma > 0.0).then(|| (value - self.median) / self.sigma)
    }
}

/// A person's neutral face over some seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// Frames in it.
    pub frames: usize,
    /// Frames of it that had a score.
    pub scored: usize,
    /// The micro-expression score at rest.
    pub micro: Spread,
    /// The macro-expression score at rest.
    #[serde(rename = "macro")]
    pub macro_: Spread,
    /// Motion of each region at rest, x and y, percent of the outer-eye distance per 1/30 s: the
    /// median is drift, sigma the noise of the picture.
    pub regions: [[Spread; 2]; REGIONS],
}

impl Baseline {
    /// The share of frames that must have a score for the rest to mean anything.
    const LEAST_SCORED: f64 = 0.5;

    /// From the samples of a neutral stretch. The error says what was wrong with it.
    pub fn measure(samples: &[Sample]) -> Result<Self, String> {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Err("the baseline saw no frame".into());
        };
        let scored = samples.iter().filter(|sample| sample.score.is_some()).count();
        let too_few = || {
            format!(
                "the baseline needs a score on half of its frames, and {scored} of {} had one: \
                 keep the face in view and facing the camera, and repeat it",
                samples.len()
            )
        };
        if (scored as f64) < Self::LEAST_SCORED * samples.len() as f64 {
            return Err(too_few());
        }
        let scores = || samples.iter().filter_map(|sample| sample.score);
        let micro = Spread::of(scores().map(|score| score.micro)).ok_or_else(too_few)?;
        let macro_ = Spread::of(scores().map(|score| score.macro_)).ok_or_else(too_few)?;
        let motions = || samples.iter().filter_map(|sample| sample.motion);
        let regions = std::array::from_fn(|region| {
            std::array::from_fn(|axis| {
                Spread::of(motions().map(|motion| motion.regions[region][axis])).unwrap_or_default()
            })
        });
        let (from, to) = (first.time, last.time);
        Ok(Self { from, to, frames: samples.len(), scored, micro, macro_, regions })
    }
}

/// The middle of `values`, which it reorders; the lower one of two.
fn median(values: &mut [f32]) -> Option<f32> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::Quality;
    use crate::measure::sample::Score;

    fn sample(seq: u64, micro: Option<f32>) -> Sample {
        Sample {
            seq,
            time: Timestamp::of_frame(seq, 30.0),
            quality: Quality::default(),
            motion: None,
            score: micro.map(|micro| Score { micro, macro_: 0.2 }),
        }
    }

    #[test]
    fn one_wild_frame_moves_neither_median_nor_sigma() {
        let calm: Vec<Sample> = (0..101).map(|i| sample(i, Some(i as f32 / 1000.0))).collect();
        let mut wild = calm.clone();
        wild[100] = sample(100, Some(1.0));
        let of = |samples: &[Sample]| Baseline::measure(samples).expect("scored").micro;
        assert_eq!(of(&calm), of(&wild));
        assert!((of(&calm).median - 0.05).abs() < 1e-6);
        assert!((of(&calm).sigma - 0.025 * SIGMA_PER_MAD).abs() < 1e-3);
    }

    #[test]
    fn a_face_that_was_mostly_away_is_no_baseline() {
        let samples: Vec<Sample> = (0..10).map(|i| sample(i, (i < 4).then_some(0.1))).collect();
        let error = Baseline::measure(&samples).expect_err("too few");
        assert!(error.contains("4 of 10"), "{error}");
        assert!(Baseline::measure(&[]).is_err());
    }

    #[test]
    fn a_value_two_sigmas_up_reads_two() {
        let spread = Spread { median: 0.1, sigma: 0.05 };
        assert!(spread.z(0.2).is_some_and(|z| (z - 2.0).abs() < 1e-5));
        assert_eq!(Spread::default().z(1.0), None);
    }
}
