//! Recording in the window: the consent, the state of the recording, and the stored sessions.
//!
//! Before every recording, the consent page asks who is recorded, what for, and how long the recording is
//! kept. It is filled in as for the previous recording, and asks if it is still the same person. When the
//! program starts, it offers to delete stored sessions that are past their date.

use std::path::PathBuf;

use super::backend::{Pending, Pick};
use super::command::{Command, Floating, Tab};
use super::message::{Topic, Weight};
use super::registry::{CommandEntry, Group, LIVE, entry};
use super::shortcut::ctrl;
use super::state::State;
use crate::engine::EngineCommand;
use crate::engine::live::record::{RecordState, RecordingStatus, SoundState};
use crate::session::annotation::Entry as Deed;

use recorded_pictures::RecordedPictures;

pub use consent_form::ConsentForm;
pub use stored_list::{SessionList, delete};

pub mod badge;
mod consent_form;
pub mod person;
pub mod preflight;
mod recorded_pictures;
mod stored_list;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingCommand {
    /// Begin or end a recording. Beginning asks for consent.
    Toggle,
    /// Store scores only, or pictures too.
    StoreScoresOnly(bool),
    /// Store sound too, or not.
    StoreSound(bool),
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
    /// Look at distance, light, rate and face before a recording.
    CheckFirst,
    /// Begin with another person.
    NewPerson,
    /// Open this session and write a report of it.
    Report(PathBuf),
    /// Show this folder in the system's own program for files.
    ShowFolder(PathBuf),
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
        Command::Recording(RecordingCommand::CheckFirst),
        "Check before recording…",
        &[ctrl(egui::Key::K)],
        "Distance, light, rate and face, and what to change before a recording",
    )
    .only(LIVE),
    entry(
        Group::Run,
        Command::Recording(RecordingCommand::NewPerson),
        "New participant",
        &[ctrl(egui::Key::N)],
        "Begin a new session for another person, without baseline, marks and events of the last",
    )
    .only(LIVE),
    entry(
        Group::Run,
        Command::ToggleWindow(Floating::AfterRecording),
        "The last recording…",
        &[],
        "Review it, write a report, or show its folder",
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
    /// The check before a recording, and what waits for a new run.
    pub between: person::Between,
    /// True if a warning about the disk was given.
    warned: bool,
    /// True if it was said that no sound comes.
    told_silent: bool,
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
            RecordingCommand::StoreSound(on) => self.records.form.with_sound = on,
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
            RecordingCommand::CheckFirst => self.check_first(),
            RecordingCommand::NewPerson => self.new_person(),
            RecordingCommand::Report(folder) => self.report_on(&folder),
            RecordingCommand::ShowFolder(folder) => self.show_folder(&folder),
        }
    }

    pub(super) fn allows_in_recording(&self, command: &RecordingCommand) -> bool {
        match command {
            RecordingCommand::Toggle => self.live.is_running(),
            RecordingCommand::Begin => {
                self.live.is_running() && self.records.form.consent().is_ok()
            }
            RecordingCommand::PickFolder => self.outside.tasks.pick.is_none(),
            RecordingCommand::NewPerson => !self.records.is_recording(),
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
                (self.records.warned, self.records.told_silent) = (false, false);
                self.close_floating();
                self.record(order);
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
        self.records.between.waiting = None;
        self.records.unsent.clear();
        self.records.pictures = RecordedPictures::default();
        if !self.records.is_recording() {
            self.records.now = None;
        }
    }

    pub(super) fn take_in_recording(&mut self, recording: RecordingStatus) {
        self.tell_of_sound(&recording);
        let begins = recording.state == RecordState::Running && !self.records.is_recording();
        if begins {
            self.carry_conditions_into_the_recording();
        }
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
                self.list_sessions();
                if self.tab == Tab::Live {
                    self.floating.get_or_insert(Floating::AfterRecording);
                }
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

    /// Says that no sound comes, and that it comes again.
    fn tell_of_sound(&mut self, recording: &RecordingStatus) {
        match &recording.sound {
            Some(SoundState::Nothing(why)) if !self.records.told_silent => {
                self.records.told_silent = true;
                let text = format!(
                    "No sound is recorded: {why}. Pictures are recorded; sound is tried again every \
                     second."
                );
                self.messages.post(Weight::Warning, Topic::Other, text);
            }
            Some(SoundState::Heard { .. }) if self.records.told_silent => {
                self.records.told_silent = false;
                self.messages.post(Weight::Note, Topic::Other, "Sound is recorded now.");
            }
            _ => {}
        }
    }

    /// Keeps an act of a person while the source runs, and stores it if a recording runs. Streams get it too.
    pub(super) fn enter(&mut self, deed: Deed) {
        if self.records.is_recording() || self.outside.config.streams.lsl {
            self.records.unsent.push(deed.clone());
        }
        self.take_in_deed(deed);
        self.send_unsent_deeds();
    }

    /// Takes an act that the recording has already, such as one of another program.
    pub(super) fn take_in_deed(&mut self, deed: Deed) {
        self.live.view.session.log.push(deed);
        self.live.view.take_marks(None);
    }

    /// Stores an act that the running session has already.
    pub(super) fn send_deed(&mut self, deed: Deed) {
        self.records.unsent.push(deed);
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
        self.record_what_waits();
        self.take_live_limit();
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
