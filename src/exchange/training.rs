//! Labelled motion for `models/training`: what a laboratory's own recordings add to the synthetic sets.
//!
//! Both files hold the input of the networks as in use: the motion that the pipeline measured, brought to the
//! same grid and the same phases by the same code.

use std::collections::BTreeSet;
use std::io::{self, Cursor};

use ndarray::{Array1, Array2, Array3, Array4};
use ndarray_npy::{NpzWriter, WriteNpzError};

use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::exchange::import::EMOTION_NOTE;
use crate::measure::event::{ActionUnit, Emotion, Event, EventKind, Moment, Origin, Side};
use crate::measure::regions::{REGIONS, SPOT_REGIONS};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::pipeline::motion::regions::RegionDisplacement;
use crate::pipeline::recognition::motion_buffer::MotionBuffer;
use crate::pipeline::recognition::{PHASES, Phases};
use crate::pipeline::spotting::MAX_STEP_SECS;
use crate::pipeline::spotting::resample::Resampler;
use crate::session::annotation::Bounds;
use crate::session::history::samples::Samples;
use crate::session::table::Row;
use crate::synth::motion::features::SEGMENT_FRAMES;

/// The registry entry.
pub const FORMAT: Format = Format::written(
    "training",
    "Labelled motion to train the networks with (NumPy)",
    PictureUse::None,
    |_| {
        vec![
            FileFormat::new("spotting.npz", |view, out| {
                let set = spotting(view.session.history.samples(), &events(view));
                write(out, |file| set.write(file))
            }),
            FileFormat::new("recognition.npz", |view, out| {
                let set = recognition(view.session.history.samples(), &events(view));
                write(out, |file| set.write(file))
            }),
        ]
    },
);

/// How many labelled examples there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Segments for the spotter.
    pub segments: usize,
    /// Events that lie in at least one of them.
    pub events: usize,
    /// Expressions for the recogniser.
    pub expressions: usize,
}

/// How many examples the two files hold for a view.
pub fn amount(view: &View<'_>) -> Amount {
    let (samples, labelled) = (view.session.history.samples(), events(view));
    let set = spotting(samples, &labelled);
    Amount {
        segments: set.segments,
        events: set.shown.len(),
        expressions: recognition(samples, &labelled).label.len(),
    }
}

/// Rows from the start of one segment to the start of the next. An event of up to this length lies whole in
/// at least one segment.
const STRIDE_ROWS: usize = SEGMENT_FRAMES / 2;

type Npz<'a> = NpzWriter<&'a mut Cursor<Vec<u8>>>;

/// Makes the archive in memory, because closing it needs seeking back in it.
fn write(
    out: &mut Sink,
    content: impl FnOnce(&mut Npz<'_>) -> Result<(), WriteNpzError>,
) -> io::Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    let mut file = NpzWriter::new_compressed(&mut bytes);
    content(&mut file).map_err(io::Error::other)?;
    file.finish().map_err(io::Error::other)?;
    out.write_all(bytes.get_ref())
}

/// A movement that a person labelled.
#[derive(Clone, Debug, PartialEq)]
struct Labelled {
    kind: EventKind,
    bounds: Bounds,
    /// `None` if no one named it.
    emotion: Option<Emotion>,
    units: Vec<(ActionUnit, Side)>,
}

/// The events of the layer. A network learns nothing from its own emotions, so these are left out.
fn events(view: &View<'_>) -> Vec<Labelled> {
    let of = |row: &Row| Labelled {
        kind: row.kind,
        bounds: row.bounds,
        emotion: match (row.label, &row.machine) {
            (Some(label), _) => label.emotion(),
            (None, Some(Event { origin: Origin::Truth, emotion, .. })) => {
                emotion.map(|reading| reading.best().0)
            }
            _ => class_in(&row.note),
        },
        units: row.units.iter().map(|moving| (moving.unit, moving.side)).collect(),
    };
    view.held().map(of).collect()
}

/// The class that an imported file named. No label means "negative", so the class stands in the note.
fn class_in(note: &str) -> Option<Emotion> {
    let word = note.split("; ").find_map(|part| part.strip_prefix(EMOTION_NOTE))?;
    Emotion::ALL.into_iter().find(|emotion| emotion.name().eq_ignore_ascii_case(word))
}

