//! What commands do to a session under review.

use std::sync::{Arc, Mutex};

use super::command::{Edge, ReviewCommand};
use super::filter::{Filter, ListOrder};
use super::outside::{AnnotationSink, Kept, OpenedSession, PictureAnswer, SessionPictures};
use super::rating::RaterLayer;
use super::*;
use crate::app::tests::{event, sample};
use crate::app::view::clips::ClipRequest;
use crate::measure::event::EventKind;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::session::Session;
use crate::session::annotation::{Act, Label, Target, Verdict};

/// What a scripted backend was asked, and what it will answer.
#[derive(Default)]
struct Script {
    wanted: Vec<u64>,
    wishes: Vec<ClipRequest>,
    answers: Vec<PictureAnswer>,
    kept: Vec<Kept>,
    fault: Option<String>,
}

type Shared = Arc<Mutex<Script>>;

struct Scripted(Shared);

impl SessionPictures for Scripted {
    fn show(&mut self, frame: u64) {
        self.0.lock().expect("one thread").wanted.push(frame);
    }
    fn cut(&mut self, wishes: &[ClipRequest]) {
        self.0.lock().expect("one thread").wishes.extend_from_slice(wishes);
    }
    fn answers(&mut self) -> Vec<PictureAnswer> {
        std::mem::take(&mut self.0.lock().expect("one thread").answers)
    }
}

impl AnnotationSink for Scripted {
    fn keep(&mut self, kept: Kept) {
        self.0.lock().expect("one thread").kept.push(kept);
    }
    fn fault(&mut self) -> Option<String> {
        self.0.lock().expect("one thread").fault.take()
    }
}

/// A minute at 30 frames a second with an event every five seconds.
fn session(events: u64) -> Session {
    let mut session = Session::keeping_all();
    (0..60 * 30).for_each(|seq| session.history.push(sample(seq, 0.1)));
    session.events = (0..events).map(|id| event(id, 5.0 + 5.0 * id as f64)).collect();
    session
}

fn review(events: u64) -> (ReviewState, Shared) {
    let script = Shared::default();
    let mut review = ReviewState::default();
    review.open(OpenedSession {
        session: session(events),
        place: Some("a session".into()),
        source: None,
        remarks: Vec::new(),
        screen: Some(Box::new(Scripted(Arc::clone(&script)))),
        sound: None,
        keeper: Some(Box::new(Scripted(Arc::clone(&script)))),
    });
    review.apply(first_rater());
    let mut told = script.lock().expect("one thread");
    (told.kept, told.wishes) = (Vec::new(), Vec::new());
    drop(told);
    (review, script)
}

fn first_rater() -> ReviewCommand {
    ReviewCommand::BeRater { name: FIRST_RATER.into(), blind: false }
}

fn answer(script: &Shared, answer: PictureAnswer) {
    script.lock().expect("one thread").answers.push(answer);
}

fn picture(seq: u64) -> PictureAnswer {
    let image = Arc::new(RgbImage::new(4, 4));
    PictureAnswer::Picture(Frame::new(seq, Timestamp::of_frame(seq, 30.0), image))
}

fn acts(script: &Shared) -> Vec<Act> {
    let script = script.lock().expect("one thread");
    let acts = script.kept.iter().filter_map(|kept| match kept {
        Kept::Entry(entry) => Some(entry.act.clone()),
        _ => None,
    });
    acts.collect()
}

fn verdicts(review: &ReviewState) -> Vec<Verdict> {
    review.list.rows.iter().map(|row| row.verdict).collect()
}

fn frame(review: &ReviewState) -> Option<u64> {
    review.playback.at().map(|at| at.frame)
}

fn type_note(review: &ReviewState, text: &str) {
    review.view.note.as_ref().expect("a note is begun").text.set(text);
}

/// The plain pictures of the picked event.
fn clip(review: &ReviewState) -> Option<Result<&Arc<crate::session::clip::EventClip>, &str>> {
    review.view.clip(review.picked_row().expect("picked"), 1.0)
}

const CONFIRM: ReviewCommand = ReviewCommand::Judge(Verdict::Confirmed);
const REJECT: ReviewCommand = ReviewCommand::Judge(Verdict::Rejected);

#[test]
fn opening_shows_the_first_event_at_its_apex() {
    let (review, script) = review(3);
    assert_eq!(review.view.picked, Some(Target::Machine(0)));
    assert_eq!(frame(&review), Some(156));
    assert_eq!(script.lock().expect("one thread").wanted.last(), Some(&156));
}

