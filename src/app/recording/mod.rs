//! Recording in the window: the consent, the state of the recording, and the stored sessions.
//!
//! Before every recording, the consent page asks who is recorded, what for, and how long the recording is
//! kept. It is filled in as for the previous recording, and asks if it is still the same person. When the
//! program starts, it offers to delete stored sessions that are past their date.

use std::path::PathBuf;

use jiff::civil::Date;

use super::backend::{Pending, Pick};
use super::command::{Command, Floating};
use super::field::TextField;
use super::message::{Topic, Weight};
use super::registry::{CommandEntry, Group, LIVE, entry};
use super::shortcut::ctrl;
use super::state::State;
use crate::engine::EngineCommand;
use crate::engine::live::record::{RecordOrder, RecordState, RecordingStatus};
use crate::session::OBSERVER;
use crate::session::annotation::Entry as Deed;
use crate::session::consent::Consent;
use crate::session::store::session_list::{self, StoredSession};
use crate::session::store::{self, StoreError};

use recorded_pictures::RecordedPictures;

pub mod badge;
mod recorded_pictures;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingCommand {
    /// Begin or end a recording. Beginning asks for consent.
    Toggle,
    /// Store scores only, or pictures too.
    StoreScoresOnly(bool),
    /// Record as the consent page says.
    Begin,
    /// Ask for the folder in which sessions are stored.
    PickFolder,
    /// Show the stored sessions.
    ShowStoredSessions,
    /// Choose these sessions for deletion, which must then be confirmed. An empty list chooses nothing.
    Choose(Vec<PathBuf>),
    /// Delete what was chosen.
    Delete,
    /// Review this session.
    Open(PathBuf),
}

/// In the order of the menus.
pub static ENTRIES: &[CommandEntry] = &[
    entry(
        Group::Run,
        Command::Recording(RecordingCommand::Toggle),
        "Record",
        &[ctrl(egui::Key::R)],
        "Store pictures, scores and events from now on, or stop storing them",
    )
    .only(LIVE),
    entry(
        Group::Run,
        Command::ToggleWindow(Floating::Consent),
        "Consent and storage…",
        &[],
        "Who is recorded, what for, until when, and where it is stored",
    )
    .only(LIVE),
    entry(
        Group::Session,
        Command::Recording(RecordingCommand::ShowStoredSessions),
        "Stored sessions…",
        &[ctrl(egui::Key::B)],
        "What is stored, how long it may be kept, and deleting it",
    ),
];

/// The consent page with its fields.
#[derive(Debug)]
pub struct ConsentForm {
    /// Who is recorded.
    pub who: TextField,
    /// What the recording is for.
    pub purpose: TextField,
    /// Last day, as typed; empty for no end.
    pub keep_until: TextField,
    /// True if no picture is stored.
    pub scores_only: bool,
    /// Where sessions are stored.
    pub folder: TextField,
}

impl Default for ConsentForm {
    fn default() -> Self {
        let in_a_year = session_list::today().saturating_add(jiff::Span::new().years(1));
        let folder = session_list::usual_folder().unwrap_or_default();
        Self {
            who: TextField::default(),
            purpose: TextField::default(),
            keep_until: in_a_year.to_string().as_str().into(),
            scores_only: false,
            folder: folder.display().to_string().as_str().into(),
        }
    }
}

impl ConsentForm {
    /// The consent. The error is one sentence that says what is missing.
    pub fn consent(&self) -> Result<Consent, String> {
        let consent = Consent {
            who: self.who.text().trim().into(),
            purpose: self.purpose.text().trim().into(),
            keep_until: self.last_day()?,
        };
        match consent.missing() {
            Some(missing) => Err(missing.into()),
            None if self.folder.is_blank() => Err("Say where to store it.".into()),
            None => Ok(consent),
        }
    }

    fn last_day(&self) -> Result<Option<Date>, String> {
        let text = self.keep_until.text();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| format!("Expected a last day such as 2031-12-31, found “{text}”.");
        let date: Date = text.parse().map_err(wrong)?;
        if date < session_list::today() {
            return Err(format!("The last day {date} is already past."));
        }
        Ok(Some(date))
    }

    /// What to record, in a new folder whose name holds time and person.
    fn order(&self) -> Result<RecordOrder, String> {
        let consent = self.consent()?;
        let folder = self.folder_named(&consent.who);
        Ok(RecordOrder { folder, consent: Some(consent), with_pictures: !self.scores_only })
    }
}

impl ConsentForm {
    /// Path of a new session's folder, named after the time and `name`.
    pub(super) fn folder_named(&self, name: &str) -> PathBuf {
        let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H-%M-%S");
        let name = format!("{now} {}.{}", file_name(name), store::FOLDER_ENDING);
        PathBuf::from(self.folder.text().trim()).join(name)
    }
}

/// The text with only characters that any file system takes.
fn file_name(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    text.chars().take(40).map(plain).collect()
}

