//! Onset, apex and offset of an event side by side, and what changed.

use std::io;

use super::hide::{Hidden, wider};
use super::{ClipOptions, Cut, FaceLocator, buffer_of, exactly};
use crate::measure::geometry::Rect;
use crate::media::image::{RgbImage, luma};
use crate::media::pictures::Pictures;
use crate::session::annotation::Bounds;

/// The face at the three moments of an event, PNG files each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// At onset.
    pub onset: Vec<u8>,
    /// At the apex.
    pub apex: Vec<u8>,
    /// At offset.
    pub offset: Vec<u8>,
    /// Brightness at the apex minus that at onset: grey where nothing changed.
    pub difference: Vec<u8>,
}

/// Cuts the strip of an event: one and the same part of the picture at each moment, round the face
/// where it is found, else all of it.
pub fn strip(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    blur: bool,
    locator: &mut dyn FaceLocator,
) -> io::Result<Strip> {
    let options = ClipOptions { margin_secs: 0.0, blur, ..ClipOptions::default() };
    let mut cut = Cut::new(pictures, bounds, &options, locator)?;
    let mut at = |frame: u64| {
        let index = cut.pictures.index_of(frame).unwrap_or(cut.indices.start);
        cut.frame(index.clamp(cut.indices.start, cut.indices.end - 1))
    };
    let [onset, apex, offset] =
        [at(bounds.onset.frame)?, at(bounds.apex.frame)?, at(bounds.offset.frame)?];
    let face = match cut.hidden {
        Some(Hidden::Region(region)) => Some(region),
        Some(Hidden::Everything) => None,
        None => locator.faces(&onset.image)?.first().map(wider),
    };
    let [onset, apex, offset] = [onset, apex, offset].map(|frame| part(&frame.image, face));
    let difference = difference(&onset, &exactly(&apex, (onset.width, onset.height)));
    let [onset, apex, offset, difference] =
        [onset, apex, offset, difference].map(|picture| png(&picture));
    Ok(Strip { onset: onset?, apex: apex?, offset: offset?, difference: difference? })
}

fn part(image: &RgbImage, region: Option<Rect>) -> RgbImage {
    let Some(region) = region else { return image.clone() };
    let within = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
    let (left, top) = (within(region.min.x, image.width), within(region.min.y, image.height));
    let (right, bottom) = (within(region.max.x, image.width), within(region.max.y, image.height));
    if right <= left || bottom <= top {
        return image.clone();
    }
    let rows = (top..bottom)
        .flat_map(|y| &image.data[(y * image.width + left) * 3..(y * image.width + right) * 3]);
    let data = rows.copied().collect();
    RgbImage::from_vec(right - left, bottom - top, data).unwrap_or_else(|| image.clone())
}

/// Mid-grey where nothing changed; twelve grey levels are full black or white at the most.
fn difference(earlier: &RgbImage, later: &RgbImage) -> RgbImage {
    const LEAST_SCALE: f32 = 12.0;
    let gray = |px: &[u8]| luma([f32::from(px[0]), f32::from(px[1]), f32::from(px[2])]);
    let pairs = earlier.data.chunks_exact(3).zip(later.data.chunks_exact(3));
    let levels: Vec<f32> = pairs.map(|(a, b)| gray(b) - gray(a)).collect();
    let mut sizes: Vec<f32> = levels.iter().map(|level| level.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    // One pixel in two hundred may saturate, so that a glint does not hide the movement.
    let rank = sizes.len().saturating_sub(1 + sizes.len() / 200);
    let scale = sizes.get(rank).copied().unwrap_or(0.0).max(LEAST_SCALE);
    let shade = |level: &f32| [(127.5 + 127.5 * level / scale).clamp(0.0, 255.0) as u8; 3];
    let data = levels.iter().flat_map(shade).collect();
    RgbImage { width: earlier.width, height: earlier.height, data }
}

fn png(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    buffer_of(picture)?.write_to(&mut bytes, image::ImageFormat::Png).map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}
