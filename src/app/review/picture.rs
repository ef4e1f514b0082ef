//! The frame in view, which always says which frame it is; without a session, how to get one.

use egui::{Align2, Color32, FontId, Painter, Rect, Sense, Ui, vec2};

use super::command::{Edge, ReviewCommand};
use super::edit::moment_of;
use super::{ReviewPhase, ReviewState, welcome};
use crate::app::command::Command;
use crate::app::overlay::fit_inside;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::textures::show_image;
use crate::app::theme::Theme;
use crate::app::widgets::{PanelContext, named};
use crate::measure::event::Moment;
use crate::media::image::Frame;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Frame", slot: Slot::Picture, tabs: REVIEW, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match &cx.state.review.phase {
        ReviewPhase::Open => show_frame(ui, cx),
        ReviewPhase::Opening(what) => welcome::show_opening(ui, what),
        ReviewPhase::Empty => welcome::show(ui, cx, None),
        ReviewPhase::Fault(why) => welcome::show(ui, cx, Some(why)),
    }
}

fn show_frame(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let controls = ui.spacing().interact_size.y + ui.spacing().item_spacing.y;
    let space = vec2(ui.available_width(), (ui.available_height() - controls).max(40.0));
    let (area, response) = ui.allocate_exact_size(space, Sense::hover());
    let review = &cx.state.review;
    let painter = ui.painter_at(area);
    let rect = match &review.screen.frame {
        Some(frame) => {
            let rect = fit_inside(area, (frame.image.width, frame.image.height));
            let texture = cx.cache.frame.show(ui.ctx(), frame.seq, &frame.image);
            show_image(&painter, texture, rect);
            named(&response, egui::Role::Image, format!("Picture of {}", words(frame)));
            plate(&painter, rect, Align2::LEFT_BOTTOM, &caption(review, frame), Color32::WHITE);
            rect
        }
        None => {
            painter.rect_filled(area, 4.0, Theme::of(ui).raised);
            named(&response, egui::Role::Image, "No picture");
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
    } else if let Some(awaited) = review.screen.awaited() {
        let words = format!("frame {awaited} is on its way");
        plate(&painter, rect, Align2::LEFT_TOP, &words, Theme::DARK.suspect);
    }
    ui.horizontal(|ui| {
        for edge in Edge::ALL {
            cx.button_named(ui, &Command::Review(ReviewCommand::GoTo(edge)), capitalised(edge));
        }
        ui.separator();
        cx.button_named(ui, &Command::Review(ReviewCommand::Mark), "Mark");
        cx.button_named(ui, &Command::Review(ReviewCommand::Add), "Add event");
    });
}

fn capitalised(edge: Edge) -> &'static str {
    match edge {
        Edge::Onset => "Onset",
        Edge::Apex => "Apex",
        Edge::Offset => "Offset",
    }
}

/// `frame 373 at 0:12.433`.
fn words(frame: &Frame) -> String {
    format!("frame {} at {}", frame.seq, frame.time)
}

/// What stands below the picture: its own name, and what it is of the picked event.
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

/// Why the frame in view has no picture, where it has none.
fn missing(review: &ReviewState) -> Option<String> {
    let Moment { frame, time } = review.play.at()?;
    if let Some((_, why)) = review.screen.fault.as_ref().filter(|(n, _)| *n == frame) {
        return Some(format!("No picture of frame {frame} at {time}: {why}"));
    }
    (!review.has_pictures()).then(|| {
        format!(
            "Frame {frame} at {time}. This session has no pictures; its times, scores and events \
             can be reviewed all the same."
        )
    })
}

/// Words on a dark plate in a corner of a picture.
fn plate(painter: &Painter, picture: Rect, corner: Align2, words: &str, color: Color32) {
    let galley = painter.layout_no_wrap(words.into(), FontId::monospace(13.0), color);
    let size = galley.size() + vec2(16.0, 8.0);
    let ground = corner.align_size_within_rect(size, picture.shrink(8.0));
    painter.rect_filled(ground, 6.0, Color32::from_black_alpha(180));
    painter.galley(ground.min + vec2(8.0, 4.0), galley, color);
}
