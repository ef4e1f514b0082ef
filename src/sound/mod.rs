//! The microphone and the loudspeaker of this computer.
//!
//! On Linux, PulseAudio or PipeWire is asked over its socket, in pure Rust; on macOS and Windows the system
//! itself. Nothing is opened before [`SoundServer::microphone`] or [`SoundServer::loudspeaker`] is called, and
//! everything is closed when what they return is dropped. Only this computer is asked: a server elsewhere,
//! as `PULSE_SERVER` can name one, is not.

use std::path::PathBuf;
use std::time::{Duration, Instant};

#[cfg(not(target_os = "linux"))]
mod system;

#[cfg(target_os = "linux")]
mod pulse;

#[cfg(not(target_os = "linux"))]
use system as host;

#[cfg(target_os = "linux")]
use pulse as host;

/// Samples per second for which the sound server is asked.
pub const RATE_HZ: u32 = 48_000;

/// Why there is no sound. Each text is the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// There is no server, or it does not answer.
    #[error("no sound server answers ({0})")]
    NoServer(String),
    /// There is a server but it has no such device, or does not give it.
    #[error("the sound server refuses: {0}")]
    Refused(String),
    /// It was there, and is gone.
    #[error("the sound server is gone ({0})")]
    Gone(String),
}

/// Sound of one channel, as it comes from a microphone.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundBlock {
    /// −32768 to 32767.
    pub samples: Vec<i16>,
    /// When the first of them was in the air.
    pub captured: Instant,
}

/// An open microphone. It is used in the thread in which it was opened.
pub trait Microphone {
    /// Samples per second.
    fn rate_hz(&self) -> u32;

    /// The next block; `None` if none comes within `patience`. After an error there are no more.
    fn next(&mut self, patience: Duration) -> Result<Option<SoundBlock>, SoundError>;
}

/// Fills samples that are needed next. The moment is the one at which the first of them will be heard.
pub type Fill<'a> = &'a mut dyn FnMut(Instant, &mut [i16]);

/// An open loudspeaker. It is used in the thread in which it was opened.
pub trait Loudspeaker {
    /// Samples per second.
    fn rate_hz(&self) -> u32;

    /// Asks `fill` for what is needed, and returns after a fiftieth of a second at the latest. It must be
    /// called again and again while something is to be heard. After an error there is no more.
    fn play(&mut self, fill: Fill<'_>) -> Result<(), SoundError>;
}

/// Where sound comes from and goes to: the sound server of the user who runs the program, or another one on
/// this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundServer {
    /// Its socket, on Linux; `None` for that of the user.
    socket: Option<PathBuf>,
}

impl SoundServer {
    /// The server behind this socket. Only Linux has such a socket.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self { socket: Some(socket.into()) }
    }

    /// Opens the microphone that the user has chosen in the system. May take seconds.
    pub fn microphone(&self) -> Result<Box<dyn Microphone>, SoundError> {
        host::microphone(self.socket.as_deref())
    }

    /// Opens the loudspeaker that the user has chosen in the system, for sound of `rate_hz` samples per second
    /// if it can. May take seconds.
    pub fn loudspeaker(&self, rate_hz: u32) -> Result<Box<dyn Loudspeaker>, SoundError> {
        host::loudspeaker(self.socket.as_deref(), rate_hz)
    }
}
