//! Expressions of known units and size that are added to measured motion.

use super::individual;
use crate::measure::event::ActionUnit;
use crate::measure::regions::REGIONS;
use crate::synth::behaviour::expression::micro_expression_of;
use crate::synth::behaviour::units::{FULL_PERCENT, index_of};
use crate::synth::{Activation, Random, Rig, UnitWeights};

/// A micro-expression on one person's face, for any size.
#[derive(Clone, Debug)]
pub struct AddedExpression {
    /// Its units, and how they rise and fall, with the onset at second zero.
    pub activation: Activation,
    /// How far each region moves from rest to apex if the skin moves by at most 1; x right, y down.
    field: [[f32; 2]; REGIONS],
}

impl AddedExpression {
    /// Draws a person of `rig`, and an expression made only of units in `units`. Combinations, sides,
    /// durations and course are as published for real micro-expressions.
    pub fn draw(random: &mut Random, rig: &dyn Rig, units: impl Fn(ActionUnit) -> bool) -> Self {
        let activation = micro_expression_of(random, units, 0.0);
        let person = individual(random, rig);
        let mut weights = UnitWeights::default();
        activation.units.iter().for_each(|moved| weights.add(moved.unit, moved.halves));
        let moved: [[f32; 2]; REGIONS] = person.displacement(&weights);
        // Some units move most at a place without a region, such as unit 5 at the upper lid.
        let by_units = activation.units.iter().map(|moved| {
            let full = index_of(moved.unit).map_or(0.0, |unit| FULL_PERCENT[unit]);
            full * moved.halves[0].max(moved.halves[1])
        });
        let by_regions = moved.iter().map(|[x, y]| x.hypot(*y));
        let strongest = by_units.chain(by_regions).fold(0.0, f32::max);
        let scale = if strongest > 0.0 { 1.0 / strongest } else { 0.0 };
        Self { activation, field: moved.map(|xy| xy.map(|v| v * scale)) }
    }

    /// Time before the onset at which the skin begins to move, seconds.
    pub fn lead_secs(&self) -> f64 {
        self.activation.profile.lead_secs
    }

    /// How far the first `R` regions move between two times, seconds since the onset. From rest to apex the
    /// skin moves by at most `size_percent`. All are percent of the outer-eye distance.
    pub fn displacement<const R: usize>(
        &self,
        from_secs: f64,
        to_secs: f64,
        size_percent: f32,
    ) -> [[f32; 2]; R] {
        let moved = self.activation.level(to_secs) - self.activation.level(from_secs);
        let by = moved as f32 * size_percent;
        std::array::from_fn(|region| self.field[region].map(|v| v * by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::FacsRig;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use std::sync::LazyLock;

    static RIG: LazyLock<FacsRig> = LazyLock::new(|| FacsRig::new().expect("embedded faces"));

    fn drawn(seed: u64) -> AddedExpression {
        AddedExpression::draw(&mut Random::seed_from_u64(seed), &*RIG, |unit| unit.0 < 40)
    }

    /// How far the region that moves most goes from rest to apex.
    fn strongest(added: &AddedExpression, size: f32) -> f32 {
        let moved: [[f32; 2]; REGIONS] = added.displacement(-1.0, added.activation.apex_secs, size);
        moved.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f32::max)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_region_moves_further_than_the_size_that_is_named(seed: u64, size in 0.1f32..5.0) {
            let added = drawn(seed);
            prop_assert!(strongest(&added, size) <= size * 1.0001);
            prop_assert!((strongest(&added, 2.0 * size) / strongest(&added, size) - 2.0).abs() < 1e-3);
        }

        #[test]
        fn the_steps_add_up_to_the_whole_way(seed: u64, fps in 15.0f64..200.0) {
            let added = drawn(seed);
            let whole: [[f32; 2]; REGIONS] = added.displacement(-1.0, 2.0, 1.0);
            let mut sum = [[0.0f32; 2]; REGIONS];
            let frames = (3.0 * fps) as usize;
            for frame in 0..frames {
                let at = |frame: usize| -1.0 + 3.0 * frame as f64 / frames as f64;
                let step: [[f32; 2]; REGIONS] = added.displacement(at(frame), at(frame + 1), 1.0);
                for (sum, step) in sum.as_flattened_mut().iter_mut().zip(step.as_flattened()) {
                    *sum += step;
                }
            }
            for (sum, whole) in sum.as_flattened().iter().zip(whole.as_flattened()) {
                prop_assert!((sum - whole).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn brows_and_mouth_move_about_as_far_as_is_named_and_lids_hardly_any_region() {
        let median = |units: &[u8]| {
            let mut moved: Vec<f32> = (0..100)
                .map(|seed| {
                    let random = &mut Random::seed_from_u64(seed);
                    strongest(&AddedExpression::draw(random, &*RIG, |u| units.contains(&u.0)), 1.0)
                })
                .collect();
            moved.sort_by(f32::total_cmp);
            moved[50]
        };
        for units in [&[1, 2, 4][..], &[9, 10, 12, 14, 15, 17, 20, 23, 24]] {
            assert!((0.6..=1.0).contains(&median(units)), "{units:?} {}", median(units));
        }
        assert!(median(&[5]) < 0.5, "{}", median(&[5]));
    }

    #[test]
    fn nothing_moves_before_it_begins() {
        let added = drawn(4);
        let still: [[f32; 2]; REGIONS] = added.displacement(-2.0, -added.lead_secs(), 3.0);
        assert_eq!(still, [[0.0; 2]; REGIONS]);
    }
}
