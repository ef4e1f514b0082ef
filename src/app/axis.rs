//! The time axis as rows draw it: a gutter for names, ticks, event bands, the cursor, and what the
//! pointer does. Every row of plots uses it, so that all agree.

use egui::{Align2, FontId, Painter, Rect, Response, Role, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::command::{Command, Tab};
use super::review::command::ReviewCommand;
use super::state::State;
use super::theme::{SMALL_PT, Theme};
use super::widgets::{PanelContext, kind_shape, named, verdict_shape};
use crate::measure::event::{Event, EventKind};
use crate::measure::time::Timestamp;
use crate::session::annotation::{Bounds, MarkKind, NumberedCondition, Target, Verdict};

/// Width of the names at the left, points.
pub const GUTTER: f32 = 78.0;

/// Least distance between ticks with words, points.
const TICK_SPACING: f32 = 84.0;

/// Signs that begin closer to each other than this cannot be told apart, points.
const APART_PT: f32 = 2.0;

/// Events narrower than this show no shape of their own, points.
const NARROW_PT: f32 = 6.0;

/// Steps between ticks, seconds.
const STEPS_SECS: [f64; 16] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    7200.0,
];

/// Seconds to points and back, inside one row.
#[derive(Clone, Copy, Debug)]
pub struct TimeAxis {
    /// Where data is drawn.
    pub rect: Rect,
    /// Left edge, seconds.
    pub first_secs: f64,
    /// Right edge, seconds.
    pub last_secs: f64,
}

impl TimeAxis {
    /// Over `rect`, as the state's timeline has it.
    pub fn new(rect: Rect, state: &State) -> Self {
        let (first_secs, last_secs) = state.view().timeline.range(state.newest_secs());
        Self { rect, first_secs, last_secs }
    }

    /// Points from the left of the screen.
    pub fn x(&self, secs: f64) -> f32 {
        let share = (secs - self.first_secs) / (self.last_secs - self.first_secs);
        // Far outside, floats would no longer place the edges exactly.
        self.rect.left() + (share.clamp(-2.0, 3.0) as f32) * self.rect.width()
    }

    /// The second at `x`.
    pub fn secs(&self, x: f32) -> f64 {
        let share = f64::from((x - self.rect.left()) / self.rect.width().max(1.0));
        self.first_secs + share * (self.last_secs - self.first_secs)
    }

    /// Seconds of one point.
    pub fn secs_per_point(&self) -> f64 {
        (self.last_secs - self.first_secs) / f64::from(self.rect.width().max(1.0))
    }

    /// The times of its edges.
    pub fn edges(&self) -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(self.first_secs), Timestamp::from_secs(self.last_secs))
    }

    /// The rectangle from one second to another, at least two points wide.
    pub fn span(&self, first: f64, last: f64) -> Rect {
        let (left, right) = (self.x(first), self.x(last));
        Rect::from_x_y_ranges(left..=right.max(left + 2.0), self.rect.y_range())
    }

    /// Where ticks are, seconds.
    pub fn ticks(&self) -> Vec<f64> {
        let least = self.secs_per_point() * f64::from(TICK_SPACING);
        let step = STEPS_SECS.into_iter().find(|s| *s >= least).unwrap_or(14_400.0);
        let first = (self.first_secs.max(0.0) / step).ceil() as i64;
        let last = (self.last_secs / step).floor() as i64;
        (first..=last).map(|i| i as f64 * step).collect()
    }
}

/// A low line of words above a row.
pub fn header(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), SMALL_PT + 4.0);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.spacing_mut().interact_size.y = size.y;
        add(ui);
    });
}

/// A row of the plots: its gutter for names, and the axis over the rest.
pub fn row(ui: &mut Ui, state: &State, height: f32) -> (Rect, TimeAxis) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::empty());
    let gutter = Rect::from_min_max(rect.min, pos2(rect.left() + GUTTER, rect.bottom()));
    let data = Rect::from_min_max(pos2(gutter.right(), rect.top()), rect.max);
    (gutter, TimeAxis::new(data, state))
}

