//! Small pieces that several panels draw, each with a name for screen readers.

use egui::{
    Color32, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2,
};

use super::command::Command;
use super::live::LivePhase;
use super::message::Weight;
use super::registry::entry_of;
use super::state::State;
use super::theme::{Grade, Theme, title};
use super::view::playback::PlaybackMotion;
use crate::measure::event::EventKind;
use crate::measure::quality::Trouble;
use crate::session::annotation::Verdict;

/// What a panel gets: the state, a place for its commands, and its textures.
pub struct PanelContext<'a> {
    /// The state of the window.
    pub state: &'a State,
    /// The commands, in order.
    pub commands: &'a mut Vec<Command>,
    /// Textures and other values that only save work.
    pub cache: &'a mut super::Cache,
}

impl PanelContext<'_> {
    /// Sends a command.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Gives the keyboard to the first field of a dialog that was just opened. Called with each field, in the
    /// order in which they are drawn.
    pub fn focus_first(&mut self, field: &Response) {
        if std::mem::take(&mut self.cache.focus_wanted) {
            field.request_focus();
        }
    }

    /// A button for an entry of the registry, with its name, and with its key in the tooltip.
    pub fn button(&mut self, ui: &mut Ui, command: &Command) -> Response {
        let name = entry_of(command).map_or("", |e| e.name);
        self.button_named(ui, command, name)
    }

    /// The same with another name.
    pub fn button_named(&mut self, ui: &mut Ui, command: &Command, name: &str) -> Response {
        let mut button = egui::Button::new(name);
        if let Some(on) = self.state.is_on(command) {
            button = button.selected(on);
        }
        let response = ui.add_enabled(self.state.allows(command), button);
        let response = with_tooltip(response, command);
        if response.clicked() {
            self.send(command.clone());
        }
        response
    }

    /// A small button with a sign in place of its name.
    pub fn sign(&mut self, ui: &mut Ui, command: &Command, sign: &str) -> Response {
        let response = self.button_named(ui, command, sign);
        let enabled = self.state.allows(command);
        let name = entry_of(command).map_or(sign, |entry| entry.name);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
        response
    }

    /// A line of a menu, with its key at the right.
    pub fn menu_item(&mut self, ui: &mut Ui, command: &Command) {
        let Some(entry) = entry_of(command) else { return };
        let mut button = egui::Button::new(entry.name).shortcut_text(entry.key_text());
        if let Some(on) = self.state.is_on(command) {
            button = button.selected(on);
        }
        let response = ui.add_enabled(self.state.allows(command), button);
        if with_tooltip(response, command).clicked() {
            self.send(command.clone());
            ui.close();
        }
    }
}

fn with_tooltip(response: Response, command: &Command) -> Response {
    match entry_of(command) {
        Some(entry) => {
            response.on_hover_text(entry.tooltip()).on_disabled_hover_text(entry.tooltip())
        }
        None => response,
    }
}

/// Seconds for which the edge of the window shows that a mark was made.
const FLASH_SECS: f64 = 0.35;

/// Draws the edge of the window in colour for a moment after each mark, for a person who looks elsewhere.
pub(super) fn flash(ui: &Ui, cx: &mut PanelContext<'_>) {
    let (now, marked) = (ui.input(|i| i.time), cx.state.marked);
    let (seen, since) = &mut cx.cache.flash;
    if *seen != marked {
        (*seen, *since) = (marked, now);
    }
    let left = FLASH_SECS - (now - *since);
    if marked > 0 && left > 0.0 {
        let screen = ui.ctx().content_rect();
        let stroke = Stroke::new(10.0, Theme::of(ui).good);
        ui.painter().rect_stroke(screen, 0.0, stroke, egui::StrokeKind::Inside);
        ui.ctx().request_repaint_after_secs(left as f32);
    }
}

/// Names a drawn area in the accessibility tree.
pub fn named(response: &Response, role: Role, name: impl Into<String>) {
    let name = name.into();
    response.widget_info(|| WidgetInfo::labeled(role, true, &name));
}

