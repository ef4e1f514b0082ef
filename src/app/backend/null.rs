//! A backend that does nothing, for tests and benches of the window alone.

use std::path::{Path, PathBuf};

use super::{Assignment, Backend, CameraChoice, EngineHandle, Pending, Pick, Picked, Wake};
use crate::app::recording::SessionList;
use crate::app::review::outside::{ExportJob, ImportJob, OpenedSession, SessionPictures};
use crate::engine::{Busy, EngineCommand, Preview, Update};
use crate::exchange::Written;
use crate::exchange::import::ImportedLayer;
use crate::model::ModelChoice;
use crate::model::provenance::Provenance;
use crate::source::SourceSpec;

/// A backend in which nothing ever happens.
#[derive(Clone, Copy, Debug)]
pub struct NullBackend;

/// An engine that takes every command and sends nothing.
struct Silent;

impl EngineHandle for Silent {
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

impl Backend for NullBackend {
    fn start(&mut self, _: &Assignment, _: Wake) -> Box<dyn EngineHandle> {
        Box::new(Silent)
    }
    fn stop(&mut self, _: Box<dyn EngineHandle>, _: Wake) -> Pending<Vec<Update>> {
        Box::new(|| Some(Vec::new()))
    }
    fn list_sessions(&mut self, _: &Path, _: Wake) -> Pending<SessionList> {
        Box::new(|| Some(SessionList::default()))
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
    ) -> Pending<Result<OpenedSession, String>> {
        Box::new(|| None)
    }
    fn screen(
        &mut self,
        _: &SourceSpec,
        _: &Provenance,
        _: &ModelChoice,
        _: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        None
    }
    fn import(&mut self, job: ImportJob, _: Wake) -> Pending<Result<ImportedLayer, String>> {
        let mut read = Some(job.read());
        Box::new(move || read.take())
    }
    fn export(&mut self, _: ExportJob, _: Wake) -> Pending<Result<Written, String>> {
        Box::new(|| None)
    }
    fn pick(&mut self, _: Pick, _: Wake) -> Pending<Picked> {
        Box::new(|| None)
    }
}
