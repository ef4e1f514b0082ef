//! A table or an ELAN file as a rater's layer: the rater, how the coder worked, and the result.

use std::path::PathBuf;
use std::sync::Arc;

use super::ReviewState;
use super::outside::{ImportJob, Kept};
use super::rating::RaterLayer;
use crate::app::backend::Pending;
use crate::app::command::Floating;
use crate::app::field::TextField;
use crate::app::state::State;
use crate::exchange::import::{Choice, ImportError, ImportedLayer, Request};
use crate::session::annotation::rater::checked_name;

/// State of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum ImportPhase {
    /// Nothing was read yet.
    #[default]
    Ready,
    /// A file is being read.
    Running,
    /// What was taken and what could not be taken, one sentence each.
    Done(Vec<String>),
    /// It ended with an error; one sentence.
    Fault(String),
}

/// What to import, and the state.
#[derive(Default)]
pub struct ImportForm {
    /// The field for the name of the rater.
    pub name: TextField,
    /// The field for names of tiers, separated by commas. Empty means those with the name of events.
    pub tiers: TextField,
    /// True if the coder saw nothing of the model.
    pub blind: bool,
    /// Where it stands.
    pub phase: ImportPhase,
    job: Option<Pending<Result<ImportedLayer, String>>>,
}

impl ReviewState {
    /// True if a file can be asked for.
    pub(super) fn can_import(&self) -> bool {
        self.phase == super::ReviewPhase::Open
            && self.import.job.is_none()
            && checked_name(&self.import.name.text()).is_ok()
    }

    /// Adds an imported layer. Returns what to tell the user.
    fn take_layer(&mut self, layer: ImportedLayer) -> Result<Vec<String>, String> {
        let ImportedLayer { raters, entries, told } = layer;
        let name = raters.first().map(|rater| rater.name.clone()).unwrap_or_default();
        // A person may have begun to work under this name while the file was read.
        if self.view.session.log.entries().iter().any(|entry| entry.rater == name) {
            return Err(ImportError::Taken { name }.to_string());
        }
        raters.iter().for_each(|rater| self.view.session.log.add_rater(rater.clone()));
        entries.iter().for_each(|entry| self.view.session.log.push(entry.clone()));
        self.storage.keep(Kept::Layer(raters, entries));
        self.rating.compared.1 = RaterLayer::Rater(name);
        self.refresh();
        Ok(told)
    }
}

impl State {
    /// Begins to read the file at `path`.
    pub(in crate::app) fn import_from(&mut self, path: PathBuf) {
        let form = &mut self.review.import;
        let tiers = form.tiers.text();
        let tiers = tiers.split(',').map(|tier| tier.trim().to_owned());
        let tiers = tiers.filter(|tier| !tier.is_empty()).collect();
        let request = Request {
            file: path,
            rater: form.name.text(),
            blind: form.blind,
            choice: Choice { tiers },
        };
        form.phase = ImportPhase::Running;
        let job = ImportJob { session: Arc::new(self.review.view.session.clone()), request };
        self.review.import.job = Some(self.outside.backend.import(job, self.outside.wake.clone()));
        self.floating = Some(Floating::Import);
    }

    /// Takes the result.
    pub(in crate::app) fn poll_import(&mut self) {
        let form = &mut self.review.import;
        let Some(read) = form.job.as_mut().and_then(|job| job()) else { return };
        form.job = None;
        match read.and_then(|layer| self.review.take_layer(layer)) {
            Ok(told) => {
                self.review.import =
                    ImportForm { phase: ImportPhase::Done(told), ..ImportForm::default() };
            }
            Err(why) => self.review.import.phase = ImportPhase::Fault(why),
        }
    }
}
