//! Errors of measured motion: what optical flow shows on a still face.
//!
//! Sizes are percent of the outer-eye distance per frame of the source. Measured at about 190 px: noise
//! 0.09–0.13 px per frame and region (nose 0.04–0.07); speed p50/90/99/99.9 .11/.21/.34/.66; lag-1
//! autocorrelation −.07 to +.40; correlation .35–.79 within a brow, .30–.48 across brows, .35–.75 within the
//! mouth, .05–.22 from brow to mouth; 9–12 bursts above 0.5 px a minute, 1–3 frames long.

use rand::Rng;

use crate::measure::regions::REGIONS;
use crate::synth::Random;
use crate::synth::behaviour::distributions::{log_normal, normal, poisson};
use crate::synth::behaviour::setting::{Method, RecordingPlace, Setting};

/// Groups of regions that share errors.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    RightBrow,
    LeftBrow,
    Nose,
    Mouth,
    Rest,
}

use Part::{LeftBrow, Mouth, Nose, Rest, RightBrow};

#[rustfmt::skip]
const PART: [Part; REGIONS] = [
    RightBrow, RightBrow, RightBrow, LeftBrow, LeftBrow, LeftBrow, Nose, Nose, Mouth, Mouth, Mouth, Mouth,
    Rest, Rest, Rest, Rest, Nose, Nose, Mouth, RightBrow, LeftBrow, Mouth, Mouth,
];

/// How noisy the motion of one recording is.
#[derive(Clone, Debug)]
pub struct NoiseModel {
    /// Standard deviation of each component of a brow's or mouth's motion, percent.
    pub sd_percent: f32,
    /// Vertical error relative to the horizontal one.
    pub vertical: f32,
    /// Factor of each region; the nose is steadier.
    pub gains: [f32; REGIONS],
    /// Correlations: everywhere, across the brows, within a brow, within the mouth. The first three increase.
    pub shared: [f32; 4],
    /// Weight of the previous frame's error, which sets the lag-1 autocorrelation.
    pub memory: f32,
    /// Standard deviation of the logarithm of the noise level, which changes slowly.
    pub volatility: f32,
    /// The noise is stronger by a factor at regular intervals, in frames: a codec's key frames.
    pub pulse: (usize, f32),
    /// Bursts per minute.
    pub bursts_per_minute: f64,
    /// Median size of a burst, percent per frame.
    pub burst_percent: f64,
    /// Growth of the noise per percent that the head moves in a frame.
    pub unsettled: f32,
    /// Error per unit change of log brightness, percent.
    pub light: f32,
    /// Flicker of lamps relative to the frame rate: amplitude in percent, and beats per frame.
    pub flicker: (f32, f32),
}

/// Changes from one frame to the next other than those of the face.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Difference of log brightness.
    pub brighter: f32,
    /// Movement of the head, percent of the outer-eye distance.
    pub head_percent: f32,
    /// True if the second frame repeats the first, so that there are hardly any errors.
    pub repeats: bool,
}

