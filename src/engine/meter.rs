//! How fast frames come and go, by the wall clock.

use std::time::{Duration, Instant};

use crate::image::Frame;

/// How often the figures are told.
const PERIOD: Duration = Duration::from_secs(1);

/// How the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Frames analysed so far.
    pub analysed: u64,
    /// Frames the camera queue dropped so far.
    pub dropped: u64,
    /// Frames per second the source delivers.
    pub source_fps: f32,
    /// Frames per second analysed.
    pub analysis_fps: f32,
    /// Mean milliseconds of analysis per frame.
    pub frame_ms: f32,
    /// How much of a recording is done, 0–1; none for a source without a known end.
    pub progress: Option<f32>,
}

/// Counts since the start, and since the figures were last told.
#[derive(Debug)]
pub(super) struct Meter {
    since: Instant,
    totals: Stats,
    analysed: u32,
    let_go: u32,
    busy: Duration,
    dropped_before: u64,
    frames_expected: Option<u64>,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self {
            since: Instant::now(),
            totals: Stats::default(),
            analysed: 0,
            let_go: 0,
            busy: Duration::ZERO,
            dropped_before: 0,
            frames_expected: None,
        }
    }

    /// How many frames the source will have, where it knows.
    pub(super) fn expect_frames(&mut self, frames: Option<u64>) {
        self.frames_expected = frames.filter(|&frames| frames > 0);
    }

    /// Before a frame's analysis.
    pub(super) fn begin(&self) -> Instant {
        Instant::now()
    }

    /// After it.
    pub(super) fn analysed(&mut self, begun: Instant, frame: &Frame) {
        self.busy += begun.elapsed();
        self.analysed += 1;
        self.totals.analysed += 1;
        self.came(frame);
    }

    /// A frame came and was not wanted.
    pub(super) fn let_go(&mut self, frame: &Frame) {
        self.let_go += 1;
        self.came(frame);
    }

    fn came(&mut self, frame: &Frame) {
        self.totals.progress =
            self.frames_expected.map(|all| ((frame.seq + 1) as f32 / all as f32).min(1.0));
    }

    /// The figures, once a second; `dropped` counts what the queue dropped so far.
    pub(super) fn stats(&mut self, dropped: u64) -> Option<Stats> {
        (self.since.elapsed() >= PERIOD).then(|| self.last_stats(dropped))
    }

    /// The counts so far; the rates are those last told.
    pub(super) fn totals(&self, dropped: u64) -> Stats {
        Stats { dropped, ..self.totals }
    }

    /// The figures now.
    pub(super) fn last_stats(&mut self, dropped: u64) -> Stats {
        let secs = self.since.elapsed().as_secs_f32().max(1e-3);
        let lost = dropped.saturating_sub(self.dropped_before) as f32;
        self.totals.dropped = dropped;
        self.totals.analysis_fps = self.analysed as f32 / secs;
        self.totals.source_fps = (self.analysed + self.let_go) as f32 / secs + lost / secs;
        self.totals.frame_ms = if self.analysed == 0 {
            0.0
        } else {
            self.busy.as_secs_f32() * 1e3 / self.analysed as f32
        };
        let (totals, frames_expected) = (self.totals, self.frames_expected);
        *self = Self { totals, frames_expected, dropped_before: dropped, ..Self::start() };
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u64) -> Frame {
        Frame { seq, ..Frame::default() }
    }

    #[test]
    fn counts_go_on_and_rates_start_anew() {
        let mut meter = Meter::start();
        meter.expect_frames(Some(10));
        (0..5).for_each(|seq| meter.analysed(meter.begin(), &frame(seq)));
        let first = meter.last_stats(3);
        assert_eq!((first.analysed, first.dropped, first.progress), (5, 3, Some(0.5)));
        assert!(first.source_fps > first.analysis_fps);
        let second = meter.last_stats(3);
        assert_eq!((second.analysed, second.dropped), (5, 3));
        assert_eq!((second.analysis_fps, second.source_fps, second.frame_ms), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_figures_come_no_more_than_once_a_second() {
        assert_eq!(Meter::start().stats(0), None);
    }
}
