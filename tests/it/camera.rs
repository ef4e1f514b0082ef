//! Cameras through the real driver interface: the program's capture runs in a child process with a preloaded
//! virtual V4L2 camera (`fixtures/virtual_camera.c`). The test unplugs it, stalls it, and reads what the
//! child reports.
//!
//! The child is this test program itself; [`CHILD`] tells it to run its part.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fleeting::engine::live::capture;
use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::capture_link::{Captured, capture_link};
use fleeting::source::{SourceSpec, camera};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::preload::library;

/// Tells the child which source to capture; "list" makes it list the cameras.
const CHILD: &str = "FLEETING_TEST_CAPTURE";

/// Beginning of the child's reports, which distinguishes them from the output of the test harness.
const MARK: &str = "@@ ";

/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(8);

/// A lost camera must be back this soon after it could be.
const RECOVERY: Duration = Duration::from_secs(2);

#[test]
#[ignore = "the other tests run it in a child process"]
fn child() {
    let Ok(target) = std::env::var(CHILD) else { return };
    if target == "list" {
        for entry in camera::list() {
            let formats: Vec<String> = entry.formats.iter().map(ToString::to_string).collect();
            println!("{MARK}{} {} {formats:?} {:?}", entry.index, entry.name, entry.trouble);
        }
        println!("{MARK}end");
        return;
    }
    let spec: SourceSpec = target.parse().expect("a source");
    let (tx, mut rx) = capture_link(true, 8);
    let stop = AtomicBool::new(false);
    let (ready, is_ready) = crossbeam_channel::bounded(1);
    ready.send(()).expect("room for one");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let tx = tx;
            capture::run(CaptureJob::of(spec), &tx, &is_ready, &stop);
        });
        while let Ok(item) = rx.recv_timeout(PATIENCE) {
            match item {
                Some(Captured::Opened(info)) => println!("{MARK}opened {}", info.detail),
                Some(Captured::Frame(frame)) => {
                    let image = &frame.image;
                    let centre = image.at(image.width as isize / 2, image.height as isize / 2);
                    println!(
                        "{MARK}frame {} {} {}x{} {}",
                        frame.seq,
                        frame.time.nanos(),
                        image.width,
                        image.height,
                        centre[1]
                    );
                }
                Some(Captured::Notice(notice)) => {
                    println!("{MARK}notice {:?} {}", notice.kind, notice.text);
                }
                Some(
                    Captured::Zero(_)
                    | Captured::FirstNumber(_)
                    | Captured::BeforeReady(_)
                    | Captured::Broken(_),
                ) => {}
                Some(Captured::Ended(error)) => {
                    println!("{MARK}ended {}", error.unwrap_or_default())
                }
                None => break,
            }
        }
        stop.store(true, Ordering::Release);
    });
}

/// The preloaded library. `None` where there is no C compiler.
pub(crate) fn virtual_camera() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| library("virtual_camera")).as_deref()
}

