//! What the documents state of the shipped models is what they reach. `figures.toml` lists it once: the
//! documents are held to that list, and the list to what is measured here.
//!
//! Nothing here is drawn by chance: the same input gives the same numbers. So figures are held exactly
//! where they were measured, on Linux on x86-64. Elsewhere sums and roots are rounded otherwise, which
//! can carry an event across the threshold: there, [`ROUNDING`] events may be more or fewer.

use std::path::Path;

use fleeting::config::SpottingConfig;
use fleeting::evaluate::{self, MatchCounts, Span, SpottingReport, Video, spot_video};
use fleeting::measure::event::{ActionUnit, Emotion, Interval, Side};
use fleeting::model::Models;
use fleeting::pipeline::recognition::Recogniser;
use fleeting::pipeline::spotting::Spotter;
use fleeting::synth::FacsRig;
use fleeting::synth::motion::recognition::sample;
use fleeting::synth::motion::spotting::segment;
use serde::Deserialize;

use crate::program::fleeting;

/// By how many events a count may be off, and by how many hundredths an F1 or a recall.
const ROUNDING: usize = if cfg!(all(target_os = "linux", target_arch = "x86_64")) { 0 } else { 1 };

/// Seed of the people that judge the models, as in `models/training/rates.py` and `ablations.py`.
const SEED: u64 = 77;

/// Frames of one drawn recording, at 30 a second.
const FRAMES: usize = 540;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    demo: Demo,
    spotter: SpotterFigures,
    recogniser: RecogniserFigures,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    micro: Found,
    #[serde(rename = "macro")]
    macro_: Found,
    median_error_ms: Errors,
    stated: Stated,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    found: usize,
    proposed: usize,
    #[serde(rename = "true")]
    truths: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    onset: f64,
    apex: f64,
    offset: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpotterFigures {
    recordings: usize,
    micro_f1: f64,
    macro_f1: f64,
    all_f1: f64,
    stated: Stated,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecogniserFigures {
    people: u64,
    average_recall: f64,
    units_f1: f64,
}

/// What the documents state: each row of a table with all these words holds all these figures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    words: Vec<String>,
    figures: Vec<String>,
}

fn figures() -> Figures {
    toml::from_str(include_str!("figures.toml")).unwrap_or_else(|error| panic!("{error}"))
}

impl Stated {
    /// Whether a line of `text` is a row that should hold the figures, and holds them.
    fn rows(&self, text: &str) -> Vec<bool> {
        let is_named = |line: &&str| {
            line.starts_with('|') && self.words.iter().all(|word| line.contains(word.as_str()))
        };
        let holds = |line: &str| {
            let numbers: Vec<_> = numbers(line).collect();
            self.figures.iter().all(|figure| numbers.contains(&figure.as_str()))
        };
        text.lines().filter(is_named).map(holds).collect()
    }
}

/// README.md and every text of models/, by name.
fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("models"), root.join("models/training")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let paths = files.map(|file| file.expect("a file").path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .chain([root.join("README.md")])
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("text")))
        .collect()
}

/// The numbers of a line, without a sign and without a zero before the point: `.33`, `147`, not the 1 of F1.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '.');
    let numbers = words.map(|word| word.trim_end_matches('.'));
    numbers
        .filter(|word| word.parse::<f64>().is_ok())
        .map(|word| word.strip_prefix('0').filter(|rest| rest.starts_with('.')).unwrap_or(word))
}

#[test]
fn a_row_states_a_figure_as_a_number_of_its_own() {
    let stated = |figures: &[&str]| Stated {
        words: vec!["demo:7".into()],
        figures: figures.iter().map(|figure| (*figure).to_owned()).collect(),
    };
    let text =
        "`demo:7` has an F1 of .5.\n| demo:8 | 5 |\n| `demo:7` | 17 of 18, F1 0.94; 33 ms. |";
    assert_eq!(stated(&["17", "18", ".94", "33"]).rows(text), [true]);
    for other in ["1", ".9", "94", ".5", "5", "3"] {
        assert_eq!(stated(&[other]).rows(text), [false], "{other}");
    }
}

#[test]
fn the_documents_state_the_figures_that_are_measured() {
    let Figures { demo, spotter, .. } = figures();
    for stated in [demo.stated, spotter.stated] {
        let Stated { words, figures } = &stated;
        let mut count = 0;
        for (name, text) in documents() {
            let rows = stated.rows(&text);
            assert!(!rows.contains(&false), "{name}: the row of {words:?} is without {figures:?}");
            count += rows.len();
        }
        assert!(count > 0, "no document has a row of {words:?}");
    }
}

#[track_caller]
fn assert_found(kind: &str, counts: &MatchCounts, figures: &Found) {
    let Found { found, proposed, truths } = *figures;
    println!("{kind}: {counts:?}");
    assert_eq!(counts.truths, truths, "{kind}: true events");
    let is_near = |count: usize, figure: usize| count.abs_diff(figure) < 1 + ROUNDING;
    assert!(is_near(counts.tp, found), "{kind}: {} are found", counts.tp);
    assert!(is_near(counts.proposals, proposed), "{kind}: {} are proposed", counts.proposals);
}

