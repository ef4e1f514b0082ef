//! Arrays from `.npz` archives of any origin. A name in an archive leads only to its own bytes, and an array
//! takes memory only for bytes that the file holds.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use ndarray::{Array, Dimension};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};
use py_literal::Value;
use zip::ZipArchive;
use zip::result::ZipError;

/// Greatest size of an array, bytes. Arrays that are read here are far smaller, and a few packed kilobytes
/// can claim to be more.
const MOST_BYTES: u64 = 1 << 30;

/// Greatest size of a header, bytes. A usual one has a hundred; the parser calls itself once for every
/// bracket.
const MOST_HEADER_BYTES: usize = 1 << 12;
const MOST_BRACKETS: usize = 16;

const MAGIC: &[u8] = b"\x93NUMPY";

/// An open archive.
#[derive(Debug)]
pub struct Archive(ZipArchive<BufReader<File>>);

/// Why an array cannot be read.
#[derive(Debug)]
pub enum ArrayError {
    /// The archive has no array of this name.
    Missing,
    /// Its elements have another type.
    Type(Value),
    /// It is damaged, or claims to be larger than it is.
    Broken(String),
}

impl fmt::Display for ArrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such array"),
            Self::Type(found) => write!(f, "type {found}"),
            Self::Broken(found) => f.write_str(found),
        }
    }
}

impl Archive {
    /// Opens an archive. The inner error says what was found instead of one.
    pub fn open(path: &Path) -> io::Result<Result<Self, String>> {
        let file = crate::files::open(path)?;
        if file.metadata()?.is_dir() {
            return Ok(Err("a folder".into()));
        }
        Ok(ZipArchive::new(BufReader::new(file)).map(Self).map_err(|error| error.to_string()))
    }

    /// True if there is an array called `name`, with or without `.npy` at the end.
    pub fn has(&self, name: &str) -> bool {
        let with_ending = format!("{name}.npy");
        self.0.file_names().any(|stored| stored == name || stored == with_ending)
    }

    /// The array called `name`, with or without `.npy` at the end.
    pub fn array<T: ReadableElement, D: Dimension>(
        &mut self,
        name: &str,
    ) -> Result<Array<T, D>, ArrayError> {
        let bytes = match self.bytes(name) {
            Err(ArrayError::Missing) => self.bytes(&format!("{name}.npy"))?,
            other => other?,
        };
        check_header(&bytes).map_err(ArrayError::Broken)?;
        Array::read_npy(&bytes[..]).map_err(|error| match error {
            ReadNpyError::WrongDescriptor(found) => ArrayError::Type(found),
            other => ArrayError::Broken(other.to_string()),
        })
    }

    fn bytes(&mut self, name: &str) -> Result<Vec<u8>, ArrayError> {
        let broken = |error: &dyn fmt::Display| ArrayError::Broken(error.to_string());
        let file = self.0.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => ArrayError::Missing,
            other => broken(&other),
        })?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(broken(&format!("more than {} MiB", MOST_BYTES >> 20)));
        }
        Ok(bytes)
    }
}

/// Refuses a header whose array is not all in the file, and one that is no plain dictionary. The reader of
/// arrays trusts both.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    let header = header(bytes).ok_or("no array, or one that is cut off")?;
    let is_bracket = |byte: &&u8| b"([{".contains(byte);
    if header.len() > MOST_HEADER_BYTES || header.iter().filter(is_bracket).count() > MOST_BRACKETS
    {
        return Err("a header that is no array's".into());
    }
    let text = String::from_utf8_lossy(header);
    let described: Value = text.trim().parse().map_err(|_| "a header that cannot be read")?;
    let Value::Dict(entries) = &described else { return Err("a header without entries".into()) };
    let shape = entries.iter().find(|(key, _)| *key == Value::String("shape".into()));
    let Some((_, Value::Tuple(sides))) = shape else { return Err("a header without shape".into()) };
    let side = |side: &Value| match side {
        Value::Integer(side) => side.to_string().parse::<usize>().ok(),
        _ => None,
    };
    let elements = sides.iter().try_fold(1usize, |all, one| all.checked_mul(side(one)?));
    if elements.is_none_or(|elements| elements > bytes.len()) {
        let shape: Vec<String> = sides.iter().map(ToString::to_string).collect();
        let found = bytes.len();
        return Err(format!("{found} bytes for the shape [{}]", shape.join(", ")));
    }
    Ok(())
}