/// What the pointer does in a row: drag pans, the wheel zooms, sideways pans, a click picks an event
/// or puts the cursor, a double click follows. `name` tells those who read by ear what the row shows.
pub fn point_at(ui: &Ui, cx: &mut PanelContext<'_>, axis: &TimeAxis, name: &str) -> Response {
    let response = ui.interact(axis.rect, ui.scope_id().with(name), Sense::click_and_drag());
    named(&response, Role::GraphicsObject, name);
    if response.dragged() && response.drag_delta().x != 0.0 {
        let secs = -f64::from(response.drag_delta().x) * axis.secs_per_point();
        cx.send(Command::Pan(secs));
    }
    if let Some(pointer) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
        let factor = f64::from(pinch) * f64::from(scroll.y / 300.0).exp();
        if (factor - 1.0).abs() > 1e-4 {
            cx.send(Command::Zoom { factor, around_secs: Some(axis.secs(pointer.x)) });
        }
        if scroll.x != 0.0 {
            cx.send(Command::Pan(-f64::from(scroll.x) * axis.secs_per_point()));
        }
    }
    if response.double_clicked() {
        cx.send(match cx.state.tab {
            Tab::Review => Command::Review(ReviewCommand::FitAll),
            Tab::Live | Tab::Analyse => Command::Follow,
        });
    } else if response.clicked()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let secs = axis.secs(pointer.x);
        cx.send(match event_at(cx.state, axis, secs) {
            Some(target) => Command::SelectEvent(target),
            None => Command::PutCursor(secs),
        });
    }
    response
}

/// An event as the plots draw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Which event.
    pub target: Target,
    /// Micro or macro.
    pub kind: EventKind,
    /// Onset, apex and offset, seconds.
    pub secs: [f64; 3],
    /// True if the card shows it.
    pub is_shown: bool,
    /// How it was judged.
    pub verdict: Verdict,
}

/// The event at a second, or one that is drawn within three points of it. Of several it is the newest
/// micro-expression, which is drawn over the others, or else the newest.
fn event_at(state: &State, axis: &TimeAxis, secs: f64) -> Option<Target> {
    let slack = 3.0 * axis.secs_per_point();
    let (mut at, span) = (None, axis.edges());
    each_band(state, span, |band| {
        let is_hidden = band.kind == EventKind::Macro && matches!(at, Some((_, EventKind::Micro)));
        if band.secs[0] - slack <= secs && secs <= band.secs[2] + slack && !is_hidden {
            at = Some((band.target, band.kind));
        }
    });
    at.map(|(target, _)| target)
}

/// Goes through the events that reach into a span of time, oldest first. Those outside cost no more
/// than a look at their times.
fn each_band(state: &State, (from, to): (Timestamp, Timestamp), mut see: impl FnMut(&Band)) {
    let mut look = |target, kind, bounds: &Bounds, is_shown, verdict| {
        let Bounds { onset, apex, offset } = *bounds;
        if offset.time >= from && onset.time <= to {
            let secs = [onset, apex, offset].map(|m| m.time.secs());
            see(&Band { target, kind, secs, is_shown, verdict });
        }
    };
    if state.tab == Tab::Review {
        let review = &state.review;
        for row in &review.list.rows {
            let is_shown = review.view.picked == Some(row.target);
            look(row.target, row.kind, &review.bounds(row), is_shown, row.verdict);
        }
        return;
    }
    let shown = state.live.shown_event().map(|event| event.id);
    for event in &state.live.view.session.events {
        let Event { id, kind, onset, apex, offset, .. } = *event;
        let bounds = Bounds { onset, apex, offset };
        look(Target::Machine(id), kind, &bounds, shown == Some(id), Verdict::Open);
    }
}

