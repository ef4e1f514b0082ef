//! Onset, apex and offset of the picked event as handles in a plot that can be dragged to another frame.

use egui::{Align2, CursorIcon, FontId, Rect, Role, Sense, Stroke, Ui, pos2, vec2};

use super::bounds::moment_of;
use super::command::{Edge, ReviewCommand};
use crate::app::axis::TimeAxis;
use crate::app::command::Command;
use crate::app::theme::{SMALL_PT, Theme};
use crate::app::widgets::{PanelContext, named};
use crate::session::annotation::Bounds;

/// Width and height of a handle, points.
const GRIP_PT: (f32, f32) = (13.0, 15.0);

/// Draws the handles along the bottom of `axis`, and sends commands for dragging.
pub fn show(ui: &Ui, cx: &mut PanelContext<'_>, axis: &TimeAxis) {
    let review = &cx.state.review;
    let Some(row) = review.picked_row() else { return };
    let (theme, bounds, kind) = (Theme::of(ui), review.bounds(row), row.kind);
    let machine = row.machine.as_ref();
    let machine = machine.map(|e| Bounds { onset: e.onset, apex: e.apex, offset: e.offset });
    let can_change = review.rating.is_own();
    let painter = ui.painter_at(axis.rect);
    for edge in Edge::ALL {
        let at = moment_of(&bounds, edge);
        let x = axis.x(at.time.secs());
        // The model's value stays visible beside the person's.
        if let Some(was) = machine.map(|bounds| moment_of(&bounds, edge)).filter(|was| *was != at) {
            let x = axis.x(was.time.secs());
            let stroke = Stroke::new(1.0, theme.faint);
            let line = [pos2(x, axis.rect.top()), pos2(x, axis.rect.bottom())];
            painter.extend(egui::Shape::dashed_line(&line, stroke, 3.0, 3.0));
        }
        if !axis.rect.x_range().contains(x) {
            continue;
        }
        let color = theme.kind(kind);
        painter.vline(x, axis.rect.y_range(), Stroke::new(1.2, color));
        let grip = grip(axis, edge, x);
        painter.rect_filled(grip, 3.0, color);
        let letter = ["[", "A", "]"][edge as usize];
        let font = FontId::proportional(SMALL_PT);
        painter.text(grip.center(), Align2::CENTER_CENTER, letter, font, theme.surface);
        if can_change {
            grab(ui, cx, axis, edge, grip);
        }
    }
}

/// The onset's handle is left of its line and the offset's right of it, so that they do not cover each other
/// in a short event. The apex's is higher.
fn grip(axis: &TimeAxis, edge: Edge, x: f32) -> Rect {
    let size = vec2(GRIP_PT.0, GRIP_PT.1);
    let bottom = axis.rect.bottom();
    let corner = match edge {
        Edge::Onset => pos2(x - size.x, bottom - size.y),
        Edge::Apex => pos2(x - size.x / 2.0, bottom - 2.0 * size.y - 2.0),
        Edge::Offset => pos2(x, bottom - size.y),
    };
    Rect::from_min_size(corner, size)
}

fn grab(ui: &Ui, cx: &mut PanelContext<'_>, axis: &TimeAxis, edge: Edge, grip: Rect) {
    let id = ui.scope_id().with(("handle", edge.name()));
    let response = ui.interact(grip.expand(3.0), id, Sense::drag());
    named(&response, Role::Slider, format!("Drag the {}", edge.name()));
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        cx.send(Command::Review(ReviewCommand::Drag(edge, axis.secs(pointer.x))));
    }
    if response.drag_stopped() {
        cx.send(Command::Review(ReviewCommand::Drop));
    }
}
