//! The whole analysis of one face, frame by frame.
//!
//! No thread, no clock, no file: the same frames give the same numbers, live or from a recording.
//! What is wrong with a frame is its [`Quality`], never an error.

use crate::measure::face::Landmarks;
use crate::measure::regions::RegionMotion;
use std::sync::Arc;

use crate::config::Config;
use crate::measure::baseline::Baseline;
use crate::measure::effort::Effort;
use crate::measure::event::{Event, Moment};
use crate::measure::geometry::{Affine, Point};
use crate::measure::sample::{Sample, Score};
use crate::media::image::{Frame, RgbImage};
use crate::media::stream::Notice;
use crate::model::provenance::Provenance;
use crate::model::{ModelError, Models};

pub mod face;
pub mod frame_scheduler;
pub mod motion;
pub mod quality;
pub mod recognition;
pub mod sample_queue;
pub mod spotting;

use crate::measure::quality::{Quality, Trouble};
use face::landmarks::LookAhead;
use face::survey::Survey;
use face::track::{MeshTurn, Tracker};
use frame_scheduler::{FrameScheduler, Tick};
use motion::regions::RegionDisplacement;
use motion::{Measured, Motion};
use quality::{Evidence, Judge};
use recognition::event_builder::EventBuilder;
use sample_queue::SampleQueue;
use spotting::threshold::ThresholdedSpotter;
use spotting::{Spotted, Step};

/// The drawing over the picture. It is not data: a newer one replaces an older one.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The mesh; empty without a face.
    pub landmarks: Landmarks,
    /// Centre and radius of every region in frame pixels; empty without a face.
    pub regions_in_frame: Vec<(Point, f32)>,
    /// The motion of each region; `None` if it was not measured.
    pub motion: Option<RegionMotion>,
    /// From the face crop to the frame.
    pub frame_from_face: Option<Affine>,
    /// The trouble of this frame.
    pub quality: Quality,
}

/// What one call of [`Pipeline::push`] or [`Pipeline::finish`] yields. Reused between calls, so that the hot
/// loop allocates nothing.
#[derive(Debug, Default)]
pub struct Output {
    /// Samples that have become final, oldest first. Every frame pushed gives exactly one. It comes some
    /// frames later, when its score no longer changes.
    pub samples: Vec<Sample>,
    /// Events that have become certain.
    pub events: Vec<Event>,
    /// What a person should know about the picture.
    pub notices: Vec<Notice>,
    /// The drawing over the newest frame.
    pub overlay: Overlay,
}

impl Output {
    /// Empties it for the next call, keeping its memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.events.clear();
        self.notices.clear();
    }
}

/// The whole analysis: frames in, samples and events out.
pub struct Pipeline {
    tracker: Tracker,
    survey: Survey,
    motion: Motion,
    scheduler: FrameScheduler,
    judge: Judge,
    spotter: ThresholdedSpotter,
    spotted: Spotted,
    event_builder: EventBuilder,
    sample_queue: SampleQueue,
    provenance: Provenance,
    /// Of the newest measured frame.
    landmarks: Landmarks,
    /// Of the measured frame before, moved by the flow.
    carried: Landmarks,
    /// The frame that comes after the one that is pushed next, if it is known.
    foreseen: Option<Arc<RgbImage>>,
    /// True if the last frame was measured.
    was_measured: bool,
    /// Of the newest measured frame. Frames that are left out take it over.
    quality: Quality,
    frame_size: (usize, usize),
}

impl Pipeline {
    /// Opens every model and runs each once.
    pub fn new(models: &Models, config: &Config) -> Result<Self, ModelError> {
        Ok(Self {
            tracker: Tracker::new(models, &config.face)?,
            survey: Survey::new(models)?,
            motion: Motion::default(),
            scheduler: FrameScheduler::default(),
            judge: Judge::new(&config.quality),
            spotter: ThresholdedSpotter::new(models, &config.spotting)?,
            spotted: Spotted::default(),
            event_builder: EventBuilder::new(models)?,
            sample_queue: SampleQueue::default(),
            provenance: Provenance::of(models, config),
            landmarks: Landmarks::default(),
            carried: Landmarks::default(),
            foreseen: None,
            was_measured: true,
            quality: Quality::default(),
            frame_size: (0, 0),
        })
    }

