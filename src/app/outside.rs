//! The backend, and the tasks that run there.

use super::backend::{Backend, CameraChoice, Pending, Pick, Picked, Wake};
use super::review::outside::OpenedSession;
use super::waking::EngineWakes;
use crate::config::Config;
use crate::engine::Update;

/// Tasks that run in the backend.
#[derive(Default)]
pub(super) struct Tasks {
    pub cameras: Option<Pending<Result<Vec<CameraChoice>, String>>>,
    pub pick: Option<(Pick, Pending<Picked>)>,
    pub stop: Option<Pending<Vec<Update>>>,
    pub session: Option<Pending<Result<OpenedSession, String>>>,
    pub analysis: Option<Pending<Vec<Update>>>,
}

/// The backend, its running tasks, and the settings with which engines are started.
pub(super) struct Outside {
    pub backend: Box<dyn Backend>,
    /// Makes the window draw again.
    pub wake: Wake,
    pub engine_wakes: EngineWakes,
    pub tasks: Tasks,
    pub config: Config,
    /// Frames per second for any source that is opened.
    pub fps: Option<f64>,
}

impl Outside {
    pub(super) fn new(
        backend: Box<dyn Backend>,
        wake: Wake,
        config: Config,
        fps: Option<f64>,
    ) -> Self {
        let engine_wakes = EngineWakes::both(&wake);
        Self { backend, wake, engine_wakes, tasks: Tasks::default(), config, fps }
    }
}
