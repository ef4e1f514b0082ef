//! Finding a face in a whole frame.
//!
//! This runs only while no face is followed, so that it may cost more than the rest. The detectors of
//! [`DETECTORS`] are asked in their order, and the first face that the mesh confirms is taken.

use super::crop::{Border, Cropper};
use crate::measure::face::FaceBox;
use crate::measure::geometry::{Affine, Point, Rect};
use crate::media::image::{GrayImage, RgbImage};
use crate::model::{Model, ModelError, Models, Task};

/// Something that finds faces.
pub trait Detector: Send {
    /// Faces whose confidence is at least `min_confidence`, 0–1, in any order.
    fn detect(&mut self, frame: &RgbImage, min_confidence: f32)
    -> Result<Vec<FaceBox>, ModelError>;
}

/// One kind of detector.
#[derive(Debug)]
pub struct DetectorKind {
    /// Its name in the output of `fleeting doctor`.
    pub name: &'static str,
    /// It is asked for one frame in this many. A slow detector that searched every frame of an empty room
    /// would leave no time for the rest.
    pub every_frames: u64,
    /// Opens the detector.
    pub open: fn(&Models) -> Result<Box<dyn Detector>, ModelError>,
}

/// All detectors, in the order in which they are asked.
pub static DETECTORS: &[DetectorKind] = &[
    DetectorKind { name: "BlazeFace", every_frames: 1, open: |m| Ok(Box::new(BlazeFace::new(m)?)) },
    DetectorKind { name: "SeetaFace", every_frames: 6, open: |m| Ok(Box::new(SeetaFace::new(m)?)) },
];

/// Greatest number of candidates of one detector that the mesh checks. A check costs as much as a frame, and
/// the person in front of the camera is among the largest faces.
const MOST_CANDIDATES: usize = 3;

/// Which face is wanted where there are several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WantedFace {
    /// The largest.
    Largest,
    /// The nearest to a place, pixels.
    Nearest(Point),
    /// The one that was last seen at a place, pixels: the nearest, no further away than it is wide.
    SeenAt(Point),
}

impl WantedFace {
    /// The faces that may be it, the likeliest first.
    fn among(self, mut faces: Vec<FaceBox>) -> Vec<FaceBox> {
        let away = |face: &FaceBox, place: Point| face.rect_in_frame.center().distance(place);
        match self {
            Self::Largest => {
                faces.sort_by(|a, b| b.rect_in_frame.area().total_cmp(&a.rect_in_frame.area()))
            }
            Self::Nearest(place) | Self::SeenAt(place) => {
                faces.sort_by(|a, b| away(a, place).total_cmp(&away(b, place)));
            }
        }
        if let Self::SeenAt(place) = self {
            faces.retain(|face| away(face, place) <= face.rect_in_frame.width());
        }
        faces
    }
}

/// All detectors as one.
pub struct FaceFinder {
    detectors: Vec<Box<dyn Detector>>,
    searched_frames: u64,
}