    /// Forgets the stream; the next frame is the first of another one. Settings and baseline stay.
    pub fn reset(&mut self) {
        self.forget_face();
        self.survey.reset();
        self.scheduler.reset();
        self.judge.reset();
        self.spotter.reset();
        self.spotted.clear();
        self.event_builder.reset();
        self.sample_queue.reset();
        self.quality = Quality::default();
    }

    /// From now on, the mesh may look at a frame that is [foreseen](Self::foresee) beside the analysis. All
    /// numbers stay the same.
    pub fn look_ahead_with(&mut self, ahead: Box<dyn LookAhead>) {
        self.tracker.look_ahead_with(ahead);
    }

    /// Tells which frame comes after the one that is pushed next.
    pub fn foresee(&mut self, frame: &Frame) {
        self.foreseen = Some(Arc::clone(&frame.image));
    }

    /// Analyses the next frame. Adds to `output` the samples and events that have become final, and replaces
    /// its overlay.
    pub fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let tick = self.scheduler.tick(frame.time);
        // Where frames are left out, the next one will be.
        let foreseen = self.foreseen.take().filter(|_| self.was_measured);
        self.was_measured = tick.measured;
        if tick.measured {
            self.measure(frame, foreseen.as_ref(), tick, output)?;
        }
        let motion = output.overlay.motion.filter(|_| tick.measured);
        let quality = Quality { rate_fps: tick.rate_fps, ..self.quality };
        let (seq, time) = (frame.seq, frame.time);
        self.sample_queue.enter(Sample { seq, time, quality, motion, score: None }, tick.measured);
        self.hand_out(output)?;
        self.sample_queue.settle(&mut output.samples);
        Ok(())
    }

    /// Ends the stream: adds all that was still waiting.
    pub fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        let finished = self.spotter.finish(&mut self.spotted);
        let handed_out = self.hand_out(output);
        // Every frame keeps its sample, even if the spotter failed.
        self.sample_queue.finish(&mut output.samples);
        finished.and(handed_out)
    }

    /// Measures face, motion and quality of a frame, and gives them to the spotter.
    fn measure(
        &mut self,
        frame: &Frame,
        foreseen: Option<&Arc<RgbImage>>,
        tick: Tick,
        output: &mut Output,
    ) -> Result<(), ModelError> {
        let size = (frame.image.width, frame.image.height);
        if std::mem::replace(&mut self.frame_size, size) != size {
            self.forget_face();
        }
        let measured = self.see(&frame.image, foreseen, tick)?;
        let displacement = measured.and_then(|m| m.displacement);
        self.quality = self.judge.judge(&Evidence {
            tick,
            landmarks: &self.landmarks,
            half_face: self.motion.half_face(),
            displacement: displacement.as_ref(),
        });
        self.survey.look(frame, &self.landmarks, &mut output.notices)?;
        if self.survey.is_upside_down() {
            self.quality.trouble = self.quality.trouble.with(Trouble::TURNED);
        }
        self.draw(measured.as_ref(), tick, &mut output.overlay);

        let (seq, time, trouble) = (frame.seq, frame.time, self.quality.trouble);
        let usable = displacement.as_ref().filter(|_| trouble.scorable());
        self.event_builder.remember(Moment { frame: seq, time }, trouble, usable);
        let displacement = usable.map(RegionDisplacement::spotted);
        self.spotter.push(&Step { seq, time, displacement, trouble }, &mut self.spotted)
    }

    /// Landmarks and motion of a frame. The mesh costs several times what everything else does, so while the
    /// face holds still it looks at few frames, and the landmarks go along with the head, unless the flow
    /// shows that they no longer fit. Where the effort is less, they go along with the flow.
    fn see(
        &mut self,
        image: &Arc<RgbImage>,
        foreseen: Option<&Arc<RgbImage>>,
        tick: Tick,
    ) -> Result<Option<Measured>, ModelError> {
        let is_restless = self.motion.is_restless();
        let turn = self.tracker.turn(tick.dt_secs, is_restless);
        self.carried.copy_from(&self.landmarks);
        if turn == MeshTurn::Now {
            self.tracker.follow(image, &mut self.landmarks)?;
        }
        if let Some(next) = foreseen {
            self.tracker.look_ahead(next, is_restless);
        }
        let mut measured = self.motion.push(image, &self.landmarks);
        let fits = match turn {
            MeshTurn::Now => false,
            MeshTurn::IfOutdated => measured.is_some() && !self.motion.outdates_mesh(),
            MeshTurn::Later => self.landmarks.is_empty() || self.motion.is_explained(),
        };
        match &measured {
            Some(seen) if fits && turn == MeshTurn::Later => {
                self.motion.carry_each(&mut self.landmarks, &seen.frame_from_face);
            }
            Some(seen) if fits => self.motion.carry(&mut self.landmarks, &seen.frame_from_face),
            None if fits => {}
            _ => {
                if turn != MeshTurn::Now {
                    self.tracker.follow(image, &mut self.landmarks)?;
                    measured = self.motion.again(&self.landmarks);
                }
                self.motion.mesh_is_new();
                self.steady(measured.as_ref());
            }
        }
        if self.landmarks.is_empty() {
            self.motion.reset();
            return Ok(None);
        }
        Ok(measured)
    }

    /// Takes the tremble of the mesh out of the landmarks, where the flow says where they came from.
    fn steady(&mut self, measured: Option<&Measured>) {
        if let Some(measured) = measured.filter(|_| self.motion.is_explained()) {
            self.motion.carry_each(&mut self.carried, &measured.frame_from_face);
            self.landmarks.steady(&self.carried);
        }
    }

    fn draw(&self, measured: Option<&Measured>, tick: Tick, overlay: &mut Overlay) {
        let displacement = measured.and_then(|m| m.displacement);
        overlay.quality = self.quality;
        overlay.landmarks.copy_from(&self.landmarks);
        overlay.motion = displacement.zip(tick.dt_secs).and_then(|(d, dt)| d.per_thirtieth(dt));
        overlay.frame_from_face = measured.map(|m| m.frame_from_face);
        overlay.regions_in_frame.clear();
        if let Some(frame_from_face) = &overlay.frame_from_face {
            self.motion.regions_in_frame(frame_from_face, &mut overlay.regions_in_frame);
        }
    }

    /// Hands scores to the sample queue, and turns proposals into events.
    fn hand_out(&mut self, output: &mut Output) -> Result<(), ModelError> {
        for (_, score) in self.spotted.scores.drain(..) {
            self.sample_queue.score(score);
        }
        for proposal in self.spotted.proposals.drain(..) {
            output.events.push(self.event_builder.read(&proposal)?);
        }
        Ok(())
    }

    fn forget_face(&mut self) {
        self.tracker.reset();
        self.motion.reset();
        self.landmarks.clear();
    }

    /// Sets the threshold that is expected to give this many false alarms per minute, both kinds together.
    pub fn set_false_alarms_per_minute(&mut self, rate: f32) {
        self.spotter.set_false_alarms_per_minute(rate);
    }

    /// Does this much for each frame, from the next one on.
    pub fn set_effort(&mut self, effort: Effort) {
        self.tracker.set_effort(effort);
    }

    /// Tells what this person's neutral face measures.
    pub fn set_baseline(&mut self, baseline: &Baseline) {
        self.spotter.set_baseline(baseline);
    }

    /// Removes the baseline.
    pub fn drop_baseline(&mut self) {
        self.spotter.drop_baseline();
    }

    /// The models and settings in use.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The scores from which events are flagged.
    pub fn threshold(&self) -> Score {
        self.spotter.threshold()
    }
}

#[cfg(test)]
mod tests;
