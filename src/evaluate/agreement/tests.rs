//! Agreement between layers whose events are known.

use super::kappa::SKEWED;
use super::*;
use crate::exchange::tests::{bounds, reviewed};
use crate::session::annotation::{Act, Entry, Label, Rater, Target};
use proptest::prelude::*;

/// Raters X and Y, each with micro-expressions of their own over the ninety frames of `reviewed`.
fn session(x: &[[u64; 3]], y: &[[u64; 3]]) -> Session {
    let mut session = reviewed();
    for (rater, events) in [("X", x), ("Y", y)] {
        session.log.add_rater(Rater::new(rater));
        for (number, event) in events.iter().enumerate() {
            let act = Act::Add(number as u64, EventKind::Micro, bounds(*event));
            say(&mut session, rater, act);
        }
    }
    session
}

fn say(session: &mut Session, rater: &str, act: Act) {
    session.log.push(Entry { rater: rater.into(), at_unix_ms: 0, act });
}

fn of(session: &Session) -> Agreement {
    agreement(session, "X", "Y").expect("both are there")
}

#[test]
fn a_layer_agrees_with_itself_in_everything() {
    let session = reviewed();
    let same = agreement(&session, "A", "A").expect("there");
    assert_eq!((same.all.f1, same.all.tp), (1.0, 2));
    assert_eq!(same.onset.map(|e| (e.mean_ms, e.median_ms, e.bias_ms)), Some((0.0, 0.0, 0.0)));
    assert!(same.per_frame.iter().all(|kappa| kappa.kappa.is_none_or(|k| k == 1.0)));
    assert!(same.per_label.iter().all(|kappa| kappa.observed == 1.0));
    assert_eq!(same.emotion.and_then(|e| e.kappa), Some(1.0));
}

#[test]
fn boundaries_are_compared_in_milliseconds_second_minus_first() {
    let session = session(&[[10, 15, 19], [40, 45, 49]], &[[13, 15, 19], [39, 45, 49]]);
    let onset = of(&session).onset.expect("two matches");
    assert!((onset.bias_ms - 100.0 / 3.0).abs() < 1e-3, "{onset:?}");
    assert!((onset.mean_ms - 200.0 / 3.0).abs() < 1e-3, "{onset:?}");
    assert_eq!(of(&session).apex.map(|apex| apex.mean_ms), Some(0.0));
}

#[test]
fn kappa_is_what_the_textbook_computes() {
    // Cohen's kappa of 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no is .4.
    let answers =
        [(20, (true, true)), (5, (true, false)), (10, (false, true)), (15, (false, false))];
    let answers = answers.into_iter().flat_map(|(n, answer)| std::iter::repeat_n(answer, n));
    let kappa = Kappa::of("", answers);
    assert!((kappa.kappa.expect("a value") - 0.4).abs() < 1e-12);
    assert!((kappa.expected - 0.5).abs() < 1e-12 && (kappa.observed - 0.7).abs() < 1e-12);
    assert!((kappa.prevalence_index - 0.1).abs() < 1e-12);
    assert!((kappa.bias_index - 0.1).abs() < 1e-12 && (kappa.pabak - 0.4).abs() < 1e-12);
    assert!((kappa.maximum.expect("a value") - 0.8).abs() < 1e-12);
}

#[test]
fn frames_are_counted_inclusively() {
    let session = session(&[[10, 15, 19]], &[[15, 18, 24]]);
    let micro = &of(&session).per_frame[0];
    let counts = [micro.both, micro.only_first, micro.only_second, micro.neither];
    assert_eq!(counts, [5, 5, 5, 75]);
}

