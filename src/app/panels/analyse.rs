//! The Analyse tab: the recording, if its analysis is stored, and how far it is.

use std::path::{Path, PathBuf};

use egui::{Key, ProgressBar, RichText, Role, Ui, vec2};

use crate::app::analyse::keep::Keeping;
use crate::app::analyse::{AnalyseCommand, AnalysePhase};
use crate::app::command::Command;
use crate::app::panels::{Panel, Slot};
use crate::app::recording::RecordingCommand;
use crate::app::registry::ANALYSE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::{PanelContext, faint, named};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Analysis of a recording", slot: Slot::Whole, tabs: ANALYSE, show };

/// The name of the file or folder.
fn name_of(path: &str) -> String {
    let path = PathBuf::from(path.trim());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.set_max_width(680.0);
        ui.add_space((ui.available_height() * 0.5 - 190.0).max(0.0));
        ui.label(title("Analyse a recording").heading());
        let words = "The recording is analysed as fast as this machine can, with the same engine \
                     and the same numbers as live. Then review it.";
        ui.label(RichText::new(words).color(theme.faint));
        ui.add_space(10.0);
        show_choice(ui, cx);
        ui.add_space(10.0);
        show_progress(ui, cx, &theme);
    });
}

fn show_choice(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let here = Command::Analyse;
    let analyse = &cx.state.analyse;
    let field = ui.add_enabled_ui(!analyse.is_running(), |ui| {
        analyse.path.show(ui, "Recording", |field| {
            field
                .desired_width(560.0)
                .hint_text("Path of a video or of a folder of numbered pictures")
        })
    });
    let field = field.inner;
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if entered {
        cx.send(here(AnalyseCommand::Start));
    }
    in_the_middle(ui, 532.0, |ui| {
        for command in [
            AnalyseCommand::PickVideo,
            AnalyseCommand::PickImages,
            AnalyseCommand::Start,
            AnalyseCommand::Cancel,
        ] {
            cx.button(ui, &here(command));
        }
    });
    ui.add_space(6.0);
    in_the_middle(ui, 532.0, |ui| {
        ui.vertical(|ui| show_keeping(ui, cx));
    });
}

/// A row of about `width` points in the middle.
fn in_the_middle(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    let high = ui.spacing().interact_size.y;
    ui.allocate_ui(vec2(width, high), |ui| ui.horizontal(add));
}

fn show_progress(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    let analyse = &cx.state.analyse;
    let (stats, found) = (analyse.stats, analyse.session.events.len());
    let words = match &analyse.phase {
        AnalysePhase::Idle => {
            return faint(ui, "Choose a video or a folder, then start the analysis.");
        }
        AnalysePhase::Starting(step) => format!("{step}…"),
        AnalysePhase::Running => format!("Analysing {}", name_of(&analyse.path.text())),
        AnalysePhase::Cancelled => {
            let kept = kept_words(analyse.keeping.folder.as_deref());
            format!("Cancelled. What was analysed so far can be reviewed. {kept}")
        }
        AnalysePhase::Done => {
            let kept = kept_words(analyse.keeping.folder.as_deref());
            format!("{} is analysed. {kept}", name_of(&analyse.path.text()))
        }
        AnalysePhase::Fault(why) => why.clone(),
    };
    let is_fault = matches!(analyse.phase, AnalysePhase::Fault(_));
    let words = RichText::new(words).color(if is_fault { theme.fault } else { theme.text });
    ui.label(words);
    let share = match (&analyse.phase, stats.progress) {
        (AnalysePhase::Done, _) => Some(1.0),
        (_, share) => share,
    };
    if let Some(share) = share.filter(|_| !is_fault) {
        let bar =
            ProgressBar::new(share).desired_width(560.0).text(format!("{:.0} %", share * 100.0));
        let response = ui.add(bar);
        let spoken = format!("Analysed {:.0} %", share * 100.0);
        named(&response, Role::ProgressIndicator, spoken);
    } else if analyse.is_running() {
        ui.spinner();
    }
    let frames = analyse.session.history.len();
    if frames > 0 {
        let words = format!(
            "{frames} frames, {:.0} per second, {found} events found so far",
            stats.analysis_fps
        );
        ui.label(RichText::new(words).color(theme.faint));
    }
    ui.add_space(6.0);
    if cx.state.allows(&Command::Analyse(AnalyseCommand::Review)) {
        cx.button(ui, &Command::Analyse(AnalyseCommand::Review));
    }
}

/// The choice before an analysis starts.
fn show_keeping(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (theme, state) = (Theme::of(ui), cx.state);
    let Keeping { mut is_wanted, mut with_pictures, .. } = state.analyse.keeping;
    let can = !state.analyse.is_running();
    let send = |cx: &mut PanelContext<'_>, wanted, pictures| {
        cx.send(Command::Analyse(AnalyseCommand::Keep {
            is_wanted: wanted,
            with_pictures: pictures,
        }));
    };
    let choice = egui::Checkbox::new(&mut is_wanted, "Keep it as a session on the disk");
    let help = "Scores, events and what you say about them are stored at once; otherwise they are \
                lost when the window closes";
    if ui.add_enabled(can, choice).on_hover_text(help).changed() {
        send(cx, is_wanted, with_pictures);
    }
    if !is_wanted {
        return;
    }
    let choice = egui::Checkbox::new(&mut with_pictures, "with a copy of its pictures");
    let help = "80 to 130 MB a minute. Without it, review shows the pictures of the recording as long \
                as it stays where it is";
    if ui.add_enabled(can, choice).on_hover_text(help).changed() {
        send(cx, is_wanted, with_pictures);
    }
    ui.horizontal(|ui| {
        let words = format!("in {}", state.records.form.folder.text());
        let change = Command::Recording(RecordingCommand::PickFolder);
        if ui.add_enabled(can && state.allows(&change), egui::Button::new("Elsewhere…")).clicked()
        {
            cx.send(change);
        }
        ui.add(egui::Label::new(RichText::new(words).color(theme.faint)).truncate());
    });
}

/// Where the analysis is stored, in words.
fn kept_words(folder: Option<&Path>) -> String {
    match folder {
        Some(folder) => {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            format!("Kept as {}.", name.to_string_lossy())
        }
        None => "In memory only.".into(),
    }
}
