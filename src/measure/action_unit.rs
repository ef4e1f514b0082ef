//! Action units: movements of the face, numbered by the Facial Action Coding System.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which half of the face moves. Left and right are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Both halves.
    Both,
    /// The person's left, on the right of an unmirrored picture.
    Left,
    /// The person's right.
    Right,
}

impl Side {
    /// Both, left, right: the order of the recogniser's outputs.
    pub const ALL: [Self; 3] = [Self::Both, Self::Left, Self::Right];

    /// The letter that coders write before the number: `L`, `R`, or nothing for both.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::Left => "L",
            Self::Right => "R",
        }
    }

    /// The other half; both stays both.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Both => Self::Both,
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// An action unit of the Facial Action Coding System, by its number.
///
/// The generator makes 23, 24, 25 and 26. The recogniser reports 24 for 23 or 24, and 25 for 25 or 26.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionUnit(pub u8);

impl ActionUnit {
    /// The fifteen that the recogniser reports, in the order of its outputs.
    pub const RECOGNISED: [Self; 15] = [
        Self(1),
        Self(2),
        Self(4),
        Self(5),
        Self(6),
        Self(7),
        Self(9),
        Self(10),
        Self(12),
        Self(14),
        Self(15),
        Self(17),
        Self(20),
        Self(24),
        Self(25),
    ];

    /// The FACS name.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "inner brow raiser",
            2 => "outer brow raiser",
            4 => "brow lowerer",
            5 => "upper lid raiser",
            6 => "cheek raiser",
            7 => "lid tightener",
            9 => "nose wrinkler",
            10 => "upper lip raiser",
            12 => "lip corner puller",
            14 => "dimpler",
            15 => "lip corner depressor",
            16 => "lower lip depressor",
            17 => "chin raiser",
            18 => "lip pucker",
            20 => "lip stretcher",
            23 => "lip tightener",
            24 => "lip pressor",
            25 => "lips part",
            26 => "jaw drop",
            43 => "eyes closed",
            45 => "blink",
            _ => "unnamed",
        }
    }
}

/// One action unit that moves in an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovingUnit {
    /// Which unit.
    pub unit: ActionUnit,
    /// Which half of the face.
    pub side: Side,
    /// The recogniser's probability, 0–1; 1 if a person or the generator named the unit.
    #[serde(deserialize_with = "crate::measure::finite::one")]
    pub probability: f32,
    /// How strong it is, if a person has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intensity: Option<Intensity>,
}

/// The intensities of FACS, from a trace to the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Intensity {
    /// Trace.
    A,
    /// Slight.
    B,
    /// Marked or pronounced.
    C,
    /// Severe or extreme.
    D,
    /// Maximum.
    E,
}

impl Intensity {
    /// From the weakest to the strongest.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    /// The letter that coders write after the number.
    pub fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
        }
    }

    /// 1 for A to 5 for E.
    pub fn level(self) -> u8 {
        self as u8 + 1
    }
}

impl fmt::Display for MovingUnit {
    /// `12`, `L12`, `R4`, `L12C`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.side.prefix(), self.unit.0)?;
        self.intensity.map_or(Ok(()), |intensity| write!(f, "{}", intensity.letter()))
    }
}

impl FromStr for MovingUnit {
    type Err = String;

    /// `12`, `L12`, `R4`, `AU4`, `12L`, `L12C`, with a probability of 1.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected an action unit such as `12`, `L12` or `12C`, found `{text}`");
        let upper = text.trim().to_uppercase();
        let is_digit = |c: char| c.is_ascii_digit();
        let begin = upper.find(is_digit).ok_or_else(wrong)?;
        let (before, rest) = upper.split_at(begin);
        let (number, after) = rest.split_at(rest.find(|c| !is_digit(c)).unwrap_or(rest.len()));
        let number = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
        let before = before.strip_suffix("AU").unwrap_or(before);
        let before = before.strip_prefix("AU").unwrap_or(before);
        let (mut side, mut intensity) = (None, None);
        let letters = before.chars().map(|c| (c, false)).chain(after.chars().map(|c| (c, true)));
        for (c, is_after) in letters {
            let of_letter = Intensity::ALL.into_iter().find(|known| known.letter() == c);
            match (c, of_letter.filter(|_| is_after)) {
                ('L', _) if side.is_none() => side = Some(Side::Left),
                ('R', _) if side.is_none() => side = Some(Side::Right),
                (_, Some(found)) if intensity.is_none() => intensity = Some(found),
                _ => return Err(wrong()),
            }
        }
        let side = side.unwrap_or(Side::Both);
        Ok(Self { unit: ActionUnit(number), side, probability: 1.0, intensity })
    }
}

/// `1+2`, `L12`, `4+R14`, in the order given; empty without units.
pub fn units_text(units: &[MovingUnit]) -> String {
    units.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn units_read_as_coders_write_them() {
        let unit =
            |n, side| MovingUnit { unit: ActionUnit(n), side, probability: 1.0, intensity: None };
        assert_eq!(units_text(&[unit(4, Side::Both), unit(14, Side::Right)]), "4+R14");
        assert_eq!(units_text(&[]), "");
    }

    #[test]
    fn a_unit_reads_back_from_what_it_prints_and_from_what_coders_write() {
        for text in ["12", "L12", "R4", "12A", "L12C", "R4E"] {
            assert_eq!(text.parse::<MovingUnit>().map(|unit| unit.to_string()), Ok(text.into()));
        }
        let text = |text: &str| text.parse::<MovingUnit>().map(|unit| unit.to_string()).ok();
        assert_eq!(
            (text("AU06"), text("4r"), text("LAU12"), text("12cl")),
            (Some("6".into()), Some("R4".into()), Some("L12".into()), Some("L12C".into()))
        );
        for nonsense in ["", "L", "smile", "1e3", "0", "300", "-4", "+4", "12F", "12CC", "LL12"] {
            assert!(nonsense.parse::<MovingUnit>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn every_unit_that_moves_has_its_own_facs_name_and_no_other_number_has_one() {
        let coded = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 23, 24, 25, 26, 43, 45];
        let names: BTreeSet<_> = coded.iter().map(|n| ActionUnit(*n).name()).collect();
        assert_eq!(names.len(), coded.len());
        for number in 0..=u8::MAX {
            assert_eq!(
                ActionUnit(number).name() == "unnamed",
                !coded.contains(&number),
                "{number}"
            );
        }
        assert_eq!(ActionUnit(12).name(), "lip corner puller");
    }
}
