//! One unbroken run of frames: its motion on the even grid, the network's outputs for it, and what
//! each frame makes of them.

use std::collections::VecDeque;

use super::suppress::{Candidate, Suppressor};
use super::{Network, Proposal, ROW_OUTPUTS, Spotted, SpotterSettings, WINDOW_ROWS};
use crate::measure::event::{EventKind, Moment};
use crate::measure::regions::SPOT_REGIONS;
use crate::measure::sample::Score;
use crate::measure::time::Timestamp;
use crate::model::ModelError;
use crate::pipeline::spotting::resample::{GRID_HZ, Resampler};

/// Rows between two looks of the network. Each look costs a whole window; each row of waiting delays
/// a flag by 1/30 s.
const HOP_ROWS: u64 = 3;

/// Longest rise and fall that are believed, in rows: half a second for micro, by its definition, and
/// four for macro, beyond which a movement has no single rise.
const MAX_SIDE_ROWS: [f32; 2] = [15.0, 120.0];

/// Shortest events, micro and macro, seconds and frames. The field asks for five frames of 30 a second
/// (0.13 s) and for half a second; bounds are estimates, so that a little less is believed, and half
/// of it for a macro-expression. A movement needs a frame before its apex and one after it.
const LEAST_SECS: [f64; 2] = [0.1, 0.25];
const LEAST_FRAMES: [usize; 2] = [3, 5];

/// Of an event that a gap cuts off, at most this share may lie in the gap: what is mostly there was not
/// seen. The beginning and the end of a recording are no gaps; somebody chose them.
const MOST_HIDDEN: f64 = 0.5;

/// Half a row of the grid, seconds: how far two times may differ and be the same row.
const HALF_ROW_SECS: f64 = 0.5 / GRID_HZ;

/// How long a frame is remembered, seconds: longer than any onset lies before its apex plus any wait
/// for its offset.
const MEMORY_SECS: f64 = 10.0;

const ROW_INPUTS: usize = SPOT_REGIONS * 2;

/// A frame and the row that scores it.
#[derive(Clone, Copy, Debug)]
struct RunFrame {
    moment: Moment,
    row: u64,
}

/// One unbroken run of frames.
#[derive(Debug)]
pub(crate) struct Run {
    /// Where the run begins and ends, if frames that cannot be scored lie before or after it.
    gaps: [Option<Timestamp>; 2],
    resampler: Resampler<SPOT_REGIONS>,
    new_rows: Vec<[[f32; 2]; SPOT_REGIONS]>,
    /// The last window of motion, oldest first; zero where it reaches back before the run.
    motion: VecDeque<f32>,
    rows: u64,
    /// Final outputs (score, rise, fall) of row `forgotten_rows` and on. Micro and macro apart, since
    /// they become final at different times.
    outputs: [VecDeque<[f32; 3]>; 2],
    forgotten_rows: u64,
    frames: VecDeque<RunFrame>,
    /// How many of `frames` became candidates or not, per kind.
    judged: [usize; 2],
    /// How many of `frames` had their score given out.
    scored: usize,
    suppressors: [Suppressor; 2],
    window: Vec<f32>,
    window_outputs: Vec<f32>,
}

impl Run {
    /// A run whose first displacement counts from `start`; `follows_gap` where the recording began earlier.
    pub(crate) fn new(start: Timestamp, follows_gap: bool) -> Self {
        Self {
            gaps: [follows_gap.then_some(start), None],
            resampler: Resampler::new(start),
            new_rows: Vec::new(),
            motion: VecDeque::from(vec![0.0; WINDOW_ROWS * ROW_INPUTS]),
            rows: 0,
            outputs: Default::default(),
            forgotten_rows: 0,
            frames: VecDeque::new(),
            judged: [0; 2],
            scored: 0,
            suppressors: Default::default(),
            window: Vec::with_capacity(WINDOW_ROWS * ROW_INPUTS),
            window_outputs: Vec::with_capacity(WINDOW_ROWS * ROW_OUTPUTS),
        }
    }

