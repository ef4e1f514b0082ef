//! Shown if there is no picture: why, and how to get one.

use egui::{RichText, Sense, Stroke, Ui, vec2};

use crate::app::command::{Command, Tab};
use crate::app::live::{Cameras, LivePhase};
use crate::app::overlay;
use crate::app::review::command::ReviewCommand;
use crate::app::theme::{Theme, title};
use crate::app::widgets::{PanelContext, badge, phase_shape};
use crate::source::SourceSpec;

/// The text above the choices.
struct Words {
    title: &'static str,
    advice: String,
    is_fault: bool,
}

/// Live: choose a source.
pub(super) fn show_live(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let words = live_words(&cx.state.live.phase, &cx.state.live.cameras);
    show(ui, words, |ui| {
        if let Cameras::Found(cameras) = &cx.state.live.cameras {
            for camera in cameras.iter().take(3) {
                if ui.button(format!("Use “{}”", camera.name)).clicked() {
                    let target = camera.target.clone().into();
                    let options = Default::default();
                    cx.send(Command::Choose(SourceSpec { kind: "camera", target, options }));
                }
            }
        }
        for command in
            [Command::UseDemo, Command::PickVideo, Command::PickImages, Command::FindCameras]
        {
            cx.button(ui, &command);
        }
    });
}

fn live_words(phase: &LivePhase, cameras: &Cameras) -> Words {
    let (title, advice) = match (phase, cameras) {
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
    };
    Words { title, advice, is_fault: matches!(phase, LivePhase::Fault(_)) }
}

/// Review: choose a session. `fault` says why the last one could not be opened.
pub(super) fn show_review(ui: &mut Ui, cx: &mut PanelContext<'_>, fault: Option<&str>) {
    let words = match fault {
        Some(why) => {
            Words { title: "The session cannot be opened", advice: why.into(), is_fault: true }
        }
        None => Words {
            title: "No session is open",
            advice: "Review goes through a session frame by frame: confirm or reject what was \
                     flagged, correct its bounds, name it, and compare raters."
                .into(),
            is_fault: false,
        },
    };
    show(ui, words, |ui| {
        cx.button(ui, &Command::Review(ReviewCommand::PickSession));
        cx.button(ui, &Command::Review(ReviewCommand::TakeLive));
        let analyse = Command::ShowTab(Tab::Analyse);
        cx.button_named(ui, &analyse, "Analyse a recording first…");
    });
}

fn show(ui: &mut Ui, words: Words, show_choices: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    let high = ui.available_height();
    // The rest can be reached by scrolling.
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        show_centered(ui, &theme, high, words, show_choices);
    });
}

fn show_centered(
    ui: &mut Ui,
    theme: &Theme,
    high: f32,
    words: Words,
    show_choices: impl FnOnce(&mut Ui),
) {
    ui.vertical_centered(|ui| {
        ui.add_space((high * 0.5 - 170.0).max(0.0));
        if high > 340.0 {
            let (rect, _) = ui.allocate_exact_size(vec2(84.0, 92.0), Sense::empty());
            overlay::sketch(ui.painter(), rect, Stroke::new(1.6, theme.faint));
        }
        if words.is_fault {
            let (color, fault) = (theme.fault, LivePhase::Fault(String::new()));
            ui.allocate_ui(vec2(70.0, 20.0), |ui| {
                badge(ui, "FAULT", color, |rect| phase_shape(&fault, rect, color));
            });
        }
        ui.label(title(words.title).heading());
        let ink = if words.is_fault { theme.text } else { theme.faint };
        ui.label(RichText::new(words.advice).color(ink));
        ui.add_space(4.0);
        show_choices(ui);
    });
}
