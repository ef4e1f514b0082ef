//! Pictures of a portrait at any pose.
//!
//! The portrait is read through a smooth spline at exact places, so that the flow finds the movement that was
//! put in and no trace of the drawing.

use image::imageops::FilterType;

use crate::measure::geometry::{Affine, Point};
use crate::media::image::{MAX_SIDE_PX, RgbImage};

use super::behaviour::timeline::Pose;
use super::rig::facs_rig::FacsFace;
use portrait::{Portrait, px_from_face};
use sensor::{Sensor, SensorModel};
use texture::{Colour, Texture};
use warp::{STEP_PX, Warp};

pub mod camera;
pub mod filming;
pub mod head_warp;
pub mod openings;
pub mod portrait;
pub mod portrait_file;
pub mod scene;
pub mod sensor;
pub mod slit;
pub mod texture;
pub mod video;
pub mod warp;

/// Blur of the lens, pixels. It keeps detail that is finer than a pixel from flickering as it moves.
const LENS_BLUR_PX: f32 = 0.6;

/// Draws one person in frames of one size.
#[derive(Clone, Debug)]
pub struct Renderer {
    size_px: (usize, usize),
    texture: Texture,
    /// The portrait at rest, for parts that do not move.
    rest: Vec<Colour>,
    warp: Warp,
    sensor: Sensor,
    light: Vec<Colour>,
}

/// Why a person cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Frames without pixels, or with too many.
    #[error("frame size: expected 16 to {MAX_SIDE_PX} pixels a side, found {0}x{1}")]
    Size(usize, usize),
    /// No usable face in the portrait's points.
    #[error("portrait {0}: expected two eye corners apart from each other, found none")]
    Face(String),
}

impl Renderer {
    /// Draws `portrait` so that it fills frames of `size_px`, through `sensor`, whose noise follows from
    /// `seed`.
    pub fn new(
        portrait: &Portrait,
        size_px: (usize, usize),
        sensor: SensorModel,
        seed: u64,
    ) -> Result<Self, RenderError> {
        let (width, height) = size_px;
        let fits = 16..=MAX_SIDE_PX;
        if !fits.contains(&width) || !fits.contains(&height) {
            return Err(RenderError::Size(width, height));
        }
        let no_face = || RenderError::Face(portrait.name.clone());
        let (picture, frame_from_portrait) = fill(&portrait.image, size_px).ok_or_else(no_face)?;
        let on_portrait = px_from_face(&portrait.points_px).ok_or_else(no_face)?;
        let face = FacsFace::new(&portrait.points_px).ok_or_else(no_face)?;
        let warp = Warp::new(face, frame_from_portrait.after(&on_portrait), size_px)
            .ok_or_else(no_face)?;
        let texture = Texture::new(&picture, LENS_BLUR_PX).ok_or_else(no_face)?;
        let rest: Vec<Colour> = (0..width * height)
            .map(|i| texture.sample((i % width) as f32 + 0.5, (i / width) as f32 + 0.5))
            .collect();
        let light = rest.clone();
        Ok(Self { size_px, texture, rest, warp, sensor: Sensor::new(sensor, seed), light })
    }

    /// Width and height of the frames, pixels.
    pub fn size_px(&self) -> (usize, usize) {
        self.size_px
    }

    /// From face coordinates (see [`px_from_face`]) to pixels of the frame, head at rest.
    pub fn frame_from_face(&self) -> Affine {
        self.warp.px_from_face
    }

    /// Draws frame `seq`, captured at `secs`. The same arguments always give the same bytes.
    pub fn render(&mut self, pose: &Pose, seq: u64, secs: f64, target: &mut RgbImage) {
        self.warp.set(pose);
        self.draw_skin();
        openings::draw(&self.warp, &self.texture, pose, self.size_px.0, &mut self.light);
        (target.width, target.height) = self.size_px;
        target.data.resize(self.light.len() * 3, 0);
        self.sensor.expose(&self.light, pose.gain, (seq, secs), target);
    }

    /// Draws everything as if the face had no openings.
    fn draw_skin(&mut self) {
        let (width, height) = self.size_px;
        let source = &self.warp.source;
        for y in 0..height {
            let row = &mut self.light[y * width..(y + 1) * width];
            let rest = &self.rest[y * width..(y + 1) * width];
            let v = ((y % STEP_PX) as f32 + 0.5) / STEP_PX as f32;
            let first = y / STEP_PX * source.columns;
            let above = &source.nodes[first..first + source.columns];
            let below = &source.nodes[first + source.columns..first + 2 * source.columns];
            let top = (y / STEP_PX * STEP_PX) as f32;
            let cells = row.chunks_mut(STEP_PX).zip(rest.chunks(STEP_PX)).enumerate();
            for (column, (cell, rest)) in cells {
                let left = (column * STEP_PX) as f32;
                let corners = [above[column], above[column + 1], below[column], below[column + 1]];
                if is_still(&corners, left, top) {
                    cell.copy_from_slice(rest);
                    continue;
                }
                let from = corners[0].lerp(corners[2], v);
                let step = (corners[1].lerp(corners[3], v) - from) * (1.0 / STEP_PX as f32);
                for (i, pixel) in cell.iter_mut().enumerate() {
                    let p = from + step * (i as f32 + 0.5);
                    *pixel = self.texture.sample(p.x, p.y);
                }
            }
        }
    }
}

