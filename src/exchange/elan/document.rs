//! The file itself: its elements in the order that ELAN's schema requires.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{EMOTION, EVENT_TYPE, VERDICT, printable, text_of, vocabularies, vocabulary_entry};
use crate::exchange::{Sink, View};
use crate::measure::time::Timestamp;

/// Kinds of tiers, which ELAN calls linguistic types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Events, each with a word of a vocabulary.
    Event,
    /// Spans of free text.
    Span,
    /// Spans within the event that they belong to.
    Included,
    /// A text for each event.
    Text,
    /// An emotion for each event.
    Emotion,
    /// A verdict for each event.
    Verdict,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Event, Self::Span, Self::Included, Self::Text, Self::Emotion, Self::Verdict];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Event => EVENT_TYPE,
            Self::Span => "span",
            Self::Included => "within event",
            Self::Text => "text",
            Self::Emotion => EMOTION,
            Self::Verdict => VERDICT,
        }
    }

    fn constraint(self) -> Option<&'static str> {
        match self {
            Self::Event | Self::Span => None,
            Self::Included => Some("Included_In"),
            Self::Text | Self::Emotion | Self::Verdict => Some("Symbolic_Association"),
        }
    }

    /// The vocabulary of its values.
    fn vocabulary(self) -> Option<&'static str> {
        matches!(self, Self::Event | Self::Emotion | Self::Verdict).then(|| self.name())
    }

    fn is_aligned(self) -> bool {
        matches!(self, Self::Event | Self::Span | Self::Included)
    }
}

/// From its first millisecond to the one after its last; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Span {
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        let ms = |time: Timestamp| (time.secs() * 1000.0).round().max(0.0) as i64;
        Self { from_ms: ms(from), to_ms: ms(to).max(ms(from) + 1) }
    }

    /// The part of it that lies in `outer`, at least one millisecond.
    pub(crate) fn within(self, outer: Self) -> Self {
        let from_ms = self.from_ms.clamp(outer.from_ms, outer.to_ms - 1);
        Self { from_ms, to_ms: self.to_ms.clamp(from_ms + 1, outer.to_ms) }
    }
}

/// One tier.
#[derive(Debug)]
pub(crate) struct NewTier {
    name: String,
    kind: Kind,
    annotator: String,
    parent: Option<String>,
    annotations: Vec<NewAnnotation>,
}

impl NewTier {
    pub(crate) fn new(name: String, kind: Kind, layer: &str) -> Self {
        let annotator = layer.to_owned();
        Self { name, kind, annotator, parent: None, annotations: Vec::new() }
    }

    pub(crate) fn below(self, parent: String) -> Self {
        Self { parent: Some(parent), ..self }
    }
}

#[derive(Debug)]
struct NewAnnotation {
    id: usize,
    at: TierPlace,
    value: String,
}

#[derive(Clone, Copy, Debug)]
enum TierPlace {
    In(Span),
    With(usize),
}

/// A file that is being built.
#[derive(Debug)]
pub(crate) struct NewEaf {
    participant: String,
    /// The files to which its times belong: pictures, then sound.
    media: Vec<String>,
    tiers: Vec<NewTier>,
    annotations: usize,
}

/// Number of a tier or an annotation.
pub(crate) type Number = usize;

impl NewEaf {
    pub(crate) fn new(view: &View<'_>) -> Self {
        Self {
            participant: view.subject().to_owned(),
            media: view.media().into_iter().chain(view.sound()).map(str::to_owned).collect(),
            tiers: Vec::new(),
            annotations: 0,
        }
    }

    pub(crate) fn tier(&mut self, tier: NewTier) -> Number {
        self.tiers.push(tier);
        self.tiers.len() - 1
    }

    pub(crate) fn add_span(&mut self, tier: Number, span: Span, value: &str) -> Number {
        self.add(tier, TierPlace::In(span), value)
    }

    /// Adds a text to the annotation `with`, unless the text is empty.
    pub(crate) fn add_text(&mut self, tier: Number, with: Number, value: &str) {
        if !value.is_empty() {
            self.add(tier, TierPlace::With(with), value);
        }
    }

    fn add(&mut self, tier: Number, at: TierPlace, value: &str) -> Number {
        self.annotations += 1;
        let id = self.annotations;
        self.tiers[tier].annotations.push(NewAnnotation { id, at, value: value.into() });
        id
    }