#[test]
fn intervals_agree_where_each_has_an_event_of_both() {
    let mut session = session(&[[10, 11, 12]], &[[40, 41, 42]]);
    // Three intervals of ten seconds: in the first both have one event, in the second only X has one.
    for seq in 90..900 {
        let time = crate::measure::time::Timestamp::of_frame(seq, 30.0);
        let quality = crate::measure::quality::Quality::default();
        session.history.push(crate::measure::sample::Sample {
            seq,
            time,
            quality,
            motion: None,
            score: None,
        });
    }
    say(&mut session, "X", Act::Add(1, EventKind::Micro, bounds([400, 401, 402])));
    let per_interval = of(&session).per_interval;
    assert_eq!(per_interval.intervals, 3);
    let micro = &per_interval.kappas[0];
    let counts = [micro.both, micro.only_first, micro.only_second, micro.neither];
    assert_eq!(counts, [1, 1, 0, 1], "frames that do not overlap are in one interval all the same");
    // Observed 2/3, by chance 4/9.
    assert!((micro.kappa.expect("a value") - 0.4).abs() < 1e-9);
    // Counts (1, 1), (1, 0), (0, 0), with the formulas of Shrout and Fleiss.
    assert!((per_interval.icc_of_counts.expect("a value") - 0.5).abs() < 1e-9);
}

#[test]
fn a_kappa_on_rare_events_is_explained() {
    let session = session(&[[10, 11, 12]], &[[12, 13, 14]]);
    let report = of(&session);
    assert!(report.per_frame[0].kappa.is_some_and(|kappa| kappa < 0.4));
    let remark = report.remarks.iter().find(|text| text.contains("micro")).expect("a remark");
    assert!(remark.contains("prevalence index") && remark.contains("chance"), "{remark}");
}

#[test]
fn a_kappa_without_a_value_says_why() {
    let report = of(&session(&[], &[]));
    assert_eq!(report.per_frame[0].kappa, None);
    assert!(report.remarks.iter().any(|text| text.contains("no frame in an event")));
    assert_eq!((report.onset, report.emotion, report.all.f1), (None, None, 0.0));
}

#[test]
fn a_persons_label_is_compared_with_the_models_class() {
    let mut session = reviewed();
    let report = agreement(&session, MODEL, "A").expect("there");
    let emotion = report.emotion.expect("one matched event with an emotion");
    assert_eq!((emotion.events, emotion.observed), (1, 1.0), "happiness is positive");
    say(&mut session, "A", Act::Label(Target::Machine(0), Some(Label::Anger)));
    let report = agreement(&session, MODEL, "A").expect("there");
    assert_eq!(report.emotion.map(|emotion| emotion.observed), Some(0.0));
}

#[test]
fn events_that_are_not_judged_are_said_to_be_left_out() {
    let session = session(&[], &[]);
    let mut session = session;
    session.log.add_rater(Rater::new("new"));
    let report = agreement(&session, MODEL, "new").expect("there");
    assert_eq!((report.open, report.all.proposals), ([0, 2], 0));
    assert!(report.remarks.iter().any(|text| text.contains("has not judged 2 events yet")));
}

#[test]
fn a_blind_layer_is_not_compared_before_it_is_done() {
    let mut session = reviewed();
    for between in [[MODEL, "B"], ["B", "A"]] {
        let error = agreement(&session, between[0], between[1]).expect_err("not done");
        assert!(error.to_string().contains("B works blind and has not finished"), "{error}");
    }
    session.log.add_rater(Rater::new("B"));
    let report = agreement(&session, "A", "B").expect("done");
    assert!(report.remarks.iter().any(|text| text.contains("B worked blind")));
}

#[test]
fn an_imported_layer_is_told_of_and_no_blindness_is_claimed() {
    let mut session = session(&[[10, 12, 14]], &[]);
    let imported =
        crate::session::annotation::rater::Imported { file: "coded.csv".into(), acts: 0 };
    session.log.add_rater(Rater { imported: Some(imported), ..Rater::new("Y") });
    let remarks = of(&session).remarks.join("\n");
    assert!(remarks.contains("imported from coded.csv; whether its coder worked blind is not"));
}

#[test]
fn names_of_layers_are_found_without_their_case() {
    let report = agreement(&reviewed(), "Model", " a").expect("both are there");
    assert_eq!(report.between, ["model", "A"]);
}

