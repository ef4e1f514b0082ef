//! Cameras for labelled video: the times of their frames, and the quality of their pictures.

use rand::SeedableRng as _;

use crate::measure::event::{Event, Moment};
use crate::measure::time::Timestamp;

use super::camera::CameraModel;
use crate::synth::{Random, SensorModel};

/// A camera and the file it writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Filming {
    /// Its name on the command line.
    pub name: &'static str,
    /// Standard deviation of the time of capture, as a share of the time between frames.
    pub jitter: f64,
    /// Share of the frames that never reach the file, which closes the gap.
    pub lost: f64,
    /// Share of the frames that repeat the previous one.
    pub repeated: f64,
    /// Noise and flicker.
    pub sensor: SensorModel,
    /// JPEG quality, 1–100.
    pub jpeg_quality: u8,
}

/// Every camera for labelled video. The first is the default.
pub const CAMERAS: [Filming; 3] = [
    // Above quality 95, files grow fast but pictures hardly improve.
    Filming {
        name: "steady",
        jitter: 0.0,
        lost: 0.0,
        repeated: 0.0,
        sensor: SensorModel::ORDINARY,
        jpeg_quality: 95,
    },
    // Uneven frames and visible compression, in an ordinary room in the evening.
    Filming {
        name: "webcam",
        jitter: 0.1,
        lost: 0.01,
        repeated: 0.02,
        sensor: SensorModel { read_noise: 1.4, photon_noise: 3.0, ..SensorModel::ORDINARY },
        jpeg_quality: 80,
    },
    // Poor light: noise of four levels, lamps that flicker, every eighth frame a repetition.
    Filming {
        name: "poor",
        jitter: 0.15,
        lost: 0.03,
        repeated: 0.12,
        sensor: SensorModel {
            read_noise: 2.5,
            photon_noise: 4.5,
            flicker: 0.015,
            ..SensorModel::ORDINARY
        },
        jpeg_quality: 60,
    },
];

impl Filming {
    /// The camera with this name.
    pub fn named(name: &str) -> Option<Self> {
        CAMERAS.into_iter().find(|camera| camera.name == name)
    }

    /// Times of capture of `frames` frames, seconds. The file numbers them at `fps`.
    pub fn moments(&self, seed: u64, frames: u64, fps: f64) -> Vec<f64> {
        if self.jitter == 0.0 && self.lost == 0.0 && self.repeated == 0.0 {
            return (0..frames).map(|seq| Timestamp::of_frame(seq, fps).secs()).collect();
        }
        let clock = CameraModel {
            jitter_secs: self.jitter / fps,
            lost: self.lost,
            repeated: self.repeated,
            ..CameraModel::steady(fps)
        };
        // Lost frames must be replaced.
        let until_secs = (frames as f64 + 30.0) * (1.0 + 2.0 * self.lost) / fps;
        let shots = clock.shots(&mut Random::seed_from_u64(seed), until_secs);
        let seen = shots.into_iter().map(|shot| shot.content_secs).filter(|secs| *secs >= 0.0);
        seen.take(frames as usize).collect()
    }
}

/// The events as the file shows them: each moment at the frame that was captured nearest to it.
pub fn as_filmed(mut events: Vec<Event>, moments: &[f64], fps: f64) -> Vec<Event> {
    let nearest = |moment: &Moment| {
        let secs = moment.time.secs();
        let after = moments.partition_point(|m| *m < secs);
        let near = after.saturating_sub(1)..moments.len().min(after + 1);
        let frame =
            near.min_by(|a, b| (moments[*a] - secs).abs().total_cmp(&(moments[*b] - secs).abs()));
        let frame = frame.unwrap_or(0) as u64;
        Moment { frame, time: Timestamp::of_frame(frame, fps) }
    };
    for event in &mut events {
        event.onset = nearest(&event.onset);
        event.apex = nearest(&event.apex);
        event.offset = nearest(&event.offset);
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_camera_ticks_and_a_poor_one_repeats_and_loses() {
        let steady = CAMERAS[0].moments(1, 300, 30.0);
        assert_eq!(steady[299], Timestamp::of_frame(299, 30.0).secs());
        let poor = CAMERAS[2].moments(1, 3000, 30.0);
        assert_eq!(poor.len(), 3000);
        assert!(poor.is_sorted());
        let repeated = poor.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!((250..480).contains(&repeated), "{repeated}");
        // Three of a hundred are lost, so the last is three hundredths later.
        assert!((102.0..104.5).contains(&poor[2999]), "{}", poor[2999]);
    }

    #[test]
    fn the_same_seed_takes_the_same_moments() {
        assert_eq!(CAMERAS[1].moments(7, 200, 25.0), CAMERAS[1].moments(7, 200, 25.0));
        assert_ne!(CAMERAS[1].moments(7, 200, 25.0), CAMERAS[1].moments(8, 200, 25.0));
    }
}
