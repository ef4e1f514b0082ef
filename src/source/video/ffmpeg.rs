//! Every other kind of video, through an installed ffmpeg.
//!
//! Pictures come through a pipe as PPM, each with its own size. Their timestamps come from the
//! `showinfo` filter, in whole ticks of the stream's own time base, in a file rather than a second
//! pipe, which would fill up and block while the first is being read. A frame's line is written
//! before the frame.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::Pictures;
use crate::media::pool::Pool;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};

/// Tells the times, then converts colour with exact rounding, as the readers here do.
const FILTERS: &str =
    "showinfo=checksum=0,scale=flags=accurate_rnd+full_chroma_int+neighbor,format=rgb24";

mod seek;

/// Opens `path` for looking at in any order.
pub(super) fn pictures(path: &Path, what: &str) -> Result<Box<dyn Pictures>, SourceError> {
    Ok(Box::new(seek::FfmpegPictures::open(path, Program::needed(path, what)?)?))
}

/// Opens `path`, of which `what` is known: "a Matroska or WebM file".
pub(super) fn open(path: &Path, what: &str) -> Result<Box<dyn Source>, SourceError> {
    let mut video = FfmpegVideo::start(path, &Program::needed(path, what)?, None)?;
    // The size is known with the first picture, and so is whether there is one at all.
    match video.read_frame()? {
        Some(frame) => {
            let (width, height) = (frame.image.width, frame.image.height);
            video.info.size_px = (width, height);
            video.info.nominal_fps = video.log.nominal_fps;
            let fps = video.log.nominal_fps.unwrap_or_default();
            video.info.detail = format!("through ffmpeg, {width}×{height} at {fps:.4}");
            video.first = Some(frame);
            Ok(Box::new(video))
        }
        None => {
            let found = video.log.complaint.take().unwrap_or_else(|| what.to_owned());
            Err(SourceError::unusable(path.display(), "a video that ffmpeg can read", found))
        }
    }
}

/// The installed ffmpeg.
struct Program {
    /// How this version spells "as many frames out as in".
    passthrough: [&'static str; 2],
}

impl Program {
    fn needed(path: &Path, what: &str) -> Result<Self, SourceError> {
        Self::find().ok_or_else(|| SourceError::Helper {
            what: format!(
                "{} is {what}, which needs the program ffmpeg, and it is not installed",
                path.display()
            ),
            advice: "Install ffmpeg (Debian, Ubuntu: `sudo apt install ffmpeg`; elsewhere: \
                     ffmpeg.org), or convert the video to MP4 with H.264"
                .into(),
        })
    }

