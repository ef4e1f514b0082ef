//! The window. Panels read the state and send commands; one `match` changes the state.
//!
//! `logic` takes the messages of the engine, `ui` draws. Nothing here waits: what takes time happens in the
//! engine's threads or in a [`backend::Pending`], which is polled in every frame. The window is drawn only
//! when there is something new.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{CentralPanel, Frame, Margin, Rect, Ui, UiBuilder, ViewportCommand, pos2, vec2};

use crate::config::Config;
use crate::model::ModelChoice;
use crate::source::SourceSpec;

pub mod analyse;
pub mod axis;
pub mod backend;
pub mod command;
pub mod field;
pub mod launch;
pub mod live;
pub mod marking;
pub mod message;
pub mod outside;
pub mod overlay;
pub mod panels;
pub mod recording;
pub mod registry;
pub mod review;
pub mod running;
pub mod settings;
pub mod shortcut;
pub mod state;
pub mod textures;
pub mod theme;
pub mod typed_path;
pub mod view;
mod waking;
pub mod widgets;

use backend::Backend;
use command::{Command, Floating, Tab};
pub use launch::{AppError, run};
use live::LivePhase;
use panels::{Panel, PlotUse, Slot, panels_of};
use settings::Settings;
use state::{State, WindowRequest};
use waking::EngineWakes;
use widgets::PanelContext;

/// Options of the window.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    /// The source that was asked for. `None` takes the first camera, else the demo person.
    pub source: Option<SourceSpec>,
    /// Frames per second for any source that is opened.
    pub fps: Option<f64>,
    /// The models.
    pub models: ModelChoice,
    /// Settings.
    pub config: Config,
    /// A session's folder to review. Then no source is opened unless one was asked for.
    pub session: Option<PathBuf>,
    /// The recording of this session, if the user named it.
    pub recording: Option<SourceSpec>,
}

/// Values that only save work: textures, and the positions of lists.
#[derive(Default)]
pub struct Cache {
    /// The newest picture.
    pub picture: textures::Texture,
    /// A picture of an event.
    pub kept: textures::Texture,
    /// The strip of region motion.
    pub heat: textures::Texture,
    /// The frame under review.
    pub frame: textures::Texture,
    /// The pictures of the event card.
    pub card: panels::card::CardTextures,
    /// The agreement that was computed last.
    pub agreement: Option<panels::agreement::CachedAgreement>,
    /// True if the search field should get the keyboard.
    pub search_wanted: bool,
    /// The tab and the row to which the list of events was last scrolled.
    pub scrolled_to: Option<(Tab, Option<usize>)>,
    /// The chosen line of the command search.
    pub palette_row: usize,
    /// The dialog that was drawn last.
    pub dialog: Option<Floating>,
    /// True if the field of the source menu has had the keyboard since the menu was opened.
    pub path_focused: bool,
    /// The title of the window.
    pub title: String,
    /// True if the first field of the dialog should get the keyboard.
    pub focus_wanted: bool,
    /// The number of the newest mark for which the edge of the window flashed, and when that began, seconds.
    pub flash: (u64, f64),
}

/// The program with its window.
pub struct App {
    /// The state of the window.
    pub state: State,
    cache: Cache,
}

/// Key under which the settings are stored.
const SETTINGS_KEY: &str = "settings";

impl App {
    /// Opens with `options`, and with the settings of the last time.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        options: LaunchOptions,
        backend: Box<dyn Backend>,
    ) -> Self {
        tracing::info!("the window is open");
        theme::install(&cc.egui_ctx);
        let stored = cc.storage.and_then(|s| eframe::get_value::<Settings>(s, SETTINGS_KEY));
        let mut settings = stored.unwrap_or_default();
        // A settings file overrides what was last set by hand.
        if options.config.spotting != Config::default().spotting {
            settings.false_alarms_per_minute = options.config.spotting.false_alarms_per_minute;
        }
        if let Some(dark) = settings.dark {
            cc.egui_ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        }
        let ctx = cc.egui_ctx.clone();
        let wake = Arc::new(move || ctx.request_repaint());
        let mut state = State::new(settings, options, backend, wake);
        state.wake_engines_by(EngineWakes::of(&cc.egui_ctx));
        state.take_own_keys();
        let session = state.session_wanted.take();
        if session.is_none() || !state.live.chooses {
            state.open();
        }
        if let Some(folder) = session {
            state.open_session(&folder);
        }
        Self { state, cache: Cache::default() }
    }

    fn take_dropped_files(&mut self, ctx: &egui::Context) {
        let dropped = ctx.input(|i| Some(i.raw.dropped_files.first()?.path().to_owned()));
        if let Some(path) = dropped {
            self.state.apply(Command::OpenPath(path.into()));
        }
    }

    fn do_window_requests(&mut self, ctx: &egui::Context) {
        for request in std::mem::take(&mut self.state.window) {
            match request {
                WindowRequest::ToggleFullScreen => {
                    let full = ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                    ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
                }
                WindowRequest::ToggleTheme => {
                    let dark = ctx.theme() != egui::Theme::Dark;
                    self.state.settings.dark = Some(dark);
                    ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                }
                WindowRequest::Close => ctx.send_viewport_cmd(ViewportCommand::Close),
            }
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        launch::fit(ctx);
        self.state.drain();
        let now = ctx.input(|i| i.time);
        if let Some(secs) = self.state.advance(now) {
            ctx.request_repaint_after_secs(secs as f32);
        }
        self.state.outside.engine_wakes.show(self.state.tab);
        if let LivePhase::Live | LivePhase::Frozen(_) = self.state.live.phase {
            ctx.request_repaint_after(waking::AT_THE_LATEST);
        }
        self.take_dropped_files(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let mut commands = shortcut::commands_from_keys(ui.ctx(), &self.state);
        let mut cx =
            PanelContext { state: &self.state, commands: &mut commands, cache: &mut self.cache };
        lay_out(ui, &mut cx);
        widgets::flash(ui, &mut cx);
        for command in commands {
            self.cache.search_wanted |= is_search(&command);
            self.state.apply(command);
            // A change by a command is drawn at once, not when the pointer next moves.
            ui.ctx().request_repaint();
        }
        self.do_window_requests(ui.ctx());
        let title = self.state.title();
        if title != self.cache.title {
            ui.ctx().send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.cache.title = title;
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS_KEY, &self.state.settings);
    }
}

fn is_search(command: &Command) -> bool {
    *command == Command::Review(review::command::ReviewCommand::Search)
}

fn panels_in(tab: Tab, wanted: fn(&Slot) -> bool) -> impl Iterator<Item = &'static Panel> {
    panels_of(tab).filter(move |panel| wanted(&panel.slot))
}

