//! What stays from one start of the program to the next.

use serde::{Deserialize, Serialize};

use super::command::OverlayLayer;
use crate::config::Config;
use crate::session::clip::slow_loop::LoopSpeed;

/// What may be asked for, false alarms per minute.
pub const FALSE_ALARMS: std::ops::RangeInclusive<f32> = 0.05..=20.0;

/// What stays from one start of the program to the next. No path, no name, nothing of what was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark or light; `None` is what the system prefers.
    pub dark: Option<bool>,
    /// The mesh is drawn.
    pub landmarks: bool,
    /// The regions are drawn.
    pub regions: bool,
    /// Motion is drawn.
    pub arrows: bool,
    /// How slowly events are looped.
    pub loop_speed: LoopSpeed,
    /// Expected false alarms per minute.
    pub false_alarms_per_minute: f32,
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
