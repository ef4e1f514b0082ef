//! What the readers of containers share.

use std::io::{self, Read};

/// The result of opening a file with one of the readers here.
pub(crate) enum Opened<T> {
    /// The file can be read.
    Ready(T),
    /// The file cannot be read here, but ffmpeg may read it. The text follows "NAME is …".
    Foreign(String),
}

/// Reads exactly `length` bytes into `buffer`; false if the file ends before.
pub(crate) fn read_chunk(
    file: &mut impl Read,
    length: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<bool> {
    buffer.clear();
    Ok(file.take(length).read_to_end(buffer)? as u64 == length)
}
