//! An analysis that costs next to nothing. The frame scheduler, the judge, the spotter and the sample queue
//! are real, so that numbers, gaps and unscorable spans are the program's own. The face is in every picture
//! that is not dark, the motion is always the same, and the network answers at once.

use fleeting::config::QualityConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::measure::face::Landmarks;
use fleeting::measure::geometry::{Affine, Point};
use fleeting::measure::quality::Quality;
use fleeting::measure::regions::REGIONS;
use fleeting::measure::sample::Sample;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::pipeline::frame_scheduler::FrameScheduler;
use fleeting::pipeline::motion::regions::RegionDisplacement;
use fleeting::pipeline::quality::{Evidence, Judge};
use fleeting::pipeline::sample_queue::SampleQueue;
use fleeting::pipeline::spotting::{
    Network, ROW_OUTPUTS, Spotted, Spotter, SpotterSettings, Step, WINDOW_ROWS,
};

/// A picture whose mean is below this is dark.
const DARK: u64 = 12;

pub(super) struct StandIn {
    pace: FrameScheduler,
    judge: Judge,
    spotter: Spotter,
    spotted: Spotted,
    sample_queue: SampleQueue,
    quality: Quality,
    face: Landmarks,
}

impl Default for StandIn {
    fn default() -> Self {
        let settings = SpotterSettings { look_ahead_rows: [12, 30], thresholds: [0.9, 0.9] };
        Self {
            pace: FrameScheduler::default(),
            judge: Judge::new(&QualityConfig::default()),
            spotter: Spotter::new(Box::new(Even), settings),
            spotted: Spotted::default(),
            sample_queue: SampleQueue::default(),
            quality: Quality::default(),
            face: face(),
        }
    }
}

/// The same score for every row.
struct Even;

impl Network for Even {
    fn score(&mut self, _: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        rows.clear();
        rows.resize(WINDOW_ROWS * ROW_OUTPUTS, 0.5);
        Ok(())
    }
}

/// A mesh with its eyes far enough apart and open.
fn face() -> Landmarks {
    let point = |i: usize| Point::new((i % 24) as f32 * 20.0, (i / 24) as f32 * 20.0);
    let points_in_frame: Vec<Point> = (0..478).map(point).collect();
    Landmarks { depths: vec![0.0; points_in_frame.len()], points_in_frame, presence: 1.0 }
}

pub(super) fn is_dark(image: &RgbImage) -> bool {
    let sum: u64 = image.data.iter().map(|&value| u64::from(value)).sum();
    sum < DARK * image.data.len() as u64
}

impl Analyser for StandIn {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let tick = self.pace.tick(frame.time);
        let (seq, time) = (frame.seq, frame.time);
        if tick.measured {
            let is_face = !is_dark(&frame.image);
            let nobody = Landmarks::default();
            let still = RegionDisplacement { regions: [[0.1, 0.0]; REGIONS], head: [0.0; 2] };
            self.quality = self.judge.judge(&Evidence {
                tick,
                landmarks: if is_face { &self.face } else { &nobody },
                half_face: None,
                displacement: is_face.then_some(&still),
            });
            let trouble = self.quality.trouble;
            let displacement = (is_face && trouble.scorable()).then(|| still.spotted());
            let step = Step { seq, time, displacement, trouble };
            self.spotter.push(&step, &mut self.spotted)?;
            output.overlay.frame_from_face = is_face.then_some(Affine::IDENTITY);
        }
        let quality = Quality { rate_fps: tick.rate_fps, ..self.quality };
        self.sample_queue
            .enter(Sample { seq, time, quality, motion: None, score: None }, tick.measured);
        self.hand_out();
        self.sample_queue.settle(&mut output.samples);
        Ok(())
    }

    fn finish(&mut self, output: &mut Output) -> Result<(), ModelError> {
        self.spotter.finish(&mut self.spotted)?;
        self.hand_out();
        self.sample_queue.finish(&mut output.samples);
        Ok(())
    }

    crate::follows_no_setting!(0.9);
}

impl StandIn {
    fn hand_out(&mut self) {
        self.spotted.scores.drain(..).for_each(|(_, score)| self.sample_queue.score(score));
        self.spotted.proposals.clear();
    }
}
