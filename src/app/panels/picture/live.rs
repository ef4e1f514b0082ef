//! Live: the newest picture with the drawing over it, or a picture that an event kept.

use egui::{Align2, Color32, FontId, Rect, Role, Sense, Stroke, Ui, vec2};

use super::{place, plate, show_in, still, waiting};
use crate::app::command::{Command, OverlayLayer};
use crate::app::live::{LivePhase, LiveState};
use crate::app::overlay::{self, ScreenFromFrame};
use crate::app::theme::{Grade, SMALL_PT, Theme};
use crate::app::widgets::{PanelContext, grade_shape, named, phase_shape};
use crate::engine::Preview;
use crate::measure::event::Event;
use crate::measure::quality::Quality;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;
use crate::session::clip::EventClip;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let live = &cx.state.live;
    if let Some(named) = named_frame(live)
        && let Some((clip, index)) = named.kept
    {
        return show_kept(ui, cx, &named, &clip.frames[index].2);
    }
    match (&live.preview, &live.phase) {
        (Some(preview), _) => show_preview(ui, cx, preview),
        (None, LivePhase::Starting(step)) => waiting(ui, step),
        (None, LivePhase::Lost(words)) => still(ui, words),
        (None, LivePhase::Live | LivePhase::Frozen(_)) => {
            waiting(ui, "waiting for the first picture");
        }
        (None, LivePhase::Paused) => still(ui, "paused before the first picture"),
        (None, _) => super::welcome::show_live(ui, cx),
    }
}

fn show_preview(ui: &mut Ui, cx: &mut PanelContext<'_>, preview: &Preview) {
    let (area, response) = place(ui);
    let image = &preview.frame.image;
    let size_px = (image.width, image.height);
    let rect = show_in(ui, &mut cx.cache.picture, area, preview.frame.seq, image);
    let quality = &preview.overlay.quality;
    let live = &cx.state.live;
    let other = named_frame(live).filter(|named| named.seq != preview.frame.seq);
    let other = other.map(|named| {
        format!(
            "This is frame {}; the picture of frame {} at {} is not kept",
            preview.frame.seq, named.seq, named.time
        )
    });
    let spoken = other.clone().unwrap_or_else(|| format!("face quality {}", quality.trouble));
    let kind = match (&live.phase, live.source.kind) {
        (LivePhase::Lost(_), _) => "Last picture before the camera was lost",
        (_, "camera") => "Live picture",
        _ => "Picture",
    };
    named(&response, Role::Image, format!("{kind}, {spoken}"));

    let painter = ui.painter_at(rect);
    let to = ScreenFromFrame::fit(rect, size_px);
    for layer in [OverlayLayer::Landmarks, OverlayLayer::Regions, OverlayLayer::Arrows] {
        let draw = match layer {
            OverlayLayer::Landmarks => overlay::landmarks,
            OverlayLayer::Regions => overlay::regions,
            OverlayLayer::Arrows => overlay::arrows,
        };
        if cx.state.settings.shows(layer) {
            // Over a picture, bright colours are visible in both looks.
            draw(&painter, &Theme::DARK, &preview.overlay, to);
        }
    }
    show_lost(&painter, rect, &live.phase);
    show_held(&painter, rect, &Theme::of(ui), live);
    if let Some(words) = other {
        show_name(&painter, rect, &words);
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 7.0;
        for layer in [OverlayLayer::Landmarks, OverlayLayer::Regions, OverlayLayer::Arrows] {
            cx.button(ui, &Command::ToggleLayer(layer));
        }
    });
    if let LivePhase::Lost(_) = live.phase {
        return;
    }
    let quality = show_quality(&painter, rect, &preview.overlay.quality);
    let id = ui.scope_id().with("quality");
    ui.interact(quality, id, Sense::hover()).on_hover_text(measurements(&preview.overlay.quality));
}

/// The frame under the cursor while the picture stands still.
struct Named<'a> {
    seq: u64,
    time: Timestamp,
    /// Its picture in an event's clip, if there is one.
    kept: Option<(&'a EventClip, usize)>,
}

fn named_frame(live: &LiveState) -> Option<Named<'_>> {
    if matches!(live.phase, LivePhase::Live | LivePhase::Starting(_)) {
        return None;
    }
    let sample = live.view.sample_at_cursor()?;
    let (seq, time) = (sample.seq, sample.time);
    // Seconds that an event's pictures may reach beyond it.
    let beside = 0.5;
    let session = &live.view.session;
    let near =
        |event: &&Event| (event.onset.time - beside..=event.offset.time + beside).contains(&time);
    let kept = session.events.iter().rev().filter(near).find_map(|event| {
        let clip = session.clip(event.id)?;
        Some((clip.as_ref(), clip.frames.iter().position(|(kept, ..)| *kept == seq)?))
    });
    let is_shown = live.preview.as_ref().is_some_and(|preview| preview.frame.seq == seq);
    Some(Named { seq, time, kept: kept.filter(|_| !is_shown) })
}