/// Both rounded to three digits after the point.
#[track_caller]
fn assert_rate(what: &str, measured: f64, figure: f64) {
    println!("{what}: {measured:.3}");
    let spread = 0.0005 + 0.01 * ROUNDING as f64;
    assert!((measured - figure).abs() <= spread, "{what}: {measured:.4} is not {figure}");
}

#[test]
#[ignore = "slow: it analyses three minutes of video"]
fn three_minutes_of_the_demo_person_are_read_as_stated() {
    let figures = figures().demo;
    let folder = tempfile::tempdir().expect("a folder");
    fleeting(folder.path(), &["analyze", "demo:7", "--seconds", "180", "--out", "d"]).succeeded();
    let file = |name: &str| folder.path().join("d").join(name);
    let report = evaluate::events(&file("events.csv"), &file("truth.csv")).expect("readable");
    assert_found("micro", &report.micro, &figures.micro);
    assert_found("macro", &report.macro_, &figures.macro_);
    for (part, error_ms, stated_ms) in [
        ("onset", report.onset_error_ms, figures.median_error_ms.onset),
        ("apex", report.apex_error_ms, figures.median_error_ms.apex),
        ("offset", report.offset_error_ms, figures.median_error_ms.offset),
    ] {
        // A frame is 33 ms, so the median of whole frames is exact or another frame.
        let error_ms = error_ms.expect("events are found");
        println!("median error of the {part}: {error_ms:.1} ms");
        let spread_ms = 0.5 + 34.0 * ROUNDING as f64;
        assert!((error_ms - stated_ms).abs() <= spread_ms, "{part}: {error_ms} ms");
    }
}

#[test]
#[ignore = "slow: it reads 72 minutes of motion"]
fn the_spotter_finds_on_people_of_the_other_rig_what_is_stated() {
    let figures = figures().spotter;
    let rig = FacsRig::new().expect("embedded faces");
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut spotter = Spotter::open(&models, &SpottingConfig::default()).expect("a spotter");
    let (mut proposals, mut truths) = (Vec::new(), Vec::new());
    for video in 0..figures.recordings {
        let drawn = segment(&rig, SEED, video as u64, FRAMES);
        let span = |kind, first: usize, last: usize| Span {
            video,
            kind,
            frames: Interval { first: first as i64, last: last as i64 },
        };
        truths.extend(drawn.events.iter().map(|e| span(e.kind, e.onset, e.offset)));
        // In percent of the eye distance. The first row leads to the first frame, and `Video` begins with
        // the row that leads to the second.
        let motion_px = drawn.motion[1..].to_vec();
        let stream = Video { fps: 30.0, eye_distance_px: 100.0, motion_px };
        let spotted = spot_video(&mut spotter, &stream).expect("the network does not fail");
        let flagged = spotted.proposals.iter();
        proposals
            .extend(flagged.map(|p| span(p.kind, p.onset.frame as usize, p.offset.frame as usize)));
    }
    let minutes = (figures.recordings * FRAMES) as f64 / 30.0 / 60.0;
    let report = SpottingReport::new(&proposals, &truths, minutes);
    println!("{report}");
    assert_rate("F1 of micro-expressions", report.micro.f1, figures.micro_f1);
    assert_rate("F1 of macro-expressions", report.macro_.f1, figures.macro_f1);
    assert_rate("F1 of all", report.all.f1, figures.all_f1);
}

#[test]
#[ignore = "slow: it reads a thousand expressions"]
fn the_recogniser_reads_on_people_of_the_other_rig_what_is_stated() {
    let figures = figures().recogniser;
    let rig = FacsRig::new().expect("embedded faces");
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut recogniser = Recogniser::new(&models).expect("a recogniser");
    let (mut hits, mut shown) = ([0.0; 3], [0.0f64; 3]);
    let (mut units_hit, mut units_named, mut units_shown) = (0, 0, 0);
    for n in 0..figures.people {
        let drawn = sample(&rig, SEED, n);
        let reading = recogniser.read(&drawn.motion.map(Some)).expect("the network does not fail");
        let class = Emotion::ALL.iter().position(|e| *e == drawn.emotion).expect("one of three");
        shown[class] += 1.0;
        hits[class] += f64::from(u8::from(reading.emotion.best().0 == drawn.emotion));
        units_named += reading.action_units.len();
        for (unit, sides) in ActionUnit::RECOGNISED.iter().zip(drawn.units) {
            let Some(side) = sides.iter().position(|moves| *moves > 0.5) else { continue };
            units_shown += 1;
            let mut named = reading.action_units.iter();
            units_hit += usize::from(named.any(|m| m.unit == *unit && m.side == Side::ALL[side]));
        }
    }
    let recall = (0..3).map(|class| hits[class] / shown[class]).sum::<f64>() / 3.0;
    let units_f1 = 2.0 * units_hit as f64 / (units_named + units_shown) as f64;
    assert_rate("average recall", recall, figures.average_recall);
    assert_rate("F1 of units with their side", units_f1, figures.units_f1);
}
