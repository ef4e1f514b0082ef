//! Finds where in time a face moves: one score for every frame, and the intervals worth a flag.
//!
//! A run of frames ends where one cannot be scored, and every run is spotted by itself. So no window
//! and no proposal ever spans a gap. What comes out depends on the steps alone, not on when or in
//! what portions they came.

use crate::config::SpottingConfig;
use crate::measure::event::{EventKind, Moment};
use crate::measure::quality::Trouble;
use crate::measure::regions::SPOT_REGIONS;
use crate::measure::sample::Score;
use crate::measure::time::Timestamp;
use crate::model::manifest::Calibration;
use crate::model::{Model, ModelError, Models, Task};

pub mod replay;
pub mod resample;
mod run;
mod suppress;
pub mod threshold;

use run::Run;

/// Rows of the 30 Hz grid that the network sees at once, 4.3 s. The last second and a half decides;
/// the rest tells it how much this face moves and how noisy this picture is.
pub const WINDOW_ROWS: usize = 128;

/// Numbers that the network gives for each row: for micro, then for macro, how likely an event of
/// this kind has its apex here (0–1), and how many rows its onset lies before and its offset after.
pub const ROW_OUTPUTS: usize = 6;

/// Frames further apart than this, in seconds, do not show one movement: a micro-expression rises in
/// about 0.17 s.
pub const MAX_STEP_SECS: f64 = 0.25;

/// The network that scores one window.
///
/// `motion` is [`WINDOW_ROWS`] × 12 × 2 in percent of the outer-eye distance per 1/30 s, where a row
/// of zeros stands for one that is missing. It fills `rows` with [`WINDOW_ROWS`] × [`ROW_OUTPUTS`], of
/// which only the last are read: those that may have become final since the look before.
pub trait Network {
    /// Scores one window.
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError>;
}

/// What the spotter must know of its network, from the model's manifest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotterSettings {
    /// Rows after an apex that its outputs depend on, micro and macro. With them in the window, the
    /// outputs are final.
    pub look_ahead_rows: [usize; 2],
    /// Least score that is flagged, micro and macro, 0–1.
    pub thresholds: [f32; 2],
}

impl SpotterSettings {
    /// What the model promises, at the false alarms per minute that the user allows.
    pub fn new(calibration: &Calibration, config: &SpottingConfig) -> Self {
        let each = config.false_alarms_per_minute / 2.0;
        let table = [&calibration.micro, &calibration.macro_];
        Self {
            look_ahead_rows: calibration.look_ahead_rows,
            thresholds: table.map(|pairs| threshold(pairs, each)),
        }
    }
}

/// The least score with at most so many false alarms per minute, by pairs of score and rate, scores
/// ascending; linear in the rate's logarithm between them. Half where there is no table.
fn threshold(pairs: &[[f32; 2]], per_minute: f32) -> f32 {
    let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else { return 0.5 };
    if per_minute >= first[1] {
        return first[0];
    }
    let around = pairs.windows(2).find(|pair| per_minute >= pair[1][1]);
    let Some([low, high]) = around else { return last[0] };
    let log = |rate: f32| rate.max(1e-3).ln();
    let span = log(low[1]) - log(high[1]);
    let part = if span > 0.0 { (log(low[1]) - log(per_minute)) / span } else { 1.0 };
    low[0] + part.clamp(0.0, 1.0) * (high[0] - low[0])
}

/// Opens the model for [`Task::Spot`], and says what its scores mean.
pub fn open_network(models: &Models) -> Result<(Box<dyn Network>, Calibration), ModelError> {
    let model = models.open(Task::Spot)?;
    let calibration = model.entry.calibration.clone();
    Ok((Box::new(ModelNetwork(model)), calibration))
}

struct ModelNetwork(Model);

impl Network for ModelNetwork {
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        rows.clear();
        rows.extend(self.0.run(&[motion])?.iter().flatten());
        Ok(())
    }
}

