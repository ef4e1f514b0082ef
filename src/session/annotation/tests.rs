//! Layers, undo and raters.

use super::rater::Imported;
use super::*;
use proptest::prelude::*;

fn log(acts: &[Act]) -> Log {
    let mut log = Log::default();
    for act in acts {
        log.push(Entry { rater: "A".into(), at_unix_ms: 0, act: act.clone() });
    }
    log
}

fn act() -> impl Strategy<Value = Act> {
    let target = || (0u64..4).prop_map(Target::Machine);
    prop_oneof![
        (target(), any::<bool>()).prop_map(|(t, yes)| {
            Act::Judge(t, if yes { Verdict::Confirmed } else { Verdict::Rejected })
        }),
        (target(), 0usize..8).prop_map(|(t, i)| Act::Label(t, Some(Label::ALL[i]))),
        (target(), "[a-z]{0,3}").prop_map(|(t, text)| Act::Note(t, text)),
        Just(Act::Mark(Mark::default())),
    ]
}

proptest! {
    #[test]
    fn undoing_everything_leaves_an_empty_layer_and_redoing_brings_it_back(
        acts in prop::collection::vec(act(), 1..20)
    ) {
        let full = log(&acts).layer("A");
        let mut back = acts.clone();
        back.extend(vec![Act::Undo; acts.len()]);
        let empty = log(&back).layer("A");
        prop_assert!(empty.events.is_empty() && empty.marks.is_empty() && !empty.can_undo);
        back.extend(vec![Act::Redo; acts.len()]);
        prop_assert_eq!(log(&back).layer("A"), full);
    }

    #[test]
    fn one_more_act_and_its_undo_change_nothing_but_redo(
        acts in prop::collection::vec(act(), 0..20), more in act()
    ) {
        let before = log(&acts).layer("A");
        let mut after = acts;
        after.extend([more, Act::Undo]);
        prop_assert_eq!(log(&after).layer("A"), Layer { can_redo: true, ..before });
    }
}

#[test]
fn a_new_act_ends_what_could_be_redone() {
    let mark = || Act::Mark(Mark::default());
    let layer = log(&[mark(), Act::Undo, mark(), Act::Redo, Act::Redo]).layer("A");
    assert_eq!((layer.marks.len(), layer.can_redo), (1, false));
}

#[test]
fn too_many_undos_do_nothing() {
    let mark = Act::Mark(Mark::default());
    let layer = log(&[Act::Undo, Act::Undo, mark, Act::Redo]).layer("A");
    assert_eq!(layer.marks.len(), 1);
}

#[test]
fn raters_do_not_see_into_each_others_layers() {
    let mut log = log(&[Act::Judge(Target::Machine(3), Verdict::Rejected)]);
    let add = Act::Add(
        0,
        EventKind::Micro,
        Bounds { onset: Moment::default(), apex: Moment::default(), offset: Moment::default() },
    );
    log.push(Entry { rater: "B".into(), at_unix_ms: 0, act: add });
    assert_eq!(log.layer("A").events.keys().collect::<Vec<_>>(), [&Target::Machine(3)]);
    assert_eq!(log.layer("B").events.keys().collect::<Vec<_>>(), [&Target::Own(0)]);
    assert_eq!((log.next_own("A"), log.next_own("B")), (0, 1));
    assert_eq!(log.raters().len(), 2);
}

#[test]
fn the_words_of_the_export_files_are_these() {
    let verdicts = [Verdict::Open, Verdict::Confirmed, Verdict::Rejected].map(Verdict::name);
    assert_eq!(verdicts, ["open", "confirmed", "rejected"]);
    let named = Label::ALL.map(|label| (label.name(), label.class()));
    let expected = [
        ("happiness", "positive"),
        ("surprise", "surprise"),
        ("anger", "negative"),
        ("disgust", "negative"),
        ("fear", "negative"),
        ("sadness", "negative"),
        ("contempt", "negative"),
        ("other", "others"),
    ];
    assert_eq!(named, expected);
}

fn bounds(frames: [u64; 3]) -> Bounds {
    let [onset, apex, offset] = frames.map(|frame| Moment { frame, ..Moment::default() });
    Bounds { onset, apex, offset }
}

#[test]
fn a_layer_holds_the_newest_of_everything_that_was_done() {
    let (event, own) = (Target::Machine(2), Target::Own(0));
    let units = |text: &str| vec![text.parse().expect("a unit")];
    let layer = log(&[
        Act::Units(event, units("4")),
        Act::Units(event, units("L12")),
        Act::Bound(event, bounds([1, 2, 3])),
        Act::Bound(event, bounds([4, 5, 6])),
        Act::Label(event, Some(Label::Fear)),
        Act::Note(event, "first".into()),
        Act::Note(event, "second".into()),
        Act::Add(0, EventKind::Macro, bounds([7, 8, 9])),
        Act::Mark(Mark::new(Moment { frame: 9, ..Moment::default() }, "here")),
    ])
    .layer("A");
    let judged = Judgement {
        units: Some(units("L12")),
        bounds: Some(bounds([4, 5, 6])),
        label: Some(Label::Fear),
        note: "second".into(),
        ..Judgement::default()
    };
    assert_eq!(layer.events[&event], judged);
    let added = Judgement {
        verdict: Verdict::Confirmed,
        kind: Some(EventKind::Macro),
        bounds: Some(bounds([7, 8, 9])),
        ..Judgement::default()
    };
    assert_eq!(layer.events[&own], added);
    assert_eq!(layer.marks, [Mark::new(Moment { frame: 9, ..Moment::default() }, "here")]);
    assert!(layer.can_undo && !layer.can_redo);
}

