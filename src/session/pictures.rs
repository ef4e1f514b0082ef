//! The pictures of a session, by frame: what review shows and what clips are exported from.

use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::mkv::MkvReader;
use crate::media::pictures::{PictureError, Pictures, nth};
use std::path::{Path, PathBuf};

use super::store;
use crate::source::{SourceOptions, SourceSpec, images, video};

/// Opens the pictures of a session's folder, of a video file or of a folder of pictures, which come
/// 30 a second; see [`of_source`] for another rate.
pub fn open(path: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    if path.join(store::DATABASE).exists() {
        let none = "expected stored pictures, found a session without any";
        return of_session(path, None)?.ok_or_else(|| PictureError::new(path, none));
    }
    let kind = if path.is_dir() { images::KIND.name } else { video::KIND.name };
    of_source(&SourceSpec { kind, target: path.into(), options: SourceOptions::default() })
}

/// Opens the pictures that are stored in the session's folder; `None` where it was recorded without, or
/// they are not there. `recording` is the one that the user says the session is of.
pub fn of_session(
    folder: &Path,
    recording: Option<&SourceSpec>,
) -> Result<Option<Box<dyn Pictures>>, PictureError> {
    let opened = store::open_of_recording(folder, recording);
    Ok(opened.map_err(|error| PictureError::new(folder, error.to_string()))?.pictures)
}

/// Opens the pictures of a session that is being recorded at this moment, for reading only.
/// [`Pictures::refresh`] takes in what has been recorded since.
pub fn of_recording(folder: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    let mut growing = Growing { folder: folder.into(), segments: Vec::new(), moments: Vec::new() };
    growing.refresh()?;
    Ok(Box::new(growing))
}

/// The picture files of a recording that goes on. The last one grows, and others may follow it.
struct Growing {
    folder: PathBuf,
    segments: Vec<MkvReader>,
    moments: Vec<Moment>,
}

impl Pictures for Growing {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, .. } = nth(&self.moments, index, &self.folder)?;
        let mut within = index;
        for segment in &mut self.segments {
            let pictures = segment.moments().len();
            if within < pictures {
                return segment.picture(within);
            }
            within -= pictures;
        }
        Err(PictureError::new(&self.folder, format!("expected frame {frame}, found no picture")))
    }

    fn refresh(&mut self) -> Result<(), PictureError> {
        // Of the last one more is there now; those before it are finished.
        self.segments.pop();
        loop {
            let path = self.folder.join(store::segment_name(self.segments.len() as u32 + 1));
            // A link may lead anywhere.
            if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
                break;
            }
            self.segments.push(MkvReader::open(&path)?);
        }
        self.moments = self.segments.iter().flat_map(|part| part.moments()).copied().collect();
        Ok(())
    }
}

/// True if what a source delivered can be looked at again: recordings can, cameras and demo persons
/// cannot.
pub fn can_be_seen_again(spec: &SourceSpec) -> bool {
    [video::KIND.name, images::KIND.name].contains(&spec.kind)
}

/// Opens what a source delivered, once more, for looking at in any order. Cameras and demo persons
/// cannot be looked at again.
pub fn of_source(spec: &SourceSpec) -> Result<Box<dyn Pictures>, PictureError> {
    let Some(opened) = spec.pictures() else {
        let found = "expected a video file or a folder of pictures, found a source that is gone once it \
                     was seen";
        return Err(PictureError { path: spec.to_string().into(), found: found.into() });
    };
    opened.map_err(|error| PictureError::of(&spec.path(), error))
}
