//! Minima and maxima over 16, 64, 256, … samples, so that any stretch is drawn from a few hundred blocks.

use super::samples::Held;
use super::{CHANNELS, Channel, channels};
use crate::measure::quality::Trouble;
use crate::measure::time::Timestamp;

/// Samples that one block of the finest level covers.
pub(super) const BLOCK: usize = 16;

/// Number of blocks of one level that a block of the next level covers.
const FAN: usize = 4;

/// What a plot draws at one place: one sample, or the extremes of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Time of its first sample.
    pub first: Timestamp,
    /// Time of its last sample.
    pub last: Timestamp,
    /// Least and greatest value; `None` if nothing was measured.
    pub range: Option<(f32, f32)>,
    /// True if any of its samples has no value.
    pub has_gap: bool,
    /// Times of the first and the last sample that has a value.
    pub valued: Option<(Timestamp, Timestamp)>,
    /// True if nothing was measured somewhere between these two times.
    pub has_hole: bool,
    /// True if frames are missing before the first of these two times.
    pub follows_gap: bool,
    /// All troubles of its samples.
    pub trouble: Trouble,
}

/// Number of kinds of channels. The channels of one kind have values at the same samples: scores, rate, head,
/// regions.
pub(super) const KINDS: usize = 4;

/// One channel of each kind, in the order of the kinds.
const OF_KIND: [Channel; KINDS] =
    [Channel::Micro, Channel::Rate, Channel::HeadSpeed, Channel::Region(0)];

/// The part of a block from its first to its last sample that has a value.
#[derive(Clone, Copy, Debug)]
struct Valued {
    first: Timestamp,
    last: Timestamp,
    has_hole: bool,
    follows_gap: bool,
}

impl Valued {
    fn of(sample: &Held<'_>) -> Self {
        let follows_gap = sample.quality.trouble.any(Trouble::GAP);
        Self { first: sample.time, last: sample.time, has_hole: false, follows_gap }
    }

    /// Joined with the next part. `is_apart` says that a sample without a value lies between them.
    fn and(self, next: Self, is_apart: bool, kind: usize) -> Self {
        let secs = next.first.secs_since(self.last);
        let is_hole = (is_apart || next.follows_gap) && secs > OF_KIND[kind].holds_secs();
        let has_hole = self.has_hole || next.has_hole || is_hole;
        Self { last: next.last, has_hole, ..self }
    }
}

/// Extremes of every channel over a run of samples.
#[derive(Clone, Debug)]
struct Block {
    first: Timestamp,
    last: Timestamp,
    trouble: Trouble,
    /// One bit for each channel.
    gaps: u32,
    /// For each channel, least and greatest value; without any value, the least is above the greatest.
    ranges: [(f32, f32); CHANNELS],
    /// For each kind; `None` without any value.
    valued: [Option<Valued>; KINDS],
}

impl Block {
    fn of(sample: &Held<'_>, values: &[f32; CHANNELS]) -> Self {
        let mut block = Self {
            first: sample.time,
            last: sample.time,
            trouble: Trouble::NONE,
            gaps: 0,
            ranges: [(f32::INFINITY, f32::NEG_INFINITY); CHANNELS],
            valued: [None; KINDS],
        };
        block.include(sample, values);
        block
    }

    fn include(&mut self, sample: &Held<'_>, values: &[f32; CHANNELS]) {
        for (kind, valued) in self.valued.iter_mut().enumerate() {
            if OF_KIND[kind].value(sample).is_finite() {
                let now = Valued::of(sample);
                // The previous sample is the last one of the block.
                let last = self.last;
                *valued = Some(valued.map_or(now, |v| v.and(now, v.last < last, kind)));
            }
        }
        self.last = sample.time;
        self.trouble = self.trouble.with(sample.quality.trouble);
        for (i, (&value, range)) in values.iter().zip(&mut self.ranges).enumerate() {
            if value.is_finite() {
                *range = (range.0.min(value), range.1.max(value));
            } else {
                self.gaps |= 1 << i;
            }
        }
    }

    fn column(&self, channel: usize) -> Column {
        let (least, greatest) = self.ranges[channel];
        let valued = self.valued[kind_of(channel)];
        Column {
            first: self.first,
            last: self.last,
            range: (least <= greatest).then_some((least, greatest)),
            has_gap: self.gaps & (1 << channel) != 0,
            valued: valued.map(|valued| (valued.first, valued.last)),
            has_hole: valued.is_some_and(|valued| valued.has_hole),
            follows_gap: valued.is_some_and(|valued| valued.follows_gap),
            trouble: self.trouble,
        }
    }
}