/// The displacement of a sample with this speed.
fn displacement(sample: &Sample, step_secs: f64) -> Option<RegionDisplacement> {
    let k = (step_secs * 30.0) as f32;
    let motion = sample.motion?;
    Some(RegionDisplacement {
        regions: motion.regions.map(|[x, y]| [x * k, y * k]),
        head: motion.head.map(|v| v * k),
    })
}

/// Every frame that was measured, with the displacement since the previous one; `None` at the start of a run.
///
/// A frame without motion begins a run if it follows a gap; otherwise it was left out at a high rate.
fn steps(samples: &Samples) -> impl Iterator<Item = (Sample, Option<RegionDisplacement>)> {
    let mut before: Option<Timestamp> = None;
    samples.iter().filter_map(move |sample| {
        if !sample.quality.trouble.scorable() {
            before = None;
            return Some((sample, None));
        }
        let step_secs = before.map_or(f64::INFINITY, |before| sample.time.secs_since(before));
        let joins = step_secs > 0.0 && step_secs <= MAX_STEP_SECS;
        if joins && sample.motion.is_none() {
            return None;
        }
        before = Some(sample.time);
        Some((sample, displacement(&sample, step_secs).filter(|_| joins)))
    })
}

/// One unbroken run on the spotter's grid.
struct GridRun {
    resampler: Resampler<SPOT_REGIONS>,
    rows: Vec<[[f32; 2]; SPOT_REGIONS]>,
    first: Moment,
    last: Moment,
}

fn grid_runs(samples: &Samples) -> Vec<GridRun> {
    let (mut runs, mut open, mut before) = (Vec::new(), None::<GridRun>, None::<Moment>);
    for (sample, step) in steps(samples) {
        let moment = Moment { frame: sample.seq, time: sample.time };
        match (step, before.replace(moment)) {
            (Some(step), Some(start)) => {
                let run = open.get_or_insert_with(|| GridRun {
                    resampler: Resampler::new(start.time),
                    rows: Vec::new(),
                    first: start,
                    last: start,
                });
                run.resampler.push(sample.time, &step.spotted(), |row| run.rows.push(row));
                run.last = moment;
            }
            _ => runs.extend(open.take()),
        }
    }
    runs.extend(open);
    runs.retain(|run| !run.rows.is_empty());
    runs
}

/// Segments for the spotter.
#[derive(Default)]
struct SpottingSet {
    /// Segment × row × region × axis, percent of the outer-eye distance per 1/30 s.
    motion: Vec<[[f32; 2]; SPOT_REGIONS]>,
    /// Segment, onset, apex, offset, kind.
    events: Vec<[i32; 5]>,
    segments: usize,
    /// The labelled events that lie in a segment.
    shown: BTreeSet<usize>,
}

impl SpottingSet {
    fn add(&mut self, run: &GridRun, start: usize, events: &[Labelled]) {
        let rows = &run.rows[start..run.rows.len().min(start + SEGMENT_FRAMES)];
        // As in use, the rows before a run are still.
        let still = SEGMENT_FRAMES - rows.len();
        self.motion.extend(std::iter::repeat_n([[0.0; 2]; SPOT_REGIONS], still));
        self.motion.extend_from_slice(rows);
        let row_of =
            |moment: Moment| run.resampler.row_of(moment.time) as i64 - start as i64 + still as i64;
        let inside = still as i64..SEGMENT_FRAMES as i64;
        let in_run = |(_, event): &(usize, &Labelled)| {
            run.first <= event.bounds.apex && event.bounds.apex <= run.last
        };
        for (number, event) in events.iter().enumerate().filter(in_run) {
            let Bounds { onset, apex, offset } = event.bounds;
            let apex = row_of(apex);
            if inside.contains(&apex) {
                let onset = row_of(onset).clamp(inside.start, apex);
                let offset = row_of(offset).clamp(apex, inside.end - 1);
                let kind = i32::from(event.kind == EventKind::Macro);
                let [onset, apex, offset] = [onset, apex, offset].map(|row| row as i32);
                self.events.push([self.segments as i32, onset, apex, offset, kind]);
                self.shown.insert(number);
            }
        }
        self.segments += 1;
    }

