//! Endurance: the program records for a long stretch of its source's time. Its memory, open files and threads
//! must not grow, except for the samples that it keeps.
//!
//! The stretch is compressed. The demo person plays as fast as it is analysed, at 320×240. A virtual camera
//! (`fixtures/virtual_camera.c`) sends more pictures a second than any webcam, while it is unplugged, stalls,
//! damages pictures and changes their size. The mesh is replaced by one with the same contract that puts the
//! same face into every picture that is not black (`fixtures/still_mesh/make.py`). Everything else is that of
//! the program: sources, links, detection, flow, regions, quality, both networks, event pictures, the
//! recorder.
//!
//! `cargo test -- --ignored soak::` runs a minute of it. For hours, see `.github/ENDURANCE.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::camera;

/// Hours of source time in the long form.
const HOURS: &str = "FLEETING_SOAK_HOURS";

/// Number of frames in an hour of an ordinary webcam: the meaning of "an hour" for a faster camera.
const FRAMES_PER_HOUR: f64 = 30.0 * 3600.0;

/// Bytes of a kept sample: the whole sample, its share of the pyramid (`src/session/history/`), and the place
/// of its picture in the film, which is written when the recording ends (`session::film`).
const BYTES_PER_SAMPLE: f64 = 264.0 + 20.5 + 24.0;

/// One reading.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The number of the newest frame that is stored.
    frames: f64,
    resident_mb: f64,
    files: f64,
    threads: f64,
    disk_mb: f64,
}

impl Reading {
    fn hours(&self) -> f64 {
        self.frames / FRAMES_PER_HOUR
    }
}

#[test]
#[ignore = "slow: it records for half a minute and more"]
fn a_recording_of_the_demo_person_holds_no_more_the_longer_it_lasts() {
    let soak = Soak::new("demo:7", &["--size", "320x240"], &[]);
    let readings = soak.watch(SHORT, |_| ());
    check("demo", &readings, 2, SHORT_SLACK);
}

#[test]
#[ignore = "slow: it records for half a minute and more"]
fn a_recording_of_a_failing_camera_holds_no_more_the_longer_it_lasts() {
    let Some(camera) = VirtualCamera::new() else { return };
    let soak = Soak::new("camera", &[], &camera.variables);
    let readings = soak.watch(SHORT, |tick| camera.trouble(tick));
    check("camera", &readings, 2, SHORT_CAMERA_SLACK);
}

#[test]
#[ignore = "runs for as many hours as FLEETING_SOAK_HOURS says; see .github/ENDURANCE.md"]
fn long() {
    let Ok(hours) = std::env::var(HOURS) else { return };
    let hours: f64 = hours.parse().unwrap_or_else(|_| panic!("{HOURS}={hours}: expected hours"));
    let until = Until { frames: hours * FRAMES_PER_HOUR, ..SHORT };
    let demo = std::thread::spawn(move || {
        Soak::new("demo:7", &["--size", "320x240"], &[]).watch(until, |_| ())
    });
    let camera = VirtualCamera::new().map(|camera| {
        let soak = Soak::new("camera", &[], &camera.variables);
        ("camera", soak.watch(until, |tick| camera.trouble(tick)))
    });
    let demo = ("demo", demo.join().expect("watched"));
    let runs: Vec<_> = [demo].into_iter().chain(camera).collect();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak.svg");
    fs::write(&out, plot(&runs)).expect("written");
    println!("plot: {}", out.display());
    for (name, readings) in &runs {
        check(name, readings, 8, LONG_SLACK);
    }
}

