//! The quality of a frame, measured and named, so that a reader knows how far to trust its score.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of troubles of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trouble(pub u16);

impl Trouble {
    /// No trouble.
    pub const NONE: Self = Self(0);
    /// No face is in the picture.
    pub const NO_FACE: Self = Self(1);
    /// The eyes are closing or opening.
    pub const BLINK: Self = Self(1 << 1);
    /// The mouth has kept moving for a while: talking or chewing.
    pub const TALKING: Self = Self(1 << 2);
    /// The head moves too fast for its motion to be removed.
    pub const HEAD_MOTION: Self = Self(1 << 3);
    /// The head is turned too far away.
    pub const TURNED: Self = Self(1 << 4);
    /// The picture is blurred.
    pub const BLUR: Self = Self(1 << 5);
    /// The light changed suddenly, or there is too little or too much of it.
    pub const LIGHT: Self = Self(1 << 6);
    /// Fewer than 24 frames a second.
    pub const LOW_RATE: Self = Self(1 << 7);
    /// Frames are missing before this one.
    pub const GAP: Self = Self(1 << 8);
    /// The face is too small to measure.
    pub const SMALL_FACE: Self = Self(1 << 9);

    /// Every single trouble, with its name in texts.
    pub const NAMES: [(Self, &'static str); 10] = [
        (Self::NO_FACE, "no face"),
        (Self::BLINK, "blink"),
        (Self::TALKING, "talking"),
        (Self::HEAD_MOTION, "head motion"),
        (Self::TURNED, "turned away"),
        (Self::BLUR, "blur"),
        (Self::LIGHT, "light"),
        (Self::LOW_RATE, "low rate"),
        (Self::GAP, "gap"),
        (Self::SMALL_FACE, "small face"),
    ];

    /// A frame with one of these troubles has no score: the plot shows a gap, not a zero.
    pub const UNSCORABLE: Self =
        Self(Self::NO_FACE.0 | Self::TURNED.0 | Self::GAP.0 | Self::SMALL_FACE.0);

    /// True if it holds any of `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True if it holds no trouble.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Its troubles and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if a frame with this trouble can be scored.
    pub const fn scorable(self) -> bool {
        !self.any(Self::UNSCORABLE)
    }
}

impl fmt::Display for Trouble {
    /// `blink, talking`; `good` without trouble.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("good");
        }
        let mut first = true;
        for (_, name) in Self::NAMES.iter().filter(|(one, _)| self.any(*one)) {
            if !first {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
            first = false;
        }
        Ok(())
    }
}

/// The measurements behind a [`Trouble`]; NaN without a face to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The trouble of the frame.
    pub trouble: Trouble,
    /// Lid gap over eye width, mean of both eyes; about 0.3 for open eyes, below 0.15 for closed ones.
    pub lid_aperture: f32,
    /// Speed of the head in the picture, outer-eye distances per second.
    pub head_speed: f32,
    /// Turn of the head to the side, degrees; 0 faces the camera.
    pub yaw_deg: f32,
    /// Sharpness of the aligned face, scaled to 50 px between the eyes: mean squared Laplacian over variance.
    /// 0 for a flat picture, about 0.1 for a good webcam.
    pub sharpness: f32,
    /// Mean grey of the face, 0–255.
    pub brightness: f32,
    /// Outer-eye distance in the frame, pixels.
    pub eye_distance_px: f32,
    /// Frames per second, counted over the last second.
    pub rate_fps: f32,
    /// The landmark model's probability that it sees a face, 0–1; 0 without a face.
    pub presence: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_bit_and_a_name_of_its_own() {
        let mut seen = Trouble::NONE;
        for (one, name) in Trouble::NAMES {
            assert_eq!(one.0.count_ones(), 1, "{name}");
            assert!(!seen.any(one), "{name}");
            assert_eq!(one.to_string(), name);
            seen = seen.with(one).with(one);
            assert!(seen.any(one), "{name}");
        }
    }

    #[test]
    fn without_a_face_to_measure_or_time_before_it_a_frame_has_no_score() {
        let unscorable: Vec<_> = Trouble::NAMES
            .iter()
            .filter(|(one, _)| !one.scorable())
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(unscorable, ["no face", "turned away", "gap", "small face"]);
        assert!(Trouble::NONE.scorable() && !Trouble::BLINK.with(Trouble::GAP).scorable());
    }

    #[test]
    fn troubles_read_as_a_list() {
        assert_eq!(Trouble::NONE.to_string(), "good");
        assert_eq!(Trouble::BLINK.with(Trouble::TALKING).to_string(), "blink, talking");
    }

    #[test]
    fn a_blink_can_be_scored_and_a_missing_face_cannot() {
        assert!(Trouble::BLINK.scorable());
        assert!(!Trouble::BLINK.with(Trouble::NO_FACE).scorable());
    }
}
