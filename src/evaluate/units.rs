//! Scores the action units that the recogniser finds, with the side of each.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::measure::event::{ActionUnit, MovingUnit, Side};

/// Units with fewer true ones than this do not count in the macro F1: a single event would change it too
/// much.
const LEAST_TRUE: usize = 5;

/// One unit of one event in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrueUnit {
    /// The coder did not say.
    Unknown,
    /// It does not move.
    Still,
    /// It moves on this side.
    Moves(Side),
}

impl TrueUnit {
    /// From the code in `units`: −1 unknown, 0 none, 1 both, 2 left, 3 right; `None` for another code.
    pub fn from_code(code: i8) -> Option<Self> {
        Some(match code {
            -1 => Self::Unknown,
            0 => Self::Still,
            1 => Self::Moves(Side::Both),
            2 => Self::Moves(Side::Left),
            3 => Self::Moves(Side::Right),
            _ => return None,
        })
    }
}

/// How often one unit was found by the recogniser and how often by the coder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UnitCounts {
    /// Found by both, on any side.
    pub tp: usize,
    /// Found by the recogniser, in events for which the coder said if it moves.
    pub told: usize,
    /// Found by the coder.
    #[serde(rename = "true")]
    pub truths: usize,
    /// 2 tp / (told + truths), 0–1; 0 without either.
    pub f1: f64,
}

/// The units part of `evaluate recognition`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitsReport {
    /// Mean F1 over the units with at least five true ones; `None` if there is no such unit.
    pub macro_f1: Option<f64>,
    /// By the number of the unit; 23 and 24 count as one, and so do 25 and 26.
    pub by_unit: BTreeMap<&'static str, UnitCounts>,
    /// Of the found units that truly move on one side only, the share that was found on that side; `None`
    /// without any.
    pub side_accuracy: Option<f64>,
}

/// The names in the order of [`ActionUnit::RECOGNISED`].
const NAMES: [&str; ActionUnit::RECOGNISED.len()] =
    ["1", "2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17", "20", "23/24", "25/26"];

/// The coder's units and the recogniser's units of one event.
pub(super) type CodedEvent = ([TrueUnit; ActionUnit::RECOGNISED.len()], Vec<MovingUnit>);

impl UnitsReport {
    pub(super) fn new(events: &[CodedEvent]) -> Self {
        let mut counts = [UnitCounts::default(); NAMES.len()];
        let (mut one_sided, mut right_side) = (0usize, 0usize);
        for (truths, told) in events {
            for ((unit, truth), count) in ActionUnit::RECOGNISED.iter().zip(truths).zip(&mut counts)
            {
                let told = told.iter().find(|moving| moving.unit == *unit);
                match (truth, told) {
                    (TrueUnit::Unknown, _) => {}
                    (TrueUnit::Still, told) => count.told += usize::from(told.is_some()),
                    (TrueUnit::Moves(_), None) => count.truths += 1,
                    (TrueUnit::Moves(side), Some(told)) => {
                        count.tp += 1;
                        count.told += 1;
                        count.truths += 1;
                        if *side != Side::Both {
                            one_sided += 1;
                            right_side += usize::from(told.side == *side);
                        }
                    }
                }
            }
        }
        for count in &mut counts {
            let both = count.told + count.truths;
            count.f1 = if both > 0 { 2.0 * count.tp as f64 / both as f64 } else { 0.0 };
        }
        let counted: Vec<f64> =
            counts.iter().filter(|c| c.truths >= LEAST_TRUE).map(|c| c.f1).collect();
        let share = |part: f64, of: usize| (of > 0).then(|| part / of as f64);
        Self {
            macro_f1: share(counted.iter().sum(), counted.len()),
            by_unit: NAMES.into_iter().zip(counts).collect(),
            side_accuracy: share(right_side as f64, one_sided),
        }
    }
}

