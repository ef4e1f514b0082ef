//! An MP4, its copy in Matroska, and its frames as ffmpeg shows them give the same samples and events,
//! whatever the container says of its pictures.

use std::path::{Path, PathBuf};
use std::process::Command;

use fleeting::config::Config;
use fleeting::engine::offline::analyse_all;
use fleeting::measure::event::EventKind;
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::Pipeline;
use fleeting::session::Session;
use fleeting::source::SourceSpec;

use crate::program::fleeting;
use crate::tools::required;

/// Two decoders round the same picture differently, and a score follows by so much.
const SCORE_TOLERANCE: f32 = 0.1;
/// The mean of all scores follows by less.
const MEAN_TOLERANCE: f32 = 0.01;

fn ffmpeg(folder: &Path, words: &str) {
    let done = Command::new("ffmpeg")
        .current_dir(folder)
        .args(["-v", "error", "-nostdin", "-y"])
        .args(words.split_whitespace())
        .output()
        .expect("ffmpeg runs");
    assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
}

fn analysed(source: &str, fps: Option<f64>) -> Session {
    let mut spec: SourceSpec = source.parse().expect("a source");
    spec.options.fps = fps;
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut pipeline = Pipeline::new(&models, &Config::default()).expect("a pipeline");
    let mut source = spec.open().expect("it opens");
    let mut session = Session::keeping_all();
    analyse_all(source.as_mut(), &mut pipeline, &mut session, |_| ()).expect("analysed");
    session
}

/// Turns the pictures of an MP4 by half a turn, which its header then takes back.
fn half_turn(folder: &Path) -> PathBuf {
    ffmpeg(folder, "-i base.mp4 -vf hflip,vflip -c:v libx264 -crf 12 -bf 0 head.mp4");
    let mut bytes = std::fs::read(folder.join("head.mp4")).expect("read");
    let at = bytes.windows(4).position(|word| word == b"tkhd").expect("a track") + 44;
    for (i, value) in [-0x10000, 0, 0, 0, -0x10000_i32].into_iter().enumerate() {
        bytes[at + 4 * i..at + 4 * i + 4].copy_from_slice(&value.to_be_bytes());
    }
    let path = folder.join("turned.mp4");
    std::fs::write(&path, bytes).expect("written");
    path
}

/// Onset, apex, offset and kind of each event.
fn events(session: &Session) -> Vec<(EventKind, [u64; 3])> {
    let events = session.events.iter();
    events.map(|e| (e.kind, [e.onset, e.apex, e.offset].map(|moment| moment.frame))).collect()
}

#[track_caller]
fn assert_same(a: &Session, b: &Session, what: &str) {
    let (seen, same) = (a.history.samples(), b.history.samples());
    assert_eq!(seen.len(), same.len(), "{what}");
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (one, other) in seen.iter().zip(same.iter()) {
        assert_eq!(one.seq, other.seq, "{what}");
        let off_secs = one.time.secs_since(other.time).abs();
        assert!(off_secs < 0.0021, "{what}, frame {}: {} and {}", one.seq, one.time, other.time);
        assert_eq!(one.score.is_some(), other.score.is_some(), "{what}, frame {}", one.seq);
        if let (Some(one_score), Some(other_score)) = (one.score, other.score) {
            let off = (one_score.micro - other_score.micro).abs();
            assert!(off < SCORE_TOLERANCE, "{what}, frame {} is off by {off}", one.seq);
            (sum, count) = (sum + off, count + 1.0);
        }
    }
    assert!(sum / count.max(1.0) < MEAN_TOLERANCE, "{what}: off by {} in the mean", sum / count);
    let (found, again) = (events(a), events(b));
    assert_eq!(found.len(), again.len(), "{what}: {found:?} and {again:?}");
    for ((kind, frames), (other_kind, other)) in found.iter().zip(&again) {
        assert_eq!(kind, other_kind, "{what}");
        let off = frames.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(1), "{what}: {frames:?} and {other:?}");
    }
}

#[test]
#[ignore = "slow: it analyses a minute of video"]
fn whatever_the_container_says_the_samples_and_the_events_are_those_of_the_frames_as_shown() {
    if !required("ffmpeg") {
        return;
    }
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path();
    let made = ["synth", "--seed", "11", "--scene", "show", "--minutes", "0.2", "--out", "made"];
    fleeting(folder, &made).succeeded();
    ffmpeg(
        folder,
        "-i made/video.mkv -ss 7 -t 5 -vf scale=320:240 -c:v libx264 -crf 12 -bf 0 -g 15 base.mp4",
    );
    let square = "-vf scale=iw*sar:ih:flags=bicubic,setsar=1";
    for (name, words, filter, has_copy) in [
        ("base.mp4", "", "", true),
        // Matroska has no edit list: its copy shows what this one hides.
        ("trim.mp4", "-ss 0.9 -i base.mp4 -c copy", "", false),
        ("b_frames.mp4", "-i base.mp4 -c:v libx264 -crf 12 -bf 3", "", true),
        (
            "oblong.mp4",
            "-i base.mp4 -vf scale=240:240,setsar=4/3 -c:v libx264 -crf 12",
            square,
            true,
        ),
        (
            "late.mp4",
            "-f lavfi -i sine=d=6 -itsoffset 0.4 -i base.mp4 -map 1:v -map 0:a -c:v copy",
            "",
            true,
        ),
        // The Matroska writer of older versions of ffmpeg leaves the turn out.
        ("turned.mp4", "", "", false),
    ] {
        if name == "turned.mp4" {
            half_turn(folder);
        } else if !words.is_empty() {
            ffmpeg(folder, &format!("{words} {name}"));
        }
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let own = analysed(&path(name), None);
        assert!(!own.events.is_empty(), "{name} shows an event");
        if has_copy {
            ffmpeg(folder, &format!("-i {name} -map 0 -c copy {name}.mkv"));
            assert_same(
                &own,
                &analysed(&path(&format!("{name}.mkv")), None),
                &format!("{name}.mkv"),
            );
        }
        let frames = folder.join(format!("{name}.frames"));
        std::fs::create_dir(&frames).expect("made");
        let pictures = format!("{name}.frames/%d.png");
        ffmpeg(
            folder,
            &format!(
                "-i {name} -map 0:V:0 {filter} -fps_mode passthrough -start_number 0 {pictures}"
            ),
        );
        let shown = analysed(&format!("images:{}", frames.display()), Some(30.0));
        assert_same(&own, &shown, &format!("{name} as frames"));
    }
}