#[test]
fn no_kappa_misleads_where_all_answers_are_the_same() {
    let same = agreement(&reviewed(), "A", "A").expect("there");
    assert!(same.per_frame[0].prevalence_index > 0.5);
    let one = of(&session(&[[10, 11, 12]], &[[10, 11, 12]]));
    assert!(one.per_frame[0].prevalence_index >= SKEWED);
    assert_eq!(one.per_frame[0].kappa, Some(1.0));
    assert!(one.remarks.iter().all(|text| !text.contains("prevalence index")), "{one}");
}

#[test]
fn matched_events_without_an_emotion_are_counted_and_told() {
    let events = [[10, 11, 12], [20, 21, 22], [30, 31, 32], [40, 41, 42]];
    let mut session = session(&events, &events);
    for (rater, number) in [("X", 0), ("Y", 0), ("X", 1)] {
        say(&mut session, rater, Act::Label(Target::Own(number), Some(Label::Fear)));
    }
    let report = of(&session);
    assert_eq!(report.named, Named { both: 1, only_first: 1, only_second: 0, neither: 2 });
    assert!(
        report.remarks.iter().any(|text| text.contains("1 only by X, 0 only by Y, and 2 by")),
        "{report}"
    );
}

#[test]
fn intensities_are_compared_where_both_gave_one() {
    let events = [[10, 11, 12], [20, 21, 22], [30, 31, 32]];
    let mut session = session(&events, &events);
    let units = |text: &str| text.split('+').map(|unit| unit.parse().expect(text)).collect();
    for (number, x, y) in [(0, "12A+4B", "12B+4B"), (1, "12C", "12C"), (2, "12E+1", "12D+1A")] {
        say(&mut session, "X", Act::Units(Target::Own(number), units(x)));
        say(&mut session, "Y", Act::Units(Target::Own(number), units(y)));
    }
    let IntensityAgreement { units, icc } = of(&session).intensity;
    // The table 1-2, 2-2, 3-3, 5-4, with the formulas of Shrout and Fleiss written out in Python.
    assert_eq!(units, 4);
    assert!((icc.expect("a value") - 0.863636363636).abs() < 1e-9, "{icc:?}");
}

#[test]
fn a_rater_who_is_not_there_is_an_error() {
    assert!(agreement(&reviewed(), MODEL, "nobody").is_err());
}

/// Events of one rater that do not overlap one another.
fn events() -> impl Strategy<Value = Vec<[u64; 3]>> {
    prop::collection::vec((0u64..6, 0u64..8), 0..6).prop_map(|steps| {
        let mut from = 0;
        let mut events = Vec::new();
        for (gap, length) in steps {
            let (onset, offset) = (from + gap, from + gap + length);
            events.push([onset, (onset + offset) / 2, offset]);
            from = offset + 1;
        }
        events
    })
}

proptest! {
    #[test]
    fn who_comes_first_changes_no_count(x in events(), y in events()) {
        let session = session(&x, &y);
        let there = of(&session);
        let back = agreement(&session, "Y", "X").expect("there");
        prop_assert_eq!(there.all.tp, back.all.tp);
        prop_assert_eq!(there.all.f1, back.all.f1);
        prop_assert_eq!(there.all.precision, back.all.recall);
        prop_assert_eq!(there.onset.map(|e| e.mean_ms), back.onset.map(|e| e.mean_ms));
        for (a, b) in there.per_frame.iter().zip(&back.per_frame) {
            prop_assert_eq!((a.kappa, a.only_first), (b.kappa, b.only_second));
        }
    }

    #[test]
    fn kappa_never_exceeds_what_the_totals_allow(x in events(), y in events()) {
        for kappa in of(&session(&x, &y)).per_frame {
            let fits = kappa.kappa.zip(kappa.maximum);
            prop_assert!(fits.is_none_or(|(kappa, maximum)| kappa <= maximum + 1e-9));
        }
    }
}
