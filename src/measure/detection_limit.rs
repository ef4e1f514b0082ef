//! The detection limit: how small a movement a recording could have shown. It comes from movements of known
//! size that were added to the measured motion.

use std::fmt;

use super::time::Timestamp;

/// The sizes that are tried, ascending: how far the region that moves most goes from onset to apex, percent
/// of the outer-eye distance. Half of all real micro-expressions are smaller than 0.76 %.
pub const SIZES_PERCENT: [f32; 5] = [0.35, 0.6, 1.0, 1.8, 3.2];

/// The limit is the smallest size of which this share is found.
pub const FOUND_SHARE: f64 = 0.8;

/// With fewer trials no limit is given, because one trial more or less would move it by a whole size.
pub const LEAST_TRIALS: usize = 10;

/// A part of the face whose action units move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FacePart {
    /// Action units 1, 2 and 4.
    Brows,
    /// Action units 5, 6 and 7.
    Eyes,
    /// Action units 9 to 28.
    Mouth,
}

impl FacePart {
    /// All parts, from top to bottom.
    pub const ALL: [Self; 3] = [Self::Brows, Self::Eyes, Self::Mouth];

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brows => "brows",
            Self::Eyes => "eyes and cheeks",
            Self::Mouth => "nose and mouth",
        }
    }

    /// The part that an action unit moves; `None` if it moves the skin of none of them.
    pub const fn of_unit(unit: u8) -> Option<Self> {
        match unit {
            1 | 2 | 4 => Some(Self::Brows),
            5..=7 => Some(Self::Eyes),
            9..=28 => Some(Self::Mouth),
            _ => None,
        }
    }
}

/// The state of the face at a moment, before a movement was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaceState {
    /// The face hardly moved.
    Calm,
    /// The face moved or talked.
    Moving,
    /// The face could not be measured: it was absent or turned away, or frames were missing. Nothing can be
    /// found there.
    Unseen,
}

impl FaceState {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Moving => "moving",
            Self::Unseen => "not seen",
        }
    }
}

/// One movement at one moment, tried in each size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitTrial {
    /// Time of the apex of the movement.
    pub apex: Timestamp,
    /// The part that moves.
    pub part: FacePart,
    /// The state of the face.
    pub state: FaceState,
    /// True if it was flagged as a micro-expression, for each of [`SIZES_PERCENT`].
    pub found: [bool; SIZES_PERCENT.len()],
}

impl LimitTrial {
    /// The smallest size that was found together with every larger one, percent; `None` if the largest was
    /// not found.
    pub fn smallest_percent(&self) -> Option<f32> {
        let missed = self.found.iter().rposition(|found| !found);
        SIZES_PERCENT.get(missed.map_or(0, |at| at + 1)).copied()
    }
}

/// The smallest size of which four movements in five are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SmallestFound {
    /// This size, percent of the outer-eye distance.
    From(f32),
    /// The smallest of [`SIZES_PERCENT`] or less. The value is that size.
    Below(f32),
    /// More than the largest of [`SIZES_PERCENT`]. The value is that size.
    Above(f32),
    /// Not known, because there were only this many trials.
    TooFew(usize),
}

impl fmt::Display for SmallestFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(percent) => write!(f, "from {percent:.1} %"),
            Self::Below(percent) => write!(f, "from {percent} % or less"),
            Self::Above(percent) => write!(f, "none up to {percent:.1} %"),
            Self::TooFew(trials) => write!(f, "not known ({trials} trials)"),
        }
    }
}

/// The results of all movements that were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DetectionLimit {
    /// In order of time. There is one for each part of the face at each moment.
    pub trials: Vec<LimitTrial>,
}

impl DetectionLimit {
    /// How many movements of size number `size` in [`SIZES_PERCENT`] were found, and how many were tried, for
    /// one part of the face. `state` limits this to one state; `None` stands for all states in which the face
    /// was seen.
    pub fn found(&self, part: FacePart, state: Option<FaceState>, size: usize) -> (usize, usize) {
        let trials = self.of(part, state);
        let found = |trial: &&LimitTrial| trial.found.get(size).copied().unwrap_or(false);
        (trials.clone().filter(found).count(), trials.count())
    }

    /// The trials of one part of the face, in one state or in all in which the face was seen.
    fn of(
        &self,
        part: FacePart,
        state: Option<FaceState>,
    ) -> impl Iterator<Item = &LimitTrial> + Clone {
        let fits = move |trial: &&LimitTrial| match state {
            Some(state) => trial.state == state,
            None => trial.state != FaceState::Unseen,
        };
        self.trials.iter().filter(move |trial| trial.part == part).filter(fits)
    }

    /// The share of each size that is found, 0–1; `None` if there are no trials.
    pub fn shares(
        &self,
        part: FacePart,
        state: Option<FaceState>,
    ) -> Option<[f64; SIZES_PERCENT.len()]> {
        let counts = std::array::from_fn(|size| self.found(part, state, size));
        (counts[0].1 > 0).then(|| counts.map(|(found, of)| found as f64 / of as f64))
    }

