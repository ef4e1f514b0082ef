//! The pictures of a stored session: one file, or several where their size changed.

use std::path::Path;

use super::rows::{self, all};
use super::{Store, StoreError, WITH_PICTURES, is_film_name, read};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::mkv;
use crate::media::mkv::MkvReader;
use crate::media::pictures::{PictureError, Pictures};
use crate::session::pictures;
use crate::source::SourceSpec;

/// Several films as one.
struct Reels {
    films: Vec<MkvReader>,
    moments: Vec<Moment>,
}

impl Pictures for Reels {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let mut within = index;
        let last = self.films.len().saturating_sub(1);
        for (i, film) in self.films.iter_mut().enumerate() {
            let pictures = film.moments().len();
            if within < pictures || i == last {
                return film.picture(within);
            }
            within -= pictures;
        }
        let found = format!("expected pictures, found none for number {index}");
        Err(PictureError { path: Default::default(), found })
    }
}

impl Store {
    /// Another reader of its pictures, for whoever must not wait for the first; none where there are
    /// none.
    pub fn pictures(&self) -> Result<Option<Box<dyn Pictures>>, StoreError> {
        Ok(open(self, false, &mut Vec::new())?.0)
    }
}

/// Pictures, with the names of the files that they are in.
type Filmed = (Option<Box<dyn Pictures>>, Vec<String>);

/// Opens what the session says it has. A file that is missing or cannot be read is a remark, for the
/// rest of the session is worth having.
pub(super) fn open(
    store: &Store,
    is_writable: bool,
    remarks: &mut Vec<String>,
) -> Result<Filmed, StoreError> {
    let failed = |error| store.failed(error);
    let with_pictures = read::fact(&store.db, WITH_PICTURES).map_err(failed)?;
    if with_pictures.as_deref() == Some("false") {
        return Ok((of_recording(store, remarks)?, Vec::new()));
    }
    let names: Vec<String> =
        all(&store.db, "SELECT file FROM film ORDER BY n", |row| row.get(0)).map_err(failed)?;
    let (mut films, mut opened) = (Vec::new(), Vec::new());
    for name in names {
        // What a database says is not to lead out of the session's folder, nor write there.
        if !is_film_name(&name) {
            remarks.push(format!("{name:?} is no name of a picture file, so it is not opened."));
            continue;
        }
        let path = store.folder.join(&name);
        if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            remarks.push(format!("{name} is a link or no file, so it is not opened."));
            continue;
        }
        match open_one(&path, is_writable) {
            Ok((film, troubles)) => {
                remarks.extend(troubles.iter().map(|trouble| format!("{name}: {trouble}")));
                films.push(film);
                opened.push(name);
            }
            Err(_) if !path.exists() => remarks.push(format!(
                "{name} is missing, so these pictures cannot be shown; scores and events are here."
            )),
            Err(error) => remarks.push(error.to_string()),
        }
    }
    if films.is_empty() {
        return Ok((None, Vec::new()));
    }
    let moments = films.iter().flat_map(|film| film.moments()).copied().collect();
    Ok((Some(Box::new(Reels { films, moments })), opened))
}

/// Those of the recording that was analysed, where it still is where it was and is the same to the last
/// frame. Nobody is told of one that is gone: no pictures were promised.
fn of_recording(
    store: &Store,
    remarks: &mut Vec<String>,
) -> Result<Option<Box<dyn Pictures>>, StoreError> {
    let failed = |error| store.failed(error);
    let provenance = read::provenance(&store.db).map_err(failed)?;
    let Ok(mut source) = provenance.source.parse::<SourceSpec>() else { return Ok(None) };
    // As it was named: from here, or from where the session lies.
    let beside = store.folder.join("..").join(source.path());
    let Some(path) = [source.path(), beside].into_iter().find(|path| path.exists()) else {
        return Ok(None);
    };
    if !pictures::can_be_seen_again(&source) {
        return Ok(None);
    }
    source.target = path.to_string_lossy().into_owned();
    source.options.fps = read::source(&store.db).map_err(failed)?.nominal_fps;
    let moments = all(&store.db, "SELECT frame, time_ns FROM sample ORDER BY frame", |row| {
        Ok(Moment { frame: rows::count(row, 0)?, time: Timestamp::from_nanos(row.get(1)?) })
    });
    let moments = moments.map_err(failed)?;
    let name = source.path().display().to_string();
    match pictures::of_source(&source) {
        Ok(pictures) if pictures.moments().starts_with(&moments) => Ok(Some(pictures)),
        Ok(_) => {
            remarks.push(format!(
                "{name} is no longer, frame by frame, what was analysed, so its pictures are not shown."
            ));
            Ok(None)
        }
        Err(error) => {
            remarks.push(error.to_string());
            Ok(None)
        }
    }
}

fn open_one(path: &Path, is_writable: bool) -> Result<(MkvReader, Vec<String>), PictureError> {
    let mended = if is_writable { mkv::mend(path)? } else { Vec::new() };
    let film = MkvReader::open(path)?;
    let troubles = if is_writable { mended } else { film.troubles().to_vec() };
    Ok((film, troubles))
}
