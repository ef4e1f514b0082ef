//! Starts and stops the engine, and takes its messages. Nothing here waits.

use super::backend::{Assignment, CameraChoice, Pick, Picked};
use super::live::{Cameras, LivePhase, demo, too_slow_words};
use super::message::{Topic, Weight};
use super::state::State;
use crate::config::StreamConfig;
use crate::engine::streams::{StreamOrder, StreamStatus, missed_words};
use crate::engine::{EngineCommand, Update};
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, NoticeKind};
use crate::model::provenance::Provenance;
use crate::session::record::Record;
use crate::session::record::Stats;
use crate::source::{SourceOptions, SourceSpec};

impl State {
    /// Takes everything that has happened since the last call.
    pub fn drain(&mut self) {
        self.drain_engine();
        self.look_at_recorded_pictures();
        self.drain_analysis();
        self.poll_tasks();
        self.send_unsent();
        self.messages.set_now(Timestamp::from_secs(self.live.newest_secs()));
    }

    /// Opens the source that was asked for, or looks for a camera.
    pub fn open(&mut self) {
        self.find_cameras();
        self.list_sessions();
        if self.live.chooses {
            self.live.phase = LivePhase::Starting("looking for a camera".into());
        } else {
            self.choose(self.live.source.clone());
        }
    }

    pub(super) fn start(&mut self) {
        let assignment = Assignment {
            source: self.live.source.clone(),
            models: self.live.models.clone(),
            config: self.outside.config.clone(),
        };
        self.release();
        self.forget_agreement();
        self.live.forget();
        self.live.view.session.provenance =
            Provenance::of_settings(&self.outside.config, self.live.source.to_string());
        self.live.phase = LivePhase::Starting(format!("opening {}", self.live.source));
        if self.outside.tasks.stop.is_some() {
            self.live.next = Some(assignment);
        } else {
            self.run(&assignment);
        }
    }

    fn run(&mut self, assignment: &Assignment) {
        let wake = self.outside.engine_wakes.live.clone();
        self.live.engine = Some(self.outside.backend.start(assignment, wake));
        self.live.unsent_false_alarms = None;
        self.live.streams = StreamStatus::default();
        self.live.unsent_streams = self.outside.config.streams != StreamConfig::default();
    }

    pub(super) fn stop(&mut self) {
        self.live.chooses = false;
        self.live.next = None;
        self.live.baseline_left = None;
        self.release();
        self.live.phase = if self.outside.tasks.stop.is_some() {
            LivePhase::Stopping
        } else {
            LivePhase::Stopped
        };
    }

    /// Stops the engine in the background. Two engines never run at once, because both may want the same
    /// camera.
    fn release(&mut self) {
        if let Some(engine) = self.live.engine.take() {
            self.outside.tasks.stop =
                Some(self.outside.backend.stop(engine, self.outside.wake.clone()));
        }
    }

    pub(super) fn toggle_pause(&mut self) {
        match self.live.phase {
            LivePhase::Live | LivePhase::Lost(_) | LivePhase::Frozen(_) => {
                self.ask(EngineCommand::Pause)
            }
            LivePhase::Paused => self.ask(EngineCommand::Resume),
            // While nothing is paused, the key that resumes starts the source.
            LivePhase::Stopped | LivePhase::Finished | LivePhase::Fault(_) => self.start(),
            LivePhase::Starting(_) | LivePhase::Stopping => {}
        }
    }

    pub(super) fn find_cameras(&mut self) {
        // One search at a time, because dropping one waits for it.
        if self.outside.tasks.cameras.is_some() {
            return;
        }
        self.live.cameras = Cameras::Unknown;
        self.outside.tasks.cameras =
            Some(self.outside.backend.find_cameras(self.outside.wake.clone()));
    }

    pub(super) fn pick(&mut self, pick: Pick) {
        self.outside.tasks.pick =
            Some((pick, self.outside.backend.pick(pick, self.outside.wake.clone())));
    }

