//! Recording: what is stored, what survives a kill and a full disk, and what is reported.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::record::{RecordOrder, RecordState, RecordingStatus};
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::event::{Event, EventKind, Moment, Origin};
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::sample::{Sample, Score};
use fleeting::media::image::Frame;
use fleeting::media::mkv::MkvReader;
use fleeting::media::pictures::Pictures;
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::session::Session;
use fleeting::session::annotation::{Act, Entry, Mark};
use fleeting::session::consent::Consent;
use fleeting::session::record::Record;
use fleeting::session::store::{self, Opened, Store, session_list};
use fleeting::source::SourceSpec;
use rand::{Rng, SeedableRng};

use crate::program::fleeting;
use crate::tools::required;

const LONG: Duration = Duration::from_secs(60);

/// How many times the recorder is killed.
const KILLS: usize = 100;

/// The most that a kill may cost.
const MOST_LOST_SECS: f64 = 1.0;

/// Where the recorder that will be killed stores its session.
const VICTIM_FOLDER: &str = "FLEETING_TEST_VICTIM_FOLDER";

/// Scores each frame at once, and finds an event at every fiftieth frame.
#[derive(Default)]
struct Quick {
    events: u64,
}

impl Analyser for Quick {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let (seq, time) = (frame.seq, frame.time);
        let score = (seq % 7 != 0).then_some(Score { micro: 0.25, macro_: 0.5 });
        output.samples.push(Sample { seq, time, quality: Quality::default(), motion: None, score });
        if seq % 50 == 49 {
            let at = |back: u64| Moment { frame: seq - back, time: time - back as f64 / 30.0 };
            output.events.push(Event {
                id: self.events,
                kind: EventKind::Micro,
                onset: at(9),
                apex: at(6),
                offset: at(3),
                score: 0.75,
                action_units: Vec::new(),
                emotion: None,
                trouble: Trouble::NONE,
                origin: Origin::Model,
            });
            self.events += 1;
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Output) -> Result<(), ModelError> {
        Ok(())
    }

    crate::follows_no_setting!(0.5);
}

fn demo(secs: f64, paced: bool) -> SourceSpec {
    let mut spec: SourceSpec = "demo:1".parse().expect("a source");
    spec.options.limit_secs = Some(secs);
    spec.options.size_px = Some((96, 96));
    spec.options.paced = paced;
    spec
}

fn start(spec: SourceSpec) -> Engine {
    Engine::start_with(spec, &EngineConfig::default(), || Ok(Quick::default()), || ())
}

fn consent() -> Consent {
    Consent { who: "P01".into(), purpose: "a test".into(), keep_until: None, with_sound: false }
}

fn order(folder: &Path) -> EngineCommand {
    EngineCommand::Record(Box::new(RecordOrder {
        folder: folder.into(),
        consent: Some(consent()),
        with_pictures: true,
        sound: None,
    }))
}

/// All updates until `is_last`.
fn until(engine: &Engine, is_last: impl Fn(&Update) -> bool) -> Vec<Update> {
    let mut updates = Vec::new();
    loop {
        updates.push(engine.wait(LONG).expect("the engine goes on"));
        if updates.last().is_some_and(&is_last) {
            return updates;
        }
    }
}

fn has_ended(update: &Update) -> bool {
    matches!(update, Update::Ended(_))
}

fn reached(update: &Update, seq: u64) -> bool {
    matches!(update, Update::Record(Record::Samples(samples)) if samples.iter().any(|s| s.seq >= seq))
}

fn recordings(updates: &[Update]) -> Vec<&RecordingStatus> {
    let mut found = Vec::new();
    for update in updates {
        if let Update::Recording(recording) = update {
            found.push(recording.as_ref());
        }
    }
    found
}

fn last_state(updates: &[Update]) -> RecordState {
    recordings(updates).last().expect("a recording").state.clone()
}

