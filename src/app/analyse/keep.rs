//! An analysis that is stored as a session while it runs.
//!
//! Without pictures of its own the session takes some megabytes. Review then shows the pictures of the
//! recording, as long as that stays in its place.

use std::path::{Path, PathBuf};

use crate::app::backend::EngineHandle;
use crate::app::message::{Topic, Weight};
use crate::app::state::State;
use crate::engine::EngineCommand;
use crate::engine::live::record::{RecordOrder, RecordState, RecordingStatus};

/// If an analysis is stored, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// True if the next analysis is stored.
    pub is_wanted: bool,
    /// True if its pictures are stored too.
    pub with_pictures: bool,
    /// The session of the analysis that runs or has ended; `None` if it is in memory only.
    pub folder: Option<PathBuf>,
    /// True if a warning about the disk was given.
    is_warned: bool,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { is_wanted: true, with_pictures: false, folder: None, is_warned: false }
    }
}

impl Keeping {
    /// The same choices for another analysis, stored in `folder`.
    pub(super) fn renewed(&self, folder: Option<PathBuf>) -> Self {
        Self { folder, is_warned: false, ..*self }
    }
}

impl State {
    /// Asks the engine of a new analysis to store its records. Returns the folder if that was wanted.
    pub(super) fn keep_analysis(
        &mut self,
        engine: &dyn EngineHandle,
        path: &Path,
    ) -> Option<PathBuf> {
        let keeping = &self.analyse.keeping;
        if !keeping.is_wanted {
            return None;
        }
        let form = &self.records.form;
        if form.folder.is_blank() {
            let text = "The analysis is not kept: say in which folder. It goes on in memory.";
            self.messages.post(Weight::Warning, Topic::Other, text);
            return None;
        }
        let folder = form.folder_named(&path.file_stem().unwrap_or_default().to_string_lossy());
        let with_pictures = keeping.with_pictures;
        let order =
            RecordOrder { folder: folder.clone(), consent: None, with_pictures, sound: None };
        match engine.send(EngineCommand::Record(Box::new(order))) {
            Ok(()) => Some(folder),
            Err(busy) => {
                let text = format!("The analysis is not kept: {busy}. It goes on in memory.");
                self.messages.post(Weight::Error, Topic::Other, text);
                None
            }
        }
    }

    /// Takes the state of the storing.
    pub(super) fn take_in_kept(&mut self, recording: &RecordingStatus) {
        match &recording.state {
            RecordState::Stopped(Some(why)) => {
                let text = format!(
                    "The analysis is no longer kept: {why}. What was stored until then is in {}; it \
                     goes on in memory.",
                    recording.folder.display()
                );
                self.messages.post(Weight::Error, Topic::Other, text);
                self.analyse.keeping.folder = None;
            }
            RecordState::Running if recording.is_low() && !self.analyse.keeping.is_warned => {
                self.analyse.keeping.is_warned = true;
                self.messages.post(Weight::Warning, Topic::Other, recording.low_words());
            }
            _ => {}
        }
    }
}
