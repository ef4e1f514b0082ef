//! What the source sees, with what was measured drawn over it; without a source, how to get one.

use egui::{Align2, Color32, FontId, Rect, RichText, Role, Sense, Stroke, Ui, vec2};

use crate::app::command::{Command, OverlayLayer};
use crate::app::overlay::{self, ScreenFromFrame, fit_inside};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::LIVE;
use crate::app::state::{Cameras, LivePhase, State};
use crate::app::textures::show_image;
use crate::app::theme::{Grade, SMALL_PT, Theme, phase_word};
use crate::app::widgets::{PanelContext, badge, grade_shape, named, phase_shape};
use crate::engine::Preview;
use crate::measure::event::Event;
use crate::measure::quality::Quality;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;
use crate::session::clip::EventClip;
use crate::source::SourceSpec;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Picture", slot: Slot::Picture, tabs: LIVE, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let state = cx.state;
    if let Some(named) = named_frame(state)
        && let Some((clip, index)) = named.kept
    {
        return show_kept(ui, cx, &named, &clip.frames[index].2);
    }
    match (&state.preview, &state.phase) {
        (Some(preview), _) => show_preview(ui, cx, preview),
        (None, LivePhase::Starting(step)) => show_starting(ui, step),
        (None, LivePhase::Live | LivePhase::Paused) => {
            show_starting(ui, "waiting for the first picture")
        }
        (None, _) => show_welcome(ui, cx),
    }
}

fn show_preview(ui: &mut Ui, cx: &mut PanelContext<'_>, preview: &Preview) {
    let theme = Theme::of(ui);
    let controls_height = ui.spacing().interact_size.y + ui.spacing().item_spacing.y;
    let space = vec2(ui.available_width(), (ui.available_height() - controls_height).max(40.0));
    let (area, response) = ui.allocate_exact_size(space, Sense::hover());
    let size_px = (preview.frame.image.width, preview.frame.image.height);
    let rect = fit_inside(area, size_px);
    let texture = cx.cache.picture.show(ui.ctx(), preview.frame.seq, &preview.frame.image);
    show_image(ui.painter(), texture, rect);
    let quality = &preview.overlay.quality;
    let other = named_frame(cx.state).filter(|named| named.seq != preview.frame.seq);
    let other = other.map(|named| {
        format!(
            "This is frame {}; the picture of frame {} at {} is not kept",
            preview.frame.seq, named.seq, named.time
        )
    });
    let spoken = other.clone().unwrap_or_else(|| format!("face quality {}", quality.trouble));
    named(&response, Role::Image, format!("Live picture, {spoken}"));

    let painter = ui.painter_at(rect);
    let to = ScreenFromFrame::fit(rect, size_px);
    for layer in [OverlayLayer::Landmarks, OverlayLayer::Regions, OverlayLayer::Arrows] {
        let draw = match layer {
            OverlayLayer::Landmarks => overlay::landmarks,
            OverlayLayer::Regions => overlay::regions,
            OverlayLayer::Arrows => overlay::arrows,
        };
        if cx.state.settings.shows(layer) {
            // Over a picture, bright colours are seen in either look.
            draw(&painter, &Theme::DARK, &preview.overlay, to);
        }
    }
    show_held(&painter, rect, &theme, &cx.state.phase);
    if let Some(words) = other {
        show_name(&painter, rect, &words);
    }
    ui.horizontal(|ui| {
        for layer in [OverlayLayer::Landmarks, OverlayLayer::Regions, OverlayLayer::Arrows] {
            cx.button(ui, &Command::ToggleLayer(layer));
        }
    });
    let quality = show_quality(&painter, rect, &preview.overlay.quality);
    let id = ui.scope_id().with("quality");
    ui.interact(quality, id, Sense::hover()).on_hover_text(measurements(&preview.overlay.quality));
}

/// The frame that the cursor names while the picture stands still.
struct Named<'a> {
    seq: u64,
    time: Timestamp,
    /// Its picture among those of an event, where one has it.
    kept: Option<(&'a EventClip, usize)>,
}

fn named_frame(state: &State) -> Option<Named<'_>> {
    if matches!(state.phase, LivePhase::Live | LivePhase::Starting(_)) {
        return None;
    }
    let sample = state.sample_at_cursor()?;
    let (seq, time) = (sample.seq, sample.time);
    // What an event's pictures may hold beyond it, seconds.
    let beside = 0.5;
    let near =
        |event: &&Event| (event.onset.time - beside..=event.offset.time + beside).contains(&time);
    let kept = state.session.events.iter().rev().filter(near).find_map(|event| {
        let clip = state.session.clip(event.id)?;
        Some((clip.as_ref(), clip.frames.iter().position(|(kept, ..)| *kept == seq)?))
    });
    let is_shown = state.preview.as_ref().is_some_and(|preview| preview.frame.seq == seq);
    Some(Named { seq, time, kept: kept.filter(|_| !is_shown) })
}

