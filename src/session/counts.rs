//! How many frames there were, and what became of each. This is the one place that counts.
//!
//! A source gives a number to each of its frames. The analysed frames and the lost ones, by reason, are
//! together the numbers from the first to the last. The window, the report and every table take their counts
//! from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Session;

/// Why a frame with a number was not analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// It came before the models were loaded.
    BeforeReady,
    /// The camera queue was full, because the analysis or the disk was too slow.
    Queue,
    /// The analysis gave no result for a second or more.
    Frozen,
    /// The whole program stood still: it was suspended, or the computer was too busy.
    Suspended,
    /// The camera was disconnected, or sent nothing.
    Stalled,
    /// The picture was damaged.
    Broken,
    /// The analysis was paused.
    Paused,
    /// The analysis failed at this frame.
    Failed,
    /// Its number is missing and nothing else explains it: the camera, its driver or the file left it out.
    Source,
}

impl LossReason {
    /// All reasons, in the order of tables.
    pub const ALL: [Self; 9] = [
        Self::BeforeReady,
        Self::Queue,
        Self::Frozen,
        Self::Suspended,
        Self::Stalled,
        Self::Broken,
        Self::Paused,
        Self::Failed,
        Self::Source,
    ];

    /// The word in exported files, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeReady => "before_ready",
            Self::Queue => "queue",
            Self::Frozen => "frozen",
            Self::Suspended => "suspended",
            Self::Stalled => "stalled",
            Self::Broken => "broken",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Source => "source",
        }
    }

    /// Its text after the number of frames.
    pub fn words(self) -> &'static str {
        match self {
            Self::BeforeReady => "before the models were ready",
            Self::Queue => "because the analysis or the disk was too slow",
            Self::Frozen => "while the analysis gave no result",
            Self::Suspended => "while the program stood still",
            Self::Stalled => "while the camera sent nothing",
            Self::Broken => "damaged",
            Self::Paused => "while paused",
            Self::Failed => "at which the analysis failed",
            Self::Source => "left out by the source",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl std::str::FromStr for LossReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|reason| reason.name() == text);
        known.ok_or_else(|| format!("expected a reason for a lost frame, found `{text}`"))
    }
}

/// Neighbouring frames that were lost for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Number of the first of them.
    pub first: u64,
    /// How many; at least one.
    pub frames: u64,
    /// Why.
    pub reason: LossReason,
}

/// The sum of all losses of a session whose reason is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredLosses", into = "StoredLosses")]
pub struct Losses {
    /// The lowest and the highest frame number among them.
    numbers: Option<(u64, u64)>,
    frames: [u64; LossReason::ALL.len()],
}

/// Their stored form: a list, so that reasons can be added later.
#[derive(Serialize, Deserialize)]
struct StoredLosses {
    numbers: Option<(u64, u64)>,
    frames: Vec<(LossReason, u64)>,
}

impl From<Losses> for StoredLosses {
    fn from(losses: Losses) -> Self {
        let frames = LossReason::ALL.map(|reason| (reason, losses.of(reason)));
        let frames = frames.into_iter().filter(|(_, frames)| *frames > 0).collect();
        Self { numbers: losses.numbers, frames }
    }
}

impl From<StoredLosses> for Losses {
    fn from(stored: StoredLosses) -> Self {
        let mut losses = Self { numbers: stored.numbers, ..Self::default() };
        for (reason, frames) in stored.frames {
            let known = &mut losses.frames[reason.index()];
            *known = known.saturating_add(frames);
        }
        losses
    }
}

impl Losses {
    /// Adds a loss.
    pub fn add(&mut self, loss: Loss) {
        let Loss { first, frames, reason } = loss;
        let last = first.saturating_add(frames.saturating_sub(1));
        self.numbers = joined(self.numbers, Some((first, last)));
        let known = &mut self.frames[reason.index()];
        *known = known.saturating_add(frames);
    }

    /// Adds a count of an older session, which did not store which frames were lost.
    pub(crate) fn add_unnumbered(&mut self, frames: u64, reason: LossReason) {
        let known = &mut self.frames[reason.index()];
        *known = known.saturating_add(frames);
    }

