//! Sets of labelled motion as `.npz` files, for training.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, Array4};
use ndarray_npy::{NpzWriter, WriteNpzError};

use super::npy::Text;
use super::spotting::RECORDING_COLUMNS;
use super::{recognition, spotting};
use crate::files;
use crate::measure::event::{ActionUnit, EventKind};
use crate::measure::regions::{REGIONS, SPOT_REGIONS};
use crate::synth::Rig;

/// The purpose of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// `motion` f32 `[N,T,12,2]` in percent of the outer-eye distance per 1/30 s; `events` i32 `[E,5]`
    /// = segment, onset, apex, offset, kind (0 micro, 1 macro); `units` str `[E]`; `size_percent` f32
    /// `[E]`; `states` u8 `[N,T]` (1 blink + 2 talking + 4 head + 8 light); `recording` f32 `[N,C]` and `recording_columns` str `[C]`.
    Spotting,
    /// `motion` f32 `[N,3,23,2]` in percent of the outer-eye distance; `mask` f32 `[N,3]`; `label` i32
    /// `[N]` (0 negative, 1 positive, 2 surprise); `units` f32 `[N,15,3]` (both, left, right); `kind`
    /// i32 `[N]`; `size_percent` and `noise_percent` f32 `[N]`.
    Recognition,
}

/// A set to write.
#[derive(Clone, Debug)]
pub struct FeatureSet {
    /// Its purpose.
    pub kind: FeatureKind,
    /// Number of segments or expressions.
    pub count: usize,
    /// Frames per segment at 30 Hz; spotting only.
    pub frames: usize,
    /// The same seed gives the same file.
    pub seed: u64,
}

/// Default number of frames in a segment: nine seconds.
pub const SEGMENT_FRAMES: usize = 270;

/// Why a set could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct FeatureError {
    /// The file.
    pub path: PathBuf,
    /// What went wrong.
    pub error: io::Error,
}

/// Draws a set and writes it to `path`. `progress` gets the number of examples that are done.
pub fn write_features(
    set: &FeatureSet,
    rig: &dyn Rig,
    path: &Path,
    progress: &mut dyn FnMut(usize),
) -> Result<(), FeatureError> {
    let written = files::write_new(path, |file| {
        let file = NpzWriter::new(BufWriter::new(file));
        match set.kind {
            FeatureKind::Spotting => write_spotting(set, rig, file, progress),
            FeatureKind::Recognition => write_recognition(set, rig, file, progress),
        }
        .map_err(io::Error::other)
    });
    written.map_err(|error| FeatureError { path: path.to_owned(), error })
}

type Npz<'a> = NpzWriter<BufWriter<&'a mut File>>;

