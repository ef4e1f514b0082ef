//! A request to stop ends the program in order: what was measured is written.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::CliError;
use crate::media::stream::{Next, Source, SourceError, SourceInfo, TimeZero};

/// A signal that asked the program to stop, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(pub u8);

impl Signal {
    /// The terminal was closed.
    const HANGUP: Self = Self(1);
    /// Ctrl-C.
    const INTERRUPT: Self = Self(2);
    /// Sent by `kill`, by a job queue, or when a container is stopped.
    const TERMINATE: Self = Self(15);
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::HANGUP => f.write_str("SIGHUP"),
            Self::INTERRUPT => f.write_str("Ctrl-C"),
            Self::TERMINATE => f.write_str("SIGTERM"),
            Self(number) => write!(f, "signal {number}"),
        }
    }
}

/// Tells if the program was asked to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// From now on, Ctrl-C, SIGTERM and SIGHUP do not end the program by themselves.
    pub(super) fn watch() -> Self {
        let interrupt = Self::default();
        if let Err(error) = interrupt.listen() {
            tracing::warn!("a signal to stop ends the program at once: {error}");
        }
        interrupt
    }

    #[cfg(unix)]
    fn listen(&self) -> std::io::Result<()> {
        for signal in [Signal::INTERRUPT, Signal::TERMINATE, Signal::HANGUP] {
            if signal == Signal::HANGUP && is_hangup_ignored() {
                continue;
            }
            let number = signal.0;
            signal_hook::flag::register_usize(number.into(), Arc::clone(&self.0), number.into())?;
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn listen(&self) -> std::io::Result<()> {
        let flag = Arc::clone(&self.0);
        let number = Signal::INTERRUPT.0.into();
        ctrlc::set_handler(move || flag.store(number, Ordering::SeqCst))
            .map_err(std::io::Error::other)
    }

    /// True if the program was asked to stop.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// An error if the program was asked to stop.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match u8::try_from(self.0.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => Ok(()),
            Ok(number) => Err(CliError::Interrupted(Signal(number))),
        }
    }
}

/// True if the program was started to outlive its terminal, as by `nohup`.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    use std::io::IsTerminal;
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
            let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            mask.is_some_and(|mask| mask & 1 != 0)
        }
        // Other systems do not tell. With `nohup`, there is no terminal to write to.
        Err(_) => !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal(),
    }
}

/// A source that ends when the program is asked to stop.
pub(super) struct Interruptible {
    pub(super) inner: Box<dyn Source>,
    pub(super) interrupt: Interrupt,
}

impl Source for Interruptible {
    fn info(&self) -> &SourceInfo {
        self.inner.info()
    }

    fn time_zero(&self) -> Option<TimeZero> {
        self.inner.time_zero()
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if self.interrupt.is_set() { Ok(Next::End) } else { self.inner.next() }
    }
}
