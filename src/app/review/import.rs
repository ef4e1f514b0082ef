//! A table or an ELAN file as a rater's layer: whose, how it came about, and what became of it.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{RichText, ScrollArea, TextEdit, Ui};

use super::command::Command;
use super::outside::{ImportJob, Kept};
use super::{Layer, ReviewState};
use crate::app::backend::Pending;
use crate::app::command::{Command as Asked, Floating};
use crate::app::state::State;
use crate::app::theme::Theme;
use crate::app::widgets::PanelContext;
use crate::app::{Panel, Slot};
use crate::exchange::import::{Choice, ImportError, ImportedLayer, Request};
use crate::session::annotation::rater::checked_name;

/// The entry in [`crate::app::panels`].
pub const PANEL: Panel = Panel { name: "Import", slot: Slot::Floating(Floating::Import), show };

/// Where an import stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was read yet.
    #[default]
    Ready,
    /// A file is being read.
    Running,
    /// What was taken and what could not be, one sentence each.
    Done(Vec<String>),
    /// It ended with an error; one sentence.
    Fault(String),
}

/// What is to be taken in, and how it goes.
#[derive(Default)]
pub struct Form {
    /// Whose layer it becomes.
    pub name: String,
    /// Names of tiers to take, parted by commas; empty for those that are named after events.
    pub tiers: String,
    /// Whether the coder saw nothing of the model.
    pub blind: bool,
    /// Where it stands.
    pub phase: Phase,
    job: Option<Pending<Result<ImportedLayer, String>>>,
}

impl ReviewState {
    /// Whether a file can be asked for.
    pub(super) fn can_import(&self) -> bool {
        self.phase == super::Phase::Open
            && self.import.job.is_none()
            && checked_name(&self.import.name).is_ok()
    }

    /// Adds a layer as it came out of a file, and gives what is to be told of it.
    fn take_layer(&mut self, layer: ImportedLayer) -> Result<Vec<String>, String> {
        let ImportedLayer { raters, entries, told } = layer;
        let name = raters.first().map(|rater| rater.name.clone()).unwrap_or_default();
        // Somebody may have begun to work under this name while the file was read.
        if self.session.log.entries().iter().any(|entry| entry.rater == name) {
            return Err(ImportError::Taken { name }.to_string());
        }
        raters.iter().for_each(|rater| self.session.log.add_rater(rater.clone()));
        entries.iter().for_each(|entry| self.session.log.push(entry.clone()));
        self.keep(Kept::Layer(raters, entries));
        self.compared.1 = Layer::Rater(name);
        self.refresh();
        Ok(told)
    }
}

impl State {
    /// Begins to read the file at `path`.
    pub(in crate::app) fn import_from(&mut self, path: PathBuf) {
        let form = &mut self.review.import;
        let tiers = form.tiers.split(',').map(|tier| tier.trim().to_owned());
        let tiers = tiers.filter(|tier| !tier.is_empty()).collect();
        let request = Request {
            file: path,
            rater: form.name.clone(),
            blind: form.blind,
            choice: Choice { tiers },
        };
        form.phase = Phase::Running;
        let job = ImportJob { session: Arc::new(self.review.session.clone()), request };
        self.review.import.job = Some(self.studio.import(job, self.wake.clone()));
        self.floating = Some(Floating::Import);
    }

    /// Takes in what was read.
    pub(in crate::app) fn poll_import(&mut self) {
        let form = &mut self.review.import;
        let Some(read) = form.job.as_mut().and_then(|job| job()) else { return };
        form.job = None;
        match read.and_then(|layer| self.review.take_layer(layer)) {
            Ok(told) => {
                self.review.import = Form { phase: Phase::Done(told), ..Form::default() };
            }
            Err(why) => self.review.import.phase = Phase::Fault(why),
        }
    }
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let words = "A table (.csv) or an ELAN file (.eaf) of this recording becomes a layer of its own; \
                 nothing that is in the session changes.";
    ui.label(RichText::new(words).color(theme.faint));
    let form = &cx.state.review.import;
    let (mut name, mut tiers, mut blind) = (form.name.clone(), form.tiers.clone(), form.blind);
    let field = TextEdit::singleline(&mut name).hint_text("Whose events these are: R2");
    if ui.add(field.desired_width(f32::INFINITY)).accessible_name("Coder").changed() {
        cx.send(Asked::Review(Command::EditImportName(name.clone())));
    }
    let field =
        TextEdit::singleline(&mut tiers).hint_text("Tiers of an ELAN file, where not found");
    if ui.add(field.desired_width(f32::INFINITY)).accessible_name("Tiers").changed() {
        cx.send(Asked::Review(Command::EditImportTiers(tiers)));
    }
    let help = "Without it, whether the coder worked blind counts as not known";
    let blind_words = "The coder saw nothing of the model or of others";
    if ui.checkbox(&mut blind, blind_words).on_hover_text(help).changed() {
        cx.send(Asked::Review(Command::BlindImport(blind)));
    }
    if let Err(why) = checked_name(&name)
        && !name.trim().is_empty()
    {
        ui.label(RichText::new(why).color(theme.fault));
    }
    ui.horizontal(|ui| {
        cx.button_named(ui, &Asked::Review(Command::Import), "Choose a file and read…");
        if ui.button("Close").clicked() {
            cx.send(Asked::CloseWindow);
        }
    });
    show_phase(ui, &theme, &cx.state.review.import.phase);
}

fn show_phase(ui: &mut Ui, theme: &Theme, phase: &Phase) {
    match phase {
        Phase::Ready => {}
        Phase::Running => drop(ui.label("reading the file")),
        Phase::Done(told) => {
            ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
                for (i, line) in told.iter().enumerate() {
                    let ink = if i == 0 { theme.good } else { theme.text };
                    ui.label(RichText::new(line).color(ink));
                }
                let words =
                    "Look at it under Raters (Ctrl+Shift+R), compare it under Agreement (Ctrl+G).";
                ui.label(RichText::new(words).color(theme.faint));
            });
        }
        Phase::Fault(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
}
