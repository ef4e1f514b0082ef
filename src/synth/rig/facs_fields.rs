//! Where each action unit pulls the skin, after the Facial Action Coding System.
//!
//! Every unit is a few smooth patches on one half of the face, placed by mesh points so that they fit any
//! face. Directions follow the muscle that FACS names for the unit. Relative sizes follow measurements on
//! annotated recordings at an eye distance of 190 px: unit 4 lowers the brows by 0.8–1.4 px and draws them
//! inwards by 0.5, units 1+2 raise them by 1.0–1.7, unit 12 moves the mouth corners up by 2.3 and out by
//! 0.5–1.0.

/// The skin that a patch moves where a face can open: at the lips and the lids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// All of it, both lips or lids alike.
    Skin,
    /// The skin above the slit of the mouth or of the eye.
    Upper,
    /// The skin below it.
    Lower,
}

/// A smooth push on one half of the face: full at its centre, zero at its edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    /// Mesh point at the centre, on the person's right; its mirror image serves the left.
    pub(crate) at: usize,
    /// The same point on the person's left.
    pub(crate) mirror: usize,
    /// Outwards and downwards push, relative to the other patches of the unit.
    pub(crate) push: [f32; 2],
    /// Half axes of the patch, outer-eye distances.
    pub(crate) reach: [f32; 2],
    /// Which skin.
    pub(crate) layer: Layer,
}

const fn patch(at: [usize; 2], push: [f32; 2], reach: [f32; 2], layer: Layer) -> Patch {
    Patch { at: at[0], mirror: at[1], push, reach, layer }
}

const fn skin(at: [usize; 2], push: [f32; 2], reach: [f32; 2]) -> Patch {
    patch(at, push, reach, Layer::Skin)
}

// Mesh points, person's right then left.
const BROW_INNER: [usize; 2] = [107, 336];
const BROW_MIDDLE: [usize; 2] = [105, 334];
const BROW_OUTER: [usize; 2] = [63, 293];
const FOREHEAD_INNER: [usize; 2] = [108, 337];
const FOREHEAD_OUTER: [usize; 2] = [104, 333];
const GLABELLA: [usize; 2] = [193, 417];
const LID_UPPER: [usize; 2] = [159, 386];
const LID_LOWER: [usize; 2] = [145, 374];
const EYE_OUTER: [usize; 2] = [33, 263];
const EYE_INNER: [usize; 2] = [133, 362];
const NOSE_SIDE: [usize; 2] = [198, 420];
const NOSE_WING: [usize; 2] = [64, 294];
const CHEEK: [usize; 2] = [50, 280];
const CHEEK_LOWER: [usize; 2] = [205, 425];
const FOLD: [usize; 2] = [206, 426];
const LIP_UPPER: [usize; 2] = [39, 269];
const LIP_UPPER_MIDDLE: [usize; 2] = [37, 267];
const LIP_LOWER: [usize; 2] = [181, 405];
const LIP_LOWER_MIDDLE: [usize; 2] = [84, 314];
const CORNER: [usize; 2] = [61, 291];
const BESIDE_CORNER: [usize; 2] = [212, 432];
const CHIN: [usize; 2] = [201, 421];
const CHIN_TIP: [usize; 2] = [171, 396];
const JAW: [usize; 2] = [169, 394];

