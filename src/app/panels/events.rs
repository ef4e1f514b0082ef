//! The list that fills as events are found.

use egui::{Align2, FontId, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::command::Command;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::LIVE;
use crate::app::theme::{Grade, SMALL_PT, Theme, emotion_word, title};
use crate::app::widgets::{PanelContext, grade_shape, kind_shape};
use crate::measure::event::{Event, EventKind, units_text};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel { name: "Events", slot: Slot::Side, tabs: LIVE, show };

/// Height of one event's two lines, points.
const ROW_PT: f32 = 46.0;

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let events = &cx.state.session.events;
    let micro = events.iter().filter(|e| e.kind == EventKind::Micro).count();
    ui.horizontal(|ui| {
        ui.label(title("Events"));
        let macro_ = events.len() - micro;
        ui.label(RichText::new(format!("{micro} micro, {macro_} macro")).color(theme.faint));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            cx.button_named(ui, &Command::NextEvent, "▼");
            cx.button_named(ui, &Command::PreviousEvent, "▲");
        });
    });
    if events.is_empty() {
        show_none(ui, cx, &theme);
        return;
    }
    let shown = cx.state.shown_event().map(|e| e.id);
    let is_following = cx.state.picked_event.is_none();
    let mut area = egui::ScrollArea::vertical().auto_shrink(false).stick_to_bottom(is_following);
    if cx.cache.listed_event != cx.state.picked_event {
        cx.cache.listed_event = cx.state.picked_event;
        if let Some(top) = top_to_show(ui, events, cx.state.picked_event) {
            area = area.vertical_scroll_offset(top);
        }
    }
    area.show_rows(ui, ROW_PT, events.len(), |ui, rows| {
        for event in &cx.state.session.events[rows] {
            show_event(ui, cx, &theme, event, shown == Some(event.id));
        }
    });
}

/// How far the list must be scrolled for this event to be in its middle; none for none.
fn top_to_show(ui: &Ui, events: &[Event], id: Option<u64>) -> Option<f32> {
    let row = events.iter().position(|e| Some(e.id) == id)?;
    let high = ROW_PT + ui.spacing().item_spacing.y;
    Some((row as f32 * high - (ui.available_height() - high) / 2.0).max(0.0))
}

fn show_none(ui: &mut Ui, cx: &PanelContext<'_>, theme: &Theme) {
    let words = if cx.state.is_running() {
        "Nothing flagged yet. Events appear here a moment after they end."
    } else {
        "Events appear here as they are found."
    };
    ui.add_space(12.0);
    ui.label(RichText::new(words).color(theme.faint));
}

fn show_event(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    theme: &Theme,
    event: &Event,
    is_shown: bool,
) {
    let size = vec2(ui.available_width(), ROW_PT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_shown, spoken(event)));
    let ground = match (is_shown, response.hovered()) {
        (true, _) => Some(theme.chosen),
        (false, true) => Some(theme.raised),
        _ => None,
    };
    let painter = ui.painter_at(rect);
    if let Some(ground) = ground {
        painter.rect_filled(rect, 6.0, ground);
    }
    if is_shown {
        painter.rect_stroke(rect, 6.0, Stroke::new(1.0, theme.accent), egui::StrokeKind::Inside);
    }
    let sign = Rect::from_center_size(pos2(rect.left() + 16.0, rect.center().y), vec2(15.0, 15.0));
    painter.add(kind_shape(event.kind, sign, theme.kind(event.kind)));
    let (left, right) = (rect.left() + 32.0, rect.right() - 10.0);
    let (first, second) = (rect.top() + 14.0, rect.top() + 32.0);
    let body = FontId::proportional(14.0);
    let small = FontId::proportional(SMALL_PT);
    let onset = event.onset.time.to_string();
    painter.text(
        pos2(left, first),
        Align2::LEFT_CENTER,
        onset,
        FontId::monospace(13.0),
        theme.text,
    );
    let at = pos2(left + 78.0, first);
    painter.text(at, Align2::LEFT_CENTER, duration_words(event), small.clone(), theme.faint);
    let units = units_text(&event.action_units);
    let units = if units.is_empty() { "no units".to_owned() } else { format!("AU {units}") };
    let units_color = if event.action_units.is_empty() { theme.faint } else { theme.text };
    painter.text(pos2(right, first), Align2::RIGHT_CENTER, units, body, units_color);
    let kind_and_emotion = format!("{}, {}", event.kind, emotion_words(event));
    let at = pos2(left, second);
    painter.text(at, Align2::LEFT_CENTER, kind_and_emotion, small.clone(), theme.text);
    let grade = Grade::of(event.trouble);
    let words = Grade::words(event.trouble);
    let used = painter.text(pos2(right, second), Align2::RIGHT_CENTER, words, small, theme.faint);
    let sign = Rect::from_center_size(pos2(used.left() - 10.0, second), vec2(12.0, 12.0));
    painter.extend(grade_shape(grade, sign, theme.grade(grade)));
    if response.clicked() {
        cx.send(Command::SelectEvent(event.id));
    }
}

/// `330 ms`, `1.52 s`.
pub fn duration_words(event: &Event) -> String {
    let secs = event.duration_secs();
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

/// What a screen reader says of an event.
fn spoken(event: &Event) -> String {
    let units = units_text(&event.action_units);
    format!(
        "{} at {}, {}, action units {}, {}, {}",
        event.kind,
        event.onset.time,
        duration_words(event),
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
