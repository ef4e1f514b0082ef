//! How much of the analysis is done for each frame: all of it, or less if the computer is too slow.
//!
//! The flow runs on every frame at every effort. Only the face mesh runs less often, because it costs several
//! times as much as everything else. In the frames between, the flow moves the points of the mesh.

use std::str::FromStr;

/// One of the steps from everything to the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// The mesh runs whenever it is needed.
    #[default]
    Whole,
    /// The mesh runs on at most every second frame.
    Half,
    /// The mesh runs on at most every fourth frame, and the window is drawn for every second.
    Quarter,
    /// The mesh runs on at most every eighth frame, and the window is drawn for every third.
    Eighth,
    /// As `Eighth`, but the window is drawn for every sixth frame.
    Least,
}

impl Effort {
    /// All steps, from everything to the least.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Half, Self::Quarter, Self::Eighth, Self::Least];

    /// Least number of frames from one run of the mesh to the next.
    pub fn mesh_gap_frames(self) -> u32 {
        match self {
            Self::Whole => 1,
            Self::Half => 2,
            Self::Quarter => 4,
            Self::Eighth | Self::Least => 8,
        }
    }

    /// The window is drawn once for this many frames.
    pub fn frames_per_drawing(self) -> u64 {
        match self {
            Self::Whole | Self::Half => 1,
            Self::Quarter => 2,
            Self::Eighth => 3,
            Self::Least => 6,
        }
    }

    /// The next step with less. The last one returns itself.
    pub fn less(self) -> Self {
        self.moved(1)
    }

    /// The next step with more. The first one returns itself.
    pub fn more(self) -> Self {
        self.moved(-1)
    }

    fn moved(self, steps: isize) -> Self {
        let index = (self as usize).saturating_add_signed(steps);
        Self::ALL[index.min(Self::ALL.len() - 1)]
    }

    /// The name in a stored session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Half => "half",
            Self::Quarter => "quarter",
            Self::Eighth => "eighth",
            Self::Least => "least",
        }
    }
}

impl FromStr for Effort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|effort| effort.name() == text);
        known.ok_or_else(|| format!("expected an effort, found `{text}`"))
    }
}

/// From frame `first` on, this much was done for each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffortStep {
    /// The number of the first frame.
    pub first: u64,
    /// How much is done from there on.
    pub effort: Effort,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_down_does_less_and_each_name_is_read_back() {
        for pair in Effort::ALL.windows(2) {
            let [more, less] = [pair[0], pair[1]];
            assert_eq!((more.less(), less.more()), (less, more));
            let cost = |effort: Effort| (effort.mesh_gap_frames(), effort.frames_per_drawing());
            assert!(cost(less) > cost(more), "{less:?}");
        }
        assert_eq!((Effort::Whole.more(), Effort::Least.less()), (Effort::Whole, Effort::Least));
        assert!(Effort::ALL.into_iter().all(|effort| effort.name().parse() == Ok(effort)));
    }
}
