//! Who is about to change something: asked once, before the first act in a session.

use super::command::ReviewCommand;
use super::{FIRST_RATER, ReviewState};
use crate::app::state::State;
use crate::session::Session;

/// The rater who did something last; a layer out of a file is nobody's who sits here.
pub fn last(session: &Session) -> Option<&str> {
    let is_here = |name: &&str| session.log.rater(name).is_some_and(|r| r.imported.is_none());
    let acted = session.log.entries().iter().rev().map(|entry| entry.rater.as_str());
    let known = session.log.raters().iter().rev().map(|rater| rater.name.as_str());
    acted.chain(known).find(is_here)
}

impl ReviewState {
    /// Whether somebody has to say who works before this is done.
    pub fn must_ask(&self, command: &ReviewCommand) -> bool {
        !self.is_named && command.says_something() && self.allows(command)
    }

    /// Keeps the command for when somebody has said who works.
    pub fn ask_who(&mut self, command: ReviewCommand) {
        // What is dragged has been let go by then.
        self.waiting = (!matches!(command, ReviewCommand::Drag(..))).then_some(command);
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
    pub(in crate::app) fn name(&mut self, command: ReviewCommand) {
        let (before, waiting) = (self.review.rater.clone(), self.review.waiting.take());
        self.review.apply(command);
        self.close_floating();
        let is_the_same = self.review.rater == before;
        // Nobody takes back what somebody else did last.
        let of_history =
            |command: &ReviewCommand| matches!(command, ReviewCommand::Undo | ReviewCommand::Redo);
        if let Some(command) = waiting.filter(|command| is_the_same || !of_history(command))
            && self.review.allows(&command)
        {
            self.apply_to_review(command);
        }
    }
}
