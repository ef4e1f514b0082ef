//! The spotting scores over time, with the thresholds, the events, and gaps where there are no scores.

use egui::{Align2, FontId, Painter, Rect, RichText, Stroke, Ui, UiBuilder, pos2, vec2};
use egui_plot::{HLine, Line, LineStyle, Plot, PlotPoints};

use crate::app::axis::{self, TimeAxis};
use crate::app::command::{Command, Tab};
use crate::app::live::LivePhase;
use crate::app::panels::{Panel, PlotUse, Slot};
use crate::app::registry::PLOTTED;
use crate::app::review::command::ReviewCommand;
use crate::app::review::handles;
use crate::app::state::State;
use crate::app::theme::{SCORE_STROKE, SMALL_PT, Theme, title};
use crate::app::widgets::{PanelContext, badge, kind_shape};
use crate::measure::event::EventKind;
use crate::measure::sample::Sample;
use crate::session::history::Channel;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Scores",
    slot: Slot::Plot { share: 0.43, least_pt: 70.0, shown: PlotUse::Always },
    tabs: PLOTTED,
    show,
};

/// Scores are 0–1; the plot shows a little more, so that lines at its edges are complete.
const BOUNDS: (f64, f64) = (-0.04, 1.08);

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    show_header(ui, cx, &theme);
    let (gutter, axis) = axis::row(ui, cx.state, ui.available_height().max(30.0));
    show_scale(ui.painter(), &theme, gutter);
    let painter = ui.painter_at(axis.rect);
    axis::bands(&painter, &theme, &axis, cx.state);
    if cx.state.hides_the_model() {
        axis::hidden(&painter, &theme, &axis, "what the model scored");
    } else {
        show_lines(ui, &theme, &axis, cx.state);
    }
    show_unscored(&painter, &theme, &axis, cx.state);
    axis::conditions(&painter, &theme, &axis, cx.state);
    axis::marks(&painter, &theme, &axis, cx.state);
    axis::flags(&painter, &theme, &axis, cx.state);
    axis::cursor(&painter, &theme, &axis, cx.state);
    let response = axis::point_at(ui, cx, &axis, "Score plot");
    if cx.state.tab == Tab::Review {
        handles::show(ui, cx, &axis);
    }
    if let Some(pointer) = response.hover_pos() {
        show_readout(ui, cx.state, &axis, pointer.x);
    }
}

fn show_header(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    ui.horizontal(|ui| {
        ui.label(title("Spotting score"));
        for kind in EventKind::ALL {
            let color = theme.kind(kind);
            badge(ui, kind.name(), color, |rect| vec![kind_shape(kind, rect, color)]);
        }
        ui.label(RichText::new("- - threshold").color(theme.faint));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if cx.state.tab == Tab::Review {
                cx.button_named(ui, &Command::Review(ReviewCommand::FitAll), "All");
                cx.button_named(ui, &Command::Review(ReviewCommand::FitEvent), "Event");
            } else {
                let name =
                    if cx.state.live.view.timeline.follows { "Following" } else { "Follow  F" };
                cx.button_named(ui, &Command::Follow, name);
            }
            cx.button_named(ui, &Command::ZoomIn, "+");
            cx.button_named(ui, &Command::ZoomOut, "−");
            cx.button_named(ui, &Command::GoStart, "⇤");
            let hidden = cx.state.hides_the_model();
            let Some(sample) = cx.state.view().sample_at_cursor().filter(|_| !hidden) else {
                return;
            };
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = RichText::new(words(&sample)).monospace();
                ui.add(egui::Label::new(words).truncate());
            });
        });
    });
}

fn show_scale(painter: &Painter, theme: &Theme, gutter: Rect) {
    for (value, word) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let share = (value - BOUNDS.0) / (BOUNDS.1 - BOUNDS.0);
        let y = gutter.bottom() - share as f32 * gutter.height();
        let at = pos2(gutter.right() - 6.0, y);
        painter.text(at, Align2::RIGHT_CENTER, word, FontId::proportional(SMALL_PT), theme.faint);
    }
}

/// Scores come some frames after their picture. Until then the plot says that they will come.
fn show_unscored(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    let Some((_, scored)) = state.view().session.history.span() else { return };
    let newest = state.newest_secs();
    if state.tab == Tab::Live && newest > scored.secs() && state.live.phase == LivePhase::Live {
        let rect = axis.span(scored.secs(), newest);
        axis::hatch(painter, rect, Stroke::new(1.0, theme.line));
    }
}

