//! False alarms per minute at every threshold, measured on faces without expressions.
//!
//! The whole spotter is measured, with its suppression. The network runs once; its outputs are then decoded
//! again for each threshold.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::rc::Rc;

use serde::Serialize;

use super::spotting::{read, spot_video};
use super::{EvaluateError, Video};
use crate::measure::event::EventKind;
use crate::model::{ModelError, Models};
use crate::pipeline::spotting::{Network, Spotter, SpotterSettings, open_network};

/// Thresholds that are measured.
const SCORES: [f32; 20] = [
    0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.24, 0.28, 0.32, 0.36, 0.4, 0.45, 0.5, 0.55,
    0.6, 0.65, 0.7, 0.8,
];

/// Pairs of a score and the false alarms per minute at a threshold of that score, scores ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// Micro-expressions.
    pub micro: Vec<[f32; 2]>,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: Vec<[f32; 2]>,
}

impl fmt::Display for CalibrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "threshold   false alarms per minute\n            micro   macro")?;
        for (micro, macro_) in self.micro.iter().zip(&self.macro_) {
            write!(f, "\n{:<9.2}{:>8.2}{:>8.2}", micro[0], micro[1], macro_[1])?;
        }
        Ok(())
    }
}

/// Measures the spotter on a file for [`super::spotting()`] in which every proposal is a false alarm.
pub fn calibration(path: &Path, models: &Models) -> Result<CalibrationReport, EvaluateError> {
    let (videos, _) = read(path)?;
    let (network, calibration) = open_network(models)?;
    let answers = Rc::new(RefCell::new(Answers { network, rows: Vec::new(), next: 0 }));
    let mut settings =
        SpotterSettings { look_ahead_rows: calibration.look_ahead_rows, thresholds: [1.0; 2] };
    let mut report = CalibrationReport::default();
    for score in SCORES {
        settings.thresholds = [score; 2];
        answers.borrow_mut().next = 0;
        let mut spotter = Spotter::new(Box::new(Replay(Rc::clone(&answers))), settings);
        let [micro, macro_] = rates(&mut spotter, &videos)?;
        report.micro.push([score, micro]);
        report.macro_.push([score, macro_]);
    }
    never_rising(&mut report.micro);
    never_rising(&mut report.macro_);
    Ok(report)
}

/// Proposals per minute, micro and macro.
fn rates(spotter: &mut Spotter, videos: &[Video]) -> Result<[f32; 2], ModelError> {
    let mut counts = [0usize; 2];
    let mut minutes = 0.0;
    for video in videos {
        minutes += video.motion_px.len() as f64 / video.fps / 60.0;
        let spotted = spot_video(spotter, video)?;
        for (count, kind) in counts.iter_mut().zip(EventKind::ALL) {
            *count += spotted.proposals.iter().filter(|p| p.kind == kind).count();
        }
    }
    Ok(counts.map(|count| (count as f64 / f64::max(minutes, 1e-9)) as f32))
}

/// A higher threshold can split one flag into two. The table must not show more alarms for it.
fn never_rising(pairs: &mut [[f32; 2]]) {
    let mut most = 0.0f32;
    for pair in pairs.iter_mut().rev() {
        most = most.max(pair[1]);
        pair[1] = most;
    }
}

/// The network's outputs of each window, in order.
struct Answers {
    network: Box<dyn Network>,
    rows: Vec<Vec<f32>>,
    next: usize,
}

/// Repeats the network's outputs: the same videos give the same windows.
struct Replay(Rc<RefCell<Answers>>);

impl Network for Replay {
    fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
        let mut answers = self.0.borrow_mut();
        if answers.next == answers.rows.len() {
            let mut fresh = Vec::new();
            answers.network.score(motion, &mut fresh)?;
            answers.rows.push(fresh);
        }
        rows.clone_from(&answers.rows[answers.next]);
        answers.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::regions::SPOT_REGIONS;
    use crate::pipeline::spotting::WINDOW_ROWS;

    /// Scores a row by how fast the first region moves down.
    struct Speed(Rc<RefCell<usize>>);

    impl Network for Speed {
        fn score(&mut self, motion: &[f32], rows: &mut Vec<f32>) -> Result<(), ModelError> {
            *self.0.borrow_mut() += 1;
            rows.clear();
            for row in motion.chunks_exact(SPOT_REGIONS * 2) {
                rows.extend([row[1], 4.0, 6.0, 0.0, 10.0, 20.0]);
            }
            assert_eq!(rows.len(), WINDOW_ROWS * 6);
            Ok(())
        }
    }

    #[test]
    fn a_replayed_network_looks_once_and_answers_the_same() {
        let looks = Rc::new(RefCell::new(0));
        let network = Box::new(Speed(Rc::clone(&looks)));
        let answers = Rc::new(RefCell::new(Answers { network, rows: Vec::new(), next: 0 }));
        let mut motion_px = vec![[[0.0; 2]; SPOT_REGIONS]; 1800];
        motion_px[300][0][1] = 0.9;
        motion_px[900][0][1] = 0.4;
        let videos = [Video { fps: 30.0, eye_distance_px: 100.0, motion_px }];
        let mut seen = Vec::new();
        for threshold in [0.3, 0.5, 0.95] {
            answers.borrow_mut().next = 0;
            let settings = SpotterSettings { look_ahead_rows: [7, 18], thresholds: [threshold; 2] };
            let mut spotter = Spotter::new(Box::new(Replay(Rc::clone(&answers))), settings);
            seen.push(rates(&mut spotter, &videos).expect("the network does not fail"));
        }
        assert_eq!(seen, [[2.0, 0.0], [1.0, 0.0], [0.0, 0.0]]);
        assert_eq!(*looks.borrow(), 601, "one look for three rows, and one at the end");
    }

    #[test]
    fn a_table_never_rises() {
        let mut pairs = [[0.1, 5.0], [0.2, 1.0], [0.3, 2.0]];
        never_rising(&mut pairs);
        assert_eq!(pairs, [[0.1, 5.0], [0.2, 2.0], [0.3, 2.0]]);
    }
}