    /// A slider moves faster than an engine reads commands: only its newest position is kept and sent.
    pub(super) fn send_unsent(&mut self) {
        if let (Some(rate), Some(engine)) = (self.live.unsent_false_alarms, &self.live.engine)
            && engine.send(EngineCommand::SetFalseAlarmsPerMinute(rate)).is_ok()
        {
            self.live.unsent_false_alarms = None;
        }
        if let (true, Some(engine)) = (self.live.unsent_streams, &self.live.engine) {
            let StreamConfig { lsl, markers_from } = self.outside.config.streams.clone();
            let order = StreamOrder { lsl, markers_from, lines: None };
            self.live.unsent_streams = engine.send(EngineCommand::Stream(Box::new(order))).is_err();
        }
        self.send_unsent_deeds();
    }

    fn drain_engine(&mut self) {
        let Some(engine) = &self.live.engine else { return };
        let (updates, preview) = (engine.updates(), engine.preview());
        if preview.is_some() {
            if self.live.preview.is_none() {
                tracing::info!("the first picture is here");
            }
            if let LivePhase::Lost(_) | LivePhase::Frozen(_) = self.live.phase {
                self.live.phase = LivePhase::Live;
            }
            self.live.preview = preview;
        }
        for update in updates {
            if let Some(record) = update.record() {
                self.live.view.session.apply(record);
            }
            self.take_in(update);
        }
    }

    fn take_in(&mut self, update: Update) {
        match update {
            Update::Starting(step) => self.live.phase = LivePhase::Starting(step),
            Update::Record(Record::Opened(_)) => self.live.phase = LivePhase::Live,
            Update::Running(true) => self.live.phase = LivePhase::Live,
            Update::Running(false) => self.live.phase = LivePhase::Paused,
            Update::Record(Record::Notice(notice)) => self.take_in_notice(&notice),
            Update::Record(Record::Stats(stats)) => self.take_in_stats(stats),
            Update::Baseline(left) => self.live.baseline_left = (left > 0.0).then_some(left),
            Update::Record(Record::Baselined(baseline)) => {
                self.live.baseline_left = None;
                let quality = baseline.quality_in_words();
                let text =
                    format!("The neutral baseline is measured and used from now on ({quality}).");
                self.messages.post(Weight::Note, Topic::Other, text);
            }
            Update::Record(Record::BaselineDropped) => {
                let text = "The neutral baseline is dropped; the general threshold holds again.";
                self.messages.post(Weight::Note, Topic::Other, text);
            }
            Update::Frozen { secs: 0 } => {
                self.live.thaw();
                let text = "The analysis gives results again.";
                self.messages.post(Weight::Note, Topic::Loss, text);
            }
            Update::Frozen { secs } => {
                self.live.freeze(secs);
                let text = format!(
                    "The analysis has given no result for {secs} s, although frames come. Where it does not \
                     go on by itself, press Stop and then Start."
                );
                self.messages.post(Weight::Warning, Topic::Loss, text);
            }
            Update::Recording(recording) => self.take_in_recording(*recording),
            Update::Entered(entry) => self.take_in_deed(*entry),
            Update::Streams(streams) => self.take_in_streams(*streams),
            Update::Ended(error) => self.take_in_end(error),
            Update::Record(Record::Effort(step)) => {
                let words = too_slow_words(step.effort)
                    .unwrap_or_else(|| "The computer keeps up: everything is done again.".into());
                self.live.effort = step.effort;
                self.messages.note_down(words);
            }
            Update::Record(
                Record::Samples(_) | Record::Event(..) | Record::Threshold(_) | Record::Lost(_),
            ) => {}
        }
    }

    /// Takes the last messages of an engine that was stopped. Its session may have been replaced.
    fn take_in_last(&mut self, updates: Vec<Update>) {
        for update in updates {
            match update {
                Update::Record(record) if self.live.phase == LivePhase::Stopping => {
                    self.live.view.session.apply(&record)
                }
                Update::Recording(recording) => self.take_in_recording(*recording),
                _ => {}
            }
        }
    }

    /// A lost camera is not live, however long its last picture stays on screen.
    fn take_in_notice(&mut self, notice: &Notice) {
        match (notice.kind, &self.live.phase) {
            (
                NoticeKind::Disconnected | NoticeKind::Stalled,
                LivePhase::Live | LivePhase::Lost(_) | LivePhase::Frozen(_),
            ) => self.live.phase = LivePhase::Lost(notice.text.clone()),
            (NoticeKind::Reconnected, LivePhase::Lost(_)) => self.live.phase = LivePhase::Live,
            _ => {}
        }
        self.messages.post_notice(notice);
    }

