//! Frames in the order in which they come, from any source, and what happens to the source on the way.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::image::{Frame, MAX_SIDE_PX};
use crate::measure::time::Timestamp;

/// What is known about a source once it is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Its name for people: the camera's name, the file's name, "demo person, seed 7".
    pub name: String,
    /// Width and height in pixels.
    pub size_px: (usize, usize),
    /// The rate that it states. Frames carry their own times all the same.
    pub nominal_fps: Option<f64>,
    /// Number of frames, if it is known.
    pub frames: Option<u64>,
    /// Pixel format and other detail, for the status line: "MJPEG 640×480 at 30".
    pub detail: String,
    /// True if frames get their time on arrival, because the device gives no capture time.
    pub stamped_on_arrival: bool,
    /// Time of the first frame on the media's own clock, which players and annotation programs use. Later
    /// than zero if sound begins before the first picture.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub media_start: Timestamp,
    /// True if the media has sound; `None` if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_sound: Option<bool>,
    /// The number in the file name of frame 0, for pictures with numbered names. `None` if it is 0, or if
    /// there are no numbered names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_of_frame_0: Option<u64>,
}

fn is_zero(time: &Timestamp) -> bool {
    *time == Timestamp::ZERO
}

/// The next message of a source.
#[derive(Debug)]
pub enum Next {
    /// A picture.
    Frame(Frame),
    /// Something happened to the source; frames may follow.
    Notice(Notice),
    /// The numbers of pictures that could not be decoded. A notice says why, at once or a little later.
    Lost(Range<u64>),
    /// Nothing for the moment; ask again. Lets the reader look at its commands.
    Idle,
    /// The last frame has been delivered.
    End,
}

/// What happened to a source, in words that tell a person what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What kind of event.
    pub kind: NoticeKind,
    /// One sentence: what happened, and what the program or the person does about it.
    pub text: String,
}

/// Kinds of [`Notice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The device is gone; the program keeps trying.
    Disconnected,
    /// No frame came for too long; the program reopens the device.
    Stalled,
    /// Frames flow again.
    Reconnected,
    /// A picture could not be decoded and counts as lost.
    CorruptFrame,
    /// The source itself has numbers without a picture; they are counted as lost.
    Missing,
    /// The picture's size or rate changed.
    Changed,
    /// The program or its analysis stood still; the frames of that time are lost.
    StoodStill,
    /// Something to know; nothing is lost.
    Info,
}

impl Notice {
    pub(crate) fn new(kind: NoticeKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Says that a file has `count` video tracks, that track `number` is read, and how to choose another.
    pub(crate) fn of_tracks(path: &Path, number: usize, count: usize) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let other = if number == 1 { 2 } else { 1 };
        let text = format!(
            "{name} has {count} video tracks; track {number} is analysed. To choose another, name the \
             source as video:track={other}:FILE."
        );
        Self::new(NoticeKind::Info, text)
    }
}

/// When time zero of a source was, on the clocks of this machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeZero {
    /// When its first frame arrived.
    pub arrived: Instant,
    /// When that frame was captured on the driver's clock, if the driver stamps frames.
    pub captured: Option<Duration>,
}

impl TimeZero {
    /// Time zero of a source of which a frame of this time has just come.
    pub(crate) fn of_frame(time: Timestamp) -> Self {
        let now = Instant::now();
        let since = Duration::from_secs_f64(time.secs().max(0.0));
        Self { arrived: now.checked_sub(since).unwrap_or(now), captured: None }
    }
}

/// Something that delivers frames. It is made and read in one thread.
pub trait Source {
    /// What is known about it. May change after a [`NoticeKind::Changed`].
    fn info(&self) -> &SourceInfo;

    /// The next message. After an error there are no more.
    fn next(&mut self) -> Result<Next, SourceError>;

    /// When its time zero was, if it knows better than whoever reads its frames. `None` before the first
    /// frame.
    fn time_zero(&self) -> Option<TimeZero> {
        None
    }
}

/// Why a source cannot be used. Every text names the thing, and says what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The system refused to open or read it.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system answered.
        error: std::io::Error,
    },
    /// It is there but its content cannot be used.
    #[error("{what}: expected {expected}, found {found}")]
    Unusable {
        /// The file, folder or device.
        what: String,
        /// The expected content.
        expected: String,
        /// The content that was found.
        found: String,
    },
    /// There is no camera, or none that may be opened. `advice` says what the person can do.
    #[error("{what}. {advice}")]
    NoCamera {
        /// What was tried.
        what: String,
        /// What helps.
        advice: String,
    },
    /// A helper program failed or is missing.
    #[error("{what}. {advice}")]
    Helper {
        /// Which program, and how it failed.
        what: String,
        /// What helps.
        advice: String,
    },
}

impl SourceError {
    /// "`what`: expected …, found …".
    pub(crate) fn unusable(
        what: impl fmt::Display,
        expected: &str,
        found: impl Into<String>,
    ) -> Self {
        Self::Unusable {
            what: what.to_string(),
            expected: expected.to_owned(),
            found: found.into(),
        }
    }

    /// Says that a file has no video track `number`, but `count` others.
    pub(crate) fn no_such_track(path: &Path, number: usize, count: usize) -> Self {
        let expected = format!("a video track from 1 to {count}");
        Self::unusable(path.display(), &expected, format!("track {number} asked for"))
    }

    /// The system's answer, with the path that it is about.
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.display().to_string(), error }
    }
}

/// Refuses pictures without pixels and pictures that would fill the memory.
pub(crate) fn check_size(
    what: impl fmt::Display,
    (width, height): (usize, usize),
) -> Result<(), SourceError> {
    if (1..=MAX_SIDE_PX).contains(&width) && (1..=MAX_SIDE_PX).contains(&height) {
        return Ok(());
    }
    let expected = format!("pictures of 1 to {MAX_SIDE_PX} pixels a side");
    Err(SourceError::unusable(what, &expected, format!("{width}×{height}")))
}
