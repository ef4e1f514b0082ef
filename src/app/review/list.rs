//! The list of events, with filters and an order, and the marked moments below it.

use egui::{Align2, FontId, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::command::ReviewCommand;
use super::filter::{Filter, ListOrder, said};
use super::{ReviewPhase, ReviewState};
use crate::app::command::Command;
use crate::app::panels::events::emotion_words;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::theme::{Grade, SMALL_PT, Theme, title};
use crate::app::widgets::{PanelContext, faint, grade_shape, kind_shape, verdict_shape};
use crate::measure::event::{EventKind, units_text};
use crate::session::annotation::Verdict;
use crate::session::table::Row;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Event list", slot: Slot::Side, tabs: REVIEW, show };

/// Height of one event's two lines, points.
const ROW_PT: f32 = 46.0;

/// Most of the panel that marked moments take, points.
const MARKS_PT: f32 = 130.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    show_head(ui, cx, &theme);
    if cx.state.review.phase != ReviewPhase::Open {
        faint(ui, "The events of the session appear here.");
        return;
    }
    show_search(ui, cx);
    show_filters(ui, cx);
    let review = &cx.state.review;
    if review.rows.is_empty() {
        faint(ui, none_words(review));
    } else if review.listed.is_empty() {
        faint(ui, "No event passes the filters.");
    }
    let marks = if review.marks.is_empty() { 0.0 } else { MARKS_PT };
    show_events(ui, cx, &theme, (ui.available_height() - marks).max(ROW_PT));
    if marks > 0.0 {
        show_marks(ui, cx, &theme);
    }
}

fn none_words(review: &ReviewState) -> &'static str {
    if review.is_blind() {
        "You work blind: what the model and others found is hidden. Press E to add an event at the \
         frame in view."
    } else {
        "No event was flagged. Press E to add one at the frame in view."
    }
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    ui.horizontal(|ui| {
        ui.label(title("Events"));
        let (judged, all) = cx.state.review.progress();
        if all > 0 {
            let words =
                RichText::new(format!("{judged} of {all} judged")).small().color(theme.faint);
            ui.label(words);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            ui.spacing_mut().button_padding.x = 7.0;
            cx.sign(ui, &Command::NextEvent, "▼");
            cx.sign(ui, &Command::PreviousEvent, "▲");
            cx.button_named(ui, &Command::Review(ReviewCommand::NextOpen), "Next open");
        });
    });
}

fn show_search(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        let review = &cx.state.review;
        let mut filter = review.filter.clone();
        let width = (ui.available_width() - 110.0).max(80.0);
        let field = egui::TextEdit::singleline(&mut filter.text).desired_width(width);
        let field = ui.add(field.hint_text("Search  Ctrl+F")).accessible_name("Search events");
        if std::mem::take(&mut cx.cache.search_wanted) {
            field.request_focus();
        }
        if field.changed() {
            cx.send(Command::Review(ReviewCommand::SetFilter(filter)));
        }
        let order = review.order;
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
    let filter = cx.state.review.filter.clone();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        ui.spacing_mut().button_padding = vec2(5.0, 3.0);
        let kinds = EventKind::ALL.map(|kind| (kind, kind.name()));
        choose(ui, cx, "kind", &kinds, filter.kind, |kind| Filter { kind, ..filter.clone() });
        let verdicts = [Verdict::Open, Verdict::Confirmed, Verdict::Rejected];
        let verdicts = verdicts.map(|verdict| (verdict, verdict.name()));
        choose(ui, cx, "verdict", &verdicts, filter.verdict, |verdict| Filter {
            verdict,
            ..filter.clone()
        });
        let emotions = cx.state.review.emotions.iter();
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
            let (listed, all) = (cx.state.review.listed.len(), cx.state.review.rows.len());
            let clear = Command::Review(ReviewCommand::ClearFilter);
            cx.button_named(ui, &clear, &format!("{listed} of {all}: list all"));
        }
    });
}

/// A menu of `choices`, of which none lets all through.
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

fn show_events(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, height: f32) {
    let review = &cx.state.review;
    let count = review.listed.len();
    let row_of_picked = review.picked_place();
    let mut area = egui::ScrollArea::vertical().auto_shrink([false, false]).max_height(height);
    if cx.cache.listed_row != row_of_picked {
        cx.cache.listed_row = row_of_picked;
        if let Some(row) = row_of_picked {
            let high = ROW_PT + ui.spacing().item_spacing.y;
            area =
                area.vertical_scroll_offset((row as f32 * high - (height - high) / 2.0).max(0.0));
        }
    }
    area.id_salt("events").show_rows(ui, ROW_PT, count, |ui, rows| {
        for listed in rows {
            let i = cx.state.review.listed[listed];
            show_event(ui, cx, theme, i);
        }
    });
}

