//! The thread that reads the whole sound of a session once, for the plot of its outline.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::worker::{Keep, Worker, WorkerThread};
use crate::media::sound::{Outline, SoundFile};

/// Time between two outlines that are shown while the sound is read.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// Samples that are read at once.
const PIECE: usize = 1 << 16;

/// The window's end. The thread ends when it is dropped, or when all is read.
#[derive(Debug)]
pub struct SoundOutliner(Worker<Infallible, Outline>);

impl SoundOutliner {
    /// Starts the thread. It opens the sound by `make`; sound that cannot be opened has no outline. `wake` is
    /// called when there is something to [`take`](Self::take). Fails if the system cannot start a thread.
    pub fn start(
        make: impl FnOnce() -> Result<Box<dyn SoundFile>, String> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end: WorkerThread<Infallible, Outline>| match make() {
            Ok(mut file) => outline(file.as_mut(), &end),
            Err(why) => tracing::warn!("the sound has no outline: {why}"),
        };
        Worker::start("fleeting-sound-outliner", Keep::Newest, Keep::Newest, body, wake).map(Self)
    }

    /// The outline so far, if there is more of it than at the last call.
    pub fn take(&self) -> Option<Outline> {
        self.0.answer()
    }
}

fn outline(file: &mut dyn SoundFile, end: &WorkerThread<Infallible, Outline>) {
    let mut outline = Outline::new(file.rate_hz());
    let (mut first, mut shown) = (0, Instant::now());
    let mut samples = vec![0; PIECE];
    while first < file.samples() {
        let length = usize::try_from(file.samples() - first).unwrap_or(PIECE).min(PIECE);
        let piece = &mut samples[..length];
        if let Err(error) = file.read(i64::try_from(first).unwrap_or(i64::MAX), piece) {
            tracing::warn!("the outline of the sound is not whole: {error}");
            break;
        }
        outline.push(piece);
        first += length as u64;
        if shown.elapsed() >= SHOWN_EVERY {
            shown = Instant::now();
            if end.answer(outline.clone()).is_err() {
                return;
            }
        }
    }
    end.answer(outline).unwrap_or(());
}
