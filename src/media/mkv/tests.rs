//! Films are written, cut off, damaged and repaired here. `tests/it/film.rs` opens them in ordinary players.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::Pictures;

#[test]
fn a_picture_takes_as_much_memory_as_the_page_on_endurance_says() {
    assert_eq!(size_of::<layout::PicturePlace>(), 24);
}

const SIZE_PX: (usize, usize) = (32, 16);

/// A frame whose number follows a gap, at a time that follows no fixed rate.
fn frame(index: u64) -> Frame {
    let seq = index + index / 7 * 3;
    let time = Timestamp::from_nanos((seq * 33_366_667 + index * index % 977 * 1001) as i64);
    let (width, height) = SIZE_PX;
    let pixel = |i: usize| [(i % width * 5) as u8, (i / width * 7) as u8, (index * 9) as u8];
    let image = RgbImage::from_vec(width, height, (0..width * height).flat_map(pixel).collect());
    let jpeg = crate::media::jpeg::encode(image.as_ref().expect("pixels"), writer::QUALITY)
        .expect("encodes");
    let image = crate::media::jpeg::decode(&jpeg).expect("decodes");
    Frame { seq, time, image: Arc::new(image), jpeg: Some(jpeg.into()) }
}

fn frames(count: u64) -> Vec<Frame> {
    (0..count).map(frame).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("writes");
        path
    }
}

/// A film of `frames`, finished or not.
fn film(folder: &Folder, frames: &[Frame], is_finished: bool) -> PathBuf {
    let path = folder.path(if is_finished { "whole.mkv" } else { "open.mkv" });
    let mut writer = MkvWriter::create(&path, SIZE_PX).expect("a new file");
    frames.iter().for_each(|frame| writer.push(frame).expect("room"));
    if is_finished {
        writer.finish().expect("finishes");
    }
    path
}

fn open(path: &Path) -> MkvReader {
    MkvReader::open(path).expect("opens")
}

/// Asserts that every picture is there, and is exactly the frame that it was.
fn assert_shows(reader: &mut MkvReader, expected: &[Frame]) {
    let moments: Vec<_> = expected.iter().map(|f| Moment { frame: f.seq, time: f.time }).collect();
    assert_eq!(reader.moments(), moments);
    for (i, frame) in expected.iter().enumerate() {
        let shown = reader.picture(i).expect("a picture");
        assert_eq!((shown.seq, shown.time), (frame.seq, frame.time));
        assert_eq!((shown.image, shown.jpeg), (frame.image.clone(), frame.jpeg.clone()));
    }
}

#[test]
fn what_goes_in_comes_out_bit_by_bit_with_its_number_and_nanosecond() {
    let (folder, frames) = (Folder::new(), frames(40));
    let mut reader = open(&film(&folder, &frames, true));
    assert_eq!(reader.troubles(), [""; 0]);
    assert_shows(&mut reader, &frames);
    assert_eq!(reader.index_of(frames[8].seq - 1), Some(7), "a frame that was lost");
}

#[test]
fn a_picture_that_did_not_come_as_jpeg_is_encoded_closely() {
    let (folder, mut frame) = (Folder::new(), frame(3));
    frame.jpeg = None;
    let shown = open(&film(&folder, std::slice::from_ref(&frame), true)).picture(0).expect("one");
    let bright = |px: &[u8]| crate::media::image::luma([0, 1, 2].map(|i| f32::from(px[i])));
    let pairs = shown.image.data.chunks_exact(3).zip(frame.image.data.chunks_exact(3));
    let apart: Vec<f32> = pairs.map(|(a, b)| (bright(a) - bright(b)).abs()).collect();
    let mean = apart.iter().sum::<f32>() / apart.len() as f32;
    assert!(mean < 0.5, "{mean}");
}

#[test]
fn pictures_of_any_size_are_encoded_closely_to_their_last_row_and_column() {
    for (width, height) in
        [(1, 1), (2, 3), (7, 5), (15, 17), (16, 16), (33, 31), (81, 64), (640, 481)]
    {
        let mut image = RgbImage::new(width, height);
        for (i, px) in image.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (i % width, i / width);
            px.copy_from_slice(&[
                (40 + x / 4) as u8,
                (90 + y / 4) as u8,
                (200 - (x + y) / 8) as u8,
            ]);
        }
        let jpeg = crate::media::jpeg::encode(&image, writer::QUALITY).expect("encodes");
        let shown = crate::media::jpeg::decode(&jpeg).expect("decodes");
        assert_eq!((shown.width, shown.height), (width, height));
        let apart = image.data.iter().zip(&shown.data).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(12), "{width}×{height}: {apart:?}");
    }
}

