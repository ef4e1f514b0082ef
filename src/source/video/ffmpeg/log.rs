//! What ffmpeg writes while it works: the times of frames, the content of the file, and errors.
//!
//! It writes into a file and not into a second pipe, which would fill up and block while the pictures are
//! read. The file loses its name as soon as both ends are open, so that nothing of it is left whatever
//! happens.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::measure::time::Timestamp;
use crate::media::display::PixelAspect;

/// What ffmpeg has written so far.
pub(super) struct Log {
    reader: BufReader<File>,
    /// Path of the file, if it still has a name; Windows may require one.
    path: Option<PathBuf>,
    /// Seconds per tick, as a fraction.
    time_base: Option<(i128, i128)>,
    pub(super) nominal_fps: Option<f64>,
    /// The shape of a pixel in the first frame.
    pub(super) aspect: Option<PixelAspect>,
    /// Number of video streams of the file that is read.
    pub(super) videos: usize,
    pub(super) sounds: usize,
    /// True while the lines are about the file that is read, not about the output.
    is_of_input: bool,
    /// The last line that ffmpeg marks as an error.
    pub(super) complaint: Option<String>,
}

impl Log {
    /// Makes the file. The second value is ffmpeg's end of it.
    pub(super) fn create() -> io::Result<(Self, File)> {
        let folder = std::env::temp_dir();
        let (path, writer) = create_in(&folder)?;
        let reader = BufReader::new(File::open(&path)?);
        let path = std::fs::remove_file(&path).err().map(|_| path);
        let log = Self {
            reader,
            path,
            time_base: None,
            nominal_fps: None,
            aspect: None,
            videos: 0,
            sounds: 0,
            is_of_input: true,
            complaint: None,
        };
        Ok((log, writer))
    }

    /// The time of the next frame, on the media's clock.
    pub(super) fn next_time(&mut self) -> Option<Timestamp> {
        while let Some(line) = self.line() {
            if let Some(time) = self.take(&line) {
                return Some(time);
            }
        }
        None
    }

