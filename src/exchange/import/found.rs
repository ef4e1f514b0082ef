//! The content of a file that a reader found, and how it becomes acts of a rater.

use std::collections::BTreeSet;

use super::Import;
use super::words::{self, EMOTION_NOTE, Odd, What, kind_named, label_named, units_named};
use crate::measure::event::{Emotion, Event, EventKind, Moment, MovingUnit, units_text};
use crate::session::Session;
use crate::session::annotation::{Act, Bounds, Confidence, Label, Mark, Target, Verdict};

/// Events added by a rater keep the file's numbers below this one.
const MOST_OWN: u64 = 1 << 32;

/// What a reader found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) events: Vec<FoundEvent>,
    pub(crate) marks: Vec<(Moment, String)>,
    pub(crate) remarks: Vec<String>,
}

/// Which event it is, according to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// This event of the session's model.
    Model(u64),
    /// An event of a model that the session does not have.
    Lost,
    /// The coder's own event, with its number if it has one.
    Own(Option<u64>),
}

impl Claim {
    /// An event that the model did not find, by its id in the file.
    pub(crate) fn own(id: &str) -> Self {
        let number = id.strip_prefix("own-").and_then(|number| number.parse().ok());
        Self::Own(number.filter(|number| *number < MOST_OWN))
    }
}

/// One event of a file.
#[derive(Debug)]
pub(crate) struct FoundEvent {
    pub(crate) claim: Claim,
    pub(crate) kind: EventKind,
    pub(crate) bounds: Bounds,
    pub(crate) verdict: Verdict,
    pub(crate) label: Option<Label>,
    /// `None` if they are the model's.
    pub(crate) units: Option<Vec<MovingUnit>>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) note: String,
    pub(crate) odd: Vec<Odd>,
}

impl FoundEvent {
    /// Takes an emotion in a person's words. A word that names no emotion goes into the note.
    pub(crate) fn take_emotion(&mut self, word: &str) {
        if word.is_empty() || word == "unclear" {
            return;
        }
        self.label = label_named(word);
        match self.label {
            None => {
                let is_class = word.eq_ignore_ascii_case(Emotion::Negative.name());
                self.add_odd(if is_class { What::Negative } else { What::Emotion }, word);
                self.add_note(&format!("{EMOTION_NOTE}{word}"));
            }
            Some(_) if word.eq_ignore_ascii_case("positive") => self.add_odd(What::Positive, word),
            Some(_) => {}
        }
    }

    /// Takes a model's emotion of an event that the session does not have.
    pub(crate) fn take_reading(&mut self, word: &str) {
        if !word.is_empty() && word != "unclear" {
            self.add_odd(What::Reading, word);
            self.add_note(&format!("a model's emotion: {word}"));
        }
    }

    /// Takes how sure the rater is. Another word goes into the note.
    pub(crate) fn take_confidence(&mut self, word: &str) {
        let lower = word.to_lowercase();
        self.confidence = Confidence::ALL.into_iter().find(|known| known.name() == lower);
        if self.confidence.is_none() && !word.is_empty() {
            self.add_note(&format!("confidence: {word}"));
        }
    }

    /// Takes the units in a text, unless they are those of the model's event.
    pub(crate) fn take_units(&mut self, text: &str, machine: Option<&Event>) {
        if machine.is_some_and(|event| units_text(&event.action_units) == text) {
            return;
        }
        self.units = units_named(text);
        if text.is_empty() {
            self.units = machine.map(|_| Vec::new());
        } else if self.units.is_none() {
            self.add_odd(What::Units, text);
            self.add_note(text);
        }
    }

    /// Takes the event's own value in a file of another program, which may be any text.
    pub(crate) fn take_value(&mut self, value: &str) {
        if value.is_empty() || kind_named(value).is_some() {
            return;
        }
        if let Some(label) = label_named(value) {
            if self.label.is_none() {
                self.take_emotion(value);
            } else if self.label != Some(label) {
                self.add_note(value);
            }
        } else if let Some(units) = units_named(value) {
            self.units.get_or_insert(units);
        } else {
            self.add_odd(What::Value, value);
            self.add_note(value);
        }
    }

    pub(crate) fn add_odd(&mut self, what: What, text: &str) {
        self.odd.push(Odd { what, text: text.into() });
    }

    pub(crate) fn add_note(&mut self, text: &str) {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(text);
    }