    /// The smallest size of which [`FOUND_SHARE`] is found, as of every larger size. Between two sizes it is
    /// interpolated on a logarithmic scale.
    pub fn smallest(&self, part: FacePart, state: Option<FaceState>) -> SmallestFound {
        let trials = self.of(part, state).count();
        let Some(shares) = self.shares(part, state).filter(|_| trials >= LEAST_TRIALS) else {
            return SmallestFound::TooFew(trials);
        };
        let last = SIZES_PERCENT.len() - 1;
        match shares.iter().rposition(|share| *share < FOUND_SHARE - 1e-9) {
            None => SmallestFound::Below(SIZES_PERCENT[0]),
            Some(missed) if missed == last => SmallestFound::Above(SIZES_PERCENT[last]),
            Some(missed) => {
                let [below, above] = [shares[missed], shares[missed + 1]];
                let part = (FOUND_SHARE - below) / (above - below);
                let [small, large] = [SIZES_PERCENT[missed], SIZES_PERCENT[missed + 1]];
                SmallestFound::From(small * (large / small).powf(part as f32))
            }
        }
    }

    /// The number of moments that were tried.
    pub fn moments(&self) -> usize {
        self.trials.iter().filter(|trial| trial.part == FacePart::ALL[0]).count()
    }

    /// The number of moments at which the face could not be measured.
    pub fn unseen(&self) -> usize {
        let first = self.trials.iter().filter(|trial| trial.part == FacePart::ALL[0]);
        first.filter(|trial| trial.state == FaceState::Unseen).count()
    }
}

impl fmt::Display for DetectionLimit {
    /// `8 in 10 found: brows from 0.5 %, while moving from 1.1 %; …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "8 in 10 found: ")?;
        for (nth, part) in FacePart::ALL.into_iter().enumerate() {
            let between = if nth == 0 { "" } else { "; " };
            write!(f, "{between}{} {}", part.name(), self.smallest(part, None))?;
            let [calm, moving] =
                [FaceState::Calm, FaceState::Moving].map(|state| self.smallest(part, Some(state)));
            let is_told = |limit| !matches!(limit, SmallestFound::TooFew(_));
            if is_told(calm) && is_told(moving) && calm != moving {
                write!(f, " (calm {calm}, moving {moving})")?;
            }
        }
        write!(f, " of the eye distance; {} moments", self.moments())?;
        match self.unseen() {
            0 => Ok(()),
            unseen => write!(f, ", {unseen} of them not seen"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit(found: &[[bool; 5]], state: FaceState) -> DetectionLimit {
        let trial = |found: &[bool; 5]| LimitTrial {
            apex: Timestamp::ZERO,
            part: FacePart::Brows,
            state,
            found: *found,
        };
        DetectionLimit { trials: found.iter().map(trial).collect() }
    }

    #[test]
    fn the_limit_lies_between_the_size_that_is_missed_and_the_size_that_is_found() {
        let mut found = vec![[false, false, true, true, true]; 8];
        found.extend([[false; 5]; 2]);
        let limit = limit(&found, FaceState::Calm);
        assert_eq!(limit.found(FacePart::Brows, None, 2), (8, 10));
        match limit.smallest(FacePart::Brows, None) {
            SmallestFound::From(percent) => assert!((percent - 1.0).abs() < 1e-5, "{percent}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(
            limit.smallest(FacePart::Brows, Some(FaceState::Moving)),
            SmallestFound::TooFew(0)
        );
    }

    #[test]
    fn a_size_that_is_found_below_one_that_is_missed_is_no_limit() {
        let limit = limit(&[[true, true, true, true, false]; 10], FaceState::Calm);
        assert_eq!(limit.smallest(FacePart::Brows, None), SmallestFound::Above(3.2));
        assert_eq!(limit.trials[0].smallest_percent(), None);
    }

    #[test]
    fn where_the_face_was_not_seen_is_told_and_does_not_count() {
        let limit = limit(&[[false; 5]; 12], FaceState::Unseen);
        assert_eq!((limit.moments(), limit.unseen()), (12, 12));
        assert_eq!(limit.smallest(FacePart::Brows, None), SmallestFound::TooFew(0));
        assert!(limit.to_string().ends_with("12 moments, 12 of them not seen"), "{limit}");
    }

    #[test]
    fn the_summary_tells_calm_and_moving_apart_where_they_differ() {
        let mut both = limit(&[[true; 5]; 10], FaceState::Calm);
        both.trials.extend(limit(&[[false; 5]; 10], FaceState::Moving).trials);
        let words = both.to_string();
        let brows = "8 in 10 found: brows none up to 3.2 % (calm from 0.35 % or less, moving none up to 3.2 %)";
        assert!(words.starts_with(brows), "{words}");
    }

    proptest! {
        #[test]
        fn more_finds_never_raise_the_limit(
            found in prop::collection::vec(prop::array::uniform5(any::<bool>()), 10..40),
            at in 0usize..40, size in 0usize..5,
        ) {
            let percent = |limit: SmallestFound| match limit {
                SmallestFound::From(percent) => percent,
                SmallestFound::Below(percent) => percent * 0.999,
                SmallestFound::Above(_) => f32::INFINITY,
                SmallestFound::TooFew(_) => f32::NAN,
            };
            let before = limit(&found, FaceState::Calm).smallest(FacePart::Brows, None);
            let mut more = found.clone();
            more[at % found.len()][size] = true;
            let after = limit(&more, FaceState::Calm).smallest(FacePart::Brows, None);
            prop_assert!(percent(after) <= percent(before) * 1.0001, "{before} {after}");
        }
    }
}