#[test]
fn a_decision_goes_on_to_the_next_open_event_and_comes_round_to_those_left_out() {
    let (mut review, _) = review(4);
    review.apply(ReviewCommand::Next);
    review.apply(CONFIRM);
    assert_eq!(review.view.picked, Some(Target::Machine(2)));
    review.apply(REJECT);
    review.apply(CONFIRM);
    assert_eq!(review.view.picked, Some(Target::Machine(0)), "the one left out");
    review.apply(REJECT);
    use Verdict::{Confirmed, Rejected};
    assert_eq!(verdicts(&review), [Rejected, Confirmed, Rejected, Confirmed]);
    assert!(review.hint.contains("Every event is judged"), "{}", review.hint);
    assert_eq!(review.list.progress(), (4, 4));
}

#[test]
fn three_hundred_events_take_three_hundred_keys() {
    let mut session = Session::keeping_all();
    (0..300 * 30).for_each(|seq| session.history.push(sample(seq, 0.1)));
    session.events = (0..300).map(|id| event(id, id as f64 + 0.1)).collect();
    let mut review = ReviewState::default();
    let opened = OpenedSession {
        session,
        place: None,
        source: None,
        remarks: Vec::new(),
        screen: None,
        sound: None,
        keeper: None,
    };
    review.open(opened);
    review.apply(first_rater());
    for i in 0..300 {
        review.apply(if i % 3 == 0 { REJECT } else { CONFIRM });
    }
    assert_eq!(review.list.progress(), (300, 300));
}

#[test]
fn under_a_filter_decisions_stay_within_what_is_listed() {
    let (mut review, _) = review(4);
    review.view.session.events[1].kind = EventKind::Macro;
    review.view.session.events[3].kind = EventKind::Macro;
    review.refresh();
    let filter = Filter { kind: Some(EventKind::Macro), ..Filter::default() };
    review.apply(ReviewCommand::SetFilter(filter));
    review.apply(ReviewCommand::Next);
    assert_eq!(review.view.picked, Some(Target::Machine(1)));
    review.apply(CONFIRM);
    assert_eq!(review.view.picked, Some(Target::Machine(3)));
    review.apply(CONFIRM);
    assert!(review.hint.contains("Every listed event"), "{}", review.hint);
    review.apply(ReviewCommand::ClearFilter);
    assert_eq!(review.list.listed.len(), 4);
}

#[test]
fn a_list_of_open_events_empties_key_by_key() {
    let (mut review, _) = review(3);
    let open = Filter { verdict: Some(Verdict::Open), ..Filter::default() };
    review.apply(ReviewCommand::SetFilter(open));
    for left in [2, 1, 0] {
        review.apply(CONFIRM);
        assert_eq!(review.list.listed.len(), left);
    }
}

#[test]
fn everything_can_be_undone_and_done_again_in_order() {
    let (mut review, script) = review(3);
    let before = review.list.rows.clone();
    for command in [
        ReviewCommand::Label(Label::Fear),
        ReviewCommand::Step(1),
        ReviewCommand::Bound(Edge::Apex),
        CONFIRM,
        REJECT,
    ] {
        review.apply(command);
    }
    let after = review.list.rows.clone();
    for _ in 0..4 {
        assert!(review.allows(&ReviewCommand::Undo));
        review.apply(ReviewCommand::Undo);
    }
    assert_eq!(review.list.rows, before);
    assert!(!review.allows(&ReviewCommand::Undo) && review.allows(&ReviewCommand::Redo));
    for _ in 0..4 {
        review.apply(ReviewCommand::Redo);
    }
    assert_eq!(review.list.rows, after);
    assert!(!review.allows(&ReviewCommand::Redo));
    assert_eq!(acts(&script).len(), 4 + 4 + 4, "each was kept as an act of its own");
}

#[test]
fn undoing_shows_the_event_that_it_changed() {
    let (mut review, _) = review(3);
    review.apply(REJECT);
    review.apply(ReviewCommand::Next);
    assert_eq!(review.view.picked, Some(Target::Machine(2)));
    review.apply(ReviewCommand::Undo);
    assert_eq!(review.view.picked, Some(Target::Machine(0)));
    assert!(review.hint.contains("event 1"), "{}", review.hint);
}

#[test]
fn the_models_value_stays_beside_a_moved_bound() {
    let (mut review, script) = review(1);
    review.apply(ReviewCommand::GoTo(Edge::Onset));
    review.apply(ReviewCommand::Step(-2));
    review.apply(ReviewCommand::Bound(Edge::Onset));
    let row = &review.list.rows[0];
    assert_eq!(row.bounds.onset.frame, 148);
    assert_eq!(row.machine.as_ref().map(|event| event.onset.frame), Some(150));
    assert_eq!(acts(&script).len(), 1);
}