impl NoiseModel {
    /// Draws the noise of a recording whose still regions move by `median_percent` per frame.
    pub fn draw(random: &mut Random, setting: Setting, median_percent: f32) -> Self {
        let is_home = setting.place == RecordingPlace::Home;
        // Our own flow errs about where the skin is, not about how far it has moved: the next frame takes
        // back the error of this one, down to a lag-1 autocorrelation of -.5. Measured on rendered and on
        // compressed webcam pictures: -.45 to -.02; across the brows .0 to .2; brow and mouth -.1 to .1. The
        // nose's bridge is steadier than the rest, its tip is not.
        let (rho, everywhere, across, nose) = match setting.method {
            Method::Published => (-0.1..0.4, 0.05..0.22, 0.30..0.48, 0.4..0.65),
            Method::Own => (-0.49..0.05, 0.0..0.1, 0.1..0.3, 0.4..1.0),
        };
        let rho: f32 = random.random_range(rho);
        let across = random.random_range(across);
        let everywhere = random.random_range(everywhere);
        let nose = random.random_range(nose);
        let mut gain = |part: &Part| {
            let own = log_normal(random, (1.0, 0.12)) as f32;
            if *part == Nose { own * nose } else { own }
        };
        let gains = PART.each_ref().map(&mut gain);
        let mut sometimes = |part: f64, range: std::ops::Range<f32>| {
            let value = random.random_range(range);
            if random.random_bool(part) { value } else { 0.0 }
        };
        let pulse = 1.0 + sometimes(if is_home { 0.4 } else { 0.1 }, 0.2..1.5);
        let is_flickering = sometimes(if is_home { 0.3 } else { 0.05 }, 1.0..2.0) > 0.0;
        Self {
            // The median of a Rayleigh distribution is 1.177 standard deviations.
            sd_percent: median_percent / 1.177,
            gains,
            vertical: log_normal(random, (1.0, 0.15)) as f32,
            shared: [
                everywhere,
                across,
                random.random_range(f32::max(across, 0.35)..0.79),
                random.random_range(0.35..0.75),
            ],
            // A moving average w_t + k·w_{t-1} has a lag-1 autocorrelation of k / (1 + k²).
            memory: if rho.abs() < 1e-3 {
                0.0
            } else {
                (1.0 - (1.0 - 4.0 * rho * rho).sqrt()) / (2.0 * rho)
            },
            volatility: random.random_range(if is_home { 0.1..0.6 } else { 0.0..0.2 }),
            pulse: (random.random_range(8..60), pulse),
            bursts_per_minute: random.random_range(if is_home { 0.0..12.0 } else { 0.0..4.0 }),
            burst_percent: log_normal(random, (0.2, 0.3)),
            // Our own flow: two to three times the noise at rest when the head moves by a third of a percent
            // to one and a half percent per frame.
            unsettled: match setting.method {
                Method::Published => random.random_range(0.0..1.0),
                Method::Own => random.random_range(0.5..3.0),
            },
            light: log_normal(random, (1.0, 0.7)) as f32,
            flicker: if is_flickering {
                (log_normal(random, (0.02, 0.6)) as f32, random.random_range(0.01..0.5))
            } else {
                (0.0, 0.0)
            },
        }
    }

    /// A picture without errors.
    pub fn none() -> Self {
        Self {
            sd_percent: 0.0,
            vertical: 1.0,
            gains: [1.0; REGIONS],
            shared: [0.0; 4],
            memory: 0.0,
            volatility: 0.0,
            pulse: (30, 1.0),
            bursts_per_minute: 0.0,
            burst_percent: 0.0,
            unsettled: 0.0,
            light: 0.0,
            flicker: (0.0, 0.0),
        }
    }

    /// Adds errors to the motion of consecutive frames. `changes` are the other changes from frame to frame,
    /// `fps` the rate of the frames.
    pub fn add<const R: usize>(
        &self,
        random: &mut Random,
        motion: &mut [[[f32; 2]; R]],
        changes: &[Change],
        fps: f64,
    ) {
        if self.sd_percent > 0.0 {
            self.add_unrest(random, motion, changes);
        }
        self.add_bursts(random, motion, fps);
        let direction: [[f32; 2]; R] = std::array::from_fn(|_| vector(random));
        let beat: [[f32; 2]; R] = std::array::from_fn(|_| vector(random));
        for (frame, regions) in motion.iter_mut().enumerate() {
            let light = self.light * changes.get(frame).map_or(0.0, |c| c.brighter);
            let phase = std::f32::consts::TAU * self.flicker.1 * frame as f32;
            let flicker = if self.flicker.0 > 0.0 { self.flicker.0 * phase.sin() } else { 0.0 };
            if light != 0.0 || flicker != 0.0 {
                for (region, (d, b)) in regions.iter_mut().zip(direction.iter().zip(&beat)) {
                    region[0] += light * d[0] + flicker * b[0];
                    region[1] += light * d[1] + flicker * b[1];
                }
            }
        }
    }

