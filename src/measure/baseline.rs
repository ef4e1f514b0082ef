//! The level of a person's neutral face, above which their own movements stand out.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use crate::measure::quality::Trouble;
use crate::measure::regions::REGIONS;
use crate::measure::time::Timestamp;

/// Median absolute deviation times this is the standard deviation of normal noise.
const SIGMA_PER_MAD: f32 = 1.4826;

/// A median, and how far the values lie from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub median: f32,
    /// 1.4826 times the median absolute deviation. For normal noise, this is the standard deviation.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub sigma: f32,
}

impl Spread {
    /// Of the finite ones among `values`; `None` if none is finite.
    fn of(values: impl Iterator<Item = f32>) -> Option<Self> {
        let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
        let median = median(&mut values)?;
        values.iter_mut().for_each(|value| *value = (*value - median).abs());
        Some(Self { median, sigma: SIGMA_PER_MAD * self::median(&mut values)? })
    }

    /// How many sigmas `value` lies above the median; `None` if sigma is zero.
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
    /// How many frame numbers the source gave out in this time; 0 in sessions of older versions.
    #[serde(default)]
    pub numbered: usize,
    /// Frames in it.
    pub frames: usize,
    /// Frames of it that had a score.
    pub scored: usize,
    /// Frames of it in which the person talked.
    #[serde(default)]
    pub talking: usize,
    /// Frames of it in which the head moved too fast.
    #[serde(default)]
    pub moving: usize,
    /// The micro-expression score at rest.
    pub micro: Spread,
    /// The macro-expression score at rest.
    #[serde(rename = "macro")]
    pub macro_: Spread,
    /// Motion of each region at rest, x and y, percent of the outer-eye distance per 1/30 s. The median is
    /// drift; sigma is the noise of the picture.
    pub regions: [[Spread; 2]; REGIONS],
}

impl Baseline {
    /// Least share of the source's frames that must have a score.
    const LEAST_SCORED: f64 = 0.5;

    /// Greatest share of the frames with talking or head motion in a neutral baseline. One sigh or one turn
    /// of the head changes no median.
    const MOST_RESTLESS: f64 = 0.2;

    /// In a good baseline, at least the first share of the frames has a score, and at most the second share
    /// has talking or head motion.
    const GOOD: (f64, f64) = (0.9, 0.05);

    /// Measures the baseline from the samples of a neutral stretch. The error says what was wrong with the
    /// stretch, and what helps.
    pub fn measure(samples: &[Sample]) -> Result<Self, String> {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Err("the baseline saw no frame".into());
        };
        let with = |trouble| samples.iter().filter(|s| s.quality.trouble.any(trouble)).count();
        let numbered = usize::try_from(last.seq.saturating_sub(first.seq)).unwrap_or(usize::MAX);
        let numbered = numbered.saturating_add(1).max(samples.len());
        let scored = samples.iter().filter(|sample| sample.score.is_some()).count();
        let (talking, moving) = (with(Trouble::TALKING), with(Trouble::HEAD_MOTION));
        let too_few = || {
            format!(
                "the baseline needs a score on half of its frames, and {scored} of {numbered} had \
                 one: keep the face in view and facing the camera, close other programs where frames \
                 are lost, and repeat it"
            )
        };
        if (scored as f64) < Self::LEAST_SCORED * numbered as f64 {
            return Err(too_few());
        }
        let restless = |frames: usize| frames as f64 > Self::MOST_RESTLESS * samples.len() as f64;
        let not_neutral = [
            (talking, "of talking or chewing", "keep the mouth still"),
            (moving, "in which the head moved fast", "hold the head still"),
        ];
        if let Some((frames, what, help)) = not_neutral.into_iter().find(|(n, ..)| restless(*n)) {
            let all = samples.len();
            return Err(format!(
                "the baseline needs a neutral face, and {frames} of {all} frames are {what}: {help}, \
                 and repeat it"
            ));
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
        let (from, to, frames) = (first.time, last.time, samples.len());
        Ok(Self { from, to, numbered, frames, scored, talking, moving, micro, macro_, regions })
    }

    /// True if nearly every frame was captured, scored and still.
    pub fn is_good(&self) -> bool {
        let (scored, restless) = Self::GOOD;
        let all = self.numbered.max(self.frames) as f64;
        self.scored as f64 >= scored * all
            && self.talking.max(self.moving) as f64 <= restless * self.frames as f64
    }

    /// How good it is, in words: `good: 298 of 300 frames scored` or
    /// `usable: 250 of 300 frames scored, 20 with talking, 0 with a moving head`.
    pub fn quality_in_words(&self) -> String {
        let Self { scored, talking, moving, .. } = self;
        let all = self.numbered.max(self.frames);
        if self.is_good() {
            return format!("good: {scored} of {all} frames scored");
        }
        format!(
            "usable: {scored} of {all} frames scored, {talking} with talking, {moving} with a moving \
             head; a new one would be better"
        )
    }
}

/// The median of `values`, which it reorders; of an even number, the lower of the two in the middle.
fn median(values: &mut [f32]) -> Option<f32> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::{Quality, Trouble};
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

    fn troubled(seq: u64, trouble: Trouble) -> Sample {
        let quality = Quality { trouble, ..Quality::default() };
        Sample { quality, ..sample(seq, Some(0.1)) }
    }

    #[test]
    fn a_face_that_talks_or_moves_or_is_missing_half_the_time_is_no_baseline() {
        for (trouble, word) in [(Trouble::TALKING, "talking"), (Trouble::HEAD_MOTION, "head")] {
            let of = |many| -> Vec<_> {
                let trouble = |seq| if seq < many { trouble } else { Trouble::NONE };
                (0..100).map(|seq| troubled(seq, trouble(seq))).collect()
            };
            let error = Baseline::measure(&of(40)).expect_err(word);
            assert!(error.contains(word) && error.contains("40 of 100"), "{error}");
            let usable = Baseline::measure(&of(15)).expect("usable");
            assert!(!usable.is_good() && usable.quality_in_words().starts_with("usable: 100"));
            assert!(Baseline::measure(&of(3)).expect("good").is_good(), "{word}");
        }
        let every_third: Vec<_> = (0..100).map(|i| sample(3 * i, Some(0.1))).collect();
        let error = Baseline::measure(&every_third).expect_err("gaps");
        assert!(error.contains("100 of 298"), "{error}");
    }

    #[test]
    fn a_value_two_sigmas_up_reads_two() {
        let spread = Spread { median: 0.1, sigma: 0.05 };
        assert!(spread.z(0.2).is_some_and(|z| (z - 2.0).abs() < 1e-5));
        assert_eq!(Spread::default().z(1.0), None);
    }
}
