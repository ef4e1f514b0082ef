use super::*;
use crate::exchange::tests::session as sample_session;
use crate::measure::baseline::Baseline;
use crate::measure::effort::{Effort, EffortStep};
use crate::measure::event::Moment;
use crate::measure::quality::Quality;
use crate::measure::sample::{Sample, Score};
use crate::model::provenance::ModelFile;
use crate::session::Session;
use crate::session::annotation::{Act, Condition, Log, Mark, MarkKind, Target, Verdict};
use crate::session::counts::{Loss, LossReason};
use crate::session::sound_track::SOUND_FILE;
use jiff::civil::date;
use std::sync::Arc;

fn beginning() -> Beginning {
    Beginning {
        consent: Some(Consent {
            who: "P01".into(),
            purpose: "a pilot".into(),
            keep_until: Some(date(9031, 5, 1)),
            with_sound: true,
        }),
        provenance: Provenance {
            program: Provenance::this_program(),
            source: "demo:7".into(),
            begun_at_unix_ms: Some(1_700_000_000_000),
            settings: "[engine]\n".into(),
            models: vec![ModelFile {
                task: "spot".into(),
                file: "s.onnx".into(),
                sha256: "0a".into(),
            }],
        },
        with_pictures: true,
    }
}

fn entry(act: Act) -> Entry {
    Entry { rater: "Zoë".into(), at_unix_ms: 12, act }
}

/// A folder whose name is difficult for code that splits or re-encodes paths.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().expect("a temporary folder");
    let folder = base.path().join("Sitzung 1 – 表情 'x'.fleeting");
    (base, folder)
}

/// Stores everything in `session`.
fn store(session: &Session, folder: &Path) -> Store {
    let mut store = Store::create(folder, &beginning()).expect("created");
    store.append(&Record::Opened(session.source.clone())).expect("stored");
    store.append(&Record::Threshold(session.threshold.expect("set"))).expect("stored");
    store.append(&Record::Samples(session.history.samples().iter().collect())).expect("stored");
    for event in &session.events {
        store.append(&Record::Event(event.clone(), None)).expect("stored");
    }
    for notice in &session.notices {
        store.append(&Record::Notice(notice.notice.clone())).expect("stored");
    }
    store.append(&Record::Stats(Stats::default())).expect("stored");
    for reason in LossReason::ALL.into_iter().filter(|reason| session.losses.of(*reason) > 0) {
        let frames = session.losses.of(reason);
        store.append(&Record::Lost(Loss { first: 4, frames, reason })).expect("stored");
    }
    for step in &session.effort {
        store.append(&Record::Effort(*step)).expect("stored");
    }
    for rater in session.log.raters() {
        store.append_rater(rater).expect("stored");
    }
    for entry in session.log.entries() {
        store.append_entry(entry).expect("stored");
    }
    store.commit().expect("stored");
    store
}

fn full_session() -> Session {
    let mut session = sample_session();
    session.losses.add(Loss { first: 4, frames: 3, reason: LossReason::Queue });
    session.losses.add(Loss { first: 4, frames: 2, reason: LossReason::Broken });
    session.effort = vec![
        EffortStep { first: 2, effort: Effort::Quarter },
        EffortStep { first: 5, effort: Effort::Half },
    ];
    session.consent = beginning().consent;
    session.provenance = beginning().provenance;
    session.log.add_rater(Rater::blind("Zoë"));
    session.log.push(entry(Act::Judge(Target::Machine(0), Verdict::Rejected)));
    session.log.push(entry(Act::Mark(Mark {
        before_ms: 3000,
        ..Mark::new(Moment::default(), "“here”; --")
    })));
    session.log.push(entry(Act::Undo));
    let kind = MarkKind::Own("question".into());
    session.log.push(entry(Act::Mark(Mark { kind, ..Mark::new(Moment::default(), "age") })));
    let begun = Condition::begun("baseline", Moment::default());
    session.log.push(entry(Act::Condition(0, begun)));
    session
}

