//! What people say about a session: an append-only list of acts, from which each rater's layer follows.
//!
//! Nothing that the model found is changed here, and no act is ever removed. Undo is an act too, so that undo
//! and redo still work after a session was stored and opened again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::event::{Emotion, EventKind, Moment, MovingUnit};
use rater::is_same_name;

pub use condition::{Condition, NumberedCondition};
pub use mark::{Mark, MarkKind, SignedMark};
pub use rater::Rater;

pub mod condition;
pub mod mark;
pub mod rater;

/// An event that an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The model's, by [`Event::id`](crate::measure::event::Event::id).
    Machine(u64),
    /// One that this rater added; numbers count from 0 for each rater.
    Own(u64),
}

/// A rater's judgement of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not judged yet.
    #[default]
    Open,
    /// There is an event.
    Confirmed,
    /// There is no event.
    Rejected,
}

impl Verdict {
    /// The word in exported files, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
        }
    }
}

/// The eight emotions that a person can choose from; the model knows three classes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Key 1.
    Happiness,
    /// Key 2.
    Surprise,
    /// Key 3.
    Anger,
    /// Key 4.
    Disgust,
    /// Key 5.
    Fear,
    /// Key 6.
    Sadness,
    /// Key 7.
    Contempt,
    /// Key 8: none of these, or not clear.
    Other,
}

impl Label {
    /// In the order of the keys `1` to `8`.
    pub const ALL: [Self; 8] = [
        Self::Happiness,
        Self::Surprise,
        Self::Anger,
        Self::Disgust,
        Self::Fear,
        Self::Sadness,
        Self::Contempt,
        Self::Other,
    ];

    /// The word, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Happiness => "happiness",
            Self::Surprise => "surprise",
            Self::Anger => "anger",
            Self::Disgust => "disgust",
            Self::Fear => "fear",
            Self::Sadness => "sadness",
            Self::Contempt => "contempt",
            Self::Other => "other",
        }
    }

    /// Its class in the field's composite evaluation (MEGC 2019); `None` for `other`.
    pub fn emotion(self) -> Option<Emotion> {
        match self {
            Self::Happiness => Some(Emotion::Positive),
            Self::Surprise => Some(Emotion::Surprise),
            Self::Anger | Self::Disgust | Self::Fear | Self::Sadness | Self::Contempt => {
                Some(Emotion::Negative)
            }
            Self::Other => None,
        }
    }

    /// That class's name, or `others`.
    pub fn class(self) -> &'static str {
        self.emotion().map_or("others", Emotion::name)
    }
}

/// How sure a rater is of what they say about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It may be so.
    Unsure,
    /// It is likely.
    Likely,
    /// There is no doubt.
    Sure,
}

impl Confidence {
    /// From the least to the greatest.
    pub const ALL: [Self; 3] = [Self::Unsure, Self::Likely, Self::Sure];

    /// The word, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsure => "unsure",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }
}

/// First, strongest and last frame of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// First frame.
    pub onset: Moment,
    /// Strongest frame.
    pub apex: Moment,
    /// Last frame, inclusive.
    pub offset: Moment,
}

/// One thing that a person did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Judged an event.
    Judge(Target, Verdict),
    /// Moved an event's onset, apex or offset.
    Bound(Target, Bounds),
    /// Named an event's emotion, or removed the name.
    Label(Target, Option<Label>),
    /// Said how sure the rater is of an event, or removed that.
    Confidence(Target, Option<Confidence>),
    /// Named the action units of an event.
    Units(Target, Vec<MovingUnit>),
    /// Wrote a note to an event; an empty one removes the note.
    Note(Target, String),
    /// Marked an event that the model had not found. It becomes `Own(n)`, with the next free `n`.
    Add(u64, EventKind, Bounds),
    /// Marked a moment. The mark belongs to the session.
    Mark(Mark),
    /// Began, ended, moved or renamed the condition of this number: it is this from now on. It belongs to the
    /// session.
    Condition(u64, Condition),
    /// Removed the condition of this number.
    DropCondition(u64),
    /// Undid the newest act that is not undone.
    Undo,
    /// Redid the act that was undone last.
    Redo,
}

impl Act {
    /// True if it is about the session and not about an event. Who did it need not be a rater.
    pub fn is_about_session(&self) -> bool {
        matches!(self, Self::Mark(_) | Self::Condition(..) | Self::DropCondition(_))
    }

