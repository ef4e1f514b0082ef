//! Which of a camera's formats to ask for.
//!
//! The user's wish comes first. Without one, the rate is more important than the size: a micro-expression
//! lasts only a few frames at 30 per second, and a face in 640×480 has enough pixels.

use std::fmt;

use super::device::PixelFormat;

/// Default size, pixels.
pub const DEFAULT_SIZE_PX: (usize, usize) = (640, 480);

/// Default rate, frames per second.
pub const DEFAULT_FPS: f64 = 30.0;

/// One format of a camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaptureFormat {
    /// How pictures are sent.
    pub pixels: PixelFormat,
    /// Width and height in pixels.
    pub size_px: (usize, usize),
    /// Frames per second as a fraction: "29.97" means 30000/1001.
    pub rate: (u32, u32),
}

impl CaptureFormat {
    /// Frames per second; zero if the driver does not say.
    pub fn fps(&self) -> f64 {
        if self.rate.1 == 0 { 0.0 } else { f64::from(self.rate.0) / f64::from(self.rate.1) }
    }
}

impl fmt::Display for CaptureFormat {
    /// "MJPEG 640×480 at 30", "YUYV 640×480 at 29.97".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size_px;
        write!(f, "{} {width}×{height}", self.pixels)?;
        let fps = (self.fps() * 100.0).round() / 100.0;
        if fps > 0.0 { write!(f, " at {fps}") } else { Ok(()) }
    }
}

/// What is asked of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Width and height in pixels; `None` without a wish of the user.
    pub size_px: Option<(usize, usize)>,
    /// Frames per second; `None` without a wish of the user.
    pub fps: Option<f64>,
}

impl Wanted {
    /// The size to aim for.
    pub fn size_px_or_default(&self) -> (usize, usize) {
        self.size_px.unwrap_or(DEFAULT_SIZE_PX)
    }

    /// The rate to aim for.
    pub fn fps_or_default(&self) -> f64 {
        self.fps.unwrap_or(DEFAULT_FPS)
    }

    /// The best of `formats`; `None` if there are none.
    pub fn choose(&self, formats: &[CaptureFormat]) -> Option<CaptureFormat> {
        formats.iter().copied().min_by(|a, b| self.distance(a).total_cmp(&self.distance(b)))
    }

    /// How far a format is from the wish. The unit is "twice as many pixels".
    fn distance(&self, format: &CaptureFormat) -> f64 {
        let asked = |is_asked: bool| if is_asked { 100.0 } else { 1.0 };
        let fps = self.fps_or_default();
        let short = ((fps - format.fps()) / fps).max(0.0);
        let excess = ((format.fps() - fps) / fps).max(0.0);
        let rate = (6.0 * short + 0.2 * excess) * asked(self.fps.is_some());

        let (width, height) = self.size_px_or_default();
        let ratio = |a: usize, b: usize| (a.max(1) as f64 / b.max(1) as f64).log2().abs();
        let (w, h) = format.size_px;
        let size = (ratio(w, width) + ratio(h, height)) * asked(self.size_px.is_some());

        // Uncompressed pictures have no block edges that move. A JPEG is still better than grey.
        let pixels = match format.pixels {
            PixelFormat::Yuyv | PixelFormat::Nv12 | PixelFormat::Rgb => 0.0,
            PixelFormat::Mjpeg => 0.05,
            PixelFormat::Grey => 0.2,
        };
        rate + size + pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PixelFormat::{Mjpeg, Yuyv};

    fn format(pixels: PixelFormat, size_px: (usize, usize), fps: u32) -> CaptureFormat {
        CaptureFormat { pixels, size_px, rate: (fps, 1) }
    }

    #[test]
    fn vga_at_30_uncompressed_is_the_first_choice() {
        let best = format(Yuyv, (640, 480), 30);
        let formats = [
            format(Mjpeg, (1920, 1080), 30),
            format(Yuyv, (640, 480), 15),
            format(Mjpeg, (640, 480), 30),
            best,
            format(Yuyv, (320, 240), 30),
        ];
        assert_eq!(Wanted::default().choose(&formats), Some(best));
    }

    #[test]
    fn rate_comes_before_size_and_before_no_compression() {
        let slow = format(Yuyv, (640, 480), 15);
        let larger = format(Mjpeg, (1280, 720), 30);
        assert_eq!(Wanted::default().choose(&[slow, larger]), Some(larger));
        let compressed = format(Mjpeg, (640, 480), 30);
        assert_eq!(Wanted::default().choose(&[slow, compressed]), Some(compressed));
    }

    #[test]
    fn what_the_user_asks_for_comes_first() {
        let slow = format(Yuyv, (1280, 720), 10);
        let usual = format(Yuyv, (640, 480), 30);
        let fast = format(Mjpeg, (320, 240), 60);
        let formats = [slow, usual, fast];
        let size = Wanted { size_px: Some((1280, 720)), fps: None };
        assert_eq!(size.choose(&formats), Some(slow));
        let rate = Wanted { size_px: None, fps: Some(60.0) };
        assert_eq!(rate.choose(&formats), Some(fast));
    }

    #[test]
    fn a_rate_of_29_97_is_as_good_as_30() {
        let ntsc = CaptureFormat { rate: (30_000, 1001), ..format(Yuyv, (640, 480), 0) };
        assert_eq!(Wanted::default().choose(&[format(Yuyv, (640, 480), 15), ntsc]), Some(ntsc));
        assert_eq!(ntsc.to_string(), "YUYV 640×480 at 29.97");
    }

    #[test]
    fn no_formats_give_no_choice() {
        assert_eq!(Wanted::default().choose(&[]), None);
    }
}
