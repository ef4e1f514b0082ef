//! The bar at the bottom: the state, the buttons that start, pause and move it, and where acts are stored.

use egui::{Color32, Rect, Role, Shape, Ui};

use crate::app::command::Tab;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::theme::title;
use crate::app::widgets::{PanelContext, badge, named, shortened};

mod live;
mod reviewed;

pub use reviewed::motion_words;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Transport", slot: Slot::Bottom, tabs: PLOTTED, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    match cx.state.tab {
        Tab::Review => reviewed::show(ui, cx),
        Tab::Live | Tab::Analyse => live::show(ui, cx),
    }
}

/// The state as a shape and a word; `subject` tells screen readers of what.
/// Who is shown and which condition goes on, where somebody has said so.
fn show_person(ui: &mut Ui, cx: &PanelContext<'_>) {
    let person = cx.state.person().map(|who| shortened(who, 14));
    let condition = cx.state.condition_words().map(|words| shortened(&words, 16));
    let words: Vec<_> = person.into_iter().chain(condition).collect();
    if words.is_empty() {
        return;
    }
    let words = words.join(", ");
    let response = ui.label(title(&words)).on_hover_text("Who is shown, and the condition");
    named(&response, Role::Status, format!("Participant: {words}"));
    ui.separator();
}

fn show_state(
    ui: &mut Ui,
    subject: &str,
    word: &str,
    color: Color32,
    draw: impl FnOnce(Rect) -> Vec<Shape>,
) {
    let response = ui.scope(|ui| {
        ui.set_min_width(86.0);
        badge(ui, word, color, draw);
    });
    named(&response.response, Role::Status, format!("{subject}: {word}"));
}
