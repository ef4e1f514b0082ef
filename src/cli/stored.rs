//! A saved session from any path that names it: its folder, its database, or a `session.json`.

use std::io::Read;
use std::path::Path;

use super::CliError;
use crate::exchange::json;
use crate::files;
use crate::media::pictures::Pictures;
use crate::session::Session;
use crate::session::store::{self, DATABASE};
use crate::source::SourceSpec;

/// A session with its pictures, if there are any.
pub(super) struct Loaded {
    pub(super) session: Session,
    pub(super) pictures: Option<Box<dyn Pictures>>,
}

/// Reads the session at `path`. Anything else is refused with the same text.
pub(super) fn read(path: &Path) -> Result<Loaded, CliError> {
    read_with_recording(path, None)
}

/// The same, with the recording that the user named for the session.
pub(super) fn read_with_recording(
    path: &Path,
    recording: Option<&SourceSpec>,
) -> Result<Loaded, CliError> {
    let is_not = |found: &str| {
        let text = format!(
            "{}: expected a session (a folder with {DATABASE} or {name}, or a {name}), found {found}",
            path.display(),
            name = json::FILE_NAME
        );
        Err(CliError::Failed(text))
    };
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if path.is_dir() {
        let inside = path.join(json::FILE_NAME);
        return match () {
            () if is_there(&path.join(DATABASE)) => stored(path, recording),
            () if is_there(&inside) => document(&inside, recording),
            () => is_not("a folder with neither"),
        };
    }
    let mut first = [0];
    match files::open(path).and_then(|mut file| file.read(&mut first)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            is_not("nothing of this name")
        }
        Err(error) => Err(CliError::File { path: path.into(), error }),
        // The path of the database stands for its folder. Reading it says what is wrong with it.
        Ok(_) if path.file_name().is_some_and(|name| name == DATABASE) => {
            let above = path.parent().filter(|above| *above != Path::new(""));
            stored(above.unwrap_or(Path::new(".")), recording)
        }
        Ok(0) => is_not("an empty file"),
        Ok(_) if !first.starts_with(b"{") => is_not("a file of another kind"),
        Ok(_) => document(path, recording),
    }
}

fn stored(folder: &Path, recording: Option<&SourceSpec>) -> Result<Loaded, CliError> {
    let opened = store::open_of_recording(folder, recording)?;
    opened.remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
    Ok(Loaded { session: opened.session, pictures: opened.pictures })
}

fn document(file: &Path, recording: Option<&SourceSpec>) -> Result<Loaded, CliError> {
    if recording.is_some() {
        let text = "--recording: expected the folder of a session, found a session.json";
        return Err(CliError::Misuse(text.into()));
    }
    Ok(Loaded { session: json::read(file)?, pictures: None })
}
