//! What holds for all containers: an MP4, its copy in Matroska, and its frames as ffmpeg shows them give the
//! same numbers, times and pictures, whatever the container says about them.
//!
//! The files are made here, with ffmpeg. If it is missing, the tests say so, and fail under `CI=true`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tests::{Played, play};
use super::*;
use crate::measure::time::Timestamp;
use crate::media::image::luma;

/// Grey levels by which two decoders and two scalers may differ: in the mean difference of brightness pixel
/// by pixel, and in the mean of each colour. Colour is stored at half the resolution, and decoders differ in
/// how they enlarge it.
const TOLERANCE: f64 = 2.0;

/// A folder of files that ffmpeg makes.
struct Bench(tempfile::TempDir);

impl Bench {
    /// `None`, with a message, if ffmpeg is missing.
    fn new() -> Option<Self> {
        if Command::new("ffmpeg").arg("-version").output().is_ok_and(|done| done.status.success()) {
            return Some(Self(tempfile::tempdir().expect("a temporary folder")));
        }
        assert!(std::env::var("CI").is_err(), "ffmpeg is missing, and CI=true asks for it");
        println!("NOT TESTED: no ffmpeg on this machine");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs ffmpeg in the folder with these arguments.
    fn make(&self, name: &str, words: &str) -> PathBuf {
        let done = Command::new("ffmpeg")
            .current_dir(self.0.path())
            .args(["-v", "error", "-nostdin", "-y"])
            .args(words.split_whitespace())
            .arg(name)
            .output()
            .expect("ffmpeg runs");
        assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
        self.path(name)
    }

    /// A moving pattern of two seconds that differs from its mirror image and from itself turned.
    fn original(&self) {
        // Soft, because decoders and scalers differ at edges.
        let input = "-f lavfi -i testsrc=s=96x64:r=30:d=2,gblur=sigma=2 -pix_fmt yuv420p \
                     -c:v libx264 -crf 10 -sc_threshold 0";
        self.make("plain.mp4", &format!("{input} -g 20 -bf 0"));
        self.make("b.mp4", &format!("{input} -g 20 -bf 3 -b_strategy 0"));
    }
}

/// The frames as ffmpeg shows them: their times since the media's start, and their pixels.
fn shown_by_ffmpeg(path: &Path, filter: &str) -> (Vec<f64>, Vec<Vec<u8>>, (usize, usize)) {
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:V:0", "-vf", &format!("{filter}showinfo=checksum=0")])
        .args(["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
        .output()
        .expect("ffmpeg runs");
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    let word = |line: &str, key: &str| {
        let (_, rest) = line.split_once(key)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let lines: Vec<_> = log.lines().filter(|line| line.contains("pts_time:")).collect();
    let time = |line: &&str| word(line, "pts_time:").and_then(|text| text.parse().ok());
    let times: Vec<f64> = lines.iter().map(|line| time(line).expect("a time")).collect();
    let size = lines.first().and_then(|line| word(line, " s:")).expect("a size");
    let (width, height) = size.split_once('x').expect("two sides");
    let size_px = (width.parse().expect("a width"), height.parse().expect("a height"));
    let bytes = size_px.0 * size_px.1 * 3;
    let pictures: Vec<_> = done.stdout.chunks_exact(bytes).map(<[u8]>::to_vec).collect();
    assert_eq!(times.len(), pictures.len(), "{log}");
    (times, pictures, size_px)
}

fn difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pixels = a.len() as f64 / 3.0;
    let grey = |px: &[u8]| f64::from(luma([px[0], px[1], px[2]].map(f32::from)));
    let pairs = a.chunks_exact(3).zip(b.chunks_exact(3));
    let brightness = pairs.map(|(a, b)| (grey(a) - grey(b)).abs()).sum::<f64>() / pixels;
    let sum = |bytes: &[u8], k| bytes.iter().skip(k).step_by(3).map(|&v| f64::from(v)).sum::<f64>();
    let colours = (0..3).map(|k| (sum(a, k) - sum(b, k)).abs() / pixels);
    colours.fold(brightness, f64::max)
}

/// Asserts that `path` delivers what ffmpeg shows of it.
fn assert_as_shown(path: &Path, filter: &str) -> Played {
    let name = path.display();
    let played = play(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(played.error.is_none(), "{name}: {:?}", played.error);
    let lost = played.notices.iter().find(|n| n.kind == NoticeKind::CorruptFrame);
    assert_eq!(lost, None, "{name}");
    let (times, pictures, size_px) = shown_by_ffmpeg(path, filter);
    assert_eq!(played.frames.len(), times.len(), "{name}: as many frames");
    assert_eq!(played.info.size_px, size_px, "{name}: one size");
    let start = played.info.media_start.secs();
    for (i, frame) in played.frames.iter().enumerate() {
        assert_eq!(frame.seq, i as u64, "{name}");
        let time = frame.time.secs() + start;
        assert!((time - times[i]).abs() < 0.0011, "{name}, frame {i}: {time}, not {}", times[i]);
        assert_eq!((frame.image.width, frame.image.height), size_px, "{name}, frame {i}");
        let off = difference(&frame.image.data, &pictures[i]);
        assert!(off < TOLERANCE, "{name}, frame {i} is off by {off:.2}");
    }
    assert_seen_again(path, &played);
    played
}

/// Asserts that reading frames in any order gives what reading from the front gave.
fn assert_seen_again(path: &Path, played: &Played) {
    let mut pictures = super::pictures(path, None).expect("opens again");
    let moments: Vec<_> = played.frames.iter().map(|f| (f.seq, f.time)).collect();
    let again: Vec<_> = pictures.moments().iter().map(|m| (m.frame, m.time)).collect();
    assert_eq!(again, moments, "{}", path.display());
    let count = played.frames.len();
    for i in [count / 2, count - 1, 0, count / 3] {
        let frame = pictures.picture(i).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let expected = &played.frames[i];
        assert_eq!((frame.seq, frame.time), (expected.seq, expected.time));
        assert_eq!(frame.image, expected.image, "{}, frame {i}", path.display());
    }
}

/// Asserts that two files give the same frames.
fn assert_same(a: &Played, b: &Played, what: &str) {
    assert_eq!(a.frames.len(), b.frames.len(), "{what}");
    for (a, b) in a.frames.iter().zip(&b.frames) {
        assert_eq!(a.seq, b.seq, "{what}");
        let off = (a.time.secs() - b.time.secs()).abs();
        assert!(off < 0.0011, "{what}, frame {}: {} and {}", a.seq, a.time, b.time);
        let off = difference(&a.image.data, &b.image.data);
        assert!(off < TOLERANCE, "{what}, frame {} is off by {off:.2}", a.seq);
    }
    let starts = [a, b].map(|played| played.info.media_start.secs());
    assert!((starts[0] - starts[1]).abs() < 0.0011, "{what} begins at {starts:?}");
}

/// Overwrites the matrix of a track or a movie.
fn turned(bytes: &[u8], name: &[u8; 4], [a, b, c, d]: [i32; 4]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let content = if name == b"tkhd" { 40 } else { 36 };
    let at = bytes.windows(4).position(|word| word == name).expect("a box") + 4 + content;
    for (i, value) in [a, b, 0, c, d].into_iter().enumerate() {
        bytes[at + 4 * i..at + 4 * i + 4].copy_from_slice(&value.to_be_bytes());
    }
    bytes
}

#[test]
fn what_an_edit_list_hides_is_hidden_and_the_rest_keeps_its_times() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let uneven = "-i plain.mp4 -vf setpts='PTS+0.006*mod(N,3)/TB' -vsync passthrough";
    bench.make(
        "vfr.mp4",
        &format!("{uneven} -c:v libx264 -crf 10 -bf 2 -video_track_timescale 9000"),
    );
    for (name, words) in [
        ("trim.mp4", "-ss 0.9 -i plain.mp4 -c copy"),
        ("trim_b.mp4", "-ss 0.9 -i b.mp4 -c copy"),
        ("both_ends.mp4", "-ss 0.35 -i b.mp4 -t 0.8 -c copy"),
        ("trim.mov", "-ss 1.21 -i b.mp4 -c copy"),
        ("trim_vfr.mp4", "-ss 0.7 -i vfr.mp4 -t 0.9 -c copy"),
        ("whole.mp4", "-i b.mp4 -c copy"),
        ("negative.mp4", "-i b.mp4 -c copy -movflags negative_cts_offsets"),
        ("no_list.mp4", "-i b.mp4 -c copy -use_editlist 0"),
    ] {
        let path = bench.make(name, words);
        let played = assert_as_shown(&path, "");
        let hides = name.contains("trim") || name == "both_ends.mp4";
        assert_eq!(played.frames.len() < 60, hides, "{name}: {}", played.frames.len());
    }
}

#[test]
fn a_remux_is_the_same_film() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let tone = "-f lavfi -i sine=r=48000:d=2";
    for (name, words) in [
        ("base.mp4", "-i plain.mp4 -c copy".to_owned()),
        ("b_frames.mp4", "-i b.mp4 -c copy".to_owned()),
        ("fragments.mp4", "-i b.mp4 -c copy -movflags frag_keyframe+empty_moov".to_owned()),
        ("late_fragments.mp4", "-i b.mp4 -c copy -movflags frag_keyframe+delay_moov".to_owned()),
        ("oblong.mp4", "-i b.mp4 -c copy -aspect 2:1".to_owned()),
        (
            "oblong_stream.mp4",
            "-i b.mp4 -c copy -bsf:v h264_metadata=sample_aspect_ratio=4/3".into(),
        ),
        ("narrow.mp4", "-i plain.mp4 -vf setsar=8/9 -c:v libx264 -crf 10".to_owned()),
        ("colours.mp4", "-i b.mp4 -c copy -bsf:v h264_metadata=matrix_coefficients=1".to_owned()),
        (
            "hd.mp4",
            "-i plain.mp4 -vf scale=1280:720,setsar=1 -c:v libx264 -crf 20 -t 0.3".to_owned(),
        ),
        (
            "late.mov",
            format!("{tone} -itsoffset 0.5 -i b.mp4 -map 1:v -map 0:a -c:v copy -c:a pcm_s16le"),
        ),
        ("early.mov", format!("-i b.mp4 -itsoffset 0.5 {tone} -c:v copy -c:a pcm_s16le")),
    ] {
        let path = bench.make(name, &words);
        let square = "scale=iw*sar:ih:flags=bicubic,setsar=1,";
        let filter = if name.contains("oblong") || name == "narrow.mp4" { square } else { "" };
        let own = assert_as_shown(&path, filter);
        let remux = bench.make("remux.mkv", &format!("-i {name} -c copy"));
        let other = assert_as_shown(&remux, filter);
        assert_same(&own, &other, name);
        assert_eq!(own.info.has_sound, other.info.has_sound, "{name}");
        let starts = own.info.media_start;
        let late = if name == "late.mov" { Timestamp::from_secs(0.5) } else { Timestamp::ZERO };
        assert!(starts.secs_since(late).abs() < 0.001, "{name} begins at {starts}");
    }
}

#[test]
fn every_turn_and_every_mirror_is_shown_as_ffmpeg_shows_it() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let bytes = std::fs::read(bench.path("b.mp4")).expect("read");
    let one = 0x10000;
    for (i, matrix) in [
        [-one, 0, 0, one],
        [one, 0, 0, -one],
        [-one, 0, 0, -one],
        [0, one, -one, 0],
        [0, -one, one, 0],
        [0, one, one, 0],
        [0, -one, -one, 0],
    ]
    .into_iter()
    .enumerate()
    {
        for name in [b"tkhd", b"mvhd"] {
            let path = bench.path(&format!("turned{i}.mp4"));
            std::fs::write(&path, turned(&bytes, name, matrix)).expect("written");
            assert_as_shown(&path, "");
        }
    }
    let oblong = bench.make("oblong.mp4", "-i b.mp4 -c copy -aspect 2:1");
    let bytes = std::fs::read(oblong).expect("read");
    let path = bench.path("oblong_turned.mp4");
    std::fs::write(&path, turned(&bytes, b"tkhd", [0, one, -one, 0])).expect("written");
    assert_as_shown(&path, "scale=iw*sar:ih:flags=bicubic,setsar=1,");
}

/// Each sample keeps its own picture, whatever stands between: changes of size, filler, parameter sets in
/// samples, empty samples.
#[test]
fn a_picture_keeps_its_place_whatever_the_stream_does() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let mut list = String::new();
    for k in 0..5 {
        let size = if k % 2 == 0 { "96:64" } else { "144:96" };
        let cut = format!("trim=start_frame={}:end_frame={}", k * 10, k * 10 + 10);
        let cut = format!("-i plain.mp4 -vf {cut},setpts=PTS-STARTPTS,scale={size}");
        for (kind, frames) in [("p", 0), ("b", 3)] {
            let name = format!("{kind}{k}.mp4");
            bench.make(&name, &format!("{cut} -c:v libx264 -crf 10 -bf {frames}"));
        }
        list += &format!("file p{k}.mp4\n");
    }
    for (kind, list) in [("p", list.clone()), ("b", list.replace("file p", "file b"))] {
        std::fs::write(bench.path("list.txt"), list).expect("written");
        let sizes = bench.make(&format!("sizes_{kind}.mp4"), "-f concat -i list.txt -c copy");
        let own = assert_as_shown(&sizes, "");
        assert_eq!(own.frames.len(), 50);
        assert!(own.notices.iter().any(|n| n.text.contains("change their size")), "{kind}");
        let remux = bench.make("sizes.mkv", &format!("-i sizes_{kind}.mp4 -c copy"));
        assert_same(&own, &assert_as_shown(&remux, ""), kind);
    }
    // Its parameter sets stand before every key frame.
    bench.make("sets.ts", "-i b.mp4 -c copy");
    for (name, words) in [
        ("sets.mp4", "-i sets.ts -c copy"),
        ("ends.mp4", "-i b.mp4 -c copy -bsf:v h264_metadata=aud=insert"),
        (
            "filler.mp4",
            "-i plain.mp4 -c:v libx264 -x264-params nal-hrd=cbr:vbv-maxrate=900:vbv-bufsize=300:bitrate=900",
        ),
        ("baseline.mp4", "-i plain.mp4 -c:v libx264 -profile:v baseline -crf 10"),
    ] {
        let path = bench.make(name, words);
        assert_as_shown(&path, "");
    }
}

