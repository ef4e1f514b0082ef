//! The files in `tests/fixtures/video` (made as the README there says), compared with what ffmpeg 5.1 makes
//! of them.

use std::path::{Path, PathBuf};

use super::*;
use crate::media::image::Frame;
use crate::media::stream::{Next, SourceInfo};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/video").join(name)
}

fn open_path(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    open(&SourceSpec { kind: KIND.name, target: path.into(), options: Default::default() })
}

/// Everything that a file delivers.
pub(super) struct Played {
    pub(super) info: SourceInfo,
    pub(super) frames: Vec<Frame>,
    pub(super) notices: Vec<Notice>,
    pub(super) error: Option<SourceError>,
}

pub(super) fn play(path: &Path) -> Result<Played, SourceError> {
    let mut source = open_path(path)?;
    let info = source.info().clone();
    let mut played = Played { info, frames: Vec::new(), notices: Vec::new(), error: None };
    loop {
        match source.next() {
            Ok(Next::Frame(frame)) => played.frames.push(frame),
            Ok(Next::Notice(notice)) => played.notices.push(notice),
            Ok(Next::Idle | Next::Lost(_)) => {}
            Ok(Next::End) => return Ok(played),
            Err(error) => {
                played.error = Some(error);
                return Ok(played);
            }
        }
    }
}

fn play_fixture(name: &str) -> Played {
    let played = play(&fixture(name)).expect(name);
    assert!(played.error.is_none(), "{:?}", played.error);
    assert_eq!(played.notices, []);
    played
}

fn millis(played: &Played) -> Vec<i64> {
    played.frames.iter().map(|frame| (frame.time.nanos() + 500_000) / 1_000_000).collect()
}

fn seqs(played: &Played) -> Vec<u64> {
    played.frames.iter().map(|frame| frame.seq).collect()
}

/// Mean red, green and blue of one frame.
fn mean_rgb(frame: &Frame) -> [f64; 3] {
    let pixels = frame.image.data.len() as f64 / 3.0;
    let sum = |k| frame.image.data.iter().skip(k).step_by(3).map(|&v| f64::from(v)).sum::<f64>();
    std::array::from_fn(|k| sum(k) / pixels)
}

/// `expected` are the means of the first, second and last frame in
/// `ffmpeg -i FILE -f rawvideo -pix_fmt rgb24 -sws_flags accurate_rnd+full_chroma_int+neighbor -`.
fn assert_colours(played: &Played, expected: [[f64; 3]; 3], tolerance: f64) {
    let frames = &played.frames;
    for (frame, expected) in
        [&frames[0], &frames[1], &frames[frames.len() - 1]].iter().zip(expected)
    {
        let found = mean_rgb(frame);
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= tolerance, "frame {}: {found:?}, expected {expected:?}", frame.seq);
    }
}

/// Writes bytes as a file and plays it.
fn play_bytes(name: &str, bytes: &[u8]) -> Result<Played, SourceError> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("writes");
    play(&path)
}

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect(name)
}

