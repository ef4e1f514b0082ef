//! Of several faces in a picture, the one that was asked for is analysed.

use std::sync::Arc;

use fleeting::config::{Config, FaceConfig};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::Next;
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::{Output, Pipeline};
use fleeting::source::SourceSpec;

const FRAMES: u64 = 24;

/// The demo person's picture twice: as it is on the right, at two thirds of the size on the left.
fn beside_each_other(image: &RgbImage) -> RgbImage {
    let (width, height) = (image.width, image.height);
    let mut both = RgbImage::new(2 * width, height);
    for y in 0..height {
        for x in 0..width {
            let at = 3 * (y * 2 * width + width + x);
            both.data[at..at + 3].copy_from_slice(&image.data[3 * (y * width + x)..][..3]);
            let (from_x, from_y) = (x * 3 / 2, y * 3 / 2);
            if from_x < width && from_y < height {
                let at = 3 * (y * 2 * width + x);
                let from = 3 * (from_y * width + from_x);
                both.data[at..at + 3].copy_from_slice(&image.data[from..from + 3]);
            }
        }
    }
    both
}

/// Where the followed face is in each frame, as a share of the width; what of the picture is covered may
/// change with the frame.
fn followed(start_at: Option<[f32; 2]>, cover: impl Fn(u64, &mut RgbImage)) -> Vec<Option<f32>> {
    let mut spec: SourceSpec = "demo:7".parse().expect("a source");
    spec.options.size_px = Some((320, 240));
    let mut config = Config::default();
    config.face.start_at = start_at;
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut pipeline = Pipeline::new(&models, &config).expect("a pipeline");
    let mut source = spec.open().expect("the demo");
    let mut places = Vec::new();
    while places.len() < FRAMES as usize {
        let Next::Frame(frame) = source.next().expect("a frame") else { continue };
        let mut image = beside_each_other(&frame.image);
        cover(frame.seq, &mut image);
        let width = image.width as f32;
        let frame = Frame::new(frame.seq, Timestamp::of_frame(frame.seq, 30.0), Arc::new(image));
        let mut output = Output::default();
        pipeline.push(&frame, &mut output).expect("analysed");
        let points = &output.overlay.landmarks.points_in_frame;
        let mean = points.iter().map(|point| point.x).sum::<f32>() / points.len().max(1) as f32;
        places.push((!points.is_empty()).then_some(mean / width));
    }
    places
}

fn black(image: &mut RgbImage, is_left: bool) {
    let (width, half) = (image.width, image.width / 2);
    for row in image.data.chunks_exact_mut(3 * width) {
        let part = if is_left { &mut row[..3 * half] } else { &mut row[3 * half..] };
        part.fill(0);
    }
}

#[test]
fn the_largest_face_is_analysed_unless_another_is_asked_for() {
    for (start_at, is_left) in [
        (None, false),
        (Some(FaceConfig::RIGHT), false),
        (Some(FaceConfig::LEFT), true),
        (Some([0.2, 0.3]), true),
    ] {
        let places = followed(start_at, |_, _| ());
        assert!(places.iter().all(|at| at.is_some_and(|x| (x < 0.5) == is_left)), "{places:?}");
    }
}

#[test]
fn while_the_chosen_face_is_covered_the_other_is_not_taken_for_it() {
    let covered = 8..16;
    let places = followed(Some(FaceConfig::LEFT), |seq, image| {
        if covered.contains(&seq) {
            black(image, true);
        }
    });
    assert!(places.iter().flatten().all(|x| *x < 0.5), "{places:?}");
    assert!(places[10..16].iter().all(Option::is_none), "{places:?}");
    assert!(places[20..].iter().all(Option::is_some), "{places:?}");
}
