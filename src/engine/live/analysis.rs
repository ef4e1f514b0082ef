//! The body of the analysis thread. It gives frames to an [`Analyser`] and passes its results on unchanged.
//! [`crate::engine::offline`] does the same without threads; that is why live equals offline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};

use super::capture_link::{CaptureReceiver, Captured};
use super::effort::EffortControl;
use super::link::{Closed, Newest};
use super::losses::LossAccount;
use super::meter::Meter;
use super::neutral::Neutral;
use super::recordings::Recordings;
use super::update_sender::UpdateSender;
use super::watch::STANDSTILL;
use crate::engine::streams::Streams;
use crate::engine::{EngineCommand, Preview, Update};
use crate::exchange::clips::face_pictures::FacePictures;
use crate::measure::baseline::Baseline;
use crate::measure::effort::{Effort, EffortStep};
use crate::measure::sample::Score;
use crate::media::image::Frame;
use crate::media::stream::{Notice, NoticeKind};
use crate::model::ModelError;
use crate::model::provenance::Provenance;
use crate::pipeline::Output;
use crate::session::counts::{Loss, LossReason};
use crate::session::record::Record;

/// The longest wait before the commands are read again.
const PATIENCE: Duration = Duration::from_millis(20);

/// Least time between two notices about a standstill; every standstill is counted.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Turns frames into samples and events: the pipeline or, in tests, a stand-in.
pub trait Analyser {
    /// Takes the next frame. Adds to `output` what has become final.
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError>;
    /// Tells which frame comes after the one that is pushed next. No number may depend on it.
    fn foresee(&mut self, _: &Frame) {}
    /// Ends the stream: adds all that is left.
    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError>;
    /// Sets the threshold that is expected to give this many false alarms per minute.
    fn set_false_alarms_per_minute(&mut self, rate: f32);
    /// The scores from which events are flagged.
    fn threshold(&self) -> Score;
    /// Sets how much is done for each frame, from the next one on. It has no effect if all frames cost the
    /// same.
    fn set_effort(&mut self, _: Effort) {}
    /// Tells what this person's neutral face measures.
    fn set_baseline(&mut self, baseline: &Baseline);
    /// Removes the baseline.
    fn drop_baseline(&mut self);
    /// The models and settings that make the numbers.
    fn provenance(&self) -> Provenance {
        Provenance::default()
    }
}

/// Everything that the analysis thread is linked to.
pub(crate) struct Links {
    pub(crate) frames: CaptureReceiver,
    pub(crate) commands: Receiver<EngineCommand>,
    pub(crate) update_sender: UpdateSender,
    pub(crate) preview: Newest<Preview>,
    pub(crate) stop: Arc<AtomicBool>,
    /// The source as the user named it.
    pub(crate) source: String,
    /// True if the source goes on by itself while the analysis pauses.
    pub(crate) is_live: bool,
    /// Size of the camera queue, frames.
    pub(crate) queue_frames: usize,
}

/// Analyses until the source ends, something fails, or no one listens any more. The text is an error to show;
/// `None` at a proper end.
///
/// Being stopped is a proper end: what becomes final by it is sent and recorded, also if only the recording
/// still listens.
pub(crate) fn run(analyser: &mut dyn Analyser, links: Links) -> Result<Option<String>, Closed> {
    let now = Instant::now();
    let mut running = Running {
        losses: LossAccount::new(links.is_live),
        effort: EffortControl::new(links.queue_frames),
        undrawn: 0,
        rhythm: Rhythm { last: now, missed: links.frames.signs().missed(), said: None },
        recordings: Recordings::new(links.update_sender.clone(), links.frames.clock().clone()),
        streams: Streams::none(),
        analyser,
        links,
        output: Output::default(),
        face_pictures: FacePictures::default(),
        meter: Meter::start(),
        neutral: None,
        paused: false,
    };
    let threshold = Record::Threshold(running.analyser.threshold());
    let ended = running.record(threshold).and_then(|()| running.until_end());
    running.finish()?;
    ended
}