/// A shape with a word. `draw` gets the square to fill.
pub fn badge(ui: &mut Ui, word: &str, color: Color32, draw: impl FnOnce(Rect) -> Vec<Shape>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let side = (ui.spacing().interact_size.y * 0.55).clamp(10.0, 14.0);
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::empty());
        ui.painter().extend(draw(rect));
        let word = title(word).size(side.max(12.0) - 0.5).color(color);
        ui.add(egui::Label::new(word).truncate());
    });
}

/// The sign of a phase: disc, two bars, square, ring, flag, triangle.
pub fn phase_shape(phase: &LivePhase, rect: Rect, color: Color32) -> Vec<Shape> {
    let r = rect.shrink(1.5);
    let bar = |x0: f32, x1: f32| {
        let x = |t: f32| r.left() + t * r.width();
        Shape::rect_filled(Rect::from_x_y_ranges(x(x0)..=x(x1), r.y_range()), 1.0, color)
    };
    let half = r.width() / 2.0;
    match phase {
        LivePhase::Live => vec![Shape::circle_filled(r.center(), half, color)],
        LivePhase::Paused => vec![bar(0.08, 0.38), bar(0.62, 0.92)],
        LivePhase::Stopped => vec![Shape::rect_filled(r, 1.0, color)],
        LivePhase::Stopping => vec![stroked_rect(r, color)],
        LivePhase::Starting(_) => {
            vec![Shape::circle_stroke(r.center(), half - 1.0, Stroke::new(2.0, color))]
        }
        LivePhase::Finished => vec![
            bar(0.0, 0.15),
            polygon(
                [r.left_top(), pos2(r.right(), r.top() + r.height() * 0.3), r.left_center()],
                color,
            ),
        ],
        LivePhase::Fault(_) | LivePhase::Lost(_) | LivePhase::Frozen(_) => {
            vec![warning_triangle(r, color)]
        }
    }
}

/// The sign of a motion: two bars, an arrow in its direction, a ring.
pub fn motion_shape(motion: PlaybackMotion, rect: Rect, color: Color32) -> Vec<Shape> {
    let r = rect.shrink(1.5);
    match motion {
        PlaybackMotion::Held => phase_shape(&LivePhase::Paused, rect, color),
        PlaybackMotion::Runs(speed) if speed < 0.0 => {
            vec![polygon([r.right_top(), r.right_bottom(), r.left_center()], color)]
        }
        PlaybackMotion::Runs(_) => {
            vec![polygon([r.left_top(), r.right_center(), r.left_bottom()], color)]
        }
        PlaybackMotion::Loops { .. } => {
            vec![Shape::circle_stroke(r.center(), r.width() / 2.0 - 1.0, Stroke::new(2.5, color))]
        }
    }
}

/// The sign of a message: disc, triangle, octagon.
pub fn weight_shape(weight: Weight, rect: Rect, color: Color32) -> Shape {
    let r = rect.shrink(1.5);
    match weight {
        Weight::Note => Shape::circle_filled(r.center(), r.width() / 2.0, color),
        Weight::Warning => warning_triangle(r, color),
        Weight::Error => {
            let corner = |i: usize| {
                let angle = (i as f32 + 0.5) * std::f32::consts::FRAC_PI_4;
                r.center() + Vec2::angled(angle) * (r.width() / 2.0 + 0.5)
            };
            Shape::convex_polygon((0..8).map(corner).collect(), color, Stroke::NONE)
        }
    }
}

/// The sign of a kind: a narrow peak for micro, a broad block for macro.
pub fn kind_shape(kind: EventKind, rect: Rect, color: Color32) -> Shape {
    let r = rect.shrink(1.5);
    match kind {
        EventKind::Micro => polygon([r.left_bottom(), r.center_top(), r.right_bottom()], color),
        EventKind::Macro => {
            let block = Rect::from_min_max(pos2(r.left(), r.top() + r.height() * 0.25), r.max);
            Shape::rect_filled(block, 1.5, color)
        }
    }
}

