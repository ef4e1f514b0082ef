//! The Review tab through its accessibility tree.

use super::sound::{Heard, Loud};
use super::*;
use fleeting::app::review::outside::{AnnotationSink, Kept, PictureAnswer};
use fleeting::app::view::clips::ClipRequest;
use fleeting::session::Session;
use fleeting::session::annotation::{Act, Label, Target, Verdict};
use fleeting::session::record::Record;

/// Pictures that come at once, unless there are none.
struct Shelf {
    has_pictures: bool,
    answers: Vec<PictureAnswer>,
}

impl SessionPictures for Shelf {
    fn show(&mut self, seq: u64) {
        let time = Timestamp::of_frame(seq, 30.0);
        self.answers.push(if self.has_pictures {
            let image = Arc::new(RgbImage::new(64, 48));
            PictureAnswer::Picture(Frame::new(seq, time, image))
        } else {
            PictureAnswer::NoPicture { frame: seq, why: "film.mkv: cut off before it".into() }
        });
    }

    fn cut(&mut self, wishes: &[ClipRequest]) {
        for wish in wishes {
            let clip = clip(wish.bounds.onset.time.secs());
            let clip = if self.has_pictures { Ok(clip) } else { Err("film.mkv: cut off".into()) };
            self.answers.push(PictureAnswer::Clip(*wish, clip));
        }
    }

    fn answers(&mut self) -> Vec<PictureAnswer> {
        std::mem::take(&mut self.answers)
    }
}

struct Desk(AnnotationStore, Option<String>);

impl AnnotationSink for Desk {
    fn keep(&mut self, kept: Kept) {
        self.0.lock().expect("one thread").push(kept);
    }

    fn fault(&mut self) -> Option<String> {
        self.1.take()
    }
}

fn session(events: &[f64]) -> Session {
    let mut session = Session::keeping_all();
    (0..1800).for_each(|seq| session.history.push(sample(seq)));
    let found = events.iter().enumerate();
    session.events = found.map(|(id, secs)| event(id as u64, *secs)).collect();
    session
}

pub(super) type AnnotationStore = Arc<Mutex<Vec<Kept>>>;

/// A window with this session under review by a known rater, and the acts that were stored.
pub(super) fn reviewing(events: &[f64], has_pictures: bool) -> (Window, AnnotationStore) {
    let (mut window, kept) = opened(events, has_pictures);
    let name = "Rater 1".to_owned();
    let name = fleeting::app::review::command::ReviewCommand::BeRater { name, blind: false };
    window.harness.state_mut().state.apply(Command::Review(name));
    window.settle();
    kept.lock().expect("one thread").clear();
    (window, kept)
}

/// The same, before anyone has said who works.
pub(super) fn opened(events: &[f64], has_pictures: bool) -> (Window, AnnotationStore) {
    let kept = AnnotationStore::default();
    let mut window = Window::open_with(Some("demo"), &[], Some("a session".into()));
    window.sessions.borrow_mut().push_back(Ok(stored(events, has_pictures, &kept)));
    ctrl(&mut window, Key::Num2);
    ctrl(&mut window, Key::O);
    (window, kept)
}

/// A stored session that was opened.
pub(super) fn opened_session(events: &[f64]) -> OpenedSession {
    stored(events, true, &AnnotationStore::default())
}

/// The same with sound, of which `fault` says why it is not heard; and what was to be heard.
pub(super) fn reviewing_with_sound(fault: Option<&str>) -> (Window, Heard) {
    let heard = Heard::default();
    let mut window = Window::open_with(Some("demo"), &[], Some("a session".into()));
    let mut session = stored(&[2.0, 5.0], true, &AnnotationStore::default());
    session.sound = Some(Box::new(Loud::new(&heard, fault)));
    window.sessions.borrow_mut().push_back(Ok(session));
    ctrl(&mut window, Key::Num2);
    ctrl(&mut window, Key::O);
    (window, heard)
}

/// A session that is stored in a folder.
fn stored(events: &[f64], has_pictures: bool, kept: &AnnotationStore) -> OpenedSession {
    OpenedSession {
        session: session(events),
        place: Some("a session".into()),
        source: None,
        remarks: Vec::new(),
        screen: Some(Box::new(Shelf { has_pictures, answers: Vec::new() })),
        sound: None,
        keeper: Some(Box::new(Desk(Arc::clone(kept), None))),
    }
}

