//! Action units in the generator; each half of the face moves separately.

use crate::measure::event::{ActionUnit, MovingUnit, Side};

/// Every unit that a rig can move. The place of a unit here is the index of its weight in [`UnitWeights`].
///
/// 30 is the jaw sideways (its left half is the jaw to the person's left); 45 is the closing lid.
pub const UNITS: [ActionUnit; 21] = [
    ActionUnit(1),
    ActionUnit(2),
    ActionUnit(4),
    ActionUnit(5),
    ActionUnit(6),
    ActionUnit(7),
    ActionUnit(9),
    ActionUnit(10),
    ActionUnit(12),
    ActionUnit(14),
    ActionUnit(15),
    ActionUnit(16),
    ActionUnit(17),
    ActionUnit(18),
    ActionUnit(20),
    ActionUnit(23),
    ActionUnit(24),
    ActionUnit(25),
    ActionUnit(26),
    ActionUnit(30),
    ActionUnit(45),
];

/// Movement of the strongest landmark at weight 1, percent of the outer-eye distance, in the order of
/// [`UNITS`]: full FACS intensity. Measured on the mean face of ICT-FaceKit, so that a weight means the same
/// size of movement on every rig.
pub const FULL_PERCENT: [f32; 21] = [
    6.3, 8.8, 6.6, 3.4, 6.4, 2.5, 10.6, 10.0, 14.2, 5.5, 5.5, 7.6, 9.1, 6.4, 8.4, 10.4, 4.9, 7.4,
    39.5, 9.7, 8.9,
];

/// The index of a unit in [`UNITS`]; `None` for a unit that no rig moves.
pub fn index_of(unit: ActionUnit) -> Option<usize> {
    UNITS.iter().position(|u| *u == unit)
}

/// The weight of every unit in the person's left and right half, 0 at rest, 1 at full intensity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UnitWeights {
    /// Left and right weight of each unit, in the order of [`UNITS`].
    pub halves: [[f32; 2]; UNITS.len()],
}

impl UnitWeights {
    /// Adds `weight` to the left and right half of `unit`. A unit that no rig moves adds nothing.
    pub fn add(&mut self, unit: ActionUnit, [left, right]: [f32; 2]) {
        if let Some(i) = index_of(unit) {
            self.halves[i][0] += left;
            self.halves[i][1] += right;
        }
    }

    /// The left and right weight of `unit`.
    pub fn get(&self, unit: ActionUnit) -> [f32; 2] {
        index_of(unit).map_or([0.0; 2], |i| self.halves[i])
    }

    /// The same expression on the mirrored face.
    pub fn mirrored(&self) -> Self {
        Self { halves: self.halves.map(|[left, right]| [right, left]) }
    }
}

/// One unit of an expression, with the weight of each half at the apex.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitMove {
    /// Which unit.
    pub unit: ActionUnit,
    /// The half that a coder would write, or both.
    pub side: Side,
    /// Weight of the left and of the right half at the apex. A one-sided unit may move the other half a
    /// little, and the two halves are never exactly alike.
    pub halves: [f32; 2],
}

impl UnitMove {
    /// The same unit on the mirrored face.
    pub fn mirrored(self) -> Self {
        let [left, right] = self.halves;
        Self { unit: self.unit, side: self.side.mirrored(), halves: [right, left] }
    }

    /// The unit as an event names it.
    pub fn label(self) -> MovingUnit {
        MovingUnit { unit: self.unit, side: self.side, probability: 1.0, intensity: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recognised_unit_can_be_moved() {
        assert!(ActionUnit::RECOGNISED.iter().all(|u| index_of(*u).is_some()));
    }

    #[test]
    fn weights_add_up_and_mirroring_twice_changes_nothing() {
        let mut weights = UnitWeights::default();
        weights.add(ActionUnit(12), [0.1, 0.02]);
        weights.add(ActionUnit(12), [0.1, 0.0]);
        weights.add(ActionUnit(99), [1.0, 1.0]);
        assert_eq!(weights.get(ActionUnit(12)), [0.2, 0.02]);
        assert_eq!(weights.mirrored().get(ActionUnit(12)), [0.02, 0.2]);
        assert_eq!(weights.mirrored().mirrored(), weights);
    }
}
