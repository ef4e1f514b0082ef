//! Onset, apex and offset of an event side by side, and what changed from onset to apex.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{self, FilterType};

use crate::exchange::clips::faces::SessionFaces;
use crate::exchange::clips::{buffer_of, eye_distance_px, strip};
use crate::exchange::{Sink, View};
use crate::media::image::RgbImage;
use crate::media::jpeg;
use crate::session::table::Row;

/// Height of a picture in the file, pixels: twice its height on the page, for sharp screens and print. Three
/// hundred events take 30 MB; whole pictures would take half a gigabyte.
const HIGH_PX: u32 = 336;
/// JPEG quality, 1–100.
const QUALITY: u8 = 88;

/// Cuts the strips for one report.
#[derive(Default)]
pub(crate) struct Strips {
    /// Opened for the first strip, because it takes a second.
    faces: Option<SessionFaces>,
}

impl Strips {
    /// Writes the event's strip; nothing if the session has no pictures.
    pub(crate) fn write(
        &mut self,
        view: &mut View<'_>,
        row: &Row,
        out: &mut Sink,
    ) -> io::Result<()> {
        let hiding = (view.blur, eye_distance_px(view.session, &row.bounds));
        let Some(pictures) = view.pictures.as_deref_mut() else { return Ok(()) };
        let opened = match self.faces.take() {
            Some(opened) => opened,
            None => SessionFaces::open(&view.session.provenance, &view.models)
                .map_err(io::Error::other)?,
        };
        match strip(pictures, &row.bounds, hiding, self.faces.insert(opened)) {
            Ok(strip) => {
                writeln!(out, "<div class=\"strip\">")?;
                let (onset, apex, offset) = (row.bounds.onset, row.bounds.apex, row.bounds.offset);
                figure(&strip.onset, &format!("onset, frame {}", onset.frame), out)?;
                figure(&strip.apex, &format!("apex, frame {}", apex.frame), out)?;
                figure(&strip.offset, &format!("offset, frame {}", offset.frame), out)?;
                figure(&strip.difference, "apex minus onset (grey: no change)", out)?;
                writeln!(out, "</div>")
            }
            // A lost picture does not stop the report.
            Err(error) => {
                let why = super::text(&error.to_string());
                writeln!(out, "<p class=\"notice\">No pictures: {why}</p>")
            }
        }
    }
}

fn figure(picture: &RgbImage, caption: &str, out: &mut Sink) -> io::Result<()> {
    let caption = super::text(caption);
    let data = STANDARD.encode(small(picture)?);
    writeln!(
        out,
        "<figure><img alt=\"{caption}\" src=\"data:image/jpeg;base64,{data}\">\
         <figcaption>{caption}</figcaption></figure>"
    )
}

/// A picture in the size for the page, as JPEG.
fn small(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let high = HIGH_PX as usize;
    if picture.height <= high {
        return jpeg::encode(picture, QUALITY);
    }
    let wide = (picture.width * high).div_ceil(picture.height) as u32;
    let resized = imageops::resize(&buffer_of(picture)?, wide, HIGH_PX, FilterType::Triangle);
    let data = resized.into_raw();
    jpeg::encode(&RgbImage { width: wide as usize, height: high, data }, QUALITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_a_face_takes_tens_of_kilobytes_and_keeps_its_shape() {
        let mut noise = 7u32;
        let mut picture = RgbImage::new(600, 800);
        for (i, px) in picture.data.chunks_exact_mut(3).enumerate() {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (noise >> 28) as u8;
            let (x, y) = (i % 600, i / 600);
            px.copy_from_slice(&[(x / 4) as u8 + grain, (y / 5) as u8 + grain, 90 + grain]);
        }
        let jpeg = small(&picture).expect("encoded");
        let read = image::load_from_memory(&jpeg).expect("a picture");
        assert_eq!((read.width(), read.height()), (252, 336));
        assert!(jpeg.len() < 40_000, "{}", jpeg.len());
    }
}
