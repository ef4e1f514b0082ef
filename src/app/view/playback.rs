//! The place in a session: always exactly one frame.
//!
//! Every move goes to an index into the frames' own times. So a variable rate makes no difference, and a step
//! back undoes a step forward.

use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::session::clip::slow_loop::looped_frame;

/// The greatest speed, as a factor of the real speed.
const FASTEST: f64 = 8.0;

/// How the frame in view moves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum PlaybackMotion {
    /// It stands still.
    #[default]
    Held,
    /// It runs at this factor of the real speed; backward if negative.
    Runs(f64),
    /// A stretch is repeated.
    Loops {
        /// Index of the first frame.
        first: usize,
        /// Index of the last frame.
        last: usize,
        /// Factor of the real speed.
        speed: f64,
    },
}

/// The frame in view, among all frames.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    moments: Vec<Moment>,
    index: usize,
    motion: PlaybackMotion,
    /// The window's clock and the session's time when the motion began; `None` before its first drawing.
    began: Option<(f64, Timestamp)>,
}

impl Playback {
    /// At the first of these frames, which are in order of time.
    pub fn over(moments: Vec<Moment>) -> Self {
        Self { moments, ..Self::default() }
    }

    /// Every frame.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The frame in view; `None` in a session without frames.
    pub fn at(&self) -> Option<Moment> {
        self.moments.get(self.index).copied()
    }

    /// How it moves.
    pub fn motion(&self) -> PlaybackMotion {
        self.motion
    }

    /// The window's clock and the session's time when the motion began; `None` before its first drawing.
    pub fn began(&self) -> Option<(f64, Timestamp)> {
        self.began
    }

    /// Stops.
    pub fn hold(&mut self) {
        self.motion = PlaybackMotion::Held;
        self.began = None;
    }

    /// Moves by frames, between the first and the last, and stops.
    pub fn step(&mut self, frames: i64) {
        self.go(self.index.saturating_add_signed(frames as isize));
    }

    /// Moves by seconds to the nearest frame, at least by one frame if there is one, and stops.
    pub fn step_secs(&mut self, secs: f64) {
        let Some(at) = self.at() else { return };
        let before = self.index;
        self.seek(at.time + secs);
        if self.index == before {
            self.step(if secs < 0.0 { -1 } else { 1 });
        }
    }

    /// Goes to the first frame and stops.
    pub fn first(&mut self) {
        self.go(0);
    }

    /// Goes to the last frame and stops.
    pub fn last(&mut self) {
        self.go(usize::MAX);
    }

    /// Goes to the frame nearest in time and stops.
    pub fn seek(&mut self, time: Timestamp) {
        if let Some(index) = self.nearest(time) {
            self.go(index);
        }
    }

    /// Goes to the frame with this number, else to the last one before it, and stops.
    pub fn seek_frame(&mut self, frame: u64) {
        self.go(self.index_of(frame));
    }

    /// The frame nearest in time.
    pub fn moment_near(&self, time: Timestamp) -> Option<Moment> {
        self.moments.get(self.nearest(time)?).copied()
    }

    /// Plays at the real speed, or stops. At the end it begins again.
    pub fn toggle(&mut self) {
        if self.motion != PlaybackMotion::Held {
            return self.hold();
        }
        if self.index + 1 >= self.moments.len() {
            self.first();
        }
        self.run(1.0);
    }

    /// Runs forward (`direction` above 0) or backward, twice as fast with every call.
    pub fn shuttle(&mut self, direction: f64) {
        let speed = match self.motion {
            PlaybackMotion::Runs(speed) if speed * direction > 0.0 => {
                (speed * 2.0).clamp(-FASTEST, FASTEST)
            }
            _ => direction.signum(),
        };
        self.run(speed);
    }

    /// Repeats the frames from one moment to another.
    pub fn repeat(&mut self, from: Timestamp, to: Timestamp, speed: f64) {
        if let (Some(first), Some(last)) = (self.nearest(from), self.nearest(to)) {
            self.go(first);
            self.motion = PlaybackMotion::Loops { first, last: last.max(first), speed };
        }
    }

    /// Moves on to `now`, seconds of the window's clock. Returns the seconds until the next call is useful;
    /// `None` while nothing moves.
    pub fn advance(&mut self, now: f64) -> Option<f64> {
        let at = self.at()?.time;
        match self.motion {
            PlaybackMotion::Held => None,
            PlaybackMotion::Runs(speed) => {
                let (began, from) = *self.began.get_or_insert((now, at));
                let time = from + (now - began) * speed;
                self.index = self.last_until(time);
                let is_over = if speed > 0.0 {
                    self.moments.last().is_some_and(|last| time >= last.time)
                } else {
                    self.moments.first().is_some_and(|first| time <= first.time)
                };
                if is_over {
                    self.hold();
                    return None;
                }
                let next = if speed > 0.0 { self.index + 1 } else { self.index };
                let wait = self.moments.get(next)?.time.secs_since(time) / speed;
                Some(wait.max(0.005))
            }
            PlaybackMotion::Loops { first, last, speed } => {
                let (began, _) = *self.began.get_or_insert((now, at));
                let frames = self.moments.get(first..=last)?;
                let (index, wait) = looped_frame(frames, |moment| moment.time, speed, now - began)?;
                self.index = first + index;
                Some(wait)
            }
        }
    }

    fn run(&mut self, speed: f64) {
        self.motion = PlaybackMotion::Runs(speed);
        self.began = None;
    }