fn ctrl(window: &mut Window, key: Key) {
    window.press(Modifiers::COMMAND | Modifiers::CTRL, key);
}

fn ctrl_shift(window: &mut Window, key: Key) {
    window.press(Modifiers::COMMAND | Modifiers::CTRL | Modifiers::SHIFT, key);
}

fn keys(window: &mut Window, keys: &[Key]) {
    keys.iter().for_each(|key| window.press(Modifiers::NONE, *key));
}

fn write(window: &mut Window, text: &str) {
    window.harness.event(egui::Event::Text(text.into()));
    window.settle();
}

/// Sends a message of the engine that analyses a recording.
fn say(window: &mut Window, updates: impl IntoIterator<Item = Update>) {
    window.recording.lock().expect("one thread").updates.extend(updates);
    window.settle();
}

/// The Review tab in each of its states.
fn in_each_review_state() -> [(&'static str, Window); 6] {
    let mut empty = Window::open(Some("demo"), &[]);
    ctrl(&mut empty, Key::Num2);
    let mut fault = Window::open_with(Some("demo"), &[], Some("elsewhere".into()));
    let why = "elsewhere: expected a session folder, found no session.sqlite in it";
    fault.sessions.borrow_mut().push_back(Err(why.into()));
    ctrl(&mut fault, Key::Num2);
    ctrl(&mut fault, Key::O);
    let mut bare = reviewing(&[2.0, 5.0], true).0;
    let session = session(&[2.0]);
    bare.harness.state_mut().state.live.view.session = session;
    ctrl_shift(&mut bare, Key::L);
    [
        ("empty", empty),
        ("loaded", reviewing(&[2.0, 5.0], true).0),
        ("with sound", reviewing_with_sound(None).0),
        ("missing pictures", reviewing(&[2.0, 5.0], false).0),
        ("in memory", bare),
        ("fault", fault),
    ]
}

/// The Analyse tab before, during and after an analysis.
fn in_each_state_of_analysis() -> [(&'static str, Window); 4] {
    let begun = || {
        let mut window = Window::open(Some("demo"), &[]);
        ctrl(&mut window, Key::Num3);
        window.harness.state_mut().state.analyse.path = "some clip.mp4".into();
        ctrl(&mut window, Key::Enter);
        let opened = Update::Record(Record::Opened(SourceInfo::default()));
        say(&mut window, [opened, Update::Record(Record::Samples((0..300).map(sample).collect()))]);
        window
    };
    let mut idle = Window::open(Some("demo"), &[]);
    ctrl(&mut idle, Key::Num3);
    let (mut done, mut fault) = (begun(), begun());
    say(&mut done, [Update::Ended(None)]);
    say(&mut fault, [Update::Ended(Some("some clip.mp4: cut off".into()))]);
    [("idle", idle), ("running", begun()), ("done", done), ("fault", fault)]
}

#[test]
fn every_panel_of_review_and_analysis_is_there_in_every_state() {
    panels_are_there(Tab::Review, in_each_review_state());
    panels_are_there(Tab::Analyse, in_each_state_of_analysis());
}

#[test]
fn each_state_of_review_says_what_it_is() {
    let words = [
        "No session is open",
        "Picture of frame 66",
        "Waveform",
        "No picture of frame 66 at 0:02.200: film.mkv: cut off before it",
        "In memory only",
        "expected a session folder",
    ];
    for ((state, window), words) in in_each_review_state().iter().zip(words) {
        let found = window.has(words) || window.harness.state().state.review.frame.fault.is_some();
        assert!(found, "{state}: {words}");
    }
}

#[test]
fn every_control_of_review_and_analysis_has_a_name_to_be_read_by_ear() {
    controls_have_names(in_each_review_state());
    controls_have_names(in_each_state_of_analysis());
}

#[test]
fn every_key_of_review_reaches_its_command_and_harms_nothing() {
    for entry in entries().filter(|e| e.tabs == [Tab::Review]) {
        for chord in entry.keys {
            let (mut window, _) = reviewing(&[2.0, 5.0], true);
            window.press_chord(chord);
            assert!(window.has("Transport"), "{}", entry.name);
        }
    }
}

#[test]
fn a_session_is_reviewed_by_keyboard_alone() {
    let (mut window, kept) = opened(&[2.0, 5.0, 8.0], true);
    assert!(window.has("Micro-expression 1") && window.has("Verdict: not judged"));
    assert!(window.has("Picture of frame 66 at 0:02.200"));
    assert!(window.has("Rater: asked at the first edit"));
    keys(&mut window, &[Key::ArrowLeft, Key::ArrowLeft, Key::A]);
    assert!(window.has("Picture of frame 64 at 0:02.133"));
    assert!(window.has("Who is rating?") && kept.lock().expect("one thread").is_empty());
    keys(&mut window, &[Key::Enter]);
    assert!(!window.has("Who is rating?") && window.has("Rater: Rater 1"));
    window.press(Modifiers::SHIFT, Key::OpenBracket);
    assert!(window.has("Picture of frame 60"));
    keys(&mut window, &[Key::ArrowLeft, Key::OpenBracket, Key::Num3, Key::Enter]);
    assert!(window.has("Macro-expression 2"), "the next open event");
    keys(&mut window, &[Key::X]);
    assert!(window.has("Micro-expression 3"));
    keys(&mut window, &[Key::U]);
    ctrl(&mut window, Key::A);
    write(&mut window, "4 R14");
    keys(&mut window, &[Key::Enter]);
    keys(&mut window, &[Key::N]);
    write(&mut window, "a sneer, N and M are only letters here");
    keys(&mut window, &[Key::Enter]);
    keys(&mut window, &[Key::M, Key::Enter]);
    assert!(window.has("3 of 3 judged"));

    let acts: Vec<_> = kept
        .lock()
        .expect("one thread")
        .iter()
        .filter_map(|kept| match kept {
            Kept::Entry(entry) => Some(entry.act.clone()),
            _ => None,
        })
        .collect();
    let event = Target::Machine;
    assert!(matches!(acts[0], Act::Bound(t, b) if t == event(0) && b.apex.frame == 64));
    assert!(matches!(acts[1], Act::Bound(t, b) if t == event(0) && b.onset.frame == 59));
    assert_eq!(acts[2], Act::Label(event(0), Some(Label::Anger)));
    assert_eq!(acts[3], Act::Judge(event(0), Verdict::Confirmed));
    assert_eq!(acts[4], Act::Judge(event(1), Verdict::Rejected));
    assert!(matches!(&acts[5], Act::Units(t, units) if *t == event(2) && units.len() == 2));
    assert!(
        matches!(&acts[6], Act::Note(t, note) if *t == event(2) && note.starts_with("a sneer"))
    );
    assert!(matches!(&acts[7], Act::Mark(mark) if mark.at.frame == 246));
    assert_eq!(acts[8], Act::Judge(event(2), Verdict::Confirmed));

    for _ in 0..9 {
        ctrl(&mut window, Key::Z);
    }
    assert!(window.has("0 of 3 judged"));
    ctrl(&mut window, Key::Y);
    assert_eq!(kept.lock().expect("one thread").len(), 1 + 9 + 9 + 1);
}

#[test]
fn three_hundred_events_take_one_key_each_and_the_next_one_is_there_two_frames_later() {
    let secs: Vec<f64> = (0..300).map(|i| 0.5 + 0.19 * f64::from(i)).collect();
    let (mut window, kept) = reviewing(&secs, true);
    for (id, secs) in secs.iter().enumerate() {
        let kind = if id.is_multiple_of(2) { "Micro" } else { "Macro" };
        assert!(window.has(&format!("{kind}-expression {}", id + 1)), "{id}");
        assert!(window.has(&format!("Picture of frame {}", ((secs + 0.2) * 30.0).round())), "{id}");
        assert!(window.has("Event picture: apex") && window.has("Verdict: not judged"), "{id}");
        let key = if id.is_multiple_of(3) { Key::X } else { Key::Enter };
        window.harness.key_press(key);
        window.harness.run_steps(2);
    }
    assert!(window.has("300 of 300 judged"));
    let kept = kept.lock().expect("one thread");
    assert_eq!(kept.len(), 300, "one act for each key");
    assert!(kept.iter().all(|kept| matches!(kept, Kept::Entry(entry)
        if matches!(entry.act, Act::Judge(..)))));
}

#[test]
fn the_card_draws_the_moving_regions_and_names_them() {
    let (mut window, _) = reviewing(&[2.0], true);
    assert!(window.has("Moving most from onset to apex"));
    let review = &mut window.harness.state_mut().state.review;
    review.view.session.history = Default::default();
    window.settle();
    assert!(window.has("How the regions move from onset to apex was not measured."));
}

#[test]
fn formats_of_pictures_cannot_be_chosen_for_a_session_without_any() {
    let (mut window, _) = reviewing(&[2.0], true);
    let review = &mut window.harness.state_mut().state.review;
    review.storage.folder = None;
    review.export.chosen = vec!["clips", "gif"];
    let export = fleeting::app::review::command::ReviewCommand::Export;
    assert!(!review.allows(&export), "there is nothing to write");
    review.export.toggle("csv");
    assert!(review.allows(&export));
    let written: Vec<_> = review.to_write().map(|exporter| exporter.name).collect();
    assert_eq!(written, ["csv"]);
}

#[test]
fn what_the_source_does_is_said_in_review_as_long_as_it_does_something() {
    let mut window = Window::live(60, &[]);
    ctrl(&mut window, Key::Num2);
    assert!(window.has("State: DEMO"));
    window.harness.state_mut().state.apply(Command::Stop);
    window.settle();
    assert!(!window.has("State:"), "nothing is stopped that is not in view");
}

#[test]
fn the_shuttle_the_loop_and_the_ends_have_keys() {
    let (mut window, _) = reviewing(&[2.0, 5.0], true);
    let says = |window: &mut Window, key: Key, words: &str| {
        keys(window, &[key]);
        assert!(window.has(words), "{key:?}: {words}");
    };
    says(&mut window, Key::L, "Review: PLAYING");
    says(&mut window, Key::L, "Review: 2× ON");
    says(&mut window, Key::J, "Review: 1× BACK");
    says(&mut window, Key::K, "Review: PAUSED");
    says(&mut window, Key::R, "Review: LOOP 1/4");
    says(&mut window, Key::R, "Review: PAUSED");
    says(&mut window, Key::Home, "Picture of frame 0 at 0:00.000");
    says(&mut window, Key::End, "Picture of frame 1799");
    window.press(Modifiers::SHIFT, Key::ArrowLeft);
    assert!(window.has("Picture of frame 1789"));
    ctrl(&mut window, Key::ArrowLeft);
    assert!(window.has("Picture of frame 1759"));
}

#[test]
fn the_same_key_means_one_thing_live_and_another_in_review() {
    let (mut window, kept) = reviewing(&[2.0], true);
    keys(&mut window, &[Key::M]);
    assert_eq!(kept.lock().expect("one thread").len(), 1);
    ctrl(&mut window, Key::Num1);
    window.say([Update::Record(Record::Samples((0..60).map(sample).collect()))]);
    keys(&mut window, &[Key::M]);
    assert_eq!(kept.lock().expect("one thread").len(), 1);
    assert_eq!(window.harness.state().state.live.view.marks.len(), 1);
}

#[test]
fn a_note_while_live_carries_the_moment_at_which_it_was_begun() {
    let mut window = Window::live(300, &[]);
    keys(&mut window, &[Key::N]);
    window.say([Update::Record(Record::Samples((300..900).map(sample).collect()))]);
    write(&mut window, "leans forward");
    keys(&mut window, &[Key::Enter]);
    let marks = &window.harness.state().state.live.view.marks;
    assert_eq!((marks[0].at.frame, marks[0].text.as_str()), (306, "leans forward"));
}

#[test]
fn the_search_narrows_the_list_and_its_keys_are_only_letters() {
    let (mut window, kept) = reviewing(&[2.0, 5.0, 8.0], true);
    ctrl(&mut window, Key::F);
    write(&mut window, "macro");
    keys(&mut window, &[Key::X]);
    assert!(window.has("1 of 3: list all"));
    assert!(window.has("macro 2 at 0:05.000") && !window.has("micro 1 at 0:02.000"));
    assert!(kept.lock().expect("one thread").is_empty());
    window.click("1 of 3: list all");
    assert!(window.has("micro 1 at 0:02.000"));
}

#[test]
fn a_blind_rater_is_added_and_sees_no_event() {
    let (mut window, kept) = reviewing(&[2.0, 5.0], true);
    ctrl_shift(&mut window, Key::R);
    window.harness.get_by_label("Name").focus();
    window.settle();
    write(&mut window, "Ben");
    window.click("works blind");
    window.click("Add rater");
    assert!(window.has("Rater: Ben, blind"));
    assert!(!window.has("micro 1 at"), "no event of the model's is listed");
    assert!(!window.has("view: model"));
    assert!(matches!(&kept.lock().expect("one thread")[..], [Kept::Rater(rater)] if rater.blind));
    window.click("Finish blind work…");
    assert!(!window.has("micro 1 at"), "it asks first");
    window.click("End it and show everything");
    assert!(window.has("micro 1 at"));
}

#[test]
fn the_first_edit_asks_who_is_rating_and_is_done_once_that_is_said() {
    let (mut window, kept) = opened(&[2.0, 5.0], true);
    keys(&mut window, &[Key::Num5]);
    assert!(window.has("Who is rating?") && window.has("Rater 1, new"));
    keys(&mut window, &[Key::Escape]);
    assert!(!window.has("Who is rating?") && kept.lock().expect("one thread").is_empty());
    keys(&mut window, &[Key::Num5]);
    write(&mut window, "R7");
    keys(&mut window, &[Key::Enter]);
    assert!(window.has("Rater: R7"));
    let done = kept.lock().expect("one thread").clone();
    assert!(matches!(&done[0], Kept::Rater(rater) if rater.name == "R7" && !rater.blind));
    assert!(matches!(&done[1], Kept::Entry(entry) if entry.rater == "R7"
        && entry.act == Act::Label(Target::Machine(0), Some(Label::Fear))));
    keys(&mut window, &[Key::Enter]);
    assert!(window.has("1 of 2 judged"), "it is asked once");
}

#[test]
fn a_note_is_written_after_the_name_and_known_raters_are_chosen_with_the_arrows() {
    let (mut window, kept) = opened(&[2.0], true);
    for name in ["R1", "R2"] {
        let rater = fleeting::session::annotation::Rater::new(name);
        window.harness.state_mut().state.review.view.session.log.add_rater(rater);
    }
    keys(&mut window, &[Key::N]);
    keys(&mut window, &[Key::ArrowDown, Key::Enter]);
    assert!(
        window.has("Rater: R1") && window.has("Note text"),
        "R2 came last and is offered first"
    );
    write(&mut window, "a sneer");
    keys(&mut window, &[Key::Enter]);
    let done = kept.lock().expect("one thread");
    assert!(matches!(&done[..], [Kept::Entry(entry)] if entry.rater == "R1"), "{done:?}");
}

/// Opens the import window, enters a name, and picks a file with this content.
fn import(window: &mut Window, folder: &Path, name: &str, content: &str) {
    let file = folder.join(name);
    std::fs::write(&file, content).expect("written");
    window.picks.replace(Picked::Path(file));
    window.harness.get_by_label("Coder").focus();
    window.settle();
    write(window, "R2");
    window.click("Choose a file and read…");
}

#[test]
fn a_coders_file_is_taken_in_and_what_became_of_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, kept) = opened(&[2.0, 5.0], true);
    window.click("Session");
    window.harness.get_by_label_contains("Import…").click();
    window.settle();
    import(
        &mut window,
        folder.path(),
        "coded.csv",
        "onset_s,offset_s,emotion\n2.0,2.4,fear\n9.0,9.2,negative\n",
    );
    assert!(window.has("2 events and 0 markers of coded.csv are now the layer of R2."));
    assert!(window.has("a class of five and no label, 1: 1 × `negative`"));
    assert!(window.has("whether its coder worked blind is not known"));
    let done = kept.lock().expect("one thread").clone();
    assert!(
        matches!(&done[..], [Kept::Layer(raters, entries)]
        if raters[0].name == "R2" && !raters[0].blind && entries.len() == 4),
        "{done:?}"
    );

    keys(&mut window, &[Key::Escape]);
    ctrl_shift(&mut window, Key::R);
    assert!(window.has("R2, imported from coded.csv"));
    window.click("view: R2");
    keys(&mut window, &[Key::Escape]);
    assert!(window.has("fear, confirmed, from coded.csv"), "in the list");
    keys(&mut window, &[Key::ArrowDown]);
    window.harness.get_by_label("from coded.csv");
    assert!(!window.has("added by hand"));
    ctrl(&mut window, Key::G);
    assert!(window.has("imported from coded.csv"), "the agreement says so");
}

