//! What this machine has: runtime, models, cameras, display, ffmpeg.

use std::process::{Command, Stdio};

use serde::Serialize;

use crate::model::{Models, Runtime, RuntimeKind};
use crate::source::camera;

/// The runtime that runs the models.
#[derive(Debug, Serialize)]
pub(super) struct RuntimeFound {
    pub(super) name: String,
    /// True if it is a library of the machine, false for the embedded runtime.
    pub(super) is_onnx_runtime: bool,
    /// Libraries that were skipped, each with the reason.
    pub(super) skipped: Vec<[String; 2]>,
}

/// The runtime that this process uses.
pub(super) fn runtime() -> RuntimeFound {
    let runtime = Runtime::get();
    // A loader's reason can have many lines; the first one is enough.
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let skipped = runtime.skipped.iter();
    RuntimeFound {
        name: runtime.to_string(),
        is_onnx_runtime: runtime.backend == RuntimeKind::OnnxRuntime,
        skipped: skipped.map(|(p, why)| [p.display().to_string(), first_line(why)]).collect(),
    }
}

/// One model file.
#[derive(Debug, Serialize)]
pub(super) struct ModelFound {
    pub(super) task: String,
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) licence: String,
    pub(super) origin: String,
    /// True if this machine's runtime uses this entry.
    pub(super) is_used: bool,
}

/// Every model of the manifest. Their hashes were checked when they were loaded.
pub(super) fn models(models: &Models) -> Vec<ModelFound> {
    let entries = models.manifest.model.iter();
    entries
        .map(|entry| ModelFound {
            task: entry.task.to_string(),
            file: entry.file.clone(),
            sha256: entry.sha256.clone(),
            licence: entry.licence.clone(),
            origin: entry.origin.clone(),
            is_used: models.entry(entry.task).is_ok_and(|used| used.file == entry.file),
        })
        .collect()
}

/// One camera.
#[derive(Debug, Serialize)]
pub(super) struct CameraFound {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) formats: Vec<String>,
    pub(super) trouble: Option<String>,
}

/// Every camera.
pub(super) fn cameras() -> Vec<CameraFound> {
    let found = camera::list().into_iter();
    found
        .map(|entry| CameraFound {
            index: entry.index,
            name: entry.name,
            formats: entry.formats.iter().map(ToString::to_string).collect(),
            trouble: entry.trouble.map(|failure| failure.to_string()),
        })
        .collect()
}

/// The version that ffmpeg reports; `None` if it does not start.
pub(super) fn ffmpeg() -> Option<String> {
    let output = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next()?;
    Some(first.split(" Copyright").next().unwrap_or(first).trim().to_owned())
}
