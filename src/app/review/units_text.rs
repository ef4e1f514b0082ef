//! Action units as coders write them.

use crate::measure::event::{MovingUnit, Side, units_text};

/// `12+L6`, as [`read_units`] takes it.
pub fn write_units(units: &[MovingUnit]) -> String {
    units_text(units)
}

/// Units as coders write them: numbers separated by `+`, commas or spaces, with `L` or `R` before or after a
/// number if one half moves, and with the intensity `A` to `E` after it. The error is one sentence.
pub fn read_units(text: &str) -> Result<Vec<MovingUnit>, String> {
    let mut units: Vec<MovingUnit> = Vec::new();
    let words = text.split(|c: char| c == '+' || c == ',' || c == ';' || c.is_whitespace());
    for word in words.filter(|word| !word.is_empty()) {
        let unit = read_unit(word).ok_or_else(|| {
            format!("“{word}”: expected an action unit from 1 to 64, such as 12, L12 or R4C")
        })?;
        match units.iter_mut().find(|known| known.unit == unit.unit) {
            Some(known) => {
                if known.side != unit.side {
                    known.side = Side::Both;
                }
                known.intensity = known.intensity.max(unit.intensity);
            }
            None => units.push(unit),
        }
    }
    Ok(units)
}

fn read_unit(word: &str) -> Option<MovingUnit> {
    word.parse().ok().filter(|moving: &MovingUnit| (1..=64).contains(&moving.unit.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_coders_write_them() {
        for text in ["L12+6", "l12, 6", "12L 6", "AUL12;6", "L12+6+6"] {
            assert_eq!(
                read_units(text).map(|units| write_units(&units)),
                Ok("L12+6".into()),
                "{text}"
            );
        }
        assert_eq!(read_units("  "), Ok(Vec::new()));
    }

    #[test]
    fn left_and_right_of_the_same_unit_are_both() {
        assert_eq!(read_units("L12 R12").map(|units| write_units(&units)), Ok("12".into()));
        assert_eq!(read_units("L12B R12D").map(|units| write_units(&units)), Ok("12D".into()));
    }

    #[test]
    fn what_is_no_unit_is_named() {
        for text in ["smile", "0", "99", "L", "12X", "4.5"] {
            let error = read_units(text).expect_err(text);
            assert!(error.contains(text) && error.contains("expected"), "{error}");
        }
    }
}
