//! The bar at the top: every command of the registry, by subject.

use egui::{RichText, Ui};

use super::command::{Command, Floating};
use super::registry::{Group, REGISTRY};
use super::theme::Theme;
use super::widgets::PanelContext;
use super::{Panel, Slot};

/// The entry in [`super::PANELS`].
pub const PANEL: Panel = Panel { name: "Menu", slot: Slot::Top, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    egui::MenuBar::new().ui(ui, |ui| {
        ui.label(RichText::new("Fleeting").heading().color(theme.accent));
        ui.add_space(10.0);
        for group in Group::ALL {
            ui.menu_button(group.name(), |ui| {
                ui.set_min_width(250.0);
                for entry in REGISTRY.iter().filter(|e| e.group == group) {
                    cx.menu_item(ui, &entry.command);
                }
            });
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let look = if ui.visuals().dark_mode { "Light" } else { "Dark" };
            cx.button_named(ui, &Command::ToggleTheme, look);
            cx.button_named(ui, &Command::ToggleWindow(Floating::Keys), "Keys  ?");
            cx.button_named(ui, &Command::ToggleWindow(Floating::Palette), "Commands");
        });
    });
}
