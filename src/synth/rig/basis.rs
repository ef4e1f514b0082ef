//! A rig from a morphable face: ICT-FaceKit's neutral face, identity modes and expression shapes.
//!
//! For training only; its file is not part of the program. Only the 68 landmarks are kept.

use std::path::Path;

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use rand::Rng;

use crate::measure::regions::REGIONS;
use crate::media::npz::{Archive, ArrayError};
use crate::synth::behaviour::distributions::normal;
use crate::synth::behaviour::units::UNITS;
use crate::synth::motion::npy::{Half, Text};
use crate::synth::{Person, Random, Rig};

type Points3 = [[f32; 3]; LANDMARKS];

const LANDMARKS: usize = 68;

/// Strength of the identity modes: a little less than the standard normal to which they are scaled, so that
/// no face is a caricature.
const IDENTITY_SD: f64 = 0.8;

/// Standard deviations of the pose of a head at rest, radians: pitch, yaw, roll.
const VIEW_SD: [f64; 3] = [0.10, 0.12, 0.04];

/// The face model, reduced to its landmarks: centimetres, x to the person's left, y up, z forwards.
#[derive(Clone, Debug)]
pub struct BasisRig {
    neutral: Points3,
    identities: Vec<Points3>,
    /// Displacement for weight 1 of the left and right half of each unit.
    units: [[Points3; 2]; UNITS.len()],
}

/// Why a face basis could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub struct BasisError {
    /// The file.
    pub path: String,
    /// What was expected and what was found.
    pub what: String,
}

impl BasisRig {
    /// Reads an `.npz` file with `neutral` f32 `[V,3]`, `identities` f16 `[M,V,3]`, `expressions` f16
    /// `[S,V,3]`, `expression_names` str `[S]` (ARKit names) and `landmarks68` i32 `[68]`.
    pub fn load(path: &Path) -> Result<Self, BasisError> {
        let fail = |what: String| BasisError { path: path.display().to_string(), what };
        let array = |name: &str, error: ArrayError| fail(format!("{name}: {error}"));
        let opened = Archive::open(path).map_err(|e| fail(e.to_string()))?;
        let mut file =
            opened.map_err(|found| fail(format!("expected an .npz file, found {found}")))?;
        let neutral: Array2<f32> = file.array("neutral").map_err(|e| array("neutral", e))?;
        let identities: Array3<Half> =
            file.array("identities").map_err(|e| array("identities", e))?;
        let expressions: Array3<Half> =
            file.array("expressions").map_err(|e| array("expressions", e))?;
        let names: Array1<Text> =
            file.array("expression_names").map_err(|e| array("expression_names", e))?;
        let landmarks: Array1<i32> =
            file.array("landmarks68").map_err(|e| array("landmarks68", e))?;

        let vertices = neutral.nrows();
        let fits = |shape: &[usize]| shape[1] == vertices && shape[2] == 3;
        if neutral.ncols() != 3
            || !fits(identities.shape())
            || !fits(expressions.shape())
            || expressions.shape()[0] != names.len()
            || landmarks.len() != LANDMARKS
            || landmarks.iter().any(|v| usize::try_from(*v).is_ok_and(|v| v >= vertices) || *v < 0)
        {
            return Err(fail(format!(
                "expected {vertices}x3 points in every mode and 68 landmarks among them, found \
                 identities {:?}, expressions {:?} with {} names, {} landmarks",
                identities.shape(),
                expressions.shape(),
                names.len(),
                landmarks.len()
            )));
        }
        let at = |i: usize| landmarks[i] as usize;
        let of = |mode: ArrayView2<'_, Half>| -> Points3 {
            std::array::from_fn(|i| std::array::from_fn(|k| mode[[at(i), k]].0))
        };
        let shape = |name: &str| -> Result<Points3, BasisError> {
            let index = names.iter().position(|n| n.0 == name);
            let index =
                index.ok_or_else(|| fail(format!("expected a shape {name}, found none")))?;
            Ok(of(expressions.index_axis(Axis(0), index)))
        };
        let neutral: Points3 =
            std::array::from_fn(|i| std::array::from_fn(|k| neutral[[at(i), k]]));
        let mut units = [[[[0.0; 3]; LANDMARKS]; 2]; UNITS.len()];
        for (unit, halves) in UNITS.iter().zip(&mut units) {
            for (name, gain) in shapes_of(unit.0) {
                add_shape(halves, name, *gain, &neutral, &shape)?;
            }
        }
        Ok(Self { neutral, identities: identities.outer_iter().map(of).collect(), units })
    }
}

