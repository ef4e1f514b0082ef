//! The bar at the bottom: where the run stands, and what starts, holds and stops it.

use egui::{RichText, Role, Slider, SliderClamping, Ui};

use crate::app::command::Command;
use crate::app::message::Weight;
use crate::app::panels::{Panel, Slot};
use crate::app::recording;
use crate::app::registry::LIVE;
use crate::app::state::{Cameras, FALSE_ALARMS, LivePhase};
use crate::app::theme::{Theme, phase_word};
use crate::app::widgets::{PanelContext, badge, named, phase_shape};
use crate::model::ModelChoice;
use crate::source::SourceSpec;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Transport", slot: Slot::Bottom, tabs: LIVE, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        show_phase(ui, cx);
        ui.separator();
        show_buttons(ui, cx);
        ui.separator();
        show_source_menu(ui, cx);
        show_model_menu(ui, cx);
        ui.separator();
        show_threshold(ui, cx);
        ui.separator();
        show_baseline(ui, cx);
    });
    show_status(ui, cx);
}

fn show_phase(ui: &mut Ui, cx: &PanelContext<'_>) {
    let theme = Theme::of(ui);
    let phase = &cx.state.phase;
    let color = theme.phase(phase);
    let response = ui
        .scope(|ui| {
            ui.set_min_width(92.0);
            badge(ui, phase_word(phase), color, |rect| phase_shape(phase, rect, color));
        })
        .response;
    named(&response, Role::Status, format!("State: {}", phase_word(phase)));
    let clock = crate::measure::time::Timestamp::from_secs(cx.state.newest_secs());
    ui.label(RichText::new(clock.to_string()).monospace())
        .on_hover_text("Time of the newest picture on the source's own clock");
    recording::badge::show(ui, cx);
}

fn show_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if cx.state.is_running() {
        let paused = cx.state.phase == LivePhase::Paused;
        let name = if paused { "Resume" } else { "Pause" };
        cx.button_named(ui, &Command::TogglePause, name);
    } else {
        cx.button_named(ui, &Command::Start, "Start");
    }
    cx.button_named(ui, &Command::Stop, "Stop");
    recording::badge::show_button(ui, cx);
}

fn show_source_menu(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = if cx.state.session.source.name.is_empty() {
        cx.state.source.to_string()
    } else {
        cx.state.session.source.name.clone()
    };
    let title = format!("Source: {} ▼", shortened(&name, 28));
    ui.menu_button(title, |ui| {
        ui.set_min_width(280.0);
        show_cameras(ui, cx);
        cx.menu_item(ui, &Command::FindCameras);
        ui.separator();
        for command in [Command::UseDemo, Command::PickVideo, Command::PickImages] {
            cx.menu_item(ui, &command);
        }
        ui.separator();
        ui.label(RichText::new("Or the path of a video or folder").small());
        ui.horizontal(|ui| {
            let mut text = cx.state.path_text.clone();
            let field = egui::TextEdit::singleline(&mut text).desired_width(200.0);
            let field = ui.add(field).accessible_name("Path");
            if field.changed() {
                cx.send(Command::EditPath(text.clone()));
            }
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            let open = Command::OpenPath(text);
            let opened = ui.add_enabled(cx.state.allows(&open), egui::Button::new("Open"));
            if opened.clicked() || entered {
                cx.send(open);
                ui.close();
            }
        });
    })
    .response
    .on_hover_text("Choose a camera, a video, a folder of pictures or the demo person");
}

fn show_cameras(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match &cx.state.cameras {
        Cameras::Unknown => drop(ui.label("Looking for cameras…")),
        Cameras::Failed(error) => drop(ui.label(error)),
        Cameras::Found(cameras) if cameras.is_empty() => drop(ui.label("No camera found")),
        Cameras::Found(cameras) => {
            for camera in cameras {
                let is_used =
                    cx.state.source.kind == "camera" && cx.state.source.target == camera.target;
                if ui.selectable_label(is_used, format!("Camera: {}", camera.name)).clicked() {
                    let target = camera.target.clone();
                    let options = Default::default();
                    cx.send(Command::Choose(SourceSpec { kind: "camera", target, options }));
                    ui.close();
                }
            }
        }
    }
}

