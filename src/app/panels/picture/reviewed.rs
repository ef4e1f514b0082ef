//! Review: the frame in view, always with its name.

use egui::{Align2, Color32, FontId, Rect, Role, Ui};

use super::{place, plate, show_in, waiting, welcome};
use crate::app::command::Command;
use crate::app::review::bounds::moment_of;
use crate::app::review::command::{Edge, ReviewCommand};
use crate::app::review::{ReviewPhase, ReviewState};
use crate::app::theme::Theme;
use crate::app::widgets::{PanelContext, named};
use crate::measure::event::Moment;
use crate::media::image::Frame;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match &cx.state.review.phase {
        ReviewPhase::Open => show_frame(ui, cx),
        ReviewPhase::Opening(words) => waiting(ui, words),
        ReviewPhase::Empty => welcome::show_review(ui, cx, None),
        ReviewPhase::Fault(why) => welcome::show_review(ui, cx, Some(why)),
    }
}

fn show_frame(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (area, response) = place(ui);
    let review = &cx.state.review;
    let painter = ui.painter_at(area);
    let mono = |words: &str, color: Color32| {
        painter.layout_no_wrap(words.into(), FontId::monospace(13.0), color)
    };
    let rect = match &review.frame.frame {
        Some(frame) => {
            let rect = show_in(ui, &mut cx.cache.frame, area, frame.seq, &frame.image);
            let spoken = format!("Picture of frame {} at {}", frame.seq, frame.time);
            named(&response, Role::Image, spoken);
            let words = mono(&caption(review, frame), Color32::WHITE);
            plate(&painter, rect, Align2::LEFT_BOTTOM, words);
            rect
        }
        None => {
            painter.rect_filled(area, 4.0, Theme::of(ui).raised);
            named(&response, Role::Image, "No picture");
            area
        }
    };
    if let Some(words) = missing(review) {
        let font = FontId::proportional(13.5);
        let galley = painter.layout(words, font, Theme::DARK.text, (rect.width() - 40.0).max(60.0));
        let at = rect.center() - galley.size() / 2.0;
        let ground = Rect::from_min_size(at, galley.size()).expand(10.0);
        painter.rect_filled(ground, 6.0, Color32::from_black_alpha(210));
        painter.galley(at, galley, Theme::DARK.text);
    } else if let Some(awaited) = review.frame.awaited() {
        let words = mono(&format!("frame {awaited} is on its way"), Theme::DARK.suspect);
        plate(&painter, rect, Align2::LEFT_TOP, words);
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        ui.spacing_mut().button_padding.x = 5.0;
        for (edge, name) in Edge::ALL.into_iter().zip(["Onset", "Apex", "Offset"]) {
            cx.button_named(ui, &Command::Review(ReviewCommand::GoTo(edge)), name);
        }
        ui.separator();
        cx.button_named(ui, &Command::Review(ReviewCommand::Mark), "Mark");
        cx.button_named(ui, &Command::Review(ReviewCommand::Add), "Add event");
    });
}

/// The text below the picture: its name, and its place in the picked event.
fn caption(review: &ReviewState, frame: &Frame) -> String {
    let mut caption = format!("{}   frame {}", frame.time, frame.seq);
    if let Some(row) = review.picked_row() {
        let bounds = review.bounds(row);
        for edge in Edge::ALL {
            if moment_of(&bounds, edge).frame == frame.seq {
                caption.push_str(&format!("   {}", edge.name()));
            }
        }
    }
    caption
}

/// Why the frame in view has no picture; `None` if it has one.
fn missing(review: &ReviewState) -> Option<String> {
    let Moment { frame, time } = review.playback.at()?;
    if let Some((_, why)) = review.frame.fault.as_ref().filter(|(n, _)| *n == frame) {
        return Some(format!("No picture of frame {frame} at {time}: {why}"));
    }
    (!review.has_pictures()).then(|| {
        format!(
            "Frame {frame} at {time}. This session has no pictures; its times, scores and events \
             can be reviewed all the same."
        )
    })
}
