//! Where the session under review is stored, and where what people say of it is kept.

use std::path::PathBuf;

use super::outside::{AnnotationSink, Kept};
use crate::source::SourceSpec;

/// Where the session is stored.
#[derive(Default)]
pub struct Storage {
    /// Its folder; `None` for one that is in memory only.
    pub folder: Option<PathBuf>,
    /// The recording that it is of, where that can be looked at again.
    pub source: Option<SourceSpec>,
    /// Why acts are not kept, where they are not and should be.
    pub unkept: Option<String>,
    pub(super) sink: Option<Box<dyn AnnotationSink>>,
}

impl Storage {
    /// True if acts are kept somewhere.
    pub fn is_kept(&self) -> bool {
        self.sink.is_some() && self.unkept.is_none()
    }

    pub(super) fn keep(&mut self, kept: Kept) {
        if let Some(sink) = &mut self.sink {
            sink.keep(kept);
        }
    }

    /// Asks whether something could not be kept.
    pub(super) fn look_for_faults(&mut self) {
        if let Some(fault) = self.sink.as_mut().and_then(|sink| sink.fault()) {
            self.unkept = Some(fault);
        }
    }
}
