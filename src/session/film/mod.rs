//! The film of a session: exactly the frames that were analysed, each with its own number and time.
//!
//! Motion-JPEG in Matroska. A camera's own JPEG is copied as it came, so that what is reviewed is,
//! bit by bit, what was analysed; every picture stands alone, so that each is found at once and damage
//! takes no neighbour along. Every picture is a cluster of its own with a checksum and a time in whole
//! nanoseconds, so that any variable rate is exact and a file cut off at any byte keeps all whole
//! pictures. Its frame number is in the block's additional data.

mod ebml;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{FilmReader, is_film, mend};
pub use writer::FilmWriter;