fn show_lines(ui: &mut Ui, theme: &Theme, axis: &TimeAxis, state: &State) {
    // At most one column for every two points.
    let columns = axis.rect.width() as usize / 2;
    let (from, to) = axis.edges();
    let ticks = axis.ticks();
    let grid = move |_| {
        let step = ticks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        ticks.iter().map(|t| egui_plot::GridMark { value: *t, step_size: step }).collect()
    };
    let plot = Plot::new("scores")
        .show_axes(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .set_margin_fraction(vec2(0.0, 0.0))
        .sense(egui::Sense::hover())
        .grid_color(theme.line)
        .x_grid_spacer(grid)
        .y_grid_spacer(|_| {
            [0.0, 0.5, 1.0].map(|value| egui_plot::GridMark { value, step_size: 0.5 }).to_vec()
        })
        .width(axis.rect.width())
        .height(axis.rect.height());
    ui.scope_builder(UiBuilder::new().max_rect(axis.rect), |ui| {
        plot.show(ui, |plot| {
            plot.set_plot_bounds_x(axis.first_secs..=axis.last_secs);
            plot.set_plot_bounds_y(BOUNDS.0..=BOUNDS.1);
            for (kind, channel) in
                [(EventKind::Macro, Channel::Macro), (EventKind::Micro, Channel::Micro)]
            {
                let color = theme.kind(kind);
                if let Some(threshold) = state.view().session.threshold {
                    let level = match kind {
                        EventKind::Micro => threshold.micro,
                        EventKind::Macro => threshold.macro_,
                    };
                    plot.hline(
                        HLine::new("", f64::from(level))
                            .stroke(Stroke::new(1.2, color.gamma_multiply(0.8)))
                            .style(LineStyle::Dashed { length: 6.0 })
                            .allow_hover(false),
                    );
                }
                for line in state.view().session.history.lines(channel, from, to, columns) {
                    plot.line(
                        Line::new("", PlotPoints::from(line))
                            .stroke(Stroke::new(SCORE_STROKE, color))
                            .allow_hover(false),
                    );
                }
            }
        });
    });
}

fn show_readout(ui: &Ui, state: &State, axis: &TimeAxis, x: f32) {
    if state.hides_the_model() {
        return;
    }
    let time = crate::measure::time::Timestamp::from_secs(axis.secs(x));
    let Some(sample) = state.view().session.history.nearest(time) else { return };
    if (sample.time.secs() - time.secs()).abs() > 0.5 {
        return;
    }
    let theme = Theme::of(ui);
    let painter = ui.painter_at(axis.rect);
    painter.vline(x, axis.rect.y_range(), Stroke::new(1.0, theme.faint));
    let font = FontId::monospace(SMALL_PT);
    let galley = painter.layout_no_wrap(words(&sample), font, theme.text);
    let left = (x + 8.0).min(axis.rect.right() - galley.size().x - 8.0).max(axis.rect.left());
    let at = pos2(left, axis.rect.bottom() - galley.size().y - 6.0);
    let plate = Rect::from_min_size(at, galley.size()).expand(4.0);
    painter.rect_filled(plate, 4.0, theme.raised);
    painter.galley(at, galley, theme.text);
}

/// `0:12.433  frame 373  micro 0.12  macro 0.03  good`.
fn words(sample: &Sample) -> String {
    let scores = match sample.score {
        Some(score) => format!("micro {:.2}  macro {:.2}", score.micro, score.macro_),
        None => "not scored".into(),
    };
    format!("{}  frame {}  {scores}  {}", sample.time, sample.seq, sample.quality.trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::{Quality, Trouble};
    use crate::measure::sample::Score;
    use crate::measure::time::Timestamp;

    #[test]
    fn a_sample_reads_with_time_frame_scores_and_quality() {
        let mut sample = Sample {
            seq: 373,
            time: Timestamp::from_secs(12.433),
            quality: Quality::default(),
            motion: None,
            score: Some(Score { micro: 0.12, macro_: 0.03 }),
        };
        assert_eq!(words(&sample), "0:12.433  frame 373  micro 0.12  macro 0.03  good");
        sample.score = None;
        sample.quality.trouble = Trouble::NO_FACE;
        assert_eq!(words(&sample), "0:12.433  frame 373  not scored  no face");
    }
}
