//! Everything about one event: its pictures, what moved, and what the recogniser makes of it.

use egui::{ColorImage, Rect, RichText, Role, Sense, TextureId, TextureOptions, Ui, Vec2, vec2};

use crate::app::command::Command;
use crate::app::overlay::fit_inside;
use crate::app::panels::events::{duration_words, emotion_words};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::LIVE;
use crate::app::textures::{Texture, show_image};
use crate::app::theme::{Theme, emotion_word, kind_title, origin_text, title};
use crate::app::view::movement;
use crate::app::widgets::{PanelContext, kind_shape, named, share_bar, trouble_badge};
use crate::measure::event::{Emotion, Event};
use crate::session::clip::EventClip;
use crate::session::clip::difference::Difference;
use crate::session::clip::slow_loop::LoopSpeed;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Event card", slot: Slot::Card, tabs: LIVE, show };

/// The textures of the card.
#[derive(Default)]
pub struct CardTextures {
    stills: [Texture; 3],
    difference: Texture,
    difference_scale: Option<(u64, f32)>,
    looped: Texture,
    /// The looped event, and when its loop began, seconds of the window's clock.
    loop_began: Option<(u64, f64)>,
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let state = cx.state;
    let Some(event) = state.shown_event() else {
        show_none(ui, &theme);
        return;
    };
    show_head(ui, cx, &theme, event);
    match state.event_pictures(event.id) {
        Ok(clip) => show_pictures(ui, cx, &theme, event, clip),
        Err(words) => drop(ui.label(RichText::new(words).color(theme.faint))),
    }
    ui.add_space(2.0);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.columns(2, |columns| {
            show_units(&mut columns[0], &theme, event);
            show_emotion(&mut columns[1], &theme, event);
        });
    });
}

fn show_none(ui: &mut Ui, theme: &Theme) {
    ui.label(title("Event"));
    ui.add_space(12.0);
    ui.label(
        RichText::new(
            "The newest event appears here with its pictures, what moved, and how sure the reading \
             is. Pick another from the list with a click or with the arrow keys.",
        )
        .color(theme.faint),
    );
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, event: &Event) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::empty());
        ui.painter().add(kind_shape(event.kind, rect, theme.kind(event.kind)));
        ui.label(title(format!("{} {}", kind_title(event.kind), event.id + 1)).heading());
        trouble_badge(ui, event.trouble);
        let is_newest = cx.state.picked_event.is_none();
        let which = if is_newest { "newest" } else { "picked" };
        ui.label(RichText::new(which).small().color(theme.faint));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            show_loop_buttons(ui, cx);
        });
    });
    let frames = event.interval().frames();
    let words = format!(
        "{} to {}, {}, {frames} frames. Score {:.2}, {}.",
        event.onset.time,
        event.offset.time,
        duration_words(event),
        event.score,
        origin_text(&event.origin),
    );
    ui.label(RichText::new(words).color(theme.faint));
}

fn show_loop_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 3.0;
    ui.spacing_mut().button_padding = vec2(6.0, 2.0);
    for speed in LoopSpeed::ALL.into_iter().rev() {
        let help = format!("Loop at {} of the real speed  [Shift+R for the next]", speed.name());
        cx.button_named(ui, &Command::SetLoopSpeed(speed), speed.name()).on_hover_text(help);
    }
    let name = if cx.state.loops { "Hold loop" } else { "Loop" };
    cx.button_named(ui, &Command::ToggleLoop, name);
}

fn show_pictures(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    theme: &Theme,
    event: &Event,
    clip: &EventClip,
) {
    let gap = 6.0;
    let (wide, high) = clip.size_px();
    let shape = wide as f32 / high.max(1) as f32;
    let width = ((ui.available_width() - 4.0 * gap) / 5.0).max(30.0);
    let height = (width / shape).min((ui.available_height() * 0.56).max(40.0));
    let side = vec2(height * shape, height);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let stills = [("onset", clip.onset), ("apex", clip.apex), ("offset", clip.offset)];
        for (i, (name, index)) in stills.into_iter().enumerate() {
            let Some((seq, _, image)) = clip.frames.get(index) else { continue };
            let version = version_of(event.id, index);
            let texture = cx.cache.card.stills[i].show(ui.ctx(), version, image);
            let rect = cell(ui, side, name, &seq.to_string(), Some(texture), clip.size_px());
            if name == "apex" {
                let moving = movement::moving(&cx.state.session, event.onset, event.apex);
                movement::draw(ui, rect, clip, moving.as_deref().unwrap_or_default());
            }
        }
        show_difference(ui, cx, theme, event, clip, side);
        show_loop(ui, cx, event, clip, side);
    });
}

fn version_of(event: u64, index: usize) -> u64 {
    // Clips have far fewer than 65,536 frames.
    (event << 16) | index as u64
}

