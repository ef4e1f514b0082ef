//! Files for other tools: which formats, whose layer, whether faces are blurred, and how it goes.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{ProgressBar, RichText, Role, ScrollArea, Ui};

use super::ReviewState;
use super::command::Command;
use super::outside::{ExportJob, What};
use super::transport::layer_words;
use crate::app::backend::{Pending, Pick};
use crate::app::command::{Command as Asked, Floating};
use crate::app::state::State;
use crate::app::theme::{Theme, title};
use crate::app::widgets::{PanelContext, named};
use crate::app::{Panel, Slot};
use crate::exchange::{EXPORTERS, Exporter, Written};
use crate::session::{Session, pictures};

/// The entry in [`crate::app::panels`].
pub const PANEL: Panel = Panel { name: "Export", slot: Slot::Floating(Floating::Export), show };

/// Where an export stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was written yet.
    #[default]
    Ready,
    /// Something is being written: what, the how-manieth, of how many.
    Running(String, usize, usize),
    /// All is written.
    Done(Written),
    /// It ended with an error; one sentence.
    Fault(String),
}

/// What is to be exported, and how it goes.
#[derive(Default)]
pub struct Form {
    /// Names of the chosen formats.
    pub chosen: Vec<&'static str>,
    /// Whether faces are blurred in every picture that is written.
    pub blur: bool,
    /// Where it stands.
    pub phase: Phase,
    /// What is to be written once a folder is picked.
    wanted: Vec<What>,
    job: Option<Running>,
}

struct Running {
    session: Arc<Session>,
    folder: PathBuf,
    left: VecDeque<What>,
    of: usize,
    now: Pending<Result<Written, String>>,
    written: Written,
}

impl Form {
    /// Chooses a format, or lets it go.
    pub fn toggle(&mut self, name: &'static str) {
        let before = self.chosen.len();
        self.chosen.retain(|chosen| *chosen != name);
        if self.chosen.len() == before {
            self.chosen.push(name);
        }
    }

    /// Whether something is being written.
    pub fn is_running(&self) -> bool {
        self.job.is_some()
    }
}

impl ReviewState {
    /// Whether the format has something to write: those of pictures need stored ones, or a recording.
    pub fn can_write(&self, exporter: &Exporter) -> bool {
        let is_stored = self.place.is_some() && self.has_pictures();
        let can_be_seen = || self.source.as_ref().is_some_and(pictures::can_be_seen_again);
        !exporter.needs_pictures() || is_stored || can_be_seen()
    }

    /// The chosen formats that have something to write.
    pub fn to_write(&self) -> impl Iterator<Item = &'static Exporter> + '_ {
        let is_chosen = |e: &&Exporter| self.export.chosen.contains(&e.name) && self.can_write(e);
        EXPORTERS.iter().filter(is_chosen)
    }
}

impl State {
    /// Asks for a folder to write the chosen formats into.
    pub(in crate::app) fn ask_to_export(&mut self) {
        self.review.export.wanted = self.review.to_write().map(What::Format).collect();
        self.pick(Pick::Export);
    }

    /// Asks for a folder to write the agreement into.
    pub(in crate::app) fn ask_to_export_agreement(&mut self) {
        match super::agreement::compare(&self.review) {
            Ok(agreement) => {
                self.review.export.wanted = vec![What::Agreement(Box::new(agreement))];
                self.pick(Pick::Export);
            }
            Err(why) => self.review.export.phase = Phase::Fault(why),
        }
    }

    /// Begins to write into `folder`.
    pub(in crate::app) fn export_into(&mut self, folder: PathBuf) {
        let mut left: VecDeque<_> = std::mem::take(&mut self.review.export.wanted).into();
        let (session, of) = (Arc::new(self.review.session.clone()), left.len());
        self.floating = Some(Floating::Export);
        if let Some(first) = left.pop_front() {
            let now = self.begin(&session, &folder, first, 1, of);
            let written = Written::default();
            self.review.export.job = Some(Running { session, folder, left, of, now, written });
        }
    }

