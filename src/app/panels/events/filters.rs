//! The search field, the filters and the order of the list under review.

use egui::{RichText, Ui, vec2};

use crate::app::command::Command;
use crate::app::review::command::ReviewCommand;
use crate::app::review::filter::{Filter, ListOrder};
use crate::app::theme::{Grade, SMALL_PT, Theme, verdict_word};
use crate::app::widgets::PanelContext;
use crate::measure::event::EventKind;
use crate::session::annotation::Verdict;

/// Draws them, one line below the other.
pub(super) fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    show_search(ui, cx);
    show_filters(ui, cx);
}

fn show_search(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        let list = &cx.state.review.list;
        let width = (ui.available_width() - 110.0).max(80.0);
        let field = list.search.show(ui, "Search events", |field| {
            field.desired_width(width).hint_text("Search  Ctrl+F")
        });
        if std::mem::take(&mut cx.cache.search_wanted) {
            field.request_focus();
        }
        if field.changed() {
            // The list follows the field in the next frame.
            ui.ctx().request_repaint();
        }
        let order = list.order;
        ui.menu_button(format!("by {} ▼", order.name()), |ui| {
            for choice in ListOrder::ALL {
                if ui.selectable_label(choice == order, format!("by {}", choice.name())).clicked() {
                    cx.send(Command::Review(ReviewCommand::SetOrder(choice)));
                    ui.close();
                }
            }
        })
        .response
        .on_hover_text("In which order the events are listed");
    });
}

fn show_filters(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let filter = cx.state.review.list.filter.clone();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        ui.spacing_mut().button_padding = vec2(5.0, 3.0);
        let kinds = EventKind::ALL.map(|kind| (kind, kind.name()));
        choose(ui, cx, "kind", &kinds, filter.kind, |kind| Filter { kind, ..filter.clone() });
        let verdicts = [Verdict::Open, Verdict::Confirmed, Verdict::Rejected];
        let verdicts = verdicts.map(|verdict| (verdict, verdict_word(verdict)));
        choose(ui, cx, "verdict", &verdicts, filter.verdict, |verdict| Filter {
            verdict,
            ..filter.clone()
        });
        let emotions = cx.state.review.list.emotions.iter();
        let emotions: Vec<_> = emotions.map(|emotion| (*emotion, *emotion)).collect();
        choose(ui, cx, "emotion", &emotions, filter.emotion, |emotion| Filter {
            emotion,
            ..filter.clone()
        });
        let grades = [Grade::Good, Grade::Suspect].map(|grade| (grade, grade.word()));
        choose(ui, cx, "quality", &grades, filter.grade, |grade| Filter {
            grade,
            ..filter.clone()
        });
        if !filter.is_open() {
            let (listed, all) =
                (cx.state.review.list.listed.len(), cx.state.review.list.rows.len());
            let clear = Command::Review(ReviewCommand::ClearFilter);
            cx.button_named(ui, &clear, &format!("{listed} of {all}: list all"));
        }
    });
}

/// A menu of `choices`; `None` lets every event pass.
fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    name: &str,
    choices: &[(T, &str)],
    chosen: Option<T>,
    with: impl Fn(Option<T>) -> Filter,
) {
    let word = choices.iter().find(|(choice, _)| Some(*choice) == chosen).map(|(_, word)| *word);
    let title = RichText::new(format!("{} ▼", word.unwrap_or(name))).size(SMALL_PT + 0.5);
    let title = if word.is_some() { title.color(Theme::of(ui).accent) } else { title };
    let menu = ui.menu_button(title, |ui| {
        let any = (None, format!("any {name}"));
        let choices = choices.iter().map(|(choice, word)| (Some(*choice), (*word).to_owned()));
        for (choice, word) in std::iter::once(any).chain(choices) {
            if ui.selectable_label(chosen == choice, word).clicked() {
                cx.send(Command::Review(ReviewCommand::SetFilter(with(choice))));
                ui.close();
            }
        }
    });
    menu.response.on_hover_text(format!("List events by {name}"));
}
