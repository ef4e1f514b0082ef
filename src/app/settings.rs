//! Settings that are stored when the program ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::OverlayLayer;
use crate::config::Config;
use crate::session::clip::slow_loop::LoopSpeed;

/// Possible false alarms per minute.
pub const FALSE_ALARMS: std::ops::RangeInclusive<f32> = 0.05..=20.0;

/// Settings that are stored. They hold no path, no name, and nothing that the camera saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// True for dark, false for light; `None` follows the system.
    pub dark: Option<bool>,
    /// True if the mesh is drawn.
    pub landmarks: bool,
    /// True if the regions are drawn.
    pub regions: bool,
    /// True if motion is drawn.
    pub arrows: bool,
    /// Speed at which events are looped.
    pub loop_speed: LoopSpeed,
    /// Expected false alarms per minute.
    pub false_alarms_per_minute: f32,
    /// Keys that were bound, with the names of their commands.
    pub keys: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dark: None,
            landmarks: true,
            regions: false,
            arrows: true,
            loop_speed: LoopSpeed::default(),
            false_alarms_per_minute: Config::default().spotting.false_alarms_per_minute,
            keys: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// True if a layer is drawn.
    pub fn shows(&self, layer: OverlayLayer) -> bool {
        match layer {
            OverlayLayer::Landmarks => self.landmarks,
            OverlayLayer::Regions => self.regions,
            OverlayLayer::Arrows => self.arrows,
        }
    }

    pub(super) fn toggle(&mut self, layer: OverlayLayer) {
        let shown = match layer {
            OverlayLayer::Landmarks => &mut self.landmarks,
            OverlayLayer::Regions => &mut self.regions,
            OverlayLayer::Arrows => &mut self.arrows,
        };
        *shown = !*shown;
    }
}
