//! Collects the samples of a neutral stretch for a baseline. Scores become final some frames late, so the
//! stretch ends by the times of the samples and not by a timer.

use crate::measure::baseline::Baseline;
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;

/// The longest stretch, seconds. It bounds what is collected.
const MOST_SECS: f32 = 120.0;

/// A baseline being measured.
#[derive(Debug)]
pub(crate) struct Neutral {
    secs: f64,
    from: Option<Timestamp>,
    samples: Vec<Sample>,
}

impl Neutral {
    /// A stretch of `secs` from the next frame on.
    pub(crate) fn over(secs: f32) -> Self {
        // NaN is no length, so it gives the shortest stretch.
        let secs = if secs.is_nan() { 1.0 } else { f64::from(secs.clamp(1.0, MOST_SECS)) };
        Self { secs, from: None, samples: Vec::new() }
    }

    /// Takes the newest frame. Returns the share of the stretch that is still to come, from 1 to 0.
    pub(crate) fn see(&mut self, frame: &Frame) -> f32 {
        let from = *self.from.get_or_insert(frame.time);
        (1.0 - frame.time.secs_since(from) / self.secs).clamp(0.0, 1.0) as f32
    }

    /// Takes samples that have become final. Returns the baseline when they reach the end of the stretch.
    pub(crate) fn collect(&mut self, samples: &[Sample]) -> Option<Result<Baseline, String>> {
        let from = self.from?;
        for sample in samples.iter().filter(|sample| sample.time >= from) {
            if sample.time.secs_since(from) >= self.secs {
                return Some(Baseline::measure(&self.samples));
            }
            self.samples.push(*sample);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::Quality;
    use crate::measure::sample::Score;
    use crate::media::image::RgbImage;
    use std::sync::Arc;

    fn frame(seq: u64) -> Frame {
        let time = Timestamp::of_frame(seq, 30.0);
        Frame::new(seq, time, Arc::new(RgbImage::default()))
    }

    fn sample(seq: u64, micro: f32) -> Sample {
        let score = Some(Score { micro, macro_: 0.0 });
        let time = Timestamp::of_frame(seq, 30.0);
        Sample { seq, time, quality: Quality::default(), motion: None, score }
    }

    #[test]
    fn only_samples_of_the_stretch_count_however_late_they_come() {
        let mut neutral = Neutral::over(2.0);
        let mut measured = None;
        for seq in 100..200 {
            neutral.see(&frame(seq));
            // They come twelve frames late, and have very different values outside the stretch.
            let micro = if (100..160).contains(&(seq - 12)) { 0.25 } else { 0.9 };
            measured = neutral.collect(&[sample(seq - 12, micro)]);
            if measured.is_some() {
                break;
            }
        }
        let baseline = measured.expect("complete").expect("scored");
        assert_eq!((baseline.frames, baseline.micro.median), (60, 0.25));
    }

    #[test]
    fn the_share_still_to_go_falls_from_one_to_zero() {
        let mut neutral = Neutral::over(1.0);
        assert_eq!(neutral.see(&frame(0)), 1.0);
        assert!((neutral.see(&frame(15)) - 0.5).abs() < 1e-6);
        assert_eq!(neutral.see(&frame(90)), 0.0);
    }

    #[test]
    fn a_nonsense_length_is_brought_into_range() {
        assert_eq!(Neutral::over(f32::NAN).secs, 1.0);
        assert_eq!(Neutral::over(1e9).secs, f64::from(MOST_SECS));
    }
}
