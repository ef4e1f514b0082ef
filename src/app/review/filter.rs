//! Which events are listed, and in which order.

use crate::app::theme::{Grade, number_words, verdict_word};
use crate::measure::event::{EventKind, units_text};
use crate::session::annotation::Verdict;
use crate::session::table::Row;

/// Which events are listed. A field that is `None` lets every event pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Micro or macro.
    pub kind: Option<EventKind>,
    /// Their verdict.
    pub verdict: Option<Verdict>,
    /// By [`Row::emotion`].
    pub emotion: Option<&'static str>,
    /// How far their frames can be trusted.
    pub grade: Option<Grade>,
    /// Words that must all occur in the list's text about an event.
    pub text: String,
}

impl Filter {
    /// True if an event passes. `said` is the list's text about it.
    pub fn passes(&self, row: &Row, grade: Grade, said: &str) -> bool {
        let text = self.text.to_lowercase();
        let said = said.to_lowercase();
        self.kind.is_none_or(|kind| kind == row.kind)
            && self.verdict.is_none_or(|verdict| verdict == row.verdict)
            && self.emotion.is_none_or(|emotion| emotion == row.emotion())
            && self.grade.is_none_or(|wanted| wanted == grade)
            && text.split_whitespace().all(|word| said.contains(word))
    }

    /// True if everything passes.
    pub fn is_open(&self) -> bool {
        Self { text: self.text.trim().into(), ..self.clone() } == Self::default()
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// By onset.
    #[default]
    Time,
    /// The highest score first.
    Score,
    /// The shortest first.
    Duration,
    /// The most certain emotion first.
    Confidence,
}

impl ListOrder {
    /// In the order of the menu.
    pub const ALL: [Self; 4] = [Self::Time, Self::Score, Self::Duration, Self::Confidence];

    /// The lower-case word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Score => "score",
            Self::Duration => "duration",
            Self::Confidence => "confidence",
        }
    }

    /// Sorts indices into `rows`. Events without the value come last, and equal ones stay in order of time.
    pub fn sort(self, rows: &[Row], indices: &mut [usize]) {
        let descending = |value: Option<f32>| value.map_or(f64::INFINITY, |v| -f64::from(v));
        let key = |&i: &usize| match self {
            Self::Time => rows[i].bounds.onset.time.secs(),
            Self::Score => descending(rows[i].machine.as_ref().map(|event| event.score)),
            Self::Duration => rows[i].duration_secs(),
            Self::Confidence => descending(confidence(&rows[i])),
        };
        indices.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }
}

/// The model's probability of its most likely emotion.
pub fn confidence(row: &Row) -> Option<f32> {
    Some(row.machine.as_ref()?.emotion.as_ref()?.best().1)
}

/// The list's text about an event, for the search and for screen readers.
pub fn said(row: &Row) -> String {
    let units = units_text(&row.units);
    let units = if units.is_empty() { "none".to_owned() } else { units };
    let mut said = format!(
        "{} {} at {}, {:.0} ms, action units {units}, {}, {}",
        row.kind,
        number_words(row.target),
        row.bounds.onset.time,
        row.duration_secs() * 1000.0,
        row.emotion(),
        verdict_word(row.verdict),
    );
    if let Some(file) = &row.imported_from {
        said.push_str(&format!(", from {file}"));
    }
    if !row.note.is_empty() {
        said.push_str(&format!(", note: {}", row.note));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::event;
    use crate::measure::event::EmotionReading;
    use crate::session::Session;
    use crate::session::table::rows;
    use proptest::prelude::*;

    fn listed() -> Vec<Row> {
        let mut session = Session::default();
        for (id, (secs, score, share)) in
            [(5.0, 0.6, 0.5), (1.0, 0.9, 0.7), (3.0, 0.7, 0.9)].into_iter().enumerate()
        {
            let mut event = event(id as u64, secs);
            event.score = score;
            event.offset.time = event.offset.time + secs * 0.01;
            event.emotion =
                Some(EmotionReading { probabilities: [1.0 - share, share, 0.0], clear: true });
            session.events.push(event);
        }
        rows(&session, None)
    }

    fn sorted(order: ListOrder) -> Vec<String> {
        let rows = listed();
        let mut indices: Vec<_> = (0..rows.len()).collect();
        order.sort(&rows, &mut indices);
        indices.iter().map(|&i| rows[i].id()).collect()
    }

    #[test]
    fn each_order_puts_first_what_its_name_says() {
        assert_eq!(sorted(ListOrder::Time), ["1", "2", "0"]);
        assert_eq!(sorted(ListOrder::Score), ["1", "2", "0"]);
        assert_eq!(sorted(ListOrder::Duration), ["1", "2", "0"]);
        assert_eq!(sorted(ListOrder::Confidence), ["2", "1", "0"]);
    }

    #[test]
    fn an_event_that_the_model_never_scored_comes_last() {
        let mut rows = listed();
        rows[0].machine = None;
        let mut indices = vec![0, 1, 2];
        ListOrder::Score.sort(&rows, &mut indices);
        assert_eq!(indices.last(), Some(&0));
    }

    #[test]
    fn every_condition_must_hold() {
        let row = &listed()[0];
        let passes = |filter: &Filter| filter.passes(row, Grade::Good, &said(row));
        let mut filter = Filter::default();
        assert!(passes(&filter) && filter.is_open());
        filter.kind = Some(EventKind::Micro);
        filter.verdict = Some(Verdict::Open);
        filter.emotion = Some("positive");
        filter.grade = Some(Grade::Good);
        filter.text = "L12 MICRO".into();
        assert!(passes(&filter) && !filter.is_open());
        for broken in [
            Filter { kind: Some(EventKind::Macro), ..filter.clone() },
            Filter { verdict: Some(Verdict::Rejected), ..filter.clone() },
            Filter { emotion: Some("anger"), ..filter.clone() },
            Filter { grade: Some(Grade::Suspect), ..filter.clone() },
            Filter { text: "L12 macro".into(), ..filter.clone() },
        ] {
            assert!(!passes(&broken), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn sorting_loses_no_event(order in prop::sample::select(&ListOrder::ALL[..])) {
            let mut ids = sorted(order);
            ids.sort();
            prop_assert_eq!(ids, ["0", "1", "2"]);
        }
    }
}
