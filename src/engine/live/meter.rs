//! How many frames come and are analysed per second of wall-clock time.

use crate::session::record::Stats;
use std::time::{Duration, Instant};

use crate::media::image::Frame;

/// Time between two reports.
const PERIOD: Duration = Duration::from_secs(1);

/// Counts since the start, and since the last report.
#[derive(Debug)]
pub(crate) struct Meter {
    since: Instant,
    totals: Stats,
    analysed: u32,
    let_go: u32,
    busy: Duration,
    dropped_before: u64,
    frames_expected: Option<u64>,
}

impl Meter {
    pub(crate) fn start() -> Self {
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

    /// How many frames the source will have; `None` if it does not say.
    pub(crate) fn expect_frames(&mut self, frames: Option<u64>) {
        self.frames_expected = frames.filter(|&frames| frames > 0);
    }

    /// Called before the analysis of a frame.
    pub(crate) fn begin(&self) -> Instant {
        Instant::now()
    }

    /// Called after it.
    pub(crate) fn analysed(&mut self, begun: Instant, frame: &Frame) {
        self.busy += begun.elapsed();
        self.analysed += 1;
        self.totals.analysed += 1;
        self.came(frame);
    }

    /// A frame came and was dropped.
    pub(crate) fn let_go(&mut self, frame: &Frame) {
        self.let_go += 1;
        self.came(frame);
    }

    fn came(&mut self, frame: &Frame) {
        self.totals.progress =
            self.frames_expected.map(|all| ((frame.seq + 1) as f32 / all as f32).min(1.0));
    }

    /// The figures, once a second. `dropped` is how many frames the queue has dropped so far.
    pub(crate) fn stats(&mut self, dropped: u64) -> Option<Stats> {
        (self.since.elapsed() >= PERIOD).then(|| self.last_stats(dropped))
    }

    /// The counts so far, with the rates of the last report.
    pub(crate) fn totals(&self, dropped: u64) -> Stats {
        Stats { dropped, ..self.totals }
    }

    /// The figures now.
    pub(crate) fn last_stats(&mut self, dropped: u64) -> Stats {
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
