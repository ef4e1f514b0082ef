//! How every region of the face moves over time, as a strip of heat.

use egui::{Align2, ColorImage, FontId, Painter, Rect, RichText, TextureOptions, Ui, pos2};

use crate::app::axis::{self, TimeAxis};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::state::State;
use crate::app::textures::show_image;
use crate::app::theme::{SMALL_PT, Theme, title};
use crate::app::widgets::PanelContext;
use crate::measure::regions::REGION_NAMES;
use crate::session::history::Channel;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Region motion", slot: Slot::Plot { share: 0.31 }, tabs: PLOTTED, show };

/// Motion at which the colour is full: percent of the outer-eye distance per 1/30 s. The fastest
/// frame of a clear micro-expression.
const FULL_PERCENT: f32 = 1.5;

/// Points that one column of the strip covers.
const COLUMN_PT: f32 = 2.0;

/// Groups of rows, top to bottom as on the face: a name, and for each row the regions of which the
/// fastest is shown. Names end in R and L where the first row is the person's right.
const GROUPS: [(&str, &[&[usize]]); 5] = [
    ("Brows R, L", &[&[0, 1, 2, 19], &[3, 4, 5, 20]]),
    ("Eyes R, L", &[&[12], &[13]]),
    ("Cheeks R, L", &[&[14, 21], &[15, 22]]),
    ("Mouth R, L", &[&[8], &[10]]),
    ("Nose, lips", &[&[6, 7, 16, 17], &[9, 11, 18]]),
];

/// All rows, top to bottom.
fn rows() -> impl Iterator<Item = &'static [usize]> {
    GROUPS.iter().flat_map(|(_, rows)| rows.iter().copied())
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    axis::header(ui, |ui| {
        ui.label(title("Motion of the face").size(SMALL_PT));
        let unit = "percent of the eye distance in 1/30 s, head motion removed";
        ui.label(RichText::new(unit).small().color(theme.faint));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            show_scale(ui, &theme);
        });
    });
    let (gutter, axis) = axis::row(ui, cx.state, ui.available_height().max(30.0));
    show_names(ui.painter(), &theme, gutter);
    let version = version(cx.state, &axis, &theme);
    let state = cx.state;
    let texture = cx
        .cache
        .heat
        .fill(ui.ctx(), version, TextureOptions::NEAREST, || heat(state, &axis, &theme));
    let painter = ui.painter_at(axis.rect);
    show_image(&painter, texture, axis.rect);
    axis::grid(&painter, &theme, &axis);
    axis::cursor(&painter, &theme, &axis, cx.state);
    let response = axis::point_at(ui, cx, &axis, "Region motion strip");
    if let Some(pointer) = response.hover_pos() {
        let share = (pointer.y - axis.rect.top()) / axis.rect.height();
        let Some(regions) = rows().nth((share * rows().count() as f32) as usize) else { return };
        let names: Vec<_> = regions.iter().map(|i| REGION_NAMES[*i]).collect();
        response.on_hover_text_at_pointer(format!(
            "The fastest of: {} (the person's own left and right)",
            names.join("; ")
        ));
    }
}

fn show_scale(ui: &mut Ui, theme: &Theme) {
    ui.label(RichText::new(format!("{FULL_PERCENT:.1} %")).small().color(theme.faint));
    let (rect, _) = ui.allocate_exact_size(egui::vec2(72.0, 8.0), egui::Sense::empty());
    for i in 0..24 {
        let x = |k: usize| rect.left() + rect.width() * k as f32 / 24.0;
        let cell = Rect::from_x_y_ranges(x(i)..=x(i + 1), rect.y_range());
        ui.painter().rect_filled(cell, 0.0, theme.heat(i as f32 / 23.0));
    }
    ui.label(RichText::new("0").small().color(theme.faint));
}

fn show_names(painter: &Painter, theme: &Theme, gutter: Rect) {
    let high = gutter.height() / rows().count() as f32;
    let mut top = gutter.top();
    for (name, rows) in GROUPS {
        let bottom = top + high * rows.len() as f32;
        let at = pos2(gutter.right() - 6.0, (top + bottom) / 2.0);
        let font = FontId::proportional(SMALL_PT - 1.0);
        painter.text(at, Align2::RIGHT_CENTER, name, font, theme.faint);
        top = bottom;
    }
}

/// Changes whenever the strip would look different.
fn version(state: &State, axis: &TimeAxis, theme: &Theme) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (state.view().session.history.len(), axis.edges(), *theme == Theme::DARK).hash(&mut hasher);
    (axis.rect.width() as u32).hash(&mut hasher);
    hasher.finish()
}

/// The strip as a picture: a column for every two points, a row for every group of regions.
fn heat(state: &State, axis: &TimeAxis, theme: &Theme) -> ColorImage {
    let width = (axis.rect.width() / COLUMN_PT).max(1.0) as usize;
    let mut image = ColorImage::filled([width, rows().count()], theme.surface);
    let (from, to) = axis.edges();
    let secs_per_column = (axis.last_secs - axis.first_secs) / width as f64;
    let mut fastest = vec![0.0f32; width];
    for (row, regions) in rows().enumerate() {
        fastest.fill(0.0);
        for &region in regions {
            for column in
                state.view().session.history.columns(Channel::Region(region), from, to, width)
            {
                let Some((_, greatest)) = column.range else { continue };
                let at = |secs: f64| (secs - axis.first_secs) / secs_per_column;
                let first = at(column.first.secs()).max(0.0) as usize;
                // A sample holds until the next; at high zoom it spans several columns.
                let last = at(column.last.secs() + 1.0 / 30.0).max(0.0).ceil() as usize;
                let cells = first.min(width)..last.clamp(first.min(width), width);
                fastest[cells].iter_mut().for_each(|f| *f = f.max(greatest));
            }
        }
        for (x, percent) in fastest.iter().enumerate() {
            image.pixels[row * width + x] = theme.heat((percent / FULL_PERCENT).powf(0.75));
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::regions::REGIONS;

    #[test]
    fn every_region_is_in_exactly_one_row() {
        let mut seen: Vec<usize> = rows().flatten().copied().collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..REGIONS).collect::<Vec<_>>());
    }

    #[test]
    fn rows_named_r_and_l_are_the_right_and_the_left() {
        for (name, rows) in GROUPS.iter().filter(|(name, _)| name.ends_with("R, L")) {
            let [right, left] = rows else { panic!("{name}") };
            assert!(right.iter().all(|i| REGION_NAMES[*i].starts_with("right")), "{name}");
            assert!(left.iter().all(|i| REGION_NAMES[*i].starts_with("left")), "{name}");
        }
    }
}
