//! The sound of a recording, beside its film.

use super::{RecorderError, SessionRecorder, failed};
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, NoticeKind};
use crate::session::sound_track::SoundTrack;

/// Sound from before the first frame that is kept at most, blocks. The analysis of the first frame may take a
/// moment, in which the sound of that frame comes.
const EARLY: usize = 250;

/// The last picture lasts as long as the one before it, at most this long, seconds.
const LONGEST_PICTURE_SECS: f64 = 0.2;

impl SessionRecorder {
    /// Takes the next block of sound, of `rate_hz` samples per second. `time` is that of its first sample, on
    /// the clock of the frames.
    pub fn push_sound(
        &mut self,
        rate_hz: u32,
        time: Timestamp,
        samples: &[i16],
    ) -> Result<(), RecorderError> {
        if self.sound.is_none() {
            let track = SoundTrack::create(self.store.folder(), rate_hz);
            self.sound = Some(track.map_err(|error| failed(self.store.folder(), error))?);
        }
        if self.span.is_none() {
            self.early_sound.push_back((time, samples.to_vec()));
            if self.early_sound.len() > EARLY {
                self.early_sound.pop_front();
            }
            return Ok(());
        }
        self.with_sound(|track, zero| {
            // A microphone that came back may be another one. Its sound would sound too high or too low.
            let is_same = track.rate_hz() == rate_hz;
            if is_same { track.push(zero.until(time), samples) } else { Ok(()) }
        })
    }

    /// While the analysis pauses, no sound is stored either; the next frame ends the pause.
    pub fn pause_sound(&mut self) {
        self.early_sound.clear();
        if let Some(track) = &mut self.sound {
            track.pause();
        }
    }

    /// The last frame has come. Sound is taken until the end of that frame.
    pub fn end_sound(&mut self) -> Result<(), RecorderError> {
        let end = self.end_of_pictures();
        self.with_sound(|track, _| track.end_at(end))
    }

    /// True if all sound until the end of the last frame is here.
    pub fn has_all_sound(&self) -> bool {
        self.sound.as_ref().is_none_or(SoundTrack::is_complete)
    }

    /// Seconds of sound that were lost so far, with silence in their place.
    pub fn lost_sound_secs(&self) -> f64 {
        self.lost_sound_secs
    }

    /// A frame of this time was taken, counted from the first.
    pub(super) fn picture_sound(&mut self, time: Timestamp) -> Result<(), RecorderError> {
        self.newest = [self.newest[1], time];
        for (time, samples) in std::mem::take(&mut self.early_sound) {
            self.with_sound(|track, zero| track.push(zero.until(time), &samples))?;
        }
        self.with_sound(|track, _| track.picture(time))
    }

    pub(super) fn keep_sound(&mut self) -> Result<(), RecorderError> {
        self.with_sound(|track, _| track.keep())
    }

    pub(super) fn finish_sound(&mut self) -> Result<(), RecorderError> {
        let end = self.end_of_pictures();
        self.with_sound(|track, _| track.finish(end))
    }

    fn end_of_pictures(&self) -> Timestamp {
        let [before, last] = self.newest;
        last + last.secs_since(before).clamp(0.0, LONGEST_PICTURE_SECS)
    }

    /// Does something with the sound file, and stores what was lost.
    fn with_sound(
        &mut self,
        act: impl FnOnce(&mut SoundTrack, Timestamp) -> std::io::Result<()>,
    ) -> Result<(), RecorderError> {
        let zero = self.zero;
        let Some(track) = &mut self.sound else { return Ok(()) };
        act(track, zero).map_err(|error| failed(track.path(), error))?;
        for loss in track.take_losses() {
            if self.lost_sound_secs == 0.0 {
                let text = format!(
                    "Sound was lost at {}; silence takes its place. The session counts how much.",
                    loss.at
                );
                self.store.append_notice(&Notice { kind: NoticeKind::Info, text })?;
            }
            self.lost_sound_secs += loss.secs;
            self.store.append_sound_loss(&loss)?;
        }
        Ok(())
    }
}
