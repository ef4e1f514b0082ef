//! What is seen where the face opens: the eyeball between the lids, the dark behind the lips.
//!
//! Near a slit, a pixel may come from up to three places of the portrait: skin of the upper edge, skin of the
//! lower edge, or what lies behind. Each pixel is a mean of these, weighted by how much of it each covers. So
//! edges move by fractions of a pixel as smoothly as the rest.

use crate::measure::geometry::Point;

use super::slit::{Slit, SlitKind};
use super::texture::{Colour, Texture};
use super::warp::{STEP_PX, Warp};
use crate::synth::behaviour::timeline::Pose;
use crate::synth::rig::facs_rig::lid_push;

/// Greatest number of steps of Newton's method per pixel, and the step after which it ends, pixels.
const ITERATIONS: usize = 5;
const SETTLED_PX: f32 = 5e-3;

/// Centre and sizes of the eye, outer-eye distances. An iris is 11.7 mm across and an eyeball 24 mm, with
/// about 90 mm between the outer corners.
const IRIS_RADIUS: f32 = 0.065;
const EYEBALL_RADIUS: f32 = 0.135;

/// Mesh points in the middle of the irises, left and right.
const IRISES: [usize; 2] = [473, 468];

/// The dark behind the lips, from just behind them to the depth.
const MOUTH_NEAR: Colour = [74.0, 32.0, 32.0, 0.0];
const MOUTH_DEEP: Colour = [30.0, 9.0, 10.0, 0.0];

/// Draws every opening that `pose` moves into `light` (`width` pixels a row), over the picture of the smooth
/// warp.
pub(crate) fn draw(
    warp: &Warp,
    texture: &Texture,
    pose: &Pose,
    width: usize,
    light: &mut [Colour],
) {
    let height = light.len() / width;
    for slit in &warp.face.slits {
        let opening = Opening::new(warp, texture, pose, slit);
        let Some((columns, rows)) = opening.extent(width, height) else { continue };
        for y in rows {
            for x in columns.clone() {
                let p = Point::new(x as f32 + 0.5, y as f32 + 0.5);
                light[y * width + x] = opening.colour(p);
            }
        }
    }
}

/// One slit at one pose.
struct Opening<'a> {
    warp: &'a Warp,
    texture: &'a Texture,
    slit: &'a Slit,
    closing: f32,
    /// The iris at rest, and how far it has moved, face coordinates.
    iris: Point,
    look: Point,
}

impl<'a> Opening<'a> {
    fn new(warp: &'a Warp, texture: &'a Texture, pose: &Pose, slit: &'a Slit) -> Self {
        let (closing, iris, look) = match slit.kind {
            SlitKind::Eye(half) => (
                Warp::closing(pose, half),
                warp.face.point(IRISES[half]).unwrap_or_default(),
                Point::new(pose.gaze[0].sin(), pose.gaze[1].sin()) * EYEBALL_RADIUS,
            ),
            SlitKind::Mouth => (0.0, Point::default(), Point::default()),
        };
        Self { warp, texture, slit, closing, iris, look }
    }

