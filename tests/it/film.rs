//! What other programs read in a film, and the measurements by which its format was chosen.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use fleeting::measure::time::Timestamp;
use fleeting::media::image::Frame;
use fleeting::media::mkv::{MkvReader, MkvWriter};
use fleeting::media::pictures::Pictures;
use fleeting::media::stream::Next;
use fleeting::session::pictures;
use fleeting::source::SourceSpec;
use rand::{Rng, SeedableRng};

use crate::tools::required;

/// Frames of the demo person, as a camera of 640×480 delivers them.
fn demo(count: usize) -> Vec<Frame> {
    let spec: SourceSpec = "demo:7".parse().expect("a source");
    let mut source = spec.open().expect("opens");
    let mut frames = Vec::new();
    while frames.len() < count {
        if let Next::Frame(frame) = source.next().expect("goes on") {
            frames.push(frame);
        }
    }
    frames
}

fn with_jpeg(frame: &Frame, quality: u8) -> Frame {
    let jpeg = fleeting::media::jpeg::encode(&frame.image, quality).expect("encodes");
    Frame { jpeg: Some(jpeg.into()), ..frame.clone() }
}

fn size_px(frames: &[Frame]) -> (usize, usize) {
    (frames[0].image.width, frames[0].image.height)
}

/// Every frame's time in nanoseconds, as ffprobe decodes them. `None` where it is not installed.
fn probed(path: &Path) -> Option<Vec<i64>> {
    if !required("ffprobe") {
        return None;
    }
    let entries = "frame=pts";
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .expect("ffprobe starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |line: &str| line.trim_end_matches(',').parse().expect("nanoseconds");
    Some(text.lines().filter(|line| !line.is_empty()).map(number).collect())
}

#[test]
fn ffprobe_reads_every_picture_at_its_nanosecond_finished_or_cut() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut frames = demo(12);
    for (i, frame) in frames.iter_mut().enumerate() {
        frame.time = Timestamp::from_nanos(i as i64 * 33_366_701 + (i * i) as i64 * 1_000_003);
    }
    let (whole, open) = (folder.path().join("whole.mkv"), folder.path().join("open.mkv"));
    for path in [&whole, &open] {
        let mut film = MkvWriter::create(path, size_px(&frames)).expect("a new file");
        frames.iter().for_each(|frame| film.push(frame).expect("room"));
        if path == &whole {
            film.finish().expect("finishes");
        }
    }
    let expected: Vec<_> = frames.iter().map(|frame| frame.time.nanos()).collect();
    let Some(found) = probed(&whole) else { return };
    assert_eq!(found, expected);
    assert_eq!(probed(&open), Some(expected.clone()));
    let bytes = std::fs::read(&open).expect("reads");
    std::fs::write(&open, &bytes[..bytes.len() * 2 / 3]).expect("writes");
    let kept = MkvReader::open(&open).expect("opens").moments().len();
    let found = probed(&open).expect("ffprobe was there");
    assert!(found.len() >= kept && found[..kept] == expected[..kept], "{} of {kept}", found.len());
}

/// One line of the table.
struct Measured {
    name: &'static str,
    bytes: usize,
    write_ms: f64,
    seek_ms: f64,
    apart: f64,
}

/// Milliseconds of computing time of this thread, so that other work of the machine counts little; wall-clock
/// time if the system does not tell.
fn computed_ms(since: Instant) -> f64 {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = nanos.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or(since.elapsed().as_secs_f64() * 1e3, |nanos| nanos / 1e6)
}

/// Calls `write` for each frame, opens the result, and seeks at random.
fn measure(name: &'static str, frames: &[Frame], path: &Path, write: impl FnOnce()) -> Measured {
    let start = Instant::now();
    let before = computed_ms(start);
    write();
    let write_ms = (computed_ms(start) - before) / frames.len() as f64;
    let bytes = std::fs::metadata(path).expect("written").len() as usize;
    let mut shown = pictures::open(path).expect("opens");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (mut apart, mut seek_ms) = (0.0, 0.0);
    for _ in 0..100 {
        let at = random.random_range(0..frames.len());
        let before = computed_ms(start);
        let frame = shown.picture(at).expect("a picture");
        seek_ms += (computed_ms(start) - before) / 100.0;
        let pairs = frame.image.data.iter().zip(&frames[at].image.data);
        apart += pairs.step_by(97).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>();
    }
    let apart = apart / (100.0 * frames[0].image.data.len() as f64 / 97.0);
    Measured { name, bytes, write_ms, seek_ms, apart }
}

