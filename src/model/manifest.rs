//! `manifest.toml`: what a model file is, where it comes from, and what its outputs mean.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ModelError, RuntimeKind};

/// Greatest number of values in a tensor. The largest here, a picture of 256×256, has 200,000.
const MOST_VALUES: i64 = 1 << 24;

/// Greatest number of rows that a spotter may wait for: half a minute.
const MOST_LOOK_AHEAD_ROWS: usize = 1024;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The models, in order of preference among those with the same task.
    pub model: Vec<ModelEntry>,
}

/// The task of a model.
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
    // The name in the manifests of earlier versions.
    #[serde(alias = "recognize")]
    Recognise,
}

impl Task {
    /// Number of inputs and number of outputs.
    fn tensors(self) -> (usize, usize) {
        match self {
            Self::Detect | Self::Landmarks => (1, 2),
            Self::DetectFallback => (0, 0),
            Self::Spot => (1, 1),
            Self::Recognise => (3, 2),
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detect => "detect",
            Self::DetectFallback => "detect-fallback",
            Self::Landmarks => "landmarks",
            Self::Spot => "spot",
            Self::Recognise => "recognise",
        })
    }
}

/// One model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Name of the file, beside the manifest.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The task of the model.
    pub task: Task,
    /// The only runtime that this form of the model is for; `None` means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<RuntimeKind>,
    /// In the order in which they are passed.
    #[serde(default)]
    pub inputs: Vec<Tensor>,
    /// In the order in which they are read.
    #[serde(default)]
    pub outputs: Vec<Tensor>,
    /// SPDX identifier.
    pub licence: String,
    /// Who made it, from what, and with what.
    pub origin: String,
    /// How its outputs are read; for spotters and recognisers.
    #[serde(default)]
    pub calibration: Calibration,
}

/// How the raw numbers of a model become scores, probabilities and thresholds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calibration {
    /// Spotter, micro: pairs of a score and the false alarms per minute at a threshold of that score, scores
    /// ascending.
    pub micro: Vec<[f32; 2]>,
    /// Spotter, macro: the same.
    #[serde(rename = "macro")]
    pub macro_: Vec<[f32; 2]>,
    /// Spotter: number of later rows that the outputs of a row depend on, micro and macro.
    pub look_ahead_rows: [usize; 2],
    /// Recogniser: the logits are divided by this before the softmax.
    pub temperature: Option<f32>,
    /// Recogniser: an event whose best probability, 0–1, is below this reads "unclear".
    pub abstain_below: Option<f32>,
}

/// One input or output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Its name in the file.
    pub name: String,
    /// Its dimensions. -1 means a free one, of which there may be one.
    pub shape: Vec<i64>,
    /// Least and greatest value, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f32; 2]>,
}

impl Manifest {
    /// Reads the TOML; `path` is for messages.
    pub fn parse(text: &str, path: &str) -> Result<Self, ModelError> {
        let manifest: Self = toml::from_str(text)
            .map_err(|error| ModelError::Manifest { path: path.into(), error: Box::new(error) })?;
        match manifest.model.iter().find_map(|entry| entry.fault().map(|fault| (entry, fault))) {
            None => Ok(manifest),
            Some((entry, fault)) => {
                let message = format!("entry `{}`: {fault}", entry.file);
                Err(ModelError::Refused { file: path.into(), message })
            }
        }
    }
}

