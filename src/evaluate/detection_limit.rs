//! Measures how small a movement a recording could have shown. Movements of known action units and size are
//! added to the measured motion, and the spotter that flagged the recording runs again.
//!
//! At each moment, each part of the face is moved alone, and the spotter sees only the seconds around it. So
//! one added movement has no effect on another. The smallest size that is found is searched for by bisection:
//! a movement that is found at one size counts as found at every larger size.

use std::cell::Cell;
use std::rc::Rc;

use rand::{Rng as _, SeedableRng as _};

use super::MATCH_IOU;
use crate::measure::detection_limit::{
    DetectionLimit, FacePart, FaceState, LimitTrial, SIZES_PERCENT,
};
use crate::measure::event::{EventKind, Interval};
use crate::measure::quality::Trouble;
use crate::measure::regions::SPOT_REGIONS;
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::model::{ModelError, Models, Task};
use crate::pipeline::spotting::replay::steps_of;
use crate::pipeline::spotting::resample::GRID_HZ;
use crate::pipeline::spotting::{
    Network, ROW_OUTPUTS, Spotted, Spotter, SpotterSettings, Step, WINDOW_ROWS, open_network,
};
use crate::session::Session;
use crate::synth::motion::added::AddedExpression;
use crate::synth::render::portrait::PortraitError;
use crate::synth::{FacsRig, Random};

/// Greatest number of moments, however long the recording. It gives a share of 0.8 with an error of 0.06. The
/// network then runs about three thousand times, as in five minutes of recording.
const MOST_MOMENTS: usize = 40;
/// Least time between two moments, seconds.
const LEAST_APART_SECS: f64 = 0.5;

/// Fixed, so that the same recording gives the same figures.
const SEED: u64 = 21;

/// Time before a movement that the spotter sees, seconds: all that it remembers.
const BEFORE_SECS: f64 = WINDOW_ROWS as f64 / GRID_HZ + 0.5;
/// Time after a movement that the spotter sees, seconds: as long as it waits, and a little more.
const AFTER_SECS: f64 = 1.0;
/// An apex counts only within this distance of the movement, seconds. Others belong to other movements.
const NEAR_SECS: f64 = 0.1;
/// Greatest time between two runs of the network, seconds.
const HOP_SECS: f64 = 0.1;

/// For this time before a movement the face must be calm, seconds.
const CALM_BEFORE_SECS: f64 = 0.75;
/// Mean speed of the twelve regions above which a face moves, percent of the outer-eye distance per 1/30 s.
/// Calm real faces have 0.1 to 0.2, and faces that talk have 0.3 or more.
const CALM_SPEED: f32 = 0.25;
/// Troubles that show that a face moves.
const RESTLESS: Trouble = Trouble(Trouble::TALKING.0 | Trouble::HEAD_MOTION.0);

/// Why no detection limit is known.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// The samples have no motion, or there are none.
    #[error("no motion is stored")]
    NoMotion,
    /// The session does not store from which score on events were flagged.
    #[error("no threshold is stored")]
    NoThreshold,
    /// Nobody waits for it any more.
    #[error("it is no longer wanted")]
    Stopped,
    /// Another spotter flagged the events, and this one has another limit.
    #[error("the events were flagged by another spotter")]
    OtherSpotter,
    /// A model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The faces of the generator cannot be read. This is a bug.
    #[error(transparent)]
    Rig(#[from] PortraitError),
}

/// The detection limit of a session for these models, at the threshold of the session.
pub fn detection_limit(session: &Session, models: &Models) -> Result<DetectionLimit, LimitError> {
    detection_limit_while(session, models, || true)
}

/// The same, for as long as `is_wanted`, which is asked before each movement that is tried.
pub fn detection_limit_while(
    session: &Session,
    models: &Models,
    is_wanted: impl Fn() -> bool,
) -> Result<DetectionLimit, LimitError> {
    let threshold = session.threshold.ok_or(LimitError::NoThreshold)?;
    let spotter = models.entry(Task::Spot)?;
    let mut known =
        session.provenance.models.iter().filter(|file| file.task == Task::Spot.to_string());
    if known.clone().next().is_some() && !known.any(|file| file.sha256 == spotter.sha256) {
        return Err(LimitError::OtherSpotter);
    }
    let flagged = session.events.iter().filter(|event| event.kind == EventKind::Micro);
    let flagged: Vec<Interval> = flagged.map(|event| event.interval()).collect();
    let samples = session.history.samples().iter();
    let motion = MeasuredMotion::of(samples, flagged).ok_or(LimitError::NoMotion)?;
    let (network, calibration) = open_network(models)?;
    let settings = SpotterSettings {
        look_ahead_rows: calibration.look_ahead_rows,
        thresholds: [threshold.micro, threshold.macro_],
    };
    motion.limit(network, settings, is_wanted)
}

