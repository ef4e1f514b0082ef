//! Draws one expression: its units, their sides and sizes, and how they come and go.

use rand::Rng;

use super::distributions::log_normal;
use super::published;
use super::published::{Durations, Recipe};
use super::timeline::{Activation, Profile};
use super::units::{FULL_PERCENT, UnitMove, index_of};
use crate::measure::event::{ActionUnit, Emotion, EventKind, Side};
use crate::synth::Random;

/// Draws one expression with its onset at `onset_secs`, and with this emotion if one is given.
pub fn expression(
    random: &mut Random,
    kind: EventKind,
    emotion: Option<Emotion>,
    onset_secs: f64,
) -> Activation {
    // Large movements are smiles more often than small ones.
    let smiles = kind == EventKind::Macro && random.random_bool(published::MACRO_SMILES);
    let recipe = recipe(random, emotion.or(smiles.then_some(Emotion::Positive)));
    of_recipe(random, kind, recipe, onset_secs)
}

/// Draws a micro-expression with its onset at `onset_secs`, made only of units in `units`. If no combination
/// has only such units, any is drawn.
pub fn micro_expression_of(
    random: &mut Random,
    units: impl Fn(ActionUnit) -> bool,
    onset_secs: f64,
) -> Activation {
    let recipe = recipe_where(random, |r| r.units.iter().all(|unit| units(ActionUnit(*unit))));
    of_recipe(random, EventKind::Micro, recipe, onset_secs)
}

fn of_recipe(random: &mut Random, kind: EventKind, recipe: &Recipe, onset_secs: f64) -> Activation {
    let (durations, size) = match kind {
        EventKind::Micro => (&published::MICRO, published::MICRO_SIZE_PERCENT),
        EventKind::Macro => (&published::MACRO, published::MACRO_SIZE_PERCENT),
    };
    let [rise, hold, fall] = parts(random, durations);
    let size_percent = log_normal(random, size);
    Activation {
        units: moves(random, recipe, size_percent),
        kind,
        emotion: Some(recipe.emotion),
        onset_secs,
        apex_secs: onset_secs + rise,
        offset_secs: onset_secs + rise + hold + fall,
        profile: Profile {
            lead_secs: rise * random.random_range(0.0..0.4),
            rise_power: random.random_range(0.75..1.2),
            hold_secs: hold,
            fall_power: random.random_range(0.6..1.0),
            // The mean speed round the apex shows that 44 % of the rise returns within eight frames.
            returned: random.random_range(0.35..1.0),
            relax_secs: random.random_range(1.5..5.0),
        },
    }
}

/// Draws a combination of units by its frequency.
pub(crate) fn recipe(random: &mut Random, emotion: Option<Emotion>) -> &'static Recipe {
    recipe_where(random, |r| emotion.is_none_or(|e| r.emotion == e))
}

fn recipe_where(random: &mut Random, is_one: impl Fn(&Recipe) -> bool) -> &'static Recipe {
    let fits = |r: &&Recipe| is_one(r);
    let total: f64 = published::RECIPES.iter().filter(fits).map(|r| r.weight).sum();
    if total <= 0.0 {
        return recipe(random, None);
    }
    let mut left = random.random_range(0.0..total);
    let drawn = published::RECIPES.iter().filter(fits).find(|recipe| {
        left -= recipe.weight;
        left < 0.0
    });
    drawn.unwrap_or(&published::RECIPES[0])
}

/// Seconds of rise, hold and fall whose sum is within the limits.
fn parts(random: &mut Random, durations: &Durations) -> [f64; 3] {
    let (part, long) = durations.lingering;
    let hold = if random.random_bool(part) { long } else { durations.hold };
    let drawn = [durations.rise, hold, durations.fall].map(|d| log_normal(random, d));
    let total: f64 = drawn.iter().sum();
    let (shortest, longest) = durations.total;
    let scale = total.clamp(shortest, longest) / total;
    drawn.map(|part| part * scale)
}

