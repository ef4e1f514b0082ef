//! Sound of one channel: what can be read from any place, and its outline for a plot.

use std::path::{Path, PathBuf};

/// The longest sound of a film that is read, seconds. What a file says of its length may be anything.
pub(super) const MOST_SECS: f64 = 48.0 * 3600.0;

/// Why a sound file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {found}", path.display())]
pub struct SoundFileError {
    /// The file.
    pub path: PathBuf,
    /// What was expected and what was found, or what the system answered.
    pub found: String,
}

impl SoundFileError {
    /// Says of `path` what was found.
    pub fn new(path: &Path, found: impl ToString) -> Self {
        Self { path: path.into(), found: found.to_string() }
    }
}

/// Sound that can be read from any place. Sample 0 is time zero of the session to which it belongs.
pub trait SoundFile: Send {
    /// Samples per second.
    fn rate_hz(&self) -> u32;

    /// Number of samples. It may be an estimate from the length that a film states.
    fn samples(&self) -> u64;

    /// Fills `out` with the samples from number `first` on, −32768 to 32767. Before the beginning and after
    /// the end there is silence.
    fn read(&mut self, first: i64, out: &mut [i16]) -> Result<(), SoundFileError>;
}

/// Samples that one pair of the finest outline stands for: a hundredth of a second at 48 kHz.
const FINEST: usize = 480;

/// How many pairs of one level a pair of the next coarser level stands for.
const COARSER: usize = 8;

/// The lowest and the highest value of the samples of a stretch, by the upper eight of their sixteen bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The lowest, −128 to 127.
    pub low: i8,
    /// The highest, −128 to 127.
    pub high: i8,
}

impl Extent {
    /// Silence.
    pub const SILENT: Self = Self { low: 0, high: 0 };

    fn of(samples: &[i16]) -> Self {
        let low = samples.iter().min().copied().unwrap_or_default();
        let high = samples.iter().max().copied().unwrap_or_default();
        Self { low: (low >> 8) as i8, high: (high >> 8) as i8 }
    }

    fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn over(extents: &[Self]) -> Self {
        extents.iter().copied().reduce(Self::with).unwrap_or(Self::SILENT)
    }
}

/// The outline of a sound in several levels, so that any stretch of any length is drawn from a few pairs for
/// each column: four hours take three megabytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    rate_hz: u32,
    /// The finest first.
    levels: Vec<Vec<Extent>>,
    /// Samples that do not fill a pair yet.
    rest: Vec<i16>,
}

impl Outline {
    /// The outline of no sound yet, of this many samples per second.
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, levels: vec![Vec::new()], rest: Vec::new() }
    }

    /// Adds the next samples.
    pub fn push(&mut self, samples: &[i16]) {
        self.rest.extend_from_slice(samples);
        let whole = self.rest.len() / FINEST * FINEST;
        let Some(finest) = self.levels.first_mut() else { return };
        finest.extend(self.rest[..whole].chunks(FINEST).map(Extent::of));
        self.rest.drain(..whole);
        self.grow();
    }

    /// Adds the pairs of the coarser levels that are complete now.
    fn grow(&mut self) {
        for level in 0.. {
            let Some(finer) = self.levels.get(level) else { return };
            let done = self.levels.get(level + 1).map_or(0, Vec::len);
            let new = finer.chunks_exact(COARSER).skip(done).map(Extent::over);
            let new: Vec<_> = new.collect();
            match self.levels.get_mut(level + 1) {
                Some(coarser) => coarser.extend(new),
                None if new.is_empty() => return,
                None => self.levels.push(new),
            }
        }
    }

    /// Seconds of sound in it.
    pub fn secs(&self) -> f64 {
        let pairs = self.levels.first().map_or(0, Vec::len);
        (pairs * FINEST) as f64 / f64::from(self.rate_hz.max(1))
    }

    /// The extent from one second to another; `None` where there is no sound.
    pub fn between(&self, from_secs: f64, to_secs: f64) -> Option<Extent> {
        let per_sec = f64::from(self.rate_hz) / FINEST as f64;
        let first = (from_secs * per_sec).floor().max(0.0) as usize;
        let end = ((to_secs * per_sec).ceil().max(0.0) as usize).max(first + 1);
        // The coarsest level of which the stretch still has a few pairs.
        let (mut level, mut span) = (0, end - first);
        while span > 2 * COARSER && self.levels.get(level + 1).is_some_and(|next| !next.is_empty())
        {
            (level, span) = (level + 1, span / COARSER);
        }
        let pairs = self.levels.get(level)?;
        let each = COARSER.pow(level as u32);
        let range = first / each..end.div_ceil(each).min(pairs.len());
        match pairs.get(range) {
            Some(pairs) if !pairs.is_empty() => Some(Extent::over(pairs)),
            // The last pairs have none that is coarser yet.
            _ if level > 0 => {
                let finest = self.levels.first()?;
                let rest = finest.get(first..end.min(finest.len()))?;
                (!rest.is_empty()).then(|| Extent::over(rest))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stretch_has_the_lowest_and_the_highest_of_its_samples(
            samples in prop::collection::vec(any::<i16>(), 1..60_000),
            from in 0.0f64..1.0, to in 0.0f64..1.0, piece in 1usize..5000,
        ) {
            let mut outline = Outline::new(48_000);
            samples.chunks(piece).for_each(|piece| outline.push(piece));
            let whole = samples.len() / FINEST * FINEST;
            let secs = outline.secs();
            prop_assert!((secs - whole as f64 / 48_000.0).abs() < 1e-9);
            let (from, to) = (from.min(to) * secs, from.max(to) * secs);
            let Some(found) = outline.between(from, to) else {
                prop_assert!(whole == 0 || from >= secs);
                return Ok(());
            };
            let at = |secs: f64| ((secs * 48_000.0) as usize).min(whole);
            let inside = Extent::of(&samples[at(from)..at(to)]);
            prop_assert!(found.low <= inside.low && found.high >= inside.high);
            // No more than what lies beside it is added.
            let reach = ((to - from) / 2.0).max(0.011);
            let around = Extent::of(&samples[at((from - reach).max(0.0))..at(to + reach)]);
            prop_assert!(found.low >= around.low.min(0) && found.high <= around.high.max(0));
        }
    }

    #[test]
    fn four_hours_take_a_few_pairs_for_each_column() {
        let mut outline = Outline::new(48_000);
        let second = vec![1000; 48_000];
        (0..4 * 3600).for_each(|_| outline.push(&second));
        let bytes: usize =
            outline.levels.iter().map(|level| level.len() * size_of::<Extent>()).sum();
        assert!(bytes < 4 << 20, "{bytes} bytes");
        assert!(outline.levels.len() >= 6, "{} levels", outline.levels.len());
        assert_eq!(outline.between(0.0, 14_400.0), Some(Extent { low: 3, high: 3 }));
        assert_eq!(outline.between(14_401.0, 14_500.0), None);
    }
}
