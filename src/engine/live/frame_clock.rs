//! The clock of the frames, as other threads need it: which time of the run it is at a moment of the
//! computer's clock.
//!
//! A frame is late by what the camera and the system take to deliver it, which varies. The least delay of the
//! last seconds is what they take at best, so it stands for the way from one clock to the other.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::measure::time::Timestamp;

/// The least delay is taken of this time and of as much before it, nanoseconds: long enough to meet a frame
/// that came in time, short enough to follow two clocks that drift apart.
const SPAN_NANOS: i64 = 5_000_000_000;

/// A frame that is later than the others by this much begins a new time, as after a pause of a recording that
/// waits, nanoseconds.
const JUMP_NANOS: i64 = 500_000_000;

/// No frame yet.
const NONE: i64 = i64::MIN;

/// Written by the thread that sends the frames, read by any.
#[derive(Debug)]
pub(crate) struct FrameClock {
    base: Instant,
    /// Nanoseconds from a frame's time to its arrival after `base`: the least of the span before this one,
    /// and of this one.
    least: [AtomicI64; 2],
    /// When this span began, nanoseconds after `base`.
    begun: AtomicI64,
}

impl Default for FrameClock {
    fn default() -> Self {
        let none = || AtomicI64::new(NONE);
        Self { base: Instant::now(), least: [none(), none()], begun: none() }
    }
}

impl FrameClock {
    /// A frame of this time is here.
    pub(crate) fn see(&self, time: Timestamp, arrival: Instant) {
        let arrived = self.nanos(arrival);
        let delay = arrived.saturating_sub(time.nanos());
        let [before, now] = [&self.least[0], &self.least[1]];
        let is_new = self.offset().is_none_or(|least| delay - least > JUMP_NANOS);
        if is_new {
            before.store(delay, Ordering::Relaxed);
            now.store(delay, Ordering::Relaxed);
            self.begun.store(arrived, Ordering::Relaxed);
        } else if arrived - self.begun.load(Ordering::Relaxed) > SPAN_NANOS {
            before.store(now.load(Ordering::Relaxed), Ordering::Relaxed);
            now.store(delay, Ordering::Relaxed);
            self.begun.store(arrived, Ordering::Relaxed);
        } else {
            now.fetch_min(delay, Ordering::Relaxed);
        }
    }

    /// The time of the run at `moment`; `None` before the first frame.
    pub(crate) fn time_of(&self, moment: Instant) -> Option<Timestamp> {
        Some(Timestamp::from_nanos(self.nanos(moment).saturating_sub(self.offset()?)))
    }

    fn offset(&self) -> Option<i64> {
        let least = self.least.each_ref().map(|least| least.load(Ordering::Relaxed));
        (least[1] != NONE).then(|| least[0].min(least[1]))
    }

    /// Nanoseconds after `base`; negative before it.
    fn nanos(&self, moment: Instant) -> i64 {
        let whole = |nanos: u128| i64::try_from(nanos).unwrap_or(i64::MAX);
        match moment.checked_duration_since(self.base) {
            Some(after) => whole(after.as_nanos()),
            None => -whole(self.base.duration_since(moment).as_nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Seconds of the run at `secs` of the computer's clock.
    fn at(clock: &FrameClock, secs: f64) -> Option<f64> {
        Some(clock.time_of(clock.base + Duration::from_secs_f64(secs))?.secs())
    }

    fn see(clock: &FrameClock, time: f64, arrival: f64) {
        clock.see(Timestamp::from_secs(time), clock.base + Duration::from_secs_f64(arrival));
    }

    #[test]
    fn the_frame_that_came_soonest_says_how_the_clocks_stand() {
        let clock = FrameClock::default();
        assert_eq!(at(&clock, 1.0), None);
        for (i, late) in [0.050, 0.008, 0.031, 0.300, 0.012].into_iter().enumerate() {
            let time = i as f64 / 30.0;
            see(&clock, time, 10.0 + time + late);
        }
        let found = at(&clock, 11.0).expect("known");
        assert!((found - (1.0 - 0.008)).abs() < 1e-6, "{found}");
    }

    #[test]
    fn two_clocks_that_drift_apart_are_followed() {
        let clock = FrameClock::default();
        // 100 millionths, in an hour a third of a second.
        for i in 0..108_000 {
            let time = f64::from(i) / 30.0;
            see(&clock, time, time * 1.0001);
        }
        let found = at(&clock, 3600.0 * 1.0001).expect("known");
        assert!((found - 3600.0).abs() < 0.002, "{found}");
        let before = FrameClock::default();
        for i in 0..108_000 {
            let time = f64::from(i) / 30.0;
            see(&before, time, time * 0.9999);
        }
        let found = at(&before, 3600.0 * 0.9999).expect("known");
        assert!((found - 3600.0).abs() < 0.002, "{found}");
    }

    #[test]
    fn a_recording_that_waited_goes_on_at_its_own_time() {
        let clock = FrameClock::default();
        see(&clock, 2.0, 12.0);
        see(&clock, 2.1, 72.1);
        assert!((at(&clock, 73.0).expect("known") - 3.0).abs() < 1e-6);
    }
}
