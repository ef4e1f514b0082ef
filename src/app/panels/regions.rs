//! The motion of every region of the face over time, as a strip of colours.

use egui::{Align2, ColorImage, FontId, Painter, Rect, RichText, TextureOptions, Ui, pos2};

use crate::app::axis::{self, TimeAxis};
use crate::app::panels::{Panel, PlotUse, Slot};
use crate::app::registry::PLOTTED;
use crate::app::state::State;
use crate::app::textures::show_image;
use crate::app::theme::{SMALL_PT, Theme, title};
use crate::app::widgets::PanelContext;
use crate::measure::regions::REGION_NAMES;
use crate::measure::time::Timestamp;
use crate::session::history::{Channel, History};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Region motion",
    slot: Slot::Plot { share: 0.31, least_pt: 58.0, shown: PlotUse::WhereHigh },
    tabs: PLOTTED,
    show,
};

/// Motion at which the colour is full, percent of the outer-eye distance per 1/30 s: the fastest frame of a
/// clear micro-expression.
const FULL_PERCENT: f32 = 1.5;

/// Seconds between two measurements of motion, about.
const FRAME_SECS: f64 = 1.0 / 30.0;

/// Points that one column of the strip covers.
const COLUMN_PT: f32 = 2.0;

/// Groups of rows, top to bottom as on the face: a name, and for each row the regions of which the fastest is
/// shown. Names end in R, L if the first row is the person's right.
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
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            show_scale(ui, &theme);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.label(title("Motion of the face").size(SMALL_PT));
                let unit = "percent of the eye distance in 1/30 s, head motion removed";
                ui.add(egui::Label::new(RichText::new(unit).small().color(theme.faint)).truncate());
            });
        });
    });
    let (gutter, axis) = axis::row(ui, cx.state, ui.available_height().max(30.0));
    if cx.state.hides_the_model() {
        axis::hidden(ui.painter(), &theme, &axis, "how the face moves");
        return;
    }
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
    let mut free_from = f32::NEG_INFINITY;
    for (name, rows) in GROUPS {
        let bottom = top + high * rows.len() as f32;
        // In a low window not every row has room for its name; pointing at it shows the name.
        if (top + bottom) / 2.0 < free_from {
            top = bottom;
            continue;
        }
        free_from = (top + bottom) / 2.0 + SMALL_PT;
        let at = pos2(gutter.right() - 6.0, (top + bottom) / 2.0);
        let font = FontId::proportional(SMALL_PT - 1.0);
        painter.text(at, Align2::RIGHT_CENTER, name, font, theme.faint);
        top = bottom;
    }
}

/// A number that changes whenever the strip must be drawn again.
fn version(state: &State, axis: &TimeAxis, theme: &Theme) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (state.view().session.history.len(), axis.edges(), *theme == Theme::DARK).hash(&mut hasher);
    (axis.rect.width() as u32).hash(&mut hasher);
    hasher.finish()
}

/// The strip as a picture: a column for every two points, a row for every group of regions. Where nothing was
/// measured it is empty, which is darker than no motion.
fn heat(state: &State, axis: &TimeAxis, theme: &Theme) -> ColorImage {
    let width = (axis.rect.width() / COLUMN_PT).max(1.0) as usize;
    let mut image = ColorImage::filled([width, rows().count()], theme.surface);
    let history = &state.view().session.history;
    let span = history.span().map(|(first, last)| (first.secs(), last.secs()));
    let secs_per_column = (axis.last_secs - axis.first_secs) / width as f64;
    for (row, regions) in rows().enumerate() {
        for (x, percent) in fastest(history, regions, axis, width).into_iter().enumerate() {
            let secs = axis.first_secs + (x as f64 + 0.5) * secs_per_column;
            let is_seen = span.is_some_and(|(first, last)| first <= secs && secs <= last);
            image.pixels[row * width + x] = match percent {
                Some(percent) => theme.heat((percent / FULL_PERCENT).powf(0.75)),
                None if is_seen => theme.ground,
                None => theme.surface,
            };
        }
    }
    image
}