    /// The same act with every moment in it changed by `change`.
    pub fn with_moments(self, change: impl Fn(Moment) -> Moment) -> Self {
        let bounds = |bounds: Bounds| Bounds {
            onset: change(bounds.onset),
            apex: change(bounds.apex),
            offset: change(bounds.offset),
        };
        match self {
            Self::Bound(target, span) => Self::Bound(target, bounds(span)),
            Self::Add(number, kind, span) => Self::Add(number, kind, bounds(span)),
            Self::Mark(mark) => Self::Mark(Mark { at: change(mark.at), ..mark }),
            Self::Condition(number, Condition { name, start, end }) => {
                let (start, end) = (change(start), end.map(&change));
                Self::Condition(number, Condition { name, start, end })
            }
            act => act,
        }
    }
}

/// One act in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Who did it: a rater; for acts about the session also [`OBSERVER`](crate::session::OBSERVER), or the
    /// program that sent a mark.
    pub rater: String,
    /// Wall clock, milliseconds since 1970, UTC. The order of acts is that of the list, not of this time.
    pub at_unix_ms: i64,
    /// What was done.
    pub act: Act,
}

/// What a rater says about one event. A field that is `None` keeps the model's value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The rater's judgement.
    pub verdict: Verdict,
    /// Moved bounds.
    pub bounds: Option<Bounds>,
    /// The emotion.
    pub label: Option<Label>,
    /// The action units.
    pub units: Option<Vec<MovingUnit>>,
    /// How sure the rater is.
    pub confidence: Option<Confidence>,
    /// The note; empty without one.
    pub note: String,
    /// Set for an event of the rater's own.
    pub kind: Option<EventKind>,
    /// True if an event of the rater's own came with an imported file.
    pub is_imported: bool,
}

/// Everything that one rater says, after undo and redo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// By event.
    pub events: BTreeMap<Target, Judgement>,
    /// Moments that this rater marked, in the order in which they were marked.
    pub marks: Vec<Mark>,
    /// True if there is an act to undo.
    pub can_undo: bool,
    /// True if there is an act to redo.
    pub can_redo: bool,
}

impl Layer {
    fn of(&mut self, target: &Target) -> &mut Judgement {
        self.events.entry(*target).or_default()
    }

    fn take_in(&mut self, act: &Act, is_imported: bool) {
        match act {
            Act::Judge(target, verdict) => self.of(target).verdict = *verdict,
            Act::Bound(target, bounds) => self.of(target).bounds = Some(*bounds),
            Act::Label(target, label) => self.of(target).label = *label,
            Act::Confidence(target, confidence) => self.of(target).confidence = *confidence,
            Act::Units(target, units) => self.of(target).units = Some(units.clone()),
            Act::Note(target, text) => self.of(target).note.clone_from(text),
            Act::Add(number, kind, bounds) => {
                let own = self.of(&Target::Own(*number));
                (own.kind, own.bounds) = (Some(*kind), Some(*bounds));
                own.verdict = Verdict::Confirmed;
                own.is_imported |= is_imported;
            }
            Act::Mark(mark) => self.marks.push(mark.clone()),
            // Conditions follow from the acts of all, see `Log::conditions`.
            Act::Condition(..) | Act::DropCondition(_) | Act::Undo | Act::Redo => {}
        }
    }
}

/// All acts of all raters, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    raters: Vec<Rater>,
    entries: Vec<Entry>,
}

impl Log {
    /// The raters, in the order in which they were added.
    pub fn raters(&self) -> &[Rater] {
        &self.raters
    }

    /// Every act, also those that were undone.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rater called `name`: one with exactly this spelling, else one whose name differs only in case or
    /// in spaces at its ends. (Sessions of older versions may hold both `r1` and `R1`.)
    pub fn rater(&self, name: &str) -> Option<&Rater> {
        let exactly = self.raters.iter().find(|known| known.name == name);
        exactly.or_else(|| self.raters.iter().find(|known| is_same_name(&known.name, name)))
    }

    /// True if the rater of exactly this name works blind and has not finished.
    pub fn is_blind(&self, name: &str) -> bool {
        self.raters.iter().any(|rater| rater.name == name && rater.blind)
    }

    /// Adds a rater. For a rater of exactly this name who is known already, changes how they work.
    pub fn add_rater(&mut self, rater: Rater) {
        match self.raters.iter_mut().find(|known| known.name == rater.name) {
            Some(known) => known.renew(rater),
            None => self.raters.push(rater),
        }
    }

