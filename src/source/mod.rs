//! Where frames come from. To add a source: one file, and one line in [`SOURCES`].
//!
//! A source stamps every frame at capture and counts it in `seq`; what happens to it on the way
//! (a cable pulled, a broken picture) it reports between the frames, so that nothing is lost in silence.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::image::{Frame, MAX_SIDE_PX};

pub mod camera;
pub mod colour;
pub mod demo;
pub mod images;
pub mod jpeg;
mod limit;
mod order;
mod pool;
pub mod video;

/// One kind of source.
#[derive(Debug)]
pub struct SourceKind {
    /// The word before the colon in `--source`.
    pub name: &'static str,
    /// What may follow the colon, for the help text.
    pub target_help: &'static str,
    /// One line for menus and help.
    pub about: &'static str,
    /// Whether frames arrive by themselves. A live source that is not read in time loses its oldest
    /// frames; any other waits.
    pub is_live: bool,
    /// Opens it; runs in the capture thread and may take seconds.
    pub open: fn(&SourceSpec) -> Result<Box<dyn Source>, SourceError>,
}

/// Every kind of source, in the order menus show them.
pub static SOURCES: &[SourceKind] = &[camera::KIND, video::KIND, images::KIND, demo::KIND];

/// Which source to open, as the user named it: `camera`, `camera:0`, `camera:HD Webcam`,
/// `video:clip.mp4`, `images:frames/`, `demo`, `demo:7`; a bare path stands for a video or a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// An entry of [`SOURCES`].
    pub kind: &'static str,
    /// What follows the colon; empty when nothing does.
    pub target: String,
    /// Choices that only some kinds use.
    pub options: SourceOptions,
}

/// Choices for a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceOptions {
    /// Frames per second: asked of a camera, told of an image folder. None: the best the source has.
    pub fps: Option<f64>,
    /// Width and height asked of a camera, pixels.
    pub size_px: Option<(usize, usize)>,
    /// Ends an endless source after so many seconds of its own time.
    pub limit_secs: Option<f64>,
    /// Whether a video, image folder or demo plays by the clock, or comes as fast as it is read. The
    /// engine does the waiting; a source never sleeps for it.
    pub paced: bool,
}

impl SourceSpec {
    /// The kind that this names.
    pub fn source_kind(&self) -> &'static SourceKind {
        // `kind` only ever comes out of this list.
        SOURCES.iter().find(|k| k.name == self.kind).unwrap_or(&SOURCES[0])
    }

    /// Whether frames that nobody takes in time are lost: those of a camera are, and those of a demo
    /// person that plays by the clock as a camera would.
    pub fn is_live(&self) -> bool {
        self.source_kind().is_live && (self.kind == camera::KIND.name || self.options.paced)
    }

    /// Opens it.
    pub fn open(&self) -> Result<Box<dyn Source>, SourceError> {
        Ok(self.held((self.source_kind().open)(self)?))
    }

    /// Holds `source` to its order, and ends it when [`SourceOptions::limit_secs`] says so.
    pub(crate) fn held(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        let source = Box::new(order::Ordered::new(source));
        match self.options.limit_secs {
            Some(limit_secs) => Box::new(limit::Limited { inner: source, limit_secs }),
            None => source,
        }
    }

    /// The named file or folder.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(&self.target)
    }
}

/// Any source, held to numbers and times that only grow as [`SourceSpec::open`] holds those it opens.
pub fn in_order(source: Box<dyn Source>) -> Box<dyn Source> {
    Box::new(order::Ordered::new(source))
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.target.is_empty() {
            f.write_str(self.kind)
        } else {
            write!(f, "{}:{}", self.kind, self.target)
        }
    }
}

impl FromStr for SourceSpec {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let named = |word: &str| SOURCES.iter().find(|k| k.name == word);
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let (kind, target) = match named(word) {
            Some(kind) => (kind.name, rest),
            None if text.is_empty() => {
                return Err(SourceError::Unusable {
                    what: "source".into(),
                    expected: "camera, video:FILE, images:DIR, demo, or a path".into(),
                    found: "nothing".into(),
                });
            }
            None if Path::new(text).is_dir() => ("images", text),
            None => ("video", text),
        };
        Ok(Self { kind, target: target.to_owned(), options: SourceOptions::default() })
    }
}

