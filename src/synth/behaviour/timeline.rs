//! What a face does and when, in continuous time, so that any frame rate can sample it.
//!
//! A timeline is data. [`super::scenario`] draws it; rigs, motion and pictures only read it, so that they all
//! agree on what happened.

use crate::measure::event::{ActionUnit, Emotion, EventKind};

use super::units::{UnitMove, UnitWeights};

/// A labelled expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The units that move, and how far at the apex.
    pub units: Vec<UnitMove>,
    /// Micro or macro.
    pub kind: EventKind,
    /// The emotion that observers see; `None` for a combination without a rule.
    pub emotion: Option<Emotion>,
    /// When the movement becomes visible. This and the next two are the labels.
    pub onset_secs: f64,
    /// When it is strongest.
    pub apex_secs: f64,
    /// When it has returned as far as it will return.
    pub offset_secs: f64,
    /// How its size goes from 0 to 1 and back.
    pub profile: Profile,
}

/// The course of a movement between its labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Time for which the skin moves before the movement is visible, seconds.
    pub lead_secs: f64,
    /// Above 1: a slow start and a fast end.
    pub rise_power: f64,
    /// How long the apex is held, seconds.
    pub hold_secs: f64,
    /// Below 1: a quick start of the return, and a long tail.
    pub fall_power: f64,
    /// Share of the movement that has returned by the offset, 0–1.
    pub returned: f64,
    /// Time constant with which the rest relaxes after the offset, seconds.
    pub relax_secs: f64,
}

impl Activation {
    /// The size of the movement at `secs` as a share of its full size, 0–1.
    pub fn level(&self, secs: f64) -> f64 {
        let p = &self.profile;
        let start = self.onset_secs - p.lead_secs;
        let held = (self.apex_secs + p.hold_secs).min(self.offset_secs);
        if secs <= start {
            0.0
        } else if secs < self.apex_secs {
            ease(((secs - start) / (self.apex_secs - start)).powf(p.rise_power))
        } else if secs <= held {
            1.0
        } else if secs < self.offset_secs {
            let part = (secs - held) / (self.offset_secs - held);
            1.0 - p.returned * ease(part.powf(p.fall_power))
        } else {
            (1.0 - p.returned) * (-(secs - self.offset_secs) / p.relax_secs).exp()
        }
    }
}

/// From 0 to 1 without a jump in speed: the course of a movement between two rests.
pub fn ease(part: f64) -> f64 {
    let u = part.clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// A movement of one unit that is no expression: part of a blink, a syllable, a swallow, a twitch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gesture {
    /// When it begins.
    pub start_secs: f64,
    /// Time to its full size, seconds.
    pub rise_secs: f64,
    /// Time at its full size, seconds.
    pub hold_secs: f64,
    /// Time of the return, seconds.
    pub fall_secs: f64,
    /// Which unit.
    pub unit: ActionUnit,
    /// Weight of the left and right half at its full size.
    pub halves: [f32; 2],
}

impl Gesture {
    /// When it is over, seconds.
    pub fn end_secs(&self) -> f64 {
        self.start_secs + self.rise_secs + self.hold_secs + self.fall_secs
    }

    /// Its size at `secs` as a share of its full size, 0–1.
    pub fn level(&self, secs: f64) -> f64 {
        let since = secs - self.start_secs;
        if since <= 0.0 || secs >= self.end_secs() {
            0.0
        } else if since < self.rise_secs {
            ease(since / self.rise_secs)
        } else {
            1.0 - ease((since - self.rise_secs - self.hold_secs) / self.fall_secs)
        }
    }
}

/// Pose of the head, relative to its pose at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadPose {
    /// Radians round the horizontal axis; positive looks down.
    pub pitch: f32,
    /// Radians round the vertical axis; positive turns to the person's left, rightwards in the picture.
    pub yaw: f32,
    /// Radians in the picture's plane, clockwise on screen.
    pub roll: f32,
    /// Shift in the picture, in outer-eye distances, x right, y down.
    pub shift: [f32; 2],
    /// Logarithm of the size relative to rest; positive is nearer to the camera.
    pub log_scale: f32,
}

impl HeadPose {
    /// The six numbers, in the order of the fields.
    pub fn to_array(self) -> [f32; 6] {
        [self.pitch, self.yaw, self.roll, self.shift[0], self.shift[1], self.log_scale]
    }