/// Fails if memory grows by more than `slack_mb_per_hour` beyond what samples need, measured between readings
/// a `parts`-th of the run apart, or by more than [`RINGS_MB`] in total; or if files or threads become more.
/// The first third is left out, because caches and rings fill then.
fn check(name: &str, readings: &[Reading], parts: usize, slack_mb_per_hour: f64) {
    let settled = &readings[readings.len() / 3..];
    let (first, last) = (settled[0], settled[settled.len() - 1]);
    assert!(last.frames > first.frames + 200.0, "{name}: only {} frames", last.frames);
    let by_design = BYTES_PER_SAMPLE * FRAMES_PER_HOUR / 1e6;
    let slope = slope(settled, parts, |reading| reading.resident_mb);
    let per_hour = last.disk_mb / last.hours();
    println!(
        "{name}: {:.2} h of frames in {} readings; {:.0} to {:.0} MB, {slope:+.1} MB an hour \
         ({by_design:.0} of it samples); {} files, {} threads; {per_hour:.0} MB an hour on disk",
        last.hours(),
        readings.len(),
        first.resident_mb,
        last.resident_mb,
        last.files,
        last.threads,
    );
    assert!(slope < by_design + slack_mb_per_hour, "{name}: memory grows by {slope:.1} MB an hour");
    let (rise, hours) = (last.resident_mb - first.resident_mb, last.hours() - first.hours());
    assert!(rise < by_design * hours + RINGS_MB, "{name}: memory grew by {rise:.0} MB");
    for (what, count) in [
        ("files", (|r: &Reading| r.files) as fn(&Reading) -> f64),
        ("threads", |r: &Reading| r.threads),
    ] {
        let half = settled.len() / 2;
        let least = |part: &[Reading]| part.iter().map(count).fold(f64::INFINITY, f64::min);
        let (early, late) = (least(&settled[..half]), least(&settled[half..]));
        assert!(late <= early, "{name}: {what} grew from {early} to {late}");
    }
}

