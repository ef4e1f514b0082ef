//! ELAN: one tier for each part of a layer, and the model's tiers beside a rater's.
//!
//! An annotation begins with its first frame and ends with the end of its last one, in whole milliseconds,
//! the unit of ELAN. The frame numbers stand in a tier of their own. Annotations of one tier never overlap:
//! if events do, the later one goes into a second set of tiers.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::conditions;
use super::import::EventReader;
use super::view::lanes;
use super::{FileFormat, Format, PictureUse, Reader, Sink, View};
use crate::measure::event::{EventKind, Moment, units_text};
use crate::measure::sample::Sample;
use crate::session::Session;
use crate::session::annotation::{Bounds, Confidence, Label, Mark, SignedMark, Verdict};
use crate::session::table::{self, MODEL, Row};

mod document;
mod read;

use document::{Kind, NewEaf, NewTier, Span};

/// The registry entry.
pub const FORMAT: Format = Format {
    read: Some(Reader::Events(EventReader {
        about: "an ELAN file",
        endings: &["eaf"],
        is_one: |_| true,
        read: read::read,
    })),
    ..Format::written("elan", "Annotations on tiers (ELAN .eaf)", PictureUse::None, |_| {
        vec![FileFormat::new("session.eaf", write)]
    })
};

/// Names of the tiers below those of the events. Importing looks for these names.
pub(crate) const ID: &str = "id";
pub(crate) const FRAMES: &str = "frames";
pub(crate) const APEX: &str = "apex";
pub(crate) const UNITS: &str = "units";
pub(crate) const EMOTION: &str = "emotion";
pub(crate) const VERDICT: &str = "verdict";
pub(crate) const CONFIDENCE: &str = "confidence";
pub(crate) const NOTE: &str = "note";
pub(crate) const MARKERS: &str = "markers";

/// The name of tiers with the time before marks. Importing passes them over.
const BEFORE_MARKS: &str = "time before";

/// The name of the tiers with conditions. Importing passes them over.
const CONDITIONS: &str = "conditions";

/// The layer of what belongs to the session and to no rater.
const SESSION: &str = "session";

/// The kind of tiers that hold events, as the file names it.
pub(crate) const EVENT_TYPE: &str = "event";

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    let mut document = NewEaf::new(view);
    let session = view.session;
    if let Some(name) = view.rater {
        // A rater who works blind must not get the model's events in this way.
        if !session.log.is_blind(name) {
            add_events(&mut document, view, MODEL, &table::rows(session, None));
        }
        add_events(&mut document, view, name, &view.rows);
    } else {
        add_events(&mut document, view, MODEL, &view.rows);
    }
    add_markers(&mut document, view);
    add_conditions(&mut document, view);
    add_unscored(&mut document, view, session);
    document.write(out)
}

/// The span from the first frame to the end of the last.
fn span(view: &View<'_>, first: Moment, last: Moment) -> Span {
    Span::new(view.on_media(first.time), view.on_media(view.end_of(last)))
}

fn add_events(document: &mut NewEaf, view: &View<'_>, layer: &str, rows: &[Row]) {
    let spans: Vec<Span> =
        rows.iter().map(|row| span(view, row.bounds.onset, row.bounds.offset)).collect();
    let lane_of = lanes(spans.iter().map(|span| (span.from_ms, span.to_ms)));
    for lane in 0..=lane_of.iter().copied().max().unwrap_or(0) {
        let name = |what: &str| match lane {
            0 => format!("{layer} {what}"),
            _ => format!("{layer} {what} {}", lane + 1),
        };
        let events = document.tier(NewTier::new(name("events"), Kind::Event, layer));
        let part = |document: &mut NewEaf, what, kind| {
            document.tier(NewTier::new(name(what), kind, layer).below(name("events")))
        };
        let [apex, id, frames, units, emotion, confidence, score, quality, verdict, note] = [
            (APEX, Kind::Included),
            (ID, Kind::Text),
            (FRAMES, Kind::Text),
            (UNITS, Kind::Text),
            (EMOTION, Kind::Emotion),
            (CONFIDENCE, Kind::Text),
            ("score", Kind::Text),
            ("quality", Kind::Text),
            (VERDICT, Kind::Verdict),
            (NOTE, Kind::Text),
        ]
        .map(|(what, kind)| part(document, what, kind));
        for (row, span) in
            rows.iter().zip(&spans).zip(&lane_of).filter(|(_, l)| **l == lane).map(|(r, _)| r)
        {
            let event = document.add_span(events, *span, row.kind.name());
            let at_apex = self::span(view, row.bounds.apex, row.bounds.apex).within(*span);
            document.add_span(apex, at_apex, APEX);
            document.add_text(id, event, &row.id());
            document.add_text(frames, event, &frames_text(&row.bounds));
            document.add_text(units, event, &units_text(&row.units));
            // A rater's tier holds only the rater's labels; the model's class is in the model's tier.
            let said = row.label.map(Label::name);
            let class = if row.rater.is_none() { Some(row.emotion()) } else { said };
            document.add_text(emotion, event, class.unwrap_or_default());
            let sure = row.confidence.map(Confidence::name);
            document.add_text(confidence, event, sure.unwrap_or_default());
            document.add_text(note, event, &row.note);
            if row.rater.is_some() {
                document.add_text(verdict, event, row.verdict.name());
            } else if let Some(machine) = &row.machine {
                document.add_text(score, event, &machine.score.to_string());
                document.add_text(quality, event, &machine.trouble.to_string());
            }
        }
    }
}