/// As text, because NaN equals nothing, not even itself.
fn text(session: &Session) -> String {
    let Session { source, history, events, losses, effort, notices, .. } = session;
    let Session { threshold, baseline, .. } = session;
    let samples = history.samples();
    format!(
        "{source:#?}{samples:#?}{events:#?}{losses:?}{effort:?}{notices:#?}{threshold:?}{baseline:?}{:#?}{:?}{:?}",
        session.log, session.consent, session.provenance
    )
}

fn error_of(folder: &Path) -> String {
    open(folder).map(|_| ()).expect_err("not to be opened").to_string()
}

#[test]
fn a_session_reads_back_as_it_was_stored() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let opened = open(&folder).expect("opened");
    assert_eq!(text(&opened.session), text(&full_session()));
    assert_eq!(opened.remarks, Vec::<String>::new());
    let mut names: Vec<_> =
        fs::read_dir(&folder).expect("a folder").flatten().map(|e| e.file_name()).collect();
    names.retain(|name| !name.to_string_lossy().ends_with("-wal"));
    names.retain(|name| !name.to_string_lossy().ends_with("-shm"));
    assert_eq!(names, [DATABASE], "nothing else is left lying about");
}

#[test]
fn a_baseline_that_was_dropped_no_longer_holds_when_it_is_read_back() {
    let (_base, folder) = folder();
    let mut stored = store(&full_session(), &folder);
    let samples: Vec<_> = full_session().history.samples().iter().collect();
    let calm =
        samples.iter().map(|s| Sample { score: Some(Score { micro: 0.1, macro_: 0.1 }), ..*s });
    let calm: Vec<_> = calm.map(|s| Sample { quality: Quality::default(), ..s }).collect();
    let baseline = Baseline::measure(&calm).expect("calm");
    stored.append(&Record::Baselined(Box::new(baseline))).expect("stored");
    stored.append(&Record::BaselineDropped).expect("stored");
    stored.finish(None).expect("closed");
    assert_eq!(open(&folder).expect("opened").session.baseline, None);
}

#[test]
fn a_folder_that_holds_a_session_is_refused_and_left_as_it_is() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let error = Store::create(&folder, &beginning()).expect_err("in the way").to_string();
    assert!(error.contains("already holds a session"), "{error}");
    assert_eq!(text(&open(&folder).expect("opened").session), text(&full_session()));
}

#[test]
fn what_was_committed_outlives_a_recorder_that_dies_and_the_next_reader_is_told_once() {
    let (_base, folder) = folder();
    let mut dying = store(&full_session(), &folder);
    dying
        .append_notice(&Notice {
            kind: crate::media::stream::NoticeKind::Info,
            text: "lost".into(),
        })
        .expect("added");
    drop(dying);
    let opened = open(&folder).expect("opened");
    assert_eq!(text(&opened.session), text(&full_session()));
    assert!(opened.remarks[0].contains("cut off") && opened.remarks[0].contains("3 samples"));
    drop(opened);
    assert!(open(&folder).expect("opened").remarks.is_empty());
}

#[test]
fn a_session_that_is_being_recorded_is_not_opened() {
    let (_base, folder) = folder();
    let _recording = store(&full_session(), &folder);
    assert!(error_of(&folder).contains("is being recorded"));
}

#[test]
fn judgements_can_be_added_to_a_closed_session() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let more = entry(Act::Redo);
    let mut opened = open(&folder).expect("opened");
    opened.store.append_entry(&more).expect("added");
    opened.store.commit().expect("committed");
    drop(opened);
    let log = open(&folder).expect("opened").session.log;
    assert_eq!(log.entries().last(), Some(&more));
    assert_eq!(log.entries().len(), 6);
}

