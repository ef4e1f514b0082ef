//! Every setting in one place, with its unit, range, default and reason. Read from TOML and written to it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// All settings. A missing key takes its default; an unknown key is an error, because a misspelt
/// setting that does nothing is worse than none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How a face is found and followed.
    pub face: FaceConfig,
    /// When a frame counts as troubled.
    pub quality: QualityConfig,
    /// How events are flagged.
    pub spotting: SpottingConfig,
    /// What a mark is about, and the words for marks and conditions.
    pub marks: MarkConfig,
    /// Keys of the window with the names of the commands that they mean, as the command search shows them:
    /// `PageDown = "Mark this moment"`. Also `Mark: ` with a kind of marks, and `Condition: ` with a name.
    pub keys: BTreeMap<String, String>,
    /// What other programs get while a source runs.
    pub streams: StreamConfig,
    /// Sizes of queues and buffers.
    pub engine: EngineConfig,
}

/// How a face is found and followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaceConfig {
    /// Least detector confidence, 0–1. BlazeFace's authors use 0.5.
    pub min_detection: f32,
    /// Least mesh presence, 0–1, below which the face counts as lost.
    pub min_presence: f32,
    /// The mesh is computed for one frame in this many, 1–30, and at once if the flow shows that lids, mouth
    /// or head move. Between, its points move with the head. The mesh costs several times what the rest of a
    /// frame costs; 1 computes it for every frame.
    pub mesh_every_frames: u32,
    /// Where the face to analyse is when it is first found: shares of the picture's width and height, 0–1 from
    /// the top left. The nearest face is taken, and from then on only one that is near to where it was last
    /// seen. Without it the largest face is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<[f32; 2]>,
}

impl FaceConfig {
    /// [`Self::start_at`] for the face on the left of the picture.
    pub const LEFT: [f32; 2] = [0.0, 0.5];
    /// The same for the face on the right.
    pub const RIGHT: [f32; 2] = [1.0, 0.5];
}

impl Default for FaceConfig {
    fn default() -> Self {
        Self { min_detection: 0.5, min_presence: 0.5, mesh_every_frames: 6, start_at: None }
    }
}

/// When a frame counts as troubled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualityConfig {
    /// Frames per second below which a micro-expression has too few frames. The shortest micro-expression
    /// lasts about a fifth of a second.
    pub min_rate_fps: f32,
    /// Two frames further apart than this, in seconds, have a gap between them; nothing is measured across
    /// it. A micro-expression rises in about 0.17 s.
    pub max_gap_secs: f32,
    /// A lid gap below this share of the person's open lid gap is a blink, 0–1. A broad smile narrows the
    /// eyes to 0.8 of their open gap.
    pub blink_share: f32,
    /// A lip that changes direction this many times within 1.5 s is talking or chewing. Syllables come four
    /// times a second; an expression goes and returns once.
    pub talking_turns: u32,
    /// Outer-eye distances per second at which the head moves too fast for its motion to be removed.
    pub max_head_speed: f32,
    /// Degrees to the side from which half of the face is too foreshortened to be measured, 0–90.
    pub max_yaw_deg: f32,
    /// Least sharpness of the aligned face, see [`Quality::sharpness`](crate::measure::quality::Quality). A
    /// blur of 3 % of the eye distance lowers the sharpness of a good picture from 0.1 to 0.012.
    pub min_sharpness: f32,
    /// Mean grey of the face, 0–255, below which it is too dark and above which too bright.
    pub brightness_range: [f32; 2],
    /// Change of the mean grey between two frames, 0–255, from which the light counts as changed.
    pub max_light_step: f32,
    /// Outer-eye distance in the frame, pixels, below which a face is too small: at this size, a
    /// micro-expression moves a brow by a sixth of a pixel.
    pub min_eye_distance_px: f32,
}

impl Default for QualityConfig {
    fn default() -> Self {
        Self {
            min_rate_fps: 24.0,
            max_gap_secs: 0.15,
            blink_share: 0.65,
            talking_turns: 4,
            max_head_speed: 0.7,
            max_yaw_deg: 35.0,
            min_sharpness: 0.015,
            brightness_range: [25.0, 235.0],
            max_light_step: 6.0,
            min_eye_distance_px: 28.0,
        }
    }
}

/// How events are flagged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpottingConfig {
    /// Expected false alarms per minute at which the threshold stands, 0.05–20: half of them micro, half
    /// macro. Calibrated on synthetic faces that are neutral, talk or blink. The default is one in two
    /// minutes. Where events are frequent, more false alarms give results that are no better; where events
    /// are rare, they give worse ones: see `models/training/DIARY.md`.
    pub false_alarms_per_minute: f32,
}

impl Default for SpottingConfig {
    fn default() -> Self {
        Self { false_alarms_per_minute: 0.5 }
    }
}

/// What a mark is about, and the words for marks and conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarkConfig {
    /// A mark that is made while the source runs is about this many seconds before it, 0–60: a person sees the
    /// thing first and presses the key then.
    pub before_secs: f32,
    /// Words for kinds of marks, such as `question`. Each can have a key.
    pub kinds: Vec<String>,
    /// Names that are offered for conditions, in the order in which they usually come.
    pub conditions: Vec<String>,
}

impl MarkConfig {
    /// [`Self::before_secs`] in milliseconds.
    pub fn before_ms(&self) -> u32 {
        (self.before_secs * 1000.0).round() as u32
    }
}

