//! The sound thread: reads the microphone for a recording, and opens it again if it goes away.
//!
//! Its link drops a block when the record thread is slow. Nothing is counted here: the next block says when
//! it was captured, so the hole shows in the file's time, where it is filled and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::link::{QueueReceiver, QueueSender, dropping_queue};
use crate::engine::{join, spawn};
use crate::sound::{SoundBlock, SoundServer};

/// Blocks of a fiftieth of a second that may wait.
const WAITING: usize = 100;

/// The longest wait before the wish to stop is read again.
const PATIENCE: Duration = Duration::from_millis(50);

/// Time between two attempts to open a microphone that is gone.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What the microphone gives.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Sound, of this many samples per second.
    Block(u32, SoundBlock),
    /// There is none, and why; the end of a sentence.
    Nothing(String),
}

/// The record thread's end. The thread ends when it is told to stop, and is joined on drop.
pub(crate) struct SoundThread {
    heard: QueueReceiver<Heard>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SoundThread {
    /// Starts to open the microphone of `server`, and returns at once.
    pub(crate) fn start(server: SoundServer) -> Self {
        let (tx, heard) = dropping_queue(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = spawn("fleeting-sound", move || listen(&server, &tx, &stopped));
        Self { heard, stop, thread }
    }

    /// What came next, if anything has.
    pub(crate) fn next(&self) -> Option<Heard> {
        self.heard.try_recv()
    }

    /// Closes the microphone, without waiting for that.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

impl Drop for SoundThread {
    fn drop(&mut self) {
        self.stop();
        join(self.thread.take());
    }
}

/// The thread's body.
fn listen(server: &SoundServer, tx: &QueueSender<Heard>, stop: &AtomicBool) {
    let is_stopped = || stop.load(Ordering::Acquire);
    while !is_stopped() {
        let ended = server.microphone().and_then(|mut microphone| {
            tracing::info!("the microphone is open");
            loop {
                if is_stopped() {
                    return Ok(());
                }
                let rate_hz = microphone.rate_hz();
                if let Some(block) = microphone.next(PATIENCE)?
                    && tx.send(Heard::Block(rate_hz, block)).is_err()
                {
                    return Ok(());
                }
            }
        });
        let Err(error) = ended else { return };
        if tx.send(Heard::Nothing(error.to_string())).is_err() {
            return;
        }
        let mut waited = Duration::ZERO;
        while waited < AGAIN_AFTER && !is_stopped() {
            std::thread::sleep(PATIENCE);
            waited += PATIENCE;
        }
    }
}
