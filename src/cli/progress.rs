//! The progress bar on standard error; draws nothing if that is not a terminal.

use std::cell::Cell;

use indicatif::{ProgressBar, ProgressStyle};

use crate::measure::time::Timestamp;
use crate::media::stream::SourceInfo;

/// How far the reading of a source is.
pub(super) struct Progress {
    bar: ProgressBar,
    by_frames: bool,
    /// Number of the first frame, which may be above zero in a folder of a data set.
    first: Cell<Option<u64>>,
}

impl Progress {
    /// Counts frames if their number is known, else time up to `limit_secs`, else shows no end.
    pub(super) fn new(info: &SourceInfo, limit_secs: Option<f64>) -> Self {
        let by_frames = limit_secs.is_none() && info.frames.is_some();
        let millis = limit_secs.map(|secs| (secs * 1000.0) as u64);
        Self {
            bar: bar(if by_frames { info.frames } else { millis }),
            by_frames,
            first: Cell::new(None),
        }
    }

    /// Called after a frame.
    pub(super) fn show(&self, seq: u64, time: Timestamp) {
        let millis = time.nanos().max(0).unsigned_abs() / 1_000_000;
        let first = self.first.get().unwrap_or(seq);
        self.first.set(Some(first));
        self.bar.set_position(if self.by_frames { seq + 1 - first.min(seq) } else { millis });
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of `length` steps, or one without an end.
pub(super) fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{percent:>3} % {wide_bar} {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {elapsed}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
