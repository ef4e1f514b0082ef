//! Every frame pushed becomes exactly one sample, in order, when its score is final.

use std::collections::VecDeque;

use crate::measure::sample::{Sample, Score};

/// Samples that wait for their score.
#[derive(Debug, Default)]
pub struct SampleQueue {
    waiting: VecDeque<Waiting>,
    /// How many of `waiting`, from the front, need no further score.
    scored: usize,
    /// The score given out last, with its time in seconds. Frames that were not measured are interpolated
    /// from it.
    last: Option<(f64, Option<Score>)>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    sample: Sample,
    measured: bool,
}

impl SampleQueue {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.waiting.clear();
        self.scored = 0;
        self.last = None;
    }

    /// Enters the next frame. A frame that was not `measured` takes its score from its neighbours.
    pub fn enter(&mut self, sample: Sample, measured: bool) {
        self.waiting.push_back(Waiting { sample, measured });
    }

    /// Sets the score of the oldest measured frame that has none yet.
    pub fn score(&mut self, score: Option<Score>) {
        while let Some(waiting) = self.waiting.get_mut(self.scored) {
            self.scored += 1;
            if waiting.measured {
                waiting.sample.score = score;
                return;
            }
        }
    }

    /// Moves all that is final to `samples`.
    pub fn settle(&mut self, samples: &mut Vec<Sample>) {
        while self.scored > 0 {
            let between = self.waiting.iter().take_while(|w| !w.measured).count();
            let next = self.waiting.get(between).map(|w| (w.sample.time.secs(), w.sample.score));
            for _ in 0..=between {
                let Some(Waiting { mut sample, measured }) = self.waiting.pop_front() else {
                    break;
                };
                if !measured {
                    sample.score = between_scores(self.last, next, sample.time.secs());
                }
                samples.push(sample);
                self.scored = self.scored.saturating_sub(1);
            }
            self.last = next;
        }
    }

    /// Moves everything to `samples`. Frames at the end that were not measured take the last score.
    pub fn finish(&mut self, samples: &mut Vec<Sample>) {
        self.settle(samples);
        let last = self.last.and_then(|(_, score)| score);
        samples.extend(self.waiting.drain(..).map(|Waiting { mut sample, measured }| {
            if !measured {
                sample.score = last;
            }
            sample
        }));
        self.reset();
    }
}

/// Linear between two scores; `None` if either side has none.
fn between_scores(
    before: Option<(f64, Option<Score>)>,
    after: Option<(f64, Option<Score>)>,
    secs: f64,
) -> Option<Score> {
    let (t0, a) = before?;
    let (t1, b) = after?;
    let (a, b) = (a?, b?);
    let share = if t1 > t0 { ((secs - t0) / (t1 - t0)).clamp(0.0, 1.0) as f32 } else { 1.0 };
    let mix = |x: f32, y: f32| x + (y - x) * share;
    Some(Score { micro: mix(a.micro, b.micro), macro_: mix(a.macro_, b.macro_) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::Quality;
    use crate::measure::time::Timestamp;
    use proptest::prelude::*;

    fn sample(seq: u64) -> Sample {
        let time = Timestamp::of_frame(seq, 60.0);
        Sample { seq, time, quality: Quality::default(), motion: None, score: None }
    }

    fn score(micro: f32) -> Option<Score> {
        Some(Score { micro, macro_: 0.0 })
    }

    /// What comes out when every third frame is measured and the measured ones score `scores`.
    fn settled(scores: &[Option<Score>]) -> Vec<Sample> {
        let (mut sample_queue, mut samples) = (SampleQueue::default(), Vec::new());
        for seq in 0..3 * scores.len() as u64 {
            sample_queue.enter(sample(seq), seq % 3 == 0);
        }
        for score in scores {
            sample_queue.score(*score);
            sample_queue.settle(&mut samples);
        }
        sample_queue.finish(&mut samples);
        samples
    }

    #[test]
    fn frames_left_out_score_between_their_neighbours_by_time() {
        let of = |micro, macro_| Some(Score { micro, macro_ });
        let samples = settled(&[of(0.2, 0.9), of(0.5, 0.3), of(0.8, 0.6)]);
        let expected = [
            (0.2, 0.9),
            (0.3, 0.7),
            (0.4, 0.5),
            (0.5, 0.3),
            (0.6, 0.4),
            (0.7, 0.5),
            (0.8, 0.6),
            (0.8, 0.6),
            (0.8, 0.6),
        ];
        assert_eq!(samples.len(), expected.len());
        for (sample, (micro, macro_)) in samples.iter().zip(expected) {
            let found = sample.score.unwrap();
            assert!(
                (found.micro - micro).abs() < 1e-5 && (found.macro_ - macro_).abs() < 1e-5,
                "{sample:?}"
            );
        }
    }

    #[test]
    fn frames_left_out_beside_a_gap_have_no_score() {
        let scored: Vec<bool> =
            settled(&[score(0.2), None, score(0.5)]).iter().map(|s| s.score.is_some()).collect();
        assert_eq!(scored, [true, false, false, false, false, false, true, true, true]);
    }

    #[test]
    fn nothing_is_final_before_the_measured_frame_after_it() {
        let (mut sample_queue, mut samples) = (SampleQueue::default(), Vec::new());
        for seq in 0..3 {
            sample_queue.enter(sample(seq), seq != 1);
        }
        sample_queue.score(score(0.2));
        sample_queue.settle(&mut samples);
        assert_eq!(samples.len(), 1);
        sample_queue.score(score(0.4));
        sample_queue.settle(&mut samples);
        assert_eq!(samples.len(), 3);
    }

    #[test]
    fn after_a_reset_no_older_frame_and_no_older_score_comes_out() {
        let (mut sample_queue, mut samples) = (SampleQueue::default(), Vec::new());
        sample_queue.enter(sample(0), true);
        sample_queue.score(score(0.2));
        sample_queue.settle(&mut samples);
        sample_queue.enter(sample(1), true);
        sample_queue.score(score(0.3));
        sample_queue.reset();
        sample_queue.enter(sample(2), false);
        samples.clear();
        sample_queue.settle(&mut samples);
        assert!(samples.is_empty());
        sample_queue.finish(&mut samples);
        assert_eq!(samples.iter().map(|s| (s.seq, s.score)).collect::<Vec<_>>(), [(2, None)]);
    }

    proptest! {
        #[test]
        fn every_frame_comes_out_once_and_in_order(measured in proptest::collection::vec(any::<bool>(), 1..60), delay in 0usize..9) {
            let (mut sample_queue, mut samples, mut owed) = (SampleQueue::default(), Vec::new(), 0);
            for (seq, m) in measured.iter().enumerate() {
                sample_queue.enter(sample(seq as u64), *m);
                owed += usize::from(*m);
                if owed > delay {
                    sample_queue.score(score(seq as f32));
                    owed -= 1;
                }
                sample_queue.settle(&mut samples);
            }
            for _ in 0..owed {
                sample_queue.score(None);
            }
            sample_queue.finish(&mut samples);
            let order: Vec<u64> = samples.iter().map(|s| s.seq).collect();
            prop_assert_eq!(order, (0..measured.len() as u64).collect::<Vec<_>>());
        }
    }
}
