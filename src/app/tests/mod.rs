//! What tests of several panels share: a state without an outside, samples and events.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LaunchOptions;
use super::recording::Shelf;
use super::review::outside::{ExportJob, ImportJob, Opened, Screen};
use super::state::{Settings, State};
use super::studio::{Assignment, CameraChoice, Feed, Pending, Pick, Studio, Wake};
use crate::engine::{Busy, Command as EngineCommand, Preview, Update};
use crate::event::*;
use crate::export::Written;
use crate::import::ImportedLayer;
use crate::model::ModelChoice;
use crate::pipeline::quality::{Quality, Trouble};
use crate::session::{Sample, Score};
use crate::source::SourceSpec;
use crate::time::Timestamp;

mod behaviour;

/// An outside in which nothing ever happens.
struct Nowhere;

/// An engine that takes everything and says nothing.
struct Silent;

impl Feed for Silent {
    fn send(&self, _: EngineCommand) -> Result<(), Busy> {
        Ok(())
    }
    fn updates(&self) -> Vec<Update> {
        Vec::new()
    }
    fn preview(&self) -> Option<Preview> {
        None
    }
    fn finish(self: Box<Self>) -> Vec<Update> {
        Vec::new()
    }
}

impl Studio for Nowhere {
    fn start(&mut self, _: &Assignment, _: Wake) -> Box<dyn Feed> {
        Box::new(Silent)
    }
    fn stop(&mut self, _: Box<dyn Feed>, _: Wake) -> Pending<Vec<Update>> {
        Box::new(|| Some(Vec::new()))
    }
    fn look_at_shelf(&mut self, _: &Path, _: Wake) -> Pending<Shelf> {
        Box::new(|| Some(Shelf::default()))
    }
    fn delete_sessions(&mut self, _: &[PathBuf], _: Wake) -> Pending<Vec<String>> {
        Box::new(|| Some(Vec::new()))
    }
    fn find_cameras(&mut self, _: Wake) -> Pending<Result<Vec<CameraChoice>, String>> {
        Box::new(|| None)
    }
    fn open_session(
        &mut self,
        _: &Path,
        _: &ModelChoice,
        _: Wake,
    ) -> Pending<Result<Opened, String>> {
        Box::new(|| None)
    }
    fn screen(&mut self, _: &SourceSpec, _: &ModelChoice, _: Wake) -> Option<Box<dyn Screen>> {
        None
    }
    fn import(&mut self, job: ImportJob, _: Wake) -> Pending<Result<ImportedLayer, String>> {
        let mut read = Some(job.read());
        Box::new(move || read.take())
    }
    fn export(&mut self, _: ExportJob, _: Wake) -> Pending<Result<Written, String>> {
        Box::new(|| None)
    }
    fn pick(&mut self, _: Pick, _: Wake) -> Pending<Option<PathBuf>> {
        Box::new(|| None)
    }
}

/// A state in which nothing runs.
pub(crate) fn state() -> State {
    let (options, wake) = (LaunchOptions::default(), Arc::new(|| ()));
    State::new(Settings::default(), options, Box::new(Nowhere), wake)
}

/// A good frame at 30 a second.
pub(crate) fn sample(seq: u64, micro: f32) -> Sample {
    let quality = Quality { rate_fps: 30.0, ..Quality::default() };
    let score = Some(Score { micro, macro_: 0.05 });
    Sample { seq, time: Timestamp::of_frame(seq, 30.0), quality, motion: None, score }
}

/// A micro-expression of a third of a second.
pub(crate) fn event(id: u64, onset_secs: f64) -> Event {
    let moment = |secs: f64| Moment {
        frame: (secs * 30.0).round() as u64,
        time: Timestamp::from_secs(secs),
    };
    let unit = |n, side| MovingUnit { unit: ActionUnit(n), side, probability: 0.9 };
    Event {
        id,
        kind: EventKind::Micro,
        onset: moment(onset_secs),
        apex: moment(onset_secs + 0.2),
        offset: moment(onset_secs + 0.333),
        score: 0.8,
        action_units: vec![unit(12, Side::Left), unit(6, Side::Both)],
        emotion: Some(EmotionReading { probabilities: [0.1, 0.82, 0.08], clear: true }),
        trouble: Trouble::NONE,
        origin: Origin::Model,
    }
}
