//! A test that compares synthetic motion with published figures, one by one.
//!
//! A set that is easier than real recordings misleads. The test prints how close each figure is;
//! `plot_realism.py` draws the same from the sets of `fleeting synth --features`. It uses the synthetic
//! laboratory recordings that are measured as published, because the figures come from such recordings.
//! Synthetic recordings at home are harder.

use std::fmt;

use super::spotting::{BLINK, GridEvent, Segment, segment};
use crate::measure::event::EventKind;
use crate::measure::regions::SPOT_REGIONS;
use crate::synth::behaviour::setting::{Method, RecordingPlace, Setting};
use crate::synth::{FacsRig, Rig};

/// Pixels per percent of the outer-eye distance in the recordings with the published figures, whose eyes are
/// about 190 px apart.
const PX_PER_PERCENT: f32 = 1.9;

/// Number of frames round an event that count neither as neutral nor as event.
const MARGIN: usize = 8;

/// Number of frames in a window: the median length of a micro-expression.
const WINDOW: usize = 13;

/// One figure: the measured value of real recordings, and the generator's.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    /// What it is, with its unit.
    name: String,
    /// Least and greatest measured value; equal if only one is known.
    measured: (f32, f32),
    /// The generator's value.
    synthetic: f32,
    /// How far the generator's value may lie outside.
    tolerance: f32,
}

impl Figure {
    /// True if the synthetic figure lies in the measured range, widened by the tolerance.
    fn holds(&self) -> bool {
        let (least, most) = self.measured;
        (least - self.tolerance..=most + self.tolerance).contains(&self.synthetic)
    }
}

/// The whole comparison.
#[derive(Clone, Debug, PartialEq)]
struct Realism {
    /// In the order of the table.
    figures: Vec<Figure>,
}

impl fmt::Display for Realism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<58} {:>15} {:>10}", "", "measured", "synthetic")?;
        for figure in &self.figures {
            let (least, most) = figure.measured;
            let measured = if least == most {
                format!("{least:.2}")
            } else {
                format!("{least:.2} to {most:.2}")
            };
            let mark = if figure.holds() { "" } else { "  outside" };
            writeln!(f, "{:<58} {measured:>15} {:>10.2}{mark}", figure.name, figure.synthetic)?;
        }
        Ok(())
    }
}

/// Draws `count` segments of `frames` frames with `rig`, and compares those measured as published.
fn compare(rig: &dyn Rig, seed: u64, count: u64, frames: usize) -> Realism {
    let mut segments: Vec<Segment> = (0..count).map(|n| segment(rig, seed, n, frames)).collect();
    let facts = Setting { place: RecordingPlace::Laboratory, method: Method::Published };
    segments.retain(|s| s.setting == facts);
    for v in segments.iter_mut().flat_map(|s| &mut s.motion).flatten().flatten() {
        *v *= PX_PER_PERCENT;
    }
    let mut table = Table { figures: Vec::new() };
    table.noise(&segments);
    table.events(&segments, EventKind::Micro);
    table.events(&segments, EventKind::Macro);
    table.course(&segments);
    table.separability(&segments);
    Realism { figures: table.figures }
}

struct Table {
    figures: Vec<Figure>,
}

impl Table {
    fn add(
        &mut self,
        name: impl Into<String>,
        measured: (f32, f32),
        tolerance: f32,
        synthetic: f32,
    ) {
        self.figures.push(Figure { name: name.into(), measured, synthetic, tolerance });
    }

    fn noise(&mut self, segments: &[Segment]) {
        let mut speeds = Vec::new();
        let (mut bursts, mut minutes) = (0, 0.0);
        let mut memory = Vec::new();
        let mut shared: [Vec<f32>; 4] = Default::default();
        for s in segments {
            let neutral = neutral_frames(s);
            let mut was_fast = false;
            for (regions, _) in s.motion.iter().zip(&neutral).filter(|(_, n)| **n) {
                speeds.extend(regions.iter().map(|v| v[0].hypot(v[1])));
                let is_fast = regions[..6].iter().any(|v| v[0].hypot(v[1]) > 0.5);
                bursts += u32::from(is_fast && !was_fast);
                was_fast = is_fast;
                minutes += 1.0 / 30.0 / 60.0;
            }
            let quiet: Vec<usize> =
                (0..s.motion.len()).filter(|t| neutral[*t] && s.states[*t] & BLINK == 0).collect();
            if quiet.len() > s.motion.len() / 2 {
                // Resampling from another rate would add autocorrelation.
                if s.recording[0] == 30.0 {
                    memory.push(lag_one(s, &quiet));
                }
                for (group, pairs) in shared.iter_mut().zip(PAIRS) {
                    group.push(mean(pairs.iter().map(|(a, b)| correlation(s, &quiet, *a, *b))));
                }
            }
        }
        speeds.sort_by(f32::total_cmp);
        for (part, measured) in [(0.5, 0.11), (0.9, 0.21), (0.99, 0.34), (0.999, 0.66)] {
            let name = format!("speed in neutral frames, px, p{}", part * 100.0);
            self.add(name, (measured, measured), 0.15 * measured, at(&speeds, part));
        }
        memory.sort_by(f32::total_cmp);
        self.add("lag-1 autocorrelation, p10", (-0.07, 0.4), 0.05, at(&memory, 0.1));
        self.add("lag-1 autocorrelation, p90", (-0.07, 0.4), 0.05, at(&memory, 0.9));
        let facts = [
            ("correlation within a brow", (0.35, 0.79)),
            ("correlation across brows", (0.30, 0.48)),
            ("correlation within the mouth", (0.35, 0.75)),
            ("correlation of brow and mouth", (0.05, 0.22)),
        ];
        for ((name, measured), group) in facts.into_iter().zip(shared) {
            self.add(name, measured, 0.02, mean(group));
        }
        let per_minute = bursts as f32 / minutes;
        self.add("bursts of a brow above 0.5 px per minute", (9.0, 12.0), 6.0, per_minute);
    }

