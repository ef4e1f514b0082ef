//! Onset, apex and offset of an event side by side, and what changed.

use std::io;

use super::hide::{Hidden, wider};
use super::{ClipOptions, Cut, FaceFollower, exactly, followed_face};
use crate::measure::geometry::Rect;
use crate::media::image::RgbImage;
use crate::media::pictures::Pictures;
use crate::session::annotation::Bounds;
use crate::session::clip::difference::Difference;

/// The face at the three moments of an event, one picture each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// At onset.
    pub onset: RgbImage,
    /// At the apex.
    pub apex: RgbImage,
    /// At offset.
    pub offset: RgbImage,
    /// Brightness at the apex minus that at onset: grey where nothing changed.
    pub difference: RgbImage,
}

/// Cuts the strip of an event: the same part of the picture at each moment, round the face if it is found,
/// else the whole picture. With `blur`, faces are hidden; the second value is
/// [`ClipOptions::eye_distance_px`].
pub fn strip(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    (blur, eye_distance_px): (bool, Option<f32>),
    faces: &mut dyn FaceFollower,
) -> io::Result<Strip> {
    let options = ClipOptions { margin_secs: 0.0, blur, eye_distance_px, ..ClipOptions::default() };
    let mut cut = Cut::new(pictures, bounds, &options, faces)?;
    let mut at = |frame: u64| {
        let moments = cut.recorded.moments();
        let index = moments.partition_point(|moment| moment.frame <= frame).saturating_sub(1);
        cut.frame(index)
    };
    let [onset, apex, offset] =
        [at(bounds.onset.frame)?, at(bounds.apex.frame)?, at(bounds.offset.frame)?];
    let face = match cut.hidden {
        Some(Hidden::Faces { subject, .. }) => Some(subject),
        Some(Hidden::Everything) => None,
        None => {
            faces.forget();
            let overlay = faces.follow(&onset).map_err(io::Error::other)?;
            followed_face(&overlay).map(|face| wider(&face))
        }
    };
    let [onset, apex, offset] = [onset, apex, offset].map(|frame| part(&frame.image, face));
    let difference = Difference::between(&onset, &exactly(&apex, (onset.width, onset.height)));
    let difference = difference.map(|difference| difference.in_grey()).unwrap_or_default();
    Ok(Strip { onset, apex, offset, difference })
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