fn show_model_menu(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = match &cx.state.models {
        ModelChoice::Embedded => "built in".to_owned(),
        ModelChoice::Folder(path) => path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()),
    };
    ui.menu_button(format!("Model: {} ▼", shortened(&name, 16)), |ui| {
        cx.menu_item(ui, &Command::UseBuiltInModels);
        cx.menu_item(ui, &Command::PickModels);
    })
    .response
    .on_hover_text("Which networks read the face");
}

fn show_threshold(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let label = ui.label("False alarms");
    let mut rate = cx.state.false_alarms();
    ui.spacing_mut().slider_width = 90.0;
    // Drawing it must not round a rate that came from elsewhere, which would ask for another one.
    let slider = Slider::new(&mut rate, FALSE_ALARMS)
        .clamping(SliderClamping::Edits)
        .logarithmic(true)
        .max_decimals(2)
        .suffix(" / min");
    let response = ui.add(slider).labelled_by(label.id).on_hover_text(
        "How many false alarms per minute to expect, from calibration on synthetic faces that talk \
         and blink. Fewer means that weak movements are missed.  [, and .]",
    );
    if response.changed() {
        cx.send(Command::SetFalseAlarms(rate));
    }
}

fn show_baseline(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match cx.state.baseline_left {
        Some(left) => {
            let done = 1.0 - left.clamp(0.0, 1.0);
            let bar = egui::ProgressBar::new(done).desired_width(130.0).text("hold still");
            let response = ui.add(bar);
            named(&response, Role::ProgressIndicator, format!("Baseline {:.0} %", done * 100.0));
        }
        None => drop(cx.button_named(ui, &Command::Baseline, "Baseline 10 s")),
    }
}

/// What the source and the engine say of themselves; the newest loss stays in view.
fn show_status(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let state = cx.state;
    ui.horizontal(|ui| {
        let words = match &state.phase {
            LivePhase::Starting(step) => format!("Starting: {step}…"),
            LivePhase::Fault(error) => error.clone(),
            _ if state.session.source.name.is_empty() => "No source is open".into(),
            _ => source_words(state),
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let log = Command::ToggleWindow(crate::app::command::Floating::Log);
            let warned = state.messages.log().any(|l| l.weight != Weight::Note);
            cx.button_named(ui, &log, if warned { "Log !" } else { "Log" });
            if state.stats.analysed > 0 {
                let stats = &state.stats;
                ui.label(
                    RichText::new(format!(
                        "{} frames, {:.1} ms each, {:.1} of {:.1} per second, {} lost",
                        stats.analysed,
                        stats.frame_ms,
                        stats.analysis_fps,
                        stats.source_fps,
                        state.session.counts().lost
                    ))
                    .small()
                    .color(theme.faint),
                );
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = RichText::new(words).small().color(theme.faint);
                ui.add(egui::Label::new(words).truncate());
            });
        });
    });
}

fn source_words(state: &crate::app::state::State) -> String {
    let source = &state.session.source;
    let mut words = format!("{}, {} × {}", source.name, source.size_px.0, source.size_px.1);
    if !source.detail.is_empty() {
        words.push_str(&format!(", {}", source.detail));
    }
    if source.stamped_on_arrival {
        words.push_str(", stamped on arrival");
    }
    if let Some(done) = state.stats.progress {
        words.push_str(&format!(", {:.0} % done", done * 100.0));
    }
    words
}

/// At most `most` letters, the middle left out.
fn shortened(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let side = most / 2;
    let (head, tail) = (&letters[..side], &letters[letters.len() - side + 1..]);
    format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle_and_not_their_ends() {
        let short = shortened("a_rather_long_file_name_of_a_video.mp4", 16);
        assert_eq!(short.chars().count(), 16);
        assert!(short.starts_with("a_rathe") && short.ends_with(".mp4"));
        assert_eq!(shortened("имя файла.mp4", 16), "имя файла.mp4");
    }
}
