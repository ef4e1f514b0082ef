//! The recogniser's reading of an event: its action units and its emotion.

use egui::{RichText, ScrollArea, Ui};

use crate::app::panels::events::emotion_words;
use crate::app::theme::{Theme, emotion_word, title};
use crate::app::widgets::share_bar;
use crate::measure::event::{Emotion, Event, Side};

/// Draws the two lists side by side.
pub(super) fn show(ui: &mut Ui, theme: &Theme, event: &Event) {
    ScrollArea::vertical().auto_shrink(false).min_scrolled_height(0.0).show(ui, |ui| {
        ui.columns(2, |columns| {
            show_units(&mut columns[0], theme, event);
            show_emotion(&mut columns[1], theme, event);
        });
    });
}

fn show_units(ui: &mut Ui, theme: &Theme, event: &Event) {
    ui.spacing_mut().interact_size.y = 18.0;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.label(title("Action units"));
    if event.action_units.is_empty() {
        ui.label(RichText::new("None was read with confidence.").color(theme.faint));
    }
    for unit in &event.action_units {
        ui.horizontal(|ui| {
            let side = match unit.side {
                Side::Both => "",
                Side::Left => ", left",
                Side::Right => ", right",
            };
            share_bar(ui, &unit.to_string(), unit.probability, theme.accent, 44.0)
                .on_hover_text(format!("Probability {:.0} %", unit.probability * 100.0));
            ui.label(title(unit.to_string()));
            let words = format!("{}{side}", unit.unit.name());
            ui.add(egui::Label::new(&words).truncate()).on_hover_text(words);
        });
    }
}

fn show_emotion(ui: &mut Ui, theme: &Theme, event: &Event) {
    ui.spacing_mut().interact_size.y = 18.0;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.label(title("Emotion"));
        ui.add(egui::Label::new(emotion_words(event)).truncate());
    });
    let Some(reading) = &event.emotion else { return };
    for (emotion, share) in Emotion::ALL.into_iter().zip(reading.probabilities) {
        ui.horizontal(|ui| {
            let is_best = reading.clear && reading.best().0 == emotion;
            let color = if is_best { theme.accent } else { theme.faint };
            share_bar(ui, emotion_word(emotion), share, color, 64.0);
            ui.label(format!("{:>3.0} %", share * 100.0));
            ui.label(RichText::new(emotion_word(emotion)).color(theme.text));
        });
    }
    if !reading.clear {
        let words = "No class is likely enough to be named.";
        ui.label(RichText::new(words).small().color(theme.faint));
    }
}
