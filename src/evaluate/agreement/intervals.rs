//! Agreement per interval of time: if there is an event in it, and how many there are. Unlike frames, intervals
//! do not punish small differences of a boundary.

use serde::Serialize;

use super::kappa::Kappa;
use crate::measure::event::EventKind;
use crate::session::Session;
use crate::session::table::Row;

/// Length of an interval, seconds. Coders of behaviour use ten seconds most often.
pub const INTERVAL_SECS: f64 = 10.0;

/// The agreement of two layers per interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntervalAgreement {
    /// Length of an interval, seconds.
    pub interval_s: f64,
    /// Number of intervals; the last one may be shorter.
    pub intervals: usize,
    /// If an event has its apex in the interval: for micro, for macro, and for either.
    pub kappas: Vec<Kappa>,
    /// [`icc`] of the numbers of events per interval, both kinds together; `None` if it has no value.
    pub icc_of_counts: Option<f64>,
}

/// Compares the events `a` and `b` of two layers per interval.
pub(super) fn per_interval(session: &Session, a: &[&Row], b: &[&Row]) -> IntervalAgreement {
    let samples = session.history.samples();
    let last = samples.last().map(|sample| sample.time.secs());
    let intervals = last.map_or(0, |last| (last.max(0.0) / INTERVAL_SECS) as usize + 1);
    let counts = |rows: &[&Row], kinds: &[EventKind]| {
        let mut counts = vec![0u32; intervals];
        for row in rows.iter().filter(|row| kinds.contains(&row.kind)) {
            let at = (row.bounds.apex.time.secs().max(0.0) / INTERVAL_SECS) as usize;
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        counts
    };
    let kappa = |name: &str, kinds: &[EventKind]| {
        let answers = counts(a, kinds).into_iter().zip(counts(b, kinds));
        Kappa::of(name, answers.map(|(a, b)| (a > 0, b > 0)))
    };
    let [micro, macro_] = EventKind::ALL;
    let all = EventKind::ALL;
    let pairs = counts(a, &all).into_iter().zip(counts(b, &all));
    let table: Vec<[f64; 2]> = pairs.map(|(a, b)| [a.into(), b.into()]).collect();
    IntervalAgreement {
        interval_s: INTERVAL_SECS,
        intervals,
        kappas: vec![kappa("micro", &[micro]), kappa("macro", &[macro_]), kappa("either", &all)],
        icc_of_counts: icc(&table),
    }
}

/// The intraclass correlation ICC(2,1) of Shrout and Fleiss (1979): two-way random effects, absolute agreement,
/// one rater. Each row is one thing that all `K` raters have measured. `None` with fewer than two rows or
/// raters, or if all values are the same.
pub fn icc<const K: usize>(table: &[[f64; K]]) -> Option<f64> {
    let (n, k) = (table.len() as f64, K as f64);
    if table.len() < 2 || K < 2 {
        return None;
    }
    let mean = table.iter().flatten().sum::<f64>() / (n * k);
    let square = |value: f64| (value - mean) * (value - mean);
    let of_rows: f64 = table.iter().map(|row| square(row.iter().sum::<f64>() / k) * k).sum();
    let column = |j: usize| table.iter().map(|row| row[j]).sum::<f64>() / n;
    let of_columns: f64 = (0..K).map(|j| square(column(j)) * n).sum();
    let all: f64 = table.iter().flatten().map(|value| square(*value)).sum();
    let rows = of_rows / (n - 1.0);
    let columns = of_columns / (k - 1.0);
    let error = (all - of_rows - of_columns).max(0.0) / ((n - 1.0) * (k - 1.0));
    let below = rows + (k - 1.0) * error + k * (columns - error) / n;
    (below.abs() > 1e-12).then(|| (rows - error) / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intraclass_correlation_is_that_of_shrout_and_fleiss() {
        // Their table 2: six targets, four judges. ICC(2,1) is .29 there; pingouin and the formulas written
        // out in Python give .289764.
        let table = [
            [9.0, 2.0, 5.0, 8.0],
            [6.0, 1.0, 3.0, 2.0],
            [8.0, 4.0, 6.0, 8.0],
            [7.0, 1.0, 2.0, 6.0],
            [10.0, 5.0, 6.0, 9.0],
            [6.0, 2.0, 4.0, 7.0],
        ];
        assert!((icc(&table).expect("a value") - 0.289_763_779).abs() < 1e-8);
    }

    #[test]
    fn raters_who_are_the_same_agree_wholly_and_nothing_to_compare_has_no_value() {
        assert_eq!(icc(&[[1.0, 1.0], [2.0, 2.0], [5.0, 5.0]]), Some(1.0));
        assert_eq!(icc(&[[1.0, 1.0], [1.0, 1.0]]), None);
        assert_eq!(icc(&[[1.0, 2.0]]), None);
        assert_eq!(icc::<2>(&[]), None);
    }
}
