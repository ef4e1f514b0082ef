//! How to get a session to review.

use egui::{RichText, Stroke, Ui, vec2};

use super::command::ReviewCommand;
use crate::app::command::{Command, Tab};
use crate::app::overlay;
use crate::app::theme::{Theme, title};
use crate::app::widgets::{PanelContext, badge, weight_shape};

/// The choices, with `fault` above them where the last one failed.
pub fn show(ui: &mut Ui, cx: &mut PanelContext<'_>, fault: Option<&str>) {
    let theme = Theme::of(ui);
    let high = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((high * 0.5 - 130.0).max(0.0));
        if high > 330.0 {
            let (rect, _) = ui.allocate_exact_size(vec2(70.0, 77.0), egui::Sense::empty());
            overlay::sketch(ui.painter(), rect, Stroke::new(1.6, theme.faint));
        }
        match fault {
            Some(why) => {
                let weight = crate::app::message::Weight::Error;
                ui.allocate_ui(vec2(70.0, 20.0), |ui| {
                    badge(ui, "FAULT", theme.fault, |r| vec![weight_shape(weight, r, theme.fault)]);
                });
                ui.label(title("The session cannot be opened").heading());
                ui.label(why);
            }
            None => {
                ui.label(title("No session is open").heading());
                let words = "Review goes through a session frame by frame: confirm or reject what \
                             was flagged, correct its bounds, name it, and compare raters.";
                ui.label(RichText::new(words).color(theme.faint));
            }
        }
        ui.add_space(4.0);
        cx.button(ui, &Command::Review(ReviewCommand::PickSession));
        cx.button(ui, &Command::Review(ReviewCommand::TakeLive));
        let analyse = Command::ShowTab(Tab::Analyse);
        cx.button_named(ui, &analyse, "Analyse a recording first…");
    });
}

/// While a session is on its way.
pub fn show_opening(ui: &mut Ui, what: &str) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        ui.spinner();
        ui.label(RichText::new(format!("{what}…")).color(Theme::of(ui).faint));
    });
}
