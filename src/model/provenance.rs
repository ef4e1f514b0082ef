//! The models and settings with which the numbers of a session were made, so that they can be made again.

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::model::{Models, Task};

/// One model file that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Its task: `spot`, `recognise`, …
    pub task: String,
    /// Its name in the manifest.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The models and settings that made a session's numbers. Empty if they are not known.
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
    /// What is known before a source is open.
    pub fn of(models: &Models, config: &Config) -> Self {
        let file = |entry: &crate::model::ModelEntry| ModelFile {
            task: entry.task.to_string(),
            file: entry.file.clone(),
            sha256: entry.sha256.clone(),
        };
        Self {
            program: Self::this_program(),
            // Every setting is a number, which TOML can hold.
            settings: toml::to_string(config).unwrap_or_default(),
            models: models.manifest.model.iter().map(file).collect(),
            ..Self::default()
        }
    }

    /// What is known about a run whose models are not open yet.
    pub fn of_settings(config: &Config, source: String) -> Self {
        let settings = toml::to_string(config).unwrap_or_default();
        Self { program: Self::this_program(), source, settings, ..Self::default() }
    }

    /// The settings. The defaults if none are known, or if another version wrote settings that this one
    /// cannot read.
    pub fn config(&self) -> Config {
        toml::from_str(&self.settings).unwrap_or_else(|error| {
            tracing::warn!("the session's settings cannot be read, the defaults are used: {error}");
            Config::default()
        })
    }

    /// True if `models` has every file named here that finds and follows faces.
    pub fn has_faces_of(&self, models: &Models) -> bool {
        let tasks = [Task::Detect, Task::DetectFallback, Task::Landmarks].map(|t| t.to_string());
        let mut of_faces = self.models.iter().filter(|file| tasks.contains(&file.task));
        let entries = &models.manifest.model;
        of_faces.all(|file| entries.iter().any(|entry| entry.sha256 == file.sha256))
    }

    /// This program's name and version.
    pub fn this_program() -> String {
        format!("fleeting {}", env!("CARGO_PKG_VERSION"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelChoice;

    #[test]
    fn settings_come_back_as_they_were() {
        let mut config = Config::default();
        config.face.mesh_every_frames = 3;
        let provenance = Provenance::of_settings(&config, "demo:1".into());
        assert_eq!(provenance.config(), config);
        assert_eq!(Provenance::default().config(), Config::default());
        let foreign = Provenance { settings: "[face]\nunheard_of = 1".into(), ..provenance };
        assert_eq!(foreign.config(), Config::default());
    }

    #[test]
    fn the_models_of_a_session_are_known_by_their_bytes() {
        let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
        let mut provenance = Provenance::of(&models, &Config::default());
        assert!(provenance.has_faces_of(&models));
        let of_faces = provenance.models.iter_mut().find(|file| file.task == "landmarks");
        of_faces.expect("named").sha256 = "0".repeat(64);
        assert!(!provenance.has_faces_of(&models));
        assert!(Models::of_session(&provenance, &ModelChoice::Embedded).is_ok(), "with a warning");
    }
}
