//! The conditions of a session: named spans, with where each starts and ends.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::marking::MarkingCommand;
use crate::app::marking::condition_edit::ConditionEdit;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::measure::time::Timestamp;
use crate::session::annotation::NumberedCondition;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Conditions", slot: Slot::Floating(Floating::Conditions), tabs: PLOTTED, show };

fn send(edit: ConditionEdit) -> Command {
    Command::Marking(MarkingCommand::Condition(edit))
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let words = "A condition is a named part of the session. Events are counted for each of them in the \
                 tables and in the report. “Here” is the newest frame, or in Review the frame in view.";
    ui.label(RichText::new(words).color(theme.faint));
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        cx.button(ui, &send(ConditionEdit::Next));
        cx.button(ui, &send(ConditionEdit::End));
        ui.menu_button("Begin here ▼", |ui| {
            for name in &cx.state.mark_settings().conditions {
                if ui.button(name).clicked() {
                    cx.commands.push(send(ConditionEdit::Toggle(name.clone())));
                    ui.close();
                }
            }
        });
    });
    ui.separator();
    let conditions = &cx.state.view().conditions;
    if conditions.is_empty() {
        ui.label("No condition was marked yet.");
    }
    let high = (ui.ctx().content_rect().height() - 300.0).max(60.0);
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        Grid::new("conditions").num_columns(3).spacing([14.0, 4.0]).show(ui, |ui| {
            for one in conditions {
                show_one(ui, one, cx.commands);
                ui.end_row();
            }
        });
    });
}

fn show_one(ui: &mut Ui, one: &NumberedCondition, commands: &mut Vec<Command>) {
    let NumberedCondition { number, condition } = one;
    let name = &condition.name;
    ui.label(title(name));
    let end = condition.end.map_or_else(|| "goes on".into(), |end| clock(end.time));
    ui.label(RichText::new(format!("{} – {end}", clock(condition.start.time))).monospace());
    ui.horizontal(|ui| {
        for (words, what, edit) in [
            ("Starts here", "starts here", ConditionEdit::StartHere(*number)),
            ("Ends here", "ends here", ConditionEdit::EndHere(*number)),
            ("Remove", "is removed", ConditionEdit::Drop(*number)),
        ] {
            if ui.button(words).on_hover_text(format!("“{name}” {what}")).clicked() {
                commands.push(send(edit));
            }
        }
    });
}

fn clock(time: Timestamp) -> String {
    time.to_string()
}
