//! Everything about the picked event: what the model says beside what the person says, its pictures,
//! how the face moved, and the decision.

use egui::vec2;
use egui::{ColorImage, FontId, Grid, Rect, RichText, Role, Sense, TextureId, TextureOptions, Ui};

use super::command::{Edge, ReviewCommand};
use super::edit::moment_of;
use super::list::{length_words, origin_words};
use super::{MAGNIFICATION, ReviewPhase, motion};
use crate::app::command::Command;
use crate::app::panels::card::{cell, difference_cell, difference_image};
use crate::app::panels::events::emotion_words;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::textures::Texture;
use crate::app::theme::{SMALL_PT, Theme, kind_title, title};
use crate::app::view::movement;
use crate::app::view::region_motion::Motions;
use crate::app::widgets::{
    PanelContext, badge, faint, kind_shape, named, trouble_badge, verdict_shape,
};
use crate::measure::event::units_text;
use crate::session::annotation::{Bounds, Label, Target, Verdict};
use crate::session::clip::EventClip;
use crate::session::table::Row;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Event under review", slot: Slot::Card, tabs: REVIEW, show };

/// Height of one line of decisions, points, and how many there are: with a note in view, three.
const DECISION_PT: f32 = 23.0;
const DECISION_LINES: f32 = 3.0;

/// Least and greatest height of the plot of motion, points.
const MOTION_PT: (f32, f32) = (40.0, 110.0);

/// The textures of the card.
#[derive(Default)]
pub struct Textures {
    stills: [Texture; 3],
    difference: Texture,
    scale: Option<f32>,
    looped: Texture,
    magnified: Texture,
    /// The looped event, and when its loop began, seconds of the window's clock.
    began: Option<(Target, f64)>,
    pub(super) motions: Option<(u64, Motions)>,
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let Some(row) = review.picked_row().cloned() else {
        ui.label(title("Event"));
        faint(ui, no_event_words(&review.phase));
        return;
    };
    show_head(ui, cx, &theme, &row);
    show_values(ui, cx, &theme, &row);
    let decisions = (DECISION_PT + 4.0) * DECISION_LINES + 8.0;
    let space = ui.available_height() - decisions;
    // Six pictures of a face in a row, with their captions.
    let wanted = (ui.available_width() - 30.0) / 6.0 * 1.15 + 20.0;
    let pictures = wanted.min(space - MOTION_PT.0).max(50.0);
    let plot = (space - pictures - 8.0).clamp(MOTION_PT.0, MOTION_PT.1);
    ui.allocate_ui(vec2(ui.available_width(), pictures), |ui| show_pictures(ui, cx, &theme, &row));
    motion::show(ui, cx, &theme, &row, plot);
    show_decisions(ui, cx, &row);
}

fn no_event_words(phase: &ReviewPhase) -> &'static str {
    match phase {
        ReviewPhase::Open => "Pick an event in the list or with the arrow keys, or add one with E.",
        _ => {
            "The picked event appears here with its pictures and what the model and you say of it."
        }
    }
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::empty());
        ui.painter().add(kind_shape(row.kind, rect, theme.kind(row.kind)));
        ui.label(title(format!("{} {}", kind_title(row.kind), row.id())).heading());
        let color = theme.verdict(row.verdict);
        let response = ui.scope(|ui| {
            badge(ui, row.verdict.name(), color, |rect| verdict_shape(row.verdict, rect, color));
        });
        named(&response.response, Role::Status, format!("Verdict: {}", row.verdict.name()));
        if let Some(event) = &row.machine {
            trouble_badge(ui, event.trouble);
        } else {
            ui.label(RichText::new(origin_words(row)).size(SMALL_PT).color(theme.faint));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            ui.spacing_mut().button_padding = vec2(6.0, 2.0);
            for speed in crate::session::clip::slow_loop::LoopSpeed::ALL.into_iter().rev() {
                cx.button_named(ui, &Command::SetLoopSpeed(speed), speed.name());
            }
        });
    });
}

/// The model's values over the person's; what differs stands out.
fn show_values(ui: &mut Ui, cx: &PanelContext<'_>, theme: &Theme, row: &Row) {
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

fn show_pictures(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row) {
    let state = cx.state;
    let clip = match state.review.clip(1.0) {
        None => return waiting(ui, "The event’s pictures are on their way…"),
        Some(Err(why)) => return waiting(ui, why),
        Some(Ok(clip)) if clip.frames.is_empty() => {
            return waiting(ui, "No picture lies in the event.");
        }
        Some(Ok(clip)) => clip.clone(),
    };
    let (wide, high) = clip.size_px();
    let (gap, caption) = (6.0, 18.0);
    let shape = wide as f32 / high.max(1) as f32;
    let width = ((ui.available_width() - 5.0 * gap) / 6.0).max(30.0);
    let height = (width / shape).min((ui.available_height() - caption).max(40.0));
    let side = vec2(height * shape, height);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (i, (edge, index)) in
            Edge::ALL.into_iter().zip([clip.onset, clip.apex, clip.offset]).enumerate()
        {
            let Some((seq, _, image)) = clip.frames.get(index) else { continue };
            let version = version(row, 1.0, index);
            let texture = cx.cache.review_card.stills[i].show(ui.ctx(), version, image);
            let rect = cell(ui, side, edge.name(), &seq.to_string(), Some(texture), (wide, high));
            if edge == Edge::Apex {
                show_moving(ui, cx, row, &clip, rect);
            }
        }
        show_difference(ui, cx, theme, row, &clip, side);
        show_loop(ui, cx, row, &clip, side);
        show_magnified(ui, cx, row, side);
    });
}