#[test]
fn no_row_is_ever_changed_or_removed() {
    let (_base, folder) = folder();
    let store = store(&full_session(), &folder);
    for sql in [
        "UPDATE event SET kind = 'macro'",
        "DELETE FROM event",
        "DELETE FROM sample",
        "UPDATE entry SET rater = 'B'",
        "UPDATE consent SET keep_until = NULL",
    ] {
        let error = store.db.execute(sql, []).expect_err(sql).to_string();
        assert!(error.contains("never changed"), "{error}");
    }
}

#[test]
fn sound_is_found_beside_the_session_with_its_losses_and_is_deleted_with_it() {
    let (_base, folder) = folder();
    let mut made = store(&full_session(), &folder);
    let losses = [(5.3, 1.8), (12.0, 0.1)]
        .map(|(at, secs)| SoundLoss { at: Timestamp::from_secs(at), secs });
    for loss in &losses {
        made.append_sound_loss(loss).expect("stored");
    }
    made.finish(None).expect("finished");
    let opened = open(&folder).expect("opens");
    assert_eq!((opened.session.sound, opened.sound), (None, None), "there is no file");
    assert_eq!(opened.session.sound_losses, losses);
    assert!(opened.session.consent.is_some_and(|consent| consent.with_sound));
    drop(opened.store);
    // A link may lead to any file.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", folder.join(SOUND_FILE)).expect("linked");
        assert_eq!(open(&folder).expect("opens").session.sound, None);
        fs::remove_file(folder.join(SOUND_FILE)).expect("removed");
    }
    fs::write(folder.join(SOUND_FILE), b"RIFF").expect("written");
    let opened = open(&folder).expect("opens");
    assert_eq!(opened.session.sound.as_deref(), Some(SOUND_FILE));
    assert!(opened.sound.expect("a place").open().is_err(), "it is no sound");
    drop(opened.store);
    assert_eq!(session_list::delete(&folder).expect("deleted").left, Vec::<PathBuf>::new());
    assert!(!folder.exists());
}

#[test]
fn an_older_layout_is_brought_up_and_keeps_its_rows() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let mut db = schema::connect(&folder.join(DATABASE)).expect("opened");
    let next = [schema::STEPS, &["ALTER TABLE sample ADD COLUMN pulse REAL"]].concat();
    schema::migrate(&mut db, &next).expect("migrated");
    assert_eq!(schema::identity(&db), Ok((schema::APPLICATION_ID, next.len())));
    let rows: i64 = db
        .query_row("SELECT count(*) FROM sample WHERE pulse IS NULL", [], |r| r.get(0))
        .expect("read");
    assert_eq!(rows, 3);
    drop(db);
    assert!(error_of(&folder).contains("of a newer version"));
}

#[test]
fn a_file_of_each_older_layout_opens() {
    for layout in 1..schema::STEPS.len() {
        a_file_of_layout_opens(layout);
    }
}

fn a_file_of_layout_opens(layout: usize) {
    let (_base, folder) = folder();
    fs::create_dir_all(&folder).expect("made");
    let db = Connection::open(folder.join(DATABASE)).expect("made");
    db.execute_batch(include_str!("../../../tests/fixtures/session_v1.sql")).expect("laid out");
    for step in &schema::STEPS[1..layout] {
        db.execute_batch(step).expect("laid out");
    }
    db.pragma_update(None, "user_version", layout as i64).expect("laid out");
    assert_eq!(schema::identity(&db), Ok((schema::APPLICATION_ID, layout)));
    drop(db);
    let opened = open(&folder).expect("opened");
    let mut expected = full_session();
    // Version 6 has conditions, and marks with a kind and the time before them.
    expected.log = Log::default();
    expected.log.add_rater(Rater::blind("Zoë"));
    for act in [
        Act::Judge(Target::Machine(0), Verdict::Rejected),
        Act::Mark(Mark::new(Moment::default(), "“here”; --")),
        Act::Undo,
    ] {
        expected.log.push(entry(act));
    }
    // Version 2 measured more.
    let mut samples: Vec<_> = expected.history.samples().iter().collect();
    samples.iter_mut().for_each(|sample| sample.quality.presence = f32::NAN);
    expected.history = Default::default();
    // Version 4 stores which frames were lost, and why.
    expected.losses = Default::default();
    expected.losses.add_unnumbered(3, LossReason::Queue);
    // Version 7 stores if sound was agreed to.
    if let Some(consent) = &mut expected.consent {
        consent.with_sound = false;
    }
    // Version 5 stores where less was done.
    expected.effort.clear();
    samples.into_iter().for_each(|sample| expected.history.push(sample));
    assert_eq!(text(&opened.session), text(&expected));
}

