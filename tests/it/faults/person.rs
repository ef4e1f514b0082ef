//! Faults in front of a face: the demo person through the whole pipeline with the shipped models.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use fleeting::config::Config;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::measure::quality::Trouble;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, NoticeKind, Source, SourceError, SourceInfo};
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::Pipeline;
use fleeting::source::{SourceSpec, in_order};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::{run as run_engine, told};
use super::{Tally, dice};

/// Number of frames in one scenario; a third of them are faults. Opening the models takes as long as twenty.
const FRAMES: usize = 100;

const FPS: f64 = 30.0;

/// Three seconds of the demo person, drawn once.
fn person() -> &'static [Arc<RgbImage>] {
    static PERSON: OnceLock<Vec<Arc<RgbImage>>> = OnceLock::new();
    PERSON.get_or_init(|| {
        let mut spec: SourceSpec = "demo:7".parse().expect("a source");
        spec.options.limit_secs = Some(3.0);
        spec.options.size_px = Some((320, 240));
        let mut source = spec.open().expect("the demo");
        let mut pictures = Vec::new();
        while let Next::Frame(frame) = source.next().expect("goes on") {
            pictures.push(frame.image);
        }
        pictures
    })
}

/// A pipeline with the shipped models, which are read once.
fn pipeline() -> Pipeline {
    static MODELS: OnceLock<Models> = OnceLock::new();
    let models = MODELS.get_or_init(|| Models::load(&ModelChoice::Embedded).expect("embedded"));
    Pipeline::new(models, &Config::default()).expect("a pipeline")
}

/// The frames of a seed, and what must be found in them.
#[derive(Default)]
struct Script {
    frames: VecDeque<Frame>,
    /// Numbers of frames in which no one can be seen.
    nobody: BTreeSet<u64>,
    /// Numbers of frames in which the mesh may still see the face of a moment ago.
    noise: BTreeSet<u64>,
    /// Frames that are not later than the one before.
    lost: u64,
}

fn half(image: &RgbImage) -> RgbImage {
    let mut small = RgbImage::new(image.width / 2, image.height / 2);
    for (i, px) in small.data.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i % (image.width / 2), i / (image.width / 2));
        px.copy_from_slice(&image.at(x as isize * 2, y as isize * 2));
    }
    small
}

fn noise(dice: &mut ChaCha8Rng, image: &RgbImage) -> RgbImage {
    let data = image.data.iter().map(|_| dice.random()).collect();
    RgbImage { data, ..*image }
}

fn script(dice: &mut ChaCha8Rng, tally: &mut Tally) -> Script {
    let person = person();
    let mut script = Script::default();
    let (mut seq, mut shown) = (0u64, dice.random_range(0..30));
    let mut newest = None;
    for _ in 0..FRAMES {
        let usual = &person[shown % person.len()];
        let mut time = Timestamp::of_frame(seq, FPS);
        let mut image = Arc::clone(usual);
        let class = match dice.random_range(0..24) {
            0 => {
                image = Arc::new(RgbImage::new(usual.width, usual.height));
                script.nobody.insert(seq);
                "black picture"
            }
            1 => {
                image = Arc::new(noise(dice, usual));
                script.noise.insert(seq);
                "picture of noise"
            }
            2 => {
                image = Arc::new(RgbImage { width: 1, height: 1, data: vec![90; 3] });
                script.nobody.insert(seq);
                "picture of one pixel"
            }
            3 => {
                image = Arc::new(half(usual));
                "change of size"
            }
            4 => {
                let data = usual.data.iter().map(|&v| v.saturating_mul(2)).collect();
                image = Arc::new(RgbImage { data, ..**usual });
                "light that flashes"
            }
            5 => {
                shown = shown.saturating_sub(1);
                "picture that comes twice"
            }
            6 => {
                let missing = dice.random_range(1..30);
                seq += missing;
                shown += missing as usize;
                time = Timestamp::of_frame(seq, FPS);
                "frames that are missing"
            }
            7 => {
                // Frames closer than 45 a second apart are not all measured.
                time = time + dice.random_range(-0.005..0.005);
                "frame with a time that is off"
            }
            8 if seq > 0 => {
                time = Timestamp::of_frame(seq - 1, FPS) - dice.random_range(0.1..3.0);
                "time that jumps back"
            }
            _ => "",
        };
        if !class.is_empty() {
            tally.count(class);
        }
        if time < Timestamp::ZERO || newest.is_some_and(|newest| time <= newest) {
            script.lost += 1;
        } else {
            newest = Some(time);
        }
        script.frames.push_back(Frame::new(seq, time, image));
        seq += 1;
        shown += 1;
    }
    script
}

struct Scripted(VecDeque<Frame>, SourceInfo);

impl Source for Scripted {
    fn info(&self) -> &SourceInfo {
        &self.1
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        Ok(self.0.pop_front().map_or(Next::End, Next::Frame))
    }
}

pub(super) fn run(seed: u64) -> Tally {
    let (mut dice, mut tally) = (dice("person", seed), Tally::default());
    let Script { frames, nobody, noise, lost } = script(&mut dice, &mut tally);
    let given = frames.len() as u64;
    let open = move || Ok(in_order(Box::new(Scripted(frames, SourceInfo::default()))));
    let job = CaptureJob {
        name: "demo".into(),
        is_live: false,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(open),
    };
    let ran = run_engine(job, pipeline, None, &mut dice);
    assert_eq!(ran.reason, None);
    let (_, told) = told(&ran.session, NoticeKind::CorruptFrame, " more frames are lost");
    assert_eq!((told, ran.session.history.len() as u64), (lost, given - lost));
    for sample in ran.session.history.samples() {
        let trouble = sample.quality.trouble;
        assert!(!trouble.is_none() || !noise.contains(&sample.seq), "noise is good: {sample:?}");
        let is_seen = !trouble.any(Trouble::NO_FACE);
        assert!(!(is_seen && nobody.contains(&sample.seq)), "a face in nothing: {sample:?}");
    }
    tally
}
