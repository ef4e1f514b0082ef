//! Hides faces, so that no one can be recognised.

use crate::measure::geometry::{Point, Rect};
use crate::media::image::RgbImage;

/// The part of a picture that is hidden.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hidden {
    Faces {
        /// The face whose motion was measured.
        subject: Rect,
        /// All faces. The boxes do not overlap.
        all: Vec<Rect>,
    },
    Everything,
}

impl Hidden {
    /// Hides the subject and everyone else; the whole picture if the subject was not found.
    pub(crate) fn of(subject: &[Rect], others: &[Rect]) -> Self {
        let around = |faces: &[Rect]| {
            let corners: Vec<Point> =
                faces.iter().map(wider).flat_map(|face| [face.min, face.max]).collect();
            Rect::around(&corners)
        };
        let Some(subject) = around(subject) else { return Self::Everything };
        let mut all = vec![subject];
        others.iter().map(wider).for_each(|face| add(&mut all, face));
        Self::Faces { subject, all }
    }
}

/// Adds a region to `all`, joined with those that it overlaps.
fn add(all: &mut Vec<Rect>, mut region: Rect) {
    while let Some(at) = all.iter().position(|other| other.iou(&region) > 0.0) {
        let other = all.swap_remove(at);
        let (min, max) = (region.min, region.max);
        region = Rect {
            min: Point::new(min.x.min(other.min.x), min.y.min(other.min.y)),
            max: Point::new(max.x.max(other.max.x), max.y.max(other.max.y)),
        };
    }
    all.push(region);
}

/// A box that also holds hair, chin and ears.
pub(crate) fn wider(face: &Rect) -> Rect {
    const MARGIN: f32 = 0.35;
    let margin = Point::new(face.width() * MARGIN, face.height() * MARGIN);
    Rect { min: face.min - margin, max: face.max + margin }
}

/// Replaces what is to be hidden with squares of one colour.
pub(crate) fn hide(image: &mut RgbImage, hidden: &Hidden) {
    match hidden {
        Hidden::Everything => hide_part(image, None),
        Hidden::Faces { all, .. } => all.iter().for_each(|face| hide_part(image, Some(*face))),
    }
}

fn hide_part(image: &mut RgbImage, region: Option<Rect>) {
    /// Squares across a hidden region: too few to recognise a face.
    const SQUARES: usize = 6;
    let (width, height) = (image.width, image.height);
    let inside = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
    let (xs, ys) = match region {
        None => (0..width, 0..height),
        Some(r) => (
            inside(r.min.x.floor(), width)..inside(r.max.x.ceil(), width),
            inside(r.min.y.floor(), height)..inside(r.max.y.ceil(), height),
        ),
    };
    let side = xs.len().max(ys.len()).div_ceil(SQUARES).max(1);
    for top in ys.clone().step_by(side) {
        for left in xs.clone().step_by(side) {
            let right = (left + side).min(xs.end);
            fill_with_mean(image, left..right, top..(top + side).min(ys.end));
        }
    }
}

fn fill_with_mean(image: &mut RgbImage, xs: std::ops::Range<usize>, ys: std::ops::Range<usize>) {
    let width = image.width;
    let row = |y: usize| (y * width + xs.start) * 3..(y * width + xs.end) * 3;
    let mut sums = [0_u64; 3];
    for px in ys.clone().flat_map(|y| image.data[row(y)].chunks_exact(3)) {
        sums.iter_mut().zip(px).for_each(|(sum, value)| *sum += u64::from(*value));
    }
    let count = (xs.len() * ys.len()).max(1) as u64;
    let mean = sums.map(|sum| (sum / count) as u8);
    for y in ys {
        image.data[row(y)].chunks_exact_mut(3).for_each(|px| px.copy_from_slice(&mean));
    }
}
