//! Wrong input gives one clear line, or an empty but valid result.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::mkv::MkvWriter;
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::NpzWriter;

use crate::program::{Ran, fleeting};

fn analyze(folder: &Path, source: &str) -> Ran {
    fleeting(folder, &["analyze", source, "--out", "out"])
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A video of `frames` uniform pictures.
fn video_without_a_face(path: &Path, frames: u64) {
    let mut film = MkvWriter::create(path, (160, 120)).expect("made");
    let image = Arc::new(RgbImage { width: 160, height: 120, data: vec![90; 160 * 120 * 3] });
    for seq in 0..frames {
        let frame = Frame::new(seq, Timestamp::of_frame(seq, 30.0), Arc::clone(&image));
        film.push(&frame).expect("written");
    }
    film.finish().expect("written");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    analyze(folder.path(), "nothing.mp4").failed_saying(&["nothing.mp4"]);
    assert!(!folder.path().join("out").exists(), "nothing is made for nothing");
}

#[test]
fn a_folder_without_pictures_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("frames")).expect("made");
    analyze(folder.path(), "frames").failed_saying(&["frames"]);
    analyze(folder.path(), "video:frames").failed_saying(&["frames"]);
}

#[test]
fn files_that_are_no_video_are_named_with_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in [
        ("empty.mp4", &b""[..]),
        ("text.mp4", b"This is a shopping list: eggs, flour, and a pinch of salt.\n"),
        ("zeros.avi", &[0; 4096]),
    ] {
        fs::write(folder.path().join(name), content).expect("written");
        analyze(folder.path(), name).failed_saying(&[name, "expected"]);
    }
}

#[test]
fn a_video_that_is_cut_off_never_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    for original in ["video/b_frames.mp4", "video/fragmented.mp4"] {
        let whole = fixture(original);
        for part in [whole.len() / 100, whole.len() / 2, whole.len() - 1] {
            let name = format!("{} bytes of {}.mp4", part, &original[6..9]);
            fs::write(folder.path().join(&name), &whole[..part]).expect("written");
            let ran = fleeting(folder.path(), &["analyze", &name, "--out", &format!("out {name}")]);
            match ran.code {
                Some(0) => assert!(ran.out.contains("frames"), "{ran:?}"),
                _ => assert!(ran.code == Some(1) && ran.err.contains(&name), "{ran:?}"),
            }
        }
    }
}

/// The parser of MP4 panics on these files. Users must not see that.
#[test]
fn a_video_whose_tables_contradict_each_other_is_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = fixture("video/b_frames.mp4");
    let offsets = bytes.windows(4).position(|name| name == b"ctts").expect("offsets of time");
    // One entry fewer than there are samples.
    bytes[offsets + 11] -= 1;
    fs::write(folder.path().join("odd.mp4"), bytes).expect("written");
    analyze(folder.path(), "odd.mp4").failed_saying(&["odd.mp4", "contradict"]);
}

#[test]
fn a_picture_of_one_pixel_is_an_empty_but_valid_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = folder.path().join("frames");
    fs::create_dir(&frames).expect("made");
    image::RgbImage::new(1, 1).save(frames.join("0001.png")).expect("written");
    let ran = fleeting(folder.path(), &["analyze", "frames", "--fps", "30", "--out", "out"]);
    match ran.code {
        Some(0) => assert_eq!(lines(&folder.path().join("out/samples.csv")), 2),
        _ => ran.failed_saying(&["0001.png", "1"]),
    }
}

#[test]
fn a_picture_of_a_hundred_million_pixels_is_refused_with_its_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = folder.path().join("frames");
    fs::create_dir(&frames).expect("made");
    image::GrayImage::new(10_000, 10_000).save(frames.join("0001.png")).expect("written");
    let ran = fleeting(folder.path(), &["analyze", "frames", "--fps", "30", "--out", "out"]);
    ran.failed_saying(&["0001.png", "8192", "10000"]);
}

#[test]
fn a_video_without_a_face_is_an_empty_but_valid_result() {
    let folder = tempfile::tempdir().expect("a folder");
    video_without_a_face(&folder.path().join("wall.mkv"), 12);
    let args = ["analyze", "wall.mkv", "--out", "out", "--format", "csv,json"];
    let ran = fleeting(folder.path(), &args);
    ran.succeeded();
    assert!(ran.out.contains("12 frames") && ran.out.contains("100 %"), "{ran:?}");
    let out = folder.path().join("out");
    assert_eq!(lines(&out.join("events.csv")), 1);
    assert_eq!(lines(&out.join("samples.csv")), 13);
    let samples = fs::read_to_string(out.join("samples.csv")).expect("a table");
    assert!(samples.lines().skip(1).all(|line| line.contains("no face")), "{samples}");

    // Nothing is overwritten, and the session reads back into the same tables.
    analyze(folder.path(), "wall.mkv").failed_saying(&["out", "nothing is overwritten"]);
    fleeting(folder.path(), &["export", "out", "--out", "again"]).succeeded();
    for name in ["events.csv", "samples.csv"] {
        let again = fs::read(folder.path().join("again").join(name)).expect("a table");
        assert_eq!(fs::read(out.join(name)).expect("a table"), again, "{name}");
    }
}

#[test]
fn arrays_of_the_wrong_shape_are_named_with_both_shapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.npz");
    let mut npz = NpzWriter::new(fs::File::create(&path).expect("made"));
    npz.add_array("motion", &Array3::<f32>::zeros((5, 7, 2))).expect("written");
    npz.add_array("video", &Array1::<i32>::zeros(5)).expect("written");
    npz.add_array("label", &Array1::<i32>::zeros(4)).expect("written");
    npz.add_array("events", &Array2::<i32>::zeros((1, 3))).expect("written");
    npz.finish().expect("written");
    for what in ["spotting", "recognition"] {
        fleeting(folder.path(), &["evaluate", what, "wrong.npz"]).failed_saying(&[
            "wrong.npz",
            "motion",
            "expected",
            "[5, 7, 2]",
        ]);
    }
    fs::write(folder.path().join("text.npz"), "no archive").expect("written");
    fleeting(folder.path(), &["evaluate", "spotting", "text.npz"]).failed_saying(&["text.npz"]);
    fleeting(folder.path(), &["evaluate", "spotting", "none.npz"]).failed_saying(&["none.npz"]);
}

#[test]
fn a_model_with_one_byte_changed_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = folder.path().join("models");
    fs::create_dir(&models).expect("made");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for entry in fs::read_dir(shipped).expect("models").map(|entry| entry.expect("readable")) {
        if entry.path().is_file() {
            fs::copy(entry.path(), models.join(entry.file_name())).expect("copied");
        }
    }
    video_without_a_face(&folder.path().join("wall.mkv"), 2);
    let args = ["analyze", "wall.mkv", "--models", "models", "--out"];
    fleeting(folder.path(), &[&args[..], &["good"]].concat()).succeeded();

    let changed = models.join("blazeface_short_range.onnx");
    let mut bytes = fs::read(&changed).expect("a model");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&changed, bytes).expect("written");
    fleeting(folder.path(), &[&args[..], &["bad"]].concat())
        .failed_saying(&["blazeface_short_range.onnx", "sha256"]);
    assert!(!folder.path().join("bad").exists());
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).lines().count()
}