/// The sign of a verdict: ring, tick, cross.
pub fn verdict_shape(verdict: Verdict, rect: Rect, color: Color32) -> Vec<Shape> {
    let r = rect.shrink(2.0);
    let at = |x: f32, y: f32| pos2(r.left() + x * r.width(), r.top() + y * r.height());
    let stroke = Stroke::new(2.2, color);
    match verdict {
        Verdict::Open => {
            vec![Shape::circle_stroke(r.center(), r.width() / 2.0 - 0.5, Stroke::new(1.5, color))]
        }
        Verdict::Confirmed => {
            vec![Shape::line(vec![at(0.0, 0.55), at(0.38, 0.95), at(1.0, 0.05)], stroke)]
        }
        Verdict::Rejected => vec![
            Shape::line_segment([at(0.08, 0.08), at(0.92, 0.92)], stroke),
            Shape::line_segment([at(0.92, 0.08), at(0.08, 0.92)], stroke),
        ],
    }
}

/// The sign of a grade: disc, half disc, ring.
pub fn grade_shape(grade: Grade, rect: Rect, color: Color32) -> Vec<Shape> {
    let (center, radius) = (rect.center(), rect.width() / 2.0 - 2.0);
    let ring = Shape::circle_stroke(center, radius, Stroke::new(1.5, color));
    match grade {
        Grade::Good => vec![Shape::circle_filled(center, radius + 0.5, color)],
        Grade::Suspect => {
            let arc = (0..=12)
                .map(|i| center + Vec2::angled(i as f32 / 12.0 * std::f32::consts::PI) * radius);
            vec![ring, Shape::convex_polygon(arc.collect(), color, Stroke::NONE)]
        }
        Grade::Unscorable => {
            let d = Vec2::splat(radius * 0.7);
            vec![ring, Shape::line_segment([center - d, center + d], Stroke::new(1.5, color))]
        }
    }
}

/// A faint text in place of the content of a panel.
pub fn faint(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    ui.add_space(10.0);
    ui.label(RichText::new(words).color(theme.faint));
}

/// A grade as a shape and words.
pub fn grade_badge(ui: &mut Ui, grade: Grade, words: &str) {
    let color = Theme::of(ui).grade(grade);
    badge(ui, words, color, |rect| grade_shape(grade, rect, color));
}

/// How far something with this trouble can be trusted, and what the trouble is.
pub fn trouble_badge(ui: &mut Ui, trouble: Trouble) {
    grade_badge(ui, Grade::of(trouble), &Grade::words(trouble));
}

/// A text of one line, at most `most` points wide; what does not fit ends in “…”. Returns its place.
pub fn text_within(
    painter: &egui::Painter,
    at: Pos2,
    align: egui::Align2,
    (text, font, color): (String, egui::FontId, Color32),
    most: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(text, font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(most.max(0.0));
    let galley = painter.layout_job(job);
    let rect = align.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}

/// At most `most` letters; the middle is left out.
pub fn shortened(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let side = most / 2;
    let (head, tail) = (&letters[..side], &letters[letters.len() - side + 1..]);
    format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

/// A share of 1 as a bar with its number.
pub fn share_bar(ui: &mut Ui, name: &str, share: f32, color: Color32, width: f32) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 12.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, theme.raised);
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let filled = Rect::from_min_size(rect.min, Vec2::new(rect.width() * share, rect.height()));
    ui.painter().rect_filled(filled, 3.0, color);
    named(&response, Role::Meter, format!("{name} {:.0} %", share * 100.0));
    response
}

fn polygon(points: [Pos2; 3], color: Color32) -> Shape {
    Shape::convex_polygon(points.to_vec(), color, Stroke::NONE)
}

fn warning_triangle(r: Rect, color: Color32) -> Shape {
    let points = vec![r.center_top(), r.right_bottom(), r.left_bottom()];
    Shape::convex_polygon(points, color, Stroke::NONE)
}

fn stroked_rect(r: Rect, color: Color32) -> Shape {
    Shape::rect_stroke(r, 1.0, Stroke::new(2.0, color), egui::StrokeKind::Inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle_and_not_their_ends() {
        let short = shortened("a_rather_long_file_name_of_a_video.mp4", 16);
        assert_eq!(short.chars().count(), 16);
        assert!(short.starts_with("a_rathe") && short.ends_with(".mp4"));
        assert_eq!(shortened("имя файла.mp4", 16), "имя файла.mp4");
    }
}