/// The expression shapes that make a unit, with their gains. `*` stands for the two sides.
fn shapes_of(unit: u8) -> &'static [(&'static str, f32)] {
    match unit {
        1 => &[("browInnerUp_*", 1.0)],
        2 => &[("browOuterUp_*", 1.0)],
        4 => &[("browDown_*", 1.0)],
        5 => &[("eyeWide_*", 1.0)],
        6 => &[("cheekSquint_*", 1.0), ("cheekRaiser_*", 1.0)],
        7 => &[("eyeSquint_*", 1.0)],
        9 => &[("noseSneer_*", 1.0)],
        10 => &[("mouthUpperUp_*", 1.0)],
        12 => &[("mouthSmile_*", 1.0)],
        14 => &[("mouthDimple_*", 1.0)],
        15 => &[("mouthFrown_*", 1.0)],
        16 => &[("mouthLowerDown_*", 1.0)],
        17 => &[("mouthShrugLower", 1.0)],
        18 => &[("mouthPucker", 1.0)],
        20 => &[("mouthStretch_*", 1.0)],
        23 => &[("mouthRollLower", 1.0), ("mouthRollUpper", 1.0)],
        24 => &[("mouthPress_*", 1.0)],
        25 => &[("mouthLowerDown_*", 1.0), ("mouthUpperUp_*", 0.3)],
        26 => &[("jawOpen", 1.0)],
        30 => &[("jaw*", 1.0)],
        45 => &[("eyeBlink_*", 1.0)],
        _ => &[],
    }
}

/// Adds a shape to the two halves of a unit. A shape without sides is divided smoothly at the middle.
fn add_shape(
    halves: &mut [Points3; 2],
    name: &str,
    gain: f32,
    neutral: &Points3,
    shape: &impl Fn(&str) -> Result<Points3, BasisError>,
) -> Result<(), BasisError> {
    let sides = if name == "jaw*" { ["Left", "Right"] } else { ["L", "R"] };
    for (half, side) in halves.iter_mut().zip(sides) {
        let moved = shape(&name.replace('*', side))?;
        for (i, (to, by)) in half.iter_mut().zip(moved).enumerate() {
            let share = if name.contains('*') {
                1.0
            } else {
                let towards = if side == "L" { neutral[i][0] } else { -neutral[i][0] };
                // Half at the middle, all of it from 1.5 cm on.
                (0.5 + towards / 3.0).clamp(0.0, 1.0)
            };
            to.iter_mut().zip(by).for_each(|(to, by)| *to += share * gain * by);
        }
    }
    Ok(())
}

impl Rig for BasisRig {
    fn person(&self, random: &mut Random) -> Person {
        let mut face = self.neutral;
        for mode in &self.identities {
            let weight = (IDENTITY_SD * normal(random)) as f32;
            for (to, by) in face.iter_mut().zip(mode) {
                to.iter_mut().zip(by).for_each(|(to, by)| *to += weight * by);
            }
        }
        let angles = VIEW_SD.map(|sd| (sd * normal(random)).clamp(-2.5 * sd, 2.5 * sd) as f32);
        let view = View::onto(&face, rotation(angles));
        let mut person = Person {
            rest: [[0.0; 2]; REGIONS],
            depth: [0.0; REGIONS],
            fields: [[[[0.0; 2]; REGIONS]; 2]; UNITS.len()],
        };
        let rest = regions(&face).map(|p| view.place(p));
        person.rest = rest.map(|[x, y, _]| [x, y]);
        person.depth = rest.map(|[_, _, z]| z);
        for (to, from) in person.fields.iter_mut().flatten().zip(self.units.iter().flatten()) {
            *to = regions(from).map(|d| view.turn(d)).map(|[x, y, _]| [x, y]);
        }
        if random.random_bool(0.5) { person.mirrored() } else { person }
    }
}

