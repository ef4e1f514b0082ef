//! The sound of the session under review. It goes with the pictures at the real speed; at any other speed,
//! backward, and in a loop it is silent.

use super::outside::SessionSound;
use crate::app::view::playback::{Playback, PlaybackMotion};
use crate::measure::time::Timestamp;
use crate::media::sound::Outline;

/// What the row of the sound says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundWord {
    /// Nothing moves, or the sound goes with the pictures.
    On,
    /// The person muted it.
    Muted,
    /// It is silent at this speed.
    WrongSpeed,
    /// The computer plays no sound.
    Unheard,
}

impl SoundWord {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::On => "plays with the pictures",
            Self::Muted => "muted",
            Self::WrongSpeed => "muted: it plays at the real speed only",
            Self::Unheard => "this computer plays no sound",
        }
    }
}

/// The sound, if the session has any.
#[derive(Default)]
pub struct ReviewSound {
    sound: Option<Box<dyn SessionSound>>,
    /// What was read of its outline.
    pub outline: Outline,
    /// True if the person muted it.
    pub is_muted: bool,
    /// True while another tab is shown.
    pub(in crate::app) is_away: bool,
    /// When the motion began with which it goes: the window's clock, and the session's time.
    playing: Option<(f64, Timestamp)>,
    /// Why it is not heard; the end of a sentence.
    fault: Option<String>,
    is_told: bool,
}

impl ReviewSound {
    /// `sound`, or none.
    pub fn of(sound: Option<Box<dyn SessionSound>>, is_muted: bool) -> Self {
        Self { sound, is_muted, ..Self::default() }
    }

    /// True if the session has sound.
    pub fn is_there(&self) -> bool {
        self.sound.is_some()
    }

    /// What to say of it.
    pub fn word(&self, motion: PlaybackMotion) -> SoundWord {
        match motion {
            _ if self.is_muted => SoundWord::Muted,
            PlaybackMotion::Held | PlaybackMotion::Runs(1.0) if self.fault.is_some() => {
                SoundWord::Unheard
            }
            PlaybackMotion::Held | PlaybackMotion::Runs(1.0) => SoundWord::On,
            PlaybackMotion::Runs(_) | PlaybackMotion::Loops { .. } => SoundWord::WrongSpeed,
        }
    }

    /// Goes with the pictures, which are at `now`, seconds of the window's clock.
    pub(super) fn follow(&mut self, playback: &Playback, now: f64) {
        let Some(sound) = &mut self.sound else { return };
        if let Some(outline) = sound.outline() {
            self.outline = outline;
        }
        if let Some(why) = sound.fault() {
            self.fault = Some(why);
        }
        let is_heard = playback.motion() == PlaybackMotion::Runs(1.0) && !self.is_muted;
        let began = playback.began().filter(|_| is_heard && !self.is_away);
        if began == self.playing {
            return;
        }
        self.playing = began;
        match began {
            Some((began, from)) => {
                self.fault = None;
                sound.play(from + (now - began));
            }
            None => sound.hush(),
        }
    }

    /// Why it is not heard, the end of a sentence; told once for a session.
    pub(in crate::app) fn untold_fault(&mut self) -> Option<String> {
        let fault = self.fault.clone().filter(|_| !self.is_told);
        self.is_told |= fault.is_some();
        fault
    }
}