impl FaceFinder {
    /// Opens every detector.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let detectors =
            DETECTORS.iter().map(|kind| (kind.open)(models)).collect::<Result<_, _>>()?;
        Ok(Self { detectors, searched_frames: 0 })
    }

    /// Starts counting frames without a face again.
    pub fn reset(&mut self) {
        self.searched_frames = 0;
    }

    /// Offers the faces of one detector after the other to `accepts`, in the order of `wanted`, until it takes
    /// one.
    pub fn find(
        &mut self,
        frame: &RgbImage,
        min_confidence: f32,
        wanted: WantedFace,
        mut accepts: impl FnMut(&FaceBox) -> Result<bool, ModelError>,
    ) -> Result<(), ModelError> {
        let searched = self.searched_frames;
        self.searched_frames += 1;
        for (kind, detector) in DETECTORS.iter().zip(&mut self.detectors) {
            if !searched.is_multiple_of(kind.every_frames) {
                continue;
            }
            let faces = wanted.among(detector.detect(frame, min_confidence)?);
            for face in faces.iter().take(MOST_CANDIDATES) {
                if accepts(face)? {
                    self.searched_frames = 0;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// BlazeFace, short range (Bazarevsky et al., 2019): faces up to about two metres away.
pub struct BlazeFace {
    model: Model,
    cropper: Cropper,
    input: Vec<f32>,
    anchors: Vec<Point>,
}

/// Width and height of BlazeFace's input, pixels.
const BLAZE_SIDE: usize = 128;
/// Overlap from which two raw boxes are one face. The value of MediaPipe.
const SAME_FACE_IOU: f32 = 0.3;

impl BlazeFace {
    /// Opens the model.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let model = models.open(Task::Detect)?;
        Ok(Self { model, cropper: Cropper::default(), input: Vec::new(), anchors: anchors() })
    }
}

impl BlazeFace {
    /// Faces in the picture after it is turned by `radians`. Their places are those in the picture before the
    /// turn. Half a turn finds faces that stand on their head.
    pub fn detect_turned(
        &mut self,
        frame: &RgbImage,
        radians: f32,
        min_confidence: f32,
    ) -> Result<Vec<FaceBox>, ModelError> {
        let scale = frame.width.max(frame.height) as f32 / BLAZE_SIDE as f32;
        let middle = Point::new(frame.width as f32, frame.height as f32) * 0.5;
        let half = Point::new(BLAZE_SIDE as f32, BLAZE_SIDE as f32) * 0.5;
        let half = Affine::similarity(scale, radians, Point::default()).apply(half);
        let frame_from_input = Affine::similarity(scale, radians, middle - half);
        self.cropper.rgb_planes(
            frame,
            &frame_from_input,
            BLAZE_SIDE,
            Border::Black,
            &mut self.input,
        );
        self.input.iter_mut().for_each(|v| *v = *v / 127.5 - 1.0);
        let outputs = self.model.run(&[&self.input])?;
        let raw = decode(&outputs[0], &outputs[1], &self.anchors, min_confidence);
        let place = |p: Point| frame_from_input.apply(p * BLAZE_SIDE as f32);
        let placed = |rect: &Rect| {
            let (a, b) = (place(rect.min), place(rect.max));
            Rect {
                min: Point::new(a.x.min(b.x), a.y.min(b.y)),
                max: Point::new(a.x.max(b.x), a.y.max(b.y)),
            }
        };
        Ok(merge(raw)
            .into_iter()
            .map(|face| FaceBox {
                rect_in_frame: placed(&face.rect_in_frame),
                confidence: face.confidence,
                eyes_in_frame: face.eyes_in_frame.map(|(r, l)| (place(r), place(l))),
            })
            .collect())
    }
}

impl Detector for BlazeFace {
    fn detect(
        &mut self,
        frame: &RgbImage,
        min_confidence: f32,
    ) -> Result<Vec<FaceBox>, ModelError> {
        self.detect_turned(frame, 0.0, min_confidence)
    }
}

/// Centres of BlazeFace's 896 anchors, 0–1: a 16×16 grid twice, an 8×8 grid six times.
fn anchors() -> Vec<Point> {
    let grid = |n: usize, repeats: usize| {
        let center = move |i: usize| (i as f32 + 0.5) / n as f32;
        (0..n * n).flat_map(move |i| {
            std::iter::repeat_n(Point::new(center(i % n), center(i / n)), repeats)
        })
    };
    grid(16, 2).chain(grid(8, 6)).collect()
}

/// Turns raw outputs into boxes, 0–1 of the input. Offsets are in 128ths from the anchor; the score is a
/// logit.
fn decode(regressors: &[f32], scores: &[f32], anchors: &[Point], min: f32) -> Vec<FaceBox> {
    let candidates = regressors.chunks_exact(16).zip(scores).zip(anchors);
    candidates
        .filter_map(|((r, logit), anchor)| {
            let confidence = sigmoid(*logit);
            let at = |k: usize| *anchor + Point::new(r[k], r[k + 1]) * (1.0 / BLAZE_SIDE as f32);
            let half = Point::new(r[2], r[3]) * (0.5 / BLAZE_SIDE as f32);
            (confidence >= min).then(|| FaceBox {
                rect_in_frame: Rect { min: at(0) - half, max: at(0) + half },
                confidence,
                eyes_in_frame: Some((at(4), at(6))),
            })
        })
        .collect()
}

/// Weighted non-maximum suppression: overlapping boxes become their mean, weighted by confidence.
fn merge(mut raw: Vec<FaceBox>) -> Vec<FaceBox> {
    raw.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut faces = Vec::new();
    while let Some(best) = raw.first().copied() {
        let overlaps =
            |f: &FaceBox| f.rect_in_frame.iou(&best.rect_in_frame) > SAME_FACE_IOU || *f == best;
        let (same, rest): (Vec<_>, Vec<_>) = raw.into_iter().partition(overlaps);
        let total: f32 = same.iter().map(|f| f.confidence).sum();
        let mean = |point: fn(&FaceBox) -> Point| {
            same.iter().fold(Point::default(), |sum, f| sum + point(f) * (f.confidence / total))
        };
        faces.push(FaceBox {
            rect_in_frame: Rect {
                min: mean(|f| f.rect_in_frame.min),
                max: mean(|f| f.rect_in_frame.max),
            },
            confidence: best.confidence,
            eyes_in_frame: Some((
                mean(|f| f.eyes_in_frame.unwrap_or_default().0),
                mean(|f| f.eyes_in_frame.unwrap_or_default().1),
            )),
        });
        raw = rest;
    }
    faces
}

/// The probability, 0–1, of a logit.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// SeetaFace (Wu et al., 2016) in the crate `rustface`: slower and less steady, but it finds small faces.
pub struct SeetaFace {
    model: rustface::Model,
    cropper: Cropper,
    small: GrayImage,
    bytes: Vec<u8>,
}

/// Greatest width that the cascade searches, pixels. It finds faces from an eighth of this width.
const SEETA_WIDTH: usize = 320;
/// The cascade's score of a certain face, on its own scale; 2 is the usual threshold.
const SEETA_SURE: f32 = 8.0;

impl SeetaFace {
    /// Reads the cascade.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let file = models.entry(Task::DetectFallback)?.file.clone();
        let model = rustface::read_model(models.bytes(Task::DetectFallback)?)
            .map_err(|e| ModelError::Refused { file, message: e.to_string() })?;
        let (small, bytes) = (GrayImage::default(), Vec::new());
        Ok(Self { model, cropper: Cropper::default(), small, bytes })
    }
}

impl Detector for SeetaFace {
    fn detect(
        &mut self,
        frame: &RgbImage,
        min_confidence: f32,
    ) -> Result<Vec<FaceBox>, ModelError> {
        // The cascade's window is 40 pixels wide and high; it cannot search a smaller picture.
        if frame.width < 40 || frame.height < 40 {
            return Ok(Vec::new());
        }
        let scale = (frame.width.max(frame.height) as f32 / SEETA_WIDTH as f32).max(1.0);
        let size = |n: usize| (n as f32 / scale) as usize;
        self.small.width = size(frame.width);
        self.small.height = size(frame.height);
        if self.small.width.min(self.small.height) < 40 {
            return Ok(Vec::new());
        }
        self.small.data.resize(self.small.width * self.small.height, 0.0);
        let frame_from_small = Affine::similarity(scale, 0.0, Point::default());
        self.cropper.gray(frame, &frame_from_small, &mut self.small);
        self.bytes.clear();
        self.bytes.extend(self.small.data.iter().map(|v| (v + 0.5) as u8));
        let (width, height) = (self.small.width as u32, self.small.height as u32);
        // Made for each search: rustface's detector is not `Send`, and searches are rare.
        let mut detector = rustface::create_detector_with_model(self.model.clone());
        detector.set_score_thresh(2.0);
        let found = detector.detect(&rustface::ImageData::new(&self.bytes, width, height));
        let boxes = found.iter().map(|face| {
            let b = face.bbox();
            let min = Point::new(b.x() as f32, b.y() as f32) * scale;
            let size = Point::new(b.width() as f32, b.height() as f32) * scale;
            FaceBox {
                rect_in_frame: Rect { min, max: min + size },
                confidence: (face.score() as f32 / SEETA_SURE).min(1.0),
                eyes_in_frame: None,
            }
        });
        Ok(boxes.filter(|f| f.confidence >= min_confidence).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_896_anchors_within_the_picture() {
        let all = anchors();
        assert_eq!(all.len(), 896);
        assert!(all.iter().all(|p| (0.0..1.0).contains(&p.x) && (0.0..1.0).contains(&p.y)));
    }

    #[test]
    fn overlapping_boxes_become_one_and_distant_ones_stay() {
        let face = |x: f32, confidence| FaceBox {
            rect_in_frame: Rect { min: Point::new(x, 0.0), max: Point::new(x + 1.0, 1.0) },
            confidence,
            eyes_in_frame: None,
        };
        let merged = merge(vec![face(0.0, 0.6), face(0.2, 0.6), face(5.0, 0.9)]);
        assert_eq!(merged.len(), 2);
        assert!((merged[1].rect_in_frame.min.x - 0.1).abs() < 1e-6);
    }

    #[test]
    fn the_wanted_face_comes_first_and_another_is_not_taken_for_one_that_was_seen() {
        let face = |x: f32, width: f32| FaceBox {
            rect_in_frame: Rect { min: Point::new(x, 0.0), max: Point::new(x + width, width) },
            confidence: 0.9,
            eyes_in_frame: None,
        };
        let (left, right) = (face(0.0, 40.0), face(200.0, 80.0));
        let among = |wanted: WantedFace| wanted.among(vec![left, right]);
        assert_eq!(among(WantedFace::Largest), [right, left]);
        assert_eq!(among(WantedFace::Nearest(Point::new(0.0, 50.0))), [left, right]);
        assert_eq!(among(WantedFace::Nearest(Point::new(300.0, 50.0))), [right, left]);
        assert_eq!(among(WantedFace::SeenAt(Point::new(40.0, 20.0))), [left]);
        assert_eq!(among(WantedFace::SeenAt(Point::new(120.0, 20.0))), []);
    }

    #[test]
    fn an_empty_picture_has_no_face() {
        let models = Models::load(&Default::default()).expect("embedded models");
        let mut finder = FaceFinder::new(&models).expect("detectors");
        for (width, height) in [(1, 1), (640, 480), (3, 900)] {
            let offered = |face: &FaceBox| panic!("{face:?} in {width}x{height}");
            let image = RgbImage::new(width, height);
            finder.find(&image, 0.5, WantedFace::Largest, offered).expect("it runs");
        }
    }
}
