//! When a camera captures its frames, and what the published measurement and our own make of the motion
//! between them: rates, jitter, lost and repeated frames, resampling, floors, rounding.

use rand::Rng;

use crate::synth::Random;
use crate::synth::behaviour::distributions::{log_normal, normal};
use crate::synth::behaviour::setting::{Method, RecordingPlace, Setting};

/// Rate of the grid on which motion is scored.
pub const GRID_FPS: f64 = 30.0;

/// One frame of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    /// Time of capture, seconds.
    pub content_secs: f64,
    /// Time of capture according to the file or driver, seconds.
    pub stamp_secs: f64,
}

/// The timing of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraModel {
    /// Nominal rate.
    pub fps: f64,
    /// Standard deviation of the time of capture, seconds.
    pub jitter_secs: f64,
    /// True if stamps hold the time of capture; false if they only count frames, as in most files.
    pub stamped: bool,
    /// Share of the frames that never arrive.
    pub lost: f64,
    /// Share of the frames that repeat the previous one.
    pub repeated: f64,
}

/// Rates of laboratory recordings as analysed, and how often they are drawn. The research sets are released
/// at 25 and 30.
const LABORATORY_RATES: &[(f64, f64)] =
    &[(25.0, 45.0), (30.0, 43.0), (60.0, 4.0), (100.0, 5.0), (200.0, 3.0)];

/// Rates of webcams, phones and capture cards: 15 to 24 in poor light.
const HOME_RATES: &[(f64, f64)] = &[
    (30.0, 45.0),
    (25.0, 15.0),
    (29.97, 10.0),
    (24.0, 8.0),
    (20.0, 6.0),
    (15.0, 6.0),
    (60.0, 10.0),
];

impl CameraModel {
    /// Draws a source.
    pub fn draw(random: &mut Random, place: RecordingPlace) -> Self {
        let rates = match place {
            RecordingPlace::Laboratory => LABORATORY_RATES,
            RecordingPlace::Home => HOME_RATES,
        };
        let mut left = random.random_range(0.0..rates.iter().map(|r| r.1).sum());
        let rate = rates.iter().find(|r| {
            left -= r.1;
            left < 0.0
        });
        let fps = rate.map_or(GRID_FPS, |r| r.0);
        let steady = Self::steady(fps);
        if place == RecordingPlace::Laboratory {
            return steady;
        }
        let mut sometimes = |part: f64, most: f64| {
            let value = random.random_range(0.0..most);
            if random.random_bool(part) { value } else { 0.0 }
        };
        Self {
            jitter_secs: sometimes(0.5, 0.15) / fps,
            lost: sometimes(0.2, 0.03),
            // Webcams that cannot keep their rate in poor light repeat up to every third frame.
            repeated: sometimes(0.25, 0.05) + sometimes(0.1, 0.3),
            stamped: sometimes(0.7, 1.0) > 0.0,
            ..steady
        }
    }

    /// A source with exact timing.
    pub fn steady(fps: f64) -> Self {
        Self { fps, jitter_secs: 0.0, stamped: false, lost: 0.0, repeated: 0.0 }
    }

    /// The frames from one grid step before time zero to just after `until_secs`.
    pub fn shots(&self, random: &mut Random, until_secs: f64) -> Vec<Shot> {
        // The grid starts with a file's first frame; a camera's clock is independent of it.
        let phase = if self.stamped { random.random_range(0.0..1.0) } else { 0.0 };
        let before = (self.fps / GRID_FPS).ceil();
        let mut secs = -(before + phase) / self.fps;
        let mut shots: Vec<Shot> = Vec::with_capacity((until_secs * self.fps) as usize + 6);
        let mut stamp = secs;
        while shots.last().is_none_or(|s| s.stamp_secs < until_secs) {
            let shake = (self.jitter_secs * normal(random)).clamp(-0.4 / self.fps, 0.4 / self.fps);
            let last = shots.last().copied();
            if last.is_some() && self.lost > 0.0 && random.random_bool(self.lost) {
                secs += 1.0 / self.fps;
                // A file without stamps closes the gap.
                stamp += if self.stamped { 1.0 / self.fps } else { 0.0 };
                continue;
            }
            let repeats = self.repeated > 0.0 && random.random_bool(self.repeated);
            let content_secs = match last {
                Some(last) if repeats => last.content_secs,
                _ => secs + shake,
            };
            let stamp_secs = if self.stamped { stamp + shake } else { stamp };
            shots.push(Shot { content_secs, stamp_secs });
            secs += 1.0 / self.fps;
            stamp += 1.0 / self.fps;
        }
        shots
    }
}

/// From motion between shots to motion between grid points: cumulative displacement, linear between stamps,
/// differenced. Grid frame `t` holds the motion from (t − 1)/30 s to t/30 s.
///
/// `motion[k]` is the motion from `shots[k]` to `shots[k + 1]`. The shots must cover the grid.
pub fn to_grid<const R: usize>(
    shots: &[Shot],
    motion: &[[[f32; 2]; R]],
    frames: usize,
) -> Vec<[[f32; 2]; R]> {
    let mut grid = vec![[[0.0; 2]; R]; frames];
    for (pair, moved) in shots.windows(2).zip(motion) {
        let (from, to) = (pair[0].stamp_secs * GRID_FPS, pair[1].stamp_secs * GRID_FPS);
        if to <= from {
            continue;
        }
        // The cells from t − 1 to t that the time between the two shots touches.
        let first = (from.floor() as i64 + 1).max(0);
        let last = (to.ceil() as i64).min(frames as i64 - 1);
        for t in first..=last {
            let inside = (to.min(t as f64) - from.max((t - 1) as f64)).max(0.0);
            let share = (inside / (to - from)) as f32;
            for (cell, by) in grid[t as usize].iter_mut().zip(moved) {
                cell[0] += share * by[0];
                cell[1] += share * by[1];
            }
        }
    }
    grid
}

