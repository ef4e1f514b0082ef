//! Which recordings a folder holds.

use std::io;
use std::path::{Path, PathBuf};

use crate::session::store::DATABASE;
use crate::source::{images, video};

/// Videos, and folders of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Images,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundRecording {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    /// Below the folder that was searched, with `/` between its parts: its name in every list.
    pub(super) name: String,
}

impl FoundRecording {
    /// Where its results go, below the folder for all: a video and a folder of pictures never share one.
    pub(super) fn results(&self) -> String {
        match self.kind {
            Kind::Video => self.name.clone(),
            Kind::Images => format!("{}.pictures", self.name),
        }
    }
}

/// What lies directly in a folder, by name.
struct Content {
    folders: Vec<PathBuf>,
    videos: Vec<PathBuf>,
    has_pictures: bool,
}

/// Whether a bare folder means many recordings, and not one that came as pictures.
pub(in crate::cli) fn is_many(folder: &Path) -> bool {
    look(folder).is_ok_and(|content| !content.has_pictures || !content.videos.is_empty())
}

/// Every recording below `folder` but what lies in `out`, in the order of their names.
pub(super) fn recordings(
    folder: &Path,
    out: &Path,
) -> Result<Vec<FoundRecording>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    let out = out.canonicalize().ok();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        let content = look(&here).map_err(|error| (here.clone(), error))?;
        let is_out = |path: &PathBuf| out.is_some() && path.canonicalize().ok() == out;
        folders.extend(content.folders.into_iter().filter(|path| !is_out(path)));
        let named = |kind, path: PathBuf| {
            let name = name_below(folder, &path);
            FoundRecording { kind, path, name }
        };
        if content.has_pictures && content.videos.is_empty() && here != folder {
            found.push(named(Kind::Images, here));
        }
        found.extend(content.videos.into_iter().map(|path| named(Kind::Video, path)));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn look(folder: &Path) -> io::Result<Content> {
    let mut content = Content { folders: Vec::new(), videos: Vec::new(), has_pictures: false };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link to a folder may lead back up; one to a file is a file.
        if entry.file_type()?.is_dir() {
            // The pictures of a stored session were analysed already.
            if !path.join(DATABASE).exists() {
                content.folders.push(path);
            }
        } else if video::has_ending(&path) {
            content.videos.push(path);
        } else {
            content.has_pictures |= images::has_ending(&path);
        }
    }
    Ok(content)
}

fn name_below(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let found = recordings(folder, &folder.join("out")).expect("readable");
        found.into_iter().map(|one| one.name).collect()
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(path, "x").expect("written");
        }
        folder
    }

    #[test]
    fn videos_and_folders_of_pictures_are_found_at_any_depth_in_order() {
        let folder =
            folder(&["b.MP4", "s1/a.avi", "s2/x/1.png", "s2/x/2.png", "notes.txt", ".h.mp4"]);
        assert_eq!(names(folder.path()), ["b.MP4", "s1/a.avi", "s2/x"]);
    }

    #[test]
    fn results_and_stored_sessions_are_not_analysed_again() {
        let folder = folder(&["a.mp4", "out/strip.mp4", "one/session.sqlite", "one/film.mkv"]);
        assert_eq!(names(folder.path()), ["a.mp4"]);
    }

    #[test]
    fn a_folder_of_pictures_is_one_recording_and_not_many() {
        assert!(!is_many(folder(&["1.png", "sub/a.mp4"]).path()));
        assert!(is_many(folder(&["thumbnail.png", "a.mp4"]).path()));
        assert!(is_many(folder(&["s1/1.png"]).path()));
    }
}
