//! How far the frames can be trusted: their quality, their rate, and which were lost.

use egui::{Align2, FontId, Painter, Rect, RichText, Stroke, Ui, pos2, vec2};

use crate::app::axis::{self, TimeAxis};
use crate::app::command::Tab;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::state::State;
use crate::app::theme::{Grade, SMALL_PT, Theme, title};
use crate::app::widgets::{PanelContext, grade_badge};
use crate::measure::quality::Trouble;
use crate::session::history::Channel;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Quality",
    slot: Slot::Plot { share: 0.26, least_pt: 80.0, can_be_left_out: false },
    tabs: PLOTTED,
    show,
};

/// Least rate at the top of the rate line, frames per second.
const LEAST_TOP_FPS: f32 = 36.0;

/// Frames per second below which the shortest micro-expressions have too few frames.
const LEAST_FPS: f32 = 24.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    axis::header(ui, |ui| {
        ui.label(title("Trust").size(SMALL_PT));
        Grade::ALL.into_iter().for_each(|grade| grade_badge(ui, grade, grade.word()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let (words, lost) = rate_words(cx.state);
            let color = if lost > 0 { theme.suspect } else { theme.faint };
            ui.label(RichText::new(words).small().color(color));
        });
    });
    let ticks_height = SMALL_PT + 6.0;
    let high = (ui.available_height() - ticks_height - ui.spacing().item_spacing.y).max(24.0);
    let (quality_gutter, quality) = axis::row(ui, cx.state, high * 0.5);
    let (rate_gutter, rate) = axis::row(ui, cx.state, high * 0.5);
    let painter = ui.painter().clone();
    axis::grid(&painter, &theme, &quality);
    axis::grid(&painter, &theme, &rate);
    let hidden = cx.state.hides_the_model();
    if hidden {
        axis::hidden(&painter, &theme, &quality, "what the model says of each frame");
    } else {
        show_quality(&painter.with_clip_rect(quality.rect), &theme, &quality, cx.state);
    }
    show_rate(&painter.with_clip_rect(rate.rect), &theme, &rate, cx.state);
    for (gutter, name) in [(quality_gutter, "Quality"), (rate_gutter, "Rate")] {
        let at = pos2(gutter.right() - 6.0, gutter.center().y);
        let font = FontId::proportional(SMALL_PT - 1.0);
        painter.text(at, Align2::RIGHT_CENTER, name, font, theme.faint);
    }
    for axis in [&quality, &rate] {
        axis::cursor(&painter.with_clip_rect(axis.rect), &theme, axis, cx.state);
    }
    axis::tick_words(&painter, &theme, &rate);
    let name = if hidden { "Time" } else { "Quality strip" };
    let response = axis::point_at(ui, cx, &quality, name);
    if let Some(pointer) = response.hover_pos().filter(|_| !hidden) {
        let time = crate::measure::time::Timestamp::from_secs(quality.secs(pointer.x));
        if let Some(sample) = cx.state.view().session.history.nearest(time) {
            response.on_hover_text_at_pointer(Grade::words(sample.quality.trouble));
        }
    }
    axis::point_at(ui, cx, &rate, "Frame rate");
}

/// The rate of the frames, and how many were lost.
fn rate_words(state: &State) -> (String, u64) {
    let counts = state.view().session.counts();
    let lost = counts.lost;
    if state.tab == Tab::Review {
        let rate =
            counts.true_fps().map_or_else(String::new, |fps| format!(" at {fps:.1} a second"));
        return (format!("{} frames{rate}, {lost} lost", counts.analysed), lost);
    }
    (format!("{:.1} frames per second, {lost} lost", state.live.stats.analysis_fps), lost)
}

/// A stretch of frames with the same trouble.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    first_secs: f64,
    last_secs: f64,
    trouble: Trouble,
}

