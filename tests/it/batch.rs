//! A folder of recordings: the same numbers however it is analysed, and no recording analysed twice.

use std::fs;
use std::path::Path;

use fleeting::synth::render::video::{VideoJob, write};
use sha2::{Digest, Sha256};

use crate::program::{Ran, fleeting};

/// Two short videos, one folder of pictures and, where `with_bad`, a file that is no video.
fn recordings(folder: &Path, with_bad: bool) {
    for (name, seed) in [("a.mkv", 1), ("s 1/b.mkv", 2)] {
        let made = folder.join(format!("made {seed}"));
        write(&VideoJob::new(made.clone(), 0.02, seed), &mut |_, _| ()).expect("made");
        let path = folder.join("in").join(name);
        fs::create_dir_all(path.parent().expect("below")).expect("made");
        fs::rename(made.join("video.mkv"), path).expect("moved");
    }
    let pictures = folder.join("in/s 1/frames");
    fs::create_dir_all(&pictures).expect("made");
    for number in 0..4 {
        let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([90; 3]));
        picture.save(pictures.join(format!("{number}.png"))).expect("written");
    }
    if with_bad {
        fs::write(folder.join("in/notes.mp4"), "no video").expect("written");
    }
}

fn analyze(folder: &Path, out: &str, more: &[&str]) -> Ran {
    fleeting(folder, &[&["analyze", "in", "--out", out], more].concat())
}

/// Every file below `folder` with its content, in order of name.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                files.push((name, fs::read(&path).expect("readable")));
            }
        }
    }
    files.sort();
    files
}

#[test]
#[ignore = "slow: it analyses a folder twice"]
fn how_many_work_at_once_changes_no_byte_and_one_bad_file_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    recordings(folder, true);
    let one = analyze(folder, "one", &["--jobs", "1"]);
    one.failed_saying(&["1 of 4 recordings failed", "manifest.csv"]);
    assert!(one.out.contains("done a.mkv") && one.out.contains("failed notes.mp4"), "{one:?}");
    analyze(folder, "three", &["--jobs", "3"]).failed_saying(&["1 of 4"]);
    let (one, three) = (content(&folder.join("one")), content(&folder.join("three")));
    let names: Vec<_> = one.iter().map(|(name, _)| name.as_str()).collect();
    // The pictures are too few to say what a recording of them could have shown.
    let limits = names.iter().filter(|name| name.ends_with("detection_limit.csv")).count();
    assert_eq!(limits, 2, "{names:?}");
    assert_eq!(
        names.len(),
        2 + 3 * 4 + limits,
        "two lists, and tables and a result each: {names:?}"
    );
    assert!(names.contains(&"s 1/frames.pictures/events.csv"), "{names:?}");
    for (one, three) in one.iter().zip(&three) {
        // Messages do not name the folder of the results.
        assert!(one == three, "{} differs from {}", one.0, three.0);
    }
    let table = fs::read_to_string(folder.join("one/manifest.csv")).expect("a table");
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("\na.mkv,done,36,"), "{table}");
    assert!(table.lines().any(|line| line.starts_with("notes.mp4,failed,")), "{table}");
}

#[test]
fn two_copies_of_a_recording_give_two_results_however_many_work_at_once() {
    let base = tempfile::tempdir().expect("a folder");
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    for name in ["s1", "s2", "s3"] {
        fs::create_dir_all(base.path().join("in").join(name)).expect("made");
        fs::copy(film, base.path().join("in").join(name).join("P01.mp4")).expect("copied");
    }
    analyze(base.path(), "one", &["--jobs", "1"]).succeeded();
    analyze(base.path(), "three", &["--jobs", "3"]).succeeded();
    let (one, three) = (content(&base.path().join("one")), content(&base.path().join("three")));
    assert_eq!(one, three);
    assert_eq!(one.len(), 2 + 3 * 4, "two lists, and three tables and a result each");
}

