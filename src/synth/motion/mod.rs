//! Motion without pictures: what would be measured at the regions in a recording of a face.

use rand::Rng;

use super::behaviour::distributions::{log_normal, normal};
use super::behaviour::setting::{Method, RecordingPlace, Setting};
use super::behaviour::timeline::{Pose, Timeline};
use super::behaviour::units::UNITS;
use super::render::camera::{CameraModel, Estimator, GRID_FPS, Shot, to_grid};
use super::rig::head::{HeadModel, remove_nose};
use super::{Person, Random, Rig};
use crate::measure::regions::{MIRRORED, REGIONS};
use noise::{Change, NoiseModel};

pub mod added;
pub mod features;
pub mod noise;
pub mod npy;
#[cfg(test)]
mod realism;
pub mod recognition;
pub mod spotting;

/// Everything between a face and its measured motion.
#[derive(Clone, Debug)]
pub struct RecordingSetup {
    /// The times of the frames.
    pub camera: CameraModel,
    /// The head in front of the camera.
    pub head: HeadModel,
    /// Errors of the flow.
    pub noise: NoiseModel,
    /// How the motion of a region is measured.
    pub estimator: Estimator,
    /// Share of the nose's motion that the removal of head motion subtracts.
    pub nose_share: f32,
}

/// Median speed of a still region, percent of the outer-eye distance per frame, and the standard deviation of
/// its logarithm from recording to recording. Other movements add to it.
///
/// Published features: .11 px at 190 px. Our own pipeline: .020 on the rendered demo; on still portraits with
/// ordinary sensor noise, .027 at an eye distance of 92 px and .016 at 160 px. A small compressed webcam face
/// shows twice that, with a tail ten times as long.
fn still_percent(setting: Setting) -> (f64, f64) {
    match (setting.place, setting.method) {
        (RecordingPlace::Laboratory, Method::Published) => (0.062, 0.2),
        (RecordingPlace::Laboratory, Method::Own) => (0.032, 0.3),
        (RecordingPlace::Home, Method::Published) => (0.062, 0.4),
        (RecordingPlace::Home, Method::Own) => (0.040, 0.5),
    }
}

impl RecordingSetup {
    /// Draws the properties of a recording.
    pub fn draw(random: &mut Random, setting: Setting) -> Self {
        let camera = CameraModel::draw(random, setting.place);
        let mut still = log_normal(random, still_percent(setting)) as f32;
        if camera.fps > GRID_FPS && setting.method == Method::Published {
            // Errors of neighbouring frames cancel in part: between not at all and like independent errors.
            let cancels = random.random_range(0.2..0.8);
            still *= (GRID_FPS / camera.fps).powf(cancels) as f32;
        }
        let (estimator, noise) = Estimator::draw(random, setting, still);
        Self {
            camera,
            head: HeadModel::draw(random, setting.method),
            noise: NoiseModel::draw(random, setting, noise),
            estimator,
            nose_share: random.random_range(0.9..1.05),
        }
    }

    /// A perfect measurement at 30 frames per second.
    #[cfg(test)]
    pub fn perfect() -> Self {
        Self {
            camera: CameraModel::steady(GRID_FPS),
            head: HeadModel { pivot: [0.0, 100.0, -80.0], distance: 650.0, stabilised: 0.0 },
            noise: NoiseModel::none(),
            estimator: Estimator::exact(),
            nose_share: 1.0,
        }
    }

    /// Motion of the first `R` regions at grid frames 0 to `frames`: percent of the outer-eye distance per
    /// 1/30 s, head motion removed.
    pub fn film<const R: usize>(
        &self,
        random: &mut Random,
        timeline: &Timeline,
        person: &Person,
        frames: usize,
    ) -> Vec<[[f32; 2]; R]> {
        let shots = self.camera.shots(random, frames as f64 / GRID_FPS);
        let poses: Vec<Pose> = shots.iter().map(|s| timeline.sample(s.content_secs)).collect();
        let mut motion = self.true_motion(&poses, &shots, person);
        let change = |(pose, shot): (&[Pose], &[Shot])| Change {
            brighter: (pose[1].gain / pose[0].gain).ln(),
            head_percent: pose[0].head.travel_percent(pose[1].head),
            repeats: shot[1].content_secs == shot[0].content_secs,
        };
        let changes: Vec<Change> = poses.windows(2).zip(shots.windows(2)).map(change).collect();
        self.noise.add(random, &mut motion, &changes, self.camera.fps);
        self.estimator.read(&mut motion);
        to_grid(&shots, &motion, frames)
    }

