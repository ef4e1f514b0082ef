//! Commands to a session under review, as data.

use crate::app::command::Command;
use crate::app::marking::condition_edit::ConditionEdit;
use crate::session::annotation::{Label, Target, Verdict};

use super::filter::{Filter, ListOrder};
use super::rating::RaterLayer;

/// A point of an event that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first frame.
    Onset,
    /// The frame of the strongest movement.
    Apex,
    /// The last frame.
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

/// One command. Those without data have an entry in the [registry](crate::app::registry::entries).
#[derive(Clone, Debug, PartialEq)]
pub enum ReviewCommand {
    /// Ask for a session folder.
    PickSession,
    /// Review what the Live tab holds.
    TakeLive,
    /// Close the session under review.
    Close,

    /// Play at the real speed, or pause.
    TogglePlay,
    /// Run backward; each further press doubles the speed.
    ShuttleBack,
    /// Stop.
    Hold,
    /// Run forward; each further press doubles the speed.
    ShuttleOn,
    /// Mute the sound, or let it be heard.
    ToggleSound,
    /// Move by frames.
    Step(i64),
    /// Move by seconds.
    StepSecs(f64),
    /// Go to the first frame.
    First,
    /// Go to the last frame.
    Last,
    /// Go to the frame at these seconds.
    Seek(f64),
    /// Go to the onset, apex or offset of the picked event.
    GoTo(Edge),
    /// Play the picked event slowly again and again, or stop.
    ToggleLoop,

    /// Pick this event.
    Pick(Target),
    /// Pick the previous event of the list.
    Previous,
    /// Pick the next event of the list.
    Next,
    /// Pick the next event that is not judged yet.
    NextOpen,
    /// Judge the picked event, and go on to the next one that is not judged.
    Judge(Verdict),
    /// Name the picked event's emotion; the same name again removes it.
    Label(Label),
    /// Say how sure the rater is of the picked event: the next of the words, after the last one none.
    NextConfidence,
    /// Put a bound of the picked event on the frame in view.
    Bound(Edge),
    /// Drag a bound to these seconds.
    Drag(Edge, f64),
    /// End dragging.
    Drop,
    /// Add an event round the frame in view.
    Add,
    /// Mark the frame in view.
    Mark,
    /// Mark the frame in view with this kind of the settings.
    MarkAs(String),
    /// Do something with the conditions, at the frame in view.
    Condition(ConditionEdit),
    /// Write a note to the picked event or, without one, to the frame in view.
    Write,
    /// Write a note to the frame in view.
    WriteMark,
    /// Store the note.
    KeepNote,
    /// Choose the units of the picked event.
    Units,
    /// Store the units of the field.
    KeepUnits,
    /// Undo the newest act.
    Undo,
    /// Redo what was undone.
    Redo,

    /// Choose which events are listed.
    SetFilter(Filter),
    /// List all events.
    ClearFilter,
    /// Put the keyboard into the search field of the list.
    Search,
    /// Choose the order of the list.
    SetOrder(ListOrder),
    /// Show the picked event's seconds in the plots.
    FitEvent,
    /// Show all of the session in the plots.
    FitAll,

    /// Offer this one of the known raters in the question who is rating.
    Offer(usize),
    /// Work as this rater. One who is not known yet is added.
    BeRater {
        /// The name.
        name: String,
        /// True if the rater works blind; for a new rater only.
        blind: bool,
    },
    /// Ask if blind work is to end.
    AskUnblind,
    /// End blind work: the rater may see the rest.
    Unblind,
    /// Show this layer. Only the rater's own layer can be changed.
    Show(RaterLayer),
    /// Choose if a new rater works blind.
    SetBlind(bool),
    /// Choose the two layers to compare.
    Compare(RaterLayer, RaterLayer),

    /// Choose a format of the export, or remove it.
    ToggleFormat(&'static str),
    /// Choose if faces are blurred in the export.
    BlurExport(bool),
    /// Ask for a folder and write the chosen formats.
    Export,
    /// Ask for a folder and write the agreement.
    ExportAgreement,

    /// Choose if the coder of an imported layer saw nothing of the model.
    BlindImport(bool),
    /// Ask for a file and import it.
    Import,

    /// Set how much the magnified loop enlarges movement.
    SetMagnification(f32),
}

impl ReviewCommand {
    /// True if it adds an act in the name of the rater who works.
    pub fn says_something(&self) -> bool {
        matches!(
            self,
            Self::Judge(_)
                | Self::Label(_)
                | Self::NextConfidence
                | Self::Bound(_)
                | Self::Drag(..)
                | Self::Add
                | Self::Mark
                | Self::MarkAs(_)
                | Self::Condition(_)
                | Self::Write
                | Self::WriteMark
                | Self::Units
                | Self::Undo
                | Self::Redo
                | Self::Unblind
        )
    }
}

/// The meaning in review of a command that both tabs have; `None` if review does not change it.
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