fn open(folder: &Path) -> Opened {
    store::open(folder).unwrap_or_else(|error| panic!("{error}"))
}

/// Numbers of the frames whose pictures are stored.
fn pictured(opened: &Opened) -> Vec<u64> {
    let pictures = opened.pictures.as_ref().expect("pictures");
    pictures.moments().iter().map(|moment| moment.frame).collect()
}

fn sampled(session: &Session) -> Vec<u64> {
    session.history.samples().iter().map(|sample| sample.seq).collect()
}

/// As text, because NaN equals nothing, not even itself.
fn text(session: &Session) -> String {
    let Session { source, events, notices, threshold, .. } = session;
    let counts = session.counts();
    let samples = session.history.samples();
    format!(
        "{source:#?}{samples:#?}{events:#?}{notices:#?}{threshold:?}{counts:?}{:?}",
        session.log
    )
}

#[test]
fn a_recording_holds_what_was_analysed_frame_by_frame() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("Raum 2 – 記録.fleeting");
    let engine = start(demo(4.0, false));
    engine.send(order(&folder)).expect("room for a command");
    let updates = until(&engine, has_ended);
    let mut live = Session::default();
    updates
        .iter()
        .for_each(|update| update.record().into_iter().for_each(|record| live.apply(record)));
    assert_eq!(last_state(&updates), RecordState::Stopped(None));
    let mut opened = open(&folder);
    assert_eq!(opened.remarks, Vec::<String>::new());
    assert_eq!(text(&opened.session), text(&live));
    assert_eq!((live.history.len(), live.events.len()), (120, 2));
    assert_eq!(pictured(&opened), sampled(&live));
    let picture = opened.pictures.as_mut().expect("pictures").picture(77).expect("stored");
    assert_eq!((picture.seq, picture.image.width), (77, 96));
    assert_eq!(picture.time, live.history.samples().get(77).expect("analysed").time);
    assert_eq!(opened.session.consent, Some(consent()));
    assert_eq!(opened.session.provenance.source, "demo:1");
    assert!(opened.session.provenance.begun_at_unix_ms.is_some_and(|ms| ms > 1_700_000_000_000));
}

#[test]
fn scores_only_stores_no_picture() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let engine = start(demo(1.0, false));
    let order =
        RecordOrder { folder: folder.clone(), consent: None, with_pictures: false, sound: None };
    engine.send(EngineCommand::Record(Box::new(order))).expect("room for a command");
    until(&engine, has_ended);
    let opened = open(&folder);
    assert!(opened.pictures.is_none() && opened.remarks.is_empty());
    assert_eq!(opened.session.history.len(), 30);
    let names: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().collect();
    assert!(names.iter().all(|e| e.file_name().to_string_lossy().starts_with("session.sqlite")));
}

