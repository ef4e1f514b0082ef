//! The pictures of a session, by frame: what review shows and what clips are exported from.

use crate::media::pictures::{PictureError, Pictures};
use std::path::Path;

use super::store;
use crate::source::{SourceOptions, SourceSpec, images, video};

/// Opens the pictures of a session's folder, of a video file or of a folder of pictures, which come
/// 30 a second; see [`of_source`] for another rate.
pub fn open(path: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    if path.join(store::DATABASE).exists() {
        let none = "expected stored pictures, found a session without any";
        return of_session(path)?.ok_or_else(|| PictureError::new(path, none));
    }
    let kind = if path.is_dir() { images::KIND.name } else { video::KIND.name };
    let target = path.to_string_lossy().into_owned();
    of_source(&SourceSpec { kind, target, options: SourceOptions::default() })
}

/// Opens the pictures that are stored in the session's folder; none where it was recorded without, or
/// they are not there.
pub fn of_session(folder: &Path) -> Result<Option<Box<dyn Pictures>>, PictureError> {
    let opened = store::open(folder);
    Ok(opened.map_err(|error| PictureError::new(folder, error.to_string()))?.pictures)
}

/// Whether what a source delivered can be looked at again: recordings can, cameras and demo persons
/// cannot.
pub fn can_be_seen_again(spec: &SourceSpec) -> bool {
    [video::KIND.name, images::KIND.name].contains(&spec.kind)
}

/// Opens what a source delivered, once more, for looking at in any order. Cameras and demo persons
/// cannot be looked at again.
pub fn of_source(spec: &SourceSpec) -> Result<Box<dyn Pictures>, PictureError> {
    let path = spec.path();
    let opened = match spec.kind {
        kind if kind == video::KIND.name => video::pictures(&path),
        kind if kind == images::KIND.name => images::pictures(spec),
        _ => {
            let found = "expected a video file or a folder of pictures, found a source that is gone \
                         once it was seen";
            return Err(PictureError { path: spec.to_string().into(), found: found.into() });
        }
    };
    opened.map_err(|error| PictureError::of(&path, error))
}
