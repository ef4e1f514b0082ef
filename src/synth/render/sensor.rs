//! What a webcam adds to a picture: photon and read noise, flicker of lamps, rounding to bytes.

use rand::SeedableRng as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::media::image::RgbImage;

use super::texture::Colour;
use crate::synth::Random;

/// The errors of a camera. Levels are of 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SensorModel {
    /// Standard deviation of noise in the dark, levels.
    pub read_noise: f32,
    /// Standard deviation of photon noise at full light, levels; proportional to the root of the light.
    pub photon_noise: f32,
    /// Amplitude of the flicker, as a share of the light.
    pub flicker: f32,
    /// Frequency of the flicker, Hz: twice that of the mains.
    pub flicker_hz: f64,
    /// Time from the first to the last row of a frame, seconds: a rolling shutter shows bands of flicker.
    pub readout_secs: f64,
}

impl Default for SensorModel {
    fn default() -> Self {
        Self::ORDINARY
    }
}

impl SensorModel {
    /// An ordinary webcam in a lit room: noise of one to two and a half levels.
    pub const ORDINARY: Self = Self {
        read_noise: 1.0,
        photon_noise: 2.2,
        flicker: 0.003,
        flicker_hz: 100.0,
        readout_secs: 0.02,
    };

    /// Adds only the rounding to bytes.
    #[cfg(test)]
    pub const CLEAN: Self = Self {
        read_noise: 0.0,
        photon_noise: 0.0,
        flicker: 0.0,
        flicker_hz: 100.0,
        readout_secs: 0.0,
    };
}

/// Number of draws from the standard normal distribution; a power of two.
const DRAWS: usize = 4096;

/// A camera whose noise was drawn in advance.
#[derive(Clone, Debug)]
pub(crate) struct Sensor {
    model: SensorModel,
    seed: u64,
    draws: Box<[f32; DRAWS]>,
    /// Standard deviation for each level.
    deviation: [f32; 256],
}

impl Sensor {
    pub(crate) fn new(model: SensorModel, seed: u64) -> Self {
        let mut random = Random::seed_from_u64(seed);
        let mut draws = Box::new([0.0; DRAWS]);
        draws.fill_with(|| StandardNormal.sample(&mut random));
        let mean = draws.iter().sum::<f32>() / DRAWS as f32;
        draws.iter_mut().for_each(|d| *d -= mean);
        let deviation = std::array::from_fn(|level| {
            let light = level as f32 / 255.0;
            (model.read_noise.powi(2) + model.photon_noise.powi(2) * light).sqrt()
        });
        Self { model, seed, draws, deviation }
    }

    /// Turns light (levels, row by row) into the bytes of frame `seq`, captured at `secs`. The same frame
    /// always has the same noise.
    pub(crate) fn expose(
        &self,
        light: &[Colour],
        gain: f32,
        (seq, secs): (u64, f64),
        target: &mut RgbImage,
    ) {
        let noisy = self.model.read_noise > 0.0 || self.model.photon_noise > 0.0;
        let (width, height) = (target.width, target.height);
        let rows = light.chunks_exact(width).zip(target.data.chunks_exact_mut(width * 3));
        for (y, (light, bytes)) in rows.enumerate() {
            let moment = secs + self.model.readout_secs * y as f64 / height as f64;
            let phase = std::f64::consts::TAU * (moment * self.model.flicker_hz).fract();
            let gain = gain * (1.0 + self.model.flicker * phase.cos() as f32);
            let mut state = mix(self.seed ^ mix(seq) ^ mix(!(y as u64)));
            for (light, bytes) in light.iter().zip(bytes.chunks_exact_mut(3)) {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let common = self.draw(state >> 52);
                for (lane, byte) in bytes.iter_mut().enumerate() {
                    let level = (light[lane] * gain).clamp(0.0, 255.0);
                    // Demosaicing spreads noise over the colours: two thirds of its power are shared.
                    let noise = if noisy {
                        let own = self.draw(state >> (16 + 12 * lane));
                        self.deviation[usize::from(level as u8)] * (0.82 * common + 0.57 * own)
                    } else {
                        0.0
                    };
                    *byte = (level + noise + 0.5) as u8;
                }
            }
        }
    }

    #[inline]
    fn draw(&self, bits: u64) -> f32 {
        self.draws[bits as usize % DRAWS]
    }
}

/// Mixes the bits of a number (the finaliser of SplitMix64).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expose(model: SensorModel, seq: u64, level: f32) -> RgbImage {
        let mut target = RgbImage::new(64, 64);
        let light = vec![[level, level, level, 0.0]; 64 * 64];
        Sensor::new(model, 5).expose(&light, 1.0, (seq, seq as f64 / 30.0), &mut target);
        target
    }

    fn deviation(image: &RgbImage) -> f64 {
        let n = image.data.len() as f64;
        let mean = image.data.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        (image.data.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n).sqrt()
    }

    #[test]
    fn a_clean_camera_rounds_and_adds_nothing() {
        assert!(expose(SensorModel::CLEAN, 0, 99.6).data.iter().all(|v| *v == 100));
    }

    #[test]
    fn noise_has_the_stated_size_and_grows_with_light() {
        let model = SensorModel { flicker: 0.0, ..SensorModel::default() };
        let expected = |level: f64| (1.0 + 4.84 * level / 255.0 + 1.0 / 12.0).sqrt();
        for level in [20.0, 128.0, 230.0] {
            let found = deviation(&expose(model, 3, level as f32));
            assert!((found / expected(level) - 1.0).abs() < 0.08, "{level}: {found}");
        }
    }

    #[test]
    fn the_same_frame_has_the_same_noise_and_the_next_has_its_own() {
        let model = SensorModel::default();
        assert_eq!(expose(model, 7, 128.0), expose(model, 7, 128.0));
        assert_ne!(expose(model, 7, 128.0), expose(model, 8, 128.0));
    }
}