    fn add_unrest<const R: usize>(
        &self,
        random: &mut Random,
        motion: &mut [[[f32; 2]; R]],
        changes: &[Change],
    ) {
        let [everywhere, across, brow, mouth] = self.shared;
        // Weights of the shared and the own errors, so that variances add up to 1.
        let all = everywhere.sqrt();
        let brows = (across - everywhere).max(0.0).sqrt();
        let one_brow = (brow - across.max(everywhere)).max(0.0).sqrt();
        let lips = (mouth - everywhere).max(0.0).sqrt();
        let own = |shared: f32| (1.0 - shared.max(everywhere)).max(0.0).sqrt();
        let (own_brow, own_mouth, own_rest) = (own(brow), own(mouth), own(0.0));
        let axes = [self.sd_percent, self.sd_percent * self.vertical];
        let level = (1.0 + self.memory * self.memory).sqrt();
        let (mut before, mut now) = ([[0.0f32; 2]; R], [[0.0f32; 2]; R]);
        let mut mood = 0.0f32;
        for frame in 0..=motion.len() {
            for axis in 0..2 {
                let mut g = || normal(random) as f32;
                let (a, b, r, l, m) = (g() * all, g() * brows, g() * one_brow, g() * one_brow, g());
                for (i, to) in now.iter_mut().enumerate() {
                    to[axis] = a + match PART[i] {
                        RightBrow => b + r + own_brow * g(),
                        LeftBrow => b + l + own_brow * g(),
                        Mouth => lips * m + own_mouth * g(),
                        Nose | Rest => own_rest * g(),
                    };
                }
            }
            // The noise level changes over about half a second.
            mood = 0.93 * mood + 0.37 * normal(random) as f32;
            let pulse = if frame % self.pulse.0 == 0 { self.pulse.1 } else { 1.0 };
            let strength = (self.volatility * mood).exp() * pulse / level;
            let frame = frame.checked_sub(1);
            let change = frame.and_then(|f| changes.get(f)).copied().unwrap_or_default();
            let head = 1.0 + (self.unsettled * change.head_percent).min(5.0);
            let strength = strength * if change.repeats { 0.1 } else { head };
            if let Some(regions) = frame.and_then(|f| motion.get_mut(f)) {
                for (i, region) in regions.iter_mut().enumerate() {
                    for axis in 0..2 {
                        let error = now[i][axis] + self.memory * before[i][axis];
                        region[axis] += strength * axes[axis] * self.gains[i] * error;
                    }
                }
            }
            std::mem::swap(&mut before, &mut now);
        }
    }

    /// Short failures of the flow: a region, a brow, both brows, the mouth or the whole face jumps, and often
    /// jumps back.
    fn add_bursts<const R: usize>(
        &self,
        random: &mut Random,
        motion: &mut [[[f32; 2]; R]],
        fps: f64,
    ) {
        let minutes = motion.len() as f64 / fps / 60.0;
        for _ in 0..poisson(random, self.bursts_per_minute * minutes) {
            let start = random.random_range(0..motion.len());
            let length = random.random_range(1..=3);
            let size = log_normal(random, (self.burst_percent, 0.5)) as f32;
            let common = vector(random);
            let one = random.random_range(0..R);
            let which = random.random_range(0..6);
            let touched = |i: usize| match which {
                0 => i == one,
                1 => PART[i] == RightBrow,
                2 => PART[i] == LeftBrow,
                3 => PART[i] == RightBrow || PART[i] == LeftBrow,
                4 => PART[i] == Mouth,
                _ => PART[i] != Nose,
            };
            let pattern: [[f32; 2]; R] = std::array::from_fn(|i| {
                let own = vector(random);
                let share = if touched(i) { size } else { 0.0 };
                [share * (common[0] + 0.4 * own[0]), share * (common[1] + 0.4 * own[1])]
            });
            let returns = random.random_bool(0.5);
            for (k, regions) in motion.iter_mut().skip(start).take(2 * length).enumerate() {
                let sign = match (k < length, returns) {
                    (true, _) => 1.0,
                    (false, true) => -0.8,
                    (false, false) => break,
                };
                for (region, by) in regions.iter_mut().zip(pattern) {
                    region[0] += sign * by[0];
                    region[1] += sign * by[1];
                }
            }
        }
    }
}

