//! Cameras through nokhwa: always on macOS and Windows, on Linux if [`super::CameraDriver::Nokhwa`] is
//! chosen.
//!
//! Its `frame()` waits as long as the camera does, so that it needs a thread of its own.

use std::borrow::Cow;
use std::time::Duration;

use nokhwa::Camera;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
};
use nokhwa::{NokhwaError, query};

use super::choose::{CaptureFormat, Wanted};
use super::device::{Device, Failure, PixelFormat, Raw, Read};
use super::entry::CameraEntry;

/// Formats that can be read here.
const READABLE: [FrameFormat; 5] = [
    FrameFormat::YUYV,
    FrameFormat::MJPEG,
    FrameFormat::NV12,
    FrameFormat::GRAY,
    FrameFormat::RAWRGB,
];

impl From<NokhwaError> for Failure {
    /// nokhwa passes on the system's answer as text.
    fn from(error: NokhwaError) -> Self {
        let words = error.to_string();
        let says = |parts: &[&str]| parts.iter().any(|part| words.to_lowercase().contains(part));
        if says(&["no such device", "no such file", "not found", "disconnected"]) {
            Self::Gone
        } else if says(&["permission", "denied", "not authorized", "operation not permitted"]) {
            Self::Denied
        } else if says(&["busy", "in use"]) {
            Self::Busy
        } else {
            Self::Broken(words)
        }
    }
}

/// Every camera that the system names. Their formats are not asked for, because that starts some cameras.
#[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux lists its own device nodes"))]
pub(super) fn list() -> Vec<CameraEntry> {
    let found = query(ApiBackend::Auto).unwrap_or_default();
    let entry = |(position, info): (usize, &nokhwa::utils::CameraInfo)| CameraEntry {
        index: info.index().as_index().unwrap_or(position as u32),
        name: info.human_name(),
        formats: Vec::new(),
        trouble: None,
    };
    found.iter().enumerate().map(entry).collect()
}

fn pixels_of(format: FrameFormat) -> Option<PixelFormat> {
    match format {
        FrameFormat::MJPEG => Some(PixelFormat::Mjpeg),
        FrameFormat::YUYV => Some(PixelFormat::Yuyv),
        FrameFormat::NV12 => Some(PixelFormat::Nv12),
        FrameFormat::GRAY => Some(PixelFormat::Grey),
        FrameFormat::RAWRGB => Some(PixelFormat::Rgb),
        _ => None,
    }
}

fn format_of(format: CameraFormat) -> Option<CaptureFormat> {
    Some(CaptureFormat {
        pixels: pixels_of(format.format())?,
        size_px: (format.width() as usize, format.height() as usize),
        rate: (format.frame_rate(), 1),
    })
}

/// Asks the system, once per program, if this user allows cameras. Without that, macOS gives no picture.
#[cfg(target_os = "macos")]
fn ask_for_permission() -> Result<(), Failure> {
    /// A little less than the longest time that opening may take.
    const PATIENCE: Duration = Duration::from_secs(8);
    if nokhwa::nokhwa_check() {
        return Ok(());
    }
    let (answered, answer) = crossbeam_channel::bounded(1);
    nokhwa::nokhwa_initialize(move |is_allowed| answered.try_send(is_allowed).unwrap_or(()));
    match answer.recv_timeout(PATIENCE) {
        Ok(true) => Ok(()),
        _ => Err(Failure::Denied),
    }
}

/// An open camera.
pub(super) struct NokhwaCamera {
    camera: Camera,
    format: CaptureFormat,
}

impl NokhwaCamera {
    /// Opens camera `index` with the format nearest to what is wanted.
    pub(super) fn open(index: u32, wanted: &Wanted) -> Result<Self, Failure> {
        #[cfg(target_os = "macos")]
        ask_for_permission()?;
        let any = RequestedFormat::with_formats(RequestedFormatType::None, &READABLE);
        let mut camera = Camera::new(CameraIndex::Index(index), any)?;
        let offered = camera.compatible_camera_formats()?;
        let known: Vec<CaptureFormat> = offered.iter().copied().filter_map(format_of).collect();
        let choice = wanted.choose(&known).ok_or_else(|| {
            Failure::Broken("it offers no picture format that is known here".into())
        })?;
        // nokhwa's own "closest" is not the closest, so the exact format is asked for.
        if let Some(exact) = offered.into_iter().find(|f| format_of(*f) == Some(choice)) {
            let decoders = [exact.format()];
            let request =
                RequestedFormat::with_formats(RequestedFormatType::Exact(exact), &decoders);
            camera.set_camera_requset(request)?;
        }
        camera.open_stream()?;
        let format = format_of(camera.camera_format()).unwrap_or(choice);
        Ok(Self { camera, format })
    }
}

impl Device for NokhwaCamera {
    fn format(&self) -> CaptureFormat {
        self.format
    }

    /// Waits longer than `patience` if the camera does.
    fn read(&mut self, _patience: Duration) -> Result<Read<'_>, Failure> {
        let buffer = self.camera.frame()?;
        let pixels = pixels_of(buffer.source_frame_format())
            .ok_or_else(|| Failure::Broken("it changed to a format that is not known".into()))?;
        let size = buffer.resolution();
        Ok(Read::Picture(Raw {
            pixels,
            size_px: (size.width() as usize, size.height() as usize),
            captured: buffer.capture_timestamp(),
            sequence: None,
            is_damaged: false,
            bytes: Cow::Owned(buffer.buffer().to_vec()),
        }))
    }
}