#[test]
fn a_file_that_cannot_be_taken_in_says_so_where_it_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, kept) = opened(&[2.0], true);
    ctrl(&mut window, Key::I);
    import(&mut window, folder.path(), "ages.csv", "name,age\nA,3\n");
    assert!(window.has("ages.csv: header: expected columns `onset_frame`"));
    assert!(kept.lock().expect("one thread").is_empty());
}

#[test]
fn a_bound_is_dragged_on_the_timeline() {
    let (mut window, kept) = reviewing(&[2.0], true);
    keys(&mut window, &[Key::F]);
    let grip = window.harness.get_by_label("Drag the offset").rect().center();
    window.harness.drag_at(grip);
    window.settle();
    window.harness.hover_at(grip + egui::vec2(60.0, 0.0));
    window.settle();
    window.harness.drop_at(grip + egui::vec2(60.0, 0.0));
    window.settle();
    let review = &window.harness.state().state.review;
    let (moved, was) = (review.list.rows[0].bounds.offset, event(0, 2.0).offset);
    assert!(moved.frame > was.frame, "{moved:?}");
    assert_eq!(review.playback.at(), Some(moved), "the frame in view is the one it was put on");
    assert_eq!(kept.lock().expect("one thread").len(), 1, "one drag is one act");
}

