//! The distributions that the generator draws from.

use rand::Rng;
use rand_distr::{Distribution, LogNormal, StandardNormal};

use crate::synth::Random;

/// A log-normal number with this median and this standard deviation of its logarithm.
pub(crate) fn log_normal(random: &mut Random, (median, log_sd): (f64, f64)) -> f64 {
    LogNormal::new(median.ln(), log_sd).map_or(median, |d| d.sample(random))
}

/// Draws from the standard normal distribution.
pub(crate) fn normal(random: &mut Random) -> f64 {
    StandardNormal.sample(random)
}

/// The number of occurrences of something that is expected `mean` times.
pub(crate) fn poisson(random: &mut Random, mean: f64) -> usize {
    let (limit, mut product, mut count) = ((-mean).exp(), 1.0, 0);
    loop {
        product *= random.random_range(0.0..1.0f64);
        if product <= limit || count > 1000 {
            return count;
        }
        count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_log_normal_number_has_the_median_asked_for() {
        let random = &mut Random::seed_from_u64(1);
        let below = (0..4000).filter(|_| log_normal(random, (0.6, 0.8)) < 0.6).count();
        assert!((1850..2150).contains(&below), "{below}");
    }

    #[test]
    fn poisson_counts_have_the_mean_asked_for() {
        let random = &mut Random::seed_from_u64(1);
        let total: usize = (0..4000).map(|_| poisson(random, 1.5)).sum();
        assert!((5700..6300).contains(&total), "{total}");
        assert_eq!(poisson(random, 0.0), 0);
    }
}