/// Frontalis, inner part.
const AU1: &[Patch] = &[
    skin(BROW_INNER, [-0.3, -6.0], [0.26, 0.24]),
    skin(FOREHEAD_INNER, [0.0, -3.0], [0.30, 0.26]),
    skin(BROW_MIDDLE, [0.0, -1.5], [0.22, 0.22]),
];
/// Frontalis, outer part.
const AU2: &[Patch] = &[
    skin(BROW_OUTER, [0.3, -6.0], [0.24, 0.24]),
    skin(BROW_MIDDLE, [0.0, -4.5], [0.22, 0.24]),
    skin(FOREHEAD_OUTER, [0.0, -2.5], [0.28, 0.26]),
];
/// Corrugator and depressor supercilii: down and together.
const AU4: &[Patch] = &[
    skin(BROW_INNER, [-2.6, 4.6], [0.22, 0.22]),
    skin(BROW_MIDDLE, [-1.6, 3.4], [0.24, 0.22]),
    skin(BROW_OUTER, [-0.6, 1.2], [0.22, 0.20]),
    skin(GLABELLA, [-0.4, 1.8], [0.16, 0.18]),
];
/// Levator palpebrae: the upper lid draws back.
const AU5: &[Patch] = &[
    patch(LID_UPPER, [0.0, -3.4], [0.24, 0.16], Layer::Upper),
    skin(BROW_MIDDLE, [0.0, -0.3], [0.22, 0.20]),
];
/// Orbicularis oculi, outer ring: the cheek rises and gathers towards the eye.
const AU6: &[Patch] = &[
    skin(CHEEK, [-1.0, -4.6], [0.32, 0.30]),
    skin(LID_LOWER, [-0.3, -1.8], [0.24, 0.16]),
    skin(EYE_OUTER, [-1.6, 0.2], [0.20, 0.20]),
    skin(BROW_OUTER, [-0.3, 0.7], [0.22, 0.18]),
];
/// Orbicularis oculi, inner ring: the lids tighten.
const AU7: &[Patch] = &[
    patch(LID_LOWER, [-0.5, -2.4], [0.25, 0.16], Layer::Lower),
    patch(LID_UPPER, [0.0, 0.8], [0.24, 0.14], Layer::Upper),
    skin(EYE_OUTER, [-0.4, 0.0], [0.16, 0.14]),
];
/// Levator labii superioris alaeque nasi: the nose wrinkles, wing and lip rise, the brow sinks.
const AU9: &[Patch] = &[
    skin(NOSE_WING, [0.8, -6.5], [0.20, 0.24]),
    skin(NOSE_SIDE, [0.0, -5.0], [0.18, 0.22]),
    skin(LIP_UPPER_MIDDLE, [0.3, -3.0], [0.22, 0.16]),
    skin(BROW_INNER, [-1.0, 2.2], [0.20, 0.20]),
    skin(FOLD, [0.5, -2.5], [0.22, 0.22]),
    skin(LID_LOWER, [0.0, -1.2], [0.22, 0.14]),
];
/// Levator labii superioris.
const AU10: &[Patch] = &[
    patch(LIP_UPPER_MIDDLE, [0.4, -6.5], [0.24, 0.20], Layer::Upper),
    patch(LIP_UPPER, [0.6, -4.0], [0.20, 0.20], Layer::Upper),
    skin(FOLD, [0.6, -3.0], [0.22, 0.24]),
    skin(NOSE_WING, [0.4, -2.0], [0.16, 0.18]),
];
/// Zygomaticus major: the corner goes up and out, the cheek with it.
const AU12: &[Patch] = &[
    skin(CORNER, [4.6, -10.5], [0.30, 0.26]),
    skin(CHEEK_LOWER, [1.6, -4.5], [0.32, 0.32]),
    skin(LIP_UPPER, [1.5, -1.6], [0.20, 0.16]),
    skin(LIP_LOWER, [1.5, -2.4], [0.22, 0.18]),
    skin(CHEEK, [0.3, -1.6], [0.30, 0.26]),
];
/// Buccinator: the corner tightens and is drawn back; skin beside it gathers towards it.
const AU14: &[Patch] = &[
    skin(CORNER, [4.2, -0.8], [0.22, 0.18]),
    skin(BESIDE_CORNER, [-1.0, -2.2], [0.20, 0.20]),
    skin(CHEEK_LOWER, [-0.9, 1.2], [0.24, 0.24]),
    skin(LIP_LOWER, [1.2, -0.6], [0.18, 0.14]),
];
/// Depressor anguli oris.
const AU15: &[Patch] = &[
    skin(CORNER, [0.8, 5.0], [0.26, 0.22]),
    skin(BESIDE_CORNER, [0.2, 1.8], [0.24, 0.24]),
    skin(LIP_LOWER, [0.2, 0.8], [0.20, 0.16]),
];
/// Depressor labii inferioris.
const AU16: &[Patch] = &[
    patch(LIP_LOWER_MIDDLE, [0.5, 4.5], [0.26, 0.22], Layer::Lower),
    patch(LIP_LOWER, [0.8, 3.6], [0.22, 0.22], Layer::Lower),
    skin(CHIN, [0.2, 1.0], [0.26, 0.22]),
];
/// Mentalis: the chin boss goes up and pushes the lower lip.
const AU17: &[Patch] = &[
    skin(CHIN, [0.0, -5.5], [0.30, 0.26]),
    skin(LIP_LOWER_MIDDLE, [0.0, -3.4], [0.26, 0.18]),
    skin(LIP_UPPER_MIDDLE, [0.0, -0.8], [0.22, 0.14]),
    skin(CORNER, [0.0, 1.0], [0.20, 0.18]),
];
/// Incisivii: the corners come to the middle.
const AU18: &[Patch] = &[
    skin(CORNER, [-6.0, 0.0], [0.26, 0.24]),
    skin(LIP_UPPER, [-1.8, -0.9], [0.20, 0.16]),
    skin(LIP_LOWER, [-1.8, 1.0], [0.20, 0.18]),
    skin(CHEEK_LOWER, [-1.2, 0.5], [0.30, 0.28]),
];
/// Risorius: the corners go straight back.
const AU20: &[Patch] = &[
    skin(CORNER, [7.4, 1.2], [0.28, 0.24]),
    skin(BESIDE_CORNER, [2.4, 1.0], [0.26, 0.26]),
    skin(LIP_LOWER, [2.6, 0.8], [0.22, 0.18]),
    skin(LIP_UPPER, [2.2, 0.2], [0.20, 0.16]),
];
/// Orbicularis oris, lips rolled tight.
const AU23: &[Patch] = &[
    skin(LIP_UPPER_MIDDLE, [-0.4, 4.0], [0.26, 0.15]),
    skin(LIP_LOWER_MIDDLE, [-0.4, -6.0], [0.26, 0.18]),
    skin(CORNER, [-1.6, 0.0], [0.20, 0.18]),
    skin(CHIN, [0.0, -1.6], [0.26, 0.20]),
];
/// Orbicularis oris, lips pressed together.
const AU24: &[Patch] = &[
    skin(LIP_UPPER_MIDDLE, [0.0, 2.2], [0.26, 0.15]),
    skin(LIP_LOWER_MIDDLE, [0.0, -3.2], [0.26, 0.18]),
    skin(CORNER, [0.8, 0.6], [0.20, 0.18]),
    skin(CHIN, [0.0, -1.6], [0.26, 0.20]),
];
/// Lips part.
const AU25: &[Patch] = &[
    patch(LIP_LOWER_MIDDLE, [0.0, 5.0], [0.32, 0.26], Layer::Lower),
    patch(LIP_UPPER_MIDDLE, [0.0, -1.2], [0.28, 0.18], Layer::Upper),
    skin(CHIN, [0.0, 1.4], [0.30, 0.24]),
];
/// The jaw drops: lower lip, chin and the skin over the jaw, the corners by a third.
const AU26: &[Patch] = &[
    patch(LIP_LOWER_MIDDLE, [0.0, 12.0], [0.50, 0.45], Layer::Lower),
    patch(CHIN_TIP, [0.0, 12.0], [0.55, 0.55], Layer::Lower),
    patch(JAW, [-0.6, 5.0], [0.45, 0.45], Layer::Lower),
    skin(CORNER, [-1.6, 6.0], [0.30, 0.30]),
];
/// The jaw goes sideways: each half pushes outwards.
const AU30: &[Patch] = &[
    patch(CHIN_TIP, [5.5, 0.0], [0.60, 0.50], Layer::Lower),
    patch(LIP_LOWER_MIDDLE, [4.0, 0.0], [0.45, 0.35], Layer::Lower),
    skin(CORNER, [1.0, 0.0], [0.30, 0.30]),
];
/// The movements that a closing lid causes; the lid itself is no patch.
const AU45: &[Patch] = &[
    patch(LID_LOWER, [-0.6, -0.5], [0.24, 0.14], Layer::Lower),
    skin(EYE_INNER, [-0.15, 0.1], [0.16, 0.14]),
];

/// The patches of a unit on one half of the face; empty for a unit that the rig does not move.
pub(crate) fn patches(unit: u8) -> &'static [Patch] {
    match unit {
        1 => AU1,
        2 => AU2,
        4 => AU4,
        5 => AU5,
        6 => AU6,
        7 => AU7,
        9 => AU9,
        10 => AU10,
        12 => AU12,
        14 => AU14,
        15 => AU15,
        16 => AU16,
        17 => AU17,
        18 => AU18,
        20 => AU20,
        23 => AU23,
        24 => AU24,
        25 => AU25,
        26 => AU26,
        30 => AU30,
        45 => AU45,
        _ => &[],
    }
}
