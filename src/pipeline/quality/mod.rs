//! What troubles a frame, judged from what was measured in it.

mod judge;
mod mouth;

pub use judge::{Evidence, Judge};
