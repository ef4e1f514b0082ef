//! Everything that happened to the source, with its time.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::Floating;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::EVERYWHERE;
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Log", slot: Slot::Floating(Floating::Log), tabs: EVERYWHERE, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    if cx.state.messages.log().next().is_none() {
        ui.label(RichText::new("Nothing has happened yet.").color(theme.faint));
        return;
    }
    let high = ui.ctx().content_rect().height() * 0.6;
    ScrollArea::vertical().max_height(high).stick_to_bottom(true).show(ui, |ui| {
        Grid::new("log").num_columns(3).min_row_height(17.0).spacing([14.0, 4.0]).show(ui, |ui| {
            for line in cx.state.messages.log() {
                ui.label(RichText::new(line.time.to_string()).monospace().color(theme.faint));
                let color = theme.weight(line.weight);
                ui.label(RichText::new(line.weight.word()).color(color));
                ui.add(egui::Label::new(&line.text).wrap());
                ui.end_row();
            }
        });
    });
}