/// The 23 regions from the 68 landmarks: points, and means of neighbouring points.
fn regions(p: &Points3) -> [[f32; 3]; REGIONS] {
    let mean = |parts: &[(usize, f32)]| -> [f32; 3] {
        std::array::from_fn(|k| parts.iter().map(|(i, w)| w * p[*i][k]).sum())
    };
    let half = |a, b| mean(&[(a, 0.5), (b, 0.5)]);
    [
        p[18],
        p[19],
        p[20],
        p[23],
        p[24],
        p[25],
        p[28],
        p[30],
        p[48],
        p[51],
        p[54],
        p[57],
        half(40, 41),
        half(46, 47),
        half(41, 48),
        half(46, 54),
        p[31],
        p[35],
        half(57, 8),
        p[21],
        p[22],
        mean(&[(48, 0.6), (5, 0.4)]),
        mean(&[(54, 0.6), (11, 0.4)]),
    ]
}

/// Turns by yaw, then pitch, then roll: radians round y, x and z.
fn rotation([pitch, yaw, roll]: [f32; 3]) -> [[f32; 3]; 3] {
    let ((sp, cp), (sy, cy), (sr, cr)) = (pitch.sin_cos(), yaw.sin_cos(), roll.sin_cos());
    let turned = [[cy, 0.0, sy], [sp * sy, cp, -sp * cy], [-cp * sy, sp, cp * cy]];
    [
        std::array::from_fn(|k| cr * turned[0][k] - sr * turned[1][k]),
        std::array::from_fn(|k| sr * turned[0][k] + cr * turned[1][k]),
        turned[2],
    ]
}

/// From centimetres to the aligned picture: seen from afar, outer eye corners level and 100 apart, the point
/// midway between them at the origin, y down.
struct View {
    matrix: [[f32; 3]; 3],
    origin: [f32; 3],
}

impl View {
    fn onto(face: &Points3, turn: [[f32; 3]; 3]) -> Self {
        // iBUG 36 and 45: outer corners of the person's right and left eye.
        let (right, left) = (apply(&turn, face[36]), apply(&turn, face[45]));
        let across = [left[0] - right[0], left[1] - right[1]];
        let n = across[0] * across[0] + across[1] * across[1];
        let (c, s) = (100.0 * across[0] / n, 100.0 * across[1] / n);
        let scale = c.hypot(s);
        let matrix = [
            std::array::from_fn(|k| c * turn[0][k] + s * turn[1][k]),
            std::array::from_fn(|k| s * turn[0][k] - c * turn[1][k]),
            turn[2].map(|v| v * scale),
        ];
        let middle = std::array::from_fn(|k| (face[36][k] + face[45][k]) / 2.0);
        Self { matrix, origin: apply(&matrix, middle) }
    }

    fn turn(&self, d: [f32; 3]) -> [f32; 3] {
        apply(&self.matrix, d)
    }

    fn place(&self, p: [f32; 3]) -> [f32; 3] {
        let q = self.turn(p);
        std::array::from_fn(|k| q[k] - self.origin[k])
    }
}

