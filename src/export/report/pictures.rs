//! Onset, apex and offset of an event side by side, and what changed from onset to apex.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::export::clips::{Detectors, FaceLocator, strip};
use crate::export::{Sink, View};
use crate::session::table::Row;

/// Cuts the strips of one report.
#[derive(Default)]
pub(super) struct Strips {
    /// Opened for the first strip: it takes a second.
    detectors: Option<Detectors>,
}

impl Strips {
    /// The event's strip; nothing where the session has no pictures.
    pub(super) fn write(
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
    let data = STANDARD.encode(png);
    writeln!(
        out,
        "<figure><img alt=\"{caption}\" src=\"data:image/png;base64,{data}\">\
         <figcaption>{caption}</figcaption></figure>"
    )
}