#[test]
fn a_recording_in_the_middle_of_a_run_holds_its_own_frames_and_no_others() {
    let base = tempfile::tempdir().expect("a folder");
    let engine = start(demo(600.0, false));
    until(&engine, |update| reached(update, 40));
    let mut entry = Entry { rater: "Observer".into(), at_unix_ms: 5, act: Act::Undo };
    for name in ["first", "second"] {
        let folder = base.path().join(name);
        engine.send(order(&folder)).expect("room for a command");
        let begun = until(&engine, |u| matches!(u, Update::Recording(_)));
        assert_eq!(last_state(&begun), RecordState::Running);
        let at = |u: &Update| {
            if let Update::Record(Record::Samples(s)) = u { s.last().map(|s| s.seq) } else { None }
        };
        let now = begun.iter().rev().find_map(at).unwrap_or(0);
        entry.act = Act::Mark(Mark::new(Moment { frame: now, ..Moment::default() }, name));
        engine.send(EngineCommand::Enter(Box::new(entry.clone()))).expect("room for a command");
        let from = until(&engine, |update| matches!(update, Update::Record(Record::Samples(_))));
        let from = from.iter().rev().find_map(at).expect("samples");
        until(&engine, |update| reached(update, from + 90));
        engine.send(EngineCommand::StopRecording).expect("room for a command");
        let ended = until(&engine, |update| match update {
            Update::Recording(recording) => matches!(recording.state, RecordState::Stopped(_)),
            _ => false,
        });
        assert_eq!(last_state(&ended), RecordState::Stopped(None));

        let opened = open(&folder);
        let frames = pictured(&opened);
        assert!(frames.len() >= 90 && frames[0] > 40, "{frames:?}");
        assert!(frames.windows(2).all(|pair| pair[1] == pair[0] + 1), "{frames:?}");
        assert_eq!(sampled(&opened.session), frames);
        let (first, last) = (frames[0], frames[frames.len() - 1]);
        assert!(!opened.session.events.is_empty());
        let within = |e: &Event| e.offset.frame >= first && e.onset.frame <= last;
        assert!(opened.session.events.iter().all(within));
        let entries = opened.session.log.entries();
        let [Entry { act: Act::Mark(mark), .. }] = entries else { panic!("{entries:?}") };
        let (marked, text) = (mark.at, mark.text.as_str());
        assert_eq!((marked.frame, text), (now, name));
        // The mark was made at the beginning of the run, before the recording began.
        let begun = opened.session.history.samples().get(0).expect("a sample").time;
        assert!(
            begun == Moment::default().time && marked.time < begun,
            "{begun} and {}",
            marked.time
        );
        assert!(opened.session.threshold.is_some() && !opened.session.source.name.is_empty());
    }
}

#[test]
fn a_folder_that_holds_a_session_is_not_recorded_into_and_the_analysis_goes_on() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    for expected in [RecordState::Stopped(None), RecordState::Stopped(Some(String::new()))] {
        let engine = start(demo(1.0, false));
        engine.send(order(&folder)).expect("room for a command");
        let updates = until(&engine, has_ended);
        let mut session = Session::default();
        updates.iter().for_each(|update| {
            update.record().into_iter().for_each(|record| session.apply(record))
        });
        assert_eq!(session.history.len(), 30);
        match (last_state(&updates), expected) {
            (RecordState::Stopped(Some(why)), RecordState::Stopped(Some(_))) => {
                assert!(why.contains("already holds a session"), "{why}");
            }
            (found, expected) => assert_eq!(found, expected),
        }
    }
    assert_eq!(open(&folder).session.history.len(), 30);
}

#[test]
fn an_engine_that_is_let_go_completes_its_recording() {
    let base = tempfile::tempdir().expect("a folder");
    let (dropped, finished) = (base.path().join("dropped"), base.path().join("finished"));
    for (folder, in_order) in [(&dropped, false), (&finished, true)] {
        let engine = start(demo(600.0, false));
        engine.send(order(folder)).expect("room for a command");
        until(&engine, |update| reached(update, 50));
        if in_order {
            let last = engine.finish();
            assert_eq!(last_state(&last), RecordState::Stopped(None));
            assert!(matches!(last.last(), Some(Update::Ended(None))));
        } else {
            drop(engine);
        }
        let opened = open(folder);
        assert_eq!(opened.remarks, Vec::<String>::new());
        assert_eq!(pictured(&opened), sampled(&opened.session));
        assert!(opened.session.history.len() > 50);
    }
}

/// Records until it is killed, and prints the number of each sample. Run by the test below only.
#[test]
#[ignore = "only runs as the victim of the test that kills"]
fn a_recorder_that_is_to_be_killed() {
    let Some(folder) = std::env::var_os(VICTIM_FOLDER) else { return };
    let engine = start(demo(600.0, true));
    engine.send(order(Path::new(&folder))).expect("room for a command");
    let mut out = std::io::stdout();
    loop {
        if let Some(Update::Record(Record::Samples(samples))) = engine.wait(LONG) {
            let newest = samples.last().expect("not empty").time.nanos();
            writeln!(out, "newest {newest}").and_then(|()| out.flush()).expect("a reader");
        }
    }
}

