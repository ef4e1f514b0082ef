//! Shown in place of an event while no session is open: the stored sessions.

use egui::{RichText, ScrollArea, Ui};

use crate::app::command::Command;
use crate::app::recording::RecordingCommand;
use crate::app::recording::person::{newest_first, session_words};
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The stored sessions, newest first, each of them a button that opens it. Draws nothing if there are none.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let Some(list) = &cx.state.records.session_list else { return };
    if list.sessions.is_empty() {
        return;
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.label(title("Stored sessions, newest first"));
        let more = Command::Recording(RecordingCommand::ShowStoredSessions);
        cx.button_named(ui, &more, "Delete…");
    });
    let faint = Theme::of(ui).faint;
    ui.label(RichText::new(format!("In {}", cx.state.records.form.folder.text())).color(faint));
    ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
        for session in newest_first(&list.sessions) {
            let words = session_words(session);
            let button = egui::Button::new(&words).truncate();
            let folder = session.folder.display().to_string();
            let response = ui.add_enabled(!session.is_recording, button);
            if response.on_hover_text(folder).clicked() {
                let open = RecordingCommand::Open(session.folder.clone());
                cx.commands.push(Command::Recording(open));
            }
        }
    });
}
