//! Arrays from `.npz` files, with errors that name the array, what was expected and what is there.

use std::path::Path;

use ndarray::ArrayD;
use ndarray_npy::ReadableElement;

use super::EvaluateError;
use crate::media::npz::Archive;

/// An open file.
pub(super) struct Npz {
    path: String,
    archive: Archive,
}

impl Npz {
    pub(super) fn open(path: &Path) -> Result<Self, EvaluateError> {
        let name = path.display().to_string();
        let opened = Archive::open(path);
        let archive = opened
            .map_err(|error| EvaluateError::Io { path: name.clone(), error })?
            .map_err(|found| content(&name, "file", "an .npz file", &found))?;
        Ok(Self { path: name, archive })
    }

    /// An array of this type and shape, row-major; `None` means any size.
    pub(super) fn array<T: ReadableElement + Clone>(
        &mut self,
        name: &str,
        type_name: &str,
        shape: &[Option<usize>],
    ) -> Result<Vec<T>, EvaluateError> {
        let expected = format!("{type_name} {}", shape_text(shape));
        let read = self.archive.array(name);
        let array: ArrayD<T> =
            read.map_err(|error| content(&self.path, name, &expected, &error.to_string()))?;
        let fits = array.ndim() == shape.len()
            && array.shape().iter().zip(shape).all(|(a, b)| b.is_none_or(|b| *a == b));
        if !fits {
            let found: Vec<_> = array.shape().iter().copied().map(Some).collect();
            let found = format!("{type_name} {}", shape_text(&found));
            return Err(content(&self.path, name, &expected, &found));
        }
        Ok(array.iter().cloned().collect())
    }

    /// True if there is such an array.
    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.has(name)
    }

    /// An error about the value of an array.
    pub(super) fn error(&self, what: &str, expected: &str, found: &str) -> EvaluateError {
        content(&self.path, what, expected, found)
    }
}

fn content(path: &str, what: &str, expected: &str, found: &str) -> EvaluateError {
    EvaluateError::Content {
        path: path.into(),
        what: what.into(),
        expected: expected.into(),
        found: found.into(),
    }
}

fn shape_text(shape: &[Option<usize>]) -> String {
    let dims: Vec<_> =
        shape.iter().map(|d| d.map_or("any".to_owned(), |d| d.to_string())).collect();
    format!("[{}]", dims.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    use ndarray::{Array1, Array2};
    use ndarray_npy::NpzWriter;

    fn file_with(write: impl FnOnce(&mut NpzWriter<File>)) -> tempfile::TempPath {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut writer = NpzWriter::new(file.reopen().expect("it opens"));
        write(&mut writer);
        writer.finish().expect("it is written");
        file.into_temp_path()
    }

    fn message<T>(result: Result<T, EvaluateError>) -> String {
        result.err().expect("an error").to_string()
    }

    #[test]
    fn an_array_is_read_row_major() {
        let values = Array2::from_shape_fn((2, 3), |(i, j)| (3 * i + j) as i32);
        let path = file_with(|w| w.add_array("events", &values).expect("added"));
        let mut npz = Npz::open(&path).expect("opens");
        let read: Vec<i32> = npz.array("events", "i32", &[None, Some(3)]).expect("reads");
        assert_eq!(read, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_wrong_shape_names_both_shapes() {
        let path = file_with(|w| w.add_array("events", &Array2::<i32>::zeros((2, 3))).expect("ok"));
        let mut npz = Npz::open(&path).expect("opens");
        let text = message(npz.array::<i32>("events", "i32", &[None, Some(5)]));
        assert!(text.contains("events: expected i32 [any, 5], found i32 [2, 3]"), "{text}");
    }

    #[test]
    fn a_wrong_type_and_a_missing_array_are_named() {
        let path = file_with(|w| w.add_array("label", &Array1::<f64>::zeros(2)).expect("ok"));
        let mut npz = Npz::open(&path).expect("opens");
        let text = message(npz.array::<i32>("label", "i32", &[None]));
        assert!(text.contains("expected i32 [any], found type '<f8'"), "{text}");
        let text = message(npz.array::<i32>("motion", "i32", &[None]));
        assert!(text.contains("motion: expected i32 [any], found no such array"), "{text}");
    }

    #[test]
    fn a_file_that_is_no_npz_or_is_not_there_or_is_a_folder_says_so() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), "not a zip").expect("written");
        assert!(message(Npz::open(file.path())).contains("expected an .npz file"));
        assert!(message(Npz::open(Path::new("/no/such.npz"))).contains("/no/such.npz"));
        let folder = tempfile::tempdir().expect("a folder");
        assert!(message(Npz::open(folder.path())).contains("found a folder"));
    }
}
