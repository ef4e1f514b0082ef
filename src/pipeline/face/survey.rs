//! A regular look at the whole picture. Following one face does not show two things: other faces, and a
//! picture that stands on its head.
//!
//! BlazeFace is sure of an upright face (0.95 to 0.98 on portraits and on the synthetic person) and unsure of
//! one that stands on its head (0.72 to 0.78). So looking at the picture both ways tells which it is. The
//! mesh does not tell: it follows a face however the face is turned.

use super::detect::BlazeFace;
use crate::measure::face::{FaceBox, Landmarks};
use crate::measure::geometry::{Point, Rect};
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::stream::{Notice, NoticeKind};
use crate::model::{ModelError, Models};

/// Seconds between two looks at the start of a stream, so that a short film has some too.
const EARLY_SECS: f64 = 0.5;
/// Seconds between two looks later on.
const LATER_SECS: f64 = 2.0;
/// Seconds that count as the start of a stream.
const YOUNG_SECS: f64 = 2.0;

/// BlazeFace's confidence from which a face is certain and upright, 0–1.
const SURE: f32 = 0.85;

/// The confidence in a face on its head must be greater by this much.
const MARGIN: f32 = 0.1;

/// Number of looks in a row that must agree before something is said.
const LOOKS: u32 = 2;

/// Looks at the whole picture from time to time.
pub struct Survey {
    detector: BlazeFace,
    first: Option<Timestamp>,
    next: Timestamp,
    is_upside_down: bool,
    upside_down: Told,
    several: Told,
}

/// Something that is said once it has been seen often enough, and again only after it was gone.
#[derive(Debug, Default)]
struct Told {
    looks: u32,
}

impl Told {
    /// True if it should be said now.
    fn see(&mut self, is_there: bool) -> bool {
        self.looks = if is_there { self.looks.saturating_add(1) } else { 0 };
        self.looks == LOOKS
    }
}

impl Survey {
    /// Opens the detector.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        Ok(Self {
            detector: BlazeFace::new(models)?,
            first: None,
            next: Timestamp::ZERO,
            is_upside_down: false,
            upside_down: Told::default(),
            several: Told::default(),
        })
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        self.first = None;
        self.is_upside_down = false;
        (self.upside_down, self.several) = Default::default();
    }

    /// True if the last look found that the picture stands on its head.
    pub fn is_upside_down(&self) -> bool {
        self.is_upside_down
    }

    /// Looks at `frame` if a look is due. `followed` is the face that is analysed; empty without one. Adds to
    /// `notices` what a person should know.
    pub fn look(
        &mut self,
        frame: &Frame,
        followed: &Landmarks,
        notices: &mut Vec<Notice>,
    ) -> Result<(), ModelError> {
        let first = *self.first.get_or_insert(frame.time);
        if frame.time != first && frame.time < self.next {
            return Ok(());
        }
        let is_young = frame.time.secs_since(first) < YOUNG_SECS;
        self.next = frame.time + if is_young { EARLY_SECS } else { LATER_SECS };
        let upright = self.detector.detect_turned(&frame.image, 0.0, MARGIN)?;
        let turned = self.detector.detect_turned(&frame.image, std::f32::consts::PI, MARGIN)?;
        self.is_upside_down = stands_on_its_head(&upright, &turned);
        if self.upside_down.see(self.is_upside_down) {
            notices.push(Notice::new(NoticeKind::Info, text_of_upside_down(frame)));
        }
        let sure: Vec<_> = upright.into_iter().filter(|face| face.confidence >= SURE).collect();
        let text = text_of_several(frame, &sure, followed);
        if self.several.see(text.is_some()) {
            notices.extend(text.map(|text| Notice::new(NoticeKind::Info, text)));
        }
        Ok(())
    }
}

fn stands_on_its_head(upright: &[FaceBox], turned: &[FaceBox]) -> bool {
    let best = |faces: &[FaceBox]| faces.iter().map(|face| face.confidence).fold(0.0, f32::max);
    let (upright, turned) = (best(upright), best(turned));
    turned >= SURE && turned > upright + MARGIN
}

fn text_of_upside_down(frame: &Frame) -> String {
    format!(
        "The picture is upside down: at {} a face is found only when the picture is turned by 180°. \
         Its frames are marked as turned away and get no score. Turn the camera. To turn a video: \
         `ffmpeg -i FILE -vf hflip,vflip NEW.mp4`.",
        frame.time
    )
}