#[test]
fn what_is_no_session_is_named_with_what_was_found() {
    let (base, folder) = folder();
    assert!(error_of(&folder).contains("nothing of this name"));
    fs::create_dir_all(&folder).expect("made");
    assert!(error_of(&folder).contains("no session.sqlite"));
    let path = folder.join(DATABASE);
    fs::write(&path, "").expect("written");
    assert!(error_of(&folder).contains("an empty file"));
    fs::write(&path, "eggs, flour, ".repeat(20)).expect("written");
    assert!(error_of(&folder).contains("no database"));
    fs::write(base.path().join("file"), "x").expect("written");
    assert!(error_of(&base.path().join("file")).contains("found a file"));
}

#[test]
fn a_database_of_another_program_is_named_and_not_touched() {
    let (_base, folder) = folder();
    fs::create_dir_all(&folder).expect("made");
    let path = folder.join(DATABASE);
    let db = Connection::open(&path).expect("made");
    db.execute_batch("CREATE TABLE recipe (eggs INTEGER); INSERT INTO recipe VALUES (3)")
        .expect("filled");
    drop(db);
    let before = fs::read(&path).expect("read");
    assert!(error_of(&folder).contains("of another program"));
    assert_eq!(fs::read(&path).expect("read"), before);
}

#[test]
fn a_truncated_database_is_named() {
    let (_base, folder) = folder();
    let mut session = full_session();
    for seq in 3..300 {
        let sample = session.history.samples().first().expect("a sample");
        session.history.push(Sample { seq, ..sample });
    }
    store(&session, &folder).finish(None).expect("closed");
    let path = folder.join(DATABASE);
    let whole = fs::read(&path).expect("read");
    for share in [1, 5, 9] {
        fs::write(&path, &whole[..whole.len() * share / 10]).expect("written");
        let error = error_of(&folder);
        assert!(error.contains(DATABASE) && error.contains("cut off or damaged"), "{error}");
    }
}

#[test]
fn a_copy_in_memory_holds_also_what_was_not_yet_moved_out_of_the_journal() {
    let (base, folder) = folder();
    let recording = store(&full_session(), &folder);
    let still = base.path().join("copy");
    fs::create_dir(&still).expect("made");
    for name in [DATABASE.to_owned(), format!("{DATABASE}-wal")] {
        fs::copy(folder.join(&name), still.join(&name)).expect("copied");
    }
    drop(recording);
    let db = open::in_memory(&still, &still.join(DATABASE)).expect("copied");
    assert_eq!(text(&read::session(&db).expect("read")), text(&full_session()));
}

/// A session without pictures of its own, of a video that is read from front to back.
fn store_without_pictures(folder: &Path, video: &str, moments: &[Moment]) {
    let provenance = Provenance { source: format!("video:{video}"), ..Provenance::default() };
    let beginning = Beginning { consent: None, provenance, with_pictures: false };
    let mut store = Store::create(folder, &beginning).expect("created");
    for moment in moments {
        let quality = Default::default();
        let (seq, time) = (moment.frame, moment.time);
        let sample = Sample { seq, time, quality, motion: None, score: None };
        store.append_sample(&sample).expect("stored");
    }
    store.finish(None).expect("closed");
}

