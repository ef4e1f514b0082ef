//! The thread in which the face mesh looks at the next frame while the analysis measures the present one.

use super::worker::{Keep, Worker, WorkerThread};
use crate::config::Config;
use crate::model::{ModelError, Models};
use crate::pipeline::Pipeline;
use crate::pipeline::face::landmarks::{LookAhead, MeshLook, MeshNetwork};

/// The analysis' end of the thread.
struct MeshAhead {
    worker: Worker<Box<MeshLook>, Box<MeshLook>>,
    is_under_way: bool,
}

/// A pipeline that looks ahead in a thread of its own, where there is a second core for it. Its numbers are
/// those of any other.
pub fn pipeline(models: &Models, config: &Config) -> Result<Pipeline, ModelError> {
    let mut pipeline = Pipeline::new(models, config)?;
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Ok(pipeline);
    }
    let mut network = MeshNetwork::new(models)?;
    let body = move |end: WorkerThread<Box<MeshLook>, Box<MeshLook>>| {
        while let Some(mut look) = end.next() {
            look.make(&mut network);
            if end.answer(look).is_err() {
                break;
            }
        }
    };
    match Worker::start("fleeting-mesh", Keep::Newest, Keep::All(1), body, || ()) {
        Ok(worker) => pipeline.look_ahead_with(Box::new(MeshAhead { worker, is_under_way: false })),
        Err(error) => tracing::warn!("the mesh does not look ahead: {error}"),
    }
    Ok(pipeline)
}

impl LookAhead for MeshAhead {
    fn begin(&mut self, look: Box<MeshLook>) {
        self.worker.ask(look);
        self.is_under_way = true;
    }

    fn fetch(&mut self) -> Option<Box<MeshLook>> {
        if !std::mem::replace(&mut self.is_under_way, false) {
            return None;
        }
        self.worker.wait_for_answer()
    }
}
