//! The only place that opens networks.
//!
//! `manifest.toml` describes every model. A file is compared with its hash before it is read, and its tensors
//! with their shapes before they are used.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use network::{Opened, Outlet, Runnable};

pub mod manifest;
mod mesh;
mod network;
mod onnx_runtime;
pub mod provenance;
mod rten;
pub mod runtime;
pub mod telemetry;

pub use manifest::{Calibration, Manifest, ModelEntry, Task, Tensor};
pub use runtime::{Runtime, RuntimeKind};

/// Where models come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// Those inside the program.
    #[default]
    Embedded,
    /// A folder with a `manifest.toml` and the files that it names.
    Folder(PathBuf),
}

/// The model files inside the program, so that it needs no others. To add one: a line here, and an entry in
/// `models/manifest.toml`.
static EMBEDDED: &[(&str, &[u8])] = &[
    ("blazeface_short_range.onnx", include_bytes!("../../models/blazeface_short_range.onnx")),
    ("seeta_fd_frontal_v1.0.bin", include_bytes!("../../models/seeta_fd_frontal_v1.0.bin")),
    ("face_landmarks_478.onnx", include_bytes!("../../models/face_landmarks_478.onnx")),
    ("spotter.onnx", include_bytes!("../../models/spotter.onnx")),
    ("recogniser.onnx", include_bytes!("../../models/recogniser.onnx")),
];
static EMBEDDED_MANIFEST: &str = include_str!("../../models/manifest.toml");

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system answered.
        error: std::io::Error,
    },
    /// The manifest is not valid TOML, or an entry is wrong.
    #[error("{path}: {error}")]
    Manifest {
        /// The file.
        path: String,
        /// The fault, with its line.
        error: Box<toml::de::Error>,
    },
    /// The file is not the one that the manifest describes.
    #[error("{file}: expected sha256 {expected}, found {found}: the file has changed")]
    Changed {
        /// The file.
        file: String,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the file.
        found: String,
    },
    /// No entry of the manifest has this task.
    #[error("{origin}: expected a model with task `{task}`, found none for {backend}")]
    Missing {
        /// Where the manifest is from.
        origin: String,
        /// The task that was asked for.
        task: Task,
        /// The runtime of this process.
        backend: RuntimeKind,
    },
    /// A tensor has another name, type or shape than the manifest says.
    #[error("{file}: {tensor}: expected {expected}, found {found}")]
    Shape {
        /// The file.
        file: String,
        /// Which input or output.
        tensor: String,
        /// What the manifest or the model says.
        expected: String,
        /// What the file or the caller gave.
        found: String,
    },
    /// The file is no model, or the runtime refuses it.
    #[error("{file}: {message}")]
    Refused {
        /// The file.
        file: String,
        /// The reason, in the runtime's own words.
        message: String,
    },
}

/// All models of one choice. Their hashes are checked; none is open yet.
#[derive(Clone, Debug)]
pub struct Models {
    /// The manifest.
    pub manifest: Manifest,
    /// For messages: the folder, or "embedded models".
    origin: String,
    files: Vec<Cow<'static, [u8]>>,
}

impl Models {
    /// Reads the manifest and every file it names, and checks their hashes.
    pub fn load(choice: &ModelChoice) -> Result<Self, ModelError> {
        match choice {
            ModelChoice::Embedded => Self::embedded(),
            ModelChoice::Folder(folder) => Self::from_folder(folder),
        }
    }

    /// The models that found the faces of a session: those of `offered`, or those inside the program. If
    /// neither are, `offered` is used and a warning says so.
    pub fn of_session(
        provenance: &provenance::Provenance,
        offered: &ModelChoice,
    ) -> Result<Self, ModelError> {
        let models = Self::load(offered)?;
        if provenance.has_faces_of(&models) {
            return Ok(models);
        }
        let embedded = Self::embedded()?;
        if provenance.has_faces_of(&embedded) {
            return Ok(embedded);
        }
        tracing::warn!(
            "{}: expected the face models that the session was recorded with, found others; clips may \
             differ a little from what was seen then",
            models.origin
        );
        Ok(models)
    }

