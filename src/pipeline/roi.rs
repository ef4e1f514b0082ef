//! The 23 regions of the face.

/// Names of the regions, in the order of every motion array. The person's own left and right.
pub const REGION_NAMES: [&str; super::REGIONS] = [
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

/// The region on the other half of the face, for mirroring.
pub const MIRRORED: [usize; super::REGIONS] =
    [5, 4, 3, 2, 1, 0, 6, 7, 10, 9, 8, 11, 13, 12, 15, 14, 17, 16, 18, 20, 19, 22, 21];
