//! The session as an XDF file, the format of Lab Streaming Layer's recorder: the three streams of
//! [`super::streams`], each with labels and units.
//!
//! The times are seconds since the source's first frame. The streams have no fixed rate, so that readers keep
//! each frame's own time.

use std::io;

use quick_xml::escape::escape;

use super::streams::{StreamKind, mark_texts, quality_bits, row_texts, sample_values};
use super::{FileFormat, Format, PictureUse, Sink, View};

/// The registry entry.
pub const FORMAT: Format =
    Format::written("xdf", "Samples, events and marks as streams (XDF)", PictureUse::None, |_| {
        vec![FileFormat::new("session.xdf", write)]
    });

/// Chunks, by the number that stands before each.
#[derive(Clone, Copy)]
enum Tag {
    FileHeader = 1,
    StreamHeader = 2,
    Samples = 3,
    StreamFooter = 6,
}

/// Samples in one chunk, which is held in memory while it is made.
const GROUP: usize = 1024;

/// Numbers or texts of one sample.
enum Values {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    out.write_all(b"XDF:")?;
    let header = "<?xml version=\"1.0\"?><info><version>1.0</version></info>";
    chunk(out, Tag::FileHeader, None, header.as_bytes())?;
    for (number, kind) in (1..).zip(StreamKind::ALL) {
        chunk(out, Tag::StreamHeader, Some(number), stream_header(kind, view).as_bytes())?;
    }
    for (number, kind) in (1..).zip(StreamKind::ALL) {
        let written = match kind {
            StreamKind::Samples => {
                let samples = view.session.history.samples();
                let samples = samples.iter();
                let values = samples
                    .map(|sample| (sample.time.secs(), Values::Numbers(sample_values(&sample))));
                write_stream(out, number, values)
            }
            StreamKind::Events => {
                let rows = view.rows.iter();
                let values =
                    rows.map(|row| (row.bounds.onset.time.secs(), Values::Texts(row_texts(row))));
                write_stream(out, number, values)
            }
            StreamKind::Markers => {
                let marks = view.marks().into_iter();
                let values = marks
                    .map(|signed| (signed.mark.at.time.secs(), Values::Texts(mark_texts(&signed))));
                write_stream(out, number, values)
            }
        };
        let footer = written?.xml();
        chunk(out, Tag::StreamFooter, Some(number), footer.as_bytes())?;
    }
    Ok(())
}

/// What the end of a stream says of it.
#[derive(Default)]
struct Footer {
    first_secs: Option<f64>,
    last_secs: f64,
    samples: u64,
}

impl Footer {
    fn xml(&self) -> String {
        let (first, last) = (self.first_secs.unwrap_or_default(), self.last_secs);
        format!(
            "<?xml version=\"1.0\"?><info><first_timestamp>{first}</first_timestamp>\
             <last_timestamp>{last}</last_timestamp><sample_count>{}</sample_count>\
             <clock_offsets></clock_offsets></info>",
            self.samples
        )
    }
}

/// Writes the samples of one stream, each with its time in seconds.
fn write_stream(
    out: &mut Sink,
    stream: u32,
    samples: impl Iterator<Item = (f64, Values)>,
) -> io::Result<Footer> {
    let mut footer = Footer::default();
    let (mut content, mut held) = (Vec::new(), 0);
    for (secs, values) in samples {
        footer.first_secs.get_or_insert(secs);
        footer.last_secs = secs;
        footer.samples += 1;
        content.push(8);
        content.extend(secs.to_le_bytes());
        match values {
            Values::Numbers(numbers) => {
                numbers.iter().for_each(|number| content.extend(number.to_le_bytes()));
            }
            Values::Texts(texts) => {
                for text in texts {
                    content.extend(length(text.len()));
                    content.extend(text.as_bytes());
                }
            }
        }
        held += 1;
        if held == GROUP {
            samples_chunk(out, stream, held, &content)?;
            content.clear();
            held = 0;
        }
    }
    if held > 0 {
        samples_chunk(out, stream, held, &content)?;
    }
    Ok(footer)
}

fn samples_chunk(out: &mut Sink, stream: u32, count: usize, content: &[u8]) -> io::Result<()> {
    let count = length(count);
    let head = [&stream.to_le_bytes()[..], &count].concat();
    chunk_of(out, Tag::Samples, &[&head, content])
}

fn chunk(out: &mut Sink, tag: Tag, stream: Option<u32>, content: &[u8]) -> io::Result<()> {
    let stream = stream.map(u32::to_le_bytes);
    chunk_of(out, tag, &[stream.as_ref().map_or(&[][..], |id| &id[..]), content])
}

