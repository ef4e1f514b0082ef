//! A disk that is full, slow, broken or read-only, at any write of a recording.
//!
//! The recordings are made in a child process, this very program, whose calls to the system go through
//! `fixtures/faulty_disk.c`.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use fleeting::engine::live::capture::CaptureJob;
use fleeting::engine::live::record::RecordState;
use fleeting::measure::time::Timestamp;
use fleeting::media::image::{Frame, RgbImage};
use fleeting::media::stream::{Next, Source, SourceError, SourceInfo};
use fleeting::session::store::{self, Beginning, Store};
use fleeting::source::in_order;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::run::{check_recording, moments, run as run_engine};
use super::stand_in::StandIn;
use super::{Tally, dice};
use crate::preload::library;

/// Tells the child its seed.
const CHILD: &str = "FLEETING_TEST_FAULTY_DISK";

/// Beginning of the child's reports, which distinguishes them from the output of the test harness.
const MARK: &str = "@@ ";

/// Number of recordings in one scenario, each with a fault of its own.
const RECORDINGS: u32 = 25;

/// Frames of a recording.
const FRAMES: u64 = 40;

// Of `<errno.h>`.
const EIO: i32 = 5;
const EACCES: i32 = 13;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EDQUOT: i32 = 122;

/// A fault in the form that the C library reads.
struct Plan {
    class: &'static str,
    operation: &'static str,
    first: u32,
    count: u32,
    kind: &'static str,
    number: i32,
    /// True if the fault loses nothing.
    is_harmless: bool,
}

fn plan(dice: &mut ChaCha8Rng) -> Plan {
    let first = dice.random_range(0..120);
    let fails = |class, operation, first, count, number| Plan {
        class,
        operation,
        first,
        count,
        kind: "fail",
        number,
        is_harmless: false,
    };
    let many = u32::MAX / 2;
    match dice.random_range(0..10) {
        0 | 1 => fails("disk full from a write on", "write", first, many, ENOSPC),
        2 => fails("write that fails once, disk full", "write", first, 1, ENOSPC),
        3 => fails("write that fails once, broken", "write", first, 1, EIO),
        4 => fails("disk broken from a write on", "write", first, many, EIO),
        5 => fails("quota used up from a write on", "write", first, many, EDQUOT),
        6 => {
            let error = [EACCES, EROFS, EIO, ENOSPC][dice.random_range(0..4)];
            fails("file that may not be opened", "open", first % 12, 1, error)
        }
        7 => {
            let operation = ["sync", "truncate", "mkdir"][dice.random_range(0..3)];
            let error = [EIO, ENOSPC, EACCES][dice.random_range(0..3)];
            fails("sync, cut or new folder that fails", operation, first % 8, 1, error)
        }
        8 => {
            let short = fails("write that takes half", "write", first, 3, 0);
            Plan { kind: "short", is_harmless: true, ..short }
        }
        _ => {
            let slow = fails("slow disk", "write", first, 20, dice.random_range(1..15));
            Plan { kind: "slow", is_harmless: true, ..slow }
        }
    }
}

/// Small pictures one after the other.
struct Pictures(VecDeque<Frame>, SourceInfo);

impl Source for Pictures {
    fn info(&self) -> &SourceInfo {
        &self.1
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        Ok(self.0.pop_front().map_or(Next::End, Next::Frame))
    }
}

fn job() -> CaptureJob {
    let frame = |seq: u64| {
        let (width, height) = if seq < FRAMES / 2 { (24, 16) } else { (16, 24) };
        let image = RgbImage { width, height, data: vec![90 + seq as u8; width * height * 3] };
        Frame::new(seq, Timestamp::of_frame(seq, 30.0), Arc::new(image))
    };
    let frames = (0..FRAMES).map(frame).collect();
    let open = move || Ok(in_order(Box::new(Pictures(frames, SourceInfo::default()))));
    CaptureJob {
        name: "pictures".into(),
        is_live: false,
        is_paced: false,
        runs_by_itself: false,
        open: Box::new(open),
    }
}

