//! The model's values over the person's, and what the person can decide.

use egui::{Grid, RichText, Ui, vec2};

use crate::app::command::Command;
use crate::app::panels::events::{emotion_words, length_words};
use crate::app::review::bounds::moment_of;
use crate::app::review::command::{Edge, ReviewCommand};
use crate::app::theme::{SMALL_PT, Theme};
use crate::app::widgets::PanelContext;
use crate::measure::event::units_text;
use crate::session::annotation::{Bounds, Label, Verdict};
use crate::session::table::Row;

/// Height of one line of decisions, points, and how many there are: with a note in view, three.
const LINE_PT: f32 = 23.0;
const LINES: f32 = 3.0;

/// Height of the decisions, points.
pub(super) const HEIGHT_PT: f32 = (LINE_PT + 4.0) * LINES + 8.0;

/// The model's values over the person's; what differs stands out.
pub(super) fn show_values(ui: &mut Ui, cx: &PanelContext<'_>, theme: &Theme, row: &Row) {
    let small = |words: String| RichText::new(words).size(SMALL_PT);
    Grid::new("values").num_columns(7).min_row_height(16.0).spacing([12.0, 1.0]).show(ui, |ui| {
        for head in ["", "onset", "apex", "offset", "length", "emotion", "units"] {
            ui.label(small(head.into()).color(theme.faint));
        }
        ui.end_row();
        if let Some(event) = &row.machine {
            ui.label(small("model".into()).color(theme.faint));
            for moment in [event.onset, event.apex, event.offset] {
                ui.label(small(format!("{}  {}", moment.time, moment.frame)));
            }
            ui.label(small(format!("{:.0} ms", event.duration_secs() * 1000.0)));
            ui.label(small(emotion_words(event)));
            ui.add(egui::Label::new(small(or_dash(units_text(&event.action_units)))).truncate());
            ui.end_row();
        }
        let Some(rater) = &row.rater else { return };
        let bounds = cx.state.review.bounds(row);
        ui.label(small(rater.clone()).color(theme.faint));
        for edge in Edge::ALL {
            let at = moment_of(&bounds, edge);
            let was = row.machine.as_ref().map(|event| {
                let bounds = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
                moment_of(&bounds, edge)
            });
            let words = small(format!("{}  {}", at.time, at.frame));
            let is_moved = was.is_none_or(|was| was != at);
            ui.label(if is_moved { words.color(theme.accent).strong() } else { words });
        }
        ui.label(small(length_words(row)));
        let label = row.label.map_or("–", Label::name);
        let label_ink = if row.label.is_some() { theme.accent } else { theme.faint };
        ui.label(small(label.into()).color(label_ink));
        let units = units_text(&row.units);
        let is_own = row.machine.as_ref().is_none_or(|e| units_text(&e.action_units) != units);
        let ink = if is_own { theme.accent } else { theme.text };
        ui.add(egui::Label::new(small(or_dash(units)).color(ink)).truncate());
        ui.end_row();
    });
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".into() } else { text }
}

/// Draws the buttons.
pub(super) fn show_decisions(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        ui.spacing_mut().button_padding = vec2(6.0, 2.0);
        ui.spacing_mut().interact_size.y = LINE_PT;
        for (verdict, name) in [
            (Verdict::Confirmed, "✓ Confirm"),
            (Verdict::Rejected, "× Reject"),
            (Verdict::Open, "Reopen"),
        ] {
            cx.button_named(ui, &Command::Review(ReviewCommand::Judge(verdict)), name);
        }
        ui.add_space(4.0);
        for (edge, name) in Edge::ALL.into_iter().zip(["[ Onset", "A Apex", "] Offset"]) {
            cx.button_named(ui, &Command::Review(ReviewCommand::Bound(edge)), name);
        }
        ui.add_space(4.0);
        cx.button_named(ui, &Command::Review(ReviewCommand::Units), "Units…");
        cx.button_named(ui, &Command::Review(ReviewCommand::Write), "Note…");
        if !row.note.is_empty() {
            ui.add(egui::Label::new(&row.note).truncate());
        }
        ui.end_row();
        ui.spacing_mut().button_padding.x = 3.5;
        for (i, label) in Label::ALL.into_iter().enumerate() {
            let name = format!("{} {}", i + 1, label.name());
            cx.button_named(ui, &Command::Review(ReviewCommand::Label(label)), &name);
        }
    });
}
