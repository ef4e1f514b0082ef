//! What other programs get: over Lab Streaming Layer, read by the reference library through pylsl, and as
//! lines of JSON. A listener that is too slow loses samples, and each of them is counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fleeting::config::EngineConfig;
use fleeting::engine::live::analysis::Analyser;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::streams::{LinesTo, MarkerState, StreamOrder, StreamStatus};
use fleeting::engine::{Engine, EngineCommand, Update};
use fleeting::measure::event::{Event, EventKind, Moment, Origin};
use fleeting::measure::quality::{Quality, Trouble};
use fleeting::measure::regions::RegionMotion;
use fleeting::measure::sample::{Sample, Score};
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, Source, SourceError, SourceInfo};
use fleeting::model::ModelError;
use fleeting::pipeline::Output;
use fleeting::session::annotation::{Act, Entry, Mark, MarkKind};
use fleeting::session::record::Record;

use crate::program::fleeting;
use crate::tools::possible;

const LONG: Duration = Duration::from_secs(120);
const FPS: f64 = 30.0;
const AN_HOUR: u64 = 3600 * 30;

/// Scores every frame at once, and flags an event every ten seconds if it does at all.
struct StandIn {
    flags: bool,
    /// True if the source stays open after its last frame.
    stays: bool,
}

impl Analyser for StandIn {
    fn push(&mut self, frame: &Frame, output: &mut Output) -> Result<(), ModelError> {
        let share = (frame.seq % 100) as f32 / 100.0;
        let (seq, time) = (frame.seq, frame.time);
        let motion = Some(RegionMotion { regions: [[share, -share]; 23], head: [share, 1.0] });
        let score = (seq % 7 != 0).then_some(Score { micro: share, macro_: 1.0 - share });
        output.samples.push(Sample { seq, time, quality: Quality::default(), motion, score });
        if self.flags && seq % 300 == 299 {
            let at = |frame| Moment { frame, time: time_of(frame) };
            output.events.push(Event {
                id: seq / 300,
                kind: EventKind::Micro,
                onset: at(seq - 9),
                apex: at(seq - 5),
                offset: at(seq),
                score: share,
                action_units: Vec::new(),
                emotion: None,
                trouble: Trouble::NONE,
                origin: Origin::Model,
            });
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Output) -> Result<(), ModelError> {
        Ok(())
    }

    crate::follows_no_setting!(0.5);
}

/// The frames are not even: each third one is 3 ms late.
fn time_of(frame: u64) -> Timestamp {
    Timestamp::of_frame(frame, FPS) + if frame % 3 == 2 { 0.003 } else { 0.0 }
}

/// Small frames, which come from when `goes` is set.
struct Frames {
    info: SourceInfo,
    next: u64,
    count: u64,
    goes: Arc<AtomicBool>,
    /// True if it stays open after the last frame.
    stays: bool,
    /// A pause after each hundred frames.
    pause: Duration,
}

impl Source for Frames {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        if !self.goes.load(Ordering::SeqCst) || (self.next == self.count && self.stays) {
            std::thread::sleep(Duration::from_millis(5));
            return Ok(Next::Idle);
        }
        if self.next == self.count {
            return Ok(Next::End);
        }
        let seq = self.next;
        self.next += 1;
        if seq % 100 == 99 {
            std::thread::sleep(self.pause);
        }
        let image = Arc::new(RgbImage { width: 16, height: 16, data: vec![0; 16 * 16 * 3] });
        Ok(Next::Frame(Frame::new(seq, time_of(seq), image)))
    }
}

struct Run {
    engine: Engine,
    goes: Arc<AtomicBool>,
    /// The newest state of the streams, and how many samples came.
    status: StreamStatus,
    samples: u64,
    has_ended: bool,
}

impl Run {
    /// A source called `name` whose frames wait for [`Self::go`].
    fn start(name: &str, count: u64, pause: Duration, order: StreamOrder) -> Self {
        Self::start_with(name, count, pause, order, StandIn { flags: true, stays: false })
    }

