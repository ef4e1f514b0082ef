//! What became of every number that the source gave out. The analysis sees each gap in the numbers, and this
//! explains it.

use std::ops::Range;

use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::stream::NoticeKind;
use crate::session::counts::{Loss, LossReason};

/// Least gap in time that a standstill of the program or its analysis explains, seconds.
const STANDSTILL_GAP_SECS: f64 = 0.5;

/// A standstill explains the first long gap within this many frames after it, because the camera's own
/// buffers hold some frames from before it.
const EXPLAINED_FRAMES: u32 = 300;

/// Follows the frame numbers of one run.
#[derive(Debug)]
pub(crate) struct LossAccount {
    /// True if the source counts its broken pictures. Other sources give a notice about each.
    is_live: bool,
    /// The next number; `None` before the first frame.
    expected: Option<u64>,
    newest: Option<Timestamp>,
    /// The last frame that came before the models were ready.
    before_ready: Option<u64>,
    /// The last frame that was dropped while paused.
    let_go: Option<u64>,
    /// Broken pictures since the last frame.
    broken: u64,
    /// One more than the highest number of a broken picture.
    broken_end: u64,
    /// Since the last frame a notice said that pictures are broken.
    is_told_broken: bool,
    /// True if the camera was away or sent nothing since the last frame.
    has_stalled: bool,
    /// A standstill of the program or its analysis, and how many frames ago it was.
    standstill: Option<(LossReason, u32)>,
    /// How many frames the source will have; `None` if it does not say.
    frames_expected: Option<u64>,
}

impl LossAccount {
    /// Before the first frame.
    pub(crate) fn new(is_live: bool) -> Self {
        Self {
            is_live,
            expected: None,
            newest: None,
            before_ready: None,
            let_go: None,
            broken: 0,
            broken_end: 0,
            is_told_broken: false,
            has_stalled: false,
            standstill: None,
            frames_expected: None,
        }
    }

    /// The source is open; `frames` is how many it will have.
    pub(crate) fn opened(&mut self, frames: Option<u64>) {
        self.frames_expected = frames.filter(|_| !self.is_live);
    }

    /// The first number that the source gave out, whether or not its frame arrives here.
    pub(crate) fn first_number(&mut self, seq: u64) {
        self.expected.get_or_insert(seq);
    }

    /// Frames up to `last` came before the models were ready.
    pub(crate) fn came_before_ready(&mut self, last: u64) {
        self.before_ready = Some(last);
    }

    /// The source said that these numbers are pictures that could not be decoded.
    pub(crate) fn broken(&mut self, numbers: Range<u64>) {
        self.first_number(numbers.start);
        self.broken += numbers.end.saturating_sub(numbers.start);
        self.broken_end = self.broken_end.max(numbers.end);
    }

    /// Takes a notice, which may explain lost frames after it.
    pub(crate) fn notice(&mut self, kind: NoticeKind) {
        match kind {
            NoticeKind::Stalled | NoticeKind::Disconnected => self.has_stalled = true,
            NoticeKind::CorruptFrame => self.is_told_broken = !self.is_live,
            _ => {}
        }
    }

    /// The program ([`LossReason::Suspended`]) or its analysis ([`LossReason::Frozen`]) stood still.
    pub(crate) fn stood_still(&mut self, reason: LossReason) {
        self.standstill = Some((reason, EXPLAINED_FRAMES));
    }

    /// A frame came while the analysis was paused.
    pub(crate) fn let_go(&mut self, frame: &Frame) {
        self.expected.get_or_insert(frame.seq);
        self.let_go = Some(frame.seq);
        // All numbers up to this one belong to the pause.
        (self.broken, self.is_told_broken, self.has_stalled) = (0, false, false);
        self.newest = Some(frame.time);
    }

    /// A frame is about to be analysed. `queued` is how many the camera queue dropped since the previous one.
    /// Calls `lost` with the losses before the frame and their reasons, except those that the source itself
    /// left out.
    pub(crate) fn frame(&mut self, frame: &Frame, queued: u64, mut lost: impl FnMut(Loss)) {
        let from = self.expected.unwrap_or(frame.seq);
        let step_secs = self.newest.map_or(f64::INFINITY, |newest| frame.time.secs_since(newest));
        let mut gap = Gap { next: from, end: frame.seq, lost: &mut lost };
        self.said_gaps(&mut gap);
        let missing = gap.left();
        let standstill = self.standstill.filter(|_| step_secs >= STANDSTILL_GAP_SECS);
        match standstill {
            _ if missing == 0 => {}
            _ if self.has_stalled => {
                gap.take(queued, LossReason::Queue);
                gap.take_broken(self.broken);
                gap.take(u64::MAX, LossReason::Stalled);
            }
            Some((reason, _)) => {
                gap.take_broken(self.broken);
                gap.take(u64::MAX, reason);
                self.standstill = None;
            }
            None => {
                gap.take(queued, LossReason::Queue);
                let broken = if self.is_told_broken { u64::MAX } else { self.broken };
                gap.take_broken(broken);
            }
        }
        (self.broken, self.is_told_broken, self.has_stalled) = (0, false, false);
        self.standstill = self.standstill.and_then(|(r, left)| Some((r, left.checked_sub(1)?)));
        self.expected = Some(frame.seq.saturating_add(1));
        self.newest = Some(frame.time);
    }

