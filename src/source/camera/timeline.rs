//! One clock and one count for a camera, also when it is unplugged and comes back.
//!
//! A driver stamps pictures on a clock of its own, which may start again when the device comes back. That
//! clock gives the exact time between pictures. It is compared with the clock of arrival, which never stops.

use std::time::{Duration, Instant};

use crate::measure::time::Timestamp;
use crate::media::stream::TimeZero;

/// A difference between the driver's clock and the arrival clock beyond this means that the driver's clock
/// has jumped, seconds.
const MAX_DISAGREEMENT_SECS: f64 = 0.5;

/// A jump in the driver's count beyond this means that the count started again, not a loss.
const MAX_JUMP: u32 = 1000;

/// After a gap longer than this, seconds, a driver's count without a jump is not trusted: the missing
/// pictures are estimated from the time. A slow camera in the dark still sends several pictures a second.
const LONG_GAP_SECS: f64 = 1.0;

/// Gives every picture its number and its time.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// The first picture, whose time is zero.
    zero: Option<TimeZero>,
    /// The same moment on the driver's clock and on ours.
    anchor: Option<(Duration, Timestamp)>,
    last_sequence: Option<u32>,
    last_time: Option<Timestamp>,
    next_seq: u64,
    /// True if the device was opened again and no picture has come since.
    after_gap: bool,
}

/// Number and time of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    pub(super) seq: u64,
    pub(super) time: Timestamp,
    /// Pictures lost since the previous one.
    pub(super) lost: u64,
    /// Seconds since the previous picture.
    pub(super) since_last_secs: f64,
}

impl Timeline {
    /// When the first picture came.
    pub(super) fn zero(&self) -> Option<TimeZero> {
        self.zero
    }

    /// The device will be opened again: its count and its clock no longer hold.
    pub(super) fn interrupt(&mut self) {
        self.after_gap = self.last_time.is_some();
        self.last_sequence = None;
    }

    /// Stamps a picture that arrived now, of a stream with `interval_secs` between pictures.
    pub(super) fn stamp(
        &mut self,
        arrival: Instant,
        captured: Option<Duration>,
        sequence: Option<u32>,
        interval_secs: f64,
    ) -> Stamp {
        let time = self.time(arrival, captured);
        let since_last_secs = self.last_time.map_or(0.0, |last| time.secs_since(last));
        let by_time = ((since_last_secs / interval_secs).round() - 1.0).max(0.0) as u64;
        let lost = if std::mem::take(&mut self.after_gap) {
            by_time
        } else {
            match self.lost_by_count(sequence) {
                0 if since_last_secs > LONG_GAP_SECS => by_time,
                lost => lost,
            }
        };
        self.last_sequence = sequence;
        self.last_time = Some(time);
        let seq = self.next_seq + lost;
        self.next_seq = seq + 1;
        Stamp { seq, time, lost, since_last_secs }
    }

    fn time(&mut self, arrival: Instant, captured: Option<Duration>) -> Timestamp {
        let zero = *self.zero.get_or_insert(TimeZero { arrived: arrival, captured });
        let by_arrival = Timestamp::from_secs((arrival - zero.arrived).as_secs_f64());
        let time = captured.map_or(by_arrival, |captured| {
            let (then, at) = *self.anchor.get_or_insert((captured, by_arrival));
            let by_driver = at + (captured.as_secs_f64() - then.as_secs_f64());
            if by_driver.secs_since(by_arrival).abs() <= MAX_DISAGREEMENT_SECS {
                return by_driver;
            }
            self.anchor = Some((captured, by_arrival));
            by_arrival
        });
        match self.last_time {
            Some(last) if time <= last => Timestamp::from_nanos(last.nanos() + 1),
            _ => time,
        }
    }

