//! Finds the recordings in a folder, and files that look like recordings but are left out.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::plain;
use crate::session::store::DATABASE;
use crate::source::{images, video};

/// A video, or a folder of pictures.
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
    /// The same path, below the folder that was searched.
    pub(super) below: PathBuf,
    /// The same path with `/` between its parts and without control characters: its name in every list.
    pub(super) name: String,
}

/// Something that is left out although it may hold a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Name, as in [`FoundRecording::name`].
    pub(super) name: String,
    /// Why.
    pub(super) why: String,
}

/// Everything that a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FolderContent {
    pub(super) recordings: Vec<FoundRecording>,
    pub(super) left: Vec<Left>,
}

impl FoundRecording {
    /// Where its results go, below the folder for all results. A video and a folder of pictures never share
    /// one.
    pub(super) fn results(&self) -> PathBuf {
        let mut results = self.below.clone().into_os_string();
        if self.kind == Kind::Images {
            results.push(".pictures");
        }
        results.into()
    }
}

/// The content of one folder, by name.
struct Content {
    folders: Vec<PathBuf>,
    videos: Vec<PathBuf>,
    has_pictures: bool,
    /// What is left out, and why.
    left: Vec<(PathBuf, String)>,
}

/// True if the folder holds many recordings, and is not one recording of pictures.
pub(in crate::cli) fn is_many(folder: &Path) -> bool {
    look(folder).is_ok_and(|content| !content.has_pictures || !content.videos.is_empty())
}

/// Every recording below `folder`, except in `out`, and what is left out, ordered by name.
pub(super) fn recordings(folder: &Path, out: &Path) -> Result<FolderContent, (PathBuf, io::Error)> {
    let mut found = FolderContent::default();
    let out = out.canonicalize().ok();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        let content = look(&here).map_err(|error| (here.clone(), error))?;
        let is_out = |path: &PathBuf| out.is_some() && path.canonicalize().ok() == out;
        folders.extend(content.folders.into_iter().filter(|path| !is_out(path)));
        let named = |kind, path: PathBuf| {
            let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            let name = name_of(&below);
            FoundRecording { kind, path, below, name }
        };
        let left = content.left.into_iter().map(|(path, why)| Left {
            name: name_of(path.strip_prefix(folder).unwrap_or(&path)),
            why,
        });
        found.left.extend(left);
        if content.has_pictures && !content.videos.is_empty() {
            let why = "pictures beside videos are not taken for a recording".to_owned();
            let name = name_of(here.strip_prefix(folder).unwrap_or(&here));
            let name = if name.is_empty() { ".".to_owned() } else { name };
            found.left.push(Left { name, why });
        } else if content.has_pictures && here != folder {
            found.recordings.push(named(Kind::Images, here));
        }
        found.recordings.extend(content.videos.into_iter().map(|path| named(Kind::Video, path)));
    }
    found.recordings.sort_by(|a, b| (&a.name, &a.below).cmp(&(&b.name, &b.below)));
    found.left.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn look(folder: &Path) -> io::Result<Content> {
    let mut content =
        Content { folders: vec![], videos: vec![], has_pictures: false, left: vec![] };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link to a folder may lead back up; a link to a file is a file.
        if entry.file_type()?.is_dir() {
            // The pictures of a stored session were analysed already.
            if path.join(DATABASE).exists() {
                content.left.push((path, "a stored session, analysed already".into()));
            } else {
                content.folders.push(path);
            }
        } else if path.is_dir() {
            let why = "a link to a folder, which is not followed; analyse that folder by itself";
            content.left.push((path, why.into()));
        } else if video::has_ending(&path) {
            content.videos.push(path);
        } else if images::has_ending(&path) {
            content.has_pictures = true;
        } else if let Some(what) = video::looks_like(&path) {
            let why = format!("{what}, by its content, whose ending is not one of a video");
            content.left.push((path, format!("{why}; analyse it by itself")));
        }
    }
    Ok(content)
}

fn name_of(below: &Path) -> String {
    let parts = below.components().map(|part| plain::name(part.as_os_str()));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let found = recordings(folder, &folder.join("out")).expect("readable");
        found.recordings.into_iter().map(|one| one.name).collect()
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
    fn camcorders_are_taken_and_what_is_left_is_named_with_the_reason() {
        let folder =
            folder(&["1.MTS", "2.m2ts", "3.3gp", "4.flv", "notes.txt", "s/session.sqlite"]);
        std::fs::write(folder.path().join("renamed.bak"), b"\0\0\0\x18ftypmp42").expect("written");
        std::fs::write(folder.path().join("speech.m4a"), b"\0\0\0\x18ftypM4A ").expect("written");
        let found = recordings(folder.path(), &folder.path().join("out")).expect("readable");
        let names: Vec<_> = found.recordings.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["1.MTS", "2.m2ts", "3.3gp", "4.flv"]);
        let left: Vec<_> = found.left.iter().map(|left| left.name.as_str()).collect();
        assert_eq!(left, ["renamed.bak", "s"]);
        assert!(found.left[1].why.contains("stored session"), "{:?}", found.left);
    }

    #[test]
    #[cfg(unix)]
    fn a_linked_folder_is_named_and_not_followed_and_no_two_names_share_results() {
        use std::os::unix::ffi::OsStrExt;
        let folder = folder(&["a/1.mp4"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).expect("linked");
        for name in [b"M\xfcller.mp4", b"M\xfdller.mp4"] {
            std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "x")
                .expect("made");
        }
        let found = recordings(folder.path(), &folder.path().join("out")).expect("readable");
        assert_eq!(found.left.len(), 1, "{:?}", found.left);
        assert!(found.left[0].name == "a/up" && found.left[0].why.contains("link"));
        let mut results: Vec<_> = found.recordings.iter().map(FoundRecording::results).collect();
        results.dedup();
        assert_eq!(results.len(), 3);
        assert_eq!(found.recordings[0].name, "M\\xFCller.mp4");
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
