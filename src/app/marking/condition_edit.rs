//! What a person does with conditions, and the acts that it becomes.

use crate::measure::event::Moment;
use crate::session::annotation::{Act, Condition, Log, NumberedCondition};

/// One thing that a person does with conditions, at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionEdit {
    /// Ends the one that goes on and begins the next name of the settings; after the last name, only ends.
    Next,
    /// Ends those that go on.
    End,
    /// Begins one of this name and ends the others; ends it if it goes on.
    Toggle(String),
    /// The condition of this number starts here.
    StartHere(u64),
    /// The condition of this number ends here.
    EndHere(u64),
    /// Removes the condition of this number.
    Drop(u64),
}

/// The acts that `edit` becomes at the moment `at`. `names` are those of the settings, in order.
pub fn acts(edit: &ConditionEdit, log: &Log, names: &[String], at: Moment) -> Vec<Act> {
    let conditions = log.conditions();
    let is_open = |one: &&NumberedCondition| {
        one.condition.end.is_none() && one.condition.start.time <= at.time
    };
    let ended = |one: &NumberedCondition| {
        let end = Some(at.max(one.condition.start));
        Act::Condition(one.number, Condition { end, ..one.condition.clone() })
    };
    let begun = |name: &str| Act::Condition(log.next_condition(), Condition::begun(name, at));
    let mut acts: Vec<Act> = Vec::new();
    let numbered = |number: u64| conditions.iter().find(move |one| one.number == number);
    match edit {
        ConditionEdit::Next => {
            acts.extend(conditions.iter().filter(is_open).map(ended));
            acts.extend(next_name(&conditions, names, at).map(begun));
        }
        ConditionEdit::End => acts.extend(conditions.iter().filter(is_open).map(ended)),
        ConditionEdit::Toggle(name) => {
            let goes_on = conditions.iter().filter(is_open).any(|one| one.condition.name == *name);
            acts.extend(conditions.iter().filter(is_open).map(ended));
            if !goes_on {
                acts.push(begun(name));
            }
        }
        ConditionEdit::StartHere(number) => {
            if let Some(NumberedCondition { number, condition }) = numbered(*number) {
                // One that would end before it starts goes on to the end of the session.
                let end = condition.end.filter(|end| end.time > at.time);
                let name = condition.name.clone();
                acts.push(Act::Condition(*number, Condition { name, start: at, end }));
            }
        }
        ConditionEdit::EndHere(number) => {
            let later = numbered(*number).filter(|one| one.condition.start.time < at.time);
            acts.extend(later.map(ended));
        }
        ConditionEdit::Drop(number) => {
            acts.extend(numbered(*number).map(|one| Act::DropCondition(one.number)));
        }
    }
    acts
}

/// The name that comes after that of the newest condition at `at`; the first one if there is none yet, and
/// `None` after the last one.
fn next_name<'a>(
    conditions: &[NumberedCondition],
    names: &'a [String],
    at: Moment,
) -> Option<&'a str> {
    let before = conditions.iter().rev().filter(|one| one.condition.start.time <= at.time);
    let place = |one: &NumberedCondition| names.iter().position(|n| *n == one.condition.name);
    let next = before.filter_map(place).next().map_or(0, |place| place + 1);
    names.get(next).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::time::Timestamp;
    use crate::session::OBSERVER;
    use crate::session::annotation::Entry;

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    fn edit(log: &mut Log, edit: ConditionEdit, frame: u64) {
        let names = ["baseline", "questions"].map(String::from);
        for act in acts(&edit, log, &names, at(frame)) {
            log.push(Entry { rater: OBSERVER.into(), at_unix_ms: 0, act });
        }
    }

    fn spans(log: &Log) -> Vec<(String, u64, Option<u64>)> {
        let all = log.conditions().into_iter().map(|one| one.condition);
        all.map(|c| (c.name, c.start.frame, c.end.map(|end| end.frame))).collect()
    }

    #[test]
    fn one_key_goes_through_the_conditions_in_order() {
        let mut log = Log::default();
        for frame in [10, 100, 200] {
            edit(&mut log, ConditionEdit::Next, frame);
        }
        let all = [("baseline".into(), 10, Some(100)), ("questions".into(), 100, Some(200))];
        assert_eq!(spans(&log), all);
        edit(&mut log, ConditionEdit::Next, 300);
        assert_eq!(spans(&log), all, "after the last one there is none");
    }

    #[test]
    fn a_key_of_its_own_begins_a_condition_and_ends_it() {
        let mut log = Log::default();
        edit(&mut log, ConditionEdit::Toggle("task".into()), 10);
        edit(&mut log, ConditionEdit::Toggle("rest".into()), 50);
        edit(&mut log, ConditionEdit::Toggle("rest".into()), 70);
        let expected = [("task".into(), 10, Some(50)), ("rest".into(), 50, Some(70))];
        assert_eq!(spans(&log), expected);
    }

    #[test]
    fn a_condition_can_be_moved_and_removed_afterwards() {
        let mut log = Log::default();
        edit(&mut log, ConditionEdit::Next, 10);
        edit(&mut log, ConditionEdit::End, 50);
        edit(&mut log, ConditionEdit::StartHere(0), 20);
        edit(&mut log, ConditionEdit::EndHere(0), 90);
        assert_eq!(spans(&log), [("baseline".into(), 20, Some(90))]);
        edit(&mut log, ConditionEdit::EndHere(0), 5);
        assert_eq!(spans(&log), [("baseline".into(), 20, Some(90))], "not before its start");
        edit(&mut log, ConditionEdit::StartHere(0), 95);
        assert_eq!(spans(&log), [("baseline".into(), 95, None)]);
        edit(&mut log, ConditionEdit::Drop(0), 0);
        assert_eq!(spans(&log), []);
    }
}
