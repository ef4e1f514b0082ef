//! Sound from a microphone that is not there: a sound server of the test's own, with a loudspeaker that no one
//! hears, and what it plays as microphone.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::record::{RecordOrder, RecordState, SoundState};
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::quality::Quality;
use fleeting::measure::sample::{Sample, Score};
use fleeting::media::image::Frame;
use fleeting::media::mkv::MkvReader;
use fleeting::media::pictures::Pictures;
use fleeting::media::sound::SoundFile;
use fleeting::media::wav::WavReader;
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::session::record::Record;
use fleeting::session::store;
use fleeting::sound::{RATE_HZ, SoundServer};
use fleeting::source::SourceSpec;

use crate::tools::required;

const LONG: Duration = Duration::from_secs(60);

/// A frame of the demo person, seconds.
const FRAME_SECS: f64 = 1.0 / 30.0;

/// Where the recorder that will be killed stores its session, and the socket of its sound server.
const VICTIM_FOLDER: &str = "FLEETING_TEST_SOUND_FOLDER";
const VICTIM_SOCKET: &str = "FLEETING_TEST_SOUND_SOCKET";

/// A sound server that no one else uses. It ends when it is dropped.
struct Daemon {
    folder: tempfile::TempDir,
    child: Child,
}

impl Daemon {
    /// `None`, with a message, without the program.
    fn start() -> Option<Self> {
        if !required("pulseaudio") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let child = Self::spawn(folder.path());
        Some(Self { folder, child })
    }

    fn spawn(folder: &Path) -> Child {
        let socket = folder.join("native");
        std::fs::remove_file(&socket).unwrap_or(());
        let listens =
            format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
        let child = Command::new("pulseaudio")
            .args(["--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-n"])
            .args(["-L", "module-null-sink sink_name=room rate=48000", "-L", &listens])
            .env("HOME", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sound server starts");
        let begun = Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < LONG, "the sound server makes no socket");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("native")
    }

    fn server(&self) -> SoundServer {
        SoundServer::at(self.socket())
    }

    fn end(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("it ends");
    }

