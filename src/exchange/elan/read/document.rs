//! An ELAN file as it was written: tiers, annotations and times. Its content is not trusted.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event as Xml};
use quick_xml::{Reader, XmlVersion};

use crate::exchange::import::Wrong;

/// The parts of the file that are used.
#[derive(Debug, Default)]
pub(crate) struct EafFile {
    is_eaf: bool,
    /// Seconds in one unit of the file's times.
    unit_secs: f64,
    /// In the order of the file, which is the order of time.
    pub(super) slots: Vec<Slot>,
    /// Names of the media. The number is the time in each at which the file's clock begins, milliseconds.
    media: Vec<(String, f64)>,
    pub(super) tiers: Vec<EafTier>,
    /// Start and end of each annotation, seconds of the media.
    pub(super) spans: BTreeMap<String, [f64; 2]>,
}

/// A moment at which annotations begin or end.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: String,
    /// `None` if ELAN leaves the time open.
    pub(super) secs: Option<f64>,
}

#[derive(Debug, Default)]
pub(crate) struct EafTier {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) parent: Option<String>,
    pub(crate) annotations: Vec<Annotation>,
}

#[derive(Debug, Default)]
pub(crate) struct Annotation {
    pub(crate) id: String,
    pub(crate) slots: Option<[String; 2]>,
    /// The annotation that this one belongs to.
    pub(crate) of: Option<String>,
    /// The annotation before it, among those that belong to the same one.
    pub(super) previous: Option<String>,
    pub(crate) value: String,
}

/// Units of time in ELAN's schema, with their length in seconds.
const UNITS: [(&str, f64); 3] =
    [("milliseconds", 0.001), ("NTSC-frames", 1001.0 / 30_000.0), ("PAL-frames", 1.0 / 25.0)];

impl EafFile {
    /// Reads a file about the recording called `name`.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, Wrong> {
        let mut reader = Reader::from_str(text);
        let mut parser = Parser::default();
        parser.file.unit_secs = UNITS[0].1;
        loop {
            let at = |reader: &Reader<&[u8]>| format!("byte {}", reader.buffer_position());
            let event = reader.read_event().map_err(|error| {
                Wrong::new(&at(&reader), "an ELAN file (XML)", error.to_string())
            })?;
            let done = match event {
                Xml::Eof => break,
                Xml::Start(element) => parser.start(&element),
                Xml::Empty(element) => parser.start(&element),
                Xml::Text(text) => parser.text(&text.xml10_content()),
                Xml::CData(text) => parser.text(&text.xml10_content()),
                Xml::GeneralRef(reference) => parser.reference(&reference),
                Xml::End(element) => parser.end(element.name().as_ref()),
                Xml::DocType(_) => Err(Wrong::new(
                    "",
                    "an ELAN file without a document type",
                    "one with a document type, which may hold entities and is not opened",
                )),
                Xml::Decl(_) | Xml::PI(_) | Xml::Comment(_) => Ok(()),
            };
            done.map_err(|wrong| match wrong.what.is_empty() {
                true => Wrong { what: format!("{}: ", at(&reader)), ..wrong },
                false => wrong,
            })?;
        }
        let mut file = parser.file;
        if file.is_eaf {
            file.put_on_media(name);
            file.give_times();
            return Ok(file);
        }
        Err(Wrong::new("", "an ELAN file (ANNOTATION_DOCUMENT)", "something else"))
    }
}

impl EafFile {
    /// Moves times to the clock of the media called `name`, or of the first media if none has this name.
    fn put_on_media(&mut self, name: &str) {
        let of_it = self.media.iter().find(|(media, _)| media.rsplit('/').next() == Some(name));
        let origin_ms = of_it.or(self.media.first()).map_or(0.0, |(_, origin)| *origin);
        for slot in &mut self.slots {
            slot.secs = slot.secs.map(|units| units * self.unit_secs + origin_ms / 1000.0);
        }
    }
}