    fn begin(
        &mut self,
        session: &Arc<Session>,
        folder: &std::path::Path,
        what: What,
        nth: usize,
        of: usize,
    ) -> Pending<Result<Written, String>> {
        let review = &mut self.review;
        review.export.phase = Phase::Running(what.name().into(), nth, of);
        let known = |name: &&str| session.log.raters().iter().any(|rater| rater.name == **name);
        let job = ExportJob {
            session: Arc::clone(session),
            place: review.place.clone(),
            source: review.source.clone(),
            rater: review.layer.rater().filter(known).map(Into::into),
            what,
            blur: review.export.blur,
            folder: folder.to_owned(),
        };
        self.studio.export(job, self.wake.clone())
    }

    /// Takes in what was written, and goes on with what is left.
    pub(in crate::app) fn poll_export(&mut self) {
        let Some(mut job) = self.review.export.job.take() else { return };
        match (job.now)() {
            None => self.review.export.job = Some(job),
            Some(Err(why)) => self.review.export.phase = Phase::Fault(why),
            Some(Ok(written)) => {
                job.written.files.extend(written.files);
                for remark in written.remarks {
                    if !job.written.remarks.contains(&remark) {
                        job.written.remarks.push(remark);
                    }
                }
                match job.left.pop_front() {
                    Some(what) => {
                        let nth = job.of - job.left.len();
                        job.now = self.begin(&job.session, &job.folder, what, nth, job.of);
                        self.review.export.job = Some(job);
                    }
                    None => self.review.export.phase = Phase::Done(job.written),
                }
            }
        }
    }
}

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let review = &cx.state.review;
    let rater = review.layer.rater().filter(|name| review.session.log.rater(name).is_some());
    let words = match rater {
        Some(_) => format!(
            "What is written is {}, with the model’s beside it.",
            layer_words(&review.layer)
        ),
        None => "What is written is the model’s view.".into(),
    };
    ui.label(RichText::new(words).color(theme.faint));
    ui.label(title("Formats"));
    let high = ui.ctx().content_rect().height() - 360.0;
    ScrollArea::vertical().max_height(high.max(120.0)).show(ui, |ui| {
        EXPORTERS.iter().for_each(|exporter| show_format(ui, cx, &theme, exporter));
    });
    let mut blur = cx.state.review.export.blur;
    let help = "Blurs the face in clips and in the report; tables hold no picture";
    if ui.checkbox(&mut blur, "Blur faces").on_hover_text(help).changed() {
        cx.send(Asked::Review(Command::BlurExport(blur)));
    }
    ui.horizontal(|ui| {
        let export = Asked::Review(Command::Export);
        if ui
            .add_enabled(cx.state.allows(&export), egui::Button::new("Choose a folder and write…"))
            .clicked()
        {
            cx.send(export);
        }
        if ui.button("Close").clicked() {
            cx.send(Asked::CloseWindow);
        }
    });
    show_phase(ui, &theme, &cx.state.review.export.phase);
}

fn show_format(ui: &mut Ui, cx: &mut PanelContext<'_>, theme: &Theme, exporter: &'static Exporter) {
    ui.horizontal(|ui| {
        let can = cx.state.review.can_write(exporter);
        let mut is_chosen = can && cx.state.review.export.chosen.contains(&exporter.name);
        let choice = egui::Checkbox::new(&mut is_chosen, exporter.name);
        let choice = ui.add_enabled(can, choice);
        if choice.on_disabled_hover_text("This session has no pictures").changed() {
            cx.send(Asked::Review(Command::ToggleFormat(exporter.name)));
        }
        ui.add(egui::Label::new(RichText::new(exporter.about).color(theme.faint)).truncate());
    });
}

fn show_phase(ui: &mut Ui, theme: &Theme, phase: &Phase) {
    match phase {
        Phase::Ready => {}
        Phase::Running(what, nth, of) => {
            let share = (*nth as f32 - 0.5) / (*of).max(1) as f32;
            let words = format!("writing {what}, {nth} of {of}");
            let response = ui.add(ProgressBar::new(share).text(&words));
            named(&response, Role::ProgressIndicator, words);
        }
        Phase::Done(written) => {
            let folder = written.files.first().and_then(|file| file.parent());
            let folder = folder.map(|folder| folder.display().to_string()).unwrap_or_default();
            let words = format!("{} files are in {folder}", written.files.len());
            ui.label(RichText::new(words).color(theme.good));
            for remark in &written.remarks {
                ui.label(RichText::new(remark).color(theme.suspect));
            }
        }
        Phase::Fault(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
}
