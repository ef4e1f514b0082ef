//! A webcam that may be unplugged, stall, send damaged pictures and come back.
//!
//! The reader goes on through all of this with one clock and one count, says what happened, and opens the
//! device again by itself. The only error is a camera that cannot be opened at the start.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{SourceKind, SourceSpec};
use crate::media::image::Frame;
use crate::media::pool::Pool;
use crate::media::stream::{
    Next, Notice, NoticeKind, Source, SourceError, SourceInfo, TimeZero, check_size,
};

mod choose;
mod device;
mod entry;
mod nokhwa;
mod timeline;
#[cfg(target_os = "linux")]
mod v4l2;

pub use choose::{CaptureFormat, DEFAULT_FPS, DEFAULT_SIZE_PX, Wanted};
pub use device::{Device, Failure, PixelFormat, Raw, Read};
pub use entry::CameraEntry;
use timeline::Timeline;

/// The registry entry.
pub const KIND: SourceKind = SourceKind {
    name: "camera",
    target_help: "NUMBER or NAME",
    about: "a webcam; the first one unless a number or part of a name follows",
    is_live: true,
    open: |spec| Ok(Box::new(Camera::open(spec, Box::new(open_device))?)),
};

/// The longest wait in one call of [`Source::next`], so that the reader can look at its commands.
const PATIENCE: Duration = Duration::from_millis(100);

/// A running camera that sends no picture for this long has stalled. That is dozens of pictures; a slow
/// camera in the dark still sends seven a second.
const STALL: Duration = Duration::from_millis(1000);

/// Time to the first picture of a camera that was just opened, which takes longer.
const FIRST_PICTURE: Duration = Duration::from_millis(1400);

/// Time between two attempts to open a lost camera.
const RETRY: Duration = Duration::from_millis(250);

/// Least time between two notices about damaged pictures.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Which library talks to the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraDriver {
    /// V4L2 directly. Linux only.
    V4l2,
    /// nokhwa. Reading waits as long as the camera does.
    Nokhwa,
}

impl CameraDriver {
    /// nokhwa if `FLEETING_CAMERA_BACKEND=nokhwa` asks for it or if nothing else is there.
    pub fn chosen() -> Self {
        let asked = std::env::var("FLEETING_CAMERA_BACKEND").is_ok_and(|name| name == "nokhwa");
        if asked || !cfg!(target_os = "linux") { Self::Nokhwa } else { Self::V4l2 }
    }
}

/// Every camera of this computer.
pub fn list() -> Vec<CameraEntry> {
    #[cfg(target_os = "linux")]
    return v4l2::list();
    #[cfg(not(target_os = "linux"))]
    return nokhwa::list();
}

/// True if camera `index` is no longer the one with this name. Only Linux can tell without opening it.
fn has_moved(index: u32, name: &str) -> bool {
    #[cfg(target_os = "linux")]
    return v4l2::name_of(index).is_none_or(|now| now != name);
    #[cfg(not(target_os = "linux"))]
    return index == u32::MAX && name.is_empty();
}

/// Opens a device through this driver.
pub fn open_device(index: u32, wanted: &Wanted) -> Result<Box<dyn Device>, Failure> {
    match CameraDriver::chosen() {
        #[cfg(target_os = "linux")]
        CameraDriver::V4l2 => Ok(Box::new(v4l2::V4l2Camera::open(index, wanted)?)),
        _ => Ok(Box::new(nokhwa::NokhwaCamera::open(index, wanted)?)),
    }
}

/// How to open a device by its number. Called again after every loss.
pub type Opener = Box<dyn FnMut(u32, &Wanted) -> Result<Box<dyn Device>, Failure>>;

/// A camera as a source.
pub struct Camera {
    info: SourceInfo,
    index: u32,
    wanted: Wanted,
    opener: Opener,
    link: Link,
    timeline: Timeline,
    /// What to say before the device is read next.
    pending: VecDeque<Next>,
    torn: TornPictures,
    pool: Pool,
    opened_at: Instant,
    limit: Option<Duration>,
}

