//! The window in which a note is written.

use egui::{RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::review::command::ReviewCommand;
use crate::app::theme::Theme;
use crate::app::view::note::Subject;
use crate::app::widgets::PanelContext;
use crate::session::annotation::Target;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Note", slot: Slot::Floating(Floating::Note), tabs: PLOTTED, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let Some((subject, text)) = cx.state.note() else {
        ui.label("Nothing to write to: no frame has been seen yet.");
        return;
    };
    let theme = Theme::of(ui);
    let about = match subject {
        Subject::Event(Target::Machine(id)) => format!("To event {id}"),
        Subject::Event(Target::Own(number)) => format!("To event own-{number}"),
        Subject::Moment(at) => format!("To {}, frame {}", at.time, at.frame),
    };
    ui.label(RichText::new(format!("{about}. Enter keeps it, Esc does not.")).color(theme.faint));
    let mut text = text.to_owned();
    let field = egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY);
    let field = ui.add(field.hint_text("What you saw")).accessible_name("Note text");
    if field.changed() {
        cx.send(Command::Review(ReviewCommand::EditNote(text)));
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    ui.horizontal(|ui| {
        if ui.button("Keep").clicked() || entered {
            cx.send(Command::Review(ReviewCommand::KeepNote));
            cx.send(Command::CloseWindow);
        }
        if ui.button("Leave").clicked() {
            cx.send(Command::CloseWindow);
        }
    });
    if !entered {
        field.request_focus();
    }
}
