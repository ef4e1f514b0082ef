//! What made a session's numbers, so that they can be made again.

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::model::Models;

/// One model file that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// What it does: `spot`, `recognize`, …
    pub task: String,
    /// Its name in the manifest.
    pub file: String,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What made a session's numbers. Empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name and version of the program.
    pub program: String,
    /// The source as the user named it: `camera:0`, `video:clip.mp4`.
    pub source: String,
    /// Wall clock at the first frame, milliseconds since 1970, UTC.
    pub begun_at_unix_ms: Option<i64>,
    /// Settings, as a TOML file of [`Config`].
    pub settings: String,
    /// The models, in the order of their manifest.
    pub models: Vec<ModelFile>,
}

impl Provenance {
    /// What is known before a source is.
    pub fn of(models: &Models, config: &Config) -> Self {
        let file = |entry: &crate::model::Entry| ModelFile {
            task: entry.task.to_string(),
            file: entry.file.clone(),
            sha256: entry.sha256.clone(),
        };
        Self {
            program: Self::this_program(),
            // Every setting is a number, which TOML can say.
            settings: toml::to_string(config).unwrap_or_default(),
            models: models.manifest.model.iter().map(file).collect(),
            ..Self::default()
        }
    }

    /// This program's name and version.
    pub fn this_program() -> String {
        format!("fleeting {}", env!("CARGO_PKG_VERSION"))
    }
}