    fn events(&mut self, segments: &[Segment], kind: EventKind) {
        let of_kind = |s: &&Segment| s.events.iter().any(|e| e.kind == kind);
        let (mut lengths, mut rises, mut falls, mut sizes) = (vec![], vec![], vec![], vec![]);
        for s in segments.iter().filter(of_kind) {
            for e in s.events.iter().filter(|e| e.kind == kind) {
                lengths.push((e.offset - e.onset + 1) as f32);
                rises.push((e.apex - e.onset) as f32);
                falls.push((e.offset - e.apex) as f32);
                sizes.push(size(s, e).1);
            }
        }
        [&mut lengths, &mut rises, &mut falls, &mut sizes]
            .into_iter()
            .for_each(|v| v.sort_by(f32::total_cmp));
        // Figures of CAS(ME)² and SAMM-LV at 30 fps.
        let (length, rise, fall, size, slack) = match kind {
            EventKind::Micro => (
                [(7.0, 9.0), (13.0, 14.0), (14.0, 15.0), (16.0, 16.0)],
                (5.0, 5.0),
                (6.0, 7.0),
                [(0.4, 0.6), (1.1, 1.2), (3.7, 4.9)],
                1.0,
            ),
            EventKind::Macro => (
                [(18.0, 19.0), (35.0, 36.0), (52.0, 60.0), (75.0, 245.0)],
                (12.0, 14.0),
                (18.0, 22.0),
                [(0.6, 0.8), (2.1, 2.8), (9.1, 14.0)],
                3.0,
            ),
        };
        for ((part, name), measured) in QUANTILES_OF_LENGTH.into_iter().zip(length) {
            self.add(format!("{kind} length, frames, {name}"), measured, slack, at(&lengths, part));
        }
        self.add(format!("{kind} rise, frames, p50"), rise, 1.0, at(&rises, 0.5));
        self.add(format!("{kind} fall, frames, p50"), fall, 1.0, at(&falls, 0.5));
        for ((part, name), measured) in QUANTILES_OF_SIZE.into_iter().zip(size) {
            // A rig's own proportions of units and regions change the sizes by a quarter.
            let slack = 0.25 * measured.1;
            self.add(format!("{kind} size, px, {name}"), measured, slack, at(&sizes, part));
        }
    }

    /// Mean speed of the strongest region along its displacement, round the apex.
    ///
    /// The published motion of frame f goes from f to f + 1, ours from f − 1 to f.
    fn course(&mut self, segments: &[Segment]) {
        const MEASURED: [f32; 16] = [
            0.12, 0.15, 0.26, 0.41, 0.49, 0.42, 0.19, -0.03, -0.12, -0.21, -0.20, -0.17, -0.09,
            -0.01, -0.02, -0.05,
        ];
        let mut sums = [0.0; MEASURED.len()];
        let mut count = 0.0;
        for s in segments {
            for e in s.events.iter().filter(|e| e.kind == EventKind::Micro) {
                if e.apex < 6 || e.apex + 10 > s.motion.len() {
                    continue;
                }
                let ([x, y], size, region) = {
                    let (v, size, region) = displacement(s, e);
                    (v, size.max(1e-6), region)
                };
                for (sum, regions) in sums.iter_mut().zip(&s.motion[e.apex - 6..]) {
                    *sum += (regions[region][0] * x + regions[region][1] * y) / size;
                }
                count += 1.0;
            }
        }
        for (k, (sum, measured)) in sums.into_iter().zip(MEASURED).enumerate() {
            let name = format!("micro speed, px, {} frames from the apex", k as i32 - 7);
            self.add(name, (measured, measured), 0.1, sum / count);
        }
    }