    /// Takes the next frame.
    pub(crate) fn push(
        &mut self,
        moment: Moment,
        displacement: &[[f32; 2]; SPOT_REGIONS],
        network: &mut dyn Network,
        settings: &SpotterSettings,
        spotted: &mut Spotted,
    ) -> Result<(), ModelError> {
        self.frames.push_back(RunFrame { moment, row: self.resampler.row_of(moment.time) });
        self.new_rows.clear();
        self.resampler.push(moment.time, displacement, |row| self.new_rows.push(row));
        for i in 0..self.new_rows.len() {
            self.motion.drain(..ROW_INPUTS);
            self.motion.extend(self.new_rows[i].as_flattened());
            self.rows += 1;
            if self.rows.is_multiple_of(HOP_ROWS) {
                self.look(0, network, settings)?;
            }
        }
        self.judge(settings, spotted);
        self.give_out_scores(spotted);
        self.forget(moment.time);
        Ok(())
    }

    /// Makes everything final; what would have followed counts as missing. `ends_at_gap` where the recording
    /// goes on.
    pub(crate) fn finish(
        mut self,
        ends_at_gap: bool,
        network: &mut dyn Network,
        settings: &SpotterSettings,
        spotted: &mut Spotted,
    ) -> Result<(), ModelError> {
        if self.rows > 0 {
            let [micro, macro_] = settings.look_ahead_rows;
            self.look(micro.max(macro_), network, settings)?;
        }
        self.gaps[1] = self.frames.back().filter(|_| ends_at_gap).map(|frame| frame.moment.time);
        // The last frame may lie beyond the last whole row.
        let last_row = self.rows.saturating_sub(1);
        for frame in &mut self.frames {
            frame.row = frame.row.min(last_row);
        }
        self.judge(settings, spotted);
        for (kind, suppressor) in EventKind::ALL.into_iter().zip(&mut self.suppressors) {
            let gaps = self.gaps;
            suppressor.finish(|c| spotted.proposals.extend(proposal(kind, c, &self.frames, gaps)));
        }
        self.give_out_scores(spotted);
        // A run shorter than one row has nothing to score.
        let rest = self.frames.iter().skip(self.scored);
        spotted.scores.extend(rest.map(|frame| (frame.moment.frame, None)));
        Ok(())
    }

    /// Runs the network over the newest rows and `missing` ones after them, and keeps what became final.
    fn look(
        &mut self,
        missing: usize,
        network: &mut dyn Network,
        settings: &SpotterSettings,
    ) -> Result<(), ModelError> {
        self.window.clear();
        self.window.extend(self.motion.iter().skip(missing * ROW_INPUTS));
        self.window.resize(WINDOW_ROWS * ROW_INPUTS, 0.0);
        network.score(&self.window, &mut self.window_outputs)?;
        let window_end = self.rows + missing as u64;
        for (kind, outputs) in self.outputs.iter_mut().enumerate() {
            let look_ahead = settings.look_ahead_rows[kind] as u64;
            let final_rows = window_end.saturating_sub(look_ahead).min(self.rows);
            for row in self.forgotten_rows + outputs.len() as u64..final_rows {
                let in_window = WINDOW_ROWS.saturating_sub((window_end - row) as usize);
                let at = in_window * ROW_OUTPUTS + kind * 3;
                let values = self.window_outputs.get(at..at + 3).unwrap_or(&[0.0; 3]);
                let within = |v: f32, max: f32| if v.is_finite() { v.clamp(0.0, max) } else { 0.0 };
                let side = |v| within(v, MAX_SIDE_ROWS[kind]);
                outputs.push_back([within(values[0], 1.0), side(values[1]), side(values[2])]);
            }
        }
        Ok(())
    }

    fn output(&self, kind: usize, row: u64) -> Option<[f32; 3]> {
        let at = row.checked_sub(self.forgotten_rows)?;
        self.outputs[kind].get(usize::try_from(at).ok()?).copied()
    }

