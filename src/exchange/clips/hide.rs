//! What is done to a face that nobody is to know.

use crate::measure::geometry::{Point, Rect};
use crate::media::image::RgbImage;

/// What is hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hidden {
    Region(Rect),
    Everything,
}

/// A box that holds hair, chin and ears too.
pub(crate) fn wider(face: &Rect) -> Rect {
    const MARGIN: f32 = 0.35;
    let margin = Point::new(face.width() * MARGIN, face.height() * MARGIN);
    Rect { min: face.min - margin, max: face.max + margin }
}

/// Reduces what is to be hidden to squares of one colour.
pub(crate) fn hide(image: &mut RgbImage, hidden: Hidden) {
    /// Squares across a hidden region: too few for a face to be known by.
    const SQUARES: usize = 6;
    let (width, height) = (image.width, image.height);
    let inside = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
    let (xs, ys) = match hidden {
        Hidden::Everything => (0..width, 0..height),
        Hidden::Region(r) => (
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