    fn embedded() -> Result<Self, ModelError> {
        let origin = "embedded models";
        let manifest = Manifest::parse(EMBEDDED_MANIFEST, origin)?;
        // The bytes cannot change after the build, and a test checks their hashes.
        let file = |entry: &ModelEntry| {
            let found = EMBEDDED.iter().find(|(name, _)| *name == entry.file);
            found.map(|(_, bytes)| Cow::Borrowed(*bytes)).ok_or_else(|| ModelError::Refused {
                file: entry.file.clone(),
                message: "named by the manifest but not embedded".into(),
            })
        };
        let files = manifest.model.iter().map(file).collect::<Result<_, _>>()?;
        Ok(Self { manifest, origin: origin.into(), files })
    }

    fn from_folder(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("manifest.toml");
        let manifest =
            Manifest::parse(&String::from_utf8_lossy(&read(&path)?), &path.display().to_string())?;
        let file = |entry: &ModelEntry| {
            let path = folder.join(&entry.file);
            let bytes = read(&path)?;
            entry.check_hash(&bytes, &path.display().to_string())?;
            Ok(Cow::Owned(bytes))
        };
        let files = manifest.model.iter().map(file).collect::<Result<_, _>>()?;
        Ok(Self { manifest, origin: folder.display().to_string(), files })
    }

    /// Uses the ONNX file at `path` for `task`, with the present entry's contract and calibration. For
    /// scoring a model before it has a manifest of its own.
    pub fn replace(&mut self, task: Task, path: &Path) -> Result<(), ModelError> {
        let (index, _) = self.find(task)?;
        self.files[index] = Cow::Owned(read(path)?);
        self.manifest.model[index].file = path.display().to_string();
        Ok(())
    }

    /// True if there is a model for this task.
    pub fn has(&self, task: Task) -> bool {
        self.find(task).is_ok()
    }

    /// The manifest's entry for this task, in the form for this machine's runtime.
    pub fn entry(&self, task: Task) -> Result<&ModelEntry, ModelError> {
        self.find(task).map(|(_, entry)| entry)
    }

    /// The bytes of a model that is no ONNX file.
    pub fn bytes(&self, task: Task) -> Result<&[u8], ModelError> {
        self.find(task).map(|(index, _)| &*self.files[index])
    }

    /// Opens the model for this task and runs it once on zeros, so that the first frame is not late.
    pub fn open(&self, task: Task) -> Result<Model, ModelError> {
        let (index, entry) = self.find(task)?;
        let mut model = Model::open(entry.clone(), &self.files[index])?;
        model.warm_up()?;
        Ok(model)
    }

    fn find(&self, task: Task) -> Result<(usize, &ModelEntry), ModelError> {
        let backend = Runtime::get().backend;
        let mut entries = self.manifest.model.iter().enumerate();
        entries
            .find(|(_, e)| e.task == task && e.runs_on(backend))
            .ok_or_else(|| ModelError::Missing { origin: self.origin.clone(), task, backend })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    crate::files::read(path)
        .map_err(|error| ModelError::Io { path: path.display().to_string(), error })
}

/// One opened model.
#[derive(Debug)]
pub struct Model {
    /// Its entry in the manifest.
    pub entry: ModelEntry,
    network: Box<dyn Runnable>,
    /// One buffer for each output, reused from run to run.
    outputs: Vec<Vec<f32>>,
}

impl Model {
    fn open(entry: ModelEntry, bytes: &[u8]) -> Result<Self, ModelError> {
        let opened = match entry.task {
            // A mesh of another form runs as any network.
            Task::Landmarks => mesh::open(bytes).or_else(|why| {
                tracing::debug!("{}: not run row by row: {why}", entry.file);
                Runtime::get().open(bytes)
            }),
            _ => Runtime::get().open(bytes),
        };
        let Opened { inputs, outputs, network } =
            opened.map_err(|message| ModelError::Refused { file: entry.file.clone(), message })?;
        check_outlets(&entry, "input", &inputs, &entry.inputs)?;
        check_outlets(&entry, "output", &outputs, &entry.outputs)?;
        let outputs = vec![Vec::new(); entry.outputs.len()];
        Ok(Self { entry, network, outputs })
    }