/// The state of the device.
enum Link {
    /// Open. `last_sign` is the time of the newest picture, or of opening.
    Up { device: Box<dyn Device>, last_sign: Instant, has_delivered: bool },
    /// Lost. It is tried again at `retry_at`.
    Down { retry_at: Instant },
}

impl Camera {
    /// Opens the camera that `spec` names.
    pub fn open(spec: &SourceSpec, opener: Opener) -> Result<Self, SourceError> {
        let entries = list();
        Self::open_entry(entry::find(&entries, &spec.target.to_string_lossy())?, spec, opener)
    }

    /// Opens a camera of a list, with any opener.
    pub fn open_entry(
        entry: &CameraEntry,
        spec: &SourceSpec,
        mut opener: Opener,
    ) -> Result<Self, SourceError> {
        let wanted = Wanted { size_px: spec.options.size_px, fps: spec.options.fps };
        let device =
            opener(entry.index, &wanted).map_err(|failure| entry::cannot_open(entry, &failure))?;
        let now = Instant::now();
        let info = describe(&entry.name, device.format());
        check_size(&info.name, info.size_px)?;
        Ok(Self {
            info,
            index: entry.index,
            wanted,
            opener,
            link: Link::Up { device, last_sign: now, has_delivered: false },
            timeline: Timeline::default(),
            pending: VecDeque::new(),
            torn: TornPictures::default(),
            pool: Pool::default(),
            opened_at: now,
            limit: spec.options.limit_secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
        })
    }

    fn lose(&mut self, kind: NoticeKind, what: &str) {
        let was_delivering = matches!(self.link, Link::Up { has_delivered: true, .. });
        self.tell_of_torn_pictures(true);
        // The old device must be closed before it can be opened again.
        self.link = Link::Down { retry_at: Instant::now() };
        self.timeline.interrupt();
        if was_delivering {
            let text = format!("{}: {what}. Trying to get it back", self.info.name);
            self.say(kind, text);
        }
    }

    /// Says how many pictures were damaged since the last such notice: if it is due, or `at_once`.
    fn tell_of_torn_pictures(&mut self, at_once: bool) {
        if let Some(text) = self.torn.rest(Instant::now(), &self.info.name, at_once) {
            self.say(NoticeKind::CorruptFrame, text);
        }
    }

    fn say(&mut self, kind: NoticeKind, text: String) {
        self.pending.push_back(Next::Notice(Notice::new(kind, text)));
    }

    /// Tries once to open the device. It may have come back under another number.
    fn reopen(&mut self) {
        if has_moved(self.index, &self.info.name) {
            let same = list().into_iter().find(|entry| entry.name == self.info.name);
            self.index = same.map_or(self.index, |entry| entry.index);
        }
        let opened = (self.opener)(self.index, &self.wanted);
        let now = Instant::now();
        self.link = match opened {
            Ok(device) => Link::Up { device, last_sign: now, has_delivered: false },
            Err(_) => Link::Down { retry_at: now + RETRY },
        };
    }

