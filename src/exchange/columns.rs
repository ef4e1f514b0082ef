//! The columns of samples: their names, their units and where their values come from. Tables, columns in
//! Parquet, streams and XDF all have these.

use crate::measure::regions::{REGION_NAMES, REGIONS};
use crate::measure::sample::Sample;

/// One measured number of a sample.
pub(crate) struct Measure {
    /// Its name, as in `samples.csv`.
    pub(crate) name: &'static str,
    /// Its unit; `1` for a share or a ratio.
    pub(crate) unit: &'static str,
    /// Reads it from a sample; NaN if it was not measured.
    pub(crate) of: fn(&Sample) -> f32,
}

const fn measure(name: &'static str, unit: &'static str, of: fn(&Sample) -> f32) -> Measure {
    Measure { name, unit, of }
}

/// The measured numbers of a sample other than its motion: the scores, then the quality.
pub(crate) static MEASURES: [Measure; 10] = [
    measure("micro", "1", |sample| sample.score.map_or(f32::NAN, |score| score.micro)),
    measure("macro", "1", |sample| sample.score.map_or(f32::NAN, |score| score.macro_)),
    measure("lid_aperture", "1", |sample| sample.quality.lid_aperture),
    measure("head_speed", "outer-eye distances/s", |sample| sample.quality.head_speed),
    measure("yaw_deg", "degrees", |sample| sample.quality.yaw_deg),
    measure("sharpness", "1", |sample| sample.quality.sharpness),
    measure("brightness", "grey 0-255", |sample| sample.quality.brightness),
    measure("eye_distance_px", "pixels", |sample| sample.quality.eye_distance_px),
    measure("rate_fps", "Hz", |sample| sample.quality.rate_fps),
    measure("face_presence", "1", |sample| sample.quality.presence),
];

/// How many of [`MEASURES`] are scores.
pub(crate) const SCORES: usize = 2;

/// How many columns hold motion: x and y of the head and of each region.
pub(crate) const MOTION: usize = 2 * (1 + REGIONS);

/// The unit of motion.
pub(crate) const MOTION_UNIT: &str = "percent of the outer-eye distance per 1/30 s";

/// Names of the motion columns: the head's, then each region's, x and y.
pub(crate) fn motion_columns() -> impl Iterator<Item = String> {
    ["head"].into_iter().chain(REGION_NAMES).flat_map(|region| {
        let region = region.replace(", ", "_").replace(' ', "_");
        [format!("{region}_dx"), format!("{region}_dy")]
    })
}

/// Column `index` of [`motion_columns`]; NaN if no motion was measured.
pub(crate) fn motion(sample: &Sample, index: usize) -> f32 {
    sample.motion.map_or(f32::NAN, |motion| match index / 2 {
        0 => motion.head[index % 2],
        region => motion.regions[region - 1][index % 2],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_names_as_columns_of_motion() {
        assert_eq!(motion_columns().count(), MOTION);
    }
}
