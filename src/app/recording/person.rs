//! From one participant to the next: who is here, what ended, and what comes after it.

use std::path::{Path, PathBuf};

use super::preflight;
use super::preflight::PreflightLine;
use crate::app::backend::Pending;
use crate::app::command::{Floating, Tab};
use crate::app::message::{Topic, Weight};
use crate::app::state::State;
use crate::engine::EngineCommand;
use crate::engine::live::record::RecordOrder;
use crate::measure::detection_limit::DetectionLimit;
use crate::session::store::session_list::StoredSession;
use std::sync::Arc;

/// The check before a recording, and a recording that waits for a new run.
#[derive(Default)]
pub struct Between {
    /// The smallest movement that would be found, as measured when the check was opened.
    pub limit: Option<DetectionLimit>,
    /// That measurement, while it runs.
    pub(super) limit_task: Option<Pending<Option<DetectionLimit>>>,
    /// What to record as soon as the source is open again.
    pub(super) waiting: Option<RecordOrder>,
    /// True if a report is asked for when the session that is opening is open.
    pub(super) report_wanted: bool,
}

impl Between {
    /// True while the limit is measured.
    pub fn is_measuring(&self) -> bool {
        self.limit_task.is_some()
    }
}

impl State {
    /// Who is shown in this tab; `None` if nobody has said so.
    pub fn person(&self) -> Option<&str> {
        match self.tab {
            Tab::Review => self.review.view.session.consent.as_ref().map(|c| c.who.as_str()),
            Tab::Live | Tab::Analyse => self.records.agreed.as_deref(),
        }
    }

    /// The title of the window: who is shown, the condition that goes on, and the program.
    pub fn title(&self) -> String {
        let parts = [self.person().map(String::from), self.condition_words()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            "Fleeting".into()
        } else {
            format!("{} – Fleeting", parts.join(", "))
        }
    }

    /// The lines of the check before a recording; `None` while there are too few frames.
    pub fn preflight(&self) -> Option<Vec<PreflightLine>> {
        preflight::look(&self.live.view.session, &self.outside.config.quality)
    }

    pub(super) fn check_first(&mut self) {
        self.close_floating();
        self.floating = Some(Floating::Preflight);
        let session = Arc::new(self.live.view.session.clone());
        let wake = self.outside.wake.clone();
        self.records.between.limit = None;
        self.records.between.limit_task =
            Some(self.outside.backend.detection_limit(session, &self.live.models, wake));
    }

    pub(super) fn take_live_limit(&mut self) {
        // Measuring has no use for a check that was closed.
        if self.floating != Some(Floating::Preflight) {
            self.records.between.limit_task = None;
        }
        let between = &mut self.records.between;
        if let Some(limit) = between.limit_task.as_mut().and_then(|task| task()) {
            (between.limit_task, between.limit) = (None, limit);
        }
    }

    /// Begins with another person: a new session without the baseline, marks, events and names of the last.
    pub(super) fn new_person(&mut self) {
        self.records.form.who.clear();
        // Who comes next has not agreed to sound.
        self.records.form.with_sound = false;
        self.close_floating();
        self.review = self.renewed();
        self.messages.mark_all_read();
        self.tab = Tab::Live;
        self.start();
    }

    /// Records `order`. Another person than the one before gets a new session first.
    pub(super) fn record(&mut self, order: RecordOrder) {
        let who = order.consent.as_ref().map(|consent| consent.who.clone());
        let before = self.records.agreed.take();
        if let (Some(before), Some(who)) = (&before, &who)
            && before != who
        {
            let text = format!(
                "{who} is not {before}: baseline, marks and events of {before} are taken away, and a new \
                 session begins."
            );
            self.start();
            self.messages.post(Weight::Note, Topic::Other, text);
            self.records.between.waiting = Some(order);
            self.record_what_waits();
        } else {
            self.ask(EngineCommand::Record(Box::new(order)));
        }
        self.records.agreed = who;
    }

    /// Sends the order that waits for the new run, if that has begun.
    pub(in crate::app) fn record_what_waits(&mut self) {
        if self.live.engine.is_some()
            && let Some(order) = self.records.between.waiting.take()
        {
            self.ask(EngineCommand::Record(Box::new(order)));
        }
    }

    /// Opens the session that ended, and then the page of files with the report chosen.
    pub(super) fn report_on(&mut self, folder: &Path) {
        self.open_session(folder);
        self.records.between.report_wanted = true;
    }

    pub(in crate::app) fn take_report_wish(&mut self) {
        if std::mem::take(&mut self.records.between.report_wanted) {
            self.review.export.chosen = vec!["report"];
            self.floating = Some(Floating::Export);
        }
    }

    pub(super) fn show_folder(&mut self, folder: &Path) {
        if let Err(why) = self.outside.backend.show_folder(folder) {
            let text = format!("The folder is {}; it cannot be shown: {why}", folder.display());
            self.messages.post(Weight::Warning, Topic::Other, text);
        }
    }
}

/// The stored sessions, newest first. Those without a date come last.
pub fn newest_first(sessions: &[StoredSession]) -> Vec<&StoredSession> {
    let mut sessions: Vec<_> = sessions.iter().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.provenance.begun_at_unix_ms));
    sessions
}

/// A stored session in one line: when it was begun, who, and of which source.
pub fn session_words(session: &StoredSession) -> String {
    let begun = session.provenance.begun_at_unix_ms.and_then(|ms| {
        let at = jiff::Timestamp::from_millisecond(ms).ok()?;
        Some(at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%F %R").to_string())
    });
    let name = || {
        let name = session.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let who = session.consent.as_ref().map_or_else(name, |consent| consent.who.clone());
    let source = &session.provenance.source;
    let source = if source.is_empty() { "source not known" } else { source };
    format!("{}  {who}  ({source})", begun.unwrap_or_else(|| "no date".into()))
}

/// The folder of the newest recording, once it has ended.
pub fn ended_folder(state: &State) -> Option<PathBuf> {
    let now = state.records.now.as_ref()?;
    let has_ended = matches!(now.state, crate::engine::live::record::RecordState::Stopped(_));
    has_ended.then(|| now.folder.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::provenance::Provenance;

    #[test]
    fn the_newest_session_comes_first_and_one_without_a_date_last() {
        let stored = |name: &str, begun_at_unix_ms| StoredSession {
            folder: name.into(),
            consent: None,
            provenance: Provenance { begun_at_unix_ms, ..Provenance::default() },
            bytes: 0,
            is_recording: false,
        };
        let all = [stored("old", Some(1)), stored("undated", None), stored("new", Some(2))];
        let names: Vec<_> = newest_first(&all).into_iter().map(|s| s.folder.clone()).collect();
        assert_eq!(names, ["new", "old", "undated"].map(PathBuf::from));
        assert!(session_words(&all[1]).starts_with("no date  undated"));
    }
}
