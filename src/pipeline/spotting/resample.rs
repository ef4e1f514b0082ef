//! Motion at any frame rate, brought to the even grid that the spotter reads.
//!
//! Displacements add up, velocities do not: the path of every region is followed at the capture
//! times, read off at even times by linear interpolation, and differenced. So a dropped or late frame
//! changes when motion was seen, never how much of it there was.

use crate::measure::time::Timestamp;

/// Rows of the grid per second: the rate at which micro-expressions are annotated in the field, and
/// what most webcams deliver.
pub const GRID_HZ: f64 = 30.0;

/// Follows the paths of `N` regions through one unbroken run of frames.
///
/// Row `k`, counted from 0, is the displacement between `k / 30` and `(k + 1) / 30` seconds after the
/// start, so its unit is that of the input per 1/30 s.
#[derive(Clone, Debug)]
pub struct Resampler<const N: usize> {
    start: Timestamp,
    last_time: Timestamp,
    /// Where every region has got to since the last row was cut off; the whole path would lose
    /// precision over hours.
    path: [[f64; 2]; N],
    rows: u64,
}

impl<const N: usize> Resampler<N> {
    /// A run of frames whose first displacement counts from `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { start, last_time: start, path: [[0.0; 2]; N], rows: 0 }
    }

    /// Takes the displacement since the frame before, and hands every row that it completes to `row`.
    ///
    /// A frame that is not later than the one before is taken as its correction: its displacement is
    /// added and no time passes.
    pub fn push(
        &mut self,
        time: Timestamp,
        displacement: &[[f32; 2]; N],
        mut row: impl FnMut([[f32; 2]; N]),
    ) {
        let before = self.path;
        for (at, by) in self.path.iter_mut().zip(displacement) {
            at[0] += f64::from(by[0]);
            at[1] += f64::from(by[1]);
        }
        if time <= self.last_time {
            return;
        }
        let step_secs = time.secs_since(self.last_time);
        let mut cut = [[0.0; 2]; N];
        while self.row_end(self.rows) <= time {
            let part = self.row_end(self.rows).secs_since(self.last_time) / step_secs;
            let mut velocity = [[0.0f32; 2]; N];
            for i in 0..N {
                for axis in 0..2 {
                    let moved = self.path[i][axis] - before[i][axis];
                    let at = before[i][axis] + part * moved;
                    velocity[i][axis] = (at - cut[i][axis]) as f32;
                    cut[i][axis] = at;
                }
            }
            self.rows += 1;
            row(velocity);
        }
        for (at, cut) in self.path.iter_mut().zip(&cut) {
            at[0] -= cut[0];
            at[1] -= cut[1];
        }
        self.last_time = time;
    }

    /// The row whose time is nearest to a frame of this run.
    pub fn row_of(&self, time: Timestamp) -> u64 {
        (time.secs_since(self.start) * GRID_HZ).round().max(1.0) as u64 - 1
    }

    /// When a row is complete, to the nanosecond that a 30 fps source gives its frames.
    fn row_end(&self, row: u64) -> Timestamp {
        self.start + Timestamp::of_frame(row + 1, GRID_HZ).secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    fn resampled(frames: &[(f64, f32)]) -> Vec<f32> {
        let mut resampler = Resampler::<1>::new(Timestamp::ZERO);
        let mut rows = Vec::new();
        for &(secs, moved) in frames {
            resampler.push(Timestamp::from_secs(secs), &[[moved, -moved]], |row| {
                assert_eq!(row[0][0], -row[0][1]);
                rows.push(row[0][0]);
            });
        }
        rows
    }

    #[test]
    fn thirty_frames_a_second_pass_unchanged() {
        let frames: Vec<_> = (1..=300)
            .map(|i| (Timestamp::of_frame(i, 30.0).secs(), (i as f32 * 0.7).sin()))
            .collect();
        let rows = resampled(&frames);
        assert_eq!(rows.len(), frames.len());
        for (row, (_, moved)) in rows.iter().zip(&frames) {
            assert_abs_diff_eq!(row, moved, epsilon = 1e-6);
        }
    }

    #[test]
    fn a_dropped_frame_spreads_its_motion_over_the_time_it_took() {
        let rows = resampled(&[(1.0 / 30.0, 1.0), (3.0 / 30.0, 4.0), (4.0 / 30.0, 1.0)]);
        assert_eq!(rows.len(), 4);
        for (row, expected) in rows.iter().zip([1.0, 2.0, 2.0, 1.0]) {
            assert_abs_diff_eq!(*row, expected, epsilon = 1e-5);
        }
    }

    #[test]
    fn a_frame_twice_at_one_time_is_one_frame() {
        let rows = resampled(&[(1.0 / 30.0, 1.0), (1.0 / 30.0, 0.5), (2.0 / 30.0, 1.0)]);
        assert_abs_diff_eq!(rows.iter().sum::<f32>(), 2.5, epsilon = 1e-5);
    }

    #[test]
    fn a_frame_belongs_to_the_row_nearest_in_time() {
        let resampler = Resampler::<1>::new(Timestamp::from_secs(5.0));
        let row = |secs| resampler.row_of(Timestamp::from_secs(5.0 + secs));
        assert_eq!((row(0.005), row(1.0 / 30.0), row(0.04), row(0.06)), (0, 0, 0, 1));
    }

    proptest! {
        #[test]
        fn constant_velocity_in_is_constant_velocity_out(
            gaps in prop::collection::vec(0.003f64..0.2, 5..200),
            speed in -50.0f32..50.0,
        ) {
            let mut secs = 0.0;
            let frames: Vec<_> = gaps
                .iter()
                .map(|gap| {
                    secs += gap;
                    (secs, speed * (gap * GRID_HZ) as f32)
                })
                .collect();
            let rows = resampled(&frames);
            prop_assert!((rows.len() as f64 - secs * GRID_HZ).abs() < 1.001);
            for row in rows {
                prop_assert!((row - speed).abs() < 1e-3 * speed.abs().max(1.0));
            }
        }

        #[test]
        fn total_displacement_is_kept(
            frames in prop::collection::vec((0.003f64..0.2, -5.0f32..5.0), 5..200),
        ) {
            let mut secs = 0.0;
            let mut timed: Vec<_> = frames
                .iter()
                .map(|&(gap, moved)| {
                    secs += gap;
                    (secs, moved)
                })
                .collect();
            // One still frame later, everything is in a row.
            timed.push((secs + 0.05, 0.0));
            let total: f32 = frames.iter().map(|(_, moved)| moved).sum();
            prop_assert!((resampled(&timed).iter().sum::<f32>() - total).abs() < 1e-3);
        }
    }
}