    /// Frames lost for this reason.
    pub fn of(&self, reason: LossReason) -> u64 {
        self.frames[reason.index()]
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.iter().all(|frames| *frames == 0)
    }
}

/// The smallest span that holds both.
fn joined(a: Option<(u64, u64)>, b: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (a, b) {
        (Some((a_first, a_last)), Some((b_first, b_last))) => {
            Some((a_first.min(b_first), a_last.max(b_last)))
        }
        (a, b) => a.or(b),
    }
}

/// The counts of a session. `analysed + lost == numbered`, and the losses by reason add up to `lost`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameCounts {
    /// How many numbers the source gave out, from the first frame to the last.
    pub numbered: u64,
    /// How many frames were analysed; each has a sample.
    pub analysed: u64,
    /// How many frames were not.
    pub lost: u64,
    /// The lost frames by reason, in the order of [`LossReason::ALL`].
    by_reason: [u64; LossReason::ALL.len()],
    /// Analysed frames that have a score.
    pub scored: u64,
    /// Seconds from the first analysed frame to the last.
    pub recorded_secs: f64,
    /// Seconds of it in which frames have a score.
    pub scored_secs: f64,
}

impl FrameCounts {
    /// Counts a session.
    pub fn of(session: &Session) -> Self {
        let history = &session.history;
        let analysed = history.len() as u64;
        let numbers = joined(history.numbers(), session.losses.numbers);
        let numbered = numbers.map_or(0, |(first, last)| (last - first).saturating_add(1));
        // Numbers that repeat stand only in a damaged file. Each counts as a frame.
        let numbered = numbered.max(analysed);
        let lost = numbered - analysed;
        let mut unnamed = lost;
        let mut by_reason = [0; LossReason::ALL.len()];
        for reason in LossReason::ALL {
            let named = session.losses.of(reason).min(unnamed);
            by_reason[reason.index()] = named;
            unnamed -= named;
        }
        by_reason[LossReason::Source.index()] += unnamed;
        let recorded = history.span().map_or(0.0, |(first, last)| last.secs_since(first));
        Self {
            numbered,
            analysed,
            lost,
            by_reason,
            scored: history.scored(),
            recorded_secs: recorded,
            scored_secs: history.scored_secs(),
        }
    }

    /// Frames lost for this reason.
    pub fn of_reason(&self, reason: LossReason) -> u64 {
        self.by_reason[reason.index()]
    }

    /// Frames analysed per second, over the whole recording; `None` with fewer than two.
    pub fn true_fps(&self) -> Option<f64> {
        let steps = self.analysed.checked_sub(1).filter(|steps| *steps > 0)?;
        (self.recorded_secs > 0.0).then(|| steps as f64 / self.recorded_secs)
    }

    /// Analysed frames without a score.
    pub fn unscored(&self) -> u64 {
        self.analysed.saturating_sub(self.scored)
    }

