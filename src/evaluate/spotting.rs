//! Scores the spotter on released motion features.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::npz::Npz;
use super::review_load::{ReviewLoad, ScoredVideo};
use super::{
    EvaluateError, LOOSE_IOU, MatchCounts, Span, counts_of, matches, matches_from, write_counts,
};
use crate::config::SpottingConfig;
use crate::measure::event::{EventKind, Interval};
use crate::measure::quality::Trouble;
use crate::measure::regions::SPOT_REGIONS;
use crate::measure::time::Timestamp;
use crate::model::{ModelError, Models};
use crate::pipeline::spotting::{Proposal, Spotted, Spotter, Step};

/// One video of a feature file.
#[derive(Clone, Debug, PartialEq)]
pub struct Video {
    /// Frames per second.
    pub fps: f64,
    /// Outer-eye distance, pixels.
    pub eye_distance_px: f32,
    /// Motion from each frame to the next one, pixels. Released features hold the flow between adjacent
    /// frames.
    pub motion_px: Vec<[[f32; 2]; SPOT_REGIONS]>,
}

/// One interval of a feature file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoEvent {
    /// Its place.
    pub span: Span,
    /// Frame of the strongest movement.
    pub apex: i64,
}

/// Counts of micro-expressions, of macro-expressions, and of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KindCounts {
    /// Micro-expressions.
    pub micro: MatchCounts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: MatchCounts,
    /// Both, counts pooled.
    pub all: MatchCounts,
}

impl KindCounts {
    fn new(proposals: &[Span], truths: &[Span], pairs: &[(usize, usize)]) -> Self {
        let [micro, macro_] = EventKind::ALL.map(|kind| counts_of(kind, proposals, truths, pairs));
        Self { micro, macro_, all: micro.pooled(macro_) }
    }
}

/// The report of `evaluate spotting`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpottingReport {
    /// Micro-expressions.
    pub micro: MatchCounts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: MatchCounts,
    /// Both, counts pooled.
    pub all: MatchCounts,
    /// The same counts with an overlap of 0.3.
    pub at_iou_03: KindCounts,
    /// How much video must be looked at, the highest scores first, to meet micro-expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_load: Option<ReviewLoad>,
    /// Micro proposals that match no event, per minute of video.
    pub false_micro_alarms_per_minute: f64,
    /// Length of all video, minutes.
    #[serde(skip)]
    pub minutes: f64,
}

impl SpottingReport {
    /// Counts the matches of `proposals` and `truths`.
    pub fn new(proposals: &[Span], truths: &[Span], minutes: f64) -> Self {
        let KindCounts { micro, macro_, all } =
            KindCounts::new(proposals, truths, &matches(proposals, truths));
        let loose = matches_from(proposals, truths, LOOSE_IOU);
        let false_micro = (micro.proposals - micro.tp) as f64;
        Self {
            micro,
            macro_,
            all,
            at_iou_03: KindCounts::new(proposals, truths, &loose),
            review_load: None,
            false_micro_alarms_per_minute: if minutes > 0.0 { false_micro / minutes } else { 0.0 },
            minutes,
        }
    }
}

impl fmt::Display for SpottingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_counts(f, &[("micro", &self.micro), ("macro", &self.macro_), ("all", &self.all)])?;
        let loose = &self.at_iou_03;
        writeln!(
            f,
            "at IoU 0.3: F1 micro {:.3}, macro {:.3}, all {:.3}",
            loose.micro.f1, loose.macro_.f1, loose.all.f1
        )?;
        if let Some(load) = &self.review_load {
            let percent = |load: Option<f64>| {
                load.map_or("not all of it".into(), |share| format!("{:.1} % of it", 100.0 * share))
            };
            writeln!(
                f,
                "footage to look at, best first: {} meets half of the micro-expressions, {} four fifths",
                percent(load.half),
                percent(load.four_fifths)
            )?;
        }
        write!(
            f,
            "{:.2} false micro alarms per minute, {:.1} minutes of video",
            self.false_micro_alarms_per_minute, self.minutes
        )
    }
}

