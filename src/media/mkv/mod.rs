//! The film of a session: exactly the frames that were analysed, each with its own number and time.
//!
//! Motion-JPEG in Matroska. A camera's own JPEG is copied as it came, so that what is reviewed is,
//! bit by bit, what was analysed; every picture stands alone, so that each is found at once and damage
//! takes no neighbour along. Every picture is a cluster of its own with a checksum and a time in whole
//! nanoseconds, so that any variable rate is exact and a file cut off at any byte keeps all whole
//! pictures. Its frame number is in the block's additional data.
//!
//! Chosen by measurement, on 150 frames of a synthetic person at 640×480 (computing time of one thread,
//! dependencies optimised; `tests/it/film.rs` measures anew):
//!
//! | pictures | MB a minute at 30 fps | ms a frame to write | ms to seek | grey levels off |
//! |---|---|---|---|---|
//! | the camera's JPEG, copied | 65 | 0.04 | 1.1 | 0 |
//! | JPEG at 95, encoded here | 131 | 4.1 | 1.5 | 1.4 |
//! | H.264 in MP4, quantiser 18 | 13 | 6.2 | 76 | 2.0 |
//! | H.264 in MP4, quantiser 28 | 1 | 2.1 | 58 | 2.3 |
//!
//! Encoded pictures have their colour at half the resolution. On 150 pictures of a real face at 640×480,
//! motion measured on what is stored differs from that on the originals by .023 percent of the eye distance
//! per 1/30 s (root mean square; the motion itself is .346), as much as with colour at full resolution or
//! with the encoder of `image`, which took ten times as long; scores differ by .004, and the same events
//! are found.
//!
//! H.264 is smaller by far, but smooths what the flow measures, hangs each picture on up to 29 others,
//! and costs what a camera's own JPEG does not. MP4 keeps its index at the end, or counts in fragments;
//! AVI knows one rate only. Matroska is read by ffmpeg and what builds on it, also when cut short.

mod ebml;
mod layout;
mod reader;
pub mod source;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{MkvReader, is_film, mend};
pub use writer::MkvWriter;