/// The face as an event kept it, in place of a picture that is gone.
fn show_kept(ui: &mut Ui, cx: &mut PanelContext<'_>, frame: &Named<'_>, image: &RgbImage) {
    let (area, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let rect = fit_inside(area, (image.width, image.height));
    let texture = cx.cache.kept.show(ui.ctx(), frame.seq, image);
    show_image(ui.painter(), texture, rect);
    let words = format!("{}  frame {}, the face as its event kept it", frame.time, frame.seq);
    named(&response, Role::Image, format!("Picture of frame {} at {}", frame.seq, frame.time));
    let painter = ui.painter_at(area);
    show_held(&painter, area, &Theme::of(ui), &cx.state.phase);
    show_name(&painter, area, &words);
}

/// Which frame is seen, along the top of the picture's right half.
fn show_name(painter: &egui::Painter, picture: Rect, words: &str) {
    let color = Theme::DARK.text;
    let most = (picture.width() - 160.0).max(80.0);
    let galley = painter.layout(words.into(), FontId::proportional(SMALL_PT), color, most);
    let size = galley.size() + vec2(16.0, 8.0);
    let plate = Align2::RIGHT_TOP.align_size_within_rect(size, picture.shrink(8.0));
    painter.rect_filled(plate, 6.0, Color32::from_black_alpha(190));
    painter.galley(plate.min + vec2(8.0, 4.0), galley, color);
}

/// When the picture is not live, it says so where people look.
fn show_held(painter: &egui::Painter, rect: Rect, theme: &Theme, phase: &LivePhase) {
    if *phase == LivePhase::Live {
        return;
    }
    let color = Theme::DARK.phase(phase);
    painter.rect_stroke(rect, 0.0, Stroke::new(3.0, theme.phase(phase)), egui::StrokeKind::Inside);
    let plate = Rect::from_min_size(rect.left_top() + vec2(10.0, 10.0), vec2(112.0, 26.0));
    painter.rect_filled(plate, 6.0, Color32::from_black_alpha(190));
    let sign = Rect::from_center_size(plate.left_center() + vec2(15.0, 0.0), vec2(15.0, 15.0));
    painter.extend(phase_shape(phase, sign, color));
    let at = plate.left_center() + vec2(28.0, 0.0);
    painter.text(at, Align2::LEFT_CENTER, phase_word(phase), FontId::proportional(14.0), color);
}

/// How good the face is to measure, on a plate at the bottom of the picture; gives the plate.
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

fn show_starting(ui: &mut Ui, step: &str) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        ui.spinner();
        ui.label(RichText::new(capitalised(step)).color(Theme::of(ui).faint));
    });
}

fn show_welcome(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let high = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((high * 0.5 - 150.0).max(0.0));
        if high > 320.0 {
            let (rect, _) = ui.allocate_exact_size(vec2(84.0, 92.0), Sense::empty());
            overlay::sketch(ui.painter(), rect, Stroke::new(1.6, theme.faint));
        }
        if let LivePhase::Fault(_) = cx.state.phase {
            let color = theme.fault;
            ui.allocate_ui(vec2(70.0, 20.0), |ui| {
                badge(ui, "FAULT", color, |rect| phase_shape(&cx.state.phase, rect, color));
            });
        }
        let (title, advice) = welcome_words(&cx.state.phase, &cx.state.cameras);
        ui.label(RichText::new(title).heading());
        ui.label(RichText::new(advice).color(theme.faint));
        ui.add_space(4.0);
        show_choices(ui, cx);
    });
}

fn welcome_words(phase: &LivePhase, cameras: &Cameras) -> (&'static str, String) {
    match (phase, cameras) {
        (LivePhase::Fault(error), _) => (
            "The source cannot be used",
            format!("{error}\nTry again with Start, or choose another:"),
        ),
        (_, Cameras::Unknown) => ("Nothing to look at yet", "Looking for cameras…".into()),
        (_, Cameras::Failed(error)) => ("No camera", error.clone()),
        (_, Cameras::Found(found)) if found.is_empty() => (
            "No camera found",
            "Plug one in, close other programs that may hold it, then look again. Or use one of \
             these:"
                .into(),
        ),
        _ => ("Nothing to look at yet", "Choose what to analyse:".into()),
    }
}

fn show_choices(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if let Cameras::Found(cameras) = &cx.state.cameras {
        for camera in cameras.iter().take(3) {
            if ui.button(format!("Use “{}”", camera.name)).clicked() {
                let target = camera.target.clone();
                let options = Default::default();
                cx.send(Command::Choose(SourceSpec { kind: "camera", target, options }));
            }
        }
    }
    for command in [Command::UseDemo, Command::PickVideo, Command::PickImages, Command::FindCameras]
    {
        cx.button(ui, &command);
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect::<String>() + "…",
        None => String::new(),
    }
}