#[test]
fn a_place_that_keeps_nothing_is_said_where_the_user_looks() {
    let mut window = Window::open_with(Some("demo"), &[], Some("a session".into()));
    let opened = |keeper: Option<Box<dyn AnnotationSink>>| OpenedSession {
        session: session(&[2.0]),
        place: Some("a session".into()),
        source: None,
        remarks: Vec::new(),
        screen: None,
        sound: None,
        keeper,
    };
    let broken = Desk(AnnotationStore::default(), Some("the disk is full.".into()));
    window.sessions.borrow_mut().extend([Ok(opened(None)), Ok(opened(Some(Box::new(broken))))]);
    ctrl(&mut window, Key::Num2);
    ctrl(&mut window, Key::O);
    assert!(window.has("READ ONLY"));
    keys(&mut window, &[Key::Enter, Key::Enter]);
    assert!(window.has("1 of 1 judged"), "review goes on");
    ctrl(&mut window, Key::O);
    assert!(window.has("NOT KEPT: the disk is full."));
    assert!(window.has("Error: the disk is full."));
}

#[test]
fn a_recording_is_analysed_and_then_reviewed() {
    let mut window = Window::open_with(Some("demo"), &[], Some("some clip.mp4".into()));
    ctrl(&mut window, Key::Num3);
    ctrl(&mut window, Key::O);
    window.click("Keep it as a session on the disk");
    window.click("Start the analysis");
    let started = window.started.borrow().last().cloned().expect("started");
    assert_eq!(started.to_string(), "video:some clip.mp4");
    assert!(!started.options.paced, "as fast as it goes");
    say(
        &mut window,
        [
            Update::Record(Record::Opened(SourceInfo {
                name: "some clip".into(),
                ..Default::default()
            })),
            Update::Record(Record::Samples((0..300).map(sample).collect())),
            Update::Record(Record::Event(event(0, 2.0), Some(clip(2.0)))),
            Update::Record(Record::Stats(Stats {
                analysed: 300,
                progress: Some(0.5),
                ..Stats::default()
            })),
        ],
    );
    assert!(window.has("Analysed 50 %") && window.has("300 frames"));
    say(&mut window, [Update::Ended(None)]);
    assert!(window.has("In memory only."));
    assert!(window.recording.lock().expect("one thread").asked.is_empty());
    window.click("Review the result");
    assert!(window.has("Micro-expression 1") && window.has("Picture of frame 66"));
}