/// The events to be drawn, oldest first. Of those too narrow to be told apart, one stands for all in its
/// place that are of its kind and judged alike, so that no more come than fit side by side. The event
/// that the card shows is always there.
pub fn bands_in_view(state: &State, axis: &TimeAxis) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    // The newest narrow band of each kind and verdict, and where it begins.
    let mut newest: [Option<(usize, f32)>; 6] = [None; 6];
    each_band(state, axis.edges(), |band| {
        let [onset, _, offset] = band.secs.map(|secs| axis.x(secs));
        if offset - onset < NARROW_PT && !band.is_shown {
            let newest = &mut newest[band.kind as usize * 3 + band.verdict as usize];
            let before = newest.filter(|(_, begin)| (onset - begin).abs() < APART_PT);
            if let Some(before) = before.and_then(|(place, _)| bands.get_mut(place)) {
                before.secs[0] = before.secs[0].min(band.secs[0]);
                before.secs[2] = before.secs[2].max(band.secs[2]);
                return;
            }
            *newest = Some((bands.len(), onset));
        }
        bands.push(*band);
    });
    bands
}

/// Lines at the ticks.
pub fn grid(painter: &Painter, theme: &Theme, axis: &TimeAxis) {
    let stroke = Stroke::new(1.0, theme.line.gamma_multiply(0.7));
    for secs in axis.ticks() {
        painter.vline(axis.x(secs), axis.rect.y_range(), stroke);
    }
}

/// The times at the ticks, below `axis`.
pub fn tick_words(painter: &Painter, theme: &Theme, axis: &TimeAxis) {
    let step_is_fine = axis.ticks().windows(2).any(|w| w[1] - w[0] < 0.99);
    for secs in axis.ticks() {
        let x = axis.x(secs);
        let at_edge = x > axis.rect.right() - 16.0;
        let align = if at_edge { Align2::RIGHT_TOP } else { Align2::CENTER_TOP };
        let at = pos2(x.min(axis.rect.right()), axis.rect.bottom() + 3.0);
        let font = FontId::proportional(SMALL_PT - 1.0);
        painter.text(at, align, clock(secs, step_is_fine), font, theme.faint);
    }
}

/// `1:05`, `1:05.2`, `2:01:05`.
pub fn clock(secs: f64, tenths: bool) -> String {
    let whole = (secs * 10.0).round() as i64;
    let (h, m, s) = (whole / 36_000, whole / 600 % 60, whole / 10 % 60);
    let mut text = if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") };
    if tenths {
        text.push_str(&format!(".{}", whole % 10));
    }
    text
}

/// Bands behind the data where events are, micro-expressions over the macro-expressions in which they
/// lie; the shown event's is stronger and has edges, and one that
/// was rejected has edges only.
pub fn bands(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    let mut bands = bands_in_view(state, axis);
    bands.sort_by_key(|band| band.kind == EventKind::Micro);
    for band in bands {
        let color = theme.kind(band.kind);
        let rect = axis.span(band.secs[0], band.secs[2]);
        let strength = match (band.verdict, band.is_shown) {
            (Verdict::Rejected, _) => 0.0,
            (_, true) => 0.34,
            (_, false) => 0.16,
        };
        painter.rect_filled(rect, 0.0, color.gamma_multiply(strength));
        if band.is_shown || band.verdict == Verdict::Rejected {
            let width = if band.is_shown { 1.0 } else { 0.6 };
            let stroke = Stroke::new(width, color);
            painter.vline(rect.left(), rect.y_range(), stroke);
            painter.vline(rect.right(), rect.y_range(), stroke);
        }
    }
}

/// A sign above each event, at its apex: its kind, or how it was judged.
pub fn flags(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    for band in bands_in_view(state, axis) {
        // A micro-expression often lies within a macro-expression, so each kind has a line of its own.
        let line = if band.kind == EventKind::Micro { 7.0 } else { 21.0 };
        let center = pos2(axis.x(band.secs[1]), axis.rect.top() + line);
        let sign = Rect::from_center_size(center, vec2(12.0, 12.0));
        match band.verdict {
            Verdict::Open => {
                painter.add(kind_shape(band.kind, sign, theme.kind(band.kind)));
            }
            judged => painter.extend(verdict_shape(judged, sign, theme.verdict(judged))),
        }
    }
}