/// `None` if there is at most one face in the picture, or if none is followed.
fn text_of_several(frame: &Frame, faces: &[FaceBox], followed: &Landmarks) -> Option<String> {
    let ours = Rect::around(&followed.points_in_frame)?;
    let is_ours = |face: &&FaceBox| holds(&face.rect_in_frame, ours.center());
    let same = faces.iter().find(is_ours).map_or(ours, |face| face.rect_in_frame);
    let others: Vec<_> = faces.iter().filter(|face| !is_ours(face)).collect();
    let largest = others
        .iter()
        .map(|face| face.rect_in_frame)
        .max_by(|a, b| a.area().total_cmp(&b.area()))?;
    let size = if largest.area() > same.area() { "larger" } else { "smaller" };
    Some(format!(
        "{} faces are in the picture at {}. Only one is analysed: the one {}, {:.0} pixels wide. The \
         largest of the others is {size}: {}, {:.0} pixels wide. To analyse that one: --face {:.2},{:.2} \
         on the command line, or Face in the menu of sources.",
        others.len() + 1,
        frame.time,
        place(&frame.image, same),
        same.width(),
        place(&frame.image, largest),
        largest.width(),
        largest.center().x / frame.image.width.max(1) as f32,
        largest.center().y / frame.image.height.max(1) as f32,
    ))
}

fn holds(rect: &Rect, point: Point) -> bool {
    (rect.min.x..=rect.max.x).contains(&point.x) && (rect.min.y..=rect.max.y).contains(&point.y)
}

fn place(image: &RgbImage, rect: Rect) -> &'static str {
    match rect.center().x / image.width.max(1) as f32 {
        ..0.4 => "on the left",
        0.6.. => "on the right",
        _ => "in the middle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn face(x: f32, width: f32, confidence: f32) -> FaceBox {
        let max = Point::new(x + width, 10.0 + width);
        let rect_in_frame = Rect { min: Point::new(x, 10.0), max };
        FaceBox { rect_in_frame, confidence, eyes_in_frame: None }
    }

    fn followed(x: f32, width: f32) -> Landmarks {
        let points_in_frame = vec![Point::new(x, 10.0), Point::new(x + width, 10.0 + width)];
        Landmarks { points_in_frame, ..Landmarks::default() }
    }

    fn frame() -> Frame {
        Frame::new(0, Timestamp::ZERO, Arc::new(RgbImage::new(300, 100)))
    }

    /// Confidences that BlazeFace gave on portraits, both ways.
    #[test]
    fn a_picture_stands_on_its_head_where_only_the_turned_one_shows_a_sure_face() {
        let (sure, unsure) = ([face(0.0, 50.0, 0.97)], [face(0.0, 50.0, 0.73)]);
        assert!(stands_on_its_head(&unsure, &sure));
        assert!(stands_on_its_head(&[], &sure));
        assert!(!stands_on_its_head(&sure, &unsure));
        assert!(!stands_on_its_head(&sure, &sure));
        assert!(!stands_on_its_head(&unsure, &unsure) && !stands_on_its_head(&[], &[]));
    }

    #[test]
    fn other_faces_are_counted_and_the_one_that_is_followed_is_named() {
        let faces = [face(10.0, 40.0, 0.97), face(200.0, 70.0, 0.96)];
        let text = text_of_several(&frame(), &faces, &followed(12.0, 36.0)).expect("two faces");
        assert!(text.starts_with("2 faces are in the picture at 0:00.000"), "{text}");
        assert!(text.contains("the one on the left, 40 pixels"), "{text}");
        assert!(text.contains("is larger: on the right, 70 pixels"), "{text}");
        assert!(text.contains("--face 0.78,0.45"), "{text}");
        assert_eq!(text_of_several(&frame(), &faces[..1], &followed(12.0, 36.0)), None);
        assert_eq!(text_of_several(&frame(), &faces, &Landmarks::default()), None);
    }

    #[test]
    fn it_is_told_once_and_not_of_a_single_look() {
        let mut told = Told::default();
        let seen = [true, false, true, true, true, false, true, true];
        let said: Vec<_> = seen.into_iter().map(|is_there| told.see(is_there)).collect();
        assert_eq!(said, [false, false, false, true, false, false, false, true]);
    }

    /// A synthetic person, upright and turned by 180°.
    #[test]
    fn a_face_on_its_head_is_known_from_an_upright_one() {
        let models = Models::load(&Default::default()).expect("embedded models");
        let bytes = include_bytes!("../../../assets/portraits/p007.jpg");
        let upright = crate::media::jpeg::decode(bytes).expect("a portrait");
        let pixels = upright.data.as_chunks::<3>().0.iter().rev().flatten().copied().collect();
        let turned = RgbImage::from_vec(upright.width, upright.height, pixels).expect("turned");
        for (image, expected) in [(upright, false), (turned, true)] {
            let mut survey = Survey::new(&models).expect("a detector");
            let frame = Frame::new(0, Timestamp::ZERO, Arc::new(image));
            survey.look(&frame, &Landmarks::default(), &mut Vec::new()).expect("runs");
            assert_eq!(survey.is_upside_down(), expected);
        }
    }
}
