//! The film of a session: exactly the frames that were analysed, each with its own number and time.
//!
//! A film is Motion-JPEG in Matroska. A camera's own JPEG is copied unchanged, so that a review shows exactly
//! what was analysed. Every picture can be decoded by itself, so that it is found at once and damage to one
//! does not reach its neighbours. Every picture is a cluster of its own, with a checksum and a time in whole
//! nanoseconds. So any variable rate is exact, and a file that is cut off at any byte keeps all complete
//! pictures. The frame number is in the block's additional data.
//!
//! The format was chosen by measurement, on 150 frames of a synthetic person at 640×480 (computing time of
//! one thread, dependencies optimised; `tests/it/film.rs` repeats it):
//!
//! | pictures | MB a minute at 30 fps | ms a frame to write | ms to seek | grey levels off |
//! |---|---|---|---|---|
//! | the camera's JPEG, copied | 65 | 0.04 | 1.1 | 0 |
//! | JPEG at 95, encoded here | 131 | 4.1 | 1.5 | 1.4 |
//! | H.264 in MP4, quantiser 18 | 13 | 6.2 | 76 | 2.0 |
//! | H.264 in MP4, quantiser 28 | 1 | 2.1 | 58 | 2.3 |
//!
//! Encoded pictures have their colour at half the resolution. Their effect was measured on 150 pictures of a
//! real face at 640×480. The motion measured on stored pictures differs from that on the originals by .023
//! percent of the eye distance per 1/30 s (root mean square; the motion itself is .346). It differs as much
//! with colour at full resolution, and with the encoder of `image`, which took ten times as long. Scores
//! differ by .004, and the same events are found.
//!
//! H.264 is far smaller. But it smooths what the flow measures, each picture depends on up to 29 others, and
//! encoding costs time that copying a camera's JPEG does not. MP4 keeps its index at the end, or counts in
//! fragments; AVI has one fixed rate. Matroska is read by ffmpeg and the programs that use it, also when the
//! file is cut short.

mod ebml;
mod layout;
mod reader;
pub mod source;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{MkvReader, is_film, mend};
pub use writer::MkvWriter;
