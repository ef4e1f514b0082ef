//! Who works, whose layer is shown, and who is about to change something.

use super::ReviewState;
use super::command::ReviewCommand;
use crate::app::field::TextField;
use crate::app::state::State;
use crate::session::Session;

/// The name of a person who has not given one.
pub const FIRST_RATER: &str = "Rater 1";

/// The layer that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RaterLayer {
    /// What the model found.
    #[default]
    Model,
    /// A rater's layer.
    Rater(String),
}

impl RaterLayer {
    /// The rater's name, or `model`.
    pub fn name(&self) -> &str {
        match self {
            Self::Model => "model",
            Self::Rater(name) => name,
        }
    }

    /// For [`rows`](crate::session::table::rows): `None` for the model's layer.
    pub fn rater(&self) -> Option<&str> {
        match self {
            Self::Model => None,
            Self::Rater(name) => Some(name),
        }
    }
}

/// Who works, and whose layer is shown.
pub struct Rating {
    /// Who works.
    pub rater: String,
    /// True if a person has said so since the session was opened. Before that, nothing is stored.
    pub is_named: bool,
    /// A command that waits until a person has said who works.
    pub waiting: Option<ReviewCommand>,
    /// Which of the known raters is offered.
    pub offered: usize,
    /// The layer that is shown.
    pub layer: RaterLayer,
    /// The layers that are compared.
    pub compared: (RaterLayer, RaterLayer),
    /// The field for a rater's name.
    pub name: TextField,
    /// True if a new rater should work blind.
    pub blind_wanted: bool,
}

impl Default for Rating {
    fn default() -> Self {
        let mut rating = Self::of(FIRST_RATER);
        rating.compared = Default::default();
        rating
    }
}

impl Rating {
    /// This rater works and sees their own layer; no person has said so yet.
    pub(super) fn of(rater: &str) -> Self {
        Self {
            rater: rater.into(),
            is_named: false,
            waiting: None,
            offered: 0,
            layer: RaterLayer::Rater(rater.into()),
            compared: (RaterLayer::Model, RaterLayer::Rater(rater.into())),
            name: TextField::default(),
            blind_wanted: false,
        }
    }

    /// True if the layer that is shown is the rater's own and can be changed.
    pub fn is_own(&self) -> bool {
        self.layer.rater() == Some(&self.rater)
    }
}

/// The rater with the newest act, without imported layers.
pub fn last(session: &Session) -> Option<&str> {
    let is_here = |name: &&str| session.log.rater(name).is_some_and(|r| r.imported.is_none());
    let acted = session.log.entries().iter().rev().map(|entry| entry.rater.as_str());
    let known = session.log.raters().iter().rev().map(|rater| rater.name.as_str());
    acted.chain(known).find(is_here)
}

impl ReviewState {
    /// True if a person must say who works before this command.
    pub fn must_ask(&self, command: &ReviewCommand) -> bool {
        !self.rating.is_named && command.says_something() && self.allows(command)
    }

    /// Keeps the command until a person has said who works.
    pub fn ask_who(&mut self, command: ReviewCommand) {
        // Dragging has ended by then.
        self.rating.waiting = (!matches!(command, ReviewCommand::Drag(..))).then_some(command);
        self.rating.name.clear();
        self.rating.blind_wanted = false;
        self.rating.offered = 0;
    }

    /// Names that are offered, the one who worked last first.
    pub fn offers(&self) -> Vec<&str> {
        let last = last(&self.view.session).unwrap_or(FIRST_RATER);
        let others = self.view.session.log.raters().iter().map(|rater| rater.name.as_str());
        std::iter::once(last).chain(others.filter(|name| *name != last)).collect()
    }
}

impl State {
    /// A person has said who works; the waiting command is carried out now.
    pub(in crate::app) fn name(&mut self, command: ReviewCommand) {
        let (before, waiting) =
            (self.review.rating.rater.clone(), self.review.rating.waiting.take());
        self.review.apply(command);
        self.close_floating();
        let is_the_same = self.review.rating.rater == before;
        // No rater undoes what another one did last.
        let of_history =
            |command: &ReviewCommand| matches!(command, ReviewCommand::Undo | ReviewCommand::Redo);
        if let Some(command) = waiting.filter(|command| is_the_same || !of_history(command))
            && self.review.allows(&command)
        {
            self.apply_to_review(command);
        }
    }
}