fn stretches(axis: &TimeAxis, state: &State) -> Vec<Stretch> {
    let (from, to) = axis.edges();
    let columns = state.view().session.history.columns(
        Channel::Micro,
        from,
        to,
        axis.rect.width() as usize / 2,
    );
    let mut stretches: Vec<Stretch> = Vec::new();
    for column in columns {
        let (first_secs, last_secs) = (column.first.secs(), column.last.secs());
        match stretches.last_mut() {
            Some(s) => {
                // A frame lasts until the next one; the time before a gap belongs to the gap.
                let is_gap = column.trouble.any(Trouble::GAP);
                if !is_gap {
                    s.last_secs = first_secs;
                }
                if s.trouble == column.trouble {
                    s.last_secs = last_secs;
                } else {
                    let first_secs = if is_gap { s.last_secs } else { first_secs };
                    stretches.push(Stretch { first_secs, last_secs, trouble: column.trouble });
                }
            }
            None => stretches.push(Stretch { first_secs, last_secs, trouble: column.trouble }),
        }
    }
    stretches
}

/// Grades differ in height as well as in colour, and long stretches show their word.
fn show_quality(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    for stretch in stretches(axis, state) {
        let grade = Grade::of(stretch.trouble);
        let color = theme.grade(grade);
        let whole = axis.span(stretch.first_secs, stretch.last_secs);
        let share = match grade {
            Grade::Good => 0.2,
            Grade::Suspect => 0.55,
            Grade::Unscorable => 1.0,
        };
        let top = whole.bottom() - whole.height() * share;
        let bar = Rect::from_min_max(pos2(whole.left(), top), whole.max);
        painter.rect_filled(bar, 0.0, color.gamma_multiply(0.55));
        if grade == Grade::Unscorable {
            axis::hatch(painter, bar, Stroke::new(1.0, theme.surface));
        }
        if grade != Grade::Good {
            let font = FontId::proportional(SMALL_PT - 1.0);
            let galley = painter.layout_no_wrap(stretch.trouble.to_string(), font, theme.text);
            if galley.size().x + 8.0 < whole.width() {
                let at = whole.center() - galley.size() / 2.0;
                let plate = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 0.0));
                painter.rect_filled(plate, 3.0, theme.surface.gamma_multiply(0.85));
                painter.galley(at, galley, theme.text);
            }
        }
    }
}

fn show_rate(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    let (from, to) = axis.edges();
    let width = axis.rect.width() as usize / 2;
    let lines = state.view().session.history.lines(Channel::Rate, from, to, width);
    let most = lines.iter().flatten().map(|[_, fps]| *fps as f32).fold(0.0, f32::max);
    let top = (most * 1.15).max(LEAST_TOP_FPS);
    let y = |fps: f32| axis.rect.bottom() - fps / top * axis.rect.height();
    let least = Stroke::new(1.0, theme.line);
    painter.hline(axis.rect.x_range(), y(LEAST_FPS), least);
    for line in lines {
        let points = line.iter().map(|[secs, fps]| pos2(axis.x(*secs), y(*fps as f32))).collect();
        painter.line(points, Stroke::new(1.2, theme.accent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{sample, state};
    use egui::Rect;

    fn axis() -> TimeAxis {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 20.0));
        TimeAxis { rect, first_secs: 0.0, last_secs: 10.0 }
    }

    #[test]
    fn frames_with_the_same_trouble_are_one_stretch() {
        let mut state = state();
        for seq in 0..90 {
            let mut sample = sample(seq, 0.1);
            if (30..60).contains(&seq) {
                sample.quality.trouble = Trouble::BLINK;
            }
            state.live.view.session.history.push(sample);
        }
        let found = stretches(&axis(), &state);
        let troubles: Vec<_> = found.iter().map(|s| s.trouble).collect();
        assert_eq!(troubles, [Trouble::NONE, Trouble::BLINK, Trouble::NONE]);
        assert!((found[1].last_secs - found[1].first_secs - 1.0).abs() < 0.05);
    }

    #[test]
    fn what_is_missing_belongs_to_the_gap() {
        let mut state = state();
        for seq in (0..30).chain(60..90) {
            let mut sample = sample(seq, 0.1);
            if seq == 60 {
                sample.quality.trouble = Trouble::GAP;
            }
            state.live.view.session.history.push(sample);
        }
        let found = stretches(&axis(), &state);
        assert_eq!(found[1].trouble, Trouble::GAP);
        assert!(found[1].last_secs - found[1].first_secs > 0.9, "{found:?}");
    }
}