    /// From the six numbers of [`HeadPose::to_array`].
    pub fn from_array([pitch, yaw, roll, x, y, log_scale]: [f32; 6]) -> Self {
        Self { pitch, yaw, roll, shift: [x, y], log_scale }
    }

    /// About how far the nose moves from here to `other`, percent of the outer-eye distance. The nose is one
    /// and a half eye distances away from the neck.
    pub fn travel_percent(self, other: Self) -> f32 {
        let turn = 1.5 * (self.pitch - other.pitch).hypot(self.yaw - other.yaw);
        100.0 * (turn + (self.shift[0] - other.shift[0]).hypot(self.shift[1] - other.shift[1]))
    }

    /// The sum of two small deviations from rest.
    pub fn plus(self, other: Self) -> Self {
        let (mut sum, b) = (self.to_array(), other.to_array());
        sum.iter_mut().zip(b).for_each(|(s, b)| *s += b);
        Self::from_array(sum)
    }
}

/// A value that moves to a new target at given moments, and rests between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps<const N: usize> {
    /// Start of each move, its length in seconds, and its target; in order of time, not overlapping.
    pub moves: Vec<(f64, f64, [f32; N])>,
}

impl<const N: usize> Steps<N> {
    /// The value at `secs`; zero before the first move.
    pub fn at(&self, secs: f64) -> [f32; N] {
        let next = self.moves.partition_point(|(start, _, _)| *start <= secs);
        let Some((start, length, to)) = next.checked_sub(1).and_then(|i| self.moves.get(i)) else {
            return [0.0; N];
        };
        let from = next.checked_sub(2).and_then(|i| self.moves.get(i)).map_or([0.0; N], |m| m.2);
        let part = ease((secs - start) / length.max(1e-6)) as f32;
        std::array::from_fn(|i| from[i] + (to[i] - from[i]) * part)
    }
}

/// Smooth random movement without drift: a cubic B-spline through random knots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sway<const N: usize> {
    /// Seconds between knots; half the period of the fastest movement.
    pub step_secs: f64,
    /// The knots, the first one step before time zero. After the last one they start again.
    pub knots: Vec<[f32; N]>,
}

impl<const N: usize> Sway<N> {
    /// The value at `secs`; zero without knots.
    pub fn at(&self, secs: f64) -> [f32; N] {
        if self.knots.is_empty() {
            return [0.0; N];
        }
        let position = (secs / self.step_secs).max(0.0);
        let (first, u) = (position.floor() as usize, position.fract() as f32);
        let v = 1.0 - u;
        let weights = [
            v * v * v / 6.0,
            (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
            (3.0 * v * v * v - 6.0 * v * v + 4.0) / 6.0,
            u * u * u / 6.0,
        ];
        let mut value = [0.0; N];
        for (k, weight) in weights.into_iter().enumerate() {
            let knot = &self.knots[(first + k) % self.knots.len()];
            value.iter_mut().zip(knot).for_each(|(v, knot)| *v += weight * knot);
        }
        value
    }
}

/// Everything about the face and its picture at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// All units: expressions and everything else.
    pub units: UnitWeights,
    /// Where the head is.
    pub head: HeadPose,
    /// Direction of the eyes relative to straight ahead, radians, x rightwards in the picture, y down.
    pub gaze: [f32; 2],
    /// Brightness of the picture relative to its normal one.
    pub gain: f32,
}

/// What a face does from time zero to `duration_secs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// How long it lasts.
    pub duration_secs: f64,
    /// The labelled expressions, by onset.
    pub activations: Vec<Activation>,
    /// Everything else the face does, by start.
    pub gestures: Vec<Gesture>,
    /// Start and end of each blink, seconds.
    pub blinks: Vec<(f64, f64)>,
    /// Start and end of each stretch of talking or chewing, seconds.
    pub talking: Vec<(f64, f64)>,
    /// Where the head rests: posture, turns and nods, as the six numbers of [`HeadPose`].
    pub posture: Steps<6>,
    /// Slow and quick movements of a head at rest.
    pub sway: [Sway<6>; 2],
    /// Where the eyes look: saccades.
    pub gaze: Steps<2>,
    /// Logarithm of the picture's brightness.
    pub exposure: Steps<1>,
}