#[test]
fn an_analysis_is_kept_on_the_disk_and_reviewed_from_there() {
    let mut window = Window::open_with(Some("demo"), &[], Some("some clip.mp4".into()));
    ctrl(&mut window, Key::Num3);
    ctrl(&mut window, Key::O);
    window.harness.state_mut().state.records.form.folder = "studies".into();
    window.settle();
    assert!(window.has("in studies"));
    window.click("Start the analysis");
    let asked = window.recording.lock().expect("one thread").asked.clone();
    let [EngineCommand::Record(order)] = &asked[..] else { panic!("{asked:?}") };
    assert!(order.folder.starts_with("studies") && !order.with_pictures);
    let name = order.folder.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.ends_with(" some-clip.fleeting"), "{name}");
    say(
        &mut window,
        [
            Update::Record(Record::Opened(SourceInfo {
                name: "some clip".into(),
                ..Default::default()
            })),
            Update::Record(Record::Samples((0..300).map(sample).collect())),
            Update::Ended(None),
        ],
    );
    assert!(window.has(&format!("Kept as {name}.")));
    window.sessions.borrow_mut().push_back(Ok(stored(&[2.0], true, &AnnotationStore::default())));
    window.click("Review the result");
    assert!(window.has("kept in a session") && window.has("Micro-expression 1"));
}