/// A random direction with a length near 1.
fn vector(random: &mut Random) -> [f32; 2] {
    [0.7 * normal(random) as f32, 0.7 * normal(random) as f32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const FRAMES: usize = 4000;

    fn steady() -> NoiseModel {
        NoiseModel { sd_percent: 0.1, shared: [0.1, 0.4, 0.6, 0.5], ..NoiseModel::none() }
    }

    fn noisy(model: &NoiseModel, changes: &[Change]) -> Vec<[[f32; 2]; REGIONS]> {
        let mut motion = vec![[[0.0; 2]; REGIONS]; FRAMES];
        model.add(&mut Random::seed_from_u64(2), &mut motion, changes, 30.0);
        motion
    }

    fn product(motion: &[[[f32; 2]; REGIONS]], a: usize, b: usize, later: usize) -> f32 {
        let pairs = motion.iter().zip(&motion[later..]);
        pairs.map(|(m, n)| m[a][0] * n[b][0]).sum::<f32>() / motion.len() as f32
    }

    #[test]
    fn a_picture_without_errors_has_none() {
        assert!(noisy(&NoiseModel::none(), &[]).iter().flatten().all(|v| *v == [0.0; 2]));
    }

    #[test]
    fn the_size_and_the_correlations_are_the_ones_asked_for() {
        let motion = noisy(&steady(), &[]);
        let variance = product(&motion, 0, 0, 0);
        assert!((variance.sqrt() - 0.1).abs() < 0.005);
        // Within a brow, across the brows, within the mouth, from brow to mouth.
        for (a, b, wanted) in [(0, 1, 0.6), (1, 4, 0.4), (8, 10, 0.5), (0, 8, 0.1)] {
            let found = product(&motion, a, b, 0) / variance;
            assert!((found - wanted).abs() < 0.07, "{a} {b}: {found}");
        }
    }

    #[test]
    fn memory_sets_the_autocorrelation() {
        for memory in [-0.8f32, 0.0, 0.5] {
            let motion = noisy(&NoiseModel { memory, ..steady() }, &[]);
            let found = product(&motion, 3, 3, 1) / product(&motion, 3, 3, 0);
            assert!((found - memory / (1.0 + memory * memory)).abs() < 0.06, "{memory}: {found}");
        }
    }

    #[test]
    fn a_repeated_frame_is_quiet_and_a_travelling_head_is_not() {
        let spread = |change| {
            let model = NoiseModel { unsettled: 2.0, ..steady() };
            product(&noisy(&model, &[change; FRAMES]), 0, 0, 0).sqrt()
        };
        let still = spread(Change::default());
        assert!(spread(Change { repeats: true, ..Change::default() }) < 0.2 * still);
        assert!(spread(Change { head_percent: 1.0, ..Change::default() }) > 2.5 * still);
    }

    #[test]
    fn a_change_of_light_moves_what_does_not_move() {
        let mut changes = [Change::default(); FRAMES];
        changes[7].brighter = 0.1;
        let motion = noisy(&NoiseModel { light: 1.0, ..NoiseModel::none() }, &changes);
        let moving: Vec<usize> =
            (0..FRAMES).filter(|t| motion[*t].iter().any(|v| v[0] != 0.0)).collect();
        assert_eq!(moving, [7]);
    }
}
