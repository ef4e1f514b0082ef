//! Samples over time, kept so that a plot of any length costs the same to draw and hides no peak.
//!
//! There are two stores. The newest samples are kept whole. Beside them, a pyramid of minima and maxima over
//! 16, 64, 256, … samples covers the whole session. So a view of hours reads a few hundred blocks, and one of
//! them shows a peak of a single frame.
//!
//! Memory: a whole sample takes 72 bytes, and 192 more if its motion was measured, which above 45 fps happens
//! 30 times a second. That is 29 MB an hour at 30 fps, 73 MB at 200 fps. By default the newest 128 MB are
//! kept, more than four hours at 30 fps. The pyramid takes 28 bytes a sample (3 MB an hour at 30 fps, 20 at
//! 200) and is kept whole.

use crate::measure::quality::Trouble;
use crate::measure::regions::REGIONS;
use crate::measure::time::Timestamp;

use crate::measure::sample::Sample;
use pyramid::{BLOCK, Pyramid};
use samples::{Held, PIECE, Samples};

pub use pyramid::Column;

pub mod pyramid;
pub mod samples;

/// Enough for more than four hours at 30 fps, and for nearly two at 200.
const KEPT_BYTES: usize = 128 << 20;

/// Number of series that a plot can show.
pub(super) const CHANNELS: usize = 4 + REGIONS;

/// One series of numbers over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The micro-expression score, 0–1.
    Micro,
    /// The macro-expression score, 0–1.
    Macro,
    /// Frames per second.
    Rate,
    /// Head speed, outer-eye distances per second.
    HeadSpeed,
    /// Speed of one region, percent of the outer-eye distance per 1/30 s. The number is an index into
    /// [`REGION_NAMES`](crate::measure::regions::REGION_NAMES); beyond its end there are no values.
    Region(usize),
}

impl Channel {
    fn index(self) -> Option<usize> {
        match self {
            Self::Micro => Some(0),
            Self::Macro => Some(1),
            Self::Rate => Some(2),
            Self::HeadSpeed => Some(3),
            Self::Region(region) => (region < REGIONS).then_some(4 + region),
        }
    }

    /// Seconds that a value is drawn onwards if the samples after it have none. Motion is measured about 30
    /// times a second however fast the camera is; a score holds for its own frame only.
    pub fn holds_secs(self) -> f64 {
        match self {
            Self::Region(_) => 0.1,
            Self::Micro | Self::Macro | Self::Rate | Self::HeadSpeed => 0.0,
        }
    }

    /// The sample's value; NaN if it has none.
    pub(super) fn value(self, sample: &Held<'_>) -> f32 {
        let none = f32::NAN;
        match self {
            Self::Micro => sample.score.map_or(none, |score| score.micro),
            Self::Macro => sample.score.map_or(none, |score| score.macro_),
            Self::Rate => sample.quality.rate_fps,
            Self::HeadSpeed => sample.quality.head_speed,
            Self::Region(region) => sample
                .motion
                .and_then(|motion| motion.regions.get(region))
                .map_or(none, |[x, y]| x.hypot(*y)),
        }
    }
}

/// All channels, in the order of their indices.
pub(super) fn channels() -> impl Iterator<Item = Channel> {
    [Channel::Micro, Channel::Macro, Channel::Rate, Channel::HeadSpeed]
        .into_iter()
        .chain((0..REGIONS).map(Channel::Region))
}

/// All samples of a session.
#[derive(Clone, Debug)]
pub struct History {
    /// The newest samples, whole.
    samples: Samples,
    /// How many older samples are in the pyramid only.
    folded: usize,
    /// Bytes of samples that are kept whole.
    kept_bytes: usize,
    pyramid: Pyramid,
    /// Numbers of the first and the last frame.
    numbers: Option<(u64, u64)>,
    /// How many samples have a score, and their time in seconds.
    scored: u64,
    scored_secs: f64,
}

impl Default for History {
    fn default() -> Self {
        Self::keeping(KEPT_BYTES)
    }
}

impl History {
    /// Keeps about the newest `bytes` of samples whole, and at least the newest few thousand samples.
    pub fn keeping(bytes: usize) -> Self {
        let (samples, pyramid) = (Samples::default(), Pyramid::default());
        let (numbers, scored, scored_secs) = (None, 0, 0.0);
        Self { samples, folded: 0, kept_bytes: bytes, pyramid, numbers, scored, scored_secs }
    }

    /// Keeps every sample whole: for a recording of known length that will be exported.
    pub fn keeping_all() -> Self {
        Self::keeping(usize::MAX)
    }

    /// Adds the next sample.
    pub fn push(&mut self, sample: Sample) {
        self.count(&sample);
        self.pyramid.fold(self.len(), &Held::from(&sample));
        let begins = self.samples.push(&sample);
        if begins && self.samples.len() > 2 * PIECE && self.samples.bytes() > self.kept_bytes {
            self.samples.forget_piece();
            self.folded += PIECE;
        }
    }