    /// Adds the acts that are needed so that the layer says the same. It also says that an event of the model
    /// is not judged, because an imported layer holds only what is said.
    fn say(self, target: Target, session: &Session, acts: &mut Vec<Act>) {
        match target {
            Target::Own(number) => {
                acts.push(Act::Add(number, self.kind, self.bounds));
                if self.verdict != Verdict::Confirmed {
                    acts.push(Act::Judge(target, self.verdict));
                }
            }
            Target::Machine(id) => {
                acts.push(Act::Judge(target, self.verdict));
                if self.is_moved(id, session) {
                    acts.push(Act::Bound(target, self.bounds));
                }
            }
        }
        if self.label.is_some() {
            acts.push(Act::Label(target, self.label));
        }
        if self.confidence.is_some() {
            acts.push(Act::Confidence(target, self.confidence));
        }
        if let Some(units) = self.units {
            acts.push(Act::Units(target, units));
        }
        if !self.note.is_empty() {
            acts.push(Act::Note(target, self.note));
        }
    }

    /// True if its bounds differ from the model's.
    fn is_moved(&self, id: u64, session: &Session) -> bool {
        let event = session.events.iter().find(|event| event.id == id);
        event.is_some_and(|event| {
            let said = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
            self.bounds != said
        })
    }
}

/// Hands out targets, each once.
#[derive(Default)]
struct Targets {
    taken: BTreeSet<Target>,
    next_own: u64,
    twice: usize,
    lost: usize,
}

impl Targets {
    fn of(&mut self, claim: Claim) -> Target {
        let wanted = match claim {
            Claim::Model(id) => Some(Target::Machine(id)),
            Claim::Own(number) => number.map(Target::Own),
            Claim::Lost => {
                self.lost += 1;
                None
            }
        };
        if let Some(target) = wanted.filter(|target| self.taken.insert(*target)) {
            return target;
        }
        self.twice += usize::from(matches!(claim, Claim::Model(_)));
        self.next_own += 1;
        Target::Own(self.next_own - 1)
    }
}

impl Found {
    pub(crate) fn into_import(self, session: &Session) -> Import {
        let numbers = self.events.iter().filter_map(|event| match event.claim {
            Claim::Own(number) => number,
            _ => None,
        });
        let mut targets = Targets {
            next_own: numbers.max().map_or(0, |greatest| greatest + 1),
            ..Targets::default()
        };
        // The marks of the session are everyone's, so that those it has already are not added again.
        let known: BTreeSet<(u64, String)> = session
            .marks(None)
            .into_iter()
            .map(|signed| (signed.mark.at.frame, signed.mark.words()))
            .collect();
        let marks = self.marks.into_iter().map(|(at, text)| Mark::new(at, text));
        let marks: Vec<Mark> =
            marks.filter(|mark| !known.contains(&(mark.at.frame, mark.words()))).collect();
        let mut import = Import { marks: marks.len(), ..Import::default() };
        let mut other_kinds = 0;
        let mut odd = Vec::new();
        for mut event in self.events {
            let target = targets.of(event.claim);
            odd.append(&mut event.odd);
            if let Target::Machine(id) = target {
                let machine = session.events.iter().find(|machine| machine.id == id);
                other_kinds += usize::from(machine.is_some_and(|m| m.kind != event.kind));
                import.counts.moved += usize::from(event.is_moved(id, session));
                import.counts.of_the_model += 1;
            }
            match event.verdict {
                Verdict::Open => import.counts.open += 1,
                Verdict::Confirmed => import.counts.confirmed += 1,
                Verdict::Rejected => import.counts.rejected += 1,
            }
            event.say(target, session, &mut import.acts);
        }
        import.acts.extend(marks.into_iter().map(Act::Mark));
        import.remarks = self.remarks;
        import.remarks.extend(targets.told());
        if other_kinds > 0 {
            import.remarks.push(format!(
                "Events of the model that the file calls micro where the model says macro, or the \
                 other way round: {other_kinds}. They keep the model's word."
            ));
        }
        import.remarks.extend(words::told(odd));
        import
    }
}

impl Targets {
    fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.lost > 0 {
            told.push(format!(
                "Events of a model that are not in this session (another number or other frames): {}. \
                 They keep their verdict and stand as the rater's own.",
                self.lost
            ));
        }
        if self.twice > 0 {
            told.push(format!(
                "Events of the model that the file has more than once: {}. Each but the first stands \
                 as the rater's own.",
                self.twice
            ));
        }
        told
    }
}
