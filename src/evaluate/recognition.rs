//! Scores the recogniser as the second Micro-Expression Grand Challenge (MEGC 2019) does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::EvaluateError;
use super::npz::Npz;
use super::units::{CodedEvent, TrueUnit, UnitsReport};
use crate::measure::event::{ActionUnit, Emotion};
use crate::measure::regions::REGIONS;
use crate::model::Models;
use crate::pipeline::recognition::{Phases, Recogniser};

/// How often each class (row) was read as each class (column).
pub type Confusion = [[usize; 3]; 3];

/// The figures of one dataset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DatasetScore {
    /// Unweighted F1.
    pub uf1: f64,
    /// Unweighted average recall.
    pub uar: f64,
}

/// The report of `evaluate recognition`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecognitionReport {
    /// Unweighted F1 over all samples, 0–1.
    pub uf1: f64,
    /// Unweighted average recall, 0–1.
    pub uar: f64,
    /// Rows are the true classes, in the order of [`Emotion::ALL`].
    pub confusion: Confusion,
    /// By the number of the dataset in the file.
    pub by_dataset: BTreeMap<i32, DatasetScore>,
    /// Samples that the program would show as "unclear". They count with their best class.
    pub abstained: usize,
    /// The action units, if the file has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitsReport>,
}

impl RecognitionReport {
    /// From (truth, reading, dataset, true if it is clear).
    fn new(readings: &[(usize, usize, i32, bool)]) -> Self {
        let mut confusion = Confusion::default();
        let mut by_dataset: BTreeMap<i32, Confusion> = BTreeMap::new();
        for &(truth, read, dataset, _) in readings {
            confusion[truth][read] += 1;
            by_dataset.entry(dataset).or_default()[truth][read] += 1;
        }
        let DatasetScore { uf1, uar } = score(&confusion);
        Self {
            uf1,
            uar,
            confusion,
            by_dataset: by_dataset.iter().map(|(k, v)| (*k, score(v))).collect(),
            abstained: readings.iter().filter(|(.., is_clear)| !is_clear).count(),
            units: None,
        }
    }
}

/// UF1 and UAR over the classes that occur in the truth.
fn score(confusion: &Confusion) -> DatasetScore {
    let (mut f1, mut recall, mut classes) = (0.0, 0.0, 0.0f64);
    for class in 0..3 {
        let hits = confusion[class][class] as f64;
        let truths = confusion[class].iter().sum::<usize>() as f64;
        let read = confusion.iter().map(|row| row[class]).sum::<usize>() as f64;
        if truths > 0.0 {
            f1 += 2.0 * hits / (truths + read);
            recall += hits / truths;
            classes += 1.0;
        }
    }
    DatasetScore { uf1: f1 / classes.max(1.0), uar: recall / classes.max(1.0) }
}

impl fmt::Display for RecognitionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "true \\ read  {:>10}{:>10}{:>10}", "negative", "positive", "surprise")?;
        for (emotion, row) in Emotion::ALL.iter().zip(&self.confusion) {
            writeln!(f, "{:<13}{:>10}{:>10}{:>10}", emotion.name(), row[0], row[1], row[2])?;
        }
        for (dataset, score) in &self.by_dataset {
            writeln!(f, "dataset {dataset}: UF1 {:.3}, UAR {:.3}", score.uf1, score.uar)?;
        }
        let samples: usize = self.confusion.iter().flatten().sum();
        write!(
            f,
            "all: UF1 {:.3}, UAR {:.3}; {} of {samples} would read unclear",
            self.uf1, self.uar, self.abstained
        )?;
        self.units.as_ref().map_or(Ok(()), |units| write!(f, "\n\n{units}"))
    }
}

/// Reads every sample of a `recognition*.npz` with the chosen model, and scores the result.
pub fn recognition(path: &Path, models: &Models) -> Result<RecognitionReport, EvaluateError> {
    let mut npz = Npz::open(path)?;
    let motion: Vec<f32> = npz.array("motion", "f32", &[None, Some(REGIONS), Some(2)])?;
    let samples = motion.len() / (REGIONS * 2);
    let labels: Vec<i32> = npz.array("label", "i32", &[Some(samples)])?;
    let datasets: Vec<i32> = npz.array("dataset", "i32", &[Some(samples)])?;
    let truths = true_units(&mut npz, samples)?;
    let mut coded: Vec<CodedEvent> = Vec::new();
    let mut recogniser = Recogniser::new(models)?;
    let mut readings = Vec::with_capacity(samples);
    for (i, values) in motion.chunks_exact(REGIONS * 2).enumerate() {
        let truth = usize::try_from(labels[i])
            .ok()
            .filter(|label| *label < Emotion::ALL.len())
            .ok_or_else(|| npz.error("label", "0, 1 or 2", &labels[i].to_string()))?;
        let reading = recogniser.read_unscaled(&onset_to_apex(values))?;
        let emotion = reading.emotion;
        if let Some(truths) = &truths {
            coded.push((truths[i], reading.action_units));
        }
        let read = Emotion::ALL.iter().position(|e| *e == emotion.best().0).unwrap_or(0);
        readings.push((truth, read, datasets[i], emotion.clear));
    }
    let units = truths.map(|_| UnitsReport::new(&coded));
    Ok(RecognitionReport { units, ..RecognitionReport::new(&readings) })
}