    fn count(&mut self, sample: &Sample) {
        let seq = sample.seq;
        let before = self.numbers.unwrap_or((seq, seq));
        self.numbers = Some((before.0.min(seq), before.1.max(seq)));
        if sample.score.is_some() {
            self.scored += 1;
            let last = self.samples.len().checked_sub(1).and_then(|at| self.samples.held(at));
            let since = last.map_or(0.0, |last| sample.time.secs_since(last.time));
            self.scored_secs += since.max(0.0);
        }
    }

    /// Numbers of the first and the last frame.
    pub fn numbers(&self) -> Option<(u64, u64)> {
        self.numbers
    }

    /// How many of all samples have a score.
    pub fn scored(&self) -> u64 {
        self.scored
    }

    /// Seconds in which frames have a score. Each such frame counts the time since the frame before it.
    pub fn scored_secs(&self) -> f64 {
        self.scored_secs
    }

    /// The samples that are kept whole, oldest first.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// How many samples were added.
    pub fn len(&self) -> usize {
        self.folded + self.samples.len()
    }

    /// True if no sample was added yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of the oldest samples are no longer kept whole.
    pub fn folded(&self) -> usize {
        self.folded
    }

    /// Times of the first and the last sample.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.pyramid.first()?, self.samples.last()?.time))
    }

    /// The whole sample that is nearest in time to `time`.
    pub fn nearest(&self, time: Timestamp) -> Option<Sample> {
        let apart = |sample: &Sample| (sample.time.nanos() - time.nanos()).unsigned_abs();
        self.samples.range(self.samples.around(time, time)).min_by_key(apart)
    }

    /// The columns of `channel` from `from` to `to`, in order of time, for a plot of `wanted` columns, with
    /// one more column beyond each edge. There are at most about twice as many as wanted, except where a
    /// block of the finest level holds a moment without a value. Every value lies inside a column.
    pub fn columns(
        &self,
        channel: Channel,
        from: Timestamp,
        to: Timestamp,
        wanted: usize,
    ) -> Vec<Column> {
        let Some(index) = channel.index() else { return Vec::new() };
        let most = wanted.max(1) * 2;
        let whole = self.samples.around(from, to);
        let is_whole = self.folded == 0 || self.samples.held(0).is_some_and(|s| s.time <= from);
        if is_whole && whole.len() <= most {
            let held = whole.filter_map(|index| self.samples.held(index));
            return held.map(|sample| single(channel, &sample)).collect();
        }
        let columns = self.pyramid.columns(index, from, to, most);
        columns.into_iter().flat_map(|column| self.opened(channel, column)).collect()
    }

    /// If the column is a block of the finest level with a hole in it, its samples one by one, as far as they
    /// are kept, because the block is wider than a point. Any other column unchanged.
    fn opened(&self, channel: Channel, column: Column) -> Vec<Column> {
        let inside = self.samples.around(column.first, column.last);
        let is_kept = self.samples.held(inside.start).is_some_and(|s| s.time <= column.first);
        if !column.has_hole || !is_kept || inside.len() > BLOCK + 2 {
            return vec![column];
        }
        let held = inside.filter_map(|index| self.samples.held(index));
        let held = held.filter(|s| (column.first..=column.last).contains(&s.time));
        held.map(|sample| single(channel, &sample)).collect()
    }

    /// [`Self::columns`] as lines of (seconds, value). No line crosses a moment at which nothing was
    /// measured. If a column holds such a moment between values, both its extremes are drawn at one moment
    /// that has a value.
    pub fn lines(
        &self,
        channel: Channel,
        from: Timestamp,
        to: Timestamp,
        wanted: usize,
    ) -> Vec<Vec<[f64; 2]>> {
        let mut lines = vec![Vec::new()];
        // Time of the line's last value, and if a sample without a value has followed it.
        let mut end: Option<(Timestamp, bool)> = None;
        for column in self.columns(channel, from, to, wanted) {
            let (Some((least, greatest)), Some((first, last))) = (column.range, column.valued)
            else {
                end = end.map(|(time, _)| (time, true));
                continue;
            };
            let is_broken = end.is_some_and(|(time, is_apart)| {
                let is_apart = is_apart || column.first < first || column.follows_gap;
                is_apart && first.secs_since(time) > channel.holds_secs()
            });
            if is_broken || column.has_hole {
                lines.push(Vec::new());
            }
            let last_drawn = if column.has_hole { first } else { last };
            if let Some(line) = lines.last_mut() {
                line.push([first.secs(), f64::from(least)]);
                if first != last_drawn || least != greatest {
                    line.push([last_drawn.secs(), f64::from(greatest)]);
                }
            }
            if column.has_hole {
                lines.push(Vec::new());
            }
            end = (!column.has_hole).then_some((last, last < column.last));
        }
        lines.retain(|line| !line.is_empty());
        lines
    }
}

fn single(channel: Channel, sample: &Held<'_>) -> Column {
    let value = channel.value(sample);
    Column {
        first: sample.time,
        last: sample.time,
        range: value.is_finite().then_some((value, value)),
        has_gap: !value.is_finite(),
        valued: value.is_finite().then_some((sample.time, sample.time)),
        has_hole: false,
        follows_gap: sample.quality.trouble.any(Trouble::GAP),
        trouble: sample.quality.trouble,
    }
}

#[cfg(test)]
mod tests;