/// The properties of the virtual camera.
struct Bench {
    dir: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Bench {
    /// `None` where there is no C compiler.
    fn new() -> Option<Self> {
        let library = virtual_camera()?;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bench = Self {
            variables: vec![
                ("LD_PRELOAD", library.display().to_string()),
                ("VCAM_DIR", dir.path().display().to_string()),
            ],
            dir,
        };
        bench.write_jpeg("a.jpg", 640, 480);
        bench.write_jpeg("b.jpg", 320, 240);
        Some(bench)
    }

    fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// Grey 120 with a pattern that makes the file some kilobytes long.
    fn write_jpeg(&self, name: &str, width: u32, height: u32) {
        let picture = image::RgbImage::from_fn(width, height, |x, y| {
            let far = x.abs_diff(width / 2) > 20 || y.abs_diff(height / 2) > 20;
            image::Rgb([if far { (x ^ y) as u8 } else { 120 }; 3])
        });
        picture.save(self.dir.path().join(name)).expect("writes");
    }

    /// Makes something happen to the camera.
    fn begin(&self, what: &str) {
        std::fs::write(self.dir.path().join(what), "").expect("writes");
    }

    fn end(&self, what: &str) {
        std::fs::remove_file(self.dir.path().join(what)).expect("was there");
    }

    fn capture(&self, source: &str) -> Run {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["camera::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(CHILD, source)
            .env_remove("FLEETING_CAMERA_BACKEND")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (tx, reports) = channel();
        std::thread::spawn(move || {
            let said = lines.map_while(Result::ok);
            said.filter_map(|line| line.split_once(MARK).map(|(_, text)| text.to_owned()))
                .try_for_each(|text| tx.send(text))
        });
        Run { child, reports }
    }
}

/// A running child.
struct Run {
    child: Child,
    reports: Receiver<String>,
}

/// One delivered frame.
#[derive(Debug)]
struct Seen {
    seq: u64,
    secs: f64,
    size: String,
    grey: u8,
}

impl Seen {
    fn parse(report: &str) -> Option<Self> {
        let mut words = report.strip_prefix("frame ")?.split(' ');
        Some(Self {
            seq: words.next()?.parse().ok()?,
            secs: words.next()?.parse::<f64>().ok()? / 1e9,
            size: words.next()?.to_owned(),
            grey: words.next()?.parse().ok()?,
        })
    }
}

impl Run {
    /// The frames up to the first report that begins with `wanted`, and that report.
    fn until(&self, wanted: &str) -> (Vec<Seen>, String) {
        let deadline = Instant::now() + PATIENCE;
        let (mut frames, mut others) = (Vec::new(), Vec::new());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(left) {
                Ok(report) if report.starts_with(wanted) => return (frames, report),
                Ok(report) => match Seen::parse(&report) {
                    Some(seen) => frames.push(seen),
                    None => others.push(report),
                },
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no \"{wanted}\" after {} frames and {others:?}", frames.len())
                }
            }
        }
    }

    /// The next `count` frames; other reports are left out.
    fn frames(&self, count: usize) -> Vec<Seen> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = Vec::new();
        while frames.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            let report = self
                .reports
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("only {} of {count} frames came", frames.len()));
            frames.extend(Seen::parse(&report));
        }
        frames
    }

    /// Waits for `wanted` and says how long that took.
    fn time_until(&self, wanted: &str) -> (Duration, String) {
        let start = Instant::now();
        let (_, report) = self.until(wanted);
        (start.elapsed(), report)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.child.kill().expect("kills its child");
        self.child.wait().expect("waits for its child");
    }
}

/// Asserts that numbers and times follow one clock and one count, whatever happened in between.
fn assert_ordered(frames: &[Seen]) {
    for pair in frames.windows(2) {
        assert!(pair[0].seq < pair[1].seq && pair[0].secs < pair[1].secs, "{pair:?}");
    }
}

/// The mean time between frames, counting those that were lost.
fn mean_interval_secs(frames: &[Seen]) -> f64 {
    let (first, last) = (&frames[0], &frames[frames.len() - 1]);
    (last.secs - first.secs) / (last.seq - first.seq) as f64
}

#[test]
fn uncompressed_pictures_come_at_30_per_second_with_the_drivers_times() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("camera:0");
    let (_, opened) = run.until("opened");
    assert_eq!(opened, "opened YUYV 640×480 at 30");
    let frames = run.frames(40);
    assert_ordered(&frames);
    assert_eq!((frames[0].seq, frames[0].secs), (0, 0.0));
    assert!((mean_interval_secs(&frames) - 1.0 / 30.0).abs() < 1e-4);
    // Luma is 16 plus the picture's number: limited range becomes full.
    for seen in &frames {
        let number = seen.seq as f64 + f64::from(frames[0].grey) * 219.0 / 255.0;
        let expected = number * 255.0 / 219.0;
        assert!((f64::from(seen.grey) - expected).abs() <= 1.5, "{seen:?}, expected {expected}");
    }
}