    fn lost_by_count(&self, sequence: Option<u32>) -> u64 {
        match (self.last_sequence, sequence) {
            (Some(last), Some(now)) => match now.wrapping_sub(last) {
                step @ 2..=MAX_JUMP => u64::from(step - 1),
                _ => 0,
            },
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL_SECS: f64 = 0.04;

    /// Stamps pictures given as (arrival ms, driver ms, driver count).
    struct Bench {
        start: Instant,
        timeline: Timeline,
    }

    impl Bench {
        fn new() -> Self {
            Self { start: Instant::now(), timeline: Timeline::default() }
        }

        fn stamp(&mut self, arrival_ms: u64, driver_ms: Option<u64>, count: Option<u32>) -> Stamp {
            let arrival = self.start + Duration::from_millis(arrival_ms);
            let captured = driver_ms.map(Duration::from_millis);
            self.timeline.stamp(arrival, captured, count, INTERVAL_SECS)
        }
    }

    fn millis(stamp: Stamp) -> f64 {
        (stamp.time.secs() * 1000.0).round()
    }

    #[test]
    fn the_drivers_clock_gives_the_distance_whatever_the_arrival_jitter() {
        let mut bench = Bench::new();
        let times: Vec<f64> = [(0, 9000), (55, 9040), (81, 9080), (139, 9120)]
            .map(|(arrival, driver)| millis(bench.stamp(arrival, Some(driver), None)))
            .to_vec();
        assert_eq!(times, [0.0, 40.0, 80.0, 120.0]);
    }

    #[test]
    fn without_a_drivers_clock_arrival_counts() {
        let mut bench = Bench::new();
        assert_eq!(millis(bench.stamp(0, None, None)), 0.0);
        assert_eq!(millis(bench.stamp(43, None, None)), 43.0);
    }

    #[test]
    fn a_jump_in_the_drivers_count_is_a_counted_loss() {
        let mut bench = Bench::new();
        bench.stamp(0, None, Some(7));
        let stamp = bench.stamp(160, None, Some(11));
        assert_eq!((stamp.seq, stamp.lost), (4, 3));
        assert_eq!(bench.stamp(200, None, Some(12)).seq, 5);
    }

    #[test]
    fn a_driver_that_does_not_count_loses_nothing() {
        let mut bench = Bench::new();
        let seqs: Vec<u64> = (0..4).map(|i| bench.stamp(i * 40, None, Some(0)).seq).collect();
        assert_eq!(seqs, [0, 1, 2, 3]);
    }

    #[test]
    fn after_a_long_standstill_a_count_that_says_nothing_is_not_believed() {
        for count in [None, Some(0), Some(5000)] {
            let mut bench = Bench::new();
            bench.stamp(0, Some(500), count.map(|_| 0));
            let stamp = bench.stamp(60_000, Some(60_500), count);
            assert_eq!((stamp.seq, stamp.lost), (1500, 1499), "{count:?}");
        }
    }

    #[test]
    fn after_a_gap_the_missing_pictures_are_counted_by_time() {
        let mut bench = Bench::new();
        bench.stamp(0, Some(500), Some(0));
        bench.stamp(40, Some(540), Some(1));
        bench.timeline.interrupt();
        let stamp = bench.stamp(2040, Some(2540), Some(0));
        assert_eq!((stamp.seq, stamp.lost, stamp.since_last_secs), (51, 49, 2.0));
    }

    #[test]
    fn a_drivers_clock_that_starts_anew_does_not_turn_ours_back() {
        let mut bench = Bench::new();
        bench.stamp(0, Some(800_000), None);
        bench.timeline.interrupt();
        assert_eq!(millis(bench.stamp(3000, Some(12), None)), 3000.0);
        assert_eq!(millis(bench.stamp(3045, Some(52), None)), 3040.0);
    }

    proptest::proptest! {
        #[test]
        fn time_and_number_only_ever_grow(
            steps in proptest::collection::vec((0u64..3000, 0u64..100_000, 0u32..5000, 0u8..10), 1..40),
        ) {
            let mut bench = Bench::new();
            let mut arrival = 0;
            let mut last: Option<Stamp> = None;
            for (step, driver, count, chance) in steps {
                arrival += step;
                if chance == 0 {
                    bench.timeline.interrupt();
                }
                let stamp = bench.stamp(arrival, Some(driver), Some(count));
                if let Some(last) = last {
                    proptest::prop_assert!(stamp.time > last.time && stamp.seq > last.seq);
                }
                last = Some(stamp);
            }
        }
    }
}
