//! What counts as trouble, on faces made of a few points.

use super::*;
use crate::measure::geometry::Point;
use crate::pipeline::face::align::{FACE_HEIGHT_PX, FACE_WIDTH_PX};
use crate::pipeline::face::landmarks::POINTS;

/// A face with eyes 100 px apart whose lids are `gap` of an eye's width open and that is turned by `yaw_deg`.
fn face(gap: f32, yaw_deg: f32) -> Landmarks {
    let mut points = vec![Point::default(); POINTS];
    let mut depths = vec![0.0; POINTS];
    for (i, x) in [
        (RIGHT_EYE_OUTER, 100.0),
        (RIGHT_EYE_INNER, 130.0),
        (LEFT_EYE_INNER, 170.0),
        (LEFT_EYE_OUTER, 200.0),
    ] {
        points[i] = Point::new(x, 120.0);
    }
    for ([upper, lower], _) in LIDS {
        points[upper] = Point::new(115.0, 120.0 - 15.0 * gap);
        points[lower] = Point::new(115.0, 120.0 + 15.0 * gap);
    }
    let (sin, cos) = yaw_deg.to_radians().sin_cos();
    points[RIGHT_EDGE] = Point::new(150.0 - 70.0 * cos, 140.0);
    points[LEFT_EDGE] = Point::new(150.0 + 70.0 * cos, 140.0);
    (depths[RIGHT_EDGE], depths[LEFT_EDGE]) = (-70.0 * sin, 70.0 * sin);
    Landmarks { points_in_frame: points, depths, presence: 1.0 }
}

fn skin(gray: f32, texture: f32) -> GrayImage {
    let mut image = GrayImage::new(FACE_WIDTH_PX / 2, FACE_HEIGHT_PX / 2);
    for (i, v) in image.data.iter_mut().enumerate() {
        *v = gray
            + 20.0 * ((i / (FACE_WIDTH_PX / 2)) as f32 * 0.02).sin()
            + texture * ((i % 3) as f32 - 1.0);
    }
    image
}

const TICK: Tick = Tick { measured: true, dt_secs: Some(1.0 / 30.0), rate_fps: 30.0 };

struct Stream {
    judge: Judge,
}

impl Stream {
    fn new() -> Self {
        let mut stream = Self { judge: Judge::new(&QualityConfig::default()) };
        for _ in 0..30 {
            assert_eq!(stream.see(0.3, None, 120.0), Trouble::NONE);
        }
        stream
    }

    fn see(&mut self, gap: f32, moved: Option<RegionDisplacement>, gray: f32) -> Trouble {
        let (landmarks, face) = (face(gap, 0.0), skin(gray, 3.0));
        let displacement = moved.as_ref();
        self.judge
            .judge(&Evidence {
                tick: TICK,
                landmarks: &landmarks,
                half_face: Some(&face),
                displacement,
            })
            .trouble
    }

    fn once(tick: Tick, landmarks: &Landmarks, face: &GrayImage) -> Quality {
        let mut judge = Judge::new(&QualityConfig::default());
        judge.judge(&Evidence { tick, landmarks, half_face: Some(face), displacement: None })
    }
}

fn lip(percent: f32) -> Option<RegionDisplacement> {
    let mut moved = RegionDisplacement::default();
    moved.regions[11][1] = percent;
    Some(moved)
}

#[test]
fn closing_lids_are_a_blink_from_the_first_frame_until_they_are_open_again() {
    let mut stream = Stream::new();
    let lids = [0.22, 0.1, 0.05, 0.12, 0.22, 0.29];
    assert!(lids.iter().all(|gap| stream.see(*gap, None, 120.0) == Trouble::BLINK));
    let after: Vec<Trouble> = (0..8).map(|_| stream.see(0.3, None, 120.0)).collect();
    assert_eq!(after.last(), Some(&Trouble::NONE));
}

#[test]
fn a_smile_that_narrows_the_eyes_is_no_blink() {
    let mut stream = Stream::new();
    for i in 0..15 {
        let gap = 0.3 - 0.05 * (i as f32 / 15.0);
        assert_eq!(stream.see(gap, None, 120.0), Trouble::NONE, "frame {i}");
    }
}

#[test]
fn looking_down_for_long_is_no_blink_in_the_end() {
    let mut stream = Stream::new();
    let last = (0..300).map(|_| stream.see(0.17, None, 120.0)).last();
    assert_eq!(last, Some(Trouble::NONE));
}

#[test]
fn a_lip_that_goes_back_and_forth_is_talking_and_one_that_goes_once_is_not() {
    let mut stream = Stream::new();
    let talking = (0..60).map(|i| stream.see(0.3, lip((i as f32 * 0.9).sin()), 120.0));
    assert_eq!(talking.last(), Some(Trouble::TALKING));
    let mut stream = Stream::new();
    for i in 0..60 {
        let there_and_back = if i < 12 {
            0.3
        } else if i < 24 {
            -0.3
        } else {
            0.0
        };
        assert_eq!(stream.see(0.3, lip(there_and_back), 120.0), Trouble::NONE, "frame {i}");
    }
}

#[test]
fn a_fast_head_is_trouble_and_a_slow_one_is_not() {
    let mut stream = Stream::new();
    let head = |percent| Some(RegionDisplacement { head: [percent, 0.0], ..Default::default() });
    assert_eq!(stream.see(0.3, head(1.0), 120.0), Trouble::NONE);
    assert_eq!(stream.see(0.3, head(4.0), 120.0), Trouble::HEAD_MOTION);
}

#[test]
fn a_step_of_the_light_is_trouble_once_and_darkness_always() {
    let mut stream = Stream::new();
    assert_eq!(stream.see(0.3, None, 135.0), Trouble::LIGHT);
    assert_eq!(stream.see(0.3, None, 135.0), Trouble::NONE);
    stream.see(0.3, None, 5.0);
    assert_eq!(stream.see(0.3, None, 5.0), Trouble::LIGHT);
}

#[test]
fn a_blurred_face_is_trouble() {
    let quality = Stream::once(TICK, &face(0.3, 0.0), &skin(120.0, 0.0));
    assert_eq!(quality.trouble, Trouble::BLUR, "{quality:?}");
}

#[test]
fn a_face_turned_away_cannot_be_scored() {
    for (yaw_deg, turned) in [(0.0, false), (-20.0, false), (50.0, true), (-50.0, true)] {
        let quality = Stream::once(TICK, &face(0.3, yaw_deg), &skin(120.0, 3.0));
        assert!((quality.yaw_deg - yaw_deg).abs() < 0.5, "{quality:?}");
        assert_eq!(quality.trouble.any(Trouble::TURNED), turned);
    }
}

#[test]
fn no_face_is_trouble_without_measurements() {
    let quality = Stream::once(TICK, &Landmarks::default(), &skin(120.0, 3.0));
    assert_eq!(quality.trouble, Trouble::NO_FACE);
    assert!(quality.lid_aperture.is_nan() && quality.yaw_deg.is_nan());
}

#[test]
fn few_frames_and_missing_frames_are_told_apart() {
    let at = |rate_fps, dt| {
        let tick = Tick { measured: true, dt_secs: Some(dt), rate_fps };
        Stream::once(tick, &face(0.3, 0.0), &skin(120.0, 3.0)).trouble
    };
    assert_eq!(at(15.0, 1.0 / 15.0), Trouble::LOW_RATE);
    assert_eq!(at(23.976, 1.0 / 23.976), Trouble::NONE);
    assert_eq!(at(30.0, 0.4), Trouble::GAP);
}
