//! The list of events: live as they are found; in review with filters, an order and the marked moments.

use egui::{
    Align, Align2, FontId, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::app::command::{Command, Tab};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::PLOTTED;
use crate::app::review::command::ReviewCommand;
use crate::app::review::filter::said;
use crate::app::review::{ReviewPhase, ReviewState};
use crate::app::state::State;
use crate::app::theme::{Grade, SMALL_PT, Theme, emotion_word, title};
use crate::app::widgets::{
    PanelContext, faint, grade_shape, kind_shape, text_within, verdict_shape,
};
use crate::measure::event::{Event, EventKind, units_text};
use crate::session::annotation::Verdict;
use crate::session::table::Row;

mod filters;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Events", slot: Slot::Side, tabs: PLOTTED, show };

/// Height of one event's two lines, points.
const ROW_PT: f32 = 46.0;

/// Greatest height of the marked moments, points.
const MARKS_PT: f32 = 130.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    show_head(ui, cx);
    match cx.state.tab {
        Tab::Review => show_reviewed(ui, cx),
        Tab::Live | Tab::Analyse => show_found(ui, cx),
    }
}

fn show_head(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let in_review = cx.state.tab == Tab::Review;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if in_review {
                ui.spacing_mut().item_spacing.x = 3.0;
                ui.spacing_mut().button_padding.x = 7.0;
            }
            cx.sign(ui, &Command::NextEvent, "▼");
            cx.sign(ui, &Command::PreviousEvent, "▲");
            if in_review {
                cx.button_named(ui, &Command::Review(ReviewCommand::NextOpen), "Next to judge");
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(title("Events")).truncate());
                let counts = count_words(cx.state);
                let words = RichText::new(&counts).color(Theme::of(ui).faint);
                let words = if in_review { words.small() } else { words };
                ui.add(Label::new(words).truncate()).on_hover_text(counts);
            });
        });
    });
}

fn count_words(state: &State) -> String {
    if state.tab == Tab::Review {
        return match state.review.list.progress() {
            (_, 0) => String::new(),
            (judged, all) => format!("{judged} of {all} judged"),
        };
    }
    let events = &state.live.view.session.events;
    let micro = events.iter().filter(|e| e.kind == EventKind::Micro).count();
    format!("{micro} micro, {} macro", events.len() - micro)
}

/// The events of the running source.
fn show_found(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let live = &cx.state.live;
    let events = &live.view.session.events;
    if events.is_empty() {
        faint(
            ui,
            match live.is_running() {
                true => "Nothing flagged yet. Events appear here a moment after they end.",
                false => "Events appear here as they are found.",
            },
        );
        return;
    }
    let shown = live.shown_event().map(|event| event.id);
    let picked = live.view.picked.and(shown);
    let place = picked.and_then(|id| events.iter().position(|event| event.id == id));
    let area = ScrollArea::vertical().stick_to_bottom(live.view.picked.is_none());
    let height = ui.available_height();
    show_lines(ui, cx, area, height, events.len(), place, |index| {
        let event = &events[index];
        let words = format!("{}, {}", event.kind, emotion_words(event));
        let quality = Some(Grade::words(event.trouble));
        Line {
            row: Row::of_event(event),
            is_shown: shown == Some(event.id),
            verdict: None,
            words,
            grade: Some(Grade::of(event.trouble)),
            quality,
            spoken: spoken(event),
        }
    });
}