    /// Makes a candidate of every frame that reaches the threshold, as soon as its outputs are final.
    fn judge(&mut self, settings: &SpotterSettings, spotted: &mut Spotted) {
        let gaps = self.gaps;
        let Some(newest) = self.frames.back().map(|frame| frame.moment.time) else { return };
        for (i, kind) in EventKind::ALL.into_iter().enumerate() {
            while let Some(&RunFrame { moment: apex, row }) = self.frames.get(self.judged[i]) {
                let Some([score, rise, fall]) = self.output(i, row) else { break };
                self.judged[i] += 1;
                let is_long = f64::from(rise + fall) / GRID_HZ + 1e-9 >= LEAST_SECS[i];
                if score >= settings.thresholds[i] && is_long {
                    self.suppressors[i].add(Candidate {
                        apex,
                        onset_time: apex.time - f64::from(rise) / GRID_HZ,
                        offset_time: apex.time + f64::from(fall) / GRID_HZ,
                        score,
                    });
                }
                self.suppressors[i].settle(apex.time, newest, |c| {
                    spotted.proposals.extend(proposal(kind, c, &self.frames, gaps));
                });
            }
        }
    }

    fn give_out_scores(&mut self, spotted: &mut Spotted) {
        while self.scored < self.judged[0].min(self.judged[1]) {
            let RunFrame { moment, row } = self.frames[self.scored];
            let score = match (self.output(0, row), self.output(1, row)) {
                (Some(micro), Some(macro_)) => Some(Score { micro: micro[0], macro_: macro_[0] }),
                _ => None,
            };
            spotted.scores.push((moment.frame, score));
            self.scored += 1;
        }
    }

    fn forget(&mut self, now: Timestamp) {
        while self.scored > 0
            && self.frames.front().is_some_and(|f| now.secs_since(f.moment.time) > MEMORY_SECS)
        {
            self.frames.pop_front();
            self.scored -= 1;
            self.judged = self.judged.map(|n| n - 1);
        }
        let needed = self.frames.front().map_or(self.rows, |frame| frame.row);
        while self.forgotten_rows < needed && self.outputs.iter().all(|o| !o.is_empty()) {
            for outputs in &mut self.outputs {
                outputs.pop_front();
            }
            self.forgotten_rows += 1;
        }
    }
}

/// A candidate in frames: the nearest ones to its times, none beyond the run. `None` where that is too
/// short to be a movement of its kind, or is made of the edge of a gap. `gaps` are the ends of the run
/// that are such edges.
fn proposal(
    kind: EventKind,
    candidate: &Candidate,
    frames: &VecDeque<RunFrame>,
    gaps: [Option<Timestamp>; 2],
) -> Option<Proposal> {
    let nearest = |time: Timestamp| {
        let after = frames.partition_point(|frame| frame.moment.time < time);
        let neighbours = frames.range(after.saturating_sub(1)..frames.len().min(after + 1));
        neighbours
            .map(|frame| frame.moment)
            .min_by_key(|moment| (moment.time.nanos() - time.nanos()).abs())
            .unwrap_or(candidate.apex)
    };
    let (onset, apex, offset) =
        (nearest(candidate.onset_time), candidate.apex, nearest(candidate.offset_time));
    let place = |moment: Moment| frames.partition_point(|frame| frame.moment.time < moment.time);
    let count = (place(offset) + 1).saturating_sub(place(onset));
    let inside_secs = offset.time.secs_since(onset.time);
    let of_kind = usize::from(kind == EventKind::Macro);
    // The nearest frames may lie half a step inside of the estimates.
    let is_long =
        inside_secs + 2.0 * HALF_ROW_SECS >= LEAST_SECS[of_kind] && count >= LEAST_FRAMES[of_kind];
    let is_whole = apex.is_after(onset) && offset.is_after(apex);
    let before_secs = gaps[0].map_or(0.0, |edge| edge.secs_since(candidate.onset_time).max(0.0));
    let after_secs = gaps[1].map_or(0.0, |edge| candidate.offset_time.secs_since(edge).max(0.0));
    let is_seen = before_secs + after_secs <= MOST_HIDDEN * candidate.secs() + HALF_ROW_SECS;
    let score = candidate.score;
    (is_long && is_whole && is_seen).then_some(Proposal { kind, onset, apex, offset, score })
}