/// The limit, or `None` if it is not known; the log then says why.
pub fn known_limit(measured: Result<DetectionLimit, LimitError>) -> Option<DetectionLimit> {
    measured.inspect_err(|why| tracing::info!("the detection limit is not known: {why}")).ok()
}

/// The measured motion, and what was flagged in it.
struct MeasuredMotion {
    steps: Vec<Step>,
    flagged: Vec<Interval>,
}

/// A moment at which a movement is added.
struct Moment {
    onset: Timestamp,
    state: FaceState,
}

impl MeasuredMotion {
    /// `None` if no motion was measured.
    fn of(samples: impl Iterator<Item = Sample>, flagged: Vec<Interval>) -> Option<Self> {
        let steps = steps_of(samples);
        let has_motion = steps.iter().any(|step| step.displacement.is_some());
        has_motion.then_some(Self { steps, flagged })
    }

    fn limit(
        &self,
        network: Box<dyn Network>,
        settings: SpotterSettings,
        is_wanted: impl Fn() -> bool,
    ) -> Result<DetectionLimit, LimitError> {
        let rig = FacsRig::new()?;
        let looks = Rc::new(Cell::new(false));
        let network = SparseNetwork { network, looks: Rc::clone(&looks) };
        let mut spotter = Spotter::new(Box::new(network), settings);
        let look_ahead_secs = settings.look_ahead_rows[0] as f64 / GRID_HZ;
        let mut spotted = Spotted::default();
        let mut trials = Vec::new();
        for (nth, slice) in self.slices().enumerate() {
            for (place, part) in FacePart::ALL.into_iter().enumerate() {
                if !is_wanted() {
                    return Err(LimitError::Stopped);
                }
                let mut random = Random::seed_from_u64(SEED);
                random.set_stream((nth * FacePart::ALL.len() + place) as u64);
                let added = AddedExpression::draw(&mut random, &rig, |unit| {
                    FacePart::of_unit(unit.0) == Some(part)
                });
                let Some(moment) = self.moment(&mut random, slice, &added) else { continue };
                let offset = moment.onset + added.activation.offset_secs;
                let wait = look_ahead_secs - NEAR_SECS - HOP_SECS;
                let look = moment.onset + wait..offset + (look_ahead_secs + NEAR_SECS + HOP_SECS);
                let is_found = |size_percent| {
                    spotter.reset();
                    spotted.clear();
                    self.replay(&added, moment.onset, size_percent, |step| {
                        looks.set(look.contains(&step.time));
                        spotter.push(step, &mut spotted)
                    })?;
                    Ok(self.is_found(&added, moment.onset, &spotted))
                };
                let smallest = match moment.state {
                    FaceState::Unseen => SIZES_PERCENT.len(),
                    FaceState::Calm | FaceState::Moving => smallest_found(is_found)?,
                };
                let apex = moment.onset + added.activation.apex_secs;
                let found = std::array::from_fn(|size| size >= smallest);
                trials.push(LimitTrial { apex, part, state: moment.state, found });
            }
        }
        Ok(DetectionLimit { trials })
    }

    /// Slices of the recording of equal length: begin and end, seconds from its first step. A moment is drawn
    /// in each.
    fn slices(&self) -> impl Iterator<Item = (f64, f64)> + use<> {
        let secs = match (self.steps.first(), self.steps.last()) {
            (Some(first), Some(last)) => last.time.secs_since(first.time),
            _ => 0.0,
        };
        let count = ((secs / LEAST_APART_SECS) as usize).clamp(1, MOST_MOMENTS);
        let each = secs / count as f64;
        (0..count).map(move |nth| (nth as f64 * each, (nth + 1) as f64 * each))
    }

    /// Draws a moment in the slice at which nothing was flagged. `None` if none is found, or if the recording
    /// ends too soon.
    fn moment(
        &self,
        random: &mut Random,
        (from, to): (f64, f64),
        added: &AddedExpression,
    ) -> Option<Moment> {
        let (first, last) = (self.steps.first()?.time, self.steps.last()?.time);
        let latest = last.secs_since(first) - added.activation.offset_secs;
        for _ in 0..TRIES {
            let onset = first + random.random_range(from..to.max(from + 1e-6));
            let is_inside = onset.secs_since(first) <= latest;
            let truth = self.frames(added, onset);
            let is_free = !self.flagged.iter().any(|flag| flag.iou(&truth) > 0.0);
            if is_inside && is_free {
                return Some(Moment { onset, state: self.state(added, onset) });
            }
        }
        None
    }