/// The motion of the fastest of `regions` in each of `width` columns across the axis; `None` where none was
/// measured.
fn fastest(
    history: &History,
    regions: &[usize],
    axis: &TimeAxis,
    width: usize,
) -> Vec<Option<f32>> {
    let mut cells = vec![None; width];
    let secs_per_cell = (axis.last_secs - axis.first_secs) / width as f64;
    let cell = |time: Timestamp| (time.secs() - axis.first_secs) / secs_per_cell;
    let mut fill = |first: f64, end: f64, value: f32| {
        let first = (first.max(0.0) as usize).min(width);
        let end = (end.max(0.0).ceil() as usize).clamp(first, width);
        cells[first..end].iter_mut().for_each(|cell: &mut Option<f32>| {
            *cell = Some(cell.map_or(value, |other| other.max(value)));
        });
    };
    let (from, to) = axis.edges();
    for channel in regions.iter().map(|region| Channel::Region(*region)) {
        // The newest value, its time, and true if a sample without a value has followed it.
        let mut newest: Option<(Timestamp, f32, bool)> = None;
        for column in history.columns(channel, from, to, width) {
            let (Some((_, greatest)), Some((first, last))) = (column.range, column.valued) else {
                newest = newest.map(|(time, value, _)| (time, value, true));
                continue;
            };
            if let Some((time, value, is_apart)) = newest {
                let is_apart = is_apart || column.first < first || column.follows_gap;
                // A value holds until the next one, if that comes soon enough.
                if !is_apart || first.secs_since(time) <= channel.holds_secs() {
                    fill(cell(time), cell(first), value);
                }
            }
            let last = if column.has_hole { first } else { last };
            fill(cell(first), cell(last + FRAME_SECS), greatest);
            newest = (!column.has_hole).then_some((last, greatest, last < column.last));
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::sample;
    use crate::measure::regions::{REGIONS, RegionMotion};
    use egui::vec2;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_not_measured_is_empty_at_every_zoom_and_what_was_is_not(
            gaps in prop::collection::vec((0u64..3000, 8u64..300, any::<bool>()), 0..6),
            a in 0f64..100.0, span in 0.5f64..200.0, width in 20usize..500,
        ) {
            let is_measured = |seq: u64| {
                !gaps.iter().any(|(first, len, _)| (*first..first + len).contains(&seq))
            };
            // Frames that never came, in place of frames without a face.
            let is_lost = |seq: u64| {
                gaps.iter().any(|(first, len, lost)| *lost && (*first..first + len).contains(&seq))
            };
            let mut history = History::keeping_all();
            for seq in 0..3000 {
                let moving = RegionMotion { regions: [[1.0, 0.0]; REGIONS], head: [0.0; 2] };
                let motion = is_measured(seq).then_some(moving);
                let mut sample = crate::measure::sample::Sample { motion, ..sample(seq, 0.1) };
                if seq > 0 && is_lost(seq - 1) {
                    sample.quality.trouble = crate::measure::quality::Trouble::GAP;
                }
                if !is_lost(seq) {
                    history.push(sample);
                }
            }
            let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(width as f32 * COLUMN_PT, 9.0));
            let axis = TimeAxis { rect, first_secs: a, last_secs: a + span };
            let cells = fastest(&history, &[0, 1], &axis, width);
            for (i, cell) in cells.into_iter().enumerate() {
                let edge = |i: usize| a + span * i as f64 / width as f64;
                // The frames that are in this cell, completely or in part.
                let first = (edge(i) * 30.0 - 1.0).floor().max(0.0) as u64;
                let last = (edge(i + 1) * 30.0).ceil() as u64;
                let mut seen = (first..=last).filter(|seq| *seq < 3000);
                if !seen.clone().any(is_measured) {
                    prop_assert_eq!(cell, None, "cell {} of {}", i, width);
                }
                // A column with more samples than a block of the finest level, and with a hole, is drawn at
                // one place.
                let is_fine = span * 30.0 / 16.0 < 1.9 * width as f64;
                let whole = (edge(i + 1) * 30.0) < 2999.0 && first > 0;
                if whole && is_fine && seen.all(is_measured) {
                    prop_assert!(cell.is_some(), "cell {} of {}", i, width);
                }
            }
        }
    }

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
