//! Everything that a person can ask of the window, as data.
//!
//! Keys, buttons, menus, the command search and the page of keys (`?`) all come from the
//! [registry](super::registry::entries). What a command does is decided in one place,
//! [`State::apply`](super::state::State::apply).

use std::ffi::OsString;

use super::{analyse, marking, recording, review};
use crate::session::annotation::Target;
use crate::session::clip::slow_loop::LoopSpeed;
use crate::source::SourceSpec;

/// One command. Those without data have an entry in the [registry](super::registry::entries).
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open the chosen source and analyse it.
    Start,
    /// Stop analysing but keep the source open, or continue.
    TogglePause,
    /// Stop and release the source.
    Stop,
    /// Measure ten seconds of this person's neutral face.
    Baseline,
    /// Remove the neutral baseline.
    DropBaseline,
    /// Set the expected false alarms per minute.
    SetFalseAlarms(f32),
    /// Allow more false alarms, so that weaker movements are flagged.
    MoreSensitive,
    /// Allow fewer false alarms.
    LessSensitive,

    /// Change to this source and start it.
    Choose(SourceSpec),
    /// Ask for a video file.
    PickVideo,
    /// Ask for a folder of pictures.
    PickImages,
    /// Open whatever this path is.
    OpenPath(OsString),
    /// Show the demo person.
    UseDemo,
    /// Of several faces, analyse the one at this place, as in
    /// [`FaceConfig::start_at`](crate::config::FaceConfig::start_at); starts the source anew.
    UseFace(Option<[f32; 2]>),
    /// Look for cameras again.
    FindCameras,
    /// Ask for a folder with models.
    PickModels,
    /// Use the built-in models.
    UseBuiltInModels,

    /// Keep the newest moment at the right of the plots.
    Follow,
    /// Move the plots by this many seconds; stops following.
    Pan(f64),
    /// Show `factor` times less time, with the moment `around_secs` in its place; stops following.
    Zoom {
        /// Above 1 shows less time.
        factor: f64,
        /// The moment that keeps its place; `None` means the middle.
        around_secs: Option<f64>,
    },
    /// Show half as much time.
    ZoomIn,
    /// Show twice as much time.
    ZoomOut,
    /// Go to the first moment.
    GoStart,
    /// Go to the newest moment and follow it.
    GoEnd,
    /// Put the cursor on the frame at these seconds.
    PutCursor(f64),
    /// Remove the cursor.
    RemoveCursor,
    /// Move the cursor by frames.
    StepFrames(i64),
    /// Move the cursor by seconds.
    StepSecs(f64),

    /// Show this event in the card.
    SelectEvent(Target),
    /// Show the previous event.
    PreviousEvent,
    /// Show the next event.
    NextEvent,
    /// Begin or end to stream over Lab Streaming Layer.
    ToggleLsl,
    /// Read the markers of the stream of another program that is named in the field.
    ReadMarkers,
    /// Start or stop the slow loop.
    ToggleLoop,
    /// The next slower speed; after the slowest, the fastest.
    NextLoopSpeed,
    /// Set this speed.
    SetLoopSpeed(LoopSpeed),

    /// Show or hide one layer of the picture.
    ToggleLayer(OverlayLayer),
    /// Change between light and dark.
    ToggleTheme,
    /// Change between full screen and a window.
    ToggleFullScreen,
    /// Open or close a floating window.
    ToggleWindow(Floating),
    /// Close the floating window on top.
    CloseWindow,
    /// Use the typed path.
    UseTypedPath,
    /// Dismiss the message with this number.
    MarkRead(u64),
    /// Dismiss all messages.
    MarkAllRead,
    /// Quit.
    Quit,

    /// Show this tab.
    ShowTab(Tab),
    /// Mark the newest moment, or open the field for a note about it.
    Mark {
        /// True if a note is asked for.
        with_words: bool,
    },
    /// Store the note that is being written.
    KeepNote,
    /// A command to the session under review.
    Review(review::command::ReviewCommand),
    /// A command about marks, conditions and bound keys.
    Marking(marking::MarkingCommand),
    /// A command of the Analyse tab.
    Analyse(analyse::AnalyseCommand),
    /// A command about recording and stored sessions.
    Recording(recording::RecordingCommand),
}

/// The tabs of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The running source.
    #[default]
    Live,
    /// A session, frame by frame.
    Review,
    /// A recording that becomes a session.
    Analyse,
}

impl Tab {
    /// In the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Live, Self::Review, Self::Analyse];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Review => "Review",
            Self::Analyse => "Analyse",
        }
    }
}

/// A layer of the drawing over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum OverlayLayer {
    /// The 478 mesh points.
    Landmarks,
    /// The 23 measured regions.
    Regions,
    /// How each region moves.
    Arrows,
}

/// Windows that float over the main window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floating {
    /// Search of all commands.
    Palette,
    /// All keys.
    Keys,
    /// Keys that are bound to commands.
    OwnKeys,
    /// The conditions of the session.
    Conditions,
    /// What a flag means and what it does not mean.
    About,
    /// Everything that happened to the source.
    Log,
    /// A note about an event or a moment.
    Note,
    /// The action units of the picked event.
    Units,
    /// Who works, and whose layer is shown.
    Raters,
    /// The question who is about to change something.
    Who,
    /// A file that becomes a rater's layer.
    Import,
    /// The consent to a recording.
    Consent,
    /// The check before a recording.
    Preflight,
    /// What comes after a recording.
    AfterRecording,
    /// The stored sessions.
    StoredSessions,
    /// The agreement of two layers.
    Agreement,
    /// Files for other programs.
    Export,
    /// What other programs get while a source runs.
    Streams,
    /// A typed path, if the system shows no file dialog.
    TypedPath,
    /// The question if blind work is to end.
    FinishBlind,
}

impl Floating {
    /// True if it has a field for text. Such a dialog closes by its buttons and by Esc only, so that a click
    /// beside it loses no text.
    pub fn takes_text(self) -> bool {
        match self {
            Self::Palette
            | Self::Note
            | Self::Units
            | Self::Raters
            | Self::Who
            | Self::Import
            | Self::Consent
            | Self::Streams
            | Self::TypedPath => true,
            Self::Keys
            | Self::OwnKeys
            | Self::Conditions
            | Self::Preflight
            | Self::AfterRecording
            | Self::About
            | Self::Log
            | Self::StoredSessions
            | Self::Agreement
            | Self::Export
            | Self::FinishBlind => false,
        }
    }
}