/// The moving regions, drawn on the apex as the rater's bounds have it.
fn show_moving(ui: &Ui, cx: &PanelContext<'_>, row: &Row, clip: &EventClip, rect: Rect) {
    let review = &cx.state.review;
    let bounds = review.bounds(row);
    let moving = movement::moving(&review.session, bounds.onset, bounds.apex);
    movement::draw(ui, rect, clip, moving.as_deref().unwrap_or_default());
    let response = ui.interact(rect, ui.scope_id().with("moving"), Sense::hover());
    let words = movement::words(moving.as_deref());
    named(&response, Role::Label, &*words);
    response.on_hover_text(words);
}

fn waiting(ui: &mut Ui, words: &str) {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let theme = Theme::of(ui);
    ui.painter().rect_filled(rect, 4.0, theme.raised);
    let font = FontId::proportional(13.0);
    let galley = ui.painter().layout(words.into(), font, theme.faint, rect.width() - 20.0);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, theme.faint);
    named(&response, Role::Label, words);
}

/// Tells one picture of one event with these bounds from any other.
pub(super) fn version(row: &Row, magnification: f32, index: usize) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    let bounds = [row.bounds.onset, row.bounds.apex, row.bounds.offset].map(|m| m.frame);
    (row.target, bounds, magnification.to_bits(), index).hash(&mut hasher);
    hasher.finish()
}

fn show_difference(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    theme: &Theme,
    row: &Row,
    clip: &EventClip,
    side: egui::Vec2,
) {
    let textures = &mut cx.cache.review_card;
    let version = version(row, 0.0, usize::from(*theme == Theme::DARK));
    let mut found = None;
    let texture = textures.difference.fill(ui.ctx(), version, TextureOptions::LINEAR, || {
        found = Some(clip.difference());
        match found.as_ref().and_then(Option::as_ref) {
            Some(difference) => difference_image(theme, difference),
            None => ColorImage::filled([1, 1], theme.surface),
        }
    });
    if let Some(found) = found {
        textures.scale = found.map(|difference| difference.scale);
    }
    difference_cell(ui, side, textures.scale, texture, clip.size_px());
}

fn show_loop(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    row: &Row,
    clip: &EventClip,
    side: egui::Vec2,
) {
    if let Some(index) = looped_frame(ui, cx, row, clip)
        && let Some((seq, _, image)) = clip.frames.get(index)
    {
        let texture = cx.cache.review_card.looped.show(ui.ctx(), version(row, 1.0, index), image);
        cell(ui, side, "loop", &seq.to_string(), Some(texture), clip.size_px());
    }
}

/// The frame of the clip that the loop shows now. The plain and the magnified loop go together.
fn looped_frame(ui: &Ui, cx: &mut PanelContext<'_>, row: &Row, clip: &EventClip) -> Option<usize> {
    let now = ui.input(|i| i.time);
    let began = match cx.cache.review_card.began {
        Some((target, began)) if target == row.target => began,
        _ => now,
    };
    cx.cache.review_card.began = Some((row.target, began));
    let speed = cx.state.settings.loop_speed;
    let (index, next_secs) = clip.looped_frame(speed.factor(), now - began)?;
    ui.ctx().request_repaint_after_secs(next_secs as f32);
    Some(index)
}

fn show_magnified(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row, side: egui::Vec2) {
    let factor = cx.state.review.magnification;
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let state = cx.state;
        let mut texture: Option<TextureId> = None;
        let mut size = (1, 1);
        let mut words = "on its way";
        match state.review.clip(factor) {
            Some(Ok(clip)) => {
                size = clip.size_px();
                if let Some(index) = looped_frame(ui, cx, row, clip)
                    && let Some((_, _, image)) = clip.frames.get(index)
                {
                    let version = version(row, factor, index);
                    texture = Some(cx.cache.review_card.magnified.show(ui.ctx(), version, image));
                    words = "";
                }
            }
            Some(Err(_)) => words = "not to be had",
            None => {}
        }
        let rect = cell(ui, side, "magnified", words, texture, size);
        if let Some(Err(why)) = state.review.clip(factor) {
            ui.interact(rect, ui.scope_id().with("magnified"), Sense::hover()).on_hover_text(why);
        }
        let mut chosen = factor;
        let drag = egui::DragValue::new(&mut chosen).range(MAGNIFICATION).prefix("× ");
        let response = ui.put(
            Rect::from_min_size(rect.left_top() + vec2(3.0, 3.0), vec2(44.0, 18.0)),
            drag.speed(0.1).max_decimals(0),
        );
        let response = response.accessible_name("Magnification");
        if response.on_hover_text("How much movement is enlarged; drag or type").changed() {
            cx.send(Command::Review(ReviewCommand::SetMagnification(chosen)));
        }
    });
}

fn show_decisions(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        ui.spacing_mut().button_padding = vec2(6.0, 2.0);
        ui.spacing_mut().interact_size.y = DECISION_PT;
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
