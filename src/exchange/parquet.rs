//! Samples in columns, for tables that are too long for text.
//!
//! A value that was not measured is null. Names are those of `samples.csv`; `time_ns` is exact.

use std::io;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;

use super::columns::{MEASURES, MOTION, motion, motion_columns};
use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::measure::sample::Sample;
use crate::session::history::samples::Samples;

/// The registry entry.
pub const FORMAT: Format = Format::written(
    "parquet",
    "The table of samples in columns (Parquet)",
    PictureUse::None,
    |_| vec![FileFormat::new("samples.parquet", write)],
);

/// Number of samples in a row group: a minute at 1,000 frames a second.
const GROUP: usize = 1 << 16;

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    write_samples(view.session.history.samples(), out).map_err(io::Error::other)
}

fn write_samples(samples: &Samples, out: &mut Sink) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("fleeting {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut file = SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties))?;
    let mut group = Vec::with_capacity(samples.len().min(GROUP));
    for first in (0..samples.len()).step_by(GROUP) {
        group.clear();
        group.extend(samples.range(first..first + GROUP));
        write_group(&group, file.next_row_group()?)?;
    }
    file.close().map(|_| ())
}

fn schema() -> Result<Type, ParquetError> {
    let column = |name: &str, physical, repetition, logical| {
        let column = Type::primitive_type_builder(name, physical);
        column.with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
    };
    let required = |name, physical| column(name, physical, Repetition::REQUIRED, None);
    let mut columns = vec![
        required("frame", Physical::INT64)?,
        required("time_ns", Physical::INT64)?,
        required("time_s", Physical::DOUBLE)?,
        column("quality", Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String))?,
    ];
    let names = MEASURES.iter().map(|measure| measure.name.to_owned()).chain(motion_columns());
    for name in names {
        columns.push(column(&name, Physical::FLOAT, Repetition::OPTIONAL, None)?);
    }
    Type::group_type_builder("sample").with_fields(columns).build()
}

/// Columns in the order of [`schema`].
fn write_group(
    samples: &[Sample],
    mut group: SerializedRowGroupWriter<'_, &mut Sink>,
) -> Result<(), ParquetError> {
    let frames: Vec<i64> = samples.iter().map(|sample| sample.seq as i64).collect();
    whole::<Int64Type>(&mut group, &frames)?;
    let nanos: Vec<i64> = samples.iter().map(|sample| sample.time.nanos()).collect();
    whole::<Int64Type>(&mut group, &nanos)?;
    let secs: Vec<f64> = samples.iter().map(|sample| sample.time.secs()).collect();
    whole::<DoubleType>(&mut group, &secs)?;
    let words = |sample: &Sample| ByteArray::from(sample.quality.trouble.to_string().into_bytes());
    whole::<ByteArrayType>(&mut group, &samples.iter().map(words).collect::<Vec<_>>())?;
    for measure in &MEASURES {
        measured(&mut group, samples.iter().map(measure.of))?;
    }
    for column in 0..MOTION {
        measured(&mut group, samples.iter().map(|sample| motion(sample, column)))?;
    }
    group.close().map(|_| ())
}

fn whole<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Sink>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    next::<T>(group, values, None)
}

fn measured(
    group: &mut SerializedRowGroupWriter<'_, &mut Sink>,
    values: impl Iterator<Item = f32>,
) -> Result<(), ParquetError> {
    let (mut known, mut is_known) = (Vec::new(), Vec::new());
    for value in values {
        is_known.push(i16::from(value.is_finite()));
        if value.is_finite() {
            known.push(value);
        }
    }
    next::<FloatType>(group, &known, Some(&is_known))
}

/// Writes the next column.
fn next<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Sink>,
    values: &[T::T],
    is_known: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has too few columns".into());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, is_known, None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::{reviewed, session};
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    fn columns(session: &crate::session::Session) -> Vec<Vec<(String, Field)>> {
        let folder = tempfile::tempdir().expect("a folder");
        let written = FORMAT.write(&mut View::of_model(session), folder.path()).expect("written");
        let file = std::fs::File::open(&written.files[0]).expect("there");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        let rows = reader.get_row_iter(None).expect("rows");
        rows.map(|row| row.expect("a row").into_columns()).collect()
    }

    #[test]
    fn what_was_measured_reads_back_and_what_was_not_is_null() {
        let rows = columns(&session());
        let field = |row: usize, name: &str| {
            let found = rows[row].iter().find(|(column, _)| column == name);
            found.unwrap_or_else(|| panic!("no column {name}")).1.clone()
        };
        assert_eq!((rows.len(), rows[0].len()), (3, 4 + 10 + 48));
        assert_eq!(field(0, "micro"), Field::Float(0.75));
        assert_eq!(field(0, "chin_dy"), Field::Float(-0.25));
        assert_eq!(field(0, "head_dy"), Field::Float(2.0));
        assert_eq!((field(1, "micro"), field(1, "yaw_deg")), (Field::Null, Field::Null));
        assert_eq!(field(1, "quality"), Field::Str("no face, gap".into()));
        assert_eq!(field(2, "time_ns"), Field::Long(66_666_667));
    }

    #[test]
    fn every_frame_is_one_row_and_no_frame_is_a_valid_table() {
        assert_eq!(columns(&reviewed()).len(), 90);
        assert!(columns(&crate::session::Session::default()).is_empty());
    }
}
