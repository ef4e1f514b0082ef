//! The judgement of a frame's quality from the measurements in it.

mod judge;
mod mouth;

pub use judge::{Evidence, Judge};
