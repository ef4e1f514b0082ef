//! Onset, apex and offset of an event side by side, and what changed from onset to apex.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;

use crate::exchange::clips::{Detectors, FaceLocator, strip};
use crate::exchange::{Sink, View};
use crate::session::table::Row;

/// Height of a picture in the file, pixels: twice what a page shows, for sharp screens and print. Three
/// hundred events then take 30 MB, and whole pictures would take half a gigabyte.
const HIGH_PX: u32 = 336;
/// JPEG quality, 1–100.
const QUALITY: u8 = 88;

/// Cuts the strips of one report.
#[derive(Default)]
pub(crate) struct Strips {
    /// Opened for the first strip: it takes a second.
    detectors: Option<Detectors>,
}

impl Strips {
    /// The event's strip; nothing where the session has no pictures.
    pub(crate) fn write(
        &mut self,
        view: &mut View<'_>,
        row: &Row,
        out: &mut Sink,
    ) -> io::Result<()> {
        let blur = view.blur;
        let Some(pictures) = view.pictures.as_deref_mut() else { return Ok(()) };
        if self.detectors.is_none() {
            self.detectors = Some(Detectors::new()?);
        }
        let Some(detectors) = &mut self.detectors else { return Ok(()) };
        let locator: &mut dyn FaceLocator = detectors;
        match strip(pictures, &row.bounds, blur, locator) {
            Ok(strip) => {
                writeln!(out, "<div class=\"strip\">")?;
                let (onset, apex, offset) = (row.bounds.onset, row.bounds.apex, row.bounds.offset);
                figure(&strip.onset, &format!("onset, frame {}", onset.frame), out)?;
                figure(&strip.apex, &format!("apex, frame {}", apex.frame), out)?;
                figure(&strip.offset, &format!("offset, frame {}", offset.frame), out)?;
                figure(&strip.difference, "apex minus onset (grey: no change)", out)?;
                writeln!(out, "</div>")
            }
            // A picture that is lost takes no report with it.
            Err(error) => {
                let why = super::text(&error.to_string());
                writeln!(out, "<p class=\"notice\">No pictures: {why}</p>")
            }
        }
    }
}

fn figure(png: &[u8], caption: &str, out: &mut Sink) -> io::Result<()> {
    let caption = super::text(caption);
    let data = STANDARD.encode(small(png).map_err(io::Error::other)?);
    writeln!(
        out,
        "<figure><img alt=\"{caption}\" src=\"data:image/jpeg;base64,{data}\">\
         <figcaption>{caption}</figcaption></figure>"
    )
}

/// A picture as a page needs it.
fn small(png: &[u8]) -> image::ImageResult<Vec<u8>> {
    let mut picture = image::load_from_memory(png)?;
    if picture.height() > HIGH_PX {
        picture = picture.resize(u32::MAX, HIGH_PX, FilterType::Triangle);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture.to_rgb8())?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_a_face_takes_tens_of_kilobytes_and_keeps_its_shape() {
        let mut noise = 7u32;
        let mut png = io::Cursor::new(Vec::new());
        image::RgbImage::from_fn(600, 800, |x, y| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (noise >> 28) as u8;
            image::Rgb([(x / 4) as u8 + grain, (y / 5) as u8 + grain, 90 + grain])
        })
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("encoded");
        let jpeg = small(png.get_ref()).expect("made smaller");
        let read = image::load_from_memory(&jpeg).expect("a picture");
        assert_eq!((read.width(), read.height()), (252, 336));
        assert!(jpeg.len() < 40_000 && png.get_ref().len() > 400_000, "{}", jpeg.len());
        assert!(small(b"no picture").is_err());
    }
}
