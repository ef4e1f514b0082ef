//! Measures the troubles of a frame.

use super::mouth::Mouth;
use crate::config::QualityConfig;
use crate::measure::face::Landmarks;
use crate::measure::quality::{Quality, Trouble};
use crate::media::image::GrayImage;
use crate::pipeline::face::landmarks::{
    LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER,
};
use crate::pipeline::frame_scheduler::Tick;
use crate::pipeline::motion::regions::RegionDisplacement;

/// Upper and lower lid points of both eyes, in pairs, each with the corners of its eye.
const LIDS: [([usize; 2], [usize; 2]); 6] = [
    ([160, 144], [RIGHT_EYE_OUTER, RIGHT_EYE_INNER]),
    ([159, 145], [RIGHT_EYE_OUTER, RIGHT_EYE_INNER]),
    ([158, 153], [RIGHT_EYE_OUTER, RIGHT_EYE_INNER]),
    ([385, 380], [LEFT_EYE_INNER, LEFT_EYE_OUTER]),
    ([386, 374], [LEFT_EYE_INNER, LEFT_EYE_OUTER]),
    ([387, 373], [LEFT_EYE_INNER, LEFT_EYE_OUTER]),
];
/// Cheek points near the ears. The line between them is the longest across the face, so that it shows a turn
/// best.
const RIGHT_EDGE: usize = 234;
const LEFT_EDGE: usize = 454;

/// How fast the estimate of the open lid gap rises to a wider gap and falls to a narrower one, per second. A
/// person who looks down for some seconds lowers it; a blink is too short for that.
const OPEN_RISES_PER_SEC: f32 = 5.0;
const OPEN_FALLS_PER_SEC: f32 = 0.3;
/// A lid that closes faster than this, in open gaps per second, begins a blink.
const CLOSING_PER_SEC: f32 = 5.0;
/// The brows still move for this long after the lids are open again, seconds.
const AFTER_BLINK_SECS: f32 = 0.1;

/// Columns and rows of the halved aligned face that show skin in any pose.
const SKIN_X: std::ops::Range<usize> = 26..86;
const SKIN_Y: std::ops::Range<usize> = 28..108;

/// Judges frame after frame of one stream.
#[derive(Debug)]
pub struct Judge {
    config: QualityConfig,
    /// The person's open lid gap; `None` before the first face.
    open: Option<f32>,
    lid_before: f32,
    since_blink_secs: f32,
    brightness_before: Option<f32>,
    mouth: Mouth,
}

/// All that the judge needs to know of a measured frame.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Its timing.
    pub tick: Tick,
    /// The mesh; empty without a face.
    pub landmarks: &'a Landmarks,
    /// The aligned face at half its size, where sensor noise no longer looks like detail: at full size, a
    /// face blurred by 3 px measured as sharp as one blurred by 1 px. `None` without a face.
    pub half_face: Option<&'a GrayImage>,
    /// Motion since the previous frame; `None` if it could not be measured.
    pub displacement: Option<&'a RegionDisplacement>,
}

impl Judge {
    /// A judge at the start of a stream.
    pub fn new(config: &QualityConfig) -> Self {
        Self {
            config: config.clone(),
            open: None,
            lid_before: f32::NAN,
            since_blink_secs: f32::INFINITY,
            brightness_before: None,
            mouth: Mouth::default(),
        }
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        *self = Self::new(&self.config);
    }

    /// The trouble of this frame.
    pub fn judge(&mut self, evidence: &Evidence<'_>) -> Quality {
        let dt_secs = evidence.tick.dt_secs.map_or(0.0, |dt| dt as f32);
        let mut quality = Quality { rate_fps: evidence.tick.rate_fps, ..NOTHING };
        let mut troubles = Trouble::NONE;
        let mut note = |condition: bool, trouble| {
            if condition {
                troubles = troubles.with(trouble);
            }
        };
        // With a tolerance of half a frame, because people call 23.976 frames a second 24.
        let rate = evidence.tick.rate_fps;
        note(rate > 0.0 && rate < self.config.min_rate_fps - 0.5, Trouble::LOW_RATE);
        note(dt_secs > self.config.max_gap_secs, Trouble::GAP);
        if evidence.landmarks.is_empty() {
            self.forget_face();
            note(true, Trouble::NO_FACE);
            return Quality { trouble: troubles, ..quality };
        }
        let landmarks = evidence.landmarks;
        quality.presence = landmarks.presence;
        quality.eye_distance_px = landmarks.eye_distance_px();
        note(quality.eye_distance_px < self.config.min_eye_distance_px, Trouble::SMALL_FACE);
        quality.lid_aperture = lid_aperture(landmarks);
        note(self.is_blink(quality.lid_aperture, dt_secs), Trouble::BLINK);
        quality.head_speed = evidence.displacement.map_or(0.0, |d| head_speed(d, dt_secs));
        note(quality.head_speed > self.config.max_head_speed, Trouble::HEAD_MOTION);
        quality.yaw_deg = yaw_deg(landmarks);
        note(quality.yaw_deg.abs() > self.config.max_yaw_deg, Trouble::TURNED);
        (quality.brightness, quality.sharpness) =
            evidence.half_face.map_or((f32::NAN, f32::NAN), light);
        note(quality.sharpness < self.config.min_sharpness, Trouble::BLUR);
        note(self.is_light_trouble(quality.brightness), Trouble::LIGHT);
        let turns = self.mouth.turns(evidence.displacement, dt_secs, quality.eye_distance_px);
        note(turns >= self.config.talking_turns, Trouble::TALKING);
        Quality { trouble: troubles, ..quality }
    }

