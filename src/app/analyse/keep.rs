//! An analysis that is kept as a session on the disk while it goes.
//!
//! Without pictures of its own the session takes some megabytes, and review shows those of the
//! recording, as long as that stays where it is.

use std::path::{Path, PathBuf};

use egui::{RichText, Ui};

use super::Command;
use crate::app::backend::EngineHandle;
use crate::app::command::Command as Asked;
use crate::app::message::{Topic, Weight};
use crate::app::recording;
use crate::app::state::State;
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;
use crate::engine::Command as EngineCommand;
use crate::engine::live::record::{RecordOrder, RecordState, Recording};

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Whether the next analysis is kept.
    pub is_wanted: bool,
    /// Whether its pictures are stored too.
    pub with_pictures: bool,
    /// The session of the analysis that runs or has ended; none where it is in memory only.
    pub folder: Option<PathBuf>,
    /// Whether the disk's end was announced.
    is_warned: bool,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { is_wanted: true, with_pictures: false, folder: None, is_warned: false }
    }
}

impl Keeping {
    /// The same wishes for another analysis, kept in `folder`.
    pub(super) fn renewed(&self, folder: Option<PathBuf>) -> Self {
        Self { folder, is_warned: false, ..*self }
    }
}

impl State {
    /// Asks the engine of a new analysis to store what it says; gives the folder where that is wanted.
    pub(super) fn keep_analysis(
        &mut self,
        engine: &dyn EngineHandle,
        path: &str,
    ) -> Option<PathBuf> {
        let keeping = &self.analyse.keeping;
        if !keeping.is_wanted {
            return None;
        }
        let form = &self.records.form;
        if form.folder.trim().is_empty() {
            let text = "The analysis is not kept: say in which folder. It goes on in memory.";
            self.messages.post(Weight::Warning, Topic::Other, text);
            return None;
        }
        let path = PathBuf::from(path.trim());
        let folder = form.folder_named(&path.file_stem().unwrap_or_default().to_string_lossy());
        let with_pictures = keeping.with_pictures;
        let order = RecordOrder { folder: folder.clone(), consent: None, with_pictures };
        match engine.send(EngineCommand::Record(Box::new(order))) {
            Ok(()) => Some(folder),
            Err(busy) => {
                let text = format!("The analysis is not kept: {busy}. It goes on in memory.");
                self.messages.post(Weight::Error, Topic::Other, text);
                None
            }
        }
    }

    /// Takes in how the storing goes.
    pub(super) fn take_in_kept(&mut self, recording: &Recording) {
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

/// The choice, before an analysis is started.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (theme, state) = (Theme::of(ui), cx.state);
    let Keeping { mut is_wanted, mut with_pictures, .. } = state.analyse.keeping;
    let can = !state.analyse.is_running();
    let send = |cx: &mut PanelContext<'_>, wanted, pictures| {
        cx.send(Asked::Analyse(Command::Keep { is_wanted: wanted, with_pictures: pictures }));
    };
    let choice = egui::Checkbox::new(&mut is_wanted, "Keep it as a session on the disk");
    let help = "Scores, events and what you say of them are stored as soon as they are there; \
                without it all is lost with the window";
    if ui.add_enabled(can, choice).on_hover_text(help).changed() {
        send(cx, is_wanted, with_pictures);
    }
    if !is_wanted {
        return;
    }
    let choice = egui::Checkbox::new(&mut with_pictures, "with a copy of its pictures");
    let help = "80 to 130 MB a minute. Without it, review shows the pictures of the recording as long \
                as it stays where it is";
    if ui.add_enabled(can, choice).on_hover_text(help).changed() {
        send(cx, is_wanted, with_pictures);
    }
    ui.horizontal(|ui| {
        let words = format!("in {}", state.records.form.folder);
        let change = Asked::Recording(recording::Command::PickFolder);
        if ui.add_enabled(can && state.allows(&change), egui::Button::new("Elsewhere…")).clicked()
        {
            cx.send(change);
        }
        ui.add(egui::Label::new(RichText::new(words).color(theme.faint)).truncate());
    });
}

/// Where the analysis is kept, in words.
pub(super) fn words(folder: Option<&Path>) -> String {
    match folder {
        Some(folder) => {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            format!("Kept as {}.", name.to_string_lossy())
        }
        None => "In memory only.".into(),
    }
}
