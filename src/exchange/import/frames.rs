//! The frames of a session, to find the frame of a time or a number in a file.

use super::Wrong;
use crate::exchange::view::frame_secs;
use crate::measure::event::{EventKind, Moment};
use crate::measure::time::Timestamp;
use crate::session::Session;

/// Greatest length of a micro-expression, seconds. It decides the kind if a file does not say it.
const MICRO_SECS: f64 = 0.5;

/// A time this far outside the recording still counts as its first or last frame, seconds.
const BEYOND_SECS: f64 = 1.0;

/// The frames of the session, in order; at least one.
#[derive(Debug)]
pub(crate) struct Frames {
    moments: Vec<Moment>,
    /// Usual length of a frame, seconds.
    frame_secs: f64,
    /// Time of the source's first frame on the clock of its media, by which files count.
    media_start: Timestamp,
}

impl Frames {
    pub(crate) fn new(session: &Session) -> Result<Self, Wrong> {
        let samples = session.history.samples();
        if samples.is_empty() {
            return Err(Wrong::new("", "events of this session", "a session without a frame"));
        }
        let moments = samples.iter().map(|s| Moment { frame: s.seq, time: s.time }).collect();
        let media_start = session.media_start();
        Ok(Self { moments, frame_secs: frame_secs(session), media_start })
    }

    /// The frame with this number.
    pub(crate) fn numbered(&self, frame: u64) -> Option<Moment> {
        let at = self.moments.binary_search_by_key(&frame, |moment| moment.frame).ok()?;
        Some(self.moments[at])
    }

    /// A time of the session on the clock of its media.
    pub(crate) fn on_media(&self, time: Timestamp) -> Timestamp {
        time + self.media_start.secs()
    }

    /// The frame that begins nearest to `secs` of the media. `None` for a time outside the recording.
    pub(crate) fn nearest(&self, secs: f64) -> Option<Moment> {
        self.nearest_by(secs, |at| self.moments[at].time).map(|at| self.moments[at])
    }

    /// First and last frame of a span on the clock of the media: those whose start and end are nearest to its
    /// ends.
    pub(crate) fn spanned(&self, from_secs: f64, to_secs: f64) -> Option<[Moment; 2]> {
        let first = self.nearest_by(from_secs, |at| self.moments[at].time)?;
        let last = self.nearest_by(to_secs, |at| self.end_of(at))?.max(first);
        Some([self.moments[first], self.moments[last]])
    }

    /// The place whose `edge` is nearest to `secs`. The edges increase with the place.
    fn nearest_by(&self, secs: f64, edge: impl Fn(usize) -> Timestamp) -> Option<usize> {
        let (first, end) = (self.moments.first()?.time, self.end());
        let secs = secs - self.media_start.secs();
        if !(secs > first.secs() - BEYOND_SECS && secs < end.secs() + BEYOND_SECS) {
            return None;
        }
        let nanos = Timestamp::from_secs(secs).nanos();
        let (mut after, mut beyond) = (0, self.moments.len());
        while after < beyond {
            let middle = (after + beyond) / 2;
            if edge(middle).nanos() < nanos {
                after = middle + 1;
            } else {
                beyond = middle;
            }
        }
        let last = self.moments.len() - 1;
        let around = after.saturating_sub(1)..=after.min(last);
        around.min_by_key(|at| edge(*at).nanos().abs_diff(nanos))
    }

    /// The end of the frame at this place, as exported files have it.
    fn end_of(&self, at: usize) -> Timestamp {
        let moment = self.moments[at];
        match self.moments.get(at + 1) {
            Some(next) if next.frame == moment.frame + 1 && next.time > moment.time => next.time,
            _ => moment.time + self.frame_secs,
        }
    }

    fn end(&self) -> Timestamp {
        self.end_of(self.moments.len() - 1)
    }

    /// The frame midway between two.
    pub(crate) fn middle(&self, onset: Moment, offset: Moment) -> Moment {
        let at = |moment: Moment| self.moments.partition_point(|m| m.frame < moment.frame);
        self.moments[((at(onset) + at(offset)) / 2).min(self.moments.len() - 1)]
    }

    /// The frame numbers that are allowed, for messages.
    pub(crate) fn range(&self) -> String {
        match (self.moments.first(), self.moments.last()) {
            (Some(first), Some(last)) => format!("{} to {}", first.frame, last.frame),
            _ => "none".into(),
        }
    }

    /// The times that are allowed, for messages.
    pub(crate) fn times(&self) -> String {
        let first = self.moments.first().map_or(Timestamp::ZERO, |moment| moment.time);
        let [first, end] = [first, self.end()].map(|time| self.on_media(time).secs());
        format!("{first:.3} to {end:.3} s")
    }
}

/// Micro or macro, by its length.
pub(crate) fn kind_by_duration(onset: Moment, offset: Moment) -> EventKind {
    if offset.time.secs_since(onset.time) <= MICRO_SECS {
        EventKind::Micro
    } else {
        EventKind::Macro
    }
}