#[test]
fn runs_that_overlap_end_with_true_lists() {
    let base = tempfile::tempdir().expect("a folder");
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    fs::create_dir_all(base.path().join("in")).expect("made");
    for number in 0..6 {
        fs::copy(film, base.path().join(format!("in/{number}.mp4"))).expect("copied");
    }
    let runs: Vec<_> = std::thread::scope(|scope| {
        let run = || analyze(base.path(), "out", &["--jobs", "2"]);
        let runs = [scope.spawn(run), scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().expect("it ran")).into()
    });
    let mut analysed = 0;
    for ran in &runs {
        ran.succeeded();
        analysed += ran
            .out
            .lines()
            .filter(|line| line.starts_with("done ") && line.contains("frames"))
            .count();
    }
    assert_eq!(analysed, 6, "each is analysed once: {runs:?}");
    let list = fs::read_to_string(base.path().join("out/manifest.csv")).expect("a list");
    assert_eq!(list.matches(",done,").count(), 6, "{list}");
    assert!(!base.path().join("out/.unfinished").exists());
}

#[test]
fn what_is_not_taken_for_a_recording_is_listed() {
    let base = tempfile::tempdir().expect("a folder");
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/video/b_frames.mp4");
    fs::create_dir_all(base.path().join("in")).expect("made");
    fs::create_dir_all(base.path().join("other")).expect("made");
    fs::copy(film, base.path().join("in/a.mp4")).expect("copied");
    fs::copy(film, base.path().join("in/b.mp4.backup")).expect("copied");
    #[cfg(unix)]
    std::os::unix::fs::symlink(base.path().join("other"), base.path().join("in/c"))
        .expect("linked");
    let ran = analyze(base.path(), "out", &[]);
    ran.succeeded();
    let list = fs::read_to_string(base.path().join("out/manifest.csv")).expect("a list");
    for text in [&ran.out, &list] {
        assert!(text.contains("b.mp4.backup") && text.contains("an MP4 file"), "{text}");
        assert!(!cfg!(unix) || text.contains("a link to a folder"), "{text}");
    }
    let names = fs::read_dir(base.path().join("out")).expect("a folder").flatten();
    assert!(names.into_iter().all(|name| !name.file_name().to_string_lossy().contains("backup")));
}

#[test]
fn what_is_done_is_not_done_again_and_a_run_that_was_cut_off_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    recordings(folder, false);
    for share in ["1/2", "2/2"] {
        analyze(folder, "out", &["--share", share, "--jobs", "1"]).succeeded();
    }
    let ran = analyze(folder, "out", &[]);
    ran.succeeded();
    assert_eq!(ran.out.matches("done before").count(), 3, "{ran:?}");
    assert!(ran.out.contains("0 analysed now, 3 before, 0 failed"), "{ran:?}");
    let before = content(&folder.join("out"));

    // As after a kill: one result is missing, and half of it lies where unfinished results are.
    fs::remove_dir_all(folder.join("out/s 1/b.mkv")).expect("removed");
    let result = fs::read_to_string(folder.join("out/a.mkv/result.json")).expect("a result");
    assert!(result.contains("source_sha256") && result.contains("\"lost\": 0"), "{result}");
    let place = Sha256::digest("s 1/b.mkv").iter().map(|b| format!("{b:02x}")).collect::<String>();
    let half = folder.join("out/.unfinished").join(place);
    fs::create_dir_all(&half).expect("made");
    fs::write(half.join("events.csv"), "onset_fr").expect("written");
    let ran = analyze(folder, "out", &[]);
    ran.succeeded();
    assert!(ran.out.contains("1 analysed now, 2 before"), "{ran:?}");
    assert_eq!(content(&folder.join("out")), before);

    let other = analyze(folder, "out", &["--false-alarms-per-minute", "3"]);
    other.failed_saying(&["3 of 3"]);
    assert!(other.out.contains("other settings") && other.out.contains("--out"), "{other:?}");
    let kept = content(&folder.join("out"));
    assert!(
        kept.iter()
            .filter(|(name, _)| !name.starts_with("manifest"))
            .all(|file| before.contains(file))
    );
}

#[test]
fn a_folder_with_nothing_to_analyse_is_named_and_a_file_has_no_shares() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("in")).expect("made");
    analyze(folder.path(), "out", &[]).failed_saying(&["in", "expected videos"]);
    assert!(!folder.path().join("out").exists());
    fs::write(folder.path().join("a.mp4"), "x").expect("written");
    let ran = fleeting(folder.path(), &["analyze", "a.mp4", "--out", "x", "--jobs", "2"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--jobs and --share are for a folder"), "{ran:?}");
}
