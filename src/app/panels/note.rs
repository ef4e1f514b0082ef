//! The window for writing a note.

use egui::{RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::theme::{Theme, number_words};
use crate::app::view::note::{Note, Subject};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Note", slot: Slot::Floating(Floating::Note), tabs: PLOTTED, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let Some(Note { about, text }) = cx.state.note() else {
        ui.label("Nothing to write to: no frame has been seen yet.");
        return;
    };
    let theme = Theme::of(ui);
    let about = match about {
        Subject::Event(target) => format!("To event {}", number_words(*target)),
        Subject::Moment(at) => format!("To {}, frame {}", at.time, at.frame),
    };
    ui.label(RichText::new(format!("{about}. Enter keeps it, Esc does not.")).color(theme.faint));
    let field = text.show(ui, "Note text", |field| {
        field.desired_width(f32::INFINITY).hint_text("What you saw")
    });
    cx.focus_first(&field);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    ui.horizontal(|ui| {
        if ui.button("Keep").clicked() || entered {
            cx.send(Command::KeepNote);
            cx.send(Command::CloseWindow);
        }
        if ui.button("Cancel").clicked() {
            cx.send(Command::CloseWindow);
        }
    });
}
