//! What review needs from the window: opening sessions, text fields, and time.

use std::path::Path;
use std::sync::Arc;

use super::command::ReviewCommand;
use super::live::InMemory;
use super::outside::{OpenedSession, SessionPictures};
use super::sound::ReviewSound;
use super::{ReviewPhase, ReviewState};
use crate::app::backend::Pick;
use crate::app::command::{Floating, Tab};
use crate::app::message::{Topic, Weight};
use crate::app::outside::Outside;
use crate::app::state::State;
use crate::session::Session;
use crate::source::SourceSpec;

impl State {
    pub(in crate::app) fn apply_to_review(&mut self, command: ReviewCommand) {
        self.review.loop_speed = self.settings.loop_speed.factor();
        self.review.condition_names.clone_from(&self.outside.config.marks.conditions);
        if self.review.must_ask(&command) {
            self.close_floating();
            self.review.ask_who(command);
            self.floating = Some(Floating::Who);
            return;
        }
        match command {
            ReviewCommand::PickSession => self.pick(Pick::Session),
            ReviewCommand::TakeLive => {
                self.review_session(self.live.view.session.clone(), self.live.source.clone())
            }
            ReviewCommand::Write | ReviewCommand::WriteMark => {
                self.review.apply(command);
                self.floating = self.review.view.note.is_some().then_some(Floating::Note);
            }
            ReviewCommand::Export => self.ask_to_export(),
            ReviewCommand::ExportAgreement => self.ask_to_export_agreement(),
            ReviewCommand::Import => self.pick(Pick::Import),
            ReviewCommand::BeRater { .. } if self.floating == Some(Floating::Who) => {
                self.name(command)
            }
            ReviewCommand::AskUnblind => {
                self.close_floating();
                self.floating = Some(Floating::FinishBlind);
            }
            ReviewCommand::Units => {
                self.review.apply(ReviewCommand::Units);
                self.floating = Some(Floating::Units);
            }
            ReviewCommand::Search => {
                self.close_floating();
                self.review.apply(ReviewCommand::Search);
            }
            ReviewCommand::Close => {
                self.close_floating();
                self.review.apply(ReviewCommand::Close);
            }
            other => self.review.apply(other),
        }
    }

    pub(in crate::app) fn allows_in_review(&self, command: &ReviewCommand) -> bool {
        match command {
            ReviewCommand::PickSession => {
                self.outside.tasks.pick.is_none() && self.outside.tasks.session.is_none()
            }
            ReviewCommand::Import => {
                self.outside.tasks.pick.is_none() && self.review.allows(command)
            }
            ReviewCommand::TakeLive => !self.live.view.session.history.is_empty(),
            other => self.review.allows(other),
        }
    }

    /// Opens the session in `folder` for review.
    pub fn open_session(&mut self, folder: &Path) {
        self.close_floating();
        self.tab = Tab::Review;
        // The present session is closed first: it may be the same one.
        self.review = ReviewState { phase: ReviewPhase::Opening(words(folder)), ..self.renewed() };
        self.outside.tasks.session = Some(self.outside.backend.open_session(
            folder,
            &self.live.models,
            self.outside.wake.clone(),
        ));
    }

    /// Takes a session that was opened, or why it could not be.
    pub(in crate::app) fn poll_session(&mut self) {
        let Some(opened) = self.outside.tasks.session.as_mut().and_then(|opening| opening()) else {
            return;
        };
        self.outside.tasks.session = None;
        match opened {
            Ok(opened) => {
                for remark in &opened.remarks {
                    self.messages.post(Weight::Warning, Topic::Other, remark);
                }
                self.review.open(opened);
                self.measure_limit();
                self.take_report_wish();
            }
            Err(why) => {
                self.messages.post(Weight::Error, Topic::Other, &why);
                self.review.phase = ReviewPhase::Fault(why);
            }
        }
    }

    /// Moves review and the messages on to `now`, seconds of the window's clock. Returns the seconds until
    /// the next call is useful.
    pub fn advance(&mut self, now: f64) -> Option<f64> {
        self.review.sound.is_away = self.tab != Tab::Review;
        let was_kept = self.review.storage.unkept.is_none();
        let next = self.review.advance(now);
        if let (true, Some(why)) = (was_kept, &self.review.storage.unkept) {
            let text =
                format!("{why} Review goes on, but what you do from now on is in memory only.");
            self.messages.post(Weight::Error, Topic::Other, text);
        }
        if let Some(why) = self.review.sound.untold_fault() {
            let text = format!("The sound of this session is not played: {why}.");
            self.messages.post(Weight::Note, Topic::Other, text);
        }
        if let Some(text) = self.review.storage.sink.as_mut().and_then(|sink| sink.remark()) {
            self.messages.post(Weight::Warning, Topic::Other, text);
        }
        let next = next.filter(|_| self.tab == Tab::Review);
        let next_message = self.messages.advance(now);
        next.into_iter().chain(next_message).reduce(f64::min)
    }

    /// Reviews a session in memory.
    pub(in crate::app) fn review_session(&mut self, session: Session, source: SourceSpec) {
        self.close_floating();
        self.tab = Tab::Review;
        let Outside { backend, wake, .. } = &mut self.outside;
        let (provenance, models) = (&session.provenance, &self.live.models);
        let sound = backend.sound(&source, &session.source, wake.clone());
        let screen = backend.screen(&source, provenance, models, wake.clone());
        let in_memory =
            || InMemory::of(&session).map(|screen| Box::new(screen) as Box<dyn SessionPictures>);
        let opened = OpenedSession {
            screen: screen.or_else(in_memory),
            sound,
            session,
            place: None,
            source: Some(source),
            remarks: Vec::new(),
            keeper: None,
        };
        self.review = self.renewed();
        self.review.open(opened);
        self.measure_limit();
    }

    /// Measures what the session under review could have shown.
    fn measure_limit(&mut self) {
        let session = Arc::new(self.review.view.session.clone());
        let Outside { backend, wake, .. } = &mut self.outside;
        let task = backend.detection_limit(session, &self.live.models, wake.clone());
        self.review.measure_limit(task);
    }

    /// Nothing under review, with the settings made by hand.
    pub(in crate::app) fn renewed(&self) -> ReviewState {
        ReviewState {
            magnification: self.review.magnification,
            sound: ReviewSound::of(None, self.review.sound.is_muted),
            ..ReviewState::default()
        }
    }
}

fn words(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    format!("opening {}", name.to_string_lossy())
}
