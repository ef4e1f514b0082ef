//! The panels of the window: one file each, and one line in [`PANELS`].

use egui::Ui;

use super::command::{Floating, Tab};
use super::widgets::PanelContext;

pub mod about;
pub mod after_recording;
pub mod agreement;
pub mod analyse;
pub mod card;
pub mod conditions;
pub mod consent;
pub mod events;
pub mod export;
pub mod finish_blind;
pub mod import;
pub mod keys;
pub mod log;
pub mod menu;
pub mod messages;
pub mod note;
pub mod own_keys;
pub mod palette;
pub mod picture;
pub mod preflight;
pub mod raters;
pub mod regions;
pub mod scores;
pub mod stored_sessions;
pub mod streams;
pub mod strip;
pub mod transport;
pub mod typed_path;
pub mod units;
pub mod waveform;
pub mod who;

/// When a plot is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotUse {
    /// Always.
    Always,
    /// Review leaves it out in a low window.
    WhereHigh,
    /// Where the session under review has sound.
    WithSound,
}

/// Where a panel stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// At the top.
    Top,
    /// At the bottom.
    Bottom,
    /// One line above the bar at the bottom, with the same height with and without messages.
    Messages,
    /// The column at the right.
    Side,
    /// Top left.
    Picture,
    /// Beside the picture.
    Card,
    /// Below picture and card, all on one time axis.
    Plot {
        /// Share of the height that is left when each plot has its least height; a plot gets its part of the sum of
        /// all shares.
        share: f32,
        /// Least height, points.
        least_pt: f32,
        /// When it is shown.
        shown: PlotUse,
    },
    /// Everything between the bars.
    Whole,
    /// Over everything, when it is opened.
    Floating(Floating),
}

/// One panel. To add one: a file, and a line in [`PANELS`].
pub struct Panel {
    /// Its name in the accessibility tree.
    pub name: &'static str,
    /// Where it stands.
    pub slot: Slot,
    /// The tabs in which it is drawn.
    pub tabs: &'static [Tab],
    /// Draws it.
    pub show: fn(&mut Ui, &mut PanelContext<'_>),
}

/// Every panel, in the order of drawing. Tests of the window go through all of them in every tab.
pub static PANELS: &[Panel] = &[
    menu::PANEL,
    transport::PANEL,
    messages::PANEL,
    events::PANEL,
    picture::PANEL,
    card::PANEL,
    scores::PANEL,
    regions::PANEL,
    waveform::PANEL,
    strip::PANEL,
    analyse::PANEL,
    palette::PANEL,
    keys::PANEL,
    own_keys::PANEL,
    conditions::PANEL,
    about::PANEL,
    log::PANEL,
    note::PANEL,
    preflight::PANEL,
    consent::PANEL,
    after_recording::PANEL,
    stored_sessions::PANEL,
    units::PANEL,
    raters::PANEL,
    who::PANEL,
    agreement::PANEL,
    export::PANEL,
    import::PANEL,
    streams::PANEL,
    typed_path::PANEL,
    finish_blind::PANEL,
];

/// The panels of a tab.
pub fn panels_of(tab: Tab) -> impl Iterator<Item = &'static Panel> {
    PANELS.iter().filter(move |panel| panel.tabs.contains(&tab))
}
