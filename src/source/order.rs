//! Makes any source keep its frame numbers and times increasing. Everything after it relies on that: the
//! history searches times by halving, a film refuses earlier times, and motion needs time to pass.
//!
//! A camera has a clock and a count that ensure it; a file may hold anything.

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, TimeZero};

/// Numbers from here on cannot belong to a recording; a database cannot count further.
const FIRST_ABSURD_SEQ: u64 = i64::MAX as u64;

/// A source whose frames are in order. Other frames count as lost and are reported.
pub(crate) struct Ordered {
    inner: Box<dyn Source>,
    newest: Option<Moment>,
    /// Frames lost since the last one that was in order.
    lost: u64,
    /// A message to give before the source is read next.
    pending: Option<Next>,
}

impl Ordered {
    pub(crate) fn new(inner: Box<dyn Source>) -> Self {
        Self { inner, newest: None, lost: 0, pending: None }
    }

    fn is_in_order(&self, frame: &Frame) -> bool {
        let is_later = self.newest.is_none_or(|newest| moment_of(frame).is_after(newest));
        is_later && frame.time >= Timestamp::ZERO && frame.seq < FIRST_ABSURD_SEQ
    }

    /// Reports the first of a run of lost frames at once, the others when the run is over.
    fn lose(&mut self, frame: &Frame) -> Next {
        self.lost += 1;
        if self.lost > 1 {
            return Next::Idle;
        }
        let newest = self.newest.unwrap_or_default();
        self.say(format!(
            "frame {} at {} is lost: it is not later than frame {} at {}",
            frame.seq, frame.time, newest.frame, newest.time
        ))
    }

    /// A notice about the frames of a run that were not reported yet.
    fn rest(&mut self) -> Option<Next> {
        let untold = std::mem::take(&mut self.lost).saturating_sub(1);
        (untold > 0).then(|| self.say(format!("{untold} more frames are lost that were not later")))
    }

    fn say(&self, text: String) -> Next {
        let text = format!("{}: {text}", self.inner.info().name);
        Next::Notice(Notice::new(NoticeKind::CorruptFrame, text))
    }
}

fn moment_of(frame: &Frame) -> Moment {
    Moment { frame: frame.seq, time: frame.time }
}

impl Source for Ordered {
    fn info(&self) -> &SourceInfo {
        self.inner.info()
    }

    fn time_zero(&self) -> Option<TimeZero> {
        self.inner.time_zero()
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(next) = self.pending.take() {
            return Ok(next);
        }
        let next = match self.inner.next()? {
            Next::Frame(frame) if !self.is_in_order(&frame) => return Ok(self.lose(&frame)),
            Next::Frame(frame) => {
                self.newest = Some(moment_of(&frame));
                Next::Frame(frame)
            }
            Next::End => Next::End,
            other => return Ok(other),
        };
        match self.rest() {
            Some(notice) => {
                self.pending = Some(next);
                Ok(notice)
            }
            None => Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    struct Script(VecDeque<(u64, i64)>, SourceInfo);

    impl Source for Script {
        fn info(&self) -> &SourceInfo {
            &self.1
        }

        fn next(&mut self) -> Result<Next, SourceError> {
            Ok(self.0.pop_front().map_or(Next::End, |(seq, nanos)| {
                let time = Timestamp::from_nanos(nanos);
                Next::Frame(Frame { seq, time, ..Frame::default() })
            }))
        }
    }

    /// Numbers of the frames that come, and the texts.
    fn play(frames: &[(u64, i64)]) -> (Vec<u64>, Vec<String>) {
        let script = Script(frames.iter().copied().collect(), SourceInfo::default());
        let mut source = Ordered::new(Box::new(script));
        let (mut seqs, mut words) = (Vec::new(), Vec::new());
        loop {
            match source.next().expect("a script") {
                Next::Frame(frame) => seqs.push(frame.seq),
                Next::Notice(notice) => words.push(notice.text),
                Next::Idle | Next::Lost(_) => {}
                Next::End => return (seqs, words),
            }
        }
    }

    #[test]
    fn frames_in_order_pass_without_a_word() {
        assert_eq!(play(&[(0, 0), (1, 5), (7, 6)]), (vec![0, 1, 7], vec![]));
    }

    #[test]
    fn a_clock_that_jumps_back_loses_frames_until_it_is_later_and_each_is_told() {
        let (seqs, words) = play(&[(0, 0), (1, 50), (2, 10), (3, 20), (4, 50), (5, 60)]);
        assert_eq!(seqs, [0, 1, 5]);
        assert!(words[0].contains("frame 2 at 0:00.000 is lost: it is not later than frame 1"));
        assert!(words.len() == 2 && words[1].contains("2 more frames are lost"), "{words:?}");
    }

    #[test]
    fn a_number_that_comes_twice_is_a_loss() {
        let (seqs, words) = play(&[(0, 0), (0, 1), (1, 2)]);
        assert_eq!((seqs, words.len()), (vec![0, 1], 1));
    }

    #[test]
    fn losses_at_the_end_are_told_before_the_end() {
        let (seqs, words) = play(&[(9, 9), (1, 1), (2, 2), (3, 3)]);
        assert_eq!((seqs, words.len()), (vec![9], 2));
    }

    #[test]
    fn numbers_and_times_of_no_recording_are_losses() {
        let (seqs, _) =
            play(&[(0, i64::MIN), (1, 0), (u64::MAX, 1), (3, 2), (4, i64::MAX), (5, 3)]);
        assert_eq!(seqs, [1, 3, 4]);
    }
}