/// Records with a fault, then reads what is there once the disk works again.
fn record(folder: &Path, plan: &Plan, set: impl Fn(&str), dice: &mut ChaCha8Rng) {
    let Plan { class, operation, first, count, kind, number, .. } = plan;
    set(&format!("{operation} {first} {count} {kind} {number}"));
    let ran = run_engine(job(), StandIn::default, Some(folder), dice);
    set("none");
    assert_eq!(ran.reason, None, "{class}: the analysis goes on");
    assert_eq!(ran.session.history.len() as u64, FRAMES, "{class}: the analysis goes on");
    let Some(RecordState::Stopped(reason)) = ran.recorded else {
        panic!("{class}: the recording ended as {:?}", ran.recorded)
    };
    let Some(reason) = reason else { return check_recording(folder, &ran.session) };
    assert!(!plan.is_harmless, "{class}: {reason}");
    let name = folder.display().to_string();
    assert!(reason.contains(&name), "{class}: {reason}");
    if [ENOSPC, EDQUOT].contains(number) && *operation == "write" {
        assert!(reason.contains("full") || reason.contains("quota"), "{class}: {reason}");
    }
    let opened = match store::open(folder) {
        Ok(opened) => opened,
        // It never began, and what is there must not look like a session.
        Err(error) => {
            assert!(error.to_string().contains(&name), "{error}");
            let begun = Store::create(folder, &nothing()).map(|store| store.finish(None));
            assert!(matches!(begun, Ok(Ok(()))), "{class}: {error}: something is left behind");
            return;
        }
    };
    let mut all = ran.session.history.samples().iter().map(|sample| sample.seq);
    let is_part = opened.session.history.samples().iter().all(|s| all.any(|seq| seq == s.seq));
    assert!(is_part, "{class}");
    let mut opened = opened;
    for (i, moment) in moments(&opened).into_iter().enumerate() {
        let pictures = opened.pictures.as_mut().expect("pictures");
        assert_eq!(pictures.picture(i).expect("whole").seq, moment.frame, "{class}");
    }
    drop(opened);
    let again = store::open(folder).unwrap_or_else(|error| panic!("{class}: {error}"));
    let is_said_again = |remark: &String| remark.contains("cut off") || remark.contains("index");
    assert!(!again.remarks.iter().any(is_said_again), "{class}: {:?}", again.remarks);
}

fn nothing() -> Beginning {
    Beginning { consent: None, provenance: Default::default(), with_pictures: false }
}

#[test]
#[ignore = "the test of all faults runs it in a child process"]
fn child() {
    let Ok(seed) = std::env::var(CHILD) else { return };
    let mut dice = dice("disk", seed.parse().expect("a seed"));
    let variable = |name| PathBuf::from(std::env::var_os(name).expect(name));
    let (base, plan_file) = (variable("FAULTY_DIR"), variable("FAULTY_PLAN"));
    for id in 0..RECORDINGS {
        let plan = plan(&mut dice);
        let set = |fault: &str| {
            // Complete at once, because it may be read at any moment.
            let new = plan_file.with_extension("new");
            fs::write(&new, format!("{id} {fault}")).expect("written");
            fs::rename(&new, &plan_file).expect("renamed");
        };
        record(&base.join(format!("{id}")), &plan, set, &mut dice);
        println!("{MARK}{}", plan.class);
    }
}

pub(super) fn run(seed: u64) -> Tally {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let mut tally = Tally::default();
    let Some(library) = LIBRARY.get_or_init(|| library("faulty_disk")) else {
        return tally;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let base = folder.path().join("disk");
    fs::create_dir(&base).expect("made");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["faults::disk::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, seed.to_string())
        .env("LD_PRELOAD", library)
        .env("FAULTY_DIR", &base)
        .env("FAULTY_PLAN", folder.path().join("plan"))
        .stdin(Stdio::null())
        .output()
        .expect("starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{err}");
    for class in said.lines().filter_map(|line| line.split_once(MARK)) {
        tally.count(class_of(class.1));
    }
    tally
}

/// The same text, living as long as the program.
fn class_of(words: &str) -> &'static str {
    let mut dice = dice("disk", 0);
    std::iter::repeat_with(|| plan(&mut dice).class)
        .take(10_000)
        .find(|class| *class == words)
        .unwrap_or("another fault of the disk")
}
