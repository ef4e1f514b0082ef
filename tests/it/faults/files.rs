//! Damaged files: through the readers into the engine as a source, and through the seeking of the review as
//! pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::OnceLock;

use fleeting::engine::live::capture::CaptureJob;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::mkv::MkvWriter;
use fleeting::session::pictures;
use fleeting::source::SourceSpec;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::run as run_engine;
use super::stand_in::StandIn;
use super::{Tally, dice};
use crate::damage::damage;

/// Number of damaged files in one scenario.
const FILES: usize = 12;

/// One in this many damaged videos that only ffmpeg reads is tried, because starting ffmpeg takes long.
const EVERY_FOREIGN: u32 = 12;

/// The most memory that this program may ever have taken, KiB. It runs other tests beside these.
const MOST_KIB: u64 = 3 << 20;

/// An undamaged file, and the name under which it is damaged.
fn whole() -> &'static [(&'static str, Vec<u8>)] {
    static WHOLE: OnceLock<Vec<(&'static str, Vec<u8>)>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let videos = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/video");
        let names = ["b_frames.mp4", "fragmented.mp4", "vfr_709_full.mp4", "mjpeg.avi", "h264.mkv"];
        let read = |name| (name, fs::read(videos.join(name)).expect("a fixture"));
        let mut files: Vec<_> = names.into_iter().map(read).collect();
        files.push(("pictures-1.mkv", film()));
        for name in ["2.jpg", "2.png", "2.bmp", "2.tif"] {
            files.push((name, picture(name)));
        }
        files
    })
}

fn film() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("film.mkv");
    let mut film = MkvWriter::create(&path, (24, 16)).expect("a new file");
    for seq in 0..8 {
        let image = RgbImage { width: 24, height: 16, data: vec![seq as u8 * 20; 24 * 16 * 3] };
        film.push(&Frame::new(seq, Timestamp::of_frame(seq, 30.0), Arc::new(image))).expect("room");
    }
    film.finish().expect("room");
    fs::read(path).expect("a film")
}

fn picture(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, 90]))
        .save(&path)
        .expect("written");
    fs::read(path).expect("a picture")
}

/// Reads the source at `path` through the engine. An error must contain `name`.
fn play(path: &Path, name: &str, dice: &mut ChaCha8Rng) {
    let spec: SourceSpec = path.to_string_lossy().parse().expect("a source");
    let ran = run_engine(CaptureJob::of(spec), StandIn::default, None, dice);
    if let Some(reason) = ran.reason {
        assert!(reason.contains(name) && !reason.contains("a bug in"), "{reason}");
    }
}

/// Reads some pictures in random order.
fn seek(path: &Path, name: &str, dice: &mut ChaCha8Rng) {
    let Ok(mut pictures) = pictures::open(path) else { return };
    let all = pictures.moments().len();
    for _ in 0..4 {
        let index = dice.random_range(0..all + 2);
        match pictures.picture(index) {
            Ok(frame) => {
                assert_eq!(Some(frame.seq), pictures.moments().get(index).map(|m| m.frame))
            }
            Err(error) => assert!(error.to_string().contains(name), "{error}"),
        }
    }
}

/// Damages one file, reads it in every possible way, and says what was done.
fn try_one(folder: &Path, dice: &mut ChaCha8Rng) -> Option<&'static str> {
    let files = whole();
    let (name, bytes) = &files[dice.random_range(0..files.len())];
    let mut bytes = bytes.clone();
    let mut class = damage(dice, &mut bytes);
    if dice.random_range(0..3) == 0 {
        class = damage(dice, &mut bytes);
    }
    let is_foreign = *name == "h264.mkv";
    if is_foreign && dice.random_range(0..EVERY_FOREIGN) > 0 {
        return None;
    }
    let path: PathBuf = folder.join(name);
    if let Some(ending) = name.strip_prefix('2') {
        // The damaged picture stands between two undamaged ones.
        for other in ["1", "3"] {
            fs::write(folder.join(format!("{other}{ending}")), picture(name)).expect("written");
        }
        fs::write(&path, bytes).expect("written");
        play(folder, "", dice);
        seek(folder, "", dice);
        return Some(class);
    }
    fs::write(&path, bytes).expect("written");
    if *name != "pictures-1.mkv" {
        play(&path, name, dice);
    }
    if !is_foreign {
        seek(&path, name, dice);
    }
    Some(class)
}

pub(super) fn run(seed: u64) -> Tally {
    let (mut dice, mut tally) = (dice("files", seed), Tally::default());
    for _ in 0..FILES {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(class) = try_one(folder.path(), &mut dice) {
            tally.count(class);
        }
    }
    if let Some(kib) = peak_kib() {
        assert!(kib < MOST_KIB, "{kib} KiB were taken");
    }
    tally
}

/// The most memory that this program ever had; `None` if the system does not say.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