    /// `835 left out by the source, 8 because the analysis or the disk was too slow`: the greatest first;
    /// empty if nothing was lost.
    pub fn reasons_in_words(&self) -> String {
        let mut reasons = LossReason::ALL.map(|reason| (self.of_reason(reason), reason));
        reasons.sort_by_key(|(frames, _)| std::cmp::Reverse(*frames));
        let named = reasons.into_iter().filter(|(frames, _)| *frames > 0);
        let words = named.map(|(frames, reason)| format!("{frames} {}", reason.words()));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for FrameCounts {
    /// `705 of 1548 frames analysed, 843 lost: 843 left out by the source`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { numbered, analysed, lost, .. } = self;
        write!(f, "{analysed} of {numbered} frames analysed, {lost} lost")?;
        if *lost > 0 { write!(f, ": {}", self.reasons_in_words()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::Quality;
    use crate::measure::sample::{Sample, Score};
    use crate::measure::time::Timestamp;
    use proptest::prelude::*;

    fn sample(seq: u64, is_scored: bool) -> Sample {
        let score = is_scored.then_some(Score { micro: 0.5, macro_: 0.5 });
        let (quality, time) = (Quality::default(), Timestamp::of_frame(seq, 30.0));
        Sample { seq, time, quality, motion: None, score }
    }

    fn reason() -> impl Strategy<Value = LossReason> {
        (0..LossReason::ALL.len()).prop_map(|i| LossReason::ALL[i])
    }

    proptest! {
        #[test]
        fn analysed_and_lost_by_reason_are_what_was_numbered(
            stretches in prop::collection::vec((0u64..5, prop::option::of((1u64..9, reason()))), 1..40),
            first in 0u64..1000,
        ) {
            let mut session = Session::default();
            let (mut next, mut truth) = (first, [0u64; LossReason::ALL.len()]);
            for (analysed, loss) in stretches {
                (next..next + analysed).for_each(|seq| session.history.push(sample(seq, true)));
                next += analysed;
                if let Some((frames, reason)) = loss {
                    session.losses.add(Loss { first: next, frames, reason });
                    truth[reason.index()] += frames;
                    next += frames;
                }
            }
            let counts = session.counts();
            prop_assert_eq!(counts.numbered, next - first);
            prop_assert_eq!(counts.analysed + counts.lost, counts.numbered);
            prop_assert_eq!(counts.by_reason, truth);
            let text = serde_json::to_string(&session.losses).expect("text");
            let back: Losses = serde_json::from_str(&text).expect("losses");
            prop_assert_eq!(back, session.losses);
        }
    }

    #[test]
    fn numbers_that_nobody_explains_are_the_sources() {
        let mut session = Session::default();
        [5, 6, 9, 10].into_iter().for_each(|seq| session.history.push(sample(seq, seq != 6)));
        session.losses.add(Loss { first: 7, frames: 1, reason: LossReason::Queue });
        let counts = session.counts();
        assert_eq!((counts.numbered, counts.analysed, counts.lost), (6, 4, 2));
        assert_eq!(counts.of_reason(LossReason::Source), 1);
        assert_eq!(counts.unscored(), 1);
        let words = "1 because the analysis or the disk was too slow, 1 left out by the source";
        assert_eq!(counts.reasons_in_words(), words);
        // Frames 9 and 10: a score holds for the time since the frame before.
        assert!((counts.scored_secs - 4.0 / 30.0).abs() < 1e-6, "{}", counts.scored_secs);
        assert!((counts.recorded_secs - 5.0 / 30.0).abs() < 1e-6);
        assert!(counts.true_fps().is_some_and(|fps| (fps - 18.0).abs() < 1e-3));
    }

    #[test]
    fn a_file_that_names_more_losses_than_there_are_numbers_does_not_break_the_sum() {
        let mut session = Session::default();
        [0, 3].into_iter().for_each(|seq| session.history.push(sample(seq, true)));
        session.losses.add_unnumbered(u64::MAX, LossReason::Queue);
        session.losses.add(Loss { first: 1, frames: 2, reason: LossReason::Broken });
        let counts = session.counts();
        assert_eq!((counts.lost, counts.of_reason(LossReason::Queue)), (2, 2));
        assert_eq!(counts.by_reason.iter().sum::<u64>(), counts.lost);
    }

    #[test]
    fn a_session_that_measured_nothing_still_counts_what_came() {
        let mut session = Session::default();
        assert_eq!(session.counts(), FrameCounts::default());
        session.losses.add(Loss { first: 0, frames: 41, reason: LossReason::BeforeReady });
        let counts = session.counts();
        assert_eq!((counts.numbered, counts.lost, counts.true_fps()), (41, 41, None));
        assert_eq!(
            counts.to_string(),
            "0 of 41 frames analysed, 41 lost: 41 before the models were ready"
        );
    }

    #[test]
    fn every_reason_has_a_word_of_its_own() {
        for (place, reason) in LossReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), place);
            assert_eq!(reason.name().parse(), Ok(reason));
            assert_eq!(
                serde_json::to_string(&reason).expect("text"),
                format!("\"{}\"", reason.name())
            );
        }
        assert!("lost".parse::<LossReason>().is_err());
    }
}
