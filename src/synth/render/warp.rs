//! From a pose to the place in the portrait from which every pixel of the frame comes.
//!
//! Forwards, skin at rest moves by the action units, then with the head. A picture needs the way back. It is
//! found by fixed-point iteration on a grid of nodes: both movements are small and smooth, so that after a
//! few steps the error is below a hundredth of a pixel.

use crate::measure::event::ActionUnit;
use crate::measure::geometry::{Affine, Point};

use super::head_warp::Head;
use crate::synth::behaviour::timeline::Pose;
use crate::synth::behaviour::units::UNITS;
use crate::synth::rig::facs_fields::Layer;
use crate::synth::rig::facs_rig::FacsFace;

/// Pixels between two nodes. The smallest patch is six times as wide.
pub(crate) const STEP_PX: usize = 4;

/// Greatest number of steps of the way back; each leaves at most a fifth of the previous error.
const ITERATIONS: usize = 6;

/// The way back ends when a step is shorter than this, pixels.
const SETTLED_PX: f32 = 2e-3;

/// Where the skin that is at `p` now was before it moved by `displacement`. `guess` is about how far it
/// moved.
#[inline]
fn before(p: Point, guess: Point, displacement: impl Fn(Point) -> Point) -> Point {
    let mut place = p - guess;
    for _ in 0..ITERATIONS {
        let next = p - displacement(place);
        let step = next - place;
        place = next;
        if step.x.abs() + step.y.abs() < SETTLED_PX {
            break;
        }
    }
    place
}

/// A displacement or a position for every node, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) columns: usize,
    pub(crate) nodes: Vec<Point>,
}

impl Grid {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, nodes: vec![Point::default(); columns * rows] }
    }

    /// The value at `p` (pixels), bilinear between the nodes; beyond the border, that of the border.
    #[inline]
    pub(crate) fn at(&self, p: Point) -> Point {
        let rows = self.nodes.len() / self.columns;
        let x = (p.x / STEP_PX as f32).clamp(0.0, (self.columns - 1) as f32 - 1e-3);
        let y = (p.y / STEP_PX as f32).clamp(0.0, (rows - 1) as f32 - 1e-3);
        let (i, j) = (x as usize, y as usize);
        let (u, v) = (x - i as f32, y - j as f32);
        let n = j * self.columns + i;
        let top = self.nodes[n].lerp(self.nodes[n + 1], u);
        let bottom = self.nodes[n + self.columns].lerp(self.nodes[n + self.columns + 1], u);
        top.lerp(bottom, v)
    }
}

/// The movement of the nodes by one unit, pixels at weight 1.
#[derive(Clone, Debug, Default)]
struct Basis {
    /// Index of the unit, then of its half.
    unit: [usize; 2],
    layer: usize,
    pushes: Vec<(u32, Point)>,
}

/// The movement of one face in frames of one size. Scratch memory is kept from frame to frame; the result
/// depends on the pose alone.
#[derive(Clone, Debug)]
pub(crate) struct Warp {
    pub(crate) face: FacsFace,
    pub(crate) px_from_face: Affine,
    pub(crate) face_from_px: Affine,
    basis: Vec<Basis>,
    /// The shares of an upper and of a lower edge's movement that the skin at each node follows.
    shares: Vec<[f32; 2]>,
    /// Displacement of skin at rest, pixels: of all skin, of skin above a slit, of skin below. Movements of
    /// edges are complete here; [`super::slit::Slit::shares`] gives the shares.
    pub(crate) layers: [Grid; 3],
    /// The three layers together.
    total: Grid,
    /// Where the skin at each node of the frame was before the head moved.
    pub(crate) head_source: Grid,
    /// Where each node of the frame comes from in the portrait at rest.
    pub(crate) source: Grid,
}

