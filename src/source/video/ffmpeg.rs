//! Every other kind of video, through an installed ffmpeg.
//!
//! Pictures come through a pipe as PPM, turned and mirrored as the file says, all with the size of the first
//! one. Their times come from the filter `showinfo`, in whole ticks of the stream's own time base, counted
//! from the start of the first stream. ffmpeg writes the line about a frame before the frame itself.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::measure::time::Timestamp;
use crate::media::display::{Display, Orientation};
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::Pictures;
use crate::media::pool::Pool;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};

/// Writes out the times, then converts colour with exact rounding, as the readers here do.
const FILTERS: &str =
    "showinfo=checksum=0,scale=flags=accurate_rnd+full_chroma_int+neighbor,format=rgb24";

mod log;
mod seek;

use log::Log;

/// What to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) path: &'a Path,
    /// What is known about the file: "a Matroska or WebM file".
    pub(super) what: &'a str,
    /// The video track, counted from 1; `None` means the first.
    pub(super) track: Option<usize>,
}

/// Opens a file for reading in any order.
pub(super) fn pictures(wish: Wish<'_>) -> Result<Box<dyn Pictures>, SourceError> {
    Ok(Box::new(seek::FfmpegPictures::open(wish, Program::needed(wish.path, wish.what)?)?))
}

/// Opens a file for reading from front to back, beginning with `remarks`.
pub(super) fn open(wish: Wish<'_>, remarks: Vec<Notice>) -> Result<Box<dyn Source>, SourceError> {
    let Wish { path, what, track } = wish;
    let mut video = FfmpegVideo::start(wish, &Program::needed(path, what)?, Begin::Front)?;
    // The first picture tells the size, and if there are pictures at all.
    let Some(frame) = video.read_frame()? else {
        let found = video.failure().unwrap_or_else(|| what.to_owned());
        let (videos, number) = (video.log.videos, track.unwrap_or(1));
        if videos > 0 && !(1..=videos).contains(&number) {
            return Err(SourceError::no_such_track(path, number, videos));
        }
        return Err(SourceError::unusable(path.display(), "a video that ffmpeg can read", found));
    };
    let (width, height) = (frame.image.width, frame.image.height);
    video.info.size_px = (width, height);
    video.info.nominal_fps = video.log.nominal_fps;
    video.info.media_start = video.first_time.unwrap_or_default().max(Timestamp::ZERO);
    video.info.has_sound = Some(video.log.sounds > 0);
    let fps = video.log.nominal_fps.unwrap_or_default();
    video.info.detail = format!("through ffmpeg, {width}×{height} at {fps:.4}");
    video.first = Some(frame);
    video.remarks = remarks;
    if video.log.videos > 1 {
        video.remarks.push(Notice::of_tracks(path, track.unwrap_or(1), video.log.videos));
    }
    video.remarks.reverse();
    Ok(Box::new(video))
}

/// Where reading begins.
#[derive(Clone, Copy, Debug)]
enum Begin {
    /// At the first frame. If the clock jumps, as where two recordings were joined, times go on from before
    /// the jump.
    Front,
    /// At the first frame, with the file's clock unchanged.
    FrontByOwnClock,
    /// At this time on the media's clock or before it.
    At(Timestamp),
}

/// The installed ffmpeg.
struct Program {
    /// The option for "as many frames out as in" in this version.
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
    /// `None` before the first picture.
    display: Option<Display>,
    /// Notices to give first, in reverse order.
    remarks: Vec<Notice>,
    first: Option<Frame>,
    first_time: Option<Timestamp>,
    next_seq: u64,
    is_done: bool,
}

impl FfmpegVideo {
    fn start(wish: Wish<'_>, program: &Program, begin: Begin) -> Result<Self, SourceError> {
        let path = wish.path;
        let (log, stderr) = Log::create().map_err(|error| SourceError::Helper {
            what: format!("{} is to be read through ffmpeg, but {error}", path.display()),
            advice: "Set TMPDIR (on Windows, TEMP) to a folder that exists and can be written to"
                .into(),
        })?;
        let helper = |error: io::Error| SourceError::Helper {
            what: format!("ffmpeg could not be started for {}: {error}", path.display()),
            advice: "Check that `ffmpeg -version` works in a terminal".into(),
        };
        // A name such as "-x.mkv" or "http:…" must stay the name of a file.
        let file = std::path::absolute(path).map_err(|error| SourceError::io(path, error))?;
        let own_clock = ["-copyts", "-start_at_zero"];
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"]);
        match begin {
            Begin::Front => {}
            Begin::FrontByOwnClock => {
                command.args(own_clock);
            }
            Begin::At(from) => {
                command.args(own_clock).args(["-noaccurate_seek", "-ss"]);
                command.arg(format!("{}us", from.nanos() / 1000));
            }
        }
        let track = wish.track.unwrap_or(1).saturating_sub(1);
        let mut child = command
            .arg("-i")
            .arg(file)
            .args(["-map", &format!("0:V:{track}"), "-an", "-sn", "-dn"])
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
            display: None,
            remarks: Vec::new(),
            first: None,
            first_time: None,
            next_seq: 0,
            is_done: false,
        })
    }

    /// What went wrong, once ffmpeg has closed the pipe; `None` if nothing did.
    fn failure(&mut self) -> Option<String> {
        if self.pictures.fill_buf().is_ok_and(|rest| !rest.is_empty()) {
            // It would wait without end for a reader of its output.
            self.child.kill().unwrap_or(());
        }
        self.log.read_to_end();
        let complaint = self.log.complaint.take();
        match self.child.wait() {
            Ok(status) if status.success() => complaint,
            Ok(status) => Some(complaint.unwrap_or_else(|| format!("ffmpeg ended with {status}"))),
            Err(error) => Some(complaint.unwrap_or_else(|| error.to_string())),
        }
    }

    /// The next picture; `None` when ffmpeg has closed the pipe.
    fn read_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let image = match self.pool.draw(|image| read_ppm(&mut self.pictures, image)) {
            Ok(image) => image,
            Err(NoPicture::Size(size_px)) => {
                check_size(&self.info.name, size_px)?;
                return Ok(None);
            }
            Err(NoPicture::End) => return Ok(None),
        };
        let Some(time) = self.log.next_time() else {
            let found = "a frame without a timestamp";
            return Err(SourceError::unusable(
                &self.info.name,
                "a timestamp for every frame",
                found,
            ));
        };
        let aspect = self.log.aspect.unwrap_or_default();
        let display = self.display.get_or_insert_with(|| {
            Display::new(Orientation::default(), (image.width, image.height), aspect)
        });
        check_size(&self.info.name, display.size_px())?;
        let image = display.show(image).map_err(|found| {
            SourceError::unusable(&self.info.name, "pictures that can be shown", found)
        })?;
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
        if let Some(remark) = self.remarks.pop() {
            return Ok(Next::Notice(remark));
        }
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
        Ok(match self.failure() {
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
        // Both may fail if ffmpeg has ended by itself, which is no fault.
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
    /// A picture of a size that is not accepted.
    Size((usize, usize)),
}

impl From<io::Error> for NoPicture {
    fn from(_: io::Error) -> Self {
        Self::End
    }
}
