//! What remains of head motion: where turning, nodding and leaning move the regions, and what is left after
//! the motion of the nose was subtracted.

use rand::Rng;

use crate::synth::behaviour::setting::Method;
use crate::synth::behaviour::timeline::HeadPose;
use crate::synth::{Person, Random};

/// Weights of bridge and tip in the dominant motion of the published box round iBUG 29 and 30.
const NOSE: [(usize, f32); 2] = [(6, 0.35), (7, 0.65)];

/// A head in front of a camera, in percent of the outer-eye distance.
#[derive(Clone, Copy, Debug)]
pub struct HeadModel {
    /// The joint about which the head turns: below and behind the eyes.
    pub pivot: [f32; 3],
    /// Distance from the camera.
    pub distance: f32,
    /// Share of turning, rolling and leaning that is subtracted in addition to the nose's motion, 0–1.
    pub stabilised: f32,
}

impl HeadModel {
    /// Draws a head: outer eyes about 9 cm apart, the camera 40 to 90 cm away.
    ///
    /// The published features subtract the nose's motion only. Our pipeline fits turning and leaning to the
    /// still parts of the face, with a small error.
    pub fn draw(random: &mut Random, method: Method) -> Self {
        Self {
            pivot: [0.0, random.random_range(80.0..150.0), random.random_range(-120.0..-60.0)],
            distance: random.random_range(450.0..1000.0),
            stabilised: match method {
                Method::Published => 0.0,
                Method::Own => random.random_range(0.4..1.0),
            },
        }
    }

    /// Where the first `R` regions of a still face appear under `pose`.
    pub fn place<const R: usize>(&self, person: &Person, pose: &HeadPose) -> [[f32; 2]; R] {
        let keep = 1.0 - self.stabilised;
        let (sp, cp) = (keep * pose.pitch).sin_cos();
        let (sy, cy) = (keep * pose.yaw).sin_cos();
        let (sr, cr) = (keep * pose.roll).sin_cos();
        let scale = (keep * pose.log_scale).exp();
        std::array::from_fn(|i| {
            let [x, y] = person.rest[i];
            let (x, y, z) = (x - self.pivot[0], y - self.pivot[1], person.depth[i] - self.pivot[2]);
            let (x, z) = (cy * x + sy * z, cy * z - sy * x);
            let (y, z) = (cp * y + sp * z, cp * z - sp * y);
            let (x, y) = (cr * x - sr * y, sr * x + cr * y);
            let [x, y, z] = [x + self.pivot[0], y + self.pivot[1], z + self.pivot[2]];
            let near = scale * self.distance / (self.distance - z).max(50.0);
            [near * x + 100.0 * pose.shift[0], near * y + 100.0 * pose.shift[1]]
        })
    }
}

/// Subtracts the motion of the nose from every region: the published removal of head motion.
///
/// `share` is the part of it that the estimate finds, near 1.
pub fn remove_nose<const R: usize>(motion: &mut [[f32; 2]; R], share: f32) {
    let nose: [f32; 2] = std::array::from_fn(|k| NOSE.iter().map(|(i, w)| w * motion[*i][k]).sum());
    for region in motion.iter_mut() {
        region[0] -= share * nose[0];
        region[1] -= share * nose[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::regions::REGIONS;
    use crate::synth::behaviour::units::UNITS;
    use proptest::prelude::*;

    fn person() -> Person {
        let spread =
            |i: usize| [(i as f32 * 37.0) % 100.0 - 50.0, (i as f32 * 23.0) % 140.0 - 70.0];
        Person {
            rest: std::array::from_fn(spread),
            depth: std::array::from_fn(|i| (i as f32 * 17.0) % 50.0),
            fields: [[[[0.0; 2]; REGIONS]; 2]; UNITS.len()],
        }
    }

    fn residue(from: HeadPose, to: HeadPose) -> f32 {
        let model = HeadModel { pivot: [0.0, 100.0, -80.0], distance: 650.0, stabilised: 0.0 };
        let (a, b) = (model.place::<12>(&person(), &from), model.place::<12>(&person(), &to));
        let mut moved: [[f32; 2]; 12] =
            std::array::from_fn(|i| [b[i][0] - a[i][0], b[i][1] - a[i][1]]);
        remove_nose(&mut moved, 1.0);
        moved.iter().flatten().fold(0.0, |most, v| most.max(v.abs()))
    }

    proptest! {
        #[test]
        fn a_pure_translation_leaves_nothing(x in -0.5f32..0.5, y in -0.5f32..0.5) {
            let shifted = HeadPose { shift: [x, y], ..HeadPose::default() };
            prop_assert!(residue(HeadPose::default(), shifted) < 1e-3);
        }

        #[test]
        fn rolling_and_leaning_leave_more_the_further_they_go(a in 0.002f32..0.05) {
            let roll = |a| residue(HeadPose::default(), HeadPose { roll: a, ..HeadPose::default() });
            let lean = |a| residue(HeadPose::default(), HeadPose { log_scale: a, ..HeadPose::default() });
            prop_assert!(roll(a) > 0.0 && roll(2.0 * a) > 1.5 * roll(a));
            prop_assert!(lean(a) > 0.0 && lean(2.0 * a) > 1.5 * lean(a));
        }
    }

    #[test]
    fn a_still_head_leaves_nothing() {
        let pose = HeadPose { yaw: 0.1, pitch: -0.05, ..HeadPose::default() };
        assert_eq!(residue(pose, pose), 0.0);
    }
}
