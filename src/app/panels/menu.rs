//! The bar at the top: the tabs, and menus of every command of the tab that is shown.

use egui::{RichText, Ui, vec2};

use crate::app::command::{Command, Floating, Tab};
use crate::app::live::LivePhase;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::{EVERYWHERE, Group, entries, entry_of};
use crate::app::theme::{SMALL_PT, Theme, title};
use crate::app::widgets::{PanelContext, badge, named, phase_shape};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Menu", slot: Slot::Top, tabs: EVERYWHERE, show };

/// Least width of a window with space round the names of menus, points.
const ROOMY_PT: f32 = 1300.0;

/// Width of the state of the Live tab, points.
const LIVE_PT: f32 = 150.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    egui::MenuBar::new().ui(ui, |ui| {
        ui.label(RichText::new("Fleeting").heading().color(theme.accent));
        ui.add_space(10.0);
        show_tabs(ui, cx);
        ui.add_space(10.0);
        if ui.ctx().content_rect().width() < ROOMY_PT {
            ui.spacing_mut().button_padding.x = 5.0;
            ui.spacing_mut().item_spacing.x = 3.0;
        }
        for group in Group::ALL {
            let tab = cx.state.tab;
            let here = entries().filter(|e| e.group == group && e.tabs.contains(&tab));
            if here.clone().next().is_none() {
                continue;
            }
            ui.menu_button(group.name(), |ui| {
                ui.set_min_width(250.0);
                for entry in here {
                    cx.menu_item(ui, &entry.command);
                }
            });
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let look = if ui.visuals().dark_mode { "Light" } else { "Dark" };
            let says_live = cx.state.tab != Tab::Live && cx.state.live.phase != LivePhase::Stopped;
            let kept = if says_live { LIVE_PT + 70.0 } else { 0.0 };
            // All of them are in the menus too.
            for (command, name, width) in [
                (Command::ToggleTheme, look, 60.0),
                (Command::ToggleWindow(Floating::Keys), "Keys  ?", 80.0),
                (Command::ToggleWindow(Floating::Palette), "Commands", 110.0),
            ] {
                if ui.available_width() > kept + width {
                    cx.button_named(ui, &command, name);
                }
            }
            if cx.state.tab != Tab::Live {
                show_live(ui, cx);
            }
        });
    });
}

fn show_tabs(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    for tab in Tab::ALL {
        let command = Command::ShowTab(tab);
        let response = ui.selectable_label(cx.state.tab == tab, title(tab.name()).size(14.5));
        response.widget_info(|| {
            let is_shown = cx.state.tab == tab;
            egui::WidgetInfo::selected(egui::Role::Tab, true, is_shown, tab.name())
        });
        let tooltip = entry_of(&command).map(|entry| entry.tooltip()).unwrap_or_default();
        if response.on_hover_text(tooltip).clicked() {
            cx.send(command);
        }
    }
}

/// The state of the source, shown in every tab while one is running.
fn show_live(ui: &mut Ui, cx: &PanelContext<'_>) {
    let (theme, phase) = (Theme::of(ui), &cx.state.live.phase);
    if *phase == LivePhase::Stopped {
        return;
    }
    let color = theme.phase(phase);
    let word = cx.state.live.phase_word();
    let (size, rightward) = (vec2(LIVE_PT, 22.0), egui::Layout::left_to_right(egui::Align::Center));
    let response = ui.allocate_ui_with_layout(size, rightward, |ui| {
        ui.label(RichText::new("Live:").size(SMALL_PT).color(theme.faint));
        badge(ui, word, color, |rect| phase_shape(phase, rect, color));
    });
    named(&response.response, egui::Role::Status, format!("State: {word}"));
    if cx.state.records.is_recording() {
        let (size, red) = (vec2(56.0, 22.0), theme.recording());
        let response = ui.allocate_ui_with_layout(size, rightward, |ui| {
            badge(ui, "REC", red, |rect| {
                vec![egui::Shape::circle_filled(rect.center(), rect.width() / 2.0 - 1.0, red)]
            });
        });
        named(&response.response, egui::Role::Status, "Storage: REC");
    }
}