/// Draws a panel in a group with its name in the accessibility tree.
fn show_panel(ui: &mut Ui, cx: &mut PanelContext<'_>, panel: &Panel) {
    let fills = !matches!(panel.slot, Slot::Floating(_) | Slot::Top | Slot::Bottom);
    let inside = |ui: &mut Ui| {
        if fills {
            ui.expand_to_include_rect(ui.max_rect());
        }
        (panel.show)(ui, cx);
    };
    let response = ui.push_id(panel.name, inside).response;
    widgets::named(&response, egui::Role::Pane, panel.name);
}

fn lay_out(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (theme, tab) = (theme::Theme::of(ui), cx.state.tab);
    let bar = Frame::new().fill(theme.ground).inner_margin(Margin::symmetric(10, 4));
    for panel in panels_in(tab, |slot| *slot == Slot::Top) {
        let top = egui::Panel::top(panel.name).frame(bar).show_separator_line(false);
        top.show(ui, |ui| show_panel(ui, cx, panel));
    }
    for panel in panels_in(tab, |slot| *slot == Slot::Bottom) {
        let bottom = egui::Panel::bottom(panel.name).frame(bar).show_separator_line(false);
        bottom.show(ui, |ui| show_panel(ui, cx, panel));
    }
    let ground = Frame::new().fill(theme.ground).inner_margin(Margin::symmetric(10, 2));
    for panel in panels_in(tab, |slot| *slot == Slot::Messages) {
        let line = egui::Panel::bottom(panel.name).frame(ground).show_separator_line(false);
        line.resizable(false).exact_size(MESSAGE_PT).show(ui, |ui| show_panel(ui, cx, panel));
    }
    CentralPanel::default().frame(ground).show(ui, |ui| {
        let rect = ui.available_rect_before_wrap();
        match panels_in(tab, |slot| *slot == Slot::Whole).next() {
            Some(panel) => on_surface(ui, rect, |ui| show_panel(ui, cx, panel)),
            None => lay_out_middle(ui, cx, rect),
        }
    });
    let dialog = panels_of(tab).find_map(|panel| match panel.slot {
        Slot::Floating(floating) if cx.state.floating == Some(floating) => Some((panel, floating)),
        _ => None,
    });
    if cx.cache.dialog != cx.state.floating {
        cx.cache.dialog = cx.state.floating;
        cx.cache.focus_wanted = dialog.is_some();
    }
    if let Some((panel, floating)) = dialog {
        // What is behind a dialog takes no click and no key, and is shaded.
        let shade = egui::Color32::from_black_alpha(if ui.visuals().dark_mode { 120 } else { 60 });
        ui.painter().rect_filled(ui.ctx().content_rect(), 0.0, shade);
        show_dialog(ui.ctx(), cx, panel, floating);
    }
}

/// Height of the line for messages, points.
const MESSAGE_PT: f32 = 30.0;

/// Height of a card with three emotions.
const CARD_PX: f32 = 324.0;

/// Width of the buttons below the picture, with the margins of its surface.
const LEAST_PICTURE_PT: f32 = 312.0;

/// If the space between the bars is lower than this, review leaves out the motion map, so that the card keeps
/// its buttons.
const LOW_PT: f32 = 520.0;