    /// Displacement of the regions from `from` to `to` without errors of measurement.
    pub fn displacement<const R: usize>(
        &self,
        from: &Pose,
        to: &Pose,
        person: &Person,
    ) -> [[f32; 2]; R] {
        let (a, b) = (self.appearance(from, person), self.appearance(to, person));
        self.without_head(&a, &b)
    }

    fn true_motion<const R: usize>(
        &self,
        poses: &[Pose],
        shots: &[Shot],
        person: &Person,
    ) -> Vec<[[f32; 2]; R]> {
        let mut motion = Vec::with_capacity(shots.len());
        let mut before = None;
        for pose in poses {
            let now = self.appearance(pose, person);
            if let Some(before) = &before {
                motion.push(self.without_head(before, &now));
            }
            before = Some(now);
        }
        motion
    }

    /// Where the regions appear on the turned face, with the skin moved.
    fn appearance<const R: usize>(&self, pose: &Pose, person: &Person) -> [[f32; 2]; R] {
        let mut points = self.head.place(person, &pose.head);
        let skin: [[f32; 2]; R] = person.displacement(&pose.units);
        for (i, (point, by)) in points.iter_mut().zip(skin).enumerate() {
            let along = if LIPS.contains(&i) { self.estimator.along_lips } else { 1.0 };
            point[0] += self.estimator.gain * along * by[0];
            point[1] += self.estimator.gain * by[1];
        }
        points
    }

    fn without_head<const R: usize>(
        &self,
        from: &[[f32; 2]; R],
        to: &[[f32; 2]; R],
    ) -> [[f32; 2]; R] {
        let mut moved = std::array::from_fn(|i| [to[i][0] - from[i][0], to[i][1] - from[i][1]]);
        remove_nose(&mut moved, self.nose_share);
        moved
    }
}

/// The regions on the lips, whose edges are horizontal.
const LIPS: std::ops::Range<usize> = 8..12;

/// Draws a person from `rig` and varies their movements: the direction in which each unit moves the skin, how
/// much each region takes part, and the exact places of the regions.
///
/// A rig is the mean of many faces, but muscles differ from person to person.
pub fn individual(random: &mut Random, rig: &dyn Rig) -> Person {
    let mut person = rig.person(random);
    let spread = random.random_range(0.0..0.25f32);
    for unit in 0..UNITS.len() {
        let [wide, high] = [0.35, 0.2].map(|sd| log_normal(random, (1.0, sd)) as f32);
        let (sin, cos) = ((0.2 * normal(random)) as f32).sin_cos();
        let largest =
            person.fields[unit].iter().flatten().map(|v| v[0].hypot(v[1])).fold(0.0, f32::max);
        let strange: [[f32; 2]; REGIONS] = std::array::from_fn(|_| {
            [0.04 * largest * normal(random) as f32, 0.04 * largest * normal(random) as f32]
        });
        let share: [f32; REGIONS] =
            std::array::from_fn(|_| (1.0 + 0.2 * normal(random) as f32).max(0.0));
        for (side, field) in person.fields[unit].iter_mut().enumerate() {
            // Right halves turn the other way, so that the face stays roughly symmetric.
            let sin = if side == 0 { sin } else { -sin };
            let own = *field;
            for (i, v) in field.iter_mut().enumerate() {
                let near = neighbour(i);
                let mix = |k: usize| (1.0 - spread) * own[i][k] + spread * own[near][k];
                let (x, y) = (wide * mix(0), high * mix(1));
                let strange = if side == 0 { strange[i] } else { strange[MIRRORED[i]] };
                let strange = if own[i] == [0.0; 2] { [0.0; 2] } else { strange };
                *v = [
                    share[i] * (cos * x - sin * y) + strange[0],
                    share[i] * (sin * x + cos * y) + strange[1],
                ];
            }
        }
    }
    person
}