    pub(crate) fn write(&self, out: &mut Sink) -> io::Result<()> {
        let mut writer = Writer::new_with_indent(out, b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        writer
            .create_element("ANNOTATION_DOCUMENT")
            .with_attribute(("AUTHOR", "Fleeting"))
            .with_attribute(("DATE", now.as_str()))
            .with_attribute(("FORMAT", "3.0"))
            .with_attribute(("VERSION", "3.0"))
            .with_attribute(("xmlns:xsi", XSI))
            .with_attribute(("xsi:noNamespaceSchemaLocation", SCHEMA))
            .write_inner_content(|writer| {
                self.write_header(writer)?;
                self.write_times(writer)?;
                self.tiers.iter().try_for_each(|tier| self.write_tier(writer, tier))?;
                write_types(writer)?;
                write_vocabularies(writer)
            })?;
        writer.get_mut().write_all(b"\n")
    }

    fn write_header(&self, writer: &mut Writer<&mut Sink>) -> io::Result<()> {
        let last = self.annotations.to_string();
        writer
            .create_element("HEADER")
            .with_attribute(("MEDIA_FILE", ""))
            .with_attribute(("TIME_UNITS", "milliseconds"))
            .write_inner_content(|writer| {
                for media in &self.media {
                    let url = format!("./{}", percent_encoded(media));
                    writer
                        .create_element("MEDIA_DESCRIPTOR")
                        .with_attribute(("MEDIA_URL", url.as_str()))
                        .with_attribute(("MIME_TYPE", mime_type(media)))
                        .with_attribute(("RELATIVE_MEDIA_URL", url.as_str()))
                        .write_empty()?;
                }
                writer
                    .create_element("PROPERTY")
                    .with_attribute(("NAME", "lastUsedAnnotationId"))
                    .write_text_content(BytesText::new(&last))?;
                Ok(())
            })?;
        Ok(())
    }

    /// Every span has two time slots of its own, named after its annotation, in order of time.
    fn write_times(&self, writer: &mut Writer<&mut Sink>) -> io::Result<()> {
        let mut slots = Vec::new();
        for annotation in self.tiers.iter().flat_map(|tier| &tier.annotations) {
            if let TierPlace::In(span) = annotation.at {
                slots.push((span.from_ms, format!("ts{}b", annotation.id)));
                slots.push((span.to_ms, format!("ts{}e", annotation.id)));
            }
        }
        slots.sort();
        writer.create_element("TIME_ORDER").write_inner_content(|writer| {
            for (ms, id) in &slots {
                writer
                    .create_element("TIME_SLOT")
                    .with_attribute(("TIME_SLOT_ID", id.as_str()))
                    .with_attribute(("TIME_VALUE", ms.to_string().as_str()))
                    .write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn write_tier(&self, writer: &mut Writer<&mut Sink>, tier: &NewTier) -> io::Result<()> {
        let name = printable(&tier.name);
        let parent = tier.parent.as_deref().map(printable);
        let annotator = printable(&tier.annotator);
        let participant = printable(&self.participant);
        let mut element = writer
            .create_element("TIER")
            .with_attribute(("TIER_ID", name.as_str()))
            .with_attribute(("LINGUISTIC_TYPE_REF", tier.kind.name()))
            .with_attribute(("ANNOTATOR", annotator.as_str()))
            .with_attribute(("PARTICIPANT", participant.as_str()));
        if let Some(parent) = &parent {
            element = element.with_attribute(("PARENT_REF", parent.as_str()));
        }
        element.write_inner_content(|writer| {
            tier.annotations.iter().try_for_each(|one| write_annotation(writer, tier.kind, one))
        })?;
        Ok(())
    }
}

/// A name that the format requires; no one opens the address.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const SCHEMA: &str = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd";

fn write_annotation(
    writer: &mut Writer<&mut Sink>,
    kind: Kind,
    annotation: &NewAnnotation,
) -> io::Result<()> {
    let id = format!("a{}", annotation.id);
    let entry = kind.vocabulary().and_then(|name| vocabulary_entry(name, &annotation.value));
    writer.create_element("ANNOTATION").write_inner_content(|writer| {
        let mut element = match annotation.at {
            TierPlace::In(_) => {
                let [from, to] = ["b", "e"].map(|end| format!("ts{}{end}", annotation.id));
                writer
                    .create_element("ALIGNABLE_ANNOTATION")
                    .with_attribute(("ANNOTATION_ID", id.as_str()))
                    .with_attribute(("TIME_SLOT_REF1", from.as_str()))
                    .with_attribute(("TIME_SLOT_REF2", to.as_str()))
            }
            TierPlace::With(parent) => writer
                .create_element("REF_ANNOTATION")
                .with_attribute(("ANNOTATION_ID", id.as_str()))
                .with_attribute(("ANNOTATION_REF", format!("a{parent}").as_str())),
        };
        if let Some(entry) = &entry {
            element = element.with_attribute(("CVE_REF", entry.as_str()));
        }
        element
            .write_inner_content(|writer| text_of(writer, "ANNOTATION_VALUE", &annotation.value))?;
        Ok(())
    })?;
    Ok(())
}

fn write_types(writer: &mut Writer<&mut Sink>) -> io::Result<()> {
    for kind in Kind::ALL {
        let mut element = writer
            .create_element("LINGUISTIC_TYPE")
            .with_attribute(("LINGUISTIC_TYPE_ID", kind.name()))
            .with_attribute(("TIME_ALIGNABLE", if kind.is_aligned() { "true" } else { "false" }))
            .with_attribute(("GRAPHIC_REFERENCES", "false"));
        if let Some(constraint) = kind.constraint() {
            element = element.with_attribute(("CONSTRAINTS", constraint));
        }
        if let Some(vocabulary) = kind.vocabulary() {
            element = element.with_attribute(("CONTROLLED_VOCABULARY_REF", vocabulary));
        }
        element.write_empty()?;
    }
    writer
        .create_element("LANGUAGE")
        .with_attribute(("LANG_ID", LANGUAGE))
        .with_attribute(("LANG_LABEL", "undetermined (und)"))
        .write_empty()?;
    for (stereotype, about) in CONSTRAINTS {
        writer
            .create_element("CONSTRAINT")
            .with_attribute(("STEREOTYPE", stereotype))
            .with_attribute(("DESCRIPTION", about))
            .write_empty()?;
    }
    Ok(())
}

const LANGUAGE: &str = "und";

/// The four that ELAN knows, in its own words; every file lists all of them.
const CONSTRAINTS: [(&str, &str); 4] = [
    (
        "Time_Subdivision",
        "Time subdivision of parent annotation's time interval, no time gaps allowed within this \
         interval",
    ),
    (
        "Symbolic_Subdivision",
        "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are \
         ordered",
    ),
    ("Symbolic_Association", "1-1 association with a parent annotation"),
    (
        "Included_In",
        "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
    ),
];

fn write_vocabularies(writer: &mut Writer<&mut Sink>) -> io::Result<()> {
    for (id, about, words) in vocabularies() {
        writer
            .create_element("CONTROLLED_VOCABULARY")
            .with_attribute(("CV_ID", id))
            .write_inner_content(|writer| {
                writer
                    .create_element("DESCRIPTION")
                    .with_attribute(("LANG_REF", LANGUAGE))
                    .write_text_content(BytesText::new(about))?;
                words.iter().try_for_each(|word| write_word(writer, id, word))
            })?;
    }
    Ok(())
}

fn write_word(writer: &mut Writer<&mut Sink>, vocabulary: &str, word: &str) -> io::Result<()> {
    let id = vocabulary_entry(vocabulary, word).unwrap_or_default();
    writer
        .create_element("CV_ENTRY_ML")
        .with_attribute(("CVE_ID", id.as_str()))
        .write_inner_content(|writer| {
            writer
                .create_element("CVE_VALUE")
                .with_attribute(("LANG_REF", LANGUAGE))
                .with_attribute(("DESCRIPTION", ""))
                .write_text_content(BytesText::new(word))?;
            Ok(())
        })?;
    Ok(())
}

fn mime_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "mp4" | "m4v" | "mov" => "video/mp4",
        "mkv" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "mpg" | "mpeg" => "video/mpeg",
        "wav" => "audio/x-wav",
        _ => "unknown",
    }
}

/// The name of a file as a URI has it.
fn percent_encoded(name: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(encoded).collect()
}
