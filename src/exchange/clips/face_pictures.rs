//! The newest seconds of the face, held still. The clip of an event is cut from them, live and in review.
//!
//! Memory is bounded: eight seconds of at most 60 pictures a second with 126 × 144 pixels each are 26 MB at
//! most, and 13 MB at 30 fps. A clip shares the pictures, so that it takes no memory of its own, and
//! overlapping events take memory once.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::measure::event::{Event, Moment};
use crate::measure::geometry::{Affine, Point};
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::pipeline::Overlay;
use crate::pipeline::face::align::{FACE_HEIGHT_PX, FACE_WIDTH_PX};
use crate::session::annotation::Bounds;
use crate::session::clip::EventClip;
pub(crate) use crate::session::clip::slow_loop::MARGIN_SECS;

/// Width and height of a picture, pixels: the aligned face, nine sixteenths of its size.
const PICTURE_PX: (usize, usize) = (FACE_WIDTH_PX * 9 / 16, FACE_HEIGHT_PX * 9 / 16);

/// Seconds that pictures are kept: a macro-expression of four seconds, and the seconds until it is certain.
const KEPT_SECS: f64 = 8.0;

/// More pictures a second would not show more.
const MOST_FPS: f64 = 60.0;

#[derive(Debug)]
struct Picture {
    seq: u64,
    time: Timestamp,
    image: Arc<RgbImage>,
    regions: Vec<(Point, f32)>,
}

/// The newest pictures of the face.
#[derive(Debug, Default)]
pub(crate) struct FacePictures {
    pictures: VecDeque<Picture>,
    /// A picture to use again, whose pixels no one holds. So a full ring allocates only what events keep.
    spare: Option<Picture>,
}

impl FacePictures {
    /// Keeps a picture of the face in `frame`, if there is a face and the last picture is not too recent.
    pub(crate) fn keep(&mut self, frame: &Frame, overlay: &Overlay) {
        while let Some(oldest) = self.pictures.front()
            && frame.time.secs_since(oldest.time) > KEPT_SECS
        {
            let is_free = |picture: &Picture| Arc::strong_count(&picture.image) == 1;
            self.spare = self.pictures.pop_front().filter(is_free).or(self.spare.take());
        }
        let too_soon = |last: &Picture| frame.time.secs_since(last.time) < 0.98 / MOST_FPS;
        let Some(frame_from_face) = overlay.frame_from_face else { return };
        if self.pictures.back().is_some_and(too_soon) {
            return;
        }
        let enlarge = FACE_HEIGHT_PX as f32 / PICTURE_PX.1 as f32;
        let face_from_picture = Affine::similarity(enlarge, 0.0, Point::default());
        let frame_from_picture = frame_from_face.after(&face_from_picture);
        let new = || Picture {
            seq: 0,
            time: Timestamp::ZERO,
            image: Arc::new(RgbImage::new(PICTURE_PX.0, PICTURE_PX.1)),
            regions: Vec::new(),
        };
        let mut picture = self.spare.take().unwrap_or_else(new);
        (picture.seq, picture.time) = (frame.seq, frame.time);
        frame.image.warp_into(&frame_from_picture, Arc::make_mut(&mut picture.image));
        picture.regions.clear();
        if let Some(picture_from_frame) = frame_from_picture.inverse() {
            let scale = picture_from_frame.scale();
            let here = |(p, r): &(Point, f32)| (picture_from_frame.apply(*p), r * scale);
            picture.regions.extend(overlay.regions_in_frame.iter().map(here));
        }
        self.pictures.push_back(picture);
    }

    /// The pictures of `event`; `None` if they are no longer kept or there never were any.
    pub(crate) fn cut(&self, event: &Event) -> Option<EventClip> {
        let Event { onset, apex, offset, .. } = *event;
        self.cut_out(&Bounds { onset, apex, offset })
    }

