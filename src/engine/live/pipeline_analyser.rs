//! The pipeline as an analyser: it turns frames into samples and events.

use super::analysis::Analyser;
use crate::measure::baseline::Baseline;
use crate::measure::effort::Effort;
use crate::measure::sample::Score;
use crate::media::image::Frame;
use crate::model::ModelError;
use crate::model::provenance::Provenance;
use crate::pipeline::{Output, Pipeline};

impl Analyser for Pipeline {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        Pipeline::push(self, frame, output)
    }
    fn foresee(&mut self, frame: &Frame) {
        Pipeline::foresee(self, frame);
    }
    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        Pipeline::finish(self, output)
    }
    fn set_false_alarms_per_minute(&mut self, rate: f32) {
        Pipeline::set_false_alarms_per_minute(self, rate);
    }
    fn threshold(&self) -> Score {
        Pipeline::threshold(self)
    }
    fn set_effort(&mut self, effort: Effort) {
        Pipeline::set_effort(self, effort);
    }
    fn set_baseline(&mut self, baseline: &Baseline) {
        Pipeline::set_baseline(self, baseline);
    }
    fn drop_baseline(&mut self) {
        Pipeline::drop_baseline(self);
    }
    fn provenance(&self) -> Provenance {
        Pipeline::provenance(self).clone()
    }
}
