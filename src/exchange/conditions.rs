//! How many events there were in each condition, and how many a minute.

use std::io::{self, Write};

use super::View;
use super::table::cell;
use super::view::frame_secs;
use crate::measure::event::EventKind;
use crate::measure::time::Timestamp;
use crate::session::annotation::Condition;

/// One condition with the events of a layer in it. An event belongs to the condition in which its apex is.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionCounts {
    /// The condition's name.
    pub name: String,
    /// First time.
    pub start: Timestamp,
    /// Where it ends.
    pub end: Timestamp,
    /// Seconds in it whose frames have a score.
    pub scored_secs: f64,
    /// Micro-expressions in it.
    pub micro: u64,
    /// Macro-expressions in it.
    pub macro_: u64,
}

impl ConditionCounts {
    /// Seconds from start to end.
    pub fn secs(&self) -> f64 {
        self.end.secs_since(self.start)
    }

    /// Events in a minute of scored time; `None` if nothing was scored.
    pub fn per_minute(&self, events: u64) -> Option<f64> {
        (self.scored_secs > 0.0).then(|| events as f64 * 60.0 / self.scored_secs)
    }
}

/// The conditions of the session, by their start, with the events that the layer of `view` holds.
pub fn counts(view: &View<'_>) -> Vec<ConditionCounts> {
    let session = view.session;
    let last = session.history.samples().last();
    let last = last.map_or(Timestamp::ZERO, |sample| sample.time + frame_secs(session));
    let of = |condition: Condition| {
        let apexes = view.held().filter(|row| condition.holds(row.bounds.apex.time));
        let (mut micro, mut macro_) = (0, 0);
        for row in apexes {
            match row.kind {
                EventKind::Micro => micro += 1,
                EventKind::Macro => macro_ += 1,
            }
        }
        let samples = session.history.samples().iter();
        let is_scored = |s: &crate::measure::sample::Sample| s.score.is_some();
        let scored = samples.filter(is_scored).filter(|s| condition.holds(s.time)).count();
        let start = condition.start.time.max(Timestamp::ZERO);
        ConditionCounts {
            start,
            end: condition.end_in(last).max(start),
            scored_secs: scored as f64 * frame_secs(session),
            micro,
            macro_,
            name: condition.name,
        }
    };
    session.log.conditions().into_iter().map(|one| of(one.condition)).collect()
}

/// Writes one line for each condition.
pub(super) fn write_table(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record([
        "person",
        "condition",
        "start_s",
        "end_s",
        "scored_s",
        "micro",
        "macro",
        "micro_per_minute",
        "macro_per_minute",
    ])?;
    let rate = |rate: Option<f64>| rate.map_or_else(String::new, |rate| format!("{rate:.6}"));
    for one in counts(view) {
        table.write_record([
            &*cell(view.subject()),
            &*cell(&one.name),
            &format!("{:.6}", one.start.secs()),
            &format!("{:.6}", one.end.secs()),
            &format!("{:.6}", one.scored_secs),
            &one.micro.to_string(),
            &one.macro_.to_string(),
            &rate(one.per_minute(one.micro)),
            &rate(one.per_minute(one.macro_)),
        ])?;
    }
    table.flush()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::exchange::tests::{at, reviewed};
    use crate::session::annotation::{Act, Entry};
    use crate::session::{OBSERVER, Session};

    /// Three seconds of which the first second is the baseline and the rest questions.
    pub(crate) fn with_conditions() -> Session {
        let mut session = reviewed();
        let ended = Condition { end: Some(at(30)), ..Condition::begun("baseline", at(0)) };
        for (number, condition) in
            [ended, Condition::begun("questions", at(30))].into_iter().enumerate()
        {
            let act = Act::Condition(number as u64, condition);
            session.log.push(Entry { rater: OBSERVER.into(), at_unix_ms: 0, act });
        }
        session
    }

    #[test]
    fn each_event_is_counted_in_the_condition_of_its_apex() {
        let session = with_conditions();
        let told = |rater| {
            let view = View::new(&session, rater).expect("there");
            counts(&view).into_iter().map(|c| (c.name, c.micro, c.macro_)).collect::<Vec<_>>()
        };
        let of = |name: &str, micro, macro_| (name.to_owned(), micro, macro_);
        assert_eq!(told(None), [of("baseline", 1, 0), of("questions", 0, 1)]);
        // A rejected the macro-expression and added a micro-expression at frame 72.
        assert_eq!(told(Some("A")), [of("baseline", 1, 0), of("questions", 1, 0)]);
    }

    #[test]
    fn rates_are_per_minute_of_scored_time() {
        let session = with_conditions();
        let counts = counts(&View::of_model(&session));
        // Frames 20 to 24 have no score.
        assert!((counts[0].scored_secs - 25.0 / 30.0).abs() < 1e-3, "{counts:?}");
        let rate = counts[0].per_minute(1).expect("scored");
        assert!((rate - 72.0).abs() < 0.1, "{rate}");
        assert!(
            (counts[1].secs() - 2.0).abs() < 1e-3 && (counts[1].scored_secs - 2.0).abs() < 1e-3
        );
        let nothing = ConditionCounts { scored_secs: 0.0, ..counts[0].clone() };
        assert_eq!(nothing.per_minute(3), None);
    }
}
