//! What a flag means, what it does not mean, and what the law says.

use egui::{RichText, ScrollArea, Ui};

use crate::app::command::Floating;
use crate::app::panels::{Panel, Slot};
use crate::app::registry::EVERYWHERE;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel = Panel {
    name: "What a flag means",
    slot: Slot::Floating(Floating::About),
    tabs: EVERYWHERE,
    show,
};

/// Titles, each with its text.
const TEXT: [(&str, &str); 6] = [
    (
        "A flag is a movement",
        "Fleeting measures how the skin of a face moves and marks short stretches whose movement \
         resembles a micro-expression (up to half a second) or a macro-expression. It proposes; a \
         person who knows the situation decides.",
    ),
    (
        "It is not a lie detector",
        "No facial movement shows that somebody lies, hides something or means harm. Research finds \
         no sign of deception that is reliable in one person. Do not use a flag as evidence about \
         honesty, guilt or intent.",
    ),
    (
        "An emotion word is a guess about movement",
        "Positive, negative and surprise are classes of movement that people were trained to label; \
         what somebody feels is not seen by any camera. Where the reading is not sure enough, it \
         says “unclear”. Faces differ with age, skin, glasses, beards, illness and culture, and the \
         error rates differ with them.",
    ),
    (
        "What makes a flag suspect",
        "Blinks, talking, head movement, poor light and a low frame rate all move pixels. Such \
         events are kept and marked suspect; stretches that cannot be measured are gaps, not zeros. \
         The false alarms per minute that you set are what calibration on synthetic faces expects; \
         a real room can have more.",
    ),
    (
        "The law",
        "In the European Union, Article 5(1)(f) of the AI Act (Regulation 2024/1689) forbids AI that \
         infers the emotions of people at work or in education, except for medical or safety reasons. \
         Other uses of emotion recognition carry duties, among them to tell the people concerned. \
         Data protection law asks for a lawful ground and, as a rule, for consent. Other countries \
         have rules of their own. Find out which rules apply before you point a camera at somebody.",
    ),
    (
        "Privacy",
        "Nothing leaves this computer, unless you export it or turn a stream on. Pictures are never \
         streamed. Pictures and scores are in memory only, until you start again \
         or close the window, unless you record: then they are stored in the folder that you chose, \
         with what was agreed, and past the agreed day the program offers to delete them. Settings \
         keep no name, no path and no picture.",
    ),
];

fn show(ui: &mut Ui, _cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    let version = format!("Fleeting {}", env!("CARGO_PKG_VERSION"));
    ui.label(RichText::new(version).color(theme.faint));
    let high = ui.ctx().content_rect().height() - 180.0;
    ScrollArea::vertical().max_height(high).show(ui, |ui| {
        for (heading, text) in TEXT {
            ui.add_space(6.0);
            ui.label(title(heading));
            ui.label(text);
        }
    });
}
