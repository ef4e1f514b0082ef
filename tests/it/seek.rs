//! The frame that is named is the frame that is shown: pictures in any order are compared with reading from
//! the front.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fleeting::measure::event::Moment;
use fleeting::media::image::Frame;
use fleeting::media::mkv::MkvWriter;
use fleeting::media::pictures::Pictures;
use fleeting::media::stream::Next;
use fleeting::session::pictures;
use fleeting::source::SourceSpec;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::tools::required;

const SEEKS: usize = 1000;

/// Every frame that reading from front to back gives.
fn linear(path: &Path) -> Vec<Frame> {
    let spec: SourceSpec = path.to_string_lossy().parse().expect("a source");
    let mut source = spec.open().expect("opens");
    let mut frames = Vec::new();
    loop {
        match source.next().expect("reads") {
            Next::Frame(frame) => frames.push(frame),
            Next::Notice(notice) => panic!("{}", notice.text),
            Next::Idle | Next::Lost(_) => {}
            Next::End => return frames,
        }
    }
}

fn assert_same(shown: &Frame, expected: &Frame) {
    assert_eq!((shown.seq, shown.time), (expected.seq, expected.time));
    assert!(shown.image == expected.image, "frame {} shows another picture", shown.seq);
}

/// Goes through `pictures` like a person: jumps, steps both ways, runs, stays.
fn assert_exact(pictures: &mut dyn Pictures, frames: &[Frame], seeks: usize) {
    let moments: Vec<_> = frames.iter().map(|f| Moment { frame: f.seq, time: f.time }).collect();
    assert_eq!(pictures.moments(), moments);
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let (mut at, mut done) = (0, 0);
    while done < seeks {
        let last = frames.len() - 1;
        let (steps, step) = match random.random_range(0..6) {
            0 => (random.random_range(1..12), 1),
            1 => (random.random_range(1..12), -1),
            2 => (2, 0),
            3 => (1, random.random_range(-40..=40_i32) as isize),
            _ => {
                at = random.random_range(0..=last);
                (1, 0)
            }
        };
        for _ in 0..steps {
            at = at.saturating_add_signed(step).min(last);
            assert_same(&pictures.picture(at).expect("a picture"), &frames[at]);
            done += 1;
        }
    }
    assert_eq!(pictures.index_of(frames[at].seq), Some(at));
    assert!(pictures.picture(frames.len()).is_err(), "one past the last");
}

/// A video that ffmpeg makes of its test pattern. `None` where ffmpeg is not installed.
fn made(folder: &Path, name: &str, secs: u32, options: &[&str]) -> Option<PathBuf> {
    if !required("ffmpeg") {
        return None;
    }
    let path = folder.join(name);
    let pattern = format!("testsrc2=size=96x64:rate=30:duration={secs}");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", &pattern])
        .args(options)
        .arg(&path)
        .stdin(Stdio::null())
        .status()
        .expect("ffmpeg starts");
    assert!(status.success(), "ffmpeg does not make {name}");
    Some(path)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/video").join(name)
}

/// Seeks in a video of `secs` seconds made with `options`; without ffmpeg, in a small fixture like it.
fn assert_video_exact(name: &str, secs: u32, options: &[&str], fixture_name: &str, seeks: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = made(folder.path(), name, secs, options).unwrap_or_else(|| fixture(fixture_name));
    let frames = linear(&path);
    assert_exact(pictures::open(&path).expect("opens").as_mut(), &frames, seeks);
}

const X264: [&str; 6] = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "30"];

fn x264<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&X264, more].concat()
}

#[test]
fn a_thousand_seeks_in_h264_with_b_frames_show_the_frame_named() {
    let options = x264(&["-bf", "3", "-g", "60", "-preset", "slow"]);
    assert_video_exact("b_frames.mp4", 30, &options, "b_frames.mp4", SEEKS);
}

