//! Every key and what it does.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::command::Floating;
use super::registry::{Group, REGISTRY};
use super::shortcut::Chord;
use super::theme::{Theme, title};
use super::widgets::PanelContext;
use super::{Panel, Slot};

/// The entry in [`super::PANELS`].
pub const PANEL: Panel = Panel { name: "All keys", slot: Slot::Floating(Floating::Keys), show };

fn show(ui: &mut Ui, _cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    ui.label(RichText::new("Keys are off while you type in a field.").color(theme.faint));
    let high = ui.ctx().content_rect().height() - 170.0;
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        ui.columns(2, |columns| {
            let (left, right) = columns.split_at_mut(1);
            let left_groups = [Group::Source, Group::Run, Group::View, Group::Help];
            for group in Group::ALL {
                let is_left = left_groups.contains(&group);
                show_group(if is_left { &mut left[0] } else { &mut right[0] }, &theme, group);
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

fn show_group(ui: &mut Ui, theme: &Theme, group: Group) {
    ui.add_space(4.0);
    ui.label(title(group.name()));
    Grid::new(group.name()).num_columns(2).min_row_height(17.0).spacing([14.0, 3.0]).show(
        ui,
        |ui| {
            let with_keys = REGISTRY.iter().filter(|e| e.group == group && !e.keys.is_empty());
            for entry in with_keys {
                let keys: Vec<_> = entry.keys.iter().take(2).map(Chord::text).collect();
                ui.label(RichText::new(keys.join("  ")).monospace().color(theme.accent));
                ui.label(entry.name).on_hover_text(entry.help);
                ui.end_row();
            }
        },
    );
}