/// The units of a recipe with their sides, scaled so that the strongest moves by `size_percent`.
fn moves(random: &mut Random, recipe: &Recipe, size_percent: f64) -> Vec<UnitMove> {
    let side = if random.random_bool(published::ONE_SIDED) {
        if random.random_bool(0.5) { Side::Left } else { Side::Right }
    } else {
        Side::Both
    };
    let shares: Vec<f64> = recipe.units.iter().map(|_| random.random_range(0.45..1.0)).collect();
    let largest = shares.iter().copied().fold(0.0, f64::max);
    let of_unit = |(number, share): (&u8, f64)| {
        let unit = ActionUnit(*number);
        let full = index_of(unit).map_or(10.0, |i| f64::from(FULL_PERCENT[i]));
        let weight = (size_percent * share / largest / full).min(1.0) as f32;
        let weaker = match side {
            Side::Both => random.random_range(0.7..1.0),
            Side::Left | Side::Right => random.random_range(0.0..0.25),
        };
        let left_is_stronger = match side {
            Side::Both => random.random_bool(0.5),
            Side::Left => true,
            Side::Right => false,
        };
        let halves =
            if left_is_stronger { [weight, weight * weaker] } else { [weight * weaker, weight] };
        // Jaw and chin have no halves that move separately.
        match number {
            17 | 18 | 26 => UnitMove { unit, side: Side::Both, halves: [weight; 2] },
            _ => UnitMove { unit, side, halves },
        }
    };
    recipe.units.iter().zip(shares).map(of_unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    fn drawn(count: u64, kind: EventKind) -> Vec<Activation> {
        (0..count).map(|n| expression(&mut Random::seed_from_u64(n), kind, None, 0.0)).collect()
    }

    proptest! {
        #[test]
        fn an_expression_of_an_emotion_has_its_units(seed: u64, i in 0usize..3) {
            let wanted = Emotion::ALL[i];
            let random = &mut Random::seed_from_u64(seed);
            let shown = expression(random, EventKind::Micro, Some(wanted), 0.0);
            prop_assert_eq!(shown.emotion, Some(wanted));
            let units: Vec<u8> = shown.units.iter().map(|u| u.unit.0).collect();
            prop_assert!(published::RECIPES.iter().any(|r| r.emotion == wanted && r.units == units));
        }
    }

    #[test]
    fn an_expression_of_chosen_units_has_no_others() {
        for seed in 0..200 {
            let random = &mut Random::seed_from_u64(seed);
            let shown = micro_expression_of(random, |unit| [1, 2, 4].contains(&unit.0), 3.0);
            assert_eq!((shown.kind, shown.onset_secs), (EventKind::Micro, 3.0));
            assert!(shown.units.iter().all(|u| [1, 2, 4].contains(&u.unit.0)), "{shown:?}");
        }
        let random = &mut Random::seed_from_u64(1);
        assert!(!micro_expression_of(random, |unit| unit.0 == 99, 0.0).units.is_empty());
    }

    #[test]
    fn a_micro_expression_lasts_at_most_half_a_second_and_a_macro_longer() {
        let length = |a: &Activation| a.offset_secs - a.onset_secs;
        assert!(drawn(300, EventKind::Micro).iter().all(|a| length(a) <= 0.5 + 1e-9));
        assert!(drawn(300, EventKind::Macro).iter().all(|a| length(a) > 0.5));
    }

    #[test]
    fn about_a_fifth_moves_one_half_of_the_face() {
        let one_sided = |a: &&Activation| a.units.iter().any(|u| u.side != Side::Both);
        let count = drawn(1000, EventKind::Micro).iter().filter(one_sided).count();
        assert!((120..250).contains(&count), "{count}");
    }

    #[test]
    fn the_side_that_is_named_moves_more() {
        for moved in drawn(500, EventKind::Micro).iter().flat_map(|a| &a.units) {
            let [left, right] = moved.halves;
            match moved.side {
                Side::Both => assert!(left.min(right) > 0.6 * left.max(right)),
                Side::Left => assert!(right <= 0.25 * left),
                Side::Right => assert!(left <= 0.25 * right),
            }
        }
    }
}
