//! ELAN files: those that Fleeting writes, and others by the names of their tiers or by their times alone.
//!
//! A file comes from elsewhere and is not trusted. A file with a document type is refused, because it could
//! declare entities that grow without end.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::elan::document::Kind;
use crate::exchange::elan::{
    APEX, CONFIDENCE, EMOTION, EVENT_TYPE, FRAMES, ID, MARKERS, NOTE, UNITS, VERDICT, frames_text,
};
use crate::exchange::import::found::{Claim, Found, FoundEvent};
use crate::exchange::import::frames::{Frames, kind_by_duration};
use crate::exchange::import::words::{What, is_named_after_events, kind_named};
use crate::exchange::import::{Choice, Input, Wrong};
use crate::exchange::table::text::{Encoding, decode};
use crate::measure::event::{Event, Moment};
use crate::session::Session;
use crate::session::annotation::{Bounds, Verdict};
use crate::session::table::MODEL;

mod document;
mod times;

use document::{Annotation, EafFile, EafTier};

/// The content of a tier below a tier of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Id,
    Frames,
    Apex,
    Units,
    Emotion,
    Confidence,
    Verdict,
    Note,
}

pub(super) fn read(input: &Input<'_>) -> Result<Found, Wrong> {
    let Input { bytes, session, frames, choice } = input;
    let (text, encoding) = decode(bytes)?;
    if encoding == Encoding::Windows1252 {
        return Err(Wrong::new("", "an ELAN file in UTF-8", "other bytes"));
    }
    let file = EafFile::parse(&text, &session.source.name)?;
    let mut found = Found::default();
    let mut untimed = 0;
    let models = file.models();
    let tiers = file.event_tiers(choice)?;
    found.remarks.push(file.told(&tiers));
    for tier in tiers {
        for annotation in &tier.annotations {
            let Some([from, to]) = file.span_secs(annotation) else {
                untimed += 1;
                continue;
            };
            let what = || format!("tier `{}`, annotation {}", tier.name, annotation.id);
            let spanned = frames.spanned(from, to).ok_or_else(|| {
                let expected = format!("times in this session, {}", frames.times());
                Wrong::new(&what(), expected, format!("{from:.3} to {to:.3} s"))
            })?;
            let said = file.said_of(tier, annotation);
            let machine = machine(&said, tier, &models, session);
            found.events.push(event(&said, tier, annotation, spanned, machine, frames));
        }
    }
    if untimed > 0 {
        found.remarks.push(format!("{untimed} annotations have no time and are left out."));
    }
    found.marks = file.marks(frames);
    found.events.sort_by_key(|event| event.bounds.onset);
    Ok(found)
}

/// The event of the model that an annotation is about: by its number, and only if the model's own tiers in
/// the file agree with this session.
fn machine<'a>(
    said: &Said,
    tier: &EafTier,
    models: &BTreeSet<[String; 2]>,
    session: &'a Session,
) -> Option<&'a Event> {
    let id = said.get(&Role::Id)?.text.clone();
    let number: u64 = id.parse().ok().filter(|_| tier.kind == EVENT_TYPE)?;
    let event = session.events.iter().find(|event| event.id == number)?;
    let bounds = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
    models.contains(&[id, frames_text(&bounds)]).then_some(event)
}

/// Everything that the tiers below say about one event.
type Said = BTreeMap<Role, Value>;

#[derive(Clone, Debug, PartialEq)]
struct Value {
    text: String,
    secs: Option<[f64; 2]>,
}

fn event(
    said: &Said,
    tier: &EafTier,
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
    let id = text(Role::Id);
    let is_ours = tier.kind == EVENT_TYPE;
    let claim = match machine {
        Some(event) => Claim::Model(event.id),
        None if is_ours && id.parse::<u64>().is_ok() => Claim::Lost,
        None => Claim::own(id),
    };
    let note = text(Role::Note).to_owned();
    let (verdict, label) = (Verdict::Confirmed, None);
    let odd = Vec::new();
    let (units, confidence) = (None, None);
    let mut event =
        FoundEvent { claim, kind, bounds, verdict, label, units, confidence, note, odd };
    event.take_confidence(text(Role::Confidence));
    event.take_verdict(text(Role::Verdict), tier);
    match (tier.is_the_models(), claim) {
        (true, Claim::Model(_)) => {}
        (true, Claim::Lost) => event.take_reading(text(Role::Emotion)),
        _ => event.take_emotion(text(Role::Emotion)),
    }
    event.take_units(text(Role::Units), machine);
    if !is_ours {
        event.take_value(annotation.value.trim());
    }
    event
}

impl FoundEvent {
    /// An event that no one has judged is an event that the model found; everything else that a person put
    /// into a file counts as there.
    fn take_verdict(&mut self, word: &str, tier: &EafTier) {
        self.verdict = match word.to_lowercase().as_str() {
            "rejected" => Verdict::Rejected,
            "open" => Verdict::Open,
            "confirmed" => Verdict::Confirmed,
            "" if tier.is_the_models() && !matches!(self.claim, Claim::Own(_)) => Verdict::Open,
            "" => Verdict::Confirmed,
            _ => {
                self.add_odd(What::Verdict, word);
                Verdict::Confirmed
            }
        };
    }
}