/// Overwrites the sizes of samples, or their content, so that they hold no picture.
#[test]
fn samples_without_a_picture_shift_no_other() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let whole = play(&bench.path("plain.mp4")).expect("plays");
    let bytes = std::fs::read(bench.path("plain.mp4")).expect("read");
    let table = bytes.windows(4).position(|word| word == b"stsz").expect("a table") + 4;
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
    let count = word(table + 8) as usize;
    let sizes: Vec<u32> = (0..count).map(|i| word(table + 12 + 4 * i)).collect();
    let data = bytes.windows(4).position(|word| word == b"mdat").expect("data") + 4;
    // The last pictures before a key frame: no other picture needs them.
    for lost in [vec![19], vec![18, 19], vec![19, 39]] {
        let mut filled = bytes.clone();
        for &i in &lost {
            let at = data + sizes[..i].iter().sum::<u32>() as usize;
            let length = sizes[i];
            filled[at..at + 4].copy_from_slice(&(length - 4).to_be_bytes());
            filled[at + 4..at + length as usize].fill(0xFF);
            filled[at + 4] = 12;
        }
        let path = bench.path("filled.mp4");
        std::fs::write(&path, filled).expect("written");
        let played = play(&path).expect("plays");
        let kept = whole.frames.iter().filter(|frame| !lost.contains(&(frame.seq as usize)));
        let kept: Vec<_> = kept.collect();
        assert_eq!(played.frames.len(), kept.len());
        for (i, (frame, expected)) in played.frames.iter().zip(&kept).enumerate() {
            assert_eq!((frame.seq, frame.time), (i as u64, expected.time));
            assert_eq!(frame.image, expected.image, "frame {i} without {lost:?}");
        }
        let told = format!("{} of {count} samples hold no picture", lost.len());
        assert!(played.notices.iter().any(|n| n.text.contains(&told)), "{:?}", played.notices);
        assert_seen_again(&path, &played);
    }
}

