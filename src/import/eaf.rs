//! ELAN files: those that Fleeting writes, and others by the names of their tiers or by time alone.
//!
//! A file comes from somewhere else and is not trusted: one with a document type, which is where
//! entities that unfold without end are declared, is refused.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event as Xml};
use quick_xml::{Reader, XmlVersion};

use super::{Choice, Found, FoundEvent, Frames, Wrong, kind_by_duration, label_named, units_named};
use crate::event::{Event, EventKind, Moment, units_text};
use crate::export::elan::{
    APEX, EMOTION, EVENT_TYPE, FRAMES, ID, MARKERS, NOTE, UNITS, VERDICT, frames_text,
};
use crate::session::Session;
use crate::session::annotation::{Bounds, Verdict};
use crate::session::table::MODEL;

/// What the file says, as far as it is looked at.
#[derive(Debug, Default)]
struct Document {
    is_eaf: bool,
    /// By slot; none where ELAN leaves the time open.
    times_ms: BTreeMap<String, Option<f64>>,
    /// Where the medium begins on the file's clock, milliseconds.
    origin_ms: f64,
    tiers: Vec<Tier>,
}

#[derive(Debug, Default)]
struct Tier {
    name: String,
    kind: String,
    parent: Option<String>,
    annotations: Vec<Annotation>,
}

#[derive(Debug, Default)]
struct Annotation {
    id: String,
    slots: Option<[String; 2]>,
    /// The annotation that this one belongs to.
    of: Option<String>,
    value: String,
}

/// What a tier below the events' holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Id,
    Frames,
    Apex,
    Units,
    Emotion,
    Verdict,
    Note,
}

pub(super) fn read(
    text: &str,
    session: &Session,
    frames: &Frames,
    choice: &Choice,
) -> Result<Found, Wrong> {
    let document = Document::parse(text)?;
    let mut found = Found::default();
    let mut untimed = 0;
    for tier in document.event_tiers(choice)? {
        for annotation in &tier.annotations {
            let Some([from, to]) = document.span_secs(annotation) else {
                untimed += 1;
                continue;
            };
            let what = || format!("tier `{}`, annotation {}", tier.name, annotation.id);
            let spanned = frames.spanned(from, to).ok_or_else(|| {
                let expected = format!("times in this session, {}", frames.times());
                Wrong::new(&what(), expected, format!("{from:.3} to {to:.3} s"))
            })?;
            let said = document.said_of(tier, annotation);
            let machine = document.machine(&said, tier, session);
            found.events.push(event(&said, tier, annotation, spanned, machine, frames));
        }
    }
    if untimed > 0 {
        found.remarks.push(format!("{untimed} annotations have no time and are left out."));
    }
    found.marks = document.marks(frames);
    found.events.sort_by_key(|event| event.bounds.onset);
    Ok(found)
}

/// All that the tiers below say of one event.
type Said = BTreeMap<Role, Value>;

#[derive(Clone, Debug, PartialEq)]
struct Value {
    text: String,
    secs: Option<[f64; 2]>,
}

fn event(
    said: &Said,
    tier: &Tier,
    annotation: &Annotation,
    [onset, offset]: [Moment; 2],
    machine: Option<&Event>,
    frames: &Frames,
) -> FoundEvent {
    let text = |role| said.get(&role).map_or("", |value| value.text.trim());
    let apex = said.get(&Role::Apex).and_then(|value| frames.nearest(value.secs?[0]));
    let apex = apex.filter(|apex| (onset.frame..=offset.frame).contains(&apex.frame));
    let bounds =
        Bounds { onset, apex: apex.unwrap_or_else(|| frames.middle(onset, offset)), offset };
    let kind = kind_named(annotation.value.trim())
        .or_else(|| kind_named(&tier.name))
        .unwrap_or_else(|| kind_by_duration(onset, offset));
    let mut event = FoundEvent {
        machine: machine.map(|event| event.id),
        kind: machine.map_or(kind, |event| event.kind),
        bounds,
        verdict: match text(Role::Verdict) {
            "rejected" => Verdict::Rejected,
            "open" => Verdict::Open,
            _ => Verdict::Confirmed,
        },
        label: None,
        units: None,
        note: text(Role::Note).to_owned(),
    };
    event.take_word(text(Role::Emotion));
    event.take_units(text(Role::Units), machine);
    if tier.kind != EVENT_TYPE {
        event.take_value(annotation.value.trim());
    }
    event
}

