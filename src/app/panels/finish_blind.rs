//! The question before blind work ends, because it cannot begin again.

use egui::Ui;

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "End the blind work?",
    slot: Slot::Floating(Floating::FinishBlind),
    tabs: REVIEW,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = &cx.state.review.rating.rater;
    ui.label(format!(
        "The model’s events, its scores and the other raters’ work are shown to {name} from then on. \
         {name} cannot become blind again in this session."
    ));
    ui.horizontal(|ui| {
        if ui.button("Go on working blind").clicked() {
            cx.send(Command::CloseWindow);
        }
        if ui.button("End it and show everything").clicked() {
            cx.send(Command::CloseWindow);
            cx.send(Command::Review(ReviewCommand::Unblind));
        }
    });
}
