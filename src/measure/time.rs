//! Time is data: a frame carries the time of its capture, and no later step reads a clock.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment on a source's own clock, in whole nanoseconds since its first frame.
///
/// The numbers are whole, so that equal moments are equal after any arithmetic. A moment lies at most
/// [`Timestamp::LATEST`] before or after zero, so that the difference of any two fits, even with times from a
/// damaged file.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "i64", into = "i64")]
pub struct Timestamp {
    nanos: i64,
}

impl From<i64> for Timestamp {
    /// [`Self::from_nanos`].
    fn from(nanos: i64) -> Self {
        Self::from_nanos(nanos)
    }
}

impl From<Timestamp> for i64 {
    /// [`Timestamp::nanos`].
    fn from(time: Timestamp) -> Self {
        time.nanos()
    }
}

impl Timestamp {
    /// The source's first frame.
    pub const ZERO: Self = Self { nanos: 0 };

    /// The latest moment, 73 years after the first frame. Later ones become this one.
    pub const LATEST: Self = Self { nanos: i64::MAX / 4 };

    /// The moment `nanos` nanoseconds after the first frame. Values beyond ±73 years become the nearest of
    /// these limits.
    pub const fn from_nanos(nanos: i64) -> Self {
        let most = Self::LATEST.nanos;
        let least = -most;
        if nanos > most {
            Self { nanos: most }
        } else if nanos < least {
            Self { nanos: least }
        } else {
            Self { nanos }
        }
    }

    /// The moment `secs` seconds after the first frame, rounded to the nanosecond.
    ///
    /// NaN becomes zero. Values beyond ±73 years become the nearest of these limits.
    pub fn from_secs(secs: f64) -> Self {
        Self::from_nanos((secs * 1e9).round() as i64)
    }

    /// Time of frame `index` in a stream of `fps` frames per second. Rounding does not add up.
    pub fn of_frame(index: u64, fps: f64) -> Self {
        Self::from_secs(index as f64 / fps)
    }

    /// Whole nanoseconds since the first frame.
    pub const fn nanos(self) -> i64 {
        self.nanos
    }

    /// Seconds since the first frame.
    pub fn secs(self) -> f64 {
        self.nanos as f64 / 1e9
    }

    /// `time` on a clock that begins at `self`.
    pub const fn until(self, time: Self) -> Self {
        Self::from_nanos(time.nanos - self.nanos)
    }

    /// Seconds from `earlier` to `self`; negative if `self` is the earlier one.
    pub fn secs_since(self, earlier: Self) -> f64 {
        (self.nanos - earlier.nanos) as f64 / 1e9
    }
}

impl Add<f64> for Timestamp {
    type Output = Self;
    /// Adds seconds.
    fn add(self, secs: f64) -> Self {
        Self::from_nanos(self.nanos + Self::from_secs(secs).nanos)
    }
}

impl Sub<f64> for Timestamp {
    type Output = Self;
    /// Subtracts seconds.
    fn sub(self, secs: f64) -> Self {
        self + -secs
    }
}

impl fmt::Display for Timestamp {
    /// `m:ss.mmm`, or `h:mm:ss.mmm` from one hour on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let millis = (self.nanos.unsigned_abs() + 500_000) / 1_000_000;
        let (secs, millis) = (millis / 1000, millis % 1000);
        let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
        if hours > 0 {
            write!(f, "{sign}{hours}:{minutes:02}:{secs:02}.{millis:03}")
        } else {
            write!(f, "{sign}{minutes}:{secs:02}.{millis:03}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_frame_index_and_its_time_agree_at_any_rate(index in 0u64..50_000_000, fps in 0.5f64..1000.0) {
            let time = Timestamp::of_frame(index, fps);
            prop_assert_eq!((time.secs() * fps).round() as u64, index);
        }

        #[test]
        fn the_difference_of_any_two_moments_fits_and_turns_its_sign_with_them(a: i64, b: i64) {
            let (a, b) = (Timestamp::from_nanos(a), Timestamp::from_nanos(b));
            prop_assert_eq!(a.secs_since(b), -b.secs_since(a));
            prop_assert_eq!(a.nanos() - b.nanos() > 0, a > b);
            prop_assert!(!a.to_string().is_empty());
        }

        #[test]
        fn seconds_added_and_taken_away_change_nothing(nanos in -1i64 << 60..1 << 60, secs in -1e6f64..1e6) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(time + secs - secs, time);
        }

        #[test]
        fn a_moment_reads_back_from_what_is_stored(nanos: i64) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(Timestamp::from_nanos(time.nanos()), time);
            let json = serde_json::to_string(&time).expect("a number");
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).expect("a moment"), time);
        }
    }

    #[test]
    fn a_frame_index_and_its_time_agree_after_ten_hours_at_29_97() {
        let fps = 30_000.0 / 1001.0;
        let index = 1_078_921;
        let time = Timestamp::of_frame(index, fps);
        assert_eq!((time.secs() * fps).round() as u64, index);
    }

    #[test]
    fn adding_and_subtracting_the_same_seconds_changes_nothing() {
        let t = Timestamp::from_secs(12.345_678_901);
        assert_eq!(t + 0.1 - 0.1, t);
    }

    #[test]
    fn display_reads_as_a_timecode() {
        assert_eq!(Timestamp::ZERO.to_string(), "0:00.000");
        assert_eq!(Timestamp::from_secs(5.25).to_string(), "0:05.250");
        assert_eq!(Timestamp::from_secs(3_725.0).to_string(), "1:02:05.000");
        assert_eq!(Timestamp::from_secs(-0.5).to_string(), "-0:00.500");
    }

    #[test]
    fn nonsense_seconds_do_not_panic() {
        assert_eq!(Timestamp::from_secs(f64::NAN), Timestamp::ZERO);
        let far = Timestamp::from_secs(f64::INFINITY);
        assert_eq!(far + 1.0, far);
    }
}
