//! The stored sessions: their names, how long each may be kept, and deleting them after a question.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::recording::RecordingCommand;
use crate::app::recording::badge::size_words;
use crate::app::registry::EVERYWHERE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::session::store::session_list::{StoredSession, today};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Stored sessions",
    slot: Slot::Floating(Floating::StoredSessions),
    tabs: EVERYWHERE,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let records = &cx.state.records;
    ui.label(RichText::new(format!("In {}", records.form.folder.text())).color(theme.faint));
    let Some(session_list) = &records.session_list else {
        ui.label("Looking…");
        return;
    };
    if session_list.sessions.is_empty() {
        ui.label("Nothing is stored here.");
    }
    let high = ui.ctx().content_rect().height() * 0.5;
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        Grid::new("sessions").num_columns(4).spacing([14.0, 5.0]).show(ui, |ui| {
            for session in &session_list.sessions {
                show_one(ui, session, &theme, cx.commands);
                ui.end_row();
            }
        });
        for text in &session_list.unreadable {
            ui.label(RichText::new(text).color(theme.faint));
        }
    });
    let past = session_list.past();
    if !past.is_empty() && records.chosen.is_empty() {
        let words = format!("Delete the {} that are past their date…", past.len());
        if ui.button(words).clicked() {
            cx.send(Command::Recording(RecordingCommand::Choose(past)));
        }
    }
    if !cx.state.records.chosen.is_empty() {
        show_question(ui, cx, &theme);
    }
}

fn show_one(ui: &mut Ui, session: &StoredSession, theme: &Theme, commands: &mut Vec<Command>) {
    let name = session.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ui.label(title(&name)).on_hover_text(session.folder.display().to_string());
    ui.label(size_words(session.bytes));
    match session.consent.as_ref().and_then(|consent| consent.keep_until) {
        Some(date) if session.is_past(today()) => {
            let color = theme.weight(crate::app::message::Weight::Warning);
            ui.label(RichText::new(format!("past its date, {date}")).color(color));
        }
        Some(date) => drop(ui.label(format!("kept until {date}"))),
        None => drop(ui.label("no last day")),
    }
    ui.horizontal(|ui| {
        if session.is_recording {
            ui.label("being recorded");
            return;
        }
        if ui.button("Review").on_hover_text(format!("Review {name}")).clicked() {
            commands.push(Command::Recording(RecordingCommand::Open(session.folder.clone())));
        }
        let delete = ui.button("Delete…").on_hover_text(format!("Delete {name}, after asking"));
        if delete.clicked() {
            commands
                .push(Command::Recording(RecordingCommand::Choose(vec![session.folder.clone()])));
        }
    });
}

fn show_question(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    ui.separator();
    ui.label(title("Delete with pictures and all data, for good?"));
    for folder in &cx.state.records.chosen {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ui.label(RichText::new(name).color(theme.faint));
    }
    ui.horizontal(|ui| {
        cx.button_named(ui, &Command::Recording(RecordingCommand::Delete), "Delete for good");
        cx.button_named(ui, &Command::Recording(RecordingCommand::Choose(Vec::new())), "Keep");
    });
}
