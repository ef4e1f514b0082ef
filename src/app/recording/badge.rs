//! The sign at the bottom that says if something is stored, by word, shape and colour.

use egui::{Color32, Rect, Role, Shape, Stroke, Ui};

use super::RecordingCommand;
use crate::app::command::Command;
use crate::app::theme::Theme;
use crate::app::widgets::{PanelContext, badge, named};
use crate::engine::live::record::{RecordState, RecordingStatus, SoundState};

/// Bytes in words: `34 MB`, `1.2 GB`.
pub fn size_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

impl RecordingStatus {
    /// Size on the disk in words.
    pub fn size(&self) -> String {
        size_words(self.bytes)
    }
}

/// The text beside the shape.
pub fn words(now: Option<&RecordingStatus>) -> String {
    words_with(now, true)
}

/// The same, with or without the room that is left.
fn words_with(now: Option<&RecordingStatus>, with_free: bool) -> String {
    let Some(now) = now else { return "not recording".into() };
    let clock = crate::measure::time::Timestamp::from_secs(now.secs).to_string();
    let clock = clock.split('.').next().unwrap_or_default();
    let sound = match &now.sound {
        None => "",
        Some(SoundState::Opening) => ", sound opens",
        Some(SoundState::Heard { loudest, .. }) if *loudest == 0.0 => ", sound is silent",
        Some(SoundState::Heard { .. }) => ", with sound",
        Some(SoundState::Nothing(_)) => ", NO SOUND",
    };
    let free = now.free_bytes.filter(|_| with_free);
    let free = free.map(|free| format!(", {} free", size_words(free)));
    match now.state {
        RecordState::Running => {
            format!("REC {clock}{sound}, {}{}", now.size(), free.unwrap_or_default())
        }
        RecordState::Finishing => "REC ending".into(),
        RecordState::Stopped(_) => "not recording".into(),
    }
}

/// A filled disc while frames are stored, a ring with a core while the last scores come, otherwise a ring.
fn shape(now: Option<&RecordingStatus>, rect: Rect, color: Color32) -> Vec<Shape> {
    let (center, radius) = (rect.center(), rect.width() / 2.0 - 2.0);
    let ring = Shape::circle_stroke(center, radius, Stroke::new(1.5, color));
    match now.map(|now| &now.state) {
        Some(RecordState::Running) => vec![Shape::circle_filled(center, radius + 1.0, color)],
        Some(RecordState::Finishing) => {
            vec![ring, Shape::circle_filled(center, radius * 0.45, color)]
        }
        Some(RecordState::Stopped(_)) | None => vec![ring],
    }
}

/// Below this width, the room on the disk is shown only when hovering, points.
const ROOMY_PT: f32 = 300.0;

/// Draws the sign, at most `most` points wide.
pub fn show(ui: &mut Ui, cx: &PanelContext<'_>, most: f32) {
    let theme = Theme::of(ui);
    let now = cx.state.records.now.as_ref();
    let is_on = now.is_some_and(|now| !matches!(now.state, RecordState::Stopped(_)));
    let color = if is_on { theme.recording() } else { theme.faint };
    let words = words(now);
    let shown = words_with(now, most > ROOMY_PT);
    let response = ui
        .scope(|ui| {
            ui.set_max_width(most.max(40.0));
            badge(ui, &shown, color, |rect| shape(now, rect, color));
        })
        .response;
    named(&response, Role::Status, format!("Storage: {words}"));
    let tooltip = match now {
        Some(now) if is_on => format!("{words}. Stored in {}", now.folder.display()),
        _ => "Nothing is stored: pictures and scores live in memory until you start anew or close."
            .into(),
    };
    response.on_hover_text(tooltip);
}

/// The button that starts and ends a recording.
pub fn show_button(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let name = if cx.state.records.is_recording() { "Stop recording" } else { "Record" };
    cx.button_named(ui, &Command::Recording(RecordingCommand::Toggle), name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_says_how_long_how_big_and_how_much_room() {
        let mut now = RecordingStatus {
            folder: "x".into(),
            state: RecordState::Running,
            secs: 75.4,
            bytes: 34_000_000,
            free_bytes: Some(120_000_000_000),
            left_secs: None,
            sound: None,
        };
        assert_eq!(words(Some(&now)), "REC 1:15, 34 MB, 120.0 GB free");
        now.sound = Some(SoundState::Heard { loudest: 0.2, lost_secs: 0.0 });
        assert_eq!(words(Some(&now)), "REC 1:15, with sound, 34 MB, 120.0 GB free");
        now.sound = Some(SoundState::Nothing("no sound server answers".into()));
        assert_eq!(words(Some(&now)), "REC 1:15, NO SOUND, 34 MB, 120.0 GB free");
        now.sound = None;
        now.state = RecordState::Stopped(None);
        assert_eq!(words(Some(&now)), words(None));
    }
}