    /// Appends an act. Who judges an event and is not known yet is added as a rater.
    pub fn push(&mut self, entry: Entry) {
        let is_known = self.raters.iter().any(|known| known.name == entry.rater);
        let is_of_session =
            entry.act.is_about_session() || matches!(entry.act, Act::Undo | Act::Redo);
        if !is_known && !is_of_session {
            self.raters.push(Rater::new(&entry.rater));
        }
        self.entries.push(entry);
    }

    /// Everyone who did something, in the order of their first acts.
    pub fn authors(&self) -> Vec<&str> {
        let mut authors: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !authors.contains(&entry.rater.as_str()) {
                authors.push(&entry.rater);
            }
        }
        authors
    }

    /// The marks of the session, by time: everyone's. Without what a rater must not see who works blind: the
    /// marks of other raters.
    pub fn marks(&self, seen_by: Option<&str>) -> Vec<SignedMark> {
        let is_blind = seen_by.is_some_and(|name| self.is_blind(name));
        let is_rater = |name: &str| self.raters.iter().any(|rater| rater.name == name);
        let is_seen = |name: &&str| !is_blind || seen_by == Some(*name) || !is_rater(name);
        let of = |by: &str| {
            let marks = self.layer(by).marks.into_iter();
            marks.map(|mark| SignedMark { by: by.to_owned(), mark }).collect::<Vec<_>>()
        };
        let mut marks: Vec<_> = self.authors().into_iter().filter(is_seen).flat_map(of).collect();
        marks.sort_by_key(|signed| signed.mark.at);
        marks
    }

    /// The conditions of the session, by their start. They are everyone's.
    pub fn conditions(&self) -> Vec<NumberedCondition> {
        let authors = self.authors();
        let mut done: Vec<usize> =
            authors.iter().flat_map(|author| self.standing(author).0).collect();
        done.sort_unstable();
        let mut conditions = BTreeMap::new();
        for act in done.into_iter().map(|place| &self.entries[place].act) {
            match act {
                Act::Condition(number, condition) => {
                    conditions.insert(*number, condition.clone());
                }
                Act::DropCondition(number) => {
                    conditions.remove(number);
                }
                _ => {}
            }
        }
        let numbered = |(number, condition)| NumberedCondition { number, condition };
        let mut conditions: Vec<_> = conditions.into_iter().map(numbered).collect();
        conditions.sort_by_key(|one| one.condition.start);
        conditions
    }

    /// The number of the next condition. A number that was dropped or undone is not used again.
    pub fn next_condition(&self) -> u64 {
        let numbers = self.entries.iter().filter_map(|entry| match entry.act {
            Act::Condition(number, _) => number.checked_add(1),
            _ => None,
        });
        numbers.max().unwrap_or(0)
    }

    /// The places in the list of the acts of `author` that are not undone, in order, and how many can be done
    /// again.
    fn standing(&self, author: &str) -> (Vec<usize>, usize) {
        let (mut done, mut undone) = (Vec::new(), Vec::new());
        for (place, entry) in self.entries.iter().enumerate().filter(|(_, e)| e.rater == author) {
            match &entry.act {
                Act::Undo => undone.extend(done.pop()),
                Act::Redo => done.extend(undone.pop()),
                _ => {
                    done.push(place);
                    undone.clear();
                }
            }
        }
        (done, undone.len())
    }

    /// Everything that `rater` says.
    pub fn layer(&self, rater: &str) -> Layer {
        let imported = self.raters.iter().find(|known| known.name == rater);
        let imported = imported.and_then(|known| Some(known.imported.as_ref()?.acts)).unwrap_or(0);
        let of_rater = self.entries.iter().enumerate().filter(|(_, entry)| entry.rater == rater);
        // The first act that did not come with the imported file.
        let own_from =
            of_rater.map(|(place, _)| place).nth(usize::try_from(imported).unwrap_or(usize::MAX));
        let (done, undone) = self.standing(rater);
        let mut layer =
            Layer { can_undo: !done.is_empty(), can_redo: undone > 0, ..Layer::default() };
        for place in done {
            let is_imported = own_from.is_none_or(|from| place < from);
            layer.take_in(&self.entries[place].act, is_imported);
        }
        layer
    }

    /// The number of the rater's next own event. A number that was undone is not used again.
    pub fn next_own(&self, rater: &str) -> u64 {
        let numbers = self.entries.iter().filter_map(|entry| match entry.act {
            Act::Add(number, ..) if entry.rater == rater => Some(number + 1),
            _ => None,
        });
        numbers.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
