//! The question who is about to change something. It is asked once, before the first act in a session.

use egui::{Key, RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::raters::rater_words;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::session::annotation::rater::checked_name;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Who is rating?", slot: Slot::Floating(Floating::Who), tabs: REVIEW, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let words = "What you do goes into a layer under your name; a code such as R1 will do.";
    ui.label(RichText::new(words).color(theme.faint));
    let offers: Vec<String> = review.offers().into_iter().map(Into::into).collect();
    let field = review.rating.name.show(ui, "Who rates", |field| {
        field.desired_width(f32::INFINITY).hint_text("Another name")
    });
    cx.focus_first(&field);
    let text = review.rating.name.text();
    let entered = field.lost_focus() && ui.input(pressed_enter);
    if ui.memory(|m| m.focused()).is_none() && !entered {
        field.request_focus();
    }
    let offered = step(ui, cx, offers.len());
    ui.label(title("Known here"));
    for (i, name) in offers.iter().enumerate() {
        let known = review_words(cx, name);
        if ui.selectable_label(text.trim().is_empty() && i == offered, known).clicked() {
            cx.send(Command::Review(ReviewCommand::BeRater { name: name.clone(), blind: false }));
        }
    }
    let mut blind = cx.state.review.rating.blind_wanted;
    let help = "A new rater sees neither what the model found nor other raters’ work, until done";
    if ui.checkbox(&mut blind, "a new name works blind").on_hover_text(help).changed() {
        cx.send(Command::Review(ReviewCommand::SetBlind(blind)));
    }
    let is_typed = !text.trim().is_empty();
    let name = if is_typed { text } else { offers.get(offered).cloned().unwrap_or_default() };
    show_end(ui, cx, name, blind && is_typed, entered);
}

fn review_words(cx: &PanelContext<'_>, name: &str) -> String {
    let rater = cx.state.review.view.session.log.rater(name);
    rater.map_or_else(|| format!("{name}, new"), rater_words)
}

/// The arrow keys step through the known raters.
fn step(ui: &Ui, cx: &mut PanelContext<'_>, count: usize) -> usize {
    let (down, up) = ui.input(|i| (i.num_presses(Key::ArrowDown), i.num_presses(Key::ArrowUp)));
    let was = cx.state.review.rating.offered;
    let offered = (was + down).saturating_sub(up).min(count.saturating_sub(1));
    if offered != was {
        cx.send(Command::Review(ReviewCommand::Offer(offered)));
    }
    offered
}

/// What the next Enter does, and how to cancel.
fn show_end(ui: &mut Ui, cx: &mut PanelContext<'_>, name: String, blind: bool, entered: bool) {
    let theme = Theme::of(ui);
    let checked = checked_name(&name).map(str::to_owned);
    if let Err(why) = &checked {
        ui.label(RichText::new(why).color(theme.fault));
    }
    ui.horizontal(|ui| {
        let words = format!("Rate as {}", name.trim());
        let button = ui.add_enabled(checked.is_ok(), egui::Button::new(words));
        if (button.clicked() || entered) && checked.is_ok() {
            cx.send(Command::Review(ReviewCommand::BeRater { name, blind }));
        }
        if ui.button("Change nothing").clicked() {
            cx.send(Command::CloseWindow);
        }
        ui.label(RichText::new("Enter goes on, Esc changes nothing.").color(theme.faint));
    });
}

/// True if Enter was pressed now. Enter that is still held from opening the window does not count.
fn pressed_enter(input: &egui::InputState) -> bool {
    input.events.iter().any(|event| {
        matches!(event, egui::Event::Key { key: Key::Enter, pressed: true, repeat: false, .. })
    })
}