#[test]
fn what_cannot_be_followed_here_goes_through_ffmpeg_and_is_said() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let split = "-i plain.mp4 -vf select='not(between(n,20,30))' -c:v libx264 -pix_fmt yuv444p";
    for (name, words) in [
        ("full_colour.mp4", split),
        ("interlaced.mp4", "-i plain.mp4 -c:v libx264 -flags +ilme+ildct -x264opts tff=1"),
        ("mpeg4.mp4", "-i plain.mp4 -c:v mpeg4 -q:v 2"),
        ("mpeg4.avi", "-i plain.mp4 -c:v mpeg4 -q:v 2"),
    ] {
        let path = bench.make(name, words);
        let played = assert_as_shown(&path, "");
        let told = played.notices.iter().any(|n| n.text.contains("read through ffmpeg"));
        assert!(told, "{name}: {:?}", played.notices);
    }
}

#[test]
fn a_joined_stream_goes_on_after_the_jump() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    for name in ["plain", "b"] {
        let part = bench.make("part.ts", &format!("-i {name}.mp4 -c copy"));
        let part = std::fs::read(part).expect("read");
        let path = bench.path("both.ts");
        std::fs::write(&path, [&part[..], &part].concat()).expect("written");
        let played = assert_as_shown(&path, "");
        assert_eq!(played.frames.len(), 120, "{name}");
        assert!(played.frames.is_sorted_by_key(|frame| frame.time), "{name}");
    }
}