/// Runs the chosen spotter and threshold on every video of a `spotting*.npz`, and scores the result.
pub fn spotting(
    path: &Path,
    models: &Models,
    config: &SpottingConfig,
) -> Result<SpottingReport, EvaluateError> {
    let (videos, truths) = read(path)?;
    let mut spotter = Spotter::open(models, config)?;
    let mut proposals = Vec::new();
    let mut scored = Vec::new();
    let mut minutes = 0.0;
    for (index, video) in videos.iter().enumerate() {
        minutes += video.motion_px.len() as f64 / video.fps / 60.0;
        let spotted = spot_video(&mut spotter, video)?;
        proposals.extend(spotted.proposals.iter().map(|p| span(index, p)));
        let scores = spotted.scores.iter().map(|(_, score)| score.map(|score| score.micro));
        scored.push(ScoredVideo { fps: video.fps, scores: scores.collect() });
    }
    let truths: Vec<Span> = truths.iter().map(|event| event.span).collect();
    let review_load = Some(ReviewLoad::new(&scored, &truths, EventKind::Micro));
    Ok(SpottingReport { review_load, ..SpottingReport::new(&proposals, &truths, minutes) })
}

fn span(video: usize, proposal: &Proposal) -> Span {
    let frames =
        Interval { first: proposal.onset.frame as i64, last: proposal.offset.frame as i64 };
    Span { video, kind: proposal.kind, frames }
}

/// Streams one video through the spotter, as the pipeline does.
pub fn spot_video(spotter: &mut Spotter, video: &Video) -> Result<Spotted, ModelError> {
    let mut spotted = Spotted::default();
    let mut step =
        Step { seq: 0, time: Timestamp::ZERO, displacement: None, trouble: Trouble::NONE };
    spotter.reset();
    spotter.push(&step, &mut spotted)?;
    let percent = 100.0 / video.eye_distance_px;
    for (seq, motion_px) in (1..).zip(&video.motion_px) {
        step.seq = seq;
        step.time = Timestamp::of_frame(seq, video.fps);
        step.displacement = Some(motion_px.map(|xy| xy.map(|px| px * percent)));
        spotter.push(&step, &mut spotted)?;
    }
    spotter.finish(&mut spotted)?;
    Ok(spotted)
}