#[test]
fn a_film_that_nobody_finished_has_all_its_pictures_and_says_so() {
    let (folder, frames) = (Folder::new(), frames(20));
    let path = folder.path("killed.mkv");
    let mut writer = MkvWriter::create(&path, SIZE_PX).expect("a new file");
    frames.iter().for_each(|frame| writer.push(frame).expect("room"));
    // Nothing is flushed and nothing dropped, as when a program is killed.
    std::mem::forget(writer);
    let mut reader = open(&path);
    assert_eq!(reader.troubles(), ["It was not finished; every picture is whole."]);
    assert_shows(&mut reader, &frames);
}

#[test]
fn a_film_cut_off_at_any_byte_opens_with_every_whole_picture() {
    let (folder, frames) = (Folder::new(), frames(2));
    let whole = fs::read(film(&folder, &frames, true)).expect("reads");
    let mut ends = Vec::new();
    for frame in &frames {
        let jpeg = frame.jpeg.as_deref().expect("a JPEG");
        let at = whole.windows(jpeg.len()).position(|w| w == jpeg).expect("it is copied as it is");
        ends.push(at + jpeg.len());
    }
    for length in 0..whole.len() {
        let path = folder.bytes("cut.mkv", &whole[..length]);
        let mut reader = open(&path);
        let expected = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(reader.moments().len(), expected, "cut at {length}");
        assert_eq!(reader.troubles().len(), 1, "cut at {length}");
        if length % 97 == 0 {
            assert_shows(&mut reader, &frames[..expected]);
        }
    }
}

#[test]
fn a_mended_film_is_as_if_it_had_been_finished() {
    let (folder, frames) = (Folder::new(), frames(9));
    let finished = fs::read(film(&folder, &frames[..8], true)).expect("reads");
    let unfinished = fs::read(film(&folder, &frames, false)).expect("reads");
    let path = folder.bytes("cut.mkv", &unfinished[..unfinished.len() - 5]);
    let told = mend(&path).expect("mends");
    assert!(told[0].contains("its last") && told.len() == 2, "{told:?}");
    assert_eq!(fs::read(&path).expect("reads"), finished);
    assert_eq!(mend(&path).expect("nothing to do"), [""; 0]);
    assert_eq!(open(&path).troubles(), [""; 0]);
}

#[test]
fn damage_takes_its_own_picture_along_and_no_other() {
    let (folder, frames) = (Folder::new(), frames(12));
    let mut bytes = fs::read(film(&folder, &frames, false)).expect("reads");
    let jpeg = frames[5].jpeg.as_deref().expect("a JPEG");
    let at = bytes.windows(jpeg.len()).position(|w| w == jpeg).expect("found");
    // Damage in the picture: its checksum shows it.
    bytes[at + 200] ^= 1;
    let mut reader = open(&folder.bytes("pixel.mkv", &bytes));
    assert_eq!(reader.moments().len(), 12);
    let error = reader.picture(5).expect_err("damaged").to_string();
    assert!(error.contains("pixel.mkv") && error.contains("frame 5"), "{error}");
    assert_eq!(reader.picture(6).expect("whole").image, frames[6].image);
    // Damage in the header before it: the next picture is searched for.
    bytes[at - 50] ^= 1;
    let mut reader = open(&folder.bytes("header.mkv", &bytes));
    assert!(reader.troubles()[0].ends_with("damaged bytes were skipped."));
    let kept: Vec<_> = frames.iter().filter(|f| f.seq != 5).cloned().collect();
    assert_shows(&mut reader, &kept);
}

#[test]
fn an_end_that_has_length_but_no_content_is_no_picture() {
    let (folder, frames) = (Folder::new(), frames(6));
    let mut bytes = fs::read(film(&folder, &frames, false)).expect("reads");
    let length = bytes.len();
    bytes[length - 300..].fill(0);
    let mut reader = open(&folder.bytes("power.mkv", &bytes));
    assert_shows(&mut reader, &frames[..5]);
    bytes.resize(length + 4096, 0);
    assert_shows(&mut open(&folder.bytes("power.mkv", &bytes)), &frames[..5]);
}

