//! The check before a recording.

use egui::{Grid, RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::message::Weight;
use crate::app::panels::{Panel, Slot};
use crate::app::recording::RecordingCommand;
use crate::app::recording::preflight::{limit_words, verdict};
use crate::app::registry::LIVE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Check before recording",
    slot: Slot::Floating(Floating::Preflight),
    tabs: LIVE,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    match cx.state.preflight() {
        None => drop(
            ui.label("There are not enough pictures yet: start a source and wait some seconds."),
        ),
        Some(lines) => {
            let warning = theme.weight(Weight::Warning);
            Grid::new("preflight").num_columns(2).spacing([14.0, 5.0]).show(ui, |ui| {
                for line in &lines {
                    ui.vertical(|ui| ui.label(title(line.what)));
                    ui.vertical(|ui| {
                        ui.set_max_width(430.0);
                        ui.label(&line.found);
                        if let Some(change) = line.change {
                            ui.label(RichText::new(change).color(warning));
                        }
                    });
                    ui.end_row();
                }
                ui.vertical(|ui| ui.label(title("Limit")));
                let between = &cx.state.records.between;
                ui.vertical(|ui| {
                    ui.set_max_width(430.0);
                    ui.label(limit_words(between.limit.as_ref(), between.is_measuring()));
                });
                ui.end_row();
            });
            let is_good = lines.iter().all(|line| line.change.is_none());
            let color = if is_good { theme.good } else { warning };
            ui.label(title(verdict(&lines)).color(color));
        }
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        cx.button_named(ui, &Command::Baseline, "Measure the neutral baseline");
        cx.button_named(ui, &Command::Recording(RecordingCommand::Toggle), "Record…");
        cx.button_named(ui, &Command::CloseWindow, "Close");
    });
}