/// What is known of a source once it is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// What to call it: the camera's name, the file's name, "demo person, seed 7".
    pub name: String,
    /// Pixels across and down.
    pub size_px: (usize, usize),
    /// The rate it claims; frames carry their own times all the same.
    pub nominal_fps: Option<f64>,
    /// How many frames there will be, where that is known.
    pub frames: Option<u64>,
    /// Pixel format and other detail, for the status line: "MJPEG 640×480 at 30".
    pub detail: String,
    /// Whether frames are stamped on arrival because the device gives no capture time.
    pub stamped_on_arrival: bool,
}

/// What a source has to say next.
#[derive(Debug)]
pub enum Next {
    /// A picture.
    Frame(Frame),
    /// Something happened to the source; frames may follow.
    Notice(Notice),
    /// Nothing for the moment; ask again. Lets the reader look at its commands.
    Idle,
    /// The last frame has been delivered.
    End,
}

/// What happened to a source, in words a person can act on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What kind of thing.
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
    /// A picture could not be decoded and was counted as lost.
    CorruptFrame,
    /// The picture's size or rate changed.
    Changed,
    /// Worth knowing, nothing lost.
    Info,
}

/// Something that delivers frames. Made and read in one thread.
pub trait Source {
    /// What is known of it; may change after a [`NoticeKind::Changed`].
    fn info(&self) -> &SourceInfo;

    /// The next thing it has to say. Errors are final.
    fn next(&mut self) -> Result<Next, SourceError>;
}

/// Why a source cannot be used. Every message names the thing, what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file system said no.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: String,
        /// Its answer.
        error: std::io::Error,
    },
    /// It is there but cannot be read as what it should be.
    #[error("{what}: expected {expected}, found {found}")]
    Unusable {
        /// The file, folder or device.
        what: String,
        /// What would have done.
        expected: String,
        /// What is there.
        found: String,
    },
    /// No camera, or none that may be opened. `advice` says what the person can do.
    #[error("{what}. {advice}")]
    NoCamera {
        /// What was tried.
        what: String,
        /// What helps.
        advice: String,
    },
    /// A helper program failed or is not there.
    #[error("{what}. {advice}")]
    Helper {
        /// Which, and how.
        what: String,
        /// What helps.
        advice: String,
    },
}

impl SourceError {
    /// "`what`: expected …, found …".
    fn unusable(what: impl fmt::Display, expected: &str, found: impl Into<String>) -> Self {
        Self::Unusable {
            what: what.to_string(),
            expected: expected.to_owned(),
            found: found.into(),
        }
    }

    /// The file system's answer, with the path that it is about.
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.display().to_string(), error }
    }
}

/// Says no to pictures with no pixels and to those that would take gigabytes.
fn check_size(what: impl fmt::Display, (width, height): (usize, usize)) -> Result<(), SourceError> {
    if (1..=MAX_SIDE_PX).contains(&width) && (1..=MAX_SIDE_PX).contains(&height) {
        return Ok(());
    }
    let expected = format!("pictures of 1 to {MAX_SIDE_PX} pixels a side");
    Err(SourceError::unusable(what, &expected, format!("{width}×{height}")))
}

impl Notice {
    fn new(kind: NoticeKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_reads_back_from_what_it_prints() {
        for text in ["camera", "camera:0", "camera:HD Webcam: C920", "demo:7", "video:a b.mp4"] {
            let spec: SourceSpec = text.parse().expect(text);
            assert_eq!(spec.to_string(), text);
        }
    }

    #[test]
    fn a_bare_path_is_a_video_and_a_bare_folder_is_images() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let spec: SourceSpec = dir.path().to_string_lossy().parse().expect("a folder");
        assert_eq!(spec.kind, "images");
        assert_eq!("x/clip.mp4".parse::<SourceSpec>().expect("a path").kind, "video");
    }

    #[test]
    fn an_empty_spec_says_what_would_do() {
        let error = "".parse::<SourceSpec>().expect_err("nothing names no source");
        assert!(error.to_string().contains("expected camera"));
    }

    #[test]
    fn no_two_sources_share_a_name() {
        let mut names: Vec<_> = SOURCES.iter().map(|k| k.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SOURCES.len());
    }
}
