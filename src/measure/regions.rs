//! The 23 regions of the face, and their motion.

/// Number of regions that are measured. The spotter reads the first twelve, the recogniser all.
pub const REGIONS: usize = 23;

/// Number of regions that the spotter reads.
pub const SPOT_REGIONS: usize = 12;

/// Names of the regions, in the order of every motion array. Left and right are the person's own.
pub const REGION_NAMES: [&str; REGIONS] = [
    "right brow, outer",
    "right brow, middle",
    "right brow, inner",
    "left brow, inner",
    "left brow, middle",
    "left brow, outer",
    "nose bridge",
    "nose tip",
    "right mouth corner",
    "upper lip",
    "left mouth corner",
    "lower lip",
    "right lower lid",
    "left lower lid",
    "right cheek",
    "left cheek",
    "right nose wing",
    "left nose wing",
    "chin",
    "right brow, innermost",
    "left brow, innermost",
    "right lower cheek",
    "left lower cheek",
];

/// For each region, the same region on the other half of the face.
pub const MIRRORED: [usize; REGIONS] =
    [5, 4, 3, 2, 1, 0, 6, 7, 10, 9, 8, 11, 13, 12, 15, 14, 17, 16, 18, 20, 19, 22, 21];

/// Motion of every region between two frames: percent of the outer-eye distance per 1/30 s, x right,
/// y down in the aligned face, head motion removed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionMotion {
    /// In the order of [`REGION_NAMES`].
    pub regions: [[f32; 2]; REGIONS],
    /// The head motion that was removed, in the same unit.
    pub head: [f32; 2],
}

impl RegionMotion {
    /// True if every value is finite. A value from a file that is not finite was not measured.
    pub(crate) fn is_finite(&self) -> bool {
        self.regions.as_flattened().iter().chain(&self.head).all(|value| value.is_finite())
    }
}