#[derive(Debug, Default)]
struct Parser {
    file: EafFile,
    is_in_value: bool,
}

impl Parser {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Wrong> {
        let attributes = attributes(element)?;
        let get = |name: &str| attributes.get(name).cloned();
        let file = &mut self.file;
        match element.name().as_ref() {
            "ANNOTATION_DOCUMENT" => file.is_eaf = true,
            "HEADER" => {
                let unit = get("TIME_UNITS").unwrap_or_else(|| UNITS[0].0.into());
                let known = UNITS.iter().find(|(name, _)| *name == unit);
                file.unit_secs = known.map(|(_, secs)| *secs).ok_or_else(|| {
                    let expected = UNITS.map(|(name, _)| name).join(", ");
                    Wrong::new("TIME_UNITS", format!("one of {expected}"), format!("`{unit}`"))
                })?;
            }
            "MEDIA_DESCRIPTOR" => {
                let origin = get("TIME_ORIGIN").and_then(|ms| ms.parse::<f64>().ok());
                let origin = origin.filter(|ms| ms.is_finite()).unwrap_or(0.0);
                let url = get("RELATIVE_MEDIA_URL").or(get("MEDIA_URL")).unwrap_or_default();
                file.media.push((url.replace("%20", " "), origin));
            }
            "TIME_SLOT" => {
                let value = get("TIME_VALUE").map(|text| match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(Wrong::new("TIME_VALUE", "a number", format!("`{text}`"))),
                });
                let id = get("TIME_SLOT_ID").unwrap_or_default();
                file.slots.push(Slot { id, secs: value.transpose()? });
            }
            "TIER" => file.tiers.push(EafTier {
                name: get("TIER_ID").unwrap_or_default(),
                kind: get("LINGUISTIC_TYPE_REF").unwrap_or_default(),
                parent: get("PARENT_REF"),
                annotations: Vec::new(),
            }),
            "ALIGNABLE_ANNOTATION" | "REF_ANNOTATION" => {
                if let Some(tier) = file.tiers.last_mut() {
                    tier.annotations.push(Annotation {
                        id: get("ANNOTATION_ID").unwrap_or_default(),
                        slots: get("TIME_SLOT_REF1")
                            .zip(get("TIME_SLOT_REF2"))
                            .map(|(a, b)| [a, b]),
                        of: get("ANNOTATION_REF"),
                        previous: get("PREVIOUS_ANNOTATION"),
                        value: String::new(),
                    });
                }
            }
            "ANNOTATION_VALUE" => self.is_in_value = true,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Wrong> {
        self.is_in_value &= name != "ANNOTATION_VALUE";
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Wrong> {
        let annotations = self.file.tiers.last_mut().map(|tier| &mut tier.annotations);
        if let Some(annotation) = annotations.and_then(|all| all.last_mut())
            && self.is_in_value
        {
            annotation.value.push_str(text);
        }
        Ok(())
    }

    /// `&amp;` or `&#38;`. A file without a document type can declare no others.
    fn reference(&mut self, reference: &quick_xml::events::BytesRef<'_>) -> Result<(), Wrong> {
        let name = reference.xml10_content();
        let unknown = || Wrong::new("", "a character that XML knows", format!("`&{name};`"));
        if let Some(c) = reference.resolve_char_ref().map_err(|_| unknown())? {
            return self.text(c.encode_utf8(&mut [0; 4]));
        }
        let text = quick_xml::escape::resolve_xml_entity(&name).ok_or_else(unknown)?;
        self.text(text)
    }
}

fn attributes(element: &BytesStart<'_>) -> Result<BTreeMap<String, String>, Wrong> {
    let mut all = BTreeMap::new();
    for attribute in element.attributes() {
        let wrong = |error: String| Wrong::new("", "an attribute that XML knows", error);
        let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| wrong(error.to_string()))?;
        all.insert(attribute.key.as_ref().to_owned(), value.into_owned());
    }
    Ok(all)
}