    /// Reads the rest for errors.
    pub(super) fn read_to_end(&mut self) {
        while let Some(line) = self.line() {
            self.take(&line);
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let got = self.reader.read_until(b'\n', &mut bytes).unwrap_or(0);
        (got > 0).then(|| String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    fn take(&mut self, line: &str) -> Option<Timestamp> {
        let Line { writer, level, text } = Line::of(line)?;
        if writer.is_some_and(|writer| writer.starts_with("Parsed_showinfo")) {
            return self.take_frame(text);
        }
        match level {
            "error" | "fatal" | "panic" => self.complaint = Some(text.to_owned()),
            _ => self.take_stream(text.trim_start()),
        }
        None
    }

    fn take_stream(&mut self, text: &str) {
        if text.starts_with("Output #") || text.starts_with("Stream mapping:") {
            self.is_of_input = false;
        }
        if self.is_of_input && text.starts_with("Stream #0:") {
            self.videos +=
                usize::from(text.contains(": Video: ") && !text.contains("(attached pic)"));
            self.sounds += usize::from(text.contains(": Audio: "));
        }
    }

    fn take_frame(&mut self, text: &str) -> Option<Timestamp> {
        if let Some(config) = text.split_once("config in ").map(|(_, rest)| rest) {
            self.time_base = value(config, "time_base:").and_then(fraction);
            self.nominal_fps = value(config, "frame_rate:")
                .and_then(fraction)
                .map(|(num, den)| num as f64 / den as f64)
                .filter(|fps| *fps > 0.0);
            return None;
        }
        let ticks: i128 = value(text, " pts:")?.parse().ok()?;
        if self.aspect.is_none() {
            let stated = value(text, " sar:").and_then(|sar| sar.split_once('/'));
            let stated =
                stated.and_then(|(w, h)| PixelAspect::new(w.parse().ok()?, h.parse().ok()?));
            self.aspect = Some(stated.unwrap_or_default());
        }
        let (num, den) = self.time_base?;
        let nanos = ticks * num * 1_000_000_000 / den;
        Some(Timestamp::from_nanos(nanos.try_into().ok()?))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // It lies in the folder for temporary files, which the system empties.
            std::fs::remove_file(path).unwrap_or(());
        }
    }
}

/// Makes a new file that no one else may read.
fn create_in(folder: &Path) -> io::Result<(PathBuf, File)> {
    const TRIES: usize = 16;
    let mut options = crate::files::options();
    options.write(true).create_new(true);
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let random = RandomState::new().build_hasher().finish();
        let path = folder.join(format!("fleeting-{random:016x}.log"));
        match options.open(&path) {
            Ok(writer) => return Ok((path, writer)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => {
                let text = format!(
                    "no file can be made in the folder for temporary files, {}: {error}",
                    folder.display()
                );
                return Err(io::Error::new(error.kind(), text));
            }
        }
    }
    Err(last)
}

/// A line of the log: `[WRITER @ ADDRESS] [LEVEL] TEXT`. The writer may be missing.
struct Line<'a> {
    writer: Option<&'a str>,
    level: &'a str,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for a line without a level: the rest of a text with a line break in it.
    fn of(line: &'a str) -> Option<Self> {
        let tag = |line: &'a str| line.strip_prefix('[')?.split_once("] ");
        let (first, rest) = tag(line.trim_start())?;
        let Some((writer, _)) = first.split_once(" @ ") else {
            return Some(Self { writer: None, level: first, text: rest });
        };
        // A decoder writes its own name and that of its stream.
        let (mut level, mut text) = tag(rest)?;
        while level.contains(" @ ") {
            (level, text) = tag(text)?;
        }
        Some(Self { writer: Some(writer), level, text })
    }
}

/// The word after `key`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(key)?;
    rest.split_whitespace().next().map(|word| word.trim_end_matches(','))
}

fn fraction(text: &str) -> Option<(i128, i128)> {
    let (num, den) = text.split_once('/')?;
    let den: i128 = den.parse().ok()?;
    Some((num.parse().ok()?, den)).filter(|(_, den)| *den > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(lines: &[&str]) -> Log {
        let (mut log, _) = Log::create().expect("a log");
        assert!(lines.iter().all(|line| log.take(line).is_none()));
        log
    }

    #[test]
    fn the_word_error_in_a_name_is_no_error() {
        let log = log_of(&[
            "[info] Input #0, matroska,webm, from '/tmp/Error monitoring/Invalid.mkv':",
            "[info]     title           : [error] corrupt",
            "[matroska,webm @ 0x55] [warning] Error monitoring/P01.mkv: an invalid title",
        ]);
        assert_eq!(log.complaint, None);
        let log = log_of(&["[matroska,webm @ 0x55] [error] File ended prematurely"]);
        assert_eq!(log.complaint.as_deref(), Some("File ended prematurely"));
        let log = log_of(&["[error] P01.mkv: Invalid data found when processing input"]);
        assert!(log.complaint.is_some());
    }

    #[test]
    fn streams_of_what_is_read_are_counted_and_no_others() {
        let log = log_of(&[
            "[info] Input #0, mov,mp4, from 'x.mp4':",
            "[info]   Stream #0:0[0x1](und): Video: hevc (Main), 640x480",
            "[info]   Stream #0:1[0x2](und): Audio: aac (LC), 48000 Hz",
            "[info]   Stream #0:2[0x0]: Video: png, rgb24, 300x300 (attached pic)",
            "[info] Stream mapping:",
            "[info]   Stream #0:0 -> #0:0 (hevc (native) -> ppm (native))",
            "[info] Output #0, image2pipe, to 'pipe:1':",
            "[info]   Stream #0:0(und): Video: ppm, rgb24, 640x480",
        ]);
        assert_eq!((log.videos, log.sounds), (1, 1));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_left_of_a_log_while_it_is_written() {
        use std::os::unix::fs::MetadataExt;
        let (_log, writer) = Log::create().expect("a log");
        let found = writer.metadata().expect("a file");
        assert_eq!((found.nlink(), found.mode() & 0o777), (0, 0o600));
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let gone = dir.path().join("gone");
        let text = create_in(&gone).expect_err("no folder").to_string();
        assert!(text.contains("temporary files") && text.contains("gone"), "{text}");
    }
}
