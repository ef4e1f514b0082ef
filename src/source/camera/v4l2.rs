//! Cameras on Linux, through the crate `v4l`.
//!
//! nokhwa uses the same crate but is not used here. It waits without end for a stalled camera, and keeps the
//! device open meanwhile, so that the camera cannot be opened again. It refuses rates such as 29.97. And it
//! drops what the driver says about every picture: its length, its number, if it is damaged, and the
//! monotonic time of its capture.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::time::{Duration, Instant};

use v4l::buffer::{Flags, Type};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream as MmapStream;
use v4l::io::traits::{CaptureStream, Stream};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device as Node, FourCC, Fraction};

use super::choose::{CaptureFormat, Wanted};
use super::device::{Device, Failure, PixelFormat, Raw, Read};
use super::entry::CameraEntry;

/// Buffers that the driver may fill ahead; four bridge 130 ms at 30 per second.
const BUFFERS: u32 = 4;

/// `POLLIN` of `<poll.h>`.
const POLLIN: i16 = 1;

// Of `<errno.h>`.
const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ENXIO: i32 = 6;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(ENOENT | ENXIO | ENODEV) => Self::Gone,
            Some(EPERM | EACCES) => Self::Denied,
            Some(EBUSY) => Self::Busy,
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// Every camera, by the number in its device node. Nodes without pictures are left out; most webcams have one
/// for metadata.
pub(super) fn list() -> Vec<CameraEntry> {
    let names = fs::read_dir("/dev").into_iter().flatten().flatten().map(|e| e.file_name());
    let mut indices: Vec<u32> =
        names.filter_map(|name| name.to_str()?.strip_prefix("video")?.parse().ok()).collect();
    indices.sort_unstable();
    indices.into_iter().filter_map(entry).collect()
}

/// The kernel's name for the camera; `None` if there is no such node.
pub(super) fn name_of(index: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/sys/class/video4linux/video{index}/name")).ok()?;
    Some(name.trim().to_owned())
}

/// `None` if the node gives no pictures.
fn entry(index: u32) -> Option<CameraEntry> {
    let name = name_of(index).unwrap_or_else(|| format!("Camera {index}"));
    let (formats, trouble) = match Node::new(index as usize) {
        Ok(node) => {
            let formats = formats(&node, &Wanted::default());
            if formats.is_empty() {
                return None;
            }
            (formats, None)
        }
        Err(error) => (Vec::new(), Some(Failure::from(error))),
    };
    Some(CameraEntry { index, name, formats, trouble })
}

fn pixels_of(code: FourCC) -> Option<PixelFormat> {
    match &code.repr {
        b"MJPG" | b"JPEG" => Some(PixelFormat::Mjpeg),
        b"YUYV" => Some(PixelFormat::Yuyv),
        b"NV12" => Some(PixelFormat::Nv12),
        b"GREY" => Some(PixelFormat::Grey),
        b"RGB3" => Some(PixelFormat::Rgb),
        _ => None,
    }
}

fn code_of(pixels: PixelFormat) -> FourCC {
    FourCC::new(match pixels {
        PixelFormat::Mjpeg => b"MJPG",
        PixelFormat::Yuyv => b"YUYV",
        PixelFormat::Nv12 => b"NV12",
        PixelFormat::Grey => b"GREY",
        PixelFormat::Rgb => b"RGB3",
    })
}

/// The formats of the device. For a range of sizes or rates, the one nearest to the wish.
fn formats(node: &Node, wanted: &Wanted) -> Vec<CaptureFormat> {
    let mut formats = Vec::new();
    for description in node.enum_formats().unwrap_or_default() {
        let Some(pixels) = pixels_of(description.fourcc) else { continue };
        for size in node.enum_framesizes(description.fourcc).unwrap_or_default() {
            let size_px = nearest_size(&size.size, wanted.size_px_or_default());
            for rate in rates(node, description.fourcc, size_px, wanted.fps_or_default()) {
                formats.push(CaptureFormat { pixels, size_px, rate });
            }
        }
    }
    formats
}

fn nearest_size(size: &FrameSizeEnum, wanted: (usize, usize)) -> (usize, usize) {
    match size {
        FrameSizeEnum::Discrete(size) => (size.width as usize, size.height as usize),
        FrameSizeEnum::Stepwise(range) => {
            let nearest = |wanted: usize, min: u32, max: u32, step: u32| {
                let wanted = (wanted as u32).clamp(min, max.max(min));
                (min + (wanted - min) / step.max(1) * step.max(1)) as usize
            };
            (
                nearest(wanted.0, range.min_width, range.max_width, range.step_width),
                nearest(wanted.1, range.min_height, range.max_height, range.step_height),
            )
        }
    }
}