#[test]
fn bounds_never_cross() {
    let (mut review, script) = review(1);
    for (edge, to) in [(Edge::Onset, ReviewCommand::Last), (Edge::Offset, ReviewCommand::First)] {
        review.apply(to);
        review.apply(ReviewCommand::Bound(edge));
        assert!(review.hint.contains("must not come"), "{}", review.hint);
    }
    review.apply(ReviewCommand::Last);
    review.apply(ReviewCommand::Bound(Edge::Apex));
    assert!(review.hint.contains("between onset and offset"), "{}", review.hint);
    assert!(acts(&script).is_empty());
}

#[test]
fn an_apex_gives_way_to_the_onset() {
    let (mut review, _) = review(1);
    review.apply(ReviewCommand::GoTo(Edge::Offset));
    review.apply(ReviewCommand::Bound(Edge::Onset));
    let bounds = review.list.rows[0].bounds;
    assert_eq!([bounds.onset, bounds.apex, bounds.offset].map(|at| at.frame), [160; 3]);
}

#[test]
fn dragging_shows_each_frame_and_keeps_one_act() {
    let (mut review, script) = review(1);
    for secs in [5.01, 4.9, 4.8] {
        review.apply(ReviewCommand::Drag(Edge::Onset, secs));
        assert_eq!(review.list.rows[0].bounds.onset.frame, 150, "nothing is kept while dragging");
    }
    assert_eq!(frame(&review), Some(144));
    review.apply(ReviewCommand::Drop);
    assert_eq!(review.list.rows[0].bounds.onset.frame, 144);
    assert_eq!(acts(&script).len(), 1);
}

#[test]
fn an_event_of_ones_own_is_micro_or_macro_by_its_length() {
    let (mut review, _) = review(0);
    review.apply(ReviewCommand::Seek(10.0));
    review.apply(ReviewCommand::Add);
    assert_eq!(review.view.picked, Some(Target::Own(0)));
    let own = review.list.rows[0].clone();
    assert_eq!((own.kind, own.verdict), (EventKind::Micro, Verdict::Confirmed));
    assert!(own.machine.is_none());
    review.apply(ReviewCommand::StepSecs(1.0));
    review.apply(ReviewCommand::Bound(Edge::Offset));
    assert_eq!((review.list.rows.len(), review.list.rows[0].kind), (1, EventKind::Macro));
    review.apply(ReviewCommand::Undo);
    review.apply(ReviewCommand::Undo);
    assert!(review.list.rows.is_empty() && review.view.picked.is_none());
}

#[test]
fn the_same_label_again_takes_it_away() {
    let (mut review, _) = review(1);
    review.apply(ReviewCommand::Label(Label::Contempt));
    assert_eq!(review.list.rows[0].label, Some(Label::Contempt));
    review.apply(ReviewCommand::Label(Label::Contempt));
    assert_eq!(review.list.rows[0].label, None);
}

#[test]
fn units_and_notes_are_kept_as_written() {
    let (mut review, script) = review(1);
    review.apply(ReviewCommand::Units);
    assert_eq!(review.units.text(), "L12+6");
    review.units.set("4 R14");
    review.apply(ReviewCommand::KeepUnits);
    review.apply(ReviewCommand::Write);
    type_note(&review, "  a sneer ");
    review.apply(ReviewCommand::KeepNote);
    assert_eq!(units_text::write_units(&review.list.rows[0].units), "4+R14");
    assert_eq!(review.list.rows[0].note, "a sneer");
    review.apply(ReviewCommand::Units);
    review.apply(ReviewCommand::KeepUnits);
    review.apply(ReviewCommand::Write);
    review.apply(ReviewCommand::KeepNote);
    assert_eq!(acts(&script).len(), 2, "what changes nothing is no act");
}

#[test]
fn a_note_to_a_moment_carries_the_time_at_which_it_was_begun() {
    let (mut review, _) = review(0);
    review.apply(ReviewCommand::Seek(10.0));
    review.apply(ReviewCommand::Write);
    review.apply(ReviewCommand::Seek(20.0));
    type_note(&review, "looks away");
    review.apply(ReviewCommand::KeepNote);
    assert_eq!(review.view.marks[0].at.frame, 300);
    assert_eq!(review.view.marks[0].text, "looks away");
}

