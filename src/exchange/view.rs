//! A session as one layer sees it. Every format is written from it.

use crate::measure::detection_limit::DetectionLimit;
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::pictures::Pictures;
use crate::model::ModelChoice;
use crate::session::Session;
use crate::session::annotation::{Rater, SignedMark};
use crate::session::table::{self, MODEL, Row, UnknownRater, layer_named};

/// Frames per second of a session without a stated rate and without two frames.
const FALLBACK_FPS: f64 = 30.0;

/// A session as one layer sees it, with its pictures if there are any.
pub struct View<'a> {
    /// The session.
    pub session: &'a Session,
    /// The rater of the layer; `None` for the model's layer.
    pub rater: Option<&'a str>,
    /// Every event of the layer, with the model's values beside it, by onset.
    pub rows: Vec<Row>,
    /// The pictures that were analysed.
    pub pictures: Option<&'a mut (dyn Pictures + 'static)>,
    /// True if the faces that are found are blurred in every picture that is written.
    pub blur: bool,
    /// Models to find faces with, if they are those of the session; else those inside the program are used.
    pub models: ModelChoice,
    /// How small a movement the recording could have shown, if that was measured.
    pub detection_limit: Option<DetectionLimit>,
    frame_secs: f64,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rater, blur, rows, .. } = self;
        write!(f, "View({rater:?}, {} rows, blur {blur})", rows.len())
    }
}

impl<'a> View<'a> {
    /// The view of `rater`; the model's for `None` or [`MODEL`]. Fails if the session has no such rater.
    pub fn new(session: &'a Session, rater: Option<&str>) -> Result<Self, UnknownRater> {
        let rater = rater.map_or(Ok(None), |name| layer_named(session, name))?;
        Ok(Self::of_layer(session, rater))
    }

    /// The model's view.
    pub fn of_model(session: &'a Session) -> Self {
        Self::of_layer(session, None)
    }

    fn of_layer(session: &'a Session, rater: Option<&'a str>) -> Self {
        let frame_secs = frame_secs(session);
        let rows = table::rows(session, rater);
        Self {
            session,
            rater,
            rows,
            pictures: None,
            blur: false,
            models: ModelChoice::default(),
            detection_limit: None,
            frame_secs,
        }
    }

    /// The layer's name: the rater's, or `model`.
    pub fn layer_name(&self) -> &str {
        self.rater.unwrap_or(MODEL)
    }

    /// The marks of the session, by time: everyone's. Without those that a rater who works blind must not see.
    pub fn marks(&self) -> Vec<SignedMark> {
        self.session.marks(self.rater)
    }

    /// The events that the layer says are there: all of the model's, or those that the rater confirmed.
    /// Formats without a verdict hold these.
    pub fn held(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_held())
    }

    /// How many events the rater has not judged yet.
    pub fn open(&self) -> usize {
        self.rows.iter().filter(|row| row.is_open()).count()
    }

    /// The end of the frame at `moment`: the start of the next one or, if frames are missing, one frame's
    /// time later.
    pub fn end_of(&self, moment: Moment) -> Timestamp {
        let samples = self.session.history.samples();
        let next = samples.partition_point(|sample| sample.seq <= moment.frame);
        match samples.get(next) {
            Some(sample) if sample.seq == moment.frame + 1 && sample.time > moment.time => {
                sample.time
            }
            _ => moment.time + self.frame_secs,
        }
    }

    /// A time of the session on the clock of the media that [`Self::media`] names.
    pub fn on_media(&self, time: Timestamp) -> Timestamp {
        time + self.session.media_start().secs()
    }

    /// The file that players and annotation programs open: the recording or, for a camera and other sources
    /// without a file, the film of the session. `None` if there is no file.
    pub fn media(&self) -> Option<&str> {
        self.session.media()
    }

    /// The sound file beside the film, with the same zero; `None` without one.
    pub fn sound(&self) -> Option<&str> {
        self.session.sound.as_deref()
    }

    /// Frames per second while no frame is missing: the inverse of the usual step. The true rate of a
    /// recording is in its counts.
    pub fn fps(&self) -> f64 {
        1.0 / self.frame_secs
    }

    /// The recording's name without its ending.
    pub fn stem(&self) -> &str {
        let name = self.session.source.name.as_str();
        match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && (1..=4).contains(&ending.len()) => stem,
            _ => name,
        }
    }

    /// Who is recorded, as stated in the consent; else the recording's name.
    pub fn subject(&self) -> &str {
        self.session.consent.as_ref().map_or_else(|| self.stem(), |consent| consent.who.as_str())
    }

    /// What a reader of the files should know, one sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let rater = self.rater.and_then(|name| self.session.log.rater(name));
        let mut remarks: Vec<String> = rater.and_then(Rater::told).into_iter().collect();
        let folded = self.session.history.folded();
        if folded > 0 {
            remarks.push(format!(
                "The first {folded} of {} samples are no longer kept and are not in the files.",
                self.session.history.len()
            ));
        }
        if self.open() > 0 {
            remarks.push(format!(
                "{} of {} events are not judged yet by {}; formats without a verdict leave them out.",
                self.open(),
                self.rows.len(),
                self.layer_name()
            ));
        }
        remarks
    }
}