/// One picture over its caption; gives the rectangle of the picture.
pub(in crate::app) fn cell(
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
            ui.label(title(name).small());
            let caption = RichText::new(caption).small().color(theme.faint);
            ui.add(egui::Label::new(caption).truncate());
        });
        rect
    })
    .inner
}

fn show_difference(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    theme: &Theme,
    event: &Event,
    clip: &EventClip,
    side: Vec2,
) {
    let textures = &mut cx.cache.card;
    let look = u64::from(*theme == Theme::DARK);
    let version = version_of(event.id, 2 + look as usize);
    let mut scale = textures.difference_scale.filter(|(v, _)| *v == version).map(|(_, s)| s);
    let texture = textures.difference.fill(ui.ctx(), version, TextureOptions::LINEAR, || {
        let found = clip.difference();
        scale = found.as_ref().map(|d| d.scale);
        found.map_or(ColorImage::filled([1, 1], theme.surface), |d| difference_image(theme, &d))
    });
    textures.difference_scale = scale.map(|s| (version, s));
    difference_cell(ui, side, scale, texture, clip.size_px());
}

/// What became brighter and darker from onset to apex, with the grey levels that full colour stands for.
pub(in crate::app) fn difference_cell(
    ui: &mut Ui,
    side: Vec2,
    scale: Option<f32>,
    texture: TextureId,
    size_px: (usize, usize),
) {
    let caption = scale.map_or("none".to_owned(), |scale| format!("±{scale:.0}"));
    let rect = cell(ui, side, "change", &caption, Some(texture), size_px);
    ui.interact(rect, ui.scope_id().with("difference"), Sense::hover()).on_hover_text(
        "Orange became brighter, blue became darker, from onset to apex; full colour at the number of \
         grey levels below, which fits this event.",
    );
}

pub(in crate::app) fn difference_image(theme: &Theme, difference: &Difference) -> ColorImage {
    let pixels = difference.shares().map(|share| theme.diverging(share)).collect();
    ColorImage::new([difference.width, difference.height], pixels)
}

fn show_loop(ui: &mut Ui, cx: &mut PanelContext<'_>, event: &Event, clip: &EventClip, side: Vec2) {
    let state = cx.state;
    let now = ui.input(|i| i.time);
    let began = match cx.cache.card.loop_began {
        Some((id, began)) if id == event.id => began,
        _ => now,
    };
    cx.cache.card.loop_began = Some((event.id, began));
    let under_cursor = state.cursor.and_then(|cursor| clip.frame_at(cursor));
    let speed = state.settings.loop_speed;
    let index = match (under_cursor, state.loops) {
        (Some(index), _) => index,
        (None, false) => clip.apex,
        (None, true) => {
            let Some((index, next_secs)) = clip.looped_frame(speed.factor(), now - began) else {
                return;
            };
            ui.ctx().request_repaint_after_secs(next_secs as f32);
            index
        }
    };
    let Some((seq, _, image)) = clip.frames.get(index) else { return };
    let texture = cx.cache.card.looped.show(ui.ctx(), version_of(event.id, index), image);
    let name = if under_cursor.is_some() { "at the cursor" } else { "slow loop" };
    cell(ui, side, name, &seq.to_string(), Some(texture), clip.size_px());
}

fn show_units(ui: &mut Ui, theme: &Theme, event: &Event) {
    ui.spacing_mut().interact_size.y = 18.0;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.label(title("Action units"));
    if event.action_units.is_empty() {
        ui.label(RichText::new("None was read with confidence.").color(theme.faint));
    }
    for unit in &event.action_units {
        ui.horizontal(|ui| {
            let side = match unit.side {
                crate::measure::event::Side::Both => "",
                crate::measure::event::Side::Left => ", left",
                crate::measure::event::Side::Right => ", right",
            };
            share_bar(ui, &unit.to_string(), unit.probability, theme.accent, 44.0)
                .on_hover_text(format!("Probability {:.0} %", unit.probability * 100.0));
            ui.label(title(unit.to_string()));
            ui.label(format!("{}{side}", unit.unit.name()));
        });
    }
}

fn show_emotion(ui: &mut Ui, theme: &Theme, event: &Event) {
    ui.spacing_mut().interact_size.y = 18.0;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.label(title("Emotion"));
        ui.label(emotion_words(event));
    });
    let Some(reading) = &event.emotion else { return };
    for (emotion, share) in Emotion::ALL.into_iter().zip(reading.probabilities) {
        ui.horizontal(|ui| {
            let is_best = reading.clear && reading.best().0 == emotion;
            let color = if is_best { theme.accent } else { theme.faint };
            share_bar(ui, emotion_word(emotion), share, color, 64.0);
            ui.label(format!("{:>3.0} %", share * 100.0));
            ui.label(RichText::new(emotion_word(emotion)).color(theme.text));
        });
    }
    if !reading.clear {
        let words = "No class is likely enough to be named.";
        ui.label(RichText::new(words).small().color(theme.faint));
    }
}
