//! The sound of a recording, put on the clock of its pictures.
//!
//! Every block of sound comes with the time of its first sample. A sound card has a clock of its own, which
//! runs faster or slower than that of the computer by up to a third of a second in an hour. So each block is
//! made longer or shorter by a sample or two, which no one hears, and the sound stays within a few
//! milliseconds of the pictures. Where sound is missing, silence takes its place and is counted.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::measure::time::Timestamp;
use crate::media::wav::WavWriter;

/// Name of the sound file, which begins at time zero as the pictures do.
pub const SOUND_FILE: &str = "sound.wav";

/// A difference beyond this is a hole or an overlap, and is not smoothed away, seconds. It is less than the
/// time of two frames.
const HOLE_SECS: f64 = 0.05;

/// A difference below this is left alone, seconds.
const CLOSE_SECS: f64 = 0.0005;

/// How fast the difference is followed, as a share for each second of sound.
const FOLLOWED: f64 = 1.0;

/// A block is stretched by one sample in this many at most.
const LEAST_STRETCH: usize = 500;

/// Sound waits for the pictures of its time for this long, seconds; then it is stored without them.
const WAITS_SECS: f64 = 1.0;

/// Sound that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundLoss {
    /// Where the silence that takes its place begins, counted from the first picture.
    pub at: Timestamp,
    /// Seconds of silence.
    pub secs: f64,
}

/// The sound file that is being written.
#[derive(Debug)]
pub struct SoundTrack {
    path: PathBuf,
    writer: WavWriter,
    /// Blocks whose pictures have not come, oldest first.
    waiting: VecDeque<(Timestamp, Vec<i16>)>,
    /// Time of the newest picture.
    pictured: Timestamp,
    /// Where the sound ends; `None` while pictures come.
    end: Option<Timestamp>,
    /// The end of the newest block.
    heard_until: Timestamp,
    /// The followed difference between a block's time and its place, samples.
    behind: f64,
    /// True if a block was written.
    has_begun: bool,
    /// True while nothing is to be stored.
    is_paused: bool,
    /// True if the next hole is no loss, because nothing was to be stored.
    is_resumed: bool,
    losses: Vec<SoundLoss>,
}