/// Usual length of a frame, seconds: the median step between neighbouring frames.
pub(crate) fn frame_secs(session: &Session) -> f64 {
    let samples = session.history.samples();
    let mut steps: Vec<i64> = samples
        .iter()
        .zip(samples.iter().skip(1))
        .filter(|(sample, next)| next.seq == sample.seq + 1)
        .map(|(sample, next)| next.time.nanos() - sample.time.nanos())
        .filter(|nanos| *nanos > 0)
        .collect();
    let middle = steps.len() / 2;
    if !steps.is_empty() {
        return *steps.select_nth_unstable(middle).1 as f64 / 1e9;
    }
    1.0 / session.source.nominal_fps.filter(|fps| *fps > 0.0).unwrap_or(FALLBACK_FPS)
}

/// Distributes intervals over as few lanes as possible, so that none overlap in a lane. The intervals must be
/// ordered by start. Returns the lane of each, counted from 0.
pub(crate) fn lanes(intervals: impl Iterator<Item = (i64, i64)>) -> Vec<usize> {
    let mut ends: Vec<i64> = Vec::new();
    let lane_of = |(start, end): (i64, i64)| {
        let free = ends.iter().position(|last| *last <= start);
        let lane = free.unwrap_or(ends.len());
        if lane == ends.len() {
            ends.push(end);
        } else {
            ends[lane] = end;
        }
        lane
    };
    intervals.map(lane_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::{at, reviewed, session};
    use crate::session::annotation::{Act, Entry, Mark, Rater};
    use proptest::prelude::*;

    #[test]
    fn a_rater_who_is_not_there_is_refused_with_those_who_are() {
        let session = reviewed();
        let error = View::new(&session, Some("C")).expect_err("no such rater").to_string();
        assert!(error.contains("`C`") && error.contains("model, A, B"), "{error}");
        assert_eq!(View::new(&session, Some("model")).expect("always there").rater, None);
    }

    #[test]
    fn a_layer_holds_what_was_confirmed_and_the_model_holds_all() {
        let session = reviewed();
        let held = |rater| View::new(&session, rater).expect("there").held().count();
        assert_eq!((held(None), held(Some("A")), held(Some("B"))), (2, 2, 1));
        let remarks = View::new(&session, Some("A")).expect("there").remarks();
        assert!(remarks.is_empty(), "{remarks:?}");
    }

    #[test]
    fn a_frame_ends_where_the_next_begins() {
        let session = session();
        let view = View::of_model(&session);
        let at = |frame| Moment { frame, time: Timestamp::of_frame(frame, 30.0) };
        assert_eq!(view.end_of(at(0)), at(1).time);
        assert!((view.end_of(at(2)).secs() - 0.1).abs() < 1e-6);
    }

    #[test]
    fn a_name_loses_its_ending_and_nothing_else() {
        let mut session = session();
        for (name, stem) in [("a.b.mp4", "a.b"), ("demo person, seed 7", "demo person, seed 7")] {
            session.source.name = name.into();
            assert_eq!(View::of_model(&session).stem(), stem);
        }
    }

    #[test]
    fn marks_are_in_the_view_of_every_rater_and_who_works_blind_sees_none_of_another_rater() {
        let mut session = reviewed();
        for (by, mark) in
            [("Observer", Mark::new(at(50), "door")), ("Stimuli", Mark::outside(at(51), "face 3"))]
        {
            session.log.push(Entry { rater: by.into(), at_unix_ms: 0, act: Act::Mark(mark) });
        }
        assert_eq!(session.log.raters().len(), 2, "who only marks is no rater");
        session.log.add_rater(Rater::new("C"));
        let by = |rater| {
            let marks = View::new(&session, rater).expect("there").marks();
            marks.into_iter().map(|signed| signed.by).collect::<Vec<_>>()
        };
        for rater in [None, Some("A"), Some("C")] {
            assert_eq!(by(rater), ["A", "A", "Observer", "Stimuli"], "{rater:?}");
        }
        assert_eq!(by(Some("B")), ["Observer", "Stimuli"], "B works blind");
    }

    proptest! {
        #[test]
        fn nothing_overlaps_within_a_lane(
            mut spans in prop::collection::vec((0i64..200, 1i64..40), 0..40)
        ) {
            spans.sort_unstable();
            let spans: Vec<_> = spans.into_iter().map(|(start, n)| (start, start + n)).collect();
            let lanes = lanes(spans.iter().copied());
            for (i, a) in spans.iter().enumerate() {
                for (j, b) in spans.iter().enumerate().skip(i + 1) {
                    prop_assert!(lanes[i] != lanes[j] || a.1 <= b.0);
                }
            }
        }
    }
}