#[test]
fn motion_jpeg_pictures_are_decoded() {
    let Some(bench) = Bench::new() else { return };
    let bench = bench.with("VCAM_PIXELS", "MJPG");
    let run = bench.capture("camera:virtual");
    let (_, opened) = run.until("opened");
    assert_eq!(opened, "opened MJPEG 640×480 at 30");
    let frames = run.frames(20);
    assert_ordered(&frames);
    assert!((mean_interval_secs(&frames) - 1.0 / 30.0).abs() < 1e-3);
    assert!(frames.iter().all(|seen| seen.grey.abs_diff(120) <= 2 && seen.size == "640x480"));
}

#[test]
fn a_camera_of_29_97_pictures_per_second_keeps_its_rate() {
    let Some(bench) = Bench::new() else { return };
    let bench = bench.with("VCAM_RATE", "30000/1001");
    let run = bench.capture("camera");
    assert_eq!(run.until("opened").1, "opened YUYV 640×480 at 29.97");
    let frames = run.frames(20);
    assert!((mean_interval_secs(&frames) - 1001.0 / 30_000.0).abs() < 1e-4);
}

#[test]
fn an_unplugged_camera_is_told_of_and_taken_back_when_it_returns() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("camera");
    let before = run.frames(15);
    bench.begin("unplugged");
    run.until("notice Disconnected");
    std::thread::sleep(Duration::from_millis(700));
    bench.end("unplugged");
    let (took, report) = run.time_until("notice Reconnected");
    assert!(took < RECOVERY, "back after {took:?}");
    assert!(report.contains("is back after") && report.contains("frames are lost"), "{report}");
    let after = run.frames(15);
    let (last, first) = (&before[before.len() - 1], &after[0]);
    let gap_secs = first.secs - last.secs;
    assert!(gap_secs > 0.6, "{gap_secs} s");
    let lost = (first.seq - last.seq - 1) as f64;
    // Pictures between the last one asked for here and the unplugging were delivered.
    assert!(lost <= gap_secs * 30.0 + 2.0 && lost >= 15.0, "{lost} in {gap_secs} s");
    assert_ordered(&after);
    assert!((mean_interval_secs(&after) - 1.0 / 30.0).abs() < 1e-3);
}

#[test]
fn a_camera_that_is_unplugged_twice_comes_back_twice() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("camera");
    for _ in 0..2 {
        run.frames(5);
        bench.begin("unplugged");
        run.until("notice Disconnected");
        bench.end("unplugged");
        let (took, _) = run.time_until("notice Reconnected");
        assert!(took < RECOVERY, "back after {took:?}");
    }
    assert_ordered(&run.frames(5));
}

#[test]
fn a_stalled_camera_is_told_of_and_taken_back_when_it_goes_on() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("camera");
    let before = run.frames(10);
    bench.begin("stalled");
    let (took, _) = run.time_until("notice Stalled");
    assert!(took < Duration::from_secs(3), "noticed after {took:?}");
    bench.end("stalled");
    let (took, _) = run.time_until("notice Reconnected");
    assert!(took < RECOVERY, "back after {took:?}");
    let after = run.frames(10);
    assert!(after[0].seq > before[before.len() - 1].seq + 20, "{} pictures", after[0].seq);
    assert_ordered(&after);
}

#[test]
fn a_failed_read_is_told_of_and_pictures_go_on() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("camera");
    run.frames(5);
    bench.begin("eio");
    let (_, report) = run.until("notice Disconnected");
    assert!(report.contains("reading failed") && report.contains("os error 5"), "{report}");
    let (took, _) = run.time_until("notice Reconnected");
    assert!(took < RECOVERY, "back after {took:?}");
    assert_ordered(&run.frames(10));
}