/// Starts a recorder, kills it `after` its first sample or its start, and returns its last line.
fn kill_a_recorder(folder: &Path, after: Duration, from_first_sample: bool) -> Option<i64> {
    let mut victim = Process::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "recording::a_recorder_that_is_to_be_killed", "--ignored", "--nocapture"])
        .env(VICTIM_FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut out = BufReader::new(victim.stdout.take().expect("piped"));
    let mut said = String::new();
    while from_first_sample && !said.contains("newest") {
        assert_ne!(out.read_line(&mut said).expect("read"), 0, "it ended by itself: {said}");
    }
    std::thread::sleep(after);
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    out.read_to_string(&mut said).expect("read");
    // The last line may be cut off.
    let whole = &said[..said.rfind('\n').unwrap_or(0)];
    whole.lines().rev().find_map(|line| line.split_once("newest ")?.1.parse().ok())
}

/// Number of pictures that a player finds in the file.
fn played(film: &Path) -> usize {
    let output = Process::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-count_packets"])
        .args(["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"])
        .arg(film)
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{}: {output:?}", film.display()))
}

/// Asserts that everything except the last second is there after a kill.
fn check_what_is_left(folder: &Path, told: Option<i64>, ffprobe: bool) {
    // Before anything is repaired. A kill may come before the first picture.
    let film = folder.join("pictures-1.mkv");
    let whole = MkvReader::open(&film).map_or(0, |film| film.moments().len());
    let packets = (ffprobe && whole > 0).then(|| played(&film));
    let mut opened = match store::open(folder) {
        Ok(opened) => opened,
        Err(error) => {
            assert_eq!(told, None, "{error}");
            return;
        }
    };
    let Some(told) = told else { return };
    let newest = |nanos: i64| (told - nanos) as f64 / 1e9;
    let samples = opened.session.history.samples();
    let lost = samples.last().map_or(newest(0), |sample| newest(sample.time.nanos()));
    assert!(lost <= MOST_LOST_SECS, "{lost} s of samples are lost");
    let moments = match &opened.pictures {
        Some(pictures) => pictures.moments().to_vec(),
        None => Vec::new(),
    };
    assert_eq!(moments.len(), whole, "repairing takes nothing away");
    let lost = moments.last().map_or(newest(0), |last| newest(last.time.nanos()));
    assert!(lost <= MOST_LOST_SECS, "{lost} s of pictures are lost");
    if let (Some(last), Some(pictures)) = (moments.last(), &mut opened.pictures) {
        assert_eq!(pictures.picture(whole - 1).expect("whole").seq, last.frame);
    }
    if let Some(packets) = packets {
        // A player may also show the picture that was cut off.
        assert!((whole..=whole + 1).contains(&packets), "{packets} are played of {whole}");
    }
    let sampled = sampled(&opened.session);
    assert!(sampled.iter().copied().eq(0..sampled.len() as u64), "{sampled:?}");
    assert!(opened.remarks.iter().any(|remark| remark.contains("cut off")), "{:?}", opened.remarks);
    drop(opened);
    if whole > 0 {
        assert_eq!(open(folder).remarks, Vec::<String>::new(), "repaired once and for all");
    }
    let db = rusqlite::Connection::open(folder.join(store::DATABASE)).expect("opens");
    let sound: String =
        db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
    assert_eq!(sound, "ok");
}