    fn go(&mut self, index: usize) {
        self.index = index.min(self.moments.len().saturating_sub(1));
        self.hold();
    }

    fn nearest(&self, time: Timestamp) -> Option<usize> {
        let after = self.moments.partition_point(|moment| moment.time < time);
        let around = after.saturating_sub(1)..(after + 1).min(self.moments.len());
        around.min_by_key(|&i| (self.moments[i].time.nanos() - time.nanos()).unsigned_abs())
    }

    fn index_of(&self, frame: u64) -> usize {
        self.moments.partition_point(|moment| moment.frame <= frame).saturating_sub(1)
    }

    /// The last frame that had begun at `time`, else the first.
    fn last_until(&self, time: Timestamp) -> usize {
        self.moments.partition_point(|moment| moment.time <= time).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::clip::slow_loop::REST_SECS;
    use proptest::prelude::*;

    /// Frames of a camera that cannot keep its rate.
    fn uneven(gaps_ms: &[i64]) -> Playback {
        let mut nanos = 0;
        let moments = gaps_ms.iter().enumerate().map(|(i, gap)| {
            nanos += gap * 1_000_000;
            Moment { frame: i as u64 * 2, time: Timestamp::from_nanos(nanos) }
        });
        Playback::over(moments.collect())
    }

    fn even(count: u64) -> Playback {
        let moment = |i| Moment { frame: i, time: Timestamp::of_frame(i, 30.0) };
        Playback::over((0..count).map(moment).collect())
    }

    fn frame(play: &Playback) -> Option<u64> {
        play.at().map(|moment| moment.frame)
    }

    proptest! {
        #[test]
        fn a_step_back_undoes_a_step_on_at_any_rate(
            gaps in prop::collection::vec(1i64..200, 30..60), start in 10usize..20, step in 1i64..10,
        ) {
            let mut play = uneven(&gaps);
            play.seek_frame(start as u64 * 2);
            let before = play.at();
            play.step(step);
            prop_assert_eq!(frame(&play), Some((start as u64 + step as u64) * 2));
            play.step(-step);
            prop_assert_eq!(play.at(), before);
        }

        #[test]
        fn seeking_to_a_frames_own_time_lands_on_that_frame(
            gaps in prop::collection::vec(1i64..200, 1..60), pick in any::<prop::sample::Index>(),
        ) {
            let mut play = uneven(&gaps);
            let wanted = play.moments()[pick.index(gaps.len())];
            play.seek(wanted.time);
            prop_assert_eq!(play.at(), Some(wanted));
        }
    }

    #[test]
    fn steps_end_at_the_first_and_the_last_frame() {
        let mut play = even(10);
        play.step(-3);
        assert_eq!(frame(&play), Some(0));
        play.step(100);
        assert_eq!(frame(&play), Some(9));
        play.step_secs(-0.1);
        assert_eq!(frame(&play), Some(6));
    }

    #[test]
    fn a_second_back_in_a_gap_of_many_moves_by_one_frame() {
        let mut play = uneven(&[0, 5000, 5000]);
        play.last();
        play.step_secs(-1.0);
        assert_eq!(frame(&play), Some(2));
    }

    #[test]
    fn playing_shows_the_frame_whose_time_has_come() {
        let mut play = even(60);
        play.toggle();
        assert!(play.advance(100.0).is_some());
        assert_eq!(frame(&play), Some(0));
        play.advance(100.5);
        assert_eq!(frame(&play), Some(15));
        assert_eq!(play.advance(200.0), None, "stands still at the end");
        assert_eq!((frame(&play), play.motion()), (Some(59), PlaybackMotion::Held));
        play.toggle();
        assert_eq!(frame(&play), Some(0), "begins anew");
    }

    #[test]
    fn the_shuttle_doubles_its_speed_and_turns_round() {
        let mut play = even(600);
        play.seek_frame(300);
        for speed in [1.0, 2.0, 4.0, 8.0, 8.0] {
            play.shuttle(1.0);
            assert_eq!(play.motion(), PlaybackMotion::Runs(speed));
        }
        play.shuttle(-1.0);
        assert_eq!(play.motion(), PlaybackMotion::Runs(-1.0));
        play.advance(10.0);
        play.advance(11.0);
        assert_eq!(frame(&play), Some(270));
        play.hold();
        assert_eq!(play.advance(12.0), None);
    }

    #[test]
    fn a_loop_stays_between_its_ends_and_rests() {
        let mut play = even(60);
        let (from, to) = (Timestamp::of_frame(10, 30.0), Timestamp::of_frame(20, 30.0));
        play.repeat(from, to, 0.25);
        let mut seen = |secs: f64| {
            play.advance(50.0 + secs);
            play.at().map(|moment| moment.frame)
        };
        let secs = 10.0 / 30.0 / 0.25;
        assert_eq!(seen(0.0), Some(10));
        assert_eq!(seen(secs / 2.0 + 0.01), Some(15));
        assert_eq!(seen(secs + REST_SECS * 0.9), Some(20));
        assert_eq!(seen(secs + REST_SECS + 0.01), Some(10));
    }

    #[test]
    fn a_session_without_frames_is_no_trouble() {
        let mut play = Playback::default();
        play.step(1);
        play.toggle();
        play.shuttle(-1.0);
        play.repeat(Timestamp::ZERO, Timestamp::ZERO, 0.1);
        assert_eq!((play.at(), play.advance(1.0)), (None, None));
    }
}