#[test]
fn a_session_without_pictures_shows_those_of_its_recording_as_long_as_that_is_the_same() {
    let (base, folder) = folder();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    let video = base.path().join("clip.mp4");
    fs::copy(fixture, &video).expect("copied");
    let mut pictures = crate::session::pictures::open(&video).expect("opens");
    let moments = pictures.moments().to_vec();
    // The video is named from the folder beside which the session lies.
    store_without_pictures(&folder, "clip.mp4", &moments);
    let mut opened = open(&folder).expect("opened");
    assert!(opened.remarks.is_empty(), "{:?}", opened.remarks);
    let shown = opened.pictures.as_mut().expect("seen again").picture(3).expect("a picture");
    assert_eq!(shown.image, pictures.picture(3).expect("a picture").image);
    assert!(opened.store.pictures().expect("readable").is_some(), "for a second reader too");
    drop(opened);

    let other = base.path().join("other.fleeting");
    let late: Vec<_> = moments.iter().map(|m| Moment { time: m.time + 0.001, ..*m }).collect();
    // Wherever the recording was, only its file name counts.
    store_without_pictures(&other, "/elsewhere/clip.mp4", &late);
    let opened = open(&other).expect("opened");
    assert!(opened.pictures.is_none() && opened.remarks[0].contains("clip.mp4 is no longer"));
    drop(opened);

    fs::remove_file(&video).expect("removed");
    let opened = open(&folder).expect("opened");
    assert!(opened.pictures.is_none() && opened.remarks[0].contains("\"clip.mp4\" does not lie"));
}

#[test]
fn a_recording_that_a_session_names_elsewhere_is_opened_only_where_the_user_names_it() {
    let (base, folder) = folder();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    let elsewhere = base.path().join("far/away");
    fs::create_dir_all(&elsewhere).expect("made");
    let video = elsewhere.join("clip.mp4");
    fs::copy(fixture, &video).expect("copied");
    let moments = crate::session::pictures::open(&video).expect("opens").moments().to_vec();
    let named = video.to_string_lossy().into_owned();
    let climbs = "far/away/clip.mp4".to_owned();
    for (number, source) in [named, climbs, "../x/../far/away/clip.mp4".into()].iter().enumerate() {
        let folder = folder.join(number.to_string());
        store_without_pictures(&folder, source, &moments);
        let opened = open(&folder).expect("opened");
        assert!(opened.pictures.is_none(), "{source} was opened");
        assert!(opened.remarks[0].contains("--recording"), "{:?}", opened.remarks);
        drop(opened);
        let spec = SourceSpec::named(video.as_os_str()).expect("a path");
        let opened = open_of_recording(&folder, Some(&spec)).expect("opened");
        assert!(opened.pictures.is_some() && opened.remarks.is_empty(), "{:?}", opened.remarks);
        assert!(opened.store.pictures().expect("readable").is_some());
    }
    // A link beside the session leads to another place.
    #[cfg(unix)]
    {
        let folder = folder.join("linked");
        store_without_pictures(&folder, "clip.mp4", &moments);
        std::os::unix::fs::symlink(&video, folder.join("clip.mp4")).expect("linked");
        assert!(open(&folder).expect("opened").pictures.is_none());
    }
}