#[test]
fn a_change_of_size_is_told_of_and_loses_nothing() {
    let Some(bench) = Bench::new() else { return };
    let bench = bench.with("VCAM_PIXELS", "MJPG");
    let run = bench.capture("camera");
    run.frames(5);
    bench.begin("resized");
    let (_, report) = run.until("notice Changed");
    assert!(report.contains("now sends MJPEG 320×240"), "{report}");
    assert_eq!(run.until("opened").1, "opened MJPEG 320×240 at 30");
    let after = run.frames(10);
    assert!(after.iter().all(|seen| seen.size == "320x240" && seen.grey.abs_diff(120) <= 2));
    assert_ordered(&after);
}

#[test]
fn a_torn_jpeg_is_told_of_counted_and_not_shown() {
    let Some(bench) = Bench::new() else { return };
    let bench = bench.with("VCAM_PIXELS", "MJPG");
    let run = bench.capture("camera");
    let before = run.frames(5);
    bench.begin("torn");
    let (more, report) = run.until("notice CorruptFrame");
    assert!(report.contains("cut off before its end marker"), "{report}");
    std::thread::sleep(Duration::from_millis(300));
    bench.end("torn");
    let after = run.frames(10);
    let last = more.last().or(before.last()).expect("frames before");
    assert!(after[0].seq > last.seq + 5, "{} after {}", after[0].seq, last.seq);
    assert!(after.iter().all(|seen| seen.grey.abs_diff(120) <= 2));
}

#[test]
fn a_camera_that_may_not_be_opened_is_answered_with_what_helps() {
    let Some(bench) = Bench::new() else { return };
    bench.begin("denied");
    let (frames, ended) = bench.capture("camera").until("ended");
    assert!(frames.is_empty());
    assert!(ended.contains("Virtual Camera") && ended.contains("may not be opened"), "{ended}");
    assert!(ended.contains("usermod -aG video") && ended.contains("--source demo"), "{ended}");
}

#[test]
fn a_camera_in_use_is_answered_with_what_helps() {
    let Some(bench) = Bench::new() else { return };
    bench.begin("busy");
    let (_, ended) = bench.capture("camera").until("ended");
    assert!(ended.contains("in use by another program"), "{ended}");
}

#[test]
fn no_camera_is_answered_with_what_helps() {
    let Some(bench) = Bench::new() else { return };
    bench.begin("unplugged");
    let (_, ended) = bench.capture("camera").until("ended");
    assert!(ended.contains("No camera was found") && ended.contains("--source demo"), "{ended}");
}

#[test]
fn an_unknown_camera_is_answered_with_those_that_there_are() {
    let Some(bench) = Bench::new() else { return };
    let (_, ended) = bench.capture("camera:5").until("ended");
    assert!(ended.contains("There are: 0 (Virtual Camera)"), "{ended}");
}

#[test]
fn nodes_without_pictures_are_not_listed() {
    let Some(bench) = Bench::new() else { return };
    let run = bench.capture("list");
    let first = run.reports.recv_timeout(PATIENCE).expect("a camera");
    assert_eq!(first, "0 Virtual Camera [\"YUYV 640×480 at 30\"] None");
    assert_eq!(run.reports.recv_timeout(PATIENCE).as_deref(), Ok("end"));
}

/// macOS and Windows have nokhwa only. This checks its path, with the guard, in the same way.
#[test]
fn through_nokhwa_pictures_come_and_an_unplugged_camera_comes_back() {
    for pixels in ["YUYV", "MJPG"] {
        let Some(bench) = Bench::new() else { return };
        let bench = bench.with("FLEETING_CAMERA_BACKEND", "nokhwa").with("VCAM_PIXELS", pixels);
        let run = bench.capture("camera");
        let frames = run.frames(15);
        assert_ordered(&frames);
        assert!((mean_interval_secs(&frames) - 1.0 / 30.0).abs() < 2e-3, "{frames:?}");
        bench.begin("unplugged");
        run.until("notice Disconnected");
        bench.end("unplugged");
        let (took, _) = run.time_until("notice Reconnected");
        assert!(took < RECOVERY, "back after {took:?}");
        assert_ordered(&run.frames(10));
    }
}

