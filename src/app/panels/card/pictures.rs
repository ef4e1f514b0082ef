//! The pictures of an event: onset, apex with the moving regions, offset, the difference, the slow loop, and
//! in review the loop with enlarged movement.

use egui::{
    ColorImage, FontId, Rect, RichText, Role, Sense, TextureId, TextureOptions, Ui, Vec2, vec2,
};

use crate::app::command::{Command, Tab};
use crate::app::overlay::fit_inside;
use crate::app::review::MAGNIFICATION;
use crate::app::review::command::ReviewCommand;
use crate::app::textures::{Texture, show_image};
use crate::app::theme::{Theme, title};
use crate::app::view::movement;
use crate::app::view::region_motion::Motions;
use crate::app::widgets::{PanelContext, named};
use crate::session::annotation::{Bounds, Target};
use crate::session::clip::EventClip;
use crate::session::clip::difference::Difference;
use crate::session::table::Row;

/// How many times a loop is shown before it rests.
const ROUNDS: f64 = 3.0;

/// Height of a caption below a picture, points.
pub(super) const CAPTION_PT: f32 = 18.0;

/// The textures of the card.
#[derive(Default)]
pub struct CardTextures {
    stills: [Texture; 3],
    difference: Texture,
    difference_scale: Option<f32>,
    looped: Texture,
    magnified: Texture,
    /// The looped event, and when its loop began, seconds of the window's clock.
    loop_began: Option<(Target, f64)>,
    /// Height of the buttons when they were last drawn, points.
    pub(super) decisions_pt: Option<f32>,
    pub(super) motions: Option<(u64, Motions)>,
}

/// Draws the pictures in a row, none higher than `highest` points.
pub(super) fn show(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    row: &Row,
    clip: &EventClip,
    highest: f32,
) {
    let in_review = cx.state.tab == Tab::Review;
    let (count, gap) = (if in_review { 6.0 } else { 5.0 }, 6.0);
    let (wide, high) = clip.size_px();
    let shape = wide as f32 / high.max(1) as f32;
    let width = ((ui.available_width() - (count - 1.0) * gap) / count).max(30.0);
    let height = (width / shape).min(highest);
    let side = vec2(height * shape, height);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let stills = [("onset", clip.onset), ("apex", clip.apex), ("offset", clip.offset)];
        for (i, (name, index)) in stills.into_iter().enumerate() {
            let Some((seq, _, image)) = clip.frames.get(index) else { continue };
            let version = version(cx.state.tab, row, 1.0, index);
            let texture = cx.cache.card.stills[i].show(ui.ctx(), version, image);
            let rect = cell(ui, side, name, &seq.to_string(), Some(texture), clip.size_px());
            if name == "apex" && !cx.state.hides_the_model() {
                show_moving(ui, cx, row, clip, rect);
            }
        }
        show_difference(ui, cx, row, clip, side);
        show_loop(ui, cx, row, clip, side);
        if in_review {
            show_magnified(ui, cx, row, side);
        }
    });
}

/// The bounds to draw: in review, those that are being dragged.
fn bounds_of(cx: &PanelContext<'_>, row: &Row) -> Bounds {
    if cx.state.tab == Tab::Review { cx.state.review.bounds(row) } else { row.bounds }
}

/// The moving regions, drawn on the apex.
fn show_moving(ui: &Ui, cx: &PanelContext<'_>, row: &Row, clip: &EventClip, rect: Rect) {
    let bounds = bounds_of(cx, row);
    let moving = movement::moving(&cx.state.view().session, bounds.onset, bounds.apex);
    movement::draw(ui, rect, clip, moving.as_deref().unwrap_or_default());
    let response = ui.interact(rect, ui.scope_id().with("moving"), Sense::hover());
    let words = movement::words(moving.as_deref());
    named(&response, Role::Label, &*words);
    response.on_hover_text(words);
}

/// A text in place of the pictures.
pub(super) fn waiting(ui: &mut Ui, words: &str) {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let theme = Theme::of(ui);
    ui.painter().rect_filled(rect, 4.0, theme.raised);
    let font = FontId::proportional(13.0);
    let galley = ui.painter().layout(words.into(), font, theme.faint, rect.width() - 20.0);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, theme.faint);
    named(&response, Role::Label, words);
}

/// A number that differs for every picture of every event with these bounds in every tab.
pub(super) fn version(tab: Tab, row: &Row, magnification: f32, index: usize) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    let bounds = [row.bounds.onset, row.bounds.apex, row.bounds.offset].map(|m| m.frame);
    (tab as u8, row.target, bounds, magnification.to_bits(), index).hash(&mut hasher);
    hasher.finish()
}

/// One picture with its caption. Returns the rectangle of the picture.
fn cell(
    ui: &mut Ui,
    side: Vec2,
    name: &str,
    caption: &str,
    texture: Option<TextureId>,
    size_px: (usize, usize),
) -> Rect {
    let theme = Theme::of(ui);
    ui.vertical(|ui| {
        ui.set_width(side.x);
        ui.spacing_mut().item_spacing.y = 1.0;
        let (area, response) = ui.allocate_exact_size(side, Sense::hover());
        ui.painter().rect_filled(area, 4.0, theme.raised);
        let rect = fit_inside(area, size_px);
        if let Some(texture) = texture {
            show_image(ui.painter(), texture, rect);
        }
        named(&response, Role::Image, format!("Event picture: {name}"));
        ui.spacing_mut().interact_size.y = 15.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            ui.add(egui::Label::new(title(name).small()).truncate());
            let caption = RichText::new(caption).small().color(theme.faint);
            ui.add(egui::Label::new(caption).truncate());
        });
        rect
    })
    .inner
}