fn film(frames: &[Frame], path: &Path) {
    let mut film = MkvWriter::create(path, size_px(frames)).expect("a new file");
    frames.iter().for_each(|frame| film.push(frame).expect("room"));
    film.finish().expect("finishes");
}

fn h264(frames: &[Frame], path: &Path, qp: u8) {
    use openh264::encoder::{
        Encoder, EncoderConfig, FrameType, IntraFramePeriod, QpRange, RateControlMode,
    };
    use openh264::formats::{RgbSliceU8, YUVBuffer};
    let config = EncoderConfig::new()
        .rate_control_mode(RateControlMode::Quality)
        .bitrate(openh264::encoder::BitRate::from_bps(50_000_000))
        .qp(QpRange::new(qp, qp))
        .skip_frames(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(30));
    let mut encoder =
        Encoder::with_api_config(openh264::OpenH264API::from_source(), config).expect("an encoder");
    let size = size_px(frames);
    let out = std::fs::File::create_new(path).expect("a new file");
    let mut mux = muxide::api::MuxerBuilder::new(out)
        .video(muxide::api::VideoCodec::H264, size.0 as u32, size.1 as u32, 30.0)
        .build()
        .expect("a muxer");
    for frame in frames {
        let yuv = YUVBuffer::from_rgb8_source(RgbSliceU8::new(&frame.image.data, size));
        let encoded = encoder.encode(&yuv).expect("encodes");
        let is_key = encoded.frame_type() == FrameType::IDR;
        mux.write_video(frame.time.secs(), &encoded.to_vec(), is_key).expect("room");
    }
    mux.finish().expect("finishes");
}

/// `cargo test --release --test it film::measure -- --ignored --nocapture` prints the table in the
/// manual.
#[test]
#[ignore = "a measurement, not a test"]
fn measure_what_pictures_cost() {
    if cfg!(debug_assertions) {
        println!("not measured: with assertions, it would be the build that is measured");
        return;
    }
    const FRAMES: usize = 150;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let frames = demo(FRAMES);
    let camera: Vec<_> = frames
        .iter()
        .map(|frame| {
            let frame = with_jpeg(frame, 85);
            let jpeg = frame.jpeg.as_deref().expect("a JPEG");
            let image = Arc::new(fleeting::media::jpeg::decode(jpeg).expect("decodes"));
            Frame { image, ..frame }
        })
        .collect();
    let mut table = Vec::new();
    let at = path("copied.mkv");
    table.push(measure("the camera's JPEG, copied", &camera, &at, || film(&camera, &at)));
    let at = path("encoded.mkv");
    table.push(measure("JPEG at 95, encoded here", &frames, &at, || film(&frames, &at)));
    for (name, qp) in [("H.264 in MP4, QP 18", 18), ("H.264 in MP4, QP 28", 28)] {
        let at = path(&format!("{qp}.mp4"));
        table.push(measure(name, &frames, &at, || h264(&frames, &at, qp)));
    }
    let (width, height) = size_px(&frames);
    println!("{width}×{height}, {FRAMES} frames\n");
    println!(
        "| pictures | MB a minute at 30 fps | ms a frame to write | ms to seek | grey levels off |"
    );
    println!("|---|---|---|---|---|");
    for Measured { name, bytes, write_ms, seek_ms, apart } in table {
        let megabytes = bytes as f64 / FRAMES as f64 * 1800.0 / 1e6;
        println!("| {name} | {megabytes:.0} | {write_ms:.2} | {seek_ms:.1} | {apart:.2} |");
    }
}