/// The dictionary that describes the array, as text.
fn header(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
    };
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use ndarray::{Array1, Ix1, IxDyn};
    use ndarray_npy::WriteNpyExt;
    use proptest::prelude::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    /// An archive with `content` under each of `names`.
    fn archive(names: &[&str], content: &[u8]) -> (tempfile::TempDir, Archive) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.npz");
        let mut zip = ZipWriter::new(File::create(&path).expect("made"));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).expect("begun");
            zip.write_all(content).expect("written");
        }
        zip.finish().expect("written");
        let archive = Archive::open(&path).expect("there").expect("an archive");
        (folder, archive)
    }

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let length = header.len() as u16;
        [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn found(content: &[u8]) -> String {
        let (_folder, mut archive) = archive(&["a.npy"], content);
        archive.array::<f32, IxDyn>("a").expect_err("refused").to_string()
    }

    #[test]
    fn a_shape_that_the_file_does_not_fill_takes_no_memory() {
        for shape in ["(4000000000000,)", "(65536, 65536)", "(-1,)", "(18446744073709551617,)"] {
            let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n");
            let text = found(&npy(&header, &[0; 40]));
            assert!(text.contains("bytes for the shape"), "{text}");
        }
    }

    #[test]
    fn a_header_of_brackets_does_not_exhaust_the_stack() {
        assert!(found(&npy(&"(".repeat(60_000), &[])).contains("no array's"));
        assert!(found(&npy(&"[".repeat(500), &[])).contains("no array's"));
    }

    #[test]
    fn a_name_that_climbs_out_leads_to_its_own_bytes_and_nowhere_else() {
        let mut content = Vec::new();
        Array1::from(vec![1.0f32, 2.0]).write_npy(&mut content).expect("written");
        let names = ["../../motion.npy", "/etc/motion.npy"];
        let (folder, mut archive) = archive(&names, &content);
        assert!(matches!(archive.array::<f32, Ix1>("motion"), Err(ArrayError::Missing)));
        let own = archive.array::<f32, Ix1>("../../motion").expect("its own bytes");
        assert_eq!(own.to_vec(), [1.0, 2.0]);
        let files = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "nothing is unpacked");
    }

    proptest! {
        #[test]
        fn damaged_arrays_are_an_error_or_as_large_as_their_bytes(
            at in 0usize..170, noise in prop::collection::vec(any::<u8>(), 1..12), cut in 0usize..200,
        ) {
            let mut content = Vec::new();
            Array1::from(vec![1.0f32; 10]).write_npy(&mut content).expect("written");
            for (place, byte) in content.iter_mut().skip(at).zip(&noise) {
                *place = *byte;
            }
            content.truncate(content.len().min(cut));
            let (_folder, mut archive) = archive(&["a.npy"], &content);
            if let Ok(array) = archive.array::<f32, IxDyn>("a") {
                prop_assert!(array.len() * 4 <= content.len());
            }
        }

        #[test]
        fn a_damaged_archive_is_an_error_and_never_a_panic(
            at in 0.0..1.0f64, noise in prop::collection::vec(any::<u8>(), 1..30),
        ) {
            let mut content = Vec::new();
            Array1::from(vec![1.0f32; 10]).write_npy(&mut content).expect("written");
            let (folder, _) = archive(&["a.npy", "b.npy"], &content);
            let path = folder.path().join("a.npz");
            let mut bytes = std::fs::read(&path).expect("read");
            let at = (at * bytes.len() as f64) as usize;
            for (place, byte) in bytes.iter_mut().skip(at).zip(&noise) {
                *place = *byte;
            }
            std::fs::write(&path, &bytes).expect("written");
            if let Ok(mut archive) = Archive::open(&path).expect("there") {
                for name in ["a", "b"] {
                    archive.array::<f32, IxDyn>(name).map_or_else(drop, drop);
                }
            }
        }
    }
}