/// The kind of channel number `channel`. The kinds are: both scores, the rate, the head, all regions.
fn kind_of(channel: usize) -> usize {
    channel.saturating_sub(1).min(KINDS - 1)
}

/// All levels, finest first. The last block of each is not full yet.
#[derive(Clone, Debug)]
pub(super) struct Pyramid {
    levels: Vec<Vec<Block>>,
}

impl Default for Pyramid {
    fn default() -> Self {
        Self { levels: vec![Vec::new()] }
    }
}

impl Pyramid {
    /// Adds sample number `index`, counted from 0.
    pub(super) fn fold(&mut self, index: usize, sample: &Held<'_>) {
        let mut values = [f32::NAN; CHANNELS];
        for (value, channel) in values.iter_mut().zip(channels()) {
            *value = channel.value(sample);
        }
        let mut size = BLOCK;
        for level in &mut self.levels {
            match level.last_mut() {
                Some(block) if !index.is_multiple_of(size) => block.include(sample, &values),
                _ => level.push(Block::of(sample, &values)),
            }
            size *= FAN;
        }
        // A new level begins when the one below has more blocks than one of its blocks would cover.
        let top = self.levels.len() - 1;
        if self.levels[top].len() > FAN {
            let merged = self.levels[top].chunks(FAN).filter_map(merge).collect();
            self.levels.push(merged);
        }
    }

    /// Time of the first sample.
    pub(super) fn first(&self) -> Option<Timestamp> {
        Some(self.levels.first()?.first()?.first)
    }

    /// Columns of one channel, from the finest level that has at most `most` of them, else from the coarsest.
    pub(super) fn columns(
        &self,
        channel: usize,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Vec<Column> {
        let inside = |level| within(level, from, to, |block: &Block| (block.first, block.last));
        let mut levels = self.levels.iter().map(|level| inside(level));
        let blocks = levels.clone().find(|blocks| blocks.len() <= most).or(levels.next_back());
        blocks.unwrap_or_default().iter().map(|block| block.column(channel)).collect()
    }

    #[cfg(test)]
    pub(super) fn bytes_per_sample() -> f64 {
        size_of::<Block>() as f64 / BLOCK as f64 * FAN as f64 / (FAN - 1) as f64
    }
}

fn merge(blocks: &[Block]) -> Option<Block> {
    let (first, rest) = blocks.split_first()?;
    Some(rest.iter().fold(first.clone(), |mut all, block| {
        let valued = all.valued.iter_mut().zip(block.valued).enumerate();
        for (kind, (valued, next)) in valued {
            *valued = match (*valued, next) {
                (Some(a), Some(b)) => {
                    let is_apart = a.last < all.last || block.first < b.first;
                    Some(a.and(b, is_apart, kind))
                }
                (a, b) => a.or(b),
            };
        }
        all.last = block.last;
        all.trouble = all.trouble.with(block.trouble);
        all.gaps |= block.gaps;
        for (range, other) in all.ranges.iter_mut().zip(&block.ranges) {
            *range = (range.0.min(other.0), range.1.max(other.1));
        }
        all
    }))
}

/// The items that overlap `from` to `to`, and one more at each end. `span` gives an item's first and last
/// time.
pub(super) fn within<T>(
    items: &[T],
    from: Timestamp,
    to: Timestamp,
    span: impl Fn(&T) -> (Timestamp, Timestamp),
) -> &[T] {
    let start = items.partition_point(|item| span(item).1 < from).saturating_sub(1);
    let end = (items.partition_point(|item| span(item).0 <= to) + 1).min(items.len());
    items.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_is_found_with_one_more_at_either_end() {
        let at = |secs: u32| Timestamp::from_secs(f64::from(secs));
        let items: Vec<u32> = (0..10).collect();
        // Item n lasts from 10 n to 10 n + 5.
        let found =
            |from, to| within(&items, at(from), at(to), |n| (at(10 * n), at(10 * n + 5))).to_vec();
        assert_eq!(found(31, 52), [2, 3, 4, 5, 6]);
        assert_eq!(found(35, 50), [2, 3, 4, 5, 6]);
        assert_eq!(found(36, 49), [3, 4, 5]);
        assert_eq!((found(0, 0), found(200, 300)), (vec![0, 1], vec![9]));
        assert!(within(&[] as &[u32], at(0), at(1), |n| (at(*n), at(*n))).is_empty());
    }
}