#[test]
fn through_nokhwa_a_stalled_camera_comes_back_when_it_goes_on() {
    let Some(bench) = Bench::new() else { return };
    let bench = bench.with("FLEETING_CAMERA_BACKEND", "nokhwa");
    let run = bench.capture("camera");
    run.frames(10);
    bench.begin("stalled");
    run.until("notice Stalled");
    bench.end("stalled");
    let (took, _) = run.time_until("notice Reconnected");
    assert!(took < RECOVERY, "back after {took:?}");
    assert_ordered(&run.frames(10));
}

/// The program with the virtual camera, in a folder of its own.
fn program(bench: &Bench, seconds: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleeting"));
    command
        .args(["analyze", "camera", "--seconds", seconds, "--out", "out", "-v"])
        .current_dir(bench.dir.path())
        .env_remove("FLEETING_CAMERA_BACKEND")
        .envs(bench.variables.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The shipped models, and a file whose hash takes longer to check than a tenth of a second.
fn slow_models(base: &Path) -> PathBuf {
    let folder = base.join("models");
    std::fs::create_dir(&folder).expect("made");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for entry in std::fs::read_dir(&shipped).expect("the models").map_while(Result::ok) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).expect("copied");
        }
    }
    let large = vec![0; 256 << 20];
    std::fs::write(folder.join("large.bin"), &large).expect("written");
    let hash = Sha256::digest(&large).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut manifest = std::fs::read_to_string(shipped.join("manifest.toml")).expect("a manifest");
    manifest += &format!(
        "\n[[model]]\nfile = \"large.bin\"\nsha256 = \"{hash}\"\ntask = \"detect-fallback\"\n\
         licence = \"MIT\"\norigin = \"zeros\"\n"
    );
    std::fs::write(folder.join("manifest.toml"), manifest).expect("written");
    folder
}

#[test]
fn a_run_that_is_over_before_the_models_are_ready_says_what_came_and_is_no_success() {
    let Some(bench) = Bench::new() else { return };
    let models = slow_models(bench.dir.path());
    let ran = program(&bench, "0.1").arg("--models").arg(models).output().expect("runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("nothing was measured: all "), "{said}");
    assert!(said.contains("frames came before the models were ready"), "{said}");
    assert!(!bench.dir.path().join("out").exists());
}

#[test]
fn a_suspended_program_counts_what_it_missed_and_says_why() {
    let Some(bench) = Bench::new() else { return };
    let mut child = program(&bench, "600").spawn().expect("starts");
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines();
    let ready = said.by_ref().map_while(Result::ok).find(|l| l.contains("models are ready"));
    assert!(ready.is_some(), "it says when it is ready");
    let pid = child.id().to_string();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &pid]).status().expect("kill is there");
        assert!(sent.success(), "{name}");
    };
    std::thread::sleep(Duration::from_millis(1500));
    signal("-STOP");
    std::thread::sleep(Duration::from_millis(2500));
    signal("-CONT");
    // Long enough for the frames that waited in the queue, and for one after the gap.
    std::thread::sleep(Duration::from_secs(5));
    signal("-INT");
    let rest: Vec<String> = said.map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("ends").code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("The program stood still for")), "{rest:?}");
    let table = std::fs::read_to_string(bench.dir.path().join("out/counts.csv")).expect("counts");
    let figure = |name: &str| -> u64 {
        let line = table.lines().find_map(|line| line.strip_prefix(&format!("{name},")));
        line.and_then(|line| line.split(',').next()?.parse().ok()).expect(name)
    };
    // 2.5 s at 30 a second, minus the few frames that the driver holds.
    assert!(figure("lost_suspended") >= 45, "{table}");
    assert!(figure("lost_before_ready") > 0, "{table}");
    assert_eq!(figure("analysed") + figure("lost"), figure("numbered"), "{table}");
}