#[test]
fn a_thousand_seeks_in_a_variable_rate_file_show_the_frame_named() {
    let uneven = "select='not(mod(n,5))+not(mod(n,7))+gt(random(3),0.6)'";
    let options = x264(&["-vf", uneven, "-fps_mode", "vfr", "-bf", "2", "-g", "40"]);
    assert_video_exact("uneven.mp4", 40, &options, "vfr_709_full.mp4", SEEKS);
}

#[test]
fn key_frames_that_do_not_begin_anew_are_not_begun_with() {
    let options = x264(&["-bf", "3", "-g", "30", "-x264-params", "open-gop=1"]);
    assert_video_exact("open_gop.mp4", 10, &options, "b_frames.mp4", 200);
}

#[test]
fn seeks_in_a_fragmented_file_show_the_frame_named() {
    let options = x264(&["-g", "15", "-movflags", "frag_keyframe+empty_moov"]);
    assert_video_exact("fragments.mp4", 5, &options, "fragmented.mp4", 200);
}

#[test]
fn seeks_in_motion_jpeg_show_the_frame_named() {
    let options = ["-c:v", "mjpeg", "-q:v", "6", "-pix_fmt", "yuvj420p"];
    assert_video_exact("motion.avi", 5, &options, "mjpeg.avi", 200);
}

#[test]
fn seeks_in_what_only_ffmpeg_reads_show_the_frame_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = x264(&["-bf", "2", "-g", "50"]);
    if let Some(path) = made(folder.path(), "other.mkv", 30, &options) {
        let frames = linear(&path);
        assert_exact(pictures::open(&path).expect("opens").as_mut(), &frames, 60);
    }
}

#[test]
fn seeks_in_a_folder_of_pictures_show_the_frame_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (i, frame) in linear(&fixture("b_frames.mp4")).iter().enumerate() {
        let (width, height) = (frame.image.width as u32, frame.image.height as u32);
        let path = folder.path().join(format!("{i}.png"));
        image::save_buffer(path, &frame.image.data, width, height, image::ColorType::Rgb8)
            .expect("writes");
    }
    let frames = linear(folder.path());
    assert_exact(pictures::open(folder.path()).expect("opens").as_mut(), &frames, 200);
}

#[test]
fn seeks_in_the_film_of_a_session_show_the_frame_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pictures-1.mkv");
    let mut film = MkvWriter::create(&path, (96, 64)).expect("a new file");
    let mut frames = linear(&fixture("mjpeg.avi"));
    for (i, frame) in frames.iter_mut().enumerate() {
        // Lost frames, and times without a fixed rate.
        frame.seq += i as u64 / 3;
        frame.time = frame.time + (i * i) as f64 * 1.000_001e-3;
        film.push(frame).expect("room");
    }
    film.finish().expect("finishes");
    assert_exact(pictures::open(&path).expect("opens").as_mut(), &frames, SEEKS);
}

#[test]
fn damage_ends_in_an_error_that_names_the_file_or_in_a_picture() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["b_frames.mp4", "fragmented.mp4", "mjpeg.avi"] {
        let whole = std::fs::read(fixture(name)).expect("reads");
        for at in (8..whole.len()).step_by(whole.len() / 25) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xFF;
            for bytes in [&bytes[..], &whole[..at]] {
                let path = folder.path().join(name);
                std::fs::write(&path, bytes).expect("writes");
                let Ok(mut pictures) = pictures::open(&path) else { continue };
                for index in [pictures.moments().len() / 2, 0, pictures.moments().len()] {
                    if let Err(error) = pictures.picture(index) {
                        assert!(error.to_string().contains(name), "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_looked_at_again_says_so() {
    let spec: SourceSpec = "demo:7".parse().expect("a source");
    let text = pictures::of_source(&spec).err().expect("an error").to_string();
    assert!(text.starts_with("demo:7: expected a video file"), "{text}");
    let missing = pictures::open(Path::new("none.mp4")).err().expect("an error").to_string();
    assert!(missing.contains("none.mp4") && missing.contains("No such file"), "{missing}");
}