impl Timeline {
    /// The face at `secs`.
    pub fn sample(&self, secs: f64) -> Pose {
        let mut units = UnitWeights::default();
        for activation in self.activations.iter().filter(|a| a.onset_secs < secs + 1.0) {
            let level = activation.level(secs) as f32;
            if level > 0.0 {
                activation
                    .units
                    .iter()
                    .for_each(|u| units.add(u.unit, u.halves.map(|w| w * level)));
            }
        }
        // Gestures are in order of their start. The longest, a yawn or a slow drift, is known to be over in
        // time.
        let started = self.gestures.partition_point(|g| g.start_secs < secs);
        let recent = self.gestures.partition_point(|g| g.start_secs < secs - LONGEST_GESTURE_SECS);
        for gesture in &self.gestures[recent..started] {
            let level = gesture.level(secs) as f32;
            units.add(gesture.unit, gesture.halves.map(|w| w * level));
        }
        let gaze = self.gaze.at(secs);
        // The upper lid follows the eye: 0.3 rad down closes it by about a third.
        units.add(ActionUnit(45), [gaze[1].max(0.0); 2]);
        let [slow, quick] = &self.sway;
        let head = HeadPose::from_array(self.posture.at(secs))
            .plus(HeadPose::from_array(slow.at(secs)))
            .plus(HeadPose::from_array(quick.at(secs)));
        Pose { units, head, gaze, gain: self.exposure.at(secs)[0].exp() }
    }

    /// True if the eyes blink at `secs`.
    #[cfg(test)]
    pub fn is_blinking(&self, secs: f64) -> bool {
        self.blinks.iter().any(|(start, end)| (*start..=*end).contains(&secs))
    }

    /// True if the person talks or chews at `secs`.
    #[cfg(test)]
    pub fn is_talking(&self, secs: f64) -> bool {
        self.talking.iter().any(|(start, end)| (*start..=*end).contains(&secs))
    }
}

/// The longest gesture, seconds.
pub const LONGEST_GESTURE_SECS: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn activation(rise: f64, fall: f64, returned: f64) -> Activation {
        Activation {
            units: vec![],
            kind: EventKind::Micro,
            emotion: None,
            onset_secs: 1.0,
            apex_secs: 1.0 + rise,
            offset_secs: 1.0 + rise + fall,
            profile: Profile {
                lead_secs: 0.03,
                rise_power: 1.2,
                hold_secs: 0.02,
                fall_power: 0.8,
                returned,
                relax_secs: 3.0,
            },
        }
    }

    proptest! {
        #[test]
        fn the_level_is_largest_at_the_apex_and_never_leaves_0_to_1(
            rise in 0.05f64..1.0, fall in 0.05f64..1.0, returned in 0.0f64..1.0, t in 0.0f64..5.0,
        ) {
            let a = activation(rise, fall, returned);
            prop_assert!((0.0..=1.0).contains(&a.level(t)));
            prop_assert!((a.level(a.apex_secs) - 1.0).abs() < 1e-9);
        }

        #[test]
        fn a_movement_has_no_jumps(rise in 0.1f64..1.0, fall in 0.1f64..1.0, returned in 0.0f64..1.0) {
            let a = activation(rise, fall, returned);
            let step = |i: i32| a.level(f64::from(i) * 1e-3);
            prop_assert!((0..5000).all(|i| (step(i + 1) - step(i)).abs() < 0.05));
        }
    }

    #[test]
    fn what_has_not_returned_by_the_offset_stays_for_a_while() {
        let a = activation(0.2, 0.2, 0.6);
        assert!((a.level(a.offset_secs) - 0.4).abs() < 1e-9);
        assert!(a.level(a.offset_secs + 1.0) > 0.2);
    }

    #[test]
    fn steps_rest_between_their_moves() {
        let steps = Steps { moves: vec![(1.0, 0.5, [2.0]), (3.0, 0.5, [-1.0])] };
        assert_eq!([0.5, 2.0, 2.9, 4.0].map(|t| steps.at(t)[0]), [0.0, 2.0, 2.0, -1.0]);
    }

    #[test]
    fn sway_through_equal_knots_is_still() {
        let sway = Sway { step_secs: 0.3, knots: vec![[0.7, -0.2]; 5] };
        for t in [0.0, 0.1, 0.29, 0.9, 7.3] {
            let [a, b] = sway.at(t);
            assert!((a - 0.7).abs() < 1e-6 && (b + 0.2).abs() < 1e-6);
        }
    }

    #[test]
    fn an_empty_timeline_is_a_face_at_rest() {
        let pose = Timeline::default().sample(3.0);
        assert_eq!(pose, Pose { gain: 1.0, ..Pose::default() });
    }
}
