//! Review: the frame in view, the buttons that move it, who works, and where acts are stored.

use egui::{Align, Label, Layout, RichText, Ui};

use super::{show_person, show_state};
use crate::app::command::{Command, Floating};
use crate::app::panels::raters::{layer_words, rater_words};
use crate::app::review::command::ReviewCommand;
use crate::app::review::rating::RaterLayer;
use crate::app::review::{ReviewPhase, ReviewState};
use crate::app::theme::Theme;
use crate::app::view::playback::PlaybackMotion;
use crate::app::widgets::{PanelContext, motion_shape, shortened};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        show_motion(ui, cx);
        ui.separator();
        show_buttons(ui, cx);
    });
    ui.horizontal(|ui| {
        cx.button_named(ui, &Command::Review(ReviewCommand::Undo), "Undo");
        cx.button_named(ui, &Command::Review(ReviewCommand::Redo), "Redo");
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            cx.button_named(ui, &Command::ToggleWindow(Floating::Export), "Export…");
            cx.button_named(ui, &Command::ToggleWindow(Floating::Agreement), "Agreement…");
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                show_person(ui, cx);
                show_rater(ui, cx);
                show_kept(ui, cx);
            });
        });
    });
}

fn show_motion(ui: &mut Ui, cx: &PanelContext<'_>) {
    let theme = Theme::of(ui);
    let playback = &cx.state.review.playback;
    let Some(at) = playback.at() else {
        // Without a frame, nothing is paused.
        ui.label(RichText::new("no frame").color(theme.faint));
        return;
    };
    let motion = playback.motion();
    let color = if motion == PlaybackMotion::Held { theme.suspect } else { theme.good };
    show_state(ui, "Review", &motion_words(motion), color, |rect| {
        motion_shape(motion, rect, color)
    });
    let words = RichText::new(format!("{}  frame {}", at.time, at.frame)).monospace();
    ui.label(words).on_hover_text("The frame that was asked for, on the source's own clock");
}

/// `PAUSED`, `PLAYING`, `2× BACK`, `LOOP 1/4`.
pub fn motion_words(motion: PlaybackMotion) -> String {
    match motion {
        PlaybackMotion::Held => "PAUSED".into(),
        PlaybackMotion::Runs(1.0) => "PLAYING".into(),
        PlaybackMotion::Runs(speed) if speed < 0.0 => format!("{}× BACK", -speed),
        PlaybackMotion::Runs(speed) => format!("{speed}× ON"),
        PlaybackMotion::Loops { speed, .. } => format!("LOOP 1/{:.0}", 1.0 / speed.max(0.01)),
    }
}

fn show_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 3.0;
    let review = |command| Command::Review(command);
    for (command, sign) in [
        (Command::GoStart, "⇤"),
        (review(ReviewCommand::ShuttleBack), "«"),
        (Command::StepSecs(-1.0), "−1 s"),
        (Command::StepFrames(-10), "−10"),
        (Command::StepFrames(-1), "−1"),
        (review(ReviewCommand::TogglePlay), "▶"),
        (review(ReviewCommand::Hold), "■"),
        (Command::StepFrames(1), "+1"),
        (Command::StepFrames(10), "+10"),
        (Command::StepSecs(1.0), "+1 s"),
        (review(ReviewCommand::ShuttleOn), "»"),
        (Command::GoEnd, "⇥"),
    ] {
        cx.sign(ui, &command, sign);
    }
    cx.button_named(ui, &Command::ToggleLoop, "Loop");
    cx.button_named(ui, &Command::NextLoopSpeed, cx.state.settings.loop_speed.name());
    let sound = &cx.state.review.sound;
    if sound.is_there() {
        let name = if sound.is_muted { "Unmute" } else { "Mute" };
        cx.button_named(ui, &review(ReviewCommand::ToggleSound), name);
    }
}

fn show_rater(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let review = &cx.state.review;
    let words = match review.view.session.log.rater(&review.rating.rater) {
        _ if !review.rating.is_named => "Rater: asked at the first edit".to_owned(),
        Some(rater) => format!("Rater: {}", shortened(&rater_words(rater), 28)),
        None => format!("Rater: {}", shortened(&review.rating.rater, 28)),
    };
    cx.button_named(ui, &Command::ToggleWindow(Floating::Raters), &words);
    if !review.rating.is_named && review.view.session.log.rater(&review.rating.rater).is_some() {
        let words = format!("showing {}", shortened(&layer_words(&review.rating.layer), 20));
        ui.label(RichText::new(words).color(Theme::of(ui).faint));
    } else if !review.rating.is_own() {
        let color = Theme::of(ui).suspect;
        let layer = layer_words(&review.rating.layer);
        let words = RichText::new(format!("showing {}", shortened(&layer, 20))).color(color);
        ui.label(words).on_hover_text(format!("{layer}, to look at and not to change"));
        let own = ReviewCommand::Show(RaterLayer::Rater(review.rating.rater.clone()));
        cx.button_named(ui, &Command::Review(own), "Back to mine");
    }
}

/// Shows where acts are stored.
fn show_kept(ui: &mut Ui, cx: &PanelContext<'_>) {
    let review = &cx.state.review;
    let (words, color) = kept_words(review, &Theme::of(ui));
    let folder = review.storage.folder.as_ref().map(|folder| folder.display().to_string());
    let hover = folder.map_or(words.clone(), |folder| format!("{words}\n{folder}"));
    let words = RichText::new(words).small().color(color);
    ui.add(Label::new(words).truncate()).on_hover_text(hover);
}

/// Where acts are stored, in words.
fn kept_words(review: &ReviewState, theme: &Theme) -> (String, egui::Color32) {
    let name = || {
        let name = review.storage.folder.as_ref().and_then(|folder| folder.file_name());
        name.map_or("this session".into(), |name| name.to_string_lossy().into_owned())
    };
    if review.phase != ReviewPhase::Open {
        ("No session is open".into(), theme.faint)
    } else if let Some(why) = &review.storage.unkept {
        (format!("NOT KEPT: {why}"), theme.fault)
    } else if review.storage.is_kept() {
        (format!("kept in {}", name()), theme.good)
    } else if review.storage.folder.is_some() {
        (format!("READ ONLY: {} cannot be written; in memory only", name()), theme.suspect)
    } else {
        ("In memory only: export what you want to keep".into(), theme.suspect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_motion_has_a_word() {
        let words = |motion| motion_words(motion);
        assert_eq!(words(PlaybackMotion::Held), "PAUSED");
        assert_eq!(words(PlaybackMotion::Runs(1.0)), "PLAYING");
        assert_eq!(words(PlaybackMotion::Runs(-4.0)), "4× BACK");
        assert_eq!(words(PlaybackMotion::Loops { first: 0, last: 9, speed: 0.125 }), "LOOP 1/8");
    }
}
