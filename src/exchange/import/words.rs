//! The meaning of words in a file, and the words without a meaning here.

use std::collections::BTreeMap;

use crate::measure::event::{EventKind, MovingUnit};
use crate::session::annotation::Label;

/// Greatest number of words in a remark.
const MOST_WORDS: usize = 12;

/// Text before an emotion that stands in a note.
pub(crate) const EMOTION_NOTE: &str = "emotion: ";

/// A word that was taken in another way than it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Odd {
    pub(crate) what: What,
    pub(crate) text: String,
}

/// How it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A word for an emotion that is none of the labels. It stands in the note.
    Emotion,
    /// A model's emotion of an event that the session does not have. It stands in the note.
    Reading,
    /// The class that holds only happiness. It became the label.
    Positive,
    /// The class of five emotions. It stands in the note, where training finds it.
    Negative,
    /// No action units. The text stands in the note.
    Units,
    /// Another value of an annotation. It became the note.
    Value,
    /// No verdict. The event counts as there.
    Verdict,
}

/// One sentence for each kind, with the words and how often each came.
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

/// The label that a word means. The field's class of happiness is taken as happiness.
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

/// `1+2`, `L12`, `AU4, AU7`; `None` for anything else.
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

/// True if the name of a tier or a behaviour says that it holds events.
pub(crate) fn is_named_after_events(name: &str) -> bool {
    let name = name.to_lowercase();
    kind_named(&name).is_some() || name.contains("event") || name.contains("expression")
}
