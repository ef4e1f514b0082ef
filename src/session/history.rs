//! Samples over time, kept so that a plot of any length costs the same to draw and loses no peak.

use super::Sample;

/// All samples of a session.
#[derive(Clone, Debug, Default)]
pub struct History {
    samples: Vec<Sample>,
}

impl History {
    /// Adds the next sample.
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Every sample, oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
