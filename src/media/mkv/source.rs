//! The film of a stored session as a source: the pictures, numbers and times that were analysed.

use std::path::Path;

use crate::media::mkv::MkvReader;
use crate::media::pictures::{PictureError, Pictures};
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo};

/// Opens a film for reading in any order.
pub(crate) fn pictures(path: &Path) -> Result<Box<dyn Pictures>, SourceError> {
    Ok(Box::new(reader(path)?))
}

/// Opens a film for reading from front to back.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let mut reader = reader(path)?;
    let (Some(first), Some(last)) = (reader.moments().first(), reader.moments().last()) else {
        return Err(SourceError::unusable(path.display(), "a film with pictures", "none"));
    };
    let (frames, secs) = (reader.moments().len(), last.time.secs_since(first.time));
    let size_px = (0..frames).find_map(|index| reader.picture(index).ok()).map(|frame| {
        let image = &frame.image;
        (image.width, image.height)
    });
    let size_px = size_px.ok_or_else(|| {
        SourceError::unusable(path.display(), "a film with whole pictures", "none")
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let info = SourceInfo {
        name,
        size_px,
        nominal_fps: (secs > 0.0).then(|| (frames - 1) as f64 / secs),
        frames: Some(frames as u64),
        detail: format!("film by Fleeting, {}×{}", size_px.0, size_px.1),
        stamped_on_arrival: false,
        ..SourceInfo::default()
    };
    Ok(Box::new(Film { info, reader, next: 0 }))
}

fn reader(path: &Path) -> Result<MkvReader, SourceError> {
    let refuse = |error: PictureError| {
        SourceError::unusable(path.display(), "the pictures of a session", error.found)
    };
    MkvReader::open(path).map_err(refuse)
}

struct Film {
    info: SourceInfo,
    reader: MkvReader,
    next: usize,
}

impl Source for Film {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        let index = self.next;
        if index >= self.reader.moments().len() {
            return Ok(Next::End);
        }
        self.next += 1;
        Ok(match self.reader.picture(index) {
            Ok(frame) => Next::Frame(frame),
            Err(PictureError { found, .. }) => {
                let text = format!("{}: {found}; it is left out.", self.info.name);
                Next::Notice(Notice::new(NoticeKind::CorruptFrame, text))
            }
        })
    }
}
