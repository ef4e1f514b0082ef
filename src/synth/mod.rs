//! The generator of labelled facial motion and labelled video, without the face of any real person.
//!
//! A [`Timeline`] says what a person's face does and when: action units with side and size, blinks, talking,
//! gaze, head. A [`Rig`] says how that moves the skin. Three uses share them: training features (motion only,
//! thousands of hours), labelled video for the whole pipeline, and the demo source. Every default names its
//! published source, in [`behaviour::published`].
//!
//! The same seed gives the same data, on every machine and in every thread.
//!
//! | folder | what it makes |
//! |---|---|
//! | [`behaviour`] | what happens and when: published figures, expressions, nuisances, scenario, timeline |
//! | [`rig`] | where action units move the skin: measured on faces (training), or by FACS rules (built in) |
//! | [`motion`] | training sets: motion without pictures, as a camera and flow would measure it |
//! | [`render`] | pictures: portrait, scene, camera, video |

pub mod behaviour;
pub mod motion;
pub mod render;
pub mod rig;

pub use behaviour::scenario::ScenarioConfig;
pub use behaviour::timeline::{Activation, HeadPose, Pose, Timeline};
pub use behaviour::units::{UnitMove, UnitWeights};
pub use render::Renderer;
pub use render::sensor::SensorModel;
pub use rig::facs_rig::FacsRig;

use crate::measure::regions::{MIRRORED, REGIONS};

/// The generator's random numbers: the same stream for the same seed on every platform.
pub type Random = rand_chacha::ChaCha8Rng;

/// A geometry of faces: how action units move the skin.
///
/// Training uses one rig and validates on another; everything that draws motion takes any of them.
pub trait Rig {
    /// Draws one person.
    fn person(&self, random: &mut Random) -> Person;
}

/// The motion of the 23 regions of one person, in percent of the outer-eye distance, x right, y down, in the
/// aligned face (outer eye corners level).
///
/// Displacement is linear in the unit weights, because the movements are a few percent.
#[derive(Clone, Debug)]
pub struct Person {
    /// Places of the regions at rest. The origin is midway between the outer eye corners.
    pub rest: [[f32; 2]; REGIONS],
    /// How far each region stands out towards the camera, from the same origin.
    pub depth: [f32; REGIONS],
    /// Displacement of the regions for weight 1 of each unit (in the order of [`behaviour::units::UNITS`]), in
    /// the person's left and right half.
    pub fields: [[[[f32; 2]; REGIONS]; 2]; behaviour::units::UNITS.len()],
}

impl Person {
    /// Displacement of the first `R` regions for the given weights.
    pub fn displacement<const R: usize>(&self, weights: &UnitWeights) -> [[f32; 2]; R] {
        let mut moved = [[0.0; 2]; R];
        for (unit, sides) in self.fields.iter().enumerate() {
            for (side, field) in sides.iter().enumerate() {
                let weight = weights.halves[unit][side];
                if weight != 0.0 {
                    for (to, by) in moved.iter_mut().zip(field) {
                        to[0] += weight * by[0];
                        to[1] += weight * by[1];
                    }
                }
            }
        }
        moved
    }

    /// The same person in a mirror.
    pub fn mirrored(&self) -> Self {
        let mirror = |field: &[[f32; 2]; REGIONS]| MIRRORED.map(|i| [-field[i][0], field[i][1]]);
        Self {
            rest: mirror(&self.rest),
            depth: MIRRORED.map(|i| self.depth[i]),
            fields: std::array::from_fn(|unit| {
                [mirror(&self.fields[unit][1]), mirror(&self.fields[unit][0])]
            }),
        }
    }
}