/// How the motion of a region is measured in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimator {
    /// Floor, percent: the published vector of a region has the direction of the sum and the mean of the
    /// magnitudes as its length, so that noise alone has a length.
    pub floor_percent: f32,
    /// Step of 8-bit flow after averaging over a region, percent; 0 for floating-point flow.
    pub step_percent: f32,
    /// Movements below this wait until they add up, percent, because a codec skips blocks. 0 for none.
    pub stick_percent: f32,
    /// Share of the true motion that the smoothness of the flow leaves.
    pub gain: f32,
    /// Share of a motion along the lips that is measured: motion along an edge shows less.
    pub along_lips: f32,
}

impl Estimator {
    /// Measures motion exactly.
    pub fn exact() -> Self {
        Self {
            floor_percent: 0.0,
            step_percent: 0.0,
            stick_percent: 0.0,
            gain: 1.0,
            along_lips: 1.0,
        }
    }

    /// Draws an estimator. `median_percent` is the measured speed of still regions. The second value is the
    /// median that the noise itself must have for this.
    pub fn draw(random: &mut Random, setting: Setting, median_percent: f32) -> (Self, f32) {
        let is_published = setting.method == Method::Published;
        let floor =
            if is_published { random.random_range(0.2..0.75) * median_percent } else { 0.0 };
        let is_rounded = is_published && random.random_bool(0.5);
        let sticks = setting.place == RecordingPlace::Home && random.random_bool(0.15);
        let estimator = Self {
            floor_percent: floor,
            step_percent: if is_rounded { random.random_range(0.01..0.05) } else { 0.0 },
            stick_percent: if sticks { random.random_range(0.03..0.12) } else { 0.0 },
            gain: log_normal(random, (1.0, 0.1)) as f32,
            // Our own flow measures .4 to .75 of it at the mouth corners of rendered portraits.
            along_lips: random.random_range(if is_published { 0.6..1.1 } else { 0.4..1.0 }),
        };
        (estimator, (median_percent * median_percent - floor * floor).max(0.0).sqrt())
    }

    /// Turns the true motion of consecutive frames into the measured one.
    pub fn read<const R: usize>(&self, motion: &mut [[[f32; 2]; R]]) {
        let round = |v: f32| {
            if self.step_percent > 0.0 {
                (v / self.step_percent).round() * self.step_percent
            } else {
                v
            }
        };
        let mut waiting = [[0.0f32; 2]; R];
        for regions in motion.iter_mut() {
            for (v, wait) in regions.iter_mut().zip(&mut waiting) {
                if self.stick_percent > 0.0 {
                    *wait = [wait[0] + v[0], wait[1] + v[1]];
                    *v = if wait[0].hypot(wait[1]) < self.stick_percent {
                        [0.0; 2]
                    } else {
                        std::mem::take(wait)
                    };
                }
                *v = v.map(round);
                let length = v[0].hypot(v[1]);
                if self.floor_percent > 0.0 && length > 0.0 {
                    let longer = length.hypot(self.floor_percent) / length;
                    *v = v.map(|c| c * longer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    proptest! {
        #[test]
        fn a_steady_drift_keeps_its_speed_at_every_rate(fps in 15.0f64..200.0, seed: u64) {
            let shots = CameraModel::steady(fps).shots(&mut Random::seed_from_u64(seed), 2.0);
            let motion: Vec<[[f32; 2]; 1]> = shots
                .windows(2)
                .map(|p| [[(p[1].content_secs - p[0].content_secs) as f32 * 30.0, 0.0]])
                .collect();
            for cell in to_grid(&shots, &motion, 60) {
                prop_assert!((cell[0][0] - 1.0).abs() < 1e-3);
            }
        }

        #[test]
        fn shots_cover_the_recording_and_stamps_never_go_back(seed: u64) {
            let mut random = Random::seed_from_u64(seed);
            let camera = CameraModel::draw(&mut random, RecordingPlace::Home);
            let shots = camera.shots(&mut random, 3.0);
            prop_assert!(shots[0].stamp_secs < -0.6 / GRID_FPS && shots[shots.len() - 1].stamp_secs >= 3.0);
            prop_assert!(shots.is_sorted_by(|a, b| a.stamp_secs <= b.stamp_secs));
        }
    }

    #[test]
    fn a_repeated_frame_stands_still_and_then_jumps() {
        let camera = CameraModel { repeated: 0.3, ..CameraModel::steady(30.0) };
        let shots = camera.shots(&mut Random::seed_from_u64(3), 5.0);
        let still = shots.windows(2).filter(|p| p[0].content_secs == p[1].content_secs).count();
        assert!(still > 10);
    }

    #[test]
    fn the_published_estimator_has_a_floor_and_the_exact_one_has_none() {
        let mut motion = [[[0.01f32, 0.0]]];
        Estimator::exact().read(&mut motion);
        assert_eq!(motion, [[[0.01, 0.0]]]);
        Estimator { floor_percent: 0.05, ..Estimator::exact() }.read(&mut motion);
        assert!((motion[0][0][0] - 0.0026f32.sqrt()).abs() < 1e-5);
    }

    #[test]
    fn what_sticks_comes_off_later_and_nothing_is_lost() {
        let mut motion = [[[0.02f32, 0.0]]; 10];
        Estimator { stick_percent: 0.05, ..Estimator::exact() }.read(&mut motion);
        let total: f32 = motion.iter().map(|m| m[0][0]).sum();
        assert_eq!(motion[0][0][0], 0.0);
        assert!(total > 0.14);
    }
}