    fn start_again(&mut self) {
        self.child = Self::spawn(self.folder.path());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

/// Claps at each whole second after `base`, until it is dropped.
struct Clapper {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Clapper {
    fn start(server: SoundServer, base: Instant) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let clap = move |heard: Instant, out: &mut [i16]| {
            let from_base = heard.checked_duration_since(base).unwrap_or_default().as_secs_f64();
            for (i, sample) in out.iter_mut().enumerate() {
                let secs = from_base + i as f64 / f64::from(RATE_HZ);
                *sample = if secs.fract() < 0.005 { 20_000 } else { 0 };
            }
        };
        let thread = std::thread::spawn(move || {
            let mut loudspeaker = server.loudspeaker(RATE_HZ).expect("a loudspeaker");
            while !stopped.load(Ordering::Relaxed) {
                loudspeaker.play(&mut { clap }).expect("it plays");
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Clapper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(Ok(()), std::thread::JoinHandle::join).expect("it clapped");
    }
}

/// Where claps begin, seconds.
fn claps(sound: &mut WavReader) -> Vec<f64> {
    let mut samples = vec![0; sound.samples() as usize];
    sound.read(0, &mut samples).expect("read");
    let (mut found, mut silent) = (Vec::new(), usize::MAX / 2);
    for (i, sample) in samples.iter().enumerate() {
        if sample.unsigned_abs() < 4000 {
            silent += 1;
        } else {
            if silent > 9600 {
                found.push(i as f64 / f64::from(sound.rate_hz()));
            }
            silent = 0;
        }
    }
    found
}

/// Notes how far the clock of the frames is behind that of the computer, at the frame that came soonest.
struct Timekeeper {
    base: Instant,
    least_nanos: Arc<AtomicI64>,
}

impl Analyser for Timekeeper {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let since = self.base.elapsed().as_nanos() as i64;
        self.least_nanos.fetch_min(since - frame.time.nanos(), Ordering::Relaxed);
        let (seq, time) = (frame.seq, frame.time);
        let score = Some(Score { micro: 0.1, macro_: 0.1 });
        output.samples.push(Sample { seq, time, quality: Quality::default(), motion: None, score });
        Ok(())
    }

    fn finish(&mut self, _: &mut Output) -> Result<(), ModelError> {
        Ok(())
    }

    crate::follows_no_setting!(0.5);
}

/// Starts to show a demo person at the rate of life.
fn start(base: Instant) -> (Engine, Arc<AtomicI64>) {
    let mut spec: SourceSpec = "demo:1".parse().expect("a source");
    spec.options.size_px = Some((96, 96));
    spec.options.paced = true;
    let least_nanos = Arc::new(AtomicI64::new(i64::MAX));
    let timekeeper = Timekeeper { base, least_nanos: Arc::clone(&least_nanos) };
    let engine = Engine::start_with(spec, &EngineConfig::default(), move || Ok(timekeeper), || ());
    (engine, least_nanos)
}

fn order(folder: &Path, sound: SoundServer) -> EngineCommand {
    let sound = Some(sound);
    let order = RecordOrder { folder: folder.into(), consent: None, with_pictures: true, sound };
    EngineCommand::Record(Box::new(order))
}

/// Waits until the frame at `secs` is analysed. Returns the states of the sound meanwhile.
fn until(engine: &Engine, secs: f64) -> Vec<SoundState> {
    let mut states = Vec::new();
    loop {
        match engine.wait(LONG).expect("the engine goes on") {
            Update::Recording(recording) => states.extend(recording.sound),
            Update::Record(Record::Samples(samples))
                if samples.iter().any(|sample| sample.time.secs() >= secs) =>
            {
                return states;
            }
            _ => {}
        }
    }
}

#[test]
fn a_microphone_says_when_its_sound_was_in_the_air() {
    let Some(daemon) = Daemon::start() else { return };
    let base = Instant::now();
    let _clapper = Clapper::start(daemon.server(), base);
    let mut microphone = daemon.server().microphone().expect("a microphone");
    let mut heard = Vec::new();
    while base.elapsed() < Duration::from_secs(5) {
        let Some(block) = microphone.next(Duration::from_millis(50)).expect("it listens") else {
            continue;
        };
        let loud = block.samples.iter().position(|sample| sample.unsigned_abs() > 4000);
        let at = |i: usize| block.captured + Duration::from_secs_f64(i as f64 / f64::from(RATE_HZ));
        heard.extend(loud.map(|i| at(i).duration_since(base).as_secs_f64()));
    }
    assert!(heard.len() >= 3, "{heard:?}");
    // The second half, when both streams have told how late they are.
    for secs in heard.iter().filter(|secs| **secs > 2.5) {
        let apart = secs - secs.round();
        assert!(apart.abs() < FRAME_SECS, "{apart} s apart: {heard:?}");
    }
}

#[test]
fn sound_is_recorded_on_the_clock_of_the_pictures() {
    let Some(daemon) = Daemon::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let session = folder.path().join("s");
    let base = Instant::now();
    let _clapper = Clapper::start(daemon.server(), base);
    let (engine, least_nanos) = start(base);
    until(&engine, 2.0);
    engine.send(order(&session, daemon.server())).expect("room for a command");
    let states = until(&engine, 8.0);
    let is_heard =
        |state: &SoundState| matches!(state, SoundState::Heard { loudest, .. } if *loudest > 0.3);
    assert!(states.iter().any(is_heard), "{states:?}");
    engine.send(EngineCommand::StopRecording).expect("room for a command");
    engine.finish();

    let opened = store::open(&session).expect("opens");
    assert_eq!(opened.session.sound.as_deref(), Some("sound.wav"));
    assert_eq!(opened.session.sound_losses, []);
    let mut sound = WavReader::open(&session.join("sound.wav")).expect("sound");
    let pictures = opened.pictures.expect("pictures");
    let last = pictures.moments().last().expect("some").time.secs();
    let longer = sound.secs() - last;
    assert!((0.0..2.0 * FRAME_SECS).contains(&longer), "the sound ends {longer} s after the film");

    // Time zero of the session, on the computer's clock.
    let first = opened.session.history.samples().first().expect("some").seq as f64 * FRAME_SECS;
    let zero = least_nanos.load(Ordering::Relaxed) as f64 / 1e9 + first;
    let found = claps(&mut sound);
    assert!(found.len() >= 4, "{found:?}");
    for secs in found {
        let apart = zero + secs - (zero + secs).round();
        assert!(apart.abs() < FRAME_SECS, "{apart} s apart");
    }
}

#[test]
fn without_a_sound_server_pictures_are_recorded_and_it_says_so_and_sound_comes_when_it_can() {
    let Some(mut daemon) = Daemon::start() else { return };
    daemon.end();
    let folder = tempfile::tempdir().expect("a folder");
    let session = folder.path().join("s");
    let (engine, _) = start(Instant::now());
    engine.send(order(&session, daemon.server())).expect("room for a command");
    let states = until(&engine, 3.0);
    let is_nothing = |state: &SoundState| matches!(state, SoundState::Nothing(why) if why.starts_with("no sound server answers"));
    assert!(states.iter().any(is_nothing), "{states:?}");
    daemon.start_again();
    let states = until(&engine, 7.0);
    assert!(matches!(states.last(), Some(SoundState::Heard { .. })), "{states:?}");
    // In the middle of it, the server is gone for two seconds.
    daemon.end();
    until(&engine, 9.0);
    daemon.start_again();
    until(&engine, 12.0);
    let ended = engine.finish();
    let mut recordings = ended.iter().rev().filter_map(|update| match update {
        Update::Recording(recording) => Some(recording.state.clone()),
        _ => None,
    });
    assert_eq!(recordings.next(), Some(RecordState::Stopped(None)));
    let opened = store::open(&session).expect("opens");
    let losses = &opened.session.sound_losses;
    let lost: f64 = losses.iter().map(|loss| loss.secs).sum();
    assert!((1.5..5.0).contains(&lost), "{losses:?}");
    let notices = &opened.session.notices;
    assert!(notices.iter().any(|notice| notice.notice.text.starts_with("Sound was lost")));
    let sound = WavReader::open(&session.join("sound.wav")).expect("sound");
    let last = opened.session.history.samples().last().expect("some").time.secs();
    assert!((sound.secs() - last).abs() < 0.1, "{} s of sound, {last} s of frames", sound.secs());
}

/// Records until it is killed, and prints the number of each sample. Run by the test below only.
#[test]
#[ignore = "only runs as the victim of the test that kills"]
fn a_recorder_of_sound_that_is_to_be_killed() {
    let (Some(folder), Some(socket)) =
        (std::env::var_os(VICTIM_FOLDER), std::env::var_os(VICTIM_SOCKET))
    else {
        return;
    };
    let (engine, _) = start(Instant::now());
    engine.send(order(Path::new(&folder), SoundServer::at(socket))).expect("room for a command");
    let mut out = std::io::stdout();
    while let Some(update) = engine.wait(LONG) {
        if matches!(update, Update::Record(Record::Samples(_))) {
            writeln!(out, "a sample").and_then(|()| out.flush()).expect("a reader");
        }
    }
}

#[test]
fn after_a_kill_film_and_sound_end_within_a_second_of_each_other() {
    let Some(daemon) = Daemon::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let session = folder.path().join("s");
    let mut victim = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "sound::a_recorder_of_sound_that_is_to_be_killed", "--ignored"])
        .arg("--nocapture")
        .env(VICTIM_FOLDER, &session)
        .env(VICTIM_SOCKET, daemon.socket())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let out = BufReader::new(victim.stdout.take().expect("piped"));
    let samples = out.lines().map_while(Result::ok).filter(|line| line.contains("a sample"));
    assert_eq!(samples.take(130).count(), 130, "it ended by itself");
    victim.kill().and_then(|()| victim.wait()).expect("killed");

    let path = session.join("sound.wav");
    // What another program finds, by the header alone.
    let bytes = std::fs::read(&path).expect("read");
    let said = u32::from_le_bytes(bytes[76..80].try_into().expect("four bytes"));
    let said_secs = f64::from(said) / 2.0 / f64::from(RATE_HZ);
    let sound = WavReader::open(&path).expect("sound");
    let film = MkvReader::open(&session.join("pictures-1.mkv")).expect("a film");
    let last = film.moments().last().expect("some").time.secs();
    assert!(last > 3.0, "the film has {last} s");
    for secs in [sound.secs(), said_secs] {
        assert!((secs - last).abs() < 1.0, "the sound ends at {secs} s, the film at {last} s");
    }
    let opened = store::open(&session).expect("opens");
    assert_eq!(opened.session.sound.as_deref(), Some("sound.wav"));
}
