//! Which frames are measured, and how far apart they are.
//!
//! Above 45 frames a second, two neighbouring frames hold little motion and the same noise. So only the
//! frames nearest to a 30 Hz grid are measured. All times come from the frames, so that a recording is
//! treated as it was live.

use std::collections::VecDeque;

use crate::measure::time::Timestamp;

/// Frames per second above which some frames are left out.
const FASTEST_FPS: f64 = 45.0;
/// Seconds between two points of the grid.
const GRID_SECS: f64 = 1.0 / 30.0;
/// The rate is counted over this time, seconds.
const RATE_SECS: f64 = 1.0;

/// What the time of the next frame says about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// True if the frame is measured. Other frames take their score from their neighbours.
    pub measured: bool,
    /// Seconds since the last measured frame; `None` for the first.
    pub dt_secs: Option<f64>,
    /// Frames per second over the last second; 0 for the first frame.
    pub rate_fps: f32,
}

/// Chooses the frames of one stream that are measured.
#[derive(Clone, Debug, Default)]
pub struct FrameScheduler {
    recent: VecDeque<Timestamp>,
    measured: Option<Timestamp>,
    due: Option<Timestamp>,
}

impl FrameScheduler {
    /// Forgets the stream.
    pub fn reset(&mut self) {
        self.recent.clear();
        (self.measured, self.due) = (None, None);
    }

    /// Takes the next frame's time. A frame whose time does not advance is never measured, because motion is
    /// measured per time.
    pub fn tick(&mut self, time: Timestamp) -> Tick {
        let newest = self.recent.back().copied();
        if newest.is_some_and(|newest| time <= newest) {
            return Tick { measured: false, dt_secs: None, rate_fps: self.rate_fps() };
        }
        let step_secs = newest.map_or(f64::INFINITY, |newest| time.secs_since(newest));
        self.recent.push_back(time);
        while self.recent.front().is_some_and(|first| time.secs_since(*first) > RATE_SECS + 1e-6) {
            self.recent.pop_front();
        }
        let rate_fps = self.rate_fps();
        let is_fast = step_secs < 1.0 / FASTEST_FPS;
        let nearest = self.due.is_none_or(|due| time + step_secs * 0.5 >= due);
        if is_fast && !nearest {
            return Tick { measured: false, dt_secs: None, rate_fps };
        }
        let dt_secs = self.measured.map(|before| time.secs_since(before));
        self.measured = Some(time);
        // After a pause the grid starts again at this frame; it does not catch up.
        let on_grid = if is_fast { self.due.unwrap_or(time) } else { time };
        self.due = Some(on_grid + GRID_SECS);
        Tick { measured: true, dt_secs, rate_fps }
    }

    fn rate_fps(&self) -> f32 {
        match (self.recent.front(), self.recent.back()) {
            (Some(first), Some(last)) if last > first => {
                ((self.recent.len() - 1) as f64 / last.secs_since(*first)) as f32
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(fps: f64, frames: u64) -> Vec<f64> {
        let mut scheduler = FrameScheduler::default();
        let times = (0..frames).map(|i| Timestamp::of_frame(i, fps));
        times.filter(|t| scheduler.tick(*t).measured).map(|t| t.secs()).collect()
    }

    #[test]
    fn up_to_45_fps_every_frame_is_measured() {
        for fps in [10.0, 25.0, 30.0, 44.0] {
            assert_eq!(measured(fps, 100).len(), 100, "{fps}");
        }
    }

    #[test]
    fn faster_streams_are_measured_30_times_a_second() {
        for fps in [50.0, 60.0, 90.0, 120.0, 200.0] {
            let times = measured(fps, (fps * 10.0) as u64);
            assert!((295..=305).contains(&times.len()), "{fps}: {}", times.len());
            for pair in times.windows(2) {
                let off = (pair[1] - pair[0] - GRID_SECS).abs();
                assert!(off <= 1.0 / fps + 1e-6, "{fps}: {off}");
            }
        }
    }

    #[test]
    fn the_rate_is_the_frame_rate() {
        let mut scheduler = FrameScheduler::default();
        let last = (0..100).map(|i| scheduler.tick(Timestamp::of_frame(i, 29.97)).rate_fps).last();
        assert!(last.is_some_and(|rate| (rate - 29.97).abs() < 0.01), "{last:?}");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second_and_none_before_two_frames() {
        let mut scheduler = FrameScheduler::default();
        assert_eq!(scheduler.tick(Timestamp::from_secs(0.0)).rate_fps, 0.0);
        let fast = (1..60).map(|i| f64::from(i) / 30.0);
        let slow = (20..40).map(|i| f64::from(i) / 10.0);
        let last =
            fast.chain(slow).map(|secs| scheduler.tick(Timestamp::from_secs(secs)).rate_fps).last();
        assert!(last.is_some_and(|rate| (rate - 10.0).abs() < 0.01), "{last:?}");
    }

    #[test]
    fn a_frame_a_second_is_a_rate_of_one() {
        let mut scheduler = FrameScheduler::default();
        let last = (0..9).map(|i| scheduler.tick(Timestamp::of_frame(i, 1.0)).rate_fps).last();
        assert_eq!(last, Some(1.0));
    }

    #[test]
    fn after_a_reset_the_next_frame_is_the_first() {
        let mut scheduler = FrameScheduler::default();
        for i in 0..50 {
            scheduler.tick(Timestamp::of_frame(i, 100.0));
        }
        scheduler.reset();
        let first = Tick { measured: true, dt_secs: None, rate_fps: 0.0 };
        assert_eq!(scheduler.tick(Timestamp::from_secs(0.2)), first);
    }

    #[test]
    fn after_a_pause_the_grid_does_not_catch_up() {
        let mut scheduler = FrameScheduler::default();
        let times = (0..100).map(|i| f64::from(i) / 100.0 + if i < 50 { 0.0 } else { 0.7 });
        let measured: Vec<f64> =
            times.filter(|t| scheduler.tick(Timestamp::from_secs(*t)).measured).collect();
        assert!(measured.windows(2).all(|pair| pair[1] - pair[0] > 0.02), "{measured:?}");
    }

    #[test]
    fn a_time_that_does_not_advance_is_not_measured() {
        let mut scheduler = FrameScheduler::default();
        let t = Timestamp::from_secs(1.0);
        assert!(scheduler.tick(t).measured);
        assert!(!scheduler.tick(t).measured && !scheduler.tick(t - 0.5).measured);
        assert!(scheduler.tick(t + 0.04).measured);
    }
}