struct Running<'a> {
    recordings: Recordings,
    streams: Streams,
    analyser: &'a mut dyn Analyser,
    links: Links,
    output: Output,
    face_pictures: FacePictures,
    meter: Meter,
    neutral: Option<Neutral>,
    losses: LossAccount,
    effort: EffortControl,
    /// Frames analysed since the window was last woken.
    undrawn: u64,
    rhythm: Rhythm,
    paused: bool,
}

/// The times at which the loop ran, from which a standstill is detected.
struct Rhythm {
    /// The last turn of the loop.
    last: Instant,
    /// How long the program had not been run until then.
    missed: Duration,
    /// When the last notice about a standstill was given.
    said: Option<Instant>,
}

impl Running<'_> {
    fn until_end(&mut self) -> Result<Option<String>, Closed> {
        loop {
            if !self.obey()? {
                return Ok(None);
            }
            self.look_at_rhythm()?;
            self.recordings.look_at_clock();
            while let Some(entry) = self.streams.outside() {
                self.recordings.entry(&entry);
                self.tell(Update::Entered(Box::new(entry)))?;
            }
            if let Some(status) = self.streams.look() {
                self.tell(Update::Streams(Box::new(status)))?;
            }
            // While paused nothing changes, but each update would draw the window.
            if !self.paused
                && let Some(stats) = self.meter.stats(self.links.frames.dropped())
            {
                self.record(Record::Stats(stats))?;
            }
            if self.paused && !self.links.is_live {
                // What is not read now is read later.
                std::thread::sleep(PATIENCE);
                continue;
            }
            match self.links.frames.recv_timeout(PATIENCE) {
                Ok(None) => {}
                Ok(Some(Captured::Frame(frame))) if self.paused => self.let_go(&frame),
                Ok(Some(Captured::Frame(frame))) => {
                    if let Err(error) = self.analyse(frame)? {
                        return Ok(Some(error.to_string()));
                    }
                }
                Ok(Some(Captured::Opened(info))) => {
                    self.meter.expect_frames(info.frames);
                    self.losses.opened(info.frames);
                    self.record(Record::Opened(info))?;
                    self.tell(Update::Running(!self.paused))?;
                }
                Ok(Some(Captured::Notice(notice))) => {
                    self.losses.notice(notice.kind);
                    self.record(Record::Notice(notice))?;
                }
                Ok(Some(Captured::Zero(zero))) => self.streams.began(&zero),
                Ok(Some(Captured::FirstNumber(seq))) => self.losses.first_number(seq),
                Ok(Some(Captured::BeforeReady(last))) => self.losses.came_before_ready(last),
                Ok(Some(Captured::Broken(numbers))) => self.losses.broken(numbers),
                Ok(Some(Captured::Ended(reason))) => return Ok(reason),
                Err(Closed) => {
                    return Ok(Some(
                        "The source stopped without a word, which is a bug in Fleeting. Start it \
                         again."
                            .into(),
                    ));
                }
            }
        }
    }

    /// Notices if the last turn of the loop took so long that frames were lost. A source that waits loses
    /// none.
    fn look_at_rhythm(&mut self) -> Result<(), Closed> {
        let (now, missed) = (Instant::now(), self.links.frames.signs().missed());
        let took = now.duration_since(self.rhythm.last);
        let stood = missed.saturating_sub(self.rhythm.missed);
        (self.rhythm.last, self.rhythm.missed) = (now, missed);
        if took < STANDSTILL || !self.links.is_live {
            return Ok(());
        }
        let is_suspended = stood * 2 > took;
        let reason = if is_suspended { LossReason::Suspended } else { LossReason::Frozen };
        self.losses.stood_still(reason);
        let is_said = self.rhythm.said.is_some_and(|said| said.elapsed() < SAID_EVERY);
        if is_said {
            return Ok(());
        }
        self.rhythm.said = Some(now);
        let secs = took.as_secs_f64();
        let text = if is_suspended {
            format!(
                "The program stood still for {secs:.1} s: it was suspended, or the computer was too \
                 busy. The frames of that time are lost and counted."
            )
        } else {
            format!(
                "The analysis gave no result for {secs:.1} s. The frames of that time are lost and \
                 counted."
            )
        };
        self.record(Record::Notice(Notice { kind: NoticeKind::StoodStill, text }))
    }

    fn let_go(&mut self, frame: &Frame) {
        self.links.frames.take_queued();
        self.losses.let_go(frame);
        self.meter.let_go(frame);
        self.links.frames.signs().frame_done();
    }

    /// Records it and tells the window.
    fn tell(&mut self, update: Update) -> Result<(), Closed> {
        self.links.update_sender.send(update)
    }

    /// Tells the window and, if there is one, the recording.
    fn record(&mut self, record: Record) -> Result<(), Closed> {
        self.recordings.record(&record);
        self.tell(Update::Record(record))
    }

    /// Carries out the commands that have come; false if one of them is to stop.
    fn obey(&mut self) -> Result<bool, Closed> {
        loop {
            if self.links.stop.load(Ordering::Acquire) {
                return Ok(false);
            }
            match self.links.commands.try_recv() {
                Ok(command) => self.obey_one(command)?,
                Err(TryRecvError::Empty) => return Ok(true),
                Err(TryRecvError::Disconnected) => return Err(Closed),
            }
        }
    }

    fn obey_one(&mut self, command: EngineCommand) -> Result<(), Closed> {
        match command {
            EngineCommand::Pause | EngineCommand::Resume => {
                self.paused = command == EngineCommand::Pause;
                self.links.frames.signs().set_paused(self.paused);
                if self.paused {
                    self.recordings.pause();
                    let stats = self.meter.last_stats(self.links.frames.dropped());
                    self.record(Record::Stats(stats))?;
                }
                self.tell(Update::Running(!self.paused))
            }
            EngineCommand::Record(order) => {
                let source = self.links.source.clone();
                let provenance = Provenance { source, ..self.analyser.provenance() };
                let before = self.meter.totals(self.links.frames.dropped());
                self.recordings.start(*order, provenance, before);
                Ok(())
            }
            EngineCommand::StopRecording => {
                self.recordings.stop();
                Ok(())
            }
            EngineCommand::Stream(order) => {
                self.streams.obey(*order, &self.links.source);
                Ok(())
            }
            EngineCommand::Enter(entry) => {
                self.streams.entry(&entry);
                self.recordings.entry(&entry);
                Ok(())
            }
            EngineCommand::SetFalseAlarmsPerMinute(rate) => {
                self.analyser.set_false_alarms_per_minute(rate);
                self.record(Record::Threshold(self.analyser.threshold()))
            }
            EngineCommand::DropBaseline => {
                self.analyser.drop_baseline();
                self.record(Record::BaselineDropped)?;
                self.record(Record::Threshold(self.analyser.threshold()))
            }
            EngineCommand::Baseline { secs } => {
                self.neutral = Some(Neutral::over(secs));
                self.tell(Update::Baseline(1.0))
            }
        }
    }

    fn analyse(&mut self, frame: Frame) -> Result<Result<(), ModelError>, Closed> {
        self.output.clear();
        let mut lost = Vec::new();
        let queued = self.links.frames.take_queued();
        self.losses.frame(&frame, queued, |loss| lost.push(Record::Lost(loss)));
        lost.into_iter().try_for_each(|record| self.record(record))?;
        self.choose_effort(frame.seq, queued)?;
        self.recordings.frame(&frame);
        self.streams.frame(&frame);
        let timed = self.meter.begin();
        if let Some(next) = self.links.frames.peek() {
            self.analyser.foresee(next);
        }
        let pushed = self.analyser.push(&frame, &mut self.output);
        self.face_pictures.keep(&frame, &self.output.overlay);
        self.effort.after(frame.seq, frame.time, timed.elapsed());
        self.meter.analysed(timed, &frame);
        if let Some(neutral) = &mut self.neutral {
            let left = neutral.see(&frame);
            self.tell(Update::Baseline(left))?;
        }
        if pushed.is_err() {
            let loss = Loss { first: frame.seq, frames: 1, reason: LossReason::Failed };
            self.record(Record::Lost(loss))?;
        }
        let overlay = self.output.overlay.clone();
        self.links.preview.put(Preview { frame, overlay });
        // A frame wakes the window at most once, because each time the window is drawn completely.
        let is_news = !(self.output.events.is_empty() && self.output.notices.is_empty());
        self.hand_on()?;
        self.undrawn += 1;
        if is_news || self.undrawn >= self.effort.effort().frames_per_drawing() {
            self.undrawn = 0;
            (self.links.update_sender.wake)();
        }
        self.links.frames.signs().frame_done();
        Ok(pushed)
    }

    /// Does less for each frame before the camera queue overflows, and more again when the queue stays empty.
    /// For a source that can wait, everything is done.
    fn choose_effort(&mut self, first: u64, lost: u64) -> Result<(), Closed> {
        if !self.links.is_live {
            return Ok(());
        }
        match self.effort.before(self.links.frames.waiting(), lost) {
            Some(effort) => {
                self.analyser.set_effort(effort);
                self.record(Record::Effort(EffortStep { first, effort }))
            }
            None => Ok(()),
        }
    }

    /// Passes on what the analyser has added to the output, first to the recording. This does not wake the
    /// window.
    fn hand_on(&mut self) -> Result<(), Closed> {
        let mut records: Vec<_> = self.output.notices.drain(..).map(Record::Notice).collect();
        if !self.output.samples.is_empty() {
            records.push(Record::Samples(self.output.samples.clone()));
        }
        for event in &self.output.events {
            records.push(Record::Event(event.clone(), self.face_pictures.cut(event).map(Arc::new)));
        }
        for record in &records {
            self.recordings.record(record);
            self.streams.record(record);
        }
        records
            .into_iter()
            .try_for_each(|record| self.links.update_sender.send_asleep(Update::Record(record)))?;
        let samples = &self.output.samples;
        let measured = self.neutral.as_mut().and_then(|neutral| neutral.collect(samples));
        if let Some(measured) = measured {
            self.end_baseline(measured)?;
        }
        Ok(())
    }

    fn end_baseline(&mut self, measured: Result<Baseline, String>) -> Result<(), Closed> {
        self.neutral = None;
        match measured {
            Ok(baseline) => {
                self.analyser.set_baseline(&baseline);
                self.record(Record::Baselined(Box::new(baseline)))?;
                self.record(Record::Threshold(self.analyser.threshold()))?;
            }
            Err(text) => self.record(Record::Notice(Notice { kind: NoticeKind::Info, text }))?,
        }
        self.tell(Update::Baseline(0.0))
    }

    /// Passes on what becomes final because nothing follows.
    fn finish(&mut self) -> Result<(), Closed> {
        self.output.clear();
        let finished = self.analyser.finish(&mut self.output);
        let mut told = self.hand_on();
        if self.neutral.is_some() {
            let cut = "the source ended before the baseline was measured";
            told = told.and(self.end_baseline(Err(cut.into())));
        }
        if let Err(error) = finished {
            let text = format!("the last frames are not scored: {error}");
            told = told.and(self.record(Record::Notice(Notice { kind: NoticeKind::Info, text })));
        }
        let mut lost = Vec::new();
        self.losses.end(|loss| lost.push(Record::Lost(loss)));
        for record in lost {
            told = told.and(self.record(record));
        }
        if let Some(status) = self.streams.finish() {
            told = told.and(self.tell(Update::Streams(Box::new(status))));
        }
        let stats = self.meter.last_stats(self.links.frames.dropped());
        // Each is recorded, even if no one else listens.
        let stats = self.record(Record::Stats(stats));
        told.and(stats)
    }
}