impl Default for MarkConfig {
    fn default() -> Self {
        let conditions = ["baseline", "questions", "task 1"].map(String::from).to_vec();
        Self { before_secs: 3.0, kinds: Vec::new(), conditions }
    }
}

/// What other programs get while a source runs. The default is nothing, so that no socket is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamConfig {
    /// True if samples, events and marks go out over Lab Streaming Layer. Every machine of the network can
    /// read them then.
    pub lsl: bool,
    /// The name of a stream of another program, such as a stimulus program, whose markers become marks of the
    /// session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markers_from: Option<String>,
}

/// Sizes of queues and buffers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Frames that wait between camera and analysis, 1–64. At 30 fps, eight frames bridge a quarter of a
    /// second without loss.
    pub camera_queue_frames: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { camera_queue_frames: 8 }
    }
}

/// Why settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system answered.
        error: std::io::Error,
    },
    /// The file is not valid TOML, or holds an unknown key or a value of the wrong type.
    #[error("{path}: {error}")]
    Toml {
        /// The file.
        path: String,
        /// The fault, with its line.
        error: Box<toml::de::Error>,
    },
    /// A value outside its range.
    #[error("{path}: {key}: expected {least} to {most}, found {found}")]
    Range {
        /// The file.
        path: String,
        /// The setting, with its section.
        key: &'static str,
        /// Least value that is allowed.
        least: f64,
        /// Greatest value that is allowed.
        most: f64,
        /// The value in the file.
        found: f64,
    },
}

impl Config {
    /// Reads settings from a TOML file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = || path.display().to_string();
        let text = crate::files::read_text(path)
            .map_err(|error| ConfigError::Io { path: name(), error })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Toml { path: name(), error: Box::new(error) })?;
        match config.out_of_range() {
            None => Ok(config),
            Some((key, [least, most], found)) => {
                Err(ConfigError::Range { path: name(), key, least, most, found })
            }
        }
    }

    /// The first setting outside its range, as its key, range and value. NaN is outside every range.
    fn out_of_range(&self) -> Option<(&'static str, [f64; 2], f64)> {
        let Self { face, quality, spotting, marks, keys: _, streams: _, engine } = self;
        let [dark, bright] = quality.brightness_range;
        let [across, down] = face.start_at.unwrap_or_default();
        let settings: [(&'static str, [f64; 2], f64); 20] = [
            ("face.min_detection", [0.0, 1.0], face.min_detection.into()),
            ("face.min_presence", [0.0, 1.0], face.min_presence.into()),
            ("face.mesh_every_frames", [1.0, 30.0], face.mesh_every_frames.into()),
            ("face.start_at", [0.0, 1.0], across.into()),
            ("face.start_at", [0.0, 1.0], down.into()),
            ("quality.min_rate_fps", [1.0, 1000.0], quality.min_rate_fps.into()),
            ("quality.max_gap_secs", [0.01, 10.0], quality.max_gap_secs.into()),
            ("quality.blink_share", [0.0, 1.0], quality.blink_share.into()),
            ("quality.talking_turns", [1.0, 100.0], quality.talking_turns.into()),
            ("quality.max_head_speed", [0.01, 100.0], quality.max_head_speed.into()),
            ("quality.max_yaw_deg", [0.0, 90.0], quality.max_yaw_deg.into()),
            ("quality.min_sharpness", [0.0, 1.0], quality.min_sharpness.into()),
            ("quality.brightness_range", [0.0, 255.0], dark.into()),
            ("quality.brightness_range", [0.0, 255.0], bright.into()),
            ("quality.max_light_step", [0.1, 255.0], quality.max_light_step.into()),
            ("quality.min_eye_distance_px", [1.0, 1000.0], quality.min_eye_distance_px.into()),
            (
                "spotting.false_alarms_per_minute",
                [0.05, 20.0],
                spotting.false_alarms_per_minute.into(),
            ),
            ("marks.before_secs", [0.0, 60.0], marks.before_secs.into()),
            ("engine.camera_queue_frames", [1.0, 64.0], engine.camera_queue_frames as f64),
            ("quality.brightness_range", [f64::from(dark), 255.0], bright.into()),
        ];
        settings.into_iter().find(|(_, [least, most], value)| !(*least..=*most).contains(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_a_round_trip_through_toml() {
        let text = toml::to_string(&Config::default()).expect("serialises");
        assert_eq!(toml::from_str::<Config>(&text).expect("reads back"), Config::default());
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(toml::from_str::<Config>("").expect("empty"), Config::default());
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_it() {
        let error = toml::from_str::<Config>("[spotting]\nfalse_alarms = 1").expect_err("unknown");
        assert!(error.to_string().contains("false_alarms"));
    }
    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(Config::default().out_of_range(), None);
    }

    #[test]
    fn a_value_out_of_range_is_an_error_that_names_range_and_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.toml");
        for (text, key) in [
            ("[engine]\ncamera_queue_frames = 1000000000", "engine.camera_queue_frames"),
            ("[spotting]\nfalse_alarms_per_minute = nan", "spotting.false_alarms_per_minute"),
            ("[face]\nstart_at = [0.5, 1.5]", "face.start_at"),
            ("[quality]\nbrightness_range = [200.0, 100.0]", "quality.brightness_range"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = Config::load(&path).expect_err(text).to_string();
            assert!(error.contains("s.toml") && error.contains(key), "{error}");
            assert!(error.contains("expected"), "{error}");
        }
    }
}