    fn find() -> Option<Self> {
        let output = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.strip_prefix("ffmpeg version ")?.split(' ').next()?;
        let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        let is_before_5_1 =
            numbers.next().is_some_and(|major| (major, numbers.next().unwrap_or(0)) < (5, 1));
        let option = if is_before_5_1 { "-vsync" } else { "-fps_mode" };
        Some(Self { passthrough: [option, "passthrough"] })
    }
}

struct FfmpegVideo {
    info: SourceInfo,
    child: Child,
    pictures: BufReader<ChildStdout>,
    pool: Pool,
    log: Log,
    first: Option<Frame>,
    first_time: Option<Timestamp>,
    next_seq: u64,
    is_done: bool,
}

impl FfmpegVideo {
    /// Begins to read at the file's first frame, or at or before `from` on the stream's own clock.
    fn start(path: &Path, program: &Program, from: Option<Timestamp>) -> Result<Self, SourceError> {
        let helper = |error: io::Error| SourceError::Helper {
            what: format!("ffmpeg could not be started for {}: {error}", path.display()),
            advice: "Check that `ffmpeg -version` works in a terminal".into(),
        };
        let (log, stderr) = Log::create().map_err(helper)?;
        // A name such as "-x.mkv" or "http:…" must stay a file's name.
        let file = std::path::absolute(path).map_err(|error| SourceError::io(path, error))?;
        let mut child = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"])
            // The stream's own clock, wherever reading begins.
            .args(["-copyts"])
            .args(from.into_iter().flat_map(|from| {
                ["-noaccurate_seek", "-seek_timestamp", "1", "-ss"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain([format!("{}us", from.nanos() / 1000)])
            }))
            .arg("-i")
            .arg(file)
            .args(["-map", "0:v:0", "-an", "-sn", "-dn"])
            .args(["-vf", FILTERS])
            .args(program.passthrough)
            .args(["-f", "image2pipe", "-c:v", "ppm", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(helper)?;
        let stdout = child.stdout.take().ok_or_else(|| helper(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self {
            info: SourceInfo {
                name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                ..SourceInfo::default()
            },
            child,
            pictures: BufReader::with_capacity(1 << 20, stdout),
            pool: Pool::default(),
            log,
            first: None,
            first_time: None,
            next_seq: 0,
            is_done: false,
        })
    }

    /// The next picture; none when ffmpeg has closed the pipe.
    fn read_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let image = match self.pool.draw(|image| read_ppm(&mut self.pictures, image)) {
            Ok(image) => image,
            Err(NoPicture::Size(size_px)) => {
                check_size(&self.info.name, size_px)?;
                return Ok(None);
            }
            Err(NoPicture::End) => {
                self.log.read_to_end();
                return Ok(None);
            }
        };
        let Some(time) = self.log.next_time() else {
            let found = "a frame without a timestamp";
            return Err(SourceError::unusable(
                &self.info.name,
                "a timestamp for every frame",
                found,
            ));
        };
        let first = *self.first_time.get_or_insert(time);
        let time = Timestamp::from_nanos(time.nanos().saturating_sub(first.nanos()));
        let seq = self.next_seq;
        self.next_seq += 1;
        Ok(Some(Frame::new(seq, time, image)))
    }
}

impl Source for FfmpegVideo {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(frame) = self.first.take() {
            return Ok(Next::Frame(frame));
        }
        if self.is_done {
            return Ok(Next::End);
        }
        if let Some(frame) = self.read_frame()? {
            return Ok(Next::Frame(frame));
        }
        self.is_done = true;
        Ok(match self.log.complaint.take() {
            Some(complaint) => Next::Notice(Notice::new(
                NoticeKind::CorruptFrame,
                format!("{}: ffmpeg met an error: {complaint}", self.info.name),
            )),
            None => Next::End,
        })
    }
}

impl Drop for FfmpegVideo {
    fn drop(&mut self) {
        // Either may fail because it has ended by itself, which is what they are for.
        self.child.kill().unwrap_or(());
        self.child.wait().map_or_else(drop, drop);
    }
}

/// Reads one binary PPM picture.
fn read_ppm(reader: &mut impl BufRead, image: &mut RgbImage) -> Result<(), NoPicture> {
    let mut words = Vec::new();
    while words.len() < 4 {
        let mut line = String::new();
        if reader.take(64).read_line(&mut line)? == 0 {
            return Err(NoPicture::End);
        }
        words.extend(line.split_whitespace().map(str::to_owned));
    }
    let number = |i: usize| words[i].parse::<usize>().map_err(|_| NoPicture::End);
    let size_px = (number(1)?, number(2)?);
    if words[0] != "P6" || words[3] != "255" {
        return Err(NoPicture::End);
    }
    if check_size("", size_px).is_err() {
        return Err(NoPicture::Size(size_px));
    }
    image.resize(size_px.0, size_px.1);
    Ok(reader.read_exact(&mut image.data)?)
}

/// Why no further picture comes.
enum NoPicture {
    /// ffmpeg has closed the pipe, or died.
    End,
    /// One of a size that is not accepted.
    Size((usize, usize)),
}

impl From<io::Error> for NoPicture {
    fn from(_: io::Error) -> Self {
        Self::End
    }
}

/// What ffmpeg writes while it works.
struct Log {
    reader: BufReader<File>,
    path: PathBuf,
    /// Seconds per tick, as a fraction.
    time_base: Option<(i128, i128)>,
    nominal_fps: Option<f64>,
    /// The last line that told of an error.
    complaint: Option<String>,
}

impl Log {
    /// Makes the file; the second is ffmpeg's end of it.
    fn create() -> io::Result<(Self, File)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fleeting-{}-{count}.log", std::process::id());
        let path = std::env::temp_dir().join(name);
        let writer = File::options().write(true).create_new(true).open(&path)?;
        let reader = BufReader::new(File::open(&path)?);
        let log = Self { reader, path, time_base: None, nominal_fps: None, complaint: None };
        Ok((log, writer))
    }

    /// The time of the next frame, on the stream's own clock.
    fn next_time(&mut self) -> Option<Timestamp> {
        while let Some(line) = self.line() {
            if let Some(time) = self.take(&line) {
                return Some(time);
            }
        }
        None
    }

    /// Looks through the rest for what went wrong.
    fn read_to_end(&mut self) {
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
        let Some(text) = line.strip_prefix("[Parsed_showinfo") else {
            let is_error =
                ["Error", "Invalid", "error", "corrupt", "does not contain", "matches no streams"]
                    .iter()
                    .any(|word| line.contains(word));
            if is_error {
                self.complaint = Some(line.rsplit("] ").next().unwrap_or(line).to_owned());
            }
            return None;
        };
        if let Some(config) = text.split_once("config in ").map(|(_, rest)| rest) {
            self.time_base = value(config, "time_base:").and_then(fraction);
            self.nominal_fps = value(config, "frame_rate:")
                .and_then(fraction)
                .map(|(num, den)| num as f64 / den as f64)
                .filter(|fps| *fps > 0.0);
            return None;
        }
        let ticks: i128 = value(text, " pts:")?.parse().ok()?;
        let (num, den) = self.time_base?;
        let nanos = ticks * num * 1_000_000_000 / den;
        Some(Timestamp::from_nanos(nanos.try_into().ok()?))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // It lies in the folder for temporary files; whoever empties that does the rest.
        std::fs::remove_file(&self.path).unwrap_or(());
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
