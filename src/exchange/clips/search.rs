//! Finding everyone in a picture, so that all faces can be hidden.
//!
//! The detector was made for one person in front of a camera. Its input is 128 pixels wide, so that a
//! bystander of 95 pixels in 1280 is only a spot. So it searches windows of half the size, of a quarter and
//! so on, which overlap by half, and finds faces of any size in them.

use crate::media::image::RgbImage;

/// Size of the smallest windows, pixels. A face must fill at least a seventh of a window; with fewer than 24
/// pixels, a person is hard to recognise.
const SMALLEST_WINDOW_PX: usize = 160;

/// A part of a picture, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) left: usize,
    pub(super) top: usize,
    width: usize,
    height: usize,
}

/// Windows of half the longer side, of a quarter and so on; each overlaps the next by half.
pub(super) fn windows(width: usize, height: usize) -> Vec<Window> {
    let mut all = Vec::new();
    let mut side = width.max(height).div_ceil(2);
    while side >= SMALLEST_WINDOW_PX {
        for top in starts(height, side) {
            for left in starts(width, side) {
                let (width, height) = (side.min(width), side.min(height));
                all.push(Window { left, top, width, height });
            }
        }
        side = side.div_ceil(2);
    }
    all
}

/// Where windows of `side` begin along `length`. No face is cut by the edges of all of them.
fn starts(length: usize, side: usize) -> Vec<usize> {
    let last = length.saturating_sub(side);
    let mut starts: Vec<usize> = (0..last).step_by((side / 2).max(1)).collect();
    starts.push(last);
    starts
}

impl Window {
    /// Copies this part of `picture` into `part`.
    pub(super) fn cut(&self, picture: &RgbImage, part: &mut RgbImage) {
        let Self { left, top, width, height } = *self;
        (part.width, part.height) = (width, height);
        part.data.clear();
        for y in top..top + height {
            let row = (y * picture.width + left) * 3;
            part.data.extend_from_slice(&picture.data[row..row + width * 3]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_picture_is_well_inside_a_window_of_every_size() {
        for (width, height) in [(1280, 720), (641, 481), (720, 1280), (321, 320)] {
            let all = windows(width, height);
            let mut sides: Vec<_> = all.iter().map(|w| w.width.max(w.height)).collect();
            sides.dedup();
            for side in sides {
                // A face of a third of the window, anywhere.
                let face = side / 3;
                for x in (0..=width - face).step_by(7) {
                    for y in (0..=height.saturating_sub(face)).step_by(7) {
                        let holds = |w: &Window| {
                            w.left <= x
                                && x + face <= w.left + w.width
                                && w.top <= y
                                && y + face <= w.top + w.height
                        };
                        assert!(all.iter().any(holds), "{face} px at {x}, {y} in {width}×{height}");
                    }
                }
            }
        }
        assert_eq!(windows(300, 200), []);
    }
}