/// One chunk: its length, its tag, its content.
fn chunk_of(out: &mut Sink, tag: Tag, parts: &[&[u8]]) -> io::Result<()> {
    let content: usize = parts.iter().map(|part| part.len()).sum();
    out.write_all(&length(2 + content))?;
    out.write_all(&(tag as u16).to_le_bytes())?;
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// A length: the number of its bytes, then the bytes.
fn length(value: usize) -> Vec<u8> {
    if let Ok(short) = u8::try_from(value) {
        vec![1, short]
    } else if let Ok(middle) = u32::try_from(value) {
        [&[4], &middle.to_le_bytes()[..]].concat()
    } else {
        [&[8], &(value as u64).to_le_bytes()[..]].concat()
    }
}

fn stream_header(kind: StreamKind, view: &View<'_>) -> String {
    let channels = kind.channels();
    let format = if kind.is_text() { "string" } else { "double64" };
    let mut xml = String::from("<?xml version=\"1.0\"?><info>");
    put(&mut xml, "name", &kind.name(None));
    put(&mut xml, "type", kind.content());
    put(&mut xml, "channel_count", &channels.len().to_string());
    put(&mut xml, "nominal_srate", "0");
    put(&mut xml, "channel_format", format);
    put(&mut xml, "source_id", &format!("fleeting:{}", view.session.provenance.source));
    put(&mut xml, "version", "1.0");
    put(&mut xml, "created_at", "0");
    xml.push_str("<desc>");
    put(&mut xml, "manufacturer", "Fleeting");
    put(&mut xml, "program", &view.session.provenance.program);
    put(&mut xml, "layer", view.layer_name());
    put(&mut xml, "clock", "seconds since the first frame of the source");
    if kind == StreamKind::Samples {
        for (bit, name) in quality_bits().enumerate() {
            put(&mut xml, &format!("quality_bit_{bit}"), name);
        }
    }
    xml.push_str("<channels>");
    for channel in channels {
        xml.push_str("<channel>");
        put(&mut xml, "label", &channel.label);
        put(&mut xml, "unit", channel.unit);
        put(&mut xml, "type", channel.measures);
        xml.push_str("</channel>");
    }
    xml.push_str("</channels></desc></info>");
    xml
}

/// Adds an element with a text.
fn put(xml: &mut String, name: &str, text: &str) {
    let text = escape(text);
    xml.extend(["<", name, ">", &*text, "</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::reviewed;
    use crate::session::Session;

    /// The chunks of a file: tag and content.
    fn chunks(session: &Session, rater: Option<&str>) -> Vec<(u16, Vec<u8>)> {
        let mut bytes = Vec::new();
        write(&mut View::new(session, rater).expect("there"), &mut bytes).expect("written");
        let mut rest = bytes.strip_prefix(b"XDF:").expect("the magic word");
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (length, after) = read_length(rest);
            let (content, next) = after.split_at(length);
            let tag = u16::from_le_bytes([content[0], content[1]]);
            found.push((tag, content[2..].to_vec()));
            rest = next;
        }
        found
    }

    fn read_length(bytes: &[u8]) -> (usize, &[u8]) {
        let (number, rest) = bytes[1..].split_at(bytes[0].into());
        let value = number.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        (value, rest)
    }

    #[test]
    fn a_length_takes_one_four_or_eight_bytes_and_reads_back() {
        for value in [0, 1, 255, 256, 70_000, u32::MAX as usize, u32::MAX as usize + 1] {
            let bytes = length(value);
            assert_eq!(read_length(&bytes), (value, &[][..]), "{bytes:?}");
        }
    }

    #[test]
    fn each_stream_has_a_header_its_samples_and_a_footer_that_counts_them() {
        let session = reviewed();
        let chunks = chunks(&session, Some("A"));
        let tags: Vec<_> = chunks.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags, [1, 2, 2, 2, 3, 6, 3, 6, 3, 6]);
        let footers = chunks.iter().filter(|(tag, _)| *tag == 6);
        let counts: Vec<_> = footers
            .map(|(_, content)| {
                let text = String::from_utf8_lossy(&content[4..]).into_owned();
                let after = text.split_once("<sample_count>").expect("a count").1.to_owned();
                after.split_once('<').expect("its end").0.parse::<usize>().expect("a number")
            })
            .collect();
        let view = View::new(&session, Some("A")).expect("there");
        assert_eq!(counts, [90, view.rows.len(), view.marks().len()]);
    }

    #[test]
    fn a_session_without_samples_is_a_valid_file() {
        let tags: Vec<_> =
            chunks(&Session::default(), None).into_iter().map(|(tag, _)| tag).collect();
        assert_eq!(tags, [1, 2, 2, 2, 6, 6, 6]);
    }

    #[test]
    fn words_of_a_person_do_not_break_the_header() {
        let mut session = reviewed();
        session.provenance.source = "video:<&\">.mp4".into();
        let header = stream_header(StreamKind::Samples, &View::of_model(&session));
        assert!(quick_xml::Reader::from_str(&header).read_event().is_ok());
        assert!(header.contains("video:&lt;&amp;&quot;&gt;.mp4"), "{header}");
    }
}
