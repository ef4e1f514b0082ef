//! Everything that a person can ask of the window, as data.
//!
//! Keys, buttons, menus, the palette and the `?` overlay all come from
//! the [registry](super::registry::entries); what a command does is decided in one place,
//! [`State::apply`](super::state::State::apply).

use std::ffi::OsString;

use super::{analyse, recording, review};
use crate::session::annotation::Target;
use crate::session::clip::slow_loop::LoopSpeed;
use crate::source::SourceSpec;

/// One request. Those without data have an entry in the [registry](super::registry::entries).
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open the chosen source and analyse it.
    Start,
    /// Stop analysing but keep the source open, or go on.
    TogglePause,
    /// Stop and release the source.
    Stop,
    /// Measure ten seconds of this person's neutral face.
    Baseline,
    /// Go on without the neutral baseline.
    DropBaseline,
    /// Allow so many expected false alarms per minute.
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
    /// Analyse the largest face.
    LargestFace,
    /// Analyse the face on the left.
    LeftFace,
    /// Analyse the face on the right.
    RightFace,
    /// Look for cameras again.
    FindCameras,
    /// Ask for a folder with models.
    PickModels,
    /// Use the built-in models.
    UseBuiltInModels,

    /// Keep the newest moment at the right of the plots.
    Follow,
    /// Move the plots by so many seconds; stops following.
    Pan(f64),
    /// Show `factor` times less, keeping the moment `around_secs` in place; stops following.
    Zoom {
        /// Above 1 shows less.
        factor: f64,
        /// The moment that stays where it is; the middle where none.
        around_secs: Option<f64>,
    },
    /// Show half as much time.
    ZoomIn,
    /// Show twice as much time.
    ZoomOut,
    /// Go to the first moment.
    GoStart,
    /// Go to the newest moment and follow.
    GoEnd,
    /// Put the cursor on the frame at these seconds.
    PutCursor(f64),
    /// Take the cursor away.
    RemoveCursor,
    /// Move the cursor by frames.
    StepFrames(i64),
    /// Move the cursor by seconds.
    StepSecs(f64),

    /// Show this event in the card.
    SelectEvent(Target),
    /// Show the event before.
    PreviousEvent,
    /// Show the event after.
    NextEvent,
    /// Let the slow loop run or hold it.
    ToggleLoop,
    /// The next slower speed, then the fastest again.
    NextLoopSpeed,
    /// This speed.
    SetLoopSpeed(LoopSpeed),

    /// Show or hide one layer of the picture.
    ToggleLayer(OverlayLayer),
    /// From light to dark or back.
    ToggleTheme,
    /// The whole screen, or a window again.
    ToggleFullScreen,
    /// Open or close a floating window.
    ToggleWindow(Floating),
    /// Close what floats on top.
    CloseWindow,
    /// Take the typed path.
    UseTypedPath,
    /// The message with this number has been read.
    MarkRead(u64),
    /// All messages have been read.
    MarkAllRead,
    /// Leave.
    Quit,

    /// Show this tab.
    ShowTab(Tab),
    /// Mark the newest moment, or open the field for words about it.
    Mark {
        /// True if words are asked for.
        with_words: bool,
    },
    /// Keep the note that is being written.
    KeepNote,
    /// Something of the session under review.
    Review(review::command::ReviewCommand),
    /// Something of the Analyse tab.
    Analyse(analyse::AnalyseCommand),
    /// Something of recording and of what is stored.
    Recording(recording::RecordingCommand),
}

/// What the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The running source.
    #[default]
    Live,
    /// A session, frame by frame.
    Review,
    /// A recording on its way to a session.
    Analyse,
}

impl Tab {
    /// In the order of the bar.
    pub const ALL: [Self; 3] = [Self::Live, Self::Review, Self::Analyse];

    /// As the bar names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Review => "Review",
            Self::Analyse => "Analyse",
        }
    }
}

/// What is drawn over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum OverlayLayer {
    /// The 478 mesh points.
    Landmarks,
    /// The 23 measured regions.
    Regions,
    /// How each region moves.
    Arrows,
}

/// What floats over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floating {
    /// Search of all commands.
    Palette,
    /// All keys.
    Keys,
    /// What a flag means and what it does not.
    About,
    /// Everything that happened to the source.
    Log,
    /// A note to an event or a moment.
    Note,
    /// The action units of the picked event.
    Units,
    /// Who works, and whose view is shown.
    Raters,
    /// Who is about to change something.
    Who,
    /// A file that becomes a rater's layer.
    Import,
    /// What is asked before a recording.
    Consent,
    /// The stored sessions.
    StoredSessions,
    /// How far two layers agree.
    Agreement,
    /// Files for other tools.
    Export,
    /// A path, typed where the desktop has no file dialog.
    TypedPath,
    /// True if blind work is to end.
    FinishBlind,
}

impl Floating {
    /// True if something is typed in it. Such a dialog closes by its buttons and by Esc only, so that a
    /// click beside it loses no word.
    pub fn takes_text(self) -> bool {
        match self {
            Self::Palette
            | Self::Note
            | Self::Units
            | Self::Raters
            | Self::Who
            | Self::Import
            | Self::Consent
            | Self::TypedPath => true,
            Self::Keys
            | Self::About
            | Self::Log
            | Self::StoredSessions
            | Self::Agreement
            | Self::Export
            | Self::FinishBlind => false,
        }
    }
}
