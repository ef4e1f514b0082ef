//! What the readers of containers share.

use std::io::{self, Read};

/// What opening a file with one of the readers here came to.
pub(crate) enum Opened<T> {
    /// It can be read here.
    Ready(T),
    /// It cannot, but ffmpeg may; to be read as "NAME is …".
    Foreign(String),
}

/// Reads exactly `length` bytes into `buffer`; false when the file ends before.
pub(crate) fn read_chunk(
    file: &mut impl Read,
    length: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<bool> {
    buffer.clear();
    Ok(file.take(length).read_to_end(buffer)? as u64 == length)
}
