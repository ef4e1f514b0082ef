//! Containers that only ffmpeg reads: what they give with it, and the message without it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fleeting::media::image::Frame;
use fleeting::media::stream::Next;
use fleeting::source::SourceSpec;

use crate::tools::required;

/// H.264 in Matroska, 10 frames at 25 a second.
fn matroska() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/video/h264.mkv")
}

/// Mean red, green and blue, 0–255.
fn mean_rgb(frame: &Frame) -> [f64; 3] {
    let pixels = frame.image.data.len() as f64 / 3.0;
    let sum = |k| frame.image.data.iter().skip(k).step_by(3).map(|&v| f64::from(v)).sum::<f64>();
    std::array::from_fn(|k| sum(k) / pixels)
}

#[test]
fn matroska_plays_through_ffmpeg_at_its_times_and_in_its_colours() {
    if !required("ffmpeg") {
        return;
    }
    let spec: SourceSpec = matroska().to_string_lossy().parse().expect("a source");
    let mut source = spec.open().expect("opens");
    let mut frames = Vec::new();
    loop {
        match source.next().expect("reads") {
            Next::Frame(frame) => frames.push(frame),
            Next::Notice(notice) => panic!("{}", notice.text),
            Next::Idle | Next::Lost(_) => {}
            Next::End => break,
        }
    }
    let millis = frames.iter().map(|frame| (frame.time.secs() * 1e3).round() as i64);
    assert_eq!(millis.collect::<Vec<_>>(), (0..10).map(|i| i * 40).collect::<Vec<_>>());
    // The means of `ffmpeg -i FILE -f rawvideo -pix_fmt rgb24
    // -sws_flags accurate_rnd+full_chroma_int+neighbor -`, first, second and last frame.
    let expected = [[96.06, 74.22, 75.59], [96.74, 72.40, 76.88], [96.94, 69.24, 78.26]];
    for (frame, expected) in [&frames[0], &frames[1], &frames[9]].into_iter().zip(expected) {
        let found = mean_rgb(frame);
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 1.0, "frame {}: {found:?}, expected {expected:?}", frame.seq);
    }
}

#[test]
fn without_ffmpeg_the_error_names_the_file_and_what_to_install() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_fleeting"))
        .arg("analyze")
        .arg(matroska())
        .args(["--out", "out"])
        .current_dir(folder.path())
        .env("PATH", "")
        .env("FLEETING_BACKEND", "embedded")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    for words in ["h264.mkv", "a Matroska or WebM file", "Install ffmpeg"] {
        assert!(err.contains(words), "{words}: {err}");
    }
}