#[test]
fn of_an_imported_layer_only_what_was_in_the_file_counts_as_imported() {
    let add = |number| Act::Add(number, EventKind::Micro, bounds([1, 2, 3]));
    let mut log = log(&[add(0), add(1), add(2)]);
    assert!(log.layer("A").events.values().all(|event| !event.is_imported));
    let imported = Some(Imported { file: "coded.csv".into(), acts: 2 });
    log.add_rater(Rater { imported, ..Rater::new("A") });
    let layer = log.layer("A");
    let is_imported = [0, 1, 2].map(|number| layer.events[&Target::Own(number)].is_imported);
    assert_eq!(is_imported, [true, true, false]);
}

#[test]
fn the_number_of_an_event_that_was_undone_is_not_used_again() {
    let add = |number| Act::Add(number, EventKind::Micro, bounds([1, 2, 3]));
    assert_eq!(log(&[add(0), add(4), Act::Undo]).next_own("A"), 5);
    assert_eq!(log(&[]).next_own("A"), 0);
}

#[test]
fn a_rater_is_found_by_the_very_spelling_or_else_by_one_that_is_alike() {
    let mut log = Log::default();
    log.add_rater(Rater::new("r1"));
    log.add_rater(Rater::blind("R1"));
    log.add_rater(Rater::new("Zoë"));
    let found = |name: &str| log.rater(name).map(|rater| rater.name.as_str());
    assert_eq!(
        (found("R1"), found("r1"), found(" ZOË "), found("R2")),
        (Some("R1"), Some("r1"), Some("Zoë"), None)
    );
    assert!(log.is_blind("R1") && !log.is_blind("r1") && !log.is_blind("nobody"));
}

#[test]
fn a_rater_who_is_known_is_renewed_and_not_added_again() {
    let mut log = log(&[]);
    log.add_rater(Rater::blind("A"));
    log.add_rater(Rater::new("A"));
    assert_eq!(log.raters().len(), 1);
    assert!(log.raters()[0].was_blind && !log.is_blind("A"));
    log.push(Entry { rater: "A".into(), at_unix_ms: 0, act: Act::Undo });
    assert_eq!((log.raters().len(), log.entries().len()), (1, 1));
}

fn at(frame: u64) -> Moment {
    Moment { frame, time: crate::measure::time::Timestamp::of_frame(frame, 30.0) }
}

/// The names of the conditions with their first and last frames.
fn conditions(log: &Log) -> Vec<(String, u64, Option<u64>)> {
    let conditions = log.conditions().into_iter().map(|one| one.condition);
    conditions.map(|c| (c.name, c.start.frame, c.end.map(|end| end.frame))).collect()
}

#[test]
fn conditions_are_the_sessions_and_everyone_can_change_them() {
    let mut log = Log::default();
    let mut say = |by: &str, act| log.push(Entry { rater: by.into(), at_unix_ms: 0, act });
    let ended = |name: &str, start, end| Condition {
        end: Some(at(end)),
        ..Condition::begun(name, at(start))
    };
    say("Observer", Act::Condition(0, Condition::begun("baseline", at(30))));
    say("Observer", Act::Condition(0, ended("baseline", 30, 90)));
    say("Observer", Act::Condition(1, Condition::begun("questions", at(91))));
    say("A", Act::Condition(2, ended("aside", 5, 9)));
    say("A", Act::Condition(1, ended("questions", 91, 200)));
    assert_eq!(
        conditions(&log),
        [
            ("aside".into(), 5, Some(9)),
            ("baseline".into(), 30, Some(90)),
            ("questions".into(), 91, Some(200))
        ]
    );
    assert_eq!((log.next_condition(), log.raters().len()), (3, 0));
    let mut say = |by: &str, act| log.push(Entry { rater: by.into(), at_unix_ms: 0, act });
    say("A", Act::Undo);
    say("B", Act::DropCondition(0));
    assert_eq!(
        conditions(&log),
        [("aside".into(), 5, Some(9)), ("questions".into(), 91, None)],
        "A's last act is undone"
    );
}

#[test]
fn the_moments_of_every_act_move_with_the_clock() {
    let later = |moment: Moment| at(moment.frame + 10);
    let bounds = |n| Bounds { onset: at(n), apex: at(n + 1), offset: at(n + 2) };
    let condition =
        |n| Act::Condition(0, Condition { end: Some(at(n + 5)), ..Condition::begun("x", at(n)) });
    let own = Target::Own(0);
    for (act, moved) in [
        (Act::Mark(Mark::new(at(3), "")), Act::Mark(Mark::new(at(13), ""))),
        (condition(1), condition(11)),
        (Act::Bound(own, bounds(1)), Act::Bound(own, bounds(11))),
        (Act::Add(0, EventKind::Micro, bounds(1)), Act::Add(0, EventKind::Micro, bounds(11))),
        (Act::Undo, Act::Undo),
    ] {
        assert_eq!(act.with_moments(later), moved);
    }
}
