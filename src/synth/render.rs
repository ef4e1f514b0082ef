//! Pictures of a portrait at any pose.
//!
//! The portrait is read through a smooth spline at exactly computed places, so that what flow finds
//! in the pictures is the movement that was put in and not the way it was drawn.

use image::imageops::FilterType;

use crate::geom::{Affine, Point};
use crate::image::{MAX_SIDE_PX, RgbImage};

use super::facs_rig::FacsFace;
use super::openings;
use super::portrait::{Portrait, px_from_face};
use super::sensor::{Camera, Sensor};
use super::texture::{Colour, Texture};
use super::timeline::Pose;
use super::warp::{STEP_PX, Warp};

/// Blur of the lens, pixels: keeps detail finer than the pixels from flickering as it moves.
const LENS_BLUR_PX: f32 = 0.6;

/// Draws one person in frames of one size.
#[derive(Clone, Debug)]
pub struct Renderer {
    size_px: (usize, usize),
    texture: Texture,
    /// The portrait at rest, for what does not move.
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
    /// Draws `portrait` so that it fills frames of `size_px`, through `camera`, whose noise follows
    /// from `seed`.
    pub fn new(
        portrait: &Portrait,
        size_px: (usize, usize),
        camera: Camera,
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
        Ok(Self { size_px, texture, rest, warp, sensor: Sensor::new(camera, seed), light })
    }

    /// Pixels across and down of the frames.
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

/// Whether the cell at (`left`, `top`) comes from where it is.
fn is_still(corners: &[Point; 4], left: f32, top: f32) -> bool {
    let step = STEP_PX as f32;
    let places = [(left, top), (left + step, top), (left, top + step), (left + step, top + step)];
    corners.iter().zip(places).all(|(c, (x, y))| (c.x - x).abs() + (c.y - y).abs() < 1e-3)
}

/// `image` enlarged or reduced so that it just covers `size_px`, cut evenly, and the map from the
/// one to the other; none for an empty image.
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
mod dump {
    use super::*;
    use crate::event::ActionUnit;

    fn save(image: &RgbImage, path: &str) {
        image::save_buffer(
            path,
            &image.data,
            image.width as u32,
            image.height as u32,
            image::ColorType::Rgb8,
        )
        .unwrap();
    }

    #[test]
    #[ignore]
    fn dump() {
        for (n, name) in super::super::portrait::names().enumerate() {
            let portrait = Portrait::named(name).unwrap();
            let mut r = Renderer::new(&portrait, (640, 480), Camera::CLEAN, 1).unwrap();
            let mut out = RgbImage::default();
            let t = std::time::Instant::now();
            r.render(&Pose { gain: 1.0, ..Pose::default() }, 0, 0.0, &mut out);
            println!("rest {:?}", t.elapsed());
            save(&out, &format!("/tmp/demo/r_{n}_rest.png"));
            let mut cases: Vec<(String, Vec<(u8, f32)>)> = vec![];
            for c in [0.25, 0.5, 0.75, 1.0] {
                cases.push((format!("blink{c}"), vec![(45, c)]));
            }
            for (u, w) in [
                (1, 0.8),
                (2, 0.8),
                (4, 0.8),
                (5, 1.0),
                (6, 0.8),
                (7, 1.0),
                (9, 0.5),
                (10, 0.5),
                (12, 0.5),
                (14, 1.0),
                (15, 1.0),
                (16, 0.7),
                (17, 0.7),
                (18, 1.0),
                (20, 0.8),
                (23, 0.5),
                (24, 1.0),
                (25, 0.8),
                (26, 0.3),
                (30, 0.5),
            ] {
                cases.push((format!("au{u}"), vec![(u, w)]));
            }
            for (label, units) in cases {
                let mut pose = Pose { gain: 1.0, ..Pose::default() };
                for (u, w) in units {
                    pose.units.add(ActionUnit(u), [w; 2]);
                }
                let t = std::time::Instant::now();
                r.render(&pose, 0, 0.0, &mut out);
                println!("{label} {:?}", t.elapsed());
                save(&out, &format!("/tmp/demo/r_{n}_{label}.png"));
            }
            let mut pose = Pose { gain: 1.0, gaze: [0.2, 0.05], ..Pose::default() };
            pose.head.yaw = 0.1;
            pose.head.roll = 0.05;
            pose.head.pitch = 0.05;
            pose.head.shift = [0.05, -0.03];
            let t = std::time::Instant::now();
            r.render(&pose, 0, 0.0, &mut out);
            println!("head {:?}", t.elapsed());
            save(&out, &format!("/tmp/demo/r_{n}_head.png"));
        }
    }
}