/// Growth per hour, as the median over pairs (Theil and Sen). Single wrong readings change nothing, nor does
/// a ring of pictures that fills late, if pairs are closer than half a run.
fn slope(readings: &[Reading], parts: usize, value: fn(&Reading) -> f64) -> f64 {
    let apart = readings.len() / parts;
    let pairs = readings.iter().zip(&readings[apart..]);
    let rise = |(a, b): (&Reading, &Reading)| (value(b) - value(a)) / (b.hours() - a.hours());
    let mut rises: Vec<f64> = pairs.map(rise).filter(|rise| rise.is_finite()).collect();
    let middle = rises.len() / 2;
    *rises.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[test]
fn a_late_step_is_no_growth_and_sixty_bytes_a_frame_are() {
    let readings = |memory: fn(f64) -> f64| {
        let reading = |i: u32| {
            let frames = f64::from(i) * 200.0;
            let resident_mb = memory(frames);
            Reading { frames, resident_mb, files: 10.0, threads: 5.0, disk_mb: 0.0 }
        };
        (0..1080).map(reading).collect::<Vec<_>>()
    };
    let growth = |memory| slope(&readings(memory), 8, |reading| reading.resident_mb);
    assert_eq!(growth(|frames| if frames < 100_000.0 { 90.0 } else { 105.0 }), 0.0);
    let lost = growth(|frames| 90.0 + 60.0 * frames / 1e6);
    assert!((lost - 6.48).abs() < 1e-6 && lost > LONG_SLACK, "{lost}");
    let stairs = growth(|frames| 90.0 + (frames / 5000.0).floor());
    assert!((stairs - 21.6).abs() < 2.0, "{stairs}");
}

/// When a run is long enough.
#[derive(Clone, Copy, Debug)]
struct Until {
    secs: f64,
    frames: f64,
}

/// Rings of pictures are full after eight seconds of the source's time; a slow machine takes longer.
const SHORT: Until = Until { secs: 30.0, frames: 2400.0 };

/// Megabytes an hour. Over so few frames, three megabytes that come late look like two hundred an hour.
/// Losing one 320×240 frame every second would be eight hundred.
const SHORT_SLACK: f64 = 600.0;
/// The camera's pictures are four times as large, and its faults make memory vary by eight megabytes within
/// minutes. Losing one every half second would be seventeen hundred.
const SHORT_CAMERA_SLACK: f64 = 1200.0;

/// What may come once and late: eight seconds of the face (26 MB at most), and the variation of memory.
const RINGS_MB: f64 = 40.0;

/// For hours: less than half of a loss of 60 bytes with every frame.
const LONG_SLACK: f64 = 3.0;

/// The running program, with folders that are removed when it ends.
struct Soak {
    folder: tempfile::TempDir,
    child: Child,
}

impl Soak {
    fn new(source: &str, more: &[&str], variables: &[(&'static str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let models = folder.path().join("models");
        models_with_a_still_mesh(&models);
        let child = Command::new(env!("CARGO_BIN_EXE_fleeting"))
            .arg("analyze")
            .arg(source)
            .args(more)
            .arg("--models")
            .arg(&models)
            .arg("--session")
            .arg(folder.path().join("session"))
            .args(["--who", "nobody", "--purpose", "a soak"])
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("FLEETING_CAMERA_BACKEND")
            .env("FLEETING_BACKEND", "embedded")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        Self { folder, child }
    }

    /// Reads until `is_enough`, twice a second at first and then less and less often. `each` gets the number
    /// of every half second. The recording is ended in order and must open again.
    fn watch(mut self, until: Until, mut each: impl FnMut(u64)) -> Vec<Reading> {
        let (begun, mut readings) = (Instant::now(), Vec::new());
        for tick in 0.. {
            std::thread::sleep(Duration::from_millis(500));
            each(tick);
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "the program ended by itself: {ended:?}");
            // Some thousand readings in any run.
            let every = (tick / 2000 + 1).next_power_of_two();
            if !tick.is_multiple_of(every) {
                continue;
            }
            let Some(reading) = self.read() else {
                assert!(begun.elapsed() < Duration::from_secs(120), "nothing is recorded");
                continue;
            };
            readings.push(reading);
            if reading.frames >= until.frames && begun.elapsed().as_secs_f64() >= until.secs {
                break;
            }
        }
        self.end();
        readings
    }

    /// `None` before anything is recorded.
    fn read(&self) -> Option<Reading> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status")).ok()?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        let session = self.folder.path().join("session");
        let disk: u64 = fs::read_dir(&session)
            .ok()?
            .flatten()
            .flat_map(|e| e.metadata())
            .map(|m| m.len())
            .sum();
        Some(Reading {
            frames: frames_in(&session)?,
            resident_mb: of("VmRSS:")? / 1000.0,
            files: fs::read_dir(process.join("fd")).ok()?.count() as f64,
            threads: of("Threads:")?,
            disk_mb: disk as f64 / 1e6,
        })
    }

    fn end(&mut self) {
        let interrupted =
            Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        assert!(interrupted.expect("kill").success());
        // As Ctrl-C in a terminal: an end in order, with a message.
        assert_eq!(self.child.wait().expect("ends").code(), Some(130));
        let opened = fleeting::session::store::open(&self.folder.path().join("session"));
        let opened = opened.expect("opens");
        assert!(opened.remarks.is_empty(), "{:?}", opened.remarks);
        assert!(opened.session.history.len() > 100);
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        // If a check failed it still runs; otherwise it has ended.
        self.child.kill().unwrap_or(());
        self.child.wait().map_or_else(drop, drop);
    }
}

/// The number of the newest sample that is stored.
fn frames_in(session: &Path) -> Option<f64> {
    let file = session.join(fleeting::session::store::DATABASE);
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let newest = db.query_row("SELECT max(frame) FROM sample", [], |row| row.get(0));
    newest.ok().flatten().map(|frame: i64| frame as f64)
}

/// The shipped models, except the mesh.
fn models_with_a_still_mesh(folder: &Path) {
    const STILL: &str = "still_mesh.onnx";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder).expect("made");
    let mesh = fs::read(root.join("tests/fixtures/still_mesh").join(STILL)).expect("a fixture");
    fs::write(folder.join(STILL), &mesh).expect("written");
    let text = fs::read_to_string(root.join("models/manifest.toml")).expect("a manifest");
    let mut manifest: toml::Table = text.parse().expect("TOML");
    let models = manifest["model"].as_array_mut().expect("models");
    let is_mesh = |model: &toml::Value| model["task"].as_str() == Some("landmarks");
    let mut entry = models.iter().find(|model| is_mesh(model)).expect("a mesh").clone();
    models.retain(|model| !is_mesh(model));
    for model in models.iter() {
        let file = model["file"].as_str().expect("a name");
        fs::copy(root.join("models").join(file), folder.join(file)).expect("copied");
    }
    let fields = entry.as_table_mut().expect("a table");
    fields.remove("backend");
    let hash = Sha256::digest(&mesh).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    fields.insert("file".into(), STILL.into());
    fields.insert("sha256".into(), hash.into());
    models.push(entry);
    fs::write(folder.join("manifest.toml"), manifest.to_string()).expect("written");
}

