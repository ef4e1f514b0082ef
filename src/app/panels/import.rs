//! A table or an ELAN file as a rater's layer: the rater, how the coder worked, and the result.

use egui::{RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::review::import::ImportPhase;
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;
use crate::session::annotation::rater::checked_name;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Import", slot: Slot::Floating(Floating::Import), tabs: REVIEW, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let words = "A table (.csv), also one of BORIS, or an ELAN file (.eaf) of this recording becomes a \
                 layer of its own; \
                 nothing that is in the session changes.";
    ui.label(RichText::new(words).color(theme.faint));
    let form = &cx.state.review.import;
    let coder = form.name.show(ui, "Coder", |field| {
        field.hint_text("Whose events these are: R2").desired_width(f32::INFINITY)
    });
    cx.focus_first(&coder);
    form.tiers.show(ui, "Tiers", |field| {
        field.hint_text("Tiers of an ELAN file, where not found").desired_width(f32::INFINITY)
    });
    let (name, mut blind) = (form.name.text(), form.blind);
    let help = "Without it, whether the coder worked blind counts as not known";
    let blind_words = "The coder saw nothing of the model or of others";
    if ui.checkbox(&mut blind, blind_words).on_hover_text(help).changed() {
        cx.send(Command::Review(ReviewCommand::BlindImport(blind)));
    }
    if let Err(why) = checked_name(&name)
        && !name.trim().is_empty()
    {
        ui.label(RichText::new(why).color(theme.fault));
    }
    ui.horizontal(|ui| {
        cx.button_named(ui, &Command::Review(ReviewCommand::Import), "Choose a file and read…");
        if ui.button("Close").clicked() {
            cx.send(Command::CloseWindow);
        }
    });
    show_phase(ui, &theme, &cx.state.review.import.phase);
}

fn show_phase(ui: &mut Ui, theme: &Theme, phase: &ImportPhase) {
    match phase {
        ImportPhase::Ready => {}
        ImportPhase::Running => drop(ui.label("reading the file")),
        ImportPhase::Done(told) => {
            ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
                for (i, line) in told.iter().enumerate() {
                    let ink = if i == 0 { theme.good } else { theme.text };
                    ui.label(RichText::new(line).color(ink));
                }
                let words =
                    "Look at it under Raters (Ctrl+Shift+R), compare it under Agreement (Ctrl+G).";
                ui.label(RichText::new(words).color(theme.faint));
            });
        }
        ImportPhase::Fault(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
}
