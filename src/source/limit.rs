//! Ends any source after a given time on its own clock.

use crate::media::stream::{Next, Source, SourceError, SourceInfo, TimeZero};

/// A source that ends early.
pub(super) struct Limited {
    /// The source itself.
    pub(super) inner: Box<dyn Source>,
    /// Frames at this time or later, in seconds, are not delivered.
    pub(super) limit_secs: f64,
}

impl Source for Limited {
    fn info(&self) -> &SourceInfo {
        self.inner.info()
    }

    fn time_zero(&self) -> Option<TimeZero> {
        self.inner.time_zero()
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        match self.inner.next()? {
            Next::Frame(frame) if frame.time.secs() >= self.limit_secs => Ok(Next::End),
            next => Ok(next),
        }
    }
}