#[test]
fn two_windows_with_one_session_are_told_of_each_other_and_nobody_deletes_it_meanwhile() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let mut first = open(&folder).expect("opened").store;
    assert_eq!(first.hold_for_review(), None);
    assert_eq!(first.look_for_others(), None);
    // As if by another process.
    let held = fs::read_to_string(folder.join(REVIEW_LOCK)).expect("there");
    assert_eq!(held, format!("{}\n", std::process::id()));
    let mut lock = OpenOptions::new().append(true).open(folder.join(REVIEW_LOCK)).expect("there");
    io::Write::write_all(&mut lock, b"1\n").expect("added");
    assert!(first.look_for_others().is_some_and(|text| text.contains("too")));
    assert_eq!(first.look_for_others(), None, "it is said once");
    assert!(
        session_list::delete(&folder).expect_err("open").to_string().contains("open for review")
    );
    // The same window may open it again; another window is told.
    let mut second = open(&folder).expect("opened").store;
    assert_eq!(second.hold_for_review(), None);
    fs::write(folder.join(REVIEW_LOCK), "1\n").expect("written");
    let mut third = open(&folder).expect("opened").store;
    assert!(third.hold_for_review().is_some_and(|text| text.contains("Another window has")));
    drop((first, second, third));
    assert!(session_list::delete(&folder).expect("deleted").left.is_empty());
    assert!(!folder.exists());
}

#[test]
fn what_is_said_of_a_session_that_was_deleted_meanwhile_is_an_error() {
    let (_base, folder) = folder();
    store(&full_session(), &folder).finish(None).expect("closed");
    let mut reviewed = open(&folder).expect("opened").store;
    fs::remove_dir_all(&folder).expect("removed");
    assert!(reviewed.look_for_others().is_some_and(|text| text.contains("not there any more")));
    let mut other = Store { is_in_file: true, ..reviewed };
    other.append_entry(&entry(Act::Undo)).expect("taken");
    let error = other.commit().expect_err("nowhere").to_string();
    assert!(error.contains("deleted or moved"), "{error}");
}

#[test]
#[cfg(unix)]
fn all_that_a_session_holds_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_base, folder) = folder();
    let recording = store(&full_session(), &folder);
    let mut film = crate::media::mkv::MkvWriter::create(&folder.join("pictures-1.mkv"), (64, 48))
        .expect("begun");
    film.push(&crate::media::image::Frame {
        image: Arc::new(crate::media::image::RgbImage::new(64, 48)),
        ..Default::default()
    })
    .expect("added");
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("readable").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 5, "database, journal, index, lock and film, found {seen}");
    drop(recording);
}

#[test]
fn the_pictures_of_an_event_are_not_stored_with_it() {
    let (_base, folder) = folder();
    let mut store = Store::create(&folder, &beginning()).expect("created");
    let clip = Arc::new(crate::session::clip::EventClip::default());
    store.append(&Record::Event(sample_session().events[0].clone(), Some(clip))).expect("stored");
    store.finish(None).expect("closed");
    let session = open(&folder).expect("opened").session;
    assert_eq!((session.history.len(), session.events.len()), (0, 1));
}

#[test]
fn a_session_that_could_not_begin_is_not_taken_for_one() {
    let (_base, folder) = folder();
    fs::create_dir_all(folder.join(LOCK)).expect("made");
    assert!(Store::create(&folder, &beginning()).is_err(), "the lock's place is taken");
    assert!(!folder.join(DATABASE).exists());
    fs::remove_dir(folder.join(LOCK)).expect("removed");
    store(&full_session(), &folder).finish(None).expect("closed");
}

#[test]
fn a_picture_file_that_lies_elsewhere_is_not_opened_and_not_written_to() {
    let (base, folder) = folder();
    let other = base.path().join("pictures-1.mkv");
    let film = crate::media::mkv::MkvWriter::create(&other, (8, 8)).expect("a new film");
    // Not finished, so that opening it for writing would repair it.
    drop(film);
    let before = fs::read(&other).expect("read");
    let mut recording = store(&full_session(), &folder);
    let absolute = other.display().to_string();
    for name in ["../pictures-1.mkv", &absolute, "pictures-1.mkv/../x", "pictures-+1.mkv", ""] {
        recording.append_film(name, (8, 8)).expect("stored");
    }
    recording.finish(None).expect("closed");
    let opened = open(&folder).expect("opened");
    assert!(opened.pictures.is_none());
    let said = opened.remarks.iter().filter(|remark| remark.contains("no name of a picture file"));
    assert_eq!(said.count(), 5, "{:?}", opened.remarks);
    assert_eq!(fs::read(&other).expect("read"), before);
}

