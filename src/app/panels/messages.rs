//! Unread messages, over the picture and the plots, until they are read.

use egui::{Frame, Margin, Role, Sense, Ui, vec2};

use crate::app::command::Command;
use crate::app::message::Message;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::EVERYWHERE;
use crate::app::theme::{GAP, Theme, mix, title};
use crate::app::widgets::{PanelContext, named, weight_shape};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Messages", slot: Slot::Messages, tabs: EVERYWHERE, show };

/// More than so many would push the picture away; the log has the others.
const SHOWN: usize = 3;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let unread = cx.state.messages.unread();
    let hidden = unread.len().saturating_sub(SHOWN);
    // The weightiest first, then the newest.
    let mut shown: Vec<&Message> = unread.iter().collect();
    shown.sort_by_key(|m| std::cmp::Reverse((m.weight, m.id)));
    for message in shown.into_iter().take(SHOWN) {
        show_message(ui, cx, message);
    }
    if hidden > 0 {
        ui.horizontal(|ui| {
            ui.label(format!("{hidden} more messages"));
            cx.button(ui, &Command::MarkAllRead);
        });
    }
}

fn show_message(ui: &mut Ui, cx: &mut PanelContext<'_>, message: &Message) {
    let theme = Theme::of(ui);
    let color = theme.weight(message.weight);
    let frame = Frame::new()
        .fill(mix(theme.surface, color, 0.16))
        .stroke(egui::Stroke::new(1.0, color))
        .corner_radius(8)
        .inner_margin(Margin::symmetric(10, 5));
    let response = frame
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                let (rect, _) = ui.allocate_exact_size(vec2(15.0, 15.0), Sense::empty());
                ui.painter().add(weight_shape(message.weight, rect, color));
                ui.label(title(message.weight.word()).color(color));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let dismiss = ui.button("Read").on_hover_text(
                        "Take this message away; the log keeps it  [Ctrl+M for all]",
                    );
                    if dismiss.clicked() {
                        cx.send(Command::MarkRead(message.id));
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(egui::Label::new(&message.text).wrap());
                    });
                });
            });
        })
        .response;
    named(&response, Role::Alert, format!("{}: {}", message.weight.word(), message.text));
}
