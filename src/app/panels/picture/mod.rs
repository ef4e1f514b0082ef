//! The picture: live, what the source sees; in review, the frame in view; without either, how to get one.

use std::sync::Arc;

use egui::{Align2, Color32, Galley, Painter, Rect, Response, RichText, Sense, Ui, vec2};

use crate::app::command::Tab;
use crate::app::overlay::fit_inside;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::textures::{Texture, show_image};
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;
use crate::media::image::RgbImage;

mod live;
mod reviewed;
mod welcome;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Picture", slot: Slot::Picture, tabs: PLOTTED, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match cx.state.tab {
        Tab::Review => reviewed::show(ui, cx),
        Tab::Live | Tab::Analyse => live::show(ui, cx),
    }
}

/// Place of the picture: everything except a line of buttons below it.
fn place(ui: &mut Ui) -> (Rect, Response) {
    let buttons = ui.spacing().interact_size.y + ui.spacing().item_spacing.y;
    let space = vec2(ui.available_width(), (ui.available_height() - buttons).max(40.0));
    ui.allocate_exact_size(space, Sense::hover())
}

/// Draws `image`, whose number is `version`, as large as `area` allows. Returns its place.
fn show_in(ui: &Ui, texture: &mut Texture, area: Rect, version: u64, image: &RgbImage) -> Rect {
    let rect = fit_inside(area, (image.width, image.height));
    show_image(&ui.painter_at(area), texture.show(ui.ctx(), version, image), rect);
    rect
}

/// A text on a dark plate in a corner of a picture.
fn plate(painter: &Painter, picture: Rect, corner: Align2, words: Arc<Galley>) {
    let size = words.size() + vec2(16.0, 8.0);
    let ground = corner.align_size_within_rect(size, picture.shrink(8.0));
    painter.rect_filled(ground, 6.0, Color32::from_black_alpha(185));
    // The text already has its colour.
    painter.galley(ground.min + vec2(8.0, 4.0), words, Theme::DARK.text);
}

/// A spinner with a text, while something is loading.
fn waiting(ui: &mut Ui, words: &str) {
    in_place_of_picture(ui, words, |ui| drop(ui.spinner()));
}

/// A text without a spinner, for a state that may last for hours: a spinner would draw the window all that
/// time.
fn still(ui: &mut Ui, words: &str) {
    in_place_of_picture(ui, words, |_| ());
}

fn in_place_of_picture(ui: &mut Ui, words: &str, above: impl FnOnce(&mut Ui)) {
    let mut letters = words.chars();
    let words: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        above(ui);
        let end = if words.ends_with('.') { "" } else { "…" };
        ui.label(RichText::new(format!("{words}{end}")).color(Theme::of(ui).faint));
    });
}
