//! Keys that are bound to commands: the table, and a field that takes the next key.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::marking::own_keys::OwnKey;
use crate::app::marking::{CONDITION, MARK_AS, MarkingCommand};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::{EVERYWHERE, Group, entries};
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Own keys", slot: Slot::Floating(Floating::OwnKeys), tabs: EVERYWHERE, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let words = "A pedal or a presenter is a keyboard for the computer: bind its keys here. Keys act while \
                 this window has the focus. While another window has it, they go to that window: keep \
                 this one in front.";
    ui.label(RichText::new(words).color(theme.faint));
    ui.add_space(4.0);
    show_new(ui, cx, &theme);
    let said = &cx.state.own_keys.said;
    ui.label(RichText::new(if said.is_empty() { " " } else { said }).color(theme.accent));
    ui.separator();
    let high = (ui.ctx().content_rect().height() - 330.0).max(60.0);
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        if cx.state.own_keys.keys.is_empty() {
            ui.label(RichText::new("No key is bound yet.").color(theme.faint));
        }
        Grid::new("own keys").num_columns(3).spacing([14.0, 4.0]).show(ui, |ui| {
            for key in &cx.state.own_keys.keys {
                show_one(ui, key, &theme, cx.commands);
                ui.end_row();
            }
        });
    });
}

fn show_one(ui: &mut Ui, key: &OwnKey, theme: &Theme, commands: &mut Vec<Command>) {
    let text = key.chord.text();
    ui.label(RichText::new(&text).monospace().color(theme.accent));
    let hidden = key.hides();
    let name = match hidden.as_slice() {
        [] => key.name.clone(),
        hidden => format!("{} (in place of “{}”)", key.name, hidden.join("”, “")),
    };
    ui.label(name);
    let remove = ui.button("Remove").on_hover_text(format!("Remove the binding of {text}"));
    if remove.clicked() {
        commands.push(Command::Marking(MarkingCommand::UnbindKey(key.chord)));
    }
}

fn show_new(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    let keys = &cx.state.own_keys;
    ui.horizontal(|ui| {
        let name = if keys.chosen.is_empty() { "choose a command" } else { &keys.chosen };
        ui.menu_button(format!("Command: {name} ▼"), |ui| show_choices(ui, cx));
        let can = !cx.state.own_keys.chosen.is_empty();
        let asks = cx.state.own_keys.asks;
        let words = if asks { "Press the key now…" } else { "Press a key…" };
        let button = ui.add_enabled(can, egui::Button::new(words).selected(asks));
        if button.on_hover_text("The next key that is pressed is bound; Esc binds none").clicked() {
            cx.send(Command::Marking(MarkingCommand::AskForKey(!asks)));
        }
    });
    let marks = cx.state.mark_settings();
    if marks.kinds.is_empty() {
        let words = "Kinds of marks and names of conditions come from the settings file (marks.kinds, \
                     marks.conditions).";
        ui.label(RichText::new(words).small().color(theme.faint));
    }
}

fn show_choices(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let marks = cx.state.mark_settings();
    let kinds = marks.kinds.iter().map(|kind| format!("{MARK_AS} {kind}"));
    let conditions = marks.conditions.iter().map(|name| format!("{CONDITION} {name}"));
    let first = ["Mark this moment", "Next condition", "End the condition", "Record"];
    let first = first.into_iter().map(String::from);
    let mut chosen: Option<String> = None;
    for name in first.chain(kinds).chain(conditions) {
        if ui.button(&name).clicked() {
            chosen = Some(name);
        }
    }
    ui.separator();
    for group in Group::ALL {
        ui.menu_button(group.name(), |ui| {
            ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
                for entry in entries().filter(|entry| entry.group == group) {
                    if ui.button(entry.name).clicked() {
                        chosen = Some(entry.name.into());
                    }
                }
            });
        });
    }
    if let Some(name) = chosen {
        cx.send(Command::Marking(MarkingCommand::ChooseForKey(name)));
        ui.close();
    }
}