    fn start_with(
        name: &str,
        count: u64,
        pause: Duration,
        order: StreamOrder,
        stand_in: StandIn,
    ) -> Self {
        let goes = Arc::new(AtomicBool::new(false));
        let info = SourceInfo { name: name.into(), ..SourceInfo::default() };
        let frames =
            Frames { info, next: 0, count, goes: Arc::clone(&goes), stays: stand_in.stays, pause };
        let job = CaptureJob {
            name: name.into(),
            is_live: false,
            is_paced: false,
            runs_by_itself: false,
            open: Box::new(move || Ok(Box::new(frames))),
        };
        let engine = Engine::start_job(job, &EngineConfig::default(), move || Ok(stand_in), || ());
        engine.send(EngineCommand::Stream(Box::new(order))).expect("it has time");
        let status = StreamStatus::default();
        Self { engine, goes, status, samples: 0, has_ended: false }
    }

    fn go(&self) {
        self.goes.store(true, Ordering::SeqCst);
    }

    /// Takes messages until `is_enough`, or the end.
    fn until(&mut self, is_enough: impl Fn(&StreamStatus, u64) -> bool) {
        let begun = Instant::now();
        while !self.has_ended && !is_enough(&self.status, self.samples) {
            assert!(begun.elapsed() < LONG, "{:?}", self.status);
            match self.engine.wait(Duration::from_millis(100)) {
                Some(Update::Streams(status)) => self.status = *status,
                Some(Update::Record(Record::Samples(samples))) => {
                    self.samples += samples.len() as u64;
                }
                Some(Update::Ended(why)) => {
                    assert_eq!(why, None);
                    self.has_ended = true;
                }
                _ => {}
            }
        }
        assert_eq!(self.status.fault, None);
    }

    fn until_the_end(&mut self) {
        self.until(|_, _| false);
    }
}

fn lsl() -> StreamOrder {
    StreamOrder { lsl: true, ..StreamOrder::default() }
}

/// The readers that `.ci/python` installs. `None`, with a message, without them.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/readers-venv/bin/python");
    let has_it = Command::new(&python).args(["-c", "import pylsl"]).output();
    let can = has_it.is_ok_and(|ran| ran.status.success());
    possible(can, "pylsl, as `.ci/python` installs it").then_some(python)
}

