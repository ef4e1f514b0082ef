//! Samples in pieces. Adding a sample moves no other one, removing the oldest piece is fast, and motion takes
//! memory only if it was measured: at 200 frames a second that is every seventh frame.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use crate::measure::quality::Quality;
use crate::measure::regions::RegionMotion;
use crate::measure::sample::{Sample, Score};
use crate::measure::time::Timestamp;

/// Number of samples in a piece. The oldest samples are removed piece by piece.
pub(super) const PIECE: usize = 4096;

/// Means "not measured" among the places in [`Piece::motions`].
const NONE: u16 = u16::MAX;

/// Samples in order of time.
#[derive(Clone, Default, PartialEq)]
pub struct Samples {
    /// All but the last are full, and none is empty.
    pieces: VecDeque<Piece>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Piece {
    slim: Vec<Slim>,
    motions: Vec<RegionMotion>,
}

/// A sample without its motion.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slim {
    seq: u64,
    time: Timestamp,
    quality: Quality,
    score: Option<Score>,
    /// Place of its motion in [`Piece::motions`].
    motion: u16,
}

/// One sample, borrowed from its piece.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Held<'a> {
    pub(super) time: Timestamp,
    pub(super) quality: &'a Quality,
    pub(super) motion: Option<&'a RegionMotion>,
    pub(super) score: Option<Score>,
    seq: u64,
}

impl<'a> From<&'a Sample> for Held<'a> {
    fn from(sample: &'a Sample) -> Self {
        let Sample { seq, time, ref quality, ref motion, score } = *sample;
        Self { seq, time, quality, motion: motion.as_ref(), score }
    }
}

impl Held<'_> {
    fn sample(&self) -> Sample {
        let Self { seq, time, quality, motion, score } = *self;
        Sample { seq, time, quality: *quality, motion: motion.copied(), score }
    }
}

impl Piece {
    fn push(&mut self, sample: &Sample) {
        let Sample { seq, time, quality, motion, score } = *sample;
        let motion = motion.map_or(NONE, |motion| {
            self.motions.push(motion);
            (self.motions.len() - 1) as u16
        });
        self.slim.push(Slim { seq, time, quality, score, motion });
        if self.slim.len() == PIECE {
            self.motions.shrink_to_fit();
        }
    }

    fn bytes(&self) -> usize {
        self.slim.len() * size_of::<Slim>() + self.motions.len() * size_of::<RegionMotion>()
    }

    fn held(&self, index: usize) -> Option<Held<'_>> {
        let slim = self.slim.get(index)?;
        let motion = self.motions.get(usize::from(slim.motion));
        let Slim { seq, time, ref quality, score, .. } = *slim;
        Some(Held { seq, time, quality, motion, score })
    }
}

impl Samples {
    /// Adds the next sample. True if a new piece began with it.
    pub(super) fn push(&mut self, sample: &Sample) -> bool {
        let begins = self.pieces.back().is_none_or(|last| last.slim.len() == PIECE);
        if begins {
            self.pieces.push_back(Piece::default());
        }
        if let Some(last) = self.pieces.back_mut() {
            last.push(sample);
        }
        begins
    }