    fn separability(&mut self, segments: &[Segment]) {
        let peak = |s: &Segment, from: usize, to: usize| {
            let frames = s.motion[from..to].iter().flatten();
            frames.map(|v| v[0].hypot(v[1])).fold(0.0, f32::max)
        };
        let (mut neutral, mut micro) = (Vec::new(), Vec::new());
        for s in segments {
            let is_neutral = neutral_frames(s);
            for from in (0..s.motion.len().saturating_sub(WINDOW)).step_by(WINDOW) {
                if is_neutral[from..from + WINDOW].iter().all(|n| *n) {
                    neutral.push(peak(s, from, from + WINDOW));
                }
            }
            let events = s.events.iter().filter(|e| e.kind == EventKind::Micro);
            micro.extend(events.map(|e| peak(s, e.onset, e.offset + 1)));
        }
        neutral.sort_by(f32::total_cmp);
        let limit = at(&neutral, 0.95);
        let above = micro.iter().filter(|p| **p > limit).count() as f32 / micro.len().max(1) as f32;
        self.add("micro with a peak above p95 of neutral windows", (0.30, 0.61), 0.03, above);
    }
}

const QUANTILES_OF_LENGTH: [(f32, &str); 4] =
    [(0.05, "p5"), (0.5, "p50"), (0.75, "p75"), (0.95, "p95")];
const QUANTILES_OF_SIZE: [(f32, &str); 3] = [(0.1, "p10"), (0.5, "p50"), (0.9, "p90")];

/// Pairs of regions within a brow, across brows, within the mouth, from brow to mouth.
const PAIRS: [&[(usize, usize)]; 4] = [
    &[(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)],
    &[(0, 3), (0, 5), (1, 4), (2, 3), (2, 5)],
    &[(8, 9), (9, 10), (8, 11), (10, 11), (9, 11), (8, 10)],
    &[(0, 8), (1, 9), (4, 9), (5, 10), (2, 11), (3, 11)],
];

/// Frames away from every event.
fn neutral_frames(s: &Segment) -> Vec<bool> {
    let mut neutral = vec![true; s.motion.len()];
    for e in &s.events {
        let until = (e.offset + MARGIN + 1).min(neutral.len());
        neutral[e.onset.saturating_sub(MARGIN)..until].fill(false);
    }
    neutral
}

/// Onset→apex displacement of the strongest region, its length, and the region.
fn displacement(s: &Segment, e: &GridEvent) -> ([f32; 2], f32, usize) {
    let moved = |i: usize| {
        let rise = s.motion[e.onset + 1..=e.apex].iter();
        rise.fold([0.0; 2], |sum, regions| [sum[0] + regions[i][0], sum[1] + regions[i][1]])
    };
    (0..SPOT_REGIONS).map(|i| (moved(i), i)).fold(([0.0; 2], 0.0, 0), |best, (v, i)| {
        let size = v[0].hypot(v[1]);
        if size > best.1 { (v, size, i) } else { best }
    })
}

fn size(s: &Segment, e: &GridEvent) -> ([f32; 2], f32) {
    let (v, size, _) = displacement(s, e);
    (v, size)
}

fn lag_one(s: &Segment, frames: &[usize]) -> f32 {
    mean((0..SPOT_REGIONS * 2).map(|c| {
        let value = |t: usize| s.motion[t][c / 2][c % 2];
        let middle = mean(frames.iter().map(|t| value(*t)));
        let (mut both, mut own) = (0.0, 1e-9);
        for t in frames {
            own += (value(*t) - middle).powi(2);
            if t + 1 < s.motion.len() {
                both += (value(*t) - middle) * (value(t + 1) - middle);
            }
        }
        both / own
    }))
}

fn correlation(s: &Segment, frames: &[usize], a: usize, b: usize) -> f32 {
    mean((0..2).map(|axis| {
        let value = |t: &usize, i: usize| s.motion[*t][i][axis];
        let middle = |i| mean(frames.iter().map(|t| value(t, i)));
        let (ma, mb) = (middle(a), middle(b));
        let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
        for t in frames {
            let (x, y) = (value(t, a) - ma, value(t, b) - mb);
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        ab / f32::sqrt(aa * bb)
    }))
}

fn mean(values: impl IntoIterator<Item = f32>) -> f32 {
    let (sum, n) = values.into_iter().fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}

/// The quantile of sorted values; 0 without values.
fn at(sorted: &[f32], part: f32) -> f32 {
    let index = (part * (sorted.len().saturating_sub(1)) as f32).round() as usize;
    sorted.get(index).copied().unwrap_or(0.0)
}

#[test]
fn synthetic_motion_lies_at_the_published_figures() {
    let rig = FacsRig::new().expect("embedded faces");
    let realism = compare(&rig, 1, 600, 540);
    println!("{realism}");
    let outside: Vec<_> = realism.figures.iter().filter(|f| !f.holds()).collect();
    assert!(outside.is_empty(), "{outside:#?}");
}