/// One analysed frame, as the spotter sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The frame's number.
    pub seq: u64,
    /// Its capture time.
    pub time: Timestamp,
    /// Motion of the twelve regions since the frame before, percent of the outer-eye distance, head
    /// motion removed. `None` where it could not be measured.
    pub displacement: Option<[[f32; 2]; SPOT_REGIONS]>,
    /// The trouble of the frame.
    pub trouble: Trouble,
}

/// An interval worth a flag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Micro or macro.
    pub kind: EventKind,
    /// First frame of the movement.
    pub onset: Moment,
    /// Frame of the strongest movement.
    pub apex: Moment,
    /// Last frame of the movement.
    pub offset: Moment,
    /// The score at the apex, 0–1.
    pub score: f32,
}

/// What one call yields, appended to what is already there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spotted {
    /// Final scores in the order of the steps, exactly one for each.
    pub scores: Vec<(u64, Option<Score>)>,
    /// Intervals that have become certain.
    pub proposals: Vec<Proposal>,
}

impl Spotted {
    /// Empties it for the next call.
    pub fn clear(&mut self) {
        self.scores.clear();
        self.proposals.clear();
    }
}

/// Spots events in a stream of steps.
pub struct Spotter {
    network: Box<dyn Network>,
    settings: SpotterSettings,
    run: Option<Run>,
    last_time: Option<Timestamp>,
    /// Frames so far that no run holds.
    unscored: u64,
}

impl std::fmt::Debug for Spotter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spotter").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Spotter {
    /// A spotter with the model for [`Task::Spot`].
    pub fn open(models: &Models, config: &SpottingConfig) -> Result<Self, ModelError> {
        let (network, calibration) = open_network(models)?;
        Ok(Self::new(network, SpotterSettings::new(&calibration, config)))
    }

    /// A spotter at the start of a stream.
    pub fn new(network: Box<dyn Network>, settings: SpotterSettings) -> Self {
        Self { network, settings, run: None, last_time: None, unscored: 0 }
    }

    /// Least score that is flagged, micro and macro.
    pub fn thresholds(&self) -> [f32; 2] {
        self.settings.thresholds
    }

    /// Flags from now on what reaches these scores, micro and macro, 0–1.
    pub fn set_thresholds(&mut self, thresholds: [f32; 2]) {
        self.settings.thresholds = thresholds;
    }

    /// Forgets the stream and what was still open in it.
    pub fn reset(&mut self) {
        self.run = None;
        self.last_time = None;
        self.unscored = 0;
    }

    /// Takes the next step and appends what has become final to `spotted`.
    pub fn push(&mut self, step: &Step, spotted: &mut Spotted) -> Result<(), ModelError> {
        let before = self.last_time.replace(step.time);
        let scorable = match (step.displacement, before) {
            (Some(displacement), Some(before)) if step.trouble.scorable() => {
                let step_secs = step.time.secs_since(before);
                let finite = displacement.iter().flatten().all(|v| v.is_finite());
                (finite && step_secs > 0.0 && step_secs <= MAX_STEP_SECS)
                    .then_some((displacement, before))
            }
            _ => None,
        };
        let Some((displacement, before)) = scorable else {
            self.end_run(true, spotted)?;
            self.unscored += 1;
            spotted.scores.push((step.seq, None));
            return Ok(());
        };
        // The first frame of a recording has no score: nothing lies before it.
        let follows_gap = self.unscored > 1;
        let run = self.run.get_or_insert_with(|| Run::new(before, follows_gap));
        let moment = Moment { frame: step.seq, time: step.time };
        run.push(moment, &displacement, self.network.as_mut(), &self.settings, spotted)
    }

    /// Makes everything final, as at the end of a stream, and starts anew.
    pub fn finish(&mut self, spotted: &mut Spotted) -> Result<(), ModelError> {
        self.last_time = None;
        self.unscored = 0;
        self.end_run(false, spotted)
    }

    fn end_run(&mut self, at_gap: bool, spotted: &mut Spotted) -> Result<(), ModelError> {
        match self.run.take() {
            Some(run) => run.finish(at_gap, self.network.as_mut(), &self.settings, spotted),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