/// `tests/readers/listen.py`: reads the three streams of the source called `name` until it has `count`
/// samples.
fn listen(python: &Path, name: &str, count: u64) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/listen.py");
    let mut command = Command::new(python);
    command.arg(script).args([name, &count.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("Python starts")
}

fn told(child: &mut Child) -> serde_json::Value {
    let out = child.stdout.take().expect("piped");
    let line = BufReader::new(out).lines().next();
    let line = line.expect("the listener says something").expect("text");
    serde_json::from_str(&line).expect("JSON")
}

#[test]
#[ignore = "slow: it streams an hour"]
fn an_hour_of_frames_is_received_whole_with_the_times_of_the_session() {
    let Some(python) = python() else { return };
    let name = "hour";
    let stand_in = StandIn { flags: true, stays: true };
    let mut run = Run::start_with(name, AN_HOUR, Duration::from_millis(15), lsl(), stand_in);
    run.until(|status, _| status.order.lsl);
    let mut listener = listen(&python, name, AN_HOUR);
    run.until(|status, _| status.listeners == 3);
    run.go();
    run.until(|_, samples| samples > 1000);
    let act = Act::Mark(Mark::new(Moment { frame: 900, time: time_of(900) }, "door"));
    let entry = Entry { rater: "Observer".into(), at_unix_ms: 0, act };
    run.engine.send(EngineCommand::Enter(Box::new(entry))).expect("it has time");
    run.until(|_, samples| samples == AN_HOUR);
    let heard = told(&mut listener);
    assert!(listener.wait().expect("ends").success());
    run.until(|status, _| status.listeners == 0);
    assert_eq!((run.samples, run.status.missed), (AN_HOUR, 0));
    assert_eq!(heard["samples"], AN_HOUR, "{heard}");
    assert_eq!(heard["in_order"], true, "{heard}");
    assert_eq!(heard["events"], AN_HOUR / 300, "{heard}");
    assert_eq!(heard["marks"], serde_json::json!(["door"]), "{heard}");
    let difference = heard["most_difference_s"].as_f64().expect("a number");
    assert!(difference < 0.001, "{heard}");
    assert_eq!(heard["units_missing"], 0, "{heard}");
}

#[test]
#[ignore = "slow: it starts eleven listeners"]
fn a_listener_that_is_killed_and_started_again_ten_times_disturbs_nothing() {
    let Some(python) = python() else { return };
    let name = "killed";
    // A tenth of a second for each hundred frames.
    let mut run = Run::start(name, u64::MAX, Duration::from_millis(100), lsl());
    run.until(|status, _| status.order.lsl);
    run.go();
    for _ in 0..10 {
        let mut listener = listen(&python, name, u64::MAX);
        run.until(|status, _| status.listeners == 3);
        listener.kill().and_then(|()| listener.wait()).expect("killed");
        run.until(|status, _| status.listeners == 0);
    }
    let mut listener = listen(&python, name, 500);
    run.until(|status, _| status.listeners == 3);
    run.until(|status, _| status.listeners == 0);
    let heard = told(&mut listener);
    assert!(listener.wait().expect("ends").success());
    assert_eq!((&heard["samples"], &heard["in_order"]), (&500.into(), &true.into()), "{heard}");
}

#[test]
#[ignore = "slow: it waits for the two clocks to be compared"]
fn markers_of_another_program_become_marks_with_their_own_time() {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/mark.py");
    let mut program = Command::new(python)
        .arg(script)
        .arg("Stimuli of a test")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let markers_from = Some("Stimuli of a test".to_owned());
    let order = StreamOrder { lsl: true, markers_from, ..StreamOrder::default() };
    let mut run = Run::start("marked", u64::MAX, Duration::from_millis(100), order);
    run.go();
    run.until(|status, samples| status.markers == MarkerState::Reading && samples > 100);
    // It says when it sent each marker, on the clock of the streams.
    program.stdin.take().expect("piped").write_all(b"3\n").expect("asked");
    let sent = told(&mut program);
    assert!(program.wait().expect("ends").success());
    let mut marks = Vec::new();
    let mut zero_secs = None;
    let query = "name='Fleeting samples' and contains(source_id,':marked:')";
    let found = labstream_net::resolve(query, 1, LONG).expect("sockets");
    let mut inlet = labstream_net::Inlet::open(&found[0], LONG).expect("a stream");
    while marks.len() < 3 || zero_secs.is_none() {
        if let Some(Update::Entered(entry)) = run.engine.wait(Duration::from_millis(10)) {
            marks.push(*entry);
        }
        if let Some(sample) = inlet.pull(Duration::ZERO).expect("open") {
            let labstream_wire::Value::F64(time_s) = sample.values[1] else { panic!("a time") };
            zero_secs = Some(sample.timestamp - time_s);
        }
    }
    for (place, (entry, sent)) in marks.iter().zip(sent.as_array().expect("times")).enumerate() {
        let Act::Mark(mark) = &entry.act else { panic!("{entry:?}") };
        assert_eq!(mark.kind, MarkKind::Outside);
        assert_eq!((&*entry.rater, &*mark.text), ("Stimuli of a test", &*format!("face {place}")));
        let expected = sent.as_f64().expect("a time") - zero_secs.expect("known");
        assert!((mark.at.time.secs() - expected).abs() < 0.001, "{mark:?} {expected}");
    }
}

/// Connects to the stream of samples of the source called `name`, as the reference library does, and reads
/// nothing but what comes before the samples.
fn silent_listener(name: &str, codec: &mut Option<labstream_wire::Codec>) -> TcpStream {
    let query = format!("name='Fleeting samples' and contains(source_id,':{name}:')");
    let found = labstream_net::resolve(&query, 1, LONG).expect("sockets");
    let info = found.first().expect("the stream is found");
    let mut stream = TcpStream::connect(("127.0.0.1", info.v4data_port)).expect("connects");
    let request = format!(
        "LSL:streamfeed/110 {}\r\nNative-Byte-Order: 1234\r\nHas-IEEE754-Floats: 1\r\n\
         Supports-Subnormals: 1\r\nValue-Size: 8\r\nMax-Buffer-Length: 1000\r\n\
         Protocol-Version: 110\r\n\r\n",
        info.uid
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let channels = info.channel_count as usize;
    *codec =
        Some(labstream_wire::Codec::new(info.format, channels, labstream_wire::ByteOrder::Little));
    stream
}

#[test]
fn what_a_slow_listener_misses_is_counted_to_the_last_sample() {
    let (name, count) = ("slow", 60_000);
    let mut run =
        Run::start_with(name, count, Duration::ZERO, lsl(), StandIn { flags: false, stays: false });
    run.until(|status, _| status.order.lsl);
    let mut codec = None;
    let mut stream = silent_listener(name, &mut codec);
    run.until(|status, _| status.listeners == 1);
    run.go();
    run.until_the_end();
    assert_eq!(run.samples, count, "the analysis has them all");
    // Read only now.
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("closed in order");
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    let (samples, _) = codec.expect("known").decode_all(&bytes[head..]).expect("samples");
    // Two patterns come first.
    let heard = samples.len() as u64 - 2;
    assert!(run.status.missed > 0 && heard > 0, "{heard} {:?}", run.status);
    assert_eq!(heard + run.status.missed, count, "{:?}", run.status);
}

#[test]
fn a_socket_of_this_machine_gives_lines_of_json_to_everyone_who_connects() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fleeting.sock");
    let lines = Some(LinesTo::Socket(path.clone()));
    let order = StreamOrder { lines, ..StreamOrder::default() };
    let mut run = Run::start("socket", 600, Duration::from_millis(20), order.clone());
    run.until(|status, _| status.order.lines.is_some());
    let listeners = [(); 2].map(|()| {
        let mut listener = UnixStream::connect(&path).expect("connects");
        std::thread::spawn(move || {
            let mut text = String::new();
            listener.read_to_string(&mut text).map(|_| text)
        })
    });
    run.until(|status, _| status.listeners == 2);
    // A second program cannot take the place of the first.
    let mut second = Run::start("second", 1, Duration::ZERO, order);
    second.go();
    second.until_fault("already exists");
    run.go();
    run.until_the_end();
    for listener in listeners {
        let text = listener.join().expect("it reads").expect("closed in order");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let of = |stream: &str| lines.iter().filter(|line| line["stream"] == stream).count();
        assert_eq!((of("about"), of("samples"), of("events")), (1, 600, 2));
        let frames = lines.iter().filter(|line| line["stream"] == "samples");
        assert!(frames.enumerate().all(|(place, line)| line["frame"] == place));
    }
    drop(run);
    assert!(!path.exists(), "the socket is removed");
}

impl Run {
    fn until_fault(&mut self, words: &str) {
        let begun = Instant::now();
        while self.status.fault.is_none() {
            assert!(begun.elapsed() < LONG, "no fault");
            if let Some(Update::Streams(status)) = self.engine.wait(Duration::from_millis(100)) {
                self.status = *status;
            }
        }
        let fault = self.status.fault.take().expect("told");
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn lines_on_standard_output_are_the_samples_of_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let args =
        ["analyze", "demo:1", "--seconds", "1", "--size", "160x120", "--stream", "--out", "o"];
    let ran = fleeting(folder.path(), &args);
    ran.succeeded();
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("only JSON")).collect();
    assert_eq!(lines[0]["stream"], "about");
    let samples: Vec<_> = lines.iter().filter(|line| line["stream"] == "samples").collect();
    let table = std::fs::read_to_string(folder.path().join("o/samples.csv")).expect("written");
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let columns = rows.next().expect("a head");
    let rows: Vec<_> = rows.collect();
    assert_eq!((samples.len(), rows.len()), (30, 30));
    let places = ["micro", "yaw_deg", "chin_dy"]
        .map(|name| (name, columns.iter().position(|column| *column == name).expect("a column")));
    for (line, row) in samples.iter().zip(rows) {
        for (name, mut place) in places {
            // A text with a comma takes more fields; all of these stand behind it but the first.
            place += if name == "micro" { 0 } else { row.len() - columns.len() };
            let text =
                line[name].as_f64().map_or(String::new(), |value| (value as f32).to_string());
            assert_eq!(text, row[place], "{name}: {line}");
        }
    }
}

#[test]
fn a_reader_of_lines_that_has_enough_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fleeting"))
        .args(["analyze", "demo:1", "--size", "160x120", "--stream"])
        .current_dir(folder.path())
        .env("FLEETING_BACKEND", "embedded")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.next().expect("a line").expect("text").contains("\"about\""));
    drop(lines);
    assert!(child.wait().expect("it ends").success());
}