/// Frames per second as fractions; one of 0/1 if the driver does not say.
fn rates(node: &Node, code: FourCC, size_px: (usize, usize), wanted: f64) -> Vec<(u32, u32)> {
    let intervals = node
        .enum_frameintervals(code, size_px.0 as u32, size_px.1 as u32)
        .unwrap_or_default()
        .into_iter()
        .map(|interval| match interval.interval {
            FrameIntervalEnum::Discrete(secs) => (secs.denominator, secs.numerator),
            FrameIntervalEnum::Stepwise(range) => {
                let fps =
                    |secs: Fraction| f64::from(secs.denominator) / f64::from(secs.numerator.max(1));
                if fps(range.min) <= wanted {
                    (range.min.denominator, range.min.numerator)
                } else if fps(range.max) >= wanted {
                    (range.max.denominator, range.max.numerator)
                } else {
                    ((wanted * 1000.0).round() as u32, 1000)
                }
            }
        });
    let rates: Vec<_> = intervals.filter(|rate| rate.1 > 0).collect();
    if rates.is_empty() { vec![(0, 1)] } else { rates }
}

/// An open camera.
pub(super) struct V4l2Camera {
    /// `None` only while it is being dropped.
    stream: Option<MmapStream<'static>>,
    format: CaptureFormat,
    progress: Progress,
}

/// The state of the stream, on which the next wait for a picture depends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Not started. The first read hands over the buffers and starts the stream.
    Idle,
    /// The driver has every buffer; no picture came during the last wait.
    Waiting,
    /// One buffer is here, that of the newest picture.
    Flowing,
}

impl V4l2Camera {
    /// Opens camera `index` with the format nearest to what is wanted.
    pub(super) fn open(index: u32, wanted: &Wanted) -> Result<Self, Failure> {
        let node = Node::new(index as usize)?;
        let choice = wanted.choose(&formats(&node, wanted)).ok_or_else(|| {
            Failure::Broken("it offers no picture format that is known here".into())
        })?;
        let (width, height) = choice.size_px;
        let asked = v4l::Format::new(width as u32, height as u32, code_of(choice.pixels));
        let given = node.set_format(&asked)?;
        let pixels = pixels_of(given.fourcc)
            .ok_or_else(|| Failure::Broken(format!("it insists on {}", given.fourcc)))?;
        let size_px = (given.width as usize, given.height as usize);
        let rate = set_rate(&node, choice.rate);
        let mut stream = MmapStream::with_buffers(&node, Type::VideoCapture, BUFFERS)?;
        stream.set_timeout(Duration::from_millis(100));
        let format = CaptureFormat { pixels, size_px, rate };
        Ok(Self { stream: Some(stream), format, progress: Progress::Idle })
    }
}

/// Asks for a rate and returns the one that holds afterwards, because some drivers refuse.
fn set_rate(node: &Node, (num, den): (u32, u32)) -> (u32, u32) {
    let given = if num == 0 {
        node.params()
    } else {
        node.set_params(&Parameters::new(Fraction::new(den, num))).or_else(|_| node.params())
    };
    match given.map(|parameters| parameters.interval) {
        Ok(secs) if secs.numerator > 0 && secs.denominator > 0 => {
            (secs.denominator, secs.numerator)
        }
        _ => (num, den),
    }
}

impl Device for V4l2Camera {
    fn format(&self) -> CaptureFormat {
        self.format
    }

    fn read(&mut self, patience: Duration) -> Result<Read<'_>, Failure> {
        let Some(stream) = &mut self.stream else { return Err(Failure::Gone) };
        if self.progress != Progress::Idle {
            // The crate's own wait cannot be repeated: it would hand a buffer over twice.
            match poll(stream, patience) {
                Ok(true) => {}
                Ok(false) => return Ok(Read::Nothing),
                Err(error) => return Err(error.into()),
            }
        }
        if self.progress == Progress::Waiting {
            // The crate gives a buffer back before it reads, so one must be here. A picture is taken and
            // dropped; the driver's count shows the loss.
            CaptureStream::dequeue(stream)?;
        }
        match CaptureStream::next(stream) {
            Ok((bytes, meta)) => {
                self.progress = Progress::Flowing;
                let captured = Duration::from(meta.timestamp);
                let length = (meta.bytesused as usize).min(bytes.len());
                Ok(Read::Picture(Raw {
                    bytes: Cow::Borrowed(&bytes[..length]),
                    pixels: self.format.pixels,
                    size_px: self.format.size_px,
                    captured: (!captured.is_zero()).then_some(captured),
                    sequence: Some(meta.sequence),
                    is_damaged: meta.flags.contains(Flags::ERROR),
                }))
            }
            Err(error) if is_timeout(&error) => {
                self.progress = Progress::Waiting;
                Ok(Read::Nothing)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock | Interrupted)
}

/// True if a picture, or an error, is there within `patience`.
fn poll(stream: &MmapStream<'_>, patience: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis();
        match stream.handle().poll(POLLIN, left.try_into().unwrap_or(i32::MAX)) {
            Ok(ready) => return Ok(ready > 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Drop for V4l2Camera {
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        let Err(error) = stream.stop() else { return };
        if error.raw_os_error() != Some(ENODEV) {
            tracing::warn!("a camera could not be stopped: {error}");
            // Dropping it would stop it again, and the crate panics if that fails.
            std::mem::forget(stream);
        }
    }
}