#[test]
#[cfg(unix)]
fn a_link_in_the_place_of_a_picture_file_is_not_followed() {
    let (base, folder) = folder();
    let other = base.path().join("dear.mkv");
    drop(crate::media::mkv::MkvWriter::create(&other, (8, 8)).expect("a new film"));
    let before = fs::read(&other).expect("read");
    let mut recording = store(&full_session(), &folder);
    recording.append_film("pictures-1.mkv", (8, 8)).expect("stored");
    recording.finish(None).expect("closed");
    std::os::unix::fs::symlink(&other, folder.join("pictures-1.mkv")).expect("linked");
    let opened = open(&folder).expect("opened");
    assert!(opened.pictures.is_none());
    assert!(opened.remarks[0].contains("is a link"), "{:?}", opened.remarks);
    drop(opened);
    assert_eq!(fs::read(&other).expect("read"), before);
    session_list::delete(&folder).expect("deleted");
    assert_eq!(fs::read(&other).expect("read"), before, "the link goes, not what it leads to");
}

#[test]
#[cfg(unix)]
fn a_link_in_the_place_of_a_sessions_own_file_is_not_written_through() {
    for name in [DATABASE, "session.sqlite-wal", "session.sqlite-shm", LOCK] {
        let (base, folder) = folder();
        store(&full_session(), &folder).finish(None).expect("closed");
        let dear = base.path().join("dear");
        if name == DATABASE {
            fs::rename(folder.join(DATABASE), &dear).expect("moved");
        } else {
            fs::write(&dear, "something dear").expect("written");
        }
        let before = fs::read(&dear).expect("read");
        std::os::unix::fs::symlink(&dear, folder.join(name)).expect("linked");
        let error = error_of(&folder);
        assert!(error.contains(name) && error.contains("a link"), "{error}");
        assert!(session_list::look(&folder).is_err() && session_list::delete(&folder).is_err());
        assert_eq!(fs::read(&dear).expect("read"), before, "{name}");
    }
    let (base, folder) = folder();
    fs::create_dir_all(&folder).expect("made");
    std::os::unix::fs::symlink(base.path().join("dear"), folder.join(LOCK)).expect("linked");
    assert!(Store::create(&folder, &beginning()).is_err());
    assert!(!base.path().join("dear").exists(), "nothing is made through a link");
}

#[test]
fn a_database_that_is_not_exactly_as_fleeting_makes_it_is_refused() {
    for (what, sql) in [
        ("entry", "ALTER TABLE entry ADD COLUMN long TEXT AS (hex(zeroblob(1000000000)))"),
        ("more", "CREATE TABLE more (n INTEGER PRIMARY KEY)"),
        ("by_kind", "CREATE INDEX by_kind ON event (kind)"),
        ("other", "ALTER TABLE stats RENAME TO other"),
        ("all", "CREATE VIEW all_of AS SELECT * FROM sample, sample, sample"),
        ("late", "CREATE TRIGGER late AFTER INSERT ON entry BEGIN SELECT 1; END"),
        (
            "event_keeps_UPDATE",
            "DROP TRIGGER event_keeps_UPDATE; CREATE TRIGGER event_keeps_UPDATE BEFORE UPDATE ON \
             event BEGIN SELECT 1; END",
        ),
    ] {
        let (_base, folder) = folder();
        store(&full_session(), &folder).finish(None).expect("closed");
        let db = Connection::open(folder.join(DATABASE)).expect("opens");
        db.execute_batch(sql).expect("added");
        drop(db);
        let error = error_of(&folder);
        assert!(error.contains(what) && error.contains("not as Fleeting makes it"), "{error}");
        assert!(session_list::look(&folder).is_err());
    }
}
