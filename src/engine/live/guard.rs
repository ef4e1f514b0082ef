//! A camera whose reads may never return, read in a thread that can be left behind.
//!
//! This is one of the two threads that are not always joined, because nothing can end a read that the system
//! does not answer. A thread that is left behind ends with its next picture or error, and closes the camera.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::source::camera::{CaptureFormat, Device, Failure, Raw, Read, Wanted};

/// The longest time that opening may take; some cameras are slow to start.
const OPENING: Duration = Duration::from_secs(10);

/// The longest wait for a thread that was told to stop, before it is left behind.
const STOP_WAIT: Duration = Duration::from_millis(300);

/// Number of pictures that may wait. The camera's own buffers wait behind them.
const PICTURES: usize = 2;

/// How the thread opens its device.
type Open = fn(u32, &Wanted) -> Result<Box<dyn Device>, Failure>;

/// Messages of the thread: first how opening went, then pictures until a failure.
enum FromCamera {
    Opened(CaptureFormat),
    Picture(Raw<'static>, CaptureFormat),
    Failed(Failure),
}

/// A device whose reads run in another thread.
struct Guarded {
    format: CaptureFormat,
    thread: Watched,
}

/// The thread; on drop it is joined if it ends in time.
struct Watched {
    words: Receiver<FromCamera>,
    quit: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Opens a camera with `open` in a thread of its own.
pub fn open(index: u32, wanted: Wanted, open: Open) -> Result<Box<dyn Device>, Failure> {
    let (tx, words) = bounded(PICTURES);
    let quit = Arc::new(AtomicBool::new(false));
    let quit_of_thread = Arc::clone(&quit);
    let thread = Builder::new()
        .name(format!("camera {index}"))
        .spawn(move || read_on(index, &wanted, open, &tx, &quit_of_thread))
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let thread = Watched { words, quit, thread: Some(thread) };
    match thread.words.recv_timeout(OPENING) {
        Ok(FromCamera::Opened(format)) => Ok(Box::new(Guarded { format, thread })),
        Ok(FromCamera::Failed(failure)) => Err(failure),
        _ => Err(Failure::Broken("it does not answer".into())),
    }
}

/// The thread's body.
fn read_on(index: u32, wanted: &Wanted, open: Open, tx: &Sender<FromCamera>, quit: &AtomicBool) {
    let mut device = match open(index, wanted) {
        Ok(device) => device,
        // A reader that is gone needs no answer, here and below.
        Err(failure) => return tx.send(FromCamera::Failed(failure)).unwrap_or(()),
    };
    let mut is_heard = tx.send(FromCamera::Opened(device.format())).is_ok();
    while is_heard && !quit.load(Ordering::Acquire) {
        let format = device.format();
        is_heard = match device.read(STOP_WAIT) {
            Ok(Read::Picture(raw)) => {
                let raw = Raw { bytes: Cow::Owned(raw.bytes.into_owned()), ..raw };
                tx.send(FromCamera::Picture(raw, format)).is_ok()
            }
            Ok(Read::Nothing) => true,
            Err(failure) => return tx.send(FromCamera::Failed(failure)).unwrap_or(()),
        };
    }
}

impl Device for Guarded {
    fn format(&self) -> CaptureFormat {
        self.format
    }

    fn read(&mut self, patience: Duration) -> Result<Read<'_>, Failure> {
        match self.thread.words.recv_timeout(patience) {
            Ok(FromCamera::Picture(raw, format)) => {
                self.format = format;
                Ok(Read::Picture(raw))
            }
            Ok(FromCamera::Failed(failure)) => Err(failure),
            Ok(FromCamera::Opened(_)) | Err(RecvTimeoutError::Timeout) => Ok(Read::Nothing),
            // The thread ended without a message: it panicked in the driver's library.
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::Broken("its driver library failed".into()))
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.quit.store(true, Ordering::Release);
        // A sender that waits for room now finds no listener.
        self.words = crossbeam_channel::never();
        let Some(thread) = self.thread.take() else { return };
        let deadline = Instant::now() + STOP_WAIT;
        while !thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        if !thread.is_finished() {
            tracing::warn!("a camera does not answer; its thread is left behind");
        } else if thread.join().is_err() {
            tracing::warn!("a camera's driver library failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::camera::PixelFormat;

    const FORMAT: CaptureFormat =
        CaptureFormat { pixels: PixelFormat::Grey, size_px: (1, 1), rate: (30, 1) };

    /// Gives `left` pictures, then what comes after.
    struct Scripted {
        left: u32,
        then: fn() -> Result<Read<'static>, Failure>,
    }

    impl Device for Scripted {
        fn format(&self) -> CaptureFormat {
            FORMAT
        }

        fn read(&mut self, _patience: Duration) -> Result<Read<'_>, Failure> {
            if self.left == 0 {
                return (self.then)();
            }
            self.left -= 1;
            let raw = Raw {
                bytes: Cow::Borrowed(&[7]),
                pixels: PixelFormat::Grey,
                size_px: (1, 1),
                captured: None,
                sequence: Some(self.left),
                is_damaged: false,
            };
            Ok(Read::Picture(raw))
        }
    }

    fn then_gone(_: u32, _: &Wanted) -> Result<Box<dyn Device>, Failure> {
        Ok(Box::new(Scripted { left: 3, then: || Err(Failure::Gone) }))
    }

    fn then_silent(_: u32, _: &Wanted) -> Result<Box<dyn Device>, Failure> {
        let then = || {
            std::thread::sleep(Duration::from_secs(3600));
            Ok(Read::Nothing)
        };
        Ok(Box::new(Scripted { left: 3, then }))
    }

    const SOON: Duration = Duration::from_millis(500);

    #[test]
    fn pictures_come_in_order_and_a_failure_after_them() {
        let mut device = open(0, Wanted::default(), then_gone).expect("opens");
        for left in [2, 1, 0] {
            let Ok(Read::Picture(raw)) = device.read(SOON) else { panic!("a picture") };
            assert_eq!(raw.sequence, Some(left));
        }
        assert!(matches!(device.read(SOON), Err(Failure::Gone)));
    }

    #[test]
    fn a_read_that_never_ends_neither_blocks_the_reader_nor_its_end() {
        let mut device = open(0, Wanted::default(), then_silent).expect("opens");
        for _ in 0..3 {
            assert!(matches!(device.read(SOON), Ok(Read::Picture(_))));
        }
        let start = Instant::now();
        assert!(matches!(device.read(Duration::from_millis(50)), Ok(Read::Nothing)));
        drop(device);
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_camera_that_does_not_open_says_why() {
        let failure = open(0, Wanted::default(), |_, _| Err(Failure::Busy)).err();
        assert_eq!(failure, Some(Failure::Busy));
    }
}
