//! Element types of NumPy files that `ndarray-npy` leaves out: half precision and fixed-width text.

use std::io::{Read, Write};

use ndarray_npy::{ReadDataError, ReadableElement, WritableElement, WriteDataError};
use py_literal::Value;

/// A half-precision number (`<f2`), read as single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Half(pub f32);

impl ReadableElement for Half {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        type_desc: &Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        match type_desc {
            Value::String(code) if code == "<f2" => {
                let bytes = exactly(&mut reader, len, 2)?;
                let number = |b: &[u8]| Self(half::f16::from_le_bytes([b[0], b[1]]).to_f32());
                Ok(bytes.chunks_exact(2).map(number).collect())
            }
            other => Err(ReadDataError::WrongDescriptor(other.clone())),
        }
    }
}

impl WritableElement for Half {
    fn type_descriptor() -> Value {
        Value::String("<f2".into())
    }

    fn write<W: Write>(&self, mut writer: W) -> Result<(), WriteDataError> {
        Ok(writer.write_all(&half::f16::from_f32(self.0).to_le_bytes())?)
    }

    fn write_slice<W: Write>(slice: &[Self], mut writer: W) -> Result<(), WriteDataError> {
        slice.iter().try_for_each(|number| number.write(&mut writer))
    }
}

/// Text of at most [`Text::WIDTH`] characters when written (`<U32`), of any width when read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

impl Text {
    /// Characters per element in files written here; longer text is cut.
    pub const WIDTH: usize = 32;
}

impl ReadableElement for Text {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        type_desc: &Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        let wrong = || ReadDataError::WrongDescriptor(type_desc.clone());
        let Value::String(code) = type_desc else { return Err(wrong()) };
        let width =
            code.strip_prefix("<U").and_then(|n| n.parse::<usize>().ok()).ok_or_else(wrong)?;
        if width == 0 {
            return Ok(vec![Self::default(); len]);
        }
        let bytes = exactly(&mut reader, len, width.saturating_mul(4))?;
        let character = |b: &[u8]| char::from_u32(u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let text = |b: &[u8]| -> Option<Self> {
            let all: Option<String> = b.chunks_exact(4).map(character).collect();
            all.map(|s| Self(s.trim_end_matches('\0').to_owned()))
        };
        bytes
            .chunks_exact(width * 4)
            .map(|b| text(b).ok_or_else(|| ReadDataError::ParseData("not a character".into())))
            .collect()
    }
}

impl WritableElement for Text {
    fn type_descriptor() -> Value {
        Value::String(format!("<U{}", Self::WIDTH))
    }

    fn write<W: Write>(&self, mut writer: W) -> Result<(), WriteDataError> {
        let padded = self.0.chars().chain(std::iter::repeat('\0')).take(Self::WIDTH);
        for character in padded {
            writer.write_all(&u32::from(character).to_le_bytes())?;
        }
        Ok(())
    }

    fn write_slice<W: Write>(slice: &[Self], mut writer: W) -> Result<(), WriteDataError> {
        slice.iter().try_for_each(|text| text.write(&mut writer))
    }
}

/// The rest of a reader, which must be `len` elements of `size` bytes.
fn exactly<R: Read>(reader: &mut R, len: usize, size: usize) -> Result<Vec<u8>, ReadDataError> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    match bytes.len().checked_sub(len.saturating_mul(size)) {
        Some(0) => Ok(bytes),
        Some(extra) => Err(ReadDataError::ExtraBytes(extra)),
        None => Err(ReadDataError::MissingData),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use ndarray_npy::{ReadNpyExt, WriteNpyExt};

    #[test]
    fn text_survives_a_round_trip() {
        let words = array![Text("L12+R4".into()), Text(String::new()), Text("Ü".into())];
        let mut file = Vec::new();
        words.write_npy(&mut file).expect("writes");
        assert_eq!(Array1::<Text>::read_npy(&file[..]).expect("reads"), words);
    }

    #[test]
    fn halves_read_as_the_numbers_that_numpy_wrote() {
        let code = Value::String("<f2".into());
        // 1, -2, 0.5 and 65504 as IEEE 754 binary16.
        let bytes = [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38, 0xff, 0x7b];
        let read = Half::read_to_end_exact_vec(&bytes[..], &code, 4).expect("four halves");
        assert_eq!(read, [1.0, -2.0, 0.5, 65504.0].map(Half));
        assert!(Half::read_to_end_exact_vec(&bytes[..], &code, 5).is_err());
        assert!(Half::read_to_end_exact_vec(&bytes[..], &Value::String("<f4".into()), 2).is_err());
    }
}