/// True if the cell at (`left`, `top`) comes from where it is.
fn is_still(corners: &[Point; 4], left: f32, top: f32) -> bool {
    let step = STEP_PX as f32;
    let places = [(left, top), (left + step, top), (left, top + step), (left + step, top + step)];
    corners.iter().zip(places).all(|(c, (x, y))| (c.x - x).abs() + (c.y - y).abs() < 1e-3)
}

/// `image` scaled so that it just covers `size_px` and cut evenly, and the map from one to the other; `None`
/// for an empty image.
fn fill(image: &RgbImage, (width, height): (usize, usize)) -> Option<(RgbImage, Affine)> {
    let scale = (width as f32 / image.width as f32).max(height as f32 / image.height as f32);
    let across = ((image.width as f32 * scale).round() as usize).max(width);
    let down = ((image.height as f32 * scale).round() as usize).max(height);
    let (left, top) = ((across - width) / 2, (down - height) / 2);
    let whole = image::RgbImage::from_raw(
        u32::try_from(image.width).ok()?,
        u32::try_from(image.height).ok()?,
        image.data.clone(),
    )?;
    let (a, d) = (u32::try_from(across).ok()?, u32::try_from(down).ok()?);
    let whole = image::imageops::resize(&whole, a, d, FilterType::Lanczos3).into_raw();
    let data = (top..top + height)
        .flat_map(|y| &whole[(y * across + left) * 3..(y * across + left + width) * 3])
        .copied()
        .collect();
    let map = Affine {
        m: [
            across as f32 / image.width as f32,
            0.0,
            -(left as f32),
            0.0,
            down as f32 / image.height as f32,
            -(top as f32),
        ],
    };
    Some((RgbImage { width, height, data }, map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::ActionUnit;
    use crate::synth::render::slit::SlitKind;

    const SIZE: (usize, usize) = (640, 480);

    fn renderer(sensor: SensorModel) -> (Renderer, Portrait) {
        let portrait = Portrait::named("p002").expect("embedded");
        (Renderer::new(&portrait, SIZE, sensor, 1).expect("a face"), portrait)
    }

    fn pose(units: &[(u8, [f32; 2])]) -> Pose {
        let mut pose = Pose { gain: 1.0, ..Pose::default() };
        units.iter().for_each(|(unit, halves)| pose.units.add(ActionUnit(*unit), *halves));
        pose
    }

    fn draw(renderer: &mut Renderer, pose: &Pose) -> RgbImage {
        let mut image = RgbImage::default();
        renderer.render(pose, 0, 0.0, &mut image);
        image
    }

    /// Mean absolute difference of two pictures inside a box, levels.
    fn difference(a: &RgbImage, b: &RgbImage, center: Point, radius: isize, shift: Point) -> f32 {
        let mut sum = 0.0;
        for dy in -radius..=radius {
            for dx in -radius..=radius {
                let p = center + Point::new(dx as f32, dy as f32);
                let (before, after) = (a.sample(p), b.sample(p + shift));
                sum += before.iter().zip(after).map(|(x, y)| (x - y).powi(2)).sum::<f32>();
            }
        }
        sum / ((2 * radius + 1) * (2 * radius + 1) * 3) as f32
    }

    /// Where the surroundings of `center` in `a` are in `b`, found by trying shifts in steps of a tenth of a
    /// pixel.
    fn matched_shift(a: &RgbImage, b: &RgbImage, center: Point) -> Point {
        let mut best = (f32::INFINITY, Point::default());
        for step in [1.0_f32, 0.25, 0.05] {
            let around = best.1;
            for i in -6..=6 {
                for j in -6..=6 {
                    let shift = around + Point::new(i as f32, j as f32) * step;
                    let cost = difference(a, b, center, 7, shift);
                    if cost < best.0 {
                        best = (cost, shift);
                    }
                }
            }
        }
        best.1
    }

    #[test]
    fn a_person_at_rest_is_the_portrait_itself() {
        let (mut renderer, portrait) = renderer(SensorModel::CLEAN);
        let (expected, _) = fill(&portrait.image, SIZE).expect("not empty");
        let found = draw(&mut renderer, &pose(&[]));
        let n = found.data.len() as f32;
        let off = |(a, b): (&u8, &u8)| f32::from(a.abs_diff(*b));
        let mean = found.data.iter().zip(&expected.data).map(off).sum::<f32>() / n;
        // The lens softens hair and lashes; nothing else differs.
        assert!(mean < 2.5, "{mean}");
    }

    #[test]
    fn the_same_pose_and_frame_give_the_same_bytes_whatever_came_between() {
        let (mut renderer, _) = renderer(SensorModel::default());
        let smile = pose(&[(12, [0.3, 0.2]), (45, [0.5, 0.5])]);
        let first = draw(&mut renderer, &smile);
        draw(&mut renderer, &pose(&[(4, [0.9, 0.1]), (26, [0.3, 0.3])]));
        assert_eq!(draw(&mut renderer, &smile), first);
    }

    #[test]
    fn the_movement_that_was_put_in_is_found_in_the_pixels() {
        let (mut renderer, _) = renderer(SensorModel::CLEAN);
        let rest = draw(&mut renderer, &pose(&[]));
        // About 1.5 px at the brows and the corners of the mouth.
        for (unit, weight, points) in
            [(4_u8, 0.15, [105, 334]), (12, 0.07, [61, 291]), (1, 0.15, [107, 336])]
        {
            let moving = pose(&[(unit, [weight; 2])]);
            let picture = draw(&mut renderer, &moving);
            for index in points {
                let face = &renderer.warp.face;
                let at = face.point(index).expect("a mesh point");
                let map = renderer.frame_from_face();
                let expected = map.apply_vector(face.displacement(at, &moving.units));
                let found = matched_shift(&rest, &picture, map.apply(at));
                assert!(expected.norm() > 0.5, "{unit} {index} {expected:?}");
                assert!(
                    found.distance(expected) < 0.25 * expected.norm() + 0.1,
                    "unit {unit} at {index}: put in {expected:?}, found {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_one_sided_movement_leaves_the_pixels_of_the_other_half_alone() {
        let (mut renderer, _) = renderer(SensorModel::CLEAN);
        let rest = draw(&mut renderer, &pose(&[]));
        let picture = draw(&mut renderer, &pose(&[(12, [0.2, 0.0])]));
        let at = |i| renderer.frame_from_face().apply(renderer.warp.face.point(i).expect("point"));
        assert_eq!(difference(&rest, &picture, at(50), 6, Point::default()), 0.0);
        assert!(difference(&rest, &picture, at(291), 6, Point::default()) > 1.0);
    }

    #[test]
    fn a_blink_shuts_the_dark_of_the_eyes_step_by_step() {
        let (mut renderer, _) = renderer(SensorModel::CLEAN);
        let slit = renderer.warp.face.slits[0].clone();
        assert_eq!(slit.kind, SlitKind::Eye(0));
        let middle = (slit.corners[0] + slit.corners[1]) / 2.0;
        let map = renderer.frame_from_face();
        let (top, bottom) = (slit.upper(middle), slit.lower(middle));
        let mut dark = |closing: f32| {
            let picture = draw(&mut renderer, &pose(&[(45, [closing; 2])]));
            (0..60)
                .filter(|i| {
                    let y = top + (bottom - top) * *i as f32 / 60.0;
                    let [r, g, b] = picture.sample(map.apply(Point::new(middle, y)));
                    crate::media::image::luma([r, g, b]) < 60.0
                })
                .count()
        };
        let counts = [0.0, 0.35, 0.7, 1.0].map(&mut dark);
        assert!(counts.is_sorted_by(|a, b| a > b), "{counts:?}");
        assert!(counts[3] * 3 < counts[0], "{counts:?}");
    }

    #[test]
    fn a_dropping_jaw_opens_a_dark_mouth() {
        let (mut renderer, _) = renderer(SensorModel::CLEAN);
        let mouth = renderer.warp.face.slits[2].clone();
        let center = renderer.frame_from_face().apply(Point::new(0.0, mouth.upper(0.0) + 0.03));
        let light = |image: &RgbImage| crate::media::image::luma(image.sample(center));
        let shut = light(&draw(&mut renderer, &pose(&[])));
        let open = light(&draw(&mut renderer, &pose(&[(26, [0.25; 2])])));
        assert!(open < 50.0 && shut > 80.0, "{shut} {open}");
    }

    #[test]
    fn the_background_stays_when_the_head_moves() {
        let (mut renderer, _) = renderer(SensorModel::CLEAN);
        let rest = draw(&mut renderer, &pose(&[]));
        let mut turned = pose(&[]);
        turned.head.yaw = 0.06;
        turned.head.shift = [0.03, 0.02];
        let picture = draw(&mut renderer, &turned);
        assert_eq!(rest.at(4, 4), picture.at(4, 4));
        assert!(difference(&rest, &picture, Point::new(320.0, 280.0), 20, Point::default()) > 5.0);
    }

    #[test]
    fn a_size_without_pixels_is_refused() {
        let portrait = Portrait::named("p002").expect("embedded");
        for size in [(0, 480), (640, 1), (9000, 480)] {
            let error =
                Renderer::new(&portrait, size, SensorModel::CLEAN, 1).expect_err("no picture");
            assert!(error.to_string().contains("expected 16 to 8192"));
        }
    }
}