    fn write(self, file: &mut Npz<'_>) -> Result<(), WriteNpzError> {
        let shape = (self.segments, SEGMENT_FRAMES, SPOT_REGIONS, 2);
        let motion = self.motion.into_iter().flatten().flatten().collect();
        let events: Vec<i32> = self.events.iter().flatten().copied().collect();
        let motion = Array4::from_shape_vec(shape, motion).unwrap_or_default();
        let events = Array2::from_shape_vec((self.events.len(), 5), events).unwrap_or_default();
        file.add_array("motion", &motion)?;
        file.add_array("events", &events)
    }
}

fn spotting(samples: &Samples, events: &[Labelled]) -> SpottingSet {
    let mut set = SpottingSet::default();
    for run in grid_runs(samples) {
        let last = run.rows.len().saturating_sub(SEGMENT_FRAMES);
        (0..last).step_by(STRIDE_ROWS).chain([last]).for_each(|start| set.add(&run, start, events));
    }
    set
}

/// Events for the recogniser: those whose emotion a person named.
#[derive(Default)]
struct RecognitionSet {
    motion: Vec<f32>,
    mask: Vec<f32>,
    label: Vec<i32>,
    units: Vec<f32>,
}

impl RecognitionSet {
    fn add(&mut self, phases: &Phases, emotion: Emotion, units: &[(ActionUnit, Side)]) {
        let still = [[0.0; 2]; REGIONS];
        self.motion.extend(phases.iter().flat_map(|phase| phase.unwrap_or(still)).flatten());
        self.mask.extend(phases.map(|phase| if phase.is_some() { 1.0 } else { 0.0 }));
        self.label.push(emotion as i32);
        for unit in ActionUnit::RECOGNISED {
            for side in Side::ALL {
                self.units.push(if units.contains(&(unit, side)) { 1.0 } else { 0.0 });
            }
        }
    }

    fn write(self, file: &mut Npz<'_>) -> Result<(), WriteNpzError> {
        let count = self.label.len();
        let (units, sides) = (ActionUnit::RECOGNISED.len(), Side::ALL.len());
        let motion = Array4::from_shape_vec((count, PHASES, REGIONS, 2), self.motion);
        let mask = Array2::from_shape_vec((count, PHASES), self.mask);
        let units = Array3::from_shape_vec((count, units, sides), self.units);
        file.add_array("motion", &motion.unwrap_or_default())?;
        file.add_array("mask", &mask.unwrap_or_default())?;
        file.add_array("label", &Array1::from(self.label))?;
        file.add_array("units", &units.unwrap_or_default())
    }
}