#[test]
fn an_analysis_that_can_no_longer_be_kept_goes_on_in_memory_and_says_so() {
    let mut window = Window::open(Some("demo"), &[]);
    ctrl(&mut window, Key::Num3);
    window.harness.state_mut().state.analyse.path = "some clip.mp4".into();
    ctrl(&mut window, Key::Enter);
    let stopped = fleeting::engine::live::record::RecordingStatus {
        folder: "studies/x.fleeting".into(),
        state: fleeting::engine::live::record::RecordState::Stopped(Some(
            "the disk is full".into(),
        )),
        secs: 3.0,
        bytes: 1,
        free_bytes: Some(0),
        left_secs: None,
        sound: None,
    };
    say(
        &mut window,
        [
            Update::Record(Record::Opened(SourceInfo::default())),
            Update::Record(Record::Samples((0..300).map(sample).collect())),
            Update::Recording(Box::new(stopped)),
            Update::Ended(None),
        ],
    );
    assert!(window.has("Error: The analysis is no longer kept: the disk is full."));
    assert!(window.has("In memory only."));
    window.click("Review the result");
    assert!(window.has("In memory only: export what you want to keep"));
}

#[test]
fn an_analysis_is_cancelled_and_what_it_found_stays() {
    let mut window = Window::open(Some("demo"), &[]);
    ctrl(&mut window, Key::Num3);
    window.harness.state_mut().state.analyse.path = "some clip.mp4".into();
    ctrl(&mut window, Key::Enter);
    say(
        &mut window,
        [
            Update::Record(Record::Opened(SourceInfo::default())),
            Update::Record(Record::Samples((0..300).map(sample).collect())),
        ],
    );
    window.click("Cancel");
    assert!(window.has("Cancelled") && window.has("Review the result"));
}

