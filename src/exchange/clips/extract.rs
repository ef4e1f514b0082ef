//! The recorded pictures of an event, and the face in them. The clips of the window and the exported ones are
//! both made here, so that they show the same.

use std::ops::Range;

use super::face_pictures::{FacePictures, MARGIN_SECS};
use super::faces::FaceFollower;
use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::pictures::{PictureError, Pictures};
use crate::pipeline::Overlay;
use crate::session::annotation::Bounds;
use crate::session::clip::EventClip;

/// The window shows at most this much of an event, from its beginning, seconds.
const LONGEST_SECS: f64 = 6.0;

/// The recorded pictures from a little before the onset to a little after the offset.
pub struct EventPictures<'a> {
    pictures: &'a mut dyn Pictures,
    indices: Range<usize>,
}

impl<'a> EventPictures<'a> {
    /// The pictures within `margin_secs` of the event; `None` if none were recorded.
    pub fn of(pictures: &'a mut dyn Pictures, bounds: &Bounds, margin_secs: f64) -> Option<Self> {
        let moments = pictures.moments();
        let margin_secs = margin_secs.max(0.0);
        let (from, to) = (bounds.onset.time - margin_secs, bounds.offset.time + margin_secs);
        let first = moments.partition_point(|moment| moment.time < from);
        let last = moments.partition_point(|moment| moment.time <= to);
        (first < last).then_some(Self { pictures, indices: first..last })
    }

    /// Frame number and time of each picture, in order; never empty.
    pub fn moments(&self) -> &[Moment] {
        &self.pictures.moments()[self.indices.clone()]
    }

    /// Picture `index` of [`Self::moments`].
    pub fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        self.pictures.picture(self.indices.start + index)
    }

    /// Follows the face through the first `secs` seconds of the pictures, as when they were measured. Calls
    /// `each` with every picture and what was found in it. The error is one sentence.
    pub fn follow(
        &mut self,
        faces: &mut dyn FaceFollower,
        secs: f64,
        mut each: impl FnMut(&Frame, &Overlay, &mut dyn FaceFollower) -> Result<(), String>,
    ) -> Result<(), String> {
        let moments = self.moments();
        let first = moments[0].time;
        let count = moments.partition_point(|moment| moment.time.secs_since(first) <= secs);
        faces.forget();
        for index in 0..count {
            let frame = self.picture(index).map_err(|error| error.to_string())?;
            let overlay = faces.follow(&frame)?;
            each(&frame, &overlay, faces)?;
        }
        Ok(())
    }
}

/// The clip of an event for the window: the face held still. The error is one sentence.
pub fn face_clip(
    pictures: &mut dyn Pictures,
    faces: &mut dyn FaceFollower,
    bounds: &Bounds,
) -> Result<EventClip, String> {
    let mut recorded = EventPictures::of(pictures, bounds, MARGIN_SECS)
        .ok_or("No picture of this event is stored.")?;
    let mut held_still = FacePictures::default();
    recorded.follow(faces, MARGIN_SECS + LONGEST_SECS, |frame, overlay, _| {
        held_still.keep(frame, overlay);
        Ok(())
    })?;
    let clip = held_still.cut_out(bounds);
    clip.ok_or_else(|| "No face was found in this event’s pictures.".into())
}