    /// Columns and rows of pixels that it may reach; `None` if nothing there moves.
    fn extent(
        &self,
        width: usize,
        height: usize,
    ) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let [left, right] = self.slit.corners;
        let middle = (left + right) / 2.0;
        let (top, bottom) = match self.slit.kind {
            // While no lid closes, the smooth warp shows the same.
            SlitKind::Eye(_) if self.closing == 0.0 => {
                (self.slit.upper(middle) - 0.04, self.slit.lower(middle) + 0.04)
            }
            SlitKind::Eye(_) => {
                let brow = (self.slit.brow_gap + 0.04).max(0.16);
                (self.slit.upper(middle) - brow, self.slit.lower(middle) + 0.13)
            }
            SlitKind::Mouth => (self.slit.upper(middle) - 0.06, self.slit.lower(middle) + 0.06),
        };
        let map = &self.warp.px_from_face;
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let rest = crate::measure::geometry::Rect::around(
            &corners.map(|(x, y)| map.apply(Point::new(x, y))),
        )?;
        let moved = self.largest_move_px(rest);
        let looks = self.look != Point::default();
        (moved > 0.0 || self.closing != 0.0 || looks).then_some(())?;
        let head = rest.center() - self.warp.head_source.at(rest.center());
        // The head moves the slit's ends a little differently from its middle.
        let pad = moved + 0.15 * head.norm() + 2.0 * STEP_PX as f32;
        let range = |from: f32, to: f32, shift: f32, size: usize| {
            let bound = |v: f32| v.clamp(0.0, size as f32) as usize;
            bound(from + shift - pad)..bound(to + shift + pad)
        };
        Some((
            range(rest.min.x, rest.max.x, head.x, width),
            range(rest.min.y, rest.max.y, head.y, height),
        ))
    }

    /// The largest movement of any layer at the nodes inside `rest`, pixels.
    fn largest_move_px(&self, rest: crate::measure::geometry::Rect) -> f32 {
        let columns = self.warp.source.columns;
        let node = |v: f32| (v.max(0.0) / STEP_PX as f32) as usize;
        let mut largest: f32 = 0.0;
        // Behind closed lips, a motion that moves both lips alike opens nothing.
        let smooth = usize::from(self.slit.kind == SlitKind::Mouth);
        for layer in &self.warp.layers[smooth..] {
            for row in
                layer.nodes.chunks_exact(columns).take(node(rest.max.y) + 2).skip(node(rest.min.y))
            {
                for moved in row.iter().take(node(rest.max.x) + 2).skip(node(rest.min.x)) {
                    largest = largest.max(moved.x.abs().max(moved.y.abs()));
                }
            }
        }
        largest
    }

    fn colour(&self, p: Point) -> Colour {
        let on_head = self.warp.head_source.at(p);
        let (above, above_px) = self.edge_source(on_head, true);
        if above_px >= 0.5 {
            return self.texture.sample(above.x, above.y);
        }
        let (below, below_px) = self.edge_source(on_head, false);
        let upper = (above_px + 0.5).clamp(0.0, 1.0);
        let lower = (below_px + 0.5).clamp(0.0, 1.0 - upper);
        let behind = 1.0 - upper - lower;
        let mut sum = Colour::default();
        let mut add = |part: f32, colour: Colour| {
            sum.iter_mut().zip(colour).for_each(|(s, c)| *s += part * c);
        };
        if upper > 0.0 {
            add(upper, self.texture.sample(above.x, above.y));
        }
        if lower > 0.0 {
            add(lower, self.texture.sample(below.x, below.y));
        }
        if behind > 0.0 {
            add(behind, self.behind(on_head, above_px, below_px));
        }
        sum
    }

    /// Where skin of one edge at `on_head` (pixels, head at rest) comes from in the portrait, and how far
    /// inside that edge's skin it lies, pixels; negative beyond the edge.
    fn edge_source(&self, on_head: Point, upper: bool) -> (Point, f32) {
        let warp = self.warp;
        let layer = &warp.layers[if upper { 1 } else { 2 }];
        let scale = warp.px_from_face.scale();
        let mut source = on_head;
        let mut on_face = Point::default();
        for _ in 0..ITERATIONS {
            on_face = warp.face_from_px.apply(source);
            let share =
                if upper { self.slit.upper_share(on_face) } else { self.slit.lower_share(on_face) };
            let [lid, slope] = lid_push(self.slit, on_face, self.closing, upper);
            let moved = warp.layers[0].at(source) + layer.at(source) * share;
            let error = source + moved - on_head;
            let step = Point::new(error.x, (error.y + lid * scale) / (1.0 + slope));
            source = source - step;
            if step.x.abs() + step.y.abs() < SETTLED_PX {
                break;
            }
        }
        let inside = if upper {
            self.slit.upper(on_face.x) - on_face.y
        } else {
            on_face.y - self.slit.lower(on_face.x)
        };
        (source, inside * scale)
    }

    /// What is behind the edges at `on_head`, `above_px` beyond the upper one and `below_px` beyond
    /// the lower one (both negative).
    fn behind(&self, on_head: Point, above_px: f32, below_px: f32) -> Colour {
        let warp = self.warp;
        let scale = warp.px_from_face.scale();
        if self.slit.kind == SlitKind::Mouth {
            let depth = (-above_px.max(below_px) / (0.03 * scale)).clamp(0.0, 1.0);
            return std::array::from_fn(|i| {
                MOUTH_NEAR[i] + (MOUTH_DEEP[i] - MOUTH_NEAR[i]) * depth
            });
        }
        let eye = warp.face_from_px.apply(on_head);
        let mut source = eye;
        for _ in 0..3 {
            source = eye - self.look * iris_share(source.distance(self.iris));
        }
        // The portrait does not show what the lids hide. If they open further, the part that it shows is
        // stretched to fill the gap.
        let (top, bottom) = (self.slit.upper(source.x), self.slit.lower(source.x));
        let middle = (top + bottom) / 2.0;
        let edges = [(top, eye.y + above_px / scale), (bottom, eye.y - below_px / scale)];
        for (rest, now) in edges {
            let same_half = (source.y - middle) * (rest - middle) > 0.0;
            if same_half && (now - middle).abs() > (rest - middle).abs() {
                source.y = middle + (source.y - middle) * (rest - middle) / (now - middle);
            }
        }
        let px = warp.px_from_face.apply(source);
        self.texture.sample(px.x, px.y)
    }
}

/// Share of the eye's movement at `distance` from the middle of the iris: all of it on the iris, less and
/// less on the white.
fn iris_share(distance: f32) -> f32 {
    let t = ((distance / IRIS_RADIUS - 1.1) / 1.4).clamp(0.0, 1.0);
    1.0 - t * t * (3.0 - 2.0 * t)
}
