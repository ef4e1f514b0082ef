//! The window for typing a path, if the system shows no file dialog.

use egui::{Key, RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::EVERYWHERE;
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Type a path",
    slot: Slot::Floating(Floating::TypedPath),
    tabs: EVERYWHERE,
    show,
};

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let Some(typed) = &cx.state.typed_path else {
        ui.label("No path is asked for.");
        return;
    };
    let words =
        format!("This desktop shows no file dialog. Type the path of {}.", typed.pick.words());
    ui.label(words);
    let field = typed
        .text
        .show(ui, "Typed path", |field| field.desired_width(f32::INFINITY).hint_text("/home/…"));
    cx.focus_first(&field);
    if let Some(fault) = &typed.fault {
        ui.label(RichText::new(fault).color(theme.fault));
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if entered {
        field.request_focus();
    }
    ui.horizontal(|ui| {
        let is_blank = typed.text.is_blank();
        let use_it = ui.add_enabled(!is_blank, egui::Button::new("Use this path"));
        if (use_it.clicked() || entered) && !is_blank {
            cx.send(Command::UseTypedPath);
        }
        if ui.button("Cancel").clicked() {
            cx.send(Command::CloseWindow);
        }
    });
}
