//! The commands of the Review tab, with their keys.

use egui::{Key, Modifiers};

use super::command::{Edge, ReviewCommand as C};
use crate::app::command::{Command, Floating};
use crate::app::registry::{CommandEntry, Group as G, PLOTTED, REVIEW, entry};
use crate::app::shortcut::{Chord, ctrl, key, shift};
use crate::session::annotation::{Label, Verdict};

const fn review(
    group: G,
    command: C,
    name: &'static str,
    keys: &'static [Chord],
    help: &'static str,
) -> CommandEntry {
    entry(group, Command::Review(command), name, keys, help).only(REVIEW)
}

const fn label(label: Label, name: &'static str, keys: &'static [Chord]) -> CommandEntry {
    let help = "Name the event's emotion; the same key again removes the name";
    review(G::Judge, C::Label(label), name, keys, help)
}

const fn window(
    group: G,
    floating: Floating,
    name: &'static str,
    keys: &'static [Chord],
    help: &'static str,
) -> CommandEntry {
    entry(group, Command::ToggleWindow(floating), name, keys, help).only(REVIEW)
}

/// Ctrl and Shift with a key.
const fn ctrl_shift(key: Key) -> Chord {
    Chord { modifiers: Modifiers::COMMAND.plus(Modifiers::SHIFT), key }
}