#[test]
#[ignore = "slow: it kills a hundred recorders"]
fn a_kill_at_any_moment_loses_no_more_than_the_last_second() {
    let base = tempfile::tempdir().expect("a folder");
    let ffprobe = required("ffprobe");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(4);
    let moments: Vec<_> = (0..KILLS).map(|_| random.random_range(0..1500)).collect();
    // A recorder mostly waits for its camera, so that many fit on few cores.
    let next = std::sync::atomic::AtomicUsize::new(0);
    let seen = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some(millis) = moments.get(i) else { return };
                    let folder = base.path().join(format!("{i}.fleeting"));
                    // Every fourth may die before its first sample.
                    let told = kill_a_recorder(
                        &folder,
                        Duration::from_millis(*millis),
                        !i.is_multiple_of(4),
                    );
                    seen.fetch_add(
                        usize::from(told.is_some()),
                        std::sync::atomic::Ordering::SeqCst,
                    );
                    if folder.exists() {
                        check_what_is_left(&folder, told, ffprobe);
                    }
                }
            });
        }
    });
    assert!(seen.into_inner() >= KILLS * 3 / 4);
}

#[test]
fn the_program_itself_killed_while_it_records_leaves_a_session() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s.fleeting");
    let mut victim = Process::new(env!("CARGO_BIN_EXE_fleeting"))
        .args(["analyze", "demo:3", "--session"])
        .arg(&folder)
        .env("FLEETING_BACKEND", "embedded")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let film = folder.join("pictures-1.mkv");
    let begun = Instant::now();
    while fs::metadata(&film).map_or(0, |file| file.len()) < 1 << 20 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no picture comes");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1));
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    let opened = open(&folder);
    assert!(pictured(&opened).len() > 5 && !opened.session.history.is_empty());
    assert!(opened.remarks[0].contains("cut off"), "{:?}", opened.remarks);
    assert_eq!(opened.session.provenance.models.len(), 5);
    assert!(opened.session.provenance.settings.contains("[spotting]"));
}

#[test]
#[cfg(unix)]
fn a_write_that_fails_ends_the_recording_and_not_the_analysis() {
    let base = tempfile::tempdir().expect("a folder");
    let script = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"";
    let output = Process::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_fleeting")])
        .args(["analyze", "demo:3", "--seconds", "3", "--session", "s", "--out", "out"])
        .current_dir(base.path())
        .env("FLEETING_BACKEND", "embedded")
        .output()
        .expect("runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("pictures-1.mkv") || err.contains("session.sqlite"), "{err}");
    let rows = fs::read_to_string(base.path().join("out/samples.csv")).expect("written");
    assert_eq!(rows.lines().count(), 1 + 90, "the analysis went on");
    let opened = open(&base.path().join("s"));
    let pictures = pictured(&opened);
    assert!((1..90).contains(&pictures.len()), "{pictures:?}");
    assert!(opened.session.history.len() < 90);
}

/// A small disk of its own, removed on drop.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    /// `None` if this system does not allow it.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(at).expect("made");
        let options = format!("size={megabytes}m");
        let mount =
            Process::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        let is_mounted = mount.is_ok_and(|mount| mount.status.success());
        crate::tools::possible(is_mounted, "a small disk, which root on Linux can mount")
            .then(|| Self(at.into()))
    }

    fn make_read_only(&self) {
        let done = Process::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Process::new("umount").arg("-l").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_ends_the_recording_in_order_with_a_word_before_and_after() {
    let base = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&base.path().join("disk"), 36) else { return };
    let engine = start(demo(600.0, false));
    let folder = disk.0.join("s");
    engine.send(order(&folder)).expect("room for a command");
    let updates = until(&engine, |update| match update {
        Update::Recording(recording) => matches!(recording.state, RecordState::Stopped(_)),
        _ => false,
    });
    let all = recordings(&updates);
    assert!(all[0].is_low() && all[0].low_words().contains("will be full"));
    let RecordState::Stopped(Some(why)) = last_state(&updates) else { panic!("no reason") };
    assert!(why.contains("disk is full"), "{why}");
    until(&engine, |update| matches!(update, Update::Record(Record::Samples(_))));
    drop(engine);
    let opened = open(&folder);
    assert_eq!(opened.remarks, Vec::<String>::new(), "it was completed");
    assert!(pictured(&opened).len() > 100);
    // Messages about the last frames may come after the end.
    let (frames, samples) = (pictured(&opened), sampled(&opened.session));
    assert!(frames.starts_with(&samples) && frames.len() - samples.len() < 20);
    assert!(all.last().expect("told").bytes > 1 << 20);
}