impl Role {
    /// From the name of the tier without the name of the tier above it.
    fn of(name: &str, parent: &str) -> Option<Self> {
        let layer = parent.split_once(" events").map_or(parent, |(layer, _)| layer);
        let rest = name.strip_prefix(layer).unwrap_or(name).to_lowercase();
        let is_word = |word: &str| rest.split(|c: char| !c.is_alphanumeric()).any(|p| p == word);
        let of = [
            (Self::Apex, is_word(APEX)),
            (Self::Verdict, is_word(VERDICT)),
            (Self::Emotion, rest.contains(EMOTION) || is_word("label")),
            (Self::Confidence, is_word(CONFIDENCE)),
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

impl EafFile {
    /// The tiers that hold events: those chosen, else a rater's tiers in a file of Fleeting, else those with
    /// the name of events, else the only one.
    fn event_tiers(&self, choice: &Choice) -> Result<Vec<&EafTier>, Wrong> {
        let timed: Vec<&EafTier> = self.tiers.iter().filter(|tier| tier.is_timed()).collect();
        let names = |tiers: &[&EafTier]| {
            tiers.iter().map(|tier| format!("`{}`", tier.name)).collect::<Vec<_>>().join(", ")
        };
        // In a file of Fleeting, a layer without any event has such tiers too.
        let ours: Vec<&EafTier> =
            self.tiers.iter().filter(|tier| tier.kind == EVENT_TYPE).collect();
        let raters: Vec<&EafTier> = ours.iter().copied().filter(|t| !t.is_the_models()).collect();
        for tiers in [raters, ours] {
            if !tiers.is_empty() && choice.tiers.is_empty() {
                return Ok(tiers);
            }
        }
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
        let top: Vec<&EafTier> = timed.into_iter().filter(|tier| tier.parent.is_none()).collect();
        let called: Vec<&EafTier> =
            top.iter().copied().filter(|tier| is_named_after_events(&tier.name)).collect();
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

    /// The number and frames of each event in the model's own tiers.
    fn models(&self) -> BTreeSet<[String; 2]> {
        let mut models = BTreeSet::new();
        for tier in self.tiers.iter().filter(|tier| tier.is_the_models()) {
            for annotation in &tier.annotations {
                let mut said = self.said_of(tier, annotation);
                if let (Some(id), Some(frames)) =
                    (said.remove(&Role::Id), said.remove(&Role::Frames))
                {
                    models.insert([id.text, frames.text]);
                }
            }
        }
        models
    }

    /// Says from which tiers the events are, and which other tiers have annotations.
    fn told(&self, taken: &[&EafTier]) -> String {
        let names = |tiers: &[&EafTier]| {
            tiers.iter().map(|tier| format!("`{}`", tier.name)).collect::<Vec<_>>().join(", ")
        };
        let is_taken = |tier: &EafTier| taken.iter().any(|taken| taken.name == tier.name);
        // Markers and stretches without a score, in a file of Fleeting.
        let is_span = |tier: &EafTier| tier.kind == Kind::Span.name();
        let is_left = |tier: &&EafTier| {
            let is_top = tier.parent.is_none() && !tier.annotations.is_empty();
            is_top && !is_taken(tier) && !is_span(tier)
        };
        let left: Vec<_> = self.tiers.iter().filter(is_left).collect();
        match left.as_slice() {
            [] => format!("Events are from the tiers {}.", names(taken)),
            left => {
                format!("Events are from the tiers {}, not from {}.", names(taken), names(left))
            }
        }
    }

    /// What the tiers below `tier` say about `annotation`: by reference, or by lying inside its time.
    fn said_of(&self, tier: &EafTier, annotation: &Annotation) -> Said {
        let mut said = Said::new();
        let outer = self.span_secs(annotation);
        let is_below = |below: &&EafTier| below.parent.as_deref() == Some(tier.name.as_str());
        for below in self.tiers.iter().filter(is_below) {
            let Some(role) = Role::of(&below.name, &tier.name) else { continue };
            let belongs = |inner: &&Annotation| match (&inner.of, self.span_secs(inner), outer) {
                (Some(of), ..) => *of == annotation.id,
                (None, Some([from, to]), Some([begin, end])) => from >= begin && to <= end,
                _ => false,
            };
            if let Some(inner) = below.annotations.iter().find(belongs) {
                // An annotation without a time of its own tells no time.
                let secs = self.span_secs(inner).filter(|_| inner.slots.is_some());
                let value = Value { text: inner.value.clone(), secs };
                said.entry(role).or_insert(value);
            }
        }
        said
    }

    /// Markers in a file of Fleeting.
    fn marks(&self, frames: &Frames) -> Vec<(Moment, String)> {
        let is_marker = |tier: &&EafTier| {
            let (name, kind) = (tier.name.as_str(), tier.kind.as_str());
            kind == Kind::Span.name() && name.split_whitespace().any(|word| word == MARKERS)
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

impl EafTier {
    fn is_timed(&self) -> bool {
        !self.annotations.is_empty()
    }

    /// True if it holds the model's events in a file of Fleeting.
    fn is_the_models(&self) -> bool {
        let rest = self.name.strip_prefix(MODEL).and_then(|rest| rest.strip_prefix(" events"));
        let is_number = |rest: &str| rest.trim_start().parse::<u32>().is_ok();
        self.kind == EVENT_TYPE && rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
    }
}