/// Lays out everything between the bars: picture and card on top, plots below, the events at the side.
fn lay_out_middle(ui: &mut Ui, cx: &mut PanelContext<'_>, rect: Rect) {
    let (gap, tab) = (theme::GAP, cx.state.tab);
    let side = (rect.width() * 0.235).clamp(250.0, 420.0);
    let split_x = rect.right() - side - gap;
    // Review needs larger pictures; live needs larger plots.
    let share = if tab == Tab::Review { 0.545 } else { 0.48 };
    let margin = 2.0 * theme::SURFACE_MARGIN;
    let plots: Vec<(&Panel, f32, f32)> = plots_of(cx.state, rect.height()).collect();
    let least: f32 = plots.iter().map(|(_, _, least)| least).sum();
    let upper = ((rect.height() - gap) * share).max(CARD_PX.min(rect.height() * 0.55));
    let upper = upper.min(rect.height() - gap - least - margin);
    let split_y = rect.top() + upper;
    // Width of a 4:3 picture of this height, with its margins and buttons.
    let most = (split_x - rect.left()) * if tab == Tab::Review { 0.44 } else { 0.55 };
    let picture = ((upper - 52.0) * 4.0 / 3.0 + 22.0).min(most).max(LEAST_PICTURE_PT);
    let picture_right = rect.left() + picture;
    let parts = [
        (Slot::Side, Rect::from_min_max(pos2(split_x + gap, rect.top()), rect.max)),
        (Slot::Picture, Rect::from_min_max(rect.min, pos2(picture_right, split_y))),
        (
            Slot::Card,
            Rect::from_min_max(pos2(picture_right + gap, rect.top()), pos2(split_x, split_y)),
        ),
    ];
    for panel in panels_of(tab) {
        if let Some((_, rect)) = parts.iter().find(|(slot, _)| *slot == panel.slot) {
            on_surface(ui, *rect, |ui| show_panel(ui, cx, panel));
        }
    }
    let below = Rect::from_min_max(pos2(rect.left(), split_y + gap), pos2(split_x, rect.bottom()));
    on_surface(ui, below, |ui| {
        let space = ui.available_rect_before_wrap();
        let all: f32 = plots.iter().map(|(_, share, _)| share).sum();
        let mut top = space.top();
        for (panel, share, least_pt) in plots {
            let high = least_pt + (space.height() - least).max(0.0) * share / all;
            let part = Rect::from_min_size(pos2(space.left(), top), vec2(space.width(), high));
            top += high;
            let part = part.with_max_y(part.bottom() - gap * 0.75);
            ui.scope_builder(UiBuilder::new().max_rect(part), |ui| show_panel(ui, cx, panel));
        }
    });
}

/// The plots that fit into this height, each with its share of the rest and its least height.
fn plots_of(state: &State, height: f32) -> impl Iterator<Item = (&'static Panel, f32, f32)> {
    let is_low = state.tab == Tab::Review && height < LOW_PT;
    let has_sound = state.review.sound.is_there();
    panels_of(state.tab).filter_map(move |panel| match panel.slot {
        Slot::Plot { shown: PlotUse::WhereHigh, .. } if is_low => None,
        Slot::Plot { shown: PlotUse::WithSound, .. } if !has_sound => None,
        Slot::Plot { share, least_pt, .. } => Some((panel, share, least_pt)),
        _ => None,
    })
}

/// Draws on a surface that keeps its size, whatever is drawn on it.
fn on_surface(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    let frame = theme::surface(&theme::Theme::of(ui));
    let inside = rect - frame.total_margin();
    ui.painter().add(frame.paint(inside));
    let mut inner = ui.new_child(UiBuilder::new().max_rect(inside));
    inner.shrink_clip_rect(inside.expand(4.0));
    add(&mut inner);
}

/// Draws a dialog over everything. It keeps the focus until it is closed.
fn show_dialog(ctx: &egui::Context, cx: &mut PanelContext<'_>, panel: &Panel, floating: Floating) {
    let mut open = true;
    let width = match floating {
        Floating::Keys | Floating::Agreement => 760.0,
        Floating::FinishBlind | Floating::TypedPath => 460.0,
        _ => 560.0,
    };
    let high = ctx.content_rect().height();
    let shown = egui::Window::new(panel.name)
        .open(&mut open)
        .collapsible(false)
        .auto_sized()
        .anchor(egui::Align2::CENTER_TOP, vec2(0.0, (high * 0.08).min(60.0)))
        .show(ctx, |ui| {
            ui.set_width(width);
            show_panel(ui, cx, panel);
        });
    if let Some(shown) = shown {
        ctx.memory_mut(|memory| memory.set_modal_layer(shown.response.layer_id));
        let clicked =
            ctx.input(|i| i.pointer.any_click().then(|| i.pointer.interact_pos()).flatten());
        let is_beside = clicked.is_some_and(|at| !shown.response.rect.contains(at));
        if is_beside && !floating.takes_text() && !egui::Popup::is_any_open(ctx) {
            open = false;
        }
    }
    if !open {
        cx.send(Command::CloseWindow);
    }
}

#[cfg(test)]
pub(crate) mod tests;