    fn warm_up(&mut self) -> Result<(), ModelError> {
        let zeros: Vec<Vec<f32>> =
            self.entry.inputs.iter().map(|t| vec![0.0; t.least_values()]).collect();
        let views: Vec<&[f32]> = zeros.iter().map(Vec::as_slice).collect();
        self.run(&views).map(|_| ())
    }

    /// Runs the model on `inputs`, in the manifest's order and row-major. The size of a free dimension
    /// follows from the length. Returns the outputs in the manifest's order, row-major.
    pub fn run(&mut self, inputs: &[&[f32]]) -> Result<&[Vec<f32>], ModelError> {
        let Self { entry, network, outputs } = self;
        let mut given = Vec::with_capacity(inputs.len());
        for (tensor, data) in entry.inputs.iter().zip(inputs) {
            let shape = tensor.shape_of(data.len()).ok_or_else(|| ModelError::Shape {
                file: entry.file.clone(),
                tensor: tensor.name.clone(),
                expected: tensor.shape_text(),
                found: format!("{} values", data.len()),
            })?;
            given.push((tensor.name.as_str(), shape, *data));
        }
        let mut other_shape = Ok(());
        let mut take = |name: &str, shape: &[i64], data: &[f32]| {
            let mut known = entry.outputs.iter().zip(&mut *outputs);
            match known.find(|(tensor, _)| tensor.name == name) {
                Some((tensor, out)) if tensor.accepts(shape) => {
                    out.clear();
                    out.extend_from_slice(data);
                }
                Some((tensor, _)) => other_shape = Err(tensor.mismatch(&entry.file, shape)),
                None => {}
            }
        };
        let ran = network.run(&given, &mut take);
        ran.map_err(|message| ModelError::Refused { file: entry.file.clone(), message })?;
        other_shape?;
        Ok(&self.outputs)
    }
}

/// Compares what the file declares with what the manifest says, before the first frame.
fn check_outlets(
    entry: &ModelEntry,
    side: &str,
    found: &[Outlet],
    expected: &[Tensor],
) -> Result<(), ModelError> {
    for tensor in expected {
        let error = |found: String| ModelError::Shape {
            file: entry.file.clone(),
            tensor: format!("{side} `{}`", tensor.name),
            expected: tensor.shape_text(),
            found,
        };
        let outlet = found.iter().find(|outlet| outlet.name == tensor.name).ok_or_else(|| {
            let names: Vec<_> = found.iter().map(|outlet| outlet.name.as_str()).collect();
            error(format!("only {}", names.join(", ")))
        })?;
        match &outlet.shape {
            Ok(shape) if tensor.accepts(shape) && !asks_for_more(tensor, shape) => {}
            Ok(shape) => return Err(error(manifest::dims_text(shape))),
            Err(other) => return Err(error(other.clone())),
        }
    }
    if found.len() != expected.len() && side == "input" {
        return Err(ModelError::Shape {
            file: entry.file.clone(),
            tensor: "inputs".into(),
            expected: expected.len().to_string(),
            found: found.len().to_string(),
        });
    }
    Ok(())
}

/// True if a side is free in the manifest but fixed in the file.
fn asks_for_more(tensor: &Tensor, shape: &[i64]) -> bool {
    tensor.shape.iter().zip(shape).any(|(said, found)| *said < 0 && *found >= 0)
}

#[cfg(test)]
mod tests;