impl ModelEntry {
    /// A fault of the entry, as "expected …, found …". A manifest may not name a file outside its folder, nor
    /// claim unlimited memory.
    fn fault(&self) -> Option<String> {
        let Self { file, sha256, task, inputs, outputs, calibration, .. } = self;
        let name = Path::new(file).file_name();
        if name.is_none_or(|name| name != file.as_str()) || file.contains('\\') {
            return Some("expected the name of a file beside the manifest, found a path".into());
        }
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(format!("expected 64 hexadecimal digits as sha256, found `{sha256}`"));
        }
        let bad = inputs.iter().chain(outputs).find(|tensor| !tensor.is_possible());
        if let Some(Tensor { name, shape, .. }) = bad {
            let found = dims_text(shape);
            let expected = format!("at most one free dimension and {MOST_VALUES} values");
            return Some(format!("tensor `{name}`: expected {expected}, found {found}"));
        }
        let (given, read) = task.tensors();
        for (key, tensors, count) in [("inputs", inputs, given), ("outputs", outputs, read)] {
            let names: HashSet<_> = tensors.iter().map(|tensor| &tensor.name).collect();
            if tensors.len() != count || names.len() != count {
                let found: Vec<_> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
                let found = if found.is_empty() { "none".into() } else { found.join(", ") };
                return Some(format!("{key}: expected {count} for `{task}`, found {found}"));
            }
        }
        calibration.fault().map(|(key, expected)| format!("calibration.{key}: expected {expected}"))
    }

    /// True if this form of the model is for `backend`.
    pub fn runs_on(&self, backend: RuntimeKind) -> bool {
        self.backend.is_none_or(|only| only == backend)
    }

    /// Compares the hash of the bytes with the manifest; `path` is for messages.
    pub fn check_hash(&self, bytes: &[u8], path: &str) -> Result<(), ModelError> {
        let found: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        if found == self.sha256 {
            return Ok(());
        }
        Err(ModelError::Changed { file: path.into(), expected: self.sha256.clone(), found })
    }
}

impl Calibration {
    /// The first value that is not allowed: its key, and what was expected.
    fn fault(&self) -> Option<(&'static str, &'static str)> {
        let is_table = |pairs: &[[f32; 2]]| {
            pairs.iter().flatten().all(|value| value.is_finite() && *value >= 0.0)
                && pairs.is_sorted_by(|a, b| a[0] <= b[0] && a[1] >= b[1])
        };
        let table = "pairs of a score and a rate, scores ascending and rates descending";
        let within = |value: Option<f32>, range: std::ops::RangeInclusive<f32>| {
            value.is_none_or(|value| range.contains(&value))
        };
        let rows = self.look_ahead_rows.iter().all(|rows| *rows <= MOST_LOOK_AHEAD_ROWS);
        [
            ("micro", table, is_table(&self.micro)),
            ("macro", table, is_table(&self.macro_)),
            ("look_ahead_rows", "at most 1024 rows", rows),
            ("temperature", "a number from 0.001 to 1000", within(self.temperature, 1e-3..=1e3)),
            ("abstain_below", "a probability from 0 to 1", within(self.abstain_below, 0.0..=1.0)),
        ]
        .into_iter()
        .find_map(|(key, expected, holds)| (!holds).then_some((key, expected)))
    }
}

impl Tensor {
    /// True if its size is allowed.
    fn is_possible(&self) -> bool {
        let free = self.shape.iter().filter(|side| **side < 0).count();
        let mut fixed = self.shape.iter().filter(|side| **side >= 0);
        let values = fixed.try_fold(1i64, |all, side| all.checked_mul((*side).max(1)));
        free <= 1 && values.is_some_and(|values| values <= MOST_VALUES)
    }

    /// The full shape of `values` values; `None` if they do not fit.
    pub fn shape_of(&self, values: usize) -> Option<Vec<i64>> {
        let fixed = self.least_values();
        let free = self.shape.iter().any(|d| *d < 0);
        let fits = if free { values > 0 && values.is_multiple_of(fixed) } else { values == fixed };
        let size = |d: &i64| if *d < 0 { (values / fixed) as i64 } else { *d };
        fits.then(|| self.shape.iter().map(size).collect())
    }

    /// Number of values if the free dimension is 1.
    pub fn least_values(&self) -> usize {
        self.shape.iter().map(|d| (*d).max(1) as usize).product()
    }

    /// True if `shape` is this shape. A free dimension matches any size.
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
