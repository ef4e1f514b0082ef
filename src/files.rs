//! Opening and making files, for every part of the program.
//!
//! Three rules hold for every file. Only a regular file is opened, because opening a pipe waits until another
//! program opens its other end. Only the owner can read what the program makes, because nearly every file
//! shows a person. A file of results gets its name only when it is complete.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Part of the name of a file that is not complete yet.
const UNFINISHED: &str = ".unfinished-";

/// Fails if `path` is, or links to, a pipe or a device. A file that does not exist is no error here.
pub fn refuse_pipe(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let text = "expected a file, found a pipe or device";
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
        _ => Ok(()),
    }
}

/// Opens a regular file for reading.
pub fn open(path: &Path) -> io::Result<File> {
    refuse_pipe(path)?;
    File::open(path)
}

/// All bytes of a regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The whole text of a regular file.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Makes `folder` and every folder above it that is missing. Only the owner can enter a new folder (0700); a
/// folder that exists already keeps its permissions.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options to open a file with. If opening makes the file, only its owner can read it (0600).
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a new file. It gets its name when it is complete, so that no half of it ever stands under that
/// name, whatever ends the program. Fails with [`io::ErrorKind::AlreadyExists`] if there is a file of this
/// name.
pub fn write_new(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let (unfinished, mut file) = unfinished(path)?;
    let written = content(&mut file).and_then(|()| give_name(&unfinished, path));
    written.map_err(|error| match fs::remove_file(&unfinished) {
        Ok(()) => error,
        Err(_) if unfinished.symlink_metadata().is_err() => error,
        Err(_) => {
            let text = format!("left unfinished as {}: {error}", unfinished.display());
            io::Error::new(error.kind(), text)
        }
    })
}

/// Replaces a file. The old file stays until the new one is complete.
pub fn replace(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (unfinished, mut file) = unfinished(path)?;
    content(&mut file)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// True if `name` is that of an unfinished file that a killed run left behind.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.contains(UNFINISHED)
}

/// A new file beside `path`, and its name.
fn unfinished(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!("{UNFINISHED}{}", std::process::id()));
    let hidden = path.with_file_name(hidden);
    let create = || options().read(true).write(true).create_new(true).open(&hidden);
    match create() {
        // Left by a killed process that had the same process number.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&hidden)?;
            create()
        }
        made => made,
    }
    .map(|file| (hidden, file))
}

/// Gives a complete file its name. Fails if there is a file of this name by now.
fn give_name(unfinished: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(unfinished, path) {
        Ok(()) => fs::remove_file(unfinished),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no hard links.
        Err(_) if path.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(unfinished, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_has_its_name_once_it_is_whole_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.csv");
        write_new(&path, |file| {
            file.write_all(b"half")?;
            assert!(!path.exists(), "half of it has the name already");
            file.write_all(b" and half")
        })
        .expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"half and half");
        let error = write_new(&path, |file| file.write_all(b"other")).expect_err("in the way");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_cannot_be_finished_is_taken_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write_new(&folder.path().join("x"), |_| Err(io::Error::other("disk full")));
        assert!(error.is_err_and(|error| error.to_string() == "disk full"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        assert!(is_unfinished(".events.csv.unfinished-12") && !is_unfinished("events.csv"));
    }

    #[test]
    #[cfg(unix)]
    fn what_is_made_can_be_read_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().expect("a folder");
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        let folder = base.path().join("above/session");
        create_folder(&folder).expect("made");
        assert_eq!([mode(&folder), mode(&base.path().join("above"))], [0o700; 2]);
        let file = folder.join("scores");
        write_new(&file, |_| Ok(())).expect("written");
        assert_eq!(mode(&file), 0o600);
    }
}