    fn take_in_stats(&mut self, stats: Stats) {
        let counts = self.live.view.session.counts();
        if stats.dropped > self.live.stats.dropped {
            let text = format!(
                "{} of {} frames are lost ({}); they are gaps in the plots. Where the analysis is too \
                 slow, close other programs, or run `fleeting doctor` to see what helps.",
                counts.lost,
                counts.numbered,
                counts.reasons_in_words()
            );
            self.messages.post(Weight::Warning, Topic::Loss, text);
        }
        self.live.stats = stats;
    }

    /// Streams to the network from now on, or no more.
    pub(super) fn toggle_lsl(&mut self) {
        let lsl = &mut self.outside.config.streams.lsl;
        *lsl = !*lsl;
        self.live.unsent_streams = true;
        self.send_unsent();
    }

    /// Reads the markers of this stream of another program; of none if it is empty.
    pub(super) fn read_markers(&mut self) {
        let name = self.live.markers_from.text().trim().to_owned();
        self.outside.config.streams.markers_from = (!name.is_empty()).then_some(name);
        self.live.unsent_streams = true;
        self.send_unsent();
    }

    fn take_in_streams(&mut self, streams: StreamStatus) {
        if let Some(fault) = &streams.fault
            && self.live.streams.fault.is_none()
        {
            self.messages.post(Weight::Error, Topic::Other, fault);
        }
        if streams.missed > 0 && self.live.streams.missed == 0 {
            self.messages.post(Weight::Warning, Topic::Other, missed_words(streams.missed));
        }
        self.live.streams = streams;
    }

    fn take_in_end(&mut self, error: Option<String>) {
        self.live.baseline_left = None;
        self.release();
        self.live.phase = match error {
            Some(text) => {
                self.messages.post(Weight::Error, Topic::Other, &text);
                LivePhase::Fault(text)
            }
            None => LivePhase::Finished,
        };
    }

    fn poll_tasks(&mut self) {
        if let Some(last) = self.outside.tasks.stop.as_mut().and_then(|stop| stop()) {
            self.outside.tasks.stop = None;
            self.take_in_last(last);
            if self.live.phase == LivePhase::Stopping {
                self.live.phase = LivePhase::Stopped;
            }
            if let Some(assignment) = self.live.next.take() {
                self.run(&assignment);
            }
        }
        if let Some(found) = self.outside.tasks.cameras.as_mut().and_then(|cameras| cameras()) {
            self.outside.tasks.cameras = None;
            self.take_in_cameras(found);
        }
        self.poll_session();
        self.poll_recording();
        self.poll_export();
        self.poll_import();
        if let Some(last) = self.outside.tasks.analysis.as_mut().and_then(|stop| stop()) {
            self.outside.tasks.analysis = None;
            self.take_in_last_of_analysis(&last);
        }
        let picked =
            self.outside.tasks.pick.as_mut().and_then(|(pick, path)| Some((*pick, path()?)));
        if let Some((pick, picked)) = picked {
            self.outside.tasks.pick = None;
            match picked {
                Picked::Path(path) => self.use_picked(pick, path),
                Picked::NoDialog => self.ask_for_typed_path(pick),
                Picked::Nothing => {}
            }
        }
    }

    fn take_in_cameras(&mut self, found: Result<Vec<CameraChoice>, String>) {
        self.live.cameras = match found {
            Ok(cameras) => Cameras::Found(cameras),
            Err(error) => Cameras::Failed(error),
        };
        if !std::mem::take(&mut self.live.chooses) {
            return;
        }
        let source = match &self.live.cameras {
            Cameras::Found(cameras) if !cameras.is_empty() => {
                let CameraChoice { target, name } = cameras[0].clone();
                self.messages.note_down(format!("Using the camera “{name}”, the first one found."));
                let target = target.into();
                SourceSpec { kind: "camera", target, options: SourceOptions::default() }
            }
            Cameras::Failed(error) => {
                let why = format!("{error} Meanwhile this is the demo person, a synthetic face.");
                self.messages.post(Weight::Warning, Topic::Other, why);
                demo()
            }
            _ => {
                let why = "No camera was found, so this is the demo person, a synthetic face. Plug \
                           a camera in and choose it under Source.";
                self.messages.post(Weight::Note, Topic::Other, why);
                demo()
            }
        };
        self.choose(source);
    }
}