pub(super) fn read(path: &Path) -> Result<(Vec<Video>, Vec<VideoEvent>), EvaluateError> {
    let mut npz = Npz::open(path)?;
    let motion: Vec<f32> = npz.array("motion", "f32", &[None, Some(SPOT_REGIONS), Some(2)])?;
    let frames = motion.len() / (SPOT_REGIONS * 2);
    let video_of: Vec<i32> = npz.array("video", "i32", &[Some(frames)])?;
    let fps: Vec<f32> = npz.array("fps", "f32", &[None])?;
    let eye_distance: Vec<f32> = npz.array("eye_distance_px", "f32", &[Some(fps.len())])?;
    let rows: Vec<i32> = npz.array("events", "i32", &[None, Some(5)])?;
    for (name, values) in [("fps", &fps), ("eye_distance_px", &eye_distance)] {
        if let Some(bad) = values.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            return Err(npz.error(name, "positive numbers", &bad.to_string()));
        }
    }
    let mut videos: Vec<Video> = fps
        .iter()
        .zip(&eye_distance)
        .map(|(fps, eye_distance_px)| Video {
            fps: f64::from(*fps),
            eye_distance_px: *eye_distance_px,
            motion_px: Vec::new(),
        })
        .collect();
    let index = |npz: &Npz, name: &str, value: i32| {
        usize::try_from(value).ok().filter(|v| *v < fps.len()).ok_or_else(|| {
            npz.error(
                name,
                &format!("videos 0 to {}", fps.len().saturating_sub(1)),
                &value.to_string(),
            )
        })
    };
    for (values, video) in motion.chunks_exact(SPOT_REGIONS * 2).zip(&video_of) {
        let mut regions = [[0.0; 2]; SPOT_REGIONS];
        for (region, xy) in regions.iter_mut().zip(values.chunks_exact(2)) {
            region.copy_from_slice(xy);
        }
        videos[index(&npz, "video", *video)?].motion_px.push(regions);
    }
    let mut events = Vec::new();
    for row in rows.chunks_exact(5) {
        let kind = *usize::try_from(row[4])
            .ok()
            .and_then(|kind| EventKind::ALL.get(kind))
            .ok_or_else(|| npz.error("events", "kind 0 or 1", &row[4].to_string()))?;
        let frames = Interval { first: row[1].into(), last: row[3].into() };
        if frames.frames() == 0 {
            return Err(npz.error("events", "onset before offset", &format!("{frames:?}")));
        }
        let span = Span { video: index(&npz, "events", row[0])?, kind, frames };
        events.push(VideoEvent { span, apex: row[2].into() });
    }
    Ok((videos, events))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, Array3};
    use ndarray_npy::NpzWriter;

    fn file(video: &[i32], events: &[[i32; 5]]) -> tempfile::TempPath {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut w = NpzWriter::new(file.reopen().expect("it opens"));
        let motion = Array3::<f32>::from_elem((video.len(), SPOT_REGIONS, 2), 1.9);
        w.add_array("motion", &motion).expect("added");
        w.add_array("video", &Array1::from_vec(video.to_vec())).expect("added");
        w.add_array("fps", &Array1::from_vec(vec![25.0f32, 30.0])).expect("added");
        w.add_array("eye_distance_px", &Array1::from_vec(vec![190.0f32; 2])).expect("added");
        w.add_array("events", &Array2::from(events.to_vec())).expect("added");
        w.finish().expect("written");
        file.into_temp_path()
    }

    #[test]
    fn frames_go_to_their_videos_and_events_keep_their_kind() {
        let path = file(&[0, 0, 1], &[[1, 3, 5, 9, 0], [0, 2, 4, 30, 1]]);
        let (videos, events) = read(&path).expect("a good file");
        assert_eq!((videos[0].motion_px.len(), videos[1].motion_px.len()), (2, 1));
        assert_eq!(videos[0].fps, 25.0);
        assert_eq!(
            (events[0].span.kind, events[0].span.video, events[0].apex),
            (EventKind::Micro, 1, 5)
        );
        assert_eq!(events[1].span.frames, Interval { first: 2, last: 30 });
    }

    #[test]
    fn a_video_or_kind_that_does_not_exist_is_named() {
        let error = read(&file(&[0, 2], &[[0, 1, 2, 3, 0]])).expect_err("there are two videos");
        assert!(error.to_string().contains("video: expected videos 0 to 1, found 2"));
        let error = read(&file(&[0, 1], &[[0, 1, 2, 3, 7]])).expect_err("there are two kinds");
        assert!(error.to_string().contains("events: expected kind 0 or 1, found 7"));
        let error = read(&file(&[0, 1], &[[0, 5, 2, 3, 0]])).expect_err("it ends before it starts");
        assert!(error.to_string().contains("onset before offset"));
    }

    #[test]
    fn false_alarms_are_counted_per_minute_of_video() {
        let span = |kind, first, last| Span { video: 0, kind, frames: Interval { first, last } };
        let proposals = [
            span(EventKind::Micro, 10, 20),
            span(EventKind::Micro, 50, 60),
            span(EventKind::Macro, 70, 99),
        ];
        let report = SpottingReport::new(&proposals, &[span(EventKind::Micro, 11, 20)], 0.5);
        assert_eq!(report.false_micro_alarms_per_minute, 2.0);
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["macro"]["proposals"], 1);
        assert_eq!(json["all"]["tp"], 1);
        assert_eq!(json["micro"]["f1"], 2.0 / 3.0);
        assert_eq!(json["at_iou_03"]["macro"]["proposals"], 1);
        assert!(json.get("review_load").is_none(), "nothing was scored");
    }
}