fn write_spotting(
    set: &FeatureSet,
    rig: &dyn Rig,
    mut file: Npz<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<(), WriteNpzError> {
    let mut motion = Array4::<f32>::zeros((set.count, set.frames, SPOT_REGIONS, 2));
    let mut states = Array2::<u8>::zeros((set.count, set.frames));
    let mut recording = Array2::<f32>::zeros((set.count, RECORDING_COLUMNS.len()));
    let (mut events, mut units, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..set.count {
        let segment = spotting::segment(rig, set.seed, n as u64, set.frames);
        let flat = segment.motion.iter().flatten().flatten();
        motion
            .index_axis_mut(ndarray::Axis(0), n)
            .iter_mut()
            .zip(flat)
            .for_each(|(to, v)| *to = *v);
        states.row_mut(n).iter_mut().zip(&segment.states).for_each(|(to, v)| *to = *v);
        recording.row_mut(n).iter_mut().zip(segment.recording).for_each(|(to, v)| *to = v);
        for event in segment.events {
            let kind = i32::from(event.kind == EventKind::Macro);
            let [onset, apex, offset] =
                [event.onset, event.apex, event.offset].map(|frame| frame as i32);
            events.extend([n as i32, onset, apex, offset, kind]);
            units.push(Text(event.units));
            sizes.push(event.size_percent);
        }
        progress(n + 1);
    }
    let events = Array2::from_shape_vec((units.len(), 5), events).unwrap_or_default();
    file.add_array("motion", &motion)?;
    file.add_array("events", &events)?;
    file.add_array("units", &Array1::from(units))?;
    file.add_array("size_percent", &Array1::from(sizes))?;
    file.add_array("states", &states)?;
    file.add_array("recording", &recording)?;
    let columns: Array1<Text> = RECORDING_COLUMNS.iter().map(|c| Text((*c).to_owned())).collect();
    file.add_array("recording_columns", &columns)?;
    file.finish()?;
    Ok(())
}

fn write_recognition(
    set: &FeatureSet,
    rig: &dyn Rig,
    mut file: Npz<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<(), WriteNpzError> {
    let mut motion = Array4::<f32>::zeros((set.count, 3, REGIONS, 2));
    let mut units = Array3::<f32>::zeros((set.count, ActionUnit::RECOGNISED.len(), 3));
    let mut label = Array1::<i32>::zeros(set.count);
    let mut kind = Array1::<i32>::zeros(set.count);
    let mut size = Array1::<f32>::zeros(set.count);
    let mut noise = Array1::<f32>::zeros(set.count);
    for n in 0..set.count {
        let shown = recognition::sample(rig, set.seed, n as u64);
        let axis = ndarray::Axis(0);
        let flat = shown.motion.iter().flatten().flatten();
        motion.index_axis_mut(axis, n).iter_mut().zip(flat).for_each(|(to, v)| *to = *v);
        let flat = shown.units.iter().flatten();
        units.index_axis_mut(axis, n).iter_mut().zip(flat).for_each(|(to, v)| *to = *v);
        label[n] = shown.emotion as i32;
        kind[n] = i32::from(shown.kind == EventKind::Macro);
        size[n] = shown.size_percent;
        noise[n] = shown.noise_percent;
        progress(n + 1);
    }
    file.add_array("motion", &motion)?;
    file.add_array("mask", &Array2::<f32>::ones((set.count, 3)))?;
    file.add_array("label", &label)?;
    file.add_array("units", &units)?;
    file.add_array("kind", &kind)?;
    file.add_array("size_percent", &size)?;
    file.add_array("noise_percent", &noise)?;
    file.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::FacsRig;
    use ndarray_npy::NpzReader;

    #[test]
    fn a_set_has_its_name_once_it_is_whole_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("set.npz");
        let set = FeatureSet { kind: FeatureKind::Recognition, count: 2, frames: 0, seed: 3 };
        let rig = FacsRig::new().expect("a rig");
        let mut check = |_| assert!(!path.exists());
        write_features(&set, &rig, &path, &mut check).expect("written");
        assert!(path.is_file());
        let error = write_features(&set, &rig, &path, &mut |_| ()).expect_err("it exists");
        assert_eq!(error.error.kind(), io::ErrorKind::AlreadyExists);
    }

    fn written(kind: FeatureKind) -> NpzReader<File> {
        let rig = FacsRig::new().expect("embedded faces");
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("set.npz");
        let set = FeatureSet { kind, count: 6, frames: 150, seed: 4 };
        let mut drawn = 0;
        write_features(&set, &rig, &path, &mut |n| drawn = n).expect("writes");
        assert_eq!(drawn, 6);
        NpzReader::new(File::open(path).expect("opens")).expect("reads")
    }

    #[test]
    fn a_spotting_set_reads_back_with_its_labels() {
        let mut file = written(FeatureKind::Spotting);
        let motion: Array4<f32> = file.by_name("motion").expect("motion");
        let events: Array2<i32> = file.by_name("events").expect("events");
        let units: Array1<Text> = file.by_name("units").expect("units");
        let recording: Array2<f32> = file.by_name("recording").expect("recording");
        let columns: Array1<Text> = file.by_name("recording_columns").expect("columns");
        assert_eq!(motion.shape(), [6, 150, 12, 2]);
        assert_eq!((events.ncols(), events.nrows()), (5, units.len()));
        assert_eq!(recording.shape(), [6, columns.len()]);
        assert!(events.rows().into_iter().all(|e| e[0] < 6 && e[1] < e[2] && e[2] < e[3]));
    }

    #[test]
    fn a_recognition_set_reads_back_with_its_labels() {
        let mut file = written(FeatureKind::Recognition);
        let motion: Array4<f32> = file.by_name("motion").expect("motion");
        let label: Array1<i32> = file.by_name("label").expect("label");
        let units: Array3<f32> = file.by_name("units").expect("units");
        assert_eq!(motion.shape(), [6, 3, 23, 2]);
        assert_eq!(units.shape(), [6, 15, 3]);
        assert!(label.iter().all(|l| (0..3).contains(l)));
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named_in_the_error() {
        let rig = FacsRig::new().expect("embedded faces");
        let set = FeatureSet { kind: FeatureKind::Recognition, count: 1, frames: 1, seed: 1 };
        let error = write_features(&set, &rig, Path::new("/no/such/folder/x.npz"), &mut |_| ())
            .expect_err("no folder");
        assert!(error.to_string().contains("/no/such/folder/x.npz"));
    }
}
