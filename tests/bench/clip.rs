//! The beginning of a clip, for benchmarks that read no file while they measure.

use fleeting::media::image::Frame;
use fleeting::media::stream::{Next, Source};

/// The first frames of the source, at most this many.
pub(crate) fn first_frames(source: &mut dyn Source, most: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    while frames.len() < most {
        match source.next().expect("a frame") {
            Next::Frame(frame) => frames.push(frame),
            Next::End => break,
            _ => {}
        }
    }
    frames
}
