//! The expressions of the scene that shows what the program does.

use rand::Rng as _;

use crate::measure::event::EventKind;
use crate::measure::geometry::Point;
use crate::measure::regions::SPOT_REGIONS;
use crate::synth::behaviour::distributions::log_normal;
use crate::synth::behaviour::expression::expression;
use crate::synth::behaviour::units::{FULL_PERCENT, index_of};
use crate::synth::rig::facs_rig::{FacsFace, region_centers};
use crate::synth::{Activation, Random, Timeline, UnitWeights};

/// Sizes in [`Scene::Show`](super::Scene::Show), micro and macro: median, log standard deviation, least and greatest, in percent
/// of the outer-eye distance at the strongest of the spotter's regions.
///
/// Real micro-expressions measure 0.3, 0.6 and 1.9 (p10, p50, p90), macro-expressions 0.4, 1.5 and 4.8. These
/// here are the larger ones, which a person sees without help when told where to look.
pub const SHOW_SIZES: [(f64, f64, f64, f64); 2] = [(1.5, 0.25, 1.1, 2.4), (3.5, 0.3, 2.5, 7.0)];

/// Share of the expressions in [`Scene::Show`](super::Scene::Show) that are micro-expressions.
const SHOW_MICRO: f64 = 0.7;

/// Rest between two expressions in [`Scene::Show`](super::Scene::Show), seconds.
const SHOW_REST_SECS: std::ops::Range<f64> = 3.0..9.0;

/// Seconds without blinks and talking before and after an expression in [`Scene::Show`](super::Scene::Show).
const SHOW_MARGIN_SECS: f64 = 0.35;

/// A region must move by at least this share of the largest movement of the skin. Otherwise the regions
/// hardly see the expression: units 5 and 7 of the lids, 6 of the cheek, 9 of the nose.
const SHOW_LEAST_SEEN: f32 = 0.45;

/// Lips that roll in and press move against each other. The smoothing of the flow joins them and shows two
/// thirds of the movement or less.
const SHOW_NEVER: [u8; 2] = [23, 24];

/// Fills a timeline with clear expressions.
pub(super) fn show(timeline: &mut Timeline, face: &FacsFace, random: &mut Random) {
    let centers = region_centers(face);
    let mut onset = 2.0 + random.random_range(SHOW_REST_SECS) / 2.0;
    while onset < timeline.duration_secs {
        let micro = random.random_bool(SHOW_MICRO);
        let (kind, (median, log_sd, least, most)) = if micro {
            (EventKind::Micro, SHOW_SIZES[0])
        } else {
            (EventKind::Macro, SHOW_SIZES[1])
        };
        let mut drawn = expression(random, kind, None, onset);
        let size = log_normal(random, (median, log_sd)).clamp(least, most) as f32;
        let talk = |a: &Activation| {
            let apart = |(from, to): &(f64, f64)| {
                a.offset_secs + SHOW_MARGIN_SECS < *from || a.onset_secs - SHOW_MARGIN_SECS > *to
            };
            timeline.talking.iter().find(|t| !apart(t)).map(|t| t.1)
        };
        if let Some(end) = talk(&drawn) {
            onset = end + SHOW_MARGIN_SECS + random.random_range(0.5..2.0);
            continue;
        }
        if !resize(&mut drawn, face, &centers, size) {
            continue;
        }
        // At least 60 % of each movement returns at once, so that the offset can be seen.
        drawn.profile.returned = drawn.profile.returned.max(0.6);
        onset = drawn.offset_secs + random.random_range(SHOW_REST_SECS);
        timeline.activations.push(drawn);
    }
    let clear = |from: f64, to: f64| {
        timeline.activations.iter().all(|a| {
            to < a.onset_secs - SHOW_MARGIN_SECS || from > a.offset_secs + SHOW_MARGIN_SECS
        })
    };
    // The movements that a blink causes start with it; only these are so short.
    let blinks: Vec<_> = timeline.blinks.iter().filter(|b| !clear(b.0, b.1)).copied().collect();
    timeline.gestures.retain(|g| blinks.iter().all(|b| b.0 != g.start_secs));
    timeline.blinks.retain(|b| !blinks.contains(b));
}

/// Scales an expression so that the strongest of the spotter's regions moves by `percent` of the outer-eye
/// distance; false if the regions do not see it.
fn resize(drawn: &mut Activation, face: &FacsFace, centers: &[Point], percent: f32) -> bool {
    if drawn.units.iter().any(|u| SHOW_NEVER.contains(&u.unit.0)) {
        return false;
    }
    let mut weights = UnitWeights::default();
    drawn.units.iter().for_each(|u| weights.add(u.unit, u.halves));
    let seen = seen_percent(face, centers, &weights);
    let on_skin = |u: &crate::synth::UnitMove| {
        let full_percent = index_of(u.unit).map_or(0.0, |i| FULL_PERCENT[i]);
        u.halves[0].max(u.halves[1]) * full_percent
    };
    let strongest = drawn.units.iter().map(on_skin).fold(0.0, f32::max);
    if seen < SHOW_LEAST_SEEN * strongest || seen <= 0.0 {
        return false;
    }
    for unit in &mut drawn.units {
        unit.halves = unit.halves.map(|w| (w * percent / seen).min(1.0));
    }
    true
}

/// Movement of the strongest of the spotter's regions as flow measures it, percent: the mean over the region,
/// without the movement of the nose, which counts as that of the head.
pub(super) fn seen_percent(face: &FacsFace, centers: &[Point], weights: &UnitWeights) -> f32 {
    let mean = |center: &Point| {
        let sum = (0..9).fold(Point::default(), |sum, i| {
            let offset = Point::new((i % 3 - 1) as f32, (i / 3 - 1) as f32) * REGION_REACH;
            sum + face.displacement(*center + offset, weights)
        });
        sum * (1.0 / 9.0)
    };
    let regions: Vec<Point> = centers.iter().take(SPOT_REGIONS).map(mean).collect();
    let nose = regions[6].lerp(regions[7], 0.5);
    regions.iter().map(|r| (*r - nose).norm() * 100.0).fold(0.0, f32::max)
}

/// From the centre of a region towards its rim, outer-eye distances.
const REGION_REACH: f32 = 0.06;