/// The difference between onset and apex, with the grey levels of full colour.
fn show_difference(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    row: &Row,
    clip: &EventClip,
    side: Vec2,
) {
    let theme = Theme::of(ui);
    let version = version(cx.state.tab, row, 0.0, usize::from(theme == Theme::DARK));
    let textures = &mut cx.cache.card;
    let mut found = None;
    let texture = textures.difference.fill(ui.ctx(), version, TextureOptions::LINEAR, || {
        let difference = clip.difference();
        found = Some(difference.as_ref().map(|difference| difference.scale));
        match difference {
            Some(difference) => difference_image(&theme, &difference),
            None => ColorImage::filled([1, 1], theme.surface),
        }
    });
    if let Some(scale) = found {
        textures.difference_scale = scale;
    }
    let caption = textures.difference_scale.map(|scale| format!("±{scale:.0}"));
    let caption = caption.unwrap_or_else(|| "none".into());
    let rect = cell(ui, side, "change", &caption, Some(texture), clip.size_px());
    ui.interact(rect, ui.scope_id().with("difference"), Sense::hover()).on_hover_text(
        "Orange became brighter, blue became darker, from onset to apex; full colour at the number of \
         grey levels below, which fits this event.",
    );
}

/// A difference as a picture in the colours of the window.
pub fn difference_image(theme: &Theme, difference: &Difference) -> ColorImage {
    let pixels = difference.shares().map(|share| theme.diverging(share)).collect();
    ColorImage::new([difference.width, difference.height], pixels)
}

fn show_loop(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row, clip: &EventClip, side: Vec2) {
    let live = &cx.state.live;
    let (index, name) = match cx.state.tab {
        Tab::Review => (looped_frame(ui, cx, row, clip), "loop"),
        _ => match live.view.cursor.and_then(|cursor| clip.frame_at(cursor)) {
            Some(index) => (Some(index), "at the cursor"),
            None if live.loops => (looped_frame(ui, cx, row, clip), "slow loop"),
            None => (Some(clip.apex), "slow loop"),
        },
    };
    let Some((index, (seq, _, image))) = index.and_then(|i| Some((i, clip.frames.get(i)?))) else {
        return;
    };
    let version = version(cx.state.tab, row, 1.0, index);
    let texture = cx.cache.card.looped.show(ui.ctx(), version, image);
    cell(ui, side, name, &seq.to_string(), Some(texture), clip.size_px());
}

/// The frame of the clip that the loop shows now. The plain and the magnified loop run together. If nothing
/// else in the window moves, the loop rests at the apex after some rounds, and goes on when the pointer is
/// over it.
fn looped_frame(ui: &Ui, cx: &mut PanelContext<'_>, row: &Row, clip: &EventClip) -> Option<usize> {
    let now = ui.input(|i| i.time);
    let speed = cx.state.settings.loop_speed.factor();
    let rounds_secs = ROUNDS * clip.round_secs(speed);
    let is_over = |began: f64| now - began >= rounds_secs;
    let (moves, is_hovered) = (cx.state.moves(), ui.rect_contains_pointer(ui.max_rect()));
    let began = match cx.cache.card.loop_began {
        Some((target, began)) if target == row.target => began,
        _ => now,
    };
    let began = if is_over(began) && (moves || is_hovered) { now } else { began };
    cx.cache.card.loop_began = Some((row.target, began));
    if is_over(began) {
        return Some(clip.apex);
    }
    let (index, next_secs) = clip.looped_frame(speed, now - began)?;
    if !moves {
        ui.ctx().request_repaint_after_secs(next_secs as f32);
    }
    Some(index)
}

fn show_magnified(ui: &mut Ui, cx: &mut PanelContext<'_>, row: &Row, side: Vec2) {
    let factor = cx.state.review.magnification;
    let clip = cx.state.review.view.clip(row, factor);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let mut texture: Option<TextureId> = None;
        let (mut size_px, mut words) = ((1, 1), "on its way");
        match clip {
            Some(Ok(clip)) => {
                size_px = clip.size_px();
                if let Some(index) = looped_frame(ui, cx, row, clip)
                    && let Some((_, _, image)) = clip.frames.get(index)
                {
                    let version = version(cx.state.tab, row, factor, index);
                    texture = Some(cx.cache.card.magnified.show(ui.ctx(), version, image));
                    words = "";
                }
            }
            Some(Err(_)) => words = "none",
            None => {}
        }
        let rect = cell(ui, side, "magnified", words, texture, size_px);
        if let Some(Err(why)) = clip {
            ui.interact(rect, ui.scope_id().with("magnified"), Sense::hover()).on_hover_text(why);
        }
        let mut chosen = factor;
        let drag = egui::DragValue::new(&mut chosen).range(MAGNIFICATION).prefix("× ");
        let response = ui.put(
            Rect::from_min_size(
                rect.left_top() + vec2(2.0, 2.0),
                vec2(44.0, 18.0).min(side - vec2(4.0, 2.0)),
            ),
            drag.speed(0.1).max_decimals(0),
        );
        let response = response.accessible_name("Magnification");
        if response.on_hover_text("How much movement is enlarged; drag or type").changed() {
            cx.send(Command::Review(ReviewCommand::SetMagnification(chosen)));
        }
    });
}