#[test]
fn a_blind_rater_sees_nothing_of_the_model_or_of_others() {
    let (mut review, script) = review(3);
    review.apply(CONFIRM);
    review.apply(ReviewCommand::Mark);
    review.apply(ReviewCommand::BeRater { name: " Ben ".into(), blind: true });
    assert_eq!((review.rating.rater.as_str(), review.list.rows.len()), ("Ben", 0));
    assert!(review.is_blind() && review.view.marks.is_empty() && review.view.picked.is_none());
    for layer in [RaterLayer::Model, RaterLayer::Rater(FIRST_RATER.into())] {
        assert!(!review.allows(&ReviewCommand::Show(layer)));
    }
    review.apply(ReviewCommand::Seek(5.0));
    review.apply(ReviewCommand::Add);
    assert_eq!(review.list.rows.len(), 1);
    review.apply(ReviewCommand::Unblind);
    assert_eq!(review.list.rows.len(), 4);
    let script = script.lock().expect("one thread");
    let raters = script.kept.iter().filter_map(|kept| match kept {
        Kept::Rater(rater) => Some((rater.name.as_str(), rater.blind)),
        _ => None,
    });
    assert_eq!(raters.collect::<Vec<_>>(), [("Ben", true), ("Ben", false)]);
}

#[test]
fn nothing_is_written_before_somebody_has_said_who_works() {
    let script = Shared::default();
    let mut review = ReviewState::default();
    review.open(OpenedSession {
        session: session(3),
        place: Some("a session".into()),
        source: None,
        remarks: Vec::new(),
        screen: None,
        sound: None,
        keeper: Some(Box::new(Scripted(Arc::clone(&script)))),
    });
    for command in
        [CONFIRM, ReviewCommand::Mark, ReviewCommand::Add, ReviewCommand::Label(Label::Fear)]
    {
        review.apply(command.clone());
        assert_eq!(review.rating.waiting, Some(command));
    }
    review.apply(ReviewCommand::Drag(Edge::Onset, 4.9));
    assert!(review.draft.is_none() && review.rating.waiting.is_none());
    assert!(script.lock().expect("one thread").kept.is_empty());
    assert!(
        review.view.session.log.entries().is_empty() && review.view.session.log.raters().is_empty()
    );
    review.apply(first_rater());
    review.apply(CONFIRM);
    assert_eq!(acts(&script).len(), 1);
}

#[test]
fn a_name_that_differs_in_case_only_is_the_same_rater() {
    let (mut review, script) = review(2);
    review.apply(CONFIRM);
    review.apply(ReviewCommand::BeRater { name: " rater 1".into(), blind: true });
    assert_eq!((review.rating.rater.as_str(), review.is_blind()), (FIRST_RATER, false));
    assert_eq!((review.list.progress(), review.view.session.log.raters().len()), ((1, 2), 1));
    review.apply(ReviewCommand::BeRater { name: "Model".into(), blind: false });
    assert_eq!(review.rating.rater, FIRST_RATER, "nobody is called as the model is");
    assert_eq!(acts(&script).len(), 1);
}

#[test]
fn who_worked_last_is_offered_first_and_a_layer_out_of_a_file_is_nobodys() {
    let (mut review, _) = review(2);
    review.apply(CONFIRM);
    let imported =
        crate::session::annotation::rater::Imported { file: "coded.csv".into(), acts: 0 };
    let coder = crate::session::annotation::Rater::new("R2");
    let coder = crate::session::annotation::Rater { imported: Some(imported), ..coder };
    review.view.session.log.add_rater(coder);
    assert_eq!(rating::last(&review.view.session), Some(FIRST_RATER));
    assert_eq!(review.offers(), [FIRST_RATER, "R2"]);
}

#[test]
fn a_view_of_another_rater_is_looked_at_and_not_changed() {
    let (mut review, script) = review(3);
    review.apply(REJECT);
    review.apply(ReviewCommand::BeRater { name: "Ben".into(), blind: false });
    assert_eq!(verdicts(&review), [Verdict::Open; 3]);
    review.apply(ReviewCommand::Show(RaterLayer::Rater(FIRST_RATER.into())));
    assert_eq!(verdicts(&review)[0], Verdict::Rejected);
    let before = acts(&script).len();
    for command in [
        CONFIRM,
        ReviewCommand::Mark,
        ReviewCommand::Add,
        ReviewCommand::Undo,
        ReviewCommand::Write,
    ] {
        assert!(!review.allows(&command), "{command:?}");
        review.apply(command);
    }
    assert_eq!(acts(&script).len(), before);
}

