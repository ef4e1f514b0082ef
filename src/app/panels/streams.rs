//! What other programs get while a source runs, and who listens.

use egui::{Grid, RichText, Role, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::LIVE;
use crate::app::theme::Theme;
use crate::app::widgets::{PanelContext, named};
use crate::engine::streams::MarkerState;
use crate::exchange::streams::StreamKind;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Streams", slot: Slot::Floating(Floating::Streams), tabs: LIVE, show };

const INTRODUCTION: &str = "While a source runs, other programs can get its samples, events and marks over \
    Lab Streaming Layer (LSL), each with the time of its capture. Pictures are never sent. Every computer \
    of this network can read the streams, so the person in front of the camera should know.";

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    ui.label(INTRODUCTION);
    ui.add_space(6.0);
    let is_on = cx.state.is_on(&Command::ToggleLsl) == Some(true);
    let mut chosen = is_on;
    let choice = ui
        .checkbox(&mut chosen, "Stream over LSL")
        .on_hover_text("Off at each start, unless --lsl or the settings file turns it on");
    if choice.changed() {
        cx.send(Command::ToggleLsl);
    }
    ui.add_space(6.0);
    Grid::new("streams").num_columns(3).spacing([14.0, 4.0]).show(ui, |ui| {
        for kind in StreamKind::ALL {
            ui.label(RichText::new(kind.name(None)).strong());
            ui.label(format!("{} channels", kind.channels().len()));
            ui.label(RichText::new(about(kind)).color(theme.faint));
            ui.end_row();
        }
    });
    ui.add_space(6.0);
    let streams = &cx.state.live.streams;
    let words = match (&streams.fault, is_on) {
        (Some(fault), _) => fault.clone(),
        (None, false) if streams.markers != MarkerState::Off => {
            "Nothing is sent. Markers of another program are read from the network.".into()
        }
        (None, false) => "Off: no socket is open.".into(),
        (None, true) if !cx.state.live.is_running() => "On, as soon as a source runs.".into(),
        (None, true) => format!(
            "On: {}, {} missed by slow listeners.",
            connections(streams.listeners),
            streams.missed
        ),
    };
    let color = match (&streams.fault, streams.missed) {
        (Some(_), _) => theme.fault,
        (None, 1..) => theme.suspect,
        (None, 0) => theme.faint,
    };
    let response = ui.label(RichText::new(&words).color(color));
    named(&response, Role::Status, words);
    ui.add_space(6.0);
    ui.label(
        "Markers of another program, such as a stimulus program, become marks of the session.",
    );
    ui.horizontal(|ui| {
        ui.label("Its stream");
        let name = &cx.state.live.markers_from;
        let field = name.show(ui, "Its stream", |field| {
            field.hint_text("the name of the stream; empty for none").desired_width(240.0)
        });
        cx.focus_first(&field);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if ui.button("Read markers").clicked() || entered {
            cx.send(Command::ReadMarkers);
        }
        let words = match cx.state.live.streams.markers {
            MarkerState::Off => "not read",
            MarkerState::Searching => "looked for",
            MarkerState::Reading => "read",
        };
        let response = ui.label(RichText::new(words).color(theme.faint));
        named(&response, Role::Status, format!("Markers: {words}"));
    });
    ui.add_space(6.0);
    cx.button_named(ui, &Command::CloseWindow, "Close");
}

/// What a stream holds.
fn about(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Samples => "scores, quality and motion of every frame",
        StreamKind::Events => "each flagged event, at its onset",
        StreamKind::Markers => "each mark, with its text",
    }
}

/// `1 connection`, `3 connections`.
fn connections(count: usize) -> String {
    format!("{count} connection{}", if count == 1 { "" } else { "s" })
}
