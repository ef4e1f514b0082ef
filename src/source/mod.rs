//! Where frames come from. To add a source: one file, and one line in [`SOURCES`].
//!
//! A source stamps every frame at capture and numbers it in `seq`. What happens on the way (an unplugged
//! cable, a broken picture) it reports between the frames, so that no loss is silent.

use crate::media::pictures::Pictures;
use crate::media::stream::{Source, SourceError};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub mod camera;
pub mod demo;
pub mod images;
mod limit;
mod order;
mod retime;
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
    /// True if frames arrive by themselves. A live source that is not read in time loses its oldest frames;
    /// any other source waits.
    pub is_live: bool,
    /// Opens it. Runs in the capture thread and may take seconds.
    pub open: fn(&SourceSpec) -> Result<Box<dyn Source>, SourceError>,
}

/// Every kind of source, in the order of menus.
pub static SOURCES: &[SourceKind] = &[camera::KIND, video::KIND, images::KIND, demo::KIND];

/// A source, as the user named it: `camera`, `camera:0`, `camera:HD Webcam`, `video:clip.mp4`,
/// `video:track=2:clip.mp4`, `images:frames/`, `demo`, `demo:7`. A bare path means a video or a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// The name of an entry of [`SOURCES`].
    pub kind: &'static str,
    /// The text after the colon; empty without one. The name of a file may hold any bytes.
    pub target: OsString,
    /// Options that only some kinds use.
    pub options: SourceOptions,
}

/// Options of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceOptions {
    /// Frames per second: asked of a camera, or stated for an image folder. `None` means the source's best
    /// rate.
    pub fps: Option<f64>,
    /// Frames per second stated for a video whose own times are wrong: each frame gets the time of its number
    /// at this rate. `None` means the times in the file.
    pub told_fps: Option<f64>,
    /// Width and height asked of a camera or of the demo person, pixels.
    pub size_px: Option<(usize, usize)>,
    /// Ends a source after this many seconds of its own time.
    pub limit_secs: Option<f64>,
    /// The video track of a file, counted from 1. `None` means the first.
    pub track: Option<usize>,
    /// True if a video, image folder or demo plays in real time; false if it comes as fast as it is read. The
    /// engine does the waiting; a source never sleeps for it.
    pub paced: bool,
}

impl SourceSpec {
    /// The kind that this names.
    pub fn source_kind(&self) -> &'static SourceKind {
        // `kind` is always the name of an entry of this list.
        SOURCES.iter().find(|k| k.name == self.kind).unwrap_or(&SOURCES[0])
    }

    /// True if frames are lost when they are not read in time: those of a camera, and those of a demo person
    /// that plays in real time.
    pub fn is_live(&self) -> bool {
        self.source_kind().is_live && (self.kind == camera::KIND.name || self.options.paced)
    }

    /// Opens it.
    pub fn open(&self) -> Result<Box<dyn Source>, SourceError> {
        Ok(self.held((self.source_kind().open)(self)?))
    }

    /// Makes `source` keep its frames in order, and ends it after [`SourceOptions::limit_secs`].
    pub(crate) fn held(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        let mut source: Box<dyn Source> = Box::new(order::Ordered::new(source));
        if let Some(fps) = self.options.told_fps {
            source = Box::new(retime::Retimed::new(source, fps));
        }
        match self.options.limit_secs {
            Some(limit_secs) => Box::new(limit::Limited { inner: source, limit_secs }),
            None => source,
        }
    }

    /// Opens a recording for reading in any order, with the numbers and times that [`Self::open`] gives.
    pub(crate) fn pictures(&self) -> Option<Result<Box<dyn Pictures>, SourceError>> {
        let opened = match self.kind {
            kind if kind == video::KIND.name => video::pictures(&self.path(), self.options.track),
            kind if kind == images::KIND.name => images::pictures(self),
            _ => return None,
        };
        Some(opened.map(|pictures| match self.options.told_fps {
            Some(fps) => Box::new(retime::RetimedPictures::new(pictures, fps)) as Box<dyn Pictures>,
            None => pictures,
        }))
    }

    /// The source that `text` names, which may be a path that is not UTF-8.
    pub fn named(text: &OsStr) -> Result<Self, SourceError> {
        if let Some(text) = text.to_str() {
            return text.parse();
        }
        let bytes = text.as_encoded_bytes();
        let prefixed = SOURCES.iter().find_map(|kind| {
            let rest = bytes.strip_prefix(kind.name.as_bytes())?.strip_prefix(b":")?;
            Some((kind.name, rest.len()))
        });
        let (kind, target) = match prefixed {
            Some((kind, length)) => (kind, tail(text, length)?),
            None if Path::new(text).is_dir() => (images::KIND.name, text.to_owned()),
            None => (video::KIND.name, text.to_owned()),
        };
        Ok(Self { kind, target, options: SourceOptions::default() })
    }

    /// The named file or folder.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(&self.target)
    }
}

/// The last `length` bytes of a name, after a colon.
#[cfg(unix)]
fn tail(text: &OsStr, length: usize) -> Result<OsString, SourceError> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = text.as_bytes();
    Ok(OsStr::from_bytes(&bytes[bytes.len() - length..]).to_owned())
}

/// On other systems, such a name must be given without a kind before it.
#[cfg(not(unix))]
fn tail(text: &OsStr, _length: usize) -> Result<OsString, SourceError> {
    let expected = "a name in Unicode behind the colon, or a path alone";
    Err(SourceError::unusable(text.display(), expected, "other characters"))
}

/// Any source, made to keep its numbers and times in order, as [`SourceSpec::open`] does.
pub fn in_order(source: Box<dyn Source>) -> Box<dyn Source> {
    Box::new(order::Ordered::new(source))
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.target.is_empty() {
            f.write_str(self.kind)
        } else if let Some(track) = self.options.track {
            write!(f, "{}:{TRACK}{track}:{}", self.kind, self.target.display())
        } else {
            write!(f, "{}:{}", self.kind, self.target.display())
        }
    }
}

/// The text before the number of a track.
const TRACK: &str = "track=";

/// The track and the file of a video's target; `None` if no track is named.
fn track_of(target: &str) -> (Option<usize>, &str) {
    let named = target.strip_prefix(TRACK).and_then(|rest| rest.split_once(':'));
    let named = named.and_then(|(number, file)| Some((number.parse().ok()?, file)));
    named.map_or((None, target), |(number, file)| (Some(number), file))
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
        let (track, target) =
            if kind == video::KIND.name { track_of(target) } else { (None, target) };
        let options = SourceOptions { track, ..SourceOptions::default() };
        Ok(Self { kind, target: target.into(), options })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_reads_back_from_what_it_prints() {
        for text in [
            "camera",
            "camera:0",
            "camera:HD Webcam: C920",
            "demo:7",
            "video:a b.mp4",
            "video:track=2:a: b.mp4",
        ] {
            let spec: SourceSpec = text.parse().expect(text);
            assert_eq!(spec.to_string(), text);
        }
    }

    #[test]
    fn a_track_is_named_before_its_file() {
        let spec: SourceSpec = "video:track=2:a b.mp4".parse().expect("a video");
        assert_eq!((spec.options.track, spec.path()), (Some(2), PathBuf::from("a b.mp4")));
        let file: SourceSpec = "video:track=two:a.mp4".parse().expect("a video");
        assert_eq!((file.options.track, file.target.to_str()), (None, Some("track=two:a.mp4")));
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
