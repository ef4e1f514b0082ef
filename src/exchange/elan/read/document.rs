//! An ELAN file as it is written: tiers, annotations and times. Its content is not trusted.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event as Xml};
use quick_xml::{Reader, XmlVersion};

use crate::exchange::import::Wrong;

/// What the file says, as far as it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) is_eaf: bool,
    /// By slot; none where ELAN leaves the time open.
    pub(crate) times_ms: BTreeMap<String, Option<f64>>,
    /// Where the medium begins on the file's clock, milliseconds.
    pub(crate) origin_ms: f64,
    pub(crate) tiers: Vec<Tier>,
}

#[derive(Debug, Default)]
pub(crate) struct Tier {
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
    pub(crate) value: String,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Result<Self, Wrong> {
        let mut reader = Reader::from_str(text);
        let mut parser = Parser::default();
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
        if parser.document.is_eaf {
            return Ok(parser.document);
        }
        Err(Wrong::new("", "an ELAN file (ANNOTATION_DOCUMENT)", "something else"))
    }
}

#[derive(Debug, Default)]
struct Parser {
    document: Document,
    is_in_value: bool,
}

impl Parser {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Wrong> {
        let attributes = attributes(element)?;
        let get = |name: &str| attributes.get(name).cloned();
        let document = &mut self.document;
        match element.name().as_ref() {
            "ANNOTATION_DOCUMENT" => document.is_eaf = true,
            "MEDIA_DESCRIPTOR" => {
                let origin = get("TIME_ORIGIN").and_then(|ms| ms.parse::<f64>().ok());
                document.origin_ms =
                    origin.filter(|ms| ms.is_finite()).unwrap_or(document.origin_ms);
            }
            "TIME_SLOT" => {
                let ms = get("TIME_VALUE").map(|ms| match ms.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(Wrong::new("TIME_VALUE", "milliseconds", format!("`{ms}`"))),
                });
                document.times_ms.insert(get("TIME_SLOT_ID").unwrap_or_default(), ms.transpose()?);
            }
            "TIER" => document.tiers.push(Tier {
                name: get("TIER_ID").unwrap_or_default(),
                kind: get("LINGUISTIC_TYPE_REF").unwrap_or_default(),
                parent: get("PARENT_REF"),
                annotations: Vec::new(),
            }),
            "ALIGNABLE_ANNOTATION" | "REF_ANNOTATION" => {
                if let Some(tier) = document.tiers.last_mut() {
                    tier.annotations.push(Annotation {
                        id: get("ANNOTATION_ID").unwrap_or_default(),
                        slots: get("TIME_SLOT_REF1")
                            .zip(get("TIME_SLOT_REF2"))
                            .map(|(a, b)| [a, b]),
                        of: get("ANNOTATION_REF"),
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
        let annotations = self.document.tiers.last_mut().map(|tier| &mut tier.annotations);
        if let Some(annotation) = annotations.and_then(|all| all.last_mut())
            && self.is_in_value
        {
            annotation.value.push_str(text);
        }
        Ok(())
    }

    /// `&amp;` or `&#38;`; nothing else can be declared in a file without a document type.
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
