//! Markers of another program, such as a stimulus program, read from a named stream of Lab Streaming Layer.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use labstream_wire::Value;

use super::sockets;
use crate::engine::live::link::QueueSender;

/// How long the stream is looked for before it is asked again whether to go on.
const LOOK: Duration = Duration::from_millis(500);

/// The longest wait for a marker before it is asked again whether to go on.
const WAIT: Duration = Duration::from_millis(100);

/// The longest wait for the difference of the two clocks, which is measured when the stream is found.
const CLOCKS: Duration = Duration::from_secs(2);

/// The longest text of a marker that is kept, bytes.
const MOST_TEXT: usize = 4096;

/// A marker of another program.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutsideMarker {
    /// When it was sent, on this machine's steady clock, seconds.
    pub(super) clock_secs: f64,
    /// Its text.
    pub(super) text: String,
}

/// If the stream of markers is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarkerState {
    /// None was asked for.
    #[default]
    Off,
    /// It is looked for.
    Searching,
    /// It is read.
    Reading,
}

impl MarkerState {
    pub(super) fn store(self, into: &AtomicU8) {
        into.store(self as u8, Ordering::Relaxed);
    }

    pub(super) fn load(from: &AtomicU8) -> Self {
        let states = [Self::Off, Self::Searching, Self::Reading];
        states
            .into_iter()
            .find(|state| *state as u8 == from.load(Ordering::Relaxed))
            .unwrap_or_default()
    }
}

/// Reads the stream called `name` until `stop`. It is looked for until it is there, and again when it is gone.
pub(super) fn read(
    name: &str,
    markers: &QueueSender<OutsideMarker>,
    state: &AtomicU8,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Relaxed) {
        MarkerState::Searching.store(state);
        match sockets::markers(name, LOOK) {
            Ok(Some(mut inlet)) => {
                MarkerState::Reading.store(state);
                // Without an answer the clocks are taken for the same, as they are on one machine.
                inlet.wait_for_time_correction(CLOCKS);
                while !stop.load(Ordering::Relaxed) && !inlet.is_finished() {
                    let Ok(Some(sample)) = inlet.pull(WAIT) else { continue };
                    let clock_secs = sample.timestamp + inlet.time_correction().unwrap_or(0.0);
                    let text = text_of(&sample.values);
                    if markers.send(OutsideMarker { clock_secs, text }).is_err() {
                        return;
                    }
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!("the stream `{name}` cannot be read: {error}");
                std::thread::sleep(LOOK);
            }
        }
    }
}

/// The values of a marker as one text.
fn text_of(values: &[Value]) -> String {
    let text = |value: &Value| match value {
        Value::Str(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::I8(number) => number.to_string(),
        Value::I16(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
    };
    let mut joined = values.iter().map(text).collect::<Vec<_>>().join(" ");
    joined.truncate(joined.floor_char_boundary(MOST_TEXT));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_kind_become_one_text_of_bounded_length() {
        let values = [Value::Str(b"face \xff".to_vec()), Value::I32(-3), Value::F64(0.5)];
        assert_eq!(text_of(&values), "face \u{fffd} -3 0.5");
        let long = text_of(&[Value::Str("ü".repeat(MOST_TEXT).into_bytes())]);
        assert!(long.len() <= MOST_TEXT && long.ends_with('ü'));
    }
}
