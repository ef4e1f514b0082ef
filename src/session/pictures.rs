//! The pictures of a session, by frame. Review shows them, and clips are exported from them.

use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::mkv::MkvReader;
use crate::media::pictures::{PictureError, Pictures, nth};
use std::path::{Path, PathBuf};

use super::store;
use crate::source::{SourceOptions, SourceSpec, images, video};

/// Opens the pictures of a session's folder, of a video file, or of a folder of pictures. Pictures of a
/// folder come 30 a second; see [`of_source`] for another rate.
pub fn open(path: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    if path.join(store::DATABASE).exists() {
        let none = "expected stored pictures, found a session without any";
        return of_session(path, None)?.ok_or_else(|| PictureError::new(path, none));
    }
    let kind = if path.is_dir() { images::KIND.name } else { video::KIND.name };
    of_source(&SourceSpec { kind, target: path.into(), options: SourceOptions::default() })
}

/// Opens the pictures that are stored in the session's folder. `None` if it was recorded without pictures, or
/// if they are missing. `recording` is the recording that the user named for the session.
pub fn of_session(
    folder: &Path,
    recording: Option<&SourceSpec>,
) -> Result<Option<Box<dyn Pictures>>, PictureError> {
    let opened = store::open_of_recording(folder, recording);
    Ok(opened.map_err(|error| PictureError::new(folder, error.to_string()))?.pictures)
}

/// Opens the pictures of a session that is being recorded now, for reading only. [`Pictures::refresh`] adds
/// those recorded since.
pub fn of_recording(folder: &Path) -> Result<Box<dyn Pictures>, PictureError> {
    let mut growing = Growing { folder: folder.into(), segments: Vec::new(), moments: Vec::new() };
    growing.refresh()?;
    Ok(Box::new(growing))
}

/// The picture files of a recording that is still running. The last file grows, and more files may follow.
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
        // The last file has more pictures now; the files before it are finished.
        self.segments.pop();
        loop {
            let path = self.folder.join(store::segment_name(self.segments.len() as u32 + 1));
            // A link may lead to any file.
            if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
                break;
            }
            self.segments.push(MkvReader::open(&path)?);
        }
        self.moments = self.segments.iter().flat_map(|part| part.moments()).copied().collect();
        Ok(())
    }
}

/// True if what a source delivered can be read again. Recordings can; cameras and demo persons cannot.
pub fn can_be_seen_again(spec: &SourceSpec) -> bool {
    [video::KIND.name, images::KIND.name].contains(&spec.kind)
}

/// Opens a source again, for reading its pictures in any order. Fails for cameras and demo persons.
pub fn of_source(spec: &SourceSpec) -> Result<Box<dyn Pictures>, PictureError> {
    let Some(opened) = spec.pictures() else {
        let found = "expected a video file or a folder of pictures, found a source that is gone once it \
                     was seen";
        return Err(PictureError { path: spec.to_string().into(), found: found.into() });
    };
    opened.map_err(|error| PictureError::of(&spec.path(), error))
}
