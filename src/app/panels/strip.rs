//! How far the frames can be trusted: their quality, their rate, which were lost, and how small a movement they
//! could have shown.

use egui::{Align2, FontId, Painter, Rect, RichText, Stroke, Ui, pos2, vec2};

use crate::app::axis::{self, TimeAxis};
use crate::app::command::Tab;
use crate::app::panels::{Panel, PlotUse, Slot};
use crate::app::registry::PLOTTED;
use crate::app::state::State;
use crate::app::theme::{Grade, SMALL_PT, Theme, title};
use crate::app::widgets::{PanelContext, grade_badge, named};
use crate::measure::detection_limit::{DetectionLimit, FacePart, FaceState, SIZES_PERCENT};
use crate::measure::quality::Trouble;
use crate::session::history::Channel;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Quality",
    slot: Slot::Plot { share: 0.26, least_pt: 80.0, shown: PlotUse::Always },
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
    let limit = shown_limit(cx.state);
    let each = if limit.is_some() { 0.36 } else { 0.5 };
    let (quality_gutter, quality) = axis::row(ui, cx.state, high * each);
    if limit.is_some() {
        show_limit(ui, cx.state, high * (1.0 - 2.0 * each));
    }
    let (rate_gutter, rate) = axis::row(ui, cx.state, high * each);
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

/// The limit of the session under review, where the rater may see what the model does.
fn shown_limit(state: &State) -> Option<&DetectionLimit> {
    let limit = state.review.limit.as_ref().filter(|_| state.tab == Tab::Review);
    limit.filter(|limit| !limit.trials.is_empty() && !state.hides_the_model())
}

/// One line for each part of the face: high where small movements were found, empty where none was, hatched
/// where no face was seen.
fn show_limit(ui: &mut Ui, state: &State, height: f32) {
    let theme = Theme::of(ui);
    let (gutter, axis) = axis::row(ui, state, height);
    let Some(limit) = shown_limit(state) else { return };
    let painter = ui.painter_at(axis.rect);
    for cell in limit_cells(limit, &axis) {
        if cell.share < 0.0 {
            axis::hatch(&painter, cell.rect, Stroke::new(1.0, theme.line));
            continue;
        }
        painter.hline(cell.rect.x_range(), cell.rect.bottom(), Stroke::new(1.0, theme.line));
        let top = cell.rect.bottom() - cell.rect.height() * cell.share;
        let bar = Rect::from_min_max(pos2(cell.rect.left(), top), cell.rect.max);
        painter.rect_filled(bar, 0.0, theme.accent.gamma_multiply(0.7));
    }
    let at = pos2(gutter.right() - 6.0, gutter.center().y);
    let font = FontId::proportional(SMALL_PT - 1.0);
    ui.painter().text(at, Align2::RIGHT_CENTER, "Limit", font, theme.faint);
    let response = ui.interact(axis.rect, ui.scope_id().with("limit"), egui::Sense::hover());
    named(&response, egui::Role::GraphicsObject, "Detection limit");
    response.on_hover_text(format!(
        "How small a movement would have been found: brows above, eyes and cheeks, nose and mouth below; \
         high bars found small movements, empty ones none.\n{limit}"
    ));
}

/// A trial as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LimitCell {
    rect: Rect,
    /// How high its bar is, 0–1; negative where no face was seen.
    share: f32,
}

/// Each part of the face has a line of its own, and each trial the time until the middle to its neighbours.
fn limit_cells(limit: &DetectionLimit, axis: &TimeAxis) -> Vec<LimitCell> {
    let parts = FacePart::ALL.len() as f32;
    let each = axis.rect.height() / parts;
    let mut cells = Vec::new();
    for (line, part) in FacePart::ALL.into_iter().enumerate() {
        let trials: Vec<_> = limit.trials.iter().filter(|trial| trial.part == part).collect();
        for (nth, trial) in trials.iter().enumerate() {
            let at = trial.apex.secs();
            let neighbour = |nth: Option<usize>| {
                let other = nth.and_then(|nth| trials.get(nth))?;
                Some((at + other.apex.secs()) / 2.0)
            };
            let first = neighbour(nth.checked_sub(1)).unwrap_or(at - 0.25);
            let last = neighbour(nth.checked_add(1)).unwrap_or(at + 0.25);
            if axis.last_secs < first || last < axis.first_secs {
                continue;
            }
            let top = axis.rect.top() + each * line as f32;
            let span = axis.span(first, last);
            let rect = Rect::from_x_y_ranges(span.x_range(), top + 1.0..=top + each);
            let share = match (trial.state, trial.smallest_percent()) {
                (FaceState::Unseen, _) => -1.0,
                (_, None) => 0.0,
                (_, Some(percent)) => {
                    let larger = SIZES_PERCENT.iter().filter(|size| **size >= percent).count();
                    larger as f32 / SIZES_PERCENT.len() as f32
                }
            };
            cells.push(LimitCell { rect, share });
        }
    }
    cells
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
    use crate::measure::detection_limit::LimitTrial;
    use crate::measure::time::Timestamp;
    use egui::Rect;

    fn axis() -> TimeAxis {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 20.0));
        TimeAxis { rect, first_secs: 0.0, last_secs: 10.0 }
    }

    #[test]
    fn the_limit_has_a_line_for_each_part_high_where_small_movements_were_found() {
        let trial = |secs: f64, part, state, smallest: usize| LimitTrial {
            apex: Timestamp::from_secs(secs),
            part,
            state,
            found: std::array::from_fn(|size| size >= smallest),
        };
        let trials = vec![
            trial(2.0, FacePart::Brows, FaceState::Calm, 0),
            trial(2.0, FacePart::Mouth, FaceState::Moving, 5),
            trial(6.0, FacePart::Brows, FaceState::Unseen, 5),
            trial(60.0, FacePart::Brows, FaceState::Calm, 0),
        ];
        let cells = limit_cells(&DetectionLimit { trials }, &axis());
        let shares: Vec<_> = cells.iter().map(|cell| cell.share).collect();
        assert_eq!(shares, [1.0, -1.0, 0.0], "what is out of sight is not drawn");
        assert_eq!(cells[0].rect.right(), cells[1].rect.left(), "without a hole between");
        assert!(cells[2].rect.top() > cells[0].rect.bottom());
        let rect = axis().rect;
        assert!(
            cells.iter().all(|cell| (rect.top()..=rect.bottom()).contains(&cell.rect.bottom()))
        );
    }

    #[test]
    fn a_blind_rater_and_the_live_tab_see_no_limit() {
        let mut state = state();
        state.tab = Tab::Review;
        let (part, state_of_face) = (FacePart::Brows, FaceState::Calm);
        let trial = LimitTrial {
            apex: Timestamp::ZERO,
            part,
            state: state_of_face,
            found: [true; SIZES_PERCENT.len()],
        };
        let mut limit = Some(DetectionLimit { trials: vec![trial] });
        state.review.measure_limit(Box::new(move || limit.take().map(Some)));
        assert!(shown_limit(&state).is_none(), "it is still measured");
        state.review.advance(0.0);
        assert!(shown_limit(&state).is_some());
        state.tab = Tab::Live;
        assert!(shown_limit(&state).is_none());
        state.tab = Tab::Review;
        let rater = state.review.rating.rater.clone();
        state.review.view.session.log.add_rater(crate::session::annotation::Rater::blind(&rater));
        assert!(state.hides_the_model() && shown_limit(&state).is_none());
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