#[test]
#[cfg(target_os = "linux")]
fn a_session_on_a_read_only_disk_is_read_and_not_added_to() {
    let base = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&base.path().join("disk"), 80) else { return };
    let folder = disk.0.join("s");
    let engine = start(demo(1.0, false));
    engine.send(order(&folder)).expect("room for a command");
    until(&engine, has_ended);
    drop(engine);
    disk.make_read_only();
    let mut opened = open(&folder);
    assert_eq!((opened.session.history.len(), pictured(&opened).len()), (30, 30));
    assert!(opened.remarks.iter().any(|remark| remark.contains("cannot be written")));
    let entry = Entry { rater: "A".into(), at_unix_ms: 0, act: Act::Undo };
    let error = opened.store.append_entry(&entry).expect_err("read-only").to_string();
    assert!(error.contains("read-only"), "{error}");
    let error = Store::create(&disk.0.join("t"), &beginning(consent())).expect_err("read-only");
    assert!(error.to_string().contains("Read-only"), "{error}");
}

fn beginning(consent: Consent) -> store::Beginning {
    store::Beginning {
        consent: Some(consent),
        provenance: Default::default(),
        with_pictures: false,
    }
}

#[test]
fn a_session_whose_pictures_are_missing_opens_with_its_scores() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let engine = start(demo(1.0, false));
    engine.send(order(&folder)).expect("room for a command");
    until(&engine, has_ended);
    fs::remove_file(folder.join("pictures-1.mkv")).expect("removed");
    let opened = open(&folder);
    assert!(opened.pictures.is_none());
    assert_eq!(opened.session.history.len(), 30);
    assert!(opened.remarks[0].contains("pictures-1.mkv is missing"), "{:?}", opened.remarks);
}

#[test]
fn analyse_stores_the_session_that_its_tables_show() {
    let base = tempfile::tempdir().expect("a folder");
    let args = ["analyze", "demo:7", "--seconds", "2", "--out", "out", "--format", "json"];
    let name = "Sitzung – 表情 1.fleeting";
    let more = ["--session", name, "--who", "P 01", "--purpose", "a test", "--keep-until"];
    let ran = fleeting(base.path(), &[&args[..], &more, &["9999-01-31"]].concat());
    ran.succeeded();
    assert!(ran.out.contains(name), "{}", ran.out);
    let opened = open(&base.path().join(name));
    let table = fleeting::exchange::json::read(&base.path().join("out/session.json"));
    assert_eq!(text(&opened.session), text(&table.expect("read")));
    assert_eq!(opened.session.history.len(), 60);
    assert_eq!(pictured(&opened), sampled(&opened.session));
    let consent = opened.session.consent.expect("stored");
    assert_eq!((consent.who.as_str(), consent.purpose.as_str()), ("P 01", "a test"));
    assert_eq!(consent.keep_until.map(|date| date.to_string()).as_deref(), Some("9999-01-31"));
    let again = fleeting(base.path(), &["analyze", "demo:7", "--seconds", "1", "--session", name]);
    again.failed_saying(&["already holds a session"]);
}