impl SoundTrack {
    /// Begins the sound file in `folder`, of this many samples per second.
    pub fn create(folder: &Path, rate_hz: u32) -> io::Result<Self> {
        let path = folder.join(SOUND_FILE);
        let writer = WavWriter::create(&path, rate_hz)?;
        Ok(Self {
            path,
            writer,
            waiting: VecDeque::new(),
            pictured: Timestamp::ZERO,
            end: None,
            heard_until: Timestamp::ZERO,
            behind: 0.0,
            has_begun: false,
            is_paused: false,
            is_resumed: false,
            losses: Vec::new(),
        })
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> u32 {
        self.writer.rate_hz()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Seconds of sound in the file.
    pub fn secs(&self) -> f64 {
        self.writer.samples() as f64 / self.rate()
    }

    /// The losses since the last call.
    pub fn take_losses(&mut self) -> Vec<SoundLoss> {
        std::mem::take(&mut self.losses)
    }

    fn rate(&self) -> f64 {
        f64::from(self.writer.rate_hz())
    }

    /// A picture of this time is stored, so that the sound before it is stored too.
    pub fn picture(&mut self, time: Timestamp) -> io::Result<()> {
        (self.pictured, self.is_paused) = (time, false);
        self.release(time)
    }

    /// Takes the next block, whose first sample has this time, counted from the first picture.
    pub fn push(&mut self, time: Timestamp, samples: &[i16]) -> io::Result<()> {
        self.heard_until = time + samples.len() as f64 / self.rate();
        if self.is_paused {
            return Ok(());
        }
        self.waiting.push_back((time, samples.to_vec()));
        self.release(self.end.unwrap_or((time - WAITS_SECS).max(self.pictured)))
    }

    /// Nothing is stored from now on until the next picture.
    pub fn pause(&mut self) {
        self.waiting.clear();
        (self.is_paused, self.is_resumed) = (true, true);
    }

    /// The last picture has come; it lasts until `end`. Sound of later times is not stored.
    pub fn end_at(&mut self, end: Timestamp) -> io::Result<()> {
        self.end = Some(end);
        self.release(end)
    }

    /// True if all sound until the end is here.
    pub fn is_complete(&self) -> bool {
        self.end.is_some_and(|end| self.heard_until >= end)
    }

    /// Writes the blocks that begin before `until`.
    fn release(&mut self, until: Timestamp) -> io::Result<()> {
        while self.waiting.front().is_some_and(|(time, _)| *time < until) {
            let Some((time, mut samples)) = self.waiting.pop_front() else { break };
            if let Some(end) = self.end {
                let left = (end.secs_since(time) * self.rate()).round().max(0.0) as usize;
                samples.truncate(left);
            }
            self.write(time, &samples)?;
        }
        Ok(())
    }

    /// Writes a block in its place.
    fn write(&mut self, time: Timestamp, samples: &[i16]) -> io::Result<()> {
        let place = time.secs() * self.rate();
        let mut behind = place - self.writer.samples() as f64;
        let hole = HOLE_SECS * self.rate();
        let mut samples = samples;
        if behind.abs() >= hole || !self.has_begun {
            if behind < 0.0 {
                // It lies before the first picture, or over what is written.
                let over = ((-behind).round() as usize).min(samples.len());
                samples = &samples[over..];
                if samples.is_empty() {
                    return Ok(());
                }
            } else {
                self.fill(behind.round() as u64)?;
            }
            (behind, self.behind, self.has_begun) = (0.0, 0.0, true);
        }
        let share = (samples.len() as f64 / self.rate() * FOLLOWED).min(1.0);
        self.behind += (behind - self.behind) * share;
        let most = samples.len().div_ceil(LEAST_STRETCH) as f64;
        let stretch = if self.behind.abs() > CLOSE_SECS * self.rate() {
            (self.behind * share).clamp(-most, most)
        } else {
            0.0
        };
        // Less than a sample at a time would never be made up for.
        let stretch =
            if stretch == 0.0 { 0 } else { stretch.abs().ceil().copysign(stretch) as i64 };
        self.behind -= stretch as f64;
        match stretch {
            0 => self.writer.push(samples),
            _ => self
                .writer
                .push(&stretched(samples, samples.len().saturating_add_signed(stretch as isize))),
        }
    }

    /// Silence in place of sound that did not come.
    fn fill(&mut self, samples: u64) -> io::Result<()> {
        // Before the first block nothing was lost: a microphone takes a moment to open.
        let is_loss = self.has_begun && !std::mem::take(&mut self.is_resumed);
        if is_loss && samples > 0 {
            let at = Timestamp::from_secs(self.secs());
            self.losses.push(SoundLoss { at, secs: samples as f64 / self.rate() });
        }
        self.writer.push_silence(samples)
    }

    /// Makes what is written so far readable for every player.
    pub fn keep(&mut self) -> io::Result<()> {
        self.writer.write_header()
    }

    /// The same, also after a power cut.
    pub fn sync(&mut self) -> io::Result<()> {
        self.writer.sync()
    }

    /// Ends the file with its last picture, which lasts until `end`.
    pub fn finish(&mut self, end: Timestamp) -> io::Result<()> {
        self.end_at(end)?;
        let missing = end.secs() * self.rate() - self.writer.samples() as f64;
        if self.has_begun && missing >= 1.0 {
            let is_loss = missing > HOLE_SECS * self.rate();
            self.is_resumed |= !is_loss;
            self.fill(missing.round() as u64)?;
        }
        self.writer.sync()
    }
}

/// The samples as `length` samples, by straight lines between them.
fn stretched(samples: &[i16], length: usize) -> Vec<i16> {
    let step = samples.len() as f64 / length.max(1) as f64;
    let at = |index: usize| samples.get(index).or(samples.last()).map_or(0.0, |s| f64::from(*s));
    let between = |i: usize| {
        let place = i as f64 * step;
        let (index, share) = (place.floor() as usize, place.fract());
        (at(index) * (1.0 - share) + at(index + 1) * share).round() as i16
    };
    (0..length).map(between).collect()
}

#[cfg(test)]
#[path = "sound_track/tests.rs"]
mod tests;
