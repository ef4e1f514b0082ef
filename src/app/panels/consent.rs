//! The page that is shown before every recording. It is filled in as for the previous one.

use egui::{Grid, RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::recording::badge::size_words;
use crate::app::recording::{ConsentForm, RecordingCommand};
use crate::app::registry::LIVE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "Consent and storage",
    slot: Slot::Floating(Floating::Consent),
    tabs: LIVE,
    show,
};

const INTRODUCTION: &str = "A recording stores what the camera sees of a person. Ask before you \
    record: tell them what it is for, who will see it and how long it is kept, and that they may \
    change their mind. What is written here is stored with the session.";

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    ui.label(INTRODUCTION);
    ui.add_space(6.0);
    if let Some(who) = &cx.state.records.agreed {
        ui.label(title(format!("Still {who}?")).color(theme.suspect));
        ui.label("Another person is asked anew: write who is recorded now.");
        ui.add_space(6.0);
    }
    let form = &cx.state.records.form;
    show_fields(ui, cx, form);
    show_folder(ui, cx, form);
    let mut scores_only = form.scores_only;
    let choice = ui.checkbox(&mut scores_only, "Scores only: store no picture").on_hover_text(
        "Scores, events and notes are stored. What moved can then be counted, not looked at again.",
    );
    if choice.changed() {
        cx.send(Command::Recording(RecordingCommand::StoreScoresOnly(scores_only)));
    }
    let mut with_sound = form.with_sound;
    let choice = ui.checkbox(&mut with_sound, "They agree to sound: record it too").on_hover_text(
        "What the microphone hears is stored beside the pictures, on the same clock. Speech is never \
         analysed.",
    );
    if choice.changed() {
        cx.send(Command::Recording(RecordingCommand::StoreSound(with_sound)));
    }
    let missing = form.consent().err();
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        cx.button_named(ui, &Command::Recording(RecordingCommand::Begin), "They agree: record");
        cx.button_named(ui, &Command::CloseWindow, "Do not record");
        if let Some(missing) = missing {
            ui.label(RichText::new(missing).color(theme.faint));
        }
    });
}

fn show_fields(ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ConsentForm) {
    Grid::new("consent").num_columns(2).spacing([12.0, 6.0]).show(ui, |ui| {
        let fields = [
            ("Who is recorded", "a name or a code", &form.who),
            ("What for", "a study, a lesson, a test of this program", &form.purpose),
            ("Kept until", "year-month-day; empty for no end", &form.keep_until),
        ];
        for (name, hint, text) in fields {
            ui.label(name);
            let field = text.show(ui, name, |field| field.hint_text(hint).desired_width(360.0));
            cx.focus_first(&field);
            ui.end_row();
        }
    });
}

fn show_folder(ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ConsentForm) {
    ui.horizontal(|ui| {
        ui.label("Stored in");
        form.folder.show(ui, "Stored in", |field| field.desired_width(300.0));
        cx.button_named(ui, &Command::Recording(RecordingCommand::PickFolder), "Choose…");
    });
    let free =
        cx.state.records.session_list.as_ref().and_then(|session_list| session_list.free_bytes);
    let words = match free {
        Some(free) => format!(
            "{} are free there. A minute of pictures at 640 × 480 takes about 150 MB.",
            size_words(free)
        ),
        None => "How much is free there is not known yet.".into(),
    };
    ui.label(RichText::new(words).small().color(Theme::of(ui).faint));
}
