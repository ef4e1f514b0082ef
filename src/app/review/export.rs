//! Writing files for other programs: the formats, the layer, if faces are blurred, and the progress.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::ReviewState;
use super::outside::{ExportContent, ExportJob};
use crate::app::backend::{Pending, Pick};
use crate::app::command::Floating;
use crate::app::state::State;
use crate::evaluate::agreement::{Agreement, agreement};
use crate::exchange::{Format, Written, written_formats};
use crate::session::{Session, pictures};

/// State of an export.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum ExportPhase {
    /// Nothing was written yet.
    #[default]
    Ready,
    /// Something is being written: its name, its number, and how many there are.
    Running(String, usize, usize),
    /// Everything is written.
    Done(Written),
    /// It ended with an error; one sentence.
    Fault(String),
}

/// What to export, and the progress.
#[derive(Default)]
pub struct ExportForm {
    /// Names of the chosen formats.
    pub chosen: Vec<&'static str>,
    /// True if faces are blurred in every picture that is written.
    pub blur: bool,
    /// State of the export.
    pub phase: ExportPhase,
    /// What will be written when a folder is chosen.
    wanted: Vec<ExportContent>,
    job: Option<Running>,
}

struct Running {
    session: Arc<Session>,
    folder: PathBuf,
    left: VecDeque<ExportContent>,
    of: usize,
    now: Pending<Result<Written, String>>,
    written: Written,
}

impl ExportForm {
    /// Chooses a format, or removes it.
    pub fn toggle(&mut self, name: &'static str) {
        let before = self.chosen.len();
        self.chosen.retain(|chosen| *chosen != name);
        if self.chosen.len() == before {
            self.chosen.push(name);
        }
    }

    /// True if something is being written.
    pub fn is_running(&self) -> bool {
        self.job.is_some()
    }
}

impl ReviewState {
    /// True if the format has something to write. Formats of pictures need stored pictures or a recording.
    pub fn can_write(&self, format: &Format) -> bool {
        let is_stored = self.storage.folder.is_some() && self.has_pictures();
        let can_be_seen = || self.storage.source.as_ref().is_some_and(pictures::can_be_seen_again);
        !format.needs_pictures() || is_stored || can_be_seen()
    }

    /// The agreement of the two chosen layers; the error is one sentence.
    pub fn agreement(&self) -> Result<Agreement, String> {
        let (first, second) = &self.rating.compared;
        agreement(&self.view.session, first.name(), second.name())
            .map_err(|error| error.to_string())
    }

    /// The chosen formats that have something to write.
    pub fn to_write(&self) -> impl Iterator<Item = &'static Format> + '_ {
        let is_chosen = |e: &&Format| self.export.chosen.contains(&e.name) && self.can_write(e);
        written_formats().filter(is_chosen)
    }
}

impl State {
    /// Asks for a folder to write the chosen formats into.
    pub(in crate::app) fn ask_to_export(&mut self) {
        self.review.export.wanted = self.review.to_write().map(ExportContent::Format).collect();
        self.pick(Pick::Export);
    }

    /// Asks for a folder to write the agreement into.
    pub(in crate::app) fn ask_to_export_agreement(&mut self) {
        match self.review.agreement() {
            Ok(agreement) => {
                self.review.export.wanted = vec![ExportContent::Agreement(Box::new(agreement))];
                self.pick(Pick::Export);
            }
            Err(why) => self.review.export.phase = ExportPhase::Fault(why),
        }
    }

    /// Begins to write into `folder`.
    pub(in crate::app) fn export_into(&mut self, folder: PathBuf) {
        let mut left: VecDeque<_> = std::mem::take(&mut self.review.export.wanted).into();
        let (session, of) = (Arc::new(self.review.view.session.clone()), left.len());
        self.floating = Some(Floating::Export);
        if let Some(first) = left.pop_front() {
            let now = self.begin(&session, &folder, first, 1, of);
            let written = Written::default();
            self.review.export.job = Some(Running { session, folder, left, of, now, written });
        }
    }

    fn begin(
        &mut self,
        session: &Arc<Session>,
        folder: &std::path::Path,
        what: ExportContent,
        nth: usize,
        of: usize,
    ) -> Pending<Result<Written, String>> {
        let review = &mut self.review;
        review.export.phase = ExportPhase::Running(what.name().into(), nth, of);
        let known = |name: &&str| session.log.raters().iter().any(|rater| rater.name == **name);
        let job = ExportJob {
            session: Arc::clone(session),
            place: review.storage.folder.clone(),
            source: review.storage.source.clone(),
            rater: review.rating.layer.rater().filter(known).map(Into::into),
            what,
            blur: review.export.blur,
            models: self.live.models.clone(),
            folder: folder.to_owned(),
        };
        self.outside.backend.export(job, self.outside.wake.clone())
    }

    /// Takes the result, and goes on with the rest.
    pub(in crate::app) fn poll_export(&mut self) {
        let Some(mut job) = self.review.export.job.take() else { return };
        match (job.now)() {
            None => self.review.export.job = Some(job),
            Some(Err(why)) => self.review.export.phase = ExportPhase::Fault(why),
            Some(Ok(written)) => {
                job.written.files.extend(written.files);
                for remark in written.remarks {
                    if !job.written.remarks.contains(&remark) {
                        job.written.remarks.push(remark);
                    }
                }
                match job.left.pop_front() {
                    Some(what) => {
                        let nth = job.of - job.left.len();
                        job.now = self.begin(&job.session, &job.folder, what, nth, job.of);
                        self.review.export.job = Some(job);
                    }
                    None => self.review.export.phase = ExportPhase::Done(job.written),
                }
            }
        }
    }
}
