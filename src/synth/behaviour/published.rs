//! Published measurements of real expressions, from which the generator's defaults come.
//!
//! They are from the annotations and released features of CAS(ME)², SAMM-LV and CAS(ME)³: counts, durations,
//! sizes. Nothing here is a recording or was fitted to a score.

use crate::measure::event::Emotion;

/// An expression: the units that move together, the emotion that observers see in it, and its relative
/// frequency among micro-expressions.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Action unit numbers.
    pub units: &'static [u8],
    /// The emotion that observers see.
    pub emotion: Emotion,
    /// Relative frequency among all expressions.
    pub weight: f64,
}

const fn recipe(units: &'static [u8], emotion: Emotion, weight: f64) -> Recipe {
    Recipe { units, emotion, weight }
}

use Emotion::{Negative, Positive, Surprise};

/// Units that occur together, and how often.
///
/// Single units follow the counts of the three sets, percent of micro-expressions: CAS(ME)² 4:35 2:23 1:18
/// 12:14 5:11 14:7 7:7 6:4, SAMM 7:28 12:18 4:15 2:11 14:8 5:6 24:6, CAS(ME)³ 4:32 14:22 1:18 2:15 24:7 9:6
/// 5:5. The pairs are those that occur in them. The emotion follows the rule that held on the composite set
/// of MEGC 2019.
pub const RECIPES: &[Recipe] = &[
    recipe(&[4], Negative, 25.0),
    recipe(&[7], Negative, 9.0),
    recipe(&[14], Negative, 8.0),
    recipe(&[4, 7], Negative, 5.0),
    recipe(&[24], Negative, 4.0),
    recipe(&[4, 9], Negative, 3.0),
    recipe(&[15], Negative, 3.0),
    recipe(&[17], Negative, 3.0),
    recipe(&[9], Negative, 2.0),
    recipe(&[10], Negative, 2.0),
    recipe(&[15, 17], Negative, 2.0),
    recipe(&[14, 24], Negative, 2.0),
    recipe(&[1, 4], Negative, 1.5),
    recipe(&[20], Negative, 1.5),
    recipe(&[23], Negative, 1.5),
    recipe(&[9, 10], Negative, 1.0),
    recipe(&[9, 14], Negative, 1.0),
    recipe(&[4, 5], Negative, 1.0),
    recipe(&[12], Positive, 10.0),
    recipe(&[6, 12], Positive, 6.0),
    recipe(&[12, 14], Positive, 1.5),
    recipe(&[6], Positive, 1.5),
    recipe(&[7, 12], Positive, 1.0),
    recipe(&[12, 25], Positive, 1.0),
    recipe(&[1, 2], Surprise, 11.0),
    recipe(&[2], Surprise, 5.0),
    recipe(&[1], Surprise, 4.0),
    recipe(&[5], Surprise, 3.0),
    recipe(&[1, 2, 5], Surprise, 2.0),
    recipe(&[1, 2, 25], Surprise, 1.0),
    recipe(&[1, 2, 26], Surprise, 1.0),
];

/// Share of the expressions that move only one half of the face: 15–25 % in the annotations.
pub const ONE_SIDED: f64 = 0.2;

/// Share of the macro-expressions that are drawn as smiles, whatever [`RECIPES`] says. Not measured: among
/// other things, the recorded people watched funny films.
pub const MACRO_SMILES: f64 = 0.25;

/// Durations of the parts of an expression, seconds, as parameters of log-normal draws.
#[derive(Clone, Copy, Debug)]
pub struct Durations {
    /// Median and log standard deviation from onset to apex.
    pub rise: (f64, f64),
    /// Median and log standard deviation from apex to the start of the return.
    pub hold: (f64, f64),
    /// Median and log standard deviation from there to the offset.
    pub fall: (f64, f64),
    /// Shortest and longest from onset to offset.
    pub total: (f64, f64),
    /// Share of the expressions whose apex is held much longer, and for how long.
    pub lingering: (f64, (f64, f64)),
}

/// Micro-expressions. CAS(ME)² at 30 fps: duration p5/25/50/75/95 9/13/14/15/16 frames, rise p50 5, fall p50
/// 7; SAMM at 25 fps 6/8/11/12/13, 4 and 5; CAS(ME)³ at 30 fps 9/15/22/34/71, 6 and 14. By the field's
/// definition, they last at most half a second.
pub const MICRO: Durations = Durations {
    rise: (0.165, 0.35),
    hold: (0.02, 0.8),
    fall: (0.2, 0.35),
    total: (0.2, 0.5),
    lingering: (0.0, (1.0, 0.0)),
};

/// Macro-expressions. CAS(ME)² 19/24/36/52/75 frames, rise 12, fall 22; SAMM 15/20/29/50/204 at 25 fps, 12
/// and 15. One in eight is held long. Without these, the longest twentieth of both sets would be missing: 75
/// frames in one, 245 of 1/30 s in the other.
pub const MACRO: Durations = Durations {
    rise: (0.42, 0.6),
    hold: (0.06, 1.2),
    fall: (0.48, 0.6),
    total: (0.52, 12.0),
    lingering: (0.12, (2.5, 0.8)),
};

/// Onset→apex displacement of the strongest region: median in percent of the outer-eye distance, and log
/// standard deviation.
///
/// Micro p10/50/90 is .6/1.2/3.7 px (CAS(ME)²) and .4/1.1/4.9 px (SAMM) at about 190 px. The smallest are
/// annotated movements that the twelve regions hardly show.
pub const MICRO_SIZE_PERCENT: (f64, f64) = (0.76, 0.85);

/// The same for macro-expressions: .8/2.8/9.1 px and .6/2.1/14 px.
pub const MACRO_SIZE_PERCENT: (f64, f64) = (1.5, 1.1);

/// Shortest and longest time from the first closing movement to the open lids, seconds.
pub const BLINK_SECS: (f64, f64) = (0.15, 0.4);
