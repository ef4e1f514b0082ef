//! Which action units move, by number and side.

use egui::{RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::events::origin_words;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::review::units_text::{read_units, write_units};
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;
use crate::measure::event::{ActionUnit, Intensity, MovingUnit, Side, units_text};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Units of the event", slot: Slot::Floating(Floating::Units), tabs: REVIEW, show };

/// Units that coders name, by number.
const OFFERED: [u8; 21] =
    [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 23, 24, 25, 26, 43, 45];

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let Some(row) = cx.state.review.picked_row() else {
        ui.label("No event is picked.");
        return;
    };
    let machine = row.machine.as_ref().map(|event| units_text(&event.action_units));
    let words = match machine.as_deref() {
        Some("") => "The model read no unit with confidence.".to_owned(),
        Some(units) => format!("The model read {units}."),
        None => format!("An event {}.", origin_words(row)),
    };
    ui.label(RichText::new(words).color(theme.faint));
    let text = &cx.state.review.units;
    let field = text.show(ui, "Units", |field| {
        field.desired_width(f32::INFINITY).hint_text("12, L12, R4C+6 …")
    });
    cx.focus_first(&field);
    let units = read_units(&text.text());
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    match &units {
        Ok(units) => show_choices(ui, cx, units),
        Err(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
    ui.horizontal(|ui| {
        let keep = ui.add_enabled(units.is_ok(), egui::Button::new("Keep"));
        if (keep.clicked() || entered) && units.is_ok() {
            cx.send(Command::Review(ReviewCommand::KeepUnits));
            cx.send(Command::CloseWindow);
        }
        if ui.button("Cancel").clicked() {
            cx.send(Command::CloseWindow);
        }
        ui.label(RichText::new("Enter keeps, Esc does not.").color(theme.faint));
    });
    if ui.memory(|m| m.focused()).is_none() {
        field.request_focus();
    }
}

/// A line for each unit, with buttons for its sides.
fn show_choices(ui: &mut Ui, cx: &PanelContext<'_>, chosen: &[MovingUnit]) {
    ScrollArea::vertical().max_height(330.0).show(ui, |ui| {
        ui.columns(2, |columns| {
            for (i, number) in OFFERED.into_iter().enumerate() {
                let column = usize::from(i > OFFERED.len() / 2);
                show_unit(&mut columns[column], cx, ActionUnit(number), chosen);
            }
        });
    });
}

fn show_unit(ui: &mut Ui, cx: &PanelContext<'_>, unit: ActionUnit, chosen: &[MovingUnit]) {
    let moving = chosen.iter().find(|moving| moving.unit == unit);
    let side = moving.map(|moving| moving.side);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 6.0;
        for (choice, word) in [(Side::Both, "both"), (Side::Left, "L"), (Side::Right, "R")] {
            let is_on = side == Some(choice);
            let response = ui.selectable_label(is_on, word);
            let response = response.accessible_name(format!("AU {}, {word}", unit.0));
            if response.clicked() {
                let mut units: Vec<_> =
                    chosen.iter().filter(|moving| moving.unit != unit).copied().collect();
                if !is_on {
                    let intensity = moving.and_then(|moving| moving.intensity);
                    units.push(MovingUnit { unit, side: choice, probability: 1.0, intensity });
                }
                cx.state.review.units.set(write_units(&units));
            }
        }
        if let Some(moving) = moving {
            show_intensity(ui, cx, moving, chosen);
        }
        let words = format!("{}  {}", unit.0, unit.name());
        ui.add(egui::Label::new(&words).truncate()).on_hover_text(words);
    });
}

/// A button that goes through the intensities of FACS, from none to A and up to E.
fn show_intensity(ui: &mut Ui, cx: &PanelContext<'_>, moving: &MovingUnit, chosen: &[MovingUnit]) {
    let letter = moving.intensity.map_or('–', Intensity::letter);
    let button = ui.selectable_label(moving.intensity.is_some(), letter.to_string());
    let button = button.on_hover_text("Intensity, from A (trace) to E (maximum); again: the next");
    let button = button.accessible_name(format!("AU {}, intensity {letter}", moving.unit.0));
    if button.clicked() {
        let next = moving.intensity.map_or(0, |intensity| usize::from(intensity.level()));
        let mut units = chosen.to_vec();
        for unit in units.iter_mut().filter(|unit| unit.unit == moving.unit) {
            unit.intensity = Intensity::ALL.get(next).copied();
        }
        cx.state.review.units.set(write_units(&units));
    }
}
