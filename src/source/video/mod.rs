//! Video files, with the times that the file gives its frames.
//!
//! The first bytes of a file tell its kind, not its name. MP4 with H.264, AVI with Motion-JPEG and the films
//! of stored sessions are read here; every other kind goes through an installed ffmpeg.

use crate::media::container::Opened;
use crate::media::mkv::source as film;
use crate::media::{avi, mp4};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{SourceKind, SourceSpec};
use crate::media::mkv::is_film;
use crate::media::pictures::Pictures;
use crate::media::stream::{Notice, NoticeKind, Source, SourceError};
use ffmpeg::Wish;

#[cfg(test)]
mod as_shown;
mod ffmpeg;
#[cfg(test)]
mod tests;

/// Endings of the videos that are found in folders, in lower case. A file that the user names is read with
/// any ending.
pub const ENDINGS: [&str; 25] = [
    "mp4", "m4v", "mov", "qt", "avi", "divx", "mkv", "webm", "wmv", "asf", "mpg", "mpeg", "m2v",
    "vob", "mts", "m2ts", "m2t", "3gp", "3g2", "flv", "f4v", "ogv", "mxf", "dv", "tod",
];

/// Endings of sound and still pictures that have a container of videos.
const NOT_VIDEO: [&str; 12] =
    ["m4a", "m4b", "m4r", "aac", "mka", "ogg", "oga", "opus", "wma", "heic", "heif", "avif"];

/// For a file without a video's ending: the kind of video that its first bytes tell, such as "an MPEG
/// stream". `None` if they tell of no video.
pub fn looks_like(path: &Path) -> Option<&'static str> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.is_some_and(|ending| NOT_VIDEO.contains(&ending.as_str())) {
        return None;
    }
    match Container::of(&first_bytes(path).ok()?) {
        Container::Mp4 => Some("an MP4 file"),
        Container::Avi => Some("an AVI file"),
        Container::Text | Container::Other(OF_ANY_KIND) => None,
        Container::Other(what) => Some(what),
    }
}

/// Text for a file of an unknown kind.
const OF_ANY_KIND: &str = "of a kind that is not read here";

/// True if the name of a file says that it is a video.
pub fn has_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The registry entry.
pub const KIND: SourceKind = SourceKind {
    name: "video",
    target_help: "FILE",
    about: "a video file: MP4 (H.264), AVI (Motion-JPEG), a session's film, anything else through ffmpeg",
    is_live: false,
    open,
};

/// Text for a file in which the clock may jump.
const MPEG_STREAM: &str = "an MPEG stream";

/// Opens a video for reading in any order. Pictures, numbers and times are those of reading it from front to
/// back. `track` counts video tracks from 1; `None` means the first.
pub fn pictures(path: &Path, track: Option<usize>) -> Result<Box<dyn Pictures>, SourceError> {
    let head = first_bytes(path)?;
    let opened = match Container::of(&head) {
        Container::Mp4 => mp4::pictures(path, track)?,
        Container::Avi => avi::pictures(path, track)?,
        Container::Other(_) if is_film(path) => Opened::Ready(film::pictures(path)?),
        Container::Other(what) => Opened::Foreign(what.into()),
        Container::Text => return Err(no_video(path, "text")),
    };
    match opened {
        Opened::Ready(pictures) => Ok(pictures),
        Opened::Foreign(what) => ffmpeg::pictures(Wish { path, what: &what, track }),
    }
}

fn no_video(path: &Path, found: &str) -> SourceError {
    SourceError::unusable(path.display(), "a video file", found)
}

fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    let (path, track) = (spec.path(), spec.options.track);
    let head = first_bytes(&path)?;
    let container = Container::of(&head);
    let opened = match container {
        Container::Mp4 => mp4::open(&path, track)?,
        Container::Avi => avi::open(&path, track)?,
        Container::Other(_) if is_film(&path) => Opened::Ready(film::open(&path)?),
        Container::Other(what) => Opened::Foreign(what.into()),
        Container::Text => return Err(no_video(&path, "text")),
    };
    let what = match opened {
        Opened::Ready(source) => return Ok(source),
        Opened::Foreign(what) => what,
    };
    let mut remarks = Vec::new();
    if matches!(container, Container::Mp4 | Container::Avi) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = format!("{name} is {what}, so it is read through ffmpeg.");
        remarks.push(Notice::new(NoticeKind::Info, text));
    }
    ffmpeg::open(Wish { path: &path, what: &what, track }, remarks)
}

/// The kind of file that its first bytes tell.
#[derive(Debug, PartialEq, Eq)]
enum Container {
    Mp4,
    Avi,
    Text,
    /// The text follows "NAME is …".
    Other(&'static str),
}

impl Container {
    fn of(head: &[u8]) -> Self {
        let at = |offset: usize, magic: &[u8]| {
            head.get(offset..).is_some_and(|rest| rest.starts_with(magic))
        };
        let boxes: [&[u8]; 7] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"];
        if boxes.iter().any(|name| at(4, name)) {
            Self::Mp4
        } else if at(0, b"RIFF") && at(8, b"AVI ") {
            Self::Avi
        } else if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) {
            Self::Other("a Matroska or WebM file")
        } else if at(0, b"OggS") {
            Self::Other("an Ogg file")
        } else if at(0, b"FLV") {
            Self::Other("a Flash video")
        } else if at(0, &[0x30, 0x26, 0xB2, 0x75]) {
            Self::Other("a Windows Media file")
        } else if at(0, &[0, 0, 1, 0xBA]) || (at(0, b"G") && at(188, b"G")) {
            Self::Other(MPEG_STREAM)
        } else if is_text(head) {
            Self::Text
        } else {
            Self::Other(OF_ANY_KIND)
        }
    }
}

/// True if all of `head` is text. A letter may be cut off at its end.
fn is_text(head: &[u8]) -> bool {
    let letters = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    letters.chars().all(|c| !c.is_control() || c.is_whitespace())
}

/// As many bytes of the file as are needed to tell its kind.
fn first_bytes(path: &Path) -> Result<Vec<u8>, SourceError> {
    const ENOUGH: u64 = 512;
    if path.is_dir() {
        return Err(no_video(path, "a folder"));
    }
    // Opening a pipe would wait for its other end.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(no_video(path, "a pipe or device"));
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(ENOUGH).read_to_end(&mut head))
        .map_err(|error| SourceError::io(path, error))?;
    if head.is_empty() {
        return Err(no_video(path, "an empty file"));
    }
    Ok(head)
}
