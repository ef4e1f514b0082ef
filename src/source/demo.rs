//! A synthetic person before a synthetic camera. It shows what the program does without a camera, and gives
//! tests known true events.

use crate::measure::event::Event;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::synth::render::portrait::Portrait;
use crate::synth::render::scene::{Performance, Scene};
use crate::synth::rig::facs_rig::FacsFace;
use crate::synth::{Renderer, SensorModel};

use super::{SourceKind, SourceSpec};
use crate::media::pool::Pool;
use crate::media::stream::{Next, Source, SourceError, SourceInfo};

/// The registry entry.
pub const KIND: SourceKind = SourceKind {
    name: "demo",
    target_help: "SEED, a whole number: the same seed shows the same person doing the same things",
    about: "a synthetic person who shows expressions at known times; needs no camera",
    is_live: false,
    open,
};

/// Default width and height, pixels: those of an ordinary webcam.
const SIZE_PX: (usize, usize) = (640, 480);

/// Default frames per second.
const FPS: f64 = 30.0;

fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(Demo::open(spec)?))
}

/// The demo person. All frames follow from the seed, bit by bit. They are stamped by their number and
/// delivered as fast as they are read.
#[derive(Debug)]
pub struct Demo {
    info: SourceInfo,
    fps: f64,
    performance: Performance,
    renderer: Renderer,
    pool: Pool,
    next_seq: u64,
}

impl Demo {
    /// Opens `demo` or `demo:SEED`.
    pub fn open(spec: &SourceSpec) -> Result<Self, SourceError> {
        let unusable = |expected: &str, found: String| SourceError::Unusable {
            what: spec.to_string(),
            expected: expected.into(),
            found,
        };
        let seed: u64 = match &*spec.target.to_string_lossy() {
            "" => 0,
            text => text.parse().map_err(|_| {
                unusable("a seed from 0 to 18446744073709551615", format!("`{text}`"))
            })?,
        };
        let fps = spec.options.fps.unwrap_or(FPS);
        if !(1.0..=1000.0).contains(&fps) {
            return Err(unusable("1 to 1000 frames per second", fps.to_string()));
        }
        let size_px = spec.options.size_px.unwrap_or(SIZE_PX);
        let whole = |e: &dyn std::fmt::Display| unusable("a person to draw", e.to_string());
        let portrait = Portrait::numbered(seed).map_err(|e| whole(&e))?;
        let renderer = Renderer::new(&portrait, size_px, SensorModel::default(), seed)
            .map_err(|e| whole(&e))?;
        let face = FacsFace::new(&portrait.points_px)
            .ok_or_else(|| unusable("a face", "no eyes".into()))?;
        let frames = spec.options.limit_secs.map(|secs| (secs.max(0.0) * fps).ceil() as u64);
        Ok(Self {
            info: SourceInfo {
                name: format!("demo person, seed {seed}"),
                size_px,
                nominal_fps: Some(fps),
                frames,
                detail: format!("synthetic, {}×{} at {fps}", size_px.0, size_px.1),
                stamped_on_arrival: false,
                ..SourceInfo::default()
            },
            fps,
            performance: Performance::new(Scene::Show, seed, 1.0, face),
            renderer,
            pool: Pool::default(),
            next_seq: 0,
        })
    }

    /// Every expression that reaches its apex in the first `frames` frames, in order.
    pub fn truth(&self, frames: u64) -> Vec<Event> {
        self.performance.truth(frames, self.fps)
    }
}

impl Source for Demo {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        let seq = self.next_seq;
        if self.info.frames.is_some_and(|frames| seq >= frames) {
            return Ok(Next::End);
        }
        self.next_seq += 1;
        let time = Timestamp::of_frame(seq, self.fps);
        let pose = self.performance.pose(time.secs());
        let image = self.pool.draw(|image| {
            self.renderer.render(&pose, seq, time.secs(), image);
            Ok::<_, SourceError>(())
        })?;
        Ok(Next::Frame(Frame::new(seq, time, image)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(text: &str, limit_secs: f64) -> Demo {
        let mut spec: SourceSpec = text.parse().expect(text);
        spec.options.limit_secs = Some(limit_secs);
        spec.options.size_px = Some((160, 120));
        Demo::open(&spec).expect(text)
    }

    fn frames(mut demo: Demo) -> Vec<Frame> {
        std::iter::from_fn(|| match demo.next().expect("the demo has no errors") {
            Next::Frame(frame) => Some(frame),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn the_same_seed_shows_the_same_pictures_bit_for_bit() {
        let (a, b) = (frames(demo("demo:7", 0.5)), frames(demo("demo:7", 0.5)));
        assert!(a.iter().zip(&b).all(|(a, b)| a.image == b.image && a.time == b.time));
        let other = frames(demo("demo:8", 0.5));
        assert_ne!(a[3].image, other[3].image);
    }

    #[test]
    fn frames_are_numbered_from_0_stamped_at_the_rate_and_end_at_the_limit() {
        let frames = frames(demo("demo", 1.0));
        assert_eq!(frames.len(), 30);
        for (i, frame) in frames.iter().enumerate() {
            assert_eq!((frame.seq, frame.time), (i as u64, Timestamp::of_frame(i as u64, 30.0)));
            assert_eq!((frame.image.width, frame.image.height), (160, 120));
        }
    }

    #[test]
    fn something_happens_within_the_first_half_minute() {
        let truth = demo("demo", 30.0).truth(900);
        assert!(truth.len() >= 2, "{}", truth.len());
        assert!(truth.iter().all(|e| e.offset.time < Timestamp::from_secs(30.0)));
    }

    #[test]
    fn a_seed_that_is_no_number_says_what_would_do() {
        let spec: SourceSpec = "demo:seven".parse().expect("a kind and a target");
        let error = Demo::open(&spec).expect_err("not a number").to_string();
        assert!(error.contains("demo:seven") && error.contains("a seed"), "{error}");
    }
}
