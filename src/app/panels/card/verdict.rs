//! The model's values above the person's, and the buttons for the person's decisions.

use egui::{Grid, RichText, Ui, vec2};

use crate::app::command::Command;
use crate::app::panels::events::{emotion_words, length_words};
use crate::app::review::bounds::moment_of;
use crate::app::review::command::{Edge, ReviewCommand};
use crate::app::theme::{SMALL_PT, Theme};
use crate::app::widgets::{PanelContext, shortened};
use crate::measure::event::{Moment, units_text};
use crate::session::annotation::{Bounds, Label, Verdict};
use crate::session::table::Row;

/// Height of one line of buttons, points; and the number of lines: three if the note is shown.
const LINE_PT: f32 = 23.0;
const LINES: f32 = 3.0;

/// Least width of a card that shows frames beside times, points.
const WIDE_PT: f32 = 600.0;

/// Least width of a card that shows the length of an event, points.
const LENGTH_PT: f32 = 460.0;

/// Below this width the buttons are closer together, points.
const DECISIONS_PT: f32 = 560.0;

/// Least width for a note, points.
const NOTE_PT: f32 = 90.0;

/// Height of the buttons until they have been drawn, points.
pub(super) const HEIGHT_PT: f32 = (LINE_PT + 4.0) * LINES + 8.0;

/// The model's values above the person's; differences stand out.
pub(super) fn show_values(ui: &mut Ui, cx: &PanelContext<'_>, theme: &Theme, row: &Row) {
    let small = |words: String| RichText::new(words).size(SMALL_PT);
    // A narrow card has room for times only.
    let is_wide = ui.available_width() > WIDE_PT;
    let moment_words = |at: Moment| match is_wide {
        true => format!("{}  {}", at.time, at.frame),
        false => at.time.to_string(),
    };
    let has_length = ui.available_width() > LENGTH_PT;
    let gap = if has_length { 12.0 } else { 7.0 };
    let grid = Grid::new("values").min_row_height(16.0).spacing([gap, 1.0]);
    grid.show(ui, |ui| {
        for head in ["", "onset", "apex", "offset", "length", "emotion", "units"] {
            if head != "length" || has_length {
                ui.label(small(head.into()).color(theme.faint));
            }
        }
        ui.end_row();
        if let Some(event) = &row.machine {
            ui.label(small("model".into()).color(theme.faint));
            for moment in [event.onset, event.apex, event.offset] {
                ui.label(small(moment_words(moment)));
            }
            if has_length {
                ui.label(small(format!("{:.0} ms", event.duration_secs() * 1000.0)));
            }
            ui.label(small(emotion_words(event)));
            ui.add(egui::Label::new(small(or_dash(units_text(&event.action_units)))).truncate());
            ui.end_row();
        }
        let Some(rater) = &row.rater else { return };
        let bounds = cx.state.review.bounds(row);
        let name = small(shortened(rater, if has_length { 12 } else { 7 })).color(theme.faint);
        ui.label(name).on_hover_text(rater);
        for edge in Edge::ALL {
            let at = moment_of(&bounds, edge);
            let was = row.machine.as_ref().map(|event| {
                let bounds = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
                moment_of(&bounds, edge)
            });
            let words = small(moment_words(at));
            let is_moved = was.is_none_or(|was| was != at);
            ui.label(if is_moved { words.color(theme.accent).strong() } else { words });
        }
        if has_length {
            ui.label(small(length_words(row)));
        }
        let label = row.label.map_or("–", Label::name);
        let label_ink = if row.label.is_some() { theme.accent } else { theme.faint };
        let label = match row.confidence {
            Some(confidence) => format!("{label} ({})", confidence.name()),
            None => label.into(),
        };
        ui.label(small(label).color(label_ink));
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
    let is_narrow = ui.available_width() < DECISIONS_PT;
    ui.horizontal_wrapped(|ui| {
        let (gap, padding) = if is_narrow { (3.0, 4.0) } else { (4.0, 6.0) };
        ui.spacing_mut().item_spacing = vec2(gap, gap);
        ui.spacing_mut().button_padding = vec2(padding, 2.0);
        ui.spacing_mut().interact_size.y = if is_narrow { LINE_PT - 3.0 } else { LINE_PT };
        for (verdict, name) in [
            (Verdict::Confirmed, "✓ Confirm"),
            (Verdict::Rejected, "× Reject"),
            (Verdict::Open, "Not judged"),
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
        if !row.note.is_empty() && ui.available_width() > NOTE_PT {
            ui.add(egui::Label::new(&row.note).truncate()).on_hover_text(&row.note);
        }
        if !is_narrow {
            ui.end_row();
        }
        ui.spacing_mut().button_padding.x = 3.5;
        for (i, label) in Label::ALL.into_iter().enumerate() {
            let name = format!("{} {}", i + 1, label.name());
            cx.button_named(ui, &Command::Review(ReviewCommand::Label(label)), &name);
        }
    });
}