    /// The same for any bounds.
    pub(crate) fn cut_out(&self, event: &Bounds) -> Option<EventClip> {
        let (from, to) = (event.onset.time - MARGIN_SECS, event.offset.time + MARGIN_SECS);
        let oldest = self.pictures.front()?;
        if oldest.time > event.onset.time {
            return None;
        }
        let shown = |picture: &&Picture| (from..=to).contains(&picture.time);
        let frames: Vec<_> = self
            .pictures
            .iter()
            .filter(shown)
            .map(|picture| (picture.seq, picture.time, Arc::clone(&picture.image)))
            .collect();
        let nearest = |moment: Moment| {
            let apart = |i: &usize| (frames[*i].1.nanos() - moment.time.nanos()).unsigned_abs();
            (0..frames.len()).min_by_key(apart)
        };
        let (onset, apex, offset) =
            (nearest(event.onset)?, nearest(event.apex)?, nearest(event.offset)?);
        let shown = self.pictures.iter().find(|picture| picture.seq == frames[apex].0);
        let regions = shown.map(|picture| picture.regions.clone()).unwrap_or_default();
        Some(EventClip { frames, onset, apex, offset, regions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::{EventKind, Origin};
    use crate::measure::quality::Trouble;
    use std::sync::Arc;

    fn frame(seq: u64, fps: f64) -> Frame {
        let image = Arc::new(RgbImage::new(8, 8));
        Frame::new(seq, Timestamp::of_frame(seq, fps), image)
    }

    fn face() -> Overlay {
        Overlay { frame_from_face: Some(Affine::IDENTITY), ..Overlay::default() }
    }

    fn event(onset: u64, apex: u64, offset: u64, fps: f64) -> Event {
        let moment = |frame| Moment { frame, time: Timestamp::of_frame(frame, fps) };
        Event {
            id: 0,
            kind: EventKind::Micro,
            onset: moment(onset),
            apex: moment(apex),
            offset: moment(offset),
            score: 0.5,
            action_units: Vec::new(),
            emotion: None,
            trouble: Trouble::NONE,
            origin: Origin::Model,
        }
    }

    #[test]
    fn a_clip_shows_the_event_and_a_quarter_second_around_it() {
        let mut kept = FacePictures::default();
        (0..120).for_each(|seq| kept.keep(&frame(seq, 30.0), &face()));
        let clip = kept.cut(&event(60, 66, 72, 30.0)).expect("kept");
        let at = |i: usize| clip.frames[i].0;
        assert_eq!((at(clip.onset), at(clip.apex), at(clip.offset)), (60, 66, 72));
        assert_eq!((at(0), at(clip.frames.len() - 1)), (53, 79));
    }

    #[test]
    fn pictures_are_bounded_in_number_at_any_rate() {
        let mut kept = FacePictures::default();
        (0..4000).for_each(|seq| kept.keep(&frame(seq, 200.0), &face()));
        assert!(kept.pictures.len() <= (KEPT_SECS * MOST_FPS) as usize + 2);
        assert!(kept.cut(&event(3900, 3920, 3940, 200.0)).is_some());
    }

    #[test]
    fn the_regions_lie_in_the_picture_of_the_apex_where_they_lie_on_the_face() {
        let mut kept = FacePictures::default();
        let enlarge = FACE_HEIGHT_PX as f32 / PICTURE_PX.1 as f32;
        let turned = Affine::similarity(2.0, 0.5, Point::new(30.0, 40.0));
        for seq in 0..30 {
            // In the upright face each frame has its region a little further to the right.
            let at = Point::new(seq as f32, 8.0) * enlarge;
            let overlay = Overlay {
                frame_from_face: Some(turned),
                regions_in_frame: vec![(turned.apply(at), 3.0 * 2.0 * enlarge)],
                ..Overlay::default()
            };
            kept.keep(&frame(seq, 30.0), &overlay);
        }
        let clip = kept.cut(&event(10, 15, 20, 30.0)).expect("kept");
        let [(center, radius)] = clip.regions[..] else { panic!("{:?}", clip.regions) };
        assert!((center - Point::new(15.0, 8.0)).norm() < 1e-3, "{center:?}");
        assert!((radius - 3.0).abs() < 1e-3, "{radius}");
    }

    #[test]
    fn an_event_older_than_the_pictures_has_none() {
        let mut kept = FacePictures::default();
        (0..600).for_each(|seq| kept.keep(&frame(seq, 30.0), &face()));
        assert!(kept.cut(&event(60, 66, 72, 30.0)).is_none());
    }

    #[test]
    fn events_share_their_pictures_with_each_other_and_no_picture_is_drawn_over() {
        let mut kept = FacePictures::default();
        let see = |kept: &mut FacePictures, seq: u64| {
            let image = RgbImage { width: 1, height: 1, data: vec![seq as u8; 3] };
            kept.keep(&Frame::new(seq, Timestamp::of_frame(seq, 30.0), Arc::new(image)), &face());
        };
        (0..120).for_each(|seq| see(&mut kept, seq));
        let inner = kept.cut(&event(60, 66, 72, 30.0)).expect("kept");
        let outer = kept.cut(&event(40, 66, 90, 30.0)).expect("kept");
        assert!(Arc::ptr_eq(&inner.frames[inner.apex].2, &outer.frames[outer.apex].2));
        (120..1000).for_each(|seq| see(&mut kept, seq));
        for (seq, _, image) in &outer.frames {
            assert!(image.data.iter().all(|level| *level == *seq as u8), "{seq}");
        }
    }

    #[test]
    fn without_a_face_there_is_no_picture() {
        let mut kept = FacePictures::default();
        kept.keep(&frame(0, 30.0), &Overlay::default());
        assert!(kept.pictures.is_empty());
        assert!(kept.cut(&event(0, 0, 0, 30.0)).is_none());
    }
}
