//! The streams as lines of JSON. The first line tells the channels with their units.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use super::{StreamItem, Timed};
use crate::engine::live::link::QueueReceiver;
use crate::exchange::streams::{
    StreamChannel, StreamKind, event_texts, mark_texts, quality_bits, sample_values,
};

/// The first line: what follows, with labels and units.
pub(super) fn about(source: &str) -> Arc<[u8]> {
    let channels = |kind: StreamKind| {
        let channels = kind.channels();
        let channel = |channel: &StreamChannel| serde_json::json!({ "label": channel.label, "unit": channel.unit });
        (kind.word().to_owned(), channels.iter().map(channel).collect())
    };
    let channels: serde_json::Map<String, serde_json::Value> =
        StreamKind::ALL.into_iter().map(channels).collect();
    let about = serde_json::json!({
        "stream": "about",
        "program": concat!("fleeting ", env!("CARGO_PKG_VERSION")),
        "source": source,
        "clock_s": "steady clock of this machine, seconds",
        "quality_bits": quality_bits().collect::<Vec<_>>(),
        "channels": channels,
    });
    format!("{about}\n").into_bytes().into()
}

/// One item as a line.
pub(super) fn line(timed: &Timed) -> Arc<[u8]> {
    static CHANNELS: OnceLock<[Vec<StreamChannel>; 3]> = OnceLock::new();
    let channels = CHANNELS.get_or_init(|| StreamKind::ALL.map(StreamKind::channels));
    let kind = timed.kind();
    let channels = channels.iter().zip(StreamKind::ALL).find(|(_, of)| *of == kind);
    let channels = channels.map_or(&[][..], |(channels, _)| channels);
    let mut line =
        format!("{{\"stream\":\"{}\",\"clock_s\":{:.9}", kind.word(), timed.clock_secs());
    let mut put = |channel: &StreamChannel, value: String| {
        line.extend([",\"", &channel.label, "\":", &value]);
    };
    match &timed.item {
        StreamItem::Sample(sample) => {
            let values = sample_values(sample);
            channels.iter().zip(values).for_each(|(channel, value)| put(channel, number(value)));
        }
        StreamItem::Event(event) => {
            let texts = event_texts(event);
            channels
                .iter()
                .zip(texts)
                .for_each(|(channel, text)| put(channel, word(channel, &text)));
        }
        StreamItem::Mark(signed) => {
            let texts = mark_texts(signed);
            channels
                .iter()
                .zip(texts)
                .for_each(|(channel, text)| put(channel, word(channel, &text)));
        }
    }
    line.push_str("}\n");
    line.into_bytes().into()
}

/// A number in its shortest form; null for what was not measured.
fn number(value: f64) -> String {
    let single = value as f32;
    if !value.is_finite() {
        "null".into()
    } else if f64::from(single) == value {
        single.to_string()
    } else {
        value.to_string()
    }
}

/// A text; a number where the channel has a unit, null where there is no value.
fn word(channel: &StreamChannel, text: &str) -> String {
    let is_number =
        || !channel.unit.is_empty() && text.parse::<f64>().is_ok_and(|number| number.is_finite());
    match text {
        "" => "null".into(),
        text if is_number() => text.into(),
        text => serde_json::Value::from(text).to_string(),
    }
}

/// Writes lines until no more items come, or `out` is closed. Says what was lost while `out` was slow.
pub(super) fn print(
    items: &QueueReceiver<Timed>,
    about: &[u8],
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(about)?;
    out.flush()?;
    let mut missed = 0;
    while let Ok(item) = items.recv() {
        let now = items.dropped();
        if now > missed {
            writeln!(out, "{{\"stream\":\"missed\",\"lines\":{}}}", now - missed)?;
            missed = now;
        }
        out.write_all(&line(&item))?;
        if items.is_empty() {
            out.flush()?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::live::link::dropping_queue;
    use crate::exchange::tests::{at, session};
    use crate::session::annotation::{Mark, SignedMark};

    fn timed(item: StreamItem) -> Timed {
        Timed { zero_secs: 100.0, item }
    }

    fn mark(frame: u64, text: &str) -> StreamItem {
        StreamItem::Mark(Box::new(SignedMark { by: "A".into(), mark: Mark::new(at(frame), text) }))
    }

    fn read(line: &[u8]) -> serde_json::Value {
        serde_json::from_slice(line).expect("JSON")
    }

    #[test]
    fn each_item_is_one_line_of_json_with_every_channel() {
        let session = session();
        let sample = session.history.samples().iter().nth(1).expect("a sample");
        let items = [
            StreamItem::Sample(Box::new(sample)),
            StreamItem::Event(Box::new(session.events[0].clone())),
            mark(30, "say \"x\"\n{"),
        ];
        for item in items {
            let timed = timed(item);
            let line = line(&timed);
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let value = read(&line);
            assert_eq!(value["stream"], timed.kind().word());
            for channel in timed.kind().channels() {
                assert!(value.get(&channel.label).is_some(), "{}", channel.label);
            }
        }
    }

    #[test]
    fn what_was_not_measured_is_null_and_times_are_those_of_the_capture() {
        let session = session();
        let samples: Vec<_> = session.history.samples().iter().collect();
        let value = |i: usize| read(&line(&timed(StreamItem::Sample(Box::new(samples[i])))));
        assert_eq!(value(0)["micro"], 0.75);
        assert!(value(1)["micro"].is_null());
        assert_eq!(value(1)["frame"], 1);
        let clock = value(2)["clock_s"].as_f64().expect("a number");
        assert!((clock - 100.0 - samples[2].time.secs()).abs() < 1e-8, "{clock}");
        let event = read(&line(&timed(StreamItem::Event(Box::new(session.events[0].clone())))));
        assert_eq!((&event["kind"], &event["onset_frame"]), (&"micro".into(), &0.into()));
        assert!(event["rater"].is_null());
    }

    #[test]
    fn lines_that_were_lost_are_told() {
        let (sender, items) = dropping_queue(2);
        for frame in 0..5 {
            sender.send(timed(mark(frame, ""))).expect("there");
        }
        drop(sender);
        let mut out = Vec::new();
        print(&items, &about("demo"), &mut out).expect("written");
        let lines: Vec<_> =
            out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let lines: Vec<_> = lines.into_iter().map(read).collect();
        assert_eq!(lines[0]["channels"]["samples"][0]["label"], "frame");
        assert_eq!((&lines[1]["stream"], &lines[1]["lines"]), (&"missed".into(), &3.into()));
        assert_eq!(
            (lines.len(), &lines[2]["frame"], &lines[3]["frame"]),
            (4, &3.into(), &4.into())
        );
    }
}