impl FoundEvent {
    /// An emotion.
    fn take_word(&mut self, word: &str) {
        if word.is_empty() || word == "unclear" {
            return;
        }
        self.label = label_named(word);
        if self.label.is_none() {
            self.add_note(&format!("emotion: {word}"));
        }
    }

    fn take_units(&mut self, text: &str, machine: Option<&Event>) {
        if machine.is_some_and(|event| units_text(&event.action_units) == text) {
            return;
        }
        self.units = units_named(text).or_else(|| machine.map(|_| Vec::new()));
        if self.units.is_none() && !text.is_empty() {
            self.add_note(text);
        }
    }

    /// The event's own annotation in somebody else's file, which may say anything.
    fn take_value(&mut self, value: &str) {
        if value.is_empty() || kind_named(value).is_some() {
            return;
        }
        if let Some(label) = label_named(value) {
            self.label = self.label.or(Some(label));
        } else if let Some(units) = units_named(value) {
            self.units.get_or_insert(units);
        } else {
            self.add_note(value);
        }
    }

    fn add_note(&mut self, text: &str) {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(text);
    }
}

/// Micro or macro by a word in a name: `ME`, `micro`, `MaE`, `macro`.
fn kind_named(text: &str) -> Option<EventKind> {
    let lower = text.to_lowercase();
    let has_word =
        |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    if lower.contains("macro") || has_word("mae") {
        Some(EventKind::Macro)
    } else if lower.contains("micro") || has_word("me") {
        Some(EventKind::Micro)
    } else {
        None
    }
}

impl Role {
    /// By the tier's name without that of the tier above.
    fn of(name: &str, parent: &str) -> Option<Self> {
        let layer = parent.split_once(" events").map_or(parent, |(layer, _)| layer);
        let rest = name.strip_prefix(layer).unwrap_or(name).to_lowercase();
        let is_word = |word: &str| rest.split(|c: char| !c.is_alphanumeric()).any(|p| p == word);
        let of = [
            (Self::Apex, is_word(APEX)),
            (Self::Verdict, is_word(VERDICT)),
            (Self::Emotion, rest.contains(EMOTION) || is_word("label")),
            (
                Self::Units,
                rest.contains("unit") || is_word(UNITS) || is_word("au") || is_word("aus"),
            ),
            (Self::Note, is_word(NOTE) || is_word("notes") || rest.contains("comment")),
            (Self::Id, is_word(ID)),
            (Self::Frames, is_word(FRAMES)),
        ];
        of.into_iter().find(|(_, is_it)| *is_it).map(|(role, _)| role)
    }
}

impl Document {
    /// The tiers that hold events: those chosen, else a rater's in a file of Fleeting's, else those
    /// that are called so, else the only one.
    fn event_tiers(&self, choice: &Choice) -> Result<Vec<&Tier>, Wrong> {
        let timed: Vec<&Tier> = self.tiers.iter().filter(|tier| tier.is_timed()).collect();
        let names = |tiers: &[&Tier]| {
            tiers.iter().map(|tier| format!("`{}`", tier.name)).collect::<Vec<_>>().join(", ")
        };
        if timed.is_empty() {
            let found = match self.tiers.len() {
                0 => "no tier".to_owned(),
                count => format!("{count} tiers without any"),
            };
            return Err(Wrong::new("", "a tier with annotations in time", found));
        }
        if !choice.tiers.is_empty() {
            let named = |name: &String| {
                let tier = timed.iter().find(|tier| tier.name == *name);
                tier.copied().ok_or_else(|| {
                    Wrong::new(
                        "",
                        format!("one of the tiers {}", names(&timed)),
                        format!("`{name}`"),
                    )
                })
            };
            return choice.tiers.iter().map(named).collect();
        }
        let ours: Vec<&Tier> = timed.iter().copied().filter(|t| t.kind == EVENT_TYPE).collect();
        let raters: Vec<&Tier> = ours.iter().copied().filter(|t| !t.is_the_models()).collect();
        for tiers in [raters, ours] {
            if !tiers.is_empty() {
                return Ok(tiers);
            }
        }
        let top: Vec<&Tier> = timed.into_iter().filter(|tier| tier.parent.is_none()).collect();
        let called: Vec<&Tier> =
            top.iter().copied().filter(|tier| tier.is_called_events()).collect();
        match (called.len(), top.len()) {
            (1.., _) => Ok(called),
            (0, 1) => Ok(top),
            _ => Err(Wrong::new(
                "",
                "tiers that are named after events, or a choice of tiers (--tier)",
                names(&top),
            )),
        }
    }

