//! The commands of the whole window and of the Live tab.

use egui::{Key, Modifiers};

use super::{CommandEntry, Group, LIVE, PLOTTED, entry};
use crate::app::command::{Command, Floating, OverlayLayer, Tab};
use crate::app::shortcut::{Chord, ctrl, key, shift};
use crate::config::FaceConfig;

/// The commands of the window and of the Live tab. To add one: a variant, a line here, an arm in
/// [`State::apply`](crate::app::state::State::apply).
pub(super) static ENTRIES: &[CommandEntry] = {
    use Command as C;
    use Group as G;
    &[
        entry(G::Source, C::PickVideo, "Open a video…", &[ctrl(Key::O)], "Analyse a video file")
            .only(LIVE),
        entry(
            G::Source,
            C::PickImages,
            "Open an image folder…",
            &[Chord { modifiers: Modifiers::COMMAND.plus(Modifiers::SHIFT), key: Key::O }],
            "Analyse a folder of numbered pictures",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::UseDemo,
            "Use the demo person",
            &[ctrl(Key::D)],
            "Show a synthetic face that moves at known times",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::UseFace(None),
            "Analyse the largest face",
            &[],
            "Of several faces take the largest; starts the source anew",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::UseFace(Some(FaceConfig::LEFT)),
            "Analyse the face on the left",
            &[],
            "Of several faces take the one on the left of the picture; starts the source anew",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::UseFace(Some(FaceConfig::RIGHT)),
            "Analyse the face on the right",
            &[],
            "Of several faces take the one on the right of the picture; starts the source anew",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::FindCameras,
            "Look for cameras",
            &[key(Key::F5)],
            "Ask the system again which cameras there are",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::PickModels,
            "Use models from a folder…",
            &[],
            "Load networks and manifest.toml from a folder",
        )
        .only(LIVE),
        entry(
            G::Source,
            C::UseBuiltInModels,
            "Use the built-in models",
            &[],
            "Load the networks that came with the program",
        )
        .only(LIVE),
        entry(G::Source, C::Quit, "Quit", &[ctrl(Key::Q)], "Release the source and leave"),
        entry(
            G::Run,
            C::Start,
            "Start",
            &[ctrl(Key::Enter)],
            "Open the chosen source and begin a new session",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::TogglePause,
            "Pause or resume",
            &[key(Key::Space)],
            "Stop the analysis for a while and keep the camera on, or go on",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::Stop,
            "Stop",
            &[ctrl(Key::Period)],
            "End the session and release the camera; what was found stays on screen",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::Baseline,
            "Neutral baseline",
            &[key(Key::B)],
            "Measure 10 seconds of this person's neutral face",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::DropBaseline,
            "Drop the baseline",
            &[],
            "Go on with the thresholds as they were before the neutral baseline",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::MoreSensitive,
            "More sensitive",
            &[key(Key::Period)],
            "Flag weaker movements, with more false alarms",
        )
        .repeating()
        .only(LIVE),
        entry(
            G::Run,
            C::LessSensitive,
            "Less sensitive",
            &[key(Key::Comma)],
            "Flag only stronger movements, with fewer false alarms",
        )
        .repeating()
        .only(LIVE),
        entry(
            G::Run,
            C::ToggleLsl,
            "Stream over LSL",
            &[],
            "Send samples, events and marks to other programs over Lab Streaming Layer, or end that",
        )
        .only(LIVE),
        entry(
            G::Run,
            C::ToggleWindow(Floating::Streams),
            "Streams…",
            &[],
            "What other programs get while a source runs, and who listens",
        )
        .only(LIVE),
        entry(
            G::Plot,
            C::Follow,
            "Follow live",
            &[key(Key::F)],
            "Keep the newest moment in view, after panning or zooming",
        )
        .only(LIVE),
        entry(
            G::Plot,
            C::ZoomIn,
            "Zoom in",
            &[key(Key::Plus), key(Key::Equals)],
            "Show half as much time",
        )
        .repeating()
        .only(PLOTTED),
        entry(G::Plot, C::ZoomOut, "Zoom out", &[key(Key::Minus)], "Show twice as much time")
            .repeating()
            .only(PLOTTED),
        entry(G::Plot, C::GoStart, "Go to the start", &[key(Key::Home)], "Show the first moment")
            .only(PLOTTED),
        entry(
            G::Plot,
            C::GoEnd,
            "Go to the end",
            &[key(Key::End)],
            "Show the newest moment and follow",
        )
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepFrames(-1),
            "One frame back",
            &[key(Key::ArrowLeft)],
            "Move the cursor one frame back",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepFrames(1),
            "One frame on",
            &[key(Key::ArrowRight)],
            "Move the cursor one frame on",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepFrames(-10),
            "Ten frames back",
            &[shift(Key::ArrowLeft)],
            "Move the cursor ten frames back",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepFrames(10),
            "Ten frames on",
            &[shift(Key::ArrowRight)],
            "Move the cursor ten frames on",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepSecs(-1.0),
            "One second back",
            &[ctrl(Key::ArrowLeft)],
            "Move the cursor one second back",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::StepSecs(1.0),
            "One second on",
            &[ctrl(Key::ArrowRight)],
            "Move the cursor one second on",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Plot,
            C::RemoveCursor,
            "Remove the cursor",
            &[key(Key::Backspace)],
            "Take the cursor out of the plots",
        )
        .only(LIVE),
        entry(
            G::Events,
            C::PreviousEvent,
            "Previous event",
            &[key(Key::ArrowUp)],
            "Show the event before this one",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Events,
            C::NextEvent,
            "Next event",
            &[key(Key::ArrowDown)],
            "Show the event after this one",
        )
        .repeating()
        .only(PLOTTED),
        entry(
            G::Events,
            C::ToggleLoop,
            "Loop slowly",
            &[key(Key::R)],
            "Play the event again and again in slow motion, or show its strongest frame",
        )
        .only(PLOTTED),
        entry(
            G::Events,
            C::NextLoopSpeed,
            "Change loop speed",
            &[shift(Key::R)],
            "One quarter, one eighth, or one tenth of the real speed",
        )
        .only(PLOTTED),
        entry(
            G::View,
            C::ToggleLayer(OverlayLayer::Landmarks),
            "Landmarks",
            &[key(Key::P)],
            "Draw the 478 points of the face mesh",
        )
        .only(LIVE),
        entry(
            G::View,
            C::ToggleLayer(OverlayLayer::Regions),
            "Regions",
            &[key(Key::G)],
            "Draw the 23 regions whose motion is measured",
        )
        .only(LIVE),
        entry(
            G::View,
            C::ToggleLayer(OverlayLayer::Arrows),
            "Motion arrows",
            &[key(Key::V)],
            "Draw how each region moves, head motion removed and enlarged",
        )
        .only(LIVE),
        entry(
            G::View,
            C::ToggleTheme,
            "Light or dark",
            &[key(Key::T)],
            "Change between the light and the dark look",
        ),
        entry(
            G::View,
            C::ToggleFullScreen,
            "Full screen",
            &[key(Key::F11)],
            "Fill the screen, or return to a window",
        ),
        entry(
            G::View,
            C::MarkAllRead,
            "Dismiss all messages",
            &[ctrl(Key::M)],
            "Take every message away; the log keeps them",
        ),
        entry(
            G::View,
            C::ToggleWindow(Floating::Log),
            "Log",
            &[ctrl(Key::L)],
            "Everything that happened to the source, with its time",
        ),
        entry(
            G::Help,
            C::ToggleWindow(Floating::Palette),
            "Search commands…",
            &[ctrl(Key::P)],
            "Find any command by its name",
        ),
        entry(
            G::Help,
            C::ToggleWindow(Floating::Keys),
            "All keys",
            &[key(Key::Questionmark), shift(Key::Slash)],
            "Every key and what it does",
        ),
        entry(
            G::Help,
            C::ToggleWindow(Floating::About),
            "What a flag means",
            &[key(Key::F1)],
            "What a flagged event is, what it is not, and the limits of its use",
        ),
        entry(
            G::Help,
            C::CloseWindow,
            "Close",
            &[key(Key::Escape)],
            "Close the window that floats on top",
        ),
        entry(
            G::Events,
            C::Mark { with_words: false },
            "Mark this moment",
            &[key(Key::M)],
            "Put a marker on the newest frame",
        )
        .only(LIVE),
        entry(
            G::Events,
            C::Mark { with_words: true },
            "Note to this moment…",
            &[key(Key::N)],
            "Write a note that carries the time at which you began it",
        )
        .only(LIVE),
        entry(
            G::View,
            C::ShowTab(Tab::Live),
            "Live tab",
            &[ctrl(Key::Num1)],
            "What the source shows now",
        ),
        entry(
            G::View,
            C::ShowTab(Tab::Review),
            "Review tab",
            &[ctrl(Key::Num2)],
            "Look at a session frame by frame, and judge its events",
        ),
        entry(
            G::View,
            C::ShowTab(Tab::Analyse),
            "Analyse tab",
            &[ctrl(Key::Num3)],
            "Analyse a recording as fast as it goes, then review it",
        ),
    ]
};