#[test]
fn a_camera_is_not_recorded_without_consent() {
    let base = tempfile::tempdir().expect("a folder");
    for (more, word) in [
        (&[][..], "Say who"),
        (&["--who", "P01"], "Say what"),
        (&["--who", "P01", "--purpose", "x", "--keep-until", "2020-01-01"], "or later"),
        (&["--who", "P01", "--purpose", "x", "--keep-until", "soon"], "a date such as"),
    ] {
        let args = [&["analyze", "camera", "--seconds", "1", "--session", "s"][..], more].concat();
        let ran = fleeting(base.path(), &args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(word), "{ran:?}");
    }
    assert!(!base.path().join("s").exists());
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_in_order_and_keeps_what_was_measured() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let mut child = Process::new(env!("CARGO_BIN_EXE_fleeting"))
        .args(["analyze", "demo:3", "--seconds", "3000", "--session", "s", "--out", "out"])
        .current_dir(base.path())
        .env("FLEETING_BACKEND", "embedded")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let begun = Instant::now();
    while fs::metadata(folder.join("pictures-1.mkv")).map_or(0, |file| file.len()) < 1 << 20 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no picture comes");
        std::thread::sleep(Duration::from_millis(20));
    }
    let signalled = Process::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signalled.is_ok_and(|status| status.success()));
    let mut err = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("read");
    assert_eq!(child.wait().expect("ends").code(), Some(130), "{err}");
    assert!(err.contains("stopped by Ctrl-C"), "{err}");
    let opened = open(&folder);
    assert_eq!(opened.remarks, Vec::<String>::new());
    let rows = fs::read_to_string(base.path().join("out/samples.csv")).expect("written");
    assert_eq!(rows.lines().count(), 1 + opened.session.history.len());
    assert_eq!(pictured(&opened), sampled(&opened.session));
}

#[test]
fn a_session_past_its_date_is_shown_and_deleted_when_that_is_confirmed() {
    let base = tempfile::tempdir().expect("a folder");
    for (name, keep_until) in [("kept", "9999-12-31"), ("past", "2020-01-01")] {
        let keep_until = Some(keep_until.parse().expect("a date"));
        let beginning = beginning(Consent { keep_until, ..consent() });
        let store = Store::create(&base.path().join(name), &beginning).expect("made");
        store.finish(None).expect("closed");
    }
    fs::write(base.path().join("past/pictures-1.mkv"), "a picture").expect("written");
    fs::write(base.path().join("past/notes.txt"), "mine").expect("written");
    let list = fleeting(base.path(), &["sessions", "."]);
    list.succeeded();
    assert!(list.out.contains("PAST its date 2020-01-01"), "{}", list.out);
    assert!(list.out.contains("kept until 9999-12-31"), "{}", list.out);
    let opened = open(&base.path().join("past"));
    assert!(opened.remarks.iter().any(|remark| remark.contains("2020-01-01")));
    drop(opened);

    let unasked = fleeting(base.path(), &["sessions", ".", "--delete-past"]);
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    assert_eq!(session_list::list(base.path()).expect("listed").len(), 2);
    let deleted = fleeting(base.path(), &["sessions", ".", "--delete-past", "--yes"]);
    deleted.succeeded();
    assert!(deleted.out.contains("notes.txt"), "{}", deleted.out);
    let left = session_list::list(base.path()).expect("listed");
    assert!(matches!(&left[..], [Ok(kept)] if kept.folder.ends_with("kept")), "{left:?}");
    let left: Vec<_> = fs::read_dir(base.path().join("past")).expect("there").flatten().collect();
    assert!(left.len() == 1 && left[0].file_name() == "notes.txt", "{left:?}");
}

#[test]
fn a_session_that_is_being_recorded_is_neither_opened_nor_deleted() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let recording = Store::create(&folder, &beginning(consent())).expect("made");
    for error in [store::open(&folder).map(|_| ()), session_list::delete(&folder).map(|_| ())] {
        let error = error.expect_err("busy").to_string();
        assert!(error.contains("being recorded"), "{error}");
    }
    assert!(session_list::look(&folder).expect("seen").is_recording);
    recording.finish(None).expect("closed");
    session_list::delete(&folder).expect("deleted");
    assert!(!folder.exists());
}
