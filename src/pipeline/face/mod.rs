//! Where the face is: detection, landmarks, tracking, and the held-still crop.

pub mod align;
pub mod crop;
pub mod detect;
pub mod landmarks;
pub mod survey;
pub mod track;
