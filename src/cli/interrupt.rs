//! Ctrl-C as an end in order: what was measured is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::CliError;
use crate::media::stream::{Next, Source, SourceError, SourceInfo};

/// Whether Ctrl-C was pressed.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on, Ctrl-C no longer ends the program by itself.
    pub(super) fn watch() -> Self {
        let interrupt = Self::default();
        let flag = Arc::clone(&interrupt.0);
        if let Err(error) = ctrlc::set_handler(move || flag.store(true, Ordering::Release)) {
            tracing::warn!("Ctrl-C ends the program at once: {error}");
        }
        interrupt
    }

    /// Whether it was pressed.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// An error where it was pressed.
    pub(super) fn check(&self) -> Result<(), CliError> {
        if self.is_set() { Err(CliError::Interrupted) } else { Ok(()) }
    }
}

/// A source that ends at Ctrl-C.
pub(super) struct Interruptible {
    pub(super) inner: Box<dyn Source>,
    pub(super) interrupt: Interrupt,
}

impl Source for Interruptible {
    fn info(&self) -> &SourceInfo {
        self.inner.info()
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if self.interrupt.is_set() { Ok(Next::End) } else { self.inner.next() }
    }
}
