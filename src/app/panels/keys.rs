//! Every key and what it does.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::{CommandEntry, EVERYWHERE, Group, entries};
use crate::app::shortcut::Chord;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "All keys", slot: Slot::Floating(Floating::Keys), tabs: EVERYWHERE, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let tab = cx.state.tab;
    ui.label(
        RichText::new(format!(
            "In the {} tab. Keys are off while you type in a field.",
            tab.name()
        ))
        .color(theme.faint),
    );
    cx.button(ui, &Command::ToggleWindow(Floating::OwnKeys));
    let high = ui.ctx().content_rect().height() - 200.0;
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        ui.columns(2, |columns| {
            let (left, right) = columns.split_at_mut(1);
            let right_groups = [Group::Plot, Group::Events, Group::Judge];
            for group in Group::ALL {
                let is_right = right_groups.contains(&group);
                let here = entries().filter(|e| e.group == group && e.tabs.contains(&tab));
                let with_keys: Vec<_> = here.filter(|e| !e.keys.is_empty()).collect();
                show_group(
                    if is_right { &mut right[0] } else { &mut left[0] },
                    &theme,
                    group,
                    &with_keys,
                );
            }
            right[0].add_space(8.0);
            right[0].label(title("Pointer"));
            for words in [
                "Drag a plot to move in time, turn the wheel to zoom.",
                "Click an event's band to show it, click beside it to put the cursor.",
                "Double click a plot to follow live again.",
                "Drop a video or a folder on the window to open it.",
            ] {
                right[0].label(RichText::new(words).color(theme.faint));
            }
        });
    });
}

fn show_group(ui: &mut Ui, theme: &Theme, group: Group, entries: &[&CommandEntry]) {
    if entries.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.label(title(group.name()));
    Grid::new(group.name()).num_columns(2).min_row_height(17.0).spacing([14.0, 3.0]).show(
        ui,
        |ui| {
            for entry in entries {
                let keys: Vec<_> = entry.keys.iter().take(2).map(Chord::text).collect();
                ui.label(RichText::new(keys.join("  ")).monospace().color(theme.accent));
                ui.label(entry.name).on_hover_text(entry.help);
                ui.end_row();
            }
        },
    );
}
