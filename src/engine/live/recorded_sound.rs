//! The sound of one recording: from the sound thread to the recorder, on the clock of the frames.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame_clock::FrameClock;
use super::record::SoundState;
use super::sound::{Heard, SoundThread};
use crate::session::recorder::{RecorderError, SessionRecorder};
use crate::sound::SoundServer;

/// Sound is no later than this: what the server, the device and the link hold.
const ON_ITS_WAY: Duration = Duration::from_millis(400);

/// The sound thread, as the record thread sees it.
pub(crate) struct RecordedSound {
    thread: SoundThread,
    clock: Arc<FrameClock>,
    /// Why no sound comes; `None` while it comes.
    fault: Option<String>,
    /// The loudest sample since the state was last told; `None` if none came.
    loudest: Option<u16>,
}

impl RecordedSound {
    /// Starts to open the microphone of `server`.
    pub(crate) fn start(server: SoundServer, clock: Arc<FrameClock>) -> Self {
        Self { thread: SoundThread::start(server), clock, fault: None, loudest: None }
    }

    /// Passes on what came. Once the last frame is here and all its sound, the microphone is closed.
    pub(crate) fn pass_on(
        &mut self,
        recorder: &mut SessionRecorder,
        is_finishing: bool,
    ) -> Result<(), RecorderError> {
        while let Some(heard) = self.thread.next() {
            match heard {
                Heard::Block(rate_hz, block) => {
                    self.fault = None;
                    let loudest = block.samples.iter().map(|sample| sample.unsigned_abs()).max();
                    self.loudest = self.loudest.max(loudest);
                    // Before the first frame of the run, nothing is recorded.
                    if let Some(time) = self.clock.time_of(block.captured) {
                        recorder.push_sound(rate_hz, time, &block.samples)?;
                    }
                }
                Heard::Nothing(why) => self.fault = Some(why),
            }
        }
        if is_finishing && recorder.has_all_sound() {
            self.thread.stop();
        }
        Ok(())
    }

    /// Waits a moment for the sound that belongs to the last frames and is still on its way.
    pub(crate) fn pass_on_the_rest(
        &mut self,
        recorder: &mut SessionRecorder,
    ) -> Result<(), RecorderError> {
        recorder.end_sound()?;
        let begun = Instant::now();
        while self.fault.is_none() && begun.elapsed() < ON_ITS_WAY {
            self.pass_on(recorder, true)?;
            if recorder.has_all_sound() {
                break;
            }
            std::thread::sleep(ON_ITS_WAY / 20);
        }
        self.thread.stop();
        Ok(())
    }

    /// What to tell the window, once a second.
    pub(crate) fn state(&mut self, lost_secs: f64) -> SoundState {
        match (&self.fault, self.loudest.take()) {
            (Some(why), _) => SoundState::Nothing(why.clone()),
            (None, None) => SoundState::Opening,
            (None, Some(loudest)) => {
                let loudest = f32::from(loudest) / f32::from(i16::MIN.unsigned_abs());
                SoundState::Heard { loudest, lost_secs }
            }
        }
    }
}