impl fmt::Display for UnitsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "unit   found  told  true     F1")?;
        for name in NAMES {
            let Some(count) = self.by_unit.get(name) else { continue };
            if count.told + count.truths > 0 {
                let (tp, told, truths) = (count.tp, count.told, count.truths);
                writeln!(f, "{name:<6}{tp:>6}{told:>6}{truths:>6}{:>7.3}", count.f1)?;
            }
        }
        match self.macro_f1 {
            Some(f1) => write!(f, "units with {LEAST_TRUE} true ones or more: macro F1 {f1:.3}")?,
            None => write!(f, "no unit has {LEAST_TRUE} true ones")?,
        }
        match self.side_accuracy {
            Some(share) => write!(f, "; {share:.3} of the one-sided ones on the right side"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    const STILL: [TrueUnit; NAMES.len()] = [TrueUnit::Still; NAMES.len()];

    fn told(unit: u8, side: Side) -> MovingUnit {
        MovingUnit { unit: ActionUnit(unit), side, probability: 1.0, intensity: None }
    }

    fn truth(at: usize, side: Side) -> [TrueUnit; NAMES.len()] {
        let mut truths = STILL;
        truths[at] = TrueUnit::Moves(side);
        truths
    }

    #[test]
    fn figures_worked_out_by_hand() {
        // Unit 4: five true, four found, and one found that does not move. Unit 12: one true, missed.
        let mut events: Vec<CodedEvent> =
            (0..4).map(|_| (truth(2, Side::Left), vec![told(4, Side::Left)])).collect();
        events.push((truth(2, Side::Right), vec![]));
        events.push((STILL, vec![told(4, Side::Both)]));
        events.push((truth(8, Side::Both), vec![]));
        let report = UnitsReport::new(&events);
        let four = report.by_unit["4"];
        assert_eq!((four.tp, four.told, four.truths), (4, 5, 5));
        assert_abs_diff_eq!(four.f1, 0.8, epsilon = 1e-12);
        assert_eq!(report.macro_f1, Some(four.f1), "unit 12 has too few true ones to count");
        assert_eq!(report.side_accuracy, Some(1.0));
    }

    #[test]
    fn a_unit_on_the_wrong_side_is_found_but_its_side_is_not_right() {
        let events = [(truth(8, Side::Left), vec![told(12, Side::Right)])];
        let report = UnitsReport::new(&events);
        assert_eq!((report.by_unit["12"].tp, report.side_accuracy), (1, Some(0.0)));
    }

    #[test]
    fn what_the_coder_did_not_say_counts_nowhere() {
        let events = [([TrueUnit::Unknown; NAMES.len()], vec![told(4, Side::Both)])];
        let report = UnitsReport::new(&events);
        assert!(report.by_unit.values().all(|count| *count == UnitCounts::default()));
        assert_eq!((report.macro_f1, report.side_accuracy), (None, None));
    }

    #[test]
    fn json_has_the_names_that_other_tools_read() {
        let events = [(truth(13, Side::Both), vec![told(24, Side::Both)])];
        let json = serde_json::to_value(UnitsReport::new(&events)).expect("serialises");
        let expected = serde_json::json!({ "tp": 1, "told": 1, "true": 1, "f1": 1.0 });
        assert_eq!(json["by_unit"]["23/24"], expected);
    }

    #[test]
    fn every_code_of_the_format_is_read_and_no_other() {
        assert_eq!(TrueUnit::from_code(-1), Some(TrueUnit::Unknown));
        assert_eq!(TrueUnit::from_code(3), Some(TrueUnit::Moves(Side::Right)));
        assert!([-2, 4, 100].into_iter().all(|code| TrueUnit::from_code(code).is_none()));
    }

    proptest! {
        #[test]
        fn found_is_never_more_than_told_or_true(codes in prop::collection::vec(
            (prop::array::uniform15(-1i8..4), prop::collection::vec(0usize..15, 0..6)), 0..20,
        )) {
            let events: Vec<CodedEvent> = codes
                .into_iter()
                .map(|(codes, units)| {
                    let truths = codes.map(|code| TrueUnit::from_code(code).expect("a code"));
                    let units = units.into_iter().map(|at| told(ActionUnit::RECOGNISED[at].0, Side::Both));
                    (truths, units.collect())
                })
                .collect();
            for count in UnitsReport::new(&events).by_unit.values() {
                prop_assert!(count.tp <= count.told.min(count.truths));
                prop_assert!((0.0..=1.0).contains(&count.f1));
            }
        }
    }
}
