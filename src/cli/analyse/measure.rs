//! Reads a source to its end: in this thread, or by the engine if frames do not wait or are stored.

use std::time::Duration;

use super::AnalyseOptions;
use crate::cli::CliError;
use crate::cli::interrupt::{Interrupt, Interruptible};
use crate::cli::progress::Progress;
use crate::engine::live::record::RecordState;
use crate::engine::offline::analyse_all;
use crate::engine::streams::{StreamOrder, StreamStatus, missed_words};
use crate::engine::workers::mesh_ahead;
use crate::engine::workers::read_ahead::ReadAhead;
use crate::engine::{Engine, EngineCommand, Update};
use crate::media::stream::Source;
use crate::model::Models;
use crate::session::Session;
use crate::session::record::Record;

/// Reads a source that waits, frame by frame.
pub(super) fn read_through(
    job: &AnalyseOptions,
    session: &mut Session,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    // First, so that a wrong file name is reported at once.
    let inner = Box::new(ReadAhead::open(job.source.clone())?);
    let mut source = Interruptible { inner, interrupt: interrupt.clone() };
    let mut pipeline = mesh_ahead::pipeline(&Models::load(&job.models)?, &job.config)?;
    let progress = Progress::new(source.info(), job.source.options.limit_secs);
    let analysed = analyse_all(&mut source, &mut pipeline, session, |frame| {
        progress.show(frame.seq, frame.time);
    });
    progress.end();
    Ok(analysed?)
}

/// Reads a source that does not wait, or that is recorded, by the engine. The engine counts the frames that
/// it has to drop, and stores what the window would store.
pub(super) fn watch(
    job: &AnalyseOptions,
    session: &mut Session,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let engine = Engine::start(job.source.clone(), job.models.clone(), job.config.clone(), || ());
    if let Some(order) = &job.session {
        engine
            .send(EngineCommand::Record(Box::new(order.clone())))
            .map_err(|error| CliError::Failed(error.to_string()))?;
    }
    if job.streams != StreamOrder::default() {
        engine
            .send(EngineCommand::Stream(Box::new(job.streams.clone())))
            .map_err(|error| CliError::Failed(error.to_string()))?;
    }
    let mut watch =
        Watch { session, job, progress: None, warned: false, broken: Ok(()), missed: 0 };
    while !interrupt.is_set() {
        let Some(update) = engine.wait(Duration::from_millis(100)) else { continue };
        if watch.take_in(&update) {
            return watch.end();
        }
    }
    for update in engine.finish() {
        watch.take_in(&update);
    }
    watch.end()
}

struct Watch<'a> {
    session: &'a mut Session,
    job: &'a AnalyseOptions,
    progress: Option<Progress>,
    /// True if a warning about the disk was given.
    warned: bool,
    broken: Result<(), CliError>,
    /// How much the listeners of streams were too slow for.
    missed: u64,
}

impl Watch<'_> {
    /// True if nothing more will come, or nothing that is worth waiting for.
    fn take_in(&mut self, update: &Update) -> bool {
        if let Some(record) = update.record() {
            self.session.apply(record);
        }
        match update {
            Update::Record(Record::Opened(info)) if self.progress.is_none() => {
                self.progress = Some(Progress::new(info, self.job.source.options.limit_secs));
            }
            Update::Record(Record::Samples(samples)) => {
                if let Some((progress, sample)) = self.progress.as_ref().zip(samples.last()) {
                    progress.show(sample.seq, sample.time);
                }
            }
            Update::Recording(recording) => {
                if recording.is_low() && !std::mem::replace(&mut self.warned, true) {
                    tracing::warn!("{}", recording.low_words());
                }
                if let RecordState::Stopped(Some(why)) = &recording.state {
                    self.broken = Err(CliError::Failed(why.clone()));
                    // Without a session, go on only if other results are wanted.
                    return self.job.out.is_none();
                }
            }
            Update::Entered(entry) => self.session.log.push((**entry).clone()),
            Update::Streams(streams) => return self.take_in_streams(streams),
            Update::Ended(reason) => {
                if let (Some(text), true) = (reason, self.broken.is_ok()) {
                    self.broken = Err(CliError::Failed(text.clone()));
                }
                return true;
            }
            _ => {}
        }
        false
    }

    /// True if what is streamed was all that was wanted, and it cannot go on.
    fn take_in_streams(&mut self, streams: &StreamStatus) -> bool {
        self.missed = streams.missed;
        if let Some(fault) = &streams.fault {
            self.broken = Err(CliError::Failed(fault.clone()));
            return true;
        }
        let job = self.job;
        let is_kept = job.out.is_some() || job.session.is_some() || job.features.is_some();
        streams.is_over && !is_kept && !job.streams.lsl
    }

    fn end(self) -> Result<(), CliError> {
        self.progress.iter().for_each(Progress::end);
        if self.missed > 0 {
            tracing::warn!("{}", missed_words(self.missed));
        }
        self.broken
    }
}
