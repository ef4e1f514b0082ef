//! The models give the same values here as in Python. The reference values in `fixtures/parity.json` come
//! from ONNX Runtime; `fixtures/make_parity.py` made them.

use fleeting::measure::face::Landmarks;
use fleeting::media::image::RgbImage;
use fleeting::model::{Models, Task};
use fleeting::pipeline::face::detect::{BlazeFace, Detector};
use fleeting::pipeline::face::track::Tracker;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

#[derive(serde::Deserialize)]
struct Reference {
    points: Vec<[f32; 3]>,
    presence_logit: f32,
    best_anchor: usize,
    best_score_logit: f32,
    best_regressors: Vec<f32>,
}

fn reference() -> Reference {
    let text = std::fs::read_to_string(format!("{FIXTURES}/parity.json")).expect("the reference");
    serde_json::from_str(&text).expect("reference values")
}

fn portrait() -> RgbImage {
    let picture = image::open(format!("{FIXTURES}/parity.png")).expect("the portrait").to_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    RgbImage::from_vec(width, height, picture.into_raw()).expect("pixels")
}

/// Planes of the portrait, averaged over squares of `factor` pixels, 0–255.
fn planes(factor: usize) -> Vec<f32> {
    let (picture, side) = (portrait(), 256 / factor);
    let mean = |channel: usize, x: usize, y: usize| {
        let sum: f32 = (0..factor * factor)
            .map(|i| ((y * factor + i / factor) * 256 + x * factor + i % factor) * 3 + channel)
            .map(|at| f32::from(picture.data[at]))
            .sum();
        sum / (factor * factor) as f32
    };
    (0..3 * side * side).map(|i| mean(i / (side * side), i % side, i / side % side)).collect()
}

#[test]
fn the_mesh_finds_the_points_that_it_finds_in_python() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut model = models.open(Task::Landmarks).expect("the mesh");
    let input: Vec<f32> = planes(1).iter().map(|v| v / 255.0).collect();
    let outputs = model.run(&[&input]).expect("it runs");
    let reference = reference();
    for (i, (found, expected)) in outputs[0].chunks_exact(3).zip(&reference.points).enumerate() {
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 0.01, "point {i}: {found:?} for {expected:?}");
        }
    }
    assert!((outputs[1][0] - reference.presence_logit).abs() < 0.01);
}

#[test]
fn the_detector_finds_the_box_that_it_finds_in_python() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut model = models.open(Task::Detect).expect("the detector");
    let input: Vec<f32> = planes(2).iter().map(|v| v / 127.5 - 1.0).collect();
    let outputs = model.run(&[&input]).expect("it runs");
    let reference = reference();
    let best = reference.best_anchor;
    assert!((outputs[1][best] - reference.best_score_logit).abs() < 0.01);
    for (a, b) in outputs[0][best * 16..(best + 1) * 16].iter().zip(&reference.best_regressors) {
        assert!((a - b).abs() < 0.02, "{a} for {b}");
    }
}

#[test]
fn a_detected_face_has_its_eyes_where_the_mesh_has_them() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut detector = BlazeFace::new(&models).expect("the detector");
    let faces = detector.detect(&portrait(), 0.5).expect("it runs");
    let (right, left) = faces.first().and_then(|f| f.eyes_in_frame).expect("one face with eyes");
    let points = reference().points;
    let middle = |a: usize, b: usize| (points[a][0] + points[b][0]) / 2.0;
    assert!((right.x - middle(33, 133)).abs() < 6.0, "{right:?}");
    assert!((left.x - middle(362, 263)).abs() < 6.0, "{left:?}");
}

#[test]
fn detecting_and_following_ends_where_the_reference_is() {
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut tracker = Tracker::new(&models, &Default::default()).expect("models");
    let (mut landmarks, picture) = (Landmarks::default(), portrait());
    for _ in 0..3 {
        tracker.follow(&picture, &mut landmarks).expect("it runs");
    }
    // Another crop, so the numbers differ: the mesh itself moves by about a pixel.
    let expected = reference().points;
    let far =
        |(p, q): (&fleeting::measure::geometry::Point, &[f32; 3])| (p.x - q[0]).hypot(p.y - q[1]);
    let mean = landmarks.points_in_frame.iter().zip(&expected).map(far).sum::<f32>() / 478.0;
    assert!(mean < 1.5, "{mean} px off on average");
}

/// Runs the model for `task` on the inputs that `models/training/train.py` stored at its export, and compares
/// every output with PyTorch's.
fn holds_to_pytorch(task: Task, file: &str) {
    let text = std::fs::read_to_string(format!("{FIXTURES}/{file}")).expect("the vectors");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let numbers = |name: &str| -> Vec<f32> {
        serde_json::from_value(vectors[name].clone()).expect("an array of numbers")
    };
    let models = Models::load(&Default::default()).expect("embedded models");
    let mut model = models.open(task).expect("the model opens");
    let entry = model.entry.clone();
    let inputs: Vec<Vec<f32>> = entry.inputs.iter().map(|t| numbers(&t.name)).collect();
    let views: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let outputs = model.run(&views).expect("the model runs");
    for (tensor, found) in entry.outputs.iter().zip(outputs) {
        let expected = numbers(&tensor.name);
        assert_eq!(found.len(), expected.len(), "{}", tensor.name);
        for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
            // Six digits are stored; single precision in another order of sums differs by about as much.
            let tolerance = 1e-3 * b.abs().max(0.1);
            assert!((a - b).abs() <= tolerance, "{}[{i}]: expected {b}, found {a}", tensor.name);
        }
    }
}

#[test]
fn the_spotter_scores_a_window_as_in_training() {
    holds_to_pytorch(Task::Spot, "spotter.json");
}

#[test]
fn the_recogniser_reads_an_event_as_in_training() {
    holds_to_pytorch(Task::Recognise, "recogniser.json");
}
