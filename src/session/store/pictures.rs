//! The pictures of a stored session: one file, or several if their size changed.

use std::path::{Path, PathBuf};

use super::rows::{self, all};
use super::{Store, StoreError, WITH_PICTURES, is_film_name, known, read};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::mkv;
use crate::media::mkv::MkvReader;
use crate::media::pictures::{PictureError, Pictures};
use crate::session::pictures;
use crate::source::{SourceOptions, SourceSpec, images, video};

/// Several picture files as one.
struct Segments {
    films: Vec<MkvReader>,
    moments: Vec<Moment>,
}

impl Pictures for Segments {
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
    /// Opens another reader of its pictures, for a thread that must not wait for the first; `None` without
    /// pictures.
    pub fn pictures(&self) -> Result<Option<Box<dyn Pictures>>, StoreError> {
        let (pictures, ..) = open(self, false, &mut Vec::new())?;
        Ok(pictures)
    }
}

/// The pictures of a recording that was analysed, and how it is opened.
type FromRecording = (Box<dyn Pictures>, SourceSpec);

/// Pictures, with the names of their files, or with the recording from which they are read.
type Filmed = (Option<Box<dyn Pictures>>, Vec<String>, Option<SourceSpec>);

/// Opens the picture files that the session names. A file that is missing or cannot be read becomes a remark,
/// because the rest of the session is still useful.
pub(super) fn open(
    store: &Store,
    is_writable: bool,
    remarks: &mut Vec<String>,
) -> Result<Filmed, StoreError> {
    let failed = |error| store.failed(error);
    let with_pictures = read::fact(&store.db, WITH_PICTURES).map_err(failed)?;
    if with_pictures.as_deref() == Some("false") {
        let (pictures, source) = of_recording(store, remarks)?.unzip();
        return Ok((pictures, Vec::new(), source));
    }
    let names: Vec<String> =
        all(&store.db, "SELECT file FROM film ORDER BY n", |row| row.get(0)).map_err(failed)?;
    let (mut films, mut opened) = (Vec::new(), Vec::new());
    for name in names {
        // A name in a database must not lead out of the session's folder.
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
        return Ok((None, Vec::new(), None));
    }
    let moments = films.iter().flat_map(|film| film.moments()).copied().collect();
    Ok((Some(Box::new(Segments { films, moments })), opened, None))
}

/// The pictures of the recording that was analysed, if it is found and its frames are the same.
///
/// A session may come from anyone, so what it names is not opened for that alone. The recording must lie
/// beside the session, or be noted as this user's own, or be named by the user.
fn of_recording(
    store: &Store,
    remarks: &mut Vec<String>,
) -> Result<Option<FromRecording>, StoreError> {
    let failed = |error| store.failed(error);
    let mut source = match &store.recording {
        Some(named) => named.clone(),
        None => {
            let provenance = read::provenance(&store.db).map_err(failed)?;
            match found(store, &provenance.source) {
                Found::Here(source) => source,
                Found::Elsewhere(name) => {
                    remarks.push(format!(
                        "The recording {name} does not lie beside the session, so its pictures are not \
                         shown. Put it there, or name it: --recording PATH."
                    ));
                    return Ok(None);
                }
                Found::Nothing => return Ok(None),
            }
        }
    };
    let nominal_fps = read::source(&store.db).map_err(failed)?.nominal_fps;
    if source.kind == images::KIND.name {
        source.options.fps = source.options.fps.or(nominal_fps);
    }
    let moments = all(&store.db, "SELECT frame, time_ns FROM sample ORDER BY frame", |row| {
        Ok(Moment { frame: rows::count(row, 0)?, time: Timestamp::from_nanos(row.get(1)?) })
    });
    let moments = moments.map_err(failed)?;
    let name = source.path().display().to_string();
    // A video may have been analysed with a rate that the user stated.
    let told = SourceOptions { told_fps: nominal_fps, ..source.options.clone() };
    let is_video = source.kind == video::KIND.name;
    let at_told_rate = SourceSpec { options: told, ..source.clone() };
    let mut opened = pictures::of_source(&source);
    if is_video && opened.as_ref().is_ok_and(|pictures| !pictures.moments().starts_with(&moments)) {
        opened = pictures::of_source(&at_told_rate);
        source = at_told_rate;
    }
    match opened {
        Ok(pictures) if pictures.moments().starts_with(&moments) => Ok(Some((pictures, source))),
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

/// Where the recording of a session is.
enum Found {
    /// At a place that may be opened.
    Here(SourceSpec),
    /// At a place that may be opened only if the user names it; the file name without its folder.
    Elsewhere(String),
    /// The session has no recording.
    Nothing,
}

/// Looks for the recording that was stored as `source`. Only the session's folder, the one above it, and
/// places that this user's program has noted are read.
fn found(store: &Store, source: &str) -> Found {
    let Ok(mut spec) = source.parse::<SourceSpec>() else { return Found::Nothing };
    let path = spec.path();
    let (true, Some(name)) = (pictures::can_be_seen_again(&spec), path.file_name()) else {
        return Found::Nothing;
    };
    let is_folder = spec.kind == images::KIND.name;
    let beside = [store.folder.join(name), store.folder.join("..").join(name)];
    // A link would lead to another place.
    let is_it = |path: &PathBuf| {
        path.symlink_metadata().is_ok_and(|found| match is_folder {
            true => found.is_dir(),
            false => found.is_file(),
        })
    };
    if let Some(path) = beside.into_iter().find(is_it) {
        spec.target = path.into();
        return Found::Here(spec);
    }
    if known::is_noted(&store.folder, source) && path.exists() {
        return Found::Here(spec);
    }
    Found::Elsewhere(format!("{name:?}"))
}

fn open_one(path: &Path, is_writable: bool) -> Result<(MkvReader, Vec<String>), PictureError> {
    let mended = if is_writable { mkv::mend(path)? } else { Vec::new() };
    let film = MkvReader::open(path)?;
    let troubles = if is_writable { mended } else { film.troubles().to_vec() };
    Ok((film, troubles))
}
