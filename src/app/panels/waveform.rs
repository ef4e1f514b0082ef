//! The outline of the session's sound on the time axis, and whether it is heard.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Align2, Color32, FontId, Rect, RichText, Ui, pos2};

use crate::app::axis::{self, TimeAxis};
use crate::app::panels::{Panel, PlotUse, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::sound::SoundWord;
use crate::app::theme::{SMALL_PT, Theme, title};
use crate::app::widgets::PanelContext;
use crate::media::sound::Outline;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Sound",
    slot: Slot::Plot { share: 0.12, least_pt: 46.0, shown: PlotUse::WithSound },
    tabs: REVIEW,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let word = review.sound.word(review.playback.motion());
    axis::header(ui, |ui| {
        ui.label(title("Sound").size(SMALL_PT));
        let color = if word == SoundWord::On { theme.faint } else { theme.suspect };
        ui.label(RichText::new(word.words()).small().color(color));
    });
    let (gutter, axis) = axis::row(ui, cx.state, ui.available_height().max(16.0));
    let painter = ui.painter_at(axis.rect);
    axis::grid(&painter, &theme, &axis);
    let color = if word == SoundWord::On { theme.accent } else { theme.faint };
    let outline = &cx.state.review.sound.outline;
    painter.add(mesh(outline, &axis, color));
    axis::cursor(&painter, &theme, &axis, cx.state);
    let words = format!("{} of sound", axis::clock(outline.secs(), false));
    let at = pos2(gutter.right() - 6.0, gutter.center().y);
    let font = FontId::proportional(SMALL_PT - 1.0);
    ui.painter().text(at, Align2::RIGHT_CENTER, "Loudness", font, theme.faint);
    axis::point_at(ui, cx, &axis, "Waveform").on_hover_text_at_pointer(words);
}

/// One bar for each point of width, from the lowest to the highest sample of its time.
fn mesh(outline: &Outline, axis: &TimeAxis, color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    let each = axis.secs_per_point();
    let half = axis.rect.height() / 2.0;
    for column in 0..axis.rect.width().max(0.0) as u32 {
        let from = axis.first_secs + f64::from(column) * each;
        if from + each < 0.0 {
            continue;
        }
        let Some(extent) = outline.between(from, from + each) else { continue };
        let y = |value: i8| axis.rect.center().y - f32::from(value) / 128.0 * half;
        // Silence is a line.
        let (top, bottom) = (y(extent.high) - 0.5, y(extent.low) + 0.5);
        let left = axis.rect.left() + column as f32;
        add_bar(&mut mesh, Rect::from_x_y_ranges(left..=left + 1.0, top..=bottom), color);
    }
    mesh
}

fn add_bar(mesh: &mut Mesh, bar: Rect, color: Color32) {
    let first = mesh.vertices.len() as u32;
    let corners = [bar.left_top(), bar.right_top(), bar.right_bottom(), bar.left_bottom()];
    mesh.vertices.extend(corners.map(|pos| Vertex { pos, uv: WHITE_UV, color }));
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    /// Two seconds of silence, then two loud ones.
    fn outline() -> Outline {
        let mut outline = Outline::new(48_000);
        outline.push(&[0; 96_000]);
        let loud: Vec<i16> =
            (0..96_000).map(|i| if i % 2 == 0 { 30_000 } else { -30_000 }).collect();
        outline.push(&loud);
        outline
    }

    fn axis(first_secs: f64, last_secs: f64) -> TimeAxis {
        let rect = Rect::from_min_size(pos2(10.0, 0.0), vec2(200.0, 40.0));
        TimeAxis { rect, first_secs, last_secs }
    }

    #[test]
    fn loud_sound_is_high_and_silence_a_line_where_it_was() {
        let mesh = mesh(&outline(), &axis(0.0, 4.0), Color32::WHITE);
        assert_eq!(mesh.vertices.len(), 4 * 200);
        let height = |column: usize| {
            let bar = &mesh.vertices[4 * column..4 * column + 4];
            bar[2].pos.y - bar[0].pos.y
        };
        assert!(height(20) <= 1.0 && height(95) <= 1.0, "{} {}", height(20), height(95));
        assert!(height(105) > 35.0 && height(199) > 35.0, "{} {}", height(105), height(199));
    }

    #[test]
    fn four_hours_are_drawn_by_as_many_bars_as_four_seconds_and_where_nothing_is_nothing_is_drawn()
    {
        let few = mesh(&outline(), &axis(0.0, 4.0), Color32::WHITE);
        let mut long = Outline::new(8000);
        (0..4 * 3600).for_each(|_| long.push(&[500; 8000]));
        let many = mesh(&long, &axis(0.0, 4.0 * 3600.0), Color32::WHITE);
        assert_eq!(few.vertices.len(), many.vertices.len());
        assert!(mesh(&outline(), &axis(5.0, 9.0), Color32::WHITE).vertices.is_empty());
        assert!(mesh(&Outline::default(), &axis(0.0, 4.0), Color32::WHITE).vertices.is_empty());
    }
}
