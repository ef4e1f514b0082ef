//! Everything about one event: its pictures, its motion, the recogniser's reading, and in review the person's
//! judgement.

use egui::{Align, Label, Layout, RichText, Role, Sense, Ui, vec2};

use crate::app::command::{Command, Tab};
use crate::app::panels::events::{length_words, origin_words};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::review::ReviewPhase;
use crate::app::theme::{
    SMALL_PT, Theme, kind_title, number_words, origin_text, title, verdict_word,
};
use crate::app::widgets::{
    PanelContext, badge, faint, kind_shape, named, trouble_badge, verdict_shape,
};
use crate::session::clip::slow_loop::LoopSpeed;
use crate::session::table::Row;

mod motion;
mod pictures;
mod reading;
mod stored;
mod verdict;

pub use pictures::{CardTextures, difference_image};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Event card", slot: Slot::Card, tabs: PLOTTED, show };

/// Least and greatest height of the plot of motion, points.
const MOTION_PT: (f32, f32) = (40.0, 110.0);

/// Room for a word, points.
const WORD_PT: f32 = 60.0;

/// Least height of the row of pictures with its captions, points.
const LEAST_PICTURES_PT: f32 = 56.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let Some(row) = cx.state.shown_row() else {
        ui.label(title("Event"));
        faint(ui, no_event_words(cx));
        if cx.state.tab == Tab::Review && cx.state.review.phase != ReviewPhase::Open {
            stored::show(ui, cx);
        }
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
            "The picked event appears here with its pictures and what the model and you say about it."
        }
        _ => {
            "The newest event appears here with its pictures, what moved, and how sure the reading \
             is. Pick another from the list with a click or with the arrow keys."
        }
    }
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    ui.horizontal(|ui| {
        // First the buttons; the text gets the room that is left.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            show_loop_buttons(ui, cx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                show_title(ui, cx, theme, row);
            });
        });
    });
}

fn show_title(ui: &mut Ui, cx: &PanelContext<'_>, theme: &Theme, row: &Row) {
    let in_review = cx.state.tab == Tab::Review;
    let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::empty());
    ui.painter().add(kind_shape(row.kind, rect, theme.kind(row.kind)));
    let words = title(format!("{} {}", kind_title(row.kind), number_words(row.target))).heading();
    ui.add(Label::new(words).truncate());
    if in_review {
        let (color, word) = (theme.verdict(row.verdict), verdict_word(row.verdict));
        let response = ui.scope(|ui| {
            badge(ui, word, color, |rect| verdict_shape(row.verdict, rect, color));
        });
        named(&response.response, Role::Status, format!("Verdict: {word}"));
        show_trust(ui, theme, row, ui.available_width());
    } else if ui.available_width() > WORD_PT {
        let is_picked = cx.state.live.view.picked.is_some();
        let which = if is_picked { "picked" } else { "newest" };
        ui.label(RichText::new(which).small().color(theme.faint));
    }
}

/// How far the event can be trusted, or where it comes from, in at most `most` points.
fn show_trust(ui: &mut Ui, theme: &Theme, row: &Row, most: f32) {
    if most < WORD_PT {
        return;
    }
    ui.scope(|ui| {
        ui.set_max_width(most);
        match &row.machine {
            Some(event) => trouble_badge(ui, event.trouble),
            None => {
                let words = RichText::new(origin_words(row)).size(SMALL_PT).color(theme.faint);
                ui.add(Label::new(words).truncate());
            }
        }
    });
}

fn show_loop_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 3.0;
    ui.spacing_mut().button_padding = vec2(6.0, 2.0);
    for speed in LoopSpeed::ALL.into_iter().rev() {
        let help = format!("Loop at {} of the real speed  [Shift+R for the next]", speed.name());
        cx.button_named(ui, &Command::SetLoopSpeed(speed), speed.name()).on_hover_text(help);
    }
    // In review, the loop on the card never stops, and the loop of the picture has its button below it.
    if cx.state.tab != Tab::Review {
        let name = if cx.state.live.loops { "Stop loop" } else { "Loop" };
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
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 18.0;
        show_trust(ui, theme, row, ui.available_width() * 0.5);
        let line = Label::new(RichText::new(&words).color(theme.faint)).truncate();
        ui.add(line).on_hover_text(words);
    });
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
    let space = ui.available_height() - cx.cache.card.decisions_pt.unwrap_or(verdict::HEIGHT_PT);
    let hides = cx.state.hides_the_model();
    // In a low window, pictures are more important than the plot.
    let has_plot = space > LEAST_PICTURES_PT + MOTION_PT.0;
    // Six pictures of a face in a row, with their captions.
    let wanted = (ui.available_width() - 30.0) / 6.0 * 1.15 + 20.0;
    let high = wanted.min(space - if has_plot { MOTION_PT.0 } else { 0.0 } - 8.0);
    let high = high.max(LEAST_PICTURES_PT - 16.0);
    let plot = (space - high - 16.0).clamp(MOTION_PT.0 - 8.0, MOTION_PT.1);
    // In a window that is even lower, only the picture beside the card is shown.
    if space > LEAST_PICTURES_PT + 16.0 {
        show_pictures(ui, cx, row, high);
    }
    if hides {
        let words = "You work blind: how the face moves is hidden.";
        ui.add(Label::new(RichText::new(words).color(theme.faint)).truncate());
    } else if has_plot {
        motion::show(ui, cx, theme, row, plot);
    }
    let decisions = ui.scope(|ui| verdict::show_decisions(ui, cx, row)).response.rect.height();
    cx.cache.card.decisions_pt = Some(decisions + 8.0);
}

/// The pictures of the event under review, in a row of this height, points.
fn show_pictures(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row, high: f32) {
    ui.allocate_ui(vec2(ui.available_width(), high), |ui| {
        match cx.state.review.view.clip(row, 1.0) {
            None => pictures::waiting(ui, "The event’s pictures are on their way…"),
            Some(Err(why)) => pictures::waiting(ui, why),
            Some(Ok(clip)) if clip.frames.is_empty() => {
                pictures::waiting(ui, "No picture lies in the event.");
            }
            Some(Ok(clip)) => {
                let high = (ui.available_height() - pictures::CAPTION_PT).max(16.0);
                pictures::show(ui, cx, row, clip, high);
            }
        }
    });
}