/// The coder's code of each unit in each sample; `None` if the file has no `units`.
fn true_units(
    npz: &mut Npz,
    samples: usize,
) -> Result<Option<Vec<[TrueUnit; ActionUnit::RECOGNISED.len()]>>, EvaluateError> {
    const UNITS: usize = ActionUnit::RECOGNISED.len();
    if !npz.has("units") {
        return Ok(None);
    }
    let codes: Vec<i8> = npz.array("units", "i8", &[Some(samples), Some(UNITS)])?;
    let mut truths = Vec::with_capacity(samples);
    for row in codes.chunks_exact(UNITS) {
        let mut truth = [TrueUnit::Unknown; UNITS];
        for (truth, code) in truth.iter_mut().zip(row) {
            *truth = TrueUnit::from_code(*code)
                .ok_or_else(|| npz.error("units", "codes -1 to 3", &code.to_string()))?;
        }
        truths.push(truth);
    }
    Ok(Some(truths))
}

/// These files hold one displacement, from onset to apex. Each half of the rise has the same pattern and half
/// the size, so both halves get half of it. The phase to the offset is not known.
fn onset_to_apex(values: &[f32]) -> Phases {
    let mut half = [[0.0; 2]; REGIONS];
    for (region, xy) in half.iter_mut().zip(values.chunks_exact(2)) {
        *region = [xy[0] / 2.0, xy[1] / 2.0];
    }
    [Some(half), Some(half), None]
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn figures_worked_out_by_hand() {
        // Negative: 3 of 4 found, 4 read; positive: 1 of 2 found, 2 read; surprise: 1 of 1, 1 read.
        let confusion = [[3, 1, 0], [1, 1, 0], [0, 0, 1]];
        let DatasetScore { uf1, uar } = score(&confusion);
        assert_abs_diff_eq!(uf1, (6.0 / 8.0 + 2.0 / 4.0 + 1.0) / 3.0, epsilon = 1e-12);
        assert_abs_diff_eq!(uar, (0.75 + 0.5 + 1.0) / 3.0, epsilon = 1e-12);
    }

    #[test]
    fn one_class_for_all_scores_a_third_of_the_recall() {
        let readings: Vec<_> = (0..9).map(|i| (i % 3, 0, 0, true)).collect();
        let report = RecognitionReport::new(&readings);
        assert_abs_diff_eq!(report.uar, 1.0 / 3.0, epsilon = 1e-12);
        assert_abs_diff_eq!(report.uf1, 0.5 / 3.0, epsilon = 1e-12);
    }

    #[test]
    fn unclear_readings_are_counted_and_still_scored() {
        let report = RecognitionReport::new(&[(0, 0, 1, false), (1, 1, 1, true), (2, 2, 2, true)]);
        assert_eq!((report.abstained, report.uf1), (1, 1.0));
        assert_eq!(report.by_dataset[&2], DatasetScore { uf1: 1.0, uar: 1.0 });
    }

    #[test]
    fn the_units_of_a_file_are_scored_where_it_has_them_and_only_there() {
        let file = |units: Option<i8>| {
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            let mut w = ndarray_npy::NpzWriter::new(file.reopen().expect("opens"));
            let motion = ndarray::Array3::<f32>::from_elem((2, REGIONS, 2), 0.5);
            w.add_array("motion", &motion).expect("added");
            for name in ["label", "dataset"] {
                w.add_array(name, &ndarray::Array1::<i32>::zeros(2)).expect("added");
            }
            if let Some(code) = units {
                let units = ndarray::Array2::<i8>::from_elem((2, 15), code);
                w.add_array("units", &units).expect("added");
            }
            w.finish().expect("written");
            file.into_temp_path()
        };
        let models = Models::load(&crate::model::ModelChoice::Embedded).expect("models");
        let without = recognition(&file(None), &models).expect("scored");
        assert!(without.units.is_none());
        let with = recognition(&file(Some(1)), &models).expect("scored");
        assert!(with.units.expect("units").by_unit.values().all(|count| count.truths == 2));
        let error = recognition(&file(Some(7)), &models).expect_err("no such code").to_string();
        assert!(error.contains("units: expected codes -1 to 3, found 7"), "{error}");
    }

    #[test]
    fn json_has_the_names_that_other_tools_read() {
        let report = RecognitionReport::new(&[(0, 0, 1, true), (1, 2, 1, true)]);
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["confusion"], serde_json::json!([[1, 0, 0], [0, 0, 1], [0, 0, 0]]));
        assert_eq!(json["by_dataset"]["1"]["uar"], 0.5);
        assert_eq!(json["abstained"], 0);
    }
}