#[test]
fn bytes_behind_the_last_box_are_not_an_end_that_is_missing() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    bench.make("fragments.mp4", "-i b.mp4 -c copy -movflags frag_keyframe+empty_moov");
    for name in ["b.mp4", "fragments.mp4"] {
        let whole = std::fs::read(bench.path(name)).expect("read");
        let noise: Vec<u8> =
            (0..500u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for behind in [noise, vec![0; 4096], b"TRAILER".to_vec(), vec![0xFF; 3]] {
            let path = bench.path("padded.mp4");
            std::fs::write(&path, [&whole[..], &behind].concat()).expect("written");
            let played = play(&path).expect("plays");
            assert_eq!((played.frames.len(), played.notices.len()), (60, 0), "{name}");
        }
        // A file that is cut off there is reported.
        let path = bench.path("cut.mp4");
        std::fs::write(&path, &whole[..whole.len() - 300]).expect("written");
        if let Ok(played) = play(&path) {
            assert!(!played.notices.is_empty(), "{name}");
        }
    }
}

#[test]
fn a_second_track_is_told_of_and_can_be_chosen() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    bench.make("other.mp4", "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -pix_fmt yuv420p");
    let both = "-i plain.mp4 -i other.mp4 -map 0:v -map 1:v -c copy";
    for name in ["two.mp4", "two.mkv"] {
        let path = bench.make(name, both);
        let first = play(&path).expect("plays");
        assert_eq!((first.info.size_px, first.frames.len()), ((96, 64), 60), "{name}");
        let told = |n: &Notice| n.text.contains("2 video tracks") && n.text.contains("track=2");
        assert!(first.notices.iter().any(told), "{name}: {:?}", first.notices);
        let spec: SourceSpec = format!("video:track=2:{}", path.display()).parse().expect("a spec");
        let mut source = open(&spec).expect("opens");
        assert_eq!(source.info().size_px, (64, 48), "{name}");
        let mut frames = 0;
        while let Ok(next) = source.next() {
            match next {
                crate::media::stream::Next::Frame(_) => frames += 1,
                crate::media::stream::Next::End => break,
                _ => {}
            }
        }
        assert_eq!(frames, 25, "{name}");
        assert_eq!(pictures(&path, Some(2)).expect("opens").moments().len(), 25, "{name}");
        let third: SourceSpec =
            format!("video:track=3:{}", path.display()).parse().expect("a spec");
        let text = open(&third).map(drop).expect_err("no such track").to_string();
        assert!(text.contains("from 1 to 2") && text.contains("track 3"), "{name}: {text}");
    }
}

#[test]
fn motion_jpeg_without_tables_and_with_oblong_pixels_is_as_ffmpeg_shows_it() {
    let Some(bench) = Bench::new() else { return };
    bench.original();
    let words = "-i plain.mp4 -frames:v 12 -c:v mjpeg -q:v 2 -huffman default";
    let path = bench.make("tables.avi", words);
    let with = assert_as_shown(&path, "");
    let mut bytes = std::fs::read(&path).expect("read");
    let mut without = 0;
    while let Some(at) = bytes.windows(4).position(|w| w == [0xFF, 0xC4, 0x01, 0xA2]) {
        // A comment of the same length.
        bytes[at + 1] = 0xFE;
        without += 1;
    }
    assert_eq!(without, 12);
    let path = bench.path("bare.avi");
    std::fs::write(&path, bytes).expect("written");
    assert_same(&with, &assert_as_shown(&path, ""), "without tables");
    let oblong = bench.make("oblong.avi", &format!("{words} -vf setsar=4/3"));
    let shown = assert_as_shown(&oblong, "scale=iw*sar:ih:flags=bicubic,setsar=1,");
    assert_eq!(shown.info.size_px, (128, 64));
    assert!(shown.frames.iter().all(|frame| frame.jpeg.is_none()));
}
