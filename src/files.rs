//! Opening and making files, for every part of the program.
//!
//! Three things hold wherever a file is used. Only a regular file is opened: a pipe would keep whoever opens
//! it waiting for its other end. What the program makes can be read by its owner only, since nearly all of it
//! holds a person. A file of results has its name only once it is whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What stands in the name of a file that is not whole yet.
const UNFINISHED: &str = ".unfinished-";

/// Fails where `path` is a pipe or a device, by whatever links. One that is not there is no fault here.
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

/// All of a regular file that holds text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Makes `folder` and what is missing above it. New folders let nobody but their owner in (0700); one that is
/// there already stays as it is.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// How to open a file: where that makes it, only its owner can read it (0600).
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file that is not there yet. It gets its name once it is whole, so that whatever ends the program
/// leaves no half of it under that name. Fails with [`io::ErrorKind::AlreadyExists`] where something is there.
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

/// Writes a file in the place of an older one, which is there until the new one is whole.
pub fn replace(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (unfinished, mut file) = unfinished(path)?;
    content(&mut file)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// True if a name is that of a file which a run that was killed left unfinished.
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
        // Of a process that had this number before and was killed.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&hidden)?;
            create()
        }
        made => made,
    }
    .map(|file| (hidden, file))
}

/// Gives a whole file its name, unless something has that name by now.
fn give_name(unfinished: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(unfinished, path) {
        Ok(()) => fs::remove_file(unfinished),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some disks know no second name for a file.
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
