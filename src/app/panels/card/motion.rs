//! The motion of the regions that move most in the picked event, over time.

use egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, pos2, vec2};

use super::pictures;
use crate::app::command::Command;
use crate::app::theme::{SMALL_PT, Theme};
use crate::app::view::region_motion::{self, Motions};
use crate::app::widgets::{PanelContext, named};
use crate::measure::regions::REGION_NAMES;
use crate::session::annotation::Bounds;
use crate::session::table::Row;

/// Draws it with this height, points. A click goes to that frame.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, row: &Row, height: f32) {
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    named(&response, Role::GraphicsObject, "Motion in the event");
    let bounds = cx.state.review.bounds(row);
    let version = pictures::version(
        cx.state.tab,
        row,
        bounds.onset.frame as f32,
        bounds.offset.frame as usize,
    );
    let session = &cx.state.review.view.session;
    let kept = cx.cache.card.motions.take().filter(|(kept, _)| *kept == version);
    let (_, motions) = kept.unwrap_or_else(|| (version, region_motion::motions(session, &bounds)));
    draw_motion(ui, theme, rect, &motions, &bounds, cx.state.review.view.cursor);
    if response.clicked()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = f64::from((pointer.x - rect.left()) / rect.width());
        let secs = motions.secs.0 + share * (motions.secs.1 - motions.secs.0);
        cx.send(Command::PutCursor(secs));
    }
    cx.cache.card.motions = Some((version, motions));
}

fn draw_motion(
    ui: &Ui,
    theme: &Theme,
    rect: Rect,
    motions: &Motions,
    bounds: &Bounds,
    cursor: Option<crate::measure::time::Timestamp>,
) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 4.0, theme.ground);
    let font = FontId::proportional(SMALL_PT - 1.0);
    if motions.regions.is_empty() {
        let words = "The motion of the face was not measured here.";
        painter.text(rect.center(), Align2::CENTER_CENTER, words, font, theme.faint);
        return;
    }
    let span = (motions.secs.1 - motions.secs.0).max(1e-6);
    let x = |secs: f64| rect.left() + ((secs - motions.secs.0) / span) as f32 * rect.width();
    let top = rect.top() + 16.0;
    let y = |value: f64| {
        rect.bottom() - 2.0 - (value / motions.greatest.max(0.1)) as f32 * (rect.bottom() - top)
    };
    let inside = Rect::from_x_y_ranges(
        x(bounds.onset.time.secs())..=x(bounds.offset.time.secs()),
        rect.y_range(),
    );
    painter.rect_filled(inside, 0.0, theme.accent.gamma_multiply(0.12));
    painter.vline(x(bounds.apex.time.secs()), rect.y_range(), Stroke::new(1.0, theme.accent));
    let inks = [theme.micro, theme.macro_, theme.good, theme.bad];
    let mut left = rect.left() + 6.0;
    for (i, ((region, lines), ink)) in motions.regions.iter().zip(inks).enumerate() {
        for line in lines {
            let points = line.iter().map(|[secs, value]| pos2(x(*secs), y(*value))).collect();
            painter.line(points, Stroke::new(if i == 0 { 1.8 } else { 1.2 }, ink));
        }
        let at = pos2(left, rect.top() + 2.0);
        let used = painter.text(at, Align2::LEFT_TOP, REGION_NAMES[*region], font.clone(), ink);
        left = used.right() + 12.0;
    }
    let most = format!("{:.1} %", motions.greatest);
    let at = rect.right_top() + vec2(-6.0, 2.0);
    painter.text(at, Align2::RIGHT_TOP, most, font, theme.faint);
    if let Some(cursor) = cursor.filter(|cursor| region_motion::is_in(motions, *cursor)) {
        painter.vline(x(cursor.secs()), rect.y_range(), Stroke::new(1.5, theme.text));
    }
}
