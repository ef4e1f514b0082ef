//! `manifest.toml`: what a model file is, where it comes from, and what may be expected of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Backend, ModelError};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The models, in order of preference among those with the same task.
    pub model: Vec<Entry>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// BlazeFace: a picture to faces.
    Detect,
    /// SeetaFace, for the faces that BlazeFace misses. Not an ONNX file.
    DetectFallback,
    /// A face crop to 478 mesh points.
    Landmarks,
    /// Motion of 12 regions over time to scores.
    Spot,
    /// Three phases of 23 regions to an emotion and action units.
    Recognize,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detect => "detect",
            Self::DetectFallback => "detect-fallback",
            Self::Landmarks => "landmarks",
            Self::Spot => "spot",
            Self::Recognize => "recognize",
        })
    }
}

/// One model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the file, beside the manifest.
    pub file: String,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    /// What the model does.
    pub task: Task,
    /// The only runtime that this form of the model is for; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// In the order in which they are passed.
    #[serde(default)]
    pub inputs: Vec<Tensor>,
    /// In the order in which they are read.
    #[serde(default)]
    pub outputs: Vec<Tensor>,
    /// SPDX identifier.
    pub licence: String,
    /// Who made it, from what, by what.
    pub origin: String,
    /// What its numbers mean; for spotters and recognisers.
    #[serde(default)]
    pub calibration: Calibration,
}

/// How a model's raw numbers become what the program promises.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calibration {
    /// Spotter, micro: pairs of a score and the false alarms per minute of a threshold there, scores
    /// ascending.
    pub micro: Vec<[f32; 2]>,
    /// Spotter, macro: likewise.
    #[serde(rename = "macro")]
    pub macro_: Vec<[f32; 2]>,
    /// Spotter: rows after a row that its outputs depend on, micro and macro.
    pub look_ahead_rows: [usize; 2],
    /// Recogniser: logits are divided by this before the softmax.
    pub temperature: Option<f32>,
    /// Recogniser: below this probability, 0–1, an event reads "unclear".
    pub abstain_below: Option<f32>,
}

/// One input or output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Its name in the file.
    pub name: String,
    /// Its dimensions; -1 for a free one, of which there may be one.
    pub shape: Vec<i64>,
    /// Least and greatest value, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f32; 2]>,
}

impl Manifest {
    /// Reads the TOML; `path` is for messages.
    pub fn parse(text: &str, path: &str) -> Result<Self, ModelError> {
        toml::from_str(text)
            .map_err(|error| ModelError::Manifest { path: path.into(), error: Box::new(error) })
    }
}

impl Entry {
    /// Whether this form of the model is for `backend`.
    pub fn runs_on(&self, backend: Backend) -> bool {
        self.backend.is_none_or(|only| only == backend)
    }

    /// Holds the bytes against the hash; `path` is for messages.
    pub fn check_hash(&self, bytes: &[u8], path: &str) -> Result<(), ModelError> {
        let found: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        if found == self.sha256 {
            return Ok(());
        }
        Err(ModelError::Changed { file: path.into(), expected: self.sha256.clone(), found })
    }
}

impl Tensor {
    /// The full shape of `values` values; none where they do not fit.
    pub fn shape_of(&self, values: usize) -> Option<Vec<i64>> {
        let fixed = self.least_values();
        let free = self.shape.iter().any(|d| *d < 0);
        let fits = if free { values > 0 && values.is_multiple_of(fixed) } else { values == fixed };
        let size = |d: &i64| if *d < 0 { (values / fixed) as i64 } else { *d };
        fits.then(|| self.shape.iter().map(size).collect())
    }

    /// How many values there are when a free dimension is 1.
    pub fn least_values(&self) -> usize {
        self.shape.iter().map(|d| (*d).max(1) as usize).product()
    }

    /// Whether a shape is this one, free dimensions standing for any size on either side.
    pub fn accepts(&self, shape: &[i64]) -> bool {
        shape.len() == self.shape.len()
            && shape.iter().zip(&self.shape).all(|(a, b)| *a < 0 || *b < 0 || a == b)
    }

    /// `1x478x3`, with `?` for a free dimension.
    pub fn shape_text(&self) -> String {
        dims_text(&self.shape)
    }

    pub(super) fn mismatch(&self, file: &str, shape: &[i64]) -> ModelError {
        ModelError::Shape {
            file: file.into(),
            tensor: self.name.clone(),
            expected: self.shape_text(),
            found: dims_text(shape),
        }
    }
}

/// `1x478x3`, with `?` for a free dimension.
pub(super) fn dims_text(shape: &[i64]) -> String {
    let dim = |d: &i64| if *d < 0 { "?".into() } else { d.to_string() };
    shape.iter().map(dim).collect::<Vec<String>>().join("x")
}
