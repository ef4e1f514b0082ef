//! The driver interface: a child process, which is this program, has the virtual camera preloaded
//! (`fixtures/virtual_camera.c`) and runs the whole engine on it while the camera has faults.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordState;
use fleeting::media::stream::NoticeKind;
use fleeting::source::SourceSpec;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::{Ran, check_recording, run as run_engine, told};
use super::stand_in::StandIn;
use super::{Tally, dice};
use crate::camera::virtual_camera;

/// Tells the child its seed.
const CHILD: &str = "FLEETING_TEST_FAULTY_CAMERA";

/// Beginning of the child's reports, which distinguishes them from the output of the test harness.
const MARK: &str = "@@ ";

/// Length of a scenario on the camera's clock.
const SECS: f64 = 8.0;

/// Faults of the camera, by the file that causes each, and how often out of twenty.
const FAULTS: [(&str, &str, u32); 9] = [
    ("unplugged", "unplugged", 2),
    ("stalled", "short stall", 2),
    ("eio", "failed read", 1),
    ("torn", "torn pictures", 3),
    ("resized", "change of size", 3),
    ("black", "black pictures", 3),
    ("twice", "driver's count that stands still", 2),
    ("loses", "pictures that the driver lost", 2),
    ("back", "driver's clock that jumps back", 2),
];

/// Causes faults, one after the other, until told to stop.
fn happen(dir: &Path, dice: &mut ChaCha8Rng, stop: &AtomicBool, tally: &mut Tally) {
    let sum: u32 = FAULTS.iter().map(|(_, _, share)| share).sum();
    while !stop.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(dice.random_range(20..120)));
        let mut left = dice.random_range(0..sum);
        let fault = FAULTS.iter().find(|(_, _, share)| {
            let is_it = left < *share;
            left = left.saturating_sub(*share);
            is_it
        });
        let Some((file, class, _)) = fault else { continue };
        fs::write(dir.join(file), "").expect("writes");
        std::thread::sleep(Duration::from_millis(dice.random_range(20..200)));
        fs::remove_file(dir.join(file)).expect("was there");
        tally.count(class);
    }
}

fn write_jpeg(dir: &Path, name: &str, width: u32, height: u32, grey: u8) {
    let shade = |x: u32, y: u32| grey.saturating_add(((x ^ y) % 9) as u8 * (grey / 20));
    image::RgbImage::from_fn(width, height, |x, y| image::Rgb([shade(x, y); 3]))
        .save(dir.join(name))
        .expect("writes");
}

fn check(ran: &Ran, folder: &Path) {
    assert_eq!((&ran.reason, &ran.recorded), (&None, &Some(RecordState::Stopped(None))));
    let session = &ran.session;
    let samples = session.history.samples();
    let last = samples.last().expect("pictures came");
    assert!(last.time.secs() > SECS - 3.0, "nothing came after {}", last.time);
    // Missing numbers were dropped by the queue, damaged, lost, or reported as lost.
    let missing = last.seq + 1 - samples.len() as u64;
    let (_, torn) = told(session, NoticeKind::CorruptFrame, " pictures are lost");
    let (_, away) = told(session, NoticeKind::Reconnected, " frames are lost");
    let counts = session.counts();
    assert_eq!(counts.analysed, samples.len() as u64);
    assert!(counts.lost >= missing && missing + 1 >= away, "{counts:?}, {missing}, {away}");
    assert!(torn <= missing + 8, "{torn} of {missing}");
    check_recording(folder, session);
}

#[test]
#[ignore = "the test of all faults runs it in a child process"]
fn child() {
    let Ok(seed) = std::env::var(CHILD) else { return };
    let seed = seed.parse().expect("a seed");
    let dir = PathBuf::from(std::env::var_os("VCAM_DIR").expect("a folder"));
    let mut spec: SourceSpec = "camera".parse().expect("a source");
    spec.options.limit_secs = Some(SECS);
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("s");
    let (stop, mut tally) = (AtomicBool::new(false), Tally::default());
    let ran = std::thread::scope(|scope| {
        let (stop, tally) = (&stop, &mut tally);
        scope.spawn(move || happen(&dir, &mut dice("driver", seed), stop, tally));
        let mut of_window = dice("driver window", seed);
        let ran = run_engine(CaptureJob::of(spec), StandIn::default, Some(&folder), &mut of_window);
        stop.store(true, Ordering::SeqCst);
        ran
    });
    check(&ran, &folder);
    for (class, many) in tally.classes() {
        println!("{MARK}{many} {class}");
    }
}

pub(super) fn run(seed: u64) -> Tally {
    let mut tally = Tally::default();
    let Some(library) = virtual_camera() else { return tally };
    let dir = tempfile::tempdir().expect("a folder");
    write_jpeg(dir.path(), "a.jpg", 160, 120, 120);
    write_jpeg(dir.path(), "b.jpg", 96, 64, 90);
    write_jpeg(dir.path(), "c.jpg", 160, 120, 0);
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["faults::driver::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, seed.to_string())
        .env("LD_PRELOAD", library)
        .env("VCAM_DIR", dir.path())
        .env("VCAM_PIXELS", "MJPG")
        .env("VCAM_RATE", ["30", "60", "120"][seed as usize % 3])
        .env_remove("FLEETING_CAMERA_BACKEND")
        .stdin(Stdio::null())
        .output()
        .expect("starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for (_, line) in said.lines().filter_map(|line| line.split_once(MARK)) {
        let (many, words) = line.split_once(' ').expect("a number and a name");
        let known = FAULTS.iter().find(|(_, class, _)| *class == words).expect("a class");
        tally.count_many(known.1, many.parse().expect("a number"));
    }
    tally
}
