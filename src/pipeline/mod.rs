//! The whole analysis of one face, frame by frame.
//!
//! No thread, no clock, no file: the same frames give the same numbers, live or from a recording.
//! What is wrong with a frame is its [`quality::Quality`], never an error.

use crate::config::Config;
use crate::event::{Event, Moment, Origin};
use crate::geom::{Affine, Point, Rect};
use crate::image::Frame;
use crate::model::{ModelError, Models, Task};
use crate::session::baseline::Baseline;
use crate::session::{Sample, Score};

pub mod align;
pub mod crop;
pub mod detect;
pub mod flow;
pub mod landmarks;
pub mod ledger;
pub mod memory;
pub mod motion;
pub mod pace;
pub mod quality;
pub mod recognize;
pub mod resample;
pub mod roi;
pub mod spot;
pub mod track;

use ledger::Ledger;
use memory::Memory;
use motion::Motion;
use pace::{Pace, Tick};
use quality::{Evidence, Judge, Quality};
use recognize::Recognizer;
use spot::{Proposal, Spotted, Spotter, SpotterSettings, Step};
use track::Tracker;

/// How many regions of the face are measured: the spotter reads the first twelve, the recogniser all.
pub const REGIONS: usize = 23;

/// How many regions the spotter reads.
pub const SPOT_REGIONS: usize = 12;

/// A face found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Box round the face.
    pub rect_in_frame: Rect,
    /// The detector's confidence, 0–1.
    pub confidence: f32,
    /// The eyes' centres, right eye first, where the detector gives them.
    pub eyes_in_frame: Option<(Point, Point)>,
}

/// The 478 mesh points of a face.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Landmarks {
    /// In pixels of the frame; empty where no face is.
    pub points_in_frame: Vec<Point>,
    /// Depth of each point, in the same unit, smaller is nearer.
    pub depths: Vec<f32>,
    /// The mesh's own confidence that a face is there, 0–1.
    pub presence: f32,
}

/// Motion of every region between two frames: percent of the outer-eye distance per 1/30 s, x right,
/// y down in the aligned face, head motion removed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionMotion {
    /// In the order of [`roi::REGION_NAMES`].
    pub regions: [[f32; 2]; REGIONS],
    /// The head motion that was removed, same unit.
    pub head: [f32; 2],
}

/// What the person may see drawn over the picture. Not data: the newest replaces older ones.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The mesh; empty where no face is.
    pub landmarks: Landmarks,
    /// Centre and radius of every region in frame pixels; empty where no face is.
    pub regions_in_frame: Vec<(Point, f32)>,
    /// The motion of each region, where it was measured.
    pub motion: Option<RegionMotion>,
    /// From the held-still face crop to the frame.
    pub frame_from_face: Option<Affine>,
    /// What troubles this frame.
    pub quality: quality::Quality,
}

/// What one call of [`Pipeline::push`] or [`Pipeline::finish`] yields. Reused between calls, so that
/// the hot loop allocates nothing.
#[derive(Debug, Default)]
pub struct Output {
    /// Samples that have become final, oldest first: one for every frame pushed, some frames later,
    /// when their score no longer changes.
    pub samples: Vec<Sample>,
    /// Events that have become certain.
    pub events: Vec<Event>,
    /// For the newest frame.
    pub overlay: Overlay,
}

impl Output {
    /// Empties it for the next call, keeping its memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.events.clear();
    }
}

/// The whole analysis: frames in, samples and events out.
pub struct Pipeline {
    config: Config,
    models: Models,
    tracker: Tracker,
    motion: Motion,
    pace: Pace,
    judge: Judge,
    memory: Memory,
    ledger: Ledger,
    /// None where the models hold no spotter: every frame is measured and none is scored.
    spotter: Option<Spotter>,
    spotted: Spotted,
    recognizer: Option<Recognizer>,
    baseline: Option<Baseline>,
    /// Of the newest measured frame; frames left out take it over.
    quality: Quality,
    frame_size: (usize, usize),
    events_found: u64,
}

impl Pipeline {
    /// Opens every model and runs each once.
    pub fn new(models: &Models, config: &Config) -> Result<Self, ModelError> {
        let spotter =
            models.has(Task::Spot).then(|| Spotter::open(models, &config.spotting)).transpose()?;
        let recognizer =
            models.has(Task::Recognize).then(|| Recognizer::new(models)).transpose()?;
        Ok(Self {
            config: config.clone(),
            models: models.clone(),
            tracker: Tracker::new(models, &config.face)?,
            motion: Motion::default(),
            pace: Pace::default(),
            judge: Judge::new(&config.quality),
            memory: Memory::default(),
            ledger: Ledger::default(),
            spotter,
            spotted: Spotted::default(),
            recognizer,
            baseline: None,
            quality: Quality::default(),
            frame_size: (0, 0),
            events_found: 0,
        })
    }

    /// Forgets the stream; the next frame is the first of another. Settings and baseline stay.
    pub fn reset(&mut self) {
        self.forget_face();
        self.pace.reset();
        self.judge.reset();
        self.memory.reset();
        self.ledger.reset();
        if let Some(spotter) = &mut self.spotter {
            spotter.reset();
        }
        self.quality = Quality::default();
        self.events_found = 0;
    }