    /// Reads from the open device once; the results go to `pending`.
    fn look(&mut self) {
        let Link::Up { device, last_sign, has_delivered } = &mut self.link else { return };
        let format = device.format();
        let raw = match device.read(PATIENCE) {
            Ok(Read::Picture(raw)) => raw,
            Ok(Read::Nothing) => {
                let allowed = if *has_delivered { STALL } else { FIRST_PICTURE };
                if last_sign.elapsed() > allowed {
                    self.lose(NoticeKind::Stalled, "no picture has come for a second");
                }
                return;
            }
            Err(Failure::Gone) => {
                return self.lose(NoticeKind::Disconnected, "it has been disconnected");
            }
            Err(failure) => {
                return self.lose(NoticeKind::Disconnected, &format!("reading failed ({failure})"));
            }
        };
        let now = Instant::now();
        let drawn = self.pool.draw(|image| raw.decode_into(image));
        let decoded = drawn.map(|image| (image, raw.jpeg().map(Arc::from)));
        let interval_secs = 1.0 / if format.fps() > 0.0 { format.fps() } else { DEFAULT_FPS };
        let stamp = self.timeline.stamp(now, raw.captured, raw.sequence, interval_secs);
        let stamped_on_arrival = raw.captured.is_none();
        *last_sign = now;
        let is_back = !std::mem::replace(has_delivered, true) && stamp.seq > 0;
        self.info.stamped_on_arrival = stamped_on_arrival;
        if is_back {
            let text = format!(
                "{} is back after {:.1} s; about {} frames are lost",
                self.info.name, stamp.since_last_secs, stamp.lost
            );
            self.say(NoticeKind::Reconnected, text);
        }
        match decoded {
            Ok((image, jpeg)) => {
                let size_px = (image.width, image.height);
                self.note_size(CaptureFormat { size_px, ..format });
                let frame = Frame { seq: stamp.seq, time: stamp.time, image, jpeg };
                self.pending.push_back(Next::Frame(frame));
            }
            Err(why) => {
                self.pending.push_back(Next::Lost(stamp.seq..stamp.seq.saturating_add(1)));
                self.torn.count(why);
                self.tell_of_torn_pictures(false);
            }
        }
    }

    /// Gives a notice if pictures have another size or rate than before.
    fn note_size(&mut self, format: CaptureFormat) {
        let described = describe(&self.info.name, format);
        if described.size_px == self.info.size_px && described.detail == self.info.detail {
            return;
        }
        let text = format!("{} now sends {}", self.info.name, described.detail);
        let stamped_on_arrival = self.info.stamped_on_arrival;
        self.info = SourceInfo { stamped_on_arrival, ..described };
        self.say(NoticeKind::Changed, text);
    }
}

fn describe(name: &str, format: CaptureFormat) -> SourceInfo {
    SourceInfo {
        name: name.to_owned(),
        size_px: format.size_px,
        nominal_fps: (format.fps() > 0.0).then(|| format.fps()),
        frames: None,
        detail: format.to_string(),
        stamped_on_arrival: false,
        ..SourceInfo::default()
    }
}

impl Source for Camera {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        self.tell_of_torn_pictures(false);
        if let Some(next) = self.pending.pop_front() {
            return Ok(next);
        }
        // The camera's time goes on while no picture comes, and so does the limit.
        if self.limit.is_some_and(|limit| self.opened_at.elapsed() > limit + FIRST_PICTURE) {
            self.tell_of_torn_pictures(true);
            return Ok(self.pending.pop_front().unwrap_or(Next::End));
        }
        match &self.link {
            Link::Up { .. } => self.look(),
            Link::Down { retry_at } => {
                let left = retry_at.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    self.reopen();
                } else {
                    std::thread::sleep(left.min(PATIENCE));
                }
            }
        }
        Ok(self.pending.pop_front().unwrap_or(Next::Idle))
    }

    fn time_zero(&self) -> Option<TimeZero> {
        self.timeline.zero()
    }
}

/// Reports damaged pictures without flooding the reader with notices.
#[derive(Default)]
struct TornPictures {
    untold: u64,
    /// What was wrong with the newest one.
    why: String,
    told_at: Option<Instant>,
}

impl TornPictures {
    fn count(&mut self, why: String) {
        self.untold += 1;
        self.why = why;
    }

    /// A notice about those not reported yet, if one is due or `at_once`.
    fn rest(&mut self, now: Instant, name: &str, at_once: bool) -> Option<String> {
        let is_early = self.told_at.is_some_and(|told_at| now.duration_since(told_at) < TOLD_EVERY);
        if self.untold == 0 || (is_early && !at_once) {
            return None;
        }
        self.told_at = Some(now);
        let why = &self.why;
        Some(match std::mem::take(&mut self.untold) {
            1 => format!("{name}: a picture is lost: {why}"),
            count => format!("{name}: {count} pictures are lost, the newest because of {why}"),
        })
    }
}

#[cfg(test)]
mod tests;
