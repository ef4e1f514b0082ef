//! Everything about one event: its pictures, what moved, what the recogniser makes of it, and in review
//! what the person says of it.

use egui::{RichText, Role, Sense, Ui, vec2};

use crate::app::command::{Command, Tab};
use crate::app::panels::events::{length_words, origin_words};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::review::ReviewPhase;
use crate::app::theme::{SMALL_PT, Theme, kind_title, origin_text, title};
use crate::app::widgets::{
    PanelContext, badge, faint, kind_shape, named, trouble_badge, verdict_shape,
};
use crate::session::annotation::Target;
use crate::session::clip::slow_loop::LoopSpeed;
use crate::session::table::Row;

mod motion;
mod pictures;
mod reading;
mod verdict;

pub use pictures::{CardTextures, difference_image};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Event card", slot: Slot::Card, tabs: PLOTTED, show };

/// Least and greatest height of the plot of motion, points.
const MOTION_PT: (f32, f32) = (40.0, 110.0);

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let Some(row) = cx.state.shown_row() else {
        ui.label(title("Event"));
        faint(ui, no_event_words(cx));
        return;
    };
    show_head(ui, cx, &theme, &row);
    match cx.state.tab {
        Tab::Review => show_reviewed(ui, cx, &theme, &row),
        Tab::Live | Tab::Analyse => show_found(ui, cx, &theme, &row),
    }
}

fn no_event_words(cx: &PanelContext<'_>) -> &'static str {
    match (cx.state.tab, &cx.state.review.phase) {
        (Tab::Review, ReviewPhase::Open) => {
            "Pick an event in the list or with the arrow keys, or add one with E."
        }
        (Tab::Review, _) => {
            "The picked event appears here with its pictures and what the model and you say of it."
        }
        _ => {
            "The newest event appears here with its pictures, what moved, and how sure the reading \
             is. Pick another from the list with a click or with the arrow keys."
        }
    }
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    let in_review = cx.state.tab == Tab::Review;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::empty());
        ui.painter().add(kind_shape(row.kind, rect, theme.kind(row.kind)));
        // People count what they watch from 1; in a table an event keeps its own number.
        let number = match row.target {
            Target::Machine(id) if !in_review => (id + 1).to_string(),
            _ => row.id(),
        };
        ui.label(title(format!("{} {number}", kind_title(row.kind))).heading());
        if in_review {
            let color = theme.verdict(row.verdict);
            let response = ui.scope(|ui| {
                badge(ui, row.verdict.name(), color, |rect| {
                    verdict_shape(row.verdict, rect, color)
                });
            });
            let spoken = format!("Verdict: {}", row.verdict.name());
            named(&response.response, Role::Status, spoken);
        }
        match &row.machine {
            Some(event) => trouble_badge(ui, event.trouble),
            None => {
                let words = RichText::new(origin_words(row)).size(SMALL_PT).color(theme.faint);
                ui.label(words);
            }
        }
        if !in_review {
            let is_picked = cx.state.live.view.picked.is_some();
            let which = if is_picked { "picked" } else { "newest" };
            ui.label(RichText::new(which).small().color(theme.faint));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            show_loop_buttons(ui, cx);
        });
    });
}

fn show_loop_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 3.0;
    ui.spacing_mut().button_padding = vec2(6.0, 2.0);
    for speed in LoopSpeed::ALL.into_iter().rev() {
        let help = format!("Loop at {} of the real speed  [Shift+R for the next]", speed.name());
        cx.button_named(ui, &Command::SetLoopSpeed(speed), speed.name()).on_hover_text(help);
    }
    // In review the loop of the card goes on, and the one of the picture has its button below it.
    if cx.state.tab != Tab::Review {
        let name = if cx.state.live.loops { "Hold loop" } else { "Loop" };
        cx.button_named(ui, &Command::ToggleLoop, name);
    }
}

/// Live: the pictures, and the recogniser's reading below them.
fn show_found(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    let Some(event) = &row.machine else { return };
    let words = format!(
        "{} to {}, {}, {} frames. Score {:.2}, {}.",
        event.onset.time,
        event.offset.time,
        length_words(row),
        event.interval().frames(),
        event.score,
        origin_text(&event.origin),
    );
    ui.label(RichText::new(words).color(theme.faint));
    let high = (ui.available_height() * 0.56).max(40.0);
    match cx.state.live.pictures_of(row) {
        Ok(clip) => pictures::show(ui, cx, row, clip, high),
        Err(words) => drop(ui.label(RichText::new(words).color(theme.faint))),
    }
    ui.add_space(2.0);
    reading::show(ui, theme, event);
}

/// In review: the model's values and the person's, the pictures, the motion, and the decision.
fn show_reviewed(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    verdict::show_values(ui, cx, theme, row);
    let space = ui.available_height() - verdict::HEIGHT_PT;
    // Six pictures of a face in a row, with their captions.
    let wanted = (ui.available_width() - 30.0) / 6.0 * 1.15 + 20.0;
    let high = wanted.min(space - MOTION_PT.0).max(50.0);
    let plot = (space - high - 8.0).clamp(MOTION_PT.0, MOTION_PT.1);
    ui.allocate_ui(vec2(ui.available_width(), high), |ui| {
        match cx.state.review.view.clip(row, 1.0) {
            None => pictures::waiting(ui, "The event’s pictures are on their way…"),
            Some(Err(why)) => pictures::waiting(ui, why),
            Some(Ok(clip)) if clip.frames.is_empty() => {
                pictures::waiting(ui, "No picture lies in the event.");
            }
            Some(Ok(clip)) => {
                let high = (ui.available_height() - pictures::CAPTION_PT).max(40.0);
                pictures::show(ui, cx, row, clip, high);
            }
        }
    });
    motion::show(ui, cx, theme, row, plot);
    verdict::show_decisions(ui, cx, row);
}