    /// Reports frames that came before the models were ready, and frames dropped while paused.
    fn said_gaps(&mut self, gap: &mut Gap<'_>) {
        if let Some(last) = self.before_ready.take() {
            gap.take_until(last, LossReason::BeforeReady);
        }
        if let Some(last) = self.let_go.take() {
            gap.take_until(last, LossReason::Paused);
        }
    }

    /// The run has ended: calls `lost` with the losses after the last frame.
    pub(crate) fn end(&mut self, mut lost: impl FnMut(Loss)) {
        let Some(from) = self.expected else { return };
        let mut gap = Gap { next: from, end: u64::MAX, lost: &mut lost };
        self.said_gaps(&mut gap);
        // What lies before the broken pictures has no frame after it that could tell.
        let before = self.broken_end.saturating_sub(gap.next).saturating_sub(self.broken);
        if std::mem::take(&mut self.has_stalled) {
            gap.take(before, LossReason::Stalled);
        } else {
            gap.next += before;
        }
        gap.take_broken(std::mem::take(&mut self.broken));
        let cut_off = self.frames_expected.filter(|_| self.is_told_broken);
        if let Some(frames) = cut_off {
            gap.take_broken(frames.saturating_sub(gap.next));
        }
        self.is_told_broken = false;
        self.expected = Some(gap.next);
    }
}

/// Numbers without a frame. Reasons take them one after the other, from the first on.
struct Gap<'a> {
    next: u64,
    end: u64,
    lost: &'a mut dyn FnMut(Loss),
}

