//! What comes after a recording.

use egui::{RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::recording::RecordingCommand;
use crate::app::recording::person::ended_folder;
use crate::app::registry::LIVE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Recording ended",
    slot: Slot::Floating(Floating::AfterRecording),
    tabs: LIVE,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let faint = Theme::of(ui).faint;
    let Some(folder) = ended_folder(cx.state) else {
        ui.label("Nothing was recorded yet.");
        return;
    };
    if let Some(who) = cx.state.person() {
        ui.label(title(who));
    }
    let size = cx.state.records.now.as_ref().map_or_else(String::new, |now| now.size());
    ui.label(format!("The recording is stored ({size})."));
    ui.label(RichText::new(folder.display().to_string()).color(faint));
    ui.add_space(6.0);
    let recording = Command::Recording;
    ui.horizontal_wrapped(|ui| {
        for (command, name) in [
            (recording(RecordingCommand::Open(folder.clone())), "Review"),
            (recording(RecordingCommand::Report(folder.clone())), "Report…"),
            (recording(RecordingCommand::ShowFolder(folder.clone())), "Show folder"),
            (recording(RecordingCommand::Toggle), "Record again"),
            (recording(RecordingCommand::NewPerson), "New participant"),
            (Command::CloseWindow, "Close"),
        ] {
            let button = cx.button_named(ui, &command, name);
            // Enter reviews what was just recorded.
            cx.focus_first(&button);
        }
    });
}