#[test]
fn the_picture_on_screen_keeps_its_own_name_while_a_newer_one_is_on_its_way() {
    let (mut review, script) = review(1);
    answer(&script, picture(156));
    review.advance(0.0);
    assert_eq!(review.frame.frame.as_ref().map(|frame| frame.seq), Some(156));
    assert_eq!(review.frame.awaited(), None);
    review.apply(ReviewCommand::Step(1));
    assert_eq!(review.frame.frame.as_ref().map(|frame| frame.seq), Some(156));
    assert_eq!(review.frame.awaited(), Some(157));
    answer(&script, picture(157));
    review.advance(0.1);
    assert_eq!(review.frame.awaited(), None);
}

#[test]
fn a_picture_that_is_missing_is_said_for_its_own_frame_only() {
    let (mut review, script) = review(1);
    let missing = PictureAnswer::NoPicture { frame: 156, why: "cut off".into() };
    answer(&script, missing.clone());
    review.advance(0.0);
    assert_eq!(review.frame.fault, Some((156, "cut off".into())));
    review.apply(ReviewCommand::Step(1));
    assert_eq!(review.frame.fault, None);
    answer(&script, missing);
    review.advance(0.1);
    assert_eq!(review.frame.fault, None, "an answer that came too late");
}

#[test]
fn playing_asks_for_each_picture_in_turn() {
    let (mut review, script) = review(0);
    review.apply(ReviewCommand::First);
    review.apply(ReviewCommand::TogglePlay);
    for i in 0..5 {
        review.advance(f64::from(i) / 30.0 + 0.001);
    }
    assert_eq!(script.lock().expect("one thread").wanted, [0, 1, 2, 3, 4]);
}

#[test]
fn a_loop_goes_with_the_event_that_is_picked() {
    let (mut review, _) = review(2);
    review.apply(ReviewCommand::ToggleLoop);
    assert!(review.is_looping());
    review.apply(CONFIRM);
    assert!(review.is_looping());
    review.advance(0.0);
    assert_eq!(frame(&review), Some(292), "a quarter of a second before the second onset");
}

#[test]
fn the_clip_follows_the_bounds() {
    let (mut review, script) = review(1);
    review.apply(ReviewCommand::Step(-1));
    review.apply(ReviewCommand::Bound(Edge::Apex));
    let wishes = script.lock().expect("one thread").wishes.clone();
    let plain: Vec<_> = wishes.iter().filter(|wish| wish.magnification == 1.0).collect();
    assert_eq!(plain.len(), 1);
    assert_eq!(plain[0].bounds.apex.frame, 155);
    assert!(clip(&review).is_none(), "still on its way");
    answer(&script, PictureAnswer::Clip(*plain[0], Err("no face".into())));
    review.advance(0.0);
    assert_eq!(clip(&review).and_then(Result::err), Some("no face"));
}

#[test]
fn what_cannot_be_kept_is_said_and_review_goes_on() {
    let (mut review, script) = review(2);
    assert!(review.storage.is_kept());
    script.lock().expect("one thread").fault = Some("the disk is full.".into());
    review.advance(0.0);
    assert!(!review.storage.is_kept());
    review.apply(CONFIRM);
    assert_eq!(review.list.progress(), (1, 2));
}

#[test]
fn a_session_is_opened_again_as_it_was_left() {
    let (mut first, _) = review(2);
    first.apply(ReviewCommand::BeRater { name: "Ana".into(), blind: false });
    first.apply(CONFIRM);
    let session = first.view.session.clone();
    let mut again = ReviewState::default();
    again.open(OpenedSession {
        session,
        place: None,
        source: None,
        remarks: Vec::new(),
        screen: None,
        sound: None,
        keeper: None,
    });
    assert_eq!(again.rating.rater, "Ana");
    assert_eq!(again.list.rows, first.list.rows);
    assert!(again.allows(&ReviewCommand::Undo), "days later, too");
}

#[test]
fn the_list_is_sorted_and_the_keys_follow_it() {
    let (mut review, _) = review(3);
    review.view.session.events[2].score = 0.95;
    review.refresh();
    review.apply(ReviewCommand::SetOrder(ListOrder::Score));
    let first = review.list.rows[review.list.listed[0]].target;
    assert_eq!(first, Target::Machine(2));
    review.apply(ReviewCommand::Pick(first));
    review.apply(ReviewCommand::Next);
    assert_eq!(review.view.picked, Some(Target::Machine(0)));
}

#[test]
fn no_command_harms_an_empty_review() {
    for entry in keys::ENTRIES {
        if let crate::app::command::Command::Review(command) = &entry.command {
            let mut review = ReviewState::default();
            review.apply(command.clone());
            review.advance(0.0);
            assert!(review.list.rows.is_empty());
        }
    }
}
