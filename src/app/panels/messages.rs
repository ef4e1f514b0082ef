//! The line for messages. It is always there, so that nothing moves when a message comes.
//!
//! It shows the weightiest; a menu shows all of them in full. Without a message it shows what the last
//! act in review did, and in live, that the computer is too slow.

use egui::{Frame, Label, Layout, Margin, RichText, Role, Sense, Ui, vec2};

use crate::app::command::{Command, Tab};
use crate::app::live::too_slow_words;
use crate::app::message::Message;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::EVERYWHERE;
use crate::app::theme::{GAP, SMALL_PT, Theme, mix, title};
use crate::app::widgets::{PanelContext, named, weight_shape};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Messages", slot: Slot::Messages, tabs: EVERYWHERE, show };

/// A longer text may not fit beside the buttons, letters.
const LONG: usize = 90;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let state = cx.state;
    let unread = state.messages.unread();
    let Some(message) = unread.iter().max_by_key(|m| (m.weight, m.id)) else {
        let hint = match state.tab {
            Tab::Review => Some(state.review.hint.clone()),
            Tab::Live => too_slow_words(state.live.effort).filter(|_| state.live.is_running()),
            Tab::Analyse => None,
        };
        let hint = hint.unwrap_or_default();
        ui.horizontal_centered(|ui| {
            ui.add(Label::new(RichText::new(&hint)).truncate()).on_hover_text(hint);
        });
        return;
    };
    let theme = Theme::of(ui);
    let color = theme.weight(message.weight);
    let frame = Frame::new()
        .fill(mix(theme.surface, color, 0.16))
        .stroke(egui::Stroke::new(1.0, color))
        .corner_radius(6)
        .inner_margin(Margin::symmetric(8, 1));
    let response = frame
        .show(ui, |ui| {
            ui.set_height(ui.available_height());
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                ui.spacing_mut().interact_size.y = 20.0;
                ui.spacing_mut().button_padding = vec2(8.0, 1.0);
                show_buttons(ui, cx, message);
                ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
                    show_words(ui, &theme, message);
                });
            });
        })
        .response;
    named(&response, Role::Alert, spoken(message));
}

fn spoken(message: &Message) -> String {
    format!("{}: {}", message.weight.word(), message.text)
}

fn show_words(ui: &mut Ui, theme: &Theme, message: &Message) {
    let color = theme.weight(message.weight);
    ui.spacing_mut().item_spacing.x = GAP;
    let (rect, _) = ui.allocate_exact_size(vec2(15.0, 15.0), Sense::empty());
    ui.painter().add(weight_shape(message.weight, rect, color));
    ui.label(title(message.weight.word()).color(color));
    if message.times > 1 {
        ui.label(RichText::new(format!("{} times", message.times)).size(SMALL_PT));
    }
    ui.add(Label::new(&message.text).truncate()).on_hover_text(&message.text);
}

fn show_buttons(ui: &mut Ui, cx: &mut PanelContext<'_>, message: &Message) {
    let dismiss = ui.button("Dismiss");
    if dismiss.on_hover_text("Take this message away; the log keeps it  [Ctrl+M for all]").clicked()
    {
        cx.send(Command::MarkRead(message.id));
    }
    let unread = cx.state.messages.unread();
    if unread.len() > 1 || message.text.chars().count() > LONG {
        let name = match unread.len() {
            1 => "Show all of it".to_owned(),
            count => format!("Show all {count}"),
        };
        ui.menu_button(name, |ui| {
            ui.set_width(560.0);
            for message in unread.iter().rev() {
                show_whole(ui, cx, message);
            }
            cx.button(ui, &Command::MarkAllRead);
        });
    }
}

fn show_whole(ui: &mut Ui, cx: &mut PanelContext<'_>, message: &Message) {
    let color = Theme::of(ui).weight(message.weight);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(15.0, 20.0), Sense::empty());
        let sign = egui::Rect::from_center_size(rect.center(), vec2(15.0, 15.0));
        ui.painter().add(weight_shape(message.weight, sign, color));
        ui.vertical(|ui| {
            ui.set_width(440.0);
            ui.add(Label::new(&message.text).wrap());
        });
        if ui.button("Dismiss").clicked() {
            cx.send(Command::MarkRead(message.id));
        }
    });
    ui.separator();
}
