//! The table of all commands that need nothing beside themselves: name, keys, help, and the tabs in
//! which they can be given.

use egui::{Key, Modifiers};

use super::command::{Command, Floating, OverlayLayer, Tab};
use super::shortcut::{Chord, ctrl, key, shift};
use super::{analyse, recording, review};

/// Where a command is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What is looked at.
    Source,
    /// The session under review.
    Session,
    /// Starting and stopping.
    Run,
    /// Moving through the frames.
    Play,
    /// What a person says of an event.
    Judge,
    /// Who says it.
    Raters,
    /// The plots.
    Plot,
    /// Events.
    Events,
    /// The window.
    View,
    /// Help.
    Help,
}

impl Group {
    /// All, in the order of the menus.
    pub const ALL: [Self; 10] = [
        Self::Source,
        Self::Session,
        Self::Run,
        Self::Play,
        Self::Judge,
        Self::Raters,
        Self::Events,
        Self::Plot,
        Self::View,
        Self::Help,
    ];

    /// The menu's title.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Source => "Source",
            Self::Session => "Session",
            Self::Play => "Play",
            Self::Judge => "Judge",
            Self::Raters => "Raters",
            Self::Plot => "Plots",
            Self::Events => "Events",
            Self::View => "View",
            Self::Help => "Help",
        }
    }
}

/// One command as people meet it.
#[derive(Debug)]
pub struct CommandEntry {
    /// What it asks for.
    pub command: Command,
    /// On buttons, in menus, in the palette.
    pub name: &'static str,
    /// The first is shown; the others do the same.
    pub keys: &'static [Chord],
    /// One sentence for the tooltip.
    pub help: &'static str,
    /// Which menu it is in.
    pub group: Group,
    /// Whether holding the key repeats it.
    pub repeats: bool,
    /// Where it can be given. In other tabs its keys may mean something else.
    pub tabs: &'static [Tab],
}

/// Every tab.
pub const EVERYWHERE: &[Tab] = &Tab::ALL;
/// The tabs with plots.
pub const PLOTTED: &[Tab] = &[Tab::Live, Tab::Review];
/// The Live tab.
pub const LIVE: &[Tab] = &[Tab::Live];
/// The Review tab.
pub const REVIEW: &[Tab] = &[Tab::Review];
/// The Analyse tab.
pub const ANALYSE: &[Tab] = &[Tab::Analyse];

impl CommandEntry {
    /// The same, in these tabs only.
    pub(super) const fn only(mut self, tabs: &'static [Tab]) -> Self {
        self.tabs = tabs;
        self
    }

    /// The same, again and again while its key is held.
    pub(super) const fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// The shown key, or nothing.
    pub fn key_text(&self) -> String {
        self.keys.first().map(Chord::text).unwrap_or_default()
    }

    /// The tooltip: the help, then the key.
    pub fn tooltip(&self) -> String {
        match self.keys.first() {
            Some(chord) => format!("{}  [{}]", self.help, chord.text()),
            None => self.help.to_owned(),
        }
    }
}

pub(super) const fn entry(
    group: Group,
    command: Command,
    name: &'static str,
    keys: &'static [Chord],
    help: &'static str,
) -> CommandEntry {
    CommandEntry { command, name, keys, help, group, repeats: false, tabs: EVERYWHERE }
}

/// The commands of the window and of the Live tab. To add one: a variant, a line here, an arm in
/// [`super::state::State::apply`].
static REGISTRY: &[CommandEntry] = {
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
            "Hold the analysis and keep the camera on, or go on",
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
            "Play the event again and again in slow motion, or hold it",
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
            "Mark messages as read",
            &[ctrl(Key::M)],
            "Dismiss every message on screen; the log keeps them",
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

/// Every entry: those of the whole window, then those of one tab.
pub fn entries() -> impl Iterator<Item = &'static CommandEntry> + Clone {
    REGISTRY.iter().chain(review::keys::ENTRIES).chain(analyse::ENTRIES).chain(recording::ENTRIES)
}

/// The entry of a command; none for a command that carries data.
pub fn entry_of(command: &Command) -> Option<&'static CommandEntry> {
    entries().find(|e| e.command == *command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_of_one_tab_share_a_key() {
        for tab in Tab::ALL {
            let chords: Vec<_> = entries()
                .filter(|e| e.tabs.contains(&tab))
                .flat_map(|e| e.keys.iter().map(move |k| (k, e.name)))
                .collect();
            for (i, (a, first)) in chords.iter().enumerate() {
                for (b, second) in &chords[i + 1..] {
                    let text = format!("{tab:?}: {first} and {second}: {}", a.text());
                    assert!(!a.matches(b.key, b.modifiers), "{text}");
                    assert!(!b.matches(a.key, a.modifiers), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_key_with_ctrl_means_the_same_in_every_tab() {
        // To open, to start, to end: what, the tab says.
        let of_the_tab = [ctrl(Key::O), ctrl(Key::Enter), ctrl(Key::Period)];
        let all: Vec<_> = entries()
            .flat_map(|e| e.keys.iter().map(move |chord| (chord, e.name)))
            .filter(|(chord, _)| chord.modifiers.command && !of_the_tab.contains(chord))
            .collect();
        for (i, (chord, name)) in all.iter().enumerate() {
            let other = all[i + 1..].iter().find(|(other, _)| other == chord);
            assert!(other.is_none(), "{}: {name} and {}", chord.text(), other.map_or("", |o| o.1));
        }
    }

    #[test]
    fn no_two_commands_share_a_name_and_each_explains_itself() {
        let all: Vec<_> = entries().collect();
        for (i, e) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|o| o.name != e.name), "{}", e.name);
            assert!(!e.help.is_empty() && !e.help.ends_with('.'), "{}", e.name);
        }
    }

    #[test]
    fn each_key_is_named_in_its_tooltip() {
        for e in entries().filter(|e| !e.keys.is_empty()) {
            assert!(e.tooltip().contains(&format!("[{}]", e.key_text())), "{}", e.name);
        }
    }

    #[test]
    fn shift_and_ctrl_tell_the_arrow_steps_apart() {
        let step = |m| {
            let find = |e: &&CommandEntry| e.keys.iter().any(|k| k.matches(Key::ArrowLeft, m));
            entries().find(find).map(|e| e.command.clone())
        };
        assert_eq!(step(Modifiers::NONE), Some(Command::StepFrames(-1)));
        assert_eq!(step(Modifiers::SHIFT), Some(Command::StepFrames(-10)));
        assert_eq!(step(Modifiers::COMMAND | Modifiers::CTRL), Some(Command::StepSecs(-1.0)));
    }
}