impl Gap<'_> {
    fn left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    fn take(&mut self, frames: u64, reason: LossReason) {
        let frames = frames.min(self.left());
        if frames > 0 {
            (self.lost)(Loss { first: self.next, frames, reason });
            self.next += frames;
        }
    }

    fn take_broken(&mut self, frames: u64) {
        self.take(frames, LossReason::Broken);
    }

    fn take_until(&mut self, last: u64, reason: LossReason) {
        self.take(last.saturating_add(1).saturating_sub(self.next), reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quality::Quality;
    use crate::measure::sample::Sample;
    use crate::session::counts::Losses;
    use proptest::prelude::*;

    fn sample(seq: u64) -> Sample {
        Sample {
            seq,
            time: Timestamp::of_frame(seq, 30.0),
            quality: Quality::default(),
            motion: None,
            score: None,
        }
    }

    fn frame(seq: u64) -> Frame {
        Frame { seq, time: Timestamp::of_frame(seq, 30.0), ..Frame::default() }
    }

    fn of(losses: &Losses) -> Vec<(LossReason, u64)> {
        let all = LossReason::ALL.into_iter().map(|reason| (reason, losses.of(reason)));
        all.filter(|(_, frames)| *frames > 0).collect()
    }

    /// An event before the next analysed frame.
    #[derive(Clone, Debug)]
    enum Before {
        Nothing,
        Queued(u64),
        Broken(u64),
        Missing(u64),
        Paused(u64),
        Stalled(u64),
        Suspended(u64),
        Word,
    }

    fn before() -> impl Strategy<Value = Before> {
        prop_oneof![
            4 => Just(Before::Nothing),
            1 => (1u64..9).prop_map(Before::Queued),
            1 => (1u64..9).prop_map(Before::Broken),
            1 => (1u64..9).prop_map(Before::Missing),
            1 => (1u64..90).prop_map(Before::Paused),
            1 => (1u64..90).prop_map(Before::Stalled),
            1 => (30u64..90).prop_map(Before::Suspended),
            1 => Just(Before::Word),
        ]
    }

    proptest! {
        #[test]
        fn every_number_is_analysed_or_lost_for_its_own_reason(
            script in prop::collection::vec(before(), 1..60), first in 0u64..99, early in 0u64..99,
        ) {
            let mut account = LossAccount::new(true);
            let (mut found, mut truth) = (Losses::default(), Losses::default());
            let (mut next, mut analysed, mut missing) = (first, 0u64, 0u64);
            account.first_number(first);
            if early > 0 {
                account.came_before_ready(first + early - 1);
                truth.add(Loss { first, frames: early, reason: LossReason::BeforeReady });
                next += early;
            }
            for before in script {
                let (begun, mut queued) = (next, 0);
                let mut lose = |frames, reason| {
                    truth.add(Loss { first: begun, frames, reason });
                    next = begun + frames;
                };
                match before {
                    Before::Nothing => {}
                    Before::Word => account.notice(NoticeKind::Info),
                    Before::Queued(n) => {
                        queued = n;
                        lose(n, LossReason::Queue);
                    }
                    Before::Broken(n) => {
                        account.broken(begun..begun + n);
                        account.notice(NoticeKind::CorruptFrame);
                        lose(n, LossReason::Broken);
                    }
                    Before::Paused(n) => {
                        (begun..begun + n).for_each(|seq| account.let_go(&frame(seq)));
                        lose(n, LossReason::Paused);
                    }
                    Before::Stalled(n) => {
                        account.notice(NoticeKind::Stalled);
                        account.notice(NoticeKind::Reconnected);
                        lose(n, LossReason::Stalled);
                    }
                    Before::Suspended(n) => {
                        account.stood_still(LossReason::Suspended);
                        lose(n, LossReason::Suspended);
                    }
                    Before::Missing(n) => {
                        next = begun + n;
                        missing += n;
                    }
                }
                account.frame(&frame(next), queued, |loss| found.add(loss));
                (next, analysed) = (next + 1, analysed + 1);
            }
            account.end(|loss| found.add(loss));
            prop_assert_eq!(of(&found), of(&truth));
            let named: u64 = of(&found).iter().map(|(_, frames)| frames).sum();
            prop_assert_eq!(analysed + named + missing, next - first);
        }
    }

    #[test]
    fn a_run_that_ends_before_the_models_are_ready_has_lost_what_came() {
        let mut account = LossAccount::new(true);
        account.first_number(0);
        account.came_before_ready(40);
        let mut found = Losses::default();
        account.end(|loss| found.add(loss));
        assert_eq!(of(&found), [(LossReason::BeforeReady, 41)]);
    }

    #[test]
    fn frames_that_the_camera_still_held_are_not_those_that_a_standstill_cost() {
        let mut account = LossAccount::new(true);
        let mut found = Losses::default();
        (0..30).for_each(|seq| account.frame(&frame(seq), 0, |loss| found.add(loss)));
        account.stood_still(LossReason::Suspended);
        for seq in [30, 31, 32, 33, 120, 121, 125] {
            account.frame(&frame(seq), 0, |loss| found.add(loss));
        }
        assert_eq!(of(&found), [(LossReason::Suspended, 86)]);
    }

    #[test]
    fn broken_pictures_at_the_end_tell_what_a_stall_before_them_cost() {
        for has_stalled in [true, false] {
            let mut account = LossAccount::new(true);
            let mut found = Losses::default();
            account.frame(&frame(4), 0, |loss| found.add(loss));
            if has_stalled {
                account.notice(NoticeKind::Stalled);
            }
            account.broken(44..47);
            account.end(|loss| found.add(loss));
            let stalled = has_stalled.then_some((LossReason::Stalled, 39));
            let named = stalled.into_iter().chain([(LossReason::Broken, 3)]);
            assert_eq!(of(&found), named.collect::<Vec<_>>());
            let mut session = crate::session::Session::default();
            session.losses = found;
            session.history.push(sample(4));
            assert_eq!(session.counts().numbered, 43);
        }
    }

    #[test]
    fn numbers_that_a_file_leaves_out_are_not_damaged_pictures() {
        for (kind, damaged) in [(NoticeKind::Missing, 0), (NoticeKind::CorruptFrame, 30)] {
            let mut account = LossAccount::new(false);
            let mut found = Losses::default();
            account.frame(&frame(65), 0, |loss| found.add(loss));
            account.notice(kind);
            account.frame(&frame(96), 0, |loss| found.add(loss));
            assert_eq!(found.of(LossReason::Broken), damaged, "{kind:?}");
        }
    }

    #[test]
    fn the_missing_end_of_a_file_is_lost_and_a_pause_at_the_end_too() {
        let mut account = LossAccount::new(false);
        account.opened(Some(100));
        let mut found = Losses::default();
        (0..60).for_each(|seq| account.frame(&frame(seq), 0, |loss| found.add(loss)));
        account.notice(NoticeKind::CorruptFrame);
        account.end(|loss| found.add(loss));
        assert_eq!(of(&found), [(LossReason::Broken, 40)]);
        let mut account = LossAccount::new(true);
        let mut found = Losses::default();
        account.frame(&frame(0), 0, |loss| found.add(loss));
        (1..5).for_each(|seq| account.let_go(&frame(seq)));
        account.end(|loss| found.add(loss));
        assert_eq!(of(&found), [(LossReason::Paused, 4)]);
    }
}