/// A bar at the top over each condition, with its name where there is room.
pub fn conditions(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    let font = FontId::proportional(SMALL_PT - 1.0);
    let (from, to) = axis.edges();
    for NumberedCondition { number, condition } in &state.view().conditions {
        let end = condition.end_in(Timestamp::from_secs(state.newest_secs()));
        if end < from || condition.start.time > to {
            continue;
        }
        let span = axis.span(condition.start.time.max(from).secs(), end.min(to).secs());
        let strength = if number % 2 == 0 { 0.9 } else { 0.5 };
        let bar = span.with_max_y(span.top() + 3.0);
        painter.rect_filled(bar, 0.0, theme.accent.gamma_multiply(strength));
        let galley = painter.layout_no_wrap(condition.name.clone(), font.clone(), theme.faint);
        if galley.size().x + 8.0 < span.width() {
            painter.galley(span.left_top() + vec2(4.0, 4.0), galley, theme.faint);
        }
    }
}

/// A pin at each marked moment, with its words where there is room, and a band over the time before it that
/// it is about.
pub fn marks(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    let font = FontId::proportional(SMALL_PT - 1.0);
    let (mut free_from, mut last) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    let (from, to) = axis.edges();
    for mark in &state.view().marks {
        if mark.at.time < from || mark.begin() > to {
            continue;
        }
        let x = axis.x(mark.at.time.secs());
        let is_plain = mark.kind == MarkKind::Mark && mark.text.is_empty();
        // Of pins in one place, one is drawn.
        if (x - last).abs() < APART_PT && (is_plain || x <= free_from) {
            continue;
        }
        last = x;
        if mark.begin() < mark.at.time {
            let band = axis.span(mark.begin().secs(), mark.at.time.secs());
            painter.rect_filled(band, 0.0, theme.good.gamma_multiply(0.14));
        }
        if mark.at.time > to {
            continue;
        }
        let stroke = Stroke::new(1.2, theme.good);
        painter.vline(x, axis.rect.y_range(), stroke);
        let foot = pos2(x, axis.rect.bottom());
        let pin = vec![foot, foot + vec2(-5.0, -8.0), foot + vec2(5.0, -8.0)];
        painter.add(Shape::convex_polygon(pin, theme.good, Stroke::NONE));
        if !is_plain && x > free_from {
            let at = foot + vec2(7.0, -2.0);
            let words = mark.words();
            let used = painter.text(at, Align2::LEFT_BOTTOM, words, font.clone(), theme.text);
            free_from = used.right() + 6.0;
        }
    }
}

/// The line of the cursor.
pub fn cursor(painter: &Painter, theme: &Theme, axis: &TimeAxis, state: &State) {
    if let Some(cursor) = state.view().cursor {
        let x = axis.x(cursor.secs());
        painter.vline(x, axis.rect.y_range(), Stroke::new(1.5, theme.text));
    }
}

/// Says in place of a row that a blind rater does not see it.
pub fn hidden(painter: &Painter, theme: &Theme, axis: &TimeAxis, what: &str) {
    let words = format!("You work blind: {what} is hidden.");
    let font = FontId::proportional(SMALL_PT);
    painter.text(axis.rect.center(), Align2::CENTER_CENTER, words, font, theme.faint);
}

