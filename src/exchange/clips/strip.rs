//! Onset, apex and offset of an event side by side, and what changed.

use std::io;

use super::hide::{Hidden, wider};
use super::{ClipOptions, Cut, FaceLocator, buffer_of, exactly};
use crate::measure::geometry::Rect;
use crate::media::image::RgbImage;
use crate::media::pictures::Pictures;
use crate::session::annotation::Bounds;
use crate::session::clip::difference::Difference;

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
    let difference = Difference::between(&onset, &exactly(&apex, (onset.width, onset.height)));
    let difference = difference.map(|difference| difference.in_grey()).unwrap_or_default();
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

fn png(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    buffer_of(picture)?.write_to(&mut bytes, image::ImageFormat::Png).map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}