#[test]
fn a_recording_that_cannot_be_read_is_said_where_it_was_chosen() {
    let mut window = Window::open(Some("demo"), &[]);
    ctrl(&mut window, Key::Num3);
    window.harness.state_mut().state.analyse.path = "camera".into();
    ctrl(&mut window, Key::Enter);
    assert!(window.has("camera: expected a video file or a folder of pictures"));
    window.harness.state_mut().state.analyse.path = "gone.mp4".into();
    ctrl(&mut window, Key::Enter);
    say(&mut window, [Update::Ended(Some("gone.mp4: no such file".into()))]);
    assert!(window.has("Error: gone.mp4: no such file"));
}

#[test]
fn the_chosen_formats_are_written_one_after_the_other() {
    let (mut window, _) = reviewing(&[2.0], true);
    ctrl(&mut window, Key::E);
    window.click("csv");
    window.click("json");
    window.click("Choose a folder and write…");
    assert!(window.has("2 files are in a session"));
}

#[test]
fn an_export_that_cannot_be_written_says_so_where_it_was_asked_for() {
    let (mut window, _) = reviewing(&[2.0], true);
    window.picks.replace(Picked::Path(std::env::temp_dir()));
    ctrl(&mut window, Key::E);
    window.click("csv");
    window.click("Choose a folder and write…");
    assert!(window.has("csv: already exists"));
}

#[test]
fn two_layers_are_compared_with_what_to_know_before_believing_a_kappa() {
    let (mut window, _) = reviewing(&[2.0, 5.0, 8.0], true);
    keys(&mut window, &[Key::Enter, Key::X, Key::Enter]);
    ctrl(&mut window, Key::G);
    assert!(window.has("2 of 3 and 2"));
    assert!(window.has("Cohen’s kappa per frame, 1800 frames"));
    assert!(window.has("prevalence index"), "why kappa misleads where events are rare");
    ctrl(&mut window, Key::G);
    ctrl_shift(&mut window, Key::R);
    window.harness.get_by_label("Name").focus();
    window.settle();
    write(&mut window, "Ben");
    window.click("works blind");
    window.click("Add rater");
    ctrl(&mut window, Key::G);
    assert!(window.has("Ben works blind and has not finished, so nothing is compared yet"));
}