/// Fine diagonal lines over `rect`, for what is not known.
pub fn hatch(painter: &Painter, rect: Rect, stroke: Stroke) {
    if rect.width() < 1.0 {
        return;
    }
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let (step, high) = (7.0, rect.height());
    let first = ((rect.left() - high) / step).floor() as i64;
    let last = (rect.right() / step).ceil() as i64;
    // A screen holds a few hundred; more would only be asked for by a rectangle gone wild.
    painter.extend((first..=last.min(first + 2000)).map(|i| {
        let x = i as f32 * step;
        Shape::line_segment([pos2(x, rect.bottom()), pos2(x + high, rect.top())], stroke)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{event, state};
    use proptest::prelude::*;

    fn axis(first_secs: f64, last_secs: f64) -> TimeAxis {
        let rect = Rect::from_min_size(pos2(100.0, 0.0), vec2(800.0, 50.0));
        TimeAxis { rect, first_secs, last_secs }
    }

    #[test]
    fn a_point_and_its_second_name_the_same_place() {
        let axis = axis(80.0, 100.0);
        for secs in [80.0, 91.7, 100.0] {
            assert!((axis.secs(axis.x(secs)) - secs).abs() < 1e-3);
        }
    }

    #[test]
    fn ticks_are_round_numbers_that_leave_room_for_their_words() {
        for span in [0.5, 3.0, 20.0, 333.0, 7200.0, 36_000.0] {
            let ticks = axis(5.0, 5.0 + span).ticks();
            assert!((1..=10).contains(&ticks.len()), "{span}: {ticks:?}");
        }
        assert_eq!(axis(80.0, 100.0).ticks(), [80.0, 85.0, 90.0, 95.0, 100.0]);
    }

    #[test]
    fn the_shortest_event_can_still_be_seen() {
        assert!(axis(0.0, 36_000.0).span(10.0, 10.1).width() >= 2.0);
    }

    #[test]
    fn a_click_on_a_micro_expression_inside_a_macro_expression_picks_it() {
        let mut state = state();
        let (micro, mut wide) = (event(0, 4.0), event(1, 3.9));
        wide.kind = EventKind::Macro;
        wide.offset.time = wide.onset.time + 3.0;
        for events in [vec![micro.clone(), wide.clone()], vec![wide, micro]] {
            state.live.view.session.events = events;
            let at = |secs| event_at(&state, &axis(0.0, 10.0), secs);
            assert_eq!(at(4.1), Some(Target::Machine(0)));
            assert_eq!(at(6.0), Some(Target::Machine(1)));
        }
    }

    proptest! {
        #[test]
        fn every_event_is_drawn_and_no_more_than_there_is_room_for(
            events in prop::collection::vec((0.0f64..5000.0, 0.1f64..4.0, 0.0f64..1.0), 0..800),
            a in 0.0f64..5000.0, b in 0.0f64..5000.0, picked in 0u64..800,
        ) {
            let mut state = state();
            state.live.view.session.events = events.iter().zip(0..).map(|(&(onset, secs, at), id)| {
                let mut event = event(id, onset);
                event.apex.time = event.onset.time + secs * at;
                event.offset.time = event.onset.time + secs;
                event
            }).collect();
            state.live.view.session.events.sort_by_key(|event| event.onset.time);
            state.live.view.picked = Some(Target::Machine(picked));
            let axis = axis(a.min(b), a.max(b) + 0.5);
            let bands = bands_in_view(&state, &axis);
            let (from, to) = axis.edges();
            for event in &state.live.view.session.events {
                if event.offset.time < from || event.onset.time > to {
                    continue;
                }
                let onset = axis.x(event.onset.time.secs());
                let offset = event.offset.time.secs();
                let near = |band: &Band| (onset - axis.x(band.secs[0])).abs() <= APART_PT;
                prop_assert!(bands.iter().any(|band| near(band) && band.secs[2] >= offset));
                if event.id == picked {
                    prop_assert!(bands.iter().any(|band| band.is_shown));
                }
            }
            let wide = events.iter().filter(|(_, secs, _)| {
                secs / axis.secs_per_point() >= f64::from(NARROW_PT) - 0.1
            });
            let room = (axis.rect.width() / APART_PT) as usize + 2;
            prop_assert!(bands.len() <= room + 1 + wide.count(), "{} in {room}", bands.len());
        }
    }

    #[test]
    fn clocks_read_as_people_read_them() {
        assert_eq!(clock(65.0, false), "1:05");
        assert_eq!(clock(65.24, true), "1:05.2");
        assert_eq!(clock(7265.0, false), "2:01:05");
        assert_eq!(clock(59.999, false), "1:00");
    }
}
