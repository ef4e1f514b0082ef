//! Live: where the run stands, which source and models, the threshold and the baseline.

use egui::{Key, RichText, Role, Slider, SliderClamping, Ui};

use super::{show_state, show_status};
use crate::app::command::{Command, Floating};
use crate::app::live::{Cameras, LivePhase, LiveState};
use crate::app::message::Weight;
use crate::app::recording;
use crate::app::settings::FALSE_ALARMS;
use crate::app::theme::{Theme, phase_word};
use crate::app::widgets::{PanelContext, named, phase_shape};
use crate::measure::time::Timestamp;
use crate::model::ModelChoice;
use crate::source::SourceSpec;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
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
    show_source(ui, cx);
}

fn show_phase(ui: &mut Ui, cx: &PanelContext<'_>) {
    let phase = &cx.state.live.phase;
    let color = Theme::of(ui).phase(phase);
    show_state(ui, "State", phase_word(phase), color, |rect| phase_shape(phase, rect, color));
    let clock = Timestamp::from_secs(cx.state.live.newest_secs());
    ui.label(RichText::new(clock.to_string()).monospace())
        .on_hover_text("Time of the newest picture on the source's own clock");
    recording::badge::show(ui, cx);
}

fn show_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if cx.state.live.is_running() {
        let paused = cx.state.live.phase == LivePhase::Paused;
        let name = if paused { "Resume" } else { "Pause" };
        cx.button_named(ui, &Command::TogglePause, name);
    } else {
        cx.button_named(ui, &Command::Start, "Start");
    }
    cx.button_named(ui, &Command::Stop, "Stop");
    recording::badge::show_button(ui, cx);
}

fn show_source_menu(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = if cx.state.live.view.session.source.name.is_empty() {
        cx.state.live.source.to_string()
    } else {
        cx.state.live.view.session.source.name.clone()
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
            let field = cx.state.live.path.show(ui, "Path", |field| field.desired_width(200.0));
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let open = Command::OpenPath(cx.state.live.path.text());
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
    match &cx.state.live.cameras {
        Cameras::Unknown => drop(ui.label("Looking for cameras…")),
        Cameras::Failed(error) => drop(ui.label(error)),
        Cameras::Found(cameras) if cameras.is_empty() => drop(ui.label("No camera found")),
        Cameras::Found(cameras) => {
            for camera in cameras {
                let is_used = cx.state.live.source.kind == "camera"
                    && cx.state.live.source.target == *camera.target;
                if ui.selectable_label(is_used, format!("Camera: {}", camera.name)).clicked() {
                    let target = camera.target.clone().into();
                    let options = Default::default();
                    cx.send(Command::Choose(SourceSpec { kind: "camera", target, options }));
                    ui.close();
                }
            }
        }
    }
}

fn show_model_menu(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = match &cx.state.live.models {
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
    match cx.state.live.baseline_left {
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
fn show_source(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let faint = Theme::of(ui).faint;
    let live = &cx.state.live;
    let words = match &live.phase {
        LivePhase::Starting(step) => format!("Starting: {step}…"),
        LivePhase::Fault(error) => error.clone(),
        _ if live.view.session.source.name.is_empty() => "No source is open".into(),
        _ => source_words(live),
    };
    show_status(ui, RichText::new(words).small().color(faint), |ui| {
        let warned = cx.state.messages.log().any(|line| line.weight != Weight::Note);
        let log = Command::ToggleWindow(Floating::Log);
        cx.button_named(ui, &log, if warned { "Log !" } else { "Log" });
        let stats = &live.stats;
        if stats.analysed > 0 {
            let words = format!(
                "{} frames, {:.1} ms each, {:.1} of {:.1} per second, {} lost",
                stats.analysed,
                stats.frame_ms,
                stats.analysis_fps,
                stats.source_fps,
                live.view.session.counts().lost
            );
            ui.label(RichText::new(words).small().color(faint));
        }
    });
}

fn source_words(live: &LiveState) -> String {
    let source = &live.view.session.source;
    let mut words = format!("{}, {} × {}", source.name, source.size_px.0, source.size_px.1);
    if !source.detail.is_empty() {
        words.push_str(&format!(", {}", source.detail));
    }
    if source.stamped_on_arrival {
        words.push_str(", stamped on arrival");
    }
    if let Some(done) = live.stats.progress {
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
