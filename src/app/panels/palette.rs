//! The search of all commands by name.

use egui::{Key, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::{CommandEntry, EVERYWHERE, entries};
use crate::app::state::State;
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Search commands",
    slot: Slot::Floating(Floating::Palette),
    tabs: EVERYWHERE,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let field = cx.state.palette.show(ui, "Command", |field| {
        field.hint_text("Type a command").desired_width(f32::INFINITY)
    });
    cx.focus_first(&field);
    if field.changed() {
        cx.cache.palette_row = 0;
    }
    let found = cx.state.palette_matches();
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if ui.memory(|m| m.focused()).is_none() && !entered {
        field.request_focus();
    }
    let (down, up) = ui.input(|i| (i.num_presses(Key::ArrowDown), i.num_presses(Key::ArrowUp)));
    let last = found.len().saturating_sub(1);
    let row = (cx.cache.palette_row + down).saturating_sub(up).min(last);
    cx.cache.palette_row = row;
    if found.is_empty() {
        ui.label("No command has these words.");
    }
    let moved = down + up > 0;
    ScrollArea::vertical().max_height(340.0).auto_shrink([false, true]).show(ui, |ui| {
        for (i, entry) in found.into_iter().enumerate() {
            let chosen = show_entry(ui, cx, entry, i == row, moved);
            if chosen || (entered && i == row) {
                cx.send(Command::CloseWindow);
                cx.send(entry.command.clone());
            }
        }
    });
}

fn show_entry(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    entry: &CommandEntry,
    is_chosen: bool,
    moved: bool,
) -> bool {
    let button = egui::Button::selectable(is_chosen, entry.name)
        .shortcut_text(RichText::new(entry.key_text()).weak())
        .min_size(egui::vec2(ui.available_width(), 0.0));
    let response = ui.add_enabled(cx.state.allows(&entry.command), button);
    if is_chosen && moved {
        response.scroll_to_me(None);
    }
    response.on_hover_text(entry.help).clicked()
}

impl State {
    /// Commands whose name or help holds every typed word.
    pub fn palette_matches(&self) -> Vec<&'static CommandEntry> {
        let words = self.palette.text().to_lowercase();
        let fits = |text: &str| words.split_whitespace().all(|word| text.contains(word));
        let is_itself = |c: &Command| *c == Command::ToggleWindow(Floating::Palette);
        entries()
            .filter(|e| e.tabs.contains(&self.tab))
            .filter(|e| !is_itself(&e.command) && e.command != Command::CloseWindow)
            .filter(|e| fits(&format!("{} {} {}", e.group.name(), e.name, e.help).to_lowercase()))
            .collect()
    }
}
