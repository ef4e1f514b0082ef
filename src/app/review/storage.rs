//! Where the session under review is stored, and where acts are stored.

use std::path::PathBuf;

use super::outside::{AnnotationSink, Kept};
use crate::source::SourceSpec;

/// Where the session is stored.
#[derive(Default)]
pub struct Storage {
    /// Its folder; `None` for a session in memory only.
    pub folder: Option<PathBuf>,
    /// Its recording, if that can be read again.
    pub source: Option<SourceSpec>,
    /// Why acts are not stored although they should be.
    pub unkept: Option<String>,
    pub(super) sink: Option<Box<dyn AnnotationSink>>,
}

impl Storage {
    /// True if acts are stored.
    pub fn is_kept(&self) -> bool {
        self.sink.is_some() && self.unkept.is_none()
    }

    pub(super) fn keep(&mut self, kept: Kept) {
        if let Some(sink) = &mut self.sink {
            sink.keep(kept);
        }
    }

    /// Checks if something could not be stored.
    pub(super) fn look_for_faults(&mut self) {
        if let Some(fault) = self.sink.as_mut().and_then(|sink| sink.fault()) {
            self.unkept = Some(fault);
        }
    }
}
