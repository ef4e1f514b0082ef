//! Who is about to change something: asked once, before the first act in a session.

use egui::{Key, RichText, TextEdit, Ui};

use super::command::Command;
use super::raters::rater_words;
use super::{FIRST_RATER, ReviewState};
use crate::app::command::Command as Asked;
use crate::app::command::Floating;
use crate::app::state::State;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::app::{Panel, Slot};
use crate::session::Session;
use crate::session::annotation::rater::checked_name;

/// The entry in [`crate::app::panels`].
pub const PANEL: Panel =
    Panel { name: "Who is rating?", slot: Slot::Floating(Floating::Who), show };

/// The rater who did something last; a layer out of a file is nobody's who sits here.
pub fn last(session: &Session) -> Option<&str> {
    let is_here = |name: &&str| session.log.rater(name).is_some_and(|r| r.imported.is_none());
    let acted = session.log.entries().iter().rev().map(|entry| entry.rater.as_str());
    let known = session.log.raters().iter().rev().map(|rater| rater.name.as_str());
    acted.chain(known).find(is_here)
}

impl ReviewState {
    /// Whether somebody has to say who works before this is done.
    pub fn must_ask(&self, command: &Command) -> bool {
        !self.is_named && command.says_something() && self.allows(command)
    }

    /// Keeps the command for when somebody has said who works.
    pub fn ask_who(&mut self, command: Command) {
        // What is dragged has been let go by then.
        self.waiting = (!matches!(command, Command::Drag(..))).then_some(command);
        self.name_text.clear();
        self.blind_wanted = false;
        self.offered = 0;
    }

    /// Names that are offered, the one who worked last first.
    pub fn offers(&self) -> Vec<&str> {
        let last = last(&self.session).unwrap_or(FIRST_RATER);
        let others = self.session.log.raters().iter().map(|rater| rater.name.as_str());
        std::iter::once(last).chain(others.filter(|name| *name != last)).collect()
    }
}

impl State {
    /// Somebody has said who works; what was asked for before is done now.
    pub(in crate::app) fn name(&mut self, command: Command) {
        let (before, waiting) = (self.review.rater.clone(), self.review.waiting.take());
        self.review.apply(command);
        self.close_floating();
        let is_the_same = self.review.rater == before;
        // Nobody takes back what somebody else did last.
        let of_history = |command: &Command| matches!(command, Command::Undo | Command::Redo);
        if let Some(command) = waiting.filter(|command| is_the_same || !of_history(command))
            && self.review.allows(&command)
        {
            self.apply_to_review(command);
        }
    }
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let words = "What you do goes into a layer under your name; a code such as R1 will do.";
    ui.label(RichText::new(words).color(theme.faint));
    let mut text = review.name_text.clone();
    let offers: Vec<String> = review.offers().into_iter().map(Into::into).collect();
    let field = TextEdit::singleline(&mut text).desired_width(f32::INFINITY);
    let field = field.hint_text("Another name");
    let field = ui.add(field).accessible_name("Who rates");
    if field.changed() {
        cx.send(Asked::Review(Command::EditName(text.clone())));
    }
    let entered = field.lost_focus() && ui.input(pressed_enter);
    if ui.memory(|m| m.focused()).is_none() && !entered {
        field.request_focus();
    }
    let offered = step(ui, cx, offers.len());
    ui.label(title("Known here"));
    for (i, name) in offers.iter().enumerate() {
        let known = review_words(cx, name);
        if ui.selectable_label(text.trim().is_empty() && i == offered, known).clicked() {
            cx.send(Asked::Review(Command::BeRater { name: name.clone(), blind: false }));
        }
    }
    let mut blind = cx.state.review.blind_wanted;
    let help = "A new rater sees neither what the model found nor other raters’ work, until done";
    if ui.checkbox(&mut blind, "a new name works blind").on_hover_text(help).changed() {
        cx.send(Asked::Review(Command::SetBlind(blind)));
    }
    let is_typed = !text.trim().is_empty();
    let name = if is_typed { text } else { offers.get(offered).cloned().unwrap_or_default() };
    show_end(ui, cx, name, blind && is_typed, entered);
}

fn review_words(cx: &PanelContext<'_>, name: &str) -> String {
    let rater = cx.state.review.session.log.rater(name);
    rater.map_or_else(|| format!("{name}, new"), rater_words)
}

/// The arrow keys go through the known raters.
fn step(ui: &Ui, cx: &mut PanelContext<'_>, count: usize) -> usize {
    let (down, up) = ui.input(|i| (i.num_presses(Key::ArrowDown), i.num_presses(Key::ArrowUp)));
    let was = cx.state.review.offered;
    let offered = (was + down).saturating_sub(up).min(count.saturating_sub(1));
    if offered != was {
        cx.send(Asked::Review(Command::Offer(offered)));
    }
    offered
}

/// What the next Enter does, and the way out.
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
            cx.send(Asked::Review(Command::BeRater { name, blind }));
        }
        if ui.button("Change nothing").clicked() {
            cx.send(Asked::CloseWindow);
        }
        ui.label(RichText::new("Enter goes on, Esc changes nothing.").color(theme.faint));
    });
}

/// Pressed, and not held since whatever opened the window.
fn pressed_enter(input: &egui::InputState) -> bool {
    input.events.iter().any(|event| {
        matches!(event, egui::Event::Key { key: Key::Enter, pressed: true, repeat: false, .. })
    })
}