#[test]
fn a_finished_film_whose_index_is_damaged_is_read_without_it() {
    let (folder, frames) = (Folder::new(), frames(6));
    let whole = fs::read(film(&folder, &frames, true)).expect("reads");
    let cues = whole.windows(4).rposition(|w| w == [0x1C, 0x53, 0xBB, 0x6B]).expect("an index");
    for at in cues..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let mut reader = open(&folder.bytes("index.mkv", &bytes));
        assert_eq!(reader.troubles().len(), 1, "byte {at}");
        assert_shows(&mut reader, &frames);
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::new();
    let path = folder.bytes("notes.mkv", b"something dear");
    let error = MkvWriter::create(&path, SIZE_PX).expect_err("it exists");
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).expect("reads"), b"something dear");
}

#[test]
fn what_is_no_film_is_refused_and_left_alone() {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/video/h264.mkv");
    let foreign = fs::read(fixture).expect("reads");
    for (name, bytes) in [("text.mkv", b"hello".as_slice()), ("foreign.mkv", &foreign)] {
        let path = folder.bytes(name, bytes);
        for error in [MkvReader::open(&path).map(drop), mend(&path).map(drop)] {
            let text = error.expect_err(name).to_string();
            assert!(text.contains(name) && text.contains("expected a film"), "{text}");
        }
        assert_eq!(fs::read(&path).expect("reads"), bytes);
    }
    let missing = MkvReader::open(&folder.path("none.mkv")).expect_err("missing").to_string();
    assert!(missing.contains("none.mkv") && missing.contains("No such file"), "{missing}");
}

#[test]
fn frames_out_of_order_are_refused() {
    let (folder, frames) = (Folder::new(), frames(2));
    let mut writer = MkvWriter::create(&folder.path("a.mkv"), SIZE_PX).expect("a new file");
    writer.push(&frames[1]).expect("room");
    for frame in &frames {
        let error = writer.push(frame).expect_err("not later").to_string();
        assert!(error.contains("expected a frame after frame 1 at"), "{error}");
    }
    assert_eq!(writer.pictures(), 1);
}

#[test]
fn a_picture_that_is_not_later_is_no_picture_of_the_film() {
    let (folder, frames) = (Folder::new(), frames(3));
    let path = film(&folder, &frames[..2], false);
    let jpeg = frames[2].jpeg.as_ref().expect("a picture");
    let mut bytes = fs::read(&path).expect("read");
    for (frame, time) in [(8, frames[1].time), (9, frames[2].time)] {
        bytes.extend(layout::picture_header(Moment { frame, time }, jpeg).expect("short"));
        bytes.extend(jpeg.iter());
    }
    fs::write(&path, bytes).expect("written");
    let numbers: Vec<_> = open(&path).moments().iter().map(|moment| moment.frame).collect();
    assert_eq!(numbers, [frames[0].seq, frames[1].seq, 9]);
}

#[test]
fn a_film_without_pictures_is_finished_and_opened() {
    let folder = Folder::new();
    let reader = open(&film(&folder, &[], true));
    assert_eq!((reader.moments().len(), reader.troubles().len()), (0, 0));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage_is_an_error_or_fewer_pictures_and_never_a_panic(
        at in 0.0..1.0f64, noise in proptest::collection::vec(0u8.., 1..60), is_finished: bool,
    ) {
        let (folder, frames) = (Folder::new(), frames(3));
        let mut bytes = fs::read(film(&folder, &frames, is_finished)).expect("reads");
        let at = (at * (bytes.len() - noise.len()) as f64) as usize;
        bytes[at..at + noise.len()].copy_from_slice(&noise);
        let path = folder.bytes("noise.mkv", &bytes);
        if let Ok(mut reader) = MkvReader::open(&path) {
            for i in 0..reader.moments().len() {
                if let Ok(shown) = reader.picture(i) {
                    let original = frames.iter().find(|frame| frame.seq == shown.seq);
                    proptest::prop_assert_eq!(Some(&shown.image), original.map(|f| &f.image));
                }
            }
        }
    }
}