/// The text of the error that opening or playing gives.
fn error_of(played: Result<Played, SourceError>) -> String {
    match played {
        Ok(played) => played.error.expect("an error").to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_mp4_with_b_frames_plays_in_the_order_of_display_and_loses_none() {
    let played = play_fixture("b_frames.mp4");
    assert_eq!((played.info.size_px, played.info.frames), ((96, 64), Some(36)));
    assert_eq!(seqs(&played), (0..36).collect::<Vec<_>>());
    let expected: Vec<i64> = (0..36).map(|i| (i * 1000 + 15) / 30).collect();
    assert_eq!(millis(&played), expected);
    let expected = [[96.32, 74.36, 75.37], [96.45, 72.07, 76.67], [94.90, 71.89, 77.15]];
    assert_colours(&played, expected, 0.1);
}

#[test]
fn a_variable_rate_keeps_its_times_and_the_stated_colours_are_used() {
    let played = play_fixture("vfr_709_full.mp4");
    assert_eq!(millis(&played), [0, 167, 233, 333, 467, 500, 667, 700, 833, 933, 1000, 1167]);
    let expected = [[95.27, 73.63, 75.02], [98.32, 68.75, 75.69], [94.46, 71.10, 77.17]];
    assert_colours(&played, expected, 0.1);
}

/// The matrices are those that phones write into the header of a track.
#[test]
fn a_video_taken_with_the_phone_upright_is_shown_upright() {
    let plain = play_fixture("b_frames.mp4");
    let mut bytes = bytes_of("b_frames.mp4");
    let matrix_at = bytes.windows(4).position(|w| w == b"tkhd").expect("a track") + 4 + 40;
    let one = 0x10000i32;
    for ([a, b, c, d], corner) in
        [([0, one, -one, 0], (0, 63)), ([-one, 0, 0, -one], (95, 63)), ([0, -one, one, 0], (95, 0))]
    {
        for (i, value) in [a, b, 0, c, d].into_iter().enumerate() {
            let at = matrix_at + 4 * i;
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        let turned = play_bytes("turned.mp4", &bytes).expect("opens");
        let size_px = if a == 0 { (64, 96) } else { (96, 64) };
        assert_eq!(turned.info.size_px, size_px);
        let (from, to) = (&plain.frames[0].image, &turned.frames[0].image);
        assert_eq!((to.width, to.height), size_px);
        assert_eq!(to.at(0, 0), from.at(corner.0, corner.1));
    }
}

#[test]
fn a_fragmented_mp4_plays_whole() {
    let played = play_fixture("fragmented.mp4");
    assert_eq!(seqs(&played), (0..18).collect::<Vec<_>>());
    let expected = [[96.25, 74.30, 75.47], [96.42, 72.33, 76.97], [94.03, 69.36, 79.11]];
    assert_colours(&played, expected, 0.1);
}

#[test]
fn a_motion_jpeg_avi_plays_whole() {
    let played = play_fixture("mjpeg.avi");
    assert_eq!(millis(&played), (0..10).map(|i| i * 40).collect::<Vec<_>>());
    assert_eq!(played.info.nominal_fps, Some(25.0));
    // JPEG decoders smooth colour; ffmpeg was told to repeat it.
    let expected = [[95.78, 74.34, 74.75], [96.42, 72.53, 76.15], [96.11, 68.82, 77.99]];
    assert_colours(&played, expected, 0.8);
}

#[test]
fn what_is_no_video_is_one_clear_error() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let missing = error_of(play(&dir.path().join("none.mp4")));
    assert!(missing.contains("none.mp4") && missing.contains("No such file"), "{missing}");
    let folder = error_of(play(dir.path()));
    assert!(folder.contains("expected a video file, found a folder"), "{folder}");
    let empty = error_of(play_bytes("empty.mp4", &[]));
    assert!(empty.contains("found an empty file"), "{empty}");
    let text = error_of(play_bytes("text.mp4", "Grüße, this is no video\n".as_bytes()));
    assert!(text.contains("expected a video file, found text"), "{text}");
    let noise = error_of(play_bytes("noise.mp4", &[0x81; 4000]));
    assert!(noise.contains("noise.mp4"), "{noise}");
}

#[test]
fn an_mp4_without_its_end_plays_what_it_has_and_says_what_is_missing() {
    let whole = bytes_of("b_frames.mp4");
    let played = play_bytes("cut.mp4", &whole[..whole.len() * 3 / 4]).expect("opens");
    assert!(played.error.is_none(), "{:?}", played.error);
    assert!((15..34).contains(&played.frames.len()), "{} frames", played.frames.len());
    assert!(played.frames.windows(2).all(|pair| pair[0].time < pair[1].time));
    assert_eq!(played.notices[0].kind, NoticeKind::CorruptFrame);
    assert!(played.notices[0].text.contains("of 36 frames are missing"));
}

#[test]
fn a_fragmented_mp4_without_its_end_plays_its_whole_fragments() {
    let whole = bytes_of("fragmented.mp4");
    let played = play_bytes("cut.mp4", &whole[..whole.len() * 2 / 3]).expect("opens");
    assert!(played.error.is_none() && played.frames.len() >= 6, "{}", played.frames.len());
}

#[test]
fn an_mp4_cut_before_its_index_says_so() {
    let text = error_of(play_bytes("cut.mp4", &bytes_of("vfr_709_full.mp4")[..3000]));
    assert!(text.contains("cut off before its index"), "{text}");
}

#[test]
fn a_file_cut_anywhere_is_an_error_or_a_shorter_video_and_never_a_panic() {
    for name in ["b_frames.mp4", "vfr_709_full.mp4", "fragmented.mp4", "mjpeg.avi"] {
        let whole = bytes_of(name);
        for length in (0..whole.len()).step_by(whole.len() / 40) {
            if let Ok(played) = play_bytes(name, &whole[..length]) {
                let shorter = !played.notices.is_empty() || played.error.is_some();
                let complete = played.frames.len() as u64 == played.info.frames.unwrap_or(0);
                assert!(shorter || complete, "{name} cut at {length}");
            }
        }
    }
}

#[test]
fn damaged_bytes_are_an_error_or_a_lost_frame_and_never_a_panic() {
    for name in ["b_frames.mp4", "fragmented.mp4", "mjpeg.avi"] {
        let whole = bytes_of(name);
        for at in (8..whole.len()).step_by(whole.len() / 150) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xFF;
            if let Ok(played) = play_bytes(name, &bytes) {
                let in_order = |pair: &[Frame]| pair[0].seq < pair[1].seq;
                assert!(played.frames.windows(2).all(in_order), "{name}, byte {at}");
            }
        }
    }
}

/// The parser would look for the end of a box without bytes for ever.
#[test]
fn a_box_that_claims_an_impossible_size_is_an_error() {
    for (name, parent, child) in [
        ("fragmented.mp4", b"moof", b"traf"),
        ("b_frames.mp4", b"moov", b"trak"),
        ("b_frames.mp4", b"dinf", b"dref"),
    ] {
        let whole = bytes_of(name);
        let parent = whole.windows(4).position(|w| w == parent).expect("there");
        let child = whole[parent..].windows(4).position(|w| w == child).expect("there");
        let at = parent + child - 4;
        for size in [0_u32, 1, 7, 1 << 30] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
            let text = error_of(play_bytes("sizes.mp4", &bytes));
            assert!(text.contains("damaged index"), "{name}, {size}: {text}");
        }
    }
}