/// A picture that an event kept, in place of one that is gone.
fn show_kept(ui: &mut Ui, cx: &mut PanelContext<'_>, frame: &Named<'_>, image: &RgbImage) {
    let (area, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    show_in(ui, &mut cx.cache.kept, area, frame.seq, image);
    let words = format!("{}  frame {}, the face as its event kept it", frame.time, frame.seq);
    named(&response, Role::Image, format!("Picture of frame {} at {}", frame.seq, frame.time));
    let painter = ui.painter_at(area);
    show_held(&painter, area, &Theme::of(ui), &cx.state.live);
    show_name(&painter, area, &words);
}

/// Name of the frame, along the top of the picture's right half.
fn show_name(painter: &egui::Painter, picture: Rect, words: &str) {
    let most = (picture.width() - 160.0).max(80.0);
    let font = FontId::proportional(SMALL_PT);
    let galley = painter.layout(words.into(), font, Theme::DARK.text, most);
    plate(painter, picture, Align2::RIGHT_TOP, galley);
}

/// Darkens the last picture of a lost camera, and says what is tried.
fn show_lost(painter: &egui::Painter, rect: Rect, phase: &LivePhase) {
    let LivePhase::Lost(words) = phase else { return };
    painter.rect_filled(rect, 0.0, Color32::from_black_alpha(170));
    let words = format!("{}. This is its last picture.", words.trim_end_matches(['.', '…']));
    let most = (rect.width() - 32.0).max(80.0);
    let galley = painter.layout(words, FontId::proportional(14.0), Theme::DARK.text, most);
    painter.galley(rect.center() - galley.size() / 2.0, galley, Theme::DARK.text);
}

/// Says what the picture is, unless it is that of a running camera.
fn show_held(painter: &egui::Painter, rect: Rect, theme: &Theme, live: &LiveState) {
    let phase = &live.phase;
    let runs = *phase == LivePhase::Live;
    if runs && live.source.kind == "camera" {
        return;
    }
    let color = Theme::DARK.phase(phase);
    if !runs {
        let stroke = Stroke::new(3.0, theme.phase(phase));
        painter.rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Inside);
    }
    let font = FontId::proportional(14.0);
    let galley = painter.layout_no_wrap(live.phase_word().to_owned(), font, color);
    let size = vec2(galley.size().x + 38.0, 26.0);
    let plate = Rect::from_min_size(rect.left_top() + vec2(10.0, 10.0), size);
    painter.rect_filled(plate, 6.0, Color32::from_black_alpha(190));
    let sign = Rect::from_center_size(plate.left_center() + vec2(15.0, 0.0), vec2(15.0, 15.0));
    painter.extend(phase_shape(phase, sign, color));
    let at = plate.left_center() + vec2(28.0, -galley.size().y / 2.0);
    painter.galley(at, galley, color);
}

/// The quality of the face, on a plate at the bottom of the picture. Returns the plate.
fn show_quality(painter: &egui::Painter, picture: Rect, quality: &Quality) -> Rect {
    let theme = Theme::DARK;
    let grade = Grade::of(quality.trouble);
    let words = match grade {
        Grade::Good => "face: good".to_owned(),
        Grade::Suspect | Grade::Unscorable => Grade::words(quality.trouble),
    };
    let color = theme.grade(grade);
    let most = (picture.width() - 60.0).max(40.0);
    let galley = painter.layout(words, FontId::proportional(SMALL_PT), color, most);
    let size = galley.size() + vec2(34.0, 8.0);
    let at = picture.left_bottom() + vec2(8.0, -8.0 - size.y);
    let plate = Rect::from_min_size(at, size);
    painter.rect_filled(plate, 6.0, Color32::from_black_alpha(170));
    let sign = Rect::from_center_size(plate.left_center() + vec2(14.0, 0.0), vec2(13.0, 13.0));
    painter.extend(grade_shape(grade, sign, color));
    painter.galley(plate.min + vec2(26.0, 4.0), galley, color);
    plate
}

/// The numbers behind the words.
fn measurements(quality: &Quality) -> String {
    format!(
        "Lid gap {:.2} of the eye's width\nHead speed {:.2} eye distances per second\nHead turned \
         {:.0}°\nSharpness {:.2}\nBrightness {:.0} of 255\nEye distance {:.0} pixels\n{:.1} frames \
         per second",
        quality.lid_aperture,
        quality.head_speed,
        quality.yaw_deg,
        quality.sharpness,
        quality.brightness,
        quality.eye_distance_px,
        quality.rate_fps,
    )
}