/// A webcam that sends the demo person's face, faster than any real one.
struct VirtualCamera {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl VirtualCamera {
    /// `None` where there is no C compiler.
    fn new() -> Option<Self> {
        let library = camera::virtual_camera()?;
        let folder = tempfile::tempdir().expect("a folder");
        let variables = vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("VCAM_DIR", folder.path().display().to_string()),
            ("VCAM_PIXELS", "MJPG".to_owned()),
            ("VCAM_RATE", "120".to_owned()),
        ];
        let camera = Self { folder, variables };
        camera.write("a.jpg", (640, 480));
        camera.write("b.jpg", (320, 240));
        Some(camera)
    }

    fn write(&self, name: &str, size_px: (usize, usize)) {
        let mut spec: fleeting::source::SourceSpec = "demo:7".parse().expect("a source");
        spec.options.size_px = Some(size_px);
        let mut demo = spec.open().expect("opens");
        let Ok(fleeting::media::stream::Next::Frame(frame)) = demo.next() else {
            panic!("no frame")
        };
        let (width, height) = (size_px.0 as u32, size_px.1 as u32);
        let picture = image::RgbImage::from_raw(width, height, frame.image.data.clone());
        picture.expect("a picture").save(self.folder.path().join(name)).expect("written");
    }

    /// One fault after another, each for a second and a half out of six.
    fn trouble(&self, tick: u64) {
        const TROUBLES: [&str; 4] = ["unplugged", "torn", "resized", "stalled"];
        let trouble = self.folder.path().join(TROUBLES[(tick / 12) as usize % TROUBLES.len()]);
        match tick % 12 {
            6 => fs::write(trouble, "").expect("written"),
            9 => fs::remove_file(trouble).expect("was there"),
            _ => {}
        }
    }
}

/// Memory above, files and threads below, over hours of frames.
fn plot(runs: &[(&str, Vec<Reading>)]) -> String {
    const SIZE: (f64, f64) = (760.0, 420.0);
    const COLORS: [&str; 2] = ["#2f6fb0", "#c06a1c"];
    let all = || runs.iter().flat_map(|(_, readings)| readings);
    let hours = all().map(Reading::hours).fold(0.0, f64::max);
    let x = |reading: &Reading| 60.0 + reading.hours() / hours * (SIZE.0 - 80.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        SIZE.0, SIZE.1
    );
    /// What is drawn, and in which style.
    type Line = (fn(&Reading) -> f64, &'static str);
    let panels: [(&str, f64, f64, &[Line]); 2] = [
        ("memory, MB", 30.0, 210.0, &[(|r| r.resident_mb, "")]),
        (
            "open files (line) and threads (dashes)",
            270.0,
            110.0,
            &[(|r| r.files, ""), (|r| r.threads, "stroke-dasharray=\"5 4\"")],
        ),
    ];
    for (title, top, high, values) in panels {
        let most =
            all().flat_map(|r| values.iter().map(|(value, _)| value(r))).fold(1.0, f64::max) * 1.15;
        let y = |value: f64| top + high * (1.0 - value / most);
        let right = SIZE.0 - 20.0;
        let mut put = |text: std::fmt::Arguments<'_>| svg.write_fmt(text).expect("memory");
        put(format_args!("<text x=\"60\" y=\"{}\">{title}</text>", top - 8.0));
        for share in [0.0, 0.5, 1.0] {
            let (level, value) = (y(most * share), most * share);
            put(format_args!("<path d=\"M60 {level:.1}H{right}\" stroke=\"#ddd\"/>"));
            put(format_args!(
                "<text x=\"54\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>",
                level + 4.0
            ));
        }
        for ((_, readings), color) in runs.iter().zip(COLORS) {
            for (value, style) in values {
                let place = |r: &Reading| format!("{:.1},{:.1}", x(r), y(value(r)));
                let line: Vec<_> = readings.iter().map(place).collect();
                put(format_args!(
                    "<polyline fill=\"none\" stroke=\"{color}\" {style} points=\"{}\"/>",
                    line.join(" ")
                ));
            }
        }
    }
    for ((name, _), (color, at)) in runs.iter().zip(COLORS.iter().zip([0.0, 90.0])) {
        let left = SIZE.0 - 200.0 + at;
        svg.push_str(&format!("<text x=\"{left}\" y=\"22\" fill=\"{color}\">{name}</text>"));
    }
    svg.push_str(&format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">0 to {hours:.2} hours of frames at 30 a second</text></svg>\n",
        SIZE.0 - 20.0,
        SIZE.1 - 12.0
    ));
    svg
}
