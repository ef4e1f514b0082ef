//! Talking and chewing: the mouth keeps changing its direction. An expression goes somewhere and comes back
//! once; speech opens and closes the mouth several times a second.

use std::collections::VecDeque;

use crate::pipeline::motion::regions::RegionDisplacement;

/// Changes of direction are counted over this time, seconds.
const WINDOW_SECS: f32 = 1.5;
/// The mouth must come back by this much for a change to count, percent of the eye distance. Ten times the
/// noise of a lip on a face of good size.
const LEAST_TURN: f32 = 0.8;
/// And by this many pixels of the frame, because the noise is larger on a small face.
const LEAST_TURN_PX: f32 = 0.6;
/// The distance between these two regions is the opening of the mouth.
const UPPER_LIP: usize = 9;
const LOWER_LIP: usize = 11;

/// Follows the opening of one mouth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mouth {
    secs: f32,
    opening: f32,
    /// The farthest opening since the last change of direction, and whether the mouth was opening towards it.
    extreme: f32,
    opens: bool,
    turned_at_secs: VecDeque<f32>,
}

impl Mouth {
    /// How often the mouth has changed its direction in the last 1.5 s. The count starts again after a frame
    /// that was not measured.
    pub(crate) fn turns(
        &mut self,
        step: Option<&RegionDisplacement>,
        dt_secs: f32,
        eye_distance_px: f32,
    ) -> u32 {
        let Some(step) = step else {
            *self = Self::default();
            return 0;
        };
        self.secs += dt_secs;
        self.opening += step.regions[LOWER_LIP][1] - step.regions[UPPER_LIP][1];
        let ahead =
            if self.opens { self.opening - self.extreme } else { self.extreme - self.opening };
        if ahead > 0.0 {
            self.extreme = self.opening;
        } else if ahead < -LEAST_TURN.max(100.0 * LEAST_TURN_PX / eye_distance_px.max(1.0)) {
            self.opens = !self.opens;
            self.extreme = self.opening;
            self.turned_at_secs.push_back(self.secs);
        }
        while self.turned_at_secs.front().is_some_and(|at| self.secs - at > WINDOW_SECS) {
            self.turned_at_secs.pop_front();
        }
        self.turned_at_secs.len() as u32
    }
}
