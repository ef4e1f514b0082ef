//! How much of the analysis is done for each frame: all of it, or less where the computer is too slow.
//!
//! Flow runs on every frame whatever the effort. What becomes rarer is the face mesh, which costs several
//! times what everything else does; between its looks the flow carries its points.

use std::str::FromStr;

/// A step on the way from all that can be done to the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// The mesh looks wherever it is needed.
    #[default]
    Whole,
    /// The mesh looks at every second frame at most.
    Half,
    /// The mesh looks at every fourth frame at most, and the window is drawn for every second.
    Quarter,
    /// The mesh looks at every eighth frame at most, and the window is drawn for every third.
    Eighth,
    /// The window is drawn for every sixth frame besides.
    Least,
}

impl Effort {
    /// All, most first.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Half, Self::Quarter, Self::Eighth, Self::Least];

    /// From one look of the mesh to the next there are at least so many frames.
    pub fn mesh_gap_frames(self) -> u32 {
        match self {
            Self::Whole => 1,
            Self::Half => 2,
            Self::Quarter => 4,
            Self::Eighth | Self::Least => 8,
        }
    }

    /// The window is drawn once for so many frames.
    pub fn frames_per_drawing(self) -> u64 {
        match self {
            Self::Whole | Self::Half => 1,
            Self::Quarter => 2,
            Self::Eighth => 3,
            Self::Least => 6,
        }
    }

    /// The next step down; the least stays what it is.
    pub fn less(self) -> Self {
        self.moved(1)
    }

    /// The next step up; the whole stays what it is.
    pub fn more(self) -> Self {
        self.moved(-1)
    }

    fn moved(self, steps: isize) -> Self {
        let index = (self as usize).saturating_add_signed(steps);
        Self::ALL[index.min(Self::ALL.len() - 1)]
    }

    /// The word in a stored session.
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

/// From this frame on, so much was done for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffortStep {
    /// The number of the first frame.
    pub first: u64,
    /// How much.
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
