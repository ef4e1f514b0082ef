//! Who works, who works blind, and whose layer is shown.

use egui::{RichText, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::review::rating::RaterLayer;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::session::annotation::Rater;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Raters", slot: Slot::Floating(Floating::Raters), tabs: REVIEW, show };

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    ui.label(
        RichText::new("Everyone has a layer of their own; nobody changes another’s.")
            .color(theme.faint),
    );
    ui.label(title("Who works"));
    let mut raters: Vec<_> = review.view.session.log.raters().to_vec();
    if !raters.iter().any(|rater| rater.name == review.rating.rater) {
        raters.push(Rater::new(&review.rating.rater));
    }
    for rater in &raters {
        let words = rater_words(rater);
        let is_at_work = review.rating.is_named && rater.name == review.rating.rater;
        if ui.radio(is_at_work, words).clicked() && !is_at_work {
            let (name, blind) = (rater.name.clone(), rater.blind);
            cx.send(Command::Review(ReviewCommand::BeRater { name, blind }));
        }
    }
    show_new(ui, cx);
    if cx.state.review.is_blind() {
        show_blind(ui, cx, &theme);
    } else {
        ui.add_space(6.0);
        ui.label(title("Whose view is shown"));
        let layers = raters.into_iter().map(|rater| RaterLayer::Rater(rater.name));
        for layer in std::iter::once(RaterLayer::Model).chain(layers) {
            let is_shown = cx.state.review.rating.layer == layer;
            if ui.radio(is_shown, format!("view: {}", layer.name())).clicked() {
                cx.send(Command::Review(ReviewCommand::Show(layer)));
            }
        }
        let words = "You can look at another rater’s view, but not change it.";
        ui.label(RichText::new(words).color(theme.faint));
    }
}

/// `R1`, `R2, blind`, `R3, imported from coded.csv`.
pub fn rater_words(rater: &Rater) -> String {
    let blind = if rater.blind { ", blind" } else { "" };
    let imported = rater.imported.as_ref();
    let from = imported.map_or(String::new(), |it| format!(", imported from {}", it.file));
    format!("{}{blind}{from}", rater.name)
}

/// `the model's view`, `Ana's view`.
pub fn layer_words(layer: &RaterLayer) -> String {
    match layer {
        RaterLayer::Model => "the model’s view".into(),
        RaterLayer::Rater(name) => format!("{name}’s view"),
    }
}

fn show_new(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        let field =
            cx.state.review.rating.name.show(ui, "Name", |field| {
                field.desired_width(170.0).hint_text("A new rater’s name")
            });
        cx.focus_first(&field);
        let name = cx.state.review.rating.name.text();
        let mut blind = cx.state.review.rating.blind_wanted;
        let words =
            "Sees neither what the model found nor other raters’ work, until the work is done";
        if ui.checkbox(&mut blind, "works blind").on_hover_text(words).changed() {
            cx.send(Command::Review(ReviewCommand::SetBlind(blind)));
        }
        let add = ReviewCommand::BeRater { name, blind };
        let can = cx.state.review.allows(&add);
        let clicked = ui.add_enabled(can, egui::Button::new("Add rater")).clicked();
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        if clicked || (entered && can) {
            cx.send(Command::Review(add));
        }
    });
}

fn show_blind(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    ui.add_space(6.0);
    ui.label(title("Blind"));
    let words = "What the model found, its scores and other raters’ work are hidden. Press E to add an \
                 event. When you are done:";
    ui.label(RichText::new(words).color(theme.faint));
    cx.button(ui, &Command::Review(ReviewCommand::AskUnblind));
}
