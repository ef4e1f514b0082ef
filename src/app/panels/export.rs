//! Files for other programs: the formats, if faces are blurred, and the progress.

use egui::{ProgressBar, RichText, Role, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::raters::layer_words;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::review::export::ExportPhase;
use crate::app::theme::{Theme, title};
use crate::app::widgets::{PanelContext, named};
use crate::exchange::{Format, written_formats};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Export", slot: Slot::Floating(Floating::Export), tabs: REVIEW, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let rater =
        review.rating.layer.rater().filter(|name| review.view.session.log.rater(name).is_some());
    let words = match rater {
        Some(_) => format!(
            "{} is written, with the model’s values beside it.",
            layer_words(&review.rating.layer)
        ),
        None => "The model’s view is written.".into(),
    };
    ui.label(RichText::new(words).color(theme.faint));
    ui.label(title("Formats"));
    let high = ui.ctx().content_rect().height() - 360.0;
    ScrollArea::vertical().max_height(high.max(120.0)).show(ui, |ui| {
        written_formats().for_each(|format| show_format(ui, cx, &theme, format));
    });
    let mut blur = cx.state.review.export.blur;
    let help = "Blurs the faces that are found in clips and in the report; look at them before you \
                pass them on. Tables hold no picture";
    if ui.checkbox(&mut blur, "Blur faces").on_hover_text(help).changed() {
        cx.send(Command::Review(ReviewCommand::BlurExport(blur)));
    }
    ui.horizontal(|ui| {
        let export = Command::Review(ReviewCommand::Export);
        if ui
            .add_enabled(cx.state.allows(&export), egui::Button::new("Choose a folder and write…"))
            .clicked()
        {
            cx.send(export);
        }
        if ui.button("Close").clicked() {
            cx.send(Command::CloseWindow);
        }
    });
    show_phase(ui, &theme, &cx.state.review.export.phase);
}

fn show_format(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, format: &'static Format) {
    ui.horizontal(|ui| {
        let can = cx.state.review.can_write(format);
        let mut is_chosen = can && cx.state.review.export.chosen.contains(&format.name);
        let choice = egui::Checkbox::new(&mut is_chosen, format.name);
        let choice = ui.add_enabled(can, choice);
        if choice.on_disabled_hover_text("This session has no pictures").changed() {
            cx.send(Command::Review(ReviewCommand::ToggleFormat(format.name)));
        }
        ui.add(egui::Label::new(RichText::new(format.about).color(theme.faint)).truncate());
    });
}

fn show_phase(ui: &mut Ui, theme: &Theme, phase: &ExportPhase) {
    match phase {
        ExportPhase::Ready => {}
        ExportPhase::Running(what, nth, of) => {
            let share = (*nth as f32 - 0.5) / (*of).max(1) as f32;
            let words = format!("writing {what}, {nth} of {of}");
            let response = ui.add(ProgressBar::new(share).text(&words));
            named(&response, Role::ProgressIndicator, words);
        }
        ExportPhase::Done(written) => {
            let folder = written.files.first().and_then(|file| file.parent());
            let folder = folder.map(|folder| folder.display().to_string()).unwrap_or_default();
            let words = format!("{} files are in {folder}", written.files.len());
            ui.label(RichText::new(words).color(theme.good));
            for remark in &written.remarks {
                ui.label(RichText::new(remark).color(theme.suspect));
            }
        }
        ExportPhase::Fault(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
}
