//! The time axis that all plots share: which seconds are visible, and if they follow the newest moment.

use std::ops::RangeInclusive;

/// Least and greatest visible time, seconds: some frames, and a long day.
const SPAN_SECS: RangeInclusive<f64> = 0.5..=36_000.0;

/// Visible seconds at the start: several events fit, and the shape of each can be seen.
const DEFAULT_SPAN_SECS: f64 = 20.0;

/// The visible seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeWindow {
    /// True if the newest moment stays at the right edge.
    pub follows: bool,
    span_secs: f64,
    /// Right edge, seconds; used only while not following.
    end_secs: f64,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self { follows: true, span_secs: DEFAULT_SPAN_SECS, end_secs: DEFAULT_SPAN_SECS }
    }
}

impl TimeWindow {
    /// First and last visible second. `newest_secs` is the newest moment.
    pub fn range(&self, newest_secs: f64) -> (f64, f64) {
        let end = if self.follows { newest_secs.max(self.span_secs) } else { self.end_secs };
        (end - self.span_secs, end)
    }

    /// Moves by `secs` and stops following.
    pub fn pan(&mut self, secs: f64, newest_secs: f64) {
        if secs.is_finite() && secs != 0.0 {
            self.hold(newest_secs);
            self.end_secs += secs;
            self.keep_near(newest_secs);
        }
    }

    /// Shows `factor` times less time round `around_secs` (`None` means the middle), and stops following.
    pub fn zoom(&mut self, factor: f64, around_secs: Option<f64>, newest_secs: f64) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        self.hold(newest_secs);
        let (first, last) = self.range(newest_secs);
        let around = around_secs.filter(|a| a.is_finite()).unwrap_or((first + last) / 2.0);
        let span = (self.span_secs / factor).clamp(*SPAN_SECS.start(), *SPAN_SECS.end());
        // The moment `around` keeps its place in the view.
        self.end_secs = around + (last - around) * span / self.span_secs;
        self.span_secs = span;
        self.keep_near(newest_secs);
    }

    /// Keeps the newest moment in view again.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// Puts the first moment at the left edge.
    pub fn go_to_start(&mut self) {
        self.follows = false;
        self.end_secs = self.span_secs;
    }

    /// Makes `first` to `last` visible, moving no more than needed.
    pub fn reveal(&mut self, first: f64, last: f64, newest_secs: f64) {
        let (left, right) = self.range(newest_secs);
        let margin = self.span_secs * 0.1;
        if first < left {
            self.pan(first - margin - left, newest_secs);
        } else if last > right {
            self.pan(last + margin - right, newest_secs);
        }
    }

    /// Shows from `first` to `last` with a little beside them, and stops following.
    pub fn show(&mut self, first: f64, last: f64, newest_secs: f64) {
        let span = (last - first) * 1.04;
        if span.is_finite() {
            self.span_secs = span.clamp(*SPAN_SECS.start(), *SPAN_SECS.end());
            self.end_secs = (first + last + self.span_secs) / 2.0;
            self.follows = false;
            self.keep_near(newest_secs);
        }
    }

    /// Stops following; the visible seconds stay the same.
    pub fn hold(&mut self, newest_secs: f64) {
        self.end_secs = self.range(newest_secs).1;
        self.follows = false;
    }

    /// Keeps some data visible.
    fn keep_near(&mut self, newest_secs: f64) {
        let least = self.span_secs * 0.2;
        let most = newest_secs.max(0.0) + self.span_secs * 0.8;
        self.end_secs = self.end_secs.clamp(least, most.max(least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn following_keeps_the_newest_moment_at_the_right_edge() {
        assert_eq!(TimeWindow::default().range(100.0), (80.0, 100.0));
    }

    #[test]
    fn a_short_session_starts_at_the_left_edge() {
        assert_eq!(TimeWindow::default().range(3.0), (0.0, 20.0));
    }

    #[test]
    fn panning_stops_following_and_follow_returns() {
        let mut timeline = TimeWindow::default();
        timeline.pan(-5.0, 100.0);
        assert_eq!(timeline.range(100.0), (75.0, 95.0));
        assert_eq!(timeline.range(130.0), (75.0, 95.0), "stands still while live goes on");
        timeline.follow();
        assert_eq!(timeline.range(130.0), (110.0, 130.0));
    }

    #[test]
    fn an_event_in_view_moves_nothing_and_one_out_of_view_comes_in() {
        let mut timeline = TimeWindow::default();
        timeline.reveal(90.0, 90.3, 100.0);
        assert!(timeline.follows);
        timeline.reveal(10.0, 10.3, 100.0);
        let (left, right) = timeline.range(100.0);
        assert!(!timeline.follows && left < 10.0 && right > 10.3);
    }

    #[test]
    fn a_stretch_is_shown_with_a_little_beside_it() {
        let mut timeline = TimeWindow::default();
        timeline.show(50.0, 60.0, 100.0);
        let (left, right) = timeline.range(100.0);
        assert!((49.0..50.0).contains(&left) && right > 60.0 && right < 61.0, "{left} {right}");
    }

    proptest! {
        #[test]
        fn zooming_keeps_the_moment_under_the_pointer(
            around in 80.0f64..99.99, factor in 0.2f64..5.0,
        ) {
            let mut timeline = TimeWindow::default();
            timeline.pan(-0.001, 100.0);
            let share = |t: &TimeWindow| {
                let (left, right) = t.range(100.0);
                (around - left) / (right - left)
            };
            let before = share(&timeline);
            timeline.zoom(factor, Some(around), 100.0);
            let (left, right) = timeline.range(100.0);
            // Unless that would leave no data in view.
            if right - (right - left) * 0.8 < 99.9 && right > (right - left) * 0.21 {
                prop_assert!((share(&timeline) - before).abs() < 1e-6);
            }
        }

        #[test]
        fn whatever_is_asked_some_data_stays_in_view(
            moves in prop::collection::vec((-1e6f64..1e6, 0.01f64..100.0), 1..20),
            newest in 0.0f64..1e5,
        ) {
            let mut timeline = TimeWindow::default();
            for (secs, factor) in moves {
                timeline.pan(secs, newest);
                timeline.zoom(factor, Some(secs), newest);
                let (left, right) = timeline.range(newest);
                prop_assert!(left < right && right.is_finite());
                prop_assert!(left <= newest && right >= 0.0, "{left} {right}");
            }
        }
    }
}
