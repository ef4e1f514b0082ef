//! Where the face is: detection, landmarks, tracking, and the crop that holds it still.

pub mod align;
pub mod crop;
pub mod detect;
pub mod landmarks;
pub mod survey;
pub mod track;