impl Warp {
    /// The warp of `face`, placed by `px_from_face` in frames of `size_px`; `None` if the placing flattens
    /// the face.
    pub(crate) fn new(
        face: FacsFace,
        px_from_face: Affine,
        size_px: (usize, usize),
    ) -> Option<Self> {
        let face_from_px = px_from_face.inverse()?;
        let (columns, rows) = (size_px.0.div_ceil(STEP_PX) + 1, size_px.1.div_ceil(STEP_PX) + 1);
        let grid = Grid::new(columns, rows);
        let node =
            |i: usize| Point::new((i % columns) as f32, (i / columns) as f32) * STEP_PX as f32;
        let on_face: Vec<Point> =
            (0..grid.nodes.len()).map(|i| face_from_px.apply(node(i))).collect();
        let shares = on_face.iter().map(|q| face.slit_near(*q).shares(*q)).collect();
        let mut basis = Vec::new();
        for (unit, halves) in face.patches.iter().enumerate() {
            for (half, patches) in halves.iter().enumerate() {
                for (layer, kind) in [Layer::Skin, Layer::Upper, Layer::Lower].iter().enumerate() {
                    let push = |q: Point| {
                        let of_layer = patches.iter().filter(|p| p.layer == *kind);
                        of_layer.fold(Point::default(), |sum, p| sum + p.push_at(q))
                    };
                    let pushes: Vec<_> = on_face
                        .iter()
                        .enumerate()
                        .map(|(i, q)| (i as u32, px_from_face.apply_vector(push(*q))))
                        .filter(|(_, push)| *push != Point::default())
                        .collect();
                    if !pushes.is_empty() {
                        basis.push(Basis { unit: [unit, half], layer, pushes });
                    }
                }
            }
        }
        Some(Self {
            face,
            px_from_face,
            face_from_px,
            basis,
            shares,
            layers: [grid.clone(), grid.clone(), grid.clone()],
            total: grid.clone(),
            head_source: grid.clone(),
            source: grid,
        })
    }

    /// Works out the grids for `pose`.
    pub(crate) fn set(&mut self, pose: &Pose) {
        self.move_skin(pose);
        let head = Head::new(&pose.head, self.px_from_face, self.face_from_px);
        let columns = self.total.columns;
        // Each node moves about as much as its neighbour.
        let (mut with_head, mut with_skin) = (Point::default(), Point::default());
        for i in 0..self.total.nodes.len() {
            let p = Point::new((i % columns) as f32, (i / columns) as f32) * STEP_PX as f32;
            let on_head = before(p, with_head, |q| head.displacement(q));
            let source = before(on_head, with_skin, |q| self.total.at(q));
            (with_head, with_skin) = (p - on_head, on_head - source);
            self.head_source.nodes[i] = on_head;
            self.source.nodes[i] = source;
        }
    }

    fn move_skin(&mut self, pose: &Pose) {
        for layer in &mut self.layers {
            layer.nodes.fill(Point::default());
        }
        for basis in &self.basis {
            let weight = pose.units.halves[basis.unit[0]][basis.unit[1]];
            if weight != 0.0 {
                let nodes = &mut self.layers[basis.layer].nodes;
                for (node, push) in &basis.pushes {
                    nodes[*node as usize] = nodes[*node as usize] + *push * weight;
                }
            }
        }
        let [skin, upper, lower] = &self.layers;
        let edges = upper.nodes.iter().zip(&lower.nodes).zip(&self.shares);
        for ((total, skin), ((upper, lower), share)) in
            self.total.nodes.iter_mut().zip(&skin.nodes).zip(edges)
        {
            *total = *skin + *upper * share[0] + *lower * share[1];
        }
    }

    /// How far `pose` closes the eye of this half: 0 as in the portrait, 1 shut.
    pub(crate) fn closing(pose: &Pose, half: usize) -> f32 {
        pose.units.get(ActionUnit(45))[half].clamp(-0.2, 1.0)
    }
}

const _: () = assert!(UNITS.len() == 21, "the grids' basis covers every unit");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::render::portrait::{Portrait, px_from_face};

    fn warp() -> Warp {
        let portrait = Portrait::named("p002").expect("embedded");
        let map = px_from_face(&portrait.points_px).expect("two eyes");
        let face = FacsFace::new(&portrait.points_px).expect("a face");
        Warp::new(face, map, (960, 720)).expect("not flat")
    }

    #[test]
    fn a_face_at_rest_comes_from_where_it_is() {
        let mut warp = warp();
        warp.set(&Pose::default());
        for (i, source) in warp.source.nodes.iter().enumerate() {
            let p = Point::new((i % 241) as f32, (i / 241) as f32) * STEP_PX as f32;
            assert!(source.distance(p) < 1e-3);
        }
    }

    #[test]
    fn forth_by_the_rig_and_back_by_the_grid_is_where_it_began() {
        let mut warp = warp();
        let mut pose = Pose::default();
        pose.units.add(ActionUnit(12), [0.3, 0.2]);
        pose.units.add(ActionUnit(4), [0.4, 0.4]);
        warp.set(&pose);
        for index in [61, 291, 105, 334, 50, 205] {
            let rest = warp.face.point(index).expect("a mesh point");
            let moved = rest + warp.face.displacement(rest, &pose.units);
            let (rest_px, moved_px) =
                (warp.px_from_face.apply(rest), warp.px_from_face.apply(moved));
            assert!(rest_px.distance(moved_px) > 0.5);
            let back = warp.source.at(moved_px);
            assert!(back.distance(rest_px) < 0.15, "{index}: {back:?} {rest_px:?}");
        }
    }
}
