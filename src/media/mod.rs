//! Pixels and containers: pictures, colour, JPEG, and the readers and writers of files that hold pictures.

pub mod avi;
pub mod colour;
pub mod container;
pub(crate) mod display;
pub mod film_sound;
mod huffman;
pub mod image;
pub mod jpeg;
pub mod mkv;
pub mod mp4;
pub mod npz;
pub mod pictures;
pub mod pool;
pub mod sound;
pub mod stream;
pub mod wav;