    /// Bytes of memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.pieces.iter().map(Piece::bytes).sum()
    }

    /// Removes the oldest [`PIECE`] samples.
    pub(super) fn forget_piece(&mut self) {
        self.pieces.pop_front();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let last = self.pieces.back().map_or(0, |piece| piece.slim.len());
        self.pieces.len().saturating_sub(1) * PIECE + last
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Sample number `index` of those that are held.
    pub fn get(&self, index: usize) -> Option<Sample> {
        self.held(index).map(|held| held.sample())
    }

    /// The first.
    pub fn first(&self) -> Option<Sample> {
        self.get(0)
    }

    /// The last.
    pub fn last(&self) -> Option<Sample> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All samples, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The samples with these numbers, as far as they are held.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len());
        Iter { samples: self, left: range.start.min(end)..end }
    }

    /// Number of the first sample for which `is_before` is false. After it, `is_before` must be false for
    /// all.
    pub fn partition_point(&self, is_before: impl Fn(&Sample) -> bool) -> usize {
        self.split(|held| is_before(&held.sample()))
    }

    /// Numbers of the samples from `from` to `to`, and one more at each end.
    pub(super) fn around(&self, from: Timestamp, to: Timestamp) -> Range<usize> {
        let start = self.split(|held| held.time < from).saturating_sub(1);
        let end = (self.split(|held| held.time <= to) + 1).min(self.len());
        start.min(end)..end
    }

    /// Sample number `index`, borrowed.
    pub(super) fn held(&self, index: usize) -> Option<Held<'_>> {
        self.pieces.get(index / PIECE)?.held(index % PIECE)
    }

    fn split(&self, is_before: impl Fn(&Held<'_>) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.held(middle).is_some_and(|held| is_before(&held)) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// Bytes per sample at `fps` frames a second, of which `measured` have motion.
    #[cfg(test)]
    pub(super) fn bytes_each(fps: f64, measured: f64) -> f64 {
        size_of::<Slim>() as f64 + size_of::<RegionMotion>() as f64 * measured / fps
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<Sample> for Samples {
    fn from_iter<T: IntoIterator<Item = Sample>>(samples: T) -> Self {
        let mut all = Self::default();
        samples.into_iter().for_each(|sample| {
            all.push(&sample);
        });
        all
    }
}

impl<'a> IntoIterator for &'a Samples {
    type Item = Sample;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Goes through samples in order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    samples: &'a Samples,
    left: Range<usize>,
}

impl Iterator for Iter<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        self.samples.get(self.left.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Sample> {
        self.samples.get(self.left.nth(n)?)
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::regions::REGIONS;

    fn sample(seq: u64) -> Sample {
        let region = |i: usize| [seq as f32, i as f32];
        let motion = RegionMotion { regions: std::array::from_fn(region), head: [0.5; 2] };
        let quality = Quality { rate_fps: seq as f32, ..Quality::default() };
        let score = (!seq.is_multiple_of(3)).then_some(Score { micro: 0.25, macro_: 0.5 });
        let motion = seq.is_multiple_of(7).then_some(motion);
        Sample { seq, time: Timestamp::of_frame(seq, 200.0), quality, motion, score }
    }

    fn samples(count: u64) -> Samples {
        (0..count).map(sample).collect()
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        for count in [0, 1, PIECE as u64 - 1, PIECE as u64, PIECE as u64 + 1, 10_000] {
            let samples = samples(count);
            assert!(samples.iter().eq((0..count).map(sample)), "{count}");
            assert_eq!((samples.len() as u64, samples.is_empty()), (count, count == 0));
            assert_eq!(samples.first(), (count > 0).then(|| sample(0)));
            assert_eq!(samples.last(), count.checked_sub(1).map(sample));
            assert_eq!(samples.get(count as usize), None);
        }
    }

    #[test]
    fn a_part_is_found_by_its_numbers_and_by_time() {
        let samples = samples(9000);
        assert!(samples.range(4090..4100).map(|s| s.seq).eq(4090..4100));
        assert_eq!(samples.range(8999..20_000).len(), 1);
        assert_eq!(samples.range(20_000..20_001).len(), 0);
        assert_eq!(samples.range(8990..9000).nth(4).map(|s| s.seq), Some(8994));
        assert_eq!(samples.iter().size_hint(), (9000, Some(9000)));
        assert_eq!(samples.iter().skip(5000).map(|s| s.seq).next(), Some(5000));
        let at = |seq| Timestamp::of_frame(seq, 200.0);
        assert_eq!(samples.partition_point(|s| s.time < at(4096)), 4096);
        assert_eq!(samples.around(at(100), at(200)), 99..202);
        assert_eq!(samples.around(at(10_000), at(10_001)), 8999..9000);
        assert_eq!(Samples::default().around(at(0), at(1)), 0..0);
    }

    #[test]
    fn the_oldest_are_let_go_and_the_rest_stay_where_they_are() {
        let mut samples = samples(10_000);
        samples.forget_piece();
        assert!(samples.iter().map(|s| s.seq).eq(PIECE as u64..10_000));
        assert_eq!(samples.get(0).and_then(|s| s.motion), sample(PIECE as u64).motion);
    }

    #[test]
    fn they_take_what_they_hold_and_a_full_piece_no_more_than_that() {
        let slim = size_of::<Slim>() * 4096;
        // Every seventh has motion.
        let motions = size_of::<RegionMotion>() * 4096usize.div_ceil(7);
        assert_eq!(samples(4096).bytes(), slim + motions);
        assert!(samples(4096).pieces[0].motions.capacity() < 600);
        assert_eq!(samples(2).bytes(), 2 * size_of::<Slim>() + size_of::<RegionMotion>());
    }

    #[test]
    fn a_region_has_a_place_in_every_motion() {
        assert_eq!(
            samples(8).last().and_then(|s| s.motion).map(|m| m.regions.len()),
            Some(REGIONS)
        );
        assert!(PIECE < usize::from(NONE));
    }
}