    /// Analyses the next frame; adds to `output` the samples and events that have become final, and
    /// replaces its overlay.
    pub fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let tick = self.pace.tick(frame.time);
        if tick.measured {
            self.measure(frame, tick, &mut output.overlay)?;
        }
        let motion = output.overlay.motion.filter(|_| tick.measured);
        let quality = Quality { rate_fps: tick.rate_fps, ..self.quality };
        let (seq, time) = (frame.seq, frame.time);
        self.ledger.enter(Sample { seq, time, quality, motion, score: None }, tick.measured);
        self.hand_out(output)?;
        self.ledger.settle(&mut output.samples);
        Ok(())
    }

    /// No more frames: adds all that was still waiting.
    pub fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        let finished = match &mut self.spotter {
            Some(spotter) => spotter.finish(&mut self.spotted),
            None => Ok(()),
        };
        let handed_out = self.hand_out(output);
        // Frames keep their samples whatever became of their scores.
        self.ledger.finish(&mut output.samples);
        finished.and(handed_out)
    }

    /// Face, motion and quality of a frame, and what the spotter makes of them.
    fn measure(
        &mut self,
        frame: &Frame,
        tick: Tick,
        overlay: &mut Overlay,
    ) -> Result<(), ModelError> {
        let size = (frame.image.width, frame.image.height);
        if std::mem::replace(&mut self.frame_size, size) != size {
            self.forget_face();
        }
        self.tracker.follow(&frame.image, &mut overlay.landmarks)?;
        let measured = self.motion.push(&frame.image, &overlay.landmarks);
        let displacement = measured.and_then(|m| m.displacement);
        self.quality = self.judge.judge(&Evidence {
            tick,
            landmarks: &overlay.landmarks,
            half_face: self.motion.half_face(),
            displacement: displacement.as_ref(),
        });
        overlay.quality = self.quality;
        overlay.frame_from_face = measured.map(|m| m.frame_from_face);
        overlay.motion = displacement.zip(tick.dt_secs).and_then(|(d, dt)| d.per_thirtieth(dt));
        overlay.regions_in_frame.clear();
        if let Some(measured) = &measured {
            let regions = &mut overlay.regions_in_frame;
            self.motion.regions_in_frame(&measured.frame_from_face, regions);
        }
        let trouble = self.quality.trouble;
        let moment = Moment { frame: frame.seq, time: frame.time };
        let usable = displacement.as_ref().filter(|_| trouble.scorable());
        self.memory.push(moment, trouble, usable);
        match &mut self.spotter {
            Some(spotter) => {
                let displacement = usable.map(roi::RegionDisplacement::spotted);
                let step = Step { seq: frame.seq, time: frame.time, displacement, trouble };
                spotter.push(&step, &mut self.spotted)
            }
            None => {
                self.spotted.scores.push((frame.seq, None));
                Ok(())
            }
        }
    }

    /// Scores to the ledger, proposals to events.
    fn hand_out(&mut self, output: &mut Output) -> Result<(), ModelError> {
        for (_, score) in self.spotted.scores.drain(..) {
            self.ledger.score(score);
        }
        for proposal in std::mem::take(&mut self.spotted.proposals) {
            output.events.push(self.event(&proposal)?);
        }
        Ok(())
    }

    fn event(&mut self, proposal: &Proposal) -> Result<Event, ModelError> {
        let Proposal { kind, onset, apex, offset, score } = *proposal;
        let phases = self.memory.phases(onset, apex, offset);
        let is_measured = phases.iter().any(Option::is_some);
        let recognizer = self.recognizer.as_mut().filter(|_| is_measured);
        let reading = recognizer.map(|r| r.read(&phases)).transpose()?;
        let id = self.events_found;
        self.events_found += 1;
        Ok(Event {
            id,
            kind,
            onset,
            apex,
            offset,
            score,
            action_units: reading.as_ref().map(|r| r.action_units.clone()).unwrap_or_default(),
            emotion: reading.map(|r| r.emotion),
            trouble: self.memory.trouble(onset, offset),
            origin: Origin::Model,
        })
    }

    fn forget_face(&mut self) {
        self.tracker.reset();
        self.motion.reset();
    }

    /// Sets the threshold for so many expected false alarms per minute, both kinds together.
    pub fn set_false_alarms_per_minute(&mut self, rate: f32) {
        self.config.spotting.false_alarms_per_minute = rate;
        self.apply_threshold();
    }

    /// Tells what this person's neutral face measures.
    pub fn set_baseline(&mut self, baseline: &Baseline) {
        self.baseline = Some(baseline.clone());
        self.apply_threshold();
    }

    /// The scores from which events are flagged; beyond any score where there is no spotter.
    pub fn threshold(&self) -> Score {
        let [micro, macro_] = self.spotter.as_ref().map_or([1.0; 2], Spotter::thresholds);
        Score { micro, macro_ }
    }

    /// The calibrated threshold, raised where this person's neutral face already scores near it.
    fn apply_threshold(&mut self) {
        let Some(spotter) = &mut self.spotter else { return };
        let Ok(entry) = self.models.entry(Task::Spot) else { return };
        let mut thresholds =
            SpotterSettings::new(&entry.calibration, &self.config.spotting).thresholds;
        if let Some(baseline) = &self.baseline {
            for (threshold, rest) in thresholds.iter_mut().zip([baseline.micro, baseline.macro_]) {
                let restless = rest.median + NEUTRAL_SIGMAS * rest.sigma;
                *threshold = threshold.max(restless.min(HIGHEST_THRESHOLD));
            }
        }
        spotter.set_thresholds(thresholds);
    }
}

/// A score so many standard deviations above a person's neutral ones is not neutral.
const NEUTRAL_SIGMAS: f32 = 5.0;
/// A restless baseline may not silence the spotter altogether.
const HIGHEST_THRESHOLD: f32 = 0.95;

#[cfg(test)]
mod tests;