/// The frame numbers of an event, as their tier has them.
pub(crate) fn frames_text(bounds: &Bounds) -> String {
    let [onset, apex, offset] =
        [bounds.onset, bounds.apex, bounds.offset].map(|moment| moment.frame);
    format!("onset {onset}, apex {apex}, offset {offset}")
}

/// Adds the marks of each author, and the time before them that they are about.
fn add_markers(document: &mut NewEaf, view: &View<'_>) {
    let mut by_author: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
    for SignedMark { by, mark } in view.marks() {
        by_author.entry(by).or_default().push(mark);
    }
    for (by, marks) in by_author {
        let moments = marks.iter().map(|mark| (span(view, mark.at, mark.at), mark.words()));
        add_spans(document, &by, MARKERS, moments.collect());
        let before = marks.iter().filter(|mark| mark.begin() < mark.at.time).map(|mark| {
            let from_to = Span::new(view.on_media(mark.begin()), view.on_media(mark.at.time));
            (from_to, mark.words())
        });
        add_spans(document, &by, BEFORE_MARKS, before.collect());
    }
}

/// Adds the conditions of the session.
fn add_conditions(document: &mut NewEaf, view: &View<'_>) {
    let spans = conditions::counts(view)
        .into_iter()
        .map(|one| (Span::new(view.on_media(one.start), view.on_media(one.end)), one.name));
    add_spans(document, SESSION, CONDITIONS, spans.collect());
}

/// Adds spans to a tier, and to further ones where they overlap.
fn add_spans(document: &mut NewEaf, layer: &str, what: &str, mut spans: Vec<(Span, String)>) {
    spans.sort_by_key(|(span, _)| span.from_ms);
    let lane_of = lanes(spans.iter().map(|(span, _)| (span.from_ms, span.to_ms)));
    let mut tiers = Vec::new();
    for ((span, words), lane) in spans.iter().zip(lane_of) {
        if lane == tiers.len() {
            let name = match lane {
                0 => format!("{layer} {what}"),
                _ => format!("{layer} {what} {}", lane + 1),
            };
            tiers.push(document.tier(NewTier::new(name, Kind::Span, layer)));
        }
        document.add_span(tiers[lane], *span, words);
    }
}

/// Adds stretches without a score, with the trouble of their first frame.
fn add_unscored(document: &mut NewEaf, view: &View<'_>, session: &Session) {
    let tier = document.tier(NewTier::new("not scored".into(), Kind::Span, MODEL));
    let at = |sample: &Sample| Moment { frame: sample.seq, time: sample.time };
    let mut samples = session.history.samples().iter().peekable();
    while let Some(first) = samples.next() {
        if first.score.is_some() {
            continue;
        }
        let mut last = first;
        while let Some(next) = samples.next_if(|next| next.score.is_none()) {
            last = next;
        }
        document.add_span(
            tier,
            span(view, at(&first), at(&last)),
            &first.quality.trouble.to_string(),
        );
    }
}

/// The vocabularies, in the order in which they are written: id, description, words.
fn vocabularies() -> [(&'static str, &'static str, Vec<&'static str>); 3] {
    let labels = Label::ALL.iter().map(|label| label.name());
    let classes = ["positive", "negative", "unclear"];
    [
        (EVENT_TYPE, "What kind of expression", EventKind::ALL.map(EventKind::name).to_vec()),
        (
            EMOTION,
            "A person's label, or the model's class; `surprise` is both",
            labels.chain(classes).collect(),
        ),
        (
            VERDICT,
            "Whether the rater says that it is there",
            [Verdict::Open, Verdict::Confirmed, Verdict::Rejected].map(Verdict::name).to_vec(),
        ),
    ]
}

/// The place of `word` in a vocabulary, as the file names it.
fn vocabulary_entry(vocabulary: &str, word: &str) -> Option<String> {
    let (_, _, words) = vocabularies().into_iter().find(|(id, ..)| *id == vocabulary)?;
    words.iter().position(|known| *known == word).map(|i| format!("cve-{vocabulary}-{i}"))
}

fn text_of(writer: &mut Writer<&mut Sink>, element: &str, text: &str) -> io::Result<()> {
    writer.create_element(element).write_text_content(BytesText::new(&printable(text)))?;
    Ok(())
}

/// The text without control characters that XML cannot write.
fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' | '\n' => c,
        '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    };
    text.replace("\r\n", "\n").replace('\r', "\n").chars().map(shown).collect()
}

#[cfg(test)]
mod tests;