fn apply(m: &[[f32; 3]; 3], p: [f32; 3]) -> [f32; 3] {
    m.map(|row| row[0] * p[0] + row[1] * p[1] + row[2] * p[2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::ActionUnit;
    use crate::synth::behaviour::units::index_of;
    use std::fs::File;

    use ndarray_npy::NpzWriter;
    use rand::SeedableRng;
    use std::path::PathBuf;

    /// Every shape that a unit needs.
    fn shape_names() -> Vec<String> {
        let sided = |name: &str, sides: [&str; 2]| sides.map(|s| name.replace('*', s)).to_vec();
        let mut names: Vec<String> = UNITS
            .iter()
            .flat_map(|u| shapes_of(u.0))
            .flat_map(|(name, _)| match *name {
                "jaw*" => sided(name, ["Left", "Right"]),
                _ => sided(name, ["L", "R"]),
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A face of 68 points on a grid, whose shapes move one point each: the smile its mouth corner, the shrug
    /// of the lower lip its middle.
    fn written(folder: &Path, landmarks: usize) -> PathBuf {
        let names = shape_names();
        let mut neutral = Array2::<f32>::zeros((68, 3));
        for i in 0..68 {
            neutral[[i, 0]] = (i % 9) as f32 - 4.0;
            neutral[[i, 1]] = (i / 9) as f32;
        }
        // The outer eye corners, level; the mouth corners and the lower lip's middle.
        for (i, [x, y]) in [
            (36, [-4.0, 3.0]),
            (45, [4.0, 3.0]),
            (48, [-2.5, -3.5]),
            (54, [2.5, -3.5]),
            (57, [0.0, -4.0]),
        ] {
            (neutral[[i, 0]], neutral[[i, 1]]) = (x, y);
        }
        let mut shapes = Array3::from_elem((names.len(), 68, 3), Half(0.0));
        let mut push = |name: &str, point: usize, by: [f32; 3]| {
            let shape = names.iter().position(|n| n == name).expect("a shape");
            (0..3).for_each(|k| shapes[[shape, point, k]] = Half(by[k]));
        };
        push("mouthSmile_L", 54, [0.5, 1.0, 0.0]);
        push("mouthSmile_R", 48, [-0.5, 1.0, 0.0]);
        push("mouthShrugLower", 57, [0.0, 1.0, 0.0]);
        let path = folder.join("basis.npz");
        let mut file = NpzWriter::new(File::create(&path).expect("creates"));
        file.add_array("neutral", &neutral).expect("writes");
        file.add_array("identities", &Array3::from_elem((2, 68, 3), Half(0.0))).expect("writes");
        file.add_array("expressions", &shapes).expect("writes");
        let names: Array1<Text> = names.into_iter().map(Text).collect();
        file.add_array("expression_names", &names).expect("writes");
        let indices: Array1<i32> = (0..landmarks as i32).collect();
        file.add_array("landmarks68", &indices).expect("writes");
        file.finish().expect("finishes");
        path
    }

    fn person() -> Person {
        let folder = tempfile::tempdir().expect("folder");
        let rig = BasisRig::load(&written(folder.path(), 68)).expect("a basis");
        rig.person(&mut Random::seed_from_u64(1))
    }

    #[test]
    fn the_left_smile_pulls_the_left_mouth_corner_up_and_out() {
        let smile = person().fields[index_of(ActionUnit(12)).expect("12")];
        let ([left, right], [x, y]) = ([smile[0], smile[1]], smile[0][10]);
        assert!(x > 0.0 && y < -5.0, "{x} {y}");
        assert_eq!((left[8], right[10]), ([0.0; 2], [0.0; 2]));
        assert!(right[8][0] < 0.0 && right[8][1] < -5.0);
    }

    #[test]
    fn a_shape_without_sides_is_shared_by_the_halves() {
        let shrug = person().fields[index_of(ActionUnit(17)).expect("17")];
        assert!(shrug[0][11][1] < -1.0);
        assert!((shrug[0][11][1] - shrug[1][11][1]).abs() < 1e-3);
    }

    #[test]
    fn bad_files_are_named_with_what_is_wrong() {
        let folder = tempfile::tempdir().expect("folder");
        let missing = BasisRig::load(&folder.path().join("none.npz")).expect_err("no file");
        assert!(missing.to_string().contains("none.npz"));
        let few = BasisRig::load(&written(folder.path(), 60)).expect_err("60 landmarks");
        assert!(few.to_string().contains("68") && few.to_string().contains("60"), "{few}");
        let text = folder.path().join("text.npz");
        std::fs::write(&text, "no archive").expect("writes");
        assert!(BasisRig::load(&text).is_err());
    }
}
