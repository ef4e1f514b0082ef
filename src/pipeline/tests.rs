//! The whole analysis, on a picture of a person who does not exist.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::measure::geometry::{Affine, Point};
use crate::measure::quality::Trouble;
use crate::measure::regions::REGIONS;
use crate::measure::time::Timestamp;
use crate::media::image::RgbImage;
use crate::pipeline::face::landmarks::{LookAhead, MeshLook, MeshNetwork};

fn portrait() -> RgbImage {
    let bytes = include_bytes!("../../tests/fixtures/parity.png");
    let picture = image::load_from_memory(bytes).expect("the portrait").to_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    RgbImage::from_vec(width, height, picture.into_raw()).expect("pixels")
}

fn repeated(frames: usize) -> Vec<Arc<RgbImage>> {
    let picture = Arc::new(portrait());
    std::iter::repeat_n(picture, frames).collect()
}

fn pipeline() -> Pipeline {
    let models = Models::load(&Default::default()).expect("embedded models");
    Pipeline::new(&models, &Config::default()).expect("a pipeline")
}

/// Every sample of a stream of pictures, with the frames numbered and timed at `fps`.
fn samples(pipeline: &mut Pipeline, pictures: &[Arc<RgbImage>], fps: f64) -> Vec<Sample> {
    let mut output = Output::default();
    for (seq, image) in (0u64..).zip(pictures) {
        let frame = Frame::new(seq, Timestamp::of_frame(seq, fps), Arc::clone(image));
        pipeline.push(&frame, &mut output).expect("it runs");
    }
    pipeline.finish(&mut output).expect("it ends");
    output.samples
}

#[test]
fn every_frame_becomes_one_sample_in_order_whatever_it_shows() {
    let face = Arc::new(portrait());
    let others =
        [RgbImage::new(256, 256), RgbImage::new(1, 1), RgbImage::new(640, 48)].map(Arc::new);
    let mut pictures = vec![Arc::clone(&face); 4];
    pictures.extend(others);
    pictures.extend(vec![face; 3]);
    let samples = samples(&mut pipeline(), &pictures, 30.0);
    let seqs: Vec<u64> = samples.iter().map(|s| s.seq).collect();
    assert_eq!(seqs, (0..10).collect::<Vec<_>>());
    for sample in &samples {
        let shows_face = !(4..7).contains(&sample.seq);
        assert_eq!(!sample.quality.trouble.any(Trouble::NO_FACE), shows_face, "{sample:?}");
    }
    assert!(
        samples[3].motion.is_some() && samples[5].motion.is_none() && samples[7].motion.is_none()
    );
}

#[test]
fn a_still_face_does_not_move() {
    let samples = samples(&mut pipeline(), &repeated(5), 30.0);
    for motion in samples.iter().filter_map(|s| s.motion) {
        assert_eq!(motion.regions, [[0.0; 2]; REGIONS]);
        assert_eq!(motion.head, [0.0; 2]);
    }
}

#[test]
fn a_face_carried_sideways_moves_its_head_and_no_region() {
    let picture = portrait();
    let carried = |i: usize| {
        let mut moved = RgbImage::new(picture.width, picture.height);
        let back = Affine::similarity(1.0, 0.0, Point::new(-0.7 * i as f32, 0.4 * i as f32));
        picture.warp_into(&back, &mut moved);
        Arc::new(moved)
    };
    let pictures: Vec<_> = (0..8).map(carried).collect();
    let samples = samples(&mut pipeline(), &pictures, 30.0);
    let eye_distance_px = samples[4].quality.eye_distance_px;
    for motion in samples[2..].iter().filter_map(|s| s.motion) {
        let expected = [70.0 / eye_distance_px, -40.0 / eye_distance_px];
        let off = (motion.head[0] - expected[0]).hypot(motion.head[1] - expected[1]);
        assert!(off < 0.1, "{:?} for {expected:?}", motion.head);
        let largest = motion.regions.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f32::max);
        assert!(largest < 0.15, "{largest} % left in a region");
    }
}

#[test]
fn the_same_frames_give_the_same_numbers_again() {
    let (face, mut pipeline) = (Arc::new(portrait()), pipeline());
    let mut nudged = RgbImage::new(256, 256);
    face.warp_into(&Affine::similarity(1.004, 0.003, Point::new(0.3, -0.2)), &mut nudged);
    let pictures = [Arc::clone(&face), Arc::new(nudged), face];
    let first = samples(&mut pipeline, &pictures, 30.0);
    pipeline.reset();
    assert_eq!(format!("{first:?}"), format!("{:?}", samples(&mut pipeline, &pictures, 30.0)));
}

#[test]
fn above_45_fps_one_frame_in_two_is_measured_and_all_become_samples() {
    let samples = samples(&mut pipeline(), &repeated(24), 60.0);
    assert_eq!(samples.len(), 24);
    let measured = samples.iter().filter(|s| s.motion.is_some()).count();
    assert!((10..=13).contains(&measured), "{measured}");
}

/// Makes each look at once, and counts them.
struct AtOnce {
    network: MeshNetwork,
    look: Option<Box<MeshLook>>,
    made: Arc<AtomicUsize>,
}

impl LookAhead for AtOnce {
    fn begin(&mut self, mut look: Box<MeshLook>) {
        look.make(&mut self.network);
        self.look = Some(look);
        self.made.fetch_add(1, Ordering::Relaxed);
    }
    fn fetch(&mut self) -> Option<Box<MeshLook>> {
        self.look.take()
    }
}

/// The portrait, drifting for some frames and at rest for some.
fn drifting(frames: usize) -> Vec<Arc<RgbImage>> {
    let portrait = portrait();
    let shifted = |i: usize| {
        let x = (i % 12).min(6) as f32 * 1.5;
        let mut image = RgbImage::new(portrait.width, portrait.height);
        portrait.warp_into(&Affine::similarity(1.0, 0.0, Point::new(-x, 0.0)), &mut image);
        Arc::new(image)
    };
    (0..frames).map(shifted).collect()
}

#[test]
fn a_mesh_that_looks_ahead_changes_no_number() {
    let mut pictures = drifting(24);
    // A cut, another size, and no face.
    pictures.extend([RgbImage::new(256, 256), RgbImage::new(64, 48)].map(Arc::new));
    pictures.extend(drifting(12));
    let models = Models::load(&Default::default()).expect("embedded models");
    for fps in [30.0, 90.0] {
        let expected = samples(&mut pipeline(), &pictures, fps);
        let made = Arc::new(AtomicUsize::new(0));
        let network = MeshNetwork::new(&models).expect("a mesh");
        let mut ahead = pipeline();
        ahead.look_ahead_with(Box::new(AtOnce { network, look: None, made: Arc::clone(&made) }));
        let mut output = Output::default();
        for (seq, image) in (0u64..).zip(&pictures) {
            let frame =
                |seq: u64, image| Frame::new(seq, Timestamp::of_frame(seq, fps), Arc::clone(image));
            if let Some(next) = pictures.get(seq as usize + 1) {
                ahead.foresee(&frame(seq + 1, next));
            }
            ahead.push(&frame(seq, image), &mut output).expect("it runs");
        }
        ahead.finish(&mut output).expect("it ends");
        // As text, in which what is unknown (NaN) equals itself.
        assert_eq!(
            format!("{:?}", output.samples),
            format!("{expected:?}"),
            "{fps} frames a second"
        );
        let made = made.load(Ordering::Relaxed);
        assert!(if fps > 45.0 { made == 0 } else { made > 8 }, "{made} looks at {fps}");
    }
}