/// The parser also loops in boxes that it does not read closely.
#[test]
fn a_box_of_no_bytes_in_what_nobody_needs_ends_too() {
    let whole = bytes_of("b_frames.mp4");
    for child in [b"meta", b"ilst", b"dref"] {
        let at = whole.windows(4).position(|w| w == child).expect("there") - 4;
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&[0; 4]);
        if let Err(error) = play_bytes("round.mp4", &bytes) {
            assert!(error.to_string().contains("round.mp4"), "{error}");
        }
    }
}

/// A few bytes can claim billions of samples, and the parser would list each.
#[test]
fn a_table_that_claims_billions_of_samples_is_not_listed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("many.mp4");
    // One size for all samples, and their number; flags, and the number.
    for (name, table, at) in [("b_frames.mp4", b"stsz", 4), ("fragmented.mp4", b"trun", 0)] {
        let mut bytes = bytes_of(name);
        let at = at + bytes.windows(4).position(|w| w == table).expect("there") + 4;
        bytes[at..at + 8].copy_from_slice(&[0, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0]);
        std::fs::write(&path, bytes).expect("written");
        match mp4::open(&path, None) {
            Ok(Opened::Foreign(what)) => assert!(what.contains("4294967040 samples"), "{what}"),
            Ok(Opened::Ready(_)) => panic!("{name} is read"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn a_broken_picture_in_an_avi_is_counted_and_the_next_one_is_delivered() {
    let mut bytes = bytes_of("mjpeg.avi");
    let starts: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, w)| w == b"\xFF\xD8\xFF")
        .map(|(i, _)| i)
        .collect();
    bytes[starts[4]] = 0;
    let played = play_bytes("broken.avi", &bytes).expect("opens");
    assert_eq!(seqs(&played), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
    assert!(played.notices[0].text.contains("frame 4 of broken.avi at 0:00.160 is lost"));
}

#[test]
fn an_absurd_size_is_refused_before_memory_is_asked_for() {
    let mut bytes = bytes_of("mjpeg.avi");
    let at = bytes.windows(4).position(|w| w == b"strf").expect("a format") + 12;
    bytes[at..at + 4].copy_from_slice(&40_000u32.to_le_bytes());
    let text = error_of(play_bytes("huge.avi", &bytes));
    assert!(text.contains("1 to 8192 pixels a side, found 40000×64"), "{text}");
}

#[test]
fn a_container_is_told_by_its_first_bytes() {
    assert_eq!(Container::of(b"\0\0\0\x20ftypisom"), Container::Mp4);
    assert_eq!(Container::of(b"RIFF\0\0\0\0AVI LIST"), Container::Avi);
    assert_eq!(Container::of(b"\x1A\x45\xDF\xA3"), Container::Other("a Matroska or WebM file"));
    assert_eq!(Container::of("naïve".as_bytes()), Container::Text);
    assert_eq!(Container::of(&"naï".as_bytes()[..3]), Container::Text);
}
