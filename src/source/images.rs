//! To be written.
use super::{Source, SourceError, SourceKind, SourceSpec};

/// The registry entry.
pub const KIND: SourceKind =
    SourceKind { name: "images", target_help: "", about: "", is_live: false, open };

fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    Err(SourceError::Unusable {
        what: spec.to_string(),
        expected: "a source".into(),
        found: "none yet".into(),
    })
}