fn show_event(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, index: usize) {
    let review = &cx.state.review;
    let (row, grade) = (&review.rows[index], review.grades[index]);
    let is_picked = review.picked == Some(row.target);
    let size = vec2(ui.available_width(), ROW_PT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_picked, said(row)));
    let painter = ui.painter_at(rect);
    let ground = match (is_picked, response.hovered()) {
        (true, _) => Some(theme.chosen),
        (false, true) => Some(theme.raised),
        _ => None,
    };
    if let Some(ground) = ground {
        painter.rect_filled(rect, 6.0, ground);
    }
    if is_picked {
        painter.rect_stroke(rect, 6.0, Stroke::new(1.0, theme.accent), egui::StrokeKind::Inside);
    }
    let (first, second) = (rect.top() + 14.0, rect.top() + 32.0);
    let square = |x: f32, y: f32| Rect::from_center_size(pos2(x, y), vec2(14.0, 14.0));
    painter.add(kind_shape(row.kind, square(rect.left() + 15.0, first), theme.kind(row.kind)));
    let verdict =
        verdict_shape(row.verdict, square(rect.left() + 15.0, second), theme.verdict(row.verdict));
    painter.extend(verdict);
    let (left, right) = (rect.left() + 30.0, rect.right() - 10.0);
    let small = FontId::proportional(SMALL_PT);
    let ink = if row.verdict == Verdict::Rejected { theme.faint } else { theme.text };
    let onset = row.bounds.onset.time.to_string();
    painter.text(pos2(left, first), Align2::LEFT_CENTER, onset, FontId::monospace(13.0), ink);
    let length = length_words(row);
    painter.text(pos2(left + 76.0, first), Align2::LEFT_CENTER, length, small.clone(), theme.faint);
    let units = units_text(&row.units);
    let units = if units.is_empty() { "no units".to_owned() } else { format!("AU {units}") };
    let color = if row.units.is_empty() { theme.faint } else { ink };
    let at = pos2(right, first);
    painter.text(at, Align2::RIGHT_CENTER, units, FontId::proportional(13.5), color);
    let sign = Rect::from_center_size(pos2(right - 6.0, second), vec2(12.0, 12.0));
    painter.extend(grade_shape(grade, sign, theme.grade(grade)));
    if !row.note.is_empty() {
        painter.text(pos2(right - 18.0, second), Align2::RIGHT_CENTER, "note", small.clone(), ink);
    }
    let galley = painter.layout_no_wrap(emotion_line(row), small, ink);
    let clip = Rect::from_min_max(pos2(left, rect.top()), pos2(right - 46.0, rect.bottom()));
    let at = pos2(left, second - galley.size().y / 2.0);
    painter.with_clip_rect(clip).galley(at, galley, ink);
    let target = row.target;
    let hover = if row.note.is_empty() { said(row) } else { row.note.clone() };
    if response.on_hover_text(hover).clicked() {
        cx.send(Command::Review(ReviewCommand::Pick(target)));
    }
}

/// The person's emotion with the model's beside it.
fn emotion_line(row: &Row) -> String {
    let machine = row.machine.as_ref().map(emotion_words);
    match (row.label, machine) {
        (Some(label), Some(machine)) => format!("{}  (model: {machine})", label.name()),
        (Some(label), None) => format!("{}  ({})", label.name(), origin_words(row)),
        (None, Some(machine)) => format!("model: {machine}"),
        (None, None) => origin_words(row),
    }
}

/// Where an event comes from that the model did not find: `added by hand`, `from coded.csv`.
pub fn origin_words(row: &Row) -> String {
    row.imported_from.as_ref().map_or("added by hand".into(), |file| format!("from {file}"))
}

/// `330 ms`, `1.52 s`.
pub fn length_words(row: &Row) -> String {
    let secs = row.duration_secs();
    if secs < 1.0 { format!("{:.0} ms", secs * 1000.0) } else { format!("{secs:.2} s") }
}

fn show_marks(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme) {
    ui.separator();
    let marks = &cx.state.review.marks;
    ui.label(title(format!("Markers and notes, {}", marks.len())).size(SMALL_PT));
    let mut wanted = None;
    let area = egui::ScrollArea::vertical().id_salt("marks").auto_shrink([false, false]);
    let text = ui.text_style_height(&egui::TextStyle::Button);
    let high = (text + 2.0 * ui.spacing().button_padding.y).max(ui.spacing().interact_size.y);
    area.show_rows(ui, high, marks.len(), |ui, shown| {
        for (moment, words) in &marks[shown] {
            let words = if words.is_empty() { "marker" } else { words };
            let words = format!("{}  {words}", moment.time);
            let line = RichText::new(&words).color(theme.text);
            let line = egui::Button::selectable(false, line).truncate();
            if ui.add(line).on_hover_text(words).clicked() {
                wanted = Some(moment.time.secs());
            }
        }
    });
    if let Some(secs) = wanted {
        cx.send(Command::Review(ReviewCommand::Seek(secs)));
    }
}