/// The neighbour of a region, whose motion a large or misplaced window also includes.
fn neighbour(region: usize) -> usize {
    const NEXT: [usize; REGIONS] =
        [1, 0, 1, 4, 5, 4, 7, 6, 9, 8, 9, 18, 14, 15, 12, 13, 7, 7, 11, 2, 3, 8, 10];
    NEXT[region]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::{ActionUnit, EventKind};
    use crate::synth::behaviour::expression::expression;
    use crate::synth::{FacsRig, UnitWeights};
    use proptest::prelude::*;
    use rand::SeedableRng;
    use std::sync::LazyLock;

    static RIG: LazyLock<FacsRig> = LazyLock::new(|| FacsRig::new().expect("embedded faces"));

    fn shown(seed: u64, size: f32) -> Timeline {
        let mut activation =
            expression(&mut Random::seed_from_u64(seed), EventKind::Micro, None, 0.5);
        activation.units.iter_mut().for_each(|u| u.halves = u.halves.map(|w| w * size));
        Timeline { duration_secs: 2.0, activations: vec![activation], ..Timeline::default() }
    }

    fn largest(motion: &[[[f32; 2]; 12]]) -> f32 {
        motion.iter().flatten().map(|v| v[0].hypot(v[1])).fold(0.0, f32::max)
    }

    fn film(timeline: &Timeline, person: &Person) -> Vec<[[f32; 2]; 12]> {
        RecordingSetup::perfect().film(&mut Random::seed_from_u64(1), timeline, person, 60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_larger_expression_moves_more(seed: u64) {
            let person = individual(&mut Random::seed_from_u64(seed), &*RIG);
            let moved = |size| largest(&film(&shown(seed, size), &person));
            prop_assert!(moved(1.0) <= moved(1.5) && moved(1.5) <= moved(3.0));
        }

        #[test]
        fn the_mirrored_expression_on_the_mirrored_face_is_the_mirrored_motion(seed: u64) {
            let person = individual(&mut Random::seed_from_u64(seed), &*RIG);
            let mut other = shown(seed, 1.0);
            for a in &mut other.activations {
                a.units.iter_mut().for_each(|u| *u = u.mirrored());
            }
            let motion = film(&shown(seed, 1.0), &person);
            let mirrored = film(&other, &person.mirrored());
            for (a, b) in motion.iter().zip(&mirrored) {
                for i in 0..12 {
                    let [x, y] = b[MIRRORED[i]];
                    prop_assert!((a[i][0] + x).abs() < 1e-4 && (a[i][1] - y).abs() < 1e-4);
                }
            }
        }

        #[test]
        fn the_steps_of_a_film_add_up_to_the_displacement(seed: u64) {
            let (timeline, person) = (shown(seed, 1.0), RIG.person(&mut Random::seed_from_u64(seed)));
            let motion = film(&timeline, &person);
            let (from, to) = (timeline.sample(0.0), timeline.sample(59.0 / 30.0));
            let whole: [[f32; 2]; 12] = RecordingSetup::perfect().displacement(&from, &to, &person);
            for i in 0..12 {
                for axis in 0..2 {
                    let sum: f32 = motion[1..].iter().map(|m| m[i][axis]).sum();
                    prop_assert!((sum - whole[i][axis]).abs() < 1e-3);
                }
            }
        }
    }

    #[test]
    fn a_face_at_rest_does_not_move() {
        let person = individual(&mut Random::seed_from_u64(3), &*RIG);
        let nothing: [[f32; 2]; REGIONS] = person.displacement(&UnitWeights::default());
        assert_eq!(nothing, [[0.0; 2]; REGIONS]);
        assert_eq!(largest(&film(&Timeline::default(), &person)), 0.0);
    }

    #[test]
    fn every_recognised_unit_moves_some_region() {
        let person = individual(&mut Random::seed_from_u64(4), &*RIG);
        for unit in ActionUnit::RECOGNISED {
            let mut weights = UnitWeights::default();
            weights.add(unit, [1.0; 2]);
            let moved: [[f32; 2]; REGIONS] = person.displacement(&weights);
            let most = moved.iter().map(|v| v[0].hypot(v[1])).fold(0.0, f32::max);
            assert!(most > 0.05, "{unit:?} {most}");
        }
    }

    #[test]
    fn the_rate_of_the_camera_does_not_change_how_far_a_face_moves() {
        let person = RIG.person(&mut Random::seed_from_u64(5));
        let timeline = shown(5, 3.0);
        let total = |fps: f64| {
            let recording =
                RecordingSetup { camera: CameraModel::steady(fps), ..RecordingSetup::perfect() };
            let motion: Vec<[[f32; 2]; 12]> =
                recording.film(&mut Random::seed_from_u64(1), &timeline, &person, 60);
            motion[..25].iter().map(|m| m[1][1]).sum::<f32>()
        };
        assert!((total(200.0) - total(30.0)).abs() < 0.05 * total(30.0).abs() + 0.01);
    }
}