    fn forget_face(&mut self) {
        self.lid_before = f32::NAN;
        self.brightness_before = None;
        self.mouth = Mouth::default();
    }

    fn is_blink(&mut self, lid: f32, dt_secs: f32) -> bool {
        let open = self.open.unwrap_or(lid).max(1e-3);
        let closing = (self.lid_before - lid) / open > CLOSING_PER_SEC * dt_secs.max(1e-3);
        let closed = lid < self.config.blink_share * open;
        let speed = if lid > open { OPEN_RISES_PER_SEC } else { OPEN_FALLS_PER_SEC };
        self.open = Some(open + (lid - open) * (speed * dt_secs).min(1.0));
        self.lid_before = lid;
        self.since_blink_secs =
            if closed || closing { 0.0 } else { self.since_blink_secs + dt_secs };
        self.since_blink_secs <= AFTER_BLINK_SECS
    }

    fn is_light_trouble(&mut self, brightness: f32) -> bool {
        let [dark, bright] = self.config.brightness_range;
        let before = self.brightness_before.replace(brightness);
        let stepped = before.is_some_and(|b| (brightness - b).abs() > self.config.max_light_step);
        stepped || brightness < dark || brightness > bright
    }
}

const NOTHING: Quality = Quality {
    trouble: Trouble::NONE,
    lid_aperture: f32::NAN,
    head_speed: f32::NAN,
    yaw_deg: f32::NAN,
    sharpness: f32::NAN,
    brightness: f32::NAN,
    eye_distance_px: f32::NAN,
    rate_fps: 0.0,
    presence: 0.0,
};

/// Outer-eye distances per second. Measured by the flow: on a small face, the jitter of the mesh alone would
/// give a third of one.
fn head_speed(displacement: &RegionDisplacement, dt_secs: f32) -> f32 {
    let [x, y] = displacement.head;
    if dt_secs > 0.0 { x.hypot(y) / 100.0 / dt_secs } else { 0.0 }
}

/// Lid gap over eye width, mean of both eyes.
fn lid_aperture(landmarks: &Landmarks) -> f32 {
    let distance = |a: usize, b: usize| match (landmarks.point(a), landmarks.point(b)) {
        (Some(a), Some(b)) => a.distance(b),
        _ => 0.0,
    };
    let ratio = |([upper, lower], [outer, inner]): ([usize; 2], [usize; 2])| {
        distance(upper, lower) / distance(outer, inner).max(1e-3)
    };
    LIDS.into_iter().map(ratio).sum::<f32>() / LIDS.len() as f32
}

/// Turn to the side from the depths of the mesh, degrees; positive if the person's left side is farther away.
fn yaw_deg(landmarks: &Landmarks) -> f32 {
    let depth = |i: usize| landmarks.depths.get(i).copied();
    let edges = landmarks.point(RIGHT_EDGE).zip(landmarks.point(LEFT_EDGE));
    match (edges, depth(RIGHT_EDGE), depth(LEFT_EDGE)) {
        (Some((right, left)), Some(near), Some(far)) => {
            (far - near).atan2(left.distance(right)).to_degrees()
        }
        _ => f32::NAN,
    }
}

/// Mean grey of the skin and its sharpness: mean squared Laplacian over variance, 0 for a flat picture.
fn light(face: &GrayImage) -> (f32, f32) {
    if face.width <= SKIN_X.end || face.height <= SKIN_Y.end {
        return (f32::NAN, f32::NAN);
    }
    let (mut sum, mut squares, mut laplacian, mut count) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    for y in SKIN_Y {
        let (above, row, below) = (face.row(y - 1), face.row(y), face.row(y + 1));
        for x in SKIN_X {
            let v = row[x];
            let l = row[x - 1] + row[x + 1] + above[x] + below[x] - 4.0 * v;
            sum += f64::from(v);
            squares += f64::from(v * v);
            laplacian += f64::from(l * l);
            count += 1.0;
        }
    }
    let mean = sum / count;
    let variance = squares / count - mean * mean;
    let sharpness = if variance > 1e-3 { laplacian / count / variance } else { 0.0 };
    (mean as f32, sharpness as f32)
}

#[cfg(test)]
mod tests;