    /// The event of the model that a rater's annotation is about: by number, and only where the file
    /// holds the model's own tiers and they say the same of it as this session.
    fn machine<'a>(&self, said: &Said, tier: &Tier, session: &'a Session) -> Option<&'a Event> {
        let id = said.get(&Role::Id)?.text.as_str();
        let number: u64 = id.parse().ok().filter(|_| !tier.is_the_models())?;
        let event = session.events.iter().find(|event| event.id == number)?;
        let frames =
            frames_text(&Bounds { onset: event.onset, apex: event.apex, offset: event.offset });
        let mut models = self.tiers.iter().filter(|tier| tier.is_the_models());
        let is_it = models.any(|tier| {
            tier.annotations.iter().map(|annotation| self.said_of(tier, annotation)).any(|said| {
                let has =
                    |role, text: &str| said.get(&role).is_some_and(|value| value.text == text);
                has(Role::Id, id) && has(Role::Frames, &frames)
            })
        });
        is_it.then_some(event)
    }

    /// Seconds in the recording.
    fn span_secs(&self, annotation: &Annotation) -> Option<[f64; 2]> {
        let [from, to] = annotation.slots.as_ref()?;
        let secs = |slot: &String| {
            Some((self.times_ms.get(slot).copied().flatten()? + self.origin_ms) / 1000.0)
        };
        Some([secs(from)?, secs(to)?])
    }

    /// What the tiers below `tier` say of `annotation`: by reference, or by lying within its time.
    fn said_of(&self, tier: &Tier, annotation: &Annotation) -> Said {
        let mut said = Said::new();
        let outer = self.span_secs(annotation);
        let is_below = |below: &&Tier| below.parent.as_deref() == Some(tier.name.as_str());
        for below in self.tiers.iter().filter(is_below) {
            let Some(role) = Role::of(&below.name, &tier.name) else { continue };
            let belongs = |inner: &&Annotation| match (&inner.of, self.span_secs(inner), outer) {
                (Some(of), ..) => *of == annotation.id,
                (None, Some([from, to]), Some([begin, end])) => from >= begin && to <= end,
                _ => false,
            };
            if let Some(inner) = below.annotations.iter().find(belongs) {
                let value = Value { text: inner.value.clone(), secs: self.span_secs(inner) };
                said.entry(role).or_insert(value);
            }
        }
        said
    }

    /// Markers in a file of Fleeting's.
    fn marks(&self, frames: &Frames) -> Vec<(Moment, String)> {
        let is_marker = |tier: &&Tier| {
            let (name, kind) = (tier.name.as_str(), tier.kind.as_str());
            kind == "span" && name.split_whitespace().any(|word| word == MARKERS)
        };
        let mut marks = Vec::new();
        for annotation in self.tiers.iter().filter(is_marker).flat_map(|tier| &tier.annotations) {
            if let Some(at) = self.span_secs(annotation).and_then(|[from, _]| frames.nearest(from))
            {
                let text = if annotation.value == "marker" { "" } else { &annotation.value };
                marks.push((at, text.to_owned()));
            }
        }
        marks.sort_by_key(|(at, _)| *at);
        marks
    }
}

impl Tier {
    fn is_timed(&self) -> bool {
        self.annotations.iter().any(|annotation| annotation.slots.is_some())
    }

    /// Whether it holds the model's events, in a file of Fleeting's.
    fn is_the_models(&self) -> bool {
        self.kind == EVENT_TYPE && self.name.starts_with(&format!("{MODEL} "))
    }

    fn is_called_events(&self) -> bool {
        let name = self.name.to_lowercase();
        kind_named(&name).is_some() || name.contains("event") || name.contains("expression")
    }
}

impl Document {
    fn parse(text: &str) -> Result<Self, Wrong> {
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