/// The events of the layer under review.
fn show_reviewed(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let review = &cx.state.review;
    if review.phase != ReviewPhase::Open {
        return faint(ui, "The events of the session appear here.");
    }
    filters::show(ui, cx);
    let list = &review.list;
    if list.rows.is_empty() {
        faint(ui, none_words(review));
    } else if list.listed.is_empty() {
        faint(ui, "No event passes the filters.");
    }
    let marks = if review.view.marks.is_empty() { 0.0 } else { MARKS_PT };
    let height = (ui.available_height() - marks).max(ROW_PT);
    let area = ScrollArea::vertical().id_salt("events");
    let place = review.view.picked.and_then(|picked| list.place(picked));
    show_lines(ui, cx, area, height, list.listed.len(), place, |listed| {
        let index = list.listed[listed];
        let row = &list.rows[index];
        Line {
            row: row.clone(),
            is_shown: review.view.picked == Some(row.target),
            verdict: Some(row.verdict),
            words: emotion_line(row),
            grade: (!review.is_blind()).then_some(list.grades[index]),
            quality: None,
            spoken: said(row),
        }
    });
    if marks > 0.0 {
        show_marks(ui, cx);
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

/// One event of the list.
struct Line {
    row: Row,
    /// True if the card shows it.
    is_shown: bool,
    /// Its verdict; `None` if no one judges.
    verdict: Option<Verdict>,
    /// The second line.
    words: String,
    /// How far it can be trusted; `None` if that is not shown.
    grade: Option<Grade>,
    /// The grade in words, if there is room.
    quality: Option<String>,
    /// Text for screen readers.
    spoken: String,
}

/// The visible lines. Scrolls to the line at `place` when that has changed.
fn show_lines(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    area: ScrollArea,
    height: f32,
    count: usize,
    place: Option<usize>,
    line: impl Fn(usize) -> Line,
) {
    let mut area = area.auto_shrink(false).max_height(height);
    let scrolled = Some((cx.state.tab, place));
    if std::mem::replace(&mut cx.cache.scrolled_to, scrolled) != scrolled
        && let Some(place) = place
    {
        let high = ROW_PT + ui.spacing().item_spacing.y;
        let top = place as f32 * high - (height - high) / 2.0;
        area = area.vertical_scroll_offset(top.max(0.0));
    }
    area.show_rows(ui, ROW_PT, count, |ui, rows| {
        for index in rows {
            show_line(ui, cx, &line(index));
        }
    });
}

fn show_line(ui: &mut Ui, cx: &mut PanelContext<'_>, line: &Line) {
    let theme = Theme::of(ui);
    let Line { row, is_shown, spoken, .. } = line;
    let size = vec2(ui.available_width(), ROW_PT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, *is_shown, spoken));
    let painter = ui.painter_at(rect);
    let ground = match (*is_shown, response.hovered()) {
        (true, _) => Some(theme.chosen),
        (false, true) => Some(theme.raised),
        _ => None,
    };
    if let Some(ground) = ground {
        painter.rect_filled(rect, 6.0, ground);
    }
    if *is_shown {
        painter.rect_stroke(rect, 6.0, Stroke::new(1.0, theme.accent), egui::StrokeKind::Inside);
    }
    draw_line(&painter, &theme, rect, line);
    let target = row.target;
    let hover = if row.note.is_empty() { spoken } else { &row.note };
    let response = response.on_hover_text(hover);
    if response.clicked() {
        cx.send(Command::SelectEvent(target));
    }
}

fn draw_line(painter: &egui::Painter, theme: &Theme, rect: Rect, line: &Line) {
    let row = &line.row;
    let (first, second) = (rect.top() + 14.0, rect.top() + 32.0);
    let square = |y: f32| Rect::from_center_size(pos2(rect.left() + 15.0, y), vec2(14.0, 14.0));
    match line.verdict {
        Some(verdict) => {
            painter.add(kind_shape(row.kind, square(first), theme.kind(row.kind)));
            painter.extend(verdict_shape(verdict, square(second), theme.verdict(verdict)));
        }
        None => {
            let sign = square(rect.center().y);
            painter.add(kind_shape(row.kind, sign, theme.kind(row.kind)));
        }
    }
    let (left, right) = (rect.left() + 30.0, rect.right() - 10.0);
    let small = FontId::proportional(SMALL_PT);
    let ink = if row.verdict == Verdict::Rejected { theme.faint } else { theme.text };
    // Each line is filled from both sides; text that does not fit ends in “…”.
    let units = units_text(&row.units);
    let (units, color) = match units.is_empty() {
        true => ("no units".to_owned(), theme.faint),
        false => (format!("AU {units}"), ink),
    };
    let draw = |x: f32, y: f32, align, words: (String, FontId, egui::Color32), most: f32| {
        text_within(painter, pos2(x, y), align, words, most)
    };
    let onset = (row.bounds.onset.time.to_string(), FontId::monospace(13.0), ink);
    let used = draw(left, first, Align2::LEFT_CENTER, onset, right - left);
    let length = (length_words(row), small.clone(), theme.faint);
    let at = (left + 77.0).max(used.right() + 8.0);
    let used = draw(at, first, Align2::LEFT_CENTER, length, right - at);
    let units = (units, FontId::proportional(13.5), color);
    draw(right, first, Align2::RIGHT_CENTER, units, right - used.right() - 8.0);

    let words = (line.words.clone(), small.clone(), ink);
    let signs = if row.note.is_empty() { 18.0 } else { 54.0 };
    let used = draw(left, second, Align2::LEFT_CENTER, words, right - left - signs);
    let mut end = right;
    if let Some(quality) = &line.quality {
        let most = right - used.right() - signs - 12.0;
        let quality = (quality.clone(), small.clone(), theme.faint);
        if most > 24.0 {
            end = draw(right, second, Align2::RIGHT_CENTER, quality, most).left() - 4.0;
        }
    }
    if let Some(grade) = line.grade {
        let sign = Rect::from_center_size(pos2(end - 6.0, second), vec2(12.0, 12.0));
        painter.extend(grade_shape(grade, sign, theme.grade(grade)));
    }
    if !row.note.is_empty() {
        let note = ("note".to_owned(), small, ink);
        draw(end - 18.0, second, Align2::RIGHT_CENTER, note, 32.0);
    }
}

fn show_marks(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.separator();
    let color = Theme::of(ui).text;
    let marks = &cx.state.review.view.marks;
    ui.label(title(format!("Markers and notes, {}", marks.len())).size(SMALL_PT));
    let mut wanted = None;
    let area = ScrollArea::vertical().id_salt("marks").auto_shrink([false, false]);
    let text = ui.text_style_height(&egui::TextStyle::Button);
    let high = (text + 2.0 * ui.spacing().button_padding.y).max(ui.spacing().interact_size.y);
    area.show_rows(ui, high, marks.len(), |ui, shown| {
        for mark in &marks[shown] {
            let words = format!("{}  {}", mark.at.time, mark.words());
            let line = RichText::new(&words).color(color);
            let line = egui::Button::selectable(false, line).truncate();
            if ui.add(line).on_hover_text(words).clicked() {
                wanted = Some(mark.at.time.secs());
            }
        }
    });
    if let Some(secs) = wanted {
        cx.send(Command::PutCursor(secs));
    }
}

/// The person's emotion, with the model's beside it.
fn emotion_line(row: &Row) -> String {
    let machine = row.machine.as_ref().map(emotion_words);
    match (row.label, machine) {
        (Some(label), Some(machine)) => format!("{}  (model: {machine})", label.name()),
        (Some(label), None) => format!("{}  ({})", label.name(), origin_words(row)),
        (None, Some(machine)) => format!("model: {machine}"),
        (None, None) => origin_words(row),
    }
}

/// The origin of an event that the model did not find: `added by hand`, `from coded.csv`.
pub fn origin_words(row: &Row) -> String {
    row.imported_from.as_ref().map_or("added by hand".into(), |file| format!("from {file}"))
}

/// `330 ms`, `1.52 s`.
pub fn length_words(row: &Row) -> String {
    let secs = row.duration_secs();
    if secs < 1.0 { format!("{:.0} ms", secs * 1000.0) } else { format!("{secs:.2} s") }
}

/// `positive 82 %`, `unclear`, `no reading`.
pub fn emotion_words(event: &Event) -> String {
    match &event.emotion {
        Some(reading) if reading.clear => {
            let (emotion, share) = reading.best();
            format!("{} {:.0} %", emotion_word(emotion), share * 100.0)
        }
        Some(_) => "unclear".into(),
        None => "no reading".into(),
    }
}

/// The text for screen readers about an event that was found live.
fn spoken(event: &Event) -> String {
    let units = units_text(&event.action_units);
    format!(
        "{} at {}, {}, action units {}, {}, {}",
        event.kind,
        event.onset.time,
        length_words(&Row::of_event(event)),
        if units.is_empty() { "none" } else { &units },
        emotion_words(event),
        Grade::words(event.trouble),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::event;
    use crate::measure::event::EmotionReading;
    use crate::measure::quality::Trouble;

    #[test]
    fn an_event_is_spoken_whole() {
        let mut event = event(3, 12.0);
        assert_eq!(
            spoken(&event),
            "micro at 0:12.000, 333 ms, action units L12+6, positive 82 %, good"
        );
        event.trouble = Trouble::BLINK;
        event.action_units.clear();
        event.emotion = None;
        assert!(spoken(&event).ends_with("action units none, no reading, suspect: blink"));
    }

    #[test]
    fn an_unclear_event_names_no_emotion() {
        let mut event = event(0, 1.0);
        event.emotion = Some(EmotionReading { probabilities: [0.4, 0.3, 0.3], clear: false });
        assert_eq!(emotion_words(&event), "unclear");
    }
}