    /// The state of the face while the movement is added.
    fn state(&self, added: &AddedExpression, onset: Timestamp) -> FaceState {
        let offset = onset + added.activation.offset_secs;
        if !self.between(onset - added.lead_secs(), offset).iter().all(is_measured) {
            return FaceState::Unseen;
        }
        let near = self.between(onset - CALM_BEFORE_SECS, offset);
        let speeds = near.windows(2).filter_map(|pair| {
            let moved = pair[1].displacement?;
            let rows = pair[1].time.secs_since(pair[0].time) * GRID_HZ;
            let sum: f32 = moved.iter().map(|[x, y]| x.hypot(*y)).sum();
            Some(sum / moved.len() as f32 / rows as f32)
        });
        let (count, sum) = speeds.fold((0, 0.0), |(count, sum), speed| (count + 1, sum + speed));
        let is_restless = near.iter().any(|step| step.trouble.any(RESTLESS));
        match is_restless || sum > CALM_SPEED * count as f32 {
            true => FaceState::Moving,
            false => FaceState::Calm,
        }
    }

    /// The steps from `from` to `to`, both included.
    fn between(&self, from: Timestamp, to: Timestamp) -> &[Step] {
        let begin = self.steps.partition_point(|step| step.time < from);
        let end = self.steps.partition_point(|step| step.time <= to);
        self.steps.get(begin..end).unwrap_or_default()
    }

    /// Calls `push` with the steps around a movement that begins at `onset`, with the movement added.
    fn replay(
        &self,
        added: &AddedExpression,
        onset: Timestamp,
        size_percent: f32,
        mut push: impl FnMut(&Step) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        let offset = onset + added.activation.offset_secs;
        let mut before: Option<Timestamp> = None;
        for step in self.between(onset - BEFORE_SECS, offset + AFTER_SECS) {
            let mut step = *step;
            if let (Some(moved), Some(before)) = (&mut step.displacement, before) {
                let [from, to] = [before, step.time].map(|time| time.secs_since(onset));
                let by: [_; SPOT_REGIONS] = added.displacement(from, to, size_percent);
                for (moved, by) in moved.as_flattened_mut().iter_mut().zip(by.as_flattened()) {
                    *moved += by;
                }
            }
            before = Some(step.time);
            push(&step)?;
        }
        Ok(())
    }

    /// The frames of a movement that begins at `onset`.
    fn frames(&self, added: &AddedExpression, onset: Timestamp) -> Interval {
        let nearest = |time: Timestamp| {
            let after = self.steps.partition_point(|step| step.time < time);
            let near = &self.steps[after.saturating_sub(1)..self.steps.len().min(after + 1)];
            let apart = |step: &&Step| (step.time.nanos() - time.nanos()).abs();
            near.iter().min_by_key(apart).map_or(0, |step| step.seq as i64)
        };
        let offset = onset + added.activation.offset_secs;
        Interval { first: nearest(onset), last: nearest(offset) }
    }

    fn is_found(&self, added: &AddedExpression, onset: Timestamp, spotted: &Spotted) -> bool {
        let truth = self.frames(added, onset);
        spotted.proposals.iter().any(|proposal| {
            let frames =
                Interval { first: proposal.onset.frame as i64, last: proposal.offset.frame as i64 };
            proposal.kind == EventKind::Micro && frames.iou(&truth) >= MATCH_IOU
        })
    }
}

/// How many moments are drawn in a slice before it is given up.
const TRIES: usize = 8;

/// The index of the smallest of [`SIZES_PERCENT`] that is found, by bisection; their number if even the
/// largest is not found.
fn smallest_found(
    mut is_found: impl FnMut(f32) -> Result<bool, ModelError>,
) -> Result<usize, ModelError> {
    let (mut from, mut to) = (0, SIZES_PERCENT.len());
    while from < to {
        let middle = (from + to) / 2;
        if is_found(SIZES_PERCENT[middle])? {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    Ok(from)
}

/// True if motion can be added to a step.
fn is_measured(step: &Step) -> bool {
    step.displacement.is_some() && step.trouble.scorable()
}

/// A network that runs only when it is told to, and gives nothing else. Most of its runs would be before or
/// long after the movement, and each costs the same.
struct SparseNetwork {
    network: Box<dyn Network>,
    looks: Rc<Cell<bool>>,
}

impl Network for SparseNetwork {
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        if self.looks.get() {
            return self.network.score(motion, rows);
        }
        rows.clear();
        rows.resize(WINDOW_ROWS * ROW_OUTPUTS, 0.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