/// The sessions in a folder, and the free room there.
#[derive(Debug, Default)]
pub struct SessionList {
    /// The sessions, by name.
    pub sessions: Vec<StoredSession>,
    /// Those that cannot be read, one sentence each.
    pub unreadable: Vec<String>,
    /// Bytes that are free; `None` if the system does not say.
    pub free_bytes: Option<u64>,
}

impl SessionList {
    /// Reads `folder`; one that does not exist yet is empty. May wait for the disk.
    pub fn look(folder: &std::path::Path) -> Self {
        let listed = session_list::list(folder).unwrap_or_default();
        let mut found = Self { free_bytes: session_list::free_bytes(folder), ..Self::default() };
        for session in listed {
            match session {
                Ok(session) => found.sessions.push(session),
                Err(error) => found.unreadable.push(error.to_string()),
            }
        }
        found
    }

    /// The sessions that may no longer be kept.
    pub fn past(&self) -> Vec<PathBuf> {
        let today = session_list::today();
        let past = self.sessions.iter().filter(|session| session.is_past(today));
        past.map(|session| session.folder.clone()).collect()
    }
}

/// Deletes each session. Returns one sentence for each that could not be deleted or that left other files.
pub fn delete(folders: &[PathBuf]) -> Vec<String> {
    let left = |deleted: session_list::Deleted| {
        let names: Vec<_> = deleted.left.iter().map(|path| path.display().to_string()).collect();
        let words = "not part of the session and still there";
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let one = |folder: &PathBuf| session_list::delete(folder).map(left);
    let words = |done: Result<Option<String>, StoreError>| match done {
        Ok(left) => left,
        Err(error) => Some(error.to_string()),
    };
    folders.iter().map(one).filter_map(words).collect()
}

/// Everything about recording.
#[derive(Default)]
pub struct Records {
    /// The consent page.
    pub form: ConsentForm,
    /// State of the newest recording.
    pub now: Option<RecordingStatus>,
    /// Who agreed to the previous recording from the same source.
    pub agreed: Option<String>,
    /// The stored sessions; `None` until the folder was read.
    pub session_list: Option<SessionList>,
    /// Sessions that will be deleted when that is confirmed.
    pub chosen: Vec<PathBuf>,
    /// True if a warning about the disk was given.
    warned: bool,
    /// Acts that a busy engine has not taken yet.
    unsent: Vec<Deed>,
    /// The folder that was read last, as typed.
    looked_in: Option<String>,
    pub(super) looking: Option<Pending<SessionList>>,
    pub(super) deleting: Option<Pending<Vec<String>>>,
    /// Pictures of older events, from the present recording.
    pictures: RecordedPictures,
}

impl Records {
    /// True if frames are stored.
    pub fn is_recording(&self) -> bool {
        self.now.as_ref().is_some_and(|now| now.state == RecordState::Running)
    }
}

impl State {
    pub(super) fn apply_to_recording(&mut self, command: RecordingCommand) {
        match command {
            RecordingCommand::Toggle if self.records.is_recording() => {
                self.ask(EngineCommand::StopRecording)
            }
            RecordingCommand::Toggle => self.show_consent(),
            RecordingCommand::StoreScoresOnly(on) => self.records.form.scores_only = on,
            RecordingCommand::Begin => self.begin_recording(),
            RecordingCommand::PickFolder => self.pick(Pick::Recordings),
            RecordingCommand::ShowStoredSessions => {
                self.list_sessions();
                self.records.chosen.clear();
                self.floating = Some(Floating::StoredSessions);
            }
            RecordingCommand::Choose(folders) => self.records.chosen = folders,
            RecordingCommand::Delete => {
                let folders = std::mem::take(&mut self.records.chosen);
                self.records.deleting =
                    Some(self.outside.backend.delete_sessions(&folders, self.outside.wake.clone()));
            }
            RecordingCommand::Open(folder) => self.open_session(&folder),
        }
    }

    pub(super) fn allows_in_recording(&self, command: &RecordingCommand) -> bool {
        match command {
            RecordingCommand::Toggle => self.live.is_running(),
            RecordingCommand::Begin => {
                self.live.is_running() && self.records.form.consent().is_ok()
            }
            RecordingCommand::PickFolder => self.outside.tasks.pick.is_none(),
            RecordingCommand::Delete => {
                !self.records.chosen.is_empty() && self.records.deleting.is_none()
            }
            _ => true,
        }
    }

    fn show_consent(&mut self) {
        self.list_sessions();
        self.floating = Some(Floating::Consent);
    }

    pub(super) fn list_sessions(&mut self) {
        let text = self.records.form.folder.text();
        let folder = PathBuf::from(text.trim());
        self.records.looked_in = Some(text);
        self.records.looking =
            Some(self.outside.backend.list_sessions(&folder, self.outside.wake.clone()));
    }

    pub(super) fn use_recordings_folder(&mut self, folder: &std::path::Path) {
        self.records.form.folder.set(folder.display().to_string());
    }

    fn begin_recording(&mut self) {
        match self.records.form.order() {
            Ok(order) => {
                self.records.agreed = Some(self.records.form.who.text().trim().into());
                self.records.warned = false;
                self.ask(EngineCommand::Record(Box::new(order)));
                self.close_floating();
            }
            Err(missing) => {
                self.messages.post(Weight::Warning, Topic::Other, missing);
                self.show_consent();
            }
        }
    }

    /// Another source shows another person, who has not agreed to anything yet.
    pub(super) fn forget_agreement(&mut self) {
        self.records.agreed = None;
        self.records.unsent.clear();
        self.records.pictures = RecordedPictures::default();
        if !self.records.is_recording() {
            self.records.now = None;
        }
    }

    pub(super) fn take_in_recording(&mut self, recording: RecordingStatus) {
        let place = recording.folder.display();
        match &recording.state {
            RecordState::Running if recording.is_low() && !self.records.warned => {
                self.records.warned = true;
                self.messages.post(Weight::Warning, Topic::Other, recording.low_words());
            }
            RecordState::Running | RecordState::Finishing => {}
            RecordState::Stopped(None) => {
                let text = format!("The recording is stored in {place} ({}).", recording.size());
                self.messages.post(Weight::Note, Topic::Other, text);
            }
            RecordState::Stopped(Some(why)) => {
                let text = format!(
                    "The recording has ended: {why}. What was stored until then is kept; the \
                     analysis goes on without it."
                );
                self.messages.post(Weight::Error, Topic::Other, text);
            }
        }
        self.records.now = Some(recording);
    }

    /// Keeps an act of a person while the source runs, and stores it if a recording runs.
    pub(super) fn enter(&mut self, deed: Deed) {
        if self.records.is_recording() {
            self.records.unsent.push(deed.clone());
        }
        self.live.view.session.log.push(deed);
        self.live.view.marks = self.live.view.session.log.layer(OBSERVER).marks;
        self.send_unsent_deeds();
    }

    pub(super) fn send_unsent_deeds(&mut self) {
        let Some(engine) = &self.live.engine else { return };
        let unsent = &mut self.records.unsent;
        let send = |deed: &Deed| engine.send(EngineCommand::Enter(Box::new(deed.clone()))).is_ok();
        let sent = unsent.iter().take_while(|deed| send(deed)).count();
        unsent.drain(..sent);
    }

    pub(super) fn poll_recording(&mut self) {
        let folder = self.records.form.folder.text();
        if self.records.looked_in.as_ref().is_some_and(|looked_in| *looked_in != folder) {
            self.list_sessions();
        }
        if let Some(session_list) = self.records.looking.as_mut().and_then(|looking| looking()) {
            self.records.looking = None;
            self.offer(session_list);
        }
        if let Some(words) = self.records.deleting.as_mut().and_then(|deleting| deleting()) {
            self.records.deleting = None;
            for text in words {
                self.messages.post(Weight::Warning, Topic::Other, text);
            }
            self.list_sessions();
        }
    }

    /// Takes the list of stored sessions. The first time, it offers to delete those past their date.
    pub fn offer(&mut self, session_list: SessionList) {
        let (is_first, past) = (self.records.session_list.is_none(), session_list.past().len());
        if is_first && past > 0 {
            let text = format!(
                "{past} stored sessions are past the date until which they may be kept. Delete \
                 them under Session, Stored sessions."
            );
            self.messages.post(Weight::Warning, Topic::Other, text);
            self.floating.get_or_insert(Floating::StoredSessions);
        }
        self.records.session_list = Some(session_list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> ConsentForm {
        ConsentForm { who: " P 01/x ".into(), purpose: "a study".into(), ..ConsentForm::default() }
    }

    #[test]
    fn the_page_says_what_is_missing() {
        assert!(ConsentForm::default().consent().is_err_and(|text| text.contains("who")));
        let no_purpose = ConsentForm { purpose: " ".into(), ..filled() };
        assert!(no_purpose.consent().is_err_and(|text| text.contains("for")));
        let past = ConsentForm { keep_until: "2020-01-01".into(), ..filled() };
        assert!(past.consent().is_err_and(|text| text.contains("already past")));
        let soon = ConsentForm { keep_until: "soon".into(), ..filled() };
        assert!(soon.consent().is_err_and(|text| text.contains("2031-12-31")));
        let nowhere = ConsentForm { folder: TextField::default(), ..filled() };
        assert!(nowhere.consent().is_err_and(|text| text.contains("where")));
    }

    #[test]
    fn without_a_last_day_there_is_none() {
        let form = ConsentForm { keep_until: " ".into(), ..filled() };
        assert_eq!(form.consent().map(|consent| consent.keep_until), Ok(None));
        assert!(filled().consent().is_ok_and(|consent| consent.keep_until.is_some()));
    }

    #[test]
    fn a_session_is_named_by_time_and_person_in_letters_that_any_disk_takes() {
        let order = ConsentForm { folder: "x".into(), ..filled() }.order().expect("complete");
        let name = order.folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.ends_with(" P-01-x.fleeting") && name.starts_with("20"), "{name}");
        assert_eq!(file_name("Müller: 表情?"), "Müller--表情-");
        assert!(order.with_pictures);
    }
}
