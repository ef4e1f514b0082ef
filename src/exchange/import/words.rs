//! What words of a file mean, and which of them mean nothing here.

use std::collections::BTreeMap;

use crate::measure::event::{EventKind, MovingUnit};
use crate::session::annotation::Label;

/// How many words a remark lists.
const MOST_WORDS: usize = 12;

/// Before a word for an emotion that stands in a note.
pub(crate) const EMOTION_NOTE: &str = "emotion: ";

/// A value that was not taken as what it stands for, or not quite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Odd {
    pub(crate) what: What,
    pub(crate) text: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A word for an emotion that is none of the labels: it stands in the note.
    Emotion,
    /// The emotion that a model read, of an event that the session does not have: likewise.
    Reading,
    /// The class that holds only happiness: it is the label.
    Positive,
    /// The class that holds five emotions: it stands in the note, where training finds it.
    Negative,
    /// No action units: they stand in the note.
    Units,
    /// Something else that an annotation says: it is the note.
    Value,
    /// No verdict: the event counts as there.
    Verdict,
}

/// One sentence for each kind of oddity, with the words and how often each came.
pub(crate) fn told(odd: impl IntoIterator<Item = Odd>) -> Vec<String> {
    let mut counts: BTreeMap<What, BTreeMap<String, usize>> = BTreeMap::new();
    for Odd { what, text } in odd {
        *counts.entry(what).or_default().entry(text).or_default() += 1;
    }
    counts.iter().map(|(what, words)| sentence(*what, words)).collect()
}

fn sentence(what: What, words: &BTreeMap<String, usize>) -> String {
    let all: usize = words.values().sum();
    let mut list: Vec<_> =
        words.iter().take(MOST_WORDS).map(|(word, count)| format!("{count} × `{word}`")).collect();
    if words.len() > MOST_WORDS {
        list.push(format!("{} other words", words.len() - MOST_WORDS));
    }
    let list = list.join(", ");
    let labels = || Label::ALL.map(Label::name).join(", ");
    match what {
        What::Emotion => format!(
            "Emotions that could not be read, {all}: {list}. They stand in the notes; labels are {}.",
            labels()
        ),
        What::Reading => format!(
            "Emotions that a model read and no person named, {all}: {list}. They stand in the notes."
        ),
        What::Positive => format!("Emotions taken as happiness, {all}: {list}."),
        What::Negative => format!(
            "Emotions that are a class of five and no label, {all}: {list}. They stand in the notes, \
             and training takes them as that class."
        ),
        What::Units => format!(
            "Action units that could not be read, {all}: {list}. They stand in the notes; units are \
             written as `4+R14`."
        ),
        What::Value => format!(
            "Values that are neither an emotion nor action units, {all}: {list}. They became notes."
        ),
        What::Verdict => format!(
            "Verdicts that could not be read, {all}: {list}. Their events count as confirmed."
        ),
    }
}

/// The label that a word of a file means; the field's class of happiness counts as it.
pub(crate) fn label_named(word: &str) -> Option<Label> {
    let word = word.trim().to_lowercase();
    let synonym = match word.as_str() {
        "positive" | "happy" => "happiness",
        "angry" => "anger",
        "sad" => "sadness",
        "surprised" => "surprise",
        "disgusted" => "disgust",
        "others" => "other",
        other => other,
    };
    Label::ALL.into_iter().find(|label| label.name() == synonym)
}

/// `1+2`, `L12`, `AU4, AU7`; `None` where it is anything else.
pub(crate) fn units_named(text: &str) -> Option<Vec<MovingUnit>> {
    let parts = text.split(['+', ',', ';', ' ']).filter(|part| !part.is_empty());
    let units: Option<Vec<MovingUnit>> = parts.map(|part| part.parse().ok()).collect();
    units.filter(|units| !units.is_empty())
}

/// Micro or macro by a word in a name: `ME`, `micro`, `MaE`, `macro`.
pub(crate) fn kind_named(text: &str) -> Option<EventKind> {
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

/// Whether the name of a tier or a behaviour says that it holds events.
pub(crate) fn is_named_after_events(name: &str) -> bool {
    let name = name.to_lowercase();
    kind_named(&name).is_some() || name.contains("event") || name.contains("expression")
}