/// In the order of the menu.
pub static ENTRIES: &[CommandEntry] = &[
    review(
        G::Session,
        C::PickSession,
        "Open a session…",
        &[ctrl(Key::O)],
        "Review a session folder, recorded live or written by an analysis",
    ),
    review(
        G::Session,
        C::TakeLive,
        "Review what is live",
        &[ctrl_shift(Key::L)],
        "Review what the Live tab has seen so far",
    )
    .only(PLOTTED),
    window(
        G::Session,
        Floating::Export,
        "Export…",
        &[ctrl(Key::E)],
        "Write the session as files that other tools read",
    ),
    window(
        G::Session,
        Floating::Import,
        "Import…",
        &[ctrl(Key::I)],
        "Read a table or an ELAN file as a rater's layer",
    ),
    review(
        G::Session,
        C::ExportAgreement,
        "Save the agreement…",
        &[],
        "Write how far the two compared layers agree, as JSON and as text",
    ),
    review(G::Session, C::Close, "Close the session", &[ctrl(Key::W)], "Close this session"),
    review(
        G::Play,
        C::TogglePlay,
        "Play or pause",
        &[key(Key::Space)],
        "Play at the real speed, or pause",
    ),
    review(
        G::Play,
        C::ShuttleBack,
        "Shuttle back",
        &[key(Key::J)],
        "Run backward; each further press doubles the speed",
    ),
    review(G::Play, C::Hold, "Pause on this frame", &[key(Key::K)], "Stop on the frame in view"),
    review(
        G::Play,
        C::ShuttleOn,
        "Shuttle on",
        &[key(Key::L)],
        "Run forward; each further press doubles the speed",
    ),
    review(
        G::Play,
        C::ToggleSound,
        "Mute the sound",
        &[key(Key::S)],
        "Mute the sound, or let it be heard when the pictures play at the real speed",
    ),
    review(
        G::Play,
        C::GoTo(Edge::Onset),
        "Go to the onset",
        &[shift(Key::OpenBracket), key(Key::OpenCurlyBracket)],
        "Show the first frame of the event",
    ),
    review(
        G::Play,
        C::GoTo(Edge::Apex),
        "Go to the apex",
        &[shift(Key::A)],
        "Show the strongest frame of the event",
    ),
    review(
        G::Play,
        C::GoTo(Edge::Offset),
        "Go to the offset",
        &[shift(Key::CloseBracket), key(Key::CloseCurlyBracket)],
        "Show the last frame of the event",
    ),
    review(
        G::Judge,
        C::Judge(Verdict::Confirmed),
        "Confirm",
        &[key(Key::Enter)],
        "The event is there; go on to the next one that is not judged",
    ),
    review(
        G::Judge,
        C::Judge(Verdict::Rejected),
        "Reject",
        &[key(Key::X)],
        "The event is not there; go on to the next one that is not judged",
    ),
    review(
        G::Judge,
        C::Judge(Verdict::Open),
        "Remove the judgement",
        &[key(Key::Backspace)],
        "The event counts as not judged again",
    ),
    review(
        G::Judge,
        C::NextOpen,
        "Next event to judge",
        &[key(Key::O)],
        "Show the next event that is not judged",
    ),
    review(
        G::Judge,
        C::Bound(Edge::Onset),
        "Set the onset",
        &[key(Key::OpenBracket)],
        "The event begins with the frame in view",
    ),
    review(
        G::Judge,
        C::Bound(Edge::Apex),
        "Set the apex",
        &[key(Key::A)],
        "The event is strongest in the frame in view",
    ),
    review(
        G::Judge,
        C::Bound(Edge::Offset),
        "Set the offset",
        &[key(Key::CloseBracket)],
        "The event ends with the frame in view",
    ),
    label(Label::Happiness, "Happiness", &[key(Key::Num1)]),
    label(Label::Surprise, "Surprise", &[key(Key::Num2)]),
    label(Label::Anger, "Anger", &[key(Key::Num3)]),
    label(Label::Disgust, "Disgust", &[key(Key::Num4)]),
    label(Label::Fear, "Fear", &[key(Key::Num5)]),
    label(Label::Sadness, "Sadness", &[key(Key::Num6)]),
    label(Label::Contempt, "Contempt", &[key(Key::Num7)]),
    label(Label::Other, "Other", &[key(Key::Num8)]),
    review(
        G::Judge,
        C::NextConfidence,
        "How sure",
        &[key(Key::Q)],
        "Say how sure you are of the event: unsure, likely, sure; after that nothing",
    ),
    review(
        G::Judge,
        C::Units,
        "Action units…",
        &[key(Key::U)],
        "Say which action units move, and on which side",
    ),
    review(
        G::Judge,
        C::Write,
        "Note…",
        &[key(Key::N)],
        "Write a note to the event, or to the frame in view where none is picked",
    ),
    review(
        G::Judge,
        C::Add,
        "Add an event",
        &[key(Key::E)],
        "Add an event of your own round the frame in view",
    ),
    review(
        G::Judge,
        C::Mark,
        "Mark this frame",
        &[key(Key::M)],
        "Put a marker on the frame in view",
    ),
    review(
        G::Judge,
        C::WriteMark,
        "Note to this frame…",
        &[shift(Key::N)],
        "Put a marker with words on the frame in view",
    ),
    review(
        G::Judge,
        C::Undo,
        "Undo",
        &[ctrl(Key::Z)],
        "Undo what you did last; any number of times, also days later",
    )
    .repeating(),
    review(G::Judge, C::Redo, "Redo", &[ctrl(Key::Y), ctrl_shift(Key::Z)], "Redo what you undid")
        .repeating(),
    window(
        G::Raters,
        Floating::Raters,
        "Raters…",
        &[ctrl_shift(Key::R)],
        "Say who works, add a rater, work blind, look at another's view",
    ),
    window(
        G::Raters,
        Floating::Agreement,
        "Agreement…",
        &[ctrl(Key::G)],
        "Compare two raters, or a rater and the model",
    ),
    review(
        G::Raters,
        C::AskUnblind,
        "Finish blind work…",
        &[],
        "Show the model's events and other raters' work to a rater who worked blind, after asking",
    ),
    review(
        G::Events,
        C::Search,
        "Search events",
        &[ctrl(Key::F)],
        "Type words that the listed events must have",
    ),
    review(G::Events, C::ClearFilter, "List all events", &[key(Key::Num0)], "Remove all filters"),
    review(
        G::Plot,
        C::FitEvent,
        "Show the event in the plots",
        &[key(Key::F)],
        "Zoom to the event, with a second on either side",
    ),
    review(
        G::Plot,
        C::FitAll,
        "Show all in the plots",
        &[shift(Key::F)],
        "Zoom out until the whole session is seen",
    ),
];