fn recognition(samples: &Samples, events: &[Labelled]) -> RecognitionSet {
    let mut named: Vec<_> = events.iter().filter_map(|e| e.emotion.map(|name| (e, name))).collect();
    named.sort_by_key(|(event, _)| event.bounds.offset);
    let mut set = RecognitionSet::default();
    let mut motion_buffer = MotionBuffer::default();
    let mut due = named.into_iter().peekable();
    for (sample, step) in steps(samples) {
        let moment = Moment { frame: sample.seq, time: sample.time };
        motion_buffer.push(moment, sample.quality.trouble, step.as_ref());
        while let Some((event, emotion)) = due.next_if(|(e, _)| e.bounds.offset.time <= sample.time)
        {
            let Bounds { onset, apex, offset } = event.bounds;
            let phases = motion_buffer.phases(onset, apex, offset);
            if phases.iter().any(Option::is_some) {
                set.add(&phases, emotion, &event.units);
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::{Quality, Trouble};
    use crate::measure::regions::RegionMotion;

    /// Every region moves down by 1 % per 1/30 s at `fps`; frame `lost` shows no face.
    fn samples(count: u64, fps: f64, lost: Option<u64>) -> Samples {
        let sample = |seq| {
            let face = Some(seq) != lost;
            let trouble = if face { Trouble::NONE } else { Trouble::NO_FACE };
            let motion = RegionMotion { regions: [[0.0, 1.0]; REGIONS], head: [0.0; 2] };
            Sample {
                seq,
                time: Timestamp::of_frame(seq, fps),
                quality: Quality { trouble, ..Quality::default() },
                motion: (face && seq > 0).then_some(motion),
                score: None,
            }
        };
        (0..count).map(sample).collect()
    }

    fn event(frames: [u64; 3], fps: f64) -> Labelled {
        let at = |frame| Moment { frame, time: Timestamp::of_frame(frame, fps) };
        Labelled {
            kind: EventKind::Micro,
            bounds: Bounds { onset: at(frames[0]), apex: at(frames[1]), offset: at(frames[2]) },
            emotion: Some(Emotion::Surprise),
            units: vec![(ActionUnit(2), Side::Left)],
        }
    }

    #[test]
    fn a_segment_is_nine_seconds_and_the_next_begins_halfway() {
        for (frames, segments) in [(2, 1), (271, 1), (272, 2), (406, 2), (407, 3)] {
            let set = spotting(&samples(frames, 30.0, None), &[]);
            assert_eq!(set.segments, segments, "{frames} frames");
            assert_eq!(set.motion.len(), segments * SEGMENT_FRAMES);
        }
    }

    #[test]
    fn motion_of_any_rate_comes_out_per_thirtieth_of_a_second() {
        for fps in [30.0, 60.0, 200.0] {
            let set = spotting(&samples((10.0 * fps) as u64, fps, None), &[]);
            assert!(set.motion.iter().flatten().all(|v| v[0] == 0.0 && (v[1] - 1.0).abs() < 1e-4));
        }
    }

    #[test]
    fn an_event_keeps_its_frames_in_every_segment_that_shows_its_apex() {
        let set = spotting(&samples(301, 30.0, None), &[event([150, 155, 160], 30.0)]);
        assert_eq!(set.events, [[0, 149, 154, 159, 0], [1, 119, 124, 129, 0]]);
        let early = spotting(&samples(301, 30.0, None), &[event([5, 10, 15], 30.0)]);
        assert_eq!(early.events, [[0, 4, 9, 14, 0]]);
    }

    #[test]
    fn a_run_that_is_too_short_is_still_before_it_begins() {
        let set = spotting(&samples(31, 30.0, None), &[event([10, 15, 20], 30.0)]);
        assert_eq!(set.events, [[0, 249, 254, 259, 0]]);
        assert_eq!((set.motion[239][0], set.motion[240][0]), ([0.0; 2], [0.0, 1.0]));
    }

    #[test]
    fn a_lost_face_ends_a_segment() {
        let set = spotting(&samples(200, 30.0, Some(100)), &[event([95, 98, 104], 30.0)]);
        assert_eq!(set.segments, 2);
        assert_eq!(set.events, [[0, 265, 268, 269, 0]]);
    }

    #[test]
    fn phases_hold_what_moved_between_the_three_moments() {
        let set = recognition(&samples(60, 30.0, None), &[event([20, 26, 36], 30.0)]);
        let phase = REGIONS * 2;
        assert_eq!(set.label, [Emotion::Surprise as i32]);
        for (i, moved) in [3.0, 3.0, 10.0].into_iter().enumerate() {
            assert!((set.motion[i * phase + 1] - moved).abs() < 1e-4, "phase {i}");
        }
        assert_eq!(set.mask, [1.0; 3]);
        assert_eq!(set.units.iter().sum::<f32>(), 1.0);
        assert_eq!(set.units[3 + 1], 1.0, "the second unit, on the left");
    }

    #[test]
    fn a_class_that_is_no_label_is_found_in_the_note() {
        assert_eq!(class_in("emotion: Negative"), Some(Emotion::Negative));
        assert_eq!(class_in("one; emotion: negative; two"), Some(Emotion::Negative));
        assert_eq!(class_in("no emotion: negative"), None);
        assert_eq!(class_in("a model's emotion: negative"), None);
    }

    #[test]
    fn an_event_that_nobody_named_or_saw_is_not_in_the_set() {
        let unnamed = Labelled { emotion: None, ..event([20, 26, 36], 30.0) };
        assert!(recognition(&samples(60, 30.0, None), &[unnamed]).label.is_empty());
        let unseen = event([70, 76, 86], 30.0);
        assert!(recognition(&samples(60, 30.0, None), &[unseen]).label.is_empty());
    }
}
