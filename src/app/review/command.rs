//! What a person can ask of a session under review, as data.

use crate::app::command::Command;
use crate::session::annotation::{Label, Target, Verdict};

use super::filter::{Filter, ListOrder};
use super::rating::RaterLayer;

/// A point of an event that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first frame.
    Onset,
    /// The strongest.
    Apex,
    /// The last.
    Offset,
}

impl Edge {
    /// In order of time.
    pub const ALL: [Self; 3] = [Self::Onset, Self::Apex, Self::Offset];

    /// The lower-case word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Apex => "apex",
            Self::Offset => "offset",
        }
    }
}

/// One request. Those without data have an entry in the
/// [registry](crate::app::registry::entries).
#[derive(Clone, Debug, PartialEq)]
pub enum ReviewCommand {
    /// Ask for a session folder.
    PickSession,
    /// Review what the Live tab holds.
    TakeLive,
    /// Let go of the session under review.
    Close,

    /// Play at the real speed, or hold.
    TogglePlay,
    /// Backward; each further press doubles the speed.
    ShuttleBack,
    /// Stand still.
    Hold,
    /// Forward; each further press doubles the speed.
    ShuttleOn,
    /// By frames.
    Step(i64),
    /// By seconds.
    StepSecs(f64),
    /// The first frame.
    First,
    /// The last frame.
    Last,
    /// The frame at these seconds.
    Seek(f64),
    /// The onset, apex or offset of the picked event.
    GoTo(Edge),
    /// Play the picked event slowly, again and again, or hold.
    ToggleLoop,

    /// This event.
    Pick(Target),
    /// The event listed before.
    Previous,
    /// The event listed after.
    Next,
    /// The next event that is not judged yet.
    NextOpen,
    /// Judge the picked event and go on to the next open one.
    Judge(Verdict),
    /// Name the picked event's emotion; the same name again takes it away.
    Label(Label),
    /// Put a bound of the picked event on the frame in view.
    Bound(Edge),
    /// While a bound is dragged: to these seconds.
    Drag(Edge, f64),
    /// The dragged bound is let go.
    Drop,
    /// Add an event of one's own round the frame in view.
    Add,
    /// Mark the frame in view.
    Mark,
    /// Write a note to the picked event, or else to the frame in view.
    Write,
    /// Write a note to the frame in view.
    WriteMark,
    /// Keep the note.
    KeepNote,
    /// Choose the units of the picked event.
    Units,
    /// Keep the units of the field.
    KeepUnits,
    /// Take back the newest act.
    Undo,
    /// Do again what was taken back.
    Redo,

    /// Which events are listed.
    SetFilter(Filter),
    /// List all events.
    ClearFilter,
    /// Put the keyboard into the search field of the list.
    Search,
    /// In which order.
    SetOrder(ListOrder),
    /// Show the picked event's seconds in the plots.
    FitEvent,
    /// Show all of the session in the plots.
    FitAll,

    /// Offer this one of the known raters to whoever is about to change something.
    Offer(usize),
    /// Work as this rater; one not known yet is added.
    BeRater {
        /// The name.
        name: String,
        /// Set for a new rater only.
        blind: bool,
    },
    /// Ask whether blind work is to end.
    AskUnblind,
    /// A blind rater has finished and may see the rest.
    Unblind,
    /// Show this layer; only one's own can be changed.
    Show(RaterLayer),
    /// True if a new rater is to work blind.
    SetBlind(bool),
    /// The two layers that are compared.
    Compare(RaterLayer, RaterLayer),

    /// Choose a format of the export, or let it go.
    ToggleFormat(&'static str),
    /// True if faces are blurred in what is exported.
    BlurExport(bool),
    /// Ask for a folder and write the chosen formats.
    Export,
    /// Ask for a folder and write the agreement.
    ExportAgreement,

    /// True if the coder of an imported layer saw nothing of the model.
    BlindImport(bool),
    /// Ask for a file and take it in.
    Import,

    /// How much the magnified loop enlarges.
    SetMagnification(f32),
}

impl ReviewCommand {
    /// True if it says something in the name of the rater who works.
    pub fn says_something(&self) -> bool {
        matches!(
            self,
            Self::Judge(_)
                | Self::Label(_)
                | Self::Bound(_)
                | Self::Drag(..)
                | Self::Add
                | Self::Mark
                | Self::Write
                | Self::WriteMark
                | Self::Units
                | Self::Undo
                | Self::Redo
                | Self::Unblind
        )
    }
}

/// What a command that both tabs have means in review; `None` for one that review leaves as it is.
pub fn in_review(asked: &Command) -> Option<ReviewCommand> {
    Some(match asked {
        Command::StepFrames(frames) => ReviewCommand::Step(*frames),
        Command::StepSecs(secs) => ReviewCommand::StepSecs(*secs),
        Command::GoStart => ReviewCommand::First,
        Command::GoEnd => ReviewCommand::Last,
        Command::PutCursor(secs) => ReviewCommand::Seek(*secs),
        Command::SelectEvent(target) => ReviewCommand::Pick(*target),
        Command::PreviousEvent => ReviewCommand::Previous,
        Command::NextEvent => ReviewCommand::Next,
        Command::ToggleLoop => ReviewCommand::ToggleLoop,
        _ => return None,
    })
}
