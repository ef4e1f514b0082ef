//! Live: the state of the run, the source and the models, the threshold and the baseline.

use egui::{Align, Key, Label, Layout, RichText, Role, Slider, SliderClamping, Ui};

use super::{show_person, show_state};
use crate::app::command::{Command, Floating};
use crate::app::live::{Cameras, LivePhase, LiveState};
use crate::app::message::Weight;
use crate::app::recording;
use crate::app::settings::FALSE_ALARMS;
use crate::app::theme::Theme;
use crate::app::widgets::{PanelContext, named, phase_shape, shortened};
use crate::config::FaceConfig;
use crate::measure::baseline::Baseline;
use crate::measure::time::Timestamp;
use crate::model::ModelChoice;
use crate::source::SourceSpec;

/// Least width of the menu of sources, points.
const LEAST_SOURCE_PT: f32 = 190.0;

/// Draws it, in two lines that fit into every window.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        show_phase(ui, cx);
        ui.separator();
        show_buttons(ui, cx);
        ui.separator();
        let kept = ui.available_width() - LEAST_SOURCE_PT;
        recording::badge::show(ui, cx, kept);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| show_source_menu(ui, cx));
    });
    ui.horizontal(|ui| {
        show_model_menu(ui, cx);
        ui.separator();
        show_threshold(ui, cx);
        ui.separator();
        show_baseline(ui, cx);
        ui.separator();
        show_source(ui, cx);
    });
}

fn show_phase(ui: &mut Ui, cx: &PanelContext<'_>) {
    let phase = &cx.state.live.phase;
    let color = Theme::of(ui).phase(phase);
    show_state(ui, "State", cx.state.live.phase_word(), color, |rect| {
        phase_shape(phase, rect, color)
    });
    let clock = Timestamp::from_secs(cx.state.live.newest_secs());
    ui.label(RichText::new(clock.to_string()).monospace())
        .on_hover_text("Time of the newest picture on the source's own clock");
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
    // Width of a letter, about, points.
    let letters = ((ui.available_width() - 96.0) / 7.6).clamp(8.0, 40.0) as usize;
    let title = format!("Source: {} ▼", shortened(&name, letters));
    let menu = ui.menu_button(title, |ui| {
        ui.set_min_width(280.0);
        show_cameras(ui, cx);
        cx.menu_item(ui, &Command::FindCameras);
        ui.separator();
        for command in [Command::UseDemo, Command::PickVideo, Command::PickImages] {
            cx.menu_item(ui, &command);
        }
        ui.separator();
        ui.menu_button("Face", |ui| {
            for place in [None, Some(FaceConfig::LEFT), Some(FaceConfig::RIGHT)] {
                cx.menu_item(ui, &Command::UseFace(place));
            }
        });
        ui.separator();
        ui.label(RichText::new("Or the path of a video or folder").small());
        ui.horizontal(|ui| {
            let field = cx.state.live.path.show(ui, "Path", |field| field.desired_width(200.0));
            if !std::mem::replace(&mut cx.cache.path_focused, true) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let open = Command::OpenPath(cx.state.live.path.name());
            let opened = ui.add_enabled(cx.state.allows(&open), egui::Button::new("Open"));
            if opened.clicked() || entered {
                cx.send(open);
                ui.close();
            }
        });
    });
    cx.cache.path_focused &= menu.inner.is_some();
    let help = "Choose a camera, a video, a folder of pictures or the demo person";
    menu.response.on_hover_text(help);
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
    // Drawing must not round a rate that was set elsewhere, because that would change it.
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
        None => match &cx.state.live.view.session.baseline {
            Some(baseline) => show_active_baseline(ui, cx, baseline),
            None => drop(cx.button_named(ui, &Command::Baseline, "Baseline 10 s")),
        },
    }
}

/// Says that a baseline is in use; a click removes it.
fn show_active_baseline(ui: &mut Ui, cx: &mut PanelContext<'_>, baseline: &Baseline) {
    let button = egui::Button::new("Baseline on  ×").selected(true);
    let response =
        ui.add_enabled(cx.state.allows(&Command::DropBaseline), button).on_hover_text(format!(
            "The thresholds follow this person’s neutral face, measured from {} to {} over {} \
             frames ({}). Click to go on without it; B measures it again.",
            baseline.from,
            baseline.to,
            baseline.frames,
            baseline.quality_in_words()
        ));
    if response.clicked() {
        cx.send(Command::DropBaseline);
    }
}

/// The figures of the source and the engine, as far as there is room.
fn show_source(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let faint = Theme::of(ui).faint;
    let live = &cx.state.live;
    let mut words = match &live.phase {
        LivePhase::Starting(step) => format!("Starting: {step}…"),
        LivePhase::Fault(error) | LivePhase::Lost(error) => error.clone(),
        _ if live.view.session.source.name.is_empty() => "No source is open".into(),
        _ => source_words(live),
    };
    show_person(ui, cx);
    let stats = &live.stats;
    if stats.analysed > 0 {
        words = format!(
            "{} frames, {} lost, {:.1} of {:.1} per second, {:.1} ms each; {words}",
            stats.analysed,
            live.view.session.counts().lost,
            stats.analysis_fps,
            stats.source_fps,
            stats.frame_ms
        );
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let warned = cx.state.messages.log().any(|line| line.weight != Weight::Note);
        let log = Command::ToggleWindow(Floating::Log);
        cx.button_named(ui, &log, if warned { "Log !" } else { "Log" });
        if cx.state.is_on(&Command::ToggleLsl) == Some(true) {
            let name = format!("LSL on: {}", cx.state.live.streams.listeners);
            cx.button_named(ui, &Command::ToggleWindow(Floating::Streams), &name);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let line = RichText::new(&words).small().color(faint);
            ui.add(Label::new(line).truncate()).on_hover_text(words);
        });
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
